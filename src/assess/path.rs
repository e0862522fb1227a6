//! The paths of an account, from a trail to the people, as far as each goes.

use serde_json::{Value, json};

use super::data_protection::{Needed, masking};
use super::fault::{Certainty, Fault, Tri};
use super::filter::put_command;
use super::index::{Group, GroupKey, Head, Index, Leg};
use super::pick::Pick;
use super::tail::Tail;
use super::universe::Slice;
use super::{Link, Warning};
use crate::control::{Benchmark, Control, Prescribed};
use crate::pattern::Pattern;

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
    /// How much the filter has to do with the required events; 0: nothing.
    pub(super) relevance: usize,
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
        let mut faults = Vec::new();
        match (&self.head.observed, &self.head.only_region) {
            (Some(observed), _) => faults.extend(observed.class_faults(&slice.class)),
            (None, Some(region)) if *region != slice.class.region => faults.push(Fault::broken(
                Link::Trail,
                format!("No trail that was seen records {}.", slice.class.region),
            )),
            (None, _) => {}
        }
        faults
    }

    /// Whether the path carries the events of a slice that its pattern matches; none: it does not.
    pub(super) fn carries(&self, slice: &Slice) -> Option<Certainty> {
        // Most filters of a log group serve another purpose and are cut for every event.
        if self.faults.iter().any(Fault::is_broken) {
            return None;
        }
        let of_events = self.faults_of_events(slice);
        if of_events.iter().any(Fault::is_broken) {
            None
        } else if self.faults.is_empty() && of_events.is_empty() {
            Some(Certainty::Broken)
        } else {
            Some(Certainty::Undecided)
        }
    }

    /// Whether its filter catches practically every record.
    pub(super) fn is_always_on(&self) -> bool {
        self.leg.is_some_and(|leg| leg.filter.always_on == Tri::Yes)
    }

    /// Whether its filter catches an everyday event of a required name.
    pub(super) fn catches_usual(&self) -> bool {
        self.relevance >= A_CATCH
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

    /// What the path's filter matches, or all of its filters if several have to; none: everything.
    pub(super) fn pattern(&self) -> Option<&'i Pattern> {
        if let Some(joint) = self.tail.and_then(|tail| tail.joint.as_ref()) {
            return Some(&joint.pattern);
        }
        self.leg.and_then(|leg| leg.filter.pattern.as_ref().ok())
    }
}

/// Every path of the account, for a required pattern of a control.
pub(super) fn paths<'i, 'a>(
    index: &'i Index<'a>,
    control: &Control,
    required: &Prescribed,
) -> Vec<Path<'i, 'a>> {
    let needed = needed_values(control);
    let usual = usual_events(control, required);
    let required_words = words(required.pattern.text());
    let mut paths = Vec::new();
    for head in &index.heads {
        let mut faults = head.faults.clone();
        faults.extend(head.delivery.faults.iter().cloned());
        let mut warnings = head.delivery.warnings.clone();
        let Some((key, group)) = head
            .group
            .as_ref()
            .and_then(|key| Some((key, index.groups.get(key)?)))
        else {
            paths.push(Path {
                head,
                group: None,
                leg: None,
                tail: None,
                faults,
                warnings,
                relevance: 0,
            });
            continue;
        };
        let masked = masking(group.world, &key.1, &key.2, &needed);
        faults.extend(masked.faults);
        warnings.extend(masked.warnings);
        let trunk = Path {
            head,
            group: Some(group),
            leg: None,
            tail: None,
            faults,
            warnings,
            relevance: 0,
        };
        if let Some(unseen) = &group.unseen {
            let mut path = trunk.clone();
            path.faults.push(unseen.clone());
            paths.push(path);
        } else if group.legs.is_empty() {
            let mut path = trunk.clone();
            path.faults.push(no_filter(control, key));
            paths.push(path);
        }
        for leg in &group.legs {
            let mut path = trunk.clone();
            path.leg = Some(leg);
            path.relevance = relevance(leg, &required_words, &usual);
            path.faults.extend(leg.faults.iter().cloned());
            if leg.tails.is_empty() {
                paths.push(path);
                continue;
            }
            paths.extend(leg.tails.iter().map(|tail| {
                let mut path = path.clone();
                path.tail = Some(tail);
                path.faults.extend(tail.faults.iter().cloned());
                path.warnings.extend(tail.warnings.iter().cloned());
                path
            }));
        }
    }
    paths
}

/// A usual event of each required name.
fn usual_events(control: &Control, required: &Prescribed) -> Vec<Value> {
    let source = control
        .event_sources
        .first()
        .map_or("ec2.amazonaws.com", String::as_str);
    let event = |name: &String| {
        json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/alice", "userName": "alice"
            },
            "eventTime": "2026-01-01T00:00:00Z",
            "eventSource": source,
            "eventName": name,
            "awsRegion": "us-east-1",
            "sourceIPAddress": "192.0.2.1",
            "userAgent": "aws-cli/2",
            "readOnly": false,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "eventCategory": "Management"
        })
    };
    required.event_names.iter().map(event).collect()
}

/// What a usual event that is caught counts for in the relevance; patterns share fewer words than that.
const A_CATCH: usize = 100;

/// How much a filter has to do with the required events: usual ones that it catches, words that it shares. For choosing
/// what to report, not for proving.
fn relevance(leg: &Leg<'_>, required_words: &[&str], usual: &[Value]) -> usize {
    let text = leg
        .filter
        .seen
        .filter_pattern
        .as_deref()
        .unwrap_or_default();
    let shared = required_words
        .iter()
        .filter(|word| text.contains(*word))
        .count();
    if leg.filter.always_on == Tri::Yes {
        // It counts all events for another purpose, unless somebody is to be told of them.
        let tells = leg.tails.iter().any(|tail| tail.reached > Link::Action);
        return shared + usize::from(tells);
    }
    let Ok(pattern) = &leg.filter.pattern else {
        return shared;
    };
    let caught = usual
        .iter()
        .filter(|event| !pattern.matches_event(event).is_no())
        .count();
    caught * A_CATCH + shared
}

/// Words of a pattern that tell it from others.
fn words(text: &str) -> Vec<&str> {
    const COMMON: [&str; 8] = [
        "eventName",
        "eventSource",
        "amazonaws",
        "com",
        "EXISTS",
        "NOT",
        "eventType",
        "userIdentity",
    ];
    let mut words: Vec<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| word.len() >= 3 && !COMMON.contains(word))
        .collect();
    words.sort_unstable();
    words.dedup();
    words
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
