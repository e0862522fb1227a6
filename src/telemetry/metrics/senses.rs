use std::time::Duration;

use jiff::Timestamp;
use prometheus::{Error, Gauge, GaugeVec, Histogram, Registry};

use super::Metrics;
use super::labels::QueueState;
use super::register::{gauge, histogram, kept};
use super::table;
use crate::snapshot::AccountId;

/// Seconds that a heartbeat takes through bus, rule and queue: EventBridge needs some hundred milliseconds.
const ROUND_TRIP_BUCKETS: [f64; 11] =
    [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];

/// Whether the daemon would hear if something happened. NaN is what it does not know.
#[derive(Debug)]
pub(super) struct Senses {
    rule_ok: Gauge,
    round_trip: Histogram,
    queue_messages: GaugeVec,
    dead_letters: Gauge,
    message_age: Gauge,
}

impl Senses {
    pub(super) fn register(registry: &Registry) -> Result<Self, Error> {
        let queue_messages = GaugeVec::new(
            table::QUEUE_MESSAGES.opts(),
            &table::QUEUE_MESSAGES.label_names(),
        )?;
        let senses = Self {
            rule_ok: gauge(registry, &table::FEED_RULE_OK)?,
            round_trip: histogram(registry, &table::HEARTBEAT_ROUND_TRIP, &ROUND_TRIP_BUCKETS)?,
            queue_messages: kept(registry, queue_messages)?,
            dead_letters: gauge(registry, &table::DEAD_LETTERS)?,
            message_age: gauge(registry, &table::RECEIVED_MESSAGE_AGE)?,
        };
        senses.rule_ok.set(f64::NAN);
        senses.dead_letters.set(f64::NAN);
        senses.message_age.set(f64::NAN);
        for state in QueueState::ALL {
            senses.set_messages(*state, None);
        }
        Ok(senses)
    }

    fn set_messages(&self, state: QueueState, count: Option<u64>) {
        self.queue_messages
            .with_label_values(&[state.name()])
            .set(known(count));
    }
}

impl Metrics {
    /// Sets whether the last heartbeat came back; none: it could not be sent.
    pub fn set_feed_rule_ok(&self, ok: Option<bool>) {
        self.senses.rule_ok.set(ok.map_or(f64::NAN, f64::from));
    }

    /// Observes how long a heartbeat took.
    pub fn heartbeat_round_trip(&self, took: Duration) {
        self.senses.round_trip.observe(took.as_secs_f64());
    }

    /// Sets how many messages of this state the queue holds; none: it is not known.
    pub fn set_queue_messages(&self, state: QueueState, count: Option<u64>) {
        self.senses.set_messages(state, count);
    }

    /// Sets how many messages the dead-letter queue holds; none: it is not known, or there is none.
    pub fn set_dead_letters(&self, count: Option<u64>) {
        self.senses.dead_letters.set(known(count));
    }

    /// Sets how old the oldest message of the last receive was.
    pub fn set_received_message_age(&self, age: Duration) {
        self.senses.message_age.set(age.as_secs_f64());
    }

    /// Sets whether CloudTrail does its part for the feed of an account (none: not known), and when the last event of the
    /// account came.
    pub fn set_feed_cloudtrail(
        &self,
        account: &AccountId,
        ok: Option<bool>,
        last_event: Option<Timestamp>,
    ) {
        self.verdicts.set_feed(account, ok, last_event);
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "SQS counts approximately, and far below 2^52"
)]
fn known(count: Option<u64>) -> f64 {
    count.map_or(f64::NAN, |count| count as f64)
}
