//! Each break, and what its plan is.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;
use trailwarden::assess::{Link, Verdict};
use trailwarden::control::Benchmark;
use trailwarden::heal::{ExpectedSubscription, HealPolicy, LogDelivery, Plan, Repair, StepAction};
use trailwarden::snapshot::{EventSelector, EventSelectors, MetricFilter, Snapshot, TrailStatus};

use crate::account::{
    Cut, QUEUE, TOPIC, TRAIL, alarm, control, cut, every_link, filter, judged, known_good, planned,
    policy, quiet, whole,
};
use crate::laws::{asks, carried_out, show};

fn single(cut_made: Cut, links: BTreeSet<Link>) -> (Plan, Verdict) {
    let policy = policy(links);
    let start = cut(&[cut_made]);
    let found = planned(&start, Some(&known_good()), &policy);
    let end = carried_out(&start, &found, control(), &policy);
    (found, judged(&end, &policy).verdict)
}

#[test]
fn each_break_alone_is_one_repair() {
    for cut_made in Cut::ALL {
        let (found, verdict) = single(cut_made, every_link());
        let steps = if cut_made == Cut::DeleteTopic || cut_made == Cut::DeleteGroup {
            2
        } else {
            1
        };
        assert_eq!(verdict, Verdict::Pass, "{cut_made:?}\n{}", show(&found));
        assert_eq!(
            (found.steps.len(), asks(&found)),
            (steps, 0),
            "{cut_made:?}\n{}",
            show(&found)
        );
    }
}

#[test]
fn the_source_is_mended_only_when_named_and_else_asked_for() {
    for cut_made in Cut::ALL {
        let (found, verdict) = single(cut_made, HealPolicy::default().links);
        // Where the trail was turned to another group, a right filter on that one needs no more than the default links.
        let mended = cut_made.needs().is_none() || cut_made == Cut::OtherGroup;
        assert_eq!(
            verdict == Verdict::Pass,
            mended,
            "{cut_made:?}\n{}",
            show(&found)
        );
        assert_eq!(asks(&found) > 0, !mended, "{cut_made:?}\n{}", show(&found));
        if !mended {
            assert_eq!(found.repairs().count(), 0, "{cut_made:?}\n{}", show(&found));
        }
    }
}

#[test]
fn a_stopped_trail_is_asked_for_with_the_exact_command() {
    let (found, _) = single(Cut::StopTrail, HealPolicy::default().links);
    let StepAction::Ask { command, .. } = &found.steps[0].action else {
        panic!("not asked")
    };
    assert_eq!(
        command,
        &format!("aws cloudtrail start-logging --region us-east-1 --name {TRAIL}")
    );
}

#[test]
fn the_log_group_comes_back_with_its_role() {
    let (found, _) = single(Cut::NoGroupArn, every_link());
    assert_eq!(
        found
            .repairs()
            .map(|(_, repair)| repair)
            .collect::<Vec<_>>(),
        [&Repair::UpdateTrail {
            region: "us-east-1".to_owned(),
            trail_arn: TRAIL.to_owned(),
            multi_region: None,
            delivery: Some(LogDelivery {
                log_group_arn: "arn:aws:logs:us-east-1:111122223333:log-group:ct:*".to_owned(),
                role_arn: "arn:aws:iam::111122223333:role/ct".to_owned(),
            }),
        }]
    );
}

#[test]
fn a_deleted_trail_is_always_asked_for() {
    for links in [every_link(), HealPolicy::default().links] {
        let policy = policy(links);
        let start = cut(&[Cut::DeleteTrail]);
        for known in [Some(known_good()), None] {
            let found = planned(&start, known.as_ref(), &policy);
            assert_eq!(
                (found.repairs().count(), asks(&found)),
                (0, 1),
                "{}",
                show(&found)
            );
        }
    }
}

