//! The metrics that an alarm looks at, and their values in a period.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::event::{Event, is_same, may_write};
use super::math::{self, Series, Value};
use super::statistic::{Sample, Statistic};
use super::stranger::Extra;
use crate::assess::fault::Tri;
use crate::assess::filter::Filter;
use crate::snapshot::{Alarm, Dimension, EvaluationCriteria, MetricDataQuery};

/// One metric that the alarm looks at.
pub(super) struct Query<'a> {
    pub(super) id: String,
    pub(super) statistic: Option<Statistic>,
    pub(super) statistic_text: String,
    minutes: u32,
    /// Of its period.
    pub(super) seconds: Option<i64>,
    pub(super) unit: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) namespace: &'a str,
    pub(super) dimensions: &'a [Dimension],
    /// The filters that write it, with these dimensions.
    pub(super) writers: Vec<&'a Filter<'a>>,
    /// Other filters that write it for events of their own.
    pub(super) strangers: Vec<&'a Filter<'a>>,
}

impl Query<'_> {
    /// Whether it is about a metric that no filter writes and AWS does not either.
    pub(super) fn is_unseen(&self) -> bool {
        !self.is_by_aws()
            && self.strangers.is_empty()
            && !self.writers.iter().any(|writer| fits(writer, self.unit))
    }

    /// Whether it sees what the filter writes for the event.
    pub(super) fn takes_from(&self, filter: &Filter<'_>) -> bool {
        fits(filter, self.unit) && self.writers.iter().any(|one| is_same(one, filter))
    }

    fn is_by_aws(&self) -> bool {
        self.writers.is_empty() && self.namespace.starts_with("AWS/")
    }
}

/// Whether what the filter writes is of the unit that is looked for.
fn fits(filter: &Filter<'_>, unit: Option<&str>) -> bool {
    filter
        .metric
        .is_some_and(|metric| unit.is_none_or(|unit| unit == metric.unit))
}

/// What happens in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Period {
    /// Nothing arrives at all.
    Silent,
    /// Records arrive, in one minute or in each of them; none matches but what matches practically every one.
    Quiet { busy: bool },
    /// The event arrives; other records in the other minutes, or not. Of the filters that may match it these do.
    Event { busy: bool, others: u32 },
    /// As the event alone, but with a default value counted beside it: the reading of the documentation by which
    /// defaults are reported for each record that does not match, not for each minute.
    EventDiluted,
}

/// Whether the alarm looks at a metric of that name at all.
pub(crate) fn looks_at(alarm: &Alarm, account: &str, name: &str, namespace: &str) -> bool {
    let plain =
        alarm.metric_name.as_deref() == Some(name) && alarm.namespace.as_deref() == Some(namespace);
    let by_query = |query: &MetricDataQuery| {
        query.is_of(account)
            && query.metric_stat.as_ref().is_some_and(|stat| {
                stat.metric.metric_name.as_deref() == Some(name)
                    && stat.metric.namespace.as_deref() == Some(namespace)
            })
    };
    plain
        || alarm.metrics.iter().any(by_query)
        || searched(alarm).is_some_and(|text| names(text, name))
}

