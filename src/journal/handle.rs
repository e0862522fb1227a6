//! The daemon's way to the file: what is to be kept is taken at once and written by a thread of its own, again and again
//! until it could be.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::{sleep, timeout};

use super::entry::{Entry, Key};
use super::keeper::{Directory, Disk, Keeper};
use super::memory::{Memory, Unread};
use super::record::Incident;
use super::store::{Range, Store, StoreError};
use crate::snapshot::AccountId;

/// How long a caller waits for a promise or an answer; a disk that takes longer is one that cannot be written.
const PATIENCE: Duration = Duration::from_secs(5);
/// What was handed in and has not been kept for so long will not be soon: the disk does not answer. It is found out within
/// twice this time.
pub(super) const SILENT_AFTER: Duration = Duration::from_secs(10);
/// The most entries that wait for a file which cannot be written. The oldest of the past make room: what a daemon has to
/// know again is bounded by the controls, and a budget that was lost would be spent twice.
const MOST_WAITING: usize = 20_000;
/// Why nothing is kept any more once the thread has panicked.
const DEAD: &str = "the thread that writes it has panicked, which is a bug: please report it, and restart the daemon";
/// How many incidents are handed over at the start.
pub(super) const RECENT: usize = 50;

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
    /// So many records are of no form known here, and were passed over.
    fn skipped(&self, records: usize);
    /// These of an account's memory are of no form known here: nothing is repaired there.
    fn unread(&self, account: &AccountId, unread: &[Unread]);
}

/// Where nobody is to be told.
impl JournalObserver for () {
    fn works(&self) {}
    fn failed(&self, _: &str) {}
    fn set_aside(&self, _: &Path) {}
    fn lost(&self, _: usize) {}
    fn skipped(&self, _: usize) {}
    fn unread(&self, _: &AccountId, _: &[Unread]) {}
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

/// What the handles and the thread have in common.
pub(super) struct Shared {
    pub(super) observer: Box<dyn JournalObserver>,
    pub(super) state: Mutex<State>,
    pub(super) wake: Condvar,
    /// The same for a keeper that is no thread.
    #[cfg(test)]
    pub(super) woken: Notify,
    progress: Mutex<Progress>,
    /// Told at every change of the progress. It wakes in the order of waiting, unlike a `watch`, which draws lots: a
    /// simulation has to replay exactly.
    progressed: Notify,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) waiting: BTreeMap<Key, Entry>,
    /// Counts what was handed in.
    pub(super) handed_in: u64,
    pub(super) questions: Vec<Question>,
    pub(super) closing: bool,
}

pub(super) enum Question {
    Recall(AccountId, oneshot::Sender<Memory>),
    Recent(oneshot::Sender<Vec<Incident>>),
}

