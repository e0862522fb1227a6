//! The prover against the cases of the fixtures. Each names the reason of its answer.

use serde_json::Value;
use trailwarden::pattern::{Assumptions, Cover, Pattern, covers};

fn cases() -> Vec<Value> {
    serde_json::from_str(include_str!("fixtures/cover-cases.json")).unwrap()
}

fn pattern(case: &Value, side: &str) -> Pattern {
    Pattern::parse(case[side].as_str().unwrap()).unwrap()
}

#[test]
fn every_case_is_decided_as_reasoned() {
    let mut wrong = Vec::new();
    let cases = cases();
    assert!(cases.len() >= 68);
    for case in &cases {
        let (actual, required) = (pattern(case, "actual"), pattern(case, "required"));
        let cover = covers(
            std::slice::from_ref(&actual),
            &required,
            &Assumptions::cloudtrail(),
        );
        let fine = match &cover {
            Cover::Covered { assumptions } => {
                let uses_assumption = case["uses_assumption"].as_bool().unwrap_or(false);
                case["covers"] == true && assumptions.is_empty() != uses_assumption
            }
            Cover::NotCovered { counterexample } => {
                case["covers"] == false
                    && required.matches_event(counterexample).is_yes()
                    && actual.matches_event(counterexample).is_no()
                    && counterexample["eventName"].is_string()
                    && counterexample["eventSource"].is_string()
            }
            Cover::Undecided { .. } => false,
        };
        if !fine {
            wrong.push(format!("{} {required} / {actual}: {cover:?}", case["id"]));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_witness_of_the_cases_is_confirmed_by_the_matcher() {
    for case in cases() {
        let (actual, required) = (pattern(&case, "actual"), pattern(&case, "required"));
        for key in ["witness", "without_assumption_witness"] {
            if let Some(witness) = case[key].as_str() {
                assert!(
                    required.matches(witness).is_yes(),
                    "{}: {witness}",
                    case["id"]
                );
                assert!(actual.matches(witness).is_no(), "{}: {witness}", case["id"]);
            }
        }
    }
}

#[test]
fn the_conjunction_of_patterns_matches_what_all_of_them_match() {
    let parse = |text: &str| Pattern::parse(text).unwrap();
    for (texts, expected) in [
        (vec![], Some("")),
        (vec!["", "{ $.a = 1 }"], Some("{ $.a = 1 }")),
        (
            vec!["{ $.a = 1 }", "{ $.b = x || $.c = y }"],
            Some("{ $.a = 1 && ($.b = x || $.c = y) }"),
        ),
        (
            vec!["{ $.a = 1 && $.b = x }", "{ $.c = y }"],
            Some("{ $.a = 1 && $.b = x && $.c = y }"),
        ),
        (vec!["{ $.a = 1 }", "word"], None),
        (vec!["{ $.a = 1 }", "%re%"], None),
        (vec!["{ $.a = 1 }", "[x, y]"], None),
    ] {
        let patterns: Vec<Pattern> = texts.iter().map(|text| parse(text)).collect();
        let all = Pattern::all(&patterns.iter().collect::<Vec<_>>());
        assert_eq!(all.as_ref().map(Pattern::text), expected, "{texts:?}");
    }
    // Longer than PutMetricFilter takes.
    let long = |field: &str| parse(&format!("{{ $.{field} = {} }}", "x".repeat(900)));
    assert!(Pattern::all(&[&long("a"), &long("b")]).is_some());
}
