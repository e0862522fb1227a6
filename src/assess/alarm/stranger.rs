//! Other events: whoever writes into an alarm's metrics for those may hold the alarm down while the event comes.

use super::event::is_same;
use super::math::Value;
use super::series::{Metrics, Period, Query};
use super::trip::{Judge, Trip};
use crate::assess::Link;
use crate::assess::fault::{Fault, Tri};
use crate::assess::filter::{Filter, MetricValue};
use crate::snapshot::Alarm;

/// Samples that other events add to a metric in a period.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extra {
    /// Which of the alarm's queries sees them.
    pub(super) query: usize,
    pub(super) value: f64,
    pub(super) count: u32,
}

/// As many other events as come to matter.
pub(super) const MANY: u32 = 1_000_000;

/// Beyond what anybody compares with: what a field of a record, or somebody unseen, may write.
const HUGE: f64 = 1e12;

/// One that writes into metrics of the alarm for events of its own.
#[derive(Debug)]
pub(super) struct Stranger<'a> {
    writer: Writer<'a>,
    /// Which of the alarm's queries see it.
    queries: Vec<usize>,
    value: f64,
}

#[derive(Debug, Clone, Copy)]
enum Writer<'a> {
    Filter(&'a Filter<'a>),
    /// Nothing that was seen writes the metric of this name and namespace; PutMetricData may.
    Unseen(&'a str, &'a str),
}

impl<'a> Stranger<'a> {
    fn extras(&self, count: u32) -> impl Iterator<Item = Extra> {
        let value = self.value;
        self.queries.iter().map(move |query| Extra {
            query: *query,
            value,
            count,
        })
    }

    fn is_filter(&self, filter: &Filter<'_>) -> bool {
        matches!(self.writer, Writer::Filter(own) if is_same(own, filter))
    }

    fn filter(&self) -> Option<&'a Filter<'a>> {
        match self.writer {
            Writer::Filter(filter) => Some(filter),
            Writer::Unseen(..) => None,
        }
    }

    /// What it does, and the question that it leaves open.
    fn fault(&self, alarm: &Alarm, question: &str) -> Fault {
        let name = &alarm.alarm_name;
        match self.writer {
            Writer::Filter(filter) => {
                let writer = &filter.seen.filter_name;
                let value = match filter.metric.map(|metric| metric.value) {
                    Some(MetricValue::Field(text)) => text.to_owned(),
                    _ => self.value.to_string(),
                };
                let message = format!(
                    "Metric filter {writer} writes {value} into a metric of alarm {name} for events of its own: whether \
                     {question} cannot be told."
                );
                let remedy = format!("Let metric filter {writer} write a metric of its own.");
                Fault::undecided(Link::Metric, message)
                    .on(writer)
                    .remedy(remedy)
            }
            Writer::Unseen(metric, namespace) => {
                let message = format!(
                    "Nothing that was seen writes metric {metric} of {namespace}, which alarm {name} looks at: whether \
                     {question} depends on what else is put into it."
                );
                let remedy = format!("Leave metric {metric} of {namespace} out of alarm {name}.");
                Fault::undecided(Link::Alarm, message)
                    .on(&alarm.alarm_arn)
                    .remedy(remedy)
            }
        }
    }
}

/// The least and the greatest that a filter adds; none where it adds nothing.
fn values(filter: &Filter<'_>) -> Option<[f64; 2]> {
    match filter.metric?.value {
        MetricValue::Number(number) => Some([number, number]),
        MetricValue::Field(_) => Some([-HUGE, HUGE]),
        MetricValue::Other(_) => None,
    }
}

impl<'a> Metrics<'a> {
    /// Whoever else writes, with what may be written. A statistic grows with each of its samples, so that of those who write one
    /// metric the one with the least and the one with the greatest value tell of all.
    pub(super) fn strangers(&self) -> Vec<Stranger<'a>> {
        let mut strangers: Vec<Stranger<'a>> = Vec::new();
        for (at, query) in self.queries.iter().enumerate() {
            if query.is_unseen() {
                strangers.extend([-HUGE, HUGE].map(|value| Stranger {
                    writer: Writer::Unseen(query.name, query.namespace),
                    queries: vec![at],
                    value,
                }));
            }
            for (value, filter) in extremes(query) {
                let is_known = |one: &Stranger<'_>| {
                    one.is_filter(filter) && one.value.total_cmp(&value).is_eq()
                };
                if !strangers.iter().any(is_known) {
                    strangers.push(Stranger {
                        writer: Writer::Filter(filter),
                        queries: self.seeing(filter),
                        value,
                    });
                }
            }
        }
        strangers
    }

    /// The queries that see what the filter writes for events of its own.
    fn seeing(&self, filter: &Filter<'_>) -> Vec<usize> {
        let queries = self.queries.iter().enumerate();
        queries
            .filter(|(_, query)| query.strangers.iter().any(|one| is_same(one, filter)))
            .map(|(at, _)| at)
            .collect()
    }
}

