//! Laws of the parser, the printer and the matcher, over generated patterns and events.

mod pattern_support;

use std::cell::Cell;

use pattern_support::model::{Layout, models};
use pattern_support::{
    config, events, json_patterns, operands, raw_patterns, real_patterns, runner, selectors, values,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use trailwarden::pattern::syntax::Syntax;
use trailwarden::pattern::{Match, Pattern, Reason};

/// Every text is a pattern that prints itself, or is refused with a place inside the text that a caret can point at.
fn is_answered(text: &str) -> Result<(), TestCaseError> {
    match Pattern::parse(text) {
        Ok(pattern) => {
            let printed = pattern.to_string();
            // Quotes and spaces of the canonical text can take it beyond the limit.
            if printed.chars().count() <= 1024 {
                let again = Pattern::parse(&printed)
                    .map_err(|error| TestCaseError::fail(error.to_string()))?;
                prop_assert_eq!(again.syntax(), pattern.syntax());
                prop_assert_eq!(again.to_string(), printed);
            }
        }
        Err(error) => {
            prop_assert!(error.position() <= text.chars().count(), "{}", error);
            let shown = error.to_string();
            let (above, caret) = shown.rsplit_once('\n').unwrap();
            let (_, line) = above.rsplit_once('\n').unwrap();
            prop_assert_eq!(caret.trim_start_matches(' '), "^");
            prop_assert!(caret.len() <= line.chars().count() + 1, "{}", shown);
            prop_assert!(!error.problem().is_empty() && !error.expected().is_empty());
        }
    }
    Ok(())
}

/// Changes that hit what the languages are made of.
fn mutated() -> impl Strategy<Value = String> {
    let edit = (
        any::<prop::sample::Index>(),
        0..4_u8,
        prop::sample::select(
            "{}[]()$.=!<>&|%\"'\\*?-+^,:eE0159aINULT \n\u{a0}é\u{1f600}\0"
                .chars()
                .collect::<Vec<_>>(),
        ),
    );
    (
        prop::sample::select(real_patterns()),
        prop::collection::vec(edit, 1..5),
    )
        .prop_map(|(pattern, edits)| {
            let mut chars: Vec<char> = pattern.chars().collect();
            for (at, kind, c) in edits {
                let at = at.index(chars.len() + 1);
                match kind {
                    0 => chars.insert(at, c),
                    1 if at < chars.len() => chars[at] = c,
                    2 => chars.truncate(at),
                    _ if at < chars.len() => _ = chars.remove(at),
                    _ => {}
                }
            }
            chars.into_iter().collect()
        })
}

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn any_text_is_a_pattern_or_refused_at_a_place(
        text in prop_oneof![
            any::<String>(),
            "[ -~]{0,60}",
            "\\{[ -~]{0,60}\\}",
            "\\[[ -~]{0,60}\\]",
            "%[ -~]{0,40}%",
            "[\\{$.a=&|()!<>\"% \n*0-9-]{0,40}",
            "\\{ ?\\$\\.[ -~é\u{1f600}]{0,40}\\}",
        ],
    ) {
        is_answered(&text)?;
    }

    #[test]
    fn mutated_patterns_are_patterns_or_refused_at_a_place(text in mutated()) {
        is_answered(&text)?;
    }

    #[test]
    fn texts_of_the_full_length_are_answered(
        unit in prop_oneof![
            Just("(".to_owned()), Just("$.a=1&&(".to_owned()), Just("$.a=1||(".to_owned()), Just("$.a = *x*||".to_owned()),
            Just(".a".to_owned()), Just("[0]".to_owned()), Just("a?".to_owned()), Just("a,".to_owned()), Just("-a ".to_owned()),
            Just("[".to_owned()), Just("\\".to_owned()), Just("a=1||".to_owned()), Just("\u{1f600}".to_owned()),
            "[ -~]{1,12}",
        ],
        open in prop::sample::select(vec!["", "{", "{$.a=1&&", "{$", "[", "[(", "%", "%[", "{$.a=%", "\""]),
        close in prop::sample::select(vec!["", "}", "]", "%", "$.a=1}", "a=1)]", "=1}", "%}", "\""]),
        length in 1000_usize..1030,
    ) {
        let room = length.saturating_sub(open.len() + close.len());
        let middle: String = unit.chars().cycle().take(room).collect();
        is_answered(&format!("{open}{middle}{close}"))?;
    }

    #[test]
    fn every_layout_of_a_tree_is_read_as_the_tree_and_printed_so(
        model in models(),
        choices in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let text = model.text(&mut Layout::new(&choices));
        if text.chars().count() > 1024 {
            return Err(TestCaseError::reject("too long"));
        }
        let read = Pattern::parse(&text).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(model.is(read.syntax()), "{:?}", read.syntax());
        let printed = read.to_string();
        if printed.chars().count() <= 1024 {
            let again = Pattern::parse(&printed).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(again.syntax(), read.syntax());
            prop_assert_eq!(again.to_string(), printed);
        }
    }

    #[test]
    fn matcher_takes_any_pattern_and_any_message(
        pattern in prop_oneof![mutated(), json_patterns(), raw_patterns()],
        message in prop_oneof![any::<String>(), events().prop_map(|event| event.to_string()), "[ -~]{0,40}"],
    ) {
        if let Ok(pattern) = Pattern::parse(&pattern) {
            let answer = pattern.matches(&message);
            prop_assert_eq!(pattern.clone().matches(&message), answer);
            // What is no object matches no JSON pattern.
            if matches!(pattern.syntax(), Syntax::Json(_)) && !message.trim_start().starts_with('{') {
                prop_assert_eq!(answer, Match::No);
            }
        }
    }

    #[test]
    fn writing_of_an_event_does_not_change_what_json_patterns_see(
        pattern in json_patterns(),
        event in events(),
    ) {
        let Ok(pattern) = Pattern::parse(&pattern) else {
            return Err(TestCaseError::reject("a third regex or a fourth wildcard"));
        };
        let answer = pattern.matches_event(&event);
        let pretty = serde_json::to_string_pretty(&event).unwrap();
        let escaped: String = event
            .to_string()
            .chars()
            .map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) })
            .collect();
        for text in [event.to_string(), pretty, escaped, format!(" {event}\n")] {
            prop_assert_eq!(pattern.matches(&text), answer, "{}", text);
        }
        prop_assert_eq!(pattern.matches_event(&turned(&event)), answer);
    }

    #[test]
    fn raw_pattern_is_sure_of_an_object_only_if_its_writing_does_not_matter(
        pattern in raw_patterns(),
        event in events(),
    ) {
        let Ok(pattern) = Pattern::parse(&pattern) else {
            return Err(TestCaseError::fail("refused"));
        };
        let answer = pattern.matches_event(&event);
        if !matches!(answer, Match::Undecided(_)) {
            prop_assert_eq!(pattern.matches(&event.to_string()), answer);
        }
    }

    #[test]
    fn equal_and_different_are_complements_among_texts_and_finite_numbers_only(
        operand in operands(),
        value in values(),
    ) {
        let event = json!({"a": value});
        let ask = |test: &str| Pattern::parse(&format!("{{ $.a {test} }}")).unwrap().matches_event(&event);
        let (equal, different) = (ask(&format!("= {operand}")), ask(&format!("!= {operand}")));
        let overflows = is_beyond_a_double(&value) && operand.parse::<f64>().is_ok();
        if (value.is_string() || value.is_number()) && !overflows {
            prop_assert_eq!(different, denied(equal));
        } else {
            prop_assert_eq!((equal, different), (Match::No, Match::No));
        }
    }

    #[test]
    fn orderings_are_complements_among_finite_numbers_only(
        bound in prop::sample::select(vec!["0", "1", "1.0", "-1", "2.5", "12e-1", "1e400", "-0"]),
        value in values(),
    ) {
        let event = json!({"a": value});
        let ask = |op: &str| Pattern::parse(&format!("{{ $.a {op} {bound} }}")).unwrap().matches_event(&event);
        let finite = value.is_number() && !is_beyond_a_double(&value);
        for (op, opposite) in [("<", ">="), (">", "<=")] {
            if finite {
                prop_assert_eq!(ask(op), denied(ask(opposite)));
            } else {
                prop_assert_eq!((ask(op), ask(opposite)), (Match::No, Match::No));
            }
        }
        if finite {
            let equal = ask("<=").is_yes() && ask(">=").is_yes();
            prop_assert_eq!(ask("="), Match::from(equal));
        }
    }

    #[test]
    fn a_value_has_one_kind(selector in selectors(), event in events()) {
        let ask = |test: &str| Pattern::parse(&format!("{{ {selector} {test} }}")).unwrap().matches_event(&event);
        let tests = ["NOT EXISTS", "IS TRUE", "IS FALSE", "= *"];
        let holding: Vec<&str> = tests.into_iter().filter(|test| ask(test).is_yes()).collect();
        if selector.contains('*') {
            // Each of them may hold of a member of its own, absence of none.
            prop_assert!(!holding.contains(&"NOT EXISTS") || holding.len() == 1, "{:?}", holding);
        } else {
            prop_assert!(holding.len() <= 1, "{:?}", holding);
            prop_assert_eq!(ask("!= *"), Match::No);
        }
    }

    #[test]
    fn conjunction_and_disjunction_follow_their_parts(
        first in json_patterns(),
        second in json_patterns(),
        event in events(),
    ) {
        let inside = |text: &str| text.trim_start_matches("{ ").trim_end_matches(" }").to_owned();
        let (a, b) = (inside(&first), inside(&second));
        let join = |op: &str| Pattern::parse(&format!("{{ ({a}) {op} ({b}) }}"));
        let (Ok(first), Ok(second), Ok(and), Ok(or)) =
            (Pattern::parse(&first), Pattern::parse(&second), join("&&"), join("||"))
        else {
            return Err(TestCaseError::reject("a third regex or a fourth wildcard"));
        };
        let (a, b) = (first.matches_event(&event), second.matches_event(&event));
        let (and, or) = (and.matches_event(&event), or.matches_event(&event));
        prop_assert_eq!(and.is_yes(), a.is_yes() && b.is_yes());
        prop_assert_eq!(and.is_no(), a.is_no() || b.is_no());
        prop_assert_eq!(or.is_yes(), a.is_yes() || b.is_yes());
        prop_assert_eq!(or.is_no(), a.is_no() && b.is_no());
    }

    #[test]
    fn terms_are_contained_or_not(word in "[a-c]{1,3}", other in "[a-c]{1,2}", message in "[a-d ]{0,12}") {
        let ask = |text: &str| Pattern::parse(text).unwrap().matches(&message);
        let has = |word: &str| Match::from(message.contains(word));
        prop_assert_eq!(ask(&word), has(&word));
        prop_assert_eq!(ask(&format!("-{word}")), denied(has(&word)));
        prop_assert_eq!(ask(&format!("\"{word} {other}\"")), has(&format!("{word} {other}")));
        prop_assert_eq!(ask(&format!("?{word} ?{other}")).is_yes(), has(&word).is_yes() || has(&other).is_yes());
        prop_assert_eq!(ask(&format!("{word} ?{other}")), has(&word));
        prop_assert_eq!(ask(&format!("{word} -{other}")).is_yes(), has(&word).is_yes() && has(&other).is_no());
        prop_assert_eq!(ask(&format!("{word}-{other}")), ask(&format!("{word} -{other}")));
    }

    #[test]
    fn columns_of_a_line_are_those_that_were_put_there(
        columns in prop::collection::vec("[a-d0-9.]{1,4}", 1..5),
        sought in "[a-d0-9.]{1,4}",
    ) {
        let line = columns.join("  ");
        for at in 0..columns.len() {
            let names: Vec<String> = (0..columns.len()).map(|n| format!("f{n}")).collect();
            let ask = |condition: String| {
                let mut fields = names.clone();
                fields[at] = condition;
                Pattern::parse(&format!("[{}]", fields.join(", "))).unwrap().matches(&line)
            };
            let equal = ask(format!("f{at} = \"{sought}\""));
            prop_assert_eq!(equal, Match::from(columns[at] == sought));
            prop_assert_eq!(ask(format!("f{at} != \"{sought}\"")), denied(equal));
            let prefix = ask(format!("f{at} = \"{sought}*\" && f{at} != \"{sought}\""));
            prop_assert_eq!(prefix, Match::from(columns[at].starts_with(&sought) && columns[at] != sought));
        }
    }
}

