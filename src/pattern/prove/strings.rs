//! Whether a string can satisfy several wishes at once, and a short one that does.

use std::collections::{HashMap, HashSet, VecDeque};

use super::check::Reading;
use super::machine::{Machine, State};
use super::search::Budget;
use super::tree::Found;
use crate::pattern::Regex;
use crate::pattern::answer::{Match, Reason};
use crate::pattern::fields;
use crate::pattern::matcher::string_equals;
use crate::pattern::syntax::{Fields, Operand, Phrase};
use crate::pattern::text::phrase_fit;

/// What a wish is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject<'p> {
    /// The string equals it.
    Operand(&'p Operand),
    /// The string contains it.
    Phrase(&'p Phrase),
    /// Something in the string matches it.
    Regex(&'p Regex),
    /// The string as a line matches it.
    Fields(&'p Fields),
}

impl Subject<'_> {
    fn fit(self, text: &str) -> Match {
        match self {
            Self::Operand(operand) => string_equals(operand, text),
            Self::Phrase(phrase) => phrase_fit(&phrase.raw, text),
            Self::Regex(regex) => regex.fit(text),
            Self::Fields(pattern) => fields::matches(pattern, text),
        }
    }
}

/// Whether the text fulfils every wish.
fn fulfils(wishes: &[(Subject<'_>, bool)], reading: Reading, text: &str) -> bool {
    wishes
        .iter()
        .all(|(subject, wanted)| reading.accepts(subject.fit(text), *wanted))
}

/// A string for a field called `name`.
pub(super) fn solve(
    wishes: &[(Subject<'_>, bool)],
    reading: Reading,
    name: &str,
    budget: &mut Budget,
) -> Found<String> {
    let candidates = candidates(wishes, name);
    for text in &candidates.likely {
        if let Err(reason) = budget.spend(wishes.len()) {
            return Found::Unknown(reason);
        }
        if fulfils(wishes, reading, text) {
            return Found::Some(text.clone());
        }
    }
    if candidates.exhaustive {
        return Found::None;
    }
    walk(wishes, reading, budget)
}

/// Whether only finitely many strings can do. In the widest reading a yes is certain, in the strictest a no.
pub(super) fn are_finite(
    wishes: &[(Subject<'_>, bool)],
    reading: Reading,
    budget: &mut Budget,
) -> Result<bool, Reason> {
    if candidates(wishes, "").exhaustive {
        return Ok(true);
    }
    if wishes.iter().all(|wish| forbids_few(*wish)) {
        return Ok(false);
    }
    let mut walk = Walk::default();
    for &(subject, wanted) in wishes {
        walk.add_wish(subject, wanted, reading)?;
    }
    walk.accepts_few(budget)
}

/// Whether a wish leaves all but finitely many strings, which is seen without an automaton.
fn forbids_few((subject, wanted): (Subject<'_>, bool)) -> bool {
    !wanted
        && match subject {
            Subject::Operand(Operand::Number(_)) => true,
            Subject::Operand(Operand::Text(text)) => {
                text.globs().all(|glob| glob.literal().is_some())
            }
            _ => false,
        }
}

struct Candidates {
    likely: Vec<String>,
    /// No other string can do.
    exhaustive: bool,
}

/// Strings worth trying before any automaton is built.
fn candidates(wishes: &[(Subject<'_>, bool)], name: &str) -> Candidates {
    let mut globs = Vec::new();
    let mut phrases = Vec::new();
    for (subject, _) in wishes.iter().filter(|(_, wanted)| *wanted) {
        match subject {
            Subject::Operand(Operand::Number(number)) => {
                return Candidates {
                    likely: vec![number.text().to_owned()],
                    exhaustive: true,
                };
            }
            Subject::Operand(Operand::Text(text)) => {
                let mut literals = text.globs().map(|glob| glob.literal());
                if literals.all(|literal| literal.is_some()) {
                    let likely = text.globs().map(|glob| glob.core.clone()).collect();
                    return Candidates {
                        likely,
                        exhaustive: true,
                    };
                }
                globs.extend(text.globs().next());
            }
            Subject::Phrase(phrase) => phrases.push(phrase.raw.as_str()),
            Subject::Operand(Operand::Regex(_)) | Subject::Regex(_) | Subject::Fields(_) => {}
        }
    }
    let longest = |texts: Vec<&str>| {
        texts
            .into_iter()
            .max_by_key(|text| text.len())
            .unwrap_or("")
            .to_owned()
    };
    let start = longest(
        globs
            .iter()
            .filter(|g| !g.open_start)
            .map(|g| g.core.as_str())
            .collect(),
    );
    let end = longest(
        globs
            .iter()
            .filter(|g| g.is_suffix())
            .map(|g| g.core.as_str())
            .collect(),
    );
    let inner = globs
        .iter()
        .filter(|g| g.open_start && g.open_end)
        .map(|g| g.core.as_str());
    let middle: Vec<&str> = inner.chain(phrases).collect();
    let mut likely = Vec::new();
    if start.is_empty() && end.is_empty() && middle.is_empty() {
        likely.push(example(name).to_owned());
        likely.extend(["x", "", "y", "0"].map(str::to_owned));
    } else {
        let joined = [middle.concat(), middle.join(" ")];
        for middle in joined {
            likely.push(format!("{start}{middle}{end}"));
            likely.push(format!("{start}x{middle}x{end}"));
            likely.push(format!("{start}{middle}x"));
        }
    }
    Candidates {
        likely,
        exhaustive: false,
    }
}

/// A value that the field might really have.
fn example(name: &str) -> &'static str {
    match name {
        "eventName" => "SomeCall",
        "eventSource" => "some.amazonaws.com",
        "eventType" => "AwsApiCall",
        "sourceIPAddress" => "198.51.100.7",
        "awsRegion" => "us-east-1",
        "eventTime" => "2026-11-23T00:05:00Z",
        "eventVersion" => "1.11",
        "recipientAccountId" => "111122223333",
        _ => "x",
    }
}

fn walk(wishes: &[(Subject<'_>, bool)], reading: Reading, budget: &mut Budget) -> Found<String> {
    let mut walk = Walk::default();
    for &(subject, wanted) in wishes {
        if let Err(reason) = walk.add_wish(subject, wanted, reading) {
            return Found::Unknown(reason);
        }
    }
    walk.run(budget)
}

/// Automata that run side by side.
#[derive(Default)]
pub(super) struct Walk<'p> {
    machines: Vec<Machine<'p>>,
    /// Where the classes of characters begin that the automata tell apart.
    bounds: Vec<u32>,
}

impl<'p> Walk<'p> {
    pub(super) fn add(&mut self, machine: Machine<'p>) {
        self.machines.push(machine);
    }

    /// Adds what a wish says. Where there is no automaton for it, a wide reading goes without; a strict one fails.
    pub(super) fn add_wish(
        &mut self,
        subject: Subject<'p>,
        wanted: bool,
        reading: Reading,
    ) -> Result<(), Reason> {
        let one = |machine: Result<Machine<'p>, Reason>| machine.map(|machine| vec![machine]);
        let built = match subject {
            Subject::Operand(operand) => Machine::of_operand(operand, wanted, reading),
            Subject::Regex(regex) => one(Machine::of_regex(regex, wanted, reading)),
            Subject::Phrase(phrase) => one(Machine::of_phrase(phrase, wanted)),
            Subject::Fields(_) => Err(Reason::RawText),
        };
        self.add_bounds(subject);
        match built {
            Ok(machines) => self.machines.extend(machines),
            Err(_) if reading == Reading::Widest => {}
            Err(reason) => return Err(reason),
        }
        Ok(())
    }

    pub(super) fn add_text(&mut self, text: &str) {
        for c in text.chars() {
            self.bounds.push(c.into());
            self.bounds.push(u32::from(c) + 1);
        }
    }

    /// Adds the characters that a subject tells apart.
    pub(super) fn add_bounds(&mut self, subject: Subject<'_>) {
        match subject {
            Subject::Operand(Operand::Number(number)) => self.add_text(number.text()),
            Subject::Operand(Operand::Text(text)) => {
                text.globs().for_each(|glob| self.add_text(&glob.core));
            }
            Subject::Operand(Operand::Regex(regex)) | Subject::Regex(regex) => {
                regex.add_bounds(&mut self.bounds);
            }
            Subject::Phrase(phrase) => self.add_text(&phrase.raw),
            Subject::Fields(_) => {}
        }
    }

    /// Whether the automata accept only finitely many texts.
    fn accepts_few(self, budget: &mut Budget) -> Result<bool, Reason> {
        let alphabet = representatives(self.bounds);
        let machines = self.machines;
        let start: Vec<State> = machines.iter().map(Machine::start).collect();
        let mut numbers = HashMap::from([(start.clone(), 0)]);
        let (mut edges, mut ends) = (Vec::new(), Vec::new());
        let mut todo = vec![(0, start)];
        while let Some((node, states)) = todo.pop() {
            let together = || machines.iter().zip(&states);
            if together().all(|(machine, state)| machine.accepts(*state)) {
                ends.push(node);
            }
            for &c in &alphabet {
                budget.spend(2 * (1 + machines.len()))?;
                let next: Vec<State> = together()
                    .map(|(machine, state)| machine.step(*state, c))
                    .collect();
                let mut along = machines.iter().zip(&next);
                if along.any(|(machine, state)| machine.is_hopeless(*state)) {
                    continue;
                }
                let fresh = numbers.len();
                let number = *numbers.entry(next.clone()).or_insert(fresh);
                if number == fresh {
                    todo.push((number, next));
                }
                edges.push((node, number));
            }
        }
        Ok(is_acyclic(&edges, ends, numbers.len()))
    }

    /// The shortest text that all automata accept: breadth first over the reachable combinations of states.
    pub(super) fn run(self, budget: &mut Budget) -> Found<String> {
        let machines = self.machines;
        let alphabet = representatives(self.bounds);
        let start: Vec<State> = machines.iter().map(Machine::start).collect();
        if machines
            .iter()
            .zip(&start)
            .any(|(machine, state)| machine.is_hopeless(*state))
        {
            return Found::None;
        }
        let mut seen = HashSet::from([start.clone()]);
        // Each combination with its predecessor and the character that led to it.
        let mut nodes: Vec<(Option<usize>, char)> = vec![(None, '\0')];
        let mut queue = VecDeque::from([(0, start)]);
        while let Some((node, states)) = queue.pop_front() {
            if machines
                .iter()
                .zip(&states)
                .all(|(machine, state)| machine.accepts(*state))
            {
                return Found::Some(spell(&nodes, node));
            }
            for &c in &alphabet {
                if let Err(reason) = budget.spend(2 * (1 + machines.len())) {
                    return Found::Unknown(reason);
                }
                let mut next = Vec::with_capacity(states.len());
                let lives = machines.iter().zip(&states).all(|(machine, state)| {
                    let state = machine.step(*state, c);
                    next.push(state);
                    !machine.is_hopeless(state)
                });
                if lives && seen.insert(next.clone()) {
                    queue.push_back((nodes.len(), next));
                    nodes.push((Some(node), c));
                }
            }
        }
        Found::None
    }
}

/// Whether no way to an end goes in a circle. Nodes are numbered from 0.
fn is_acyclic(edges: &[(usize, usize)], ends: Vec<usize>, nodes: usize) -> bool {
    let mut before = vec![Vec::new(); nodes];
    for &(from, to) in edges {
        if let Some(before) = before.get_mut(to) {
            before.push(from);
        }
    }
    // What leads to an end, and how many ways lead on from there to such a node.
    let mut ways: HashMap<usize, usize> = ends.iter().map(|&end| (end, 0)).collect();
    let mut todo = ends;
    while let Some(node) = todo.pop() {
        for &from in before.get(node).into_iter().flatten() {
            ways.entry(from).or_insert_with(|| {
                todo.push(from);
                0
            });
        }
    }
    for (from, to) in edges {
        if ways.contains_key(to)
            && let Some(ways) = ways.get_mut(from)
        {
            *ways += 1;
        }
    }
    // Nodes are taken off from the ends; a circle stays.
    let mut todo: Vec<usize> = ways
        .iter()
        .filter_map(|(&node, &ways)| (ways == 0).then_some(node))
        .collect();
    let mut taken = 0;
    while let Some(node) = todo.pop() {
        taken += 1;
        for from in before.get(node).into_iter().flatten() {
            if let Some(left) = ways.get_mut(from) {
                *left -= 1;
                if *left == 0 {
                    todo.push(*from);
                }
            }
        }
    }
    taken == ways.len()
}

fn spell(nodes: &[(Option<usize>, char)], end: usize) -> String {
    let mut reversed = Vec::new();
    let mut at = end;
    while let Some((Some(parent), c)) = nodes.get(at) {
        reversed.push(*c);
        at = *parent;
    }
    reversed.into_iter().rev().collect()
}

/// One character of each class that no subject tells apart; readable ones where there is a choice.
fn representatives(mut bounds: Vec<u32>) -> Vec<char> {
    const READABLE: &str = "xabcdefghijklmnopqrstuvwyzXABCDEFGHIJKLMNOPQRSTUVWYZ0123456789_-. ";
    bounds.push(0);
    bounds.sort_unstable();
    bounds.dedup();
    let ends = bounds.iter().skip(1).copied().chain([0x11_0000]);
    let mut chosen: Vec<char> = bounds
        .iter()
        .zip(ends)
        .filter_map(|(&low, high)| {
            let class = low..high;
            let readable = READABLE.chars().find(|&c| class.contains(&u32::from(c)));
            let printable = || {
                class
                    .clone()
                    .filter_map(char::from_u32)
                    .find(|c| !c.is_control())
            };
            readable
                .or_else(printable)
                .or_else(|| class.clone().find_map(char::from_u32))
        })
        .collect();
    chosen.sort_by_key(|&c| READABLE.find(c).unwrap_or(READABLE.len()));
    chosen
}
