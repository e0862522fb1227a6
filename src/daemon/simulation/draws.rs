//! What a call meets, drawn when it is made.

use std::time::Duration;

use fastrand::Rng;

use super::scenario::{Faults, happens, millis};

/// How many calls a look is made of: each of them can be a hole.
pub(super) const CALLS: usize = 8;

/// A look.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) took: Duration,
    pub(super) hangs: bool,
    pub(super) is_blind: bool,
    /// For trails, logs, alarms and topics: how long after its beginning it is read, and how far the answer lags behind.
    pub(super) reads: [(Duration, Duration); 4],
    /// Which calls fail, and how.
    pub(super) holes: Vec<(usize, &'static str)>,
}

impl Look {
    pub(super) fn draw(random: &mut Rng, faults: &Faults, are_on: bool) -> Self {
        let took = millis(random, 20..900);
        let most = u64::try_from(took.as_millis()).unwrap();
        let lag = u64::try_from(faults.lag.as_millis()).unwrap();
        let lag = if are_on { lag } else { 0 };
        let reads = [(); 4].map(|()| (millis(random, 0..most), millis(random, 0..lag + 1)));
        let mut look = Self {
            took,
            hangs: false,
            is_blind: false,
            reads,
            holes: Vec::new(),
        };
        if are_on {
            look.hangs = happens(random, faults.hanging_look);
            look.is_blind = happens(random, faults.blind);
            while happens(random, faults.hole) && look.holes.len() < CALLS {
                let code = [
                    "AccessDeniedException",
                    "ThrottlingException",
                    "Timeout",
                    "InternalFailure",
                ];
                look.holes
                    .push((random.usize(0..CALLS), code[random.usize(0..code.len())]));
            }
        }
        look
    }

    /// Whether what it shows may be wrong, or late.
    pub(super) fn disturbs(&self) -> bool {
        self.hangs || self.is_blind || !self.holes.is_empty()
    }
}

/// A write.
#[derive(Debug)]
pub(super) struct Write {
    /// Until AWS carries it out, and until the answer is there.
    pub(super) before: Duration,
    pub(super) after: Duration,
    pub(super) fate: Fate,
    pub(super) crashes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Applied,
    Denied,
    Throttled,
    /// Carried out, and nobody says so.
    Lost,
}

impl Write {
    pub(super) fn draw(random: &mut Rng, faults: &Faults, are_on: bool) -> Self {
        let mut write = Self {
            before: millis(random, 1..300),
            after: millis(random, 1..300),
            fate: Fate::Applied,
            crashes: false,
        };
        if are_on {
            write.crashes = happens(random, faults.crash_at_write);
            if happens(random, faults.refused_write) {
                write.fate = [Fate::Denied, Fate::Throttled][random.usize(0..2)];
            } else if happens(random, faults.lost_answer) {
                write.fate = Fate::Lost;
                write.after = millis(random, 1..30_000);
            }
        }
        write
    }
}

/// When the event of a call arrives: never, once or more often.
pub(super) fn deliveries(random: &mut Rng, faults: &Faults, are_on: bool) -> Vec<Duration> {
    let delay = u64::try_from(faults.delay.as_millis()).unwrap();
    let mut copies = 1;
    if are_on && happens(random, faults.lost_event) {
        copies = 0;
    }
    while are_on && copies > 0 && happens(random, faults.duplicate) {
        copies += 1;
    }
    let delays = (0..copies).map(|_| millis(random, 1..delay + 500));
    delays.collect()
}
