//! What a drill of one control would do, or why there is nothing to be learnt from one.

use std::collections::BTreeSet;

use serde_json::Value;

use super::DrillName;
use super::record::{Marks, Wanted};
use crate::assess::{Assessment, Link, Recipient, Verdict, looks_at};
use crate::control::{Benchmark, Control};
use crate::pattern::Pattern;
use crate::snapshot::{AccountId, Alarm, Arn, Dimension, MetricFilter, Snapshot};

/// Everything that a drill writes, makes and watches.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The drill's own name: of its queue and its log stream.
    pub name: DrillName,
    /// The account.
    pub account: AccountId,
    /// Key of the control.
    pub control: String,
    /// Region of the log group.
    pub region: String,
    /// Name of the log group.
    pub log_group: String,
    /// What is written: one record, or as many as it takes to try each filter of a chain that needs several.
    pub records: Vec<Value>,
    /// What must count.
    pub metrics: Vec<MetricTarget>,
    /// What must go to ALARM and leave it again; composite alarms after their children.
    pub alarms: Vec<AlarmTarget>,
    /// What must be heard; never empty.
    pub bells: Vec<Bell>,
    /// Who is told as by a real event.
    pub told: Vec<Recipient>,
    /// ARNs of all that the alarms do, going to ALARM and leaving it.
    pub actions: Vec<String>,
    /// Names of alarms of no part in this chain that the record trips, too.
    pub also: Vec<String>,
}

/// A metric that must count the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricTarget {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Dimensions that name it exactly.
    pub dimensions: Vec<Dimension>,
}

/// An alarm that must go to ALARM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmTarget {
    /// ARN.
    pub arn: String,
    /// Name.
    pub name: String,
}

/// An alarm that must notify through a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bell {
    /// ARN of the alarm.
    pub alarm_arn: String,
    /// ARN of the topic.
    pub topic_arn: String,
}

/// Why there is no drill.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The chain is known to be cut, or not known to be whole.
    #[error("the verdict on {control} is {}: {reason}. A drill proves a chain that passes; `trailwarden check --control {control}` says what to do first.", match .verdict { Verdict::Fail => "FAIL", _ => "UNKNOWN" })]
    NotPassing {
        /// Key of the control.
        control: String,
        /// The verdict.
        verdict: Verdict,
        /// The first finding.
        reason: String,
    },
    /// The alarm would not act, or its state says nothing.
    #[error("alarm {alarm} is {state}, not OK: {remedy}.")]
    NotOk {
        /// Name of the alarm.
        alarm: String,
        /// Its state.
        state: String,
        /// What to do.
        remedy: &'static str,
    },
    /// No record could be built of which it is proved that the filter matches it.
    #[error(
        "no record could be built that metric filter {filter} certainly matches and that the control asks for: {:?}", .pattern
    )]
    NoRecord {
        /// Name of the filter.
        filter: String,
        /// Its pattern.
        pattern: String,
    },
    /// A passing chain lacks a part that a drill needs.
    #[error("the chain of {control} has no {missing} that a drill could use")]
    Incomplete {
        /// Key of the control.
        control: String,
        /// What is missing.
        missing: Link,
    },
}

impl Refusal {
    /// The verdict that stands in the way.
    pub const fn verdict(&self) -> Option<Verdict> {
        match self {
            Self::NotPassing { verdict, .. } => Some(*verdict),
            Self::NotOk { .. } | Self::NoRecord { .. } | Self::Incomplete { .. } => None,
        }
    }

    /// Of an alarm that is in any state but OK; none where it is OK.
    pub fn of_state(alarm: &str, state: Option<&str>) -> Option<Self> {
        let remedy = match state {
            Some("OK") => return None,
            Some("ALARM") => {
                "it would not act on the record. Find out what put it there, wait until it is OK, then drill again"
            }
            Some("INSUFFICIENT_DATA") => {
                "CloudWatch has not evaluated it yet, or it waits for data that an idle log group never gives. Wait for \
                 one period; if it stays, let missing data count as not breaching (--treat-missing-data notBreaching)"
            }
            _ => "CloudWatch does not say in which state it is",
        };
        Some(Self::NotOk {
            alarm: alarm.to_owned(),
            state: state.unwrap_or("in no state").to_owned(),
            remedy,
        })
    }
}

