//! Three-valued answers: yes, no, and undecided with the reason.

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
    /// The documentation and the recorded answers of AWS leave it open.
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
        /// An event that nothing decides, if the proof came to one.
        event: Option<Value>,
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
    /// `*` inside a text: literal by the guide of 2018, a wildcard by observation.
    MiddleStar,
    /// A suffix that occurs earlier in the value, too.
    RepeatedSuffix,
    /// A backslash before a quote or a backslash.
    Backslash,
    /// A construct that regex engines read differently.
    RegexDialect,
    /// A regex whose automaton would be too large.
    RegexSize,
    /// The text of a number with a large exponent.
    NumberText,
    /// An integer beyond the range of a double.
    NumberSize,
    /// IS NULL on an array with a null that is not its first element.
    NullInArray,
    /// An object that repeats a key.
    RepeatedKey,
    /// An event nested deeper than the reader goes.
    Nesting,
    /// An event with half of a surrogate pair, or with a name that the reader keeps for itself.
    Unreadable,
    /// A pattern on the raw text, of which an object's fields do not tell the escapes and the spacing.
    RawText,
    /// The proof has too many cases.
    SearchBudget,
    /// An array index too large to build an example.
    LargeIndex,
    /// A number constrained by value and by text at once.
    NumberAndText,
    /// No example could be built that the matcher confirms.
    NoExample,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MiddleStar => "whether `*` in the middle of a text is a wildcard is not settled",
            Self::RepeatedSuffix => {
                "whether a suffix is tried beyond its first occurrence in the value is not settled"
            }
            Self::Backslash => {
                "whether a backslash in double quotes escapes the next character is not settled"
            }
            Self::RegexDialect => {
                "the regular expression uses a construct that engines read differently \
                 (`$` before a final line break, unusual line breaks or white space, a class in a class)"
            }
            Self::RegexSize => "the regular expression is too large to be evaluated",
            Self::NumberText => {
                "how the service writes a number with a large exponent is not settled"
            }
            Self::NumberSize => {
                "how the service compares an integer beyond the range of a double is not settled"
            }
            Self::NullInArray => {
                "IS NULL on an array that holds a null after its first element is not settled"
            }
            Self::RepeatedKey => "the event repeats a key within one object",
            Self::Nesting => "the event is nested too deeply",
            Self::Unreadable => {
                "the event holds half of a surrogate pair, or a name of member that cannot be read here"
            }
            Self::RawText => {
                "a pattern on the raw text depends on how the event is written (escapes, spacing)"
            }
            Self::SearchBudget => "the proof has too many cases",
            Self::LargeIndex => "an array index is too large to build an example",
            Self::NumberAndText => "a number is constrained by value and by text at once",
            Self::NoExample => "no example could be built that the matcher confirms",
        })
    }
}

impl Match {
    /// Whether it certainly matches.
    pub fn is_yes(self) -> bool {
        self == Self::Yes
    }

    /// Whether it certainly does not match.
    pub fn is_no(self) -> bool {
        self == Self::No
    }

    /// From the readings that are left open: `certain` under every one, `possible` under some.
    pub(crate) fn of(certain: bool, possible: bool, reason: Reason) -> Self {
        match (certain, possible) {
            (true, _) => Self::Yes,
            (false, false) => Self::No,
            (false, true) => Self::Undecided(reason),
        }
    }

    /// `&&`: one certain no decides.
    pub(crate) fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::No => Self::No,
            Self::Yes => other(),
            Self::Undecided(reason) => match other() {
                Self::No => Self::No,
                _ => Self::Undecided(reason),
            },
        }
    }

    /// `||`: one certain yes decides.
    pub(crate) fn or(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Yes => Self::Yes,
            Self::No => other(),
            Self::Undecided(reason) => match other() {
                Self::Yes => Self::Yes,
                _ => Self::Undecided(reason),
            },
        }
    }

    pub(crate) fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            undecided @ Self::Undecided(_) => undecided,
        }
    }
}

impl From<bool> for Match {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}
