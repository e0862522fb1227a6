//! From the queue to the scopes: receive, decode, hand over; delete what was evaluated, prolong what waits.
//!
//! A message is deleted once an evaluation that began after its receipt has stored a verdict. What needs no evaluation
//! is deleted at once; what cannot be read is left to the queue's redrive policy. Only a crash or a shutdown leaves a
//! message that could be read, and a shutdown releases it.

mod inflight;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::Clock;
use super::inbox::Router;
use super::pulse::Pulse;
use super::senses::Echo;
use super::wiring::Listeners;
use crate::aws::{CallError, Class, EntryResult, Message, Queue};
use crate::backoff::Backoff;
use crate::event::{Incoming, decode};
#[cfg(test)]
use crate::mutant::{Mutant, planted};
use crate::telemetry::{Events, MessageOutcome, ReceiveErrorKind, StatusBoard, UnreadableMessage};
use inflight::InFlight;
pub(super) use inflight::Ticket;

/// A message in flight, of no feed.
#[cfg(test)]
pub(super) fn ticket() -> Ticket {
    InFlight::default().admit(crate::aws::Receipt("receipt".to_owned()), None)
}

/// The longest long poll that SQS offers.
const LONG_POLL: Duration = Duration::from_secs(20);
/// The first poll, and one after trouble, waits for nothing: an answer of an idle queue, too, says that the feed is alive.
const FIRST_POLL: Duration = Duration::ZERO;
/// The most messages that one receive returns.
const BATCH: usize = 10;
/// A receive that is still silent this long after its long poll should have ended is cut.
const RECEIVE_LIMIT: Duration = Duration::from_secs(35);
/// How long the other calls of the feed may take before the task counts as hung.
const CALL_LIMIT: Duration = Duration::from_mins(1);
/// How often the visibility of waiting messages is prolonged; well below the 30 s that a queue has by default.
const PROLONG_EVERY: Duration = Duration::from_secs(10);
/// How long a waiting message is hidden from then on: what a crash costs before it is delivered again.
const VISIBILITY: Duration = Duration::from_mins(1);
/// Messages in flight beyond this stop the receiving; SQS itself refuses above 120,000.
const MOST_IN_FLIGHT: usize = 10_000;
/// How long the receiving pauses when too many wait.
const FULL_PAUSE: Duration = Duration::from_millis(100);
/// The first and the longest pause after a failed receive.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The feed over one queue. Its three tasks share the table of messages in flight.
#[derive(Clone)]
pub(super) struct Feed {
    queue: Arc<dyn Queue>,
    inflight: InFlight,
    events: Events,
    board: StatusBoard,
    clock: Clock,
    echo: Echo,
    /// Who is told of events that touch the wiring of the feed itself.
    wiring: Option<Listeners>,
}

impl Feed {
    /// The longest time between two ticks of the receiving task.
    pub(super) const RECEIVE_PULSE: Duration = Duration::from_secs(80);
    /// The longest time between two ticks of the other tasks.
    pub(super) const TEND_PULSE: Duration = Duration::from_secs(150);

    pub(super) fn new(
        queue: Arc<dyn Queue>,
        events: Events,
        board: StatusBoard,
        clock: Clock,
        echo: Echo,
        wiring: Option<Listeners>,
    ) -> Self {
        Self {
            queue,
            inflight: InFlight::default(),
            events,
            board,
            clock,
            echo,
            wiring,
        }
    }

