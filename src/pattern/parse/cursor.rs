//! The text of a pattern, read character by character, with what the whole pattern is limited in.

use crate::pattern::error::Fault;
use crate::pattern::regex::Regex;
use crate::pattern::warning::Warning;

/// Most regular expressions in one pattern.
const MAX_REGEXES: usize = 2;
/// Most selectors with a wildcard in one pattern.
const MAX_WILDCARDS: usize = 3;

pub(super) struct Cursor {
    chars: Vec<char>,
    at: usize,
    regexes: usize,
    wildcards: usize,
    warnings: Vec<Warning>,
}

impl Cursor {
    pub(super) fn new(text: &str) -> Self {
        Self {
            chars: text.chars().collect(),
            at: 0,
            regexes: 0,
            wildcards: 0,
            warnings: Vec::new(),
        }
    }

    pub(super) fn into_warnings(self) -> Vec<Warning> {
        self.warnings
    }

    pub(super) fn warn(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }

    pub(super) fn len(&self) -> usize {
        self.chars.len()
    }

    pub(super) fn last(&self) -> Option<char> {
        self.chars.last().copied()
    }

    /// The last character that is no white space.
    pub(super) fn last_visible(&self) -> Option<char> {
        self.chars
            .iter()
            .rev()
            .copied()
            .find(|c| !c.is_whitespace())
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn rewind(&mut self, position: usize) {
        self.at = position;
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.peek_after(0)
    }

    pub(super) fn peek_after(&self, distance: usize) -> Option<char> {
        self.chars.get(self.at + distance).copied()
    }

    pub(super) fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    pub(super) fn eat(&mut self, wanted: &str) -> bool {
        let found = wanted
            .chars()
            .enumerate()
            .all(|(i, c)| self.peek_after(i) == Some(c));
        if found {
            self.at += wanted.chars().count();
        }
        found
    }

    pub(super) fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    pub(super) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(c) = self.peek().filter(|&c| wanted(c)) {
            taken.push(c);
            self.at += 1;
        }
        taken
    }

    /// The fault of finding something else here.
    pub(super) fn wrong(&self, expected: &'static str) -> Fault {
        match self.peek() {
            Some(c) => self.unexpected(c, expected),
            None => Fault::new(self.at, "the pattern ends", expected),
        }
    }

    pub(super) fn unexpected(&self, c: char, expected: &'static str) -> Fault {
        Fault::new(
            self.at,
            format!("unexpected `{}`", c.escape_debug()),
            expected,
        )
    }

    /// The text between double quotes, as written; a backslash keeps the next quote or backslash in the text.
    pub(super) fn quoted(&mut self) -> Result<String, Fault> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.bump() {
            if c == '"' {
                return Ok(text);
            }
            text.push(c);
            if c == '\\'
                && let Some(next) = self.peek().filter(|&next| next == '"' || next == '\\')
            {
                text.push(next);
                self.at += 1;
            }
        }
        Err(Fault::new(
            start,
            "the double quote is not closed",
            "a second `\"`",
        ))
    }

    /// The expression between two `%`.
    pub(super) fn regex(&mut self) -> Result<Regex, Fault> {
        let start = self.at;
        self.at += 1;
        let text = self.take_while(|c| c != '%');
        if self.bump().is_none() {
            return Err(Fault::new(
                start,
                "the regular expression is not closed",
                "a second `%`",
            ));
        }
        self.regexes += 1;
        if self.regexes > MAX_REGEXES {
            return Err(Fault::new(
                start,
                "a third regular expression",
                "at most two in one pattern",
            ));
        }
        Regex::parse(&text, start + 1)
    }

    /// Counts a selector with a wildcard that began at `start`.
    pub(super) fn count_wildcard(&mut self, start: usize) -> Result<(), Fault> {
        self.wildcards += 1;
        if self.wildcards > MAX_WILDCARDS {
            return Err(Fault::new(
                start,
                "a fourth selector with a wildcard",
                "at most three in one pattern",
            ));
        }
        Ok(())
    }
}
