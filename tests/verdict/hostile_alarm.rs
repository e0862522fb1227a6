//! Alarms that look right and are not, and the other way round.

use serde_json::{Value, json};

use super::support::{
    Cases, PATTERN, TOPIC, alarm, codes, composite, filter, judge, math, remove, set, sound,
};

fn field(name: &'static str, value: Value) -> impl FnOnce(&mut Value) {
    move |state| set(state, &format!("/alarms/0/{name}"), value)
}

fn transformation(name: &'static str, value: Value) -> impl FnOnce(&mut Value) {
    move |state| {
        set(
            state,
            &format!("/metric_filters/0/metricTransformations/0/{name}"),
            value,
        );
    }
}

fn query(id: &str, metric: &str) -> Value {
    json!({"Id": id, "ReturnData": false, "MetricStat": {"Period": 300, "Stat": "Sum",
        "Metric": {"Namespace": "CISBenchmark", "MetricName": metric, "Dimensions": []}}})
}

fn expression(text: &str) -> Value {
    json!({"Id": "e", "Expression": text, "ReturnData": true})
}

#[test]
fn what_a_match_adds() {
    let mut cases = Cases::default();
    for (value, expected) in [
        ("1", "PASS"),
        ("1.0", "PASS"),
        ("1e0", "PASS"),
        (" 1 ", "PASS"),
        ("0.5", "FAIL metric"),
        ("0", "FAIL metric"),
        ("-1", "FAIL metric"),
        ("inf", "FAIL metric"),
        ("NaN", "FAIL metric"),
        ("$.x", "FAIL metric"),
        ("$.eventVersion", "UNKNOWN metric"),
    ] {
        cases.case(value, expected, transformation("metricValue", json!(value)));
    }
    cases.case("nothing, but samples are counted", "PASS", |state| {
        transformation("metricValue", json!("0"))(state);
        set(state, "/alarms/0/Statistic", json!("SampleCount"));
    });
    cases.case(
        "less than nothing, for an alarm that waits for it",
        "PASS",
        |state| {
            transformation("metricValue", json!("-1"))(state);
            set(
                state,
                "/alarms/0/ComparisonOperator",
                json!("LessThanThreshold"),
            );
            set(state, "/alarms/0/Threshold", json!(0.0));
        },
    );
    cases.done();
}

#[test]
fn thresholds_between_and_below() {
    let mut cases = Cases::default();
    for (operator, threshold, default, expected) in [
        ("GreaterThanOrEqualToThreshold", 1.5, None, "FAIL alarm"),
        ("GreaterThanOrEqualToThreshold", -1.0, None, "PASS"),
        (
            "GreaterThanOrEqualToThreshold",
            -1.0,
            Some(0.0),
            "FAIL alarm",
        ),
        ("GreaterThanThreshold", -1.0, Some(0.0), "FAIL alarm"),
        ("GreaterThanThreshold", 0.0, Some(0.0), "PASS"),
        ("GreaterThanThreshold", 0.999, Some(0.0), "PASS"),
        ("LessThanThreshold", 1.0, Some(0.0), "FAIL alarm"),
        ("LessThanThreshold", 2.0, None, "PASS"),
        ("LessThanThreshold", 2.0, Some(0.0), "FAIL alarm"),
        ("LessThanOrEqualToThreshold", 1.0, Some(5.0), "FAIL alarm"),
        ("GreaterThanUpperThreshold", 1.0, None, "UNKNOWN alarm"),
        ("NoSuchOperator", 1.0, None, "UNKNOWN alarm"),
    ] {
        cases.case(
            &format!("{operator} {threshold} {default:?}"),
            expected,
            |state| {
                set(state, "/alarms/0/ComparisonOperator", json!(operator));
                set(state, "/alarms/0/Threshold", json!(threshold));
                if let Some(default) = default {
                    transformation("defaultValue", json!(default))(state);
                }
            },
        );
    }
    cases.case("without a threshold", "UNKNOWN alarm", |state| {
        remove(state, "/alarms/0/Threshold");
    });
    cases.done();
}

