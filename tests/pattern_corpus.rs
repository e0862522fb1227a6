//! Recorded answers of AWS, documented examples and derived cases. Each case of the fixtures names its source.

use serde_json::Value;
use trailwarden::pattern::{Match, Pattern};

fn cases(group: &str) -> Vec<Value> {
    let text = include_str!("fixtures/filter-pattern-cases.json");
    let all: Value = serde_json::from_str(text).unwrap();
    all[group].as_array().unwrap().clone()
}

#[test]
fn every_recorded_match_agrees() {
    let mut wrong = Vec::new();
    let cases = cases("match");
    assert!(cases.len() > 800);
    for case in &cases {
        let pattern = case["pattern"].as_str().unwrap();
        let answer = Pattern::parse(pattern).map(|parsed| match &case["message"] {
            Value::String(text) => parsed.matches(text),
            event => parsed.matches_event(event),
        });
        let expected = Match::from(case["matches"].as_bool().unwrap());
        if answer != Ok(expected) {
            wrong.push(format!(
                "{} {pattern} {}: {answer:?}",
                case["id"], case["message"]
            ));
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
fn every_refused_pattern_is_refused_with_a_position_inside() {
    let cases = cases("invalid");
    assert!(cases.len() >= 30);
    for case in &cases {
        let pattern = case["pattern"].as_str().unwrap();
        let error = match Pattern::parse(pattern) {
            Ok(parsed) => panic!("{pattern} was accepted as {parsed}"),
            Err(error) => error,
        };
        assert!(
            error.position() <= pattern.chars().count(),
            "{pattern}: {error}"
        );
    }
}