/// The least and the greatest value that strangers write into a metric, with who does.
fn extremes<'a>(query: &Query<'a>) -> Vec<(f64, &'a Filter<'a>)> {
    let strangers = query.strangers.iter().copied();
    let mut written: Vec<(f64, &'a Filter<'a>)> = strangers
        .filter_map(|filter| Some((filter, values(filter)?)))
        .flat_map(|(filter, values)| values.map(|value| (value, filter)))
        .collect();
    written.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let greatest = written.last().copied();
    let mut extremes: Vec<_> = written.first().copied().into_iter().collect();
    extremes.extend(
        greatest.filter(|(value, _)| extremes.first().is_some_and(|(least, _)| value > least)),
    );
    extremes
}

impl<'a> Judge<'a> {
    /// Whether it still trips when other events write into its metrics, too: one or many of a kind, or many of all kinds.
    pub(super) fn held_down(&self, strangers: &[Stranger<'a>], trip: &mut Trip<'_>) {
        let name = &self.alarm.alarm_name;
        let question = "one event still trips the alarm";
        for stranger in strangers {
            let is_sure = [1, MANY].into_iter().all(|count| {
                let extras: Vec<Extra> = stranger.extras(count).collect();
                self.trips_beside(&extras) && self.rests_beside(stranger, &extras)
            });
            if !is_sure {
                trip.faults.push(stranger.fault(self.alarm, question));
                return;
            }
        }
        let all: Vec<Extra> = strangers.iter().flat_map(|one| one.extras(MANY)).collect();
        if strangers.len() > 1 && !self.trips_beside(&all) {
            trip.faults.push(self.undecided(format!(
                "Other events write into the metrics of alarm {name}, too: whether {question} cannot be told."
            )));
            return;
        }
        let crowd = self.metrics.crowd(&self.metrics.steady);
        if !crowd.is_empty() && !self.trips_beside(&crowd) {
            trip.faults.push(self.undecided(format!(
                "Every record adds to a metric of alarm {name}: whether {question} depends on how many come."
            )));
        }
    }

    fn trips_beside(&self, extras: &[Extra]) -> bool {
        [false, true].into_iter().all(|busy| {
            let period = Period::Event { busy, others: 0 };
            self.breaches_beside(period, extras) == Ok(Tri::Yes)
        })
    }

    /// Whether the alarm still rests between events. What a filter does to it shows in its noise; of somebody unseen it is not
    /// even known whether they ever stop.
    fn rests_beside(&self, stranger: &Stranger<'_>, extras: &[Extra]) -> bool {
        stranger.filter().is_some()
            || self.breaches_beside(Period::Quiet { busy: false }, extras) == Ok(Tri::No)
    }

    /// The first of the strangers who may write a data point that does not breach.
    pub(super) fn calming<'s>(&self, strangers: &'s [Stranger<'a>]) -> Option<&'s Stranger<'a>> {
        strangers.iter().find(|stranger| {
            [1, MANY].into_iter().any(|count| {
                let extras: Vec<Extra> = stranger.extras(count).collect();
                let quiet = Period::Quiet { busy: false };
                match self.metrics.value_beside(quiet, None, &extras) {
                    Value::Number(number) => self.compare(number) != Some(true),
                    Value::Missing => false,
                    Value::Unknown(_) => true,
                }
            })
        })
    }

    /// That the alarm needs data to be missing, and a stranger writes some.
    pub(super) fn needs_missing_data(&self, stranger: &Stranger<'a>, wanted: i64) -> Fault {
        let question =
            format!("one event gives the {wanted} breaching data points that the alarm wants");
        stranger.fault(self.alarm, &question)
    }
}
