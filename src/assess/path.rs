//! The paths of an account, from a trail to the people, as far as each goes.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::data_protection::Blindness;
use super::fault::{Fault, Tri};
use super::index::{Group, GroupKey, Head, Index, Leg};
use super::pick::Pick;
use super::put::{free_name, put_metric_filter};
use super::remedy::Command;
use super::selector::EventClass;
use super::tail::Tail;
use super::universe::Slice;
use super::{Link, Warning};
use crate::control::{Benchmark, Control};
use crate::pattern::Pattern;
use crate::snapshot::{MetricFilter, MetricTransformation};

/// Whether a path carries events, if its pattern matches them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Carries {
    No,
    /// What was not seen, or is left open, decides.
    Perhaps,
    Surely,
}

impl Carries {
    /// What faults leave.
    fn in_spite_of(faults: &[Fault]) -> Self {
        if faults.iter().any(Fault::is_broken) {
            Self::No
        } else if faults.is_empty() {
            Self::Surely
        } else {
            Self::Perhaps
        }
    }
}

/// One way from a trail to an end, whole or cut.
#[derive(Debug, Clone)]
pub(super) struct Path<'i, 'a> {
    pub(super) head: &'i Head<'a>,
    pub(super) group: Option<&'i Group<'a>>,
    /// None: nothing is known of filters; the path may catch everything, as far as its faults allow.
    pub(super) leg: Option<&'i Leg<'a>>,
    pub(super) tail: Option<&'i Tail<'a>>,
    /// Faults that do not depend on the event, in the order of the chain.
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Warning>,
    /// What [`super::relevance::Relevance::of`] found.
    pub(super) relevance: OnceCell<usize>,
    /// Whether it carries each slice.
    carries: Vec<Carries>,
}

impl<'i> Path<'i, '_> {
    /// Everything that is wrong with the path for the events of a slice, in the order of the chain.
    pub(super) fn faults_for(&self, slice: &Slice) -> Vec<Fault> {
        let mut faults = self.faults.clone();
        faults.extend(self.head.class_faults(&slice.class));
        faults.sort_by_key(|fault| fault.at);
        faults
    }

    /// Whether the path carries the slice at this place.
    pub(super) fn carries(&self, slice: usize) -> Carries {
        self.carries.get(slice).copied().unwrap_or(Carries::No)
    }

    /// Adds what masking does to a filter's reading.
    fn mask(&mut self, blindness: &Blindness<'_>, pattern: Option<&Pattern>) {
        let (fault, warnings) = pattern.map_or_else(Default::default, |it| blindness.of_filter(it));
        self.faults.extend(fault);
        self.warnings.extend(warnings);
    }

    /// Whether its filter catches practically every record.
    pub(super) fn is_always_on(&self) -> bool {
        self.leg.is_some_and(|leg| leg.filter.always_on == Tri::Yes)
    }

    /// The values that its alarm looks at of what the filter splits its metric by.
    pub(super) fn picks(&self) -> &'i [Pick] {
        self.tail.map_or(&[], |tail| &tail.picks)
    }

    /// What its filter matches of the events that surely have the values that its alarm looks at; none where no pattern
    /// tells them.
    pub(super) fn narrow(&self) -> Option<&'i Pattern> {
        match self.tail {
            Some(tail) if !tail.picks.is_empty() => tail.narrow.as_ref(),
            _ => self.pattern(),
        }
    }

    /// What the path's filter matches, or all of its filters if several have to; none: whatever it may be.
    pub(super) fn pattern(&self) -> Option<&'i Pattern> {
        if let Some(joint) = self.tail.and_then(|tail| tail.joint.as_ref()) {
            return Some(&joint.pattern);
        }
        self.leg.and_then(|leg| leg.filter.pattern_of_records())
    }

    /// Whether the path may catch everything, as far as its faults allow: nothing is known of its filter, or of what that
    /// reads.
    pub(super) fn is_open(&self) -> bool {
        self.leg.is_none_or(|leg| leg.filter.is_of_transformed())
    }
}

impl Head<'_> {
    /// What is wrong with the trail for these events only.
    fn class_faults(&self, class: &EventClass) -> Vec<Fault> {
        match (&self.observed, &self.only_region) {
            (Some(observed), _) => observed.class_faults(class),
            (None, Some(region)) if *region != class.region => vec![Fault::broken(
                Link::Trail,
                format!("No trail that was seen records {}.", class.region),
            )],
            (None, _) => Vec::new(),
        }
    }
}

