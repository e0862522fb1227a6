//! Space-delimited patterns: `docs/filter-pattern.md`, section 5.

use super::answer::Match;
use super::decimal::Decimal;
use super::matcher::{evaluate, string_equals};
use super::syntax::{Comparison, Field, Fields, Operand};

/// A field of a line.
#[derive(Debug, PartialEq, Eq)]
struct Token<'l> {
    /// Without the quotes or brackets around it.
    text: &'l str,
    /// Byte offset in the line, quotes included.
    start: usize,
}

pub(crate) fn matches(pattern: &Fields, line: &str) -> Match {
    let tokens = tokens(line);
    let last: &[Field] = pattern.last.as_deref().unwrap_or_default();
    if tokens.len() < pattern.first.len() + last.len() {
        return Match::No;
    }
    let first = pattern.first.iter().enumerate().map(|(at, field)| {
        let takes_rest = pattern.last.is_none() && at + 1 == pattern.first.len();
        (
            field,
            if takes_rest {
                rest(line, &tokens, at)
            } else {
                text(&tokens, at)
            },
        )
    });
    let skipped = tokens.len() - last.len();
    let last = last
        .iter()
        .enumerate()
        .map(|(at, field)| (field, text(&tokens, skipped + at)));
    first
        .chain(last)
        .fold(Match::Yes, |so_far, (field, value)| {
            so_far.and(|| test(field, value))
        })
}

/// Whether every line of text matches, whatever it says.
pub(crate) fn matches_any_text(pattern: &Fields) -> bool {
    let last: &[Field] = pattern.last.as_deref().unwrap_or_default();
    let free = pattern
        .first
        .iter()
        .chain(last)
        .all(|field| !matches!(field, Field::Tested(..)));
    free && pattern.first.len() + last.len() <= 1
}

fn text<'l>(tokens: &[Token<'l>], at: usize) -> &'l str {
    tokens.get(at).map_or("", |token| token.text)
}

/// The last field takes the rest of the line as it stands, unless that is a single field.
fn rest<'l>(line: &'l str, tokens: &[Token<'l>], at: usize) -> &'l str {
    match tokens.get(at) {
        Some(only) if at + 1 == tokens.len() => only.text,
        Some(first) => line.get(first.start..).unwrap_or_default(),
        None => "",
    }
}

fn test(field: &Field, value: &str) -> Match {
    match field {
        Field::Unnamed | Field::Named(_) => Match::Yes,
        Field::Tested(_, conditions) => {
            evaluate(conditions, &|comparison| compare(comparison, value))
        }
    }
}

/// Fields are texts; an unquoted number compares by value with those that read as a number.
fn compare(comparison: &Comparison, value: &str) -> Match {
    let equals = |operand: &Operand| match operand {
        Operand::Number(literal) => Match::from(
            value == literal.text()
                || Decimal::parse(value).is_some_and(|value| value == *literal.value()),
        ),
        _ => string_equals(operand, value),
    };
    match comparison {
        Comparison::Is(operand) => equals(operand),
        Comparison::IsNot(operand) => equals(operand).not(),
        Comparison::Order(order, literal) => Match::from(
            Decimal::parse(value).is_some_and(|value| order.holds(&value, literal.value())),
        ),
    }
}

/// Fields stand between white space; `"..."` and `[...]` are one field each, if they are closed.
fn tokens(line: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut start = 0;
    // Where the last of each closing mark stands, lest every unclosed one scans the rest of the line.
    let (last_quote, last_bracket) = (line.rfind('"'), line.rfind(']'));
    while let Some(rest) = line.get(start..) {
        let Some(skip) = rest.find(|c: char| !c.is_whitespace()) else {
            break;
        };
        start += skip;
        let Some(rest) = line.get(start..) else {
            break;
        };
        let closing = match rest.chars().next() {
            Some('"') if last_quote > Some(start) => Some('"'),
            Some('[') if last_bracket > Some(start) => Some(']'),
            _ => None,
        };
        let enclosed = closing.and_then(|closing| rest.get(1..)?.split_once(closing));
        let (text, length) = if let Some((text, _)) = enclosed {
            (text, text.len() + 2)
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            (rest.get(..end).unwrap_or_default(), end)
        };
        tokens.push(Token { text, start });
        start += length;
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<&str> {
        tokens(line).iter().map(|token| token.text).collect()
    }

    #[test]
    fn quotes_and_brackets_hold_a_field_together_if_closed() {
        assert_eq!(texts("a \"two words\" c"), ["a", "two words", "c"]);
        assert_eq!(texts("a [two words] c"), ["a", "two words", "c"]);
        assert_eq!(texts("a \"b\"c d"), ["a", "b", "c", "d"]);
        assert_eq!(texts("x \"y z"), ["x", "\"y", "z"]);
        assert_eq!(texts("x [y z"), ["x", "[y", "z"]);
        assert_eq!(texts("x \"\""), ["x", ""]);
        assert_eq!(texts("a\tb  "), ["a", "b"]);
        assert_eq!(texts(""), [""; 0]);
    }

    #[test]
    fn last_field_takes_the_rest() {
        let line = "a  b   c ";
        assert_eq!(rest(line, &tokens(line), 0), line);
        assert_eq!(rest(line, &tokens(line), 1), "b   c ");
        assert_eq!(rest(line, &tokens(line), 2), "c");
    }

    #[test]
    fn long_lines_take_linear_time() {
        let line = "\"".repeat(1_000_001);
        assert_eq!(tokens(&line).len(), 500_001);
        // An unclosed quote at every token must not scan the rest of the line each time.
        let open = "[ ".repeat(200_000);
        assert_eq!(tokens(&open).len(), 200_000);
    }
}
