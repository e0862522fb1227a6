//! Filters that match practically every record: their alarms never rest.

use serde_json::{Value, json};

use super::support::{Cases, NAMES, PATTERN, filter, math, set};

fn alone(pattern: &str) -> impl FnOnce(&mut Value) {
    move |state| set(state, "/metric_filters/0/filterPattern", json!(pattern))
}

#[test]
fn what_practically_every_record_has_is_no_choice() {
    let mut cases = Cases::default();
    for pattern in [
        "{ $.eventSource = \"*.amazonaws.com\" }",
        "{ $.eventSource = *amazonaws.com }",
        "{ $.managementEvent IS TRUE }",
        "{ ($.managementEvent IS TRUE) || ($.managementEvent IS FALSE) }",
        "{ ($.readOnly IS TRUE) || ($.readOnly IS FALSE) }",
        "{ $.eventCategory = Management }",
        "{ $.eventType = \"Aws*\" }",
        "{ $.eventType = AwsApiCall }",
        "{ $.awsRegion = \"*-*\" }",
        "{ ($.awsRegion = us-east-1) || ($.awsRegion = eu-west-1) }",
        "{ $.recipientAccountId = \"111122223333\" }",
        "{ $.recipientAccountId = 111122223333 }",
        "{ $.recipientAccountId = 111122223333 && $.eventType = AwsApiCall }",
        "{ $.userIdentity.type = * }",
        "{ $.eventTime = \"20*\" }",
        "{ $.eventVersion = \"1.*\" }",
    ] {
        cases.case(pattern, "FAIL alarm", alone(pattern));
        cases.case(&format!("{pattern} beside"), "FAIL alarm", |state| {
            set(state, "/metric_filters/-", filter("second", pattern, "m"));
        });
    }
    cases.done();
}

#[test]
fn what_some_records_have_is_noise() {
    let mut cases = Cases::default();
    for pattern in [
        "{ $.eventSource = cloudtrail.amazonaws.com }",
        "{ $.eventSource = \"cloud*\" }",
        "{ $.readOnly IS FALSE }",
        "{ $.readOnly IS FALSE && $.eventType = AwsApiCall }",
    ] {
        cases.case(pattern, "PASS", alone(pattern));
    }
    for pattern in [
        "{ $.eventType = AwsConsoleSignIn }",
        "{ $.eventType != AwsApiCall }",
        "{ $.recipientAccountId = 999988887777 }",
        "{ $.awsRegion = eu-west-1 }",
        "{ $.eventName = PutObject }",
        "{ $.eventCategory = Data }",
    ] {
        cases.case(pattern, "PASS", |state| {
            set(state, "/metric_filters/-", filter("second", pattern, "m"));
        });
    }
    cases.done();
}

#[test]
fn the_account_and_its_regions_may_be_named_beside_the_events() {
    let mut cases = Cases::default();
    let events = PATTERN.trim_matches(['{', '}', ' ']);
    for (also, expected) in [
        ("$.recipientAccountId = 111122223333", "PASS"),
        ("$.eventSource = \"*.amazonaws.com\"", "PASS"),
        ("$.managementEvent IS TRUE", "PASS"),
        ("$.eventTime = \"20*\"", "PASS"),
        ("$.eventTime = \"*Z\"", "PASS"),
        ("$.eventTime = \"2019-*\"", "FAIL pattern"),
        ("$.eventVersion = \"1.*\"", "PASS"),
        ("$.eventVersion != 1.0", "PASS"),
        ("$.eventVersion = \"1.0*\"", "FAIL pattern"),
        ("$.eventVersion = \"2.*\"", "FAIL pattern"),
    ] {
        let pattern = format!("{{ ({events}) && ({also}) }}");
        cases.case(&pattern, expected, alone(&pattern));
    }
    cases.done();
}

/// The example of a finding is an event that there may be.
#[test]
fn an_example_is_dated_and_versioned_as_records_are() {
    let example = |also: &str| {
        let mut state = super::support::sound();
        let events = PATTERN.trim_matches(['{', '}', ' ']);
        alone(&format!("{{ ({events}) && ({also}) }}"))(&mut state);
        let finding = super::support::judge(&state).findings.swap_remove(0);
        assert_eq!(finding.missing_events, NAMES, "{also}");
        finding.counterexample.unwrap()
    };
    assert_eq!(
        example("$.eventTime = \"2019-*\"")["eventTime"],
        "2026-11-23T00:05:00Z"
    );
    assert_eq!(
        example("$.eventTime = \"2026-*\"")["eventTime"],
        "2027-01-01T00:00:00Z"
    );
    assert_eq!(example("$.eventVersion = 1.08")["eventVersion"], "1.11");
}

