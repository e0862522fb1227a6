use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::DrillName;
use crate::assess::Recipient;
use crate::snapshot::AccountId;

/// What became of one link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was seen to work.
    Ok,
    /// It was not seen itself, but what only follows from it was.
    Inferred,
    /// It was not seen.
    Missing,
}

/// One link of the chain, as the drill found it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LinkReport {
    /// `log_group`, `metric`, `alarm`, `notification` or `recovery`, in that order.
    pub link: &'static str,
    /// The log group, the metric, the alarm, the topic, the alarm.
    pub resource: String,
    /// What became of it.
    pub state: State,
    /// Seconds from the writing of the record until it was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

/// A time in which an alarm was in ALARM because of the drill: a real event would have caused no notification of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Spent {
    /// Name of the alarm.
    pub alarm: String,
    /// When it went to ALARM, by `CloudWatch`'s clock.
    pub from: Timestamp,
    /// When it left it; none: it had not when the drill ended.
    pub to: Option<Timestamp>,
}

/// How the drill ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "end", content = "reason")]
pub enum End {
    /// All that was waited for had come.
    Complete,
    /// The time was over.
    TimedOut,
    /// Somebody asked it to stop.
    Interrupted,
    /// It could not go on watching.
    Failed(String),
}

/// What the drill proved. Serialises to the document of `--format json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Name of the drill.
    #[serde(serialize_with = "as_text")]
    pub drill: DrillName,
    /// The account.
    pub account_id: AccountId,
    /// Key of the control.
    pub control: String,
    /// Whether every link was proved and every alarm is ready again.
    pub proven: bool,
    /// How it ended.
    #[serde(flatten)]
    pub end: End,
    /// Each link, in the order of the chain.
    pub links: Vec<LinkReport>,
    /// When the alarms were spent.
    pub spent: Vec<Spent>,
    /// Who was told as by a real event, if the notification came; whether it arrived there the drill does not see.
    pub told: Vec<Recipient>,
    /// The last failed call while watching.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// What the drill made and could not remove.
    pub left_behind: Vec<String>,
}

fn as_text<S: Serializer>(name: &DrillName, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name.as_str())
}
