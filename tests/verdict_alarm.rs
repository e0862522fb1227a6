//! Would one data point in one period trip the alarm, and would the alarm act?

mod verdict_support;

use serde_json::{Value, json};
use verdict_support::{Cases, PATTERN, TOPIC, alarm, composite, filter, judge, remove, set, sound};

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
    let codes: Vec<_> = judge(&state).warnings.iter().map(|one| one.code).collect();
    assert_eq!(codes, ["will_latch"]);
}

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

fn under(state: &mut Value, rule: &str) {
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
        ("nonsense ALARM(a)", "OK", "FAIL action"),
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
    cases.case("in a circle", "FAIL alarm", |state| {
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
fn mute_rules_silence_their_targets_while_active() {
    let mut cases = Cases::default();
    let mute =
        |rule: Value| move |state: &mut Value| set(state, "/alarm_mute_rules", json!([rule]));
    for (name, expected, rule) in [
        (
            "active",
            "FAIL alarm",
            json!({"Name":"r","Targets":["a"],"Schedule":"at(2026-11-23T00:00:00)","Duration":"PT4H","Status":"ACTIVE"}),
        ),
        (
            "over",
            "PASS",
            json!({"Name":"r","Targets":["a"],"Schedule":"at(2026-11-22T00:00:00)","Duration":"PT4H","Status":"EXPIRED"}),
        ),
        (
            "to come",
            "PASS",
            json!({"Name":"r","Targets":["a"],"Schedule":"at(2026-11-24T00:00:00)","Duration":"PT4H","Status":"SCHEDULED"}),
        ),
        (
            "another target",
            "PASS",
            json!({"Name":"r","Targets":["other"],"Schedule":"at(2026-11-23T00:00:00)","Duration":"PT4H","Status":"ACTIVE"}),
        ),
        (
            "the API's form",
            "FAIL alarm",
            json!({"Name":"r","Status":"ACTIVE","Rule":{"Schedule":{"Expression":"cron(0 0 * * *)","Duration":"PT1H"}},"MuteTargets":{"AlarmNames":["a"]}}),
        ),
        (
            "the API's form, between windows",
            "PASS",
            json!({"Name":"r","Status":"SCHEDULED","Rule":{"Schedule":{"Expression":"cron(0 3 * * *)","Duration":"PT1H"}},"MuteTargets":{"AlarmNames":["a"]}}),
        ),
        (
            "another region",
            "PASS",
            json!({"Name":"r","AlarmMuteRuleArn":"arn:aws:cloudwatch:eu-west-1:111122223333:alarm-mute-rule:r","Status":"ACTIVE","Rule":{"Schedule":{"Expression":"cron(0 0 * * *)","Duration":"PT1H"}},"MuteTargets":{"AlarmNames":["a"]}}),
        ),
        (
            "expired by its date",
            "PASS",
            json!({"Name":"r","ExpireDate":"2026-11-01T00:00:00Z","Rule":{"Schedule":{"Expression":"cron(0 0 * * *)","Duration":"PT1H"}},"MuteTargets":{"AlarmNames":["a"]}}),
        ),
    ] {
        cases.case(name, expected, mute(rule));
    }
    cases.case("a muted child under a composite alarm", "PASS", |state| {
        under(state, "ALARM(\"a\")");
        set(state, "/alarm_mute_rules", json!([{"Name":"r","Targets":["a"],"Schedule":"at(2026-11-23T00:00:00)","Duration":"PT4H"}]));
    });
    cases.case("a muted composite alarm", "FAIL alarm", |state| {
        under(state, "ALARM(\"a\")");
        set(state, "/alarm_mute_rules", json!([{"Name":"r","Targets":["comp"],"Schedule":"at(2026-11-23T00:00:00)","Duration":"PT4H"}]));
    });
    cases.done();
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
