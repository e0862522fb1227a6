//! The alarms of a region with what they name, worked out once for all filters and events.

use std::collections::{BTreeMap, BTreeSet};

use super::has_topic;
use super::order::{Composite, Composites, Parents, in_order};
use super::rule::State;
use super::series::{looks_at, searched};
use super::states::Possible;
use crate::assess::filter::Metric;
use crate::assess::put::free_name;
use crate::assess::world::World;
use crate::snapshot::{Alarm, Arn};

/// All alarms of a region, as far as they were seen; one is spoken of by its place among them.
///
/// Whoever may make alarms may make thousands: nothing here is looked for by going through all of them.
#[derive(Debug)]
pub(crate) struct Roster<'a> {
    /// By name.
    alarms: Vec<&'a Alarm>,
    /// The states in which they were seen.
    present: Vec<Possible>,
    names: Names<'a>,
    composites: Composites<'a>,
    parents: Parents,
    /// The alarms that a rule or a suppressor names.
    named: BTreeSet<usize>,
    /// The alarms on a metric, by namespace and name.
    watchers: BTreeMap<(&'a str, &'a str), Vec<usize>>,
    /// The alarms that find their metrics by a query.
    searching: Vec<usize>,
    /// The alarms with a topic among their actions.
    telling: BTreeSet<usize>,
}

/// The alarms by name and by ARN.
#[derive(Debug, Default)]
pub(super) struct Names<'a>(BTreeMap<&'a str, Vec<usize>>);

impl<'a> Names<'a> {
    fn of(alarms: &[&'a Alarm]) -> Self {
        let mut names = Self::default();
        for (at, alarm) in alarms.iter().enumerate() {
            let texts = BTreeSet::from([alarm.alarm_name.as_str(), alarm.alarm_arn.as_str()]);
            for text in texts {
                names.0.entry(text).or_default().push(at);
            }
        }
        names
    }

    /// The alarms of that name or ARN. A region has one at most; a snapshot may say otherwise.
    pub(super) fn called(&self, name: &str) -> &[usize] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// The alarm of that name or ARN; none where it was not seen, or more than one was.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        match self.called(name) {
            [only] => Some(*only),
            _ => None,
        }
    }
}

impl<'a> Roster<'a> {
    pub(crate) fn of(world: World<'a>, region: &str) -> Self {
        let alarms = in_region(world, region, |_| true);
        let names = Names::of(&alarms);
        let (composites, parents) = in_order(&alarms, &names);
        let mut roster = Self {
            named: parents.keys().copied().collect(),
            parents,
            watchers: BTreeMap::new(),
            searching: Vec::new(),
            telling: BTreeSet::new(),
            present: alarms.iter().map(|alarm| Possible::seen(alarm)).collect(),
            alarms,
            names,
            composites,
        };
        let suppressors = roster.composites.values();
        let suppressors = suppressors.filter_map(|one| one.suppressor?.1);
        roster.named.extend(suppressors);
        roster.list();
        roster
    }

    /// Notes what the alarms look at, and whom they tell.
    fn list(&mut self) {
        for (at, alarm) in self.alarms.iter().copied().enumerate() {
            if has_topic(alarm) {
                self.telling.insert(at);
            }
            if alarm.is_composite() {
                continue;
            }
            for metric in named_metrics(alarm) {
                self.watchers.entry(metric).or_default().push(at);
            }
            if searched(alarm).is_some() {
                self.searching.push(at);
            }
        }
    }

    pub(crate) fn alarms(&self) -> &[&'a Alarm] {
        &self.alarms
    }

    pub(super) fn alarm(&self, at: usize) -> Option<&'a Alarm> {
        self.alarms.get(at).copied()
    }

    /// The alarms of that name or ARN.
    pub(super) fn called(&self, name: &str) -> &[usize] {
        self.names.called(name)
    }

    /// That name for a new alarm, or one made of it: putting one of a name that is there would replace somebody's alarm.
    pub(crate) fn free_name(&self, name: String) -> String {
        free_name(name, |name| !self.called(name).is_empty())
    }

    /// The states in which the alarms were seen.
    pub(super) fn present(&self) -> &[Possible] {
        &self.present
    }

    /// Whether the alarm was seen in ALARM.
    pub(super) fn is_in_alarm(&self, at: usize) -> bool {
        self.present.get(at) == Some(&Possible::only(State::Alarm))
    }

    pub(super) fn composite(&self, at: usize) -> Option<&Composite<'a>> {
        self.composites.get(&at)
    }

    /// The composite alarms whose rules look at the alarm.
    pub(super) fn parents(&self, at: usize) -> &[usize] {
        self.parents.get(&at).map_or(&[], Vec::as_slice)
    }

    /// Whether a rule or a suppressor names the alarm.
    pub(super) fn is_named(&self, at: usize) -> bool {
        self.named.contains(&at)
    }

    /// Whether the alarm has a topic among its actions.
    pub(super) fn tells(&self, at: usize) -> bool {
        self.telling.contains(&at)
    }

    /// Whether any alarm has a topic among its actions.
    pub(crate) fn tells_anybody(&self) -> bool {
        !self.telling.is_empty()
    }

    /// The metric alarms that look at a metric of the account, or may.
    pub(super) fn watchers(&self, account: &str, metric: &Metric<'_>) -> BTreeSet<usize> {
        let by_name = self.watchers.get(&(metric.namespace, metric.name));
        let candidates = by_name.into_iter().flatten().chain(&self.searching);
        candidates
            .copied()
            .filter(|at| {
                self.alarm(*at)
                    .is_some_and(|alarm| looks_at(alarm, account, metric.name, metric.namespace))
            })
            .collect()
    }
}

/// The alarms of a region that were seen and are asked for, by their names. An account has thousands: what is asked for is looked at
/// first, since it costs less than to read an ARN.
pub(crate) fn in_region<'a>(
    world: World<'a>,
    region: &str,
    is_asked_for: impl Fn(&Alarm) -> bool,
) -> Vec<&'a Alarm> {
    let account = world.account();
    let is_there = |alarm: &Alarm| {
        Arn::parse(&alarm.alarm_arn)
            .is_none_or(|arn| arn.region == region && arn.account == account)
    };
    let mut alarms: Vec<&Alarm> = world.snapshot.alarms.iter().flatten().collect();
    alarms.retain(|alarm| is_asked_for(alarm) && is_there(alarm));
    alarms.sort_by(|one, other| one.alarm_name.cmp(&other.alarm_name));
    alarms
}

/// Namespaces and names of the metrics that an alarm names.
fn named_metrics(alarm: &Alarm) -> BTreeSet<(&str, &str)> {
    let of_queries = alarm
        .metrics
        .iter()
        .filter_map(|query| query.metric_stat.as_ref())
        .map(|stat| (&stat.metric.namespace, &stat.metric.metric_name));
    [(&alarm.namespace, &alarm.metric_name)]
        .into_iter()
        .chain(of_queries)
        .filter_map(|(namespace, name)| Some((namespace.as_deref()?, name.as_deref()?)))
        .collect()
}
