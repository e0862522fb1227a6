//! Everything about an account that does not depend on the control, worked out once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::alarm::{Fed, Mutes, Relations, Roster, Trips};
use super::data_protection::Masking;
use super::fault::Fault;
use super::filter::Filter;
use super::log_group::{self, Delivery};
use super::proofs::Proofs;
use super::tail::{Tail, tails};
use super::trail::Observed;
use super::world::World;
use super::{Expectations, Link};
use crate::snapshot::LogGroupArn;
use crate::snapshot::{MetricFilter, Snapshot, Trail};

/// A snapshot with its chains followed, for any number of controls.
#[derive(Debug)]
pub struct Index<'a> {
    pub(super) proofs: &'a Proofs,
    pub(super) world: World<'a>,
    pub(super) heads: Vec<Head<'a>>,
    pub(super) groups: BTreeMap<GroupKey, Group<'a>>,
    /// What [`Index::names`] found.
    named: RefCell<BTreeMap<String, bool>>,
}

/// Account, region and name of a log group.
pub(super) type GroupKey = (String, String, String);

/// A trail up to its log group.
#[derive(Debug)]
pub(super) struct Head<'a> {
    /// None: a trail that may exist and was not seen.
    pub(super) observed: Option<Observed<'a>>,
    /// None where the records cannot be followed.
    pub(super) group: Option<GroupKey>,
    pub(super) delivery: Delivery,
    /// Faults of the trail itself, whatever the event is.
    pub(super) faults: Vec<Fault>,
    /// For an unseen trail: the only region that it may record.
    pub(super) only_region: Option<String>,
}

/// A log group with the filters on it.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) world: World<'a>,
    pub(super) legs: Vec<Leg<'a>>,
    /// Filters may be there that were not seen.
    pub(super) unseen: Option<Fault>,
    /// What its filters do not get to read.
    pub(super) masking: Masking,
}

/// A filter with every way on from it.
#[derive(Debug)]
pub(super) struct Leg<'a> {
    pub(super) filter: Filter<'a>,
    pub(super) faults: Vec<Fault>,
    pub(super) tails: Vec<Tail<'a>>,
}

impl Leg<'_> {
    fn asks_for(&self, field: &str) -> bool {
        let of_tails = self.tails.iter().flat_map(|tail| {
            let joint = tail.joint.as_ref().map(|joint| &joint.pattern);
            tail.narrow.iter().chain(joint)
        });
        let mut patterns = self.filter.pattern_of_records().into_iter().chain(of_tails);
        patterns.any(|pattern| pattern.text().contains(field))
    }
}

/// A region of an account, with what its log groups have in common.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub(super) world: World<'a>,
    pub(super) region: String,
    /// All metric filters.
    pub(super) filters: Vec<Filter<'a>>,
    /// All alarms, as far as they were seen.
    pub(super) alarms: Roster<'a>,
    pub(super) mutes: Mutes<'a>,
    pub(super) fed: Fed,
    pub(super) trips: Trips,
    pub(super) relations: Rc<Relations<'a>>,
}

impl<'a> Place<'a> {
    /// `judged` is the account whose events are asked about; its records are here too.
    fn new(
        world: World<'a>,
        judged: World<'a>,
        region: &str,
        proofs: &Proofs,
        relations: &Rc<Relations<'a>>,
    ) -> Self {
        let filters = world.snapshot.metric_filters.iter().flatten();
        let mut seen: Vec<&'a MetricFilter> =
            filters.filter(|filter| filter.region == *region).collect();
        seen.sort_by(|one, other| {
            (&one.log_group_name, &one.filter_name)
                .cmp(&(&other.log_group_name, &other.filter_name))
        });
        let filters: Vec<Filter<'a>> = seen
            .into_iter()
            .map(|filter| Filter::new(filter, &[world, judged], proofs))
            .collect();
        let alarms = Roster::of(world, region);
        Self {
            world,
            region: region.to_owned(),
            fed: Fed::of(world.account(), &filters, &alarms),
            filters,
            mutes: Mutes::of(world, region, &alarms),
            trips: Trips::default(),
            alarms,
            relations: Rc::clone(relations),
        }
    }
}

