//! The daemon's way to the file: what is to be kept is taken at once and written by a thread of its own, again and again
//! until it could be.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use super::entry::{Entry, Key};
use super::memory::Memory;
use super::record::Incident;
use super::store::{Opened, Range, Store, StoreError};
use crate::snapshot::AccountId;

/// The most entries that wait for a file which cannot be written; the oldest by key make room.
const MOST_WAITING: usize = 20_000;
/// How long the thread sleeps when nothing is to be done: it looks whether a command wrote something.
const IDLE: Duration = Duration::from_secs(5);
/// How long it waits before it tries again.
const RETRY: Duration = Duration::from_secs(1);
/// How long a caller waits for a promise or an answer; a disk that takes longer is one that cannot be written.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long between two times that what is old is forgotten.
const PRUNE_EVERY: SignedDuration = SignedDuration::from_hours(24);
/// How many incidents are handed over at the start.
const RECENT: usize = 50;

/// Where the journal tells what happens to it.
pub trait JournalObserver: Send + Sync {
    /// It can be written, for the first time or again.
    fn works(&self);
    /// It cannot be written. Told again and again while that lasts.
    fn failed(&self, reason: &str);
    /// A damaged file was set aside there, and a new one begun.
    fn set_aside(&self, file: &Path);
    /// So many entries were given up because too many wait.
    fn lost(&self, entries: usize);
}

/// What was asked for could not be written in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the journal cannot be written: {0}")]
pub struct NotKept(pub String);

/// A handle of the journal. Cheap; clones are the same journal, and with the last of them the thread ends.
#[derive(Clone)]
pub struct Journal(Arc<Owner>);

struct Owner {
    shared: Arc<Shared>,
    /// Where there is no thread.
    inline: Option<Mutex<Store>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    progress: watch::Sender<Progress>,
}

#[derive(Default)]
struct State {
    waiting: BTreeMap<Key, Entry>,
    /// Counts what was handed in.
    handed_in: u64,
    questions: Vec<Question>,
    closing: bool,
}

enum Question {
    Recall(AccountId, oneshot::Sender<Memory>),
    Recent(oneshot::Sender<Vec<Incident>>),
}

/// How far the thread is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Progress {
    /// Everything is in the file that was handed in up to here.
    kept: u64,
    /// Why the last attempt failed.
    failure: Option<String>,
    /// Counts the times that what is in the file may not be what was written: it was begun anew, or a command wrote.
    changes: u64,
    /// The thread has let go of the file.
    ended: bool,
}

impl Journal {
    /// The journal in this directory, whether it can be opened at present or not. `retention` is how long the past is kept.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn in_directory(
        directory: PathBuf,
        retention: Duration,
        observer: Box<dyn JournalObserver>,
    ) -> std::io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let keeper = Keeper {
            directory,
            retention: SignedDuration::try_from(retention).unwrap_or(SignedDuration::MAX),
            observer,
            shared: Arc::clone(&shared),
            store: None,
            was_opened: false,
            pruned: None,
            works: None,
            taken: 0,
        };
        thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || keeper.run())?;
        Ok(Self(Arc::new(Owner {
            shared,
            inline: None,
        })))
    }

    /// A journal that is forgotten at the end of the process; it writes at once, in the caller's thread.
    ///
    /// # Errors
    /// SQLite refuses: a fault of ours.
    pub fn in_memory() -> Result<Self, StoreError> {
        Ok(Self(Arc::new(Owner {
            shared: Arc::default(),
            inline: Some(Mutex::new(Store::in_memory()?)),
        })))
    }

    /// Takes entries in. Returns at once; they are written as soon as they can be.
    pub fn keep(&self, entries: Vec<Entry>) {
        self.hand_in(entries);
    }

    /// Takes entries in and waits until they, and all before them, are in the file.
    ///
    /// # Errors
    /// That did not come to pass within a few seconds. They still wait to be written.
    pub async fn secure(&self, entries: Vec<Entry>) -> Result<(), NotKept> {
        let number = self.hand_in(entries);
        if self.0.inline.is_some() {
            return self.failure().map_or(Ok(()), |reason| Err(NotKept(reason)));
        }
        let mut progress = self.0.shared.progress.subscribe();
        let kept = progress.wait_for(|progress| progress.kept >= number);
        if let Ok(Ok(_)) = timeout(PATIENCE, kept).await {
            return Ok(());
        }
        let reason = progress.borrow().failure.clone();
        let silent = || format!("no answer from the disk within {} s", PATIENCE.as_secs());
        Err(NotKept(reason.unwrap_or_else(silent)))
    }

    /// What is known of an account. None: the file cannot be read at present.
    pub async fn recall(&self, account: &AccountId) -> Option<Memory> {
        if let Some(store) = &self.0.inline {
            return lock(store).recall(account).ok();
        }
        self.ask(|answer| Question::Recall(account.clone(), answer))
            .await
    }

    /// The last incidents, the latest first; none while the file cannot be read.
    pub async fn recent(&self) -> Vec<Incident> {
        if let Some(store) = &self.0.inline {
            let recent = lock(store).incidents(Range::ALL, RECENT);
            return recent.unwrap_or_default();
        }
        self.ask(Question::Recent).await.unwrap_or_default()
    }

    async fn ask<T>(&self, question: impl FnOnce(oneshot::Sender<T>) -> Question) -> Option<T> {
        let (sender, answer) = oneshot::channel();
        let shared = &self.0.shared;
        lock(&shared.state).questions.push(question(sender));
        shared.wake.notify_one();
        timeout(PATIENCE, answer).await.ok()?.ok()
    }

    /// When accounts were watched; only of a journal in memory.
    #[cfg(test)]
    pub(crate) fn watched(&self, range: Range) -> Vec<super::Watched> {
        lock(self.0.inline.as_ref().unwrap())
            .watched(range)
            .unwrap()
    }

    /// Why nothing can be written at present; none while it can, or while nobody has tried.
    pub fn failure(&self) -> Option<String> {
        self.0.shared.progress.borrow().failure.clone()
    }

    /// Waits until nothing can be written, or until it can again, and answers why it cannot.
    pub async fn until(&self, failing: bool) -> Option<String> {
        let mut progress = self.0.shared.progress.subscribe();
        let changed = progress.wait_for(|progress| progress.failure.is_some() == failing);
        // The sender lives as long as this handle.
        changed
            .await
            .ok()
            .and_then(|progress| progress.failure.clone())
    }

    /// A number that changes when the file may hold other things than were written: what is known is to be recalled, and
    /// what is to be kept is to be handed in again.
    pub fn changes(&self) -> u64 {
        self.0.shared.progress.borrow().changes
    }

    /// Writes what waits, if that takes no longer than a few seconds, and lets go of the file.
    pub async fn close(&self) {
        if self.0.inline.is_some() {
            return;
        }
        let mut progress = self.0.shared.progress.subscribe();
        self.0.shared.end();
        // A disk that does not answer is left behind.
        let _ = timeout(PATIENCE, progress.wait_for(|progress| progress.ended)).await;
    }

    fn hand_in(&self, entries: Vec<Entry>) -> u64 {
        let shared = &self.0.shared;
        if let Some(store) = &self.0.inline {
            let answer = lock(store).write(&entries);
            shared.progress.send_modify(|progress| {
                progress.failure = answer.err().map(|error| error.to_string());
            });
            return 0;
        }
        let mut state = lock(&shared.state);
        state.handed_in += 1;
        for entry in entries {
            state.waiting.insert(entry.key(), entry);
        }
        shared.wake.notify_one();
        state.handed_in
    }
}

