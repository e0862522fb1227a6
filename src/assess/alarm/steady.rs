//! Filters that match practically every record, alone or together: do they keep an alarm in ALARM?

use super::event::is_same;
use super::series::{Metrics, Period};
use super::stranger::{Extra, MANY};
use super::trip::{Judge, Trip, on};
use crate::assess::Link;
use crate::assess::fault::{Fault, Tri};
use crate::assess::filter::{Filter, MetricValue};

impl<'a> Metrics<'a> {
    /// The filters of a kind that write any of the metrics, each once.
    fn writers(&self, is_wanted: impl Fn(&Filter<'_>) -> bool) -> Vec<&'a Filter<'a>> {
        let mut writers: Vec<&'a Filter<'a>> = Vec::new();
        for writer in self.queries.iter().flat_map(|query| &query.writers) {
            if is_wanted(writer) && !writers.iter().any(|one| is_same(one, writer)) {
                writers.push(writer);
            }
        }
        writers
    }

    /// The writers of the event's log group that write a number with practically every record.
    pub(super) fn steady_writers(&self) -> Vec<&'a Filter<'a>> {
        self.writers(|one| one.always_on == Tri::Yes && self.is_beside(one) && is_number(one))
    }

    /// Whether the filter is on the event's log group.
    fn is_beside(&self, filter: &Filter<'_>) -> bool {
        let seen = self.event.filter.seen;
        filter.is_on(&seen.region, &seen.log_group_name)
    }

    /// What these add to the metrics if very many records come.
    pub(super) fn crowd(&self, filters: &[&'a Filter<'a>]) -> Vec<Extra> {
        let mut extras = Vec::new();
        for (query, one) in self.queries.iter().enumerate() {
            let adding = filters.iter().filter(|filter| one.takes_from(filter));
            let values = adding.filter_map(|filter| Some(filter.metric?.number()));
            extras.extend(values.map(|value| Extra {
                query,
                value,
                count: MANY,
            }));
        }
        extras
    }
}

fn is_number(filter: &Filter<'_>) -> bool {
    let metric = filter.metric;
    metric.is_some_and(|metric| matches!(metric.value, MetricValue::Number(_)))
}

/// Whether what it writes lands in one metric, whatever the record holds.
fn is_undivided(filter: &Filter<'_>) -> bool {
    filter
        .metric
        .is_some_and(|metric| metric.dimensions.is_empty())
}

fn may_add(filter: &Filter<'_>) -> bool {
    let metric = filter.metric;
    metric.is_some_and(|metric| !matches!(metric.value, MetricValue::Other(_)))
}

impl<'a> Judge<'a> {
    /// Filters that match practically every record raise their metrics all the time, if what they write is enough.
    pub(super) fn steadily_raised(&self, trip: &mut Trip<'_>) {
        let steady = &self.metrics.steady;
        if !steady.is_empty() {
            let matching = matching(steady);
            match self.is_held_up(steady) {
                Tri::Yes => {
                    trip.faults.push(self.never_rests(&matching));
                    return;
                }
                Tri::Unknown => trip.faults.push(self.undecided(format!(
                    "{matching}; whether alarm {} ever rests depends on how many come.",
                    self.alarm.alarm_name
                ))),
                Tri::No => {}
            }
        }
        let is_steady = |writer: &Filter<'_>| steady.iter().any(|one| is_same(one, writer));
        let doubtful = self
            .metrics
            .writers(|one| one.always_on != Tri::No && may_add(one) && !is_steady(one));
        for writer in doubtful {
            self.doubt(writer, trip);
        }
        self.together(trip);
    }

    /// Whether the alarm is in ALARM all the time if these match every record, however many come.
    fn is_held_up(&self, steady: &[&'a Filter<'a>]) -> Tri {
        let quiet = |busy: bool, extras: &[Extra]| {
            let period = Period::Quiet { busy };
            let value = self.metrics.value_under(steady, period, extras);
            self.is_breach(value).unwrap_or(Tri::Unknown)
        };
        match (quiet(false, &[]), quiet(true, &self.metrics.crowd(steady))) {
            (one, many) if one == many => one,
            _ => Tri::Unknown,
        }
    }

