//! What is said of a path: findings, the state of each link, the resources that it is made of.

use std::rc::Rc;
use std::sync::Arc;

use super::coverage::Gap;
use super::fault::Fault;
use super::index::Index;
use super::path::Path;
use super::remedy::Command;
use super::{Assessment, Chain, Finding, Link, LinkState, Verdict, Warning, log_group};
use crate::control::Control;
use crate::snapshot::{Arn, LogGroup};

/// Writes the faults of the best path down.
pub(super) fn report(
    assessment: &mut Assessment,
    path: Option<&Path<'_, '_>>,
    faults: &[Fault],
    gap: &Gap,
) {
    let decisive = || {
        let any_broken = faults.iter().any(Fault::is_broken);
        faults
            .iter()
            .filter(move |fault| fault.is_broken() || !any_broken)
    };
    // What is not there outranks what is there and wrong: nothing else can be tried before it is made.
    let first = decisive()
        .find(|fault| fault.absent)
        .or_else(|| decisive().next());
    assessment.broken_link = first.map(|fault| fault.named);
    assessment.findings = faults
        .iter()
        .map(|fault| {
            let finding = finding(fault, first, assessment.verdict, gap);
            match path.and_then(|path| elsewhere(path, fault)) {
                Some(account) => finding_of(account, finding),
                None => finding,
            }
        })
        .collect();
    let reached = path.map_or(Link::Trail, reached);
    assessment.links = Link::CHAIN
        .into_iter()
        .map(|link| {
            let of_link = || faults.iter().filter(|fault| fault.at == link);
            let state = if of_link().any(Fault::is_broken) {
                LinkState::Broken
            } else if of_link().next().is_some()
                || link > reached
                || (link == Link::Topic && assessment.chain.topic.is_none())
            {
                LinkState::Undecided
            } else {
                LinkState::Ok
            };
            (link, state)
        })
        .collect();
}

fn finding(fault: &Fault, first: Option<&Fault>, verdict: Verdict, gap: &Gap) -> Finding {
    let is_first = first.is_some_and(|first| std::ptr::eq(first, fault));
    let tells_events = verdict == Verdict::Fail && (is_first || fault.at == Link::Pattern);
    let text = |text: &Option<Rc<str>>| text.as_deref().map(str::to_owned);
    Finding {
        link: fault.named,
        resource: text(&fault.resource),
        message: fault.message.to_string(),
        remedy: text(&fault.remedy),
        missing_events: match (tells_events, fault.at) {
            (false, _) => Vec::new(),
            (true, Link::Pattern) if !gap.uncaught.is_empty() => gap.uncaught.clone(),
            (true, _) => gap.missing.clone(),
        },
        counterexample: if tells_events {
            gap.event.clone()
        } else {
            None
        },
    }
}

/// The account in which a fault is to be mended, if that is another than the judged one.
fn elsewhere<'f>(path: &'f Path<'_, '_>, fault: &'f Fault) -> Option<&'f str> {
    let observed = path.head.observed.as_ref()?;
    let of_group = path.head.group.as_ref();
    let of_group = of_group.map_or(observed.account(), |(account, _, _)| account.as_str());
    let topic = path.tail.and_then(|tail| tail.topic);
    let of_topic = topic.and_then(|topic| Arn::topic(&topic.topic_arn));
    let of_resource = fault.resource.as_deref().and_then(Arn::parse);
    let account = match fault.at {
        Link::Trail | Link::Selector => observed.account(),
        Link::Topic => of_resource.or(of_topic).map_or(of_group, |arn| arn.account),
        Link::Subscription => of_topic.or(of_resource).map_or(of_group, |arn| arn.account),
        _ => of_group,
    };
    let is_other = !account.is_empty() && account != observed.seen_from.account();
    (fault.is_broken() && is_other).then_some(account)
}

/// What is wrong in another account says so, unless the resource does, and that its remedy is meant for there.
fn finding_of(account: &str, finding: Finding) -> Finding {
    let resource = finding.resource.as_deref().and_then(Arn::parse);
    let is_told = resource.is_some_and(|arn| arn.account == account);
    let place = |text: String| format!("In account {account}: {text}");
    Finding {
        message: if is_told {
            finding.message
        } else {
            place(finding.message)
        },
        remedy: finding.remedy.map(place),
        ..finding
    }
}

