//! `{ conditions on the fields of a JSON object }`.

use super::cursor::Cursor;
use super::expr::expression;
use super::value::comparison;
use crate::pattern::error::Fault;
use crate::pattern::syntax::{Condition, Expr, Selector, Step, Test};
use crate::pattern::warning::Warning;

const TESTS: &str =
    "`=`, `!=`, `<`, `<=`, `>`, `>=`, `IS NULL`, `IS TRUE`, `IS FALSE` or `NOT EXISTS`";

pub(super) fn pattern(cursor: &mut Cursor) -> Result<Expr<Condition>, Fault> {
    if cursor.last_visible() != Some('}') || cursor.len() < 2 {
        return Err(Fault::new(
            cursor.len(),
            "a pattern that starts with `{` must end with `}`",
            "`}` at the end",
        ));
    }
    cursor.bump();
    let expr = expression(cursor, condition)?;
    if !cursor.eat("}") {
        return Err(cursor
            .wrong("`&&`, `||` or `}` (a value with a space or a symbol needs double quotes)"));
    }
    let end = cursor.position();
    cursor.skip_space();
    if cursor.peek().is_some() {
        return Err(cursor.wrong("the end of the pattern"));
    }
    if cursor.position() > end {
        cursor.warn(Warning::SpaceAfter { position: end });
    }
    Ok(expr)
}

fn condition(cursor: &mut Cursor) -> Result<Condition, Fault> {
    let selector = selector(cursor)?;
    cursor.skip_space();
    let test = match cursor.peek() {
        Some(c) if c.is_alphabetic() => keyword_test(cursor)?,
        _ => Test::Compare(comparison(cursor, TESTS)?),
    };
    Ok(Condition { selector, test })
}

fn keyword_test(cursor: &mut Cursor) -> Result<Test, Fault> {
    let start = cursor.position();
    let first = keyword(cursor);
    let second_at = cursor.position();
    let second = keyword(cursor);
    let test = match (first.as_str(), second.as_str()) {
        ("IS", "NULL") => Test::Null,
        ("IS", "TRUE") => Test::True,
        ("IS", "FALSE") => Test::False,
        ("NOT", "EXISTS") => Test::NotExists,
        ("IS", _) => {
            cursor.rewind(second_at);
            cursor.skip_space();
            return Err(cursor.wrong("`NULL`, `TRUE` or `FALSE`"));
        }
        ("NOT", _) => {
            cursor.rewind(second_at);
            cursor.skip_space();
            return Err(cursor.wrong("`EXISTS`"));
        }
        _ => {
            cursor.rewind(start);
            return Err(cursor.wrong(TESTS));
        }
    };
    Ok(test)
}

/// A keyword is read in any case.
fn keyword(cursor: &mut Cursor) -> String {
    cursor.skip_space();
    cursor
        .take_while(|c| c.is_alphanumeric() || c == '_')
        .to_ascii_uppercase()
}

pub(super) fn selector(cursor: &mut Cursor) -> Result<Selector, Fault> {
    let start = cursor.position();
    if !cursor.eat("$") {
        return Err(cursor.wrong("a selector such as `$.eventName`, or `(`"));
    }
    if cursor.peek() != Some('.') {
        return Err(cursor.wrong("`.` and a name"));
    }
    let mut steps = Vec::new();
    loop {
        let at = cursor.position();
        let step = match cursor.peek() {
            Some('.') => {
                cursor.bump();
                member(cursor)?
            }
            Some('[') => element(cursor)?,
            _ => break,
        };
        if step == Step::Wildcard {
            if steps.contains(&Step::Wildcard) {
                return Err(Fault::new(
                    at,
                    "a second wildcard in one selector",
                    "at most one `[*]` or `.*` in a selector",
                ));
            }
            cursor.count_wildcard(start)?;
        }
        steps.push(step);
    }
    Ok(Selector::new(steps))
}

/// What may follow a dot.
fn member(cursor: &mut Cursor) -> Result<Step, Fault> {
    if cursor.eat("*") {
        return Ok(Step::Wildcard);
    }
    if cursor.peek() == Some('[') {
        return bracketed(cursor);
    }
    let name = cursor.take_while(is_name);
    if name.is_empty() {
        return Err(
            cursor.wrong("a name, `*` or `['name']` (a name with symbols goes in `['...']`)")
        );
    }
    Ok(Step::Name(name))
}

fn bracketed(cursor: &mut Cursor) -> Result<Step, Fault> {
    let start = cursor.position();
    if !cursor.eat("['") {
        cursor.bump();
        return Err(cursor.wrong("a name in single quotes"));
    }
    let name = cursor.take_while(|c| c != '\'');
    if !cursor.eat("']") {
        return Err(cursor.wrong("`']`"));
    }
    if name.is_empty() {
        return Err(Fault::new(start + 2, "the name is empty", "a name"));
    }
    if name.chars().all(is_name) {
        cursor.warn(Warning::BracketedName {
            position: start,
            name: name.clone(),
        });
    }
    Ok(Step::Name(name))
}

fn element(cursor: &mut Cursor) -> Result<Step, Fault> {
    cursor.bump();
    if cursor.eat("*]") {
        return Ok(Step::Wildcard);
    }
    let digits = cursor.take_while(|c| c.is_ascii_digit());
    if digits.is_empty() || cursor.peek() != Some(']') {
        return Err(cursor.wrong("digits or `*`, and `]`"));
    }
    cursor.bump();
    // No array is as long as that: an index beyond the range is as absent as the largest one.
    Ok(Step::Index(digits.parse().unwrap_or(usize::MAX)))
}

/// Characters of a name that needs no brackets.
pub(crate) fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}