/// How far the thread is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Everything is in the file that was handed in up to here.
    pub(super) kept: u64,
    /// Why the last attempt failed, or does not end.
    pub(super) failure: Option<String>,
    /// Counts the times that what is in the file may not be what was written: it was begun anew, or a command wrote.
    pub(super) changes: u64,
    /// The thread has let go of the file.
    pub(super) ended: bool,
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
        Self::on(Box::new(Directory(directory)), retention, observer)
    }

    /// A journal on this disk, with its thread.
    pub(super) fn on(
        disk: Box<dyn Disk>,
        retention: Duration,
        observer: Box<dyn JournalObserver>,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::new(observer));
        let keeper = Keeper::new(disk, retention, Arc::clone(&shared));
        let life = Life(Arc::clone(&shared));
        thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || {
                let _life = life;
                keeper.run();
            })?;
        Ok(Self(Arc::new(Owner {
            shared,
            inline: None,
        })))
    }

    /// A journal without a thread of its own: its keeper takes each turn when it is told to.
    #[cfg(test)]
    pub(crate) fn by_hand(
        disk: Box<dyn Disk>,
        retention: Duration,
        observer: Box<dyn JournalObserver>,
    ) -> (Self, Keeper) {
        let shared = Arc::new(Shared::new(observer));
        let keeper = Keeper::new(disk, retention, Arc::clone(&shared));
        let inline = None;
        (Self(Arc::new(Owner { shared, inline })), keeper)
    }

    /// A journal that is forgotten at the end of the process; it writes at once, in the caller's thread.
    ///
    /// # Errors
    /// SQLite refuses: a fault of ours.
    pub fn in_memory() -> Result<Self, StoreError> {
        Ok(Self(Arc::new(Owner {
            shared: Arc::new(Shared::new(Box::new(()))),
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
        let kept = self.0.shared.reach(|progress| progress.kept >= number);
        if timeout(PATIENCE, kept).await.is_ok() {
            return Ok(());
        }
        let reason = self.failure();
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
        lock(&shared.state).ask(question(sender));
        shared.wake();
        timeout(PATIENCE, answer).await.ok()?.ok()
    }

    /// As if a command, or somebody else, were at the file; only of a journal in memory.
    #[cfg(test)]
    pub(crate) fn beside<T>(&self, work: impl FnOnce(&mut Store) -> T) -> T {
        let answer = work(&mut lock(self.0.inline.as_ref().unwrap()));
        self.0.shared.advance(|progress| progress.changes += 1);
        answer
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
        self.0.shared.progress().failure.clone()
    }

    /// Waits until nothing can be written, or until it can again, and answers why it cannot.
    pub async fn until(&self, failing: bool) -> Option<String> {
        let is_so = |progress: &Progress| progress.failure.is_some() == failing;
        self.0.shared.reach(is_so).await.failure
    }

    /// Sees to it that a disk that does not answer is a failure like one that refuses, until it answers. Never ends.
    pub async fn watch(&self) {
        let shared = &self.0.shared;
        loop {
            let handed_in = lock(&shared.state).handed_in;
            sleep(SILENT_AFTER).await;
            shared.miss(handed_in);
        }
    }

    /// A number that changes when the file may hold other things than were written: what is known is to be recalled, and
    /// what is to be kept is to be handed in again.
    pub fn changes(&self) -> u64 {
        self.0.shared.progress().changes
    }

    /// Writes what waits, if that takes no longer than a few seconds, and lets go of the file.
    pub async fn close(&self) {
        if self.0.inline.is_some() {
            return;
        }
        self.0.shared.end();
        // A disk that does not answer is left behind.
        let _ = timeout(PATIENCE, self.0.shared.reach(|progress| progress.ended)).await;
    }

    fn hand_in(&self, entries: Vec<Entry>) -> u64 {
        let shared = &self.0.shared;
        if let Some(store) = &self.0.inline {
            let answer = lock(store).write(&entries);
            shared.advance(|progress| {
                progress.failure = answer.err().map(|error| error.to_string());
            });
            return 0;
        }
        let mut state = lock(&shared.state);
        state.handed_in += 1;
        let number = state.handed_in;
        for entry in entries {
            state.waiting.insert(entry.key(), entry);
        }
        // Also while the thread hangs, and takes nothing.
        let lost = state.make_room();
        drop(state);
        shared.wake();
        shared.lost(lost);
        number
    }
}

impl State {
    fn ask(&mut self, question: Question) {
        // Who lost patience with a disk that does not answer asks again.
        self.questions.retain(Question::is_awaited);
        self.questions.push(question);
    }

    /// Gives up what is too much, and answers how many entries that were.
    pub(super) fn make_room(&mut self) -> usize {
        let too_many = self.waiting.len().saturating_sub(MOST_WAITING);
        if too_many == 0 {
            return 0;
        }
        let past = self.waiting.iter();
        let past = past.filter_map(|(key, entry)| Some((entry.past()?, key.clone())));
        let mut oldest: Vec<_> = past.collect();
        oldest.sort_unstable();
        oldest.truncate(too_many);
        for (_, key) in &oldest {
            self.waiting.remove(key);
        }
        oldest.len()
    }
}

impl Question {
    /// Whoever asked still waits for the answer.
    fn is_awaited(&self) -> bool {
        match self {
            Self::Recall(_, answer) => !answer.is_closed(),
            Self::Recent(answer) => !answer.is_closed(),
        }
    }
}

impl Shared {
    fn new(observer: Box<dyn JournalObserver>) -> Self {
        Self {
            observer,
            state: Mutex::default(),
            wake: Condvar::default(),
            #[cfg(test)]
            woken: Notify::default(),
            progress: Mutex::default(),
            progressed: Notify::default(),
        }
    }

    /// Everything is kept that was handed in up to here.
    pub(super) fn succeeded(&self, kept: u64, first: bool) {
        self.advance(|progress| {
            progress.kept = kept;
            // Before those who wait go on: what they then look at says so already.
            if progress.failure.take().is_some() || first {
                self.observer.works();
            }
        });
    }

    /// Nothing can be kept, for this reason.
    pub(super) fn failed(&self, reason: &str) {
        self.advance(|progress| {
            self.observer.failed(reason);
            progress.failure = Some(reason.to_owned());
        });
    }

    /// A while ago so much had been handed in: if it is not kept, and nobody knows why, then the disk does not answer.
    fn miss(&self, handed_in: u64) {
        self.advance(|progress| {
            if progress.kept < handed_in && progress.failure.is_none() {
                let seconds = SILENT_AFTER.as_secs();
                let reason = format!("no answer from the disk for more than {seconds} s");
                self.observer.failed(&reason);
                progress.failure = Some(reason);
            }
        });
    }

    /// So many entries were given up.
    pub(super) fn lost(&self, entries: usize) {
        if entries > 0 {
            self.observer.lost(entries);
        }
    }

    fn wake(&self) {
        self.wake.notify_one();
        #[cfg(test)]
        self.woken.notify_one();
    }

    fn end(&self) {
        lock(&self.state).closing = true;
        self.wake();
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        lock(&self.progress)
    }

    pub(super) fn advance(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.progress());
        self.progressed.notify_waiters();
    }

    /// Waits until the progress is such, and answers it.
    async fn reach(&self, is_so: impl Fn(&Progress) -> bool) -> Progress {
        loop {
            // Registered before the look: a change in between must wake the wait.
            let mut progressed = pin!(self.progressed.notified());
            progressed.as_mut().enable();
            let progress = self.progress().clone();
            if is_so(&progress) {
                return progress;
            }
            progressed.await;
        }
    }
}

/// Lives as long as the thread does.
struct Life(Arc<Shared>);

impl Drop for Life {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.failed(DEAD);
            self.0.advance(|progress| progress.ended = true);
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.shared.end();
    }
}

/// What a lock guards is whole whenever it is free, also after a panic elsewhere.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
