use std::collections::BTreeSet;
use std::sync::Mutex;

use prometheus::core::Collector;
use prometheus::{
    Error, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec,
    Opts, Registry,
};

use super::incidents::Incidents;
use super::labels::{EvaluationResult, HealResult, MessageOutcome, ReceiveErrorKind, Trigger};
use super::verdicts::Verdicts;
use super::{Metrics, OTHER};
use crate::event::listed_calls;
use crate::heal::RepairKind;

/// Seconds of an evaluation: some ten calls to AWS.
const EVALUATION_BUCKETS: [f64; 11] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0];

/// Seconds from the call to the verdict: EventBridge is fast, a queue that waited for the daemon is not.
const EVENT_AGE_BUCKETS: [f64; 12] = [
    0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0, 21600.0,
];

/// Seconds from the receipt of a message to the gauge: an evaluation and little more.
const DETECTION_BUCKETS: [f64; 12] = [
    0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0,
];

/// Creates and registers every metric, and sets the closed counters to 0.
pub(super) fn all() -> Result<Metrics, Error> {
    let registry = Registry::new();
    register_process(&registry)?;
    register_build_info(&registry)?;
    let metrics = Metrics {
        verdicts: Verdicts::default(),
        ready: kept(
            &registry,
            IntGauge::new(
                "trailwarden_ready",
                "Whether every scope has been evaluated once and the feed is alive: 1 yes, 0 no.",
            )?,
        )?,
        evaluations: counters(
            &registry,
            "trailwarden_evaluations_total",
            "Evaluations of a scope by what caused them and by the worst verdict among its controls; error is an evaluation without a verdict.",
            &["trigger", "result"],
        )?,
        evaluation_duration: kept(
            &registry,
            HistogramVec::new(
                HistogramOpts::new(
                    "trailwarden_evaluation_duration_seconds",
                    "Time from the first call to AWS to the verdict, by what caused the evaluation.",
                )
                .buckets(EVALUATION_BUCKETS.to_vec()),
                &["trigger"],
            )?,
        )?,
        event_age: histogram(
            &registry,
            "trailwarden_event_age_seconds",
            "Time from the call that an event reports (its eventTime) to the verdict that the event caused.",
            &EVENT_AGE_BUCKETS,
        )?,
        detection_latency: histogram(
            &registry,
            "trailwarden_detection_latency_seconds",
            "Time from the receipt of a message to the gauges being set.",
            &DETECTION_BUCKETS,
        )?,
        messages: counters(
            &registry,
            "trailwarden_messages_total",
            "Messages taken from the queue by what became of them.",
            &["outcome"],
        )?,
        events: counters(
            &registry,
            "trailwarden_events_total",
            "Calls via CloudTrail that were received, by EventBridge source and name of the call; calls that change no verdict are other.",
            &["source", "event_name"],
        )?,
        receive_errors: counters(
            &registry,
            "trailwarden_receive_errors_total",
            "Receives from the queue that failed, by why.",
            &["kind"],
        )?,
        last_receive: kept(
            &registry,
            Gauge::new(
                "trailwarden_last_receive_timestamp_seconds",
                "When the queue last answered a receive, with messages or without, in seconds since 1970; 0 is never.",
            )?,
        )?,
        heal_actions: counters(
            &registry,
            "trailwarden_heal_actions_total",
            "Steps of repairs by AWS operation and by what became of them; held and dropped made no call.",
            &["action", "result"],
        )?,
        incidents: Incidents::register(&registry)?,
        notifications: counters(
            &registry,
            "trailwarden_notifications_total",
            "Attempts to tell a target of a change, by what became of them; failed ones are tried again.",
            &["target", "result"],
        )?,
        notifications_waiting: kept(
            &registry,
            IntGaugeVec::new(
                Opts::new(
                    "trailwarden_notifications_waiting",
                    "Notifications that wait for a target.",
                ),
                &["target"],
            )?,
        )?,
        aws_requests: counters(
            &registry,
            "trailwarden_aws_requests_total",
            "Requests to AWS by service, operation and result; attempts that the SDK repeats count once.",
            &["service", "operation", "result"],
        )?,
        aws_operations: Mutex::new(BTreeSet::new()),
        registry,
    };
    begin_at_zero(&metrics);
    Ok(metrics)
}

/// Gives every combination of closed label values its series, so that the first event is an increase from 0.
fn begin_at_zero(metrics: &Metrics) {
    for trigger in Trigger::ALL {
        metrics
            .evaluation_duration
            .with_label_values(&[trigger.name()]);
        for result in EvaluationResult::ALL {
            metrics
                .evaluations
                .with_label_values(&[trigger.name(), result.name()]);
        }
    }
    for outcome in MessageOutcome::ALL {
        metrics.messages.with_label_values(&[outcome.name()]);
    }
    metrics.events.with_label_values(&[OTHER, OTHER]);
    for call in listed_calls() {
        metrics
            .events
            .with_label_values(&[call.service.bus_source(), call.name]);
    }
    for kind in ReceiveErrorKind::ALL {
        metrics.receive_errors.with_label_values(&[kind.name()]);
    }
    for action in RepairKind::ALL {
        for result in HealResult::ALL {
            metrics
                .heal_actions
                .with_label_values(&[action.operation(), result.name()]);
        }
    }
}

pub(super) fn counters(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> Result<IntCounterVec, Error> {
    kept(registry, IntCounterVec::new(Opts::new(name, help), labels)?)
}

fn histogram(
    registry: &Registry,
    name: &str,
    help: &str,
    buckets: &[f64],
) -> Result<Histogram, Error> {
    let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
    kept(registry, Histogram::with_opts(options)?)
}

/// Registers a collector and hands it back: both are handles of the same metric.
pub(super) fn kept<C: Collector + Clone + 'static>(
    registry: &Registry,
    collector: C,
) -> Result<C, Error> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

fn register_build_info(registry: &Registry) -> Result<(), Error> {
    let info = IntGaugeVec::new(
        Opts::new(
            "trailwarden_build_info",
            "Always 1; the labels say which build this is.",
        ),
        &["version", "revision"],
    )?;
    info.with_label_values(&[env!("CARGO_PKG_VERSION"), REVISION])
        .set(1);
    registry.register(Box::new(info))
}

/// The commit, where the build was told.
const REVISION: &str = match option_env!("TRAILWARDEN_REVISION") {
    Some(revision) => revision,
    None => "unknown",
};

/// Memory, descriptors, threads and CPU of the process, which Linux tells under /proc.
#[cfg(target_os = "linux")]
fn register_process(registry: &Registry) -> Result<(), Error> {
    let collector = prometheus::process_collector::ProcessCollector::for_self();
    registry.register(Box::new(collector))
}

#[cfg(not(target_os = "linux"))]
fn register_process(_registry: &Registry) -> Result<(), Error> {
    Ok(())
}
