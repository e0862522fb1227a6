//! The messages that were received and not yet deleted, and what is owed to each.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::aws::Receipt;

/// A received message that waits for an evaluation which began after its receipt.
///
/// Settled, it is deleted; dropped unsettled (the daemon stops), it stays in flight until the feed releases it.
#[derive(Debug)]
pub(in crate::daemon) struct Ticket {
    inflight: InFlight,
    key: u64,
    received: Instant,
    sent: Option<Timestamp>,
}

impl Ticket {
    /// When the message was received.
    pub(in crate::daemon) const fn received(&self) -> Instant {
        self.received
    }

    /// When the message was sent to the queue, as SQS says.
    pub(in crate::daemon) const fn sent(&self) -> Option<Timestamp> {
        self.sent
    }

    /// The evaluation that this message asked for has stored its verdict: the message may go.
    pub(in crate::daemon) fn settle(self) {
        self.inflight.settle(self.key);
    }
}

/// All messages in flight. Bounded by the feed, which stops receiving while too many wait.
#[derive(Debug, Clone, Default)]
pub(super) struct InFlight {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    table: Mutex<Table>,
    settled: Notify,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    waiting: BTreeMap<u64, Receipt>,
    settled: Vec<Receipt>,
}

impl InFlight {
    /// Takes a message in, which was sent at that time.
    pub(super) fn admit(&self, receipt: Receipt, sent: Option<Timestamp>) -> Ticket {
        let mut table = self.table();
        let key = table.next;
        table.next += 1;
        table.waiting.insert(key, receipt);
        Ticket {
            inflight: self.clone(),
            key,
            received: Instant::now(),
            sent,
        }
    }

    /// Marks a message that needs no evaluation for deletion.
    pub(super) fn dispose(&self, receipt: Receipt) {
        self.table().settled.push(receipt);
        self.shared.settled.notify_one();
    }

    fn settle(&self, key: u64) {
        let mut table = self.table();
        if let Some(receipt) = table.waiting.remove(&key) {
            table.settled.push(receipt);
            self.shared.settled.notify_one();
        }
    }

    /// Waits until a message may be deleted.
    pub(super) async fn some_settled(&self) {
        self.shared.settled.notified().await;
    }

    /// The messages that may be deleted; each is handed out once.
    pub(super) fn take_settled(&self) -> Vec<Receipt> {
        std::mem::take(&mut self.table().settled)
    }

    /// The messages whose evaluation is awaited: their visibility has to be prolonged.
    pub(super) fn waiting(&self) -> Vec<Receipt> {
        self.table().waiting.values().cloned().collect()
    }

    /// How many wait for an evaluation.
    pub(super) fn len(&self) -> usize {
        self.table().waiting.len()
    }

    /// Two maps without a relation that a panic could break half-way: whole whenever the lock is free.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.shared
            .table
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(name: &str) -> Receipt {
        Receipt(name.to_owned())
    }

    #[test]
    fn only_a_settled_message_is_handed_out_for_deletion_and_only_once() {
        let inflight = InFlight::default();
        let first = inflight.admit(receipt("a"), None);
        let second = inflight.admit(receipt("b"), None);
        inflight.dispose(receipt("c"));
        first.settle();
        assert_eq!(inflight.take_settled(), [receipt("c"), receipt("a")]);
        assert_eq!(inflight.take_settled(), []);
        assert_eq!(inflight.waiting(), [receipt("b")]);
        drop(second);
        assert_eq!(
            inflight.len(),
            1,
            "a message that nobody evaluated stays to be released"
        );
    }
}