/// Whether a query has the name in it, and not as a part of a longer one.
fn names(query: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    query.match_indices(name).any(|(at, _)| {
        let before = query.get(..at).and_then(|text| text.chars().next_back());
        let after = query
            .get(at + name.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

/// The text by which an alarm finds its metrics instead of naming them: Metrics Insights, a search, `PromQL`.
pub(crate) fn searched(alarm: &Alarm) -> Option<&str> {
    let criteria = alarm
        .evaluation_criteria
        .as_ref()
        .and_then(|criteria| match criteria {
            EvaluationCriteria::PromQl { criteria } => Some(criteria.query.as_str()),
            EvaluationCriteria::Other(_) => None,
        });
    criteria.or_else(|| {
        alarm
            .metrics
            .iter()
            .filter_map(|query| query.expression.as_deref())
            .find(|expression| {
                let upper = expression.trim_start().to_ascii_uppercase();
                upper.starts_with("SELECT") || upper.contains("SEARCH(")
            })
    })
}

/// All metrics of an alarm, seen from one filter.
pub(super) struct Metrics<'a> {
    alarm: &'a Alarm,
    pub(super) event: &'a Event<'a>,
    pub(super) queries: Vec<Query<'a>>,
    /// Other filters that certainly match the event.
    always: Vec<&'a Filter<'a>>,
    /// Other filters of which each may match it.
    pub(super) perhaps: Vec<&'a Filter<'a>>,
    /// The writers of the event's log group that match practically every record.
    pub(super) steady: Vec<&'a Filter<'a>>,
}

impl<'a> Metrics<'a> {
    pub(super) fn of(alarm: &'a Alarm, event: &'a Event<'a>, filters: &'a [Filter<'a>]) -> Self {
        let queries = queries(alarm, event, filters);
        let mut metrics = Self {
            alarm,
            event,
            queries,
            always: Vec::new(),
            perhaps: Vec::new(),
            steady: Vec::new(),
        };
        metrics.steady = metrics.steady_writers();
        for other in filters {
            let writes = |query: &Query<'_>| query.writers.iter().any(|one| is_same(one, other));
            if is_same(other, event.filter) || !metrics.queries.iter().any(writes) {
                continue;
            }
            match event.is_matched_by(other) {
                Tri::Yes => metrics.always.push(other),
                Tri::Unknown => metrics.perhaps.push(other),
                Tri::No => {}
            }
        }
        metrics
    }

    /// Whether other filters certainly match the event.
    pub(super) fn has_others(&self) -> bool {
        !self.always.is_empty()
    }

    /// The value that the alarm compares with its threshold; `value` stands in for what a match adds.
    pub(super) fn value(&self, period: Period, value: Option<f64>) -> Value {
        self.value_beside(period, value, &[])
    }

    /// As [`Metrics::value`], with what other events add to the period.
    pub(super) fn value_beside(
        &self,
        period: Period,
        value: Option<f64>,
        extras: &[Extra],
    ) -> Value {
        self.evaluate(&Valuation {
            metrics: self,
            period,
            value,
            extras,
            steady: &self.steady,
            depth: Cell::new(0),
            known: RefCell::default(),
        })
    }

    /// As [`Metrics::value_beside`], if these writers match practically every record.
    pub(super) fn value_under(
        &self,
        steady: &[&'a Filter<'a>],
        period: Period,
        extras: &[Extra],
    ) -> Value {
        self.evaluate(&Valuation {
            metrics: self,
            period,
            value: None,
            extras,
            steady,
            depth: Cell::new(0),
            known: RefCell::default(),
        })
    }

    fn evaluate(&self, valuation: &Valuation<'_, 'a>) -> Value {
        if self.alarm.metrics.is_empty() {
            return self
                .queries
                .first()
                .map_or(Value::Missing, |query| valuation.of_query(0, query));
        }
        let returned: Vec<&str> = self
            .alarm
            .metrics
            .iter()
            .filter(|query| query.return_data.unwrap_or(true))
            .map(|query| query.id.as_str())
            .collect();
        match returned.as_slice() {
            [only] => valuation
                .value(only)
                .unwrap_or_else(|| Value::Unknown(format!("query {only} is not there"))),
            _ => Value::Unknown("not exactly one of its queries returns data".to_owned()),
        }
    }
}

fn queries<'a>(alarm: &'a Alarm, event: &Event<'_>, filters: &'a [Filter<'a>]) -> Vec<Query<'a>> {
    let account = event.place.world.account();
    let written = |name: &str, namespace: &str, dimensions: &[Dimension], unit: Option<&str>| {
        let named = filters.iter().filter(|filter| {
            filter
                .metric
                .is_some_and(|metric| metric.is_named(name, namespace))
        });
        let writers: Vec<&Filter<'_>> = named
            .clone()
            .filter(|filter| event.lands(filter, dimensions))
            .collect();
        let is_told =
            |filter: &Filter<'_>| is_same(filter, event.filter) && event.lands(filter, dimensions);
        let strangers = named
            .filter(|filter| may_write(filter, account, dimensions) && fits(filter, unit))
            .filter(|filter| !is_told(filter))
            .collect();
        (writers, strangers)
    };
    let minutes = |seconds: Option<i64>| {
        u32::try_from(seconds.unwrap_or(300) / 60)
            .unwrap_or(u32::MAX)
            .max(1)
    };
    if alarm.metrics.is_empty() {
        let name = alarm.metric_name.as_deref().unwrap_or_default();
        let namespace = alarm.namespace.as_deref().unwrap_or_default();
        let (writers, strangers) =
            written(name, namespace, &alarm.dimensions, alarm.unit.as_deref());
        let text = alarm
            .extended_statistic
            .as_deref()
            .or(alarm.statistic.as_deref());
        return vec![Query {
            id: String::new(),
            statistic: Statistic::parse(text.unwrap_or_default()),
            statistic_text: text.unwrap_or_default().to_owned(),
            minutes: minutes(alarm.period),
            seconds: alarm.period,
            unit: alarm.unit.as_deref(),
            name,
            namespace,
            dimensions: &alarm.dimensions,
            writers,
            strangers,
        }];
    }
    alarm
        .metrics
        .iter()
        .filter_map(|query| Some((query, query.metric_stat.as_ref()?)))
        .map(|(query, stat)| {
            let name = stat.metric.metric_name.as_deref().unwrap_or_default();
            let namespace = stat.metric.namespace.as_deref().unwrap_or_default();
            let (writers, strangers) = if query.is_of(account) {
                let unit = stat.unit.as_deref();
                written(name, namespace, &stat.metric.dimensions, unit)
            } else {
                (Vec::new(), Vec::new())
            };
            Query {
                id: query.id.clone(),
                statistic: Statistic::parse(&stat.stat),
                statistic_text: stat.stat.clone(),
                minutes: minutes(stat.period),
                seconds: stat.period,
                unit: stat.unit.as_deref(),
                name,
                namespace,
                dimensions: &stat.metric.dimensions,
                writers,
                strangers,
            }
        })
        .collect()
}

/// The bit of a filter that may match; those beyond 32 have none.
fn bit(at: usize) -> u32 {
    u32::try_from(at)
        .ok()
        .and_then(|at| 1_u32.checked_shl(at))
        .unwrap_or(0)
}

struct Valuation<'j, 'a> {
    metrics: &'j Metrics<'a>,
    period: Period,
    /// The value of a match, in place of the filter's own.
    value: Option<f64>,
    /// What other events add.
    extras: &'j [Extra],
    /// Who matches practically every record.
    steady: &'j [&'a Filter<'a>],
    depth: Cell<u8>,
    /// The values of expressions, each worked out once: ten that name each other hundreds of times would never end.
    known: RefCell<BTreeMap<String, Value>>,
}

impl Valuation<'_, '_> {
    /// How often the writer matches, and how often its default is reported.
    fn counts(&self, writer: &Filter<'_>, minutes: u32) -> (u32, u32) {
        let (matches, defaults) = self.counts_of_event(writer, minutes);
        let is_steady = self.steady.iter().any(|one| is_same(one, writer));
        if is_steady {
            (u32::from(matches) + defaults, 0)
        } else {
            (u32::from(matches), defaults)
        }
    }

    /// Whether the writer matches the event, and how often its default is reported if it matches no other record.
    fn counts_of_event(&self, writer: &Filter<'_>, minutes: u32) -> (bool, u32) {
        let seen = self.metrics.event.filter.seen;
        let same_group = writer.is_on(&seen.region, &seen.log_group_name);
        let certain = is_same(writer, self.metrics.event.filter)
            || self
                .metrics
                .always
                .iter()
                .any(|other| is_same(other, writer));
        match self.period {
            Period::Silent => (false, 0),
            Period::Quiet { busy } => (false, if busy { minutes } else { 1 }),
            Period::Event { busy, others } => {
                let perhaps = self
                    .metrics
                    .perhaps
                    .iter()
                    .position(|one| is_same(one, writer));
                let matches = certain || perhaps.is_some_and(|at| others & bit(at) != 0);
                let others = if busy { minutes.saturating_sub(1) } else { 0 };
                match (matches, same_group) {
                    (true, _) => (true, others),
                    // The event is a record that this filter does not match.
                    (false, true) => (false, others + 1),
                    (false, false) => (false, others),
                }
            }
            Period::EventDiluted => (certain, u32::from(same_group)),
        }
    }

    fn of_query(&self, at: usize, query: &Query<'_>) -> Value {
        let Some(statistic) = query.statistic else {
            return Value::Unknown(format!(
                "the statistic {:?} of a single sample is not documented",
                query.statistic_text
            ));
        };
        let extras = self.extras.iter().filter(|extra| extra.query == at);
        let mut samples: Vec<Sample> = extras.map(|extra| (extra.value, extra.count)).collect();
        let fitting = query.writers.iter().copied();
        for writer in fitting.filter(|writer| fits(writer, query.unit)) {
            let Some(metric) = writer.metric else {
                continue;
            };
            let (matches, defaults) = self.counts(writer, query.minutes);
            if matches > 0 {
                samples.push((self.value.unwrap_or_else(|| metric.number()), matches));
            }
            if let Some(default) = metric.default.filter(|_| defaults > 0) {
                samples.push((default, defaults));
            }
        }
        if samples.is_empty() {
            return if query.is_by_aws() {
                Value::Unknown(format!(
                    "metric {} of {} is AWS's own",
                    query.name, query.namespace
                ))
            } else {
                Value::Missing
            };
        }
        statistic.of(&samples).map_or_else(
            || Value::Unknown(format!("the {} of different samples", query.statistic_text)),
            Value::Number,
        )
    }
}

impl Series for Valuation<'_, '_> {
    fn value(&self, id: &str) -> Option<Value> {
        let mut queries = self.metrics.queries.iter().enumerate();
        if let Some((at, query)) = queries.find(|(_, query)| query.id == id) {
            return Some(self.of_query(at, query));
        }
        let query = self
            .metrics
            .alarm
            .metrics
            .iter()
            .find(|query| query.id == id)?;
        let expression = query.expression.as_deref()?;
        if let Some(value) = self.known.borrow().get(id) {
            return Some(value.clone());
        }
        // Expressions may name each other; AWS allows ten of them, a cycle none.
        let circle = Value::Unknown("its expressions name each other in a circle".to_owned());
        if self.depth.get() > 10 {
            return Some(circle);
        }
        self.known.borrow_mut().insert(id.to_owned(), circle);
        self.depth.set(self.depth.get() + 1);
        let value = math::evaluate(expression, self);
        self.depth.set(self.depth.get() - 1);
        self.known.borrow_mut().insert(id.to_owned(), value.clone());
        Some(value)
    }

    fn metrics(&self) -> Vec<String> {
        self.metrics
            .queries
            .iter()
            .map(|query| query.id.clone())
            .collect()
    }
}
