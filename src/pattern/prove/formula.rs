//! Patterns as formulas over single values, negations pushed down to them.

use std::collections::HashMap;

use super::check::{Check, Types};
use crate::pattern::Regex;
use crate::pattern::assumptions::{Assumptions, Fact};
use crate::pattern::fields;
use crate::pattern::syntax::{
    Comparison, Condition, Expr, Fields, Phrase, Role, Step, Syntax, Term, Test,
};

/// Literals joined by "all of" and "one of". "All of nothing" is true, "one of nothing" is false.
#[derive(Debug, Clone)]
pub(super) enum Formula<'p> {
    Literal(Literal<'p>),
    All(Vec<Formula<'p>>),
    Any(Vec<Formula<'p>>),
}

/// A property that is asserted or denied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Literal<'p> {
    /// Of the value at a place.
    Value {
        place: usize,
        check: Check<'p>,
        holds: bool,
    },
    /// Of the raw text.
    Raw { check: RawCheck<'p>, holds: bool },
}

/// A property of the raw text of an event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum RawCheck<'p> {
    Contains(&'p Phrase),
    Regex(&'p Regex),
    Fields(&'p Fields),
}

/// Where a value is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place<'p> {
    pub(super) steps: &'p [Step],
    /// With a wildcard: some member or element of the value at `steps` has, at the end of this path, a value with
    /// the property.
    pub(super) member: Option<&'p [Step]>,
}

/// Collects the places of several patterns.
#[derive(Debug, Default)]
pub(super) struct Translator<'p> {
    places: Vec<Place<'p>>,
    known: HashMap<Place<'p>, usize>,
}

impl<'p> Translator<'p> {
    pub(super) fn into_places(self) -> Vec<Place<'p>> {
        self.places
    }

    /// The events that match the pattern, or those that do not.
    pub(super) fn pattern(&mut self, syntax: &'p Syntax, holds: bool) -> Formula<'p> {
        match syntax {
            Syntax::All => constant(holds),
            Syntax::Json(expr) => self.expr(expr, holds),
            Syntax::Terms(terms) => terms_formula(terms, holds),
            Syntax::Regex(regex) => raw(RawCheck::Regex(regex), holds),
            Syntax::Fields(pattern) if fields::matches_any_text(pattern) => constant(holds),
            Syntax::Fields(pattern) => raw(RawCheck::Fields(pattern), holds),
        }
    }

    pub(super) fn assumptions(&mut self, assumptions: &'p Assumptions) -> Formula<'p> {
        let facts = assumptions.items().iter().map(|assumption| {
            let steps = assumption.steps();
            match assumption.fact() {
                Fact::AnyString => self.value(steps, Check::Is(Types::STRING), true),
                Fact::AnyBoolean => {
                    self.value(steps, Check::Is(Types::TRUE.or(Types::FALSE)), true)
                }
                Fact::Boolean(true) => self.value(steps, Check::Is(Types::TRUE), true),
                Fact::Boolean(false) => self.value(steps, Check::Is(Types::FALSE), true),
                Fact::Object => self.value(steps, Check::Is(Types::OBJECT), true),
                Fact::Missing => self.value(steps, Check::Is(Types::MISSING), true),
                Fact::Form(form) => {
                    let string = self.value(steps, Check::Is(Types::STRING), true);
                    let wishes = form.wishes();
                    let wishes =
                        wishes.map(|(one, wanted)| self.value(steps, Check::Equals(one), wanted));
                    Formula::All(std::iter::once(string).chain(wishes).collect())
                }
                Fact::OneOf(values) => {
                    let string = self.value(steps, Check::Is(Types::STRING), true);
                    let one = |value| self.value(steps, Check::Equals(value), true);
                    Formula::All(vec![string, any_of(values.iter().map(one).collect())])
                }
            }
        });
        Formula::All(facts.collect())
    }

    fn expr(&mut self, expr: &'p Expr<Condition>, holds: bool) -> Formula<'p> {
        match (expr, holds) {
            (Expr::One(condition), _) => self.condition(condition, holds),
            (Expr::And(parts), true) | (Expr::Or(parts), false) => {
                Formula::All(parts.iter().map(|part| self.expr(part, holds)).collect())
            }
            (Expr::Or(parts), true) | (Expr::And(parts), false) => {
                any_of(parts.iter().map(|part| self.expr(part, holds)).collect())
            }
        }
    }

    fn condition(&mut self, condition: &'p Condition, holds: bool) -> Formula<'p> {
        let selector = &condition.selector;
        let Some((before, after)) = selector.around_wildcard() else {
            let check = match &condition.test {
                Test::Compare(comparison) => compare(comparison),
                Test::Null => Check::Null,
                Test::True => Check::Is(Types::TRUE),
                Test::False => Check::Is(Types::FALSE),
                Test::NotExists => Check::Is(Types::MISSING),
            };
            return self.value(selector.steps(), check, holds);
        };
        match &condition.test {
            // What stands before the wildcard is there, and nothing under it is equal.
            Test::Compare(Comparison::IsNot(operand)) => {
                let equal = self.member(before, after, Check::Equals(operand), !holds);
                if before.is_empty() {
                    return equal;
                }
                let there = self.value(before, Check::Is(Types::MISSING), !holds);
                if holds {
                    Formula::All(vec![there, equal])
                } else {
                    any_of(vec![there, equal])
                }
            }
            Test::NotExists => {
                let there = Check::Is(Types::ALL.without(Types::MISSING));
                self.member(before, after, there, !holds)
            }
            Test::Compare(comparison) => self.member(before, after, compare(comparison), holds),
            Test::Null => self.member(before, after, Check::Is(Types::NULL), holds),
            Test::True => self.member(before, after, Check::Is(Types::TRUE), holds),
            Test::False => self.member(before, after, Check::Is(Types::FALSE), holds),
        }
    }

    /// A property of the value under a path without wildcards.
    pub(super) fn value(
        &mut self,
        steps: &'p [Step],
        check: Check<'p>,
        holds: bool,
    ) -> Formula<'p> {
        self.at(
            Place {
                steps,
                member: None,
            },
            check,
            holds,
        )
    }

    fn member(
        &mut self,
        steps: &'p [Step],
        after: &'p [Step],
        check: Check<'p>,
        holds: bool,
    ) -> Formula<'p> {
        self.at(
            Place {
                steps,
                member: Some(after),
            },
            check,
            holds,
        )
    }

    fn at(&mut self, place: Place<'p>, check: Check<'p>, holds: bool) -> Formula<'p> {
        let next = self.places.len();
        let place = *self.known.entry(place).or_insert_with(|| {
            self.places.push(place);
            next
        });
        Formula::Literal(Literal::Value {
            place,
            check,
            holds,
        })
    }
}

fn constant(holds: bool) -> Formula<'static> {
    if holds {
        Formula::All(Vec::new())
    } else {
        Formula::Any(Vec::new())
    }
}

fn raw(check: RawCheck<'_>, holds: bool) -> Formula<'_> {
    Formula::Literal(Literal::Raw { check, holds })
}

/// Alternatives within alternatives are spliced in.
fn any_of(parts: Vec<Formula<'_>>) -> Formula<'_> {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Formula::Any(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    Formula::Any(flat)
}

fn compare(comparison: &Comparison) -> Check<'_> {
    match comparison {
        Comparison::Is(operand) => Check::Equals(operand),
        Comparison::IsNot(operand) => Check::Differs(operand),
        Comparison::Order(order, literal) => Check::Order(*order, literal),
    }
}

/// Optional terms count only where there are no others.
fn terms_formula(terms: &[Term], holds: bool) -> Formula<'_> {
    let optional_only = terms.iter().all(|term| term.role == Role::Optional);
    let counted = terms
        .iter()
        .filter(|term| optional_only || term.role != Role::Optional);
    let parts = counted.map(|term| raw_term(term, holds)).collect();
    if optional_only == holds {
        any_of(parts)
    } else {
        Formula::All(parts)
    }
}

fn raw_term(term: &Term, holds: bool) -> Formula<'_> {
    raw(
        RawCheck::Contains(&term.phrase),
        holds == (term.role != Role::Excluded),
    )
}
