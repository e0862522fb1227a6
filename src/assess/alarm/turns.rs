//! Filters that raise the children of a composite alarm by turns: do they keep it in ALARM?

use std::collections::{BTreeMap, BTreeSet};

use super::event::Event;
use super::order::Composite;
use super::rule::State;
use super::states::{Possible, States};
use super::steady::names;
use super::trip::on;
use crate::assess::Link;
use crate::assess::fault::{Fault, Tri};
use crate::assess::filter::Filter;
use crate::assess::index::Place;

/// More filters than this under one composite alarm are not tried one by one.
const MOST: usize = 16;

/// The broad filters of the event's log group that trip alarms which rules name.
pub(super) struct Turns<'p, 'a> {
    filters: Vec<&'p Filter<'a>>,
    /// Places of the filters that trip an alarm, by the place of that.
    by_alarm: BTreeMap<usize, Vec<usize>>,
}

impl<'p, 'a> Turns<'p, 'a> {
    pub(super) fn of(place: &'p Place<'a>, event: &Event<'_>) -> Self {
        let mut turns = Self {
            filters: Vec::new(),
            by_alarm: BTreeMap::new(),
        };
        let seen = event.filter.seen;
        for (at, filter, fed) in place.fed.filters(place) {
            if !filter.is_broad || !filter.is_on(&seen.region, &seen.log_group_name) {
                continue;
            }
            let own = turns.filters.len();
            for alarm in fed {
                let trips = place.trips.of(place, filter, (at, *alarm));
                if trips.is_some_and(|(trips, _)| trips == Tri::Yes) {
                    turns.by_alarm.entry(*alarm).or_default().push(own);
                }
            }
            turns.filters.push(filter);
        }
        turns
    }

    /// That filters of which each moves the composite alarm into ALARM leave out practically nothing.
    pub(super) fn fault(
        &self,
        event: &Event<'_>,
        composite: &Composite<'_>,
        states: &States<'_>,
    ) -> Option<Fault> {
        let rule = composite.rule.as_ref()?;
        let below = composite.below.iter();
        let below = below.filter_map(|child| Some((*child, self.by_alarm.get(child)?)));
        let mut moved: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (child, filters) in below {
            for filter in filters {
                moved.entry(*filter).or_default().insert(child);
            }
        }
        let is_tried = moved.len() <= MOST;
        let raises = |children: &BTreeSet<usize>| {
            rule.evaluate(&|child, state| {
                if child.is_some_and(|child| children.contains(&child)) {
                    Possible::only(State::Alarm).is(state)
                } else {
                    states.of_alarm(*child).before.is(state)
                }
            })
        };
        if is_tried {
            moved.retain(|_, children| raises(children) == Tri::Yes);
        }
        let raising: Vec<&Filter<'_>> = moved
            .keys()
            .filter_map(|at| self.filters.get(*at).copied())
            .collect();
        let together = event.place.relations.leave_nothing_out(&raising);
        let (who, name) = (names(&raising), &composite.alarm.alarm_name);
        let fault = match together {
            Tri::Yes if is_tried => Fault::broken(
                Link::Alarm,
                format!(
                    "{who} together match practically every record, so composite alarm {name} stays in ALARM: it acts on \
                     change only, and one event more changes nothing."
                ),
            ),
            Tri::Yes | Tri::Unknown => Fault::undecided(
                Link::Alarm,
                format!(
                    "{who} may together match practically every record; whether composite alarm {name} ever rests cannot \
                     be told."
                ),
            ),
            Tri::No => return None,
        };
        Some(on(composite.alarm, fault))
    }
}
