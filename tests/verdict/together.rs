//! One event that several filters match: what they add up to, and which alarms it moves at the same time.

use serde_json::{Value, json};

use super::support::{Cases, NAMES, PATTERN, TOPIC, alarm, composite, filter, judge, set, sound};

/// The required events and one more name.
fn and_also(name: &str) -> String {
    let names: Vec<String> = NAMES
        .iter()
        .chain([&name])
        .map(|name| format!("($.eventName = {name})"))
        .collect();
    format!("{{ {} }}", names.join(" || "))
}

fn filters(state: &mut Value, filters: Vec<Value>) {
    set(state, "/metric_filters", json!(filters));
}

#[test]
fn small_values_of_several_filters_reach_a_threshold_together() {
    let mut cases = Cases::default();
    let (f, g) = (and_also("ConsoleLogin"), and_also("RunInstances"));
    let stop = "{ $.eventName = StopLogging }";
    let others = "{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) || ($.eventName = DeleteTrail) || ($.eventName = StartLogging) }";
    for (name, expected, statistic, threshold, patterns) in [
        (
            "the same pattern",
            "PASS",
            "Sum",
            2.0,
            vec![PATTERN, PATTERN],
        ),
        (
            "an overlap that has all that is required",
            "PASS",
            "Sum",
            2.0,
            vec![&f, &g],
        ),
        ("three of them", "PASS", "Sum", 3.0, vec![&f, &g, PATTERN]),
        ("one too few", "FAIL alarm", "Sum", 3.0, vec![&f, &g]),
        (
            "an overlap of one name only",
            "FAIL alarm",
            "Sum",
            2.0,
            vec![&f, stop],
        ),
        (
            "halves without overlap",
            "FAIL alarm",
            "Sum",
            2.0,
            vec![stop, others],
        ),
        (
            "a whole and its halves",
            "PASS",
            "Sum",
            2.0,
            vec![PATTERN, stop, others],
        ),
        (
            "samples are counted",
            "PASS",
            "SampleCount",
            2.0,
            vec![&f, &g],
        ),
        (
            "one sample is not two",
            "FAIL alarm",
            "SampleCount",
            2.0,
            vec![stop, others],
        ),
        (
            "a mean does not add up",
            "FAIL alarm",
            "Average",
            2.0,
            vec![&f, &g],
        ),
        (
            "nor does a maximum",
            "FAIL alarm",
            "Maximum",
            2.0,
            vec![&f, &g],
        ),
        (
            "a mean of ones is one",
            "PASS",
            "Average",
            1.0,
            vec![&f, &g],
        ),
    ] {
        cases.case(name, expected, |state| {
            let list = patterns.iter().zip(["f", "g", "h"]);
            filters(
                state,
                list.map(|(pattern, name)| filter(name, pattern, "m"))
                    .collect(),
            );
            set(state, "/alarms/0/Statistic", json!(statistic));
            set(state, "/alarms/0/Threshold", json!(threshold));
        });
    }
    cases.case(
        "a value that another takes away again",
        "UNKNOWN alarm",
        |state| {
            filters(state, vec![filter("f", &f, "m"), filter("g", &g, "m")]);
            set(
                state,
                "/metric_filters/1/metricTransformations/0/metricValue",
                json!("-1"),
            );
        },
    );
    cases.case(
        "a value that another takes away for events of its own",
        "UNKNOWN metric",
        |state| {
            filters(
                state,
                vec![
                    filter("f", PATTERN, "m"),
                    filter("g", "{ $.eventName = RunInstances }", "m"),
                ],
            );
            set(
                state,
                "/metric_filters/1/metricTransformations/0/metricValue",
                json!("-1"),
            );
        },
    );
    cases.case(
        "filters on words cannot be joined",
        "UNKNOWN alarm",
        |state| {
            filters(
                state,
                vec![filter("f", PATTERN, "m"), filter("g", "cloudtrail", "m")],
            );
            set(state, "/alarms/0/Threshold", json!(2.0));
        },
    );
    cases.case("of another log group", "FAIL alarm", |state| {
        filters(
            state,
            vec![filter("f", PATTERN, "m"), filter("g", PATTERN, "m")],
        );
        set(state, "/metric_filters/1/logGroupName", json!("ct2"));
        set(state, "/alarms/0/Threshold", json!(2.0));
    });
    cases.case("of another unit", "FAIL alarm", |state| {
        filters(
            state,
            vec![filter("f", PATTERN, "m"), filter("g", PATTERN, "m")],
        );
        set(
            state,
            "/metric_filters/1/metricTransformations/0/unit",
            json!("Bytes"),
        );
        set(state, "/alarms/0/Unit", json!("None"));
        set(state, "/alarms/0/Threshold", json!(2.0));
    });
    cases.case(
        "with dimensions it is another metric",
        "FAIL alarm",
        |state| {
            filters(
                state,
                vec![filter("f", PATTERN, "m"), filter("g", PATTERN, "m")],
            );
            set(
                state,
                "/metric_filters/1/metricTransformations/0/dimensions",
                json!({"N": "$.eventName"}),
            );
            set(state, "/alarms/0/Threshold", json!(2.0));
        },
    );
    cases.case(
        "noise with dimensions is on another metric",
        "PASS",
        |state| {
            filters(state, vec![filter("f", PATTERN, "m"), filter("g", "", "m")]);
            set(
                state,
                "/metric_filters/1/metricTransformations/0/dimensions",
                json!({"N": "$.eventName"}),
            );
        },
    );
    cases.done();
}