    /// Receives until told to stop.
    pub(super) async fn receive(
        self,
        router: Router,
        pulse: Pulse,
        mut random: fastrand::Rng,
        stop: CancellationToken,
    ) {
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        let mut poll = FIRST_POLL;
        loop {
            pulse.tick();
            // Dropping a receive or a pause loses nothing: a message that was on its way is delivered again.
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                pause = self.receive_once(&router, poll, &mut backoff, &mut random) => {
                    #[cfg(test)]
                    if planted(Mutant::EndsAtAFault) && !pause.is_zero() {
                        return;
                    }
                    #[cfg(test)]
                    let pause = if planted(Mutant::ReceivesAgainAtOnce) {
                        Duration::ZERO
                    } else {
                        pause
                    };
                    poll = if pause.is_zero() { LONG_POLL } else { FIRST_POLL };
                    tokio::select! {
                        biased;
                        () = stop.cancelled() => return,
                        () = sleep(pause) => {}
                    }
                }
            }
        }
    }

    /// One long poll; answers how long to wait before the next.
    async fn receive_once(
        &self,
        router: &Router,
        poll: Duration,
        backoff: &mut Backoff,
        random: &mut fastrand::Rng,
    ) -> Duration {
        if self.inflight.len() >= MOST_IN_FLIGHT {
            return FULL_PAUSE;
        }
        let answer = timeout(RECEIVE_LIMIT, self.queue.receive(BATCH, poll)).await;
        match answer.unwrap_or_else(|_| Err(cut("ReceiveMessage"))) {
            Ok(messages) => {
                backoff.reset();
                let now = (self.clock)();
                self.events.received(now);
                self.events.received_message_age(oldest(&messages, now));
                self.board.feed_received();
                for message in messages {
                    self.take_in(message, router);
                }
                Duration::ZERO
            }
            Err(error) => {
                self.events.receive_failed(receive_kind(&error), &error);
                self.board.feed_failed(error.to_string());
                backoff.next(random)
            }
        }
    }

    fn take_in(&self, message: Message, router: &Router) {
        let outcome = match decode(&message.body) {
            Ok(Incoming::Signal(signal)) => {
                self.events.call_received(Some(signal.call));
                if let Some(wiring) = &self.wiring {
                    wiring.hear(&signal, message.sent_at);
                }
                // Counted as evaluated when its verdict is stored.
                if let Some(scope) = router.scope_of(&signal.account) {
                    #[cfg(test)]
                    if planted(Mutant::DeletesOnReceipt) {
                        self.inflight.dispose(message.receipt.clone());
                    }
                    let ticket = self.inflight.admit(message.receipt, message.sent_at);
                    scope.push(ticket, *signal);
                    return;
                }
                MessageOutcome::Foreign
            }
            Ok(Incoming::FailedCall(call)) => {
                self.events.call_received(Some(call));
                MessageOutcome::FailedCall
            }
            Ok(Incoming::ReadOnly(call)) => {
                self.events.call_received(Some(call));
                MessageOutcome::ReadOnly
            }
            Ok(Incoming::Heartbeat(heartbeat)) if self.echo.heard(&heartbeat) => {
                MessageOutcome::Heartbeat
            }
            Ok(Incoming::Heartbeat(_)) => MessageOutcome::StrayHeartbeat,
            Ok(Incoming::Unlisted) => {
                self.events.call_received(None);
                MessageOutcome::Ignored
            }
            Ok(Incoming::Foreign) => MessageOutcome::Foreign,
            Err(error) => {
                let unreadable = UnreadableMessage {
                    message_id: &message.id,
                    receive_count: Some(message.receive_count),
                    body: &message.body,
                };
                self.events.message_unreadable(&unreadable, &error);
                return;
            }
        };
        self.events.message_settled(outcome);
        self.inflight.dispose(message.receipt);
    }

    /// Deletes what is settled, and when `drained` is told what is left of it; then gives back what nobody evaluated.
    pub(super) async fn delete(self, pulse: Pulse, drained: CancellationToken) {
        let mut idle = interval(PROLONG_EVERY);
        loop {
            pulse.tick();
            tokio::select! {
                biased;
                () = drained.cancelled() => break,
                () = self.inflight.some_settled() => {}
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
        #[cfg(test)]
        if planted(Mutant::NeverDeletes) {
            return;
        }
        // What could not be deleted is delivered again and costs one more evaluation.
        let results = timeout(CALL_LIMIT, self.queue.delete_batch(&receipts)).await;
        let results = results.unwrap_or_else(|_| vec![Err(cut("DeleteMessageBatch"))]);
        if let Some((failed, first)) = failures(&results) {
            self.events.delete_failed(failed, first);
        }
    }

    /// What nobody evaluated becomes visible to the next daemon at once.
    async fn release_waiting(&self) {
        let receipts = self.inflight.waiting();
        if receipts.is_empty() {
            return;
        }
        #[cfg(test)]
        if planted(Mutant::KeepsMessagesAtStop) {
            return;
        }
        let results = timeout(CALL_LIMIT, self.queue.release(&receipts)).await;
        self.report_visibility(
            &results.unwrap_or_else(|_| vec![Err(cut("ChangeMessageVisibilityBatch"))]),
        );
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
            let call = timeout(
                CALL_LIMIT,
                self.queue.extend_visibility(&receipts, VISIBILITY),
            );
            let results = call
                .await
                .unwrap_or_else(|_| vec![Err(cut("ChangeMessageVisibilityBatch"))]);
            // One that was deleted meanwhile cannot be prolonged, which is no fault.
            let waiting: HashSet<_> = self.inflight.waiting().into_iter().collect();
            let answers = receipts.iter().zip(results);
            let results: Vec<_> = answers
                .filter(|(receipt, _)| waiting.contains(receipt))
                .map(|(_, result)| result)
                .collect();
            self.report_visibility(&results);
        }
    }

    fn report_visibility(&self, results: &[EntryResult]) {
        if let Some((failed, first)) = failures(results) {
            self.events.visibility_failed(failed, first);
        }
    }
}

/// How long the oldest of these messages was in the queue; a clock that is behind SQS's makes no negative age.
fn oldest(messages: &[Message], now: Timestamp) -> Duration {
    let sent = messages.iter().filter_map(|message| message.sent_at).min();
    let age = sent.map(|sent| now.duration_since(sent));
    age.and_then(|age| Duration::try_from(age).ok())
        .unwrap_or_default()
}

/// A call that was given up because nothing came back.
fn cut(operation: &'static str) -> CallError {
    CallError {
        service: "sqs",
        operation,
        scope: "the feed's queue".to_owned(),
        code: CallError::TIMEOUT.to_owned(),
        class: Class::Transient,
        message: "no answer; the call was cut".to_owned(),
    }
}

/// The label of a failed receive.
fn receive_kind(error: &CallError) -> ReceiveErrorKind {
    match error.class {
        Class::Denied => ReceiveErrorKind::Denied,
        Class::Gone => ReceiveErrorKind::Gone,
        Class::Transient if error.is_throttled() => ReceiveErrorKind::Throttled,
        Class::Transient if error.code == CallError::TIMEOUT => ReceiveErrorKind::Timeout,
        Class::Transient if error.code == CallError::CONNECTION_FAILED => {
            ReceiveErrorKind::Connection
        }
        Class::Transient | Class::Invalid | Class::Bug => ReceiveErrorKind::Other,
    }
}

/// How many entries failed, and the first error.
fn failures(results: &[EntryResult]) -> Option<(usize, &CallError)> {
    let mut errors = results.iter().filter_map(|result| result.as_ref().err());
    let first = errors.next()?;
    Some((1 + errors.count(), first))
}
