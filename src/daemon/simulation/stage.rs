//! What everybody in the simulated world shares: the clock, the schedule, the trace, and the first law that was broken.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::cuts::Cut;
use crate::aws::Receipt;
use crate::telemetry::StatusBoard;

/// Lines of the trace that are shown when a law is broken.
const SHOWN: usize = 120;

/// The calendar time that long after the beginning.
pub(super) fn calendar(elapsed: Duration) -> Timestamp {
    let began: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
    began + SignedDuration::try_from(elapsed).unwrap()
}

/// Something that happens at its time.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// An intruder cuts the chain, and does it again so many times.
    Cut {
        account: usize,
        cut: Cut,
        again: u32,
    },
    /// An operator puts back what was there.
    Mend { account: usize },
    /// An operator sets up something else that is right too.
    Replace { account: usize },
    /// An operator is at work on the chain: what is broken changes, and stays broken.
    Tinker { account: usize },
    /// An operator has the alarm tell somebody else, too.
    Extend { account: usize },
    /// Another program mends what it finds broken.
    OtherHealer { account: usize },
    /// An event arrives in the queue.
    Deliver(Letter),
    /// A message becomes visible before its time.
    Expose(Receipt),
    /// Messages arrive that no evaluation is due to.
    Noise,
    /// The journal cannot be written from now on, or can again.
    Disk { held: bool },
    /// AWS answers no call from now on, or does again.
    Outage { over: bool },
    /// The process is killed.
    Crash,
    /// The process is told to end.
    Stop,
    /// A process starts.
    Start,
    /// An event was received a while ago: the gauge has to be right by now, unless something disturbed it.
    Probe { account: usize, since: Instant },
    /// No more faults.
    Calm,
    /// Everything has to be right.
    End,
}

/// A message on its way to the queue.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    /// The account to be looked at.
    pub(super) account: usize,
    pub(super) body: String,
}

/// A law, and how it was broken.
#[derive(Debug, Clone)]
pub(super) struct Breach {
    pub(super) law: &'static str,
    pub(super) how: String,
}

pub(super) struct Stage {
    began: Instant,
    state: Mutex<State>,
    /// The schedule or the process may have changed.
    pub(super) changed: Notify,
}

struct State {
    schedule: BTreeMap<(Instant, u64), Act>,
    scheduled: u64,
    hash: DefaultHasher,
    lines: VecDeque<String>,
    breach: Option<Breach>,
    faults: bool,
    is_out: bool,
    process: u32,
    crash: bool,
    board: Option<StatusBoard>,
    last_upset: Instant,
}

impl Stage {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            state: Mutex::new(State {
                schedule: BTreeMap::new(),
                scheduled: 0,
                hash: DefaultHasher::new(),
                lines: VecDeque::new(),
                breach: None,
                faults: true,
                is_out: false,
                process: 0,
                crash: false,
                board: None,
                last_upset: Instant::now(),
            }),
            changed: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn now(&self) -> Timestamp {
        calendar(self.began.elapsed())
    }

    pub(super) fn at(&self, time: Duration) -> Instant {
        self.began + time
    }

    /// Writes a line of the trace.
    pub(super) fn note(&self, line: fmt::Arguments<'_>) {
        let at = self.began.elapsed();
        let mut state = self.state();
        let line = format!("{:>8}.{:03} {line}", at.as_secs(), at.subsec_millis());
        line.hash(&mut state.hash);
        if state.lines.len() == SHOWN {
            state.lines.pop_front();
        }
        state.lines.push_back(line);
    }

    /// A law that has to hold.
    pub(super) fn law(&self, law: &'static str, holds: bool, how: impl FnOnce() -> String) {
        if holds {
            return;
        }
        let how = how();
        self.note(format_args!("BROKEN {law}: {how}"));
        self.state().breach.get_or_insert(Breach { law, how });
        self.changed.notify_one();
    }

    pub(super) fn breach(&self) -> Option<Breach> {
        self.state().breach.clone()
    }

    pub(super) fn hash(&self) -> u64 {
        self.state().hash.finish()
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.state().lines.iter().cloned().collect()
    }

    pub(super) fn schedule(&self, at: Instant, act: Act) {
        let mut state = self.state();
        state.scheduled += 1;
        let key = (at, state.scheduled);
        state.schedule.insert(key, act);
        drop(state);
        self.changed.notify_one();
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.state().schedule.keys().next().map(|(at, _)| *at)
    }

    pub(super) fn take_due(&self) -> Option<Act> {
        let mut state = self.state();
        let first = state.schedule.first_entry()?;
        (first.key().0 <= Instant::now()).then(|| first.remove())
    }

    pub(super) fn faults(&self) -> bool {
        self.state().faults
    }

    pub(super) fn calm(&self) {
        let mut state = self.state();
        state.faults = false;
        state.is_out = false;
    }

    /// Whether no call is answered.
    pub(super) fn is_out(&self) -> bool {
        self.state().is_out
    }

    /// AWS answers no call from now on, or does again. Once calm it always does.
    pub(super) fn outage(&self, over: bool) {
        let mut state = self.state();
        state.is_out = !over && state.faults;
    }

    /// Which process runs, or ran last.
    pub(super) fn process(&self) -> u32 {
        self.state().process
    }

    pub(super) fn started(&self, board: StatusBoard) {
        let mut state = self.state();
        state.process += 1;
        state.board = Some(board);
    }

    /// The process is gone; what its calls still do is nobody's any more.
    pub(super) fn forget_process(&self) {
        self.state().process += 1;
    }

    pub(super) fn board(&self) -> Option<StatusBoard> {
        self.state().board.clone()
    }

    /// The process dies at this point.
    pub(super) fn crash(&self) {
        self.state().crash = true;
        self.changed.notify_one();
    }

    pub(super) fn take_crash(&self) -> bool {
        std::mem::take(&mut self.state().crash)
    }

    /// Something went wrong just now: for a while nothing prompt can be expected.
    pub(super) fn upset(&self) {
        self.state().last_upset = Instant::now();
    }

    pub(super) fn undisturbed_since(&self, since: Instant) -> bool {
        self.state().last_upset < since
    }
}