impl<'a> Index<'a> {
    /// Follows the chains of a snapshot. What is proved is looked up in `proofs`, and left there.
    pub fn new(snapshot: &'a Snapshot, expectations: &Expectations, proofs: &'a Proofs) -> Self {
        let world = World { snapshot };
        let others: Vec<World<'a>> = snapshot
            .other_accounts
            .iter()
            .map(|snapshot| World { snapshot })
            .collect();
        let mut heads: Vec<Head<'a>> = trails(world, &others)
            .into_iter()
            .map(|observed| head(observed, world, &others))
            .collect();
        heads.extend(unseen_trails(world, heads.is_empty()));
        let mut groups = BTreeMap::new();
        let mut places = BTreeMap::new();
        let relations = Relations::new(proofs);
        for key in heads.iter().filter_map(|head| head.group.as_ref()) {
            if !groups.contains_key(key) {
                let (account, region, _) = key;
                let there = [world].into_iter().chain(others.iter().copied());
                if let Some(there) = there.into_iter().find(|there| there.account() == account) {
                    let place = places
                        .entry((account, region))
                        .or_insert_with(|| Place::new(there, world, region, proofs, &relations));
                    groups.insert(key.clone(), group(place, key, expectations));
                }
            }
        }
        Self {
            proofs,
            world,
            heads,
            groups,
            named: RefCell::default(),
        }
    }

    /// Whether the pattern of any filter asks for the field, or for one with that in its name.
    pub(super) fn names(&self, field: &str) -> bool {
        let known = self.named.borrow().get(field).copied();
        known.unwrap_or_else(|| {
            let mut legs = self.groups.values().flat_map(|group| &group.legs);
            let is_named = legs.any(|leg| leg.asks_for(field));
            self.named.borrow_mut().insert(field.to_owned(), is_named);
            is_named
        })
    }
}

/// The trails that may record the account, each once, as their owner sees them where that is shown. An organization's trail
/// shows in its members: one that does not show here is another organization's.
pub(super) fn trails<'a>(world: World<'a>, others: &[World<'a>]) -> Vec<Observed<'a>> {
    let mut trails: Vec<Observed<'a>> = Vec::new();
    let own = world.snapshot.trails.as_deref().unwrap_or_default();
    let shows = |trail: &Trail| own.iter().any(|one| one.trail_arn == trail.trail_arn);
    let of_others = others
        .iter()
        .flat_map(|other| other.snapshot.trails.iter().flatten())
        .filter(|trail| trail.is_organization_trail && shows(trail));
    for trail in own.iter().chain(of_others) {
        let known = trails
            .iter_mut()
            .find(|known| known.trail.trail_arn == trail.trail_arn);
        match known {
            // A shadow of a trail that was seen at home tells nothing new.
            Some(known) if is_shadow(known.trail) && !is_shadow(trail) => known.trail = trail,
            Some(_) => {}
            None => {
                let mut observed = Observed {
                    trail,
                    seen_from: world,
                    owner: None,
                };
                let account = observed.account();
                observed.owner = others
                    .iter()
                    .copied()
                    .find(|other| other.account() == account);
                trails.push(observed);
            }
        }
    }
    trails.sort_by(|one, other| one.trail.trail_arn.cmp(&other.trail.trail_arn));
    trails
}

fn is_shadow(trail: &Trail) -> bool {
    trail
        .observed_in
        .as_deref()
        .is_some_and(|region| Some(region) != trail.home_region.as_deref())
}

fn head<'a>(observed: Observed<'a>, world: World<'a>, others: &[World<'a>]) -> Head<'a> {
    let mut head = Head {
        faults: observed.faults(),
        observed: Some(observed),
        group: None,
        delivery: Delivery::default(),
        only_region: None,
    };
    let arn = observed
        .trail
        .cloud_watch_logs_log_group_arn
        .as_deref()
        .unwrap_or_default();
    if arn.is_empty() {
        head.delivery
            .faults
            .push(log_group::without_group(&observed));
        return head;
    }
    let Some(group) = LogGroupArn::parse(arn) else {
        head.delivery
            .faults
            .push(log_group::unreadable(&observed, arn));
        return head;
    };
    let mut worlds = [world].into_iter().chain(others.iter().copied());
    let is_own_trail =
        observed.account() == world.account() && !observed.trail.is_organization_trail;
    if is_own_trail && group.account != world.account() {
        head.delivery
            .faults
            .push(log_group::foreign(&observed, &group));
        return head;
    }
    if let Some(there) = worlds.find(|there| there.account() == group.account) {
        head.delivery = log_group::follow(&observed, &group, there);
        head.group = head
            .delivery
            .group
            .clone()
            .map(|(region, name)| (there.account().to_owned(), region, name));
    } else {
        head.delivery.faults.push(
            Fault::undecided(
                Link::LogGroup,
                format!(
                    "Organization trail {} delivers to log group {} of account {}, which was not seen: the rest of the \
                     chain lives there.",
                    observed.trail.name, group.name, group.account
                ),
            )
            .named(Link::CrossAccount)
            .on(arn)
            .remedy(format!(
                "Make account {} a [[scope]], whose chain its members inherit; if it is one, see why it could not be looked at.",
                group.account
            )),
        );
    }
    head
}

