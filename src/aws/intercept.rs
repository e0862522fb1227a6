use std::sync::Arc;

use aws_sdk_account::operation as account;
use aws_sdk_cloudtrail::operation as cloudtrail;
use aws_sdk_cloudwatch::operation as cloudwatch;
use aws_sdk_cloudwatchlogs::operation as logs;
use aws_sdk_eventbridge::operation as events;
use aws_sdk_iam::operation as iam;
use aws_sdk_kms::operation as kms;
use aws_sdk_sns::operation as sns;
use aws_sdk_sqs::operation as sqs;
use aws_sdk_sts::operation as sts;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef, Error,
    FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::{Metadata, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

use super::classify;
use super::principals::LastKey;
use super::renewal::Renewal;
use super::request::{Request, RequestObserver, RequestResult, reads};

/// Tells the observer of every request when it ends: each attempt, also one that a timeout cut. Refuses answers that are none,
/// and has credentials renewed that AWS calls expired.
#[derive(Debug, Clone)]
pub(super) struct Observe {
    pub(super) observer: Arc<dyn RequestObserver>,
    pub(super) renewal: Renewal,
    pub(super) key: LastKey,
}

/// What AWS calls a session token whose time is over.
const EXPIRED: [&str; 2] = ["ExpiredToken", "ExpiredTokenException"];

impl Intercept for Observe {
    fn name(&self) -> &'static str {
        "trailwarden::Observe"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(authorization) = context.request().headers().get("authorization") {
            self.key.note(authorization);
        }
        Ok(())
    }

    /// An answer without a body is none: a list that is empty says so. The SDK would take it for an empty list, and something on
    /// the way that answers 200 and nothing would make everything look deleted.
    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let reads = config
            .load::<Metadata>()
            .is_some_and(|metadata| reads(metadata.name()));
        let answer = context.response();
        let is_empty = answer.body().bytes().is_some_and(<[u8]>::is_empty);
        if reads && is_empty && answer.status().is_success() {
            return Err("the answer has no body".into());
        }
        Ok(())
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
        if let Some(Err(error)) = context.output_or_error() {
            let code = error.as_operation_error().and_then(code);
            if code.is_some_and(|code| EXPIRED.contains(&code)) {
                self.renewal.renew();
            }
        }
        self.observer.observe(&Request {
            service: service(metadata.service()),
            operation: metadata.name(),
            result: match context.output_or_error() {
                Some(Ok(_)) => RequestResult::Ok,
                Some(Err(error)) => result_of(error, status),
                None => RequestResult::Error,
            },
            request_id: context.response().and_then(RequestId::request_id),
            date: context
                .response()
                .and_then(|answer| answer.headers().get("date")),
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
        "IAM" => "iam",
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
        events::put_events::PutEventsError,
        iam::get_role::GetRoleError,
        iam::simulate_principal_policy::SimulatePrincipalPolicyError,
        events::describe_event_bus::DescribeEventBusError,
        events::list_rules::ListRulesError,
        events::list_targets_by_rule::ListTargetsByRuleError,
        iam::get_role_policy::GetRolePolicyError,
        iam::list_attached_role_policies::ListAttachedRolePoliciesError,
        iam::list_role_policies::ListRolePoliciesError,
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
        sqs::get_queue_attributes::GetQueueAttributesError,
        sqs::get_queue_url::GetQueueUrlError,
        sqs::receive_message::ReceiveMessageError,
        sts::assume_role::AssumeRoleError,
        sts::get_caller_identity::GetCallerIdentityError,
    );
    None
}
