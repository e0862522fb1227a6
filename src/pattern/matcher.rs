//! Does this event match? `docs/filter-pattern.md`, sections 3 and 4.

use serde_json::Value;

use super::answer::{Match, Reason};
use super::fields;
use super::number::EventNumber;
use super::reader;
use super::syntax::{Comparison, Condition, Expr, Operand, Role, Step, Syntax, Term, Test};
use super::text::phrase_fit;

/// The raw text of an event against a pattern.
pub(crate) fn message(syntax: &Syntax, message: &str) -> Match {
    match syntax {
        Syntax::Json(expr) => match reader::object(message) {
            reader::Reading::Object(event) => json(expr, &event),
            reader::Reading::NotAnObject => Match::No,
            reader::Reading::Unclear(reason) => Match::Undecided(reason),
        },
        other => raw(other, message),
    }
}

/// A parsed event against a pattern; what looks at the raw text must hold however the event is written.
pub(crate) fn event(syntax: &Syntax, event: &Value) -> Match {
    match syntax {
        Syntax::Json(expr) => json(expr, event),
        Syntax::All => Match::Yes,
        other => {
            let compact = raw(other, &event.to_string());
            let spaced = raw(other, &reader::spaced(event));
            if compact == spaced {
                compact
            } else {
                Match::Undecided(Reason::RawText)
            }
        }
    }
}

fn raw(syntax: &Syntax, message: &str) -> Match {
    match syntax {
        Syntax::All => Match::Yes,
        Syntax::Terms(list) => terms(list, message),
        Syntax::Regex(regex) => regex.fit(message),
        Syntax::Fields(pattern) => fields::matches(pattern, message),
        // A JSON pattern matches no text that is not one object.
        Syntax::Json(_) => Match::No,
    }
}

/// Evaluates conditions joined by `&&` and `||` with three values.
pub(crate) fn evaluate<C>(expr: &Expr<C>, condition: &impl Fn(&C) -> Match) -> Match {
    match expr {
        Expr::One(one) => condition(one),
        Expr::And(parts) => parts.iter().fold(Match::Yes, |so_far, part| {
            so_far.and(|| evaluate(part, condition))
        }),
        Expr::Or(parts) => parts.iter().fold(Match::No, |so_far, part| {
            so_far.or(|| evaluate(part, condition))
        }),
    }
}

fn json(expr: &Expr<Condition>, event: &Value) -> Match {
    if !event.is_object() {
        return Match::No;
    }
    evaluate(expr, &|condition| test(condition, event))
}

fn test(condition: &Condition, event: &Value) -> Match {
    match condition.selector.around_wildcard() {
        None => plain(&condition.test, walk(event, condition.selector.steps())),
        Some((before, after)) => wildcard(&condition.test, walk(event, before), after),
    }
}

/// The value under a path without wildcards.
pub(crate) fn walk<'v>(value: &'v Value, steps: &[Step]) -> Option<&'v Value> {
    steps
        .iter()
        .try_fold(value, |value, step| match (step, value) {
            (Step::Name(name), Value::Object(members)) => members.get(name),
            (Step::Index(index), Value::Array(elements)) => elements.get(*index),
            _ => None,
        })
}

fn plain(test: &Test, value: Option<&Value>) -> Match {
    let Some(value) = value else {
        return Match::from(*test == Test::NotExists);
    };
    match test {
        Test::NotExists => Match::No,
        Test::Compare(comparison) => compare(comparison, value),
        Test::True => Match::from(*value == Value::Bool(true)),
        Test::False => Match::from(*value == Value::Bool(false)),
        Test::Null => match value {
            Value::Null => Match::Yes,
            // Recorded: the first element counts. A null further on was never probed.
            Value::Array(elements) => Match::of(
                elements.first().is_some_and(Value::is_null),
                elements.iter().any(Value::is_null),
                Reason::NullInArray,
            ),
            _ => Match::No,
        },
    }
}

/// Only strings and numbers compare; `!=` is the complement of `=` among them, false for everything else.
fn compare(comparison: &Comparison, value: &Value) -> Match {
    match value {
        Value::String(text) => string(comparison, text),
        Value::Number(number) => EventNumber::new(number.as_str()).fit(comparison),
        _ => Match::No,
    }
}

/// A comparison with a string.
pub(crate) fn string(comparison: &Comparison, text: &str) -> Match {
    match comparison {
        Comparison::Is(operand) => string_equals(operand, text),
        Comparison::IsNot(operand) => string_equals(operand, text).not(),
        Comparison::Order(..) => Match::No,
    }
}

/// `=` with a string: an unquoted number equals its own spelling.
pub(crate) fn string_equals(operand: &Operand, text: &str) -> Match {
    match operand {
        Operand::Number(number) => Match::from(number.text() == text),
        Operand::Text(pattern) => pattern.fit(text),
        Operand::Regex(regex) => regex.fit(text),
    }
}

/// One wildcard: array elements and object members alike. `base` is what stands before it.
fn wildcard(test: &Test, base: Option<&Value>, after: &[Step]) -> Match {
    let members: Vec<&Value> = match base {
        Some(Value::Array(elements)) => elements.iter().collect(),
        Some(Value::Object(members)) => members.values().collect(),
        _ => Vec::new(),
    };
    let mut values = members.into_iter().filter_map(|member| walk(member, after));
    let some = |holds: &dyn Fn(&Value) -> Match, values: &mut dyn Iterator<Item = &Value>| {
        values.fold(Match::No, |so_far, value| so_far.or(|| holds(value)))
    };
    match test {
        Test::NotExists => Match::from(values.next().is_none()),
        Test::Compare(Comparison::IsNot(operand)) if base.is_some() => {
            let equal = Comparison::Is(operand.clone());
            some(&|value| compare(&equal, value), &mut values).not()
        }
        Test::Compare(Comparison::IsNot(_)) => Match::No,
        Test::Compare(comparison) => some(&|value| compare(comparison, value), &mut values),
        Test::Null => some(&|value| Match::from(value.is_null()), &mut values),
        Test::True => some(
            &|value| Match::from(*value == Value::Bool(true)),
            &mut values,
        ),
        Test::False => some(
            &|value| Match::from(*value == Value::Bool(false)),
            &mut values,
        ),
    }
}

/// Optional terms count only where there are no others.
fn terms(terms: &[Term], message: &str) -> Match {
    let holds = |term: &Term| phrase_fit(&term.phrase.raw, message);
    if terms.iter().all(|term| term.role == Role::Optional) {
        return terms
            .iter()
            .fold(Match::No, |so_far, term| so_far.or(|| holds(term)));
    }
    terms.iter().fold(Match::Yes, |so_far, term| {
        so_far.and(|| match term.role {
            Role::Required => holds(term),
            Role::Excluded => holds(term).not(),
            Role::Optional => Match::Yes,
        })
    })
}
