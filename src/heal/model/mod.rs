//! What a repair does to an account, as far as a snapshot can show it: AWS's rules for its writing calls, without AWS.

use crate::snapshot::{
    Alarm, Arn, LogGroup, LogGroupArn, MetricFilter, PENDING_CONFIRMATION, Snapshot, Subscription,
    Topic, TopicAttributes, Trail, TrailStatus, partition_of,
};

use super::{ExpectedSubscription, LogDelivery, Repair};

/// CloudWatch takes at most five actions for each state of an alarm (API page of PutMetricAlarm).
const MOST_ACTIONS: usize = 5;

/// What the snapshot will show once the repair was carried out and has settled: records arrive again where they can, the
/// alarm has been evaluated. A call that AWS refuses changes nothing, and a list that was not looked at stays a hole.
#[must_use]
pub fn apply_to(snapshot: &Snapshot, repair: &Repair) -> Snapshot {
    let mut after = snapshot.clone();
    carry_out(&mut after, repair);
    after
}

pub(super) fn carry_out(snapshot: &mut Snapshot, repair: &Repair) {
    match repair {
        Repair::PutMetricFilter { filter } => put_metric_filter(snapshot, filter),
        Repair::PutMetricAlarm { region, alarm } => put_metric_alarm(snapshot, region, alarm),
        Repair::EnableAlarmActions { region, alarm_name } => {
            if let Some(alarm) = alarm_mut(snapshot, region, alarm_name) {
                alarm.actions_enabled = Some(true);
            }
        }
        Repair::CreateTopic { region, name } => create_topic(snapshot, region, name),
        Repair::Subscribe {
            topic_arn,
            protocol,
            endpoint,
        } => subscribe(snapshot, topic_arn, protocol, endpoint),
        Repair::StartLogging { trail_arn, .. } => start_logging(snapshot, trail_arn),
        Repair::UpdateTrail {
            trail_arn,
            multi_region,
            delivery,
            ..
        } => update_trail(snapshot, trail_arn, *multi_region, delivery.as_ref()),
        Repair::PutEventSelectors {
            trail_arn,
            selectors,
            ..
        } => {
            if trails(snapshot).any(|trail| trail.trail_arn == *trail_arn) {
                snapshot
                    .event_selectors
                    .insert(trail_arn.clone(), selectors.clone());
            }
        }
        Repair::CreateLogGroup { region, name } => create_log_group(snapshot, region, name),
    }
}

/// The trails that were seen; the same one may stand there several times, seen from several regions.
pub(super) fn trails(snapshot: &Snapshot) -> impl Iterator<Item = &Trail> {
    snapshot.trails.iter().flatten()
}

pub(super) fn find_trail<'a>(snapshot: &'a Snapshot, arn: &str) -> Option<&'a Trail> {
    trails(snapshot).find(|trail| trail.trail_arn == arn)
}

pub(super) fn find_filter<'a>(
    snapshot: &'a Snapshot,
    region: &str,
    group: &str,
    name: &str,
) -> Option<&'a MetricFilter> {
    snapshot.metric_filters.iter().flatten().find(|filter| {
        filter.region == region && filter.log_group_name == group && filter.filter_name == name
    })
}

pub(super) fn find_alarm<'a>(
    snapshot: &'a Snapshot,
    region: &str,
    name: &str,
) -> Option<&'a Alarm> {
    snapshot
        .alarms
        .iter()
        .flatten()
        .find(|alarm| is_alarm(alarm, region, name))
}

pub(super) fn find_topic<'a>(snapshot: &'a Snapshot, arn: &str) -> Option<&'a Topic> {
    snapshot
        .topics
        .iter()
        .flatten()
        .find(|topic| topic.topic_arn == arn)
}

/// Whether a log group is known to exist: it is listed, or a filter that was seen hangs on it.
pub(super) fn group_exists(snapshot: &Snapshot, region: &str, name: &str) -> bool {
    snapshot
        .log_groups
        .iter()
        .any(|group| group.region == region && group.log_group_name == name)
        || snapshot
            .metric_filters
            .iter()
            .flatten()
            .any(|filter| filter.region == region && filter.log_group_name == name)
}

/// Whether a trail delivers, or would, to that log group of this account.
pub(super) fn group_is_named(snapshot: &Snapshot, region: &str, name: &str) -> bool {
    trails(snapshot).any(|trail| delivers_to(snapshot, trail, region, name))
}

fn delivers_to(snapshot: &Snapshot, trail: &Trail, region: &str, name: &str) -> bool {
    trail
        .cloud_watch_logs_log_group_arn
        .as_deref()
        .and_then(LogGroupArn::parse)
        .is_some_and(|arn| {
            arn.region == region && arn.account == snapshot.account_id.as_str() && arn.name == name
        })
}

fn is_alarm(alarm: &Alarm, region: &str, name: &str) -> bool {
    alarm.alarm_name == name && Arn::region_of(&alarm.alarm_arn) == Some(region)
}

