//! Other events beside the one that counts: who else writes into an alarm's metrics, and what that does to it.

use serde_json::{Value, json};

use super::support::{Cases, filter, judge, math, remove, set, sound};

/// A second filter on the alarm's metric, for events that the control does not ask for.
fn other(state: &mut Value, value: &str) {
    set(
        state,
        "/metric_filters/-",
        filter("g", "{ $.eventName = AssumeRole }", "m"),
    );
    set(
        state,
        "/metric_filters/1/metricTransformations/0/metricValue",
        json!(value),
    );
}

fn alarm(state: &mut Value, name: &str, value: Value) {
    set(state, &format!("/alarms/0/{name}"), value);
}

#[test]
fn another_writer_of_the_metric_can_hold_the_alarm_down() {
    let mut cases = Cases::default();
    for (statistic, value, expected) in [
        ("Sum", "1", "PASS"),
        ("Sum", "0.001", "PASS"),
        ("Sum", "0", "PASS"),
        ("Sum", "-0.001", "UNKNOWN metric"),
        ("Sum", "-1000", "UNKNOWN metric"),
        (
            "Sum",
            "$.requestParameters.durationSeconds",
            "UNKNOWN metric",
        ),
        ("Sum", "nonsense", "PASS"),
        ("Average", "1", "PASS"),
        ("Average", "2", "PASS"),
        ("Average", "0.5", "UNKNOWN metric"),
        ("Average", "0", "UNKNOWN metric"),
        ("Minimum", "1", "PASS"),
        ("Minimum", "0", "UNKNOWN metric"),
        ("Maximum", "0", "PASS"),
        ("Maximum", "-1", "PASS"),
        ("Maximum", "$.requestParameters.durationSeconds", "PASS"),
        ("SampleCount", "-1", "PASS"),
    ] {
        cases.case(&format!("{statistic}, {value}"), expected, |state| {
            other(state, value);
            alarm(state, "Statistic", json!(statistic));
        });
    }
    for (statistic, value, expected) in [
        ("p50", "1", "PASS"),
        ("p50", "0", "UNKNOWN metric"),
        ("tm90", "1", "PASS"),
        ("tm90", "0", "UNKNOWN metric"),
        ("p100", "0", "PASS"),
    ] {
        cases.case(&format!("{statistic}, {value}"), expected, |state| {
            other(state, value);
            remove(state, "/alarms/0/Statistic");
            alarm(state, "ExtendedStatistic", json!(statistic));
        });
    }
    cases.case("of another log group", "UNKNOWN metric", |state| {
        other(state, "-1");
        set(state, "/metric_filters/1/logGroupName", json!("app"));
    });
    cases.case("of another unit", "PASS", |state| {
        other(state, "-1");
        set(
            state,
            "/metric_filters/1/metricTransformations/0/unit",
            json!("Bytes"),
        );
        alarm(state, "Unit", json!("None"));
    });
    cases.case("with dimensions, on another metric", "PASS", |state| {
        other(state, "-1");
        set(
            state,
            "/metric_filters/1/metricTransformations/0/dimensions",
            json!({"N": "$.eventName"}),
        );
    });
    cases.case("one that CloudWatch Logs refuses", "PASS", |state| {
        other(state, "-1");
        set(
            state,
            "/metric_filters/1/filterPattern",
            json!("{ $.eventName = "),
        );
    });
    cases.case("one among many", "UNKNOWN metric", |state| {
        other(state, "1");
        for (at, value) in [(2, "-1"), (3, "5")] {
            other(state, "1");
            set(
                state,
                &format!("/metric_filters/{at}/filterName"),
                json!(format!("g{at}")),
            );
            set(
                state,
                &format!("/metric_filters/{at}/metricTransformations/0/metricValue"),
                json!(value),
            );
        }
    });
    cases.case(
        "for an alarm that waits for little",
        "UNKNOWN metric",
        |state| {
            other(state, "1");
            alarm(state, "ComparisonOperator", json!("LessThanThreshold"));
            alarm(state, "Threshold", json!(2.0));
        },
    );
    cases.done();
}

#[test]
fn it_is_named_and_told_what_to_do() {
    let mut state = sound();
    other(&mut state, "-1000");
    let finding = &judge(&state).findings[0];
    assert_eq!(
        finding.message,
        "Metric filter g writes -1000 into a metric of alarm a for events of its own: whether one event still trips the \
         alarm cannot be told."
    );
    assert_eq!(finding.resource.as_deref(), Some("g"));
    assert_eq!(
        finding.remedy.as_deref(),
        Some("Let metric filter g write a metric of its own.")
    );
}

#[test]
fn several_data_points_need_that_nobody_else_writes_any() {
    let mut cases = Cases::default();
    for (value, treat, expected) in [
        ("1", "missing", "PASS"),
        ("0.5", "missing", "UNKNOWN metric"),
        ("0", "missing", "UNKNOWN metric"),
        ("0", "notBreaching", "FAIL alarm"),
    ] {
        cases.case(&format!("{value}, {treat}"), expected, |state| {
            other(state, value);
            alarm(state, "EvaluationPeriods", json!(3));
            alarm(state, "DatapointsToAlarm", json!(3));
            alarm(state, "TreatMissingData", json!(treat));
        });
    }
    cases.done();
}