#[test]
fn what_lies_behind_a_deleted_trail_is_mended_all_the_same() {
    let policy = policy(every_link());
    let start = cut(&[Cut::DeleteAlarm, Cut::DeleteTopic, Cut::DeleteTrail]);
    let found = planned(&start, Some(&known_good()), &policy);
    let kinds: Vec<&str> = found
        .repairs()
        .map(|(_, repair)| repair.kind().operation())
        .collect();
    assert_eq!(
        kinds,
        ["PutMetricAlarm", "CreateTopic", "Subscribe"],
        "{}",
        show(&found)
    );
    assert_eq!(asks(&found), 1);
}

#[test]
fn a_log_group_is_not_made_for_a_trail_that_is_gone() {
    let policy = policy(every_link());
    let start = cut(&[Cut::DeleteGroup, Cut::DeleteTrail]);
    let found = planned(&start, Some(&known_good()), &policy);
    assert_eq!(
        (found.repairs().count(), asks(&found)),
        (0, 3),
        "{}",
        show(&found)
    );
}

#[test]
fn everything_at_once_is_mended_in_order() {
    let policy = policy(every_link());
    let start = cut(&[Cut::DeleteGroup, Cut::DeleteAlarm, Cut::DeleteTopic]);
    let found = planned(&start, Some(&known_good()), &policy);
    let kinds: Vec<&str> = found
        .repairs()
        .map(|(_, repair)| repair.kind().operation())
        .collect();
    assert_eq!(
        kinds,
        [
            "CreateLogGroup",
            "PutMetricFilter",
            "PutMetricAlarm",
            "CreateTopic",
            "Subscribe"
        ],
        "{}",
        show(&found)
    );
    let end = carried_out(&start, &found, control(), &policy);
    assert_eq!(judged(&end, &policy).verdict, Verdict::Pass);
}

#[test]
fn somebody_elses_wrong_filter_stays_and_a_right_one_stands_beside_it() {
    let policy = HealPolicy {
        subscriptions: Vec::new(),
        ..policy(every_link())
    };
    let start = cut(&[Cut::NarrowFilter]);
    let found = planned(&start, None, &policy);
    let [(_, Repair::PutMetricFilter { filter })] = found.repairs().collect::<Vec<_>>()[..] else {
        panic!("{}", show(&found))
    };
    assert_eq!(filter.filter_name, "cloudtrail_cfg_changes_metric");
    assert_eq!(
        filter.metric_transformations[0].metric_name,
        "cloudtrail-touched"
    );
    assert_eq!(
        filter.filter_pattern.as_deref(),
        Some(control().install_text(&Benchmark::Any))
    );
}

#[test]
fn a_name_that_is_taken_is_left_to_its_owner() {
    let policy = HealPolicy {
        subscriptions: Vec::new(),
        ..policy(every_link())
    };
    let mut start = cut(&[Cut::NarrowFilter]);
    filter(&mut start, |filter| {
        filter.filter_name = "cloudtrail_cfg_changes_metric".to_owned();
    });
    let found = planned(&start, None, &policy);
    let [(_, Repair::PutMetricFilter { filter })] = found.repairs().collect::<Vec<_>>()[..] else {
        panic!("{}", show(&found))
    };
    assert_eq!(filter.filter_name, "trailwarden-cloudtrail-config-changes");
}

#[test]
fn an_alarm_that_cannot_fire_gets_one_beside_it_or_is_replaced_where_it_has_the_benchmarks_name() {
    let policy = HealPolicy {
        topics: Vec::new(),
        subscriptions: Vec::new(),
        ..policy(every_link())
    };
    let start = cut(&[Cut::Threshold5]);
    let found = planned(&start, None, &policy);
    let [(_, Repair::PutMetricAlarm { alarm: beside, .. })] =
        found.repairs().collect::<Vec<_>>()[..]
    else {
        panic!("{}", show(&found))
    };
    assert_eq!(beside.alarm_name, "cloudtrail_cfg_changes_alarm");
    assert_eq!(beside.alarm_actions, [TOPIC]);
    assert_eq!((beside.threshold, beside.period), (Some(1.0), Some(300)));

    let mut start = start;
    alarm(&mut start, |alarm| {
        alarm.alarm_name = "cloudtrail_cfg_changes_alarm".to_owned();
        alarm.alarm_arn =
            "arn:aws:cloudwatch:us-east-1:111122223333:alarm:cloudtrail_cfg_changes_alarm"
                .to_owned();
        alarm.ok_actions = vec!["arn:aws:sns:us-east-1:111122223333:ok".to_owned()];
    });
    let found = planned(&start, None, &policy);
    let [
        (
            _,
            Repair::PutMetricAlarm {
                alarm: replaced, ..
            },
        ),
    ] = found.repairs().collect::<Vec<_>>()[..]
    else {
        panic!("{}", show(&found))
    };
    assert_eq!(replaced.alarm_name, "cloudtrail_cfg_changes_alarm");
    assert_eq!(
        replaced.ok_actions,
        ["arn:aws:sns:us-east-1:111122223333:ok"]
    );
}