/// There is nothing to follow.
pub(super) fn no_trail(index: &Index<'_>, control: &Control) -> Fault {
    let region = index
        .world
        .snapshot
        .observer_region
        .as_deref()
        .or_else(|| {
            index
                .world
                .snapshot
                .enabled_regions
                .first()
                .map(String::as_str)
        })
        .unwrap_or("us-east-1");
    Fault::absent(
        Link::Trail,
        format!("The account has no trail: nothing records the events of {}.", control.key),
    )
    .remedy(
        Command::new("cloudtrail create-trail", region)
            .raw("--name NAME --s3-bucket-name BUCKET --is-multi-region-trail")
            .raw("--cloud-watch-logs-log-group-arn LOG_GROUP_ARN --cloud-watch-logs-role-arn ROLE_ARN"),
    )
}

/// The proof went neither way.
pub(super) fn undecided_pattern(gap: &Gap) -> String {
    match gap.reason {
        Some(reason) => format!(
            "Whether the metric filters together match every required event cannot be decided: {reason}."
        ),
        None => "Whether the metric filters together match every required event cannot be decided."
            .to_owned(),
    }
}

/// The place of a link in the chain.
pub(super) fn position(link: Link) -> usize {
    Link::CHAIN
        .iter()
        .position(|other| *other == link)
        .unwrap_or(usize::MAX)
}

fn reached(path: &Path<'_, '_>) -> Link {
    match (path.tail, path.leg, path.group) {
        (Some(tail), _, _) => tail.reached,
        (None, Some(_), _) => Link::Metric,
        (None, None, Some(_)) => Link::Pattern,
        (None, None, None) if path.head.observed.is_some() => Link::LogGroup,
        (None, None, None) => Link::Trail,
    }
}

/// The home region of a path's chain, for labels.
pub(super) fn region(path: &Path<'_, '_>) -> Option<String> {
    let of_group = path
        .head
        .group
        .as_ref()
        .map(|(_, region, _)| region.clone());
    of_group.or_else(|| {
        path.head
            .observed
            .map(|observed| observed.home().to_owned())
    })
}

/// Adds a path's resources to a chain, each once.
pub(super) fn extend_chain(chain: &mut Chain, path: &Path<'_, '_>) {
    if let Some(observed) = path.head.observed {
        chain
            .trail
            .get_or_insert_with(|| Arc::new(observed.trail.clone()));
        if chain.selectors.is_none() {
            chain.selectors = observed.selectors().cloned().map(Arc::new);
        }
    }
    let is_there = path
        .faults
        .iter()
        .all(|fault| fault.at != Link::LogGroup || !fault.absent);
    if let (Some((_, region, name)), Some(group), true) = (&path.head.group, path.group, is_there) {
        chain.log_group.get_or_insert_with(|| {
            let listed = log_group::listed(group.world, region, name).cloned();
            Arc::new(listed.unwrap_or_else(|| LogGroup {
                region: region.clone(),
                log_group_name: name.clone(),
                log_group_class: None,
            }))
        });
    }
    if let Some(leg) = path.leg {
        push_new(&mut chain.filters, leg.filter.seen);
    }
    if let Some(tail) = path.tail {
        for filter in tail.joint.iter().flat_map(|joint| &joint.filters) {
            push_new(&mut chain.filters, filter);
        }
        for alarm in &tail.alarms {
            push_new(&mut chain.alarms, alarm);
        }
        if let Some(topic) = tail.topic {
            chain.topic.get_or_insert_with(|| Arc::new(topic.clone()));
        }
        for subscription in &tail.subscriptions {
            if !chain
                .subscriptions
                .iter()
                .any(|one| **one == **subscription)
            {
                chain.subscriptions.push(Arc::new((*subscription).clone()));
            }
        }
    }
}

fn push_new<T: Clone + PartialEq>(list: &mut Vec<T>, item: &T) {
    if !list.contains(item) {
        list.push(item.clone());
    }
}

pub(super) fn add_warnings(warnings: &mut Vec<Warning>, more: &[Warning]) {
    for warning in more {
        push_new(warnings, warning);
    }
}
