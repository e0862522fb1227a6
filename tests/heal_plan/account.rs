//! An account whose chain is whole, the ways to cut it, and what may be mended.

use std::collections::BTreeSet;

use trailwarden::assess::{Assessment, Chain, Link, Verdict, assess};
use trailwarden::control::{Benchmark, Catalogue, Control};
use trailwarden::heal::{ExpectedSubscription, HealPolicy, Plan, plan};
use trailwarden::snapshot::{Alarm, AlarmMuteRule, EventSelector, MetricFilter, Snapshot};

pub(crate) const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main";
pub(crate) const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:cis-alarms";
pub(crate) const QUEUE: &str = "arn:aws:sqs:us-east-1:111122223333:security";

pub(crate) fn whole() -> Snapshot {
    Snapshot::from_json(include_str!("../fixtures/heal-whole-chain.json")).unwrap()
}

pub(crate) fn control() -> &'static Control {
    control_of("cloudtrail-config-changes")
}

pub(crate) fn control_of(key: &str) -> &'static Control {
    Catalogue::builtin()
        .controls()
        .iter()
        .find(|control| control.key == key)
        .unwrap()
}

pub(crate) fn judged(snapshot: &Snapshot, policy: &HealPolicy) -> Assessment {
    assess(
        snapshot,
        control(),
        &policy.expectations(),
        &policy.benchmark,
    )
}

pub(crate) fn planned(snapshot: &Snapshot, known: Option<&Chain>, policy: &HealPolicy) -> Plan {
    plan(
        snapshot,
        &judged(snapshot, policy),
        control(),
        known,
        policy,
    )
}

pub(crate) fn known_good() -> Chain {
    let assessment = judged(&whole(), &HealPolicy::default());
    assert_eq!(assessment.verdict, Verdict::Pass);
    assessment.chain
}

pub(crate) fn every_link() -> BTreeSet<Link> {
    Link::CHAIN.into_iter().collect()
}

pub(crate) fn queue() -> ExpectedSubscription {
    ExpectedSubscription {
        protocol: "sqs".to_owned(),
        endpoint: QUEUE.to_owned(),
    }
}

pub(crate) fn policy(links: BTreeSet<Link>) -> HealPolicy {
    HealPolicy {
        links,
        topics: vec![TOPIC.to_owned()],
        subscriptions: vec![queue()],
        benchmark: Benchmark::Any,
    }
}

/// One way to cut the chain, as an API call would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    StopTrail,
    OneRegion,
    NoGroupArn,
    OtherGroup,
    NoManagementEvents,
    ReadOnlyEvents,
    DeleteGroup,
    DeleteFilter,
    NarrowFilter,
    CountNothing,
    OtherMetric,
    DeleteAlarm,
    DisableActions,
    Threshold5,
    WrongUnit,
    WatchOther,
    NoAction,
    ForeignAction,
    DeleteTopic,
    Unsubscribe,
    MuteAlarm,
    DenyCloudWatch,
    DropMessages,
    DeleteTrail,
}

impl Cut {
    /// In the order that people would have to make them for each to succeed.
    pub(crate) const ALL: [Self; 20] = [
        Self::StopTrail,
        Self::OneRegion,
        Self::NoManagementEvents,
        Self::ReadOnlyEvents,
        Self::NarrowFilter,
        Self::CountNothing,
        Self::OtherMetric,
        Self::DeleteFilter,
        Self::DeleteGroup,
        Self::OtherGroup,
        Self::NoGroupArn,
        Self::Threshold5,
        Self::WrongUnit,
        Self::WatchOther,
        Self::DisableActions,
        Self::ForeignAction,
        Self::NoAction,
        Self::DeleteAlarm,
        Self::Unsubscribe,
        Self::DeleteTopic,
    ];

    /// What only a person mends; after the others.
    pub(crate) const FOR_A_PERSON: [Self; 4] = [
        Self::MuteAlarm,
        Self::DenyCloudWatch,
        Self::DropMessages,
        Self::DeleteTrail,
    ];

