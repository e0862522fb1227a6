//! From text to tree: the first character decides which of the four languages is spoken.

mod cursor;
mod expr;
mod fields;
mod json;
mod terms;
mod value;

use super::error::{Fault, ParseError};
use super::regex::Regex;
use super::syntax::{Selector, Syntax};
use super::warning::Warning;
use cursor::Cursor;
pub(crate) use json::is_name;
pub(crate) use terms::is_word;
pub(crate) use value::is_bare;

/// Longest pattern that PutMetricFilter takes, in characters.
const MAX_LENGTH: usize = 1024;

pub(crate) fn parse(text: &str) -> Result<(Syntax, Vec<Warning>), ParseError> {
    let mut cursor = Cursor::new(text);
    syntax(&mut cursor, text)
        .map(|syntax| (syntax, cursor.into_warnings()))
        .map_err(|fault| fault.in_pattern(text))
}

/// A selector by itself.
pub(crate) fn selector(text: &str) -> Option<Selector> {
    let mut cursor = Cursor::new(text);
    let selector = json::selector(&mut cursor).ok()?;
    cursor.peek().is_none().then_some(selector)
}

fn syntax(cursor: &mut Cursor, text: &str) -> Result<Syntax, Fault> {
    if cursor.len() > MAX_LENGTH {
        return Err(Fault::new(
            MAX_LENGTH,
            format!("the pattern has {} characters", cursor.len()),
            "at most 1024",
        ));
    }
    if text.trim().is_empty() {
        return Ok(Syntax::All);
    }
    if text.starts_with(char::is_whitespace) && text.trim_start().starts_with('{') {
        return Err(Fault::new(
            0,
            "white space before `{`",
            "`{` as the first character",
        ));
    }
    match cursor.peek() {
        Some('{') => json::pattern(cursor).map(Syntax::Json),
        Some('[') => fields::pattern(cursor).map(Syntax::Fields),
        Some('%') => regex(cursor).map(Syntax::Regex),
        _ => terms::pattern(cursor).map(Syntax::Terms),
    }
}

fn regex(cursor: &mut Cursor) -> Result<Regex, Fault> {
    if cursor.len() < 2 || cursor.last() != Some('%') {
        return Err(Fault::new(
            cursor.len(),
            "a pattern that starts with `%` must end with `%`",
            "`%` at the end",
        ));
    }
    let regex = cursor.regex()?;
    match cursor.peek() {
        None => Ok(regex),
        Some(c) => Err(cursor.unexpected(
            c,
            "the end: a regular expression stands alone, without terms or a second one",
        )),
    }
}
