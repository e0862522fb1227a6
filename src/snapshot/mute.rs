use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Alarm, Arn};

/// A rule that silences alarms: the short form (`Schedule`, `Duration`, `Targets`) or the output of
/// cloudwatch:GetAlarmMuteRule (`Rule`, `MuteTargets`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AlarmMuteRule {
    /// Name of the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// ARN of the rule; its region is the region of the alarms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_mute_rule_arn: Option<String>,
    /// `ACTIVE`, `SCHEDULED` or `EXPIRED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Short form: a `cron(...)` or `at(...)` expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// Short form: how long it mutes, as an ISO 8601 duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    /// Short form: names of the alarms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<String>>,
    /// API form: the schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<MuteRule>,
    /// API form: the alarms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mute_targets: Option<MuteTargets>,
    /// Not before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<Timestamp>,
    /// Not after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expire_date: Option<Timestamp>,
}

impl AlarmMuteRule {
    /// Whether the alarm is one of those that the rule silences: named, and of the rule's own account and region.
    pub fn is_about(&self, alarm: &Alarm) -> bool {
        let place = |arn| Arn::parse(arn).map(|arn| (arn.account, arn.region));
        let rule = self.alarm_mute_rule_arn.as_deref().and_then(place);
        let is_elsewhere = rule
            .zip(place(&alarm.alarm_arn))
            .is_some_and(|(rule, alarm)| rule != alarm);
        let long = self.mute_targets.iter().flat_map(|all| &all.alarm_names);
        let mut targets = self.targets.iter().flatten().chain(long);
        !is_elsewhere && targets.any(|one| *one == alarm.alarm_name || *one == alarm.alarm_arn)
    }
}

/// The rule of a mute rule in the API's form.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MuteRule {
    /// When it mutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<MuteSchedule>,
}

/// When a mute rule mutes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MuteSchedule {
    /// A `cron(...)` or `at(...)` expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// ISO 8601 duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    /// Time zone of the expression; absent is UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

/// The alarms that a mute rule silences.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MuteTargets {
    /// Their names.
    #[serde(default)]
    pub alarm_names: Vec<String>,
}
