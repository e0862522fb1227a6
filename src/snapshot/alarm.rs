use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A metric or composite alarm as cloudwatch:DescribeAlarms prints it; its region is in the ARN.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Alarm {
    /// ARN of the alarm.
    pub alarm_arn: String,
    /// Name of the alarm.
    pub alarm_name: String,
    /// `CompositeAlarm` for a composite one; absent or `MetricAlarm` otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_type: Option<String>,
    /// A text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_description: Option<String>,
    /// Whether actions are carried out; the default of the API is true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions_enabled: Option<bool>,
    /// ARNs of what is done on a change to ALARM.
    #[serde(default)]
    pub alarm_actions: Vec<String>,
    /// ARNs of what is done on a change to OK.
    #[serde(default, rename = "OKActions")]
    pub ok_actions: Vec<String>,
    /// ARNs of what is done on a change to `INSUFFICIENT_DATA`.
    #[serde(default)]
    pub insufficient_data_actions: Vec<String>,
    /// The metric, for a plain metric alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_name: Option<String>,
    /// Its namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// `Sum`, `Average`, `Minimum`, `Maximum` or `SampleCount`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistic: Option<String>,
    /// A percentile or trimmed statistic, such as `p99` or `tm90`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_statistic: Option<String>,
    /// Dimensions that name the metric exactly.
    #[serde(default)]
    pub dimensions: Vec<Dimension>,
    /// Seconds of one period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<i64>,
    /// Only data points of this unit are looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// N of "M out of N".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation_periods: Option<i64>,
    /// M of "M out of N"; absent means N.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datapoints_to_alarm: Option<i64>,
    /// What the statistic is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// How it is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison_operator: Option<String>,
    /// `missing` (the default), `notBreaching`, `breaching` or `ignore`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treat_missing_data: Option<String>,
    /// For percentiles: `evaluate` or `ignore`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluate_low_sample_count_percentile: Option<String>,
    /// Metric math: the queries, of which one returns data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<MetricDataQuery>,
    /// For an anomaly band: the id of the query that is the band.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold_metric_id: Option<String>,
    /// How the evaluated range moves; absent is a sliding window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation_window: Option<EvaluationWindow>,
    /// How long the alarm waits after it was put before it evaluates and acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up_configuration: Option<WarmUpConfiguration>,
    /// In place of a metric: a query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation_criteria: Option<EvaluationCriteria>,
    /// Seconds between two evaluations, of an alarm on a query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation_interval: Option<i64>,
    /// What its messages carry besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_configuration: Option<ActionConfiguration>,
    /// `PARTIAL_DATA`, `EVALUATION_ERROR` or `EVALUATION_FAILURE` where the evaluation does not go well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation_state: Option<String>,
    /// When the alarm was last put.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_configuration_updated_timestamp: Option<Timestamp>,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_value: Option<String>,
    /// Why it is in that state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_reason: Option<String>,
    /// When the state was last written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_updated_timestamp: Option<Timestamp>,
    /// When the state last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_transitioned_timestamp: Option<Timestamp>,
    /// Composite alarms: the rule over other alarms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_rule: Option<String>,
    /// Composite alarms: the alarm (name or ARN) that holds actions back while in ALARM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions_suppressor: Option<String>,
    /// Seconds to wait for the suppressor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions_suppressor_wait_period: Option<i64>,
    /// Seconds to wait after the suppressor left ALARM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions_suppressor_extension_period: Option<i64>,
    /// `WaitPeriod`, `ExtensionPeriod` or `Alarm` while actions are held back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions_suppressed_by: Option<String>,
}

/// How the range of an evaluation moves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EvaluationWindow {
    /// With each evaluation.
    #[serde(rename_all = "PascalCase")]
    Sliding {
        /// It has no settings.
        sliding_window: SlidingWindow,
    },
    /// From one boundary of the clock to the next.
    #[serde(rename_all = "PascalCase")]
    WallClock {
        /// Where the boundaries are.
        wall_clock_window: WallClockWindow,
    },
    /// In a way that is not known here.
    Other(BTreeMap<String, Value>),
}

/// A sliding window has no settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlidingWindow {}

/// A window between boundaries of the clock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct WallClockWindow {
    /// The time zone of the boundaries; absent is UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

/// The time after a put in which an alarm does not act.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct WarmUpConfiguration {
    /// Minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up_period_duration_in_minutes: Option<i64>,
    /// Whether it waits for the end even if data arrive before; absent is false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_start_evaluating_after_warm_up_period_ends: Option<bool>,
}

/// A query in place of a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EvaluationCriteria {
    /// In PromQL.
    PromQl {
        /// The query.
        #[serde(rename = "PromQLCriteria")]
        criteria: PromQlCriteria,
    },
    /// In a language that is not known here.
    Other(BTreeMap<String, Value>),
}

/// A query in PromQL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PromQlCriteria {
    /// The query.
    pub query: String,
    /// Seconds that it has to breach before the alarm does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_period: Option<i64>,
    /// Seconds that it must not breach before the alarm comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_period: Option<i64>,
}

/// What the messages of an alarm carry besides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ActionConfiguration {
    /// Its tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_tags_propagation: Option<AlarmTagsPropagation>,
}

/// Which tags the messages of an alarm carry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AlarmTagsPropagation {
    /// Whether they carry any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// These only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub included_tag_keys: Vec<String>,
    /// All but these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded_tag_keys: Vec<String>,
}

impl Alarm {
    /// Whether this is a composite alarm.
    pub fn is_composite(&self) -> bool {
        self.alarm_type.as_deref() == Some("CompositeAlarm") || self.alarm_rule.is_some()
    }

    /// The alarm as people configured it: without what AWS writes by itself.
    #[must_use]
    pub fn without_state(&self) -> Self {
        Self {
            evaluation_state: None,
            alarm_configuration_updated_timestamp: None,
            state_value: None,
            state_reason: None,
            state_updated_timestamp: None,
            state_transitioned_timestamp: None,
            actions_suppressed_by: None,
            ..self.clone()
        }
    }
}

/// A dimension of a metric.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Dimension {
    /// Name of the dimension.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// One query of a metric-math alarm: a metric or an expression over others.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MetricDataQuery {
    /// The name that expressions use.
    pub id: String,
    /// A metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_stat: Option<MetricStat>,
    /// An expression over other queries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// A label for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether this query is what the alarm looks at; absent is true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_data: Option<bool>,
    /// Seconds of one period of an expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<i64>,
    /// The account that the metric is in, where it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
}

impl MetricDataQuery {
    /// Whether it is about this account, whose alarm it belongs to: a query may name another one.
    pub fn is_of(&self, account: &str) -> bool {
        let named = self.account_id.as_deref();
        named.is_none_or(|other| other == account)
    }
}

/// A metric with its statistic.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MetricStat {
    /// The metric.
    pub metric: Metric,
    /// Seconds of one period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<i64>,
    /// The statistic.
    pub stat: String,
    /// Only data points of this unit are looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// Name of a metric.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Metric {
    /// Namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_name: Option<String>,
    /// Dimensions.
    #[serde(default)]
    pub dimensions: Vec<Dimension>,
}
