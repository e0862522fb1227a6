//! Whether a number can satisfy several facts at once, and a simple one that does.
//!
//! Facts are about the value (orderings, unquoted numbers) or about the text (quoted texts, globs, regexes). Numbers
//! with a plain spelling have both, and the two meet in automata over the spelling. Doubles that print with an
//! exponent have a text that is not settled: of them only what no text could satisfy is refuted.

use std::sync::OnceLock;

use serde_json::Number;

use super::bound::Bound;
use super::check::{Check, Reading};
use super::machine::Machine;
use super::range::Range;
use super::search::Budget;
use super::strings::{Subject, Walk};
use super::tree::Found;
use crate::pattern::Regex;
use crate::pattern::answer::Reason;
use crate::pattern::decimal::Decimal;
use crate::pattern::number::EventNumber;
use crate::pattern::syntax::Operand;

type Fact<'p> = (Check<'p>, bool);

/// Longest plain spelling that is tried.
const PLAIN_LIMIT: usize = 400;

pub(super) fn solve(facts: &[Fact<'_>], reading: Reading, budget: &mut Budget) -> Found<Number> {
    let range = Range::of(facts);
    for text in candidates(facts, &range) {
        if let Err(reason) = budget.spend(1 + facts.len()) {
            return Found::Unknown(reason);
        }
        if let Some(number) = accepted(facts, reading, &text) {
            return Found::Some(number);
        }
    }
    // A pinned value was tried in every spelling, and numbers beyond a double were tried.
    if range.is_empty() || range.is_pinned() {
        return Found::None;
    }
    match plain(facts, &range, reading, budget) {
        Found::None => exotic(facts, &range, reading, budget),
        Found::Some(text) => accepted(facts, reading, &text)
            .map_or(Found::Unknown(Reason::NumberAndText), Found::Some),
        Found::Unknown(reason) => Found::Unknown(reason),
    }
}

fn accepted(facts: &[Fact<'_>], reading: Reading, text: &str) -> Option<Number> {
    let number = EventNumber::new(text);
    let obeys = |number: &EventNumber| {
        facts.iter().all(|(check, holds)| {
            check
                .of_number(number)
                .is_none_or(|answer| reading.accepts(answer, *holds))
        })
    };
    // In the widest reading it is still one reading that all facts share.
    let fits = match reading {
        Reading::Strictest => obeys(&number),
        Reading::Widest => obeys(&number) && number.readings().any(|number| obeys(&number)),
    };
    fits.then(|| serde_json::from_str(text).ok()).flatten()
}

/// Numbers worth trying, simplest first.
fn candidates(facts: &[Fact<'_>], range: &Range) -> Vec<String> {
    let mut texts: Vec<String> = ["1", "0", "2", "10"].map(str::to_owned).to_vec();
    texts.extend(range.samples());
    for (check, _) in facts {
        match check {
            Check::Equals(operand) | Check::Differs(operand) => match operand {
                Operand::Number(number) => spellings(number.value(), number.text(), &mut texts),
                Operand::Text(text) => {
                    for core in text.globs().map(|glob| glob.core.trim_matches('.')) {
                        texts.push(core.to_owned());
                        texts.push(format!("1{core}"));
                        texts.push(format!("{core}.5"));
                    }
                }
                Operand::Regex(_) => {}
            },
            Check::Order(_, number) => spellings(number.value(), number.text(), &mut texts),
            Check::Is(_) | Check::Null => {}
        }
    }
    texts.extend(["0.5", "-1", "1e999", "-1e999"].map(str::to_owned));
    texts
}

/// The value as an integer, as a fraction, and as written.
fn spellings(value: &Decimal, written: &str, texts: &mut Vec<String>) {
    if let Some(plain) = value.to_plain(PLAIN_LIMIT) {
        if !plain.contains('.') {
            texts.push(format!("{plain}.0"));
        }
        texts.push(plain);
    }
    texts.push(written.trim_start_matches('+').to_owned());
}

/// Integers, and fractions that print without an exponent: their text tells their value.
fn plain(
    facts: &[Fact<'_>],
    range: &Range,
    reading: Reading,
    budget: &mut Budget,
) -> Found<String> {
    const SPELLING: &str = "^-?0$|^-?[1-9][0-9]*$|^-?[1-9][0-9]{0,6}\\.0$|^-?0\\.0$\
        |^-?[1-9][0-9]{0,6}\\.[0-9]*[1-9]$|^-?0\\.[1-9]$|^-?0\\.[1-9][0-9]*[1-9]$|^-?0\\.0[1-9]$\
        |^-?0\\.0[1-9][0-9]*[1-9]$|^-?0\\.00[1-9]$|^-?0\\.00[1-9][0-9]*[1-9]$";
    static GRAMMAR: OnceLock<Option<Regex>> = OnceLock::new();
    let mut walk = Walk::default();
    let grammar = GRAMMAR.get_or_init(|| Regex::parse(SPELLING, 0).ok());
    if !add_grammar(&mut walk, grammar.as_ref()) || !add_texts(&mut walk, facts, reading) {
        return Found::Unknown(Reason::NumberAndText);
    }
    for (order, value) in range.bounds() {
        match Bound::new(order, value) {
            Some(bound) => walk.add(Machine::of_bound(bound)),
            None => return Found::Unknown(Reason::NumberAndText),
        }
    }
    for value in range.excluded() {
        let mut texts = Vec::new();
        spellings(value, "", &mut texts);
        for text in texts {
            walk.add_text(&text);
            walk.add(Machine::of_text(&text, false));
            walk.add(Machine::of_text(&format!("-{text}"), false));
        }
    }
    walk.run(budget)
}

/// Doubles that print with an exponent: whether any spelling at all could satisfy what is said about the text.
fn exotic(
    facts: &[Fact<'_>],
    range: &Range,
    reading: Reading,
    budget: &mut Budget,
) -> Found<Number> {
    const SPELLING: &str = "^-?[0-9]+[eE][+\\-]?[0-9]+$|^-?[0-9]+\\.[0-9]+[eE][+\\-]?[0-9]+$\
        |^-?[1-9][0-9]{7,}$|^-?[1-9][0-9]{7,}\\.[0-9]+$|^-?0\\.000[0-9]*$";
    static GRAMMAR: OnceLock<Option<Regex>> = OnceLock::new();
    if reading == Reading::Strictest || !range.reaches_exotic() {
        return Found::None;
    }
    let mut walk = Walk::default();
    let grammar = GRAMMAR.get_or_init(|| Regex::parse(SPELLING, 0).ok());
    if !add_grammar(&mut walk, grammar.as_ref()) || !add_texts(&mut walk, facts, reading) {
        return Found::Unknown(Reason::NumberText);
    }
    match walk.run(budget) {
        Found::None => Found::None,
        Found::Some(_) => Found::Unknown(Reason::NumberText),
        Found::Unknown(reason) => Found::Unknown(reason),
    }
}

fn add_grammar<'p>(walk: &mut Walk<'p>, grammar: Option<&'p Regex>) -> bool {
    let machine = grammar.and_then(|regex| Machine::of_regex(regex, true, Reading::Strictest));
    match (grammar, machine) {
        (Some(regex), Some(machine)) => {
            walk.add_bounds(Subject::Regex(regex));
            walk.add(machine);
            true
        }
        _ => false,
    }
}

/// What is said about the text; `false` if an automaton is missing that an example would need.
fn add_texts<'p>(walk: &mut Walk<'p>, facts: &[Fact<'p>], reading: Reading) -> bool {
    facts
        .iter()
        .all(|(check, holds)| match check.of_string(*holds) {
            Some((Operand::Number(_), _)) | None => true,
            Some((operand, wanted)) => walk.add_wish(Subject::Operand(operand), wanted, reading),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::number::NumberLiteral;
    use crate::pattern::syntax::Order;
    use crate::pattern::text::TextPattern;

    fn number(text: &str) -> NumberLiteral {
        NumberLiteral::parse(text).unwrap()
    }

    fn solve_all(facts: &[Fact<'_>], reading: Reading) -> Found<String> {
        solve(facts, reading, &mut Budget::new(10_000_000)).map(|number| number.to_string())
    }

    #[test]
    fn gap_between_integers_is_not_empty() {
        let (low, high) = (number("1"), number("2"));
        let facts = [
            (Check::Order(Order::Greater, &low), true),
            (Check::Order(Order::Less, &high), true),
        ];
        assert!(matches!(
            solve_all(&facts, Reading::Strictest),
            Found::Some(_)
        ));
        let facts = [
            (Check::Order(Order::Greater, &high), true),
            (Check::Order(Order::Greater, &low), false),
        ];
        assert_eq!(solve_all(&facts, Reading::Widest), Found::None);
    }

    #[test]
    fn range_and_text_meet_in_the_spelling() {
        let (low, high) = (number("400"), number("500"));
        let four = Operand::Text(TextPattern::new("4*"));
        let range = [
            (Check::Order(Order::GreaterOrEqual, &low), true),
            (Check::Order(Order::Less, &high), true),
        ];
        let inside = [range[0], range[1], (Check::Equals(&four), false)];
        assert_eq!(solve_all(&inside, Reading::Widest), Found::None);
        let open = [range[0], (Check::Equals(&four), false)];
        assert!(matches!(
            solve_all(&open, Reading::Strictest),
            Found::Some(_)
        ));
    }

    #[test]
    fn excluded_values_are_excluded_in_every_spelling() {
        let one = Operand::Number(number("1"));
        let text = Operand::Text(TextPattern::new("1.0"));
        let facts = [(Check::Differs(&one), true), (Check::Equals(&text), true)];
        assert_eq!(solve_all(&facts, Reading::Widest), Found::None);
        let text = Operand::Text(TextPattern::new("1.5"));
        let facts = [(Check::Differs(&one), true), (Check::Equals(&text), true)];
        assert_eq!(
            solve_all(&facts, Reading::Strictest),
            Found::Some("1.5".to_owned())
        );
    }
}
