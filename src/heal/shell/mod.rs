//! The AWS CLI command that does what a repair does, to be copied into a shell as it stands.

use serde::Serialize;

use crate::assess::{option_text, quoted};
use crate::snapshot::{Alarm, Arn, EventSelectors, MetricFilter, Trail};

use super::{LogDelivery, Repair};

/// A command line in the making; every argument is quoted where the shell would read something else into it.
pub(super) struct Command(String);

impl Command {
    pub(super) fn new(service: &str, operation: &str) -> Self {
        Self(format!("aws {service} {operation}"))
    }

    /// An option with its value.
    pub(super) fn with(mut self, option: &str, value: &str) -> Self {
        self.0.push_str(&option_text(option, value));
        self
    }

    pub(super) fn with_some(self, option: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(option, value),
            None => self,
        }
    }

    pub(super) fn with_json(self, option: &str, value: &impl Serialize) -> Self {
        // Types of ours always serialise; an empty document would be refused by the CLI, not carried out.
        self.with(option, &serde_json::to_string(value).unwrap_or_default())
    }

    fn with_some_json(self, option: &str, value: Option<&impl Serialize>) -> Self {
        match value {
            Some(value) => self.with_json(option, value),
            None => self,
        }
    }

    fn with_list(mut self, option: &str, values: &[String]) -> Self {
        if let Some((first, rest)) = values.split_first() {
            self = self.with(option, first);
            for value in rest {
                self.0.push(' ');
                self.0.push_str(&quoted(value));
            }
        }
        self
    }

    pub(super) fn flag(mut self, option: &str) -> Self {
        self.0.push(' ');
        self.0.push_str(option);
        self
    }

    pub(super) fn text(self) -> String {
        self.0
    }
}

/// The AWS CLI command for a repair, quoted for a POSIX shell (bash where a name holds what a terminal would obey).
pub fn command(repair: &Repair) -> String {
    match repair {
        Repair::PutMetricFilter { filter } => put_metric_filter(filter),
        Repair::PutMetricAlarm { region, alarm } => put_alarm(region, alarm),
        Repair::EnableAlarmActions { region, alarm_name } => {
            Command::new("cloudwatch", "enable-alarm-actions")
                .with("--region", region)
                .with("--alarm-names", alarm_name)
                .text()
        }
        Repair::CreateTopic { region, name } => Command::new("sns", "create-topic")
            .with("--region", region)
            .with("--name", name)
            .text(),
        Repair::Subscribe {
            topic_arn,
            protocol,
            endpoint,
        } => subscribe(topic_arn, protocol, endpoint),
        Repair::StartLogging { region, trail_arn } => Command::new("cloudtrail", "start-logging")
            .with("--region", region)
            .with("--name", trail_arn)
            .text(),
        Repair::UpdateTrail {
            region,
            trail_arn,
            multi_region,
            delivery,
        } => update_trail(region, trail_arn, *multi_region, delivery.as_ref()),
        Repair::PutEventSelectors {
            region,
            trail_arn,
            selectors,
        } => put_event_selectors(region, trail_arn, selectors),
        Repair::CreateLogGroup { region, name } => Command::new("logs", "create-log-group")
            .with("--region", region)
            .with("--log-group-name", name)
            .text(),
    }
}

fn put_metric_filter(filter: &MetricFilter) -> String {
    let mut command = Command::new("logs", "put-metric-filter")
        .with("--region", &filter.region)
        .with("--log-group-name", &filter.log_group_name)
        .with("--filter-name", &filter.filter_name)
        .with(
            "--filter-pattern",
            filter.filter_pattern.as_deref().unwrap_or_default(),
        )
        .with_json("--metric-transformations", &filter.metric_transformations);
    if filter.apply_on_transformed_logs == Some(true) {
        command = command.flag("--apply-on-transformed-logs");
    }
    command = command.with_some(
        "--field-selection-criteria",
        filter.field_selection_criteria.as_deref(),
    );
    command
        .with_list(
            "--emit-system-field-dimensions",
            filter
                .emit_system_field_dimensions
                .as_deref()
                .unwrap_or_default(),
        )
        .text()
}