fn alarm_mut<'a>(snapshot: &'a mut Snapshot, region: &str, name: &str) -> Option<&'a mut Alarm> {
    snapshot
        .alarms
        .iter_mut()
        .flatten()
        .find(|alarm| is_alarm(alarm, region, name))
}

/// PutMetricFilter replaces the filter of that name; without the log group it answers ResourceNotFoundException.
fn put_metric_filter(snapshot: &mut Snapshot, filter: &MetricFilter) {
    if !group_exists(snapshot, &filter.region, &filter.log_group_name) {
        return;
    }
    let Some(filters) = &mut snapshot.metric_filters else {
        return;
    };
    match filters.iter_mut().find(|other| {
        other.region == filter.region
            && other.log_group_name == filter.log_group_name
            && other.filter_name == filter.filter_name
    }) {
        Some(present) => *present = filter.clone(),
        None => filters.push(filter.clone()),
    }
}

/// PutMetricAlarm replaces everything but the state of a metric alarm of that name. A composite alarm of that name, or more
/// actions than CloudWatch takes, and it is refused.
fn put_metric_alarm(snapshot: &mut Snapshot, region: &str, alarm: &Alarm) {
    let account = snapshot.account_id.clone();
    let Some(alarms) = &mut snapshot.alarms else {
        return;
    };
    let actions = [
        &alarm.alarm_actions,
        &alarm.ok_actions,
        &alarm.insufficient_data_actions,
    ];
    if actions.iter().any(|actions| actions.len() > MOST_ACTIONS) {
        return;
    }
    let present = alarms
        .iter_mut()
        .find(|other| is_alarm(other, region, &alarm.alarm_name));
    if present.as_deref().is_some_and(Alarm::is_composite) {
        return;
    }
    let arn = format!(
        "arn:{}:cloudwatch:{region}:{account}:alarm:{}",
        partition_of(region),
        alarm.alarm_name
    );
    let settled = Alarm {
        alarm_arn: arn,
        state_value: Some(settled_state(alarm, present.as_deref()).to_owned()),
        ..settings_of(alarm)
    };
    match present {
        Some(present) if settings_of(present) == settings_of(&settled) => {}
        Some(present) => *present = settled,
        None => alarms.push(settled),
    }
}

/// The state that an alarm comes to where no record arrives (CloudWatch user guide, "Configuring how CloudWatch alarms
/// treat missing data").
fn settled_state<'a>(alarm: &Alarm, present: Option<&'a Alarm>) -> &'a str {
    match alarm.treat_missing_data.as_deref() {
        Some("notBreaching") => "OK",
        Some("breaching") => "ALARM",
        Some("ignore") => present
            .and_then(|present| present.state_value.as_deref())
            .unwrap_or("INSUFFICIENT_DATA"),
        _ => "INSUFFICIENT_DATA",
    }
}

/// An alarm without what CloudWatch writes into it: its ARN, its state, and defaults that it may or may not spell out.
pub(super) fn settings_of(alarm: &Alarm) -> Alarm {
    Alarm {
        alarm_arn: String::new(),
        alarm_type: alarm.is_composite().then(|| "CompositeAlarm".to_owned()),
        actions_enabled: Some(alarm.actions_enabled.unwrap_or(true)),
        datapoints_to_alarm: alarm.datapoints_to_alarm.or(alarm.evaluation_periods),
        treat_missing_data: Some(
            alarm
                .treat_missing_data
                .clone()
                .unwrap_or_else(|| "missing".to_owned()),
        ),
        ..alarm.without_state()
    }
}

/// CreateTopic; the topic that had this name before took its subscriptions with it.
fn create_topic(snapshot: &mut Snapshot, region: &str, name: &str) {
    let account = snapshot.account_id.to_string();
    let arn = format!("arn:{}:sns:{region}:{account}:{name}", partition_of(region));
    let Some(topics) = &mut snapshot.topics else {
        return;
    };
    if topics.iter().any(|topic| topic.topic_arn == arn) {
        return;
    }
    if let Some(subscriptions) = &mut snapshot.subscriptions {
        subscriptions.retain(|subscription| subscription.topic_arn != arn);
    }
    topics.push(Topic {
        topic_arn: arn,
        attributes: TopicAttributes {
            owner: Some(account),
            subscriptions_confirmed: Some("0".to_owned()),
            subscriptions_pending: Some("0".to_owned()),
            subscriptions_deleted: Some("0".to_owned()),
            ..TopicAttributes::default()
        },
    });
}

/// Subscribe; an endpoint that is subscribed, confirmed or not, is not subscribed a second time.
fn subscribe(snapshot: &mut Snapshot, topic_arn: &str, protocol: &str, endpoint: &str) {
    if find_topic(snapshot, topic_arn).is_none() {
        return;
    }
    let owner = snapshot.account_id.to_string();
    let Some(subscriptions) = &mut snapshot.subscriptions else {
        return;
    };
    if find_subscription(subscriptions, topic_arn, protocol, endpoint).is_some() {
        return;
    }
    let expected = ExpectedSubscription {
        protocol: protocol.to_owned(),
        endpoint: endpoint.to_owned(),
    };
    let arn = if expected.needs_confirmation() {
        PENDING_CONFIRMATION.to_owned()
    } else {
        format!(
            "{topic_arn}:00000000-0000-0000-0000-{:012}",
            subscriptions.len()
        )
    };
    subscriptions.push(Subscription {
        subscription_arn: arn,
        owner: Some(owner),
        protocol: expected.protocol,
        endpoint: expected.endpoint,
        topic_arn: topic_arn.to_owned(),
        ..Subscription::default()
    });
    recount(snapshot, topic_arn);
}

