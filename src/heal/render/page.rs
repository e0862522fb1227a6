use std::fmt::Write;

use crate::escape::sanitize;

/// What stands in front of a line and says what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It is made.
    Create,
    /// It is changed in place.
    Change,
    /// It is taken away.
    Remove,
    /// It is a person's to do, or was not seen.
    Ask,
}

impl Mark {
    /// The character, and its colour on ANSI terminals (SGR).
    const fn sign(self) -> (char, &'static str) {
        match self {
            Self::Create => ('+', "32"),
            Self::Change => ('~', "33"),
            Self::Remove => ('-', "31"),
            Self::Ask => ('?', "36"),
        }
    }
}

/// Lines for people about what is and what is to be. Everything that is put on it is escaped.
#[derive(Debug)]
pub struct Page {
    text: String,
    colour: bool,
}

impl Page {
    /// An empty one. `colour` gives marks their ANSI colour and changes no word.
    pub const fn new(colour: bool) -> Self {
        Self {
            text: String::new(),
            colour,
        }
    }

    /// Appends an empty line.
    pub fn gap(&mut self) {
        self.text.push('\n');
    }

    /// Appends a line, `indent` columns in.
    pub fn line(&mut self, indent: usize, content: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{:indent$}{}", "", sanitize(content));
    }

    /// Appends a line with a mark, `indent` columns in.
    pub fn marked(&mut self, indent: usize, mark: Mark, content: &str) {
        let ((sign, sgr), content) = (mark.sign(), sanitize(content));
        // Writing to a String cannot fail.
        let _ = if self.colour {
            writeln!(
                self.text,
                "{:indent$}\u{1b}[{sgr}m{sign}\u{1b}[0m {content}",
                ""
            )
        } else {
            writeln!(self.text, "{:indent$}{sign} {content}", "")
        };
    }

    /// Appends what becomes of one attribute, where anything does.
    pub fn attribute(&mut self, name: &str, before: Option<&str>, after: Option<&str>) {
        match (before, after) {
            (Some(before), Some(after)) if before == after => {}
            (Some(before), Some(after)) => {
                self.marked(6, Mark::Change, &format!("{name} = {before} -> {after}"));
            }
            (None, Some(after)) => self.marked(6, Mark::Create, &format!("{name} = {after}")),
            (Some(before), None) => self.marked(6, Mark::Remove, &format!("{name} = {before}")),
            (None, None) => {}
        }
    }

    /// All of it.
    pub fn into_text(self) -> String {
        self.text
    }
}
