//! Would one event that a filter matches move an alarm into ALARM?

use super::math::{self, Series, Value};
use super::rule::State;
use super::statistic::Statistic;
use crate::assess::fault::{Fault, Tri};
use crate::assess::filter::{Filter, MetricValue};
use crate::assess::remedy::Command;
use crate::assess::{Link, Warning};
use crate::pattern::{Assumptions, Cover, Pattern, covers};
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

/// One metric that the alarm looks at.
struct Query<'a> {
    id: String,
    statistic: Option<Statistic>,
    statistic_text: String,
    minutes: u32,
    unit: Option<&'a str>,
    name: &'a str,
    namespace: &'a str,
    dimensions: &'a [Dimension],
    /// The filters that write it.
    writers: Vec<&'a Filter<'a>>,
}

/// What happens in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    /// Nothing arrives at all.
    Silent,
    /// Records arrive, in one minute or in each of them; none matches.
    Quiet { busy: bool },
    /// The event arrives; other records in the other minutes, or not.
    Event { busy: bool, overlap: bool },
    /// As the event alone, but with a default value counted beside it: the reading of the documentation by which
    /// defaults are reported for each record that does not match, not for each minute.
    EventDiluted,
}

/// Whether the alarm looks at a metric of that name at all.
pub(crate) fn looks_at(alarm: &Alarm, account: &str, name: &str, namespace: &str) -> bool {
    let plain =
        alarm.metric_name.as_deref() == Some(name) && alarm.namespace.as_deref() == Some(namespace);
    plain
        || alarm.metrics.iter().any(|query| {
            query
                .account_id
                .as_deref()
                .is_none_or(|other| other == account)
                && query.metric_stat.as_ref().is_some_and(|stat| {
                    stat.metric.metric_name.as_deref() == Some(name)
                        && stat.metric.namespace.as_deref() == Some(namespace)
                })
        })
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
    let queries = queries(alarm, account, filters);
    let judge = Judge {
        alarm,
        filter,
        queries,
        always: overlapping(filter, alarm, account, filters),
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

fn queries<'a>(alarm: &'a Alarm, account: &str, filters: &'a [Filter<'a>]) -> Vec<Query<'a>> {
    let writers = |name: &str, namespace: &str| {
        filters
            .iter()
            .filter(|filter| {
                filter
                    .metric
                    .is_some_and(|metric| metric.is_named(name, namespace))
            })
            .collect()
    };
    let minutes = |seconds: Option<i64>| {
        u32::try_from(seconds.unwrap_or(300) / 60)
            .unwrap_or(u32::MAX)
            .max(1)
    };
    if alarm.metrics.is_empty() {
        let name = alarm.metric_name.as_deref().unwrap_or_default();
        let namespace = alarm.namespace.as_deref().unwrap_or_default();
        let text = alarm
            .extended_statistic
            .as_deref()
            .or(alarm.statistic.as_deref());
        return vec![Query {
            id: String::new(),
            statistic: Statistic::parse(text.unwrap_or_default()),
            statistic_text: text.unwrap_or_default().to_owned(),
            minutes: minutes(alarm.period),
            unit: alarm.unit.as_deref(),
            name,
            namespace,
            dimensions: &alarm.dimensions,
            writers: writers(name, namespace),
        }];
    }
    alarm
        .metrics
        .iter()
        .filter_map(|query| Some((query, query.metric_stat.as_ref()?)))
        .map(|(query, stat)| {
            let name = stat.metric.metric_name.as_deref().unwrap_or_default();
            let namespace = stat.metric.namespace.as_deref().unwrap_or_default();
            Query {
                id: query.id.clone(),
                statistic: Statistic::parse(&stat.stat),
                statistic_text: stat.stat.clone(),
                minutes: minutes(stat.period),
                unit: stat.unit.as_deref(),
                name,
                namespace,
                dimensions: &stat.metric.dimensions,
                writers: if query
                    .account_id
                    .as_deref()
                    .is_none_or(|other| other == account)
                {
                    writers(name, namespace)
                } else {
                    Vec::new()
                },
            }
        })
        .collect()
}

/// Other filters that the alarm looks at and that match whatever this filter matches.
fn overlapping<'a>(
    filter: &Filter<'_>,
    alarm: &Alarm,
    account: &str,
    filters: &'a [Filter<'a>],
) -> Vec<&'a Filter<'a>> {
    let Ok(own) = &filter.pattern else {
        return Vec::new();
    };
    let covers_own = |other: &Pattern| {
        matches!(
            covers(std::slice::from_ref(other), own, &Assumptions::cloudtrail()),
            Cover::Covered { .. }
        )
    };
    filters
        .iter()
        .filter(|other| !std::ptr::eq(other.seen, filter.seen))
        .filter(|other| other.is_on(&filter.seen.region, &filter.seen.log_group_name))
        .filter(|other| {
            other
                .metric
                .is_some_and(|metric| looks_at(alarm, account, metric.name, metric.namespace))
        })
        .filter(|other| other.pattern.as_ref().is_ok_and(covers_own))
        .collect()
}

