use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What the process waits for before it calls itself ready. Whoever must be ready first holds a [`Latch`].
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    names: BTreeMap<u64, String>,
}

/// One thing that readiness waits for, until it is released. Dropping it without a release keeps the process not ready:
/// a task that died before its work was done has not done it.
#[derive(Debug)]
#[must_use = "readiness waits until the latch is released"]
pub struct Latch {
    readiness: Readiness,
    id: u64,
}

impl Readiness {
    /// Adds something to wait for; `name` is what `/readyz` says is missing.
    pub fn latch(&self, name: impl Into<String>) -> Latch {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = waiting.next;
        waiting.next += 1;
        waiting.names.insert(id, name.into());
        Latch {
            readiness: self.clone(),
            id,
        }
    }

    /// The names of what is waited for, in the order in which they were added; empty when ready.
    pub fn missing(&self) -> Vec<String> {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.names.values().cloned().collect()
    }
}

impl Latch {
    /// What was waited for has happened.
    pub fn release(self) {
        let mut waiting = self
            .readiness
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        waiting.names.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_ready_when_every_latch_is_released() {
        let readiness = Readiness::default();
        assert!(readiness.missing().is_empty());
        let first = readiness.latch("first");
        let second = readiness.latch("second");
        assert_eq!(readiness.missing(), ["first", "second"]);
        first.release();
        assert_eq!(readiness.missing(), ["second"]);
        second.release();
        assert!(readiness.missing().is_empty());
    }

    #[test]
    fn a_latch_that_is_dropped_keeps_it_waiting() {
        let readiness = Readiness::default();
        drop(readiness.latch("task"));
        assert_eq!(readiness.missing(), ["task"]);
    }
}
