//! What a scope tells the journal, and hears from it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::journal::{Entry, Journal, Memory, Watched};
use crate::snapshot::AccountId;

/// How long a journal that did not answer is left alone.
const ASK_AGAIN: Duration = Duration::from_secs(30);

/// One scope's way to the journal.
pub(super) struct Chronicle {
    journal: Journal,
    /// The longest time between two looks of one watch; after a longer one nobody can say what was in between.
    longest_pause: SignedDuration,
    watched: Option<Watched>,
    /// The watch was handed in with its last look.
    watch_kept: bool,
    /// Not to be asked before, because it did not answer: a look must not wait for a disk again and again.
    not_before: Option<Instant>,
    /// [`Journal::changes`] when the memory was read last; none: it never was.
    recalled: Option<u64>,
}

/// What was read, and whether for the first time.
pub(super) struct Recalled {
    pub(super) memory: Memory,
    pub(super) first: bool,
}

impl Chronicle {
    pub(super) const fn new(journal: Journal, longest_pause: SignedDuration) -> Self {
        Self {
            journal,
            longest_pause,
            watched: None,
            watch_kept: false,
            not_before: None,
            recalled: None,
        }
    }

    /// What is known of the account, where this has to be read: at the start, and after somebody else wrote. None: nothing
    /// has to be read, or it cannot be; then this is asked again at the next look.
    pub(super) async fn recall(&mut self, account: &AccountId) -> Option<Recalled> {
        let changes = self.journal.changes();
        if self.recalled == Some(changes) {
            return None;
        }
        if self.not_before.is_some_and(|time| Instant::now() < time) {
            return None;
        }
        let Some(memory) = self.journal.recall(account).await else {
            self.not_before = Some(Instant::now() + ASK_AGAIN);
            return None;
        };
        let first = self.recalled.replace(changes).is_none();
        self.watch_kept = false;
        Some(Recalled { memory, first })
    }

    /// Notes a look, and says how long the one before it was ago; zero where a new watch begins.
    pub(super) fn looked(&mut self, account: &AccountId, now: Timestamp) -> SignedDuration {
        let pause = self
            .watched
            .as_ref()
            .map(|watched| now.duration_since(watched.until))
            .filter(|pause| !pause.is_negative() && *pause <= self.longest_pause);
        match (&mut self.watched, pause) {
            (Some(watched), Some(_)) => watched.until = now,
            (watched, _) => {
                *watched = Some(Watched {
                    account: account.clone(),
                    since: now,
                    until: now,
                });
            }
        }
        self.watch_kept = false;
        pause.unwrap_or_default()
    }

    /// Hands in what is to be kept, and with it the watch, once a look.
    pub(super) fn keep(&mut self, mut entries: Vec<Entry>) {
        if !std::mem::replace(&mut self.watch_kept, true) {
            entries.extend(self.watched.clone().map(Entry::Watched));
        }
        if !entries.is_empty() {
            self.journal.keep(entries);
        }
    }
}
