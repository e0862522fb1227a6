//! Would one data point in one period trip the alarm, and whom does it call?

use serde_json::{Value, json};

use super::support::{Cases, TOPIC, codes, filter, judge, remove, set, sound};

fn alarm_with(changes: &[(&str, Value)]) -> impl FnOnce(&mut Value) {
    let changes: Vec<(String, Value)> = changes
        .iter()
        .map(|(field, value)| (format!("/alarms/0/{field}"), value.clone()))
        .collect();
    move |state| {
        for (pointer, value) in changes {
            set(state, &pointer, value);
        }
    }
}

fn default_value(state: &mut Value, value: f64) {
    set(
        state,
        "/metric_filters/0/metricTransformations/0/defaultValue",
        json!(value),
    );
}

#[test]
fn thresholds_operators_and_statistics() {
    let mut cases = Cases::default();
    for (operator, threshold, expected) in [
        ("GreaterThanOrEqualToThreshold", 1.0, "PASS"),
        ("GreaterThanThreshold", 0.0, "PASS"),
        ("GreaterThanThreshold", 0.5, "PASS"),
        ("GreaterThanThreshold", 1.0, "FAIL alarm"),
        ("GreaterThanOrEqualToThreshold", 5.0, "FAIL alarm"),
        ("GreaterThanOrEqualToThreshold", 0.0, "PASS"),
        ("LessThanThreshold", 1.0, "FAIL alarm"),
        ("LessThanOrEqualToThreshold", 1.0, "PASS"),
    ] {
        cases.case(
            &format!("{operator} {threshold}"),
            expected,
            alarm_with(&[
                ("ComparisonOperator", json!(operator)),
                ("Threshold", json!(threshold)),
            ]),
        );
    }
    for statistic in ["Average", "Minimum", "Maximum", "SampleCount"] {
        cases.case(
            statistic,
            "PASS",
            alarm_with(&[("Statistic", json!(statistic))]),
        );
    }
    for (statistic, expected) in [
        ("p99", "PASS"),
        ("tm90", "PASS"),
        ("IQM", "UNKNOWN alarm"),
        ("PR(1:)", "UNKNOWN alarm"),
    ] {
        cases.case(&format!("extended {statistic}"), expected, |state| {
            remove(state, "/alarms/0/Statistic");
            set(state, "/alarms/0/ExtendedStatistic", json!(statistic));
        });
    }
    cases.case(
        "a percentile that wants many samples",
        "FAIL alarm",
        |state| {
            remove(state, "/alarms/0/Statistic");
            set(state, "/alarms/0/ExtendedStatistic", json!("p99"));
            set(
                state,
                "/alarms/0/EvaluateLowSampleCountPercentile",
                json!("ignore"),
            );
        },
    );
    cases.case("a value that makes up for the threshold", "PASS", |state| {
        set(state, "/alarms/0/Threshold", json!(5.0));
        set(
            state,
            "/metric_filters/0/metricTransformations/0/metricValue",
            json!("10"),
        );
    });
    cases.case("an anomaly band", "UNKNOWN alarm", |state| {
        remove(state, "/alarms/0/Threshold");
        set(
            state,
            "/alarms/0/ComparisonOperator",
            json!("GreaterThanUpperThreshold"),
        );
        set(state, "/alarms/0/ThresholdMetricId", json!("band"));
    });
    cases.case("a unit that agrees", "PASS", |state| {
        set(state, "/alarms/0/Unit", json!("Count"));
        set(
            state,
            "/metric_filters/0/metricTransformations/0/unit",
            json!("Count"),
        );
    });
    cases.case("a unit that the alarm does not ask for", "PASS", |state| {
        set(
            state,
            "/metric_filters/0/metricTransformations/0/unit",
            json!("Count"),
        );
    });
    cases.case(
        "unit None is no unit",
        "PASS",
        alarm_with(&[("Unit", json!("None"))]),
    );
    cases.done();
}

#[test]
fn default_values_dilute_and_latch() {
    let mut cases = Cases::default();
    for (statistic, threshold, default, period, expected) in [
        ("Sum", 1.0, 0.0, 300, "PASS"),
        ("Sum", 0.0, 0.0, 300, "FAIL alarm"),
        ("Sum", 1.0, 1.0, 300, "FAIL alarm"),
        ("Maximum", 1.0, 0.0, 300, "PASS"),
        ("Average", 1.0, 0.0, 300, "FAIL alarm"),
        ("Average", 1.0, 0.0, 60, "UNKNOWN alarm"),
        ("Average", 0.1, 0.0, 300, "PASS"),
        ("Minimum", 1.0, 0.0, 300, "FAIL alarm"),
        ("SampleCount", 1.0, 0.0, 300, "FAIL alarm"),
    ] {
        cases.case(
            &format!("{statistic} >= {threshold}, default {default}, {period} s"),
            expected,
            |state| {
                default_value(state, default);
                set(state, "/alarms/0/Statistic", json!(statistic));
                set(state, "/alarms/0/Threshold", json!(threshold));
                set(state, "/alarms/0/Period", json!(period));
            },
        );
    }
    cases.case(
        "another filter's default dilutes the same metric",
        "FAIL alarm",
        |state| {
            set(
                state,
                "/metric_filters/-",
                filter("g", "{ $.eventName = RunInstances }", "m"),
            );
            set(
                state,
                "/metric_filters/1/metricTransformations/0/defaultValue",
                json!(0),
            );
            set(state, "/alarms/0/Statistic", json!("Average"));
        },
    );
    cases.done();
}