#[test]
fn statistics_and_periods() {
    let mut cases = Cases::default();
    for (statistic, default, expected) in [
        ("p99", None, "PASS"),
        ("p100", Some(0.0), "PASS"),
        ("p50", Some(0.0), "FAIL alarm"),
        ("TM(10%:90%)", None, "PASS"),
        ("IQM", None, "UNKNOWN alarm"),
        ("TC(0:10)", None, "UNKNOWN alarm"),
    ] {
        cases.case(&format!("{statistic} {default:?}"), expected, |state| {
            remove(state, "/alarms/0/Statistic");
            set(state, "/alarms/0/ExtendedStatistic", json!(statistic));
            if let Some(default) = default {
                transformation("defaultValue", json!(default))(state);
            }
        });
    }
    for (period, expected) in [(10, "PASS"), (30, "PASS"), (60, "PASS"), (86400, "PASS")] {
        cases.case(
            &format!("{period} s"),
            expected,
            field("Period", json!(period)),
        );
    }
    cases.case(
        "a day in which the default dilutes",
        "FAIL alarm",
        |state| {
            field("Period", json!(86400))(state);
            field("Statistic", json!("Average"))(state);
            transformation("defaultValue", json!(0))(state);
        },
    );
    cases.done();
    let mut state = sound();
    field("Period", json!(10))(&mut state);
    assert_eq!(codes(&judge(&state)), ["sub_minute_period"]);
}

#[test]
fn an_alarm_that_cloudwatch_does_not_evaluate() {
    let mut cases = Cases::default();
    cases.case(
        "an error",
        "UNKNOWN alarm",
        field("EvaluationState", json!("EVALUATION_ERROR")),
    );
    cases.case(
        "partial data",
        "PASS",
        field("EvaluationState", json!("PARTIAL_DATA")),
    );
    for (state_name, put, expected) in [
        ("INSUFFICIENT_DATA", "2026-11-23T00:00:00Z", "UNKNOWN alarm"),
        ("INSUFFICIENT_DATA", "2026-11-22T00:00:00Z", "PASS"),
        ("OK", "2026-11-23T00:00:00Z", "PASS"),
    ] {
        cases.case(
            &format!("warming up, {state_name} since {put}"),
            expected,
            |state| {
                set(
                    state,
                    "/alarms/0/WarmUpConfiguration",
                    json!({"WarmUpPeriodDurationInMinutes": 60}),
                );
                set(
                    state,
                    "/alarms/0/AlarmConfigurationUpdatedTimestamp",
                    json!(put),
                );
                set(state, "/alarms/0/StateValue", json!(state_name));
            },
        );
    }
    cases.case(
        "a window by the clock",
        "PASS",
        field(
            "EvaluationWindow",
            json!({"WallClockWindow": {"Timezone": "UTC"}}),
        ),
    );
    cases.case(
        "a window of the future",
        "UNKNOWN alarm",
        field("EvaluationWindow", json!({"Lunar": {}})),
    );
    cases.done();
}

