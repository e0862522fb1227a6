//! What happens in the daemon, as functions that write the log line and move the counter together: no other room touches
//! a counter. `info` is a decision or a change and needs no action, `warn` may need one, `debug` is the ordinary run.

mod journal;
mod notify;
mod senses;
mod wiring;

use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::burst::Burst;
use super::metrics::{
    AwsResult, EvaluationResult, HealResult, MessageOutcome, Metrics, ReceiveErrorKind, Trigger,
};
use crate::assess::{Assessment, Link, Verdict};
use crate::config::HealMode;
use crate::escape::sanitize_capped;
use crate::event::{Actor, Call};
use crate::heal::{Plan, RepairKind};
use crate::journal::Occurrence;
use crate::snapshot::AccountId;

/// The target of every line: the program, not the file that the line happens to be written in.
const TARGET: &str = "trailwarden";

/// How much of a message that cannot be read is shown, in characters.
const SHOWN_OF_MESSAGE: usize = 256;

/// How much of an error or of a text from AWS is shown, in characters.
const SHOWN_OF_TEXT: usize = 1024;

/// The window in which repeated lines are held back.
const WINDOW: Duration = Duration::from_mins(1);

/// Where the daemon tells what happened. A cheap handle.
#[derive(Debug, Clone)]
pub struct Events(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    metrics: Arc<Metrics>,
    receive_failing: AtomicBool,
    receive_failed: Burst,
    delete_failed: Burst,
    visibility_failed: Burst,
    unreadable: Burst,
    evaluation_failed: Burst,
    heal_held: Burst,
    accept_failed: Burst,
    journal_failing: AtomicBool,
    journal_failed: Burst,
    said: senses::Said,
}

/// An evaluation of a scope that saw something.
#[derive(Debug, Clone, Copy)]
pub struct Evaluation<'a> {
    /// The account.
    pub account: &'a AccountId,
    /// What caused it.
    pub trigger: Trigger,
    /// The worst verdict among its controls.
    pub result: EvaluationResult,
    /// From the first call to AWS to the verdict.
    pub took: Duration,
}

/// A message that cannot be read.
#[derive(Debug, Clone, Copy)]
pub struct UnreadableMessage<'a> {
    /// The id that SQS gave it.
    pub message_id: &'a str,
    /// How often SQS has handed it out (`ApproximateReceiveCount`).
    pub receive_count: Option<u32>,
    /// Its text; the beginning is logged, escaped.
    pub body: &'a str,
}

/// A verdict, or its broken link, that is not what it was.
#[derive(Debug, Clone, Copy)]
pub struct VerdictChange<'a> {
    /// The account.
    pub account: &'a AccountId,
    /// What the verdict was; none for the first.
    pub from: Option<Verdict>,
    /// What it is now.
    pub assessment: &'a Assessment,
    /// Who caused it, as the event reports.
    pub actor: Option<&'a Actor>,
}

/// What became of one step of a plan.
#[derive(Debug, Clone, Copy)]
pub struct HealStep<'a> {
    /// The account.
    pub account: &'a AccountId,
    /// Key of the control.
    pub control: &'a str,
    /// The link that it mends.
    pub link: Link,
    /// The call.
    pub action: RepairKind,
    /// What became of it.
    pub result: HealResult,
    /// The error, the guard that held it, or what had changed.
    pub reason: Option<&'a str>,
}

