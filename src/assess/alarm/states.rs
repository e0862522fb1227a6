//! The states of alarms before an event and after it, as far as they are known.

use std::collections::BTreeMap;

use super::roster::Roster;
use super::rule::State;
use crate::assess::fault::Tri;
use crate::snapshot::Alarm;

/// The states that an alarm may be in: a bit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Possible(u8);

impl Possible {
    pub(super) const ANY: Self = Self(0b111);
    /// A composite alarm lacks data only until its rule is first evaluated (CloudWatch API, PutCompositeAlarm).
    pub(super) const OK_OR_ALARM: Self = Self(0b011);

    pub(super) const fn only(state: State) -> Self {
        Self(match state {
            State::Ok => 0b001,
            State::Alarm => 0b010,
            State::InsufficientData => 0b100,
        })
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the alarm is in the state.
    pub(super) fn is(self, state: State) -> Tri {
        let only = Self::only(state);
        if self == only {
            Tri::Yes
        } else if self.0 & only.0 == 0 {
            Tri::No
        } else {
            Tri::Unknown
        }
    }

    const fn is_known(self) -> bool {
        self.0.count_ones() == 1
    }
}

/// What an event does to an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) before: Possible,
    pub(super) after: Possible,
    /// It may change more than once on the way.
    pub(super) wavers: bool,
}

impl Change {
    const fn none(state: Possible) -> Self {
        Self {
            before: state,
            after: state,
            wavers: false,
        }
    }

    /// The states in which it is at some time.
    fn between(self) -> Possible {
        let known = self.before.or(self.after);
        if self.wavers {
            known.or(Possible::OK_OR_ALARM)
        } else {
            known
        }
    }

    /// How often the state changes at most; more than twice makes no difference.
    fn steps(self) -> usize {
        if self.wavers {
            3
        } else {
            usize::from(self.before != self.after || !self.before.is_known())
        }
    }
}

/// The states of all alarms of the region.
pub(super) struct States<'s, 'a> {
    roster: &'s Roster<'a>,
    /// The alarms that the event may move; all others stay as they were seen.
    changes: BTreeMap<usize, Change>,
}

impl<'s, 'a> States<'s, 'a> {
    pub(super) fn of(roster: &'s Roster<'a>) -> Self {
        Self {
            roster,
            changes: BTreeMap::new(),
        }
    }

    /// Notes what the event does to a metric alarm that rests in a state, if it is known in which.
    pub(super) fn trip(&mut self, at: usize, moved: Tri, rest: Option<State>) {
        let seen = self.roster.alarm(at).and_then(seen);
        // An alarm that the event can move rests first; if it is in ALARM at present it comes back.
        let resting = seen.filter(|seen| *seen != State::Alarm).or(rest);
        let in_alarm = Possible::only(State::Alarm);
        let after = match moved {
            Tri::No => return,
            Tri::Yes => in_alarm,
            Tri::Unknown => seen.map_or(Possible::ANY, Possible::only).or(in_alarm),
        };
        let before = resting.map_or(Possible::ANY, Possible::only);
        let wavers = false;
        self.changes.insert(
            at,
            Change {
                before,
                after,
                wavers,
            },
        );
    }

    /// Notes what the event does to a composite alarm.
    pub(super) fn change(&mut self, at: usize, change: Change) {
        self.changes.insert(at, change);
    }

    /// Whether an alarm is in a state as it was seen.
    pub(super) fn at_present(&self, name: &str, state: State) -> Tri {
        self.present(self.roster.find(name)).is(state)
    }

    pub(super) fn before(&self, name: &str, state: State) -> Tri {
        self.of_alarm(name).before.is(state)
    }

    pub(super) fn after(&self, name: &str, state: State) -> Tri {
        self.of_alarm(name).after.is(state)
    }

    /// At some time between: each alarm may have changed already or not.
    pub(super) fn between(&self, name: &str, state: State) -> Tri {
        self.of_alarm(name).between().is(state)
    }

    /// How many changes of the alarms one after the other there may be.
    pub(super) fn steps<'c>(&self, alarms: impl IntoIterator<Item = &'c usize>) -> usize {
        let changes = alarms.into_iter().filter_map(|at| self.changes.get(at));
        changes.map(|change| change.steps()).sum()
    }

    fn present(&self, at: Option<usize>) -> Possible {
        let seen = at.and_then(|at| self.roster.alarm(at)).and_then(seen);
        seen.map_or(Possible::ANY, Possible::only)
    }

    fn of_alarm(&self, name: &str) -> Change {
        let at = self.roster.find(name);
        let change = at.and_then(|at| self.changes.get(&at));
        change.map_or_else(|| Change::none(self.present(at)), |change| *change)
    }
}

/// The state in which an alarm was seen.
pub(super) fn seen(alarm: &Alarm) -> Option<State> {
    State::parse(alarm.state_value.as_deref()?)
}
