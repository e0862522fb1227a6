use super::*;
use crate::heal::LogDelivery;
use crate::heal::fixture::{QUEUE, REGION, TOPIC, TRAIL, whole};
use crate::snapshot::EventSelectors;

/// A change that somebody may make between plan and write.
type Change = (&'static str, fn(&mut Snapshot));

fn repairs() -> Vec<(&'static str, Repair)> {
    let account = whole();
    let region = || REGION.to_owned();
    let trail_arn = || TRAIL.to_owned();
    vec![
        (
            "filter",
            Repair::PutMetricFilter {
                filter: account.metric_filters.as_ref().unwrap()[0].clone(),
            },
        ),
        (
            "alarm",
            Repair::PutMetricAlarm {
                region: region(),
                alarm: Box::new(account.alarms.as_ref().unwrap()[0].clone()),
            },
        ),
        (
            "alarm",
            Repair::EnableAlarmActions {
                region: region(),
                alarm_name: "cloudtrail-touched".to_owned(),
            },
        ),
        (
            "topic",
            Repair::CreateTopic {
                region: region(),
                name: "cis-alarms".to_owned(),
            },
        ),
        (
            "subscription",
            Repair::Subscribe {
                topic_arn: TOPIC.to_owned(),
                protocol: "sqs".to_owned(),
                endpoint: QUEUE.to_owned(),
            },
        ),
        (
            "logging",
            Repair::StartLogging {
                region: region(),
                trail_arn: trail_arn(),
            },
        ),
        (
            "trail",
            Repair::UpdateTrail {
                region: region(),
                trail_arn: trail_arn(),
                multi_region: None,
                delivery: Some(LogDelivery {
                    log_group_arn: String::new(),
                    role_arn: String::new(),
                }),
            },
        ),
        (
            "selectors",
            Repair::PutEventSelectors {
                region: region(),
                trail_arn: trail_arn(),
                selectors: EventSelectors::default(),
            },
        ),
        (
            "group",
            Repair::CreateLogGroup {
                region: region(),
                name: "ct".to_owned(),
            },
        ),
    ]
}

fn changes() -> Vec<Change> {
    vec![
        ("filter", |account| {
            account.metric_filters.as_mut().unwrap()[0].filter_pattern = None;
        }),
        ("filter", |account| account.metric_filters = None),
        ("alarm", |account| {
            account.alarms.as_mut().unwrap()[0].threshold = Some(2.0);
        }),
        ("alarm", |account| {
            account.alarms.as_mut().unwrap().remove(0);
        }),
        ("subscription", |account| {
            account.subscriptions.as_mut().unwrap().remove(0);
        }),
        ("logging", |account| {
            account.trail_status.get_mut(TRAIL).unwrap().is_logging = Some(false);
        }),
        ("selectors", |account| {
            account.event_selectors.clear();
        }),
    ]
}

#[test]
fn only_a_change_of_the_target_itself_drops_the_repair() {
    for (changed, change) in changes() {
        let mut fresh = whole();
        change(&mut fresh);
        for (target, repair) in repairs() {
            assert_eq!(
                unchanged(&whole(), &fresh, &repair),
                target != changed,
                "{changed} changed, repair of {target}"
            );
        }
    }
}

#[test]
fn what_aws_writes_by_itself_is_no_change() {
    let mut fresh = whole();
    let alarm = &mut fresh.alarms.as_mut().unwrap()[0];
    alarm.state_value = Some("ALARM".to_owned());
    alarm.actions_enabled = None;
    fresh.topics.as_mut().unwrap()[0]
        .attributes
        .subscriptions_pending = Some("7".to_owned());
    let status = fresh.trail_status.get_mut(TRAIL).unwrap();
    status.latest_cloud_watch_logs_delivery_time = None;
    for (_, repair) in repairs() {
        assert!(unchanged(&whole(), &fresh, &repair), "{repair:?}");
    }
}

#[test]
fn a_topic_or_trail_or_group_that_went_drops_what_rests_on_it() {
    let dropped = |change: fn(&mut Snapshot)| {
        let mut fresh = whole();
        change(&mut fresh);
        let mut dropped: Vec<&str> = repairs()
            .into_iter()
            .filter(|(_, repair)| !unchanged(&whole(), &fresh, repair))
            .map(|(target, _)| target)
            .collect();
        dropped.dedup();
        dropped
    };
    assert_eq!(
        dropped(|account| {
            account.topics.as_mut().unwrap().remove(0);
        }),
        ["topic", "subscription"]
    );
    assert_eq!(
        dropped(|account| account.trails.as_mut().unwrap().clear()),
        ["logging", "trail", "selectors", "group"]
    );
    assert_eq!(
        dropped(|account| {
            account.log_groups.remove(0);
            account.metric_filters.as_mut().unwrap().remove(0);
        }),
        ["filter", "group"]
    );
}

#[test]
fn a_new_hole_in_the_view_of_the_service_drops_the_repair() {
    let mut fresh = whole();
    fresh.api_errors.insert(
        "logs:DescribeMetricFilters us-east-1".to_owned(),
        "AccessDenied".to_owned(),
    );
    for (target, repair) in repairs() {
        let of_logs = matches!(target, "filter" | "group");
        assert_eq!(unchanged(&whole(), &fresh, &repair), !of_logs, "{target}");
        assert!(unchanged(&fresh, &fresh, &repair), "{target}");
    }
}

#[test]
fn another_account_is_never_written_to() {
    let mut fresh = whole();
    fresh.account_id = "000000000000".parse().unwrap();
    for (_, repair) in repairs() {
        assert!(!unchanged(&whole(), &fresh, &repair));
    }
}
