//! The event that an alarm is asked about: which filters match it, which dimensions it carries.

use crate::assess::criteria;
use crate::assess::fault::Tri;
use crate::assess::filter::{Filter, Metric};
use crate::assess::index::Place;
use crate::snapshot::{Alarm, Dimension};

/// An event that one filter matches, with what else is taken for granted of it.
#[derive(Debug, Clone)]
pub(crate) struct Event<'a> {
    pub(super) place: &'a Place<'a>,
    pub(super) filter: &'a Filter<'a>,
    /// Other filters of the log group that match it too.
    pub(super) also: Vec<&'a Filter<'a>>,
    /// Other filters that do not match it.
    pub(super) apart: Vec<&'a Filter<'a>>,
    /// Fields with their values, for the dimensions of the filter's metric.
    pub(super) picks: Vec<(String, String)>,
}

impl<'a> Event<'a> {
    /// One of which nothing is known but that the filter matches it.
    pub(crate) fn of(place: &'a Place<'a>, filter: &'a Filter<'a>) -> Self {
        Self {
            place,
            filter,
            also: Vec::new(),
            apart: Vec::new(),
            picks: Vec::new(),
        }
    }

    /// Whether another filter matches the event, too.
    pub(super) fn is_matched_by(&self, other: &Filter<'_>) -> Tri {
        if is_same(self.filter, other) || self.also.iter().any(|also| is_same(also, other)) {
            Tri::Yes
        } else if self.apart.iter().any(|apart| is_same(apart, other)) {
            Tri::No
        } else if other.is_on(&self.filter.seen.region, &self.filter.seen.log_group_name) {
            self.place.relations.of(self.filter, other)
        } else {
            Tri::No
        }
    }

    /// Whether what the filter writes for the event lands in a metric that the alarm names.
    pub(super) fn reaches(&self, alarm: &Alarm) -> bool {
        self.filter.metric.is_some_and(|metric| {
            dimensions_on(alarm, self.place.world.account(), &metric)
                .into_iter()
                .any(|dimensions| self.lands(self.filter, dimensions))
        })
    }

    /// Whether what the writer writes for the event lands in the metric with exactly these dimensions.
    pub(super) fn lands(&self, writer: &Filter<'_>, dimensions: &[Dimension]) -> bool {
        writer.metric.is_some_and(|metric| {
            dimensions_agree(writer, &metric, self.place.world.account(), dimensions)
                && dimensions.iter().all(|dimension| {
                    let Some(field) = metric.dimensions.get(&dimension.name) else {
                        // A system field: its value is the same for all events.
                        return true;
                    };
                    self.picks
                        .iter()
                        .any(|(picked, value)| picked == field && *value == dimension.value)
                })
        })
    }
}

/// Whether the writer may write the metric with exactly these dimensions, for one event or another.
pub(super) fn may_write(writer: &Filter<'_>, account: &str, dimensions: &[Dimension]) -> bool {
    writer.pattern.is_ok()
        && writer
            .metric
            .is_some_and(|metric| dimensions_agree(writer, &metric, account, dimensions))
}

pub(super) fn is_same(one: &Filter<'_>, other: &Filter<'_>) -> bool {
    std::ptr::eq(one.seen, other.seen)
}

/// The system fields that a filter makes dimensions of.
pub(super) fn system_fields<'f>(filter: &Filter<'f>) -> Vec<&'f String> {
    filter
        .seen
        .emit_system_field_dimensions
        .iter()
        .flatten()
        .collect()
}

/// Whether a metric with these dimensions is one that the writer, in this account, writes for one event or another.
fn dimensions_agree(
    writer: &Filter<'_>,
    metric: &Metric<'_>,
    account: &str,
    dimensions: &[Dimension],
) -> bool {
    let system = system_fields(writer);
    let may_have = |dimension: &Dimension| {
        let known = criteria::system_field(&dimension.name, account, &writer.seen.region);
        system.contains(&&dimension.name) && known.is_none_or(|value| value == dimension.value)
    };
    dimensions.len() == metric.dimensions.len() + system.len()
        && dimensions
            .iter()
            .all(|dimension| metric.dimensions.contains_key(&dimension.name) || may_have(dimension))
}

/// The sets of values that the alarms pick of a filter's dimensions: an event carries one of them, or none.
pub(super) fn pick_sets(
    account: &str,
    filter: &Filter<'_>,
    alarms: &[&Alarm],
) -> Vec<Vec<(String, String)>> {
    let Some(metric) = filter.metric.filter(|metric| !metric.dimensions.is_empty()) else {
        return vec![Vec::new()];
    };
    let mut sets: Vec<Vec<(String, String)>> = alarms
        .iter()
        .flat_map(|alarm| dimensions_on(alarm, account, &metric))
        .filter(|dimensions| dimensions_agree(filter, &metric, account, dimensions))
        .map(|dimensions| {
            let mut picks: Vec<(String, String)> = dimensions
                .iter()
                .filter_map(|dimension| {
                    let field = metric.dimensions.get(&dimension.name)?;
                    Some((field.clone(), dimension.value.clone()))
                })
                .collect();
            picks.sort();
            picks
        })
        .collect();
    sets.sort();
    sets.dedup();
    if sets.is_empty() {
        sets.push(Vec::new());
    }
    sets
}

/// The dimensions with which an alarm looks at a metric of the account.
fn dimensions_on<'a>(alarm: &'a Alarm, account: &str, metric: &Metric<'_>) -> Vec<&'a [Dimension]> {
    if alarm.metrics.is_empty() {
        let named = alarm.metric_name.as_deref() == Some(metric.name)
            && alarm.namespace.as_deref() == Some(metric.namespace);
        return named.then_some(&*alarm.dimensions).into_iter().collect();
    }
    let queries = alarm.metrics.iter().filter(|query| query.is_of(account));
    queries
        .filter_map(|query| query.metric_stat.as_ref())
        .map(|stat| &stat.metric)
        .filter(|named| {
            named.metric_name.as_deref() == Some(metric.name)
                && named.namespace.as_deref() == Some(metric.namespace)
        })
        .map(|named| named.dimensions.as_slice())
        .collect()
}
