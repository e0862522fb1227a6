//! What rules of composite alarms and selection criteria are made of: words, quoted texts, signs.

use std::iter::Peekable;
use std::str::Chars;
use std::vec::IntoIter;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Quoted(String),
    Sign(&'static str),
}

/// How a language is cut into tokens.
#[derive(Debug)]
pub(super) struct Lexer {
    /// A sign that begins with another one comes before it.
    pub(super) signs: &'static [&'static str],
    /// Whether a word goes on with this character; any begins one.
    pub(super) goes_on: fn(char) -> bool,
    /// Whether `\` lets a quoted text hold a quote.
    pub(super) escapes: bool,
}

impl Lexer {
    /// The tokens of a text; none where a quote is not closed.
    pub(super) fn tokens(&self, text: &str) -> Option<Vec<Token>> {
        let mut tokens = Vec::new();
        let mut rest = text.chars();
        loop {
            let here = rest.as_str();
            let mut signs = self.signs.iter();
            if let Some((sign, after)) =
                signs.find_map(|sign| Some((sign, here.strip_prefix(sign)?)))
            {
                tokens.push(Token::Sign(sign));
                rest = after.chars();
                continue;
            }
            match rest.next() {
                None => return Some(tokens),
                Some(blank) if blank.is_whitespace() => {}
                Some(quote @ ('"' | '\'')) => {
                    tokens.push(Token::Quoted(self.quoted(quote, &mut rest)?));
                }
                Some(first) => {
                    let here = rest.as_str();
                    let end = here.find(|c| !(self.goes_on)(c)).unwrap_or(here.len());
                    let (more, after) = here.split_at(end);
                    tokens.push(Token::Word(format!("{first}{more}")));
                    rest = after.chars();
                }
            }
        }
    }

    fn quoted(&self, quote: char, rest: &mut Chars<'_>) -> Option<String> {
        let mut text = String::new();
        loop {
            match rest.next()? {
                '\\' if self.escapes => text.push(rest.next()?),
                end if end == quote => return Some(text),
                other => text.push(other),
            }
        }
    }

    /// The text, to be read token by token.
    pub(super) fn read(&self, text: &str) -> Option<Cursor> {
        Some(Cursor(self.tokens(text)?.into_iter().peekable()))
    }
}

/// Tokens that are taken one after the other, each only if it is what is looked for.
#[derive(Debug)]
pub(super) struct Cursor(Peekable<IntoIter<Token>>);

impl Cursor {
    /// A word in whichever case.
    pub(super) fn take_word(&mut self, wanted: &str) -> bool {
        let is_it =
            |token: &Token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(wanted));
        self.0.next_if(is_it).is_some()
    }

    pub(super) fn take_sign(&mut self, wanted: &'static str) -> bool {
        self.0.next_if_eq(&Token::Sign(wanted)).is_some()
    }

    /// Any word.
    pub(super) fn word(&mut self) -> Option<String> {
        self.0.next_if_map(|token| match token {
            Token::Word(word) => Ok(word),
            other => Err(other),
        })
    }

    pub(super) fn quoted(&mut self) -> Option<String> {
        self.0.next_if_map(|token| match token {
            Token::Quoted(text) => Ok(text),
            other => Err(other),
        })
    }

    pub(super) fn is_done(&mut self) -> bool {
        self.0.peek().is_none()
    }
}
