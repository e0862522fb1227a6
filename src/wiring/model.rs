//! What a change makes of what was seen: what the tests hold the comparison to, and what a played account does.

use super::change::Change;
use super::observed::{Bus, Observed, Role, Rule, Sight};

impl Observed {
    /// Carries a change out on this model of an account.
    pub fn carry_out(&mut self, change: &Change) {
        match change {
            Change::CreateQueue {
                name, attributes, ..
            }
            | Change::SetQueueAttributes {
                name, attributes, ..
            } => {
                let queue = self.queues.entry(name.clone()).or_insert(Sight::Absent);
                made(queue).attributes.extend(attributes.clone());
            }
            Change::CreateBus { place, name } => {
                made(&mut self.bus);
                let key = (place.region.clone(), name.clone());
                made(self.rules.entry(key).or_insert(Sight::Absent));
            }
            Change::PutBusPolicy { policy, .. } => {
                *made(&mut self.bus) = Bus {
                    policy: Some(policy.clone()),
                };
            }
            Change::RemoveBusPolicy { .. } => *made(&mut self.bus) = Bus::default(),
            Change::CreateRole { trust, .. } => {
                self.role = Sight::Seen(Role {
                    trust: trust.clone(),
                    ..Role::default()
                });
            }
            Change::UpdateTrust { trust, .. } => made(&mut self.role).trust.clone_from(trust),
            Change::PutRolePolicy {
                policy_name,
                policy,
                ..
            } => {
                let policies = &mut made(&mut self.role).policies;
                policies.insert(policy_name.clone(), policy.clone());
            }
            Change::DeleteRolePolicy { policy_name, .. } => {
                made(&mut self.role).policies.remove(policy_name);
            }
            Change::DetachRolePolicy { policy_arn, .. } => {
                made(&mut self.role)
                    .attached
                    .retain(|one| one != policy_arn);
            }
            Change::PutRule {
                place,
                bus,
                name,
                pattern,
                ..
            } => {
                let rule = self.rule(&place.region, bus, name);
                rule.enabled = true;
                rule.pattern = Some(pattern.clone());
            }
            Change::PutTarget {
                place,
                bus,
                rule,
                target,
            } => {
                let targets = made(&mut self.rule(&place.region, bus, rule).targets);
                targets.retain(|one| one.id != target.id);
                targets.push(target.clone());
            }
        }
    }

    fn rule(&mut self, region: &str, bus: &str, name: &str) -> &mut Rule {
        let key = (region.to_owned(), bus.to_owned());
        let rules = made(self.rules.entry(key).or_insert(Sight::Absent));
        let at = rules.iter().position(|one| one.name == name);
        let at = at.unwrap_or_else(|| {
            rules.push(Rule {
                name: name.to_owned(),
                enabled: true,
                pattern: None,
                targets: Sight::Seen(Vec::new()),
            });
            rules.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "found or pushed just above")]
        &mut rules[at]
    }
}

/// What is there from now on, whatever was seen before.
fn made<T: Default>(sight: &mut Sight<T>) -> &mut T {
    if !matches!(sight, Sight::Seen(_)) {
        *sight = Sight::Seen(T::default());
    }
    match sight {
        Sight::Seen(seen) => seen,
        Sight::Absent | Sight::Unseen(_) => unreachable!("made just above"),
    }
}
