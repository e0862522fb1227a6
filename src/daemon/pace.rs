//! When a scope is looked at next. Pure: time is passed in.

use std::time::Duration;

use tokio::time::Instant;

use super::inbox::Waiting;
use crate::backoff::Backoff;
#[cfg(test)]
use crate::mutant::{Mutant, planted};
use crate::telemetry::Trigger;

/// The pause after the second evaluation of a burst; it doubles with each further one.
const FIRST_GAP: Duration = Duration::from_millis(250);
/// The longest pause within a burst: what a flood of events can delay a look by.
const LONGEST_GAP: Duration = Duration::from_secs(5);
/// A burst that nothing was added to for so long seems over, and its pause is cut short: once in the longest pause, since a
/// flood can seem over as often as it likes.
const QUIET: Duration = FIRST_GAP;
/// Reads lag behind writes; the state that an event told of is looked at once more this long after.
pub(super) const CONFIRM_AFTER: Duration = Duration::from_secs(5);
/// The first and the longest wait before an evaluation that ended without a verdict, or with UNKNOWN, is tried again.
const RETRY: (Duration, Duration) = (Duration::from_secs(5), Duration::from_mins(5));

/// The schedule of one scope.
#[derive(Debug)]
pub(super) struct Pace {
    sweep_interval: Duration,
    start: bool,
    sweep: Instant,
    confirm: Option<Instant>,
    retry: Option<Instant>,
    heal: Option<Instant>,
    backoff: Backoff,
    burst: u32,
    last_event_look: Option<Instant>,
    last_cut_short: Option<Instant>,
    random: fastrand::Rng,
}

impl Pace {
    /// The first look is due at once.
    pub(super) fn new(sweep_interval: Duration, now: Instant, random: fastrand::Rng) -> Self {
        Self {
            sweep_interval,
            start: true,
            sweep: now,
            confirm: None,
            retry: None,
            heal: None,
            backoff: Backoff::new(RETRY.0, RETRY.1.min(sweep_interval)),
            burst: 0,
            last_event_look: None,
            last_cut_short: None,
            random,
        }
    }

    /// When the events that wait may be looked at: at once, unless a burst is going on.
    pub(super) fn event_due(&self, waiting: Waiting) -> Instant {
        let Some(before) = self.before_in_burst(waiting.first) else {
            return waiting.first;
        };
        let mut over = (waiting.last + QUIET).max(before + FIRST_GAP);
        if let Some(last) = self.last_cut_short {
            over = over.max(last + LONGEST_GAP);
        }
        waiting.first.max(before + self.gap()).min(over)
    }

    /// The last look at events, if one that arrived now is of the same burst.
    fn before_in_burst(&self, arrived: Instant) -> Option<Instant> {
        self.last_event_look
            .filter(|last| arrived < *last + 2 * self.gap())
    }

    fn gap(&self) -> Duration {
        match self.burst.checked_sub(1) {
            None => Duration::ZERO,
            Some(doublings) => FIRST_GAP
                .saturating_mul(1 << doublings.min(16))
                .min(LONGEST_GAP),
        }
    }

    /// The next look that no event asks for: when, and why.
    pub(super) fn next(&self) -> (Instant, Trigger) {
        let planned = [
            (self.heal, Trigger::Heal),
            (self.confirm, Trigger::Confirm),
            (self.retry, Trigger::Retry),
        ];
        let sweep = (
            self.sweep,
            if self.start {
                Trigger::Start
            } else {
                Trigger::Sweep
            },
        );
        planned
            .into_iter()
            .filter_map(|(due, trigger)| Some((due?, trigger)))
            .chain([sweep])
            .min_by_key(|(due, _)| *due)
            .unwrap_or(sweep)
    }

    /// A look begins at `now`, for an event that arrived at `arrived` or for a reason of our own.
    pub(super) fn begun(&mut self, trigger: Trigger, now: Instant, arrived: Option<Instant>) {
        // Every look is a whole one: what was due is done.
        for due in [&mut self.confirm, &mut self.retry, &mut self.heal] {
            if due.is_some_and(|due| due <= now) {
                *due = None;
            }
        }
        if let Some(arrived) = arrived {
            self.burst = match self.before_in_burst(arrived) {
                Some(before) => {
                    if now < before + self.gap() {
                        self.last_cut_short = Some(now);
                    }
                    self.burst.saturating_add(1)
                }
                None => 1,
            };
            self.confirm = Some(now + CONFIRM_AFTER);
            #[cfg(test)]
            if planted(Mutant::NeverConfirms) {
                self.confirm = None;
            }
        }
        if matches!(trigger, Trigger::Start | Trigger::Sweep) || self.sweep <= now {
            self.start = false;
            // Between nine tenths and eleven tenths, so that many daemons do not call in step.
            let jitter = 0.9 + self.random.f64() / 5.0;
            self.sweep = now + self.sweep_interval.mul_f64(jitter);
        }
    }

