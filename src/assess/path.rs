//! The paths of an account, from a trail to the people, as far as each goes.

use std::cell::OnceCell;

use super::data_protection::{Needed, masking};
use super::fault::{Fault, Tri};
use super::filter::put_command;
use super::index::{Group, GroupKey, Head, Index, Leg};
use super::selector::{EventClass, Source};
use super::tail::Tail;
use super::universe::Slice;
use super::{Link, Warning};
use crate::control::{Benchmark, Control};
use crate::pattern::Pattern;
use crate::snapshot::Arn;

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
        faults.extend(self.faults_of_events(slice));
        faults.sort_by_key(|fault| fault.at);
        faults
    }

    /// What is wrong with the path for these events only.
    fn faults_of_events(&self, slice: &Slice) -> Vec<Fault> {
        let mut faults = self.head.class_faults(&slice.class);
        faults.extend(self.pick_faults(&slice.class));
        faults
    }

    fn pick_faults(&self, class: &EventClass) -> impl Iterator<Item = Fault> {
        let picks = self.tail.iter().flat_map(|tail| &tail.picks);
        picks.filter_map(|pick| pick_fault(pick, class, self.tail))
    }

    /// Whether it carries each slice, of which its trail carries so much.
    fn carried(&self, slices: &[Slice], of_trail: &[Carries]) -> Vec<Carries> {
        let by_itself = Carries::in_spite_of(&self.faults);
        let of_slice = |(slice, of_trail): (&Slice, &Carries)| {
            // Most filters of a log group serve another purpose and are cut for every event.
            if by_itself == Carries::No {
                return Carries::No;
            }
            let picks: Vec<Fault> = self.pick_faults(&slice.class).collect();
            Carries::in_spite_of(&picks).min(by_itself).min(*of_trail)
        };
        slices.iter().zip(of_trail).map(of_slice).collect()
    }

    /// Whether the path carries the slice at this place.
    pub(super) fn carries(&self, slice: usize) -> Carries {
        self.carries.get(slice).copied().unwrap_or(Carries::No)
    }

    /// Whether its filter catches practically every record.
    pub(super) fn is_always_on(&self) -> bool {
        self.leg.is_some_and(|leg| leg.filter.always_on == Tri::Yes)
    }

    /// What the path's filter matches, or all of its filters if several have to; none: everything.
    pub(super) fn pattern(&self) -> Option<&'i Pattern> {
        if let Some(joint) = self.tail.and_then(|tail| tail.joint.as_ref()) {
            return Some(&joint.pattern);
        }
        self.leg.and_then(|leg| leg.filter.pattern.as_ref().ok())
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

/// An alarm that names values of dimensions counts only the events that carry them.
fn pick_fault(
    (field, value): &(String, String),
    class: &EventClass,
    tail: Option<&Tail<'_>>,
) -> Option<Fault> {
    let alarm = tail.and_then(|tail| tail.alarms.first());
    let actual = match (field.as_str(), &class.source) {
        ("$.eventName", _) => class.name.as_deref(),
        ("$.awsRegion", _) => Some(class.region.as_str()),
        ("$.eventSource", Source::One(source)) => Some(source.as_str()),
        ("$.eventType", _) => class.event_type,
        ("$.eventCategory", _) => Some("Management"),
        ("$.recipientAccountId", _) => alarm
            .and_then(|alarm| Arn::parse(&alarm.alarm_arn))
            .map(|arn| arn.account),
        // How a dimension spells a boolean is not documented.
        ("$.readOnly" | "$.managementEvent", _) => {
            return Some(Fault::undecided(
                Link::Metric,
                format!(
                    "The metric is split by {field}, which is no text; whether the events come with {value} is open."
                ),
            ));
        }
        _ => None,
    };
    (actual != Some(value)).then(|| {
        let fault = Fault::broken(
            Link::Metric,
            format!(
                "The metric is split by {field}, and alarm {} looks at {value} only.",
                alarm.map_or("", |alarm| &alarm.alarm_name)
            ),
        );
        alarm.map_or_else(|| fault.clone(), |alarm| fault.clone().on(&alarm.alarm_arn))
    })
}

/// Every path of the account, for a control whose events come in these slices.
pub(super) fn paths<'i, 'a>(
    index: &'i Index<'a>,
    control: &Control,
    slices: &[Slice],
) -> Vec<Path<'i, 'a>> {
    let needed = needed_values(control);
    let mut paths = Vec::new();
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
                let masked = masking(group.world, &key.1, &key.2, &needed);
                trunk.group = Some(group);
                trunk.faults.extend(masked.faults);
                trunk.warnings.extend(masked.warnings);
                if let Some(unseen) = &group.unseen {
                    let mut path = trunk.clone();
                    path.faults.push(unseen.clone());
                    paths.push(path);
                } else if group.legs.is_empty() {
                    let mut path = trunk.clone();
                    path.faults.push(no_filter(control, key));
                    paths.push(path);
                }
                paths.extend(group.legs.iter().flat_map(|leg| of_leg(&trunk, leg)));
            }
        }
        // All paths of a trail have this in common.
        let of_trail: Vec<Carries> = slices
            .iter()
            .map(|slice| Carries::in_spite_of(&head.class_faults(&slice.class)))
            .collect();
        for path in paths.iter_mut().skip(begun) {
            path.carries = path.carried(slices, &of_trail);
        }
    }
    paths
}

/// The ways on from a trail's log group through one filter.
fn of_leg<'i, 'a>(trunk: &Path<'i, 'a>, leg: &'i Leg<'a>) -> Vec<Path<'i, 'a>> {
    let mut path = trunk.clone();
    path.leg = Some(leg);
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

/// The values that filters of a control look for in a record.
fn needed_values(control: &Control) -> Vec<Needed> {
    let mut needed: Vec<Needed> = control
        .event_names
        .iter()
        .map(|name| Needed {
            field: "eventName",
            value: name.clone(),
        })
        .collect();
    // A source is needed where a prescribed pattern asks for it.
    needed.extend(
        control
            .event_sources
            .iter()
            .filter(|source| {
                control
                    .prescribed
                    .iter()
                    .all(|one| one.pattern.text().contains(source.as_str()))
            })
            .map(|source| Needed {
                field: "eventSource",
                value: source.clone(),
            }),
    );
    for (field, value) in [
        ("errorCode", "Client.UnauthorizedOperation"),
        ("errorCode", "AccessDenied"),
        ("errorMessage", "Failed authentication"),
        ("type", "Root"),
    ] {
        let asked = |text: &str| text.contains(value.trim_start_matches("Client."));
        if control
            .prescribed
            .iter()
            .all(|one| asked(one.pattern.text()))
        {
            needed.push(Needed {
                field,
                value: value.to_owned(),
            });
        }
    }
    needed
}

/// The log group has no filter at all, or none that has anything to do with the control.
pub(super) fn no_filter(control: &Control, (_, region, group): &GroupKey) -> Fault {
    Fault::absent(
        Link::Pattern,
        format!("No metric filter of log group {group} catches the events of this control."),
    )
    .on(group)
    .remedy(put_command(
        region,
        group,
        &control.key,
        control.install_text(&Benchmark::Any),
        (&control.metric_name, &control.namespace),
    ))
}
