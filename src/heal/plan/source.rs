//! Trail, selectors and log group.

use crate::assess::Link;
use crate::heal::Repair;
use crate::heal::model::{group_exists, trails};
use crate::snapshot::{
    AdvancedEventSelector, AdvancedFieldSelector, EventSelector, EventSelectors, Trail,
};

use super::act::{Act, Candidate, Site, home_of, own_group};

/// A trail has at most five basic selectors (API page of PutEventSelectors).
const MOST_SELECTORS: usize = 5;

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

fn is_management(selector: &AdvancedEventSelector) -> bool {
    selector
        .field_selectors
        .iter()
        .any(|field| field.field == "eventCategory" && field.equals == ["Management"])
}

/// The present selectors with the known ones of the same kind beside them, or with one for all management events; none
/// where the trail can take no more.
fn widened(present: &EventSelectors, known: Option<&EventSelectors>) -> Option<EventSelectors> {
    if let Some(advanced) = present
        .advanced_event_selectors
        .as_ref()
        .filter(|selectors| !selectors.is_empty())
    {
        let known = known.and_then(|known| known.advanced_event_selectors.as_ref());
        let advanced = beside(advanced, known, all_management_advanced);
        return Some(EventSelectors {
            event_selectors: None,
            advanced_event_selectors: Some(advanced),
        });
    }
    // A basic selector without data events that was not enough for management events adds nothing.
    let kept: Vec<EventSelector> = present
        .event_selectors
        .iter()
        .flatten()
        .filter(|selector| !selector.data_resources.is_empty())
        .cloned()
        .collect();
    let known = known.and_then(|known| known.event_selectors.as_ref());
    let basic = beside(&kept, known, all_management);
    (basic.len() <= MOST_SELECTORS).then_some(EventSelectors {
        event_selectors: Some(basic),
        advanced_event_selectors: None,
    })
}

fn beside<S: Clone + PartialEq>(
    present: &[S],
    known: Option<&Vec<S>>,
    otherwise: fn() -> S,
) -> Vec<S> {
    let mut selectors = present.to_vec();
    for selector in known.into_iter().flatten() {
        if !selectors.contains(selector) {
            selectors.push(selector.clone());
        }
    }
    if selectors.len() == present.len() {
        selectors.push(otherwise());
    }
    selectors
}

fn all_management() -> EventSelector {
    EventSelector {
        read_write_type: Some("All".to_owned()),
        include_management_events: Some(true),
        ..EventSelector::default()
    }
}

fn all_management_advanced() -> AdvancedEventSelector {
    AdvancedEventSelector {
        name: Some("Management events".to_owned()),
        field_selectors: vec![AdvancedFieldSelector {
            field: "eventCategory".to_owned(),
            equals: vec!["Management".to_owned()],
            ..AdvancedFieldSelector::default()
        }],
    }
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
