//! Composite alarms and their suppressors: would the alarm act?

use serde_json::{Value, json};

use super::support::{Cases, PATTERN, alarm, composite, filter, set};

pub(crate) fn under(state: &mut Value, rule: &str) {
    set(state, "/alarms/0/AlarmActions", json!([]));
    set(state, "/alarms/-", composite("comp", rule));
}

#[test]
fn composite_alarms_carry_the_action_if_their_rule_turns_true() {
    let mut cases = Cases::default();
    let with_b = |state: &mut Value, rule: &str, b: &str| {
        under(state, rule);
        let mut other = alarm("b", "other");
        set(&mut other, "/AlarmActions", json!([]));
        set(&mut other, "/StateValue", json!(b));
        set(state, "/alarms/-", other);
    };
    for (rule, b, expected) in [
        ("ALARM(\"a\") OR ALARM(\"b\")", "OK", "PASS"),
        ("ALARM(\"a\") OR ALARM(\"b\")", "ALARM", "FAIL alarm"),
        ("ALARM(\"a\") AND ALARM(\"b\")", "OK", "FAIL alarm"),
        ("ALARM(\"a\") AND ALARM(\"b\")", "ALARM", "PASS"),
        ("ALARM(\"a\") AND NOT ALARM(\"b\")", "OK", "PASS"),
        ("ALARM(\"a\") AND NOT ALARM(\"b\")", "ALARM", "FAIL alarm"),
        (
            "ALARM(\"a\") AND OK(\"b\")",
            "INSUFFICIENT_DATA",
            "FAIL alarm",
        ),
        ("NOT OK(\"a\")", "OK", "PASS"),
        ("OK(\"a\")", "OK", "FAIL alarm"),
        ("TRUE", "OK", "FAIL action"),
        (
            "ALARM(arn:aws:cloudwatch:us-east-1:111122223333:alarm:a)",
            "OK",
            "PASS",
        ),
        ("ALARM(\"a\") AND ALARM(\"gone\")", "OK", "UNKNOWN alarm"),
        ("ALARM(\"a\") OR ALARM(\"gone\")", "OK", "UNKNOWN alarm"),
        ("nonsense ALARM(a)", "OK", "UNKNOWN alarm"),
    ] {
        cases.case(&format!("{rule}, b {b}"), expected, |state| {
            with_b(state, rule, b);
        });
    }
    cases.case("nested", "PASS", |state| {
        under(state, "ALARM(\"a\")");
        set(state, "/alarms/1/AlarmActions", json!([]));
        set(
            state,
            "/alarms/-",
            composite("top", "ALARM(\"comp\") AND NOT ALARM(\"none\")"),
        );
        let mut none = alarm("none", "none");
        set(&mut none, "/AlarmActions", json!([]));
        set(state, "/alarms/-", none);
    });
    // CloudWatch stops evaluating what is in a circle.
    cases.case("in a circle", "UNKNOWN alarm", |state| {
        under(state, "ALARM(\"a\") AND ALARM(\"top\")");
        set(state, "/alarms/1/AlarmActions", json!([]));
        set(state, "/alarms/-", composite("top", "ALARM(\"comp\")"));
    });
    cases.case("the composite's actions are off", "FAIL alarm", |state| {
        under(state, "ALARM(\"a\")");
        set(state, "/alarms/1/ActionsEnabled", json!(false));
    });
    cases.case(
        "the child's actions are off and do not matter",
        "PASS",
        |state| {
            under(state, "ALARM(\"a\")");
            set(state, "/alarms/0/ActionsEnabled", json!(false));
        },
    );
    cases.case(
        "the child rests in INSUFFICIENT_DATA and the rule is NOT OK",
        "FAIL alarm",
        |state| {
            under(state, "NOT OK(\"a\")");
            set(state, "/alarms/0/TreatMissingData", json!("missing"));
            set(state, "/alarms/0/StateValue", json!("INSUFFICIENT_DATA"));
        },
    );
    cases.case("the child cannot trip", "FAIL alarm", |state| {
        under(state, "ALARM(\"a\")");
        set(state, "/alarms/0/Threshold", json!(9.0));
    });
    cases.case(
        "a composite without action beside a child with one",
        "PASS",
        |state| {
            set(state, "/alarms/-", composite("comp", "ALARM(\"a\")"));
            set(state, "/alarms/1/AlarmActions", json!([]));
        },
    );
    cases.done();
}

