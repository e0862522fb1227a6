//! The states of alarms before an event and after it, as far as they are known.

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

    /// The state in which an alarm was seen.
    pub(super) fn seen(alarm: &Alarm) -> Self {
        let state = alarm.state_value.as_deref().and_then(State::parse);
        state.map_or(Self::ANY, Self::only)
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
        matches!(self.0, 0b001 | 0b010 | 0b100)
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
    pub(super) fn between(self) -> Possible {
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
pub(super) struct States<'s> {
    present: &'s [Possible],
    /// What the event may move; all others stay as they were seen.
    changes: Vec<Option<Change>>,
}

impl<'s> States<'s> {
    pub(super) fn of(present: &'s [Possible]) -> Self {
        Self {
            present,
            changes: vec![None; present.len()],
        }
    }

    /// Notes what the event does to a metric alarm that rests in a state, if it is known in which.
    pub(super) fn trip(&mut self, at: usize, moved: Tri, rest: Option<State>) {
        let seen = self.at_present(Some(at));
        let in_alarm = Possible::only(State::Alarm);
        let after = match moved {
            Tri::No => return self.come_back(at, rest),
            Tri::Yes => in_alarm,
            Tri::Unknown => seen.or(in_alarm),
        };
        // An alarm that the event can move rests first; if it is in ALARM at present it comes back.
        let before = if seen.is_known() && seen != in_alarm {
            seen
        } else {
            rest.map_or(Possible::ANY, Possible::only)
        };
        let wavers = false;
        self.change(
            at,
            Change {
                before,
                after,
                wavers,
            },
        );
    }

    /// Notes that an alarm that is in ALARM at present, and that the event does not move, goes to the state in which it rests.
    fn come_back(&mut self, at: usize, rest: Option<State>) {
        let is_in_alarm = self.at_present(Some(at)).is(State::Alarm) == Tri::Yes;
        if let Some(rest) = rest.filter(|_| is_in_alarm) {
            self.change(at, Change::none(Possible::only(rest)));
        }
    }

    /// Whether the alarm is in ALARM at present, and is known not to rest there.
    pub(super) fn comes_back(&self, at: usize) -> bool {
        self.at_present(Some(at)).is(State::Alarm) == Tri::Yes
            && self.of_alarm(Some(at)).before.is(State::Alarm) == Tri::No
    }

    /// Whether the state of the alarm is known but for what the event does to it.
    pub(super) fn may_be_moved(&self, at: usize) -> bool {
        self.at_present(Some(at)).is_known() && !self.of_alarm(Some(at)).after.is_known()
    }

    /// Notes what the event does to an alarm.
    pub(super) fn change(&mut self, at: usize, change: Change) {
        if let Some(known) = self.changes.get_mut(at) {
            *known = Some(change);
        }
    }

    /// As it was seen; an alarm that was not seen may be in any state.
    pub(super) fn at_present(&self, at: Option<usize>) -> Possible {
        let seen = at.and_then(|at| self.present.get(at));
        seen.copied().unwrap_or(Possible::ANY)
    }

    pub(super) fn of_alarm(&self, at: Option<usize>) -> Change {
        let change = at.and_then(|at| *self.changes.get(at)?);
        change.unwrap_or_else(|| Change::none(self.at_present(at)))
    }

    /// How many changes of the alarms one after the other there may be.
    pub(super) fn steps<'c>(&self, alarms: impl IntoIterator<Item = &'c usize>) -> usize {
        let changes = alarms.into_iter().filter_map(|at| *self.changes.get(*at)?);
        changes.map(Change::steps).sum()
    }
}
