//! Would one event that a filter matches move an alarm into ALARM?

use super::event::{Event, is_same, system_fields};
use super::math::Value;
use super::overlap::{self, Overlap};
use super::rule::State;
use super::series::{Metrics, Period, Query, searched};
use super::statistic::Statistic;
use super::stranger::Extra;
use crate::assess::criteria;
use crate::assess::fault::{Fault, Tri};
use crate::assess::filter::{Filter, Metric, MetricValue};
use crate::assess::remedy::Command;
use crate::assess::{Link, Warning};
use crate::snapshot::{Alarm, MetricFilter};

/// What one event does to an alarm.
#[derive(Debug, Clone)]
pub(crate) struct Trip<'a> {
    /// Why it does not trip, or may not; empty if it does.
    pub(crate) faults: Vec<Fault>,
    pub(crate) warnings: Vec<Warning>,
    /// The state that it rests in between events, among other records; none where that is not known.
    pub(crate) rest: Option<State>,
    /// The state that it surely leaves when it trips; none where that depends on when it does.
    pub(crate) from: Option<State>,
    /// Sets of other filters: where all of one match the event too, it trips.
    pub(crate) joint: Vec<Vec<&'a MetricFilter>>,
}

/// Judges the alarm for one event. `filters` are all of the region.
pub(crate) fn judge<'a>(
    alarm: &'a Alarm,
    event: &'a Event<'a>,
    filters: &'a [Filter<'a>],
) -> Trip<'a> {
    let mut trip = Trip {
        faults: Vec::new(),
        warnings: Vec::new(),
        rest: None,
        from: None,
        joint: Vec::new(),
    };
    if let Some(reason) = beyond(alarm) {
        trip.faults
            .push(on(alarm, Fault::undecided(Link::Alarm, reason)));
        return trip;
    }
    let judge = Judge {
        alarm,
        event,
        filter: event.filter,
        metrics: Metrics::of(alarm, event, filters),
    };
    judge.run(&mut trip);
    trip
}

/// Whether what the filter writes for the event lands in a metric of the alarm, or may: cheaper to ask than [`judge`], where many
/// alarms look at different dimensions of one metric.
pub(super) fn may_land(alarm: &Alarm, event: &Event<'_>) -> bool {
    event.reaches(alarm) || beyond(alarm).is_some()
}

/// Why the alarm is of a kind that a snapshot does not decide.
fn beyond(alarm: &Alarm) -> Option<String> {
    let name = &alarm.alarm_name;
    if is_band(alarm) {
        Some(format!(
            "Alarm {name} compares with a learned band; whether one event leaves it cannot be told."
        ))
    } else {
        searched(alarm).map(|query| {
            format!(
                "Alarm {name} looks for its metrics by a query ({query}); whether one event trips it cannot be told \
                 from a snapshot."
            )
        })
    }
}

pub(super) fn on(alarm: &Alarm, fault: Fault) -> Fault {
    fault.on(&alarm.alarm_arn)
}

fn is_band(alarm: &Alarm) -> bool {
    let operator = alarm.comparison_operator.as_deref().unwrap_or_default();
    alarm.threshold_metric_id.is_some()
        || matches!(
            operator,
            "LessThanLowerOrGreaterThanUpperThreshold"
                | "LessThanLowerThreshold"
                | "GreaterThanUpperThreshold"
        )
}

pub(super) struct Judge<'a> {
    pub(super) alarm: &'a Alarm,
    pub(super) event: &'a Event<'a>,
    pub(super) filter: &'a Filter<'a>,
    pub(super) metrics: Metrics<'a>,
}

