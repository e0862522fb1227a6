//! What a seed decides before anything happens.

use std::time::Duration;

use fastrand::Rng;
use jiff::SignedDuration;

use super::cuts::Cut;
use super::stage::Act;
use crate::assess::Link;
use crate::config::HealMode;
use crate::heal::{HealPolicy, Limits};

/// How likely each fault is, in thousandths of the calls that it can meet. A seed switches most of them off, so that rare
/// ones meet each other undisturbed.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults {
    /// One call of a look is refused, throttled or not answered.
    pub(super) hole: u32,
    /// A look learns nothing: expired credentials.
    pub(super) blind: u32,
    /// A look never ends.
    pub(super) hanging_look: u32,
    /// How far reads may lag behind writes. Less than the daemon's confirmation is late.
    pub(super) lag: Duration,
    /// A write is refused or throttled.
    pub(super) refused_write: u32,
    /// A write is carried out and its answer is lost.
    pub(super) lost_answer: u32,
    /// The process dies when a write has just been carried out.
    pub(super) crash_at_write: u32,
    pub(super) receive_error: u32,
    pub(super) hanging_receive: u32,
    pub(super) failing_delete: u32,
    pub(super) failing_extension: u32,
    /// A message is delivered although it is hidden.
    pub(super) redelivery: u32,
    /// A deleted message comes again.
    pub(super) resurrection: u32,
    /// An event arrives twice.
    pub(super) duplicate: u32,
    /// An event never arrives.
    pub(super) lost_event: u32,
    /// How late events may be.
    pub(super) delay: Duration,
    /// A write of the journal takes seconds.
    pub(super) slow_disk: u32,
}

/// One run.
#[derive(Debug, Clone)]
pub(super) struct Scenario {
    pub(super) accounts: usize,
    /// The configuration names the accounts.
    pub(super) named: bool,
    pub(super) mode: HealMode,
    pub(super) policy: HealPolicy,
    pub(super) limits: Limits,
    pub(super) sweep: Duration,
    pub(super) faults: Faults,
    /// When the faults stop.
    pub(super) calm: Duration,
    /// When everything has to be right.
    pub(super) end: Duration,
    /// What others do, and when.
    pub(super) acts: Vec<(Duration, Act)>,
}

impl Scenario {
    pub(super) fn of(seed: u64) -> Self {
        let random = &mut Rng::with_seed(seed);
        let accounts = if random.u32(0..3) == 0 { 2 } else { 1 };
        let sweep = seconds(random, 180..360);
        let calm = seconds(random, 120..480);
        let mode = match random.u32(0..10) {
            0 => HealMode::Off,
            1 => HealMode::Plan,
            _ => HealMode::Apply,
        };
        let mut scenario = Self {
            accounts,
            named: accounts > 1 || random.bool(),
            mode,
            policy: policy(random),
            limits: limits(random, calm),
            sweep,
            faults: faults(random),
            calm,
            // A look that hangs, a retry at its rarest, a sweep at its latest, a message that is hidden, and time to spare.
            end: calm + sweep.mul_f64(1.2) + Duration::from_mins(8),
            acts: Vec::new(),
        };
        for _ in 0..random.u32(1..=3) {
            scenario.incident(random);
        }
        scenario.upsets(random);
        scenario.others(&mut random.fork());
        if !scenario.named {
            scenario.beginnings(&mut Rng::with_seed(!seed));
        }
        scenario
    }

    /// Before the first look has shown whose account it is, nobody can store a verdict.
    fn beginnings(&mut self, random: &mut Rng) {
        if random.bool() {
            self.faults.blind = self.faults.blind.max(400);
            let act = Act::Cut {
                account: 0,
                cut: Cut::DeleteFilter,
                again: 0,
            };
            self.acts.push((millis(random, 0..2000), act));
        }
    }

    /// Somebody changes something, and others answer.
    fn incident(&mut self, random: &mut Rng) {
        let account = random.usize(0..self.accounts);
        let at = self.moment(random);
        let cuts = &Cut::ALL;
        let cut = match random.u32(0..8) {
            0 => Cut::FOR_A_PERSON[random.usize(1..4)],
            // A filter and an alarm are what people touch most.
            1..4 => [Cut::DeleteFilter, Cut::DeleteAlarm, Cut::NarrowFilter][random.usize(0..3)],
            _ => cuts[random.usize(0..cuts.len())],
        };
        let again = if random.u32(0..4) == 0 {
            random.u32(1..6)
        } else {
            0
        };
        self.acts.push((
            at,
            Act::Cut {
                account,
                cut,
                again,
            },
        ));
        if random.u32(0..3) == 0 {
            let later = at + millis(random, 1..60_000);
            self.acts.push((later, Act::Mend { account }));
        }
        if random.u32(0..3) == 0 {
            let later = at + millis(random, 1..60_000);
            self.acts.push((later, Act::Replace { account }));
        }
        if random.u32(0..4) == 0 {
            for _ in 0..3 {
                let later = at + millis(random, 1..60_000);
                self.acts.push((later, Act::OtherHealer { account }));
            }
        }
    }