    fn is_held_up_by(&self, also: &[&'a Filter<'a>]) -> Tri {
        let steady = self.metrics.steady.iter().chain(also).copied();
        self.is_held_up(&steady.collect::<Vec<_>>())
    }

    fn never_rests(&self, reason: &str) -> Fault {
        let name = &self.alarm.alarm_name;
        let message = format!(
            "{reason}, so alarm {name} stays in ALARM: it acts on change only, and one event more changes nothing."
        );
        on(self.alarm, Fault::broken(Link::Alarm, message))
    }

    /// A writer that may match practically every record of the event's log group, or does so in another one.
    fn doubt(&self, writer: &'a Filter<'a>, trip: &mut Trip<'_>) {
        // What it reads is not known, and that is told of the filter itself.
        let is_told = is_same(writer, self.filter) && writer.is_of_transformed();
        if is_told || self.is_held_up_by(&[writer]) == Tri::No {
            return;
        }
        let (filter, name) = (&writer.seen.filter_name, &self.alarm.alarm_name);
        let group = &writer.seen.log_group_name;
        trip.faults.push(self.undecided(match writer.always_on {
            Tri::Yes => format!(
                "Metric filter {filter} of log group {group} raises the same metric with every record; whether alarm \
                 {name} ever rests cannot be told."
            ),
            _ => format!(
                "Whether metric filter {filter} matches practically every record cannot be decided."
            ),
        }));
    }

    /// Writers of which each leaves out much, but all together practically nothing.
    fn together(&self, trip: &mut Trip<'_>) {
        let relations = &self.event.place.relations;
        let mut writers = self
            .metrics
            .writers(|one| one.is_broad && is_number(one) && is_undivided(one));
        // If all of them leave something out, some of them do.
        let (several, leave_nothing_out) = match relations.leave_nothing_out(&writers) {
            Tri::No => return,
            Tri::Unknown if self.is_held_up_by(&writers) == Tri::No => return,
            Tri::Unknown => (writers, Tri::Unknown),
            Tri::Yes => {
                writers.retain(|one| self.is_held_up_by(&[one]) != Tri::No);
                let mut beside = writers.clone();
                beside.retain(|one| self.metrics.is_beside(one));
                match relations.leave_nothing_out(&beside) {
                    Tri::No => {
                        let everywhere = relations.leave_nothing_out(&writers);
                        (writers, everywhere.and(Tri::Unknown))
                    }
                    here => (beside, here),
                }
            }
        };
        let who = names(&several);
        let is_sure = || {
            let sets = several.iter().map(std::slice::from_ref);
            let mut sets = sets.chain([several.as_slice()]);
            sets.all(|set| self.is_held_up_by(set) == Tri::Yes)
        };
        match leave_nothing_out {
            Tri::Yes if is_sure() => trip.faults.push(
                self.never_rests(&format!("{who} together match practically every record")),
            ),
            Tri::Yes | Tri::Unknown => trip.faults.push(self.undecided(format!(
                "{who} may together match practically every record; whether alarm {} ever rests cannot be told.",
                self.alarm.alarm_name
            ))),
            Tri::No => {}
        }
    }
}

/// More names than this say no more.
const MOST_NAMES: usize = 10;

/// The filters as the subject of a sentence.
pub(super) fn names(filters: &[&Filter<'_>]) -> String {
    let all = filters.iter().map(|one| one.seen.filter_name.as_str());
    let mut names: Vec<&str> = all.take(MOST_NAMES).collect();
    if filters.len() > MOST_NAMES {
        names.push("others");
    }
    let kind = if filters.len() == 1 {
        "Metric filter"
    } else {
        "Metric filters"
    };
    format!("{kind} {}", names.join(", "))
}

/// That these filters, each by itself, match practically every record.
fn matching(filters: &[&Filter<'_>]) -> String {
    let verb = if filters.len() == 1 {
        "matches"
    } else {
        "match"
    };
    format!("{} {verb} practically every record", names(filters))
}
