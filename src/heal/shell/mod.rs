//! The AWS CLI command that does what a repair does, to be copied into a shell as it stands.

use crate::assess::{
    Command, put_alarm, put_event_selectors, put_metric_filter, subscribe, update_trail,
};
use crate::snapshot::{Arn, EventSelectors, Trail};

use super::{LogDelivery, Repair};

/// The AWS CLI command for a repair, quoted for a POSIX shell (bash where a name holds what a terminal would obey).
pub fn command(repair: &Repair) -> String {
    match repair {
        Repair::PutMetricFilter { filter } => put_metric_filter(filter).into(),
        Repair::PutMetricAlarm { region, alarm } => put_alarm(region, alarm).into(),
        Repair::EnableAlarmActions { region, alarm_name } => {
            Command::new("cloudwatch enable-alarm-actions", region.as_str())
                .with_list("--alarm-names", std::slice::from_ref(alarm_name))
                .into()
        }
        Repair::CreateTopic { region, name } => Command::new("sns create-topic", region.as_str())
            .with("--name", name)
            .into(),
        Repair::Subscribe {
            topic_arn,
            protocol,
            endpoint,
        } => subscribe(topic_arn, protocol, endpoint).into(),
        Repair::StartLogging { region, trail_arn } => {
            Command::new("cloudtrail start-logging", region.as_str())
                .with("--name", trail_arn)
                .into()
        }
        Repair::UpdateTrail {
            region,
            trail_arn,
            multi_region,
            delivery,
        } => {
            let mut command = update_trail(region, trail_arn);
            match multi_region {
                Some(true) => command = command.every_region(),
                Some(false) => command = command.raw("--no-is-multi-region-trail"),
                None => {}
            }
            if let Some(LogDelivery {
                log_group_arn,
                role_arn,
            }) = delivery
            {
                command = command
                    .with("--cloud-watch-logs-log-group-arn", log_group_arn)
                    .with("--cloud-watch-logs-role-arn", role_arn);
            }
            command.into()
        }
        Repair::PutEventSelectors {
            region,
            trail_arn,
            selectors,
        } => put_event_selectors(region, trail_arn, selectors).into(),
        Repair::CreateLogGroup { region, name } => {
            Command::new("logs create-log-group", region.as_str())
                .with("--log-group-name", name)
                .into()
        }
    }
}

/// sns:SetTopicAttributes, in the topic's region.
pub(super) fn set_topic_attribute(topic_arn: &str, attribute: &str, value: &str) -> String {
    Command::new("sns set-topic-attributes", Arn::region_of(topic_arn))
        .with("--topic-arn", topic_arn)
        .with("--attribute-name", attribute)
        .with("--attribute-value", value)
        .into()
}

/// What makes a trail that is gone again: create, select, start.
pub(super) fn create_trail(trail: &Trail, selectors: Option<&EventSelectors>) -> String {
    let region = trail
        .home_region
        .as_deref()
        .or_else(|| Arn::region_of(&trail.trail_arn))
        .unwrap_or_default();
    let mut create = Command::new("cloudtrail create-trail", region)
        .with("--name", &trail.name)
        .with(
            "--s3-bucket-name",
            trail.s3_bucket_name.as_deref().unwrap_or("BUCKET"),
        );
    create = create.raw(if trail.is_multi_region_trail {
        "--is-multi-region-trail"
    } else {
        "--no-is-multi-region-trail"
    });
    if trail.include_global_service_events == Some(true) || trail.is_multi_region_trail {
        create = create.raw("--include-global-service-events");
    }
    if trail.is_organization_trail {
        create = create.raw("--is-organization-trail");
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
        .into();
    let select = selectors
        .filter(|selectors| **selectors != EventSelectors::default())
        .map(|selectors| put_event_selectors(region, &trail.trail_arn, selectors).into());
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
