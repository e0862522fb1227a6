use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::classify;
use super::error::{CallError, Class};

/// Longest message kept of an error, in characters: AWS's are a sentence; a proxy's may be a page.
const MESSAGE_LIMIT: usize = 500;

/// The code of a call that the endpoint does not know, however it says so. None of AWS's own words for it: where they
/// stand in a snapshot that somebody made by hand they may mean "there is none", and here they do not.
pub(super) const UNKNOWN_OPERATION: &str = "NotSupportedByEndpoint";

/// What the code of a call begins with that was not made because the role could not be assumed.
pub(super) const ASSUME_ROLE_CODE: &str = "AssumeRole:";

/// Which call it is, for errors and holes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    /// The prefix of IAM actions.
    pub(super) service: &'static str,
    /// The API operation.
    pub(super) operation: &'static str,
    /// The region or ARN that it is about.
    pub(super) scope: &'a str,
}

pub(super) fn call<'a>(service: &'static str, operation: &'static str, scope: &'a str) -> Call<'a> {
    Call {
        service,
        operation,
        scope,
    }
}

impl Call<'_> {
    /// An error of our own about this call.
    pub(super) fn error(self, code: &str, class: Class, message: &str) -> CallError {
        CallError {
            service: self.service,
            operation: self.operation,
            scope: self.scope.to_owned(),
            code: code.to_owned(),
            class,
            message: readable(message),
        }
    }

    /// No answer within our own limit.
    pub(super) fn timed_out(self) -> CallError {
        self.error(CallError::TIMEOUT, Class::Transient, "no answer in time")
    }

    /// What the SDK's error says about this call.
    pub(super) fn failed<E>(self, error: &SdkError<E, HttpResponse>) -> CallError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::ServiceError(answer) => {
                let meta = answer.err().meta();
                let status = answer.raw().status().as_u16();
                let (class, _) = classify::of_answer(meta.code(), Some(status));
                let code = match meta.code() {
                    code if classify::is_unknown_operation(code, Some(status)) => {
                        UNKNOWN_OPERATION.to_owned()
                    }
                    Some(code) => code.to_owned(),
                    None => format!("Http{status}"),
                };
                self.error(
                    &code,
                    class,
                    meta.message().unwrap_or("no further explanation"),
                )
            }
            SdkError::TimeoutError(_) => self.timed_out(),
            SdkError::ResponseError(answer) => {
                let status = answer.raw().status().as_u16();
                self.error(
                    "UnreadableAnswer",
                    Class::Transient,
                    &format!(
                        "HTTP {status} with an answer that is not AWS's: {}",
                        chain(error)
                    ),
                )
            }
            SdkError::DispatchFailure(failure) => credentials(self, error)
                .unwrap_or_else(|| unsent(self, failure.as_connector_error(), &chain(error))),
            _ => credentials(self, error)
                .unwrap_or_else(|| self.error("RequestNotBuilt", Class::Bug, &chain(error))),
        }
    }
}

/// The request was not answered: the connection could not be made or broke.
fn unsent(call: Call<'_>, connector: Option<&ConnectorError>, message: &str) -> CallError {
    match connector {
        Some(error) if error.is_timeout() => {
            call.error(CallError::TIMEOUT, Class::Transient, message)
        }
        Some(error) if error.is_user() => call.error("RequestNotBuilt", Class::Bug, message),
        _ => call.error(CallError::CONNECTION_FAILED, Class::Transient, message),
    }
}

/// The request was not signed because no credentials could be had. Where a role could not be assumed the code begins with
/// `AssumeRole:`, since sts:AssumeRole is then the permission to look at, not that of the call.
fn credentials(call: Call<'_>, error: &(dyn Error + 'static)) -> Option<CallError> {
    if let Some(refused) = find::<SdkError<AssumeRoleError, HttpResponse>>(error) {
        let refused = call.failed(refused);
        return Some(CallError {
            code: format!("{ASSUME_ROLE_CODE}{}", refused.code),
            message: readable(&format!("cannot assume the role: {}", refused.message)),
            ..refused
        });
    }
    let class = match find::<CredentialsError>(error)? {
        CredentialsError::ProviderTimedOut(_) | CredentialsError::ProviderError(_) => {
            Class::Transient
        }
        CredentialsError::InvalidConfiguration(_) => Class::Invalid,
        _ => Class::Denied,
    };
    Some(call.error("NoCredentials", class, &chain(error)))
}

fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The error and its causes, as `DisplayErrorContext` begins; what it adds (the whole answer, headers and body, in
/// debug form) says nothing more to an operator and may be pages.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

/// One line of bounded length without control characters: the text may come from anybody.
fn readable(message: &str) -> String {
    message
        .chars()
        .take(MESSAGE_LIMIT)
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect()
}
