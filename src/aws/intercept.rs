use std::sync::Arc;

use aws_sdk_account::operation as account;
use aws_sdk_cloudtrail::operation as cloudtrail;
use aws_sdk_cloudwatch::operation as cloudwatch;
use aws_sdk_cloudwatchlogs::operation as logs;
use aws_sdk_kms::operation as kms;
use aws_sdk_sns::operation as sns;
use aws_sdk_sqs::operation as sqs;
use aws_sdk_sts::operation as sts;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    Error, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::{Metadata, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

use super::classify;
use super::request::{Request, RequestObserver, RequestResult};

/// Tells the observer of every request when it ends: each attempt, also one that a timeout cut.
#[derive(Debug, Clone)]
pub(super) struct Observe(pub(super) Arc<dyn RequestObserver>);

impl Intercept for Observe {
    fn name(&self) -> &'static str {
        "trailwarden::Observe"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(metadata) = config.load::<Metadata>() else {
            return Ok(());
        };
        let status = context.response().map(|answer| answer.status().as_u16());
        self.0.observe(&Request {
            service: service(metadata.service()),
            operation: metadata.name(),
            result: match context.output_or_error() {
                Some(Ok(_)) => RequestResult::Ok,
                Some(Err(error)) => result_of(error, status),
                None => RequestResult::Error,
            },
            request_id: context.response().and_then(RequestId::request_id),
        });
        Ok(())
    }
}

fn result_of(error: &OrchestratorError<Error>, status: Option<u16>) -> RequestResult {
    let timed_out = error.is_timeout_error()
        || error
            .as_connector_error()
            .is_some_and(aws_sdk_cloudtrail::error::ConnectorError::is_timeout);
    match error.as_operation_error() {
        _ if timed_out => RequestResult::Timeout,
        Some(answer) => classify::of_answer(code(answer), status).1,
        None => RequestResult::Error,
    }
}

/// The prefix of IAM actions, from the name that the SDK gives a service.
fn service(name: &str) -> &'static str {
    match name {
        "Account" => "account",
        "CloudTrail" => "cloudtrail",
        "CloudWatch" => "cloudwatch",
        "CloudWatch Logs" => "logs",
        "EventBridge" => "events",
        "KMS" => "kms",
        "SNS" => "sns",
        "SQS" => "sqs",
        "STS" => "sts",
        _ => "other",
    }
}

/// AWS's code in an error whose type an interceptor cannot know.
fn code(error: &Error) -> Option<&str> {
    macro_rules! first_of {
        ($($error:path),+ $(,)?) => {
            $(if let Some(error) = error.downcast_ref::<$error>() {
                return error.code();
            })+
        };
    }
    first_of!(
        account::list_regions::ListRegionsError,
        cloudtrail::describe_trails::DescribeTrailsError,
        cloudtrail::get_event_selectors::GetEventSelectorsError,
        cloudtrail::get_trail_status::GetTrailStatusError,
        cloudtrail::put_event_selectors::PutEventSelectorsError,
        cloudtrail::start_logging::StartLoggingError,
        cloudtrail::update_trail::UpdateTrailError,
        cloudwatch::describe_alarms::DescribeAlarmsError,
        cloudwatch::enable_alarm_actions::EnableAlarmActionsError,
        cloudwatch::get_alarm_mute_rule::GetAlarmMuteRuleError,
        cloudwatch::list_alarm_mute_rules::ListAlarmMuteRulesError,
        cloudwatch::put_metric_alarm::PutMetricAlarmError,
        kms::describe_key::DescribeKeyError,
        kms::get_key_policy::GetKeyPolicyError,
        logs::create_log_group::CreateLogGroupError,
        logs::describe_account_policies::DescribeAccountPoliciesError,
        logs::describe_log_groups::DescribeLogGroupsError,
        logs::describe_metric_filters::DescribeMetricFiltersError,
        logs::get_data_protection_policy::GetDataProtectionPolicyError,
        logs::put_metric_filter::PutMetricFilterError,
        sns::create_topic::CreateTopicError,
        sns::get_subscription_attributes::GetSubscriptionAttributesError,
        sns::get_topic_attributes::GetTopicAttributesError,
        sns::list_subscriptions_by_topic::ListSubscriptionsByTopicError,
        sns::publish::PublishError,
        sns::subscribe::SubscribeError,
        sqs::change_message_visibility_batch::ChangeMessageVisibilityBatchError,
        sqs::delete_message_batch::DeleteMessageBatchError,
        sqs::receive_message::ReceiveMessageError,
        sts::get_caller_identity::GetCallerIdentityError,
    );
    None
}
