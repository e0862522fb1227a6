use std::collections::BTreeSet;

use aws_sdk_cloudwatchlogs::types as sdk;
use aws_sdk_cloudwatchlogs::types::PolicyType;
use futures_util::future::{join, join_all, join3};
use serde_json::Value;

use super::look::{Look, NoneIf, Seen};
use crate::aws::sdk_error::call;
use crate::snapshot::{
    AccountPolicy, DataProtectionPolicy, LogGroup, MetricFilter, MetricTransformation,
};

/// What was seen of `CloudWatch` Logs.
#[derive(Debug, Default)]
pub(super) struct LogsSeen {
    pub(super) log_groups: Vec<LogGroup>,
    /// None where not one call for filters was answered.
    pub(super) metric_filters: Option<Vec<MetricFilter>>,
    pub(super) data_protection_policies: Vec<DataProtectionPolicy>,
    pub(super) account_policies: Vec<AccountPolicy>,
}

impl LogsSeen {
    pub(super) fn add(&mut self, more: Self) {
        self.log_groups.extend(more.log_groups);
        if let Some(filters) = more.metric_filters {
            self.metric_filters.get_or_insert_default().extend(filters);
        }
        self.data_protection_policies
            .extend(more.data_protection_policies);
        self.account_policies.extend(more.account_policies);
    }
}

/// Looks at the named log groups of a region with their filters; where none is named, at every filter of the region, so
/// that what is left of a chain without a trail is seen.
pub(super) async fn see(look: &Look<'_>, region: &str, names: &BTreeSet<String>) -> LogsSeen {
    let of_groups = async {
        if names.is_empty() {
            LogsSeen {
                metric_filters: filters(look, region, None).await,
                ..LogsSeen::default()
            }
        } else {
            let mut all = LogsSeen::default();
            for more in join_all(names.iter().map(|name| group(look, region, name))).await {
                all.add(more);
            }
            all
        }
    };
    let policies = join(
        account_policies(look, region, PolicyType::DataProtectionPolicy),
        account_policies(look, region, PolicyType::TransformerPolicy),
    );
    let (mut seen, (mut masking, transforming)) = join(of_groups, policies).await;
    masking.extend(transforming);
    seen.account_policies = masking;
    seen
}

async fn group(look: &Look<'_>, region: &str, name: &str) -> LogsSeen {
    let (log_group, metric_filters, policy) = join3(
        log_group(look, region, name),
        filters(look, region, Some(name)),
        data_protection(look, region, name),
    )
    .await;
    LogsSeen {
        log_groups: log_group.into_iter().collect(),
        metric_filters,
        data_protection_policies: policy.into_iter().collect(),
        account_policies: Vec::new(),
    }
}

async fn log_group(look: &Look<'_>, region: &str, name: &str) -> Option<LogGroup> {
    let clients = look.region(region);
    let call = call("logs", "DescribeLogGroups", region);
    let is_it = |group: &&sdk::LogGroup| group.log_group_name.as_deref() == Some(name);
    let pages = look
        .ask_pages(
            call,
            NoneIf::Never,
            |token| {
                clients
                    .logs()
                    .describe_log_groups()
                    .log_group_name_prefix(name)
                    .limit(50)
                    .set_next_token(token)
                    .send()
            },
            // Names come sorted and the exact one is the shortest of its prefix: no need to read past it.
            |page| {
                page.next_token()
                    .filter(|_| !page.log_groups().iter().any(|group| is_it(&group)))
            },
        )
        .await?;
    let found = pages
        .iter()
        .flat_map(aws_sdk_cloudwatchlogs::operation::describe_log_groups::DescribeLogGroupsOutput::log_groups)
        .find(is_it)?;
    Some(LogGroup {
        region: region.to_owned(),
        log_group_name: name.to_owned(),
        log_group_class: found
            .log_group_class
            .as_ref()
            .map(|class| class.as_str().to_owned()),
    })
}

