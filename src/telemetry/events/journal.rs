use std::path::Path;
use std::sync::atomic::Ordering;

use tokio::time::Instant;
use tracing::{info, warn};

use super::{Events, TARGET, shown};
use crate::journal::JournalObserver;

impl JournalObserver for Events {
    fn works(&self) {
        self.0.metrics.set_journal_writable(true);
        if self.0.journal_failing.swap(false, Ordering::Relaxed) {
            info!(target: TARGET, "the journal can be written again");
        }
    }

    fn failed(&self, reason: &str) {
        self.0.metrics.set_journal_writable(false);
        self.0.journal_failing.store(true, Ordering::Relaxed);
        if let Some(suppressed) = self.0.journal_failed.admit(Instant::now()) {
            warn!(
                target: TARGET,
                error = &*shown(&reason),
                suppressed,
                "the journal cannot be written: history waits in memory, and nothing is repaired"
            );
        }
    }

    fn set_aside(&self, file: &Path) {
        warn!(
            target: TARGET,
            file = &*shown(&file.display()),
            "the journal was damaged: the file is set aside and a new one begun"
        );
    }

    fn lost(&self, entries: usize) {
        warn!(target: TARGET, entries, "too much waits for the journal: entries are given up");
    }
}