impl Events {
    /// Tells of events in the log and in these metrics.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self(Arc::new(Inner {
            metrics,
            receive_failing: AtomicBool::new(false),
            receive_failed: Burst::new(1, WINDOW),
            delete_failed: Burst::new(1, WINDOW),
            visibility_failed: Burst::new(1, WINDOW),
            unreadable: Burst::new(5, WINDOW),
            evaluation_failed: Burst::new(10, WINDOW),
            heal_held: Burst::new(10, WINDOW),
            accept_failed: Burst::new(1, WINDOW),
            journal_failing: AtomicBool::new(false),
            journal_failed: Burst::new(1, WINDOW),
            said: senses::Said::default(),
        }))
    }

    /// The metrics, for those who encode them.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// The HTTP endpoints are bound to this address.
    pub fn http_listening(&self, address: SocketAddr) {
        info!(target: TARGET, %address, "serving http");
    }

    /// The listener gave no connection.
    pub fn accept_failed(&self, error: &dyn Display) {
        if let Some(suppressed) = self.0.accept_failed.admit(Instant::now()) {
            warn!(target: TARGET, error = &*shown(error), suppressed, "http accept failed");
        }
    }

    /// The queue answered a receive, with messages or without.
    pub fn received(&self, at: Timestamp) {
        self.0.metrics.set_last_receive(at);
        if self.0.receive_failing.swap(false, Ordering::Relaxed) {
            info!(target: TARGET, "receiving from the queue again");
        }
    }

    /// How old the oldest message was that a receive brought; zero where it brought none.
    pub fn received_message_age(&self, age: Duration) {
        self.0.metrics.set_received_message_age(age);
    }

    /// A receive failed.
    pub fn receive_failed(&self, kind: ReceiveErrorKind, error: &dyn Display) {
        self.0.metrics.receive_error(kind);
        if let Some(suppressed) = self.0.receive_failed.admit(Instant::now()) {
            self.0.receive_failing.store(true, Ordering::Relaxed);
            let kind = kind.name();
            warn!(target: TARGET, kind, error = &*shown(error), suppressed, "receive failed");
        }
    }

    /// Messages that were done with could not be deleted: they will come again.
    pub fn delete_failed(&self, messages: usize, error: &dyn Display) {
        if let Some(suppressed) = self.0.delete_failed.admit(Instant::now()) {
            warn!(target: TARGET, messages, error = &*shown(error), suppressed, "delete failed");
        }
    }

    /// The visibility of messages that wait could not be changed: they may be delivered a second time.
    pub fn visibility_failed(&self, messages: usize, error: &dyn Display) {
        if let Some(suppressed) = self.0.visibility_failed.admit(Instant::now()) {
            warn!(target: TARGET, messages, error = &*shown(error), suppressed, "visibility not changed");
        }
    }

    /// A call via CloudTrail was received; none is one that is not listed.
    pub fn call_received(&self, call: Option<Call>) {
        self.0.metrics.event(call);
    }

    /// What became of a message is settled. For one that cannot be read, say [`Self::message_unreadable`].
    pub fn message_settled(&self, outcome: MessageOutcome) {
        self.0.metrics.message(outcome);
    }

    /// A message cannot be read; it is left to the redrive policy.
    pub fn message_unreadable(&self, message: &UnreadableMessage<'_>, error: &dyn Display) {
        self.0.metrics.message(MessageOutcome::Unreadable);
        if let Some(suppressed) = self.0.unreadable.admit(Instant::now()) {
            let body = sanitize_capped(message.body, SHOWN_OF_MESSAGE);
            warn!(
                target: TARGET,
                message_id = &*sanitize_capped(message.message_id, SHOWN_OF_TEXT),
                receive_count = message.receive_count,
                error = &*shown(error),
                body = &*body,
                suppressed,
                "unreadable message"
            );
        }
    }

    /// An evaluation saw something, and gave verdicts.
    pub fn evaluated(&self, evaluation: &Evaluation<'_>) {
        let Evaluation {
            account,
            trigger,
            result,
            took,
        } = *evaluation;
        self.0.metrics.evaluation(trigger, result, took);
        debug!(
            target: TARGET,
            %account,
            trigger = trigger.name(),
            result = result.name(),
            took_seconds = took.as_secs_f64(),
            "evaluated"
        );
    }

    /// An evaluation saw nothing. `scope` is its name in the configuration.
    pub fn evaluation_failed(
        &self,
        scope: &str,
        trigger: Trigger,
        took: Duration,
        error: &dyn Display,
    ) {
        self.0
            .metrics
            .evaluation(trigger, EvaluationResult::Error, took);
        if let Some(suppressed) = self.0.evaluation_failed.admit(Instant::now()) {
            warn!(
                target: TARGET,
                scope,
                trigger = trigger.name(),
                took_seconds = took.as_secs_f64(),
                error = &*shown(error),
                suppressed,
                "evaluation failed"
            );
        }
    }

    /// The verdicts of one observation of an account: sets their gauges.
    pub fn verdicts_stored(&self, account: &AccountId, assessments: &[Assessment]) {
        for assessment in assessments {
            let region = assessment.region.as_deref().unwrap_or_default();
            self.0
                .metrics
                .set_assessment(account, region, &assessment.control, assessment);
        }
    }

    /// An account was looked at, and something was seen.
    pub fn looked(&self, account: &AccountId, at: Timestamp) {
        self.0.metrics.set_last_evaluation(account, at);
    }

    /// What CloudTrail does for the feed of an account, and when its last event came.
    pub fn feed_cloudtrail(
        &self,
        account: &AccountId,
        ok: Option<bool>,
        last_event: Option<Timestamp>,
    ) {
        self.0.metrics.set_feed_cloudtrail(account, ok, last_event);
    }

    /// The gauges are set that an event is about: how long after its message was received, and how old the event was.
    pub fn detected(&self, since_receipt: Duration, event_age: Duration) {
        self.0.metrics.detection_latency(since_receipt);
        self.0.metrics.event_age(event_age);
    }

    /// A verdict, or its broken link, is not what it was.
    pub fn verdict_changed(&self, change: &VerdictChange<'_>) {
        let assessment = change.assessment;
        let finding = assessment.findings.first();
        let message = finding.map(|one| shown(&one.message));
        let resource = finding
            .and_then(|one| one.resource.as_deref())
            .map(|text| sanitize_capped(text, SHOWN_OF_TEXT));
        let actor = change.actor;
        let text = |value: Option<&str>| value.map(|one| shown(&one).into_owned());
        let principal = text(actor.and_then(|one| one.principal_arn.as_deref()));
        let source_address = text(actor.and_then(|one| one.source_address.as_deref()));
        let user_agent = text(actor.and_then(|one| one.user_agent.as_deref()));
        let event_name = text(actor.map(|one| one.event_name.as_str()));
        let event_id = text(actor.map(|one| one.event_id.as_str()));
        macro_rules! line {
            ($level:ident) => {
                $level!(
                    target: TARGET,
                    account = change.account.as_str(),
                    control = assessment.control,
                    region = assessment.region,
                    from = change.from.map(Verdict::name),
                    to = assessment.verdict.name(),
                    link = assessment.broken_link.map(Link::name),
                    resource = resource.as_deref(),
                    finding = message.as_deref(),
                    principal,
                    source_address,
                    user_agent,
                    event_name,
                    event_id,
                    "verdict changed"
                )
            };
        }
        if assessment.verdict == Verdict::Pass {
            line!(info);
        } else {
            line!(warn);
        }
    }

    /// There is a plan for a broken chain; whether it is carried out is told step by step.
    pub fn heal_planned(&self, account: &AccountId, control: &str, plan: &Plan) {
        let summaries: Vec<&str> = plan
            .steps
            .iter()
            .map(|step| step.summary.as_str())
            .collect();
        info!(
            target: TARGET,
            %account,
            control,
            steps = plan.steps.len(),
            plan = &*shown(&summaries.join("; ")),
            "repair planned"
        );
    }

    /// One step of a plan was carried out, failed, or was held back.
    pub fn heal_step(&self, step: &HealStep<'_>) {
        self.0.metrics.heal_action(step.action, step.result);
        macro_rules! line {
            ($level:ident, $suppressed:expr) => {
                $level!(
                    target: TARGET,
                    account = step.account.as_str(),
                    control = step.control,
                    link = step.link.name(),
                    action = step.action.operation(),
                    result = step.result.name(),
                    reason = step.reason.map(|text| shown(&text)).as_deref(),
                    suppressed = $suppressed,
                    "repair step"
                )
            };
        }
        match step.result {
            HealResult::Applied | HealResult::Dropped => line!(info, 0_u64),
            HealResult::Failed | HealResult::Denied => line!(warn, 0_u64),
            HealResult::Held => {
                if let Some(suppressed) = self.0.heal_held.admit(Instant::now()) {
                    line!(warn, suppressed);
                }
            }
        }
    }

    /// The account was observed again after a repair, and this is what came of it.
    pub fn heal_finished(&self, account: &AccountId, control: &str, verdict: Verdict) {
        let verdict_text = verdict.name();
        if verdict == Verdict::Pass {
            info!(target: TARGET, %account, control, verdict = verdict_text, "repair confirmed");
        } else {
            warn!(target: TARGET, %account, control, verdict = verdict_text, "repair left the chain broken");
        }
    }

    /// Something happened beside the verdicts.
    pub fn occurred(&self, occurrence: &Occurrence) {
        self.0.metrics.occurrence(occurrence.kind);
        let actor = occurrence.actor.as_ref();
        let text = |value: Option<&str>| value.map(|one| shown(&one).into_owned());
        warn!(
            target: TARGET,
            account = occurrence.account.as_str(),
            control = occurrence.control,
            kind = occurrence.kind.name(),
            message = &*shown(&occurrence.message),
            principal = text(actor.and_then(|one| one.principal_arn.as_deref())),
            source_address = text(actor.and_then(|one| one.source_address.as_deref())),
            event_name = text(actor.map(|one| one.event_name.as_str())),
            event_id = text(actor.map(|one| one.event_id.as_str())),
            "incident"
        );
    }

    /// Which mode of repairs is in force.
    pub fn heal_mode(&self, mode: HealMode) {
        self.0.metrics.set_heal_mode(mode);
    }

    /// The configured time between two sweeps.
    pub fn sweep_interval(&self, interval: Duration) {
        self.0.metrics.set_sweep_interval(interval);
    }

    /// Whether trailwarden has given way in a fight over a control.
    pub fn heal_stopped(&self, account: &AccountId, control: &str, stopped: bool) {
        self.0.metrics.set_heal_stopped(account, control, stopped);
    }

    /// Whether a control that passes tells others than the chain to go back to.
    pub fn recipients_changed(&self, account: &AccountId, control: &str, changed: bool) {
        self.0
            .metrics
            .set_recipients_changed(account, control, changed);
    }

    /// A request to AWS ended.
    pub fn aws_request(&self, service: &str, operation: &str, result: AwsResult) {
        self.0.metrics.aws_request(service, operation, result);
    }

    /// Tells how many lines were held back in bursts that are over. To be called every now and then.
    pub fn settle(&self) {
        let now = Instant::now();
        let bursts = [
            (&self.0.receive_failed, "receive failed"),
            (&self.0.delete_failed, "delete failed"),
            (&self.0.visibility_failed, "visibility not changed"),
            (&self.0.unreadable, "unreadable message"),
            (&self.0.evaluation_failed, "evaluation failed"),
            (&self.0.heal_held, "repair step held"),
            (&self.0.accept_failed, "http accept failed"),
            (&self.0.journal_failed, "journal not written"),
        ];
        for (burst, line) in bursts {
            if let Some(suppressed) = burst.settle(now) {
                warn!(target: TARGET, line, suppressed, "lines were held back");
            }
        }
    }
}

fn shown(text: &dyn Display) -> std::borrow::Cow<'static, str> {
    let text = text.to_string();
    std::borrow::Cow::Owned(sanitize_capped(&text, SHOWN_OF_TEXT).into_owned())
}

#[cfg(test)]
mod tests;
