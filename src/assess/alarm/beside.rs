//! Alarms on the metrics of other filters, which composite alarms look at and the event may move, too.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::Judged;
use super::composite::trips;
use super::event::{Event, is_same};
use super::roster::Roster;
use super::rule::State;
use super::trip;
use crate::assess::fault::Tri;
use crate::assess::filter::Filter;
use crate::assess::index::Place;
use crate::snapshot::MetricFilter;

/// What the event does to one of them.
pub(super) struct Bystander<'e> {
    pub(super) moved: Tri,
    pub(super) rest: Option<State>,
    /// Filters of which it is not known whether they match the event, and that would move it.
    pub(super) joint: Vec<Vec<&'e MetricFilter>>,
}

/// Whether an alarm trips, and the state in which it rests.
type Tripped = (Tri, Option<State>);

/// What a filter does to an alarm, whatever the event is: found out once. By the places of both.
#[derive(Debug, Default)]
pub(crate) struct Trips(RefCell<BTreeMap<(usize, usize), Tripped>>);

impl Trips {
    /// Whether what one filter matches trips an alarm, and in which state that rests.
    pub(super) fn of(
        &self,
        place: &Place<'_>,
        filter: &Filter<'_>,
        key: (usize, usize),
    ) -> Option<Tripped> {
        let known = self.0.borrow().get(&key).copied();
        known.or_else(|| {
            let (_, at) = key;
            let own = Event::of(place, filter);
            let trip = trip::judge(place.alarms.alarm(at)?, &own, &place.filters);
            let splits = filter
                .metric
                .is_some_and(|metric| !metric.dimensions.is_empty());
            let trips = if splits { Tri::Unknown } else { trips(&trip) };
            let found = (trips, trip.rest);
            self.0.borrow_mut().insert(key, found);
            Some(found)
        })
    }
}

/// The alarms beside the judged ones that rules and suppressors name, as far as filters of the same log group feed them.
pub(super) fn bystanders<'e>(
    place: &'e Place<'_>,
    judged: &Judged<'_>,
    event: &Event<'_>,
) -> BTreeMap<usize, Bystander<'e>> {
    let mut beside: BTreeMap<usize, Bystander<'e>> = BTreeMap::new();
    for (other, filter, fed) in place.fed.filters(place) {
        let mut fed = fed.iter().filter(|at| !judged.contains_key(at)).peekable();
        if is_same(filter, event.filter) || fed.peek().is_none() {
            continue;
        }
        let matched = event.is_matched_by(filter);
        let is_beside = filter.is_on(&event.filter.seen.region, &event.filter.seen.log_group_name);
        for at in fed.copied() {
            // One that the event does not move matters where it was seen in ALARM, and comes back from there by itself.
            if matched == Tri::No && !(is_beside && place.alarms.is_in_alarm(at)) {
                continue;
            }
            if let Some(trip) = place.trips.of(place, filter, (other, at)) {
                let one = beside.entry(at).or_insert_with(Bystander::resting);
                one.be_moved(filter, matched, trip);
            }
        }
    }
    beside
}

/// The alarms on a filter's metric that rules and suppressors name, by the place of the filter, where there are any.
#[derive(Debug)]
pub(crate) struct Fed(BTreeMap<usize, Vec<usize>>);

impl Fed {
    pub(crate) fn of(account: &str, filters: &[Filter<'_>], alarms: &Roster<'_>) -> Self {
        let named = |filter: &Filter<'_>| -> Option<Vec<usize>> {
            let watchers = alarms.watchers(account, filter.metric.as_ref()?);
            let named = watchers.into_iter().filter(|at| alarms.is_named(*at));
            Some(named.collect())
        };
        let fed = filters.iter().enumerate();
        let fed = fed.filter_map(|(at, filter)| Some((at, named(filter)?)));
        Self(fed.filter(|(_, alarms)| !alarms.is_empty()).collect())
    }

    /// The filters that feed such alarms, with their places, and the places of the alarms.
    pub(super) fn filters<'p, 'a>(
        &'p self,
        place: &'p Place<'a>,
    ) -> impl Iterator<Item = (usize, &'p Filter<'a>, &'p [usize])> {
        let fed = self.0.iter();
        fed.filter_map(|(at, alarms)| Some((*at, place.filters.get(*at)?, alarms.as_slice())))
    }
}

impl<'e> Bystander<'e> {
    fn resting() -> Self {
        Self {
            moved: Tri::No,
            rest: None,
            joint: Vec::new(),
        }
    }

    fn be_moved(&mut self, filter: &Filter<'e>, matched: Tri, (trips, rest): Tripped) {
        if matched != Tri::No || trips == Tri::Yes {
            self.rest = self.rest.or(rest);
        }
        self.moved = self.moved.or(matched.and(trips));
        if matched == Tri::Unknown && trips == Tri::Yes {
            self.joint.push(vec![filter.seen]);
        }
    }
}
