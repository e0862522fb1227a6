//! Why a pattern is refused, in a form that a person can act on.

use std::fmt;

/// A text that AWS would refuse as a filter pattern.
///
/// `Display` gives the fault, what was expected, and the line of the pattern with a caret under the fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ParseError {
    position: usize,
    problem: String,
    expected: &'static str,
    pattern: String,
}

/// A fault found by a part of the parser that does not know the whole text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) position: usize,
    pub(crate) problem: String,
    pub(crate) expected: &'static str,
}

impl Fault {
    pub(crate) fn new(position: usize, problem: impl Into<String>, expected: &'static str) -> Self {
        Self {
            position,
            problem: problem.into(),
            expected,
        }
    }

    pub(crate) fn in_pattern(self, pattern: &str) -> ParseError {
        ParseError {
            position: self.position,
            problem: self.problem,
            expected: self.expected,
            pattern: pattern.to_owned(),
        }
    }
}

impl ParseError {
    /// Where the fault is: a count of characters (not bytes) from 0; the length of the text if something is missing
    /// at its end.
    pub fn position(&self) -> usize {
        self.position
    }

    /// What is wrong there.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// What would have been right.
    pub fn expected(&self) -> &str {
        self.expected
    }

    /// The fault on one line, without the pattern.
    pub fn message(&self) -> String {
        format!(
            "{} at character {}; expected {}",
            self.problem, self.position, self.expected
        )
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = String::new();
        let mut column = 0;
        for (at, c) in self.pattern.chars().enumerate() {
            let line_break = c == '\n' || c == '\r';
            if line_break && at < self.position {
                line.clear();
                column = at + 1;
            } else if line_break {
                break;
            } else {
                line.push(if c.is_control() { ' ' } else { c });
            }
        }
        let indent = self.position.saturating_sub(column);
        write!(f, "{}\n  {line}\n  {:indent$}^", self.message(), "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caret_stands_under_the_fault_in_its_own_line() {
        let error = Fault::new(9, "`:` is not allowed", "quotes").in_pattern("{ $.b\n= a:b }");
        assert_eq!(
            error.to_string(),
            "`:` is not allowed at character 9; expected quotes\n  = a:b }\n     ^"
        );
    }

    #[test]
    fn positions_count_characters_not_bytes() {
        let error = Fault::new(5, "`!` is not allowed", "quotes").in_pattern("café !");
        assert!(error.to_string().ends_with("\n  café !\n       ^"));
    }
}