fn is_beyond_a_double(value: &Value) -> bool {
    value.is_number() && value.to_string().contains("309")
}

fn denied(answer: Match) -> Match {
    match answer {
        Match::Yes => Match::No,
        Match::No => Match::Yes,
        open @ Match::Undecided(_) => open,
    }
}

/// The same event with the members of every object in the opposite order.
fn turned(event: &Value) -> Value {
    match event {
        Value::Object(members) => {
            let turned = members.iter().rev();
            Value::Object(
                turned
                    .map(|(name, value)| (name.clone(), turned_member(value)))
                    .collect(),
            )
        }
        other => turned_member(other),
    }
}

fn turned_member(value: &Value) -> Value {
    match value {
        Value::Object(_) => turned(value),
        Value::Array(elements) => Value::Array(elements.iter().map(turned_member).collect()),
        other => other.clone(),
    }
}

#[test]
fn mutation_makes_patterns_of_both_kinds() {
    let (accepted, refused) = (Cell::new(0_u32), Cell::new(0_u32));
    runner(500)
        .run(&mutated(), |text| {
            let count = if Pattern::parse(&text).is_ok() {
                &accepted
            } else {
                &refused
            };
            count.set(count.get() + 1);
            Ok(())
        })
        .unwrap();
    assert!(
        accepted.get() > 50 && refused.get() > 50,
        "{accepted:?} {refused:?}"
    );
}

