//! What leaves the process: logs, metrics, HTTP endpoints, reports.
//!
//! The daemon tells [`Events`] what happened (log line and counter together) and puts the present state on the
//! [`StatusBoard`]; [`http`] shows both. [`report`] is the document of `trailwarden check` and of `/status`.

mod burst;
mod events;
pub mod http;
pub mod logs;
mod metrics;
mod page;
mod readiness;
pub mod report;
#[cfg(test)]
pub(crate) mod samples;
mod status;
mod text;

pub use crate::escape::{sanitize, sanitize_capped};
pub use events::{Evaluation, Events, HealStep, UnreadableMessage, VerdictChange};
pub use metrics::{
    AwsResult, EvaluationResult, HealResult, Label, METRICS, MessageOutcome, Metric, MetricKind,
    Metrics, NotifyResult, QueueState, ReceiveErrorKind, Trigger, Values, metrics_reference,
};
pub use readiness::{Latch, Readiness};
pub use report::{AccountReport, ControlInfo, ControlReport};
pub use status::{
    AccountStatus, ControlStatus, Failure, FeedHealth, Hearing, ScopeStatus, StatusBoard,
    WiringStatus,
};
pub(crate) use text::actor_line;
pub use text::render_text;
