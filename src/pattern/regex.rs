//! The regular expressions that the service takes: no groups, ASCII only, searched without an anchor.
//!
//! The service does not say which engine it runs. Where engines differ (`$` before a final line break, which line
//! breaks `.` stops at, what counts as white space) the expression gets two meanings, a narrow one inside all
//! readings and a wide one around them.

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use regex_automata::Input;
use regex_automata::dfa::{StartKind, dense};
use regex_automata::meta;
use regex_automata::nfa::thompson;

use super::answer::{Match, Reason};
use super::charset::CharSet;
use super::error::Fault;

/// A regular expression of a pattern, without the `%` around it.
#[derive(Debug, Clone)]
pub struct Regex {
    text: String,
    program: Arc<Program>,
}

#[derive(Debug)]
struct Program {
    branches: Vec<Vec<Piece>>,
    /// A class in a class: the engines do not even agree on the syntax.
    unreadable: bool,
    searchers: OnceLock<Pair<meta::Regex>>,
    automata: OnceLock<Pair<dense::DFA<Vec<u32>>>>,
}

/// What is built for the narrow and for the wide meaning; `None` if it would be too large.
#[derive(Debug)]
pub(crate) struct Pair<T> {
    narrow: Option<T>,
    /// Absent, too, if both meanings are the same.
    wide: Option<T>,
    same: bool,
}

impl<T> Pair<T> {
    pub(crate) fn narrow(&self) -> Option<&T> {
        self.narrow.as_ref()
    }

