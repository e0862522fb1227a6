use super::classify;
use crate::snapshot::AccountId;

/// What can be done about a failed call; decides over retries, messages and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It may pass by itself: throttling, a timeout, a broken connection, a fault at AWS, credentials that expired.
    Transient,
    /// AWS refused it to these credentials: a permission is missing, or the credentials are wrong.
    Denied,
    /// The resource that the call is about does not exist.
    Gone,
    /// AWS refused what the call says, or the state of the resource forbids it.
    Invalid,
    /// Nothing that a well-built client should meet: the request could not be built or the answer not be read.
    Bug,
}

/// A call to AWS that failed, with what an operator needs to know of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{service}:{operation} {scope} failed: {message} ({code})")]
pub struct CallError {
    /// The service by its prefix in IAM actions, such as `logs`.
    pub service: &'static str,
    /// The API operation, such as `DescribeMetricFilters`.
    pub operation: &'static str,
    /// The region or the ARN that the call was about.
    pub scope: String,
    /// AWS's error code, such as `AccessDeniedException`, or a code of our own where AWS gave none, such as `Timeout`.
    pub code: String,
    /// What can be done about it.
    pub class: Class,
    /// The sentence for people; bounded, one line.
    pub message: String,
}

impl CallError {
    /// The code of a call without an answer in time.
    pub const TIMEOUT: &'static str = "Timeout";
    /// The code of a call that found nobody, or whose connection broke.
    pub const CONNECTION_FAILED: &'static str = "ConnectionFailed";

    /// Whether nobody answered, in time or at all.
    pub fn is_without_answer(&self) -> bool {
        // That of a role's own call stands behind the name of that call.
        let code = self.code.rsplit(':').next().unwrap_or_default();
        [Self::TIMEOUT, Self::CONNECTION_FAILED].contains(&code)
    }

    /// Whether AWS asked to slow down.
    pub fn is_throttled(&self) -> bool {
        classify::is_throttled(&self.code)
    }
}

/// Why an account could not be observed at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObserveError {
    /// The account id could not be learnt: there are no valid credentials, or AWS is out of reach.
    #[error("cannot learn whose account this is: {0}")]
    Identity(CallError),
    /// The role that leads into the account could not be assumed.
    #[error(
        "{0}; allow sts:AssumeRole on that role to trailwarden's own credentials, and let its trust policy admit them"
    )]
    Role(CallError),
    /// The answer of sts:GetCallerIdentity carries no account id.
    #[error("sts:GetCallerIdentity answered with the account {0:?}, which is no account id")]
    NoAccount(String),
    /// The credentials belong to another account than the configuration says.
    #[error(
        "these credentials belong to account {found}, the configuration expects {expected}: correct the account or role_arn of its [[scope]], add one with a role_arn where it has none, or use other credentials"
    )]
    ForeignAccount {
        /// The configured account.
        expected: AccountId,
        /// The account of the credentials.
        found: AccountId,
    },
}

impl ObserveError {
    /// What can be done about it.
    pub const fn class(&self) -> Class {
        match self {
            Self::Identity(error) | Self::Role(error) => error.class,
            Self::NoAccount(_) => Class::Bug,
            Self::ForeignAccount { .. } => Class::Invalid,
        }
    }

    /// The hole that it makes in a snapshot (`api_errors`): the call that failed, and its code.
    pub fn hole(&self) -> (String, String) {
        let (call, code) = match self {
            Self::Identity(failed) => (GET_CALLER_IDENTITY.to_owned(), failed.code.as_str()),
            Self::Role(failed) => (
                format!("sts:AssumeRole {}", failed.scope),
                failed.code.as_str(),
            ),
            Self::NoAccount(_) => (GET_CALLER_IDENTITY.to_owned(), "NoAccount"),
            Self::ForeignAccount { .. } => (GET_CALLER_IDENTITY.to_owned(), "ForeignAccount"),
        };
        (call, code.to_owned())
    }
}

/// The call that tells whose account it is.
const GET_CALLER_IDENTITY: &str = "sts:GetCallerIdentity";

/// Why a repair was not carried out, or may not have been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The call failed. If the class is transient it may have been carried out all the same.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The repair cannot be said in a call.
    #[error("{operation} cannot be sent: {reason}")]
    Unsayable {
        /// The API operation.
        operation: &'static str,
        /// What is missing or malformed.
        reason: String,
    },
}

impl ApplyError {
    /// What can be done about it.
    pub const fn class(&self) -> Class {
        match self {
            Self::Call(error) => error.class,
            Self::Unsayable { .. } => Class::Bug,
        }
    }
}
