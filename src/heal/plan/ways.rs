//! The ways to mend a finding, in the order in which they are tried.

use crate::assess::Link;

use super::act::{Act, Candidate, Site};
use super::effect::Effect;
use super::{alarm, filter, notify, restore, source};

/// The least intrusive first: what was there on this link, what was there on the others, what the benchmark prescribes.
pub(super) fn candidates(site: &Site) -> Vec<Candidate> {
    let link = site.finding.link;
    let (own, others): (Vec<_>, Vec<_>) = restore::restorations(site)
        .into_iter()
        .partition(|(restored, _)| place(*restored) == place(link));
    let prescribed = match link {
        Link::Trail => source::trail(site),
        Link::Selector => source::selector(site),
        Link::LogGroup => source::log_group(site),
        Link::Pattern | Link::Metric => filter::beside(site),
        Link::Alarm | Link::Action => alarm::prescribed(site),
        Link::Topic => notify::topic(site),
        Link::Subscription => notify::subscription(site),
        Link::Visibility | Link::CrossAccount => Vec::new(),
    };
    let restored = own.into_iter().chain(others).map(|(_, acts)| acts);
    restored
        .chain(prescribed)
        .filter(|acts| !acts.is_empty())
        .collect()
}

/// Links that are settings of the same resource count as one.
fn place(link: Link) -> Link {
    match link {
        Link::Metric => Link::Pattern,
        Link::Action => Link::Alarm,
        link => link,
    }
}

/// The question that remains where nothing is left to try.
pub(super) fn last_resort(site: &Site) -> Act {
    let finding = site.finding;
    if place(finding.link) == Link::Alarm
        && let Some(act) = alarm::ask_for_a_topic(site)
    {
        return act;
    }
    let command = finding
        .remedy
        .clone()
        .unwrap_or_else(|| "trailwarden check".to_owned());
    Act::ask(
        finding.link,
        format!("mend {} by hand", finding.link),
        finding.message.clone(),
        command,
        Effect::Unforeseen,
    )
}
