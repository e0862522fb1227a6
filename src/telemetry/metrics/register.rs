use std::collections::BTreeSet;
use std::sync::Mutex;

use prometheus::core::Collector;
use prometheus::{
    Error, Gauge, Histogram, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Registry,
};

use super::incidents::Incidents;
use super::labels::{EvaluationResult, HealResult, MessageOutcome, ReceiveErrorKind, Trigger};
use super::senses::Senses;
use super::table::{self, Metric};
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
        sweep_interval: gauge(&registry, &table::SWEEP_INTERVAL)?,
        ready: kept(&registry, IntGauge::with_opts(table::READY.opts())?)?,
        evaluations: counters(&registry, &table::EVALUATIONS)?,
        evaluation_duration: histograms(
            &registry,
            &table::EVALUATION_DURATION,
            &EVALUATION_BUCKETS,
        )?,
        event_age: histogram(&registry, &table::EVENT_AGE, &EVENT_AGE_BUCKETS)?,
        detection_latency: histogram(&registry, &table::DETECTION_LATENCY, &DETECTION_BUCKETS)?,
        messages: counters(&registry, &table::MESSAGES)?,
        events: counters(&registry, &table::EVENTS)?,
        receive_errors: counters(&registry, &table::RECEIVE_ERRORS)?,
        last_receive: gauge(&registry, &table::LAST_RECEIVE)?,
        heal_actions: counters(&registry, &table::HEAL_ACTIONS)?,
        incidents: Incidents::register(&registry)?,
        senses: Senses::register(&registry)?,
        notifications: counters(&registry, &table::NOTIFICATIONS)?,
        notifications_waiting: gauges(&registry, &table::NOTIFICATIONS_WAITING)?,
        aws_requests: counters(&registry, &table::AWS_REQUESTS)?,
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

pub(super) fn counters(registry: &Registry, metric: &Metric) -> Result<IntCounterVec, Error> {
    kept(
        registry,
        IntCounterVec::new(metric.opts(), &metric.label_names())?,
    )
}

/// Gauges of whole numbers, by label.
pub(super) fn gauges(registry: &Registry, metric: &Metric) -> Result<IntGaugeVec, Error> {
    kept(
        registry,
        IntGaugeVec::new(metric.opts(), &metric.label_names())?,
    )
}

pub(super) fn gauge(registry: &Registry, metric: &Metric) -> Result<Gauge, Error> {
    kept(registry, Gauge::with_opts(metric.opts())?)
}

pub(super) fn histogram(
    registry: &Registry,
    metric: &Metric,
    buckets: &[f64],
) -> Result<Histogram, Error> {
    kept(
        registry,
        Histogram::with_opts(metric.histogram_opts(buckets))?,
    )
}

fn histograms(
    registry: &Registry,
    metric: &Metric,
    buckets: &[f64],
) -> Result<HistogramVec, Error> {
    let options = metric.histogram_opts(buckets);
    kept(registry, HistogramVec::new(options, &metric.label_names())?)
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
    gauges(registry, &table::BUILD_INFO)?
        .with_label_values(&[env!("CARGO_PKG_VERSION"), REVISION])
        .set(1);
    Ok(())
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