#[test]
fn the_filters_that_are_needed_together_are_all_of_the_chain() {
    let mut state = super::support::sound();
    let (f, g) = (and_also("ConsoleLogin"), and_also("RunInstances"));
    filters(&mut state, vec![filter("f", &f, "m"), filter("g", &g, "m")]);
    set(&mut state, "/alarms/0/Threshold", json!(2.0));
    let chain = judge(&state).chain;
    let names: Vec<&str> = chain
        .filters
        .iter()
        .map(|one| one.filter_name.as_str())
        .collect();
    assert_eq!(names, ["f", "g"]);
}

fn silent(name: &str, metric: &str) -> Value {
    let mut one = alarm(name, metric);
    set(&mut one, "/AlarmActions", json!([]));
    one
}

#[test]
fn one_event_moves_every_alarm_that_its_filters_feed() {
    let mut cases = Cases::default();
    let two = |state: &mut Value, second: &str, rule: &str| {
        filters(
            state,
            vec![filter("f", PATTERN, "m"), filter("g", second, "n")],
        );
        set(
            state,
            "/alarms",
            json!([silent("a", "m"), silent("b", "n"), composite("comp", rule)]),
        );
    };
    let wide = and_also("RunInstances");
    let both = "ALARM(a) AND ALARM(b)";
    cases.case("both filters match it", "PASS", |state| {
        two(state, PATTERN, both);
    });
    cases.case("the second matches more", "PASS", |state| {
        two(state, &wide, both);
    });
    cases.case("both match more", "PASS", |state| {
        two(state, &wide, both);
        set(
            state,
            "/metric_filters/0/filterPattern",
            json!(and_also("ConsoleLogin")),
        );
    });
    cases.case("the second never matches it", "FAIL alarm", |state| {
        two(state, "{ $.eventName = RunInstances }", both);
    });
    // Nobody knows which of the two alarms changes first.
    cases.case("one that spoils", "UNKNOWN alarm", |state| {
        two(state, PATTERN, "ALARM(a) AND NOT ALARM(b)");
    });
    cases.case("one that does not spoil", "PASS", |state| {
        two(
            state,
            "{ $.eventName = RunInstances }",
            "ALARM(a) AND NOT ALARM(b)",
        );
    });
    // The suppressor's own alarm goes further and has no action.
    for (second, expected) in [
        (PATTERN, "FAIL action"),
        ("{ $.eventName = RunInstances }", "PASS"),
    ] {
        cases.case(&format!("a suppressor on {second}"), expected, |state| {
            two(state, second, "ALARM(a)");
            set(state, "/alarms/2/ActionsSuppressor", json!("b"));
        });
    }
    cases.case("a suppressor that may match", "UNKNOWN alarm", |state| {
        two(
            state,
            "{ ($.eventName = StopLogging) && ($.userIdentity.userName = \"a*\") }",
            "ALARM(a)",
        );
        set(state, "/alarms/2/ActionsSuppressor", json!("b"));
    });
    cases.done();
}

fn by_name(state: &mut Value, alarms: Vec<Value>) {
    set(
        state,
        "/metric_filters/0/metricTransformations/0/dimensions",
        json!({"Name": "$.eventName"}),
    );
    set(state, "/alarms", json!(alarms));
}

fn of_name(name: &str) -> Value {
    let mut one = silent(name, "m");
    set(
        &mut one,
        "/Dimensions",
        json!([{"Name": "Name", "Value": name}]),
    );
    one
}