/// Writes a second metric filter, and a third.
fn beside(state: &mut Value, patterns: &[&str]) {
    for (at, pattern) in patterns.iter().enumerate() {
        let name = format!("beside{at}");
        set(state, "/metric_filters/-", filter(&name, pattern, "m"));
    }
}

#[test]
fn filters_that_together_leave_out_nothing_keep_the_alarm_in_alarm() {
    let mut cases = Cases::default();
    for patterns in [
        &["{ $.readOnly IS TRUE }", "{ $.readOnly IS FALSE }"][..],
        &[
            "{ $.eventName = \"*Trail\" }",
            "{ $.eventName != \"*Trail\" }",
        ],
        &[
            "{ $.awsRegion = us-east-1 && $.readOnly IS TRUE }",
            "{ $.awsRegion = eu-west-1 && $.readOnly IS TRUE }",
            "{ $.readOnly IS FALSE }",
        ],
        &["{ $.eventSource = \"s*\" }", "{ $.eventSource != \"s*\" }"],
    ] {
        let name = format!("{patterns:?}");
        cases.case(&name, "FAIL alarm", |state| beside(state, patterns));
        cases.case(&format!("{name}, half of one"), "UNKNOWN alarm", |state| {
            beside(state, patterns);
            for at in 1..=patterns.len() {
                let pointer = format!("/metric_filters/{at}/metricTransformations/0/metricValue");
                set(state, &pointer, json!("0.5"));
            }
        });
        cases.case(&format!("{name}, of zeros"), "PASS", |state| {
            beside(state, patterns);
            for at in 1..=patterns.len() {
                let pointer = format!("/metric_filters/{at}/metricTransformations/0/metricValue");
                set(state, &pointer, json!("0"));
            }
        });
        cases.case(&format!("{name}, one elsewhere"), "PASS", |state| {
            beside(state, patterns);
            let pointer = "/metric_filters/1/metricTransformations/0/metricName";
            set(state, pointer, json!("other"));
        });
        cases.case(
            &format!("{name}, one on another log group"),
            "UNKNOWN alarm",
            |state| {
                beside(state, patterns);
                set(state, "/metric_filters/1/logGroupName", json!("other"));
            },
        );
    }
    for patterns in [
        &["{ $.readOnly IS TRUE }"][..],
        &["{ $.readOnly IS TRUE }", "{ $.eventName = \"*Trail\" }"],
        &[
            "{ $.readOnly IS TRUE }",
            "{ $.readOnly IS TRUE && $.errorCode = x }",
        ],
        &["{ $.errorCode = * }", "{ $.userIdentity.type = Root }"],
        &["{ $.eventName = PutObject }", "{ $.eventName = GetObject }"],
    ] {
        let name = format!("{patterns:?}");
        cases.case(&name, "PASS", |state| beside(state, patterns));
    }
    cases.done();
}

#[test]
fn what_raises_an_alarm_together_is_named() {
    let mut state = super::support::sound();
    beside(
        &mut state,
        &["{ $.readOnly IS TRUE }", "{ $.readOnly IS FALSE }"],
    );
    let finding = super::support::judge(&state).findings.swap_remove(0);
    assert_eq!(
        finding.message,
        "Metric filters beside0, beside1 together match practically every record, so alarm a stays in ALARM: it acts on \
         change only, and one event more changes nothing."
    );
}

