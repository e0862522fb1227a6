//! What Prometheus scrapes. One registry of our own, label values from closed sets only.

mod incidents;
mod labels;
mod reference;
mod register;
mod senses;
mod table;
#[cfg(test)]
mod tests;
mod verdicts;
mod wiring;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use prometheus::{
    Error, Gauge, Histogram, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Registry,
    TextEncoder,
};

pub use labels::{
    AwsResult, EvaluationResult, HealResult, MessageOutcome, NotifyResult, QueueState,
    ReceiveErrorKind, Trigger,
};

pub use reference::metrics_reference;
pub use table::{Label, METRICS, Metric, MetricKind, Values};

use crate::assess::Assessment;
use crate::event::Call;
use crate::heal::RepairKind;
use crate::snapshot::AccountId;
use incidents::Incidents;
use senses::Senses;
use verdicts::Verdicts;

/// The label value of what is in no list.
const OTHER: &str = "other";

/// How many different AWS operations get a label of their own: more than this program calls, and a bound all the same.
const MAX_OPERATIONS: usize = 128;

/// Every metric of the process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    verdicts: Verdicts,
    sweep_interval: Gauge,
    ready: IntGauge,
    evaluations: IntCounterVec,
    evaluation_duration: HistogramVec,
    event_age: Histogram,
    detection_latency: Histogram,
    messages: IntCounterVec,
    events: IntCounterVec,
    receive_errors: IntCounterVec,
    last_receive: Gauge,
    heal_actions: IntCounterVec,
    incidents: Incidents,
    senses: Senses,
    notifications: IntCounterVec,
    notifications_waiting: IntGaugeVec,
    aws_requests: IntCounterVec,
    aws_operations: Mutex<BTreeSet<(String, String)>>,
}

impl Metrics {
    /// Registers every metric; counters with closed label sets begin at 0, so that a first event is an increase.
    ///
    /// # Errors
    /// Two metrics have the same name, or one is not valid: a fault of this room.
    pub fn new() -> Result<Self, Error> {
        register::all()
    }

    /// Every metric in Prometheus' text format (version 0.0.4).
    ///
    /// # Errors
    /// A collector gave something that the format cannot say: a fault of this room.
    pub fn encode(&self) -> Result<String, Error> {
        let mut text = String::new();
        TextEncoder::new().encode_utf8(&self.registry.gather(), &mut text)?;
        self.verdicts.encode(&mut text);
        Ok(text)
    }

    /// Sets the configured time between two sweeps.
    pub fn set_sweep_interval(&self, interval: Duration) {
        self.sweep_interval.set(interval.as_secs_f64());
    }

    /// Sets whether the daemon is ready: `trailwarden_ready`.
    pub fn set_ready(&self, ready: bool) {
        self.ready.set(i64::from(ready));
    }

    /// Sets every gauge of one account and control at once. There is one series per account and control: a chain that
    /// moved to another region takes its series along. `region` is empty where there is no chain to have a home.
    pub fn set_assessment(
        &self,
        account: &AccountId,
        region: &str,
        control: &str,
        assessment: &Assessment,
    ) {
        self.verdicts.set(account, region, control, assessment);
    }

    /// Sets when anything of the account was last seen.
    pub fn set_last_evaluation(&self, account: &AccountId, at: Timestamp) {
        self.verdicts.set_evaluated_at(account, at);
    }

    /// Counts an evaluation of a scope and how long it took.
    pub fn evaluation(&self, trigger: Trigger, result: EvaluationResult, took: Duration) {
        self.evaluations
            .with_label_values(&[trigger.name(), result.name()])
            .inc();
        self.evaluation_duration
            .with_label_values(&[trigger.name()])
            .observe(took.as_secs_f64());
    }

    /// Observes the age of an event (its time to the verdict that it caused); a clock that is ahead of ours counts as 0.
    pub fn event_age(&self, age: Duration) {
        self.event_age.observe(age.as_secs_f64());
    }

    /// Observes the time from the receipt of a message to the gauge being set.
    pub fn detection_latency(&self, latency: Duration) {
        self.detection_latency.observe(latency.as_secs_f64());
    }

    /// Counts what became of a message.
    pub fn message(&self, outcome: MessageOutcome) {
        self.messages.with_label_values(&[outcome.name()]).inc();
    }

    /// Counts a call via CloudTrail; none is one that is not listed.
    pub fn event(&self, call: Option<Call>) {
        let (source, name) =
            call.map_or((OTHER, OTHER), |one| (one.service.bus_source(), one.name));
        self.events.with_label_values(&[source, name]).inc();
    }

    /// Counts a failed receive.
    pub fn receive_error(&self, kind: ReceiveErrorKind) {
        self.receive_errors.with_label_values(&[kind.name()]).inc();
    }

    /// Sets when the queue last answered, messages or none.
    pub fn set_last_receive(&self, at: Timestamp) {
        self.last_receive.set(at.as_duration().as_secs_f64());
    }

    /// Counts one step of a repair.
    pub fn heal_action(&self, action: RepairKind, result: HealResult) {
        self.heal_actions
            .with_label_values(&[action.operation(), result.name()])
            .inc();
    }

    /// Begins the series of a target that is told of changes.
    pub fn notify_target(&self, target: &str) {
        for result in NotifyResult::ALL {
            self.notifications
                .with_label_values(&[target, result.name()]);
        }
        self.notifications_waiting.with_label_values(&[target]);
    }

    /// Counts what became of a notification. `target` is a name of the configuration.
    pub fn notification(&self, target: &str, result: NotifyResult) {
        self.notifications
            .with_label_values(&[target, result.name()])
            .inc();
    }

    /// Sets how many notifications wait for a target.
    pub fn set_notifications_waiting(&self, target: &str, waiting: usize) {
        let waiting = i64::try_from(waiting).unwrap_or(i64::MAX);
        self.notifications_waiting
            .with_label_values(&[target])
            .set(waiting);
    }

    /// Counts a request to AWS. Names beyond a bound that this program does not reach are counted as `other`.
    pub fn aws_request(&self, service: &str, operation: &str, result: AwsResult) {
        let (service, operation) = if self.is_known(service, operation) {
            (service, operation)
        } else {
            (OTHER, OTHER)
        };
        self.aws_requests
            .with_label_values(&[service, operation, result.name()])
            .inc();
    }

    fn is_known(&self, service: &str, operation: &str) -> bool {
        let key = (service.to_owned(), operation.to_owned());
        let mut known = self
            .aws_operations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.contains(&key) || (known.len() < MAX_OPERATIONS && known.insert(key))
    }
}
