use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A log group of logs:DescribeLogGroups.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogGroup {
    /// Region of the group.
    pub region: String,
    /// Name of the group.
    pub log_group_name: String,
    /// `STANDARD` (the default), `INFREQUENT_ACCESS` or `DELIVERY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_group_class: Option<String>,
}

/// A metric filter of logs:DescribeMetricFilters.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricFilter {
    /// Region of the filter and of its log group.
    pub region: String,
    /// The log group that it reads.
    pub log_group_name: String,
    /// Name of the filter.
    #[serde(default)]
    pub filter_name: String,
    /// The pattern; absent or empty matches every event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_pattern: Option<String>,
    /// What it writes; AWS allows exactly one.
    #[serde(default)]
    pub metric_transformations: Vec<MetricTransformation>,
    /// Whether it reads records after the log group's transformer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply_on_transformed_logs: Option<bool>,
    /// Restricts the events by system fields before the pattern is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_selection_criteria: Option<String>,
    /// System fields that become dimensions of the metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emit_system_field_dimensions: Option<Vec<String>>,
}

/// What a metric filter writes for a match.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricTransformation {
    /// Name of the metric.
    pub metric_name: String,
    /// Namespace of the metric.
    pub metric_namespace: String,
    /// A number, or a `$.field` whose value is taken.
    pub metric_value: String,
    /// Reported for periods in which events arrived and none matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_value: Option<f64>,
    /// Unit of the data points; absent is `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Dimension name to the `$.field` that gives its value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dimensions: BTreeMap<String, String>,
}

/// logs:GetDataProtectionPolicy of one log group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataProtectionPolicy {
    /// Region of the log group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Name of the log group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_group_name: Option<String>,
    /// The name or ARN that the answer of the API carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_group_identifier: Option<String>,
    /// The policy: JSON in a string as the API gives it, or the object itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_document: Option<Value>,
}

/// A policy of logs:DescribeAccountPolicies.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountPolicy {
    /// Region that the policy holds in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Name of the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_name: Option<String>,
    /// `DATA_PROTECTION_POLICY`, `TRANSFORMER_POLICY`, `SUBSCRIPTION_FILTER_POLICY`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_type: Option<String>,
    /// The policy: JSON in a string as the API gives it, or the object itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_document: Option<Value>,
    /// `ALL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Which log groups are meant, such as `LogGroupName NOT IN [...]` or a prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection_criteria: Option<String>,
}