impl Shared {
    fn end(&self) {
        lock(&self.state).closing = true;
        self.wake.notify_one();
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.shared.end();
    }
}

/// The thread.
struct Keeper {
    directory: PathBuf,
    retention: SignedDuration,
    observer: Box<dyn JournalObserver>,
    shared: Arc<Shared>,
    store: Option<Store>,
    was_opened: bool,
    pruned: Option<Timestamp>,
    /// What the observer was told last.
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
    fn run(mut self) {
        loop {
            let mut turn = self.wait();
            if let Err(error) = self.work(&mut turn) {
                // A damaged file is found out, and set aside, by the next attempt to open it.
                self.store = None;
                self.failed(error.to_string(), turn.entries);
            } else {
                self.succeeded();
            }
            if turn.closing {
                break;
            }
        }
        self.store = None;
        self.shared
            .progress
            .send_modify(|progress| progress.ended = true);
    }

    /// Waits until there is something to do, and takes all of it.
    fn wait(&mut self) -> Turn {
        let state = lock(&self.shared.state);
        let taken = self.taken;
        let (limit, goes_on): (_, fn(&State, u64) -> bool) = if self.works == Some(false) {
            (RETRY, |_, _| true)
        } else {
            (IDLE, |state, taken| {
                state.handed_in == taken && state.questions.is_empty()
            })
        };
        let waits = |state: &mut State| !state.closing && goes_on(state, taken);
        let (mut state, _) = self
            .shared
            .wake
            .wait_timeout_while(state, limit, waits)
            .unwrap_or_else(PoisonError::into_inner);
        self.taken = state.handed_in;
        Turn {
            entries: std::mem::take(&mut state.waiting),
            questions: std::mem::take(&mut state.questions),
            closing: state.closing,
        }
    }

    fn work(&mut self, turn: &mut Turn) -> Result<(), StoreError> {
        let now = Timestamp::now();
        let store = match &mut self.store {
            Some(store) => store,
            closed => {
                let Opened { store, set_aside } = Store::open(&self.directory, now)?;
                if let Some(file) = &set_aside {
                    self.observer.set_aside(file);
                }
                if self.was_opened {
                    self.shared
                        .progress
                        .send_modify(|progress| progress.changes += 1);
                }
                self.was_opened = true;
                closed.insert(store)
            }
        };
        if store.changed_by_others()? {
            self.shared
                .progress
                .send_modify(|progress| progress.changes += 1);
        }
        if !turn.entries.is_empty() {
            store.write(turn.entries.values())?;
        }
        for question in turn.questions.drain(..) {
            // Whoever asked may have lost patience.
            match question {
                Question::Recall(account, answer) => drop(answer.send(store.recall(&account)?)),
                Question::Recent(answer) => {
                    drop(answer.send(store.incidents(Range::ALL, RECENT)?));
                }
            }
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
        // Before those who wait go on: what they then look at says so already.
        if self.works != Some(true) {
            self.works = Some(true);
            self.observer.works();
        }
        self.shared.progress.send_modify(|progress| {
            progress.kept = self.taken;
            progress.failure = None;
        });
    }

    fn failed(&mut self, reason: String, entries: BTreeMap<Key, Entry>) {
        self.works = Some(false);
        self.observer.failed(&reason);
        let lost = {
            let mut state = lock(&self.shared.state);
            for (key, entry) in entries {
                // What was handed in meanwhile is newer.
                state.waiting.entry(key).or_insert(entry);
            }
            let too_many = state.waiting.len().saturating_sub(MOST_WAITING);
            for _ in 0..too_many {
                state.waiting.pop_first();
            }
            too_many
        };
        if lost > 0 {
            self.observer.lost(lost);
        }
        self.shared
            .progress
            .send_modify(|progress| progress.failure = Some(reason));
    }
}

/// What a lock guards is whole whenever it is free, also after a panic elsewhere.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