#[test]
fn math_that_people_write() {
    let mut cases = Cases::default();
    let two = |state: &mut Value, text: &str| {
        math(
            state,
            json!([query("m1", "m"), query("m2", "other"), expression(text)]),
        );
    };
    for (text, expected) in [
        ("m1 * 0", "FAIL alarm"),
        ("m1 + m2", "FAIL alarm"),
        ("m1 + FILL(m2, 0)", "UNKNOWN alarm"),
        ("FILL(METRICS(), 0)", "UNKNOWN alarm"),
        ("SUM(FILL(METRICS(), 0))", "UNKNOWN alarm"),
        ("MAX([m1, m2])", "UNKNOWN alarm"),
        ("MIN([m1, m2])", "UNKNOWN alarm"),
        ("MIN([FILL(m1, 0), FILL(m2, 0)])", "FAIL alarm"),
        ("IF(FILL(m1, 0) >= 1, 1, 0)", "PASS"),
        ("IF(FILL(m1, 0) >= 2, 1, 0)", "FAIL alarm"),
        ("IF(m1 > 0, 1, 0)", "UNKNOWN alarm"),
        ("RATE(m1)", "UNKNOWN alarm"),
        ("m1 / m1", "PASS"),
        ("m1 / 0", "FAIL alarm"),
        ("-m1", "FAIL alarm"),
        ("m9", "UNKNOWN alarm"),
        ("m1 +", "UNKNOWN alarm"),
    ] {
        cases.case(text, expected, |state| two(state, text));
    }
    cases.case("two queries that return data", "UNKNOWN alarm", |state| {
        two(state, "m1");
        set(state, "/alarms/0/Metrics/0/ReturnData", json!(true));
    });
    cases.case("expressions in a circle", "UNKNOWN alarm", |state| {
        math(state, json!([query("m1", "m"), {"Id": "x", "Expression": "e + m1", "ReturnData": false}, expression("x + m1")]));
    });
    for (account, expected) in [("111122223333", "PASS"), ("999988887777", "FAIL alarm")] {
        cases.case(
            &format!("the metric of account {account}"),
            expected,
            |state| {
                math(
                    state,
                    json!([query("m1", "m"), expression("SUM(METRICS())")]),
                );
                set(state, "/alarms/0/Metrics/0/AccountId", json!(account));
            },
        );
    }
    cases.case(
        "both accounts' metrics of that name",
        "UNKNOWN alarm",
        |state| {
            math(
                state,
                json!([
                    query("m1", "m"),
                    query("m2", "m"),
                    expression("SUM(METRICS())")
                ]),
            );
            set(
                state,
                "/alarms/0/Metrics/1/AccountId",
                json!("999988887777"),
            );
        },
    );
    for (text, expected) in [
        ("SELECT SUM(\"m\") FROM \"CISBenchmark\"", "UNKNOWN alarm"),
        ("SELECT SUM(\"other\") FROM \"CISBenchmark\"", "FAIL alarm"),
        (
            "SUM(SEARCH('{CISBenchmark} MetricName=\"m\"', 'Sum', 300))",
            "UNKNOWN alarm",
        ),
    ] {
        cases.case(text, expected, |state| {
            math(state, json!([expression(text)]));
        });
    }
    cases.case("a query in PromQL", "UNKNOWN alarm", |state| {
        math(state, json!([]));
        set(
            state,
            "/alarms/0/EvaluationCriteria",
            json!({"PromQLCriteria": {"Query": "{\"m\"} > 0"}}),
        );
    });
    cases.case("a band in the metrics", "UNKNOWN alarm", |state| {
        math(state, json!([query("m1", "m"), {"Id": "b", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "ReturnData": true}]));
        set(state, "/alarms/0/Metrics/0/ReturnData", json!(true));
        set(state, "/alarms/0/ThresholdMetricId", json!("b"));
    });
    cases.done();
}

