use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tracing::{debug, info, warn};

use super::{Events, TARGET, shown};
use crate::telemetry::metrics::QueueState;

/// What is said once, until it is over.
#[derive(Debug, Default)]
pub(super) struct Said {
    heartbeat: AtomicBool,
    heartbeat_lost: AtomicBool,
    depth: AtomicBool,
    dead_letters: AtomicBool,
}

/// True the first time, until it is over.
fn first(said: &AtomicBool) -> bool {
    !said.swap(true, Ordering::Relaxed)
}

impl Events {
    /// A heartbeat came back.
    pub fn heartbeat_back(&self, took: Duration) {
        self.0.metrics.set_feed_rule_ok(Some(true));
        self.0.metrics.heartbeat_round_trip(took);
        for said in [&self.0.said.heartbeat, &self.0.said.heartbeat_lost] {
            said.store(false, Ordering::Relaxed);
        }
        debug!(target: TARGET, took_seconds = took.as_secs_f64(), "heartbeat came back");
    }

    /// A heartbeat did not come back within this time. Said once; whether that is an incident is told apart.
    pub fn heartbeat_lost(&self, limit: Duration) {
        self.0.metrics.set_feed_rule_ok(Some(false));
        let limit_seconds = limit.as_secs_f64();
        if first(&self.0.said.heartbeat_lost) {
            warn!(target: TARGET, limit_seconds, "heartbeat did not come out of the queue");
        } else {
            debug!(target: TARGET, limit_seconds, "heartbeat did not come out of the queue either");
        }
    }

    /// A heartbeat could not be sent: nothing is known of the rule. Said once; `denied`: for want of a permission.
    pub fn heartbeat_unsent(&self, error: &dyn Display, denied: bool) {
        self.0.metrics.set_feed_rule_ok(None);
        let error = shown(error);
        if !first(&self.0.said.heartbeat) {
            debug!(target: TARGET, error = &*error, "heartbeat cannot be sent");
        } else if denied {
            warn!(
                target: TARGET,
                error = &*error,
                "heartbeat cannot be sent: allow events:PutEvents on the default bus, or set heartbeat.interval to 0s"
            );
        } else {
            warn!(target: TARGET, error = &*error, "heartbeat cannot be sent");
        }
    }

    /// How much the queue holds.
    pub fn queue_depth(&self, visible: u64, in_flight: u64, delayed: u64) {
        let metrics = &self.0.metrics;
        metrics.set_queue_messages(QueueState::Visible, Some(visible));
        metrics.set_queue_messages(QueueState::InFlight, Some(in_flight));
        metrics.set_queue_messages(QueueState::Delayed, Some(delayed));
        self.0.said.depth.store(false, Ordering::Relaxed);
    }

    /// How much the queue holds could not be asked. Said once; `denied`: for want of a permission.
    pub fn queue_depth_unknown(&self, error: &dyn Display, denied: bool) {
        for state in QueueState::ALL {
            self.0.metrics.set_queue_messages(*state, None);
        }
        self.0.metrics.set_dead_letters(None);
        not_asked(&self.0.said.depth, "the queue's depth", error, denied);
    }

    /// How much the dead-letter queue holds; none: there is none, or it is not known.
    pub fn dead_letters(&self, count: Option<u64>) {
        self.0.metrics.set_dead_letters(count);
        if count.is_some() {
            self.0.said.dead_letters.store(false, Ordering::Relaxed);
        }
    }

    /// How much the dead-letter queue holds could not be asked. Said once.
    pub fn dead_letters_unknown(&self, error: &dyn Display, denied: bool) {
        let said = &self.0.said.dead_letters;
        not_asked(said, "the dead-letter queue's depth", error, denied);
    }

    /// So many messages were in the dead-letter queue when the daemon came.
    pub fn dead_letters_found(&self, count: u64) {
        warn!(target: TARGET, count, "messages lie in the dead-letter queue: look at them, then purge it");
    }
}

/// What could not be asked is not known: said once.
fn not_asked(said: &AtomicBool, what: &str, error: &dyn Display, denied: bool) {
    let error = shown(error);
    if !first(said) {
        debug!(target: TARGET, what, error = &*error, "not known");
    } else if denied {
        warn!(target: TARGET, what, error = &*error, "not known: allow sqs:GetQueueAttributes on it");
    } else {
        info!(target: TARGET, what, error = &*error, "not known");
    }
}
