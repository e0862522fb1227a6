//! Whether a planned repair may be carried out now. A pure state machine: time and observations are passed in, the state
//! is serialised by whoever keeps it.
//!
//! One guard watches one scope. The caller's turn: evaluate, plan, [`Guard::decide`]; on [`Decision::Proceed`] observe
//! again, compare with [`super::unchanged()`], [`Guard::begin`], store the state, write, [`Guard::record`], store the state,
//! evaluate again. What was begun counts even if the process dies before it is recorded, so that a crash loop cannot write
//! more often than the budget says.

mod history;
mod window;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::assess::{Assessment, Link, Verdict};

use super::{Plan, Repair};
use history::History;
pub use window::{InvalidWindow, Window};

/// How long a write that was begun and never recorded blocks the next one: longer than any AWS call may take with its
/// retries.
const IN_FLIGHT_LIMIT: SignedDuration = SignedDuration::from_secs(120);

/// The window of the budget.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// The most writes that are remembered: more than any sensible budget, and a bound on the state.
const MOST_WRITES: usize = 10_000;

/// The limits that a guard keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Time between the first and the last of at least two observations of the same broken link before a write.
    pub settle: SignedDuration,
    /// Writes within any hour.
    pub budget_per_hour: u32,
    /// Time between two writes to the same target; doubled for each earlier one that is still remembered.
    pub cooldown: SignedDuration,
    /// The longest that the doubling holds back.
    pub longest_cooldown: SignedDuration,
    /// Writes to the same target after which trailwarden gives way.
    pub stop_after: u32,
    /// How long a target has to stay whole until its earlier repairs are forgotten.
    pub forget: SignedDuration,
    /// Times at which nothing is written.
    pub windows: Vec<Window>,
}

impl Limits {
    /// When the last of the maintenance windows closes that are open at that time; none: nothing keeps from writing.
    pub fn closed_until(&self, now: Timestamp) -> Option<Timestamp> {
        let windows = self.windows.iter();
        windows.filter_map(|window| window.until(now)).max()
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            settle: SignedDuration::from_secs(5),
            budget_per_hour: 12,
            cooldown: SignedDuration::from_secs(10),
            longest_cooldown: SignedDuration::from_mins(15),
            stop_after: 6,
            forget: HOUR,
            windows: Vec::new(),
        }
    }
}

/// The answer of a guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// There is no repair to carry out.
    Nothing,
    /// Not now.
    Hold {
        /// Why.
        reason: HoldReason,
        /// When it is worth to ask again; none where that depends on something else than time.
        until: Option<Timestamp>,
    },
    /// The first repair of the plan may be carried out.
    Proceed,
    /// Trailwarden gives way: somebody has to decide who is right.
    Stop(Stop),
}

/// Why a repair waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HoldReason {
    /// The broken link has not been seen twice, [`Limits::settle`] apart.
    Settling,
    /// Another repair of this scope is under way.
    Busy,
    /// The budget of this hour is spent.
    Budget,
    /// The target was written to a short time ago.
    Cooldown,
    /// A maintenance window is open.
    Maintenance,
}

impl HoldReason {
    /// A stable short name, for labels and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Settling => "settling",
            Self::Busy => "busy",
            Self::Budget => "budget",
            Self::Cooldown => "cooldown",
            Self::Maintenance => "maintenance",
        }
    }
}

impl fmt::Display for HoldReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Settling => "waiting to see the broken link a second time",
            Self::Busy => "another repair is under way",
            Self::Budget => "the budget of repairs for this hour is spent",
            Self::Cooldown => "the same resource was repaired a short time ago",
            Self::Maintenance => "a maintenance window is open",
        })
    }
}

/// Why trailwarden gives way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// The link that is fought over.
    pub link: Link,
    /// What is written to, as [`Repair::target`] says it.
    pub target: String,
    /// How often it was repaired, failed attempts included.
    pub attempts: u32,
    /// How often it was whole and then broken again.
    pub undone: u32,
    /// How often the write failed.
    pub failed: u32,
    /// Who broke it, as the events said.
    pub who: Vec<String>,
}