/// The subscription of an endpoint to a topic, pending ones included.
pub(super) fn find_subscription<'a>(
    subscriptions: &'a [Subscription],
    topic_arn: &str,
    protocol: &str,
    endpoint: &str,
) -> Option<&'a Subscription> {
    subscriptions.iter().find(|subscription| {
        subscription.topic_arn == topic_arn
            && subscription.protocol == protocol
            && subscription.endpoint == endpoint
            && subscription.subscription_arn != crate::snapshot::DELETED
    })
}

/// Brings the counts of a topic's attributes in line with its subscriptions.
pub(super) fn recount(snapshot: &mut Snapshot, topic_arn: &str) {
    let Some(subscriptions) = &snapshot.subscriptions else {
        return;
    };
    let of_topic = || {
        subscriptions
            .iter()
            .filter(|subscription| subscription.topic_arn == topic_arn)
    };
    let pending = of_topic()
        .filter(|subscription| subscription.subscription_arn == PENDING_CONFIRMATION)
        .count();
    let confirmed = of_topic()
        .filter(|subscription| subscription.subscription_arn.starts_with("arn:"))
        .count();
    if let Some(topic) = snapshot
        .topics
        .iter_mut()
        .flatten()
        .find(|topic| topic.topic_arn == topic_arn)
    {
        topic.attributes.subscriptions_pending = Some(pending.to_string());
        topic.attributes.subscriptions_confirmed = Some(confirmed.to_string());
    }
}

fn start_logging(snapshot: &mut Snapshot, trail_arn: &str) {
    if find_trail(snapshot, trail_arn).is_none() {
        return;
    }
    let now = snapshot.now;
    let status = snapshot
        .trail_status
        .entry(trail_arn.to_owned())
        .or_default();
    if status.is_logging == Some(true) {
        return;
    }
    status.is_logging = Some(true);
    status.start_logging_time = Some(now);
    records_arrive(snapshot, trail_arn);
}

/// UpdateTrail leaves absent fields as they are, and refuses a log group that does not exist.
fn update_trail(
    snapshot: &mut Snapshot,
    trail_arn: &str,
    multi_region: Option<bool>,
    delivery: Option<&LogDelivery>,
) {
    let accepted = delivery.is_none_or(|delivery| {
        LogGroupArn::parse(&delivery.log_group_arn)
            .is_some_and(|arn| group_exists(snapshot, arn.region, arn.name))
    });
    if !accepted {
        return;
    }
    for trail in snapshot
        .trails
        .iter_mut()
        .flatten()
        .filter(|trail| trail.trail_arn == trail_arn)
    {
        if let Some(multi_region) = multi_region {
            trail.is_multi_region_trail = multi_region;
        }
        if let Some(delivery) = delivery {
            trail.cloud_watch_logs_log_group_arn = Some(delivery.log_group_arn.clone());
            trail.cloud_watch_logs_role_arn = Some(delivery.role_arn.clone());
        }
    }
    if delivery.is_some() {
        records_arrive(snapshot, trail_arn);
    }
}

fn create_log_group(snapshot: &mut Snapshot, region: &str, name: &str) {
    if group_exists(snapshot, region, name) {
        return;
    }
    snapshot.log_groups.push(LogGroup {
        region: region.to_owned(),
        log_group_name: name.to_owned(),
        log_group_class: Some("STANDARD".to_owned()),
    });
    let delivering: Vec<String> = trails(snapshot)
        .filter(|trail| delivers_to(snapshot, trail, region, name))
        .map(|trail| trail.trail_arn.clone())
        .collect();
    for trail_arn in delivering {
        records_arrive(snapshot, &trail_arn);
    }
}

/// A trail that logs into a group that exists delivers within minutes, and its last error is forgotten.
fn records_arrive(snapshot: &mut Snapshot, trail_arn: &str) {
    let reaches = find_trail(snapshot, trail_arn)
        .and_then(|trail| trail.cloud_watch_logs_log_group_arn.as_deref())
        .and_then(LogGroupArn::parse)
        .is_some_and(|arn| group_exists(snapshot, arn.region, arn.name));
    let now = snapshot.now;
    if let Some(status) = snapshot.trail_status.get_mut(trail_arn)
        && reaches
        && status.is_logging == Some(true)
    {
        *status = TrailStatus {
            latest_cloud_watch_logs_delivery_time: Some(now),
            latest_cloud_watch_logs_delivery_error: None,
            ..status.clone()
        };
    }
}

#[cfg(test)]
mod tests;