/// Every path of the account, for a control whose events come in these slices.
pub(super) fn paths<'i, 'a>(
    index: &'i Index<'a>,
    control: &Control,
    slices: &[Slice],
) -> Vec<Path<'i, 'a>> {
    let mut paths = Vec::new();
    let mut blind = BTreeMap::new();
    for head in &index.heads {
        let begun = paths.len();
        let mut trunk = Path {
            head,
            group: None,
            leg: None,
            tail: None,
            faults: head.faults.clone(),
            warnings: head.delivery.warnings.clone(),
            relevance: OnceCell::new(),
            carries: Vec::new(),
        };
        trunk.faults.extend(head.delivery.faults.iter().cloned());
        let group = head.group.as_ref();
        match group.and_then(|key| Some((key, index.groups.get(key)?))) {
            None => paths.push(trunk),
            Some((key, group)) => {
                let blindness = blind
                    .entry(key)
                    .or_insert_with(|| group.masking.of_control(control));
                trunk.group = Some(group);
                trunk.faults.extend(group.masking.faults.iter().cloned());
                let warnings = group.masking.warnings.iter().cloned();
                trunk.warnings.extend(warnings);
                let without = match &group.unseen {
                    None if group.legs.is_empty() => Some(no_filter(control, key, Some(group))),
                    unseen => unseen.clone(),
                };
                if let Some(without) = without {
                    let mut path = trunk.clone();
                    // A filter that is not there, or not seen, would look for what is prescribed.
                    let prescribed = control.prescribed.first();
                    path.mask(blindness, prescribed.map(|one| &one.pattern));
                    path.faults.push(without);
                    paths.push(path);
                }
                let legs = group.legs.iter();
                paths.extend(legs.flat_map(|leg| of_leg(&trunk, leg, blindness)));
            }
        }
        // All paths of a trail have this in common.
        let of_trail: Vec<Carries> = slices
            .iter()
            .map(|slice| Carries::in_spite_of(&head.class_faults(&slice.class)))
            .collect();
        for path in paths.iter_mut().skip(begun) {
            let by_itself = Carries::in_spite_of(&path.faults);
            let carries = of_trail.iter().map(|of_trail| by_itself.min(*of_trail));
            path.carries = carries.collect();
        }
    }
    paths
}

/// The ways on from a trail's log group through one filter.
fn of_leg<'i, 'a>(
    trunk: &Path<'i, 'a>,
    leg: &'i Leg<'a>,
    blindness: &Blindness<'_>,
) -> Vec<Path<'i, 'a>> {
    let mut path = trunk.clone();
    path.leg = Some(leg);
    path.mask(blindness, leg.filter.pattern.as_ref().ok());
    path.faults.extend(leg.faults.iter().cloned());
    if leg.tails.is_empty() {
        return vec![path];
    }
    let of_tail = |tail: &'i Tail<'a>| {
        let mut path = path.clone();
        path.tail = Some(tail);
        path.faults.extend(tail.faults.iter().cloned());
        path.warnings.extend(tail.warnings.iter().cloned());
        path
    };
    leg.tails.iter().map(of_tail).collect()
}

/// The log group has no filter at all, or none that has anything to do with the control.
pub(super) fn no_filter(
    control: &Control,
    (_, region, name): &GroupKey,
    group: Option<&Group<'_>>,
) -> Fault {
    Fault::absent(
        Link::Pattern,
        format!("No metric filter of log group {name} catches the events of this control."),
    )
    .on(name)
    .remedy(put_beside(
        control,
        (region, name),
        group,
        metric_of(control),
    ))
}

/// The control's own metric, which counts matches.
pub(super) fn metric_of(control: &Control) -> MetricTransformation {
    MetricTransformation {
        metric_name: control.metric_name.clone(),
        metric_namespace: control.namespace.clone(),
        ..MetricTransformation::default()
    }
}

/// The command that puts a filter with the control's own pattern beside those that are on the log group, and lets it count in a
/// metric.
pub(super) fn put_beside(
    control: &Control,
    (region, name): (&str, &str),
    group: Option<&Group<'_>>,
    metric: MetricTransformation,
) -> Command {
    let is_taken = |name: &str| {
        let mut legs = group.iter().flat_map(|group| &group.legs);
        legs.any(|leg| leg.filter.seen.filter_name == name)
    };
    put_metric_filter(&MetricFilter {
        region: region.to_owned(),
        log_group_name: name.to_owned(),
        filter_name: free_name(control.key.clone(), is_taken),
        filter_pattern: Some(control.install_text(&Benchmark::Any).to_owned()),
        metric_transformations: vec![MetricTransformation {
            metric_value: "1".to_owned(),
            ..metric
        }],
        ..MetricFilter::default()
    })
}
