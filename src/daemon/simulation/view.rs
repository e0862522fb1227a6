//! What a look shows of an account whose parts are read at different times, by calls of which some fail.

use jiff::Timestamp;

use super::cuts::{TOPIC, TRAIL, of};
use crate::aws::Remembered;
use crate::snapshot::Snapshot;

/// The parts of one look.
pub(super) struct View<'a> {
    /// For trails, logs, alarms and topics: the state that it is read from.
    pub(super) parts: [&'a Snapshot; 4],
    pub(super) holes: &'a [(usize, &'static str)],
    pub(super) remembered: &'a Remembered,
    pub(super) now: Timestamp,
}

impl View<'_> {
    /// The snapshot, with no more in it than `aws::observe` would have asked for.
    pub(super) fn snapshot(&self) -> Snapshot {
        let [trails, logs, alarms, topics] = self.parts;
        let mut seen = Snapshot {
            trails: trails.trails.clone(),
            trail_status: trails.trail_status.clone(),
            event_selectors: trails.event_selectors.clone(),
            log_groups: logs.log_groups.clone(),
            metric_filters: logs.metric_filters.clone(),
            alarms: alarms.alarms.clone(),
            topics: topics.topics.clone(),
            subscriptions: topics.subscriptions.clone(),
            ..trails.clone()
        };
        let holes = self.holes.iter();
        for (call, code) in holes {
            let name = tear(&mut seen, *call);
            seen.api_errors.insert(name, (*code).to_owned());
        }
        self.only_what_is_pointed_at(&mut seen);
        dated(seen, self.now)
    }

    /// Log groups that no trail names, and topics that no alarm does, are not looked at.
    fn only_what_is_pointed_at(&self, seen: &mut Snapshot) {
        let trails = seen.trails.iter().flatten();
        let named = trails.filter_map(|trail| trail.cloud_watch_logs_log_group_arn.as_deref());
        let remembered = self.remembered.log_group_arns.iter().map(String::as_str);
        let groups: Vec<String> = named
            .chain(remembered)
            .filter_map(|arn| Some(arn.split_once(":log-group:")?.1))
            .map(|name| name.trim_end_matches(":*").to_owned())
            .collect();
        seen.log_groups
            .retain(|group| groups.contains(&group.log_group_name));
        if !groups.is_empty() {
            let filters = seen.metric_filters.iter_mut();
            filters.for_each(|list| list.retain(|one| groups.contains(&one.log_group_name)));
        }

        let alarms = seen.alarms.iter().flatten();
        let mut topics: Vec<String> = alarms.flat_map(|one| one.alarm_actions.clone()).collect();
        topics.extend(self.remembered.topic_arns.iter().cloned());
        if seen.alarms.is_none() && topics.is_empty() {
            (seen.topics, seen.subscriptions) = (None, None);
            return;
        }
        let list = seen.topics.iter_mut();
        list.for_each(|list| list.retain(|one| topics.contains(&one.topic_arn)));
        let list = seen.subscriptions.iter_mut();
        list.for_each(|list| list.retain(|one| topics.contains(&one.topic_arn)));
    }
}

/// Takes out what this call would have shown, and names it as a list of holes does.
fn tear(seen: &mut Snapshot, call: usize) -> String {
    let (trail, topic) = (of(seen, TRAIL), of(seen, TOPIC));
    match call {
        0 => {
            seen.trails = None;
            seen.trail_status.clear();
            seen.event_selectors.clear();
            "cloudtrail:DescribeTrails us-east-1".to_owned()
        }
        1 => {
            seen.trail_status.clear();
            format!("cloudtrail:GetTrailStatus {trail}")
        }
        2 => {
            seen.event_selectors.clear();
            format!("cloudtrail:GetEventSelectors {trail}")
        }
        3 => {
            seen.log_groups.clear();
            "logs:DescribeLogGroups us-east-1".to_owned()
        }
        4 => {
            seen.metric_filters = None;
            "logs:DescribeMetricFilters us-east-1".to_owned()
        }
        5 => {
            seen.alarms = None;
            "cloudwatch:DescribeAlarms us-east-1".to_owned()
        }
        6 => {
            let topics = seen.topics.iter_mut();
            topics.for_each(|list| list.retain(|one| one.topic_arn != topic));
            format!("sns:GetTopicAttributes {topic}")
        }
        _ => {
            let subscriptions = seen.subscriptions.iter_mut();
            subscriptions.for_each(|list| list.retain(|one| one.topic_arn != topic));
            format!("sns:ListSubscriptionsByTopic {topic}")
        }
    }
}

/// The state at that time: records are delivered by every trail that logs.
pub(super) fn dated(mut state: Snapshot, now: Timestamp) -> Snapshot {
    state.now = now;
    let statuses = state.trail_status.values_mut();
    for status in statuses.filter(|one| one.is_logging == Some(true)) {
        status.latest_cloud_watch_logs_delivery_time = Some(now);
    }
    state
}
