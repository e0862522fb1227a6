use std::fmt::Display;

use super::connect::PickError;
use super::exit::Exit;
use crate::config::ConfigError;

/// Why a command ends with its work not done: what its exit code is, and what is said on standard error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) exit: Exit,
    pub(super) reason: String,
}

impl Failure {
    /// The command line or the configuration asks for what cannot be.
    pub(super) fn usage(reason: impl Display) -> Self {
        Self {
            exit: Exit::Usage,
            reason: reason.to_string(),
        }
    }

    /// It could not run.
    pub(super) fn failed(reason: impl Display) -> Self {
        Self {
            exit: Exit::Failed,
            reason: reason.to_string(),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::usage(error)
    }
}

impl From<PickError> for Failure {
    fn from(error: PickError) -> Self {
        Self::usage(error)
    }
}

impl From<anyhow::Error> for Failure {
    /// With all causes in one line. Most errors say their cause themselves, as they are printed without their chain elsewhere: what was
    /// said is not said again.
    fn from(error: anyhow::Error) -> Self {
        let mut reason = error.to_string();
        for cause in error.chain().skip(1).map(ToString::to_string) {
            if !reason.contains(&cause) {
                reason.push_str(": ");
                reason.push_str(&cause);
            }
        }
        Self::failed(reason)
    }
}