    pub(crate) fn wide(&self) -> Option<&T> {
        if self.same {
            self.narrow.as_ref()
        } else {
            self.wide.as_ref()
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    atom: Atom,
    min: u32,
    max: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Atom {
    Set { narrow: CharSet, wide: CharSet },
    Start,
    End,
}

/// Limit of one compiled automaton, in bytes.
const SIZE_LIMIT: usize = 1 << 20;
/// Largest count of a repetition, as in RE2.
const REPEAT_LIMIT: u32 = 1000;
const ALLOWED_SYMBOLS: &str = ":_#=@/;,- ^$?[]{}|\\*+.";

impl PartialEq for Regex {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Regex {}

impl Regex {
    /// Reads the text between two `%`; positions of faults count from `offset`.
    pub(crate) fn parse(text: &str, offset: usize) -> Result<Self, Fault> {
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
        let program = Program {
            branches,
            unreadable: reader.unreadable,
            searchers: OnceLock::new(),
            automata: OnceLock::new(),
        };
        Ok(Self {
            text: text.to_owned(),
            program: Arc::new(program),
        })
    }

    /// The expression as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether something in the text matches.
    pub(crate) fn fit(&self, text: &str) -> Match {
        if self.program.unreadable {
            return Match::Undecided(Reason::RegexDialect);
        }
        let searchers = self.program.searchers.get_or_init(|| {
            self.pair(|source| {
                meta::Builder::new()
                    .configure(
                        meta::Config::new()
                            .nfa_size_limit(Some(SIZE_LIMIT))
                            .onepass(false)
                            .dfa(false),
                    )
                    .build(source)
                    .ok()
            })
        });
        let (Some(narrow), Some(wide)) = (searchers.narrow(), searchers.wide()) else {
            return Match::Undecided(Reason::RegexSize);
        };
        let certain = narrow.is_match(Input::new(text).earliest(true));
        let possible =
            certain || (!searchers.same && wide.is_match(Input::new(text).earliest(true)));
        Match::of(certain, possible, Reason::RegexDialect)
    }

    /// Deterministic automata for proofs; `None` if the meaning is unreadable.
    pub(crate) fn automata(&self) -> Option<&Pair<dense::DFA<Vec<u32>>>> {
        if self.program.unreadable {
            return None;
        }
        Some(self.program.automata.get_or_init(|| {
            self.pair(|source| {
                dense::Builder::new()
                    .configure(
                        dense::Config::new()
                            .start_kind(StartKind::Unanchored)
                            .dfa_size_limit(Some(SIZE_LIMIT))
                            .determinize_size_limit(Some(SIZE_LIMIT)),
                    )
                    .thompson(thompson::Config::new().nfa_size_limit(Some(SIZE_LIMIT)))
                    .build(source)
                    .ok()
            })
        }))
    }

    /// Adds the bounds of every character class.
    pub(crate) fn add_bounds(&self, bounds: &mut Vec<u32>) {
        for piece in self.program.branches.iter().flatten() {
            match &piece.atom {
                Atom::Set { narrow, wide } => {
                    narrow.add_bounds(bounds);
                    wide.add_bounds(bounds);
                }
                Atom::Start => {}
                Atom::End => final_breaks().add_bounds(bounds),
            }
        }
    }

    fn pair<T>(&self, build: impl Fn(&str) -> Option<T>) -> Pair<T> {
        let narrow = self.source(false);
        let wide = self.source(true);
        let same = narrow == wide;
        Pair {
            narrow: build(&narrow),
            wide: if same { None } else { build(&wide) },
            same,
        }
    }

    /// The expression in the syntax of regex-automata, every class spelled out.
    fn source(&self, wide: bool) -> String {
        let mut source = String::new();
        for (at, branch) in self.program.branches.iter().enumerate() {
            if at > 0 {
                source.push('|');
            }
            for (index, piece) in branch.iter().enumerate() {
                source.push_str("(?:");
                match &piece.atom {
                    Atom::Set {
                        narrow,
                        wide: outer,
                    } => {
                        (if wide { outer } else { narrow }).write_class(&mut source);
                    }
                    Atom::Start => source.push_str("\\A"),
                    Atom::End if !wide => source.push_str("\\z"),
                    // Before a final line break, or at the end. Further on in a branch nothing is excluded.
                    Atom::End if index + 1 == branch.len() => {
                        source.push_str("(?:\\r\\n|");
                        final_breaks().write_class(&mut source);
                        source.push_str(")?\\z");
                    }
                    Atom::End => {}
                }
                source.push(')');
                match (piece.min, piece.max) {
                    (1, Some(1)) => {}
                    (0, None) => source.push('*'),
                    (1, None) => source.push('+'),
                    (0, Some(1)) => source.push('?'),
                    (min, None) => _ = write!(source, "{{{min},}}"),
                    (min, Some(max)) => _ = write!(source, "{{{min},{max}}}"),
                }
            }
        }
        source
    }
}

/// Line breaks that `$` may stand before when they are the last character.
fn final_breaks() -> CharSet {
    CharSet::of(&[
        ('\n', '\n'),
        ('\r', '\r'),
        ('\u{85}', '\u{85}'),
        ('\u{2028}', '\u{2029}'),
    ])
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
            if c == '[' {
                self.unreadable = true;
            }
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
        Ok((CharSet::single(c), CharSet::single(c)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(regex: &str, text: &str) -> Match {
        Regex::parse(regex, 0).unwrap().fit(text)
    }

    #[test]
    fn search_is_not_anchored() {
        assert_eq!(fit("Trail", "UpdateTrails"), Match::Yes);
        assert_eq!(fit("^[hc]at$", "cat"), Match::Yes);
        assert_eq!(fit("^[hc]at$", "a cat"), Match::No);
        assert_eq!(fit("^a{3,5}$", "aaaa"), Match::Yes);
        assert_eq!(fit("^a{3,5}$", "aa"), Match::No);
        assert_eq!(fit("a+?", "b"), Match::No);
        assert_eq!(fit("\\x3A", "key:value"), Match::Yes);
        assert_eq!(fit("a\\-b", "a-b"), Match::Yes);
        assert_eq!(fit("[]a]", "]"), Match::Yes);
        assert_eq!(fit("a|", "b"), Match::Yes);
    }

    #[test]
    fn constructs_that_engines_read_differently_are_left_open() {
        let open = Match::Undecided(Reason::RegexDialect);
        assert_eq!(fit("a.b", "a\nb"), Match::No);
        assert_eq!(fit("a.b", "a\rb"), open);
        assert_eq!(fit("a$", "a\n"), open);
        assert_eq!(fit("a$", "a\n\n"), Match::No);
        assert_eq!(fit("\\s", "\u{b}"), open);
        assert_eq!(fit("[^\\s]", "\u{b}"), open);
        assert_eq!(fit("[[a]b]", "a"), open);
    }

    #[test]
    fn faults_have_their_position() {
        let cases = [
            ("(ab)+", 0),
            ("a!", 1),
            ("caf\u{e9}", 3),
            ("\\p", 0),
            ("\\(", 1),
            ("[z-a]", 1),
            ("a++", 2),
            ("a**", 2),
            ("*a", 0),
            ("a{3,1}", 1),
            ("a{1001}", 1),
            ("[a&&b]", 2),
            ("[ab", 0),
            ("", 0),
            ("a\\", 1),
            ("\\x4", 0),
            ("\\1", 0),
        ];
        for (regex, position) in cases {
            let fault = Regex::parse(regex, 10).unwrap_err();
            assert_eq!(fault.position, 10 + position, "{regex}: {}", fault.problem);
        }
    }

    #[test]
    fn large_repetitions_do_not_exhaust_memory() {
        let regex = ".{1000}".repeat(100);
        assert_eq!(fit(&regex, "x"), Match::Undecided(Reason::RegexSize));
        let parsed = Regex::parse("[ab]*a[ab]{20}c", 0).unwrap();
        assert!(parsed.automata().unwrap().narrow().is_none());
        assert_eq!(parsed.fit("aaaaaaaaaaaaaaaaaaaaaac"), Match::Yes);
    }
}