/// Trails that a failed call may hide. One that records every region shows in every region, so that a call that failed
/// beside others that answered hides trails of its own region only.
fn unseen_trails(world: World<'_>, none_seen: bool) -> Vec<Head<'_>> {
    let unseen = |fault: Fault, only_region: Option<String>| Head {
        observed: None,
        group: None,
        delivery: Delivery::default(),
        faults: vec![fault],
        only_region,
    };
    let mut regions: Vec<&str> = world
        .snapshot
        .enabled_regions
        .iter()
        .map(String::as_str)
        .collect();
    regions.extend(world.snapshot.observer_region.as_deref());
    if none_seen || world.snapshot.trails.is_none() {
        let hole = world.list_hole(
            world.snapshot.trails.as_ref(),
            "cloudtrail:DescribeTrails",
            "",
        );
        return hole
            .or_else(|| world.hole("cloudtrail:DescribeTrails", &regions))
            .map(|hole| {
                unseen(
                    hole.fault(Link::Trail, "which trails there are is not known."),
                    None,
                )
            })
            .into_iter()
            .collect();
    }
    regions
        .into_iter()
        .filter_map(|region| {
            let hole = world.hole("cloudtrail:DescribeTrails", &[region])?;
            let meaning = format!("whether {region} has a trail of its own is not known.");
            Some(unseen(
                hole.fault(Link::Trail, &meaning),
                Some(region.to_owned()),
            ))
        })
        .collect()
}

fn group<'a>(place: &Place<'a>, key: &GroupKey, expectations: &Expectations) -> Group<'a> {
    let (_, region, name) = key;
    let world = place.world;
    let filters = place.filters.iter();
    let legs = filters
        .filter(|filter| filter.is_on(region, name))
        .map(|filter| Leg {
            filter: filter.clone(),
            faults: filter.faults(world),
            tails: tails(place, filter, expectations),
        })
        .collect();
    let unseen = unseen_filters(world, region, name).filter(|_| may_notify(place, region));
    Group {
        world,
        legs,
        unseen,
        masking: Masking::of(world, region, name),
    }
}

/// Filters of a log group that a failed call may hide.
pub(super) fn unseen_filters(world: World<'_>, region: &str, name: &str) -> Option<Fault> {
    let arn = world.group_arn(region, name);
    let scopes = [name, &arn, &format!("{arn}:*")];
    let operation = "logs:DescribeMetricFilters";
    let hole = world
        .list_hole(world.snapshot.metric_filters.as_ref(), operation, region)
        .or_else(|| world.hole(operation, &scopes))?;
    let meaning = format!("which metric filters log group {name} has is not known.");
    Some(hole.fault(Link::Pattern, &meaning).on(name))
}

/// Whether any alarm of the region could tell somebody of a filter that was not seen.
fn may_notify(place: &Place<'_>, region: &str) -> bool {
    let world = place.world;
    world
        .list_hole(
            world.snapshot.alarms.as_ref(),
            "cloudwatch:DescribeAlarms",
            region,
        )
        .is_some()
        || place.alarms.tells_anybody()
}
