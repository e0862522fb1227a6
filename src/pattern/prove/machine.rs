//! Automata for the texts of a pattern, read character by character, so that several can run side by side.

use regex_automata::dfa::{Automaton, dense};
use regex_automata::util::start;
use regex_automata::{Anchored, util::primitives::StateID};

use super::bound::Bound;
use super::check::Reading;
use crate::pattern::answer::Reason;
use crate::pattern::regex::Regex;
use crate::pattern::syntax::{Operand, Phrase};
use crate::pattern::text::Glob;

/// One automaton, and whether the text must be in its language.
pub(super) struct Machine<'p> {
    kind: Kind<'p>,
    pub(super) wanted: bool,
}

enum Kind<'p> {
    Glob(GlobMachine),
    Regex(&'p dense::DFA<Vec<u32>>),
    Bound(Bound),
}

/// Where an automaton is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum State {
    /// Whatever follows, the text is in the language.
    In,
    /// Whatever follows, it is not.
    Out,
    /// It depends.
    At(u32, u32),
}

/// Pieces to be found one after the other.
struct GlobMachine {
    pieces: Vec<Piece>,
    open_start: bool,
    open_end: bool,
    /// The last piece counts only if it ends the text when it is found first.
    first_only: bool,
}

struct Piece {
    chars: Vec<char>,
    /// For each prefix, the length of its longest proper border (Knuth, Morris, Pratt).
    borders: Vec<usize>,
}

impl<'p> Machine<'p> {
    /// Automata which together say what the reading says about the operand, or why they cannot be built.
    pub(super) fn of_operand(
        operand: &'p Operand,
        wanted: bool,
        reading: Reading,
    ) -> Result<Vec<Self>, Reason> {
        // What must hold is read widely in a wide reading, what must not hold narrowly.
        let wide = wanted == (reading == Reading::Widest);
        match operand {
            Operand::Number(number) => Ok(vec![Self::of_text(number.text(), wanted)]),
            Operand::Text(text) => {
                let machines: Vec<Self> = text
                    .globs()
                    .map(|glob| Self::glob(GlobMachine::new(glob, wide), wanted))
                    .collect();
                // Two readings: a text must be in both narrow languages, or in neither wide one. The other two
                // combinations are unions, which do not run side by side.
                if machines.len() == 1 || wide != wanted {
                    Ok(machines)
                } else {
                    Err(Reason::Backslash)
                }
            }
            Operand::Regex(regex) => Self::of_regex(regex, wanted, reading).map(|one| vec![one]),
        }
    }

    pub(super) fn of_regex(
        regex: &'p Regex,
        wanted: bool,
        reading: Reading,
    ) -> Result<Self, Reason> {
        let wide = wanted == (reading == Reading::Widest);
        Ok(Self {
            kind: Kind::Regex(regex.automaton(wide)?),
            wanted,
        })
    }

    /// A phrase anywhere in the text. One with a backslash has two readings and no automaton.
    pub(super) fn of_phrase(phrase: &Phrase, wanted: bool) -> Result<Self, Reason> {
        if phrase.raw.contains('\\') {
            return Err(Reason::Backslash);
        }
        let machine = GlobMachine {
            pieces: vec![Piece::new(&phrase.raw)],
            open_start: true,
            open_end: true,
            first_only: false,
        };
        Ok(Self::glob(machine, wanted))
    }

    /// The text is just this.
    pub(super) fn of_text(text: &str, wanted: bool) -> Self {
        Self::glob(GlobMachine::literal(text), wanted)
    }

    /// The text, the plain spelling of a number, obeys the bound.
    pub(super) fn of_bound(bound: Bound) -> Self {
        Self {
            kind: Kind::Bound(bound),
            wanted: true,
        }
    }

    fn glob(machine: GlobMachine, wanted: bool) -> Self {
        Self {
            kind: Kind::Glob(machine),
            wanted,
        }
    }

    pub(super) fn start(&self) -> State {
        match &self.kind {
            Kind::Glob(glob) => glob.settle(0, 0),
            Kind::Bound(_) => Bound::start(),
            Kind::Regex(dfa) => {
                let config = start::Config::new().anchored(Anchored::No);
                dfa.start_state(&config)
                    .map_or(State::Out, |id| regex_state(dfa, id))
            }
        }
    }

    pub(super) fn step(&self, state: State, c: char) -> State {
        let State::At(a, b) = state else {
            return state;
        };
        match &self.kind {
            Kind::Glob(glob) => glob.step(a as usize, b as usize, c),
            Kind::Bound(bound) => bound.step(a, b, c),
            Kind::Regex(dfa) => {
                let mut buffer = [0; 4];
                let mut id = StateID::new_unchecked(a as usize);
                for &byte in c.encode_utf8(&mut buffer).as_bytes() {
                    id = dfa.next_state(id, byte);
                    if dfa.is_match_state(id) {
                        return State::In;
                    }
                }
                regex_state(dfa, id)
            }
        }
    }

    /// Whether the text may end here.
    pub(super) fn accepts(&self, state: State) -> bool {
        let inside = match (state, &self.kind) {
            (State::In, _) => true,
            (State::Out, _) => false,
            (State::At(a, b), Kind::Glob(glob)) => glob.ends(a as usize, b as usize),
            (State::At(a, b), Kind::Bound(bound)) => bound.ends(a, b),
            (State::At(a, _), Kind::Regex(dfa)) => {
                dfa.is_match_state(dfa.next_eoi_state(StateID::new_unchecked(a as usize)))
            }
        };
        inside == self.wanted
    }

