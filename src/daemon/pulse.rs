//! Whether every supervised task still moves: what the watchdog is fed by.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A task that waits wakes this often to show that it lives.
pub(super) const IDLE_TICK: Duration = Duration::from_secs(30);

/// The pulses of all supervised tasks.
#[derive(Debug, Clone, Default)]
pub(super) struct Pulses {
    beats: Arc<Mutex<Vec<Arc<Beat>>>>,
}

#[derive(Debug)]
struct Beat {
    task: String,
    last: Mutex<Instant>,
    limit: Duration,
}

/// The pulse of one task. A task whose pulse is dropped is no longer supervised: it ended.
#[derive(Debug)]
pub(super) struct Pulse {
    beats: Arc<Mutex<Vec<Arc<Beat>>>>,
    beat: Arc<Beat>,
}

impl Pulses {
    /// Begins to supervise a task, which owes a tick at least every `limit`.
    pub(super) fn supervise(&self, task: impl Into<String>, limit: Duration) -> Pulse {
        let beat = Arc::new(Beat {
            task: task.into(),
            last: Mutex::new(Instant::now()),
            limit,
        });
        lock(&self.beats).push(Arc::clone(&beat));
        Pulse {
            beats: Arc::clone(&self.beats),
            beat,
        }
    }

    /// The tasks that owe a tick at this moment.
    pub(super) fn overdue(&self) -> Vec<String> {
        let now = Instant::now();
        let beats = lock(&self.beats);
        let late = beats
            .iter()
            .filter(|beat| now.duration_since(*lock(&beat.last)) > beat.limit);
        late.map(|beat| beat.task.clone()).collect()
    }
}

impl Pulse {
    /// The task moves.
    pub(super) fn tick(&self) {
        *lock(&self.beat.last) = Instant::now();
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        lock(&self.beats).retain(|beat| !Arc::ptr_eq(beat, &self.beat));
    }
}

/// Times, and a list of them, are whole whenever the lock is free, also after a panic elsewhere.
fn lock<T>(one: &Mutex<T>) -> MutexGuard<'_, T> {
    one.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_stops_ticking_is_named_until_it_ticks_or_ends() {
        let pulses = Pulses::default();
        let feed = pulses.supervise("feed", Duration::from_secs(30));
        let sweep = pulses.supervise("sweep", Duration::from_secs(90));
        tokio::time::advance(Duration::from_secs(31)).await;
        assert_eq!(pulses.overdue(), ["feed"]);
        feed.tick();
        assert!(pulses.overdue().is_empty());
        tokio::time::advance(Duration::from_mins(1)).await;
        assert_eq!(pulses.overdue(), ["feed", "sweep"]);
        drop(feed);
        assert_eq!(pulses.overdue(), ["sweep"]);
        sweep.tick();
        assert!(pulses.overdue().is_empty());
    }
}