/// PutMetricAlarm, or PutCompositeAlarm for a composite one.
pub(super) fn put_alarm(region: &str, alarm: &Alarm) -> String {
    let operation = if alarm.is_composite() {
        "put-composite-alarm"
    } else {
        "put-metric-alarm"
    };
    let number = |number: Option<i64>| number.map(|number| number.to_string());
    let mut command = Command::new("cloudwatch", operation)
        .with("--region", region)
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
        .flag(if alarm.actions_enabled == Some(false) {
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
        .text()
}

/// sns:Subscribe, in the topic's region.
pub(super) fn subscribe(topic_arn: &str, protocol: &str, endpoint: &str) -> String {
    Command::new("sns", "subscribe")
        .with_some("--region", Arn::region_of(topic_arn))
        .with("--topic-arn", topic_arn)
        .with("--protocol", protocol)
        .with("--notification-endpoint", endpoint)
        .text()
}

/// sns:SetTopicAttributes, in the topic's region.
pub(super) fn set_topic_attribute(topic_arn: &str, attribute: &str, value: &str) -> String {
    Command::new("sns", "set-topic-attributes")
        .with_some("--region", Arn::region_of(topic_arn))
        .with("--topic-arn", topic_arn)
        .with("--attribute-name", attribute)
        .with("--attribute-value", value)
        .text()
}

fn update_trail(
    region: &str,
    trail_arn: &str,
    multi_region: Option<bool>,
    delivery: Option<&LogDelivery>,
) -> String {
    let mut command = Command::new("cloudtrail", "update-trail")
        .with("--region", region)
        .with("--name", trail_arn);
    match multi_region {
        Some(true) => command = command.flag("--is-multi-region-trail"),
        Some(false) => command = command.flag("--no-is-multi-region-trail"),
        None => {}
    }
    command
        .with_some(
            "--cloud-watch-logs-log-group-arn",
            delivery.map(|delivery| delivery.log_group_arn.as_str()),
        )
        .with_some(
            "--cloud-watch-logs-role-arn",
            delivery.map(|delivery| delivery.role_arn.as_str()),
        )
        .text()
}

fn put_event_selectors(region: &str, trail_arn: &str, selectors: &EventSelectors) -> String {
    let command = Command::new("cloudtrail", "put-event-selectors")
        .with("--region", region)
        .with("--trail-name", trail_arn);
    match (
        &selectors.advanced_event_selectors,
        &selectors.event_selectors,
    ) {
        (Some(advanced), _) => command.with_json("--advanced-event-selectors", advanced),
        (None, Some(basic)) => command.with_json("--event-selectors", basic),
        (None, None) => command,
    }
    .text()
}

/// What makes a trail that is gone again: create, select, start.
pub(super) fn create_trail(trail: &Trail, selectors: Option<&EventSelectors>) -> String {
    let region = trail
        .home_region
        .as_deref()
        .or_else(|| Arn::region_of(&trail.trail_arn))
        .unwrap_or_default();
    let mut create = Command::new("cloudtrail", "create-trail")
        .with("--region", region)
        .with("--name", &trail.name)
        .with(
            "--s3-bucket-name",
            trail.s3_bucket_name.as_deref().unwrap_or("BUCKET"),
        );
    create = create.flag(if trail.is_multi_region_trail {
        "--is-multi-region-trail"
    } else {
        "--no-is-multi-region-trail"
    });
    if trail.include_global_service_events == Some(true) || trail.is_multi_region_trail {
        create = create.flag("--include-global-service-events");
    }
    if trail.is_organization_trail {
        create = create.flag("--is-organization-trail");
    }
    let create = create
        .with_some(
            "--cloud-watch-logs-log-group-arn",
            trail.cloud_watch_logs_log_group_arn.as_deref(),
        )
        .with_some(
            "--cloud-watch-logs-role-arn",
            trail.cloud_watch_logs_role_arn.as_deref(),
        )
        .text();
    let select = selectors
        .filter(|selectors| **selectors != EventSelectors::default())
        .map(|selectors| put_event_selectors(region, &trail.trail_arn, selectors));
    let start = command(&Repair::StartLogging {
        region: region.to_owned(),
        trail_arn: trail.trail_arn.clone(),
    });
    [Some(create), select, Some(start)]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" && ")
}

#[cfg(test)]
mod tests;
