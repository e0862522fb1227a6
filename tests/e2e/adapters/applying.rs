//! Repairs bring back what was observed before.

use aws_sdk_cloudtrail::types as trail;
use aws_sdk_cloudwatch::types as watch;
use aws_sdk_cloudwatchlogs::types as logs;
use trailwarden::aws::{AccountApi, ApplyError, Class, ObserveScope, Remembered};
use trailwarden::heal::{LogDelivery, Repair};
use trailwarden::snapshot::{Alarm, EventSelectors, MetricFilter};

use super::super::Suite;
use super::super::common::aws::Account;
use super::{api, observe};

pub(super) fn add(suite: &mut Suite) {
    suite.test("apply: filters come back as they were", filters_come_back);
    suite.test("apply: alarms come back as they were", alarms_come_back);
    suite.test("apply: topic and subscription come back", topic_comes_back);
    suite.test(
        "apply: a trail logs, delivers and selects again",
        trail_comes_back,
    );
    suite.test("apply: a log group is made once", log_group_is_made_once);
    suite.test("apply: a refusal carries its code and class", refusals);
}

async fn apply(account: &Account, repair: Repair) {
    let api = api(account, ObserveScope::default()).await;
    let applied = api
        .apply(&repair)
        .await
        .unwrap_or_else(|error| panic!("{repair:?}: {error}"));
    assert!(applied.request_id.is_some(), "{repair:?}");
}

async fn filters_come_back(account: Account) {
    let seeded = &account.seeded;
    let rich = logs::MetricTransformation::builder()
        .metric_namespace("Rich")
        .metric_name("rich")
        .metric_value("$.size")
        .unit(logs::StandardUnit::Bytes)
        .dimensions("User", "$.userIdentity.arn")
        .build()
        .expect("complete");
    account
        .logs
        .put_metric_filter()
        .log_group_name(&seeded.log_group)
        .filter_name("rich")
        .filter_pattern("{ $.size = * }")
        .metric_transformations(rich)
        .send()
        .await
        .expect("the filter is made");
    let before = observe(&account)
        .await
        .metric_filters
        .expect("filters were seen");
    assert_eq!(before.len(), 2);
    for filter in &before {
        let delete = account
            .logs
            .delete_metric_filter()
            .log_group_name(&filter.log_group_name);
        delete
            .filter_name(&filter.filter_name)
            .send()
            .await
            .expect("deleted");
    }
    assert_eq!(observe(&account).await.metric_filters, Some(vec![]));
    for filter in &before {
        apply(
            &account,
            Repair::PutMetricFilter {
                filter: filter.clone(),
            },
        )
        .await;
        apply(
            &account,
            Repair::PutMetricFilter {
                filter: filter.clone(),
            },
        )
        .await;
    }
    let sorted = |mut filters: Vec<MetricFilter>| {
        filters.sort_by(|one, other| one.filter_name.cmp(&other.filter_name));
        filters
    };
    let after = observe(&account)
        .await
        .metric_filters
        .expect("filters were seen");
    assert_eq!(sorted(after), sorted(before));
}

