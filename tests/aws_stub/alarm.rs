//! An alarm that is put is the alarm that is seen: nothing that somebody set is lost on the way.

use trailwarden::aws::{AccountApi, Remembered};
use trailwarden::heal::Repair;
use trailwarden::snapshot::{
    ActionConfiguration, Alarm, AlarmTagsPropagation, Dimension, EvaluationCriteria,
    EvaluationWindow, Metric, MetricDataQuery, MetricStat, PromQlCriteria, SlidingWindow,
    WallClockWindow, WarmUpConfiguration,
};

use super::scope;
use super::stub::{Answer, Notes, Stub, cbor};

fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).into()
}

/// An alarm on one metric with every attribute that PutMetricAlarm takes, none of them its default. Written out in full, so
/// that an attribute that is added is missed here.
fn plain() -> Alarm {
    Alarm {
        alarm_arn: String::new(),
        alarm_name: "a".to_owned(),
        alarm_type: None,
        alarm_description: Some("for people".to_owned()),
        actions_enabled: Some(false),
        alarm_actions: texts(["arn:aws:sns:us-east-1:012345678901:alarm"]),
        ok_actions: texts(["arn:aws:sns:us-east-1:012345678901:ok"]),
        insufficient_data_actions: texts(["arn:aws:sns:us-east-1:012345678901:none"]),
        metric_name: Some("m".to_owned()),
        namespace: Some("N".to_owned()),
        statistic: Some("SampleCount".to_owned()),
        extended_statistic: None,
        dimensions: vec![Dimension {
            name: "d".to_owned(),
            value: "v".to_owned(),
        }],
        period: Some(60),
        unit: Some("Count".to_owned()),
        evaluation_periods: Some(3),
        datapoints_to_alarm: Some(2),
        threshold: Some(1.5),
        comparison_operator: Some("GreaterThanThreshold".to_owned()),
        treat_missing_data: Some("ignore".to_owned()),
        evaluate_low_sample_count_percentile: Some("ignore".to_owned()),
        metrics: Vec::new(),
        threshold_metric_id: None,
        evaluation_window: Some(EvaluationWindow::WallClock {
            wall_clock_window: WallClockWindow {
                timezone: Some("Europe/Berlin".to_owned()),
            },
        }),
        warm_up_configuration: Some(WarmUpConfiguration {
            warm_up_period_duration_in_minutes: Some(5),
            only_start_evaluating_after_warm_up_period_ends: Some(true),
        }),
        evaluation_criteria: None,
        evaluation_interval: None,
        action_configuration: Some(ActionConfiguration {
            alarm_tags_propagation: Some(AlarmTagsPropagation {
                enabled: Some(true),
                included_tag_keys: texts(["team"]),
                excluded_tag_keys: texts(["cost"]),
            }),
        }),
        evaluation_state: None,
        alarm_configuration_updated_timestamp: None,
        state_value: None,
        state_reason: None,
        state_updated_timestamp: None,
        state_transitioned_timestamp: None,
        alarm_rule: None,
        actions_suppressor: None,
        actions_suppressor_wait_period: None,
        actions_suppressor_extension_period: None,
        actions_suppressed_by: None,
    }
}

/// An alarm on metric math with a band, in place of a metric.
fn math() -> Alarm {
    let metric = MetricDataQuery {
        id: "m1".to_owned(),
        metric_stat: Some(MetricStat {
            metric: Metric {
                namespace: Some("N".to_owned()),
                metric_name: Some("m".to_owned()),
                dimensions: plain().dimensions,
            },
            period: Some(60),
            stat: "p99".to_owned(),
            unit: Some("Count".to_owned()),
        }),
        expression: None,
        label: Some("label".to_owned()),
        return_data: Some(true),
        period: None,
        account_id: Some("999988887777".to_owned()),
    };
    let band = MetricDataQuery {
        id: "b".to_owned(),
        expression: Some("ANOMALY_DETECTION_BAND(m1, 2)".to_owned()),
        return_data: Some(false),
        period: Some(60),
        ..MetricDataQuery::default()
    };
    Alarm {
        metric_name: None,
        namespace: None,
        statistic: None,
        dimensions: Vec::new(),
        period: None,
        unit: None,
        threshold: None,
        metrics: vec![metric, band],
        threshold_metric_id: Some("b".to_owned()),
        evaluation_window: Some(EvaluationWindow::Sliding {
            sliding_window: SlidingWindow {},
        }),
        ..plain()
    }
}

/// An alarm on a query.
fn query() -> Alarm {
    Alarm {
        alarm_name: "q".to_owned(),
        actions_enabled: Some(true),
        evaluation_criteria: Some(EvaluationCriteria::PromQl {
            criteria: PromQlCriteria {
                query: "up == 0".to_owned(),
                pending_period: Some(60),
                recovery_period: Some(120),
            },
        }),
        evaluation_interval: Some(30),
        ..Alarm::default()
    }
}

/// What is seen of an account whose one alarm is what was last put.
async fn seen_after_put(alarm: &Alarm) -> Vec<Alarm> {
    let stored = std::sync::Mutex::new(Vec::new());
    let stub = Stub::new(move |seen, _| match seen.operation.as_str() {
        "PutMetricAlarm" => {
            stored.lock().expect("the alarm").clone_from(&seen.bytes);
            Answer::Empty
        }
        // PutMetricAlarm takes what DescribeAlarms prints, under the same names.
        "DescribeAlarms" => Answer::Body(cbor::map([(
            "MetricAlarms",
            cbor::list([stored.lock().expect("the alarm").clone()]),
        )])),
        _ => Answer::Empty,
    });
    let aws = stub.aws(&Notes::default()).await;
    let api = aws.account(scope(), None).await.expect("a sound scope");
    let repair = Repair::PutMetricAlarm {
        region: "us-east-1".to_owned(),
        alarm: Box::new(alarm.clone()),
    };
    api.apply(&repair).await.expect("it is put");
    let seen = api
        .observe(&Remembered::default())
        .await
        .expect("the account is known");
    seen.alarms.unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_is_put_is_seen_as_it_was_said() {
    let extended = Alarm {
        statistic: None,
        extended_statistic: Some("tm90".to_owned()),
        ..plain()
    };
    for alarm in [plain(), extended, math(), query()] {
        assert_eq!(seen_after_put(&alarm).await, std::slice::from_ref(&alarm));
        // A snapshot on disk keeps it too.
        let text = serde_json::to_string(&alarm).expect("JSON");
        assert_eq!(
            serde_json::from_str::<Alarm>(&text).expect("an alarm"),
            alarm,
            "{text}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_understood_is_not_put() {
    let stub = Stub::new(|_, _| Answer::Empty);
    let aws = stub.aws(&Notes::default()).await;
    let api = aws.account(scope(), None).await.expect("a sound scope");
    for text in [
        r#"{"AlarmArn":"","AlarmName":"a","EvaluationWindow":{"LunarWindow":{"Phase":"full"}}}"#,
        r#"{"AlarmArn":"","AlarmName":"a","EvaluationCriteria":{"Oracle":{"Query":"?"}}}"#,
    ] {
        let alarm: Alarm = serde_json::from_str(text).expect("a snapshot may hold it");
        let repair = Repair::PutMetricAlarm {
            region: "us-east-1".to_owned(),
            alarm: Box::new(alarm),
        };
        let error = api.apply(&repair).await.expect_err("it would be lost");
        assert!(error.to_string().contains("not known here"), "{error}");
    }
    assert_eq!(stub.count("PutMetricAlarm"), 0);
}
