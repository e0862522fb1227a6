//! Alarms on the metrics of other filters, which composite alarms look at and the event may move, too.

use std::collections::BTreeMap;

use super::Judged;
use super::composite::trips;
use super::event::{Event, is_same};
use super::rule::State;
use super::trip::{self, Trip};
use crate::assess::fault::Tri;
use crate::assess::filter::{Filter, Metric};
use crate::assess::index::Place;
use crate::snapshot::MetricFilter;

/// What the event does to one of them.
pub(super) struct Bystander<'e> {
    pub(super) moved: Tri,
    pub(super) rest: Option<State>,
    /// Filters of which it is not known whether they match the event, and that would move it.
    pub(super) joint: Vec<Vec<&'e MetricFilter>>,
}

/// The alarms beside the judged ones that rules and suppressors name, as far as filters of the same log group feed them.
pub(super) fn bystanders<'e>(
    place: &'e Place<'_>,
    judged: &Judged<'_>,
    event: &Event<'_>,
) -> BTreeMap<usize, Bystander<'e>> {
    let mut beside: BTreeMap<usize, Bystander<'e>> = BTreeMap::new();
    let seen = event.filter.seen;
    let others = place.filters.iter().filter(|filter| {
        filter.is_on(&seen.region, &seen.log_group_name) && !is_same(filter, event.filter)
    });
    for filter in others {
        let Some(metric) = filter.metric else {
            continue;
        };
        let watchers = place.alarms.watchers(place.world.account(), &metric);
        let mut fed = watchers
            .into_iter()
            .filter(|at| place.alarms.is_named(*at) && !judged.contains_key(at))
            .peekable();
        if fed.peek().is_none() {
            continue;
        }
        let matched = event.is_matched_by(filter);
        if matched == Tri::No {
            continue;
        }
        let own = Event::of(place.world, filter);
        for at in fed {
            let Some(alarm) = place.alarms.alarm(at) else {
                continue;
            };
            let trip = trip::judge(alarm, &own, &place.filters);
            let one = beside.entry(at).or_insert_with(Bystander::resting);
            one.be_moved(filter, &metric, matched, &trip);
        }
    }
    beside
}

impl<'e> Bystander<'e> {
    fn resting() -> Self {
        Self {
            moved: Tri::No,
            rest: None,
            joint: Vec::new(),
        }
    }

    fn be_moved(
        &mut self,
        filter: &'e Filter<'_>,
        metric: &Metric<'_>,
        matched: Tri,
        trip: &Trip<'_>,
    ) {
        let trips = if metric.dimensions.is_empty() {
            trips(trip)
        } else {
            Tri::Unknown
        };
        self.rest = self.rest.or(trip.rest);
        self.moved = self.moved.or(matched.and(trips));
        if matched == Tri::Unknown && trips == Tri::Yes {
            self.joint.push(vec![filter.seen]);
        }
    }
}