/// Plans the drill of a control on an account as it was seen.
///
/// # Errors
/// The chain does not pass, or an alarm of it is not OK, or no record provably goes through it.
pub fn plan(
    snapshot: &Snapshot,
    control: &Control,
    benchmark: &Benchmark,
    assessment: &Assessment,
    name: DrillName,
) -> Result<Plan, Refusal> {
    if assessment.verdict != Verdict::Pass {
        let first = assessment.findings.first();
        return Err(Refusal::NotPassing {
            control: control.key.clone(),
            verdict: assessment.verdict,
            reason: first.map_or_else(String::new, |finding| {
                finding.message.trim_end_matches('.').to_owned()
            }),
        });
    }
    let chain = &assessment.chain;
    let incomplete = |missing| Refusal::Incomplete {
        control: control.key.clone(),
        missing,
    };
    for alarm in &chain.alarms {
        if let Some(refusal) = Refusal::of_state(&alarm.alarm_name, alarm.state_value.as_deref()) {
            return Err(refusal);
        }
    }
    let group = chain.log_group.as_ref();
    let group = group.ok_or_else(|| incomplete(Link::LogGroup))?;
    let marks = Marks {
        name: &name,
        account: &snapshot.account_id,
        region: &group.region,
    };
    let ways = ways(&chain.filters, &chain.alarms, snapshot);
    if ways.is_empty() {
        return Err(incomplete(Link::Metric));
    }
    let mut records: Vec<Value> = Vec::new();
    let mut metrics: Vec<MetricTarget> = Vec::new();
    for way in ways {
        let wanted = way.wanted(control, benchmark);
        let wanted = wanted.ok_or_else(|| way.no_record())?;
        if !records.iter().any(|record| wanted.fits(record)) {
            records.push(wanted.record(marks).ok_or_else(|| way.no_record())?);
        }
        if !metrics.contains(&way.metric) {
            metrics.push(way.metric);
        }
    }
    let bells = bells(
        &chain.alarms,
        chain.topic.as_ref().map(|topic| topic.topic_arn.as_str()),
    );
    if bells.is_empty() {
        return Err(incomplete(Link::Topic));
    }
    let also = tripped_beside(
        snapshot,
        &group.region,
        &group.log_group_name,
        &records,
        &chain.alarms,
    );
    let actions: BTreeSet<&String> = chain
        .alarms
        .iter()
        .chain(also.iter().copied())
        .flat_map(|alarm| alarm.alarm_actions.iter().chain(&alarm.ok_actions))
        .collect();
    Ok(Plan {
        account: snapshot.account_id.clone(),
        control: control.key.clone(),
        region: group.region.clone(),
        log_group: group.log_group_name.clone(),
        records,
        metrics,
        alarms: chain.alarms.iter().map(target).collect(),
        bells,
        told: assessment.audience.clone(),
        actions: actions.into_iter().cloned().collect(),
        also: also.iter().map(|alarm| alarm.alarm_name.clone()).collect(),
        name,
    })
}

fn target(alarm: &Alarm) -> AlarmTarget {
    AlarmTarget {
        arn: alarm.alarm_arn.clone(),
        name: alarm.alarm_name.clone(),
    }
}

/// A filter with an alarm that looks at its metric.
struct Way<'a> {
    filter: &'a MetricFilter,
    metric: MetricTarget,
}

