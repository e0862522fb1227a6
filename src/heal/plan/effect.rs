use crate::assess::silences;
use crate::heal::Repair;
use crate::heal::model::{carry_out, recount, trails};
use crate::snapshot::{
    Alarm, EventSelectors, PENDING_CONFIRMATION, Snapshot, TopicAttributes, Trail, TrailStatus,
};

/// What a step does to the account, a person's included.
#[derive(Debug, Clone)]
pub(super) enum Effect {
    /// Nothing that can be foreseen.
    Unforeseen,
    /// The same as a call of ours.
    Write(Repair),
    /// The trail is there again, and logs.
    Trail(Box<Trail>, Option<EventSelectors>),
    /// The alarm is there, of whatever kind.
    Alarm(Box<Alarm>),
    /// No mute rule silences the alarm any more.
    Unmute(Box<Alarm>),
    /// The topic has these attributes.
    Topic(String, Box<TopicAttributes>),
    /// The key of that ARN has this policy.
    KeyPolicy(String, String),
    /// The endpoint is subscribed to the topic, and confirmed.
    Confirmed {
        topic_arn: String,
        protocol: String,
        endpoint: String,
    },
    /// The subscription receives every message.
    Unfiltered(String),
}

impl Effect {
    /// Puts the effect into the account.
    pub(super) fn happen(&self, snapshot: &mut Snapshot) {
        match self {
            Self::Unforeseen => {}
            Self::Write(repair) => carry_out(snapshot, repair),
            Self::Trail(trail, selectors) => restore_trail(snapshot, trail, selectors.as_ref()),
            Self::Alarm(alarm) => {
                let alarms = snapshot.alarms.get_or_insert_default();
                alarms.retain(|other| other.alarm_arn != alarm.alarm_arn);
                alarms.push(Alarm {
                    state_value: Some("OK".to_owned()),
                    actions_suppressed_by: None,
                    ..(**alarm).clone()
                });
            }
            Self::Unmute(alarm) => {
                let now = snapshot.now;
                let mut rules = std::mem::take(&mut snapshot.alarm_mute_rules);
                rules.retain(|rule| !silences(rule, alarm, now));
                snapshot.alarm_mute_rules = rules;
            }
            Self::Topic(arn, attributes) => {
                for topic in snapshot.topics.iter_mut().flatten() {
                    if topic.topic_arn == *arn {
                        topic.attributes = (**attributes).clone();
                    }
                }
            }
            Self::KeyPolicy(arn, policy) => {
                for key in snapshot.kms_keys.iter_mut().filter(|key| key.arn == *arn) {
                    key.policy = Some(policy.clone());
                }
            }
            Self::Confirmed {
                topic_arn,
                protocol,
                endpoint,
            } => confirm(snapshot, topic_arn, protocol, endpoint),
            Self::Unfiltered(subscription_arn) => {
                for subscription in snapshot.subscriptions.iter_mut().flatten() {
                    if subscription.subscription_arn == *subscription_arn {
                        subscription.attributes.filter_policy = None;
                        subscription.attributes.filter_policy_scope = None;
                    }
                }
            }
        }
    }
}

fn restore_trail(snapshot: &mut Snapshot, trail: &Trail, selectors: Option<&EventSelectors>) {
    if trails(snapshot).any(|other| other.trail_arn == trail.trail_arn) {
        return;
    }
    let now = snapshot.now;
    let arn = trail.trail_arn.clone();
    snapshot.trails.get_or_insert_default().push(trail.clone());
    snapshot.trail_status.insert(
        arn.clone(),
        TrailStatus {
            is_logging: Some(true),
            start_logging_time: Some(now),
            latest_cloud_watch_logs_delivery_time: Some(now),
            ..TrailStatus::default()
        },
    );
    snapshot
        .event_selectors
        .insert(arn, selectors.cloned().unwrap_or_default());
}

fn confirm(snapshot: &mut Snapshot, topic_arn: &str, protocol: &str, endpoint: &str) {
    carry_out(
        snapshot,
        &Repair::Subscribe {
            topic_arn: topic_arn.to_owned(),
            protocol: protocol.to_owned(),
            endpoint: endpoint.to_owned(),
        },
    );
    for (index, subscription) in snapshot.subscriptions.iter_mut().flatten().enumerate() {
        if subscription.topic_arn == topic_arn
            && subscription.protocol == protocol
            && subscription.endpoint == endpoint
            && subscription.subscription_arn == PENDING_CONFIRMATION
        {
            subscription.subscription_arn =
                format!("{topic_arn}:00000000-0000-0000-0001-{index:012}");
            subscription.attributes.pending_confirmation = None;
        }
    }
    recount(snapshot, topic_arn);
}
