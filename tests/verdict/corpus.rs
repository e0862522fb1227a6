//! Account states with their known verdicts, collected from the test suites, issues and documentation of other tools
//! (each case names its source) and derived from AWS's documentation.

use serde_json::Value;
use trailwarden::assess::{Assessment, Expectations, Verdict, assess};
use trailwarden::control::{Benchmark, Catalogue};
use trailwarden::snapshot::Snapshot;

fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field].as_str().unwrap_or_default()
}

fn run(case: &Value) -> Assessment {
    let snapshot = Snapshot::from_json(&case["account_state"].to_string()).unwrap();
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
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../fixtures/verdict-cases.json")).unwrap();
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
