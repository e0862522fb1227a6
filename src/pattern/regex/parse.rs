//! Reads a regular expression; AWS's subset, nothing else.

use super::charset::CharSet;
use super::source::final_breaks;
use super::{Atom, Piece};
use crate::pattern::error::Fault;

/// Largest count of a repetition, as in RE2.
const REPEAT_LIMIT: u32 = 1000;
const ALLOWED_SYMBOLS: &str = ":_#=@/;,- ^$?[]{}|\\*+.";

/// What was read.
pub(super) struct Parsed {
    pub(super) branches: Vec<Vec<Piece>>,
    /// A class in a class was found.
    pub(super) unreadable: bool,
}

/// Positions of faults count from `offset`.
pub(super) fn parse(text: &str, offset: usize) -> Result<Parsed, Fault> {
    let chars: Vec<char> = text.chars().collect();
    for (at, &c) in chars.iter().enumerate() {
        if !(c.is_ascii_alphanumeric() || ALLOWED_SYMBOLS.contains(c)) {
            return Err(Fault::new(
                offset + at,
                format!(
                    "`{}` is not allowed in a regular expression",
                    c.escape_debug()
                ),
                "letters, digits, `: _ # = @ / ; , -`, space, `^ $ ? [ ] { } | \\ * + .`, or an \
                 escape such as \\x28",
            ));
        }
    }
    if chars.is_empty() {
        return Err(Fault::new(
            offset,
            "the regular expression is empty",
            "a regular expression",
        ));
    }
    let mut reader = Reader {
        chars: &chars,
        at: 0,
        offset,
        unreadable: false,
    };
    let branches = reader.branches()?;
    Ok(Parsed {
        branches,
        unreadable: reader.unreadable,
    })
}