impl<'a> Judge<'a> {
    fn run(&self, trip: &mut Trip<'a>) {
        let ours: Vec<&Query<'_>> = self
            .metrics
            .queries
            .iter()
            .filter(|query| {
                self.filter
                    .metric
                    .is_some_and(|metric| metric.is_named(query.name, query.namespace))
            })
            .collect();
        let lands = |query: &&&Query<'_>| query.writers.iter().any(|one| is_same(one, self.filter));
        let landing: Vec<&Query<'_>> = ours.iter().filter(lands).copied().collect();
        if landing.is_empty() {
            if let Some(query) = ours.first() {
                self.dimensions(query, trip);
            }
        } else {
            self.unit(&landing, trip);
            self.system_fields(trip);
        }
        self.steadily_raised(trip);
        self.low_sample_count(trip);
        self.evaluation(trip);
        if trip.faults.iter().any(Fault::is_broken) {
            return;
        }
        if self.overlap(trip) {
            self.dilution(trip);
            let strangers = self.metrics.strangers();
            if trip.faults.is_empty() {
                self.held_down(&strangers, trip);
            }
            self.rest(&strangers, trip);
        }
    }

    /// Whether one event trips it, whichever other filters match it too; what is wrong if not.
    fn overlap(&self, trip: &mut Trip<'a>) -> bool {
        let trips = |others: u32| {
            self.breaches(
                Period::Event {
                    busy: false,
                    others,
                },
                None,
            )
        };
        let answer = |others: u32| trips(others).unwrap_or(Tri::Unknown);
        let perhaps = &self.metrics.perhaps;
        if perhaps.len() > overlap::MOST {
            let sure = answer(0) == Tri::Yes && answer(u32::MAX) == Tri::Yes;
            if !sure {
                trip.faults.push(self.undecided(format!(
                    "Whether alarm {} trips depends on which of {} other filters match the same event.",
                    self.alarm.alarm_name,
                    perhaps.len()
                )));
            }
            return sure;
        }
        let overlap = Overlap::of(perhaps.len(), answer);
        if overlap.is_sure() {
            return true;
        }
        let members = |set: &u32| -> Vec<&'a Filter<'a>> {
            let indexed = perhaps.iter().copied().zip(0_u32..);
            indexed
                .filter(|(_, at)| set & (1 << at) != 0)
                .map(|(other, _)| other)
                .collect()
        };
        let sets: Vec<Vec<&'a Filter<'a>>> = overlap.sufficient.iter().map(members).collect();
        let can_be_joined = sets
            .iter()
            .all(|set| super::joint(self.filter, set).is_some());
        trip.joint = sets
            .iter()
            .map(|set| set.iter().map(|one| one.seen).collect())
            .collect();
        let alone = trips(0);
        trip.faults.push(if alone.is_err() || !overlap.open && trip.joint.is_empty() {
            self.why_not(&alone)
        } else if overlap.open || !can_be_joined {
            self.undecided(format!(
                "Whether alarm {} trips depends on whether other filters match the same event.",
                self.alarm.alarm_name
            ))
        } else {
            let names: Vec<&str> = trip
                .joint
                .iter()
                .flatten()
                .map(|other| other.filter_name.as_str())
                .collect();
            self.broken(format!(
                "An event that metric filter {} alone matches does not trip alarm {}; others have to match it too ({}).",
                self.filter.seen.filter_name,
                self.alarm.alarm_name,
                names.join(", ")
            ))
        });
        false
    }

    /// Whether it still trips among other records.
    fn dilution(&self, trip: &mut Trip<'_>) {
        let name = &self.alarm.alarm_name;
        match self.breaches(
            Period::Event {
                busy: true,
                others: 0,
            },
            None,
        ) {
            Ok(Tri::Yes) => {}
            Ok(_) if self.metrics.steady.is_empty() => {
                trip.faults.push(self.spoilt(format!(
                    "Alarm {name} looks at the {} of its metric, which the default value dilutes: one event among other \
                     records does not reach the threshold.",
                    self.statistics()
                )));
            }
            Ok(_) => trip.faults.push(self.broken(format!(
                "Alarm {name} looks at the {} of its metric, which what is written for every record dilutes: one event \
                 among other records does not reach the threshold.",
                self.statistics()
            ))),
            Err(reason) => trip.faults.push(self.undecided(format!(
                "Whether alarm {name} trips among other records cannot be decided: {reason}."
            ))),
        }
        if trip.faults.is_empty() && self.breaches(Period::EventDiluted, None) != Ok(Tri::Yes) {
            trip.faults.push(self.undecided(format!(
                "Alarm {name} looks at the {} of its metric; whether a default value is counted beside the event is \
                 told in two ways by AWS's documentation.",
                self.statistics()
            )));
        }
    }