#[test]
fn an_event_has_one_value_of_a_dimension() {
    let mut cases = Cases::default();
    let rule = |join: &str| {
        let parts: Vec<String> = NAMES.iter().map(|name| format!("ALARM({name})")).collect();
        parts.join(join)
    };
    let under = |state: &mut Value, rule: &str| {
        let mut alarms: Vec<Value> = NAMES.iter().map(|name| of_name(name)).collect();
        alarms.push(composite("comp", rule));
        by_name(state, alarms);
    };
    cases.case("any of five under one composite", "PASS", |state| {
        under(state, &rule(" OR "));
    });
    cases.case("all of five at once", "FAIL alarm", |state| {
        under(state, &rule(" AND "));
    });
    cases.case("four of five", "FAIL metric", |state| {
        under(
            state,
            "ALARM(CreateTrail) OR ALARM(UpdateTrail) OR ALARM(DeleteTrail) OR ALARM(StartLogging)",
        );
        state["alarms"].as_array_mut().unwrap().remove(4);
    });
    let queries = |names: &[&str]| {
        let mut queries: Vec<Value> = names
            .iter()
            .zip(1..)
            .map(|(name, at)| {
                json!({"Id": format!("m{at}"), "ReturnData": false, "MetricStat": {"Period": 300, "Stat": "Sum",
                    "Metric": {"Namespace": "CISBenchmark", "MetricName": "m", "Dimensions": [{"Name": "Name", "Value": name}]}}})
            })
            .collect();
        queries.push(json!({"Id": "e", "Expression": "SUM(METRICS())", "ReturnData": true}));
        queries
    };
    let math = |state: &mut Value, names: &[&str]| {
        let mut one = alarm("a", "m");
        for field in [
            "MetricName",
            "Namespace",
            "Statistic",
            "Dimensions",
            "Period",
        ] {
            super::support::remove(&mut one, &format!("/{field}"));
        }
        set(&mut one, "/Metrics", json!(queries(names)));
        by_name(state, vec![one]);
    };
    cases.case("the sum over all five values", "PASS", |state| {
        math(state, &NAMES);
    });
    cases.case("the sum over four values", "FAIL metric", |state| {
        math(state, &NAMES[..4]);
    });
    for (field, value, expected) in [
        ("$.eventType", "AwsApiCall", "PASS"),
        ("$.eventType", "AwsServiceEvent", "FAIL metric"),
        ("$.eventCategory", "Management", "PASS"),
        ("$.eventSource", "cloudtrail.amazonaws.com", "PASS"),
        ("$.eventSource", "ec2.amazonaws.com", "FAIL metric"),
        ("$.recipientAccountId", "111122223333", "PASS"),
        ("$.awsRegion", "us-east-1", "FAIL metric"),
        ("$.readOnly", "false", "UNKNOWN metric"),
        ("$.userIdentity.type", "Root", "FAIL metric"),
    ] {
        cases.case(
            &format!("split by {field}, looked at {value}"),
            expected,
            |state| {
                let mut one = alarm("a", "m");
                set(
                    &mut one,
                    "/Dimensions",
                    json!([{"Name": "D", "Value": value}]),
                );
                by_name(state, vec![one]);
                set(
                    state,
                    "/metric_filters/0/metricTransformations/0/dimensions",
                    json!({"D": field}),
                );
            },
        );
    }
    cases.case(
        "an alarm with dimensions beside one without",
        "PASS",
        |state| {
            set(state, "/alarms/-", of_name("StopLogging"));
            set(state, "/alarms/1/AlarmActions", json!([TOPIC]));
        },
    );
    cases.done();
}

#[test]
fn another_filter_of_the_metric_that_may_match_every_record_leaves_it_open() {
    let mut cases = Cases::default();
    for (pattern, expected) in [
        ("{ $.eventName != HeadBucket }", "FAIL alarm"),
        ("{ $.eventName != \"Head*Bucket\" }", "UNKNOWN alarm"),
        ("{ $.eventName = \"Head*Bucket\" }", "PASS"),
    ] {
        cases.case(pattern, expected, |state| {
            set(state, "/metric_filters/-", filter("other", pattern, "m"));
        });
    }
    cases.done();
}

/// A second alarm on a filter of its own, under a composite one with the first.
fn with_second(state: &mut Value, pattern: &str, rule: &str) {
    set(state, "/metric_filters/-", filter("g", pattern, "mg"));
    let mut b = alarm("b", "mg");
    set(&mut b, "/AlarmActions", json!([]));
    set(state, "/alarms/-", b);
    set(state, "/alarms/0/AlarmActions", json!([]));
    set(state, "/alarms/-", composite("c", rule));
}

#[test]
fn what_only_some_required_events_move_is_not_enough() {
    let mut cases = Cases::default();
    for (pattern, rule, expected) in [
        (
            "{ $.eventName = StopLogging }",
            "ALARM(a) AND ALARM(b)",
            "FAIL alarm",
        ),
        (
            "{ $.eventName = \"*Trail\" }",
            "ALARM(a) AND ALARM(b)",
            "FAIL alarm",
        ),
        (
            "{ $.eventName = \"*Trail\" || $.eventName = \"*Logging\" }",
            "ALARM(a) AND ALARM(b)",
            "PASS",
        ),
        (
            "{ $.eventName = StopLogging }",
            "ALARM(a) OR ALARM(b)",
            "PASS",
        ),
    ] {
        cases.case(&format!("{pattern}, {rule}"), expected, |state| {
            with_second(state, pattern, rule);
        });
    }
    cases.done();
}

#[test]
fn that_an_event_may_move_a_suppressor_is_said() {
    let mut state = sound();
    with_second(&mut state, "{ $.eventName = StopLogging }", "ALARM(a)");
    set(&mut state, "/alarms/2/ActionsSuppressor", json!("b"));
    assert_eq!(
        judge(&state).findings[0].message,
        "Whether the event moves b, which can hold back the actions of composite alarm c, is not known."
    );
}