impl Way<'_> {
    fn wanted<'c>(&self, control: &'c Control, benchmark: &Benchmark) -> Option<Wanted<'c>> {
        let text = self.filter.filter_pattern.as_deref().unwrap_or_default();
        let into = self.filter.metric_transformations.first()?;
        let picks = self.metric.dimensions.iter().filter_map(|dimension| {
            let selector = into.dimensions.get(&dimension.name)?;
            Some((selector.clone(), dimension.value.clone()))
        });
        Some(Wanted {
            control,
            required: control.required(benchmark),
            filter: Pattern::parse_deployed(text).ok()?,
            picks: picks.collect(),
        })
    }

    fn no_record(&self) -> Refusal {
        Refusal::NoRecord {
            filter: self.filter.filter_name.clone(),
            pattern: self.filter.filter_pattern.clone().unwrap_or_default(),
        }
    }
}

fn ways<'a>(filters: &'a [MetricFilter], alarms: &[Alarm], snapshot: &Snapshot) -> Vec<Way<'a>> {
    let mut ways = Vec::new();
    for filter in filters {
        let Some(into) = filter.metric_transformations.first() else {
            continue;
        };
        let (name, namespace) = (&into.metric_name, &into.metric_namespace);
        for alarm in alarms {
            if !looks_at(alarm, snapshot.account_id.as_str(), name, namespace) {
                continue;
            }
            let of_query = alarm
                .metrics
                .iter()
                .filter_map(|query| query.metric_stat.as_ref())
                .map(|stat| &stat.metric)
                .find(|metric| {
                    metric.metric_name.as_ref() == Some(name)
                        && metric.namespace.as_ref() == Some(namespace)
                });
            ways.push(Way {
                filter,
                metric: MetricTarget {
                    namespace: namespace.clone(),
                    name: name.clone(),
                    dimensions: of_query
                        .map_or(&alarm.dimensions, |metric| &metric.dimensions)
                        .clone(),
                },
            });
        }
    }
    ways
}

/// The topic of each alarm that has one: that of the chain, or its first.
fn bells(alarms: &[Alarm], topic: Option<&str>) -> Vec<Bell> {
    let bell = |alarm: &Alarm| {
        let topics = || {
            alarm
                .alarm_actions
                .iter()
                .filter(|action| Arn::topic(action).is_some())
        };
        let chosen = topics().find(|arn| Some(arn.as_str()) == topic);
        Some(Bell {
            alarm_arn: alarm.alarm_arn.clone(),
            topic_arn: chosen.or_else(|| topics().next())?.clone(),
        })
    };
    alarms.iter().filter_map(bell).collect()
}

/// Alarms outside of the chain whose metric the records may raise.
fn tripped_beside<'a>(
    snapshot: &'a Snapshot,
    region: &str,
    log_group: &str,
    records: &[Value],
    chain: &[Alarm],
) -> Vec<&'a Alarm> {
    let may_match = |filter: &MetricFilter| {
        // What a transformer makes of the records is not known.
        if filter.apply_on_transformed_logs == Some(true) {
            return true;
        }
        let text = filter.filter_pattern.as_deref().unwrap_or_default();
        Pattern::parse_deployed(text).is_ok_and(|pattern| {
            let mut matches = records.iter().map(|one| pattern.matches(&one.to_string()));
            matches.any(|answer| !answer.is_no())
        })
    };
    let counts = |filter: &&MetricFilter| {
        filter.region == region && filter.log_group_name == log_group && may_match(filter)
    };
    let counting: Vec<&MetricFilter> = snapshot
        .metric_filters
        .iter()
        .flatten()
        .filter(counts)
        .collect();
    let trips = |alarm: &&Alarm| {
        Arn::parse(&alarm.alarm_arn).is_some_and(|arn| arn.region == region)
            && chain.iter().all(|own| own.alarm_arn != alarm.alarm_arn)
            && counting
                .iter()
                .flat_map(|filter| &filter.metric_transformations)
                .any(|into| {
                    let account = snapshot.account_id.as_str();
                    looks_at(alarm, account, &into.metric_name, &into.metric_namespace)
                })
    };
    snapshot.alarms.iter().flatten().filter(trips).collect()
}
