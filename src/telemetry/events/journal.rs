use std::path::Path;
use std::sync::atomic::Ordering;

use tokio::time::Instant;
use tracing::{info, warn};

use super::{Events, TARGET, shown};
use crate::journal::{JournalObserver, Unread};
use crate::snapshot::AccountId;

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

    fn skipped(&self, records: usize) {
        warn!(
            target: TARGET,
            records,
            "records of the journal are damaged, or of another version: they are passed over and left as they are"
        );
    }

    fn unread(&self, account: &AccountId, unread: &[Unread]) {
        warn!(
            target: TARGET,
            account = account.as_str(),
            records = &*shown(&Unread::list(unread)),
            "what the journal has of an account cannot be read: nothing is repaired there before trailwarden accept"
        );
    }

    fn lost(&self, entries: usize) {
        warn!(target: TARGET, entries, "too much waits for the journal: entries are given up");
    }
}
