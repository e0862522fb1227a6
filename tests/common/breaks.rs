//! The ways in which people cut the chain, each one call of the AWS API.

use aws_sdk_cloudtrail::types::{EventSelector, ReadWriteType};
use aws_sdk_cloudwatch::types::{ComparisonOperator, Statistic};
use aws_sdk_cloudwatchlogs::types::MetricTransformation;

use super::aws::Account;

/// One way to cut the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    StopLogging,
    DeleteTrail,
    ForgetLogGroup,
    RecordDataEventsOnly,
    DeleteLogGroup,
    DeleteMetricFilter,
    NarrowPattern,
    WriteZero,
    DeleteAlarm,
    DisableActions,
    RaiseThreshold,
    DropActions,
    DeleteTopic,
    Unsubscribe,
}

impl Break {
    pub const ALL: [Self; 14] = [
        Self::StopLogging,
        Self::DeleteTrail,
        Self::ForgetLogGroup,
        Self::RecordDataEventsOnly,
        Self::DeleteLogGroup,
        Self::DeleteMetricFilter,
        Self::NarrowPattern,
        Self::WriteZero,
        Self::DeleteAlarm,
        Self::DisableActions,
        Self::RaiseThreshold,
        Self::DropActions,
        Self::DeleteTopic,
        Self::Unsubscribe,
    ];

    /// The link that it cuts.
    pub const fn link(self) -> &'static str {
        match self {
            Self::StopLogging | Self::DeleteTrail => "trail",
            Self::RecordDataEventsOnly => "selector",
            Self::ForgetLogGroup | Self::DeleteLogGroup => "log_group",
            Self::DeleteMetricFilter | Self::NarrowPattern => "pattern",
            Self::WriteZero => "metric",
            Self::DeleteAlarm | Self::DisableActions | Self::RaiseThreshold => "alarm",
            Self::DropActions => "action",
            Self::DeleteTopic => "topic",
            Self::Unsubscribe => "subscription",
        }
    }

    /// The call that does it.
    pub const fn event_name(self) -> &'static str {
        match self {
            Self::StopLogging => "StopLogging",
            Self::DeleteTrail => "DeleteTrail",
            Self::ForgetLogGroup => "UpdateTrail",
            Self::RecordDataEventsOnly => "PutEventSelectors",
            Self::DeleteLogGroup => "DeleteLogGroup",
            Self::DeleteMetricFilter => "DeleteMetricFilter",
            Self::NarrowPattern | Self::WriteZero => "PutMetricFilter",
            Self::DeleteAlarm => "DeleteAlarms",
            Self::DisableActions => "DisableAlarmActions",
            Self::RaiseThreshold | Self::DropActions => "PutMetricAlarm",
            Self::DeleteTopic => "DeleteTopic",
            Self::Unsubscribe => "Unsubscribe",
        }
    }

    /// Makes the call.
    pub async fn apply(self, account: &Account) {
        let seeded = &account.seeded;
        match self {
            Self::StopLogging => {
                let call = account.cloudtrail.stop_logging().name(&seeded.trail);
                call.send().await.expect("StopLogging");
            }
            Self::DeleteTrail => {
                let call = account.cloudtrail.delete_trail().name(&seeded.trail);
                call.send().await.expect("DeleteTrail");
            }
            Self::ForgetLogGroup => {
                let call = account.cloudtrail.update_trail().name(&seeded.trail);
                let call = call
                    .cloud_watch_logs_log_group_arn("")
                    .cloud_watch_logs_role_arn("");
                call.send().await.expect("UpdateTrail");
            }
            Self::RecordDataEventsOnly => {
                let selector = EventSelector::builder()
                    .read_write_type(ReadWriteType::All)
                    .include_management_events(false)
                    .build();
                let call = account
                    .cloudtrail
                    .put_event_selectors()
                    .trail_name(&seeded.trail);
                call.event_selectors(selector)
                    .send()
                    .await
                    .expect("PutEventSelectors");
            }
            Self::DeleteLogGroup => {
                let call = account
                    .logs
                    .delete_log_group()
                    .log_group_name(&seeded.log_group);
                call.send().await.expect("DeleteLogGroup");
            }
            Self::DeleteMetricFilter => {
                let call = account
                    .logs
                    .delete_metric_filter()
                    .log_group_name(&seeded.log_group);
                let call = call.filter_name(&seeded.metric_filter);
                call.send().await.expect("DeleteMetricFilter");
            }
            Self::NarrowPattern => {
                put_filter(
                    account,
                    "{ ($.eventName = CreateTrail) || ($.eventName = DeleteTrail) }",
                    "1",
                )
                .await;
            }
            Self::WriteZero => put_filter(account, PATTERN, "0").await,
            Self::DeleteAlarm => {
                let call = account
                    .cloudwatch
                    .delete_alarms()
                    .alarm_names(&seeded.alarm);
                call.send().await.expect("DeleteAlarms");
            }
            Self::DisableActions => {
                let call = account
                    .cloudwatch
                    .disable_alarm_actions()
                    .alarm_names(&seeded.alarm);
                call.send().await.expect("DisableAlarmActions");
            }
            Self::RaiseThreshold => put_alarm(account, 5.0, true).await,
            Self::DropActions => put_alarm(account, 1.0, false).await,
            Self::DeleteTopic => {
                let call = account.sns.delete_topic().topic_arn(&seeded.topic_arn);
                call.send().await.expect("DeleteTopic");
            }
            Self::Unsubscribe => {
                let call = account
                    .sns
                    .unsubscribe()
                    .subscription_arn(&seeded.subscription_arn);
                call.send().await.expect("Unsubscribe");
            }
        }
    }
}

/// The text that CIS 4.5 prescribes.
pub const PATTERN: &str = "{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) || ($.eventName = DeleteTrail) \
     || ($.eventName = StartLogging) || ($.eventName = StopLogging) }";

/// Replaces the seeded metric filter.
pub async fn put_filter(account: &Account, pattern: &str, value: &str) {
    let seeded = &account.seeded;
    let transformation = MetricTransformation::builder()
        .metric_name(&seeded.metric_name)
        .metric_namespace(&seeded.metric_namespace)
        .metric_value(value)
        .build()
        .expect("a metric transformation");
    let call = account
        .logs
        .put_metric_filter()
        .log_group_name(&seeded.log_group);
    let call = call
        .filter_name(&seeded.metric_filter)
        .filter_pattern(pattern);
    call.metric_transformations(transformation)
        .send()
        .await
        .expect("PutMetricFilter");
}

/// Replaces the seeded alarm.
pub async fn put_alarm(account: &Account, threshold: f64, with_action: bool) {
    let seeded = &account.seeded;
    let actions = with_action.then(|| vec![seeded.topic_arn.clone()]);
    account
        .cloudwatch
        .put_metric_alarm()
        .alarm_name(&seeded.alarm)
        .metric_name(&seeded.metric_name)
        .namespace(&seeded.metric_namespace)
        .statistic(Statistic::Sum)
        .period(300)
        .evaluation_periods(1)
        .threshold(threshold)
        .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold)
        .treat_missing_data("notBreaching")
        .set_alarm_actions(actions)
        .send()
        .await
        .expect("PutMetricAlarm");
}