async fn alarms_come_back(account: Account) {
    let stat = |id: &str, name: &str| {
        let metric = watch::Metric::builder()
            .namespace("CISBenchmark")
            .metric_name(name)
            .build();
        let stat = watch::MetricStat::builder()
            .metric(metric)
            .period(60)
            .stat("Sum")
            .build();
        watch::MetricDataQuery::builder()
            .id(id)
            .metric_stat(stat)
            .return_data(false)
            .build()
    };
    let sum = watch::MetricDataQuery::builder()
        .id("all")
        .expression("SUM(METRICS())")
        .label("all")
        .return_data(true)
        .build();
    account
        .cloudwatch
        .put_metric_alarm()
        .alarm_name("math")
        .alarm_description("several filters together")
        .metrics(stat("m1", "one"))
        .metrics(stat("m2", "two"))
        .metrics(sum)
        .evaluation_periods(3)
        .datapoints_to_alarm(1)
        .threshold(1.0)
        .comparison_operator(watch::ComparisonOperator::GreaterThanOrEqualToThreshold)
        .treat_missing_data("ignore")
        .alarm_actions(&account.seeded.topic_arn)
        .ok_actions(&account.seeded.topic_arn)
        .send()
        .await
        .expect("the alarm is made");
    let before = observe(&account).await.alarms.expect("alarms were seen");
    assert_eq!(before.len(), 2);
    for alarm in &before {
        let name = &alarm.alarm_name;
        account
            .cloudwatch
            .delete_alarms()
            .alarm_names(name)
            .send()
            .await
            .expect("deleted");
    }
    for alarm in &before {
        let repair = Repair::PutMetricAlarm {
            region: "us-east-1".to_owned(),
            alarm: Box::new(alarm.clone()),
        };
        apply(&account, repair).await;
    }
    let after = observe(&account).await.alarms.expect("alarms were seen");
    assert_eq!(settings(&after), settings(&before));

    let name = &account.seeded.alarm;
    account
        .cloudwatch
        .disable_alarm_actions()
        .alarm_names(name)
        .send()
        .await
        .expect("disabled");
    let enabled = async || {
        let alarms = observe(&account).await.alarms.expect("alarms were seen");
        let found = alarms.into_iter().find(|alarm| alarm.alarm_name == *name);
        found.expect("the alarm stands").actions_enabled
    };
    assert_eq!(enabled().await, Some(false));
    let repair = Repair::EnableAlarmActions {
        region: "us-east-1".to_owned(),
        alarm_name: name.clone(),
    };
    apply(&account, repair).await;
    assert_eq!(enabled().await, Some(true));
}

/// What a repair writes of alarms: not their state.
fn settings(alarms: &[Alarm]) -> Vec<Alarm> {
    let mut settings: Vec<Alarm> = alarms.iter().map(Alarm::without_state).collect();
    settings.sort_by(|one, other| one.alarm_name.cmp(&other.alarm_name));
    settings
}

async fn topic_comes_back(account: Account) {
    let seeded = &account.seeded;
    let before = observe(&account)
        .await
        .subscriptions
        .expect("subscriptions were seen");
    account
        .sns
        .delete_topic()
        .topic_arn(&seeded.topic_arn)
        .send()
        .await
        .expect("deleted");
    let name = seeded
        .topic_arn
        .rsplit(':')
        .next()
        .unwrap_or_default()
        .to_owned();
    for _ in 0..2 {
        let region = seeded.region.clone();
        apply(
            &account,
            Repair::CreateTopic {
                region,
                name: name.clone(),
            },
        )
        .await;
        let repair = Repair::Subscribe {
            topic_arn: seeded.topic_arn.clone(),
            protocol: before[0].protocol.clone(),
            endpoint: before[0].endpoint.clone(),
        };
        apply(&account, repair).await;
    }
    let seen = observe(&account).await;
    assert_eq!(seen.topics.map(|topics| topics.len()), Some(1));
    let after = seen.subscriptions.expect("subscriptions were seen");
    assert_eq!(after.len(), 1);
    assert_eq!(after[0].endpoint, before[0].endpoint);
}

async fn trail_comes_back(account: Account) {
    let arn = account.seeded.trail_arn.clone();
    let region = account.seeded.region.clone();
    let before = observe(&account).await;
    let trail_before = before.trails.as_ref().expect("trails were seen")[0].clone();

    account
        .cloudtrail
        .stop_logging()
        .name(&arn)
        .send()
        .await
        .expect("stopped");
    assert_eq!(
        observe(&account).await.trail_status[&arn].is_logging,
        Some(false)
    );
    let start = Repair::StartLogging {
        region: region.clone(),
        trail_arn: arn.clone(),
    };
    apply(&account, start.clone()).await;
    apply(&account, start).await;
    assert_eq!(
        observe(&account).await.trail_status[&arn].is_logging,
        Some(true)
    );

    account
        .cloudtrail
        .update_trail()
        .name(&arn)
        .is_multi_region_trail(false)
        .include_global_service_events(false)
        .cloud_watch_logs_log_group_arn("")
        .cloud_watch_logs_role_arn("")
        .send()
        .await
        .expect("cut");
    let cut = observe(&account).await.trails.expect("trails were seen")[0].clone();
    assert_eq!(
        (
            cut.is_multi_region_trail,
            cut.cloud_watch_logs_log_group_arn
        ),
        (false, None)
    );
    let repair = Repair::UpdateTrail {
        region: region.clone(),
        trail_arn: arn.clone(),
        multi_region: Some(true),
        delivery: Some(LogDelivery {
            log_group_arn: trail_before
                .cloud_watch_logs_log_group_arn
                .clone()
                .unwrap_or_default(),
            role_arn: trail_before
                .cloud_watch_logs_role_arn
                .clone()
                .unwrap_or_default(),
        }),
    };
    apply(&account, repair).await;
    assert_eq!(observe(&account).await.trails, Some(vec![trail_before]));

    for selectors in [basic_selectors(), advanced_selectors()] {
        account
            .cloudtrail
            .put_event_selectors()
            .trail_name(&arn)
            .event_selectors(
                trail::EventSelector::builder()
                    .include_management_events(false)
                    .build(),
            )
            .send()
            .await
            .expect("cut");
        assert_ne!(observe(&account).await.event_selectors[&arn], selectors);
        let repair = Repair::PutEventSelectors {
            region: region.clone(),
            trail_arn: arn.clone(),
            selectors: selectors.clone(),
        };
        apply(&account, repair).await;
        let seen = observe(&account)
            .await
            .event_selectors
            .remove(&arn)
            .expect("selectors");
        let filled = |seen: &EventSelectors| {
            (
                seen.event_selectors.clone().unwrap_or_default(),
                seen.advanced_event_selectors.clone().unwrap_or_default(),
            )
        };
        assert_eq!(filled(&seen), filled(&selectors));
    }
}

