use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::{EntryResult, Message, Queue, Receipt};
use crate::aws::error::{CallError, Class};

/// A queue in memory with the visibility times, receive counts and redelivery of SQS, for simulations and tests.
///
/// It lives on tokio's clock, so that paused time drives it, and delivers the oldest visible message first, so that a
/// simulation replays exactly.
#[derive(Debug)]
pub struct MemoryQueue {
    visibility: Duration,
    began: (Timestamp, Instant),
    state: Mutex<State>,
    /// Told whenever a message may have become visible, or will at another time than before.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// By number, in the order of arrival.
    messages: BTreeMap<u64, Stored>,
    sent: u64,
}

#[derive(Debug)]
struct Stored {
    body: String,
    sent_at: Instant,
    visible_at: Instant,
    receive_count: u32,
}

impl MemoryQueue {
    /// An empty queue. `now` is the calendar time of this moment, from which `sent_at` is told.
    pub fn new(visibility: Duration, now: Timestamp) -> Self {
        Self {
            visibility,
            began: (now, Instant::now()),
            state: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Puts a message into the queue and returns its id.
    pub fn send(&self, body: impl Into<String>) -> String {
        let now = Instant::now();
        let number = {
            let mut state = self.state();
            state.sent += 1;
            let number = state.sent;
            let stored = Stored {
                body: body.into(),
                sent_at: now,
                visible_at: now,
                receive_count: 0,
            };
            state.messages.insert(number, stored);
            number
        };
        self.changed.notify_waiters();
        number.to_string()
    }

    /// Messages that are not deleted, hidden ones included.
    pub fn len(&self) -> usize {
        self.state().messages.len()
    }

    /// Whether every message is deleted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn receive(&self, max: usize, wait: Duration) -> Vec<Message> {
        let deadline = Instant::now() + wait.min(Duration::from_secs(20));
        loop {
            // Registered before the look: what is sent in between must wake the wait.
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let (received, next) = self.take(max.clamp(1, 10));
            if !received.is_empty() || Instant::now() >= deadline {
                return received;
            }
            let until = next.map_or(deadline, |next| next.min(deadline));
            let _woken_or_due = timeout_at(until, changed).await;
        }
    }

    /// Delivers what is visible; and says when the next hidden message will be.
    fn take(&self, max: usize) -> (Vec<Message>, Option<Instant>) {
        let now = Instant::now();
        let mut state = self.state();
        let visible = state
            .messages
            .iter_mut()
            .filter(|(_, stored)| stored.visible_at <= now);
        let received: Vec<Message> = visible
            .take(max)
            .map(|(number, stored)| {
                stored.receive_count += 1;
                stored.visible_at = now + self.visibility;
                self.delivery(*number, stored)
            })
            .collect();
        let hidden = state.messages.values().map(|stored| stored.visible_at);
        let next = hidden.filter(|visible_at| *visible_at > now).min();
        (received, next)
    }

    fn delivery(&self, number: u64, stored: &Stored) -> Message {
        let (began, started) = self.began;
        Message {
            id: number.to_string(),
            receipt: Receipt(format!("{number}:{}", stored.receive_count)),
            body: stored.body.clone(),
            receive_count: stored.receive_count,
            sent_at: began.checked_add(stored.sent_at - started).ok(),
        }
    }

    fn delete(&self, receipt: &Receipt) -> EntryResult {
        let (number, delivery) = read("DeleteMessageBatch", receipt)?;
        let mut state = self.state();
        // An older receipt deletes nothing, as in SQS, where that is no error either.
        if state
            .messages
            .get(&number)
            .is_some_and(|stored| stored.receive_count == delivery)
        {
            state.messages.remove(&number);
        }
        Ok(())
    }

    fn hide(&self, receipt: &Receipt, visibility: Duration) -> EntryResult {
        let operation = "ChangeMessageVisibilityBatch";
        let (number, delivery) = read(operation, receipt)?;
        let now = Instant::now();
        let mut state = self.state();
        match state.messages.get_mut(&number) {
            Some(stored) if stored.receive_count == delivery && stored.visible_at > now => {
                stored.visible_at = now + visibility;
                Ok(())
            }
            _ => Err(error(
                operation,
                "MessageNotInflight",
                "the message is not hidden by this delivery",
            )),
        }
    }
}

impl Queue for MemoryQueue {
    fn receive(
        &self,
        max: usize,
        wait: Duration,
    ) -> BoxFuture<'_, Result<Vec<Message>, CallError>> {
        self.receive(max, wait).map(Ok).boxed()
    }

    fn delete_batch<'a>(&'a self, receipts: &'a [Receipt]) -> BoxFuture<'a, Vec<EntryResult>> {
        async {
            receipts
                .iter()
                .map(|receipt| self.delete(receipt))
                .collect()
        }
        .boxed()
    }

    fn extend_visibility<'a>(
        &'a self,
        receipts: &'a [Receipt],
        visibility: Duration,
    ) -> BoxFuture<'a, Vec<EntryResult>> {
        async move {
            let results = receipts
                .iter()
                .map(|receipt| self.hide(receipt, visibility))
                .collect();
            self.changed.notify_waiters();
            results
        }
        .boxed()
    }
}

fn read(operation: &'static str, receipt: &Receipt) -> Result<(u64, u32), CallError> {
    receipt
        .0
        .split_once(':')
        .and_then(|(number, delivery)| Some((number.parse().ok()?, delivery.parse().ok()?)))
        .ok_or_else(|| {
            error(
                operation,
                "ReceiptHandleIsInvalid",
                "no receipt of this queue",
            )
        })
}

fn error(operation: &'static str, code: &str, message: &str) -> CallError {
    CallError {
        service: "sqs",
        operation,
        scope: "memory".to_owned(),
        code: code.to_owned(),
        class: Class::Invalid,
        message: message.to_owned(),
    }
}
