//! Lists that come page by page, read to their end or told to be cut.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::clients::AccountClients;
use super::error::{CallError, Class};
use super::sdk_error::Call;

/// Pages read of one list: at 50 to 100 entries each far more than any quota of an account allows.
const PAGE_LIMIT: usize = 200;

/// Reads a list, and says why where it did not come to the end.
pub(super) async fn read<T, F>(
    call: Call<'_>,
    page: impl Fn(Option<String>) -> F,
    next_token: impl Fn(&T) -> Option<&str>,
) -> (Vec<T>, Option<CallError>)
where
    F: Future<Output = Result<T, CallError>>,
{
    let mut pages = Vec::new();
    let mut token: Option<String> = None;
    while pages.len() < PAGE_LIMIT {
        let answer = match page(token.clone()).await {
            Ok(answer) => answer,
            Err(error) => return (pages, Some(error)),
        };
        let next = next_token(&answer)
            .filter(|next| !next.is_empty())
            .map(ToOwned::to_owned);
        pages.push(answer);
        if next.is_none() {
            return (pages, None);
        }
        if next == token {
            let again = "the same page token came twice";
            let error = call.error("RepeatedPage", Class::Bug, again);
            return (pages, Some(error));
        }
        token = next;
    }
    let longer = "the list is longer than this reads";
    let error = call.error("TooManyPages", Class::Invalid, longer);
    (pages, Some(error))
}

impl AccountClients {
    /// Reads a list to its end; a part of it is no answer.
    pub(super) async fn pages<T, E, F>(
        &self,
        call: Call<'_>,
        page: impl Fn(Option<String>) -> F,
        next_token: impl Fn(&T) -> Option<&str>,
    ) -> Result<Vec<T>, CallError>
    where
        E: ProvideErrorMetadata + Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        // The SDK's futures are kilobytes each: boxed before anything holds them.
        let send = |token| self.send(call, Box::pin(page(token)));
        match read(call, send, next_token).await {
            (pages, None) => Ok(pages),
            (_, Some(error)) => Err(error),
        }
    }
}