#[test]
fn missing_data_and_m_of_n() {
    let mut cases = Cases::default();
    for (treat, datapoints, periods, expected) in [
        ("notBreaching", 1, 1, "PASS"),
        ("notBreaching", 1, 3, "PASS"),
        ("notBreaching", 2, 3, "FAIL alarm"),
        ("notBreaching", 3, 3, "FAIL alarm"),
        ("missing", 1, 1, "PASS"),
        ("missing", 1, 5, "PASS"),
        ("missing", 3, 3, "PASS"),
        ("ignore", 1, 1, "PASS"),
        ("ignore", 3, 3, "FAIL alarm"),
        ("breaching", 1, 1, "FAIL alarm"),
        ("breaching", 3, 3, "FAIL alarm"),
    ] {
        cases.case(
            &format!("{treat} {datapoints} of {periods}"),
            expected,
            alarm_with(&[
                ("TreatMissingData", json!(treat)),
                ("DatapointsToAlarm", json!(datapoints)),
                ("EvaluationPeriods", json!(periods)),
            ]),
        );
    }
    cases.case(
        "data points default to all periods",
        "FAIL alarm",
        |state| {
            remove(state, "/alarms/0/DatapointsToAlarm");
            set(state, "/alarms/0/EvaluationPeriods", json!(2));
        },
    );
    cases.case("3 of 3 with a default value", "FAIL alarm", |state| {
        default_value(state, 0.0);
        set(state, "/alarms/0/TreatMissingData", json!("missing"));
        set(state, "/alarms/0/DatapointsToAlarm", json!(3));
        set(state, "/alarms/0/EvaluationPeriods", json!(3));
    });
    cases.case(
        "missing data is treated as missing by default",
        "PASS",
        |state| {
            remove(state, "/alarms/0/TreatMissingData");
        },
    );
    cases.case("latched", "FAIL alarm", |state| {
        set(state, "/alarms/0/TreatMissingData", json!("ignore"));
        set(state, "/alarms/0/StateValue", json!("ALARM"));
    });
    cases.case("ignore with a default value comes back", "PASS", |state| {
        default_value(state, 0.0);
        set(state, "/alarms/0/TreatMissingData", json!("ignore"));
        set(state, "/alarms/0/StateValue", json!("ALARM"));
    });
    cases.case(
        "in ALARM just now",
        "PASS",
        alarm_with(&[("StateValue", json!("ALARM"))]),
    );
    cases.done();
}

#[test]
fn an_alarm_that_will_latch_is_warned_of() {
    let mut state = sound();
    set(&mut state, "/alarms/0/TreatMissingData", json!("ignore"));
    assert_eq!(codes(&judge(&state)), ["will_latch"]);
}

#[test]
fn actions_have_to_be_topics() {
    let mut cases = Cases::default();
    for (name, expected, actions) in [
        (
            "a function",
            "FAIL action",
            json!(["arn:aws:lambda:us-east-1:111122223333:function:f"]),
        ),
        (
            "a function and a topic",
            "PASS",
            json!(["arn:aws:lambda:us-east-1:111122223333:function:f", TOPIC]),
        ),
        (
            "a topic of another region",
            "FAIL action",
            json!(["arn:aws:sns:eu-west-1:111122223333:cis-alarms"]),
        ),
        ("nonsense", "FAIL action", json!(["cis-alarms"])),
        (
            "a subscription",
            "FAIL action",
            json!([format!("{TOPIC}:1111")]),
        ),
        (
            "a deleted topic and a live one",
            "PASS",
            json!(["arn:aws:sns:us-east-1:111122223333:gone", TOPIC]),
        ),
    ] {
        cases.case(name, expected, |state| {
            set(state, "/alarms/0/AlarmActions", actions);
        });
    }
    cases.case(
        "a topic among the OK actions only",
        "FAIL action",
        |state| {
            set(state, "/alarms/0/AlarmActions", json!([]));
            set(state, "/alarms/0/OKActions", json!([TOPIC]));
        },
    );
    cases.done();
}
