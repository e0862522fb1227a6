use crate::snapshot::{Snapshot, TopicAttributes, Trail, partition_of};

use super::Repair;
use super::model::{
    find_alarm, find_filter, find_subscription, find_topic, find_trail, group_exists,
    group_is_named, settings_of, trails,
};

/// Whether what a repair is about to write to is as it was when the repair was planned. `fresh` is read just before the
/// write: AWS's calls replace, and have no condition of their own. What AWS writes by itself (states, counts, delivery
/// times) may differ; a new hole in what was seen of the service may not.
pub fn unchanged(before: &Snapshot, fresh: &Snapshot, repair: &Repair) -> bool {
    before.account_id == fresh.account_id
        && seen_as_well(before, fresh, service_of(repair))
        && target_unchanged(before, fresh, repair)
}

/// The prefix of the service's calls in the list of holes.
fn service_of(repair: &Repair) -> &'static str {
    match repair {
        Repair::PutMetricFilter { .. } | Repair::CreateLogGroup { .. } => "logs:",
        Repair::PutMetricAlarm { .. } | Repair::EnableAlarmActions { .. } => "cloudwatch:",
        Repair::CreateTopic { .. } | Repair::Subscribe { .. } => "sns:",
        Repair::StartLogging { .. }
        | Repair::UpdateTrail { .. }
        | Repair::PutEventSelectors { .. } => "cloudtrail:",
    }
}

fn seen_as_well(before: &Snapshot, fresh: &Snapshot, service: &str) -> bool {
    fresh
        .api_errors
        .keys()
        .filter(|call| call.starts_with(service))
        .all(|call| before.api_errors.contains_key(call))
}

fn target_unchanged(before: &Snapshot, fresh: &Snapshot, repair: &Repair) -> bool {
    match repair {
        Repair::PutMetricFilter { filter } => {
            let (region, group) = (&filter.region, &filter.log_group_name);
            let found = |snapshot| find_filter(snapshot, region, group, &filter.filter_name);
            before.metric_filters.is_some() == fresh.metric_filters.is_some()
                && found(before) == found(fresh)
                && group_exists(before, region, group) == group_exists(fresh, region, group)
        }
        Repair::PutMetricAlarm { region, alarm } => {
            same_alarm(before, fresh, region, &alarm.alarm_name)
        }
        Repair::EnableAlarmActions { region, alarm_name } => {
            same_alarm(before, fresh, region, alarm_name)
        }
        Repair::CreateTopic { region, name } => {
            let arn = format!(
                "arn:{}:sns:{region}:{}:{name}",
                partition_of(region),
                before.account_id
            );
            same_topic(before, fresh, &arn)
        }
        Repair::Subscribe {
            topic_arn,
            protocol,
            endpoint,
        } => {
            let found = |snapshot: &Snapshot| {
                snapshot.subscriptions.as_deref().map(|subscriptions| {
                    find_subscription(subscriptions, topic_arn, protocol, endpoint).cloned()
                })
            };
            same_topic(before, fresh, topic_arn) && found(before) == found(fresh)
        }
        Repair::StartLogging { trail_arn, .. } => {
            let logging = |snapshot: &Snapshot| {
                snapshot
                    .trail_status
                    .get(trail_arn)
                    .map(|status| status.is_logging)
            };
            find_trail(before, trail_arn).is_some() == find_trail(fresh, trail_arn).is_some()
                && logging(before) == logging(fresh)
        }
        Repair::UpdateTrail { trail_arn, .. } => same_trail(before, fresh, trail_arn),
        Repair::PutEventSelectors { trail_arn, .. } => {
            same_trail(before, fresh, trail_arn)
                && before.event_selectors.get(trail_arn) == fresh.event_selectors.get(trail_arn)
        }
        Repair::CreateLogGroup { region, name } => {
            group_exists(before, region, name) == group_exists(fresh, region, name)
                && group_is_named(fresh, region, name)
        }
    }
}

fn same_alarm(before: &Snapshot, fresh: &Snapshot, region: &str, name: &str) -> bool {
    let found = |snapshot| find_alarm(snapshot, region, name).map(settings_of);
    before.alarms.is_some() == fresh.alarms.is_some() && found(before) == found(fresh)
}

fn same_topic(before: &Snapshot, fresh: &Snapshot, arn: &str) -> bool {
    let found = |snapshot: &Snapshot| {
        find_topic(snapshot, arn).map(|topic| TopicAttributes {
            subscriptions_confirmed: None,
            subscriptions_pending: None,
            subscriptions_deleted: None,
            ..topic.attributes.clone()
        })
    };
    before.topics.is_some() == fresh.topics.is_some() && found(before) == found(fresh)
}

fn same_trail(before: &Snapshot, fresh: &Snapshot, arn: &str) -> bool {
    let found = |snapshot| -> Vec<Trail> {
        trails(snapshot)
            .filter(|trail| trail.trail_arn == arn)
            .cloned()
            .collect()
    };
    found(before) == found(fresh)
}

#[cfg(test)]
mod tests;
