//! Who writes the file: one turn after the other, in a thread of its own.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::entry::{Entry, Key};
use super::handle::{Question, RECENT, Shared, State, lock};
use super::store::{Opened, Range, Store, StoreError};

/// How long the thread sleeps when nothing is to be done: it looks whether a command wrote something.
const IDLE: Duration = Duration::from_secs(5);
/// How long it waits before it tries again.
const RETRY: Duration = Duration::from_secs(1);
/// How long between two times that what is old is forgotten.
const PRUNE_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// Where the file is.
pub(crate) trait Disk: Send {
    /// Opens the file as its owner; see [`Store::open`].
    fn open(&mut self, now: Timestamp) -> Result<Opened, StoreError>;
}

/// A directory of the file system.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Disk for Directory {
    fn open(&mut self, now: Timestamp) -> Result<Opened, StoreError> {
        Store::open(&self.0, now)
    }
}

/// Writes what the handles hand in, and answers what they ask.
pub(crate) struct Keeper {
    disk: Box<dyn Disk>,
    retention: SignedDuration,
    shared: Arc<Shared>,
    store: Option<Store>,
    was_opened: bool,
    pruned: Option<Timestamp>,
    /// How the last turn ended.
    works: Option<bool>,
    /// How much of what was handed in was taken.
    taken: u64,
}

/// What one turn is to do.
struct Turn {
    entries: BTreeMap<Key, Entry>,
    questions: Vec<Question>,
    closing: bool,
}

impl Keeper {
    pub(super) fn new(disk: Box<dyn Disk>, retention: Duration, shared: Arc<Shared>) -> Self {
        Self {
            disk,
            retention: SignedDuration::try_from(retention).unwrap_or(SignedDuration::MAX),
            shared,
            store: None,
            was_opened: false,
            pruned: None,
            works: None,
            taken: 0,
        }
    }

    /// Works in this thread until the last handle is gone.
    pub(super) fn run(mut self) {
        while self.turn(Self::wait, Timestamp::now).is_continue() {}
    }

    /// Does what there is to do at this moment.
    #[cfg(test)]
    pub(crate) fn step(&mut self, now: Timestamp) -> ControlFlow<()> {
        let take = |keeper: &mut Self| {
            let shared = Arc::clone(&keeper.shared);
            keeper.take(lock(&shared.state))
        };
        self.turn(take, || now)
    }

    /// Waits until there may be something to do.
    #[cfg(test)]
    pub(crate) fn woken(&self) -> impl Future<Output = ()> + use<> {
        let shared = Arc::clone(&self.shared);
        async move { shared.woken.notified().await }
    }

    fn turn(
        &mut self,
        take: impl FnOnce(&mut Self) -> Turn,
        now: impl FnOnce() -> Timestamp,
    ) -> ControlFlow<()> {
        let mut turn = take(self);
        if let Err(error) = self.work(&mut turn, now()) {
            // A damaged file is found out, and set aside, by the next attempt to open it.
            self.store = None;
            self.failed(&error.to_string(), turn.entries);
        } else {
            self.succeeded();
        }
        if !turn.closing {
            return ControlFlow::Continue(());
        }
        self.store = None;
        self.shared.advance(|progress| progress.ended = true);
        ControlFlow::Break(())
    }

    /// Waits until there is something to do, and takes all of it.
    fn wait(&mut self) -> Turn {
        let shared = Arc::clone(&self.shared);
        let state = lock(&shared.state);
        let taken = self.taken;
        let (limit, goes_on): (_, fn(&State, u64) -> bool) = if self.works == Some(false) {
            (RETRY, |_, _| true)
        } else {
            (IDLE, |state, taken| {
                state.handed_in == taken && state.questions.is_empty()
            })
        };
        let waits = |state: &mut State| !state.closing && goes_on(state, taken);
        let (state, _) = shared
            .wake
            .wait_timeout_while(state, limit, waits)
            .unwrap_or_else(PoisonError::into_inner);
        self.take(state)
    }

    fn take(&mut self, mut state: MutexGuard<'_, State>) -> Turn {
        self.taken = state.handed_in;
        Turn {
            entries: std::mem::take(&mut state.waiting),
            questions: std::mem::take(&mut state.questions),
            closing: state.closing,
        }
    }

    fn work(&mut self, turn: &mut Turn, now: Timestamp) -> Result<(), StoreError> {
        let store = match &mut self.store {
            Some(store) => store,
            closed => {
                let Opened { store, set_aside } = self.disk.open(now)?;
                if let Some(file) = &set_aside {
                    self.shared.observer.set_aside(file);
                }
                if self.was_opened {
                    self.shared.advance(|progress| progress.changes += 1);
                }
                self.was_opened = true;
                closed.insert(store)
            }
        };
        if store.changed_by_others()? {
            self.shared.advance(|progress| progress.changes += 1);
        }
        if !turn.entries.is_empty() {
            store.write(turn.entries.values())?;
        }
        for question in turn.questions.drain(..) {
            // Whoever asked may have lost patience.
            match question {
                Question::Recall(account, answer) => {
                    let memory = store.recall(&account)?;
                    if !memory.unread.is_empty() {
                        self.shared.observer.unread(&account, &memory.unread);
                    }
                    drop(answer.send(memory));
                }
                Question::Recent(answer) => {
                    drop(answer.send(store.incidents(Range::ALL, RECENT)?));
                }
            }
        }
        match store.skipped() {
            0 => {}
            records => self.shared.observer.skipped(records),
        }
        if self
            .pruned
            .is_none_or(|last| now.duration_since(last) >= PRUNE_EVERY)
        {
            let before = now.checked_sub(self.retention).unwrap_or(Timestamp::MIN);
            store.prune(before)?;
            self.pruned = Some(now);
        }
        Ok(())
    }

    fn succeeded(&mut self) {
        let first = self.works.replace(true).is_none();
        self.shared.succeeded(self.taken, first);
    }

    fn failed(&mut self, reason: &str, entries: BTreeMap<Key, Entry>) {
        self.works = Some(false);
        let lost = {
            let mut state = lock(&self.shared.state);
            for (key, entry) in entries {
                // What was handed in meanwhile is newer.
                state.waiting.entry(key).or_insert(entry);
            }
            state.make_room()
        };
        self.shared.lost(lost);
        self.shared.failed(reason);
    }
}
