use std::fmt::Write;

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

    /// Appends a line with this mark; `content` is fit for a terminal already.
    pub fn line(self, text: &mut String, indent: usize, content: &str, colour: bool) {
        let (sign, sgr) = self.sign();
        // Writing to a String cannot fail.
        let _ = if colour {
            writeln!(text, "{:indent$}\u{1b}[{sgr}m{sign}\u{1b}[0m {content}", "")
        } else {
            writeln!(text, "{:indent$}{sign} {content}", "")
        };
    }
}
