//! The filter-pattern language of CloudWatch Logs: parse, match, prove. Uses nothing else of ours.
//!
//! `docs/filter-pattern.md` is the specification, with the evidence for every rule.
//!
//! ```
//! use trailwarden::pattern::{Assumptions, Cover, Match, Pattern, covers};
//!
//! let required = Pattern::parse("{ ($.eventName = StopLogging) || ($.eventName = DeleteTrail) }")?;
//! assert_eq!(required.matches(r#"{"eventName": "DeleteTrail"}"#), Match::Yes);
//!
//! let actual = Pattern::parse("{ $.eventName = \"Stop*\" }")?;
//! let Cover::NotCovered { counterexample } = covers(&[actual], &required, &Assumptions::cloudtrail()) else {
//!     panic!("DeleteTrail is missed");
//! };
//! assert_eq!(counterexample["eventName"], "DeleteTrail");
//! # Ok::<(), trailwarden::pattern::ParseError>(())
//! ```

mod answer;
mod assumptions;
mod decimal;
mod error;
mod fields;
mod matcher;
mod number;
mod parse;
mod print;
mod prove;
mod reader;
mod record;
mod regex;
pub mod syntax;
mod text;
mod warning;

use std::fmt;
use std::sync::Arc;

pub use answer::{Cover, Decision, Match, MissingNames, Reason};
pub use assumptions::{Assumption, Assumptions};
pub use error::ParseError;
pub use number::NumberLiteral;
pub(crate) use prove::asks_for_few_names;
pub use prove::{
    Share, always_on, broader, covers, example, missing_event_names, satisfiable, share,
};
pub use regex::Regex;
pub use text::{Shape, TextPattern};
pub use warning::Warning;

use syntax::{Comparison, Condition, Expr, Operand, Selector, Syntax, Test};

/// A parsed filter pattern. Immutable; a clone shares the tree. `Display` prints the canonical text.
///
/// ```
/// let pattern = trailwarden::pattern::Pattern::parse("{ ($.a=\"x\")||($.b  is null) }")?;
/// assert_eq!(pattern.to_string(), "{ $.a = x || $.b IS NULL }");
/// # Ok::<(), trailwarden::pattern::ParseError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Pattern {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    text: String,
    syntax: Syntax,
    warnings: Vec<Warning>,
}

