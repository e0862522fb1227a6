//! Accounts of real sizes.

use super::support::{alarm, control, filter, set, snapshot, sound};
use serde_json::{Value, json};
use trailwarden::assess::{Expectations, Index, Proofs, Verdict};
use trailwarden::control::{Benchmark, Catalogue};

/// The fifteen controls' filters and alarms among 200 filters, 500 alarms and 20 regions.
fn crowd() -> Value {
    let mut state = sound();
    let regions: Vec<String> = (1..=20).map(|at| format!("us-east-{at}")).collect();
    set(&mut state, "/enabled_regions", json!(regions));
    let mut filters: Vec<Value> = Vec::new();
    let mut alarms: Vec<Value> = Vec::new();
    for at in 0..185 {
        let name = format!("app-{at}");
        let pattern = format!(
            "{{ ($.level = error) && ($.component = part-{at}) && ($.requestParameters.n != x{at}) }}"
        );
        let mut one = filter(&name, &pattern, &name);
        if at % 2 == 0 {
            set(&mut one, "/logGroupName", json!(format!("group-{at}")));
        }
        filters.push(one);
    }
    for at in 0..485 {
        alarms.push(alarm(&format!("other-{at}"), &format!("app-{at}")));
    }
    for control in Catalogue::builtin().controls() {
        let text = control.install_text(&Benchmark::Any);
        filters.push(filter(&control.key, text, &control.metric_name));
        alarms.push(alarm(&control.key, &control.metric_name));
    }
    set(&mut state, "/metric_filters", json!(filters));
    set(&mut state, "/alarms", json!(alarms));
    state
}

#[test]
fn all_controls_of_a_crowded_account_are_judged_from_one_index() {
    let state = snapshot(&crowd());
    let expectations = Expectations::default();
    let proofs = Proofs::default();
    let index = Index::new(&state, &expectations, &proofs);
    for control in Catalogue::builtin().controls() {
        let assessment = index.assess(control, &Benchmark::Any);
        assert_eq!(
            assessment.verdict,
            Verdict::Pass,
            "{}: {:?}",
            control.key,
            assessment.findings
        );
        assert_eq!(assessment.chain.filters.len(), 1);
        assert_eq!(assessment.chain.filters[0].filter_name, control.key);
    }
}

#[test]
fn a_filter_that_is_gone_from_a_crowded_account_is_missed() {
    let mut state = crowd();
    state["metric_filters"]
        .as_array_mut()
        .unwrap()
        .retain(|one| one["filterName"] != "cloudtrail-config-changes");
    let state = snapshot(&state);
    let proofs = Proofs::default();
    let index = Index::new(&state, &Expectations::default(), &proofs);
    let assessment = index.assess(control("4.5"), &Benchmark::Any);
    assert_eq!(super::support::brief(&assessment), "FAIL pattern");
    assert_eq!(assessment.findings.len(), 1);
    assert_eq!(assessment.findings[0].missing_events.len(), 5);
    assert!(assessment.chain.filters.is_empty());
}