#[test]
fn an_intruders_topic_is_kept_and_the_named_one_is_added() {
    let (found, verdict) = single(Cut::ForeignAction, HealPolicy::default().links);
    let [(_, Repair::PutMetricAlarm { alarm, .. })] = found.repairs().collect::<Vec<_>>()[..]
    else {
        panic!("{}", show(&found))
    };
    assert_eq!(
        alarm.alarm_actions,
        [TOPIC, "arn:aws:sns:us-east-1:111122223333:intruder"]
    );
    assert_eq!(verdict, Verdict::Pass);
}

#[test]
fn an_address_is_subscribed_and_its_owner_asked_to_confirm() {
    let email = ExpectedSubscription {
        protocol: "email".to_owned(),
        endpoint: "sec@example.com".to_owned(),
    };
    let policy = HealPolicy {
        subscriptions: vec![email],
        ..policy(every_link())
    };
    let start = cut(&[Cut::Unsubscribe]);
    let found = planned(&start, Some(&known_good()), &policy);
    assert_eq!(
        (found.repairs().count(), asks(&found)),
        (1, 1),
        "{}",
        show(&found)
    );
    // While it waits, only the person is asked: no address is flooded.
    let pending = carried_out(&start, &found, control(), &policy);
    let again = planned(&pending, Some(&known_good()), &policy);
    assert_eq!(
        (again.repairs().count(), asks(&again)),
        (0, 1),
        "{}",
        show(&again)
    );
}

#[test]
fn a_subscription_that_nobody_named_is_asked_for() {
    let policy = HealPolicy {
        subscriptions: Vec::new(),
        ..policy(every_link())
    };
    let start = cut(&[Cut::Unsubscribe]);
    let found = planned(&start, Some(&known_good()), &policy);
    assert_eq!((found.repairs().count(), asks(&found)), (0, 1));
    let StepAction::Ask { command, .. } = &found.steps[0].action else {
        panic!("not asked")
    };
    assert_eq!(
        command,
        &format!(
            "aws sns subscribe --region us-east-1 --topic-arn {TOPIC} --protocol sqs --notification-endpoint {QUEUE}"
        )
    );
}

#[test]
fn a_topics_lost_policy_is_asked_for_when_the_topic_comes_back() {
    let policy = policy(every_link());
    let mut known = known_good();
    let text = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let topic = Arc::make_mut(known.topic.as_mut().unwrap());
    topic.attributes.policy = Some(text.to_owned());
    let start = cut(&[Cut::DeleteTopic]);
    let found = planned(&start, Some(&known), &policy);
    let asked = found.steps.iter().any(|step| match &step.action {
        StepAction::Ask { command, .. } => {
            command.contains("set-topic-attributes") && command.contains(text)
        }
        StepAction::Repair(_) => false,
    });
    assert!(asked, "{}", show(&found));
}

