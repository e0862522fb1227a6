//! Would one event that a filter matches move an alarm into ALARM?

use super::math::Value;
use super::rule::State;
use super::series::{Metrics, Period, Query};
use super::statistic::Statistic;
use crate::assess::fault::{Fault, Tri};
use crate::assess::filter::{Filter, MetricValue};
use crate::assess::remedy::Command;
use crate::assess::{Link, Warning};

use crate::snapshot::{Alarm, Dimension};

/// What one event does to an alarm.
#[derive(Debug, Clone)]
pub(crate) struct Trip {
    /// Why it does not trip, or may not; empty if it does.
    pub(crate) faults: Vec<Fault>,
    pub(crate) warnings: Vec<Warning>,
    /// Fields with the values that the alarm's dimensions pick: it counts only such events.
    pub(crate) picks: Vec<(String, String)>,
    /// The state that it rests in between events; none where that is not known.
    pub(crate) rest: Option<State>,
}

/// Judges the alarm for one event that `filter` matches. `filters` are all of the region.
pub(crate) fn judge<'a>(
    alarm: &'a Alarm,
    account: &str,
    filter: &'a Filter<'a>,
    filters: &'a [Filter<'a>],
) -> Trip {
    let mut trip = Trip {
        faults: Vec::new(),
        warnings: Vec::new(),
        picks: Vec::new(),
        rest: None,
    };
    if is_band(alarm) {
        trip.faults.push(on(alarm, Fault::undecided(
            Link::Alarm,
            format!("Alarm {} compares with a learned band; whether one event leaves it cannot be told.", alarm.alarm_name),
        )));
        return trip;
    }
    let judge = Judge {
        alarm,
        filter,
        metrics: Metrics::of(alarm, account, filter, filters),
    };
    judge.run(&mut trip);
    trip
}

fn on(alarm: &Alarm, fault: Fault) -> Fault {
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

struct Judge<'a> {
    alarm: &'a Alarm,
    filter: &'a Filter<'a>,
    metrics: Metrics<'a>,
}

