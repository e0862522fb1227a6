//! Three-valued answers.

use std::fmt;

use serde_json::Value;

use super::Assumption;

/// Whether one event matches a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// It matches.
    Yes,
    /// It does not.
    No,
    /// The documentation and the recorded answers leave it open.
    Undecided(Reason),
}

/// The answer to a question about a whole pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Proved.
    Yes,
    /// Refuted.
    No,
    /// Neither.
    Undecided(Reason),
}

/// Whether every event that one pattern matches is matched by a set of others.
#[derive(Debug, Clone, PartialEq)]
pub enum Cover {
    /// Proved; with the assumptions that the proof needed.
    Covered {
        /// Empty when it holds for every JSON object.
        assumptions: Vec<Assumption>,
    },
    /// Refuted by one event, which the matcher confirmed on both sides.
    NotCovered {
        /// An event that the required pattern matches and no actual one does.
        counterexample: Value,
    },
    /// Neither.
    Undecided {
        /// What stands in the way.
        reason: Reason,
    },
}

/// The required event names that are not covered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MissingNames {
    /// Names for which some event is provably missed.
    pub missing: Vec<String>,
    /// Names for which the proof went neither way.
    pub undecided: Vec<String>,
}

/// Why an answer is undecided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The proof was given up: too many cases.
    SearchBudget,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SearchBudget => "the proof has too many cases",
        })
    }
}