#[test]
fn data_events_that_are_recorded_now_are_kept() {
    let policy = policy(every_link());
    let mut start = cut(&[Cut::NoManagementEvents]);
    let data = json!({
        "ReadWriteType": "All",
        "IncludeManagementEvents": false,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
    });
    let data: EventSelector = serde_json::from_value(data).unwrap();
    start.event_selectors.insert(
        TRAIL.to_owned(),
        EventSelectors {
            event_selectors: Some(vec![data.clone()]),
            advanced_event_selectors: None,
        },
    );
    for known in [Some(known_good()), None] {
        let found = planned(&start, known.as_ref(), &policy);
        let [(_, Repair::PutEventSelectors { selectors, .. })] =
            found.repairs().collect::<Vec<_>>()[..]
        else {
            panic!("{}", show(&found))
        };
        let basic = selectors.event_selectors.as_ref().unwrap();
        assert_eq!(basic.len(), 2);
        assert!(basic.contains(&data));
    }
}

#[test]
fn a_muted_alarm_is_asked_about_and_not_circumvented() {
    let policy = policy(every_link());
    let mut start = whole();
    start.alarm_mute_rules.push(quiet());
    let found = planned(&start, Some(&known_good()), &policy);
    assert_eq!(
        (found.repairs().count(), asks(&found)),
        (0, 1),
        "{}",
        show(&found)
    );
}

#[test]
fn two_filters_that_cover_together_both_come_back() {
    let policy = policy(every_link());
    let mut account = whole();
    let halves = [
        (
            "first",
            "{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) }",
        ),
        (
            "second",
            "{ ($.eventName = DeleteTrail) || ($.eventName = StartLogging) || ($.eventName = StopLogging) }",
        ),
    ];
    let filters = account.metric_filters.as_mut().unwrap();
    let model = filters.remove(0);
    filters.extend(halves.map(|(name, pattern)| MetricFilter {
        filter_name: name.to_owned(),
        filter_pattern: Some(pattern.to_owned()),
        ..model.clone()
    }));
    let known = judged(&account, &policy).chain;
    assert_eq!(known.filters.len(), 2);
    let mut start = account.clone();
    start
        .metric_filters
        .as_mut()
        .unwrap()
        .retain(|filter| filter.filter_name != "second");
    start.metric_filters.as_mut().unwrap()[1].metric_transformations[0].metric_value =
        "0".to_owned();
    let found = planned(&start, Some(&known), &policy);
    let end = carried_out(&start, &found, control(), &policy);
    assert_eq!(asks(&found), 0, "{}", show(&found));
    let sorted = |account: &Snapshot| {
        let mut filters = account.metric_filters.clone().unwrap();
        filters.sort_by(|one, other| one.filter_name.cmp(&other.filter_name));
        filters
    };
    assert_eq!(sorted(&end), sorted(&account), "{}", show(&found));
}

#[test]
fn what_was_not_seen_is_not_written_to() {
    let policy = policy(every_link());
    let mut start = cut(&[Cut::DeleteFilter]);
    start.trail_status.insert(
        TRAIL.to_owned(),
        TrailStatus {
            is_logging: Some(false),
            ..TrailStatus::default()
        },
    );
    start.alarms = None;
    start.api_errors.insert(
        "cloudwatch:DescribeAlarms us-east-1".to_owned(),
        "AccessDenied".to_owned(),
    );
    let found = planned(&start, Some(&known_good()), &policy);
    let kinds: Vec<&str> = found
        .repairs()
        .map(|(_, repair)| repair.kind().operation())
        .collect();
    assert_eq!(
        kinds,
        ["StartLogging", "PutMetricFilter"],
        "{}",
        show(&found)
    );
    assert_eq!(asks(&found), 1, "{}", show(&found));
}

#[test]
fn nothing_is_written_where_the_filter_reads_what_is_made_of_the_records() {
    let policy = policy(every_link());
    let mut start = whole();
    for filter in start.metric_filters.iter_mut().flatten() {
        filter.apply_on_transformed_logs = Some(true);
        filter.filter_pattern = Some("{ $.api.operation = StopLogging }".to_owned());
    }
    assert_eq!(judged(&start, &policy).verdict, Verdict::Unknown);
    let found = planned(&start, Some(&known_good()), &policy);
    assert!(found.steps.is_empty(), "{}", show(&found));
}
