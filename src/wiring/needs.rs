use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::ground::{DEFAULT_BUS, Ground, Part, Place};
use super::observed::Target;
use super::sample::Route;
use crate::event::{API_CALL, Call, HEARTBEAT_DETAIL_TYPE, HEARTBEAT_SOURCE, Service};
use crate::snapshot::AccountId;

/// Most characters of a rule's pattern, by default (EventBridge quotas, "Event pattern size").
pub(super) const LONGEST_PATTERN: usize = 2048;
/// Id of the target of each rule.
const TARGET: &str = "trailwarden";
/// The services of which calls touch rules, bus and queues.
const GUARDED: [Service; 2] = [Service::Events, Service::Sqs];

/// What the feed needs of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// What the settings say.
    pub ground: Ground,
    /// The account.
    pub account: AccountId,
    /// The queues: first the one that the other names.
    pub queues: Vec<QueueNeed>,
    /// The central bus.
    pub bus: Option<BusNeed>,
    /// The role that forwards to it.
    pub role: Option<RoleNeed>,
    /// The rules, by bus.
    pub groups: Vec<RuleGroup>,
}

/// A queue, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueNeed {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: QueueKind,
}

/// What a queue is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueKind {
    /// What was received again and again and never deleted.
    DeadLetters,
    /// Events.
    Feed,
}

/// The central bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusNeed {
    /// Its name.
    pub name: String,
}

/// The role that rules send to the central bus with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleNeed {
    /// Its name.
    pub name: String,
}

/// The rules of a bus: what has to come through, by which rules it does where nothing is there yet, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleGroup {
    /// The region.
    pub region: String,
    /// The bus.
    pub bus: String,
    /// The rules.
    pub rules: Vec<RuleNeed>,
    /// Where each of them leads.
    pub target: Target,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleNeed {
    /// Its name.
    pub name: String,
    /// What passes it, as it is written where it has to be.
    pub pattern: String,
    /// What has to pass it.
    pub routes: Vec<Route>,
}

impl Needs {
    /// What the feed needs of an account in these regions; none: it is not watched. The region of IAM's events is added, and what
    /// belongs to the feed itself where the account is its own.
    pub fn new(ground: &Ground, account: &AccountId, regions: &[String]) -> Self {
        let is_feed = *account == ground.feed.account;
        let mut all: BTreeSet<&str> = regions.iter().map(String::as_str).collect();
        if !all.is_empty() {
            all.insert(ground.iam_region());
        }
        let forwards = all
            .iter()
            .any(|region| !is_feed || *region != ground.feed.region);
        let has_bus = is_feed && (forwards || !ground.members.is_empty());
        // The daemon's heartbeat starts in the feed's region, whether or not that account is watched.
        if is_feed {
            all.insert(&ground.feed.region);
        }
        let mut groups: Vec<RuleGroup> = all
            .iter()
            .map(|region| {
                let watched = is_watched(ground, regions, region);
                group_of_region(ground, account, region, watched)
            })
            .collect();
        if has_bus {
            groups.push(central_group(ground, &all, !regions.is_empty()));
        }
        let queue = |name: String, kind| QueueNeed { name, kind };
        Self {
            ground: ground.clone(),
            account: account.clone(),
            queues: if is_feed {
                vec![
                    queue(ground.dead_letters(), QueueKind::DeadLetters),
                    queue(ground.queue.clone(), QueueKind::Feed),
                ]
            } else {
                Vec::new()
            },
            bus: has_bus.then(|| BusNeed {
                name: ground.bus().to_owned(),
            }),
            role: forwards.then(|| RoleNeed {
                name: ground.role(),
            }),
            groups,
        }
    }

    /// The places that something is needed in: those of its rules, and that of the feed where it is its account.
    pub fn places(&self) -> BTreeSet<Place> {
        let groups = self.groups.iter();
        groups.map(|group| self.place(&group.region)).collect()
    }

    /// Every part that is needed by name.
    pub fn parts(&self) -> Vec<Part> {
        let feed = &self.ground.feed;
        let mut parts = Vec::new();
        parts.extend(self.queues.iter().map(|queue| self.queue(&queue.name)));
        parts.extend(self.bus.iter().map(|bus| Part::Bus {
            place: feed.clone(),
            name: bus.name.clone(),
        }));
        parts.extend(self.role.iter().map(|role| self.role_part(&role.name)));
        for group in &self.groups {
            let rules = group.rules.iter();
            parts.extend(rules.map(|rule| self.rule(group, &rule.name)));
        }
        parts
    }

    pub(super) fn queue(&self, name: &str) -> Part {
        Part::Queue {
            place: self.ground.feed.clone(),
            name: name.to_owned(),
        }
    }

    pub(super) fn role_part(&self, name: &str) -> Part {
        Part::Role {
            place: self.place(self.ground.iam_region()),
            name: name.to_owned(),
        }
    }

    pub(super) fn rule(&self, group: &RuleGroup, name: &str) -> Part {
        Part::Rule {
            place: self.place(&group.region),
            bus: group.bus.clone(),
            name: name.to_owned(),
        }
    }

    pub(super) fn place(&self, region: &str) -> Place {
        Place {
            account: self.account.clone(),
            region: region.to_owned(),
        }
    }
}