impl fmt::Display for Stop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            link,
            target,
            attempts,
            undone,
            failed,
            ..
        } = self;
        write!(
            formatter,
            "stopped mending {link}: {target} was repaired {attempts} times, undone {undone} times, failed {failed} times"
        )?;
        if self.who.is_empty() {
            write!(formatter, "; no event said by whom")
        } else {
            write!(formatter, "; undone by {}", self.who.join(", "))
        }
    }
}

/// How a write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// AWS accepted it.
    Applied,
    /// AWS refused it, or the answer was lost.
    Failed,
    /// It was not sent: the target was no longer as it was when the plan was made.
    Dropped,
}

/// When a repair was first wanted, and how often it was seen to be needed since, without a break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    first: Timestamp,
}

/// A write that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InFlight {
    target: String,
    since: Timestamp,
}

/// What a guard remembers; kept across restarts. What another version wrote in other words, or less of, is not taken for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardState {
    /// Per control: the repairs that its last observation wanted.
    seen: BTreeMap<String, BTreeMap<String, Seen>>,
    /// Times of the writes of the last hour.
    writes: VecDeque<Timestamp>,
    /// Per target: what became of its repairs.
    history: BTreeMap<String, History>,
    in_flight: Option<InFlight>,
}

#[cfg(test)]
impl GuardState {
    /// What was begun and has not been recorded.
    pub(crate) fn under_way(&self) -> Option<&str> {
        self.in_flight.as_ref().map(|one| one.target.as_str())
    }
}

/// Watches over the repairs of one scope.
#[derive(Debug, Clone)]
pub struct Guard {
    limits: Limits,
    state: GuardState,
}

impl Guard {
    /// A guard that goes on where the state ends.
    pub fn new(limits: Limits, state: GuardState) -> Self {
        Self { limits, state }
    }

    /// A guard of a new process that goes on where another one ended, which is known to be gone: what it had under way is
    /// over, one way or the other, and stays counted; what is broken has to be seen twice anew.
    pub fn resume(limits: Limits, mut state: GuardState) -> Self {
        state.in_flight = None;
        state.seen.clear();
        Self::new(limits, state)
    }

    /// What has to be kept: write it down after [`Self::begin`] and [`Self::record`], before going on.
    pub fn state(&self) -> &GuardState {
        &self.state
    }

    /// Takes note of an observation and says whether the first repair of its plan may be carried out. To be called for
    /// every evaluation, PASS and UNKNOWN included: what is no longer wanted has to be noticed. `who` is the principal that
    /// broke the link, as the event said.
    pub fn decide(
        &mut self,
        now: Timestamp,
        assessment: &Assessment,
        plan: &Plan,
        who: Option<&str>,
    ) -> Decision {
        self.not_after(now);
        self.observe(now, assessment, plan, who);
        if assessment.verdict != Verdict::Fail {
            return Decision::Nothing;
        }
        let Some((step, repair)) = plan.repairs().next() else {
            return Decision::Nothing;
        };
        self.may(now, &assessment.control, step.link, &repair.target())
    }

    /// Notes that a repair is about to be written. It counts from now on.
    pub fn begin(&mut self, now: Timestamp, repair: &Repair) {
        let target = repair.target();
        if self.state.writes.len() >= MOST_WRITES {
            self.state.writes.pop_front();
        }
        self.state.writes.push_back(now);
        let history = self.state.history.entry(target.clone()).or_default();
        history.begin(now);
        self.state.in_flight = Some(InFlight { target, since: now });
    }

    /// Notes how the write that was begun ended.
    pub fn record(&mut self, now: Timestamp, outcome: Outcome) {
        let Some(InFlight { target, .. }) = self.state.in_flight.take() else {
            return;
        };
        match outcome {
            Outcome::Applied => {}
            Outcome::Failed => {
                if let Some(history) = self.state.history.get_mut(&target) {
                    history.failed(now);
                }
            }
            Outcome::Dropped => {
                self.state.writes.pop_back();
                if let Some(history) = self.state.history.get_mut(&target) {
                    history.take_back();
                }
            }
        }
        for seen in self.state.seen.values_mut() {
            seen.remove(&target);
        }
    }