#[test]
fn suppressors_hold_composite_alarms_back() {
    let mut cases = Cases::default();
    for (state_value, expected) in [
        ("OK", "PASS"),
        ("ALARM", "FAIL alarm"),
        ("INSUFFICIENT_DATA", "PASS"),
    ] {
        cases.case(&format!("suppressor in {state_value}"), expected, |state| {
            under(state, "ALARM(\"a\")");
            set(state, "/alarms/1/ActionsSuppressor", json!("quiet"));
            let mut quiet = alarm("quiet", "q");
            set(&mut quiet, "/StateValue", json!(state_value));
            set(&mut quiet, "/AlarmActions", json!([]));
            set(state, "/alarms/-", quiet);
        });
    }
    cases.case("a suppressor that was not seen", "UNKNOWN alarm", |state| {
        under(state, "ALARM(\"a\")");
        set(state, "/alarms/1/ActionsSuppressor", json!("gone"));
    });
    cases.case(
        "the child suppresses its own parent",
        "FAIL alarm",
        |state| {
            under(state, "ALARM(\"a\")");
            set(state, "/alarms/1/ActionsSuppressor", json!("a"));
        },
    );
    cases.case("still in the extension period", "FAIL alarm", |state| {
        under(state, "ALARM(\"a\")");
        set(state, "/alarms/1/ActionsSuppressor", json!("a2"));
        set(
            state,
            "/alarms/1/ActionsSuppressedBy",
            json!("ExtensionPeriod"),
        );
        let mut quiet = alarm("a2", "q");
        set(&mut quiet, "/AlarmActions", json!([]));
        set(state, "/alarms/-", quiet);
    });
    cases.done();
}

#[test]
fn a_share_beyond_all_numbers_is_no_rule() {
    let mut cases = Cases::default();
    cases.case("AT_LEAST", "UNKNOWN alarm", |state| {
        set(state, "/alarms/0/AlarmActions", json!([]));
        let rule = format!("AT_LEAST({}%, ALARM, (a, a))", usize::MAX);
        set(state, "/alarms/-", composite("c", &rule));
    });
    cases.done();
}

/// The child alone, without a topic, under composite alarms: name, rule, suppressor. The last one has the topic.
fn tower(state: &mut Value, floors: &[(&str, &str, Option<&str>)]) {
    set(state, "/alarms/0/AlarmActions", json!([]));
    for (at, (name, rule, suppressor)) in floors.iter().enumerate() {
        let mut floor = composite(name, rule);
        if at + 1 < floors.len() {
            set(&mut floor, "/AlarmActions", json!([]));
        }
        if let Some(suppressor) = suppressor {
            set(&mut floor, "/ActionsSuppressor", json!(suppressor));
        }
        set(state, "/alarms/-", floor);
    }
}

#[test]
fn composite_alarms_are_judged_after_everything_that_they_name() {
    let mut cases = Cases::default();
    // A suppressor without a topic goes as far as the alarm that it holds back.
    for (name, expected, floors) in [
        (
            "a suppressor of the same level",
            "FAIL action",
            &[("s", "ALARM(a)", None), ("z", "ALARM(a)", Some("s"))][..],
        ),
        (
            "a suppressor of the same level that comes later by name",
            "FAIL action",
            &[("s", "ALARM(a)", None), ("b", "ALARM(a)", Some("s"))],
        ),
        (
            "a suppressor one level up",
            "FAIL action",
            &[
                ("s", "ALARM(a)", None),
                ("s2", "ALARM(s)", None),
                ("b", "ALARM(a)", Some("s2")),
            ],
        ),
        (
            "a suppressor over the one that it suppresses",
            "FAIL alarm",
            &[("s", "ALARM(b)", None), ("b", "ALARM(a)", Some("s"))],
        ),
        (
            "a suppressor by its ARN",
            "FAIL action",
            &[
                ("s", "ALARM(a)", None),
                (
                    "b",
                    "ALARM(a)",
                    Some("arn:aws:cloudwatch:us-east-1:111122223333:alarm:s"),
                ),
            ],
        ),
        (
            "a suppressor whose rule does not hold",
            "PASS",
            &[
                ("s", "ALARM(a) AND FALSE", None),
                ("b", "ALARM(a)", Some("s")),
            ],
        ),
        (
            "a suppressor that leaves ALARM with the event",
            "UNKNOWN alarm",
            &[("s", "OK(a)", None), ("b", "ALARM(a)", Some("s"))],
        ),
        (
            "a sibling that comes later by name",
            "PASS",
            &[
                ("s", "ALARM(a)", None),
                ("b", "ALARM(a) AND ALARM(s)", None),
            ],
        ),
        (
            "a sibling two levels up",
            "PASS",
            &[
                ("t", "ALARM(a)", None),
                ("s", "ALARM(t)", None),
                ("b", "ALARM(a) AND ALARM(s)", None),
            ],
        ),
        (
            "a sibling that leaves ALARM",
            "PASS",
            &[("s", "OK(a)", None), ("b", "ALARM(a) AND OK(s)", None)],
        ),
        (
            "a race with a sibling",
            "UNKNOWN alarm",
            &[
                ("s", "ALARM(a)", None),
                ("b", "ALARM(a) AND NOT ALARM(s)", None),
            ],
        ),
        (
            "after a race",
            "UNKNOWN alarm",
            &[
                ("s", "ALARM(a)", None),
                ("b", "ALARM(a) AND NOT ALARM(s)", None),
                ("c", "ALARM(b)", None),
            ],
        ),
        (
            "suppressed by one that may win a race",
            "UNKNOWN alarm",
            &[
                ("s", "ALARM(a)", None),
                ("t", "ALARM(a) AND NOT ALARM(s)", None),
                ("b", "ALARM(a)", Some("t")),
            ],
        ),
        (
            "over a circle",
            "UNKNOWN alarm",
            &[
                ("s", "ALARM(a) OR ALARM(t)", None),
                ("t", "ALARM(s)", None),
                ("b", "ALARM(t)", None),
            ],
        ),
        (
            "a circle that no child of the event is in",
            "FAIL alarm",
            &[
                ("s", "ALARM(t)", None),
                ("t", "ALARM(s)", None),
                ("b", "ALARM(a) AND FALSE", Some("s")),
            ],
        ),
        (
            "a circle through the suppressor only",
            "FAIL alarm",
            &[("b", "ALARM(a)", Some("b"))],
        ),
    ] {
        cases.case(name, expected, |state| tower(state, floors));
    }
    cases.done();
}

