//! In which order are composite alarms judged? Each after everything that its rule looks at.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::roster::Names;
use super::rule::{Rule, mentions};
use crate::snapshot::Alarm;

/// A composite alarm with its rule read.
#[derive(Debug)]
pub(super) struct Composite<'a> {
    pub(super) alarm: &'a Alarm,
    /// None where it cannot be read.
    pub(super) rule: Option<Rule<Option<usize>>>,
    /// The alarms that the rule looks at; all that it mentions where it cannot be read.
    pub(super) below: Vec<usize>,
    /// Name and place of its suppressor; no place where that was not seen.
    pub(super) suppressor: Option<(&'a str, Option<usize>)>,
    /// Higher than that of each composite alarm below, unless there is a circle.
    pub(super) rank: usize,
    /// It is in a circle of rules, or above one.
    pub(super) is_circular: bool,
}

impl<'a> Composite<'a> {
    fn of(alarm: &'a Alarm, names: &Names<'_>) -> Self {
        let text = alarm.alarm_rule.as_deref().unwrap_or_default();
        let rule = Rule::parse(text);
        let below: Vec<String> = match &rule {
            Some(rule) => rule.children().into_iter().cloned().collect(),
            None => mentions(text),
        };
        let below: BTreeSet<usize> = below
            .iter()
            .flat_map(|name| names.called(name))
            .copied()
            .collect();
        let suppressor = alarm.actions_suppressor.as_deref();
        let suppressor = suppressor.filter(|name| !name.is_empty());
        Self {
            alarm,
            rule: rule.map(|rule| rule.resolve(&|name| names.find(name))),
            below: below.into_iter().collect(),
            suppressor: suppressor.map(|name| (name, names.find(name))),
            rank: usize::MAX,
            is_circular: true,
        }
    }
}

/// The composite alarms by their place among all.
pub(super) type Composites<'a> = BTreeMap<usize, Composite<'a>>;

/// The composite alarms whose rules look at an alarm, by its place.
pub(super) type Parents = BTreeMap<usize, Vec<usize>>;

/// The composite alarms with the order in which they are judged, and their places by what they look at. What only suppresses has
/// no part in it: a suppressor decides whether an alarm acts, not which state it is in.
pub(super) fn in_order<'a>(alarms: &[&'a Alarm], names: &Names<'a>) -> (Composites<'a>, Parents) {
    let all = alarms.iter().copied().enumerate();
    let mut composites: Composites<'a> = all
        .filter(|(_, alarm)| alarm.is_composite())
        .map(|(at, alarm)| (at, Composite::of(alarm, names)))
        .collect();
    let mut parents = Parents::new();
    let mut waits: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, composite) in &composites {
        let below = composite.below.iter();
        let awaited = below.clone().filter(|child| composites.contains_key(child));
        waits.insert(*at, awaited.count());
        for child in below {
            parents.entry(*child).or_default().push(*at);
        }
    }
    let free = waits.iter().filter(|(_, count)| **count == 0);
    let mut ready: VecDeque<usize> = free.map(|(at, _)| *at).collect();
    let mut rank = 0;
    while let Some(at) = ready.pop_front() {
        if let Some(composite) = composites.get_mut(&at) {
            composite.rank = rank;
            composite.is_circular = false;
            rank += 1;
        }
        for parent in parents.get(&at).into_iter().flatten() {
            let Some(count) = waits.get_mut(parent) else {
                continue;
            };
            *count = count.saturating_sub(1);
            if *count == 0 {
                ready.push_back(*parent);
            }
        }
    }
    (composites, parents)
}