    pub(super) fn broken(&self, message: String) -> Fault {
        on(self.alarm, Fault::broken(Link::Alarm, message)).remedy(self.put_again())
    }

    pub(super) fn undecided(&self, message: String) -> Fault {
        on(self.alarm, Fault::undecided(Link::Alarm, message))
    }

    fn statistics(&self) -> String {
        let mut texts: Vec<&str> = self
            .metrics
            .queries
            .iter()
            .map(|query| query.statistic_text.as_str())
            .collect();
        texts.dedup();
        texts.join(", ")
    }

    /// Why nothing that the filter writes lands in the metric with the query's dimensions: a filter with dimensions writes a
    /// metric for each of their values, and an alarm names one of them exactly.
    fn dimensions(&self, query: &Query<'_>, trip: &mut Trip<'_>) {
        let written = self
            .filter
            .metric
            .is_some_and(|metric| !metric.dimensions.is_empty())
            || !system_fields(self.filter).is_empty();
        let filter = &self.filter.seen.filter_name;
        let alarm = &self.alarm.alarm_name;
        trip.faults.push(if written {
            Fault::broken(
                Link::Metric,
                format!(
                    "Metric filter {filter} writes a metric of its own for each value of its dimensions; alarm {alarm} \
                     looks at none of them."
                ),
            )
            .on(filter)
            .remedy(self.filter.put_undivided())
        } else if query.dimensions.is_empty() {
            self.broken(format!(
                "Alarm {alarm} looks at a metric of another account than that of metric filter {filter}."
            ))
        } else {
            self.broken(format!(
                "Alarm {alarm} looks at the metric with dimensions; metric filter {filter} writes it without any."
            ))
        });
    }

    /// Those of the account and the region are known; an alarm on others of them sees nothing land.
    fn system_fields(&self, trip: &mut Trip<'_>) {
        let is_open = |field: &&String| criteria::system_field(field, "", "").is_none();
        if system_fields(self.filter).iter().any(is_open) {
            let filter = &self.filter.seen.filter_name;
            trip.faults.push(
                Fault::undecided(
                    Link::Metric,
                    format!(
                        "Metric filter {filter} splits its metric by system fields; whether the events come with those \
                         that alarm {} names cannot be decided.",
                        self.alarm.alarm_name
                    ),
                )
                .on(filter),
            );
        }
    }