/// The filters of one log group, or of all. A group that does not exist has none.
async fn filters(look: &Look<'_>, region: &str, group: Option<&str>) -> Option<Vec<MetricFilter>> {
    let clients = look.region(region);
    let call = call("logs", "DescribeMetricFilters", region);
    let pages = look
        .ask_pages(
            call,
            NoneIf::Gone,
            |token| {
                clients
                    .logs()
                    .describe_metric_filters()
                    .set_log_group_name(group.map(ToOwned::to_owned))
                    .limit(50)
                    .set_next_token(token)
                    .send()
            },
            aws_sdk_cloudwatchlogs::operation::describe_metric_filters::DescribeMetricFiltersOutput::next_token,
        )
        .await?;
    let found = pages
        .into_iter()
        .flat_map(|page| page.metric_filters.unwrap_or_default());
    Some(found.map(|found| filter(found, region, group)).collect())
}

fn filter(found: sdk::MetricFilter, region: &str, group: Option<&str>) -> MetricFilter {
    MetricFilter {
        region: region.to_owned(),
        log_group_name: found
            .log_group_name
            .or(group.map(ToOwned::to_owned))
            .unwrap_or_default(),
        filter_name: found.filter_name.unwrap_or_default(),
        filter_pattern: found.filter_pattern,
        metric_transformations: found
            .metric_transformations
            .unwrap_or_default()
            .into_iter()
            .map(|into| MetricTransformation {
                metric_name: into.metric_name,
                metric_namespace: into.metric_namespace,
                metric_value: into.metric_value,
                default_value: into.default_value,
                unit: into.unit.map(|unit| unit.as_str().to_owned()),
                dimensions: into.dimensions.unwrap_or_default().into_iter().collect(),
            })
            .collect(),
        apply_on_transformed_logs: found.apply_on_transformed_logs.then_some(true),
        field_selection_criteria: found.field_selection_criteria,
        emit_system_field_dimensions: found.emit_system_field_dimensions,
    }
}

async fn data_protection(
    look: &Look<'_>,
    region: &str,
    name: &str,
) -> Option<DataProtectionPolicy> {
    let clients = look.region(region);
    let call = call("logs", "GetDataProtectionPolicy", region);
    let request = clients
        .logs()
        .get_data_protection_policy()
        .log_group_identifier(name)
        .send();
    match look.ask(call, NoneIf::GoneOrUnknownCall, request).await {
        Seen::Some(answer) => Some(DataProtectionPolicy {
            region: Some(region.to_owned()),
            log_group_name: Some(name.to_owned()),
            log_group_identifier: answer.log_group_identifier,
            policy_document: Some(Value::String(answer.policy_document?)),
        }),
        Seen::Nothing | Seen::Hole => None,
    }
}

async fn account_policies(look: &Look<'_>, region: &str, kind: PolicyType) -> Vec<AccountPolicy> {
    let clients = look.region(region);
    let call = call("logs", "DescribeAccountPolicies", region);
    let pages = look
        .ask_pages(
            call,
            NoneIf::GoneOrUnknownCall,
            |token| {
                clients
                    .logs()
                    .describe_account_policies()
                    .policy_type(kind.clone())
                    .set_next_token(token)
                    .send()
            },
            aws_sdk_cloudwatchlogs::operation::describe_account_policies::DescribeAccountPoliciesOutput::next_token,
        )
        .await
        .unwrap_or_default();
    pages
        .into_iter()
        .flat_map(|page| page.account_policies.unwrap_or_default())
        .map(|found| AccountPolicy {
            region: Some(region.to_owned()),
            policy_name: found.policy_name,
            policy_type: found.policy_type.map(|kind| kind.as_str().to_owned()),
            policy_document: found.policy_document.map(Value::String),
            scope: found.scope.map(|scope| scope.as_str().to_owned()),
            selection_criteria: found.selection_criteria,
        })
        .collect()
}