#[test]
fn rules_of_composite_alarms() {
    let mut cases = Cases::default();
    let under = |state: &mut Value, rule: &str| {
        set(state, "/alarms/0/AlarmActions", json!([]));
        set(state, "/alarms/-", composite("comp", rule));
    };
    for (rule, expected) in [
        ("ALARM(a) OR FALSE", "PASS"),
        ("ALARM(a) AND TRUE", "PASS"),
        ("ALARM(a) OR TRUE", "FAIL alarm"),
        ("ALARM(a) AND FALSE", "FAIL alarm"),
        ("NOT (NOT ALARM(a))", "PASS"),
        ("NOT ALARM(a)", "FAIL alarm"),
        ("ALARM(a) AND NOT ALARM(gone)", "UNKNOWN alarm"),
        ("(ALARM(a) OR ALARM(gone)) AND FALSE", "FAIL alarm"),
        ("AT_LEAST(1, ALARM, (a))", "PASS"),
        ("AT_LEAST(2, ALARM, (a, a))", "PASS"),
    ] {
        cases.case(rule, expected, |state| under(state, rule));
    }
    cases.case("a composite of another region", "FAIL action", |state| {
        under(state, "ALARM(a)");
        set(
            state,
            "/alarms/1/AlarmArn",
            json!("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:comp"),
        );
    });
    cases.case("three levels", "PASS", |state| {
        under(state, "ALARM(a)");
        set(state, "/alarms/1/AlarmActions", json!([]));
        set(state, "/alarms/-", composite("mid", "ALARM(comp)"));
        set(state, "/alarms/2/AlarmActions", json!([]));
        set(state, "/alarms/-", composite("top", "ALARM(mid)"));
    });
    cases.case("a suppressor that is gone", "UNKNOWN alarm", |state| {
        under(state, "ALARM(a)");
        set(state, "/alarms/1/ActionsSuppressor", json!("gone"));
    });
    cases.case("a suppressor by ARN", "FAIL alarm", |state| {
        under(state, "ALARM(a)");
        let mut quiet = alarm("quiet", "q");
        set(&mut quiet, "/StateValue", json!("ALARM"));
        set(
            state,
            "/alarms/1/ActionsSuppressor",
            quiet["AlarmArn"].clone(),
        );
        set(state, "/alarms/-", quiet);
    });
    cases.case("the child as its own suppressor", "FAIL alarm", |state| {
        under(state, "ALARM(a)");
        set(state, "/alarms/1/ActionsSuppressor", json!("a"));
    });
    cases.case("silent composite, loud child that is muted", "FAIL alarm", |state| {
        set(state, "/alarms/-", composite("comp", "ALARM(a)"));
        set(state, "/alarms/1/AlarmActions", json!([]));
        set(state, "/alarm_mute_rules", json!([{"Name": "r", "Targets": ["a"], "Schedule": "at(2026-11-23T00:00:00)", "Duration": "PT4H"}]));
    });
    cases.done();
}

#[test]
fn kinds_of_actions() {
    let mut cases = Cases::default();
    for action in [
        "arn:aws:lambda:us-east-1:111122223333:function:f",
        "arn:aws:automate:us-east-1:ec2:stop",
        "arn:aws:ssm:us-east-1:111122223333:opsitem:1",
        "arn:aws:ssm-incidents::111122223333:response-plan/p",
        "arn:aws:autoscaling:us-east-1:111122223333:scalingPolicy:1",
        "arn:aws:sns:us-east-1:111122223333:t:1-2-3",
        "",
    ] {
        cases.case(
            action,
            "FAIL action",
            field("AlarmActions", json!([action])),
        );
    }
    cases.case(
        "the topic for INSUFFICIENT_DATA only",
        "FAIL action",
        |state| {
            set(state, "/alarms/0/AlarmActions", json!([]));
            set(state, "/alarms/0/InsufficientDataActions", json!([TOPIC]));
        },
    );
    cases.case("switched off, with a working sister", "PASS", |state| {
        set(state, "/alarms/0/ActionsEnabled", json!(false));
        set(state, "/alarms/-", alarm("b", "m"));
    });
    cases.case("ActionsEnabled is true by default", "PASS", |state| {
        remove(state, "/alarms/0/ActionsEnabled");
    });
    cases.case(
        "the metric of another filter, whose group no trail feeds",
        "FAIL pattern",
        |state| {
            set(state, "/metric_filters", json!([filter("f", PATTERN, "m")]));
            set(state, "/metric_filters/0/logGroupName", json!("app"));
        },
    );
    cases.done();
}
