//! The tree of a parsed pattern.

use serde_json::Value;

use super::number::NumberLiteral;
use super::regex::Regex;
use super::text::TextPattern;
use super::{matcher, parse};

/// A whole pattern; the first character decided which kind it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Syntax {
    /// Empty or blank: every event matches.
    All,
    /// `{ ... }`: conditions on the fields of a JSON object.
    Json(Expr<Condition>),
    /// Words that the raw text must or must not contain.
    Terms(Vec<Term>),
    /// `%...%`: a regular expression searched in the raw text.
    Regex(Regex),
    /// `[...]`: conditions on the fields of a line, separated by white space.
    Fields(Fields),
}

/// Conditions joined by `&&` and `||`. A list has at least two members and none of its own kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr<C> {
    /// A single condition.
    One(C),
    /// All must hold.
    And(Vec<Expr<C>>),
    /// At least one must hold.
    Or(Vec<Expr<C>>),
}

/// A test on the value under a selector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Where to look.
    pub selector: Selector,
    /// What must be there.
    pub test: Test,
}

/// A path into a JSON object: `$` and at least one step, at most one of them a wildcard.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selector {
    steps: Vec<Step>,
}

/// One step of a selector.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// `.name` or `.['name']`: a member of an object.
    Name(String),
    /// `[3]`: an element of an array.
    Index(usize),
    /// `[*]` or `.*`: every element of an array, every member of an object.
    Wildcard,
}

/// What a condition asks of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// `= x`, `!= x`, `< 1` and their like.
    Compare(Comparison),
    /// `IS NULL`.
    Null,
    /// `IS TRUE`.
    True,
    /// `IS FALSE`.
    False,
    /// `NOT EXISTS`.
    NotExists,
}

/// A comparison with a literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// `= x`.
    Is(Operand),
    /// `!= x`.
    IsNot(Operand),
    /// `< 1`, `<= 1`, `> 1`, `>= 1`; an unquoted number only.
    Order(Order, NumberLiteral),
}

/// The literal of `=` and `!=`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Operand {
    /// An unquoted number: compares with numbers by value, with strings by spelling.
    Number(NumberLiteral),
    /// A word or a quoted text, with `*` as a wildcard.
    Text(TextPattern),
    /// A regular expression.
    Regex(Regex),
}

/// An ordering operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// One word or quoted phrase of a term pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// How it counts.
    pub role: Role,
    /// What to look for. No wildcards.
    pub phrase: Phrase,
}

/// How a term counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The text must contain it.
    Required,
    /// `-x`: the text must not contain it.
    Excluded,
    /// `?x`: the text must contain one of these, unless there are terms of another role.
    Optional,
}

/// The text of a term. A backslash in quotes leaves open whether it is part of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    pub(crate) raw: String,
}

/// The fields of a space-delimited pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// The fields before `...`, or all of them.
    pub first: Vec<Field>,
    /// The fields after `...`, if it is there.
    pub last: Option<Vec<Field>>,
}

/// One field of a space-delimited pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// Anything, without a name.
    Unnamed,
    /// Anything, with a name.
    Named(String),
    /// A named field with conditions on it.
    Tested(String, Expr<Comparison>),
}

impl Phrase {
    /// The text as written, without quotes.
    pub fn raw(&self) -> &str {
        &self.raw
    }
}

impl Selector {
    /// Steps as the parser found them; the caller guarantees at least one, and at most one wildcard.
    pub(crate) fn new(steps: Vec<Step>) -> Self {
        Self { steps }
    }

    /// Reads a selector by itself, such as `$.userIdentity.type`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        parse::selector(text)
    }

    /// What an event has there; nothing where a wildcard leaves open which of several values is meant.
    pub(crate) fn value<'v>(&self, event: &'v Value) -> Option<&'v Value> {
        matcher::walk(event, &self.steps)
    }

    /// The steps after `$`.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The steps before the wildcard and those after it, if there is one.
    pub fn around_wildcard(&self) -> Option<(&[Step], &[Step])> {
        let at = self.steps.iter().position(|step| *step == Step::Wildcard)?;
        let (before, rest) = self.steps.split_at_checked(at)?;
        Some((before, rest.get(1..)?))
    }
}

impl Operand {
    /// Whether numbers are compared by their text, not by their value.
    pub(crate) fn compares_text(&self) -> bool {
        !matches!(self, Self::Number(_))
    }

    /// Whether every text that equals this plainly equals the other. Errs towards no.
    pub(crate) fn implies(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(narrow), Self::Text(wide)) => narrow.implies(wide),
            _ => self == other,
        }
    }
}

impl<C> Expr<C> {
    /// Joins with `&&`; lists of one collapse, nested lists of the same kind are spliced in.
    pub(crate) fn all(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        Self::single(flat).unwrap_or_else(Self::And)
    }

    /// Joins with `||`, likewise.
    pub(crate) fn any(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        Self::single(flat).unwrap_or_else(Self::Or)
    }

    fn single(mut parts: Vec<Self>) -> Result<Self, Vec<Self>> {
        match parts.pop() {
            Some(only) if parts.is_empty() => Ok(only),
            Some(last) => {
                parts.push(last);
                Err(parts)
            }
            None => Err(parts),
        }
    }

    /// Every condition, from left to right.
    pub fn conditions(&self) -> impl Iterator<Item = &C> {
        let mut stack = vec![self];
        std::iter::from_fn(move || {
            loop {
                match stack.pop()? {
                    Self::One(condition) => return Some(condition),
                    Self::And(parts) | Self::Or(parts) => stack.extend(parts.iter().rev()),
                }
            }
        })
    }
}