/// The alarm over two metrics, of which the second may be written by `g`.
fn expression(state: &mut Value, text: &str, second: &str) {
    let query = |id: &str, namespace: &str, metric: &str| {
        json!({"Id": id, "ReturnData": false, "MetricStat": {"Period": 300, "Stat": "Sum",
            "Metric": {"Namespace": namespace, "MetricName": metric, "Dimensions": []}}})
    };
    let namespace = if second == "evil" {
        "Custom"
    } else {
        "CISBenchmark"
    };
    let metrics = json!([
        query("m1", "CISBenchmark", "m"),
        query("m2", namespace, second),
        {"Id": "e", "Expression": text, "ReturnData": true}
    ]);
    math(state, metrics);
}

#[test]
fn math_over_what_others_write() {
    let mut cases = Cases::default();
    for (text, written, unseen) in [
        ("SUM([m1, m2])", "PASS", "UNKNOWN alarm"),
        ("MAX([m1, m2])", "PASS", "UNKNOWN alarm"),
        ("m1 + FILL(m2, 0)", "PASS", "UNKNOWN alarm"),
        ("m1 - FILL(m2, 0)", "UNKNOWN metric", "UNKNOWN alarm"),
        (
            "IF(FILL(m2, 0) > 5, 0, FILL(m1, 0))",
            "UNKNOWN metric",
            "UNKNOWN alarm",
        ),
        ("m1 + m2", "FAIL alarm", "FAIL alarm"),
        ("m1 + 0 * FILL(m2, 0)", "PASS", "PASS"),
        ("m1", "PASS", "PASS"),
    ] {
        cases.case(&format!("{text}, written by a filter"), written, |state| {
            expression(state, text, "other");
            set(
                state,
                "/metric_filters/-",
                filter("g", "{ $.eventName = AssumeRole }", "other"),
            );
        });
        cases.case(&format!("{text}, written by nobody"), unseen, |state| {
            expression(state, text, "evil");
        });
    }
    cases.done();
    let mut state = sound();
    expression(&mut state, "m1 - FILL(m2, 0)", "evil");
    assert_eq!(
        judge(&state).findings[0].message,
        "Nothing that was seen writes metric evil of Custom, which alarm a looks at: whether one event still trips the alarm \
         depends on what else is put into it."
    );
}

#[test]
fn a_default_value_is_no_data_in_a_silent_stretch() {
    let mut cases = Cases::default();
    let unknown = "UNKNOWN subscription";
    for (treat, default, states, expected) in [
        ("missing", Some(0), json!(["OK"]), unknown),
        ("missing", Some(0), json!(["INSUFFICIENT_DATA"]), unknown),
        (
            "missing",
            Some(0),
            json!(["OK", "INSUFFICIENT_DATA"]),
            "PASS",
        ),
        ("missing", None, json!(["OK"]), "FAIL subscription"),
        ("missing", None, json!(["INSUFFICIENT_DATA"]), "PASS"),
        ("notBreaching", Some(0), json!(["OK"]), "PASS"),
        ("notBreaching", None, json!(["OK"]), "PASS"),
        ("ignore", Some(0), json!(["OK"]), "PASS"),
    ] {
        cases.case(
            &format!("{treat} {default:?} {states}"),
            expected,
            |state| {
                alarm(state, "TreatMissingData", json!(treat));
                if let Some(default) = default {
                    set(
                        state,
                        "/metric_filters/0/metricTransformations/0/defaultValue",
                        json!(default),
                    );
                }
                let policy = json!({"OldStateValue": states}).to_string();
                set(
                    state,
                    "/subscriptions/0/Attributes",
                    json!({"FilterPolicy": policy, "FilterPolicyScope": "MessageBody"}),
                );
            },
        );
    }
    cases.case("the data of another filter", unknown, |state| {
        other(state, "0");
        alarm(state, "TreatMissingData", json!("missing"));
        set(
            state,
            "/subscriptions/0/Attributes",
            json!({"FilterPolicy": r#"{"OldStateValue":["INSUFFICIENT_DATA"]}"#, "FilterPolicyScope": "MessageBody"}),
        );
    });
    cases.done();
}

#[test]
fn a_warm_up_beyond_all_times_is_no_trouble() {
    let mut cases = Cases::default();
    for minutes in [i64::MAX, i64::MIN, 9_000_000_000_000_000_000] {
        let expected = if minutes > 0 { "UNKNOWN alarm" } else { "PASS" };
        cases.case(&minutes.to_string(), expected, |state| {
            alarm(state, "StateValue", json!("INSUFFICIENT_DATA"));
            alarm(
                state,
                "WarmUpConfiguration",
                json!({"WarmUpPeriodDurationInMinutes": minutes}),
            );
            alarm(
                state,
                "AlarmConfigurationUpdatedTimestamp",
                json!("2026-11-22T00:00:00Z"),
            );
        });
    }
    cases.done();
}