fn is_watched(ground: &Ground, regions: &[String], region: &str) -> bool {
    let has_iam = region == ground.iam_region() && !regions.is_empty();
    has_iam || regions.iter().any(|one| one == region)
}

/// The rules on the default bus of a region. `watched`: its calls have to come through.
fn group_of_region(ground: &Ground, account: &AccountId, region: &str, watched: bool) -> RuleGroup {
    let is_home = *account == ground.feed.account && region == ground.feed.region;
    let route = |call| Route {
        call,
        account: account.to_string(),
        region: Some(region.to_owned()),
    };
    let mut routes = Vec::new();
    if is_home {
        routes.push(route(None));
    }
    if watched || is_home {
        // Of an account that only has the feed, what touches the feed.
        let services = services_of(region == ground.iam_region());
        let services = services.filter(|one| watched || GUARDED.contains(one));
        routes.extend(services.flat_map(calls_of).map(|call| route(Some(call))));
    }
    let target = if is_home {
        to_queue(ground)
    } else {
        Target {
            arn: ground.bus_arn(),
            role_arn: Some(ground.role_arn(account)),
            ..to_queue(ground)
        }
    };
    // A rule that was disabled cannot tell of it: each of the two tells of the other.
    let guard: Vec<Route> = routes
        .iter()
        .filter(|route| service_of(route).is_some_and(|one| GUARDED.contains(&one)))
        .cloned()
        .collect();
    let alone = |route: &Route| service_of(route) == Some(Service::Sqs);
    routes.retain(|route| !alone(route));
    let mut rules = pack(&format!("{}-events", ground.prefix), &routes);
    rules.extend(pack(&format!("{}-guard", ground.prefix), &guard));
    RuleGroup {
        region: region.to_owned(),
        bus: DEFAULT_BUS.to_owned(),
        rules,
        target,
    }
}

/// The rules of the central bus, which the events of all other places come to.
fn central_group(ground: &Ground, regions: &BTreeSet<&str>, own: bool) -> RuleGroup {
    let forwards = regions.iter().any(|region| *region != ground.feed.region);
    let own = (own && forwards).then_some(&ground.feed.account);
    let senders: Vec<&AccountId> = ground.members.iter().chain(own).collect();
    let calls = services_of(true).flat_map(calls_of);
    let routes = calls.flat_map(|call| {
        senders.iter().map(move |account| Route {
            call: Some(call),
            account: account.to_string(),
            region: None,
        })
    });
    let routes: Vec<Route> = routes.collect();
    RuleGroup {
        region: ground.feed.region.clone(),
        bus: ground.bus().to_owned(),
        rules: pack(&format!("{}-events", ground.prefix), &routes),
        target: to_queue(ground),
    }
}

fn to_queue(ground: &Ground) -> Target {
    Target {
        id: TARGET.to_owned(),
        arn: ground.queue_arn(&ground.queue),
        role_arn: None,
        transforms: false,
    }
}

fn services_of(with_iam: bool) -> impl Iterator<Item = Service> {
    let all = Service::ALL.into_iter();
    all.filter(move |service| with_iam || *service != Service::Iam)
}

fn calls_of(service: Service) -> impl Iterator<Item = Call> {
    let names = service.calls().iter();
    names.map(move |name| Call { service, name })
}

fn service_of(route: &Route) -> Option<Service> {
    route.call.map(|call| call.service)
}

/// As few rules as the limit on patterns allows, whole services in each.
fn pack(name: &str, routes: &[Route]) -> Vec<RuleNeed> {
    let mut packed: Vec<Vec<Route>> = Vec::new();
    for part in routes.chunk_by(|one, other| service_of(one) == service_of(other)) {
        let fits = packed.last().is_some_and(|last| {
            pattern(&[last.as_slice(), part].concat()).len() <= LONGEST_PATTERN
        });
        match packed.last_mut() {
            Some(last) if fits => last.extend_from_slice(part),
            _ => packed.push(part.to_vec()),
        }
    }
    let rules = packed.into_iter().enumerate();
    rules
        .map(|(index, routes)| RuleNeed {
            name: if index == 0 {
                name.to_owned()
            } else {
                format!("{name}-{}", index + 1)
            },
            pattern: pattern(&routes),
            routes,
        })
        .collect()
}

/// What exactly these routes pass, and combinations of their sources and names that no service has.
fn pattern(routes: &[Route]) -> String {
    let calls = || routes.iter().filter_map(|route| route.call);
    let mut names: Vec<&str> = Vec::new();
    let mut sources: Vec<&str> = Vec::new();
    for call in calls() {
        if !names.contains(&call.name) {
            names.push(call.name);
        }
        if !sources.contains(&call.service.bus_source()) {
            sources.push(call.service.bus_source());
        }
    }
    let mut ways: Vec<Value> = Vec::new();
    // The heartbeat takes the way of the events: the same rule and the same target.
    if routes.iter().any(|route| route.call.is_none()) {
        ways.push(json!({"source": [HEARTBEAT_SOURCE], "detail-type": [HEARTBEAT_DETAIL_TYPE]}));
    }
    if !names.is_empty() {
        ways.push(json!({
            "source": sources,
            "detail-type": [API_CALL],
            "detail": {"eventName": names},
        }));
    }
    match ways.as_slice() {
        [one] => one.to_string(),
        _ => json!({"$or": ways}).to_string(),
    }
}