impl Judge<'_> {
    fn run(&self, trip: &mut Trip) {
        let name = &self.alarm.alarm_name;
        let is_ours = |query: &&Query<'_>| {
            self.filter
                .metric
                .is_some_and(|metric| metric.is_named(query.name, query.namespace))
        };
        for query in self.metrics.queries.iter().filter(is_ours) {
            self.dimensions(query, trip);
            self.unit(query, trip);
        }
        self.always_on(trip);
        self.low_sample_count(trip);
        if !trip.faults.is_empty() {
            return;
        }
        let event = self.breaches(
            Period::Event {
                busy: false,
                overlap: false,
            },
            None,
        );
        if event != Ok(Tri::Yes) {
            trip.faults.push(self.why_not(&event));
            return;
        }
        let others = [
            Period::Event {
                busy: true,
                overlap: false,
            },
            Period::Event {
                busy: false,
                overlap: true,
            },
        ];
        for period in others {
            match self.breaches(period, None) {
                Ok(Tri::Yes) => {}
                Ok(_) if matches!(period, Period::Event { overlap: false, .. }) => {
                    trip.faults.push(self.broken(format!(
                        "Alarm {name} looks at the {} of its metric, which the default value dilutes: one event among \
                         other records does not reach the threshold.",
                        self.statistics()
                    )));
                }
                Ok(_) => trip.faults.push(self.undecided(format!(
                    "Whether alarm {name} trips depends on whether other filters match the same event."
                ))),
                Err(reason) => trip.faults.push(self.undecided(reason)),
            }
        }
        if trip.faults.is_empty() && self.breaches(Period::EventDiluted, None) != Ok(Tri::Yes) {
            trip.faults.push(self.undecided(format!(
                "Alarm {name} looks at the {} of its metric; whether a default value is counted beside the event is \
                 told in two ways by AWS's documentation.",
                self.statistics()
            )));
        }
        self.rest(trip);
    }

    fn broken(&self, message: String) -> Fault {
        on(self.alarm, Fault::broken(Link::Alarm, message)).remedy(self.put_again())
    }

    fn undecided(&self, message: String) -> Fault {
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

    /// A filter with dimensions writes a metric for each of their values; an alarm names one of them exactly.
    fn dimensions(&self, query: &Query<'_>, trip: &mut Trip) {
        let Some(metric) = self.filter.metric else {
            return;
        };
        let filter = &self.filter.seen.filter_name;
        let system: Vec<&String> = self
            .filter
            .seen
            .emit_system_field_dimensions
            .iter()
            .flatten()
            .collect();
        let written = metric.dimensions.len() + system.len();
        if written == 0 && query.dimensions.is_empty() {
            return;
        }
        let known = |dimension: &Dimension| {
            metric.dimensions.contains_key(&dimension.name) || system.contains(&&dimension.name)
        };
        if written == 0 {
            trip.faults.push(self.broken(format!(
                "Alarm {} looks at the metric with dimensions; metric filter {filter} writes it without any.",
                self.alarm.alarm_name
            )));
        } else if query.dimensions.len() != written || !query.dimensions.iter().all(known) {
            trip.faults.push(
                Fault::broken(
                    Link::Metric,
                    format!(
                        "Metric filter {filter} writes a metric of its own for each value of its dimensions; alarm {} \
                         looks at none of them.",
                        self.alarm.alarm_name
                    ),
                )
                .on(filter)
                .remedy(self.filter.put_again()),
            );
        } else if !system.is_empty() {
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
        } else {
            trip.picks
                .extend(query.dimensions.iter().filter_map(|dimension| {
                    Some((
                        metric.dimensions.get(&dimension.name)?.clone(),
                        dimension.value.clone(),
                    ))
                }));
        }
    }

    fn unit(&self, query: &Query<'_>, trip: &mut Trip) {
        let Some(metric) = self.filter.metric else {
            return;
        };
        if let Some(unit) = query.unit.filter(|unit| *unit != metric.unit) {
            trip.faults.push(self.broken(format!(
                "Alarm {} looks at data points of unit {unit} only; metric filter {} writes unit {}, so it sees none.",
                self.alarm.alarm_name, self.filter.seen.filter_name, metric.unit
            )));
        }
    }

    /// A filter that matches practically every record raises its metric all the time.
    fn always_on(&self, trip: &mut Trip) {
        for query in &self.metrics.queries {
            for writer in &query.writers {
                let same_group =
                    writer.is_on(&self.filter.seen.region, &self.filter.seen.log_group_name);
                let message = format!(
                    "Metric filter {} matches practically every record, so alarm {} stays in ALARM: it acts on change \
                     only, and one event more changes nothing.",
                    writer.seen.filter_name, self.alarm.alarm_name
                );
                match (writer.always_on, same_group) {
                    (Tri::Yes, true) => trip.faults.push(
                        on(self.alarm, Fault::broken(Link::Alarm, message)),
                    ),
                    (Tri::Yes, false) => trip.faults.push(self.undecided(format!(
                        "Metric filter {} of log group {} raises the same metric with every record; whether alarm {} \
                         ever rests cannot be told.",
                        writer.seen.filter_name, writer.seen.log_group_name, self.alarm.alarm_name
                    ))),
                    _ => {}
                }
            }
        }
        if self.filter.always_on == Tri::Unknown {
            trip.faults.push(self.undecided(format!(
                "Whether metric filter {} matches practically every record cannot be decided.",
                self.filter.seen.filter_name
            )));
        }
    }

    /// One sample is few: such a percentile is then not evaluated at all.
    fn low_sample_count(&self, trip: &mut Trip) {
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
                overlap: false,
            },
            Some(1.0),
        );
        if with_one == Ok(Tri::Yes)
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
            .remedy(self.filter.put_again());
        }
        if self.alarm.metrics.is_empty() {
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

    /// From which state it starts, whether one breaching data point suffices, and whether it comes back.
    fn rest(&self, trip: &mut Trip) {
        let name = &self.alarm.alarm_name;
        let silent = self.metrics.value(Period::Silent, None);
        let quiet = [
            self.metrics.value(Period::Quiet { busy: false }, None),
            self.metrics.value(Period::Quiet { busy: true }, None),
        ];
        let treat = self
            .alarm
            .treat_missing_data
            .as_deref()
            .unwrap_or("missing");
        for value in quiet.iter().chain([&silent]) {
            match value {
                Value::Number(number) => {
                    if self.compare(*number) == Some(true) {
                        trip.faults.push(self.broken(format!(
                            "Alarm {name} is in ALARM already when nothing has happened ({number} breaches its \
                             threshold): it acts on change only, and one event changes nothing."
                        )));
                        return;
                    }
                }
                Value::Unknown(reason) => {
                    trip.faults.push(self.undecided(format!(
                        "Whether alarm {name} rests between events cannot be decided: {reason}."
                    )));
                    return;
                }
                Value::Missing => {}
            }
        }
        let dense = quiet
            .iter()
            .chain([&silent])
            .any(|value| matches!(value, Value::Number(_)));
        if treat == "breaching" && silent == Value::Missing {
            trip.faults.push(self.broken(format!(
                "Alarm {name} takes missing data as breaching: without events it is in ALARM already, and one event \
                 changes nothing."
            )));
            return;
        }
        self.data_points(treat, dense, trip);
        let state = self.alarm.state_value.as_deref().and_then(State::parse);
        let latches = treat == "ignore" && !dense;
        trip.rest = match treat {
            _ if dense => Some(State::Ok),
            "notBreaching" => Some(State::Ok),
            "ignore" => state,
            _ => Some(State::InsufficientData),
        };
        if latches && state == Some(State::Alarm) {
            trip.faults.push(
                on(self.alarm, Fault::broken(
                    Link::Alarm,
                    format!("Alarm {name} has latched: it is in ALARM and keeps that state while no data arrives."),
                ))
                .remedy(
                    Command::new("cloudwatch set-alarm-state", self.region())
                        .with("--alarm-name", name)
                        .raw("--state-value OK")
                        .with("--state-reason", "unlatched"),
                ),
            );
        } else if latches {
            trip.warnings.push(Warning {
                code: "will_latch",
                message: format!(
                    "Alarm {name} keeps its state while data is missing: it will notify once and then stay in ALARM."
                ),
            });
        } else if state == Some(State::Alarm) {
            trip.warnings.push(Warning {
                code: "in_alarm",
                message: format!("Alarm {name} is in ALARM at present; until it is OK again another event notifies nobody."),
            });
        }
    }

    /// M of N: one event gives one breaching data point; what the others count for depends on the treatment.
    fn data_points(&self, treat: &str, dense: bool, trip: &mut Trip) {
        let name = &self.alarm.alarm_name;
        let periods = self.alarm.evaluation_periods.unwrap_or(1);
        let wanted = self.alarm.datapoints_to_alarm.unwrap_or(periods);
        if wanted <= 1 {
            return;
        }
        if treat == "missing" && !dense && wanted <= periods {
            trip.warnings.push(Warning {
                code: "needs_missing_data",
                message: format!(
                    "Alarm {name} wants {wanted} of {periods} data points; one event trips it only because missing data \
                     points are left out."
                ),
            });
            return;
        }
        trip.faults.push(self.broken(format!(
            "Alarm {name} wants {wanted} breaching data points of {periods}; one event gives one."
        )));
    }

    fn breaches(&self, period: Period, value: Option<f64>) -> Result<Tri, String> {
        match self.metrics.value(period, value) {
            Value::Number(number) => self
                .compare(number)
                .map(Tri::from)
                .ok_or_else(|| "its threshold or its comparison is not known".to_owned()),
            Value::Missing => Ok(Tri::No),
            Value::Unknown(reason) => Err(reason),
        }
    }

    fn compare(&self, number: f64) -> Option<bool> {
        let threshold = self.alarm.threshold?;
        match self.alarm.comparison_operator.as_deref()? {
            "GreaterThanOrEqualToThreshold" => Some(number >= threshold),
            "GreaterThanThreshold" => Some(number > threshold),
            "LessThanOrEqualToThreshold" => Some(number <= threshold),
            "LessThanThreshold" => Some(number < threshold),
            _ => None,
        }
    }

    fn region(&self) -> &str {
        &self.filter.seen.region
    }

    fn put_again(&self) -> Command {
        super::put_command(self.alarm, self.region(), self.filter)
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
