//! Words and phrases of the raw text: `ERROR -timeout ?"two words"`.

use super::cursor::Cursor;
use crate::pattern::error::Fault;
use crate::pattern::syntax::{Phrase, Role, Term};

pub(super) fn pattern(cursor: &mut Cursor) -> Result<Vec<Term>, Fault> {
    let mut terms = Vec::new();
    loop {
        cursor.skip_space();
        if cursor.peek().is_none() {
            return Ok(terms);
        }
        terms.push(term(cursor)?);
    }
}

fn term(cursor: &mut Cursor) -> Result<Term, Fault> {
    let role = if cursor.eat("-") {
        Role::Excluded
    } else if cursor.eat("?") {
        Role::Optional
    } else {
        Role::Required
    };
    let start = cursor.position();
    let raw = if cursor.peek() == Some('"') {
        cursor.quoted()?
    } else {
        cursor.take_while(is_word)
    };
    if raw.is_empty() {
        cursor.rewind(start);
        return Err(cursor.wrong("a word, or a text in double quotes (symbols need quotes)"));
    }
    match cursor.peek() {
        // `a-b` is `a` and not `b`; `a?b` is `a`, the rest ignored.
        None | Some('-' | '?') => {}
        Some(c) if c.is_whitespace() => {}
        Some(c) => {
            return Err(
                cursor.unexpected(c, "white space (a word with symbols needs double quotes)")
            );
        }
    }
    Ok(Term {
        role,
        phrase: Phrase { raw },
    })
}

/// Characters that a term may have without quotes.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}
