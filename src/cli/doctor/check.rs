//! What a check found, and what many of them come to. Pure.

use serde::Serialize;

use crate::cli::exit::Exit;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// It is as it should be.
    Ok,
    /// It works, and deserves a look.
    Warning,
    /// It does not work.
    Failed,
    /// It could not be found out, or did not need to be; nothing is claimed.
    NotChecked,
}

impl Outcome {
    pub(super) const ALL: [Self; 4] = [Self::Ok, Self::Warning, Self::Failed, Self::NotChecked];

    /// As people read it.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::NotChecked => "not checked",
        }
    }
}

/// One line of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    /// What was checked: a word or two, the same in every run.
    pub(super) name: &'static str,
    /// What of it, where there are several: a scope, a target.
    pub(super) subject: Option<String>,
    pub(super) outcome: Outcome,
    /// What was found, one sentence.
    pub(super) detail: String,
    /// What is to be done about it.
    pub(super) remedy: Option<String>,
}

impl Check {
    fn new(name: &'static str, outcome: Outcome, detail: impl Into<String>) -> Self {
        Self {
            name,
            subject: None,
            outcome,
            detail: detail.into(),
            remedy: None,
        }
    }

    pub(super) fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self::new(name, Outcome::Ok, detail)
    }

    pub(super) fn warning(name: &'static str, detail: impl Into<String>) -> Self {
        Self::new(name, Outcome::Warning, detail)
    }

    pub(super) fn failed(name: &'static str, detail: impl Into<String>) -> Self {
        Self::new(name, Outcome::Failed, detail)
    }

    pub(super) fn not_checked(name: &'static str, detail: impl Into<String>) -> Self {
        Self::new(name, Outcome::NotChecked, detail)
    }

    pub(super) fn of(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// How many checks ended in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Tally {
    pub(super) ok: usize,
    pub(super) warning: usize,
    pub(super) failed: usize,
    pub(super) not_checked: usize,
}

impl Tally {
    pub(super) fn of(checks: &[Check]) -> Self {
        let count = |outcome| checks.iter().filter(|one| one.outcome == outcome).count();
        Self {
            ok: count(Outcome::Ok),
            warning: count(Outcome::Warning),
            failed: count(Outcome::Failed),
            not_checked: count(Outcome::NotChecked),
        }
    }

    pub(super) const fn get(self, outcome: Outcome) -> usize {
        match outcome {
            Outcome::Ok => self.ok,
            Outcome::Warning => self.warning,
            Outcome::Failed => self.failed,
            Outcome::NotChecked => self.not_checked,
        }
    }

    /// 2 where something failed; what was not checked is no failure, and the summary says how much that is.
    pub(super) const fn exit(self) -> Exit {
        if self.failed > 0 {
            Exit::Differs
        } else {
            Exit::Ok
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failure_fails_and_what_was_not_checked_is_never_ok() {
        let checks = [
            Check::ok("a", ""),
            Check::warning("b", ""),
            Check::not_checked("c", ""),
        ];
        let tally = Tally::of(&checks);
        assert_eq!((tally.ok, tally.not_checked), (1, 1));
        assert_eq!(tally.exit(), Exit::Ok);
        let tally = Tally::of(&[Check::ok("a", ""), Check::failed("b", "")]);
        assert_eq!(tally.exit(), Exit::Differs);
    }
}