/// What a filter of every record writes, and what the alarm makes of it.
#[test]
fn a_filter_of_every_record_that_does_not_raise_the_alarm_is_no_fault() {
    let mut cases = Cases::default();
    for (value, statistic, expected) in [
        ("0", "Sum", "PASS"),
        ("0", "Maximum", "PASS"),
        ("-0.0", "Maximum", "PASS"),
        ("1", "Sum", "FAIL alarm"),
        ("1", "Maximum", "FAIL alarm"),
        ("0.1", "Maximum", "PASS"),
        ("0.1", "Sum", "UNKNOWN alarm"),
        ("0", "SampleCount", "FAIL alarm"),
        ("0", "Average", "FAIL alarm"),
        ("0", "Minimum", "FAIL alarm"),
    ] {
        let name = format!("{statistic} of {value}");
        cases.case(&name, expected, |state| {
            beside(state, &[""]);
            let pointer = "/metric_filters/1/metricTransformations/0/metricValue";
            set(state, pointer, json!(value));
            set(state, "/alarms/0/Statistic", json!(statistic));
        });
    }
    for (value, expected) in [("0", "PASS"), ("1", "UNKNOWN alarm")] {
        cases.case(
            &format!("{value} of another log group"),
            expected,
            |state| {
                beside(state, &[""]);
                let pointer = "/metric_filters/1/metricTransformations/0/metricValue";
                set(state, pointer, json!(value));
                set(state, "/metric_filters/1/logGroupName", json!("other"));
            },
        );
    }
    cases.case("data is never missing beside it", "FAIL alarm", |state| {
        beside(state, &[""]);
        let pointer = "/metric_filters/1/metricTransformations/0/metricValue";
        set(state, pointer, json!("0"));
        set(state, "/alarms/0/TreatMissingData", json!("missing"));
        set(state, "/alarms/0/EvaluationPeriods", json!(2));
        set(state, "/alarms/0/DatapointsToAlarm", json!(2));
    });
    for (expression, threshold, expected) in [
        ("m1", 0, "PASS"),
        ("m2", 0, "FAIL alarm"),
        // Without a value of one of them there is none of their sum.
        ("m1 + m2", 0, "PASS"),
        ("SUM(METRICS())", 0, "FAIL alarm"),
        ("100 * m1 / m2", 0, "PASS"),
        ("100 * m1 / m2", 10, "UNKNOWN metric"),
        ("100 * m1 / m2", 99, "FAIL alarm"),
    ] {
        let name = format!("{expression} > {threshold}");
        cases.case(&name, expected, |state| {
            set(state, "/metric_filters/-", filter("all", "", "total"));
            let query = |id: &str, metric: &str| {
                json!({"Id": id, "ReturnData": false, "MetricStat": {
                    "Metric": {"Namespace": "CISBenchmark", "MetricName": metric, "Dimensions": []},
                    "Period": 300, "Stat": "Sum"
                }})
            };
            let result = json!({"Id": "e", "Expression": expression, "ReturnData": true});
            math(
                state,
                json!([query("m1", "m"), query("m2", "total"), result]),
            );
            set(state, "/alarms/0/Threshold", json!(threshold));
            set(
                state,
                "/alarms/0/ComparisonOperator",
                json!("GreaterThanThreshold"),
            );
        });
    }
    cases.done();
}

#[test]
fn the_filters_of_several_metrics_of_an_alarm_may_leave_out_nothing() {
    let mut cases = Cases::default();
    for (expression, expected) in [("SUM(METRICS())", "FAIL alarm"), ("m1", "PASS")] {
        cases.case(expression, expected, |state| {
            alone("{ $.readOnly IS FALSE }")(state);
            set(
                state,
                "/metric_filters/-",
                filter("second", "{ $.readOnly IS TRUE }", "m2"),
            );
            let query = |id: &str, metric: &str| {
                json!({"Id": id, "ReturnData": false, "MetricStat": {
                    "Metric": {"Namespace": "CISBenchmark", "MetricName": metric, "Dimensions": []},
                    "Period": 300, "Stat": "Sum"
                }})
            };
            let result = json!({"Id": "e", "Expression": expression, "ReturnData": true});
            math(state, json!([query("m1", "m"), query("m2", "m2"), result]));
        });
    }
    cases.done();
}

#[test]
fn what_lands_for_one_name_only_leaves_out_the_others() {
    let mut cases = Cases::default();
    cases.case("split by name", "FAIL metric", |state| {
        beside(
            state,
            &["{ $.readOnly IS TRUE }", "{ $.readOnly IS FALSE }"],
        );
        for at in 0..3 {
            let pointer = format!("/metric_filters/{at}/metricTransformations/0/dimensions");
            set(state, &pointer, json!({"D": "$.eventName"}));
        }
        let dimensions = json!([{"Name": "D", "Value": "StopLogging"}]);
        set(state, "/alarms/0/Dimensions", dimensions);
    });
    cases.done();
}
