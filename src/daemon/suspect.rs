//! A call that may explain what is broken.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::event::Signal;

/// A call this old when all was seen whole is not what broke it afterwards; until then reads may lag behind it.
const SPENT_AFTER: Duration = Duration::from_mins(1);

/// A call, as a message told of it.
#[derive(Debug)]
pub(super) struct Suspect {
    pub(super) received: Instant,
    /// `CloudTrail` tells times by the second. Of two calls in one second the message that was sent later tells of the later
    /// one; the order of receipt does not say, since messages come again.
    pub(super) sent: Option<Timestamp>,
    pub(super) signal: Signal,
}

impl Suspect {
    /// What calls are ordered by.
    pub(super) fn order(&self) -> (Timestamp, Option<Timestamp>) {
        (self.signal.actor.time, self.sent)
    }

    /// Whether it broke nothing, where a look that began then saw all whole.
    pub(super) fn is_spent(&self, began: Instant) -> bool {
        self.received + SPENT_AFTER <= began
    }
}
