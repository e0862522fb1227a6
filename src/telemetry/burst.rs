use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Keeps a line that could be repeated without end to so many in a window, and counts what it held back.
#[derive(Debug)]
pub(super) struct Burst {
    window: Duration,
    limit: u32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    began: Option<Instant>,
    shown: u32,
    held: u64,
}

impl Burst {
    /// At most `limit` lines in each `window`.
    pub(super) fn new(limit: u32, window: Duration) -> Self {
        Self {
            window,
            limit,
            state: Mutex::default(),
        }
    }

    /// Whether a line may be written now; if so, how many were held back since the last that was.
    pub(super) fn admit(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.is_open(now, self.window) {
            state.began = Some(now);
            state.shown = 0;
        }
        if state.shown < self.limit {
            state.shown += 1;
            Some(std::mem::take(&mut state.held))
        } else {
            state.held += 1;
            None
        }
    }

    /// How many lines were held back in a window that is over and have not been told yet; none while it lasts or if
    /// there were none.
    pub(super) fn settle(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_open(now, self.window) || state.held == 0 {
            return None;
        }
        Some(std::mem::take(&mut state.held))
    }
}

impl State {
    fn is_open(&self, now: Instant, window: Duration) -> bool {
        self.began
            .is_some_and(|began| now.saturating_duration_since(began) < window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_mins(1);

    #[test]
    fn lines_beyond_the_limit_are_held_and_counted_with_the_next_window() {
        let burst = Burst::new(2, WINDOW);
        let start = Instant::now();
        assert_eq!(burst.admit(start), Some(0));
        assert_eq!(burst.admit(start), Some(0));
        assert_eq!(burst.admit(start), None);
        assert_eq!(burst.admit(start + WINDOW / 2), None);
        assert_eq!(burst.admit(start + WINDOW), Some(2));
        assert_eq!(burst.admit(start + WINDOW), Some(0));
        assert_eq!(burst.admit(start + WINDOW), None);
    }

    #[test]
    fn a_burst_that_is_over_is_settled_once() {
        let burst = Burst::new(1, WINDOW);
        let start = Instant::now();
        assert_eq!(burst.settle(start), None);
        assert_eq!(burst.admit(start), Some(0));
        assert_eq!(burst.settle(start + WINDOW), None);
        assert_eq!(burst.admit(start), None);
        assert_eq!(burst.settle(start), None);
        assert_eq!(burst.settle(start + WINDOW), Some(1));
        assert_eq!(burst.settle(start + WINDOW), None);
    }
}
