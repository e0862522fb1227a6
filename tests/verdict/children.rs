//! Children of composite alarms that come and go by themselves.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::composite::under;
use super::support::{Cases, NAMES, alarm, composite, filter, judge, set, sound};

/// Five filters of one event each, with alarms under a composite one.
fn of_one_event_each(state: &mut Value) -> String {
    set(state, "/metric_filters", json!([]));
    set(state, "/alarms", json!([]));
    for (at, name) in NAMES.iter().enumerate() {
        let (metric, pattern) = (format!("m{at}"), format!("{{ $.eventName = {name} }}"));
        let mut one = alarm(&format!("a{at}"), &metric);
        set(&mut one, "/AlarmActions", json!([]));
        set(
            state,
            "/metric_filters/-",
            filter(&format!("f{at}"), &pattern, &metric),
        );
        set(state, "/alarms/-", one);
    }
    let children: Vec<String> = (0..NAMES.len()).map(|at| format!("ALARM(a{at})")).collect();
    children.join(" OR ")
}

#[test]
fn a_child_that_comes_back_from_alarm_by_itself_is_warned_of() {
    let mut cases = Cases::default();
    for (name, pointer, value, expected) in [
        (
            "a child is in ALARM",
            "/alarms/2/StateValue",
            json!("ALARM"),
            "PASS",
        ),
        (
            "one without data",
            "/alarms/2/TreatMissingData",
            json!("missing"),
            "PASS",
        ),
        (
            "one that latches",
            "/alarms/2/TreatMissingData",
            json!("ignore"),
            "FAIL alarm",
        ),
        (
            "one that is in ALARM without data",
            "/alarms/2/TreatMissingData",
            json!("breaching"),
            "FAIL alarm",
        ),
        (
            "one that everything raises",
            "/metric_filters/-",
            filter("all", "", "m2"),
            "FAIL alarm",
        ),
        (
            "one that no filter feeds",
            "/metric_filters/2/metricTransformations/0/metricName",
            json!("m1"),
            "FAIL alarm",
        ),
    ] {
        cases.case(name, expected, |state| {
            let rule = of_one_event_each(state);
            let mut above = composite("c", &rule);
            set(&mut above, "/StateValue", json!("ALARM"));
            set(state, "/alarms/-", above);
            set(state, "/alarms/2/StateValue", json!("ALARM"));
            set(state, pointer, value);
        });
    }
    cases.case("a suppressor is in ALARM", "FAIL alarm", |state| {
        of_one_event_each(state);
        let mut above = composite("c", "ALARM(a0)");
        set(&mut above, "/ActionsSuppressor", json!("a2"));
        set(state, "/alarms/2/StateValue", json!("ALARM"));
        set(state, "/alarms/-", above);
    });
    cases.case(
        "a child has to be in ALARM beside the event",
        "FAIL alarm",
        |state| {
            of_one_event_each(state);
            set(state, "/alarms/2/StateValue", json!("ALARM"));
            set(
                state,
                "/alarms/-",
                composite("c", "ALARM(a0) AND ALARM(a2)"),
            );
        },
    );
    cases.done();
}

#[test]
fn the_child_that_is_in_alarm_is_named() {
    let mut state = sound();
    let rule = of_one_event_each(&mut state);
    set(&mut state, "/alarms/2/StateValue", json!("ALARM"));
    set(&mut state, "/alarms/-", composite("c", &rule));
    let warnings = judge(&state).warnings;
    let codes: BTreeSet<&str> = warnings.iter().map(|one| one.code.name()).collect();
    assert_eq!(codes, BTreeSet::from(["in_alarm"]));
    let expected = "Alarm a2 under composite alarm c is in ALARM at present; until it is OK again another event may notify \
                    nobody.";
    assert!(
        warnings.iter().any(|one| one.message == expected),
        "{warnings:?}"
    );
}

#[test]
fn children_that_are_raised_by_turns_leave_no_rest() {
    let mut cases = Cases::default();
    for (rule, other, expected) in [
        (
            "ALARM(a) OR ALARM(b)",
            "{ $.readOnly IS TRUE }",
            "FAIL alarm",
        ),
        (
            "ALARM(a) OR ALARM(b)",
            "{ $.readOnly IS TRUE && $.errorCode = x }",
            "PASS",
        ),
        (
            "ALARM(a) OR (ALARM(b) AND FALSE)",
            "{ $.readOnly IS TRUE }",
            "PASS",
        ),
        ("ALARM(a)", "{ $.readOnly IS TRUE }", "PASS"),
    ] {
        cases.case(&format!("{rule}, {other}"), expected, |state| {
            under(state, rule);
            let pattern = json!("{ $.readOnly IS FALSE }");
            set(state, "/metric_filters/0/filterPattern", pattern);
            set(state, "/metric_filters/-", filter("g", other, "m2"));
            let mut b = alarm("b", "m2");
            set(&mut b, "/AlarmActions", json!([]));
            set(state, "/alarms/-", b);
        });
    }
    cases.done();
}