    /// Whether no continuation can be accepted.
    pub(super) fn is_hopeless(&self, state: State) -> bool {
        match state {
            State::In => !self.wanted,
            State::Out => self.wanted,
            State::At(..) => false,
        }
    }
}

fn regex_state(dfa: &dense::DFA<Vec<u32>>, id: StateID) -> State {
    if dfa.is_dead_state(id) {
        State::Out
    } else {
        State::At(id.as_u32(), 0)
    }
}

impl GlobMachine {
    fn literal(text: &str) -> Self {
        Self {
            pieces: vec![Piece::new(text)],
            open_start: false,
            open_end: false,
            first_only: false,
        }
    }

    /// The widest reading takes every star as a wildcard; the narrowest is what [`Glob::fit`] calls certain.
    fn new(glob: &Glob, wide: bool) -> Self {
        let core = glob.core.as_str();
        if !glob.has_middle_star() {
            return Self {
                pieces: vec![Piece::new(core)],
                open_start: glob.open_start,
                open_end: glob.open_end,
                first_only: !wide && glob.is_suffix(),
            };
        }
        if !wide && !glob.open_end {
            return Self::literal(core);
        }
        let pieces = if wide {
            core.split('*')
                .filter(|piece| !piece.is_empty())
                .map(Piece::new)
                .collect()
        } else {
            vec![Piece::new(core)]
        };
        Self {
            pieces,
            open_start: glob.open_start,
            open_end: glob.open_end,
            first_only: false,
        }
    }

    fn step(&self, at: usize, matched: usize, c: char) -> State {
        let Some(piece) = self.pieces.get(at) else {
            return State::Out;
        };
        let anchored = at == 0 && !self.open_start;
        let complete = matched == piece.chars.len();
        if anchored {
            let fits = piece.chars.get(matched) == Some(&c);
            return if fits {
                self.settle(at, matched + 1)
            } else {
                State::Out
            };
        }
        if complete && self.first_only {
            return State::Out;
        }
        self.settle(at, piece.advance(matched, c))
    }

    /// The state after `matched` characters of a piece, which may complete it.
    fn settle(&self, at: usize, matched: usize) -> State {
        let here = State::At(to_u32(at), to_u32(matched));
        let Some(piece) = self.pieces.get(at) else {
            // Only stars: every text fits.
            return State::In;
        };
        if matched < piece.chars.len() {
            return here;
        }
        if at + 1 < self.pieces.len() {
            return State::At(to_u32(at + 1), 0);
        }
        let any = piece.chars.is_empty() && self.open_start;
        if self.open_end || any {
            State::In
        } else {
            here
        }
    }

    fn ends(&self, at: usize, matched: usize) -> bool {
        at + 1 == self.pieces.len()
            && self
                .pieces
                .get(at)
                .is_some_and(|piece| piece.chars.len() == matched)
    }
}

impl Piece {
    fn new(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let mut piece = Self {
            chars,
            borders: vec![0],
        };
        for at in 1..=piece.chars.len() {
            let border = match piece.chars.get(at - 1) {
                Some(&c) if at > 1 => {
                    let longest = piece.borders.get(at - 1).copied().unwrap_or(0);
                    piece.extend(longest, c)
                }
                _ => 0,
            };
            piece.borders.push(border);
        }
        piece
    }

    /// The longest prefix that the text ends in, after one more character.
    fn advance(&self, matched: usize, c: char) -> usize {
        let matched = if matched == self.chars.len() {
            self.borders.get(matched).copied().unwrap_or(0)
        } else {
            matched
        };
        self.extend(matched, c)
    }

    fn extend(&self, mut matched: usize, c: char) -> usize {
        loop {
            if self.chars.get(matched) == Some(&c) {
                return matched + 1;
            }
            if matched == 0 {
                return 0;
            }
            matched = self.borders.get(matched).copied().unwrap_or(0);
        }
    }
}

fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::answer::Match;
    use crate::pattern::text::TextPattern;
    use proptest::prelude::*;

    fn accepts(operand: &Operand, wanted: bool, reading: Reading, text: &str) -> bool {
        Machine::of_operand(operand, wanted, reading)
            .unwrap()
            .iter()
            .all(|machine| {
                let end = text
                    .chars()
                    .fold(machine.start(), |state, c| machine.step(state, c));
                machine.accepts(end)
            })
    }

    fn agrees(operand: &Operand, text: &str) -> Result<(), TestCaseError> {
        let answer = crate::pattern::matcher::string_equals(operand, text);
        let certain = answer == Match::Yes;
        let possible = answer != Match::No;
        let ask = |wanted, reading| accepts(operand, wanted, reading, text);
        prop_assert_eq!(ask(true, Reading::Strictest), certain);
        prop_assert_eq!(ask(true, Reading::Widest), possible);
        prop_assert_eq!(ask(false, Reading::Strictest), !possible);
        prop_assert_eq!(ask(false, Reading::Widest), !certain);
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5000))]

        #[test]
        fn glob_automata_agree_with_the_matcher(pattern in "[ab*]{0,6}", text in "[ab*]{0,8}") {
            agrees(&Operand::Text(TextPattern::new(&pattern)), &text)?;
        }

        #[test]
        fn regex_automata_agree_with_the_matcher(
            pattern in "[ab.^$|?+\\[\\]]{1,6}",
            text in "[ab\n\ré]{0,6}",
        ) {
            if let Ok(regex) = Regex::parse(&pattern, 0)
                && regex.automaton(true).is_ok()
                && regex.automaton(false).is_ok()
            {
                agrees(&Operand::Regex(regex), &text)?;
            }
        }
    }
}