struct Reader<'c> {
    chars: &'c [char],
    at: usize,
    offset: usize,
    unreadable: bool,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        self.at += usize::from(found);
        found
    }

    fn fault(&self, at: usize, problem: &str, expected: &'static str) -> Fault {
        Fault::new(self.offset + at, problem, expected)
    }

    fn branches(&mut self) -> Result<Vec<Vec<Piece>>, Fault> {
        let mut branches = vec![Vec::new()];
        while self.peek().is_some() {
            if self.eat('|') {
                branches.push(Vec::new());
                continue;
            }
            let piece = self.piece()?;
            if let Some(branch) = branches.last_mut() {
                branch.push(piece);
            }
        }
        Ok(branches)
    }

    fn piece(&mut self) -> Result<Piece, Fault> {
        let start = self.at;
        let Some(c) = self.peek() else {
            return Err(self.fault(start, "the expression ends", "a character"));
        };
        self.at += 1;
        let atom = match c {
            '^' => Atom::Start,
            '$' => Atom::End,
            '.' => Atom::Set {
                narrow: final_breaks().complement(),
                wide: CharSet::single('\n').complement(),
            },
            '[' => self.class(start)?,
            '\\' => {
                let (narrow, wide) = self.escape(start)?;
                Atom::Set { narrow, wide }
            }
            '*' | '+' | '?' | '{' => {
                return Err(self.fault(
                    start,
                    "there is nothing to repeat",
                    "a character before it",
                ));
            }
            other => Atom::Set {
                narrow: CharSet::single(other),
                wide: CharSet::single(other),
            },
        };
        let (min, max) = self.repetition()?;
        Ok(Piece { atom, min, max })
    }

    fn repetition(&mut self) -> Result<(u32, Option<u32>), Fault> {
        let start = self.at;
        let bounds = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                self.at += 1;
                self.counts(start)?
            }
            _ => return Ok((1, Some(1))),
        };
        if !matches!(self.chars.get(start), Some('{')) {
            self.at += 1;
        }
        // Lazy repetitions match the same texts.
        self.eat('?');
        if matches!(self.peek(), Some('*' | '+' | '?' | '{')) {
            return Err(self.fault(
                self.at,
                "a repetition cannot be repeated or possessive",
                "one of `* + ? {n,m}`, with `?` after it at most",
            ));
        }
        Ok(bounds)
    }

    fn counts(&mut self, start: usize) -> Result<(u32, Option<u32>), Fault> {
        const EXPECTED: &str = "`{n}`, `{n,}` or `{n,m}` with numbers up to 1000 in order";
        let malformed =
            |reader: &Self| reader.fault(start, "the repetition is malformed", EXPECTED);
        let min = self.count().ok_or_else(|| malformed(self))?;
        let max = if self.eat(',') {
            if self.peek() == Some('}') {
                None
            } else {
                Some(self.count().ok_or_else(|| malformed(self))?)
            }
        } else {
            Some(min)
        };
        let in_order = max.is_none_or(|max| min <= max);
        if !self.eat('}') || !in_order {
            return Err(malformed(self));
        }
        Ok((min, max))
    }

    fn count(&mut self) -> Option<u32> {
        let mut value = None;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            value = Some(value.unwrap_or(0).min(REPEAT_LIMIT) * 10 + digit);
            self.at += 1;
        }
        value.filter(|&n| n <= REPEAT_LIMIT)
    }

    /// After a backslash: what it stands for, narrowly and widely.
    fn escape(&mut self, start: usize) -> Result<(CharSet, CharSet), Fault> {
        let Some(c) = self.peek() else {
            return Err(self.fault(
                start,
                "the expression ends in a backslash",
                "an escaped character",
            ));
        };
        self.at += 1;
        let exact = |set: CharSet| (set.clone(), set);
        Ok(match c {
            'd' => exact(CharSet::digits()),
            'D' => exact(CharSet::digits().complement()),
            'w' => exact(CharSet::word()),
            'W' => exact(CharSet::word().complement()),
            's' => (CharSet::space(false), CharSet::space(true)),
            'S' => (
                CharSet::space(true).complement(),
                CharSet::space(false).complement(),
            ),
            'x' => exact(CharSet::single(self.hex(start)?)),
            c if c.is_ascii_alphanumeric() => {
                return Err(self.fault(
                    start,
                    "this escape is not known",
                    "one of \\d \\D \\s \\S \\w \\W \\xhh, or an escaped symbol",
                ));
            }
            symbol => exact(CharSet::single(symbol)),
        })
    }

    fn hex(&mut self, start: usize) -> Result<char, Fault> {
        let mut value = 0;
        for _ in 0..2 {
            let digit = self.peek().and_then(|c| c.to_digit(16)).ok_or_else(|| {
                self.fault(
                    start,
                    "the escape \\x is incomplete",
                    "two hexadecimal digits",
                )
            })?;
            self.at += 1;
            value = value * 16 + digit;
        }
        char::from_u32(value).ok_or_else(|| {
            self.fault(
                start,
                "the escape names no character",
                "two hexadecimal digits",
            )
        })
    }

    fn class(&mut self, start: usize) -> Result<Atom, Fault> {
        let negated = self.eat('^');
        let (mut narrow, mut wide) = (CharSet::none(), CharSet::none());
        let mut first = true;
        loop {
            let at = self.at;
            let Some(c) = self.peek() else {
                return Err(self.fault(start, "the character class is not closed", "`]`"));
            };
            if c == ']' && !first {
                self.at += 1;
                break;
            }
            first = false;
            let (low_narrow, low_wide) = self.class_member(at)?;
            let range = self.peek() == Some('-')
                && self.chars.get(self.at + 1).is_some_and(|&next| next != ']');
            if !range {
                narrow = narrow.union(&low_narrow);
                wide = wide.union(&low_wide);
                continue;
            }
            self.at += 1;
            let high_at = self.at;
            let (high, _) = self.class_member(high_at)?;
            let bounds = low_narrow
                .only()
                .zip(high.only())
                .filter(|(low, high)| low <= high);
            let Some((low, high)) = bounds else {
                return Err(self.fault(
                    at,
                    "the range of the character class is malformed",
                    "two characters in order, such as a-z",
                ));
            };
            let range = CharSet::of(&[(low, high)]);
            narrow = narrow.union(&range);
            wide = wide.union(&range);
        }
        Ok(if negated {
            Atom::Set {
                narrow: wide.complement(),
                wide: narrow.complement(),
            }
        } else {
            Atom::Set { narrow, wide }
        })
    }

    fn class_member(&mut self, start: usize) -> Result<(CharSet, CharSet), Fault> {
        let Some(c) = self.peek() else {
            return Err(self.fault(start, "the character class is not closed", "`]`"));
        };
        self.at += 1;
        if c == '\\' {
            return self.escape(start);
        }
        // A class in a class, for some; also at the end of a range.
        self.unreadable |= c == '[';
        Ok((CharSet::single(c), CharSet::single(c)))
    }
}
