//! The ways to cut the chain of `fixtures/heal-whole-chain.json`: for the planner's tests and for the simulation.

use trailwarden::assess::Link;
use trailwarden::snapshot::{Alarm, AlarmMuteRule, EventSelector, MetricFilter, Snapshot, Trail};

pub(crate) const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main";
pub(crate) const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:cis-alarms";
const ALARM: &str = "cloudtrail-touched";

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
    /// In the order in which each has an effect after the ones before it.
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
                let trail = of(account, TRAIL);
                if let Some(status) = account.trail_status.get_mut(&trail) {
                    status.is_logging = Some(false);
                }
            }
            Self::OneRegion => trail(account, |trail, _| trail.is_multi_region_trail = false),
            Self::NoGroupArn => trail(account, |trail, _| {
                trail.cloud_watch_logs_log_group_arn = None;
                trail.cloud_watch_logs_role_arn = None;
            }),
            Self::OtherGroup => trail(account, |trail, id| {
                let arn = format!("arn:aws:logs:us-east-1:{id}:log-group:app:*");
                trail.cloud_watch_logs_log_group_arn = Some(arn);
            }),
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
                let filters = account.metric_filters.iter_mut();
                filters.for_each(|list| list.retain(|filter| filter.log_group_name != "ct"));
            }
            Self::DeleteFilter => {
                let filters = account.metric_filters.iter_mut();
                filters.for_each(|list| list.retain(|filter| filter.log_group_name != "ct"));
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
                let alarms = account.alarms.iter_mut();
                alarms.for_each(|list| list.retain(|alarm| alarm.alarm_name != ALARM));
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
            Self::ForeignAction => {
                let action = of(account, "arn:aws:sns:us-east-1:111122223333:intruder");
                alarm(account, |alarm| alarm.alarm_actions = vec![action.clone()]);
            }
            Self::DeleteTopic => {
                let arn = of(account, TOPIC);
                let topics = account.topics.iter_mut();
                topics.for_each(|list| list.retain(|topic| topic.topic_arn != arn));
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
        targets: Some(vec![ALARM.to_owned()]),
        ..AlarmMuteRule::default()
    }
}

/// An ARN of the account in the fixture, as this account has it.
pub(crate) fn of(account: &Snapshot, arn: &str) -> String {
    arn.replace("111122223333", account.account_id.as_str())
}

fn trail(account: &mut Snapshot, change: fn(&mut Trail, &str)) {
    let id = account.account_id.to_string();
    for trail in account.trails.iter_mut().flatten() {
        change(trail, &id);
    }
}

fn select(account: &mut Snapshot, change: fn(&mut EventSelector)) {
    let trail = of(account, TRAIL);
    let selectors = account.event_selectors.get_mut(&trail);
    let selectors = selectors.and_then(|one| one.event_selectors.as_mut());
    selectors.into_iter().flatten().take(1).for_each(change);
}

pub(crate) fn filter(account: &mut Snapshot, change: fn(&mut MetricFilter)) {
    account
        .metric_filters
        .iter_mut()
        .flatten()
        .filter(|filter| filter.log_group_name == "ct")
        .for_each(change);
}

pub(crate) fn alarm(account: &mut Snapshot, change: impl FnMut(&mut Alarm)) {
    account
        .alarms
        .iter_mut()
        .flatten()
        .filter(|alarm| alarm.alarm_name == ALARM)
        .for_each(change);
}

pub(crate) fn unsubscribe(account: &mut Snapshot) {
    let arn = of(account, TOPIC);
    let subscriptions = account.subscriptions.iter_mut();
    subscriptions.for_each(|list| list.retain(|one| one.topic_arn != arn));
    let mut topics = account.topics.iter_mut().flatten();
    if let Some(topic) = topics.find(|topic| topic.topic_arn == arn) {
        topic.attributes.subscriptions_confirmed = Some("0".to_owned());
    }
}
