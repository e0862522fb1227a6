use super::change::Change;
use super::documents;
use super::flaws::{self, Flaw};
use super::ground::{Part, Place};
use super::needs::{Needs, RoleNeed};
use super::observed::{Observed, Role, Sight, Unseen};
use super::{queue, rules};

/// What is wrong with the wiring of an account, and what could not be seen of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// In the order in which they are to be made right.
    pub differences: Vec<Difference>,
    /// What is neither right nor wrong.
    pub holes: Vec<Hole>,
}

/// A part that is not as it has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The part.
    pub part: Part,
    /// It is not there at all.
    pub absent: bool,
    /// What is wrong, each a sentence without its full stop.
    pub problems: Vec<String>,
    /// What changes, attribute by attribute.
    pub details: Vec<Detail>,
    /// The calls that make it right, in their order.
    pub changes: Vec<Change>,
}

/// An attribute that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// Its name, as AWS calls it.
    pub name: String,
    /// What it is; none: it is not set.
    pub before: Option<String>,
    /// What it will be; none: it goes.
    pub after: Option<String>,
}

/// What was not seen, or cannot be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// The part.
    pub part: Part,
    /// Why, one sentence without its full stop.
    pub reason: String,
    /// The permission that is missing, where that is why.
    pub permission: Option<String>,
}

impl Comparison {
    /// Whether everything was seen, and is right.
    pub fn is_whole(&self) -> bool {
        self.differences.is_empty() && self.holes.is_empty()
    }

    /// The calls that make everything right, in their order.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.differences.iter().flat_map(|one| &one.changes)
    }

    /// Whether a place is right; none: it was not seen.
    pub fn is_right(&self, place: &Place) -> Option<bool> {
        if self.differences.iter().any(|one| one.part.place() == place) {
            Some(false)
        } else if self.holes.iter().any(|one| one.part.place() == place) {
            None
        } else {
            Some(true)
        }
    }

    pub(super) fn unseen(&mut self, part: Part, unseen: &Unseen) {
        let Unseen {
            action,
            code,
            denied,
        } = unseen;
        self.holes.push(Hole {
            part,
            reason: format!("it was not seen: {action} failed ({code})"),
            permission: denied.then(|| action.clone()),
        });
    }

    pub(super) fn undecided(&mut self, part: Part, reason: String) {
        self.holes.push(Hole {
            part,
            reason,
            permission: None,
        });
    }
}

impl Difference {
    pub(super) fn new(part: Part, absent: bool) -> Self {
        Self {
            part,
            absent,
            problems: Vec::new(),
            details: Vec::new(),
            changes: Vec::new(),
        }
    }

    pub(super) fn is_wrong(&self) -> bool {
        !self.problems.is_empty()
    }

    pub(super) fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    pub(super) fn detail(&mut self, name: &str, before: Option<&str>, after: Option<&str>) {
        self.details.push(Detail {
            name: name.to_owned(),
            before: before.map(ToOwned::to_owned),
            after: after.map(ToOwned::to_owned),
        });
    }
}

/// The difference between what is needed and what is there.
pub fn compare(needs: &Needs, seen: &Observed) -> Comparison {
    let mut rules = Comparison::default();
    let mut senders = Vec::new();
    for group in &needs.groups {
        let carriers = rules::compare(needs, group, seen, &mut rules);
        if group.target.role_arn.is_none() {
            senders.extend(carriers);
        }
    }
    senders.sort();
    senders.dedup();

    let mut all = Comparison::default();
    for need in &needs.queues {
        queue::compare(needs, need, &senders, seen, &mut all);
    }
    bus(needs, seen, &mut all);
    if let Some(need) = &needs.role {
        role(needs, need, seen, &mut all);
    }
    all.differences.extend(rules.differences);
    all.holes.extend(rules.holes);
    all
}

/// Sorts flaws into problems of a difference and holes; true: there are problems.
pub(super) fn sort(
    flaws: Vec<Flaw>,
    what: &str,
    difference: &mut Difference,
    all: &mut Comparison,
) -> bool {
    let before = difference.problems.len();
    for flaw in flaws {
        match flaw {
            Flaw::Wrong(problem) => difference.problem(format!("{what}: {problem}")),
            Flaw::Undecided(problem) => {
                let reason = format!("{what}: it cannot be decided whether {problem}");
                all.undecided(difference.part.clone(), reason);
            }
        }
    }
    difference.problems.len() > before
}