#[test]
fn a_suppressor_over_an_alarm_on_another_filter_of_the_event_counts() {
    let mut cases = Cases::default();
    for (pattern, expected) in [
        (PATTERN, "FAIL action"),
        ("{ $.eventName = AssumeRole }", "PASS"),
    ] {
        cases.case(pattern, expected, |state| {
            tower(
                state,
                &[("s", "ALARM(b)", None), ("z", "ALARM(a)", Some("s"))],
            );
            set(state, "/metric_filters/-", filter("g", pattern, "other"));
            let mut other = alarm("b", "other");
            set(&mut other, "/AlarmActions", json!([]));
            set(state, "/alarms/-", other);
        });
    }
    cases.done();
}

#[test]
fn many_alarms_that_the_event_may_move_are_judged_in_time() {
    const COUNT: usize = 60;
    let mut cases = Cases::default();
    cases.case(
        "each composite alarm waits for all",
        "FAIL alarm",
        |state| {
            set(state, "/alarms/0/AlarmActions", json!([]));
            let names: Vec<String> = (0..COUNT).map(|at| format!("ALARM(b{at})")).collect();
            let rule = format!("ALARM(a) AND {}", names.join(" AND "));
            for at in 0..COUNT {
                let mut other = alarm(&format!("b{at}"), &format!("m{at}"));
                set(&mut other, "/AlarmActions", json!([]));
                set(state, "/alarms/-", other);
                set(state, "/alarms/-", composite(&format!("d{at}"), &rule));
                let pattern = format!("{{ $.eventName = StopLogging && $.x{at} = 1 }}");
                let filter = filter(&format!("g{at}"), &pattern, &format!("m{at}"));
                set(state, "/metric_filters/-", filter);
            }
        },
    );
    cases.done();
}

#[test]
fn many_composite_alarms_are_judged_in_time() {
    const COUNT: usize = 400;
    let mut cases = Cases::default();
    cases.case("a chain of them, and a fan", "PASS", |state| {
        set(state, "/alarms/0/AlarmActions", json!([]));
        for at in 0..COUNT {
            let child = match at {
                0 => "a".to_owned(),
                _ => format!("c{}", at - 1),
            };
            let mut link = composite(&format!("c{at}"), &format!("ALARM({child})"));
            if at + 1 < COUNT {
                set(&mut link, "/AlarmActions", json!([]));
            }
            set(state, "/alarms/-", link);
        }
        for at in 0..COUNT {
            let mut other = alarm(&format!("b{at}"), &format!("m{at}"));
            set(&mut other, "/AlarmActions", json!([]));
            set(state, "/alarms/-", other);
            let rule = format!("ALARM(b{at}) OR ALARM(b{})", (at + 1) % COUNT);
            set(state, "/alarms/-", composite(&format!("d{at}"), &rule));
        }
        for at in 0..100 {
            let pattern = format!("{{ $.eventName = StopLogging && $.x = {at} }}");
            let filter = filter(&format!("g{at}"), &pattern, &format!("m{at}"));
            set(state, "/metric_filters/-", filter);
        }
    });
    cases.done();
}
