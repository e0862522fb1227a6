//! One metric filter: what it reads, what it catches, what it writes.

use std::collections::BTreeMap;

use super::Link;
use super::criteria;
use super::fault::{Fault, Tri};
use super::proofs::{AlwaysQuestion, Proofs};
use super::put::put_metric_filter;
use super::remedy::Command;
use super::world::World;
use crate::pattern::syntax::Syntax;
use crate::pattern::{Assumptions, Decision, ParseError, Pattern, always_on, asks_for_few_names};
use crate::snapshot::{MetricFilter, MetricTransformation};

/// A metric filter with its pattern parsed.
#[derive(Debug, Clone)]
pub(super) struct Filter<'a> {
    pub(super) seen: &'a MetricFilter,
    pub(super) pattern: Result<Pattern, ParseError>,
    pub(super) always_on: Tri,
    /// Whether it asks for more than a few names of events, but not for all records, by their fields.
    pub(super) is_broad: bool,
    /// What is known of the records of which practically all may match, in one way or another.
    pub(super) records: Vec<Assumptions>,
    pub(super) metric: Option<Metric<'a>>,
}

/// The metric that a filter writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Metric<'a> {
    pub(super) name: &'a str,
    pub(super) namespace: &'a str,
    pub(super) unit: &'a str,
    pub(super) dimensions: &'a BTreeMap<String, String>,
    pub(super) value: MetricValue<'a>,
    pub(super) default: Option<f64>,
}

/// What a match adds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum MetricValue<'a> {
    Number(f64),
    /// The value of a field of the record.
    Field(&'a str),
    /// Neither.
    Other(&'a str),
}

impl<'a> Metric<'a> {
    fn of(transformation: &'a MetricTransformation) -> Self {
        let text = transformation.metric_value.trim();
        let value = match text.parse::<f64>() {
            Ok(number) if number.is_finite() => MetricValue::Number(number),
            _ if text.starts_with('$') => MetricValue::Field(text),
            _ => MetricValue::Other(text),
        };
        Self {
            name: &transformation.metric_name,
            namespace: &transformation.metric_namespace,
            unit: transformation.unit.as_deref().unwrap_or("None"),
            dimensions: &transformation.dimensions,
            value,
            default: transformation.default_value,
        }
    }

    /// What one match adds; 1 where that is not known.
    pub(super) fn number(&self) -> f64 {
        match self.value {
            MetricValue::Number(number) => number,
            MetricValue::Field(_) | MetricValue::Other(_) => 1.0,
        }
    }

    pub(super) fn is_named(&self, name: &str, namespace: &str) -> bool {
        self.name == name && self.namespace == namespace
    }
}

impl<'a> Filter<'a> {
    /// `recorded` are accounts whose records its log group gets.
    pub(super) fn new(seen: &'a MetricFilter, recorded: &[World<'_>], proofs: &Proofs) -> Self {
        let pattern = Pattern::parse_deployed(seen.filter_pattern.as_deref().unwrap_or_default());
        let records = pattern
            .as_ref()
            .map_or_else(|_| Vec::new(), |pattern| records(pattern.text(), recorded));
        let always_on = pattern.as_ref().map_or(Tri::No, |pattern| {
            if is_of_transformed(seen) {
                let matches_all = *pattern.syntax() == Syntax::All;
                return if matches_all { Tri::Yes } else { Tri::Unknown };
            }
            matches_practically_all(pattern, &records, proofs)
        });
        let is_broad = pattern.as_ref().is_ok_and(|pattern| {
            always_on == Tri::No
                && matches!(pattern.syntax(), Syntax::Json(_))
                && !asks_for_few_names(pattern)
        });
        Self {
            seen,
            pattern,
            always_on,
            is_broad,
            records,
            metric: seen.metric_transformations.first().map(Metric::of),
        }
    }

    /// Whether it reads what a transformer makes of the records: what its pattern says of those is not known.
    pub(super) fn is_of_transformed(&self) -> bool {
        is_of_transformed(self.seen)
    }

    /// What it matches of the records themselves; none where that is not known, or the pattern is none.
    pub(super) fn pattern_of_records(&self) -> Option<&Pattern> {
        let pattern = self.pattern.as_ref().ok();
        pattern.filter(|_| !self.is_of_transformed())
    }

    pub(super) fn is_on(&self, region: &str, group: &str) -> bool {
        self.seen.region == region && self.seen.log_group_name == group
    }

    /// What keeps the filter from reading the records, or from writing anything, whatever the event is.
    pub(super) fn faults(&self, world: World<'_>) -> Vec<Fault> {
        let filter = self.seen;
        let mut faults = Vec::new();
        if let Err(error) = &self.pattern {
            faults.push(
                Fault::broken(
                    Link::Pattern,
                    format!(
                        "The pattern of metric filter {} is none that CloudWatch Logs accepts: {}.",
                        filter.filter_name,
                        error.message()
                    ),
                )
                .on(&filter.filter_name),
            );
        }
        if let Some(criteria) = filter
            .field_selection_criteria
            .as_deref()
            .filter(|text| !text.trim().is_empty())
        {
            let message = |what: &str| {
                format!(
                    "Metric filter {} reads only the records that its selection criteria {criteria:?} choose: {what}.",
                    filter.filter_name
                )
            };
            match criteria::selects(criteria, world.account(), &filter.region) {
                Tri::Yes => {}
                Tri::No => faults.push(
                    Fault::broken(Link::Pattern, message("none of this trail's"))
                        .on(&filter.filter_name)
                        .remedy(self.put_again(|again| again.field_selection_criteria = None)),
                ),
                Tri::Unknown => faults.push(
                    Fault::undecided(Link::Pattern, message("which those are cannot be decided"))
                        .on(&filter.filter_name),
                ),
            }
        }
        faults.extend(self.metric_faults());
        faults
    }

    fn metric_faults(&self) -> Vec<Fault> {
        let filter = self.seen;
        let mut faults = Vec::new();
        if self.is_of_transformed() {
            faults.push(
                Fault::undecided(
                    Link::Metric,
                    format!(
                        "Metric filter {} reads records after the log group's transformer; what it sees cannot be told \
                         from the snapshot.",
                        filter.filter_name
                    ),
                )
                .on(&filter.filter_name),
            );
        }
        let Some(metric) = &self.metric else {
            faults.push(
                Fault::absent(
                    Link::Metric,
                    format!("Metric filter {} writes no metric.", filter.filter_name),
                )
                .on(&filter.filter_name)
                .remedy(self.put_counting()),
            );
            return faults;
        };
        match metric.value {
            MetricValue::Number(_) => {}
            // CloudTrail writes eventVersion as a text that looks like a number.
            MetricValue::Field("$.eventVersion") => faults.push(
                Fault::undecided(
                    Link::Metric,
                    format!(
                        "Metric filter {} takes its value from $.eventVersion, a text that looks like a number.",
                        filter.filter_name
                    ),
                )
                .on(&filter.filter_name)
                .remedy(self.put_counting()),
            ),
            MetricValue::Field(text) | MetricValue::Other(text) => faults.push(
                Fault::broken(
                    Link::Metric,
                    format!(
                        "Metric filter {} takes its value from {text:?}, which CloudTrail's records do not carry as a \
                         number: a match adds nothing.",
                        filter.filter_name
                    ),
                )
                .on(&filter.filter_name)
                .remedy(self.put_counting()),
            ),
        }
        faults
    }

    /// The command that puts the filter again, with this changed: the call replaces it whole, so that everything is said again.
    pub(super) fn put_again(&self, change: impl FnOnce(&mut MetricFilter)) -> Command {
        let mut again = self.seen.clone();
        change(&mut again);
        put_metric_filter(&again)
    }

    /// The same with a metric that counts matches.
    pub(super) fn put_counting(&self) -> Command {
        self.put_again(|again| match again.metric_transformations.first_mut() {
            Some(metric) => "1".clone_into(&mut metric.metric_value),
            None => again.metric_transformations.push(MetricTransformation {
                metric_name: "METRIC".to_owned(),
                metric_namespace: "NAMESPACE".to_owned(),
                metric_value: "1".to_owned(),
                ..MetricTransformation::default()
            }),
        })
    }

    /// The command that puts the filter again with a metric that gets nothing where nothing matches.
    pub(super) fn put_without_default(&self) -> Command {
        self.put_again(|again| {
            for metric in &mut again.metric_transformations {
                metric.default_value = None;
            }
        })
    }

    /// The command that puts the filter again with a metric that is one, whatever the event holds.
    pub(super) fn put_undivided(&self) -> Command {
        self.put_again(|again| {
            again.emit_system_field_dimensions = None;
            for metric in &mut again.metric_transformations {
                metric.dimensions.clear();
            }
        })
    }
}

