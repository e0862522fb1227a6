//! What a proof says about single values.

use crate::pattern::answer::Match;
use crate::pattern::number::{EventNumber, NumberLiteral};
use crate::pattern::syntax::{Operand, Order};

/// The kinds of value that can be under a path; `true` and `false` are kinds of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Types(u8);

impl Types {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const MISSING: Self = Self(1);
    pub(crate) const STRING: Self = Self(2);
    pub(crate) const NUMBER: Self = Self(4);
    pub(crate) const FALSE: Self = Self(8);
    pub(crate) const TRUE: Self = Self(16);
    pub(crate) const NULL: Self = Self(32);
    pub(crate) const OBJECT: Self = Self(64);
    pub(crate) const ARRAY: Self = Self(128);
    pub(crate) const ALL: Self = Self(255);
    pub(crate) const COMPARABLE: Self = Self(Self::STRING.0 | Self::NUMBER.0);
    /// Each kind by itself, simplest example first.
    pub(crate) const EACH: [Self; 8] = [
        Self::MISSING,
        Self::STRING,
        Self::NUMBER,
        Self::FALSE,
        Self::TRUE,
        Self::NULL,
        Self::OBJECT,
        Self::ARRAY,
    ];

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// A property that a value has or has not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Check<'p> {
    /// It is of one of these kinds.
    Is(Types),
    /// `IS NULL`, with its reading of arrays.
    Null,
    /// `= x`.
    Equals(&'p Operand),
    /// `!= x`.
    Differs(&'p Operand),
    /// `< 1` and its like.
    Order(Order, &'p NumberLiteral),
}

/// Which of the readings that are left open count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Whatever holds under some reading: what is impossible here is impossible.
    Widest,
    /// Only what holds under every reading: what is possible here is an example.
    Strictest,
}

impl Reading {
    /// Whether an answer is compatible with wanting `holds`.
    pub(crate) fn accepts(self, answer: Match, holds: bool) -> bool {
        match answer {
            Match::Yes => holds,
            Match::No => !holds,
            Match::Undecided(_) => self == Self::Widest,
        }
    }
}

impl<'p> Check<'p> {
    /// The kinds of value that can (`holds`) or need not have the property.
    pub(crate) fn allowed(self, holds: bool) -> Types {
        match (self, holds) {
            (Self::Is(types), true) => types,
            (Self::Is(types), false) => Types::ALL.without(types),
            (Self::Null, true) => Types::NULL.or(Types::ARRAY),
            (Self::Null, false) => Types::ALL.without(Types::NULL),
            (Self::Equals(operand), true) if !may_equal_number(operand) => Types::STRING,
            (Self::Equals(operand), false) if is_any(operand) => {
                Types::ALL.without(Types::COMPARABLE)
            }
            (Self::Differs(operand), true) if is_any(operand) => Types::NONE,
            (Self::Equals(_) | Self::Differs(_), true) => Types::COMPARABLE,
            (Self::Differs(operand), false) if !may_equal_number(operand) => {
                Types::ALL.without(Types::NUMBER)
            }
            (Self::Order(..), true) => Types::NUMBER,
            (Self::Equals(_) | Self::Differs(_) | Self::Order(..), false) => Types::ALL,
        }
    }

    /// What this says about a string: the operand, and whether the string must equal it.
    pub(crate) fn of_string(self, holds: bool) -> Option<(&'p Operand, bool)> {
        match self {
            Self::Equals(operand) => Some((operand, holds)),
            Self::Differs(operand) => Some((operand, !holds)),
            Self::Is(_) | Self::Null | Self::Order(..) => None,
        }
    }

    /// Whether a number has the property; `None` if it says nothing about numbers.
    pub(crate) fn of_number(self, number: &EventNumber) -> Option<Match> {
        match self {
            Self::Equals(operand) => Some(number.equals(operand)),
            Self::Differs(operand) => Some(number.differs(operand)),
            Self::Order(order, literal) => Some(number.is_ordered(order, literal)),
            Self::Is(_) | Self::Null => None,
        }
    }
}

fn is_any(operand: &Operand) -> bool {
    matches!(operand, Operand::Text(text) if text.is_any())
}

/// Whether the operand may equal the text of some number. Errs towards yes.
fn may_equal_number(operand: &Operand) -> bool {
    const SPELLED: &str = "0123456789+-.eEInfityNF∞*";
    match operand {
        Operand::Number(_) | Operand::Regex(_) => true,
        Operand::Text(text) => text
            .globs()
            .any(|glob| glob.core.chars().all(|c| SPELLED.contains(c))),
    }
}
