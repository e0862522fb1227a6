mod alarm;

use std::error::Error;

use aws_sdk_cloudtrail::types as trail;
use aws_sdk_cloudwatchlogs::types as logs;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::error::operation::BuildError;
use aws_types::request_id::RequestId;

use super::account::Applied;
use super::arn::{is_region, topic_region};
use super::clients::AccountClients;
use super::error::ApplyError;
use super::sdk_error::Call;
use crate::heal::{LogDelivery, Repair};
use crate::snapshot::{AdvancedEventSelector, EventSelector, EventSelectors, MetricFilter};

/// Says one repair to AWS; see [`super::AccountApi::apply`].
pub(super) async fn apply(
    clients: &AccountClients,
    repair: &Repair,
) -> Result<Applied, ApplyError> {
    let write = Write { clients, repair };
    let region = write.region()?;
    let to = clients.region(region);
    match repair {
        Repair::PutMetricFilter { filter } => put_metric_filter(write, region, filter).await,
        Repair::PutMetricAlarm { alarm, .. } => alarm::put(write, region, alarm).await,
        Repair::EnableAlarmActions { alarm_name, .. } => {
            let request = to
                .cloudwatch()
                .enable_alarm_actions()
                .alarm_names(alarm_name);
            write.send("cloudwatch", region, request.send()).await
        }
        Repair::CreateTopic { name, .. } => {
            let request = to.sns().create_topic().name(name);
            write.send("sns", region, request.send()).await
        }
        Repair::Subscribe {
            topic_arn,
            protocol,
            endpoint,
        } => {
            let request = to.sns().subscribe().topic_arn(topic_arn);
            let request = request.protocol(protocol).endpoint(endpoint);
            write.send("sns", topic_arn, request.send()).await
        }
        Repair::StartLogging { trail_arn, .. } => {
            let request = to.cloudtrail().start_logging().name(trail_arn);
            write.send("cloudtrail", trail_arn, request.send()).await
        }
        Repair::UpdateTrail {
            trail_arn,
            multi_region,
            delivery,
            ..
        } => update_trail(write, region, trail_arn, *multi_region, delivery.as_ref()).await,
        Repair::PutEventSelectors {
            trail_arn,
            selectors,
            ..
        } => put_event_selectors(write, region, trail_arn, selectors).await,
        Repair::CreateLogGroup { name, .. } => create_log_group(write, region, name).await,
    }
}

/// A repair on its way.
#[derive(Clone, Copy)]
struct Write<'a> {
    clients: &'a AccountClients,
    repair: &'a Repair,
}

impl<'a> Write<'a> {
    /// Where the repair is sent to, checked: a repair may come out of a file, and a region becomes part of a host name.
    fn region(self) -> Result<&'a str, ApplyError> {
        let region = match self.repair {
            Repair::PutMetricFilter { filter } => &filter.region,
            Repair::Subscribe { topic_arn, .. } => {
                return topic_region(topic_arn)
                    .ok_or_else(|| self.unsayable(format!("{topic_arn:?} is no topic's ARN")));
            }
            Repair::PutMetricAlarm { region, .. }
            | Repair::EnableAlarmActions { region, .. }
            | Repair::CreateTopic { region, .. }
            | Repair::StartLogging { region, .. }
            | Repair::UpdateTrail { region, .. }
            | Repair::PutEventSelectors { region, .. }
            | Repair::CreateLogGroup { region, .. } => region,
        };
        if is_region(region) {
            Ok(region)
        } else {
            Err(self.unsayable(format!("{region:?} is no region")))
        }
    }

    fn unsayable(self, reason: String) -> ApplyError {
        ApplyError::Unsayable {
            operation: self.repair.kind().operation(),
            reason,
        }
    }

    /// A number as wide as AWS takes it.
    fn number(self, name: &str, value: Option<i64>) -> Result<Option<i32>, ApplyError> {
        value
            .map(i32::try_from)
            .transpose()
            .map_err(|_| self.unsayable(format!("{name} is out of range")))
    }

    /// For fields that the SDK's types need and a repair may lack.
    fn incomplete(self) -> impl Fn(BuildError) -> ApplyError {
        move |error| self.unsayable(error.to_string())
    }

    /// The SDK's futures are kilobytes each: boxed before anything holds them.
    fn send<T, E>(
        self,
        service: &'static str,
        scope: &str,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> impl Future<Output = Result<Applied, ApplyError>>
    where
        T: RequestId,
        E: ProvideErrorMetadata + Error + 'static,
    {
        let request = Box::pin(request);
        async move {
            let call = Call {
                service,
                operation: self.repair.kind().operation(),
                scope,
            };
            let answer = self.clients.send(call, request).await?;
            Ok(Applied {
                request_id: answer.request_id().map(ToOwned::to_owned),
            })
        }
    }
}