/// What would take more than linear time on these would not end: 2^21 characters squared are years.
#[test]
fn hostile_messages_take_linear_time() {
    let size = 1 << 21;
    let long = |unit: &str| unit.repeat(size / unit.len());
    let in_object = |text: &str| json!({ "a": text }).to_string();
    let globs = format!("{{ $.a = {} }}", "*a*b".repeat(200));
    let suffix = format!("{{ $.a = *{}b }}", "a".repeat(900));
    let contains = format!("{{ $.a = *{}b* }}", "a".repeat(900));
    let phrases: Vec<String> = (1..40)
        .map(|n| format!("-\"{}b\"", "a".repeat(n)))
        .collect();
    let stars = format!("{{ $.a = %{}c% }}", ".*a".repeat(250));
    let cases = [
        (globs.as_str(), in_object(&long("a")), Match::No),
        (&suffix, in_object(&long("a")), Match::No),
        (&contains, in_object(&long("a")), Match::No),
        (&stars, in_object(&long("a")), Match::No),
        (
            "{ $.a = %[ab]*a[ab]{12}c% }",
            in_object(&long("ab")),
            Match::No,
        ),
        (
            "{ $.a = %^[a-z]*[a-z]*[a-z]*$% }",
            in_object(&long("x")),
            Match::Yes,
        ),
        (&phrases.join(" "), long("a"), Match::Yes),
        ("%a*a*a*a*a*a*b%", long("a"), Match::No),
        ("[a, b, ..., c = x, d]", long("a "), Match::No),
        ("[..., a = \"[\"]", long("[ "), Match::Yes),
        ("[a = x || a = y*, ...]", long("\" "), Match::No),
        (
            "{ $.a[*] = x || $.a[*].b != y && $.*[3] = z }",
            json!({"a": vec![1; size / 8]}).to_string(),
            Match::No,
        ),
        ("{ $.a = 1 }", format!("{{\"a\":{}}}", long("9")), Match::No),
        (
            "{ $.a = 1 }",
            format!("{{\"a\":1.{}}}", long("0")),
            Match::Yes,
        ),
        (
            "{ $.a = x }",
            format!("{{{}\"a\":1}}", long("\"a\":1,")),
            Match::Undecided(Reason::RepeatedKey),
        ),
        (
            "{ $.a = x }",
            format!("{{\"a\":{}", long("[")),
            Match::Undecided(Reason::Nesting),
        ),
        ("{ $.a = x }", long("{"), Match::Undecided(Reason::Nesting)),
    ];
    for (pattern, message, expected) in cases {
        let pattern = Pattern::parse(pattern).unwrap();
        assert_eq!(pattern.matches(&message), expected, "{pattern}");
    }
}
