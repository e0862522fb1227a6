use std::fmt::Display;

use tracing::{debug, info, warn};

use super::{Events, TARGET, shown};
use crate::telemetry::metrics::NotifyResult;

impl Events {
    /// There is a target that is told of changes.
    pub fn notify_target(&self, target: &str) {
        self.0.metrics.notify_target(target);
        info!(target: TARGET, to = target, "notifications go here");
    }

    /// So many notifications wait for a target.
    pub fn notify_waiting(&self, target: &str, waiting: usize) {
        self.0.metrics.set_notifications_waiting(target, waiting);
    }

    /// A notification was delivered; `again`: for the first time after failures.
    pub fn notify_sent(&self, target: &str, id: &str, again: bool) {
        self.0.metrics.notification(target, NotifyResult::Sent);
        if again {
            info!(target: TARGET, to = target, "notifications are delivered again");
        }
        info!(target: TARGET, to = target, id = &*shown(&id), "notified");
    }

    /// An attempt failed that is worth another; `first`: the one before did not.
    pub fn notify_failed(&self, target: &str, reason: &dyn Display, first: bool) {
        self.0.metrics.notification(target, NotifyResult::Failed);
        let reason = shown(reason);
        if first {
            warn!(target: TARGET, to = target, error = &*reason, "notification failed, trying again");
        } else {
            debug!(target: TARGET, to = target, error = &*reason, "notification failed again");
        }
    }

    /// A target refused a notification.
    pub fn notify_rejected(&self, target: &str, id: &str, reason: &dyn Display) {
        self.0.metrics.notification(target, NotifyResult::Rejected);
        let (id, error) = (shown(&id), shown(reason));
        warn!(target: TARGET, to = target, id = &*id, error = &*error, "notification refused");
    }

    /// A notification is given up.
    pub fn notify_dropped(&self, target: &str, id: &str, why: &str) {
        self.0.metrics.notification(target, NotifyResult::Dropped);
        warn!(target: TARGET, to = target, id = &*shown(&id), why, "notification dropped");
    }

    /// The topic of a target is part of a chain that is watched: who cuts the chain there cuts both.
    pub fn notify_dependent(&self, target: &str, control: &str) {
        warn!(
            target: TARGET,
            to = target,
            control,
            "the topic of this target is part of the chain: both fall silent at once, name another topic"
        );
    }
}
