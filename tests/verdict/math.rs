//! Metric math, several filters, several alarms: does what comes together trip?

use serde_json::{Value, json};

use super::support::{Cases, PATTERN, TOPIC, alarm, filter, remove, set};

fn math(state: &mut Value, expression: &str) {
    set(
        state,
        "/alarms/0",
        json!({
            "AlarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a", "AlarmName": "a", "ActionsEnabled": true,
            "AlarmActions": [TOPIC], "EvaluationPeriods": 1, "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching",
            "StateValue": "OK",
            "Metrics": [
                {"Id": "m1", "MetricStat": {"Metric": {"Namespace": "CISBenchmark", "MetricName": "one", "Dimensions": []}, "Period": 300, "Stat": "Sum"}, "ReturnData": false},
                {"Id": "m2", "MetricStat": {"Metric": {"Namespace": "CISBenchmark", "MetricName": "two", "Dimensions": []}, "Period": 300, "Stat": "Sum"}, "ReturnData": false},
                {"Id": "e1", "Expression": expression, "ReturnData": true}
            ]
        }),
    );
    set(
        state,
        "/metric_filters",
        json!([
            filter(
                "one",
                "{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) }",
                "one"
            ),
            filter(
                "two",
                "{ ($.eventName = DeleteTrail) || ($.eventName = StartLogging) || ($.eventName = StopLogging) }",
                "two"
            )
        ]),
    );
}

#[test]
fn metric_math_over_the_metrics_of_several_filters() {
    let mut cases = Cases::default();
    for (expression, expected) in [
        ("SUM(METRICS())", "PASS"),
        ("SUM([m1, m2])", "PASS"),
        ("MAX(METRICS())", "PASS"),
        ("m1 + m2", "FAIL alarm"),
        ("FILL(m1, 0) + FILL(m2, 0)", "PASS"),
        ("m1", "FAIL alarm"),
        ("AVG([FILL(m1,0), FILL(m2,0)])", "FAIL alarm"),
        ("SUM(METRICS()) * 2", "PASS"),
        ("IF(FILL(m1,0) > 0 OR FILL(m2,0) > 0, 1, 0)", "PASS"),
        ("ANOMALY_DETECTION_BAND(m1, 2)", "UNKNOWN alarm"),
        ("RUNNING_SUM(m1)", "UNKNOWN alarm"),
        ("FILL(m1, 1) + FILL(m2, 1)", "FAIL alarm"),
    ] {
        cases.case(expression, expected, |state| math(state, expression));
    }
    cases.case("plus with default values on both", "PASS", |state| {
        math(state, "m1 + m2");
        set(
            state,
            "/metric_filters/0/metricTransformations/0/defaultValue",
            json!(0),
        );
        set(
            state,
            "/metric_filters/1/metricTransformations/0/defaultValue",
            json!(0),
        );
    });
    cases.case(
        "plus over two filters that match the same events",
        "PASS",
        |state| {
            math(state, "m1 + m2");
            set(state, "/metric_filters/0/filterPattern", json!(PATTERN));
            set(state, "/metric_filters/1/filterPattern", json!(PATTERN));
        },
    );
    cases.case("a plain metric in the Metrics list", "PASS", |state| {
        math(state, "SUM(METRICS())");
        set(state, "/metric_filters", json!([filter("f", PATTERN, "one")]));
        set(state, "/alarms/0/Metrics", json!([
            {"Id": "m1", "MetricStat": {"Metric": {"Namespace": "CISBenchmark", "MetricName": "one", "Dimensions": []}, "Period": 300, "Stat": "Sum"}, "ReturnData": true}
        ]));
    });
    cases.case(
        "another account's metric of the same name",
        "FAIL alarm",
        |state| {
            math(state, "SUM(METRICS())");
            set(
                state,
                "/alarms/0/Metrics/0/AccountId",
                json!("999988887777"),
            );
            set(
                state,
                "/alarms/0/Metrics/1/AccountId",
                json!("999988887777"),
            );
        },
    );
    cases.done();
}

