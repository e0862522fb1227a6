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
use crate::pattern::number::{EventNumber, PLAIN_LIMIT};
use crate::pattern::syntax::Operand;
use crate::pattern::text::TextPattern;

type Fact<'p> = (Check<'p>, bool);

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
    // A pinned value was tried in every spelling.
    if range.is_empty() || range.is_pinned() {
        return beyond(facts, &range, reading, budget);
    }
    match plain(facts, &range, reading, budget) {
        Found::None => match exotic(facts, &range, reading, budget) {
            Found::None => beyond(facts, &range, reading, budget),
            found => found,
        },
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
    const BEYOND_A_DOUBLE: [&str; 2] = ["1e999", "-1e999"];
    if range.is_empty() {
        return BEYOND_A_DOUBLE.map(str::to_owned).to_vec();
    }
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
    texts.extend(["0.5", "-1"].map(str::to_owned));
    texts.extend(BEYOND_A_DOUBLE.map(str::to_owned));
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
    // Equal to zero in value, and of a text of its own.
    if *value == Decimal::zero() {
        texts.extend(["-0.0", "-0"].map(str::to_owned));
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
    let mut walk = match spelled(&GRAMMAR, SPELLING, facts, reading) {
        Ok(walk) => walk,
        Err(reason) => return Found::Unknown(reason),
    };
    // Without a bound that no automaton holds more is possible: what is refuted all the same is refuted.
    let mut is_bounded = true;
    for (order, value) in range.bounds() {
        match Bound::new(order, value) {
            Some(bound) => walk.add(Machine::of_bound(bound)),
            None => is_bounded = false,
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
    match walk.run(budget) {
        Found::Some(_) if !is_bounded => Found::Unknown(Reason::NumberAndText),
        found => found,
    }
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
    static MINUS: OnceLock<Operand> = OnceLock::new();
    static GRAMMAR: OnceLock<Option<Regex>> = OnceLock::new();
    if reading == Reading::Strictest || !range.reaches_exotic() {
        return Found::None;
    }
    let mut facts = facts.to_vec();
    if let Some(negative) = range.is_negative() {
        let minus = MINUS.get_or_init(|| Operand::Text(TextPattern::new("-*")));
        facts.push((Check::Equals(minus), negative));
    }
    open_text(
        &GRAMMAR,
        SPELLING,
        &facts,
        reading,
        Reason::NumberText,
        budget,
    )
}

/// Integers beyond a double, of which it is not settled whether they have a value to compare with. Fractions beyond
/// a double have none; they were tried.
fn beyond(
    facts: &[Fact<'_>],
    range: &Range,
    reading: Reading,
    budget: &mut Budget,
) -> Found<Number> {
    const SPELLING: &str = "^-?[1-9][0-9]{308,}$";
    static GRAMMAR: OnceLock<Option<Regex>> = OnceLock::new();
    let asks_for_a_value = facts.iter().any(|fact| {
        matches!(
            fact,
            (
                Check::Equals(Operand::Number(_))
                    | Check::Differs(Operand::Number(_))
                    | Check::Order(..),
                true
            )
        )
    });
    if reading == Reading::Widest && range.is_pinned_beyond(PLAIN_LIMIT) {
        return Found::Unknown(Reason::NumberSize);
    }
    if reading == Reading::Strictest || asks_for_a_value {
        return Found::None;
    }
    open_text(
        &GRAMMAR,
        SPELLING,
        facts,
        reading,
        Reason::NumberSize,
        budget,
    )
}

/// Numbers whose text is not settled: refuted if no text of the grammar will do.
fn open_text(
    grammar: &'static OnceLock<Option<Regex>>,
    spelling: &str,
    facts: &[Fact<'_>],
    reading: Reading,
    reason: Reason,
    budget: &mut Budget,
) -> Found<Number> {
    match spelled(grammar, spelling, facts, reading).map(|walk| walk.run(budget)) {
        Ok(Found::None) => Found::None,
        Ok(Found::Some(_)) => Found::Unknown(reason),
        Ok(Found::Unknown(reason)) | Err(reason) => Found::Unknown(reason),
    }
}

/// Automata for what is said about the text, and for how it may be spelled.
fn spelled<'p>(
    grammar: &'static OnceLock<Option<Regex>>,
    spelling: &str,
    facts: &[Fact<'p>],
    reading: Reading,
) -> Result<Walk<'p>, Reason> {
    let mut walk = Walk::default();
    let grammar = grammar
        .get_or_init(|| Regex::parse(spelling, 0).ok())
        .as_ref()
        .ok_or(Reason::RegexSize)?;
    walk.add_bounds(Subject::Regex(grammar));
    walk.add(Machine::of_regex(grammar, true, Reading::Strictest)?);
    for (check, holds) in facts {
        match check.of_string(*holds) {
            Some((Operand::Number(_), _)) | None => {}
            Some((operand, wanted)) => {
                walk.add_wish(Subject::Operand(operand), wanted, reading)?;
            }
        }
    }
    Ok(walk)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::number::NumberLiteral;
    use crate::pattern::syntax::Order;

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
    fn minus_zero_is_zero_with_a_text_of_its_own() {
        let (zero, minus) = (number("0"), Operand::Text(TextPattern::new("-*")));
        let zero = Operand::Number(zero);
        let facts = [(Check::Equals(&zero), true), (Check::Equals(&minus), true)];
        let found = solve_all(&facts, Reading::Strictest);
        assert_eq!(found, Found::Some("-0.0".to_owned()));
    }

    #[test]
    fn value_that_is_too_long_to_be_spelled_is_left_open() {
        let open = Found::Unknown(Reason::NumberSize);
        for (value, found) in [
            ("1e500", &open),
            ("-1e500", &open),
            ("1e-500", &Found::None),
        ] {
            let value = Operand::Number(number(value));
            let facts = [(Check::Equals(&value), true)];
            assert_eq!(solve_all(&facts, Reading::Widest), *found);
        }
        let (one, other) = (number("1e500"), number("1e501"));
        let (one, other) = (Operand::Number(one), Operand::Number(other));
        let torn = [(Check::Equals(&one), true), (Check::Equals(&other), true)];
        assert_eq!(solve_all(&torn, Reading::Widest), Found::None);
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