fn bus(needs: &Needs, seen: &Observed, all: &mut Comparison) {
    let Some(need) = &needs.bus else { return };
    let (ground, place, name) = (&needs.ground, needs.ground.feed.clone(), need.name.clone());
    let part = Part::Bus {
        place: place.clone(),
        name: name.clone(),
    };
    let wanted = documents::bus_policy(ground);
    let mut difference = Difference::new(part, false);
    let policy = match &seen.bus {
        Sight::Unseen(unseen) => return all.unseen(difference.part, unseen),
        Sight::Absent => {
            difference.absent = true;
            difference.problem("it is not there");
            difference.changes.push(Change::CreateBus {
                place: place.clone(),
                name: name.clone(),
            });
            None
        }
        Sight::Seen(bus) => bus.policy.as_deref(),
    };
    let flaws = flaws::flaws_of_bus(ground, policy);
    if sort(flaws, "the policy", &mut difference, all) {
        difference.detail("Policy", policy, wanted.as_deref());
        difference.changes.push(match wanted {
            Some(policy) => Change::PutBusPolicy {
                place,
                name,
                policy,
            },
            None => Change::RemoveBusPolicy { place, name },
        });
    }
    if difference.is_wrong() {
        all.differences.push(difference);
    }
}

fn role(needs: &Needs, need: &RoleNeed, seen: &Observed, all: &mut Comparison) {
    let mut difference = Difference::new(needs.role_part(&need.name), false);
    let (account, name) = (needs.account.clone(), need.name.clone());
    let trust = documents::role_trust(&account);
    let empty = Role::default();
    let role = match &seen.role {
        Sight::Unseen(unseen) => return all.unseen(difference.part, unseen),
        Sight::Absent => {
            difference.absent = true;
            difference.problem("it is not there");
            difference.detail("AssumeRolePolicyDocument", None, Some(&trust));
            difference.changes.push(Change::CreateRole {
                account: account.clone(),
                name: name.clone(),
                trust,
            });
            &empty
        }
        Sight::Seen(role) => {
            let flaws = flaws::flaws_of_trust(&needs.ground, &account, &role.trust);
            if sort(flaws, "who may be it", &mut difference, all) {
                difference.detail("AssumeRolePolicyDocument", Some(&role.trust), Some(&trust));
                difference.changes.push(Change::UpdateTrust {
                    account: account.clone(),
                    name: name.clone(),
                    trust,
                });
            }
            role
        }
    };
    if let Some(boundary) = &role.boundary {
        let reason =
            format!("what its permissions boundary {boundary} lets through is not evaluated");
        all.undecided(difference.part.clone(), reason);
    }
    let policies: Vec<&str> = role.policies.values().map(String::as_str).collect();
    let flaws = flaws::flaws_of_role(&needs.ground, &policies);
    if sort(flaws, "what its inline policies say", &mut difference, all) {
        let policy = documents::role_policy(&needs.ground);
        for (other, former) in role.policies.iter().filter(|(other, _)| **other != name) {
            difference.detail(other, Some(former), None);
            difference.changes.push(Change::DeleteRolePolicy {
                account: account.clone(),
                name: name.clone(),
                policy_name: other.clone(),
            });
        }
        let former = role.policies.get(&name).map(String::as_str);
        difference.detail(&name, former, Some(&policy));
        difference.changes.push(Change::PutRolePolicy {
            account: account.clone(),
            name: name.clone(),
            policy_name: name.clone(),
            policy,
        });
    }
    // Last: until the inline policy is there, one of these may be what lets events through.
    for arn in &role.attached {
        difference.problem(format!("the managed policy {arn} is attached to it"));
        difference.detail("AttachedPolicy", Some(arn), None);
        difference.changes.push(Change::DetachRolePolicy {
            account: account.clone(),
            name: name.clone(),
            policy_arn: arn.clone(),
        });
    }
    if difference.is_wrong() {
        all.differences.push(difference);
    }
}
