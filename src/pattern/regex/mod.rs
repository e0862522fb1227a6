//! The regular expressions that the service takes: no groups, ASCII only, searched without an anchor.
//!
//! The service does not say which engine it runs. Where engines differ (`$` before a final line break, which line
//! breaks `.` stops at, what counts as white space) the expression gets two meanings, a narrow one inside all
//! readings and a wide one around them.

mod charset;
mod parse;
mod source;

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use regex_automata::Input;
use regex_automata::dfa::{StartKind, dense};
use regex_automata::meta;
use regex_automata::nfa::thompson;

use super::answer::{Match, Reason};
use super::error::Fault;
use charset::CharSet;

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
    /// Nothing in it is read differently: the narrow meaning is the wide one, too.
    one_meaning: bool,
    searchers: Meanings<meta::Regex>,
    automata: Meanings<dense::DFA<Vec<u32>>>,
}

/// What is built for each meaning when it is first asked for; `None` if it would be too large.
#[derive(Debug)]
struct Meanings<T> {
    narrow: OnceLock<Option<T>>,
    wide: OnceLock<Option<T>>,
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

/// Limit of a compiled expression for matching, in bytes; lets `[a-z]{1000}` through.
const SEARCH_LIMIT: usize = 1 << 20;
/// Limits for proofs, in bytes: building a deterministic automaton of this size takes some milliseconds.
const NFA_LIMIT: usize = 1 << 18;
const DFA_LIMIT: usize = 1 << 18;
const DETERMINIZE_LIMIT: usize = 1 << 16;

impl PartialEq for Regex {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Regex {}

impl Hash for Regex {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl Regex {
    /// Reads the text between two `%`; positions of faults count from `offset`.
    pub(crate) fn parse(text: &str, offset: usize) -> Result<Self, Fault> {
        let parsed = parse::parse(text, offset)?;
        let one_meaning = parsed
            .branches
            .iter()
            .flatten()
            .all(|piece| match &piece.atom {
                Atom::Set { narrow, wide } => narrow == wide,
                Atom::Start => true,
                Atom::End => false,
            });
        let program = Program {
            branches: parsed.branches,
            unreadable: parsed.unreadable,
            one_meaning,
            searchers: Meanings::new(),
            automata: Meanings::new(),
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
        let (Some(narrow), Some(wide)) = (self.searcher(false), self.searcher(true)) else {
            return Match::Undecided(Reason::RegexSize);
        };
        let finds = |searcher: &meta::Regex| searcher.is_match(Input::new(text).earliest(true));
        let certain = finds(narrow);
        let possible = certain || (!self.program.one_meaning && finds(wide));
        Match::of(certain, possible, Reason::RegexDialect)
    }

    fn searcher(&self, wide: bool) -> Option<&meta::Regex> {
        let program = &self.program;
        program.searchers.get(program, wide, |source| {
            meta::Builder::new()
                .configure(
                    meta::Config::new()
                        .nfa_size_limit(Some(SEARCH_LIMIT))
                        .onepass(false)
                        .dfa(false),
                )
                .build(source)
                .ok()
        })
    }

    /// A deterministic automaton of one meaning, for proofs.
    pub(crate) fn automaton(&self, wide: bool) -> Result<&dense::DFA<Vec<u32>>, Reason> {
        let program = &self.program;
        if program.unreadable {
            return Err(Reason::RegexDialect);
        }
        let build = |source: &str| {
            dense::Builder::new()
                .configure(
                    dense::Config::new()
                        .start_kind(StartKind::Unanchored)
                        .dfa_size_limit(Some(DFA_LIMIT))
                        .determinize_size_limit(Some(DETERMINIZE_LIMIT)),
                )
                .thompson(thompson::Config::new().nfa_size_limit(Some(NFA_LIMIT)))
                .build(source)
                .ok()
        };
        program
            .automata
            .get(program, wide, build)
            .ok_or(Reason::RegexSize)
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
                Atom::End => source::final_breaks().add_bounds(bounds),
            }
        }
    }
}

impl<T> Meanings<T> {
    fn new() -> Self {
        Self {
            narrow: OnceLock::new(),
            wide: OnceLock::new(),
        }
    }

    fn get(&self, of: &Program, wide: bool, build: impl Fn(&str) -> Option<T>) -> Option<&T> {
        let wide = wide && !of.one_meaning;
        (if wide { &self.wide } else { &self.narrow })
            .get_or_init(|| build(&source::source(&of.branches, wide)))
            .as_ref()
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
        assert_eq!(fit("[A-[a]b]", "Bb]"), open);
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
        assert_eq!(parsed.automaton(false).err(), Some(Reason::RegexSize));
        assert_eq!(parsed.fit("aaaaaaaaaaaaaaaaaaaaaac"), Match::Yes);
    }
}
