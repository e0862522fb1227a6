//! Trail, selectors and log group.

use crate::assess::{Link, is_management, widened};
use crate::heal::Repair;
use crate::heal::model::{group_exists, trails};
use crate::snapshot::{EventSelectors, Trail};

use super::act::{Act, Candidate, Site, home_of, own_group};

/// The trails of this account that the finding may be about: the best path's, or the one that it names.
fn own_trails<'a>(site: &Site<'a>) -> Vec<&'a Trail> {
    let mut own: Vec<&Trail> = Vec::new();
    for trail in trails(site.snapshot) {
        let on_path = site
            .chain
            .trail
            .as_ref()
            .is_some_and(|path| path.trail_arn == trail.trail_arn);
        let named = site.finding.resource.as_deref() == Some(trail.trail_arn.as_str());
        if (on_path || named)
            && site.is_own(&trail.trail_arn)
            && own.iter().all(|other| other.trail_arn != trail.trail_arn)
        {
            own.push(trail);
        }
    }
    own
}

/// The trails of the path start, and record every region. Where the last known good trail is gone a person decides, and no
/// other trail takes its place.
pub(super) fn trail(site: &Site) -> Vec<Candidate> {
    let gone = site
        .brief
        .known
        .and_then(|known| known.trail.as_ref())
        .is_some_and(|known| trails(site.snapshot).all(|trail| trail.trail_arn != known.trail_arn));
    if gone {
        return Vec::new();
    }
    own_trails(site)
        .into_iter()
        .flat_map(|trail| [start(site, trail), every_region(trail)])
        .collect()
}

pub(super) fn start(site: &Site, trail: &Trail) -> Candidate {
    let stopped = site
        .snapshot
        .trail_status
        .get(&trail.trail_arn)
        .is_some_and(|status| status.is_logging == Some(false));
    if !stopped {
        return Vec::new();
    }
    vec![Act::write(
        Link::Trail,
        format!("start trail {} again", trail.name),
        Repair::StartLogging {
            region: home_of(trail),
            trail_arn: trail.trail_arn.clone(),
        },
    )]
}

pub(super) fn every_region(trail: &Trail) -> Candidate {
    if trail.is_multi_region_trail {
        return Vec::new();
    }
    vec![Act::write(
        Link::Trail,
        format!("let trail {} record every region", trail.name),
        Repair::UpdateTrail {
            region: home_of(trail),
            trail_arn: trail.trail_arn.clone(),
            multi_region: Some(true),
            delivery: None,
        },
    )]
}

pub(super) fn selector(site: &Site) -> Vec<Candidate> {
    own_trails(site)
        .into_iter()
        .map(|trail| select(site, trail, None))
        .collect()
}

/// Event selectors that record what is needed: those that were there, as long as no data events are lost by it, else the
/// present ones with those, or with one for all management events, beside them.
pub(super) fn select(site: &Site, trail: &Trail, known: Option<&EventSelectors>) -> Candidate {
    let Some(present) = site.snapshot.event_selectors.get(&trail.trail_arn) else {
        return Vec::new();
    };
    let wanted = match known {
        Some(known) if loses_nothing(present, known) => Some(known.clone()),
        _ => widened(present, known),
    };
    let Some(selectors) = wanted.filter(|wanted| wanted != present && !records_by_default(wanted))
    else {
        return Vec::new();
    };
    vec![Act::write(
        Link::Selector,
        format!("let trail {} record management events", trail.name),
        Repair::PutEventSelectors {
            region: home_of(trail),
            trail_arn: trail.trail_arn.clone(),
            selectors,
        },
    )]
}

/// No selector of either kind: AWS then records all management events, and PutEventSelectors refuses to be told so.
fn records_by_default(selectors: &EventSelectors) -> bool {
    selectors.event_selectors.as_ref().is_none_or(Vec::is_empty)
        && selectors
            .advanced_event_selectors
            .as_ref()
            .is_none_or(Vec::is_empty)
}

/// Whether the known selectors may replace the present ones: all data events that are recorded now are among them.
fn loses_nothing(present: &EventSelectors, known: &EventSelectors) -> bool {
    let basic = known.event_selectors.as_deref().unwrap_or_default();
    let advanced = known
        .advanced_event_selectors
        .as_deref()
        .unwrap_or_default();
    !records_by_default(known)
        && present
            .event_selectors
            .iter()
            .flatten()
            .all(|selector| selector.data_resources.is_empty() || basic.contains(selector))
        && present
            .advanced_event_selectors
            .iter()
            .flatten()
            .all(|selector| is_management(selector) || advanced.contains(selector))
}

pub(super) fn log_group(site: &Site) -> Vec<Candidate> {
    own_trails(site)
        .into_iter()
        .map(|trail| group(site, trail))
        .collect()
}

/// The log group that the trail names, if nothing shows it.
pub(super) fn group(site: &Site, trail: &Trail) -> Candidate {
    let Some((region, name)) = own_group(site.snapshot, trail) else {
        return Vec::new();
    };
    if group_exists(site.snapshot, &region, &name) || !site.saw("logs:DescribeLogGroups", &region) {
        return Vec::new();
    }
    vec![Act::write(
        Link::LogGroup,
        format!(
            "create log group {name}, which trail {} delivers to",
            trail.name
        ),
        Repair::CreateLogGroup { region, name },
    )]
}