    /// Notes that somebody was told of giving way over this target. True: for the first time in this fight.
    pub fn announce(&mut self, target: &str) -> bool {
        self.state
            .history
            .get_mut(target)
            .is_some_and(History::announce)
    }

    /// Forgets every fight: somebody decided that trailwarden is right. The budget stays.
    pub fn release(&mut self) {
        self.state.history.clear();
    }

    /// A clock that was set back must not hold repairs until it has caught up.
    fn not_after(&mut self, now: Timestamp) {
        for written in &mut self.state.writes {
            *written = (*written).min(now);
        }
        for history in self.state.history.values_mut() {
            history.not_after(now);
        }
        for seen in self.state.seen.values_mut().flat_map(BTreeMap::values_mut) {
            seen.first = seen.first.min(now);
        }
        if let Some(in_flight) = &mut self.state.in_flight {
            in_flight.since = in_flight.since.min(now);
            if now.duration_since(in_flight.since) >= IN_FLIGHT_LIMIT {
                self.state.in_flight = None;
            }
        }
    }

    /// Takes note of what is wanted and of what no longer is.
    fn observe(&mut self, now: Timestamp, assessment: &Assessment, plan: &Plan, who: Option<&str>) {
        let mut earlier = self
            .state
            .seen
            .remove(&assessment.control)
            .unwrap_or_default();
        if assessment.verdict == Verdict::Unknown {
            return;
        }
        let mut wanted = BTreeMap::new();
        for (_, repair) in plan.repairs() {
            let target = repair.target();
            let seen = earlier.remove(&target).unwrap_or(Seen { first: now });
            if let Some(history) = self.state.history.get_mut(&target) {
                history.wanted(who);
            }
            wanted.insert(target, seen);
        }
        if !wanted.is_empty() {
            self.state.seen.insert(assessment.control.clone(), wanted);
        }
        let seen = &self.state.seen;
        let forget = self.limits.forget;
        self.state.history.retain(|target, history| {
            let whole = !seen.values().any(|wanted| wanted.contains_key(target));
            !whole || !history.whole_for(now, forget)
        });
    }

    fn may(&self, now: Timestamp, control: &str, link: Link, target: &str) -> Decision {
        let hold = |reason, until| Decision::Hold { reason, until };
        let history = self.state.history.get(target);
        if let Some(history) = history
            && history.attempts() >= self.limits.stop_after
        {
            return Decision::Stop(history.stop(link, target));
        }
        if let Some(in_flight) = &self.state.in_flight {
            return hold(
                HoldReason::Busy,
                in_flight.since.checked_add(IN_FLIGHT_LIMIT).ok(),
            );
        }
        if let Some(until) = self.limits.closed_until(now) {
            return hold(HoldReason::Maintenance, Some(until));
        }
        let first = self
            .state
            .seen
            .get(control)
            .and_then(|wanted| wanted.get(target))
            .map_or(now, |seen| seen.first);
        if now.duration_since(first) < self.limits.settle || first == now {
            return hold(
                HoldReason::Settling,
                first.checked_add(self.limits.settle).ok(),
            );
        }
        if let Some(until) = history.and_then(|history| history.held_until(&self.limits))
            && now < until
        {
            return hold(HoldReason::Cooldown, Some(until));
        }
        let recent = self
            .state
            .writes
            .iter()
            .filter(|written| now.duration_since(**written) < HOUR);
        if recent.clone().count() >= self.limits.budget_per_hour as usize {
            let until = recent
                .min()
                .and_then(|oldest| oldest.checked_add(HOUR).ok());
            return hold(HoldReason::Budget, until);
        }
        Decision::Proceed
    }
}

#[cfg(test)]
mod tests;