#[test]
fn several_alarms_and_several_filters() {
    let mut cases = Cases::default();
    let halves = |state: &mut Value| {
        set(
            state,
            "/metric_filters",
            json!([
                filter(
                    "one",
                    "{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) }",
                    "one"
                ),
                filter(
                    "two",
                    "{ ($.eventName = DeleteTrail) || ($.eventName = StartLogging) || ($.eventName = StopLogging) }",
                    "two"
                )
            ]),
        );
        set(
            state,
            "/alarms",
            json!([alarm("a", "one"), alarm("b", "two")]),
        );
    };
    cases.case("two filters with an alarm each", "PASS", halves);
    cases.case("two filters, one alarm off", "FAIL alarm", |state| {
        halves(state);
        set(state, "/alarms/1/ActionsEnabled", json!(false));
    });
    cases.case("two filters on one metric", "PASS", |state| {
        halves(state);
        set(
            state,
            "/metric_filters/1/metricTransformations/0/metricName",
            json!("one"),
        );
        remove(state, "/alarms/1");
    });
    cases.case("the alarm of another region", "FAIL alarm", |state| {
        set(
            state,
            "/alarms/0/AlarmArn",
            json!("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a"),
        );
    });
    cases.case("another namespace", "FAIL alarm", |state| {
        set(state, "/alarms/0/Namespace", json!("cisbenchmark"));
    });
    cases.case("another metric", "FAIL alarm", |state| {
        set(state, "/alarms/0/MetricName", json!("M"));
    });
    cases.case("a second alarm that works", "PASS", |state| {
        set(state, "/alarms/0/Threshold", json!(100.0));
        set(state, "/alarms/-", alarm("b", "m"));
    });
    cases.done();
}

#[test]
fn an_always_on_pattern_holds_its_alarm() {
    let mut cases = Cases::default();
    for pattern in [
        "",
        "{ $.eventName = * }",
        "{ $.eventName != HeadBucket }",
        "{ $.eventType != AwsServiceEvent }",
    ] {
        cases.case(&format!("{pattern:?}"), "FAIL alarm", |state| {
            set(state, "/metric_filters/0/filterPattern", json!(pattern));
        });
    }
    cases.case(
        "another always-on filter raises the same metric",
        "FAIL alarm",
        |state| {
            set(state, "/metric_filters/-", filter("noise", "", "m"));
        },
    );
    cases.case(
        "an always-on filter raises another metric",
        "PASS",
        |state| {
            set(state, "/metric_filters/-", filter("noise", "", "n"));
        },
    );
    cases.case(
        "an always-on filter of another group raises the same metric",
        "UNKNOWN alarm",
        |state| {
            let mut noise = filter("noise", "", "m");
            set(&mut noise, "/logGroupName", json!("app"));
            set(state, "/metric_filters/-", noise);
        },
    );
    cases.done();
}

/// Whoever may put an alarm could stop the watch with one that takes years to evaluate.
#[test]
fn expressions_that_name_each_other_hundreds_of_times_are_evaluated_once_each() {
    let mut state = super::support::sound();
    math(&mut state, "e2");
    let queries = state["alarms"][0]["Metrics"].as_array_mut().unwrap();
    for at in 2..10 {
        let next = format!("e{}", at + 1);
        queries.push(json!({"Id": format!("e{at}"), "Expression": vec![next; 300].join("+"), "ReturnData": false}));
    }
    queries.push(json!({"Id": "e10", "Expression": "SUM(METRICS())", "ReturnData": false}));
    assert_eq!(
        super::support::brief(&super::support::judge(&state)),
        "PASS"
    );
}

#[test]
fn expressions_that_name_each_other_in_a_circle_are_left_open() {
    let mut cases = Cases::default();
    cases.case("a circle", "UNKNOWN alarm", |state| {
        math(state, "e2 + SUM(METRICS())");
        let queries = state["alarms"][0]["Metrics"].as_array_mut().unwrap();
        queries.push(json!({"Id": "e2", "Expression": "e1", "ReturnData": false}));
    });
    cases.done();
}