    fn unit(&self, landing: &[&Query<'_>], trip: &mut Trip<'_>) {
        let Some(metric) = self.filter.metric else {
            return;
        };
        let units: Vec<&str> = landing
            .iter()
            .filter_map(|query| query.unit)
            .filter(|unit| *unit != metric.unit)
            .collect();
        if let Some(unit) = units.first()
            && units.len() == landing.len()
        {
            trip.faults.push(self.broken(format!(
                "Alarm {} looks at data points of unit {unit} only; metric filter {} writes unit {}, so it sees none.",
                self.alarm.alarm_name, self.filter.seen.filter_name, metric.unit
            )));
        }
    }

    /// One sample is few: such a percentile is then not evaluated at all.
    fn low_sample_count(&self, trip: &mut Trip<'_>) {
        let is_percentile = self
            .metrics
            .queries
            .iter()
            .any(|query| matches!(query.statistic, Some(Statistic::Percentile(_))));
        if is_percentile
            && self.alarm.evaluate_low_sample_count_percentile.as_deref() == Some("ignore")
        {
            trip.faults.push(self.broken(format!(
                "Alarm {} looks at the {} of its metric and ignores periods with few samples; one event is one sample.",
                self.alarm.alarm_name,
                self.statistics()
            )));
        }
    }

    fn why_not(&self, event: &Result<Tri, String>) -> Fault {
        let name = &self.alarm.alarm_name;
        if let Err(reason) = event {
            return self.undecided(format!(
                "Whether alarm {name} trips cannot be decided: {reason}."
            ));
        }
        let value = self.filter.metric.map_or(1.0, |metric| metric.number());
        let with_one = self.breaches(
            Period::Event {
                busy: false,
                others: 0,
            },
            Some(1.0),
        );
        if with_one == Ok(Tri::Yes)
            && !self.metrics.has_others()
            && let Some(metric) = self.filter.metric
            && matches!(metric.value, MetricValue::Number(_))
        {
            return Fault::broken(
                Link::Metric,
                format!(
                    "Metric filter {} adds {value} for a match, which does not trip alarm {name}.",
                    self.filter.seen.filter_name
                ),
            )
            .on(&self.filter.seen.filter_name)
            .remedy(self.filter.put_counting());
        }
        if self.alarm.metrics.is_empty() && self.metrics.has_others() {
            self.broken(format!(
                "One event does not trip alarm {name}: with what other metric filters write for it the {} is not {} {}.",
                self.statistics(),
                operator_words(self.alarm.comparison_operator.as_deref()),
                self.alarm.threshold.unwrap_or(f64::NAN)
            ))
        } else if self.alarm.metrics.is_empty() {
            self.broken(format!(
                "One event does not trip alarm {name}: the {} of one match, {value}, is not {} {}.",
                self.statistics(),
                operator_words(self.alarm.comparison_operator.as_deref()),
                self.alarm.threshold.unwrap_or(f64::NAN)
            ))
        } else {
            self.broken(format!(
                "One event does not trip alarm {name}: its expression does not reach the threshold."
            ))
        }
    }

    pub(super) fn breaches(&self, period: Period, value: Option<f64>) -> Result<Tri, String> {
        self.is_breach(self.metrics.value(period, value))
    }

    /// Whether it breaches with what other events add.
    pub(super) fn breaches_beside(&self, period: Period, extras: &[Extra]) -> Result<Tri, String> {
        self.is_breach(self.metrics.value_beside(period, None, extras))
    }

    pub(super) fn is_breach(&self, value: Value) -> Result<Tri, String> {
        match value {
            Value::Number(number) => self
                .compare(number)
                .map(Tri::from)
                .ok_or_else(|| "its threshold or its comparison is not known".to_owned()),
            Value::Missing => Ok(Tri::No),
            Value::Unknown(reason) => Err(reason),
        }
    }

    pub(super) fn compare(&self, number: f64) -> Option<bool> {
        let threshold = self.alarm.threshold?;
        match self.alarm.comparison_operator.as_deref()? {
            "GreaterThanOrEqualToThreshold" => Some(number >= threshold),
            "GreaterThanThreshold" => Some(number > threshold),
            "LessThanOrEqualToThreshold" => Some(number <= threshold),
            "LessThanThreshold" => Some(number < threshold),
            _ => None,
        }
    }

    pub(super) fn region(&self) -> &str {
        &self.filter.seen.region
    }

    fn put_again(&self) -> Command {
        let mut queries = self.metrics.queries.iter();
        let beside = queries.any(|query| self.is_of_others(query));
        super::put_command(&self.event.place.alarms, self.alarm, self.filter, beside)
    }

    /// Whether it is a metric that the filter does not write, and was not meant to.
    fn is_of_others(&self, query: &Query<'_>) -> bool {
        let is_ours = query.writers.iter().any(|one| is_same(one, self.filter));
        let is_named = |metric: &Metric<'_>| metric.is_named(query.name, query.namespace);
        let is_meant = self.filter.metric.as_ref().is_some_and(is_named)
            && query.writers.is_empty()
            && query.strangers.is_empty()
            && !query.dimensions.is_empty();
        !is_ours && !is_meant
    }
}

fn operator_words(operator: Option<&str>) -> &'static str {
    match operator {
        Some("GreaterThanOrEqualToThreshold") => "at least",
        Some("GreaterThanThreshold") => "more than",
        Some("LessThanOrEqualToThreshold") => "at most",
        Some("LessThanThreshold") => "less than",
        _ => "compared in a known way with",
    }
}