async fn put_metric_filter(
    write: Write<'_>,
    region: &str,
    filter: &MetricFilter,
) -> Result<Applied, ApplyError> {
    let transformations = filter
        .metric_transformations
        .iter()
        .map(|into| {
            let dimensions = into.dimensions.clone().into_iter().collect();
            logs::MetricTransformation::builder()
                .metric_name(&into.metric_name)
                .metric_namespace(&into.metric_namespace)
                .metric_value(&into.metric_value)
                .set_default_value(into.default_value)
                .set_dimensions((!into.dimensions.is_empty()).then_some(dimensions))
                .set_unit(into.unit.as_deref().map(Into::into))
                .build()
                .map_err(write.incomplete())
        })
        .collect::<Result<Vec<_>, _>>()?;
    let request = write
        .clients
        .region(region)
        .logs()
        .put_metric_filter()
        .log_group_name(&filter.log_group_name)
        .filter_name(&filter.filter_name)
        .filter_pattern(filter.filter_pattern.clone().unwrap_or_default())
        .set_metric_transformations(Some(transformations))
        .set_apply_on_transformed_logs(filter.apply_on_transformed_logs)
        .set_field_selection_criteria(filter.field_selection_criteria.clone())
        .set_emit_system_field_dimensions(filter.emit_system_field_dimensions.clone())
        .send();
    write.send("logs", region, request).await
}

async fn update_trail(
    write: Write<'_>,
    region: &str,
    trail_arn: &str,
    multi_region: Option<bool>,
    delivery: Option<&LogDelivery>,
) -> Result<Applied, ApplyError> {
    let to = write.clients.region(region);
    let request = to
        .cloudtrail()
        .update_trail()
        .name(trail_arn)
        .set_is_multi_region_trail(multi_region)
        // AWS refuses a multi-region trail that leaves out global services (InvalidParameterCombinationException).
        .set_include_global_service_events(multi_region.filter(|wanted| *wanted))
        .set_cloud_watch_logs_log_group_arn(delivery.map(|to| to.log_group_arn.clone()))
        .set_cloud_watch_logs_role_arn(delivery.map(|to| to.role_arn.clone()))
        .send();
    write.send("cloudtrail", trail_arn, request).await
}

async fn put_event_selectors(
    write: Write<'_>,
    region: &str,
    trail_arn: &str,
    selectors: &EventSelectors,
) -> Result<Applied, ApplyError> {
    let basic = selectors.event_selectors.as_deref().unwrap_or_default();
    let advanced = selectors
        .advanced_event_selectors
        .as_deref()
        .unwrap_or_default();
    let advanced = advanced
        .iter()
        .map(|selector| advanced_selector(write, selector))
        .collect::<Result<Vec<_>, _>>()?;
    let basic: Vec<_> = basic.iter().map(basic_selector).collect();
    let to = write.clients.region(region);
    // AWS takes the one kind or the other, and an empty list is not the same as none.
    let request = to
        .cloudtrail()
        .put_event_selectors()
        .trail_name(trail_arn)
        .set_event_selectors((!basic.is_empty()).then_some(basic))
        .set_advanced_event_selectors((!advanced.is_empty()).then_some(advanced))
        .send();
    write.send("cloudtrail", trail_arn, request).await
}

fn basic_selector(selector: &EventSelector) -> trail::EventSelector {
    let resources = selector.data_resources.iter().map(|resource| {
        trail::DataResource::builder()
            .set_type(resource.resource_type.clone())
            .set_values(some(&resource.values))
            .build()
    });
    trail::EventSelector::builder()
        .set_read_write_type(selector.read_write_type.as_deref().map(Into::into))
        .set_include_management_events(selector.include_management_events)
        .set_data_resources((!selector.data_resources.is_empty()).then(|| resources.collect()))
        .set_exclude_management_event_sources(some(&selector.exclude_management_event_sources))
        .build()
}

fn advanced_selector(
    write: Write<'_>,
    selector: &AdvancedEventSelector,
) -> Result<trail::AdvancedEventSelector, ApplyError> {
    let fields = selector
        .field_selectors
        .iter()
        .map(|field| {
            trail::AdvancedFieldSelector::builder()
                .field(&field.field)
                .set_equals(some(&field.equals))
                .set_starts_with(some(&field.starts_with))
                .set_ends_with(some(&field.ends_with))
                .set_not_equals(some(&field.not_equals))
                .set_not_starts_with(some(&field.not_starts_with))
                .set_not_ends_with(some(&field.not_ends_with))
                .build()
                .map_err(write.incomplete())
        })
        .collect::<Result<Vec<_>, _>>()?;
    trail::AdvancedEventSelector::builder()
        .set_name(selector.name.clone())
        .set_field_selectors(Some(fields))
        .build()
        .map_err(write.incomplete())
}

/// AWS refuses an empty list of values where none is meant.
fn some(values: &[String]) -> Option<Vec<String>> {
    (!values.is_empty()).then(|| values.to_vec())
}

/// A group that is there by now is what was wanted.
async fn create_log_group(
    write: Write<'_>,
    region: &str,
    name: &str,
) -> Result<Applied, ApplyError> {
    let to = write.clients.region(region);
    let request = to.logs().create_log_group().log_group_name(name).send();
    match write.send("logs", region, request).await {
        Err(ApplyError::Call(error)) if error.code == "ResourceAlreadyExistsException" => {
            Ok(Applied { request_id: None })
        }
        result => result,
    }
}