    /// The look ended; `decided` tells whether another one would tell no more.
    pub(super) fn ended(&mut self, now: Instant, for_event: bool, decided: bool) {
        if for_event {
            self.last_event_look = Some(now);
        }
        if decided {
            self.backoff.reset();
            self.retry = None;
        } else {
            self.retry = Some(now + self.backoff.next(&mut self.random));
            #[cfg(test)]
            if planted(Mutant::LooksAgainAtOnce) {
                self.retry = Some(now);
            }
        }
    }

    /// A repair waits until then; none takes a waiting one back.
    pub(super) const fn heal_at(&mut self, due: Option<Instant>) {
        self.heal = due;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn pace(now: Instant) -> Pace {
        Pace::new(15 * MINUTE, now, fastrand::Rng::with_seed(1))
    }

    fn one(arrived: Instant) -> Waiting {
        Waiting {
            first: arrived,
            last: arrived,
        }
    }

    /// Events that arrive so long after each other, from the start on; each look takes in all that arrived before it. Answers
    /// when it looked.
    fn flood(pace: &mut Pace, start: Instant, apart: Duration, end: Instant) -> Vec<Instant> {
        let mut looks = Vec::new();
        let (mut first, mut last) = (start, start);
        while first < end {
            let due = pace.event_due(Waiting { first, last });
            // The next one arrives before that.
            if last + apart <= due && last + apart < end {
                last += apart;
                continue;
            }
            pace.begun(Trigger::Event, due, Some(first));
            pace.ended(due, true, true);
            looks.push(due);
            (first, last) = (last + apart, last + apart);
        }
        looks
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_look_is_due_at_once_and_a_sweep_follows_within_a_tenth_of_its_interval() {
        let now = Instant::now();
        let mut pace = pace(now);
        assert_eq!(pace.next(), (now, Trigger::Start));
        pace.begun(Trigger::Start, now, None);
        pace.ended(now, false, true);
        let (due, trigger) = pace.next();
        assert_eq!(trigger, Trigger::Sweep);
        assert!(
            due >= now + 13 * MINUTE && due <= now + 17 * MINUTE,
            "{:?}",
            due - now
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_lone_event_is_looked_at_at_once_and_confirmed_later() {
        let now = Instant::now();
        let mut pace = pace(now);
        pace.begun(Trigger::Start, now, None);
        assert_eq!(pace.event_due(one(now)), now);
        pace.begun(Trigger::Event, now, Some(now));
        pace.ended(now, true, true);
        assert_eq!(pace.next(), (now + CONFIRM_AFTER, Trigger::Confirm));
        pace.begun(Trigger::Confirm, now + CONFIRM_AFTER, None);
        assert_eq!(pace.next().1, Trigger::Sweep);
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_a_minute_costs_few_looks_and_its_last_event_is_always_followed_by_one() {
        let start = Instant::now();
        let mut pace = pace(start);
        pace.begun(Trigger::Start, start, None);
        let end = start + MINUTE;
        let looks = flood(&mut pace, start, Duration::from_millis(1), end);
        assert!(looks.len() <= 20, "{} looks", looks.len());
        assert!(looks.last().is_some_and(|last| *last + LONGEST_GAP >= end));
        let quiet = end + 3 * LONGEST_GAP;
        assert_eq!(
            pace.event_due(one(quiet)),
            quiet,
            "after a quiet time an event is looked at at once"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_event_of_a_burst_is_looked_at_as_soon_as_it_seems_over() {
        let start = Instant::now();
        let mut pace = pace(start);
        pace.begun(Trigger::Start, start, None);
        let end = start + Duration::from_secs(8);
        let looks = flood(&mut pace, start, Duration::from_millis(10), end);
        assert!(looks.len() <= 8, "{} looks", looks.len());
        let last = looks.last().copied().unwrap();
        assert!(last >= end - Duration::from_millis(10) && last <= end + QUIET);
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_with_pauses_costs_at_most_two_looks_in_the_longest_pause() {
        for apart in [100, 240, 260, 300, 400, 490].map(Duration::from_millis) {
            let start = Instant::now();
            let mut pace = pace(start);
            pace.begun(Trigger::Start, start, None);
            let looks = flood(&mut pace, start, apart, start + MINUTE);
            assert!(
                looks.len() <= 5 + 24,
                "{} looks, {apart:?} apart",
                looks.len()
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_verdict_it_tries_again_sooner_than_the_sweep_and_ever_more_rarely() {
        let now = Instant::now();
        let mut pace = pace(now);
        pace.begun(Trigger::Start, now, None);
        pace.ended(now, false, false);
        let (first, trigger) = pace.next();
        assert_eq!(trigger, Trigger::Retry);
        assert!(first <= now + RETRY.0);
        let mut at = first;
        for _ in 0..12 {
            pace.begun(Trigger::Retry, at, None);
            pace.ended(at, false, false);
            let next = pace.next().0;
            assert!(next <= at + RETRY.1);
            at = next;
        }
        pace.begun(Trigger::Retry, at, None);
        pace.ended(at, false, true);
        assert_eq!(pace.next().1, Trigger::Sweep);
    }
}
