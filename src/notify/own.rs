//! Notices about the daemon's own hearing.

use jiff::Timestamp;

use super::notice::{Kind, Notice};
use crate::snapshot::AccountId;

impl Notice {
    /// Heartbeats, the first of them sent at `since`, did not come out of the queue behind this URL.
    pub fn heartbeat_lost(
        account: &AccountId,
        queue_url: &str,
        since: Timestamp,
        at: Timestamp,
    ) -> Self {
        let message = "EventBridge took heartbeats that did not come out of the queue: changes may not be heard before the next sweep.";
        let left = [
            "see what is cut with trailwarden doctor: the rule, its target, the queue's policy",
            "if the queue has a backlog, the heartbeats wait in it; if another consumer receives from it, they are lost to that",
        ];
        Self {
            since: Some(since),
            left: left.map(str::to_owned).to_vec(),
            ..Self::of_queue(Kind::HeartbeatLost, message, account, queue_url, at)
        }
    }

    /// Heartbeats come again, after some that were sent from `since` on did not.
    pub fn heartbeat_restored(
        account: &AccountId,
        queue_url: &str,
        since: Timestamp,
        at: Timestamp,
    ) -> Self {
        let message = "Heartbeats come out of the queue again.";
        Self {
            since: Some(since),
            ..Self::of_queue(Kind::HeartbeatRestored, message, account, queue_url, at)
        }
    }

    /// `new` messages came into the dead-letter queue of this queue, which holds `total` now.
    pub fn dead_letters(
        account: &AccountId,
        queue_url: &str,
        new: u64,
        total: u64,
        at: Timestamp,
    ) -> Self {
        let message = format!(
            "{new} more in the dead-letter queue of the feed, {total} in all: messages that were received too often and never deleted."
        );
        let left = "look at them: what is not readable is not of EventBridge, and somebody puts it there; the log names each as an \
                    unreadable message";
        Self {
            left: vec![left.to_owned()],
            ..Self::of_queue(Kind::DeadLetters, &message, account, queue_url, at)
        }
    }
}