    /// The process ends, the disk is full, messages come that are none of ours.
    fn upsets(&mut self, random: &mut Rng) {
        for (likely, act) in [
            (3, Act::Crash),
            (3, Act::Stop),
            (5, Act::Disk { held: true }),
            (5, Act::Noise),
        ] {
            if random.u32(0..likely) != 0 {
                continue;
            }
            for _ in 0..random.u32(1..=2) {
                let at = self.moment(random);
                if matches!(act, Act::Disk { .. }) {
                    let end = at + seconds(random, 1..90);
                    self.acts.push((end, Act::Disk { held: false }));
                }
                self.acts.push((at, act.clone()));
            }
        }
    }

    /// AWS is out for a while, somebody is at work on what is broken, somebody else wants to be told.
    fn others(&mut self, random: &mut Rng) {
        if random.u32(0..8) == 0 {
            let from = self.moment(random);
            let to = from + seconds(random, 20..150);
            self.acts.push((from, Act::Outage { over: false }));
            self.acts.push((to, Act::Outage { over: true }));
        }
        let cuts = self.acts.iter().filter_map(|(at, act)| match act {
            Act::Cut { account, .. } => Some((*at, *account)),
            _ => None,
        });
        let cuts: Vec<_> = cuts.collect();
        for (at, account) in cuts {
            if random.u32(0..6) == 0 {
                for _ in 0..random.u32(1..=3) {
                    let later = at + millis(random, 1000..15_000);
                    self.acts.push((later, Act::Tinker { account }));
                }
            }
            if random.u32(0..8) == 0 {
                let moment = self.moment(random);
                self.acts.push((moment, Act::Extend { account }));
            }
        }
    }

    fn moment(&self, random: &mut Rng) -> Duration {
        let millis = u64::try_from(self.calm.as_millis()).unwrap();
        Duration::from_millis(random.u64(0..millis))
    }
}

fn policy(random: &mut Rng) -> HealPolicy {
    let mut policy = HealPolicy::default();
    if random.bool() {
        policy.links = Link::CHAIN.into_iter().collect();
    }
    policy
}

fn limits(random: &mut Rng, calm: Duration) -> Limits {
    let mut limits = Limits {
        budget_per_hour: random.u32(1..=8),
        cooldown: SignedDuration::from_secs(random.i64(20..60)),
        stop_after: random.u32(2..=6),
        ..Limits::default()
    };
    if random.u32(0..4) == 0 {
        let from = random.u64(0..calm.as_secs());
        let to = from + random.u64(10..180);
        let at = |second: u64| super::stage::calendar(Duration::from_secs(second));
        limits.windows = vec![format!("{}/{}", at(from), at(to)).parse().unwrap()];
    }
    limits
}

fn faults(random: &mut Rng) -> Faults {
    let rate = |random: &mut Rng, most: u32| {
        if random.u32(0..3) == 0 {
            random.u32(1..=most)
        } else {
            0
        }
    };
    Faults {
        hole: rate(random, 300),
        blind: rate(random, 200),
        hanging_look: rate(random, 60),
        lag: Duration::from_millis(u64::from(rate(random, 4000))),
        refused_write: rate(random, 600),
        lost_answer: rate(random, 300),
        crash_at_write: rate(random, 500),
        receive_error: rate(random, 300),
        hanging_receive: rate(random, 50),
        failing_delete: rate(random, 300),
        failing_extension: rate(random, 300),
        redelivery: rate(random, 200),
        resurrection: rate(random, 100),
        duplicate: rate(random, 300),
        lost_event: rate(random, 300),
        delay: Duration::from_millis(u64::from(rate(random, 60_000))),
        slow_disk: rate(random, 300),
    }
}

pub(super) fn seconds(random: &mut Rng, range: std::ops::Range<u64>) -> Duration {
    Duration::from_secs(random.u64(range))
}

pub(super) fn millis(random: &mut Rng, range: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(random.u64(range))
}

/// True in so many of a thousand cases.
pub(super) fn happens(random: &mut Rng, thousandths: u32) -> bool {
    random.u32(0..1000) < thousandths
}
