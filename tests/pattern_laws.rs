//! Laws of the questions about whole patterns, over generated patterns and events.

mod pattern_support;

use std::cell::Cell;

use pattern_support::{config, events, json_patterns, raw_patterns, runner};
use proptest::prelude::*;
use serde_json::Value;
use trailwarden::pattern::{
    Assumptions, Cover, Decision, Match, Pattern, Reason, always_on, broader, covers, example,
    satisfiable,
};

fn parse(text: &str) -> Pattern {
    Pattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Whether an event matches one of a set.
fn union(actual: &[Pattern], event: &Value) -> Match {
    let answers: Vec<Match> = actual.iter().map(|one| one.matches_event(event)).collect();
    let open = answers.iter().find(|answer| !answer.is_no());
    if answers.contains(&Match::Yes) {
        Match::Yes
    } else {
        open.copied().unwrap_or(Match::No)
    }
}

/// Reasons that the language itself leaves open, or that lie in the size of the question.
fn is_stated(reason: Reason) -> bool {
    !matches!(reason, Reason::NoExample)
}

proptest! {
    #![proptest_config(config(1500))]

    #[test]
    fn what_matches_is_never_said_to_be_uncovered_wrongly(
        required in json_patterns(),
        actual in prop::collection::vec(prop_oneof![4 => json_patterns(), 1 => raw_patterns()], 1..4),
        events in prop::collection::vec(events(), 12),
    ) {
        let Ok(required) = Pattern::parse(&required) else {
            return Err(TestCaseError::reject("a third regex or a fourth wildcard"));
        };
        let actual: Vec<Pattern> = actual.iter().filter_map(|text| Pattern::parse(text).ok()).collect();
        let none = Assumptions::none();
        match covers(&actual, &required, &none) {
            Cover::Covered { .. } => {
                for event in &events {
                    prop_assert!(
                        !(required.matches_event(event).is_yes() && union(&actual, event).is_no()),
                        "{}", event
                    );
                }
            }
            Cover::NotCovered { counterexample } => {
                prop_assert!(required.matches_event(&counterexample).is_yes());
                prop_assert!(union(&actual, &counterexample).is_no());
                prop_assert!(required.matches(&counterexample.to_string()).is_yes());
            }
            Cover::Undecided { .. } => {}
        }
        if satisfiable(&required, &none) == Decision::No {
            for event in &events {
                prop_assert!(!required.matches_event(event).is_yes(), "{}", event);
            }
        }
    }

    #[test]
    fn another_filter_never_uncovers(
        required in json_patterns(),
        actual in prop::collection::vec(json_patterns(), 0..3),
        more in prop_oneof![json_patterns(), raw_patterns()],
    ) {
        let parse = |text: &String| Pattern::parse(text).ok();
        let (Some(required), Some(more)) = (parse(&required), parse(&more)) else {
            return Err(TestCaseError::reject("a third regex or a fourth wildcard"));
        };
        let mut actual: Vec<Pattern> = actual.iter().filter_map(parse).collect();
        let before = covers(&actual, &required, &Assumptions::cloudtrail());
        actual.push(more);
        let after = covers(&actual, &required, &Assumptions::cloudtrail());
        if let Cover::Covered { .. } = before {
            prop_assert!(matches!(after, Cover::Covered { .. }), "{:?}", after);
        }
        // The other filter can show where an example is to be found: what was undecided without it may be decided now.
        if let Cover::NotCovered { .. } = after {
            let covered = matches!(before, Cover::Covered { .. });
            prop_assert!(!covered);
        }
    }

    #[test]
    fn every_pattern_covers_itself_among_others(
        pattern in prop_oneof![3 => json_patterns(), 1 => raw_patterns()],
        other in json_patterns(),
    ) {
        let Ok(pattern) = Pattern::parse(&pattern) else {
            return Err(TestCaseError::reject("a third regex or a fourth wildcard"));
        };
        let mut actual: Vec<Pattern> = Pattern::parse(&other).into_iter().collect();
        actual.push(pattern.clone());
        let cover = covers(&actual, &pattern, &Assumptions::none());
        prop_assert!(matches!(&cover, Cover::Covered { assumptions } if assumptions.is_empty()), "{:?}", cover);
        prop_assert_eq!(broader(std::slice::from_ref(&pattern), &pattern, &Assumptions::none()), None);
    }

    #[test]
    fn assumptions_only_ever_add_to_what_is_covered(
        required in json_patterns(),
        actual in json_patterns(),
        event in events(),
    ) {
        let parse = |text: &String| Pattern::parse(text).ok();
        let (Some(required), Some(actual)) = (parse(&required), parse(&actual)) else {
            return Err(TestCaseError::reject("a third regex or a fourth wildcard"));
        };
        let actual = [actual];
        let known = Assumptions::none().with_string("a", &[]).with_missing("b");
        match (covers(&actual, &required, &Assumptions::none()), covers(&actual, &required, &known)) {
            (Cover::Covered { .. }, under) => {
                prop_assert!(matches!(&under, Cover::Covered { assumptions } if assumptions.is_empty()), "{:?}", under);
            }
            (_, Cover::Covered { assumptions }) => {
                prop_assert!(!assumptions.is_empty());
                let of_the_universe = event["a"].is_string() && event.get("b").is_none();
                let missed = required.matches_event(&event).is_yes() && union(&actual, &event).is_no();
                prop_assert!(!(of_the_universe && missed), "{}", event);
            }
            (_, Cover::NotCovered { counterexample }) => {
                prop_assert!(counterexample["a"].is_string() && counterexample.get("b").is_none());
            }
            (_, Cover::Undecided { .. }) => {}
        }
    }

    #[test]
    fn examples_match_and_doubts_have_a_reason(pattern in json_patterns()) {
        let Ok(pattern) = Pattern::parse(&pattern) else {
            return Err(TestCaseError::reject("a third regex or a fourth wildcard"));
        };
        for assumptions in [Assumptions::none(), Assumptions::cloudtrail()] {
            match (satisfiable(&pattern, &assumptions), example(&pattern, &assumptions)) {
                (Decision::Yes, Some(event)) => prop_assert!(pattern.matches_event(&event).is_yes()),
                (Decision::No, None) => {}
                (Decision::Undecided(reason), None) => prop_assert!(is_stated(reason), "{}", reason),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }

    #[test]
    fn always_on_patterns_miss_only_known_names(
        name in "[A-C]",
        others in prop::collection::vec("[A-C]", 0..3),
        rest in json_patterns(),
    ) {
        let excluded = |names: &[String]| {
            names.iter().map(|name| format!("$.eventName != {name}")).collect::<Vec<_>>().join(" && ")
        };
        let all = [vec![name], others].concat();
        let records = Assumptions::cloudtrail();
        prop_assert_eq!(always_on(&parse(&format!("{{ {} }}", excluded(&all))), &records), Decision::Yes);
        let Ok(rest) = Pattern::parse(&rest) else {
            return Err(TestCaseError::reject("a third regex or a fourth wildcard"));
        };
        // Whatever else matches, too, it stays always on; the fields of `rest` are none that records always have.
        let inside = rest.to_string();
        let inside = inside.trim_start_matches("{ ").trim_end_matches(" }");
        let wider = parse(&format!("{{ {} || {inside} }}", excluded(&all)));
        prop_assert!(always_on(&wider, &records) != Decision::No);
        let narrower = parse(&format!("{{ ({}) && $.eventSource = s }}", excluded(&all)));
        prop_assert_eq!(always_on(&narrower, &records), Decision::No);
    }
}

#[test]
fn generated_questions_get_all_three_answers() {
    let (yes, no, open) = (Cell::new(0_u32), Cell::new(0_u32), Cell::new(0_u32));
    runner(1500)
        .run(&(json_patterns(), json_patterns()), |(required, actual)| {
            let (Ok(required), Ok(actual)) = (Pattern::parse(&required), Pattern::parse(&actual))
            else {
                return Err(TestCaseError::reject("a third regex or a fourth wildcard"));
            };
            let count = match covers(&[actual], &required, &Assumptions::none()) {
                Cover::Covered { .. } => &yes,
                Cover::NotCovered { .. } => &no,
                Cover::Undecided { .. } => &open,
            };
            count.set(count.get() + 1);
            Ok(())
        })
        .unwrap();
    assert!(
        yes.get() > 50 && no.get() > 500 && open.get() > 5,
        "{yes:?} {no:?} {open:?}"
    );
}

/// Found by generation: a bound that is too large for an automaton hid that the texts alone exclude each other.
#[test]
fn a_filter_about_a_huge_number_uncovers_nothing() {
    let required = parse("{ $.b = x }");
    let mut actual = vec![
        parse("{ ($.a[*][0] = %^[0-9.]+$% || $.a = x) }"),
        parse(r#"{ ($.a[*][0] != "1" || $.a.b NOT EXISTS) }"#),
    ];
    for more in [
        "{ ($.a[*][0] < 1e400 || $.a.b = x) }",
        "{ $.a[*][0] > 1e400 }",
    ] {
        actual.push(parse(more));
        let cover = covers(&actual, &required, &Assumptions::cloudtrail());
        assert!(matches!(cover, Cover::Covered { .. }), "{more}: {cover:?}");
    }
}
