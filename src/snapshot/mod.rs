//! The observed state of one account at one time, holes included: all that the evaluation reads.
//!
//! Field names are those that the AWS API and CLI print, so that a snapshot can be put together by hand from
//! `aws ... describe-*` output. Unknown fields are ignored; a field of the wrong type fails the parse with its path.

mod account;
mod alarm;
mod arn;
mod logs;
mod mute;
mod notify;
mod trail;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use account::{AccountId, InvalidAccountId};
pub use alarm::{
    ActionConfiguration, Alarm, AlarmTagsPropagation, Dimension, EvaluationCriteria,
    EvaluationWindow, Metric, MetricDataQuery, MetricStat, PromQlCriteria, SlidingWindow,
    WallClockWindow, WarmUpConfiguration,
};
pub use arn::{Arn, LogGroupArn, global_region, partition_of};
pub use logs::{AccountPolicy, DataProtectionPolicy, LogGroup, MetricFilter, MetricTransformation};
pub use mute::{AlarmMuteRule, MuteRule, MuteSchedule, MuteTargets};
pub use notify::{
    DELETED, KmsKey, PENDING_CONFIRMATION, Subscription, SubscriptionAttributes, Topic,
    TopicAttributes,
};
pub use trail::{
    AdvancedEventSelector, AdvancedFieldSelector, DataResource, EventSelector, EventSelectors,
    Trail, TrailStatus,
};

/// What was seen of one account at one time.
///
/// An absent list of `trails`, `metric_filters`, `alarms`, `topics` or `subscriptions` was not looked at: a hole. The
/// other lists default to empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The account that was observed (sts:GetCallerIdentity).
    pub account_id: AccountId,
    /// When it was observed.
    pub now: Timestamp,
    /// The regions that the account uses (configuration, or account:ListRegions).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enabled_regions: Vec<String>,
    /// The region that the calls were made in, where it is not the trail's home region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observer_region: Option<String>,
    /// cloudtrail:DescribeTrails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trails: Option<Vec<Trail>>,
    /// cloudtrail:GetTrailStatus by trail ARN.
    #[serde(default)]
    pub trail_status: BTreeMap<String, TrailStatus>,
    /// cloudtrail:GetEventSelectors by trail ARN.
    #[serde(default)]
    pub event_selectors: BTreeMap<String, EventSelectors>,
    /// logs:DescribeLogGroups, for the groups that trails name.
    #[serde(default)]
    pub log_groups: Vec<LogGroup>,
    /// logs:DescribeMetricFilters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_filters: Option<Vec<MetricFilter>>,
    /// cloudwatch:DescribeAlarms, metric and composite alarms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarms: Option<Vec<Alarm>>,
    /// cloudwatch:ListAlarmMuteRules and GetAlarmMuteRule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarm_mute_rules: Vec<AlarmMuteRule>,
    /// logs:GetDataProtectionPolicy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_protection_policies: Vec<DataProtectionPolicy>,
    /// logs:DescribeAccountPolicies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub account_policies: Vec<AccountPolicy>,
    /// sns:GetTopicAttributes of the topics that alarms name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topics: Option<Vec<Topic>>,
    /// sns:ListSubscriptionsByTopic and GetSubscriptionAttributes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscriptions: Option<Vec<Subscription>>,
    /// kms:DescribeKey and GetKeyPolicy, for topics with a customer key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kms_keys: Vec<KmsKey>,
    /// Holes: `service:Operation scope` (scope is a region or an ARN) to the error code of the call that failed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub api_errors: BTreeMap<String, String>,
    /// The same for other accounts, seen through an assumed role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_accounts: Vec<Snapshot>,
}

/// Why a text is no snapshot.
#[derive(Debug, thiserror::Error)]
#[error("not a snapshot: at {path}: {source}")]
pub struct SnapshotError {
    /// The JSON path of the value that does not fit, such as `trails[0].IsMultiRegionTrail`; `.` for the whole.
    pub path: String,
    /// What the JSON reader found there.
    #[source]
    pub source: serde_json::Error,
}

impl Snapshot {
    /// Of an account that could not be looked at at all: nothing was seen, and this call is why.
    pub fn unseen(account_id: AccountId, now: Timestamp, call: &str, code: &str) -> Self {
        Self {
            account_id,
            now,
            enabled_regions: Vec::new(),
            observer_region: None,
            trails: None,
            trail_status: BTreeMap::new(),
            event_selectors: BTreeMap::new(),
            log_groups: Vec::new(),
            metric_filters: None,
            alarms: None,
            alarm_mute_rules: Vec::new(),
            data_protection_policies: Vec::new(),
            account_policies: Vec::new(),
            topics: None,
            subscriptions: None,
            kms_keys: Vec::new(),
            api_errors: BTreeMap::from([(call.to_owned(), code.to_owned())]),
            other_accounts: Vec::new(),
        }
    }

    /// Whether every call failed that the chain is known by: nothing can be said of the account, not even that it still stands.
    pub fn is_unseen(&self) -> bool {
        let is_none =
            self.trails.is_none() && self.metric_filters.is_none() && self.alarms.is_none();
        let is_empty = self.log_groups.is_empty()
            && self.topics.iter().flatten().next().is_none()
            && self.subscriptions.iter().flatten().next().is_none();
        is_none && is_empty && !self.api_errors.is_empty()
    }

    /// Reads a snapshot from JSON.
    ///
    /// # Errors
    /// The text is no JSON, or a field has the wrong type; the error names the path.
    pub fn from_json(text: &str) -> Result<Self, SnapshotError> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let snapshot =
            serde_path_to_error::deserialize(&mut reader).map_err(|error| SnapshotError {
                path: error.path().to_string(),
                source: error.into_inner(),
            })?;
        reader.end().map_err(|source| SnapshotError {
            path: ".".to_owned(),
            source,
        })?;
        Ok(snapshot)
    }
}
