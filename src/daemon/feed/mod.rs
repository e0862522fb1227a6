//! From the queue to the scopes: receive, decode, hand over; delete what was evaluated, prolong what waits.
//!
//! A message is deleted once an evaluation that began after its receipt has stored a verdict. What needs no evaluation
//! is deleted at once; what cannot be read is left to the queue's redrive policy. Only a crash or a shutdown leaves a
//! message that could be read, and a shutdown releases it.

mod inflight;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::pulse::Pulse;
use super::router::Router;
use crate::aws::{CallError, Message, Queue, Receipt};
use crate::event::{Incoming, decode};
use crate::telemetry::{MessageOutcome, Telemetry};
use inflight::InFlight;
pub(super) use inflight::Ticket;

/// The longest long poll that SQS offers.
const LONG_POLL: Duration = Duration::from_secs(20);
/// The most messages that one receive returns.
const BATCH: usize = 10;
/// A receive that is still silent this long after its long poll should have ended is cut.
const RECEIVE_LIMIT: Duration = Duration::from_secs(35);
/// How long the other calls of the feed may take before the task counts as hung.
const CALL_LIMIT: Duration = Duration::from_secs(60);
/// How often the visibility of waiting messages is prolonged; well below the 30 s that a queue has by default.
const PROLONG_EVERY: Duration = Duration::from_secs(10);
/// How long a waiting message is hidden from then on: what a crash costs before it is delivered again.
const VISIBILITY: Duration = Duration::from_secs(60);
/// Messages in flight beyond this stop the receiving; SQS itself refuses above 120,000.
const MOST_IN_FLIGHT: usize = 10_000;
/// How long the receiving pauses when too many wait.
const FULL_PAUSE: Duration = Duration::from_millis(100);

/// The feed over one queue. Its three tasks share the table of messages in flight.
#[derive(Clone)]
pub(super) struct Feed {
    queue: Arc<dyn Queue>,
    inflight: InFlight,
    telemetry: Telemetry,
}

impl Feed {
    pub(super) fn new(queue: Arc<dyn Queue>, telemetry: Telemetry) -> Self {
        Self { queue, inflight: InFlight::default(), telemetry }
    }

    /// The longest time between two ticks of the receiving task.
    pub(super) const RECEIVE_PULSE: Duration = Duration::from_secs(80);
    /// The longest time between two ticks of the other tasks.
    pub(super) const TEND_PULSE: Duration = Duration::from_secs(150);

    /// Receives until told to stop.
    pub(super) async fn receive(self, router: Router, pulse: Pulse, stop: CancellationToken) {
        let mut random = fastrand::Rng::new();
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30));
        loop {
            pulse.tick();
            // Dropping a receive or a pause loses nothing: a message that was on its way is delivered again.
            let pause = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                pause = self.receive_once(&router, &mut backoff, &mut random) => pause,
            };
            if let Some(pause) = pause {
                tokio::select! {
                    biased;
                    () = stop.cancelled() => return,
                    () = sleep(pause) => {}
                }
            }
        }
    }

    /// One long poll; answers how long to wait before the next.
    async fn receive_once(
        &self,
        router: &Router,
        backoff: &mut Backoff,
        random: &mut fastrand::Rng,
    ) -> Option<Duration> {
        if self.inflight.len() >= MOST_IN_FLIGHT {
            return Some(FULL_PAUSE);
        }
        let received = timeout(RECEIVE_LIMIT, self.queue.receive(BATCH, LONG_POLL)).await;
        match received.unwrap_or_else(|_| Err(CallError::timeout("sqs", "ReceiveMessage"))) {
            Ok(messages) => {
                backoff.reset();
                self.telemetry.received();
                for message in messages {
                    self.take_in(message, router);
                }
                None
            }
            Err(error) => {
                self.telemetry.receive_failed(&error);
                Some(backoff.next(random))
            }
        }
    }

    fn take_in(&self, message: Message, router: &Router) {
        let outcome = match decode(&message.body) {
            Ok(Incoming::Signal(signal)) => {
                self.telemetry.call_seen(signal.call);
                match router.scope_of(&signal.account) {
                    // Counted as evaluated when its verdict is stored.
                    Some(scope) => {
                        scope.push(self.inflight.admit(message.receipt), *signal);
                        return;
                    }
                    None => MessageOutcome::Foreign,
                }
            }
            Ok(Incoming::FailedCall(_)) => MessageOutcome::FailedCall,
            Ok(Incoming::ReadOnly(_)) => MessageOutcome::ReadOnly,
            Ok(Incoming::Unlisted) => {
                self.telemetry.unlisted_call_seen();
                MessageOutcome::Ignored
            }
            Ok(Incoming::Foreign) => MessageOutcome::Foreign,
            Err(error) => {
                self.telemetry.unreadable(&message.id, message.receive_count, &error, &message.body);
                return;
            }
        };
        self.telemetry.message(outcome);
        self.inflight.dispose(message.receipt);
    }

    /// Deletes what is settled until `drained` is told, then what is left.
    pub(super) async fn delete(self, pulse: Pulse, drained: CancellationToken) {
        let mut idle = interval(PROLONG_EVERY);
        loop {
            pulse.tick();
            tokio::select! {
                biased;
                () = self.inflight.some_settled() => {}
                () = drained.cancelled() => break,
                _ = idle.tick() => {}
            }
            self.delete_settled().await;
        }
        self.delete_settled().await;
        self.release_waiting().await;
    }

    async fn delete_settled(&self) {
        let receipts = self.inflight.take_settled();
        if receipts.is_empty() {
            return;
        }
        let results = timeout(CALL_LIMIT, self.queue.delete_batch(&receipts)).await;
        // What could not be deleted is delivered again and costs one more evaluation.
        self.report(results, |telemetry, failed, first| telemetry.delete_failed(failed, first));
    }

    /// At the end: what nobody evaluated becomes visible to the next daemon at once.
    async fn release_waiting(&self) {
        let receipts = self.inflight.waiting();
        if receipts.is_empty() {
            return;
        }
        let results = timeout(CALL_LIMIT, self.queue.release(&receipts)).await;
        self.telemetry.released(receipts.len());
        self.report(results, |telemetry, failed, first| telemetry.prolong_failed(failed, first));
    }

    /// Keeps waiting messages hidden until told to stop.
    pub(super) async fn prolong(self, pulse: Pulse, drained: CancellationToken) {
        let mut due = interval(PROLONG_EVERY);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            pulse.tick();
            tokio::select! {
                biased;
                () = drained.cancelled() => return,
                _ = due.tick() => {}
            }
            let receipts = self.inflight.waiting();
            if receipts.is_empty() {
                continue;
            }
            let results =
                timeout(CALL_LIMIT, self.queue.extend_visibility(&receipts, VISIBILITY)).await;
            // A message that was settled meanwhile is gone and cannot be prolonged: no fault.
            let still: Vec<Receipt> = self.inflight.waiting();
            let results = results.map(|all| {
                let mut kept = Vec::new();
                for (receipt, result) in receipts.iter().zip(all) {
                    if result.is_ok() || still.contains(receipt) {
                        kept.push(result);
                    }
                }
                kept
            });
            self.report(results, |telemetry, failed, first| telemetry.prolong_failed(failed, first));
        }
    }
}
