//! What a scope tells the journal, and hears from it.

use jiff::{SignedDuration, Timestamp};

use crate::journal::{Entry, Journal, Memory, Watched};
use crate::snapshot::AccountId;

/// One scope's way to the journal.
pub(super) struct Chronicle {
    journal: Journal,
    /// The longest time between two looks of one watch; after a longer one nobody can say what was in between.
    longest_pause: SignedDuration,
    watched: Option<Watched>,
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
        let memory = self.journal.recall(account).await?;
        let first = self.recalled.replace(changes).is_none();
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
        pause.unwrap_or_default()
    }

    /// Hands in what is to be kept, and the watch with it.
    pub(super) fn keep(&self, mut entries: Vec<Entry>) {
        entries.extend(self.watched.clone().map(Entry::Watched));
        self.journal.keep(entries);
    }
}
