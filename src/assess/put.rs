//! The AWS CLI commands of more than one place: what puts filters, alarms and selectors, changes a
//! trail, subscribes, unmutes.

use super::remedy::Command;
use crate::snapshot::{Alarm, Arn, EventSelectors, MetricFilter};

/// PutMetricFilter, with everything that the filter is to be: the call replaces it whole.
pub(crate) fn put_metric_filter(filter: &MetricFilter) -> Command {
    let mut command = Command::new("logs put-metric-filter", filter.region.as_str())
        .with("--log-group-name", &filter.log_group_name)
        .with("--filter-name", &filter.filter_name)
        .with(
            "--filter-pattern",
            filter.filter_pattern.as_deref().unwrap_or_default(),
        )
        .with_json("--metric-transformations", &filter.metric_transformations);
    if filter.apply_on_transformed_logs == Some(true) {
        command = command.raw("--apply-on-transformed-logs");
    }
    command = command.with_some(
        "--field-selection-criteria",
        filter.field_selection_criteria.as_deref(),
    );
    command.with_list(
        "--emit-system-field-dimensions",
        filter
            .emit_system_field_dimensions
            .as_deref()
            .unwrap_or_default(),
    )
}

/// PutMetricAlarm, or PutCompositeAlarm for a composite one, with everything that the alarm is to be: the call replaces it whole.
pub(crate) fn put_alarm(region: &str, alarm: &Alarm) -> Command {
    let operation = if alarm.is_composite() {
        "cloudwatch put-composite-alarm"
    } else {
        "cloudwatch put-metric-alarm"
    };
    let number = |number: Option<i64>| number.map(|number| number.to_string());
    let mut command = Command::new(operation, region)
        .with("--alarm-name", &alarm.alarm_name)
        .with_some("--alarm-description", alarm.alarm_description.as_deref())
        .with_some("--alarm-rule", alarm.alarm_rule.as_deref())
        .with_some("--actions-suppressor", alarm.actions_suppressor.as_deref())
        .with_some(
            "--actions-suppressor-wait-period",
            number(alarm.actions_suppressor_wait_period).as_deref(),
        )
        .with_some(
            "--actions-suppressor-extension-period",
            number(alarm.actions_suppressor_extension_period).as_deref(),
        )
        .with_some("--namespace", alarm.namespace.as_deref())
        .with_some("--metric-name", alarm.metric_name.as_deref())
        .with_some("--statistic", alarm.statistic.as_deref())
        .with_some("--extended-statistic", alarm.extended_statistic.as_deref());
    if !alarm.dimensions.is_empty() {
        command = command.with_json("--dimensions", &alarm.dimensions);
    }
    if !alarm.metrics.is_empty() {
        command = command.with_json("--metrics", &alarm.metrics);
    }
    command = command
        .with_some("--unit", alarm.unit.as_deref())
        .with_some("--period", number(alarm.period).as_deref())
        .with_some(
            "--evaluation-periods",
            number(alarm.evaluation_periods).as_deref(),
        )
        .with_some(
            "--datapoints-to-alarm",
            number(alarm.datapoints_to_alarm).as_deref(),
        )
        .with_some(
            "--threshold",
            alarm
                .threshold
                .map(|threshold| threshold.to_string())
                .as_deref(),
        )
        .with_some(
            "--threshold-metric-id",
            alarm.threshold_metric_id.as_deref(),
        )
        .with_some(
            "--comparison-operator",
            alarm.comparison_operator.as_deref(),
        )
        .with_some("--treat-missing-data", alarm.treat_missing_data.as_deref())
        .with_some(
            "--evaluate-low-sample-count-percentile",
            alarm.evaluate_low_sample_count_percentile.as_deref(),
        )
        .with_some_json("--evaluation-window", alarm.evaluation_window.as_ref())
        .with_some_json(
            "--warm-up-configuration",
            alarm.warm_up_configuration.as_ref(),
        )
        .with_some_json("--evaluation-criteria", alarm.evaluation_criteria.as_ref())
        .with_some(
            "--evaluation-interval",
            number(alarm.evaluation_interval).as_deref(),
        )
        .with_some_json(
            "--action-configuration",
            alarm.action_configuration.as_ref(),
        )
        .raw(if alarm.actions_enabled == Some(false) {
            "--no-actions-enabled"
        } else {
            "--actions-enabled"
        });
    command
        .with_list("--alarm-actions", &alarm.alarm_actions)
        .with_list("--ok-actions", &alarm.ok_actions)
        .with_list(
            "--insufficient-data-actions",
            &alarm.insufficient_data_actions,
        )
}

/// PutEventSelectors, with all that the trail is to record: the call replaces what is there.
pub(crate) fn put_event_selectors(
    region: &str,
    trail_arn: &str,
    selectors: &EventSelectors,
) -> Command {
    let command =
        Command::new("cloudtrail put-event-selectors", region).with("--trail-name", trail_arn);
    match (
        &selectors.advanced_event_selectors,
        &selectors.event_selectors,
    ) {
        (Some(advanced), _) => command.with_json("--advanced-event-selectors", advanced),
        (None, Some(basic)) => command.with_json("--event-selectors", basic),
        (None, None) => command,
    }
}

/// UpdateTrail, to be given what is to change: the rest of the trail stays.
pub(crate) fn update_trail(region: &str, trail_arn: &str) -> Command {
    Command::new("cloudtrail update-trail", region).with("--name", trail_arn)
}

impl Command {
    /// Has a trail record every region.
    pub(crate) fn every_region(self) -> Self {
        // AWS takes the one only with the other.
        self.raw("--is-multi-region-trail --include-global-service-events")
    }
}

/// sns:Subscribe, in the topic's region.
pub(crate) fn subscribe(topic_arn: &str, protocol: &str, endpoint: &str) -> Command {
    Command::new("sns subscribe", Arn::region_of(topic_arn))
        .with("--topic-arn", topic_arn)
        .with("--protocol", protocol)
        .with("--notification-endpoint", endpoint)
}

/// DeleteAlarmMuteRule, of a rule whose name may be left to the reader.
pub(crate) fn delete_mute_rule(region: &str, name: Option<&str>) -> Command {
    Command::new("cloudwatch delete-alarm-mute-rule", region)
        .with("--alarm-mute-rule-name", name.unwrap_or("RULE"))
}

/// The name, or where something carries it already, the name with this project's before it, numbered if need be: putting what is
/// there would replace it.
pub(super) fn free_name(name: String, is_taken: impl Fn(&str) -> bool) -> String {
    let own = format!("trailwarden-{name}");
    let numbered = (2..).map(|number: u32| format!("{own}-{number}"));
    let mut names = [name, own.clone()].into_iter().chain(numbered);
    names.find(|name| !is_taken(name)).unwrap_or(own)
}