fn basic_selectors() -> EventSelectors {
    serde_json::from_value(serde_json::json!({"EventSelectors": [{
        "ReadWriteType": "WriteOnly",
        "IncludeManagementEvents": true,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
        "ExcludeManagementEventSources": ["kms.amazonaws.com"]
    }]}))
    .expect("selectors")
}

fn advanced_selectors() -> EventSelectors {
    serde_json::from_value(serde_json::json!({"AdvancedEventSelectors": [{
        "Name": "management",
        "FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Management"]},
            {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com", "rdsdata.amazonaws.com"]}
        ]
    }]}))
    .expect("selectors")
}

async fn log_group_is_made_once(account: Account) {
    let group = account.seeded.log_group.clone();
    account
        .logs
        .delete_log_group()
        .log_group_name(&group)
        .send()
        .await
        .expect("deleted");
    let api = api(&account, ObserveScope::default()).await;
    let repair = Repair::CreateLogGroup {
        region: account.seeded.region.clone(),
        name: group.clone(),
    };
    assert!(
        api.apply(&repair)
            .await
            .is_ok_and(|applied| applied.request_id.is_some())
    );
    assert!(
        api.apply(&repair).await.is_ok(),
        "it is there: that was wanted"
    );
    let seen = api
        .observe(&Remembered::default())
        .await
        .expect("the account is known");
    assert_eq!(seen.log_groups.len(), 1);
}

async fn refusals(account: Account) {
    let api = api(&account, ObserveScope::default()).await;
    let region = account.seeded.region.clone();
    let before = account.daemon_writes().len();

    let trail_arn = format!("{}-no", account.seeded.trail_arn);
    let gone = Repair::StartLogging {
        region: region.clone(),
        trail_arn: trail_arn.clone(),
    };
    let Err(ApplyError::Call(error)) = api.apply(&gone).await else {
        panic!("it was applied")
    };
    assert_eq!(
        (
            error.service,
            error.operation,
            error.scope.as_str(),
            error.code.as_str(),
            error.class
        ),
        (
            "cloudtrail",
            "StartLogging",
            trail_arn.as_str(),
            "TrailNotFoundException",
            Class::Gone
        )
    );

    let nowhere = Repair::CreateTopic {
        region: "us-east-1.evil.example/".to_owned(),
        name: "x".to_owned(),
    };
    let composite = Repair::PutMetricAlarm {
        region,
        alarm: Box::new(Alarm {
            alarm_type: Some("CompositeAlarm".to_owned()),
            ..Alarm::default()
        }),
    };
    for repair in [nowhere, composite] {
        let error = api.apply(&repair).await.unwrap_err();
        assert!(matches!(error, ApplyError::Unsayable { .. }), "{error}");
        assert_eq!(error.class(), Class::Bug);
    }
    assert_eq!(
        account.daemon_writes().len(),
        before + 1,
        "what cannot be said was not sent"
    );
}
