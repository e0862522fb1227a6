//! Operators and the literals after them; the same in JSON and in space-delimited patterns.

use super::cursor::Cursor;
use crate::pattern::error::Fault;
use crate::pattern::number::{NotANumber, NumberLiteral};
use crate::pattern::syntax::{Comparison, Operand, Order};
use crate::pattern::text::TextPattern;
use crate::pattern::warning::Warning;

/// `op value`.
pub(super) fn comparison(cursor: &mut Cursor, expected: &'static str) -> Result<Comparison, Fault> {
    let order = if cursor.eat("!=") {
        cursor.skip_space();
        return operand(cursor).map(Comparison::IsNot);
    } else if cursor.eat("<=") {
        Order::LessOrEqual
    } else if cursor.eat(">=") {
        Order::GreaterOrEqual
    } else if cursor.eat("<") {
        Order::Less
    } else if cursor.eat(">") {
        Order::Greater
    } else if cursor.eat("=") {
        cursor.skip_space();
        return operand(cursor).map(Comparison::Is);
    } else {
        return Err(cursor.wrong(expected));
    };
    cursor.skip_space();
    let start = cursor.position();
    match operand(cursor)? {
        Operand::Number(number) => Ok(Comparison::Order(order, number)),
        _ => Err(Fault::new(
            start,
            "an ordering operator compares with a number only",
            "an unquoted number",
        )),
    }
}

fn operand(cursor: &mut Cursor) -> Result<Operand, Fault> {
    let start = cursor.position();
    let operand = match cursor.peek() {
        Some('"') => {
            let text = cursor.quoted()?;
            if text.is_empty() {
                cursor.warn(Warning::EmptyText { position: start });
            }
            Operand::Text(TextPattern::new(&text))
        }
        Some('%') => Operand::Regex(cursor.regex()?),
        Some('\'') => {
            return Err(cursor.wrong("a value; text goes in double quotes"));
        }
        Some(c) if is_bare(c) || c == '+' => bare(cursor)?,
        _ => return Err(cursor.wrong("a value")),
    };
    match cursor.peek() {
        None | Some(')' | '}' | ']' | ',' | '&' | '|') => Ok(operand),
        Some(c) if c.is_whitespace() => Ok(operand),
        Some(c) => Err(cursor.unexpected(
            c,
            "the end of the value (a value with symbols needs double quotes)",
        )),
    }
}

/// A word or a number without quotes.
fn bare(cursor: &mut Cursor) -> Result<Operand, Fault> {
    let start = cursor.position();
    let text = cursor.take_while(|c| is_bare(c) || c == '+');
    match NumberLiteral::parse(&text) {
        Ok(number) => return Ok(Operand::Number(number)),
        Err(NotANumber::Exponent) => {
            return Err(Fault::new(
                start,
                "the exponent of the number is too large",
                "an exponent of at most 32 bits",
            ));
        }
        Err(NotANumber::Form) => {}
    }
    if let Some(plus) = text.chars().position(|c| c == '+') {
        cursor.rewind(start + plus);
        return Err(cursor.wrong("a number, or a text in double quotes"));
    }
    if text.eq_ignore_ascii_case("null") {
        return Err(Fault::new(
            start,
            "`null` is no value",
            "`IS NULL`, or \"null\" in quotes",
        ));
    }
    if text.contains('-') {
        cursor.warn(Warning::BareHyphen {
            position: start,
            text: text.clone(),
        });
    }
    Ok(Operand::Text(TextPattern::new(&text)))
}

/// Characters that a value may have without quotes.
pub(crate) fn is_bare(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '*' | '-')
}
