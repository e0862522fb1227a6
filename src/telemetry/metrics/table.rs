//! Every metric: its name, type, unit, labels and meaning, once. What is registered, what `/metrics` says of it and the
//! page docs/metrics.md are made from this table.

use prometheus::{HistogramOpts, Opts};

use super::labels::{
    AwsResult, EvaluationResult, HealResult, MessageOutcome, NotifyResult, QueueState,
    ReceiveErrorKind, Trigger,
};
use super::verdicts::STATES;
use crate::assess::Link;
use crate::config::HealMode;
use crate::heal::RepairKind;
use crate::journal::OccurrenceKind;

/// What there is to know of one metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: MetricKind,
    /// What its value counts or measures.
    pub unit: &'static str,
    /// Its labels, in no order.
    pub labels: &'static [Label],
    /// What it means: the text after `# HELP`.
    pub meaning: &'static str,
    /// What NaN, or the absence of a series, means; none where there always is a number.
    pub unknown: Option<&'static str>,
}

/// The types of Prometheus' text format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Grows until the process ends.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations in buckets.
    Histogram,
}

impl MetricKind {
    /// The word after `# TYPE`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A label of a metric.
#[derive(Debug, Clone, Copy)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// What it may say.
    pub values: Values,
}

/// The values of a label.
#[derive(Debug, Clone, Copy)]
pub enum Values {
    /// One of these.
    Closed(fn() -> Vec<&'static str>),
    /// What they are.
    Open(&'static str),
}

impl Metric {
    /// The names of its labels.
    pub fn label_names(&self) -> Vec<&'static str> {
        self.labels.iter().map(|label| label.name).collect()
    }

    pub(super) fn opts(&self) -> Opts {
        Opts::new(self.name, self.meaning)
    }

    pub(super) fn histogram_opts(&self, buckets: &[f64]) -> HistogramOpts {
        HistogramOpts::new(self.name, self.meaning).buckets(buckets.to_vec())
    }
}

const fn open(name: &'static str, values: &'static str) -> Label {
    Label {
        name,
        values: Values::Open(values),
    }
}

const fn closed(name: &'static str, values: fn() -> Vec<&'static str>) -> Label {
    Label {
        name,
        values: Values::Closed(values),
    }
}

macro_rules! names {
    ($set:ty) => {
        || <$set>::ALL.iter().map(|value| value.name()).collect()
    };
}

const ACCOUNT: Label = open("account", "the 12 digits of the account");
const REGION: Label = open(
    "region",
    "the home region of the chain, empty where there is none",
);
const CONTROL: Label = open("control", "the key of the control");
const TARGET: Label = open("target", "the name of the `[[notify]]` target");
const TRIGGER: Label = closed("trigger", names!(Trigger));
const SERVICE: Label = open("service", "the SDK's name of the service, or `other`");
const OPERATION: Label = open("operation", "the operation, or `other`");

const ONE_OR_ZERO: &str = "1 or 0";
const SECONDS: &str = "seconds";
const TIMESTAMP: &str = "seconds since 1970";

/// Declares the metrics and the list of all of them.
macro_rules! metrics {
    ($($constant:ident = $kind:ident $name:literal [$($label:expr),*] in $unit:expr, $meaning:literal $(, unknown: $unknown:literal)?;)+) => {
        $(
            pub(super) const $constant: Metric = Metric {
                name: $name,
                kind: MetricKind::$kind,
                unit: $unit,
                labels: &[$($label),*],
                meaning: $meaning,
                unknown: metrics!(@unknown $($unknown)?),
            };
        )+

        /// Every metric, in the order of the reference.
        pub const METRICS: &[Metric] = &[$($constant),+];
    };
    (@unknown) => { None };
    (@unknown $unknown:literal) => { Some($unknown) };
}

metrics! {
    CONTROL_COMPLIANT = Gauge "trailwarden_control_compliant" [ACCOUNT, REGION, CONTROL] in ONE_OR_ZERO,
        "Whether the control passes: 1 only for PASS; FAIL and UNKNOWN are 0. Region is the home region of the chain.",
        unknown: "no series before the first verdict of the process";
    CONTROL_STATE = Gauge "trailwarden_control_state"
        [ACCOUNT, REGION, CONTROL, closed("state", || STATES.iter().map(|(name, _)| *name).collect())] in ONE_OR_ZERO,
        "The verdict on the control: 1 for the state that it is in, 0 for the two others.",
        unknown: "no series before the first verdict of the process";
    LINK_OK = Gauge "trailwarden_link_ok"
        [ACCOUNT, REGION, CONTROL, closed("link", || Link::CHAIN.iter().map(|link| link.name()).collect())] in ONE_OR_ZERO,
        "Whether the link of the best path holds: 1 yes, 0 cut, NaN not decidable (not seen, or behind a missing link).",
        unknown: "NaN: not decidable; no series before the first verdict of the process";
    LAST_EVALUATION = Gauge "trailwarden_last_evaluation_timestamp_seconds" [ACCOUNT] in TIMESTAMP,
        "When anything of the account was last seen, in seconds since 1970: a look whose every call fails does not count.",
        unknown: "no series before anything of it was seen by the process";
    SWEEP_INTERVAL = Gauge "trailwarden_sweep_interval_seconds" [] in SECONDS,
        "The configured time between two sweeps of an account (sweep.interval).";
    READY = Gauge "trailwarden_ready" [] in ONE_OR_ZERO,
        "Whether every scope has been seen once and the feed is alive: 1 yes, 0 no.";
    EVALUATIONS = Counter "trailwarden_evaluations_total" [TRIGGER, closed("result", names!(EvaluationResult))] in "evaluations",
        "Evaluations of a scope by what caused them and by the worst verdict among its controls; error is an evaluation that saw nothing.";
    EVALUATION_DURATION = Histogram "trailwarden_evaluation_duration_seconds" [TRIGGER] in SECONDS,
        "Time from the first call to AWS to the verdict, by what caused the evaluation.";
    EVENT_AGE = Histogram "trailwarden_event_age_seconds" [] in SECONDS,
        "Time from the call that an event reports (its eventTime) to the verdict that the event caused.";
    DETECTION_LATENCY = Histogram "trailwarden_detection_latency_seconds" [] in SECONDS,
        "Time from the receipt of a message to the gauges being set.";
    MESSAGES = Counter "trailwarden_messages_total" [closed("outcome", names!(MessageOutcome))] in "messages",
        "Messages taken from the queue by what became of them.";
    EVENTS = Counter "trailwarden_events_total"
        [open("source", "the source on the bus, such as `aws.logs`, or `other`"), open("event_name", "the call, or `other`")]
        in "calls",
        "Calls via CloudTrail that were received, by EventBridge source and name of the call; calls that change no verdict are other.";
    RECEIVE_ERRORS = Counter "trailwarden_receive_errors_total" [closed("kind", names!(ReceiveErrorKind))] in "receives",
        "Receives from the queue that failed, by why.";
    LAST_RECEIVE = Gauge "trailwarden_last_receive_timestamp_seconds" [] in TIMESTAMP,
        "When the queue last answered a receive, with messages or without, in seconds since 1970; 0 is never.";
    FEED_RULE_OK = Gauge "trailwarden_feed_rule_ok" [] in ONE_OR_ZERO,
        "Whether the last heartbeat came out of the queue in time: 1 yes, 0 no, NaN none could be sent.",
        unknown: "NaN: none was sent yet, heartbeat.interval is 0s, or events:PutEvents is not permitted";
    HEARTBEAT_ROUND_TRIP = Histogram "trailwarden_heartbeat_round_trip_seconds" [] in SECONDS,
        "Time from PutEvents of a heartbeat to its receipt from the queue.";
    FEED_CLOUDTRAIL_OK = Gauge "trailwarden_feed_cloudtrail_ok" [ACCOUNT] in ONE_OR_ZERO,
        "Whether CloudTrail does its part for the feed: 1 a trail records writing calls in every region and an event came within a day, 0 no trail does in some region, NaN neither was seen.",
        unknown: "NaN: the trails were not seen, or no event came within a day, which in a quiet account is no fault; no series without a queue";
    WIRING_OK = Gauge "trailwarden_wiring_ok" [ACCOUNT, open("region", "the region of the rules, not of a chain")] in ONE_OR_ZERO,
        "Whether rules, targets, bus, role and queues of the feed are as they have to be in this region: 1 yes, 0 no, NaN not seen.",
        unknown: "NaN: a permission to read them is missing, or the pattern, the queue's key or the role's boundary cannot be judged; no series without a queue or with wiring.check = false";
    LAST_EVENT = Gauge "trailwarden_last_event_timestamp_seconds" [ACCOUNT] in TIMESTAMP,
        "When the last event of the account was received that can change a verdict, in seconds since 1970. Its age alone is no fault.",
        unknown: "no series before the first since the start";
    QUEUE_MESSAGES = Gauge "trailwarden_queue_messages" [closed("state", names!(QueueState))] in "messages",
        "Messages in the queue as SQS counts them: visible, in_flight (received and not deleted), delayed.",
        unknown: "NaN: sqs:GetQueueAttributes failed or is not permitted, or there is no queue";
    DEAD_LETTERS = Gauge "trailwarden_dead_letter_messages" [] in "messages",
        "Messages in the dead-letter queue as SQS counts them.",
        unknown: "NaN: sqs:GetQueueAttributes on it failed or is not permitted, or there is no such queue";
    RECEIVED_MESSAGE_AGE = Gauge "trailwarden_received_message_age_seconds" [] in SECONDS,
        "Age of the oldest message that the last receive brought, 0 if it brought none. What is never received has no age here.",
        unknown: "NaN: before the first answer of the queue";
    HEAL_ACTIONS = Counter "trailwarden_heal_actions_total"
        [closed("action", || RepairKind::ALL.iter().map(|kind| kind.operation()).collect()), closed("result", names!(HealResult))]
        in "steps",
        "Steps of repairs by AWS operation and by what became of them; held and dropped made no call.";
    HEAL_MODE = Gauge "trailwarden_heal_mode" [closed("mode", || HealMode::NAMES.map(|(name, _)| name).to_vec())] in ONE_OR_ZERO,
        "The mode of repairs in force: 1 for that mode. Where apply is configured and the journal cannot be written, or holds what cannot be read, it is plan.";
    HEAL_STOPPED = Gauge "trailwarden_heal_stopped" [ACCOUNT, CONTROL] in "1",
        "1 for a control that trailwarden stopped mending, because it was broken again and again; no series otherwise.",
        unknown: "no series: it has not stopped";
    RECIPIENTS_CHANGED = Gauge "trailwarden_recipients_changed" [ACCOUNT, CONTROL] in "1",
        "1 for a control that passes and tells others than the last known good chain did; no series otherwise.",
        unknown: "no series: the same are told, the control does not pass, or not all was seen of who is told";
    OCCURRENCES = Counter "trailwarden_occurrences_total" [closed("kind", names!(OccurrenceKind))] in "occurrences",
        "Things that happened beside the verdicts, by kind.";
    JOURNAL_WRITABLE = Gauge "trailwarden_journal_writable" [] in ONE_OR_ZERO,
        "Whether the journal under state_dir can be written: 1 yes, 0 no.";
    NOTIFICATIONS = Counter "trailwarden_notifications_total" [TARGET, closed("result", names!(NotifyResult))] in "attempts",
        "Attempts to tell a target of a change, by what became of them; failed ones are tried again.",
        unknown: "no series where no target is configured";
    NOTIFICATIONS_WAITING = Gauge "trailwarden_notifications_waiting" [TARGET] in "notifications",
        "Notifications that wait for a target.",
        unknown: "no series where no target is configured";
    AWS_REQUESTS = Counter "trailwarden_aws_requests_total" [SERVICE, OPERATION, closed("result", names!(AwsResult))] in "requests",
        "Requests to AWS by service, operation and result; attempts that the SDK repeats count once.",
        unknown: "no series before the first such request of the process";
    BUILD_INFO = Gauge "trailwarden_build_info"
        [open("version", "the version"), open("revision", "the commit, or `unknown`")] in "1",
        "Always 1; the labels say which build this is.";
    PROCESS_RESIDENT_MEMORY = Gauge "process_resident_memory_bytes" [] in "bytes",
        "Resident memory of the process.",
        unknown: "no series where the system is not Linux; so for all of process_*";
    PROCESS_VIRTUAL_MEMORY = Gauge "process_virtual_memory_bytes" [] in "bytes",
        "Virtual memory of the process; mostly reserved and never used.";
    PROCESS_CPU = Counter "process_cpu_seconds_total" [] in SECONDS,
        "Time that the process has spent on a processor.";
    PROCESS_START = Gauge "process_start_time_seconds" [] in TIMESTAMP,
        "When the process started.";
    PROCESS_OPEN_FDS = Gauge "process_open_fds" [] in "descriptors",
        "Open file descriptors.";
    PROCESS_MAX_FDS = Gauge "process_max_fds" [] in "descriptors",
        "How many it may open.";
    PROCESS_THREADS = Gauge "process_threads" [] in "threads",
        "Threads of the process.";
}
