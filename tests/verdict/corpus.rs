//! Account states with their known verdicts, collected from the test suites, issues and documentation of other tools
//! (each case names its source) and derived from AWS's documentation.

use serde_json::Value;
use trailwarden::assess::{Assessment, Expectations, Index, Proofs, Verdict, assess};
use trailwarden::control::{Benchmark, Catalogue};
use trailwarden::snapshot::Snapshot;

fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field].as_str().unwrap_or_default()
}

fn cases() -> Vec<Value> {
    serde_json::from_str(include_str!("../fixtures/verdict-cases.json")).unwrap()
}

fn state(case: &Value) -> Snapshot {
    Snapshot::from_json(&case["account_state"].to_string()).unwrap()
}

fn run(case: &Value) -> Assessment {
    let snapshot = state(case);
    let control = Catalogue::builtin()
        .find(text(case, "control"), &Benchmark::Any)
        .unwrap();
    assess(
        &snapshot,
        control,
        &Expectations::default(),
        &Benchmark::Any,
    )
}

/// What is wrong with the answer; none if it is right.
fn fault(case: &Value, answer: &Assessment) -> Option<String> {
    let verdict = match answer.verdict {
        Verdict::Pass => "PASS",
        Verdict::Fail => "FAIL",
        Verdict::Unknown => "UNKNOWN",
    };
    if verdict != text(case, "correct_verdict") {
        return Some(format!("verdict {verdict}, {:#?}", answer.findings));
    }
    let link = answer.broken_link.map_or("none", |link| link.name());
    if link != text(case, "broken_link") {
        return Some(format!("broken link {link}, {:#?}", answer.findings));
    }
    let mut missing: Vec<&str> = answer
        .findings
        .iter()
        .flat_map(|one| &one.missing_events)
        .map(String::as_str)
        .collect();
    missing.sort_unstable();
    missing.dedup();
    let mut expected: Vec<&str> = case["missing_events"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    expected.sort_unstable();
    (missing != expected).then(|| format!("missing {missing:?}, {:#?}", answer.findings))
}

#[test]
fn every_case_of_the_corpus_has_its_verdict_its_link_and_its_missing_events() {
    let cases = cases();
    let faults: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            Some(format!(
                "{}: {}",
                text(case, "name"),
                fault(case, &run(case))?
            ))
        })
        .collect();
    assert!(
        faults.is_empty(),
        "{} of {} wrong:\n{}",
        faults.len(),
        cases.len(),
        faults.join("\n")
    );
}

#[test]
fn what_was_proved_for_other_accounts_changes_no_answer() {
    let (expectations, shared) = (Expectations::default(), Proofs::default());
    for round in 0..2 {
        for case in cases() {
            let snapshot = state(&case);
            let index = Index::new(&snapshot, &expectations, &shared);
            for control in Catalogue::builtin().controls() {
                assert_eq!(
                    index.assess(control, &Benchmark::Any),
                    assess(&snapshot, control, &expectations, &Benchmark::Any),
                    "{} of {}, round {round}",
                    control.key,
                    text(&case, "name"),
                );
            }
        }
    }
}
