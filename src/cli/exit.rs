use std::process::ExitCode;

use crate::assess::Verdict;

/// How a command ends: the codes that scripts rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; every control passes.
    Ok,
    /// It could not run.
    Failed,
    /// Some control fails, or there are differences.
    Differs,
    /// No control fails, and some could not be decided.
    Undecided,
    /// The command line or the configuration is wrong (EX_USAGE of sysexits.h).
    Usage,
}

impl Exit {
    /// The code of these verdicts together: one FAIL outweighs any UNKNOWN.
    pub fn of(verdicts: impl IntoIterator<Item = Verdict>) -> Self {
        verdicts
            .into_iter()
            .fold(Self::Ok, |worst, verdict| match (worst, verdict) {
                (Self::Differs, _) | (_, Verdict::Fail) => Self::Differs,
                (_, Verdict::Unknown) => Self::Undecided,
                (_, Verdict::Pass) => worst,
            })
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::Failed => 1,
            Exit::Differs => 2,
            Exit::Undecided => 3,
            Exit::Usage => 64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fail_outweighs_unknown_and_unknown_outweighs_pass() {
        use Verdict::{Fail, Pass, Unknown};
        for (verdicts, exit) in [
            (vec![], Exit::Ok),
            (vec![Pass, Pass], Exit::Ok),
            (vec![Pass, Unknown, Pass], Exit::Undecided),
            (vec![Unknown, Fail, Pass], Exit::Differs),
            (vec![Fail, Unknown], Exit::Differs),
        ] {
            assert_eq!(Exit::of(verdicts), exit);
        }
    }
}