    pub(crate) fn make(self, account: &mut Snapshot) {
        match self {
            Self::StopTrail => {
                account.trail_status.get_mut(TRAIL).unwrap().is_logging = Some(false);
            }
            Self::OneRegion => account.trails.as_mut().unwrap()[0].is_multi_region_trail = false,
            Self::NoGroupArn => {
                let trail = &mut account.trails.as_mut().unwrap()[0];
                trail.cloud_watch_logs_log_group_arn = None;
                trail.cloud_watch_logs_role_arn = None;
            }
            Self::OtherGroup => {
                account.trails.as_mut().unwrap()[0].cloud_watch_logs_log_group_arn =
                    Some("arn:aws:logs:us-east-1:111122223333:log-group:app:*".to_owned());
            }
            Self::NoManagementEvents => {
                select(account, |selector| {
                    selector.include_management_events = Some(false);
                });
            }
            Self::ReadOnlyEvents => {
                select(account, |selector| {
                    selector.read_write_type = Some("ReadOnly".to_owned());
                });
            }
            Self::DeleteGroup => {
                account
                    .log_groups
                    .retain(|group| group.log_group_name != "ct");
                account
                    .metric_filters
                    .as_mut()
                    .unwrap()
                    .retain(|filter| filter.log_group_name != "ct");
            }
            Self::DeleteFilter => {
                account
                    .metric_filters
                    .as_mut()
                    .unwrap()
                    .retain(|filter| filter.log_group_name != "ct");
            }
            Self::NarrowFilter => filter(account, |filter| {
                filter.filter_pattern = Some("{ $.eventName = CreateTrail }".to_owned());
            }),
            Self::CountNothing => filter(account, |filter| {
                "0".clone_into(&mut filter.metric_transformations[0].metric_value);
            }),
            Self::OtherMetric => filter(account, |filter| {
                "elsewhere".clone_into(&mut filter.metric_transformations[0].metric_name);
            }),
            Self::DeleteAlarm => {
                account
                    .alarms
                    .as_mut()
                    .unwrap()
                    .retain(|alarm| alarm.alarm_name != "cloudtrail-touched");
            }
            Self::DisableActions => alarm(account, |alarm| alarm.actions_enabled = Some(false)),
            Self::Threshold5 => alarm(account, |alarm| alarm.threshold = Some(5.0)),
            Self::WrongUnit => alarm(account, |alarm| alarm.unit = Some("Bytes".to_owned())),
            Self::WatchOther => {
                alarm(account, |alarm| {
                    alarm.metric_name = Some("nothing".to_owned());
                });
            }
            Self::NoAction => alarm(account, |alarm| alarm.alarm_actions.clear()),
            Self::ForeignAction => alarm(account, |alarm| {
                alarm.alarm_actions =
                    vec!["arn:aws:sns:us-east-1:111122223333:intruder".to_owned()];
            }),
            Self::DeleteTopic => {
                account
                    .topics
                    .as_mut()
                    .unwrap()
                    .retain(|topic| topic.topic_arn != TOPIC);
                unsubscribe(account);
            }
            Self::Unsubscribe => unsubscribe(account),
            Self::MuteAlarm => account.alarm_mute_rules.push(quiet()),
            Self::DenyCloudWatch => {
                for topic in account.topics.iter_mut().flatten() {
                    topic.attributes.policy =
                        Some(r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned());
                }
            }
            Self::DropMessages => {
                for subscription in account.subscriptions.iter_mut().flatten() {
                    subscription.attributes.filter_policy = Some(r#"{"a":["b"]}"#.to_owned());
                }
            }
            Self::DeleteTrail => {
                account.trails = Some(Vec::new());
                account.trail_status.clear();
                account.event_selectors.clear();
            }
        }
    }

    /// The link that has to be allowed for trailwarden to mend it.
    pub(crate) const fn needs(self) -> Option<Link> {
        match self {
            Self::StopTrail | Self::OneRegion => Some(Link::Trail),
            Self::NoManagementEvents | Self::ReadOnlyEvents => Some(Link::Selector),
            Self::NoGroupArn | Self::OtherGroup | Self::DeleteGroup => Some(Link::LogGroup),
            _ => None,
        }
    }
}

pub(crate) fn quiet() -> AlarmMuteRule {
    AlarmMuteRule {
        name: Some("quiet".to_owned()),
        status: Some("ACTIVE".to_owned()),
        schedule: Some("at(2026-11-23T00:00:00)".to_owned()),
        duration: Some("PT4H".to_owned()),
        targets: Some(vec!["cloudtrail-touched".to_owned()]),
        ..AlarmMuteRule::default()
    }
}

pub(crate) fn select(account: &mut Snapshot, change: fn(&mut EventSelector)) {
    let selectors = account.event_selectors.get_mut(TRAIL).unwrap();
    change(&mut selectors.event_selectors.as_mut().unwrap()[0]);
}

pub(crate) fn filter(account: &mut Snapshot, change: fn(&mut MetricFilter)) {
    account
        .metric_filters
        .iter_mut()
        .flatten()
        .filter(|filter| filter.log_group_name == "ct")
        .for_each(change);
}

pub(crate) fn alarm(account: &mut Snapshot, change: fn(&mut Alarm)) {
    account
        .alarms
        .iter_mut()
        .flatten()
        .filter(|alarm| alarm.alarm_name == "cloudtrail-touched")
        .for_each(change);
}

pub(crate) fn unsubscribe(account: &mut Snapshot) {
    account
        .subscriptions
        .as_mut()
        .unwrap()
        .retain(|one| one.topic_arn != TOPIC);
    let topic = account
        .topics
        .iter_mut()
        .flatten()
        .find(|topic| topic.topic_arn == TOPIC);
    if let Some(topic) = topic {
        topic.attributes.subscriptions_confirmed = Some("0".to_owned());
    }
}

pub(crate) fn cut(cuts: &[Cut]) -> Snapshot {
    let mut account = whole();
    for cut in Cut::ALL
        .iter()
        .chain(&Cut::FOR_A_PERSON)
        .filter(|cut| cuts.contains(cut))
    {
        cut.make(&mut account);
    }
    account
}
