use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::assess::Link;

use super::{Limits, Stop};

/// The most names that are kept of those who undid repairs of one target.
const MOST_NAMES: usize = 8;

/// What became of the repairs of one target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct History {
    attempts: u32,
    undone: u32,
    failed: u32,
    last: Option<Timestamp>,
    /// Since when it was seen whole, while it is.
    whole_since: Option<Timestamp>,
    who: BTreeSet<String>,
    /// Somebody was told that trailwarden gave way.
    announced: bool,
}

impl History {
    pub(super) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// True: nobody was told before.
    pub(super) fn announce(&mut self) -> bool {
        !std::mem::replace(&mut self.announced, true)
    }

    pub(super) fn begin(&mut self, now: Timestamp) {
        self.attempts = self.attempts.saturating_add(1);
        self.last = Some(now);
        self.whole_since = None;
    }

    pub(super) fn failed(&mut self, now: Timestamp) {
        self.failed = self.failed.saturating_add(1);
        self.last = Some(now);
    }

    /// The write that was begun was not sent.
    pub(super) fn take_back(&mut self) {
        self.attempts = self.attempts.saturating_sub(1);
    }

    /// The target needs a repair again, or still. Who broke it may become known after it was seen.
    pub(super) fn wanted(&mut self, who: Option<&str>) {
        if self.whole_since.take().is_some() {
            self.undone = self.undone.saturating_add(1);
        }
        if self.undone > 0
            && self.who.len() < MOST_NAMES
            && let Some(who) = who
        {
            self.who.insert(who.to_owned());
        }
    }

    /// Notes that the target needs no repair; true once that has lasted.
    pub(super) fn whole_for(&mut self, now: Timestamp, lasting: SignedDuration) -> bool {
        let since = *self.whole_since.get_or_insert(now);
        now.duration_since(since) >= lasting
    }

    /// When the next write may come: the pause doubles with each attempt that is remembered.
    pub(super) fn held_until(&self, limits: &Limits) -> Option<Timestamp> {
        let doublings = self.attempts.checked_sub(1)?.min(30);
        let pause = limits
            .cooldown
            .saturating_mul(1_i32 << doublings)
            .min(limits.longest_cooldown.max(limits.cooldown));
        self.last?.checked_add(pause).ok()
    }

    pub(super) fn not_after(&mut self, now: Timestamp) {
        self.last = self.last.map(|last| last.min(now));
        self.whole_since = self.whole_since.map(|since| since.min(now));
    }

    pub(super) fn stop(&self, link: Link, target: &str) -> Stop {
        Stop {
            link,
            target: target.to_owned(),
            attempts: self.attempts,
            undone: self.undone,
            failed: self.failed,
            who: self.who.iter().cloned().collect(),
        }
    }
}