struct Judge<'a> {
    alarm: &'a Alarm,
    filter: &'a Filter<'a>,
    queries: Vec<Query<'a>>,
    always: Vec<&'a Filter<'a>>,
}

struct Valuation<'j, 'a> {
    judge: &'j Judge<'a>,
    period: Period,
    /// The value of a match, in place of the filter's own.
    value: Option<f64>,
    depth: std::cell::Cell<u8>,
}

impl Judge<'_> {
    fn run(&self, trip: &mut Trip) {
        let name = &self.alarm.alarm_name;
        let is_ours = |query: &&Query<'_>| {
            self.filter
                .metric
                .is_some_and(|metric| metric.is_named(query.name, query.namespace))
        };
        for query in self.queries.iter().filter(is_ours) {
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
        for query in &self.queries {
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
            .queries
            .iter()
            .any(|query| query.statistic == Some(Statistic::Percentile));
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
        let silent = self.value(Period::Silent, None);
        let quiet = [
            self.value(Period::Quiet { busy: false }, None),
            self.value(Period::Quiet { busy: true }, None),
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
        match self.value(period, value) {
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

    fn value(&self, period: Period, value: Option<f64>) -> Value {
        let valuation = Valuation {
            judge: self,
            period,
            value,
            depth: std::cell::Cell::new(0),
        };
        if self.alarm.metrics.is_empty() {
            return self
                .queries
                .first()
                .map_or(Value::Missing, |query| valuation.of_query(query));
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

impl Valuation<'_, '_> {
    /// Whether the writer matches the event, and how often its default is reported.
    fn counts(&self, writer: &Filter<'_>, minutes: u32) -> (bool, u32) {
        let seen = self.judge.filter.seen;
        let is_own = std::ptr::eq(writer.seen, seen);
        let same_group = writer.is_on(&seen.region, &seen.log_group_name);
        let always = self
            .judge
            .always
            .iter()
            .any(|other| std::ptr::eq(other.seen, writer.seen));
        match self.period {
            Period::Silent => (false, 0),
            Period::Quiet { busy } => (false, if busy { minutes } else { 1 }),
            Period::Event { busy, overlap } => {
                let matches = is_own || always || (overlap && same_group);
                let others = if busy { minutes.saturating_sub(1) } else { 0 };
                match (matches, same_group) {
                    (true, _) => (true, others),
                    // The event is a record that this filter does not match.
                    (false, true) => (false, others + 1),
                    (false, false) => (false, others),
                }
            }
            Period::EventDiluted => (is_own || always, u32::from(same_group)),
        }
    }

    fn of_query(&self, query: &Query<'_>) -> Value {
        let Some(statistic) = query.statistic else {
            return Value::Unknown(format!(
                "the statistic {:?} of a single sample is not documented",
                query.statistic_text
            ));
        };
        let fitting = |writer: &&Filter<'_>| {
            writer
                .metric
                .is_some_and(|metric| query.unit.is_none_or(|unit| unit == metric.unit))
        };
        let mut samples = Vec::new();
        for writer in query.writers.iter().copied().filter(fitting) {
            let Some(metric) = writer.metric else {
                continue;
            };
            let (matches, defaults) = self.counts(writer, query.minutes);
            if matches {
                samples.push(self.value.unwrap_or_else(|| metric.number()));
            }
            if let Some(default) = metric.default {
                // Beyond some number more samples tell no more; a period has at most 1440 minutes.
                samples.extend(std::iter::repeat_n(default, defaults.min(1440) as usize));
            }
        }
        if samples.is_empty() {
            let by_aws = query.writers.is_empty() && query.namespace.starts_with("AWS/");
            return if by_aws {
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
        if let Some(query) = self.judge.queries.iter().find(|query| query.id == id) {
            return Some(self.of_query(query));
        }
        let query = self
            .judge
            .alarm
            .metrics
            .iter()
            .find(|query| query.id == id)?;
        let expression = query.expression.as_deref()?;
        // Expressions may name each other; AWS allows ten of them, a cycle none.
        if self.depth.get() > 10 {
            return Some(Value::Unknown(
                "its expressions name each other in a circle".to_owned(),
            ));
        }
        self.depth.set(self.depth.get() + 1);
        let value = math::evaluate(expression, self);
        self.depth.set(self.depth.get() - 1);
        Some(value)
    }

    fn metrics(&self) -> Vec<String> {
        self.judge
            .queries
            .iter()
            .map(|query| query.id.clone())
            .collect()
    }
}
