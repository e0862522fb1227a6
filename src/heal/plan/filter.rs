//! Metric filters as the benchmark prescribes them, beside whatever is there.

use crate::assess::Link;
use crate::heal::Repair;
use crate::heal::model::find_filter;
use crate::snapshot::{MetricFilter, MetricTransformation};

use super::act::{Act, Candidate, Site};

/// A metric: name and namespace, and the unit that its alarm asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counter {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) unit: Option<String>,
}

/// A right filter on the trail's log group, feeding a metric that the path already has, else the benchmark's, else one that
/// nothing else feeds.
pub(super) fn beside(site: &Site) -> Vec<Candidate> {
    counters(site)
        .into_iter()
        .filter_map(|counter| right_filter(site, &counter))
        .map(|act| vec![act])
        .collect()
}

/// A right filter that feeds `counter`; none where the log group is not ours or its filters were not seen.
pub(super) fn right_filter(site: &Site, counter: &Counter) -> Option<Act> {
    let (region, group) = site.group()?;
    if site.snapshot.metric_filters.is_none() || !site.saw("logs:DescribeMetricFilters", &region) {
        return None;
    }
    let blueprint = site.brief.blueprint;
    // A filter under the benchmark's name may be somebody's own; one under this project's name is not.
    let taken = find_filter(site.snapshot, &region, &group, &blueprint.metric_name).is_some();
    let filter_name = if taken {
        blueprint.own_name()
    } else {
        blueprint.metric_name.clone()
    };
    let summary =
        format!("put metric filter {filter_name} with the prescribed pattern on log group {group}");
    Some(Act::write(
        site.as_place(Link::Pattern, Link::Metric),
        summary,
        Repair::PutMetricFilter {
            filter: MetricFilter {
                region,
                log_group_name: group,
                filter_name,
                filter_pattern: Some(blueprint.pattern.clone()),
                metric_transformations: vec![MetricTransformation {
                    metric_name: counter.name.clone(),
                    metric_namespace: counter.namespace.clone(),
                    metric_value: "1".to_owned(),
                    unit: counter.unit.clone(),
                    ..MetricTransformation::default()
                }],
                ..MetricFilter::default()
            },
        },
    ))
}

fn counters(site: &Site) -> Vec<Counter> {
    let watched = site
        .chain
        .alarms
        .iter()
        .filter(|alarm| !alarm.is_composite() && alarm.dimensions.is_empty())
        .filter_map(|alarm| {
            Some(Counter {
                name: alarm.metric_name.clone()?,
                namespace: alarm.namespace.clone()?,
                unit: alarm.unit.clone(),
            })
        });
    let known = site.brief.known.map(|known| &known.filters);
    let fed = site
        .chain
        .filters
        .iter()
        .chain(known.into_iter().flatten())
        .flat_map(|filter| &filter.metric_transformations)
        .map(Counter::of);
    let mut counters: Vec<Counter> = Vec::new();
    for counter in watched.chain(fed).chain(prescribed(site)) {
        if !counters.contains(&counter) {
            counters.push(counter);
        }
    }
    counters
}

/// The benchmark's metric, and one of our own for where that is spoilt by what else feeds it.
pub(super) fn prescribed(site: &Site) -> [Counter; 2] {
    let blueprint = site.brief.blueprint;
    [blueprint.metric_name.clone(), blueprint.own_name()].map(|name| Counter {
        name,
        namespace: blueprint.metric_namespace.clone(),
        unit: None,
    })
}

impl Counter {
    pub(super) fn of(transformation: &MetricTransformation) -> Self {
        Self {
            name: transformation.metric_name.clone(),
            namespace: transformation.metric_namespace.clone(),
            unit: transformation.unit.clone(),
        }
    }
}