/// Whether the pattern matches practically every record, by what is known of them in one way or another.
pub(super) fn matches_practically_all(
    pattern: &Pattern,
    records: &[Assumptions],
    proofs: &Proofs,
) -> Tri {
    Tri::any(records.iter().map(|records| {
        let question = AlwaysQuestion {
            pattern: pattern.text().to_owned(),
            records: records.clone(),
        };
        let work_out = || match always_on(pattern, records) {
            Decision::Yes => Tri::Yes,
            Decision::No => Tri::No,
            Decision::Undecided(_) => Tri::Unknown,
        };
        proofs.always_on.answer(question, work_out)
    }))
}

fn is_of_transformed(filter: &MetricFilter) -> bool {
    filter.apply_on_transformed_logs == Some(true)
}

/// What is known of the records that an alarm may be busy with all the time: those of any account, and those of one that the
/// log group surely has records of, in the regions that it uses. As far as the pattern asks for it.
fn records(text: &str, recorded: &[World<'_>]) -> Vec<Assumptions> {
    let mut records = vec![Assumptions::cloudtrail()];
    let (account, region) = ("recipientAccountId", "awsRegion");
    if text.contains(account) || text.contains(region) {
        for world in recorded {
            let of_account = Assumptions::cloudtrail().with_string(account, &[world.account()]);
            let regions = &world.snapshot.enabled_regions;
            let regions: Vec<&str> = regions.iter().map(String::as_str).collect();
            let known = if text.contains(region) && !regions.is_empty() {
                of_account.with_string(region, &regions)
            } else {
                of_account
            };
            if !records.contains(&known) {
                records.push(known);
            }
        }
    }
    records
}