impl Pattern {
    /// Parses a pattern of the language: white space before `{` is refused.
    ///
    /// # Errors
    /// A pattern that PutMetricFilter would refuse, with the position of the fault.
    ///
    /// ```
    /// use trailwarden::pattern::Pattern;
    ///
    /// let error = Pattern::parse("{ $.user = arn:aws }").unwrap_err();
    /// assert_eq!(error.position(), 14);
    /// assert!(error.to_string().ends_with("\n  { $.user = arn:aws }\n                ^"));
    /// ```
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let (syntax, warnings) = parse::parse(text)?;
        Ok(Self {
            inner: Arc::new(Inner {
                text: text.to_owned(),
                syntax,
                warnings,
            }),
        })
    }

    /// Parses the pattern of a deployed filter: surrounding white space is dropped first.
    ///
    /// # Errors
    /// As [`Pattern::parse`].
    pub fn parse_deployed(text: &str) -> Result<Self, ParseError> {
        Self::parse(text.trim())
    }

    /// The empty pattern.
    pub(crate) fn everything() -> Self {
        Self {
            inner: Arc::new(Inner {
                text: String::new(),
                syntax: Syntax::All,
                warnings: Vec::new(),
            }),
        }
    }

    /// The pattern of the events that have just this text at a selector; none for a text with a star, of which no pattern
    /// says that it stands for itself.
    pub(crate) fn of_text(selector: &Selector, text: &str) -> Option<Self> {
        let exact = TextPattern::exactly(text);
        exact.literal()?;
        let operand = Operand::Text(exact);
        let syntax = Syntax::Json(Expr::One(Condition {
            selector: selector.clone(),
            test: Test::Compare(Comparison::Is(operand)),
        }));
        Some(Self {
            inner: Arc::new(Inner {
                text: syntax.to_string(),
                syntax,
                warnings: Vec::new(),
            }),
        })
    }

    /// The pattern of what every one of these matches; none where one of them is not about the fields of a JSON object. It
    /// may be longer than PutMetricFilter takes.
    pub fn all(patterns: &[&Self]) -> Option<Self> {
        let mut members = Vec::new();
        for pattern in patterns {
            match pattern.syntax() {
                Syntax::All => {}
                Syntax::Json(expr) => members.push(expr.clone()),
                Syntax::Terms(_) | Syntax::Regex(_) | Syntax::Fields(_) => return None,
            }
        }
        let syntax = if members.is_empty() {
            Syntax::All
        } else {
            Syntax::Json(Expr::all(members))
        };
        Some(Self::joined(syntax, patterns))
    }

    /// The pattern of what any of these matches, at least one; none where one of them is not about the fields of a JSON
    /// object. It may be longer than PutMetricFilter takes.
    pub(crate) fn any(patterns: &[&Self]) -> Option<Self> {
        let mut members = Vec::new();
        for pattern in patterns {
            match pattern.syntax() {
                Syntax::All => return Some(Self::everything()),
                Syntax::Json(expr) => members.push(expr.clone()),
                Syntax::Terms(_) | Syntax::Regex(_) | Syntax::Fields(_) => return None,
            }
        }
        let syntax = (!members.is_empty()).then(|| Syntax::Json(Expr::any(members)))?;
        Some(Self::joined(syntax, patterns))
    }

    fn joined(syntax: Syntax, patterns: &[&Self]) -> Self {
        let warnings = patterns.iter().flat_map(|pattern| pattern.warnings());
        Self {
            inner: Arc::new(Inner {
                text: syntax.to_string(),
                warnings: warnings.cloned().collect(),
                syntax,
            }),
        }
    }

    /// The text as it was parsed.
    pub fn text(&self) -> &str {
        &self.inner.text
    }

    /// The tree.
    pub fn syntax(&self) -> &Syntax {
        &self.inner.syntax
    }

    /// Readings of the pattern that AWS's documentation leaves open and that we settled.
    ///
    /// ```
    /// use trailwarden::pattern::{Pattern, Warning};
    ///
    /// let pattern = Pattern::parse("{ $.a = \"\" }")?;
    /// assert_eq!(pattern.warnings(), [Warning::EmptyText { position: 8 }]);
    /// # Ok::<(), trailwarden::pattern::ParseError>(())
    /// ```
    pub fn warnings(&self) -> &[Warning] {
        &self.inner.warnings
    }

    /// Whether the raw text of a log event matches.
    ///
    /// ```
    /// use trailwarden::pattern::{Match, Pattern, Reason};
    ///
    /// let pattern = Pattern::parse("{ $.code = 4*4 }")?;
    /// assert_eq!(pattern.matches(r#"{"code": 500}"#), Match::No);
    /// assert_eq!(pattern.matches(r#"{"code": 404}"#), Match::Undecided(Reason::MiddleStar));
    /// # Ok::<(), trailwarden::pattern::ParseError>(())
    /// ```
    pub fn matches(&self, message: &str) -> Match {
        matcher::message(self.syntax(), message)
    }

    /// Whether a parsed log event matches. A pattern on the raw text is undecided where spacing decides.
    ///
    /// ```
    /// use trailwarden::pattern::{Match, Pattern};
    ///
    /// let event = serde_json::json!({"eventName": "StopLogging"});
    /// assert_eq!(Pattern::parse("{ $.eventName = Stop* }")?.matches_event(&event), Match::Yes);
    /// assert_eq!(Pattern::parse("StopLogging")?.matches_event(&event), Match::Yes);
    /// assert!(matches!(Pattern::parse("\": \"")?.matches_event(&event), Match::Undecided(_)));
    /// # Ok::<(), trailwarden::pattern::ParseError>(())
    /// ```
    pub fn matches_event(&self, event: &serde_json::Value) -> Match {
        matcher::event(self.syntax(), event)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.syntax())
    }
}
