use super::{On, TAG, unless_gone};
use crate::aws::error::CallError;
use crate::wiring::{Needs, Part, Place};

/// What was found, and what could not be asked.
#[derive(Default)]
struct Found {
    parts: Vec<Part>,
    failed: Vec<CallError>,
}

impl Found {
    /// Notes the part if it carries the tag.
    fn note(&mut self, part: Part, tagged: Result<bool, CallError>) {
        match tagged {
            Ok(true) => self.parts.push(part),
            Ok(false) => {}
            Err(error) => self.failed.push(error),
        }
    }
}

/// Whether a tag says that `trailwarden wire` of this prefix made what carries it.
fn is_ours(key: &str, value: &str, prefix: &str) -> bool {
    key == TAG && value == prefix
}

impl On<'_> {
    pub(super) async fn made(self, needs: &Needs) -> (Vec<Part>, Vec<CallError>) {
        let ground = &needs.ground;
        let mut found = Found::default();
        for group in &needs.groups {
            let place = Place {
                account: needs.account.clone(),
                region: group.region.clone(),
            };
            let listed = self
                .list_rules(&ground.prefix, &group.region, &group.bus)
                .await;
            let rules = match unless_gone(listed) {
                Ok(rules) => rules.unwrap_or_default(),
                Err(error) => {
                    found.failed.push(error);
                    continue;
                }
            };
            for rule in rules {
                let (Some(name), Some(arn)) = (rule.name, rule.arn) else {
                    continue;
                };
                let tagged = self
                    .is_tagged_event(&group.region, &arn, &ground.prefix)
                    .await;
                let part = Part::Rule {
                    place: place.clone(),
                    bus: group.bus.clone(),
                    name,
                };
                found.note(part, tagged);
            }
        }
        if let Some(role) = &needs.role {
            let part = Part::Role {
                place: Place {
                    account: needs.account.clone(),
                    region: ground.iam_region().to_owned(),
                },
                name: role.name.clone(),
            };
            let tagged = self
                .is_tagged_role(ground.iam_region(), &role.name, &ground.prefix)
                .await;
            found.note(part, tagged);
        }
        if let Some(bus) = &needs.bus {
            let part = Part::Bus {
                place: ground.feed.clone(),
                name: bus.name.clone(),
            };
            let tagged = self
                .is_tagged_bus(&ground.feed.region, &bus.name, &ground.prefix)
                .await;
            found.note(part, tagged);
        }
        // The feed's queue first: the other one is named by it.
        for queue in needs.queues.iter().rev() {
            let part = Part::Queue {
                place: ground.feed.clone(),
                name: queue.name.clone(),
            };
            let tagged = self
                .is_tagged_queue(&ground.feed.region, &queue.name, &ground.prefix)
                .await;
            found.note(part, tagged);
        }
        (found.parts, found.failed)
    }

    async fn is_tagged_event(
        self,
        region: &str,
        arn: &str,
        prefix: &str,
    ) -> Result<bool, CallError> {
        let clients = self.0.region(region);
        let request = clients
            .eventbridge()
            .list_tags_for_resource()
            .resource_arn(arn);
        let answer = self.send("events", "ListTagsForResource", arn, request.send());
        let Some(answer) = unless_gone(answer.await)? else {
            return Ok(false);
        };
        let mut tags = answer.tags().iter();
        Ok(tags.any(|tag| is_ours(tag.key(), tag.value(), prefix)))
    }

    async fn is_tagged_bus(
        self,
        region: &str,
        name: &str,
        prefix: &str,
    ) -> Result<bool, CallError> {
        let clients = self.0.region(region);
        let request = clients.eventbridge().describe_event_bus().name(name);
        let answer = self.send("events", "DescribeEventBus", region, request.send());
        match unless_gone(answer.await)?.and_then(|bus| bus.arn) {
            Some(arn) => self.is_tagged_event(region, &arn, prefix).await,
            None => Ok(false),
        }
    }

    async fn is_tagged_role(
        self,
        region: &str,
        name: &str,
        prefix: &str,
    ) -> Result<bool, CallError> {
        let clients = self.0.region(region);
        let request = clients.iam().get_role().role_name(name);
        let answer = self.send("iam", "GetRole", name, request.send()).await;
        let role = unless_gone(answer)?.and_then(|answer| answer.role);
        Ok(role.is_some_and(|role| {
            let mut tags = role.tags().iter();
            tags.any(|tag| is_ours(tag.key(), tag.value(), prefix))
        }))
    }

    async fn is_tagged_queue(
        self,
        region: &str,
        name: &str,
        prefix: &str,
    ) -> Result<bool, CallError> {
        let Some(url) = self.queue_url(region, name).await? else {
            return Ok(false);
        };
        let clients = self.0.region(region);
        let request = clients.sqs().list_queue_tags().queue_url(url);
        let answer = self
            .send("sqs", "ListQueueTags", region, request.send())
            .await;
        let tags = unless_gone(answer)?.and_then(|answer| answer.tags);
        let mut tags = tags.iter().flatten();
        Ok(tags.any(|(key, value)| is_ours(key, value, prefix)))
    }

    pub(super) async fn remove(self, part: &Part) -> Result<(), CallError> {
        let region = &part.place().region;
        let clients = self.0.region(region);
        match part {
            Part::Rule { bus, name, .. } => {
                let targets = unless_gone(self.list_targets(region, bus, name).await)?;
                let ids: Vec<String> = targets
                    .unwrap_or_default()
                    .into_iter()
                    .map(|target| target.id)
                    .collect();
                if !ids.is_empty() {
                    let request = clients.eventbridge().remove_targets();
                    let request = request.event_bus_name(bus).rule(name).set_ids(Some(ids));
                    let answer = self.send("events", "RemoveTargets", region, request.send());
                    unless_gone(answer.await)?;
                }
                let request = clients.eventbridge().delete_rule();
                let request = request.event_bus_name(bus).name(name);
                let answer = self.send("events", "DeleteRule", region, request.send());
                unless_gone(answer.await).map(drop)
            }
            Part::Bus { name, .. } => {
                let request = clients.eventbridge().delete_event_bus().name(name);
                let answer = self.send("events", "DeleteEventBus", region, request.send());
                unless_gone(answer.await).map(drop)
            }
            Part::Role { name, .. } => {
                let policies = unless_gone(self.role_policies(region, name).await)?;
                for policy in policies.unwrap_or_default() {
                    let request = clients.iam().delete_role_policy().role_name(name);
                    let request = request.policy_name(policy);
                    let answer = self.send("iam", "DeleteRolePolicy", name, request.send());
                    unless_gone(answer.await)?;
                }
                // IAM deletes no role that a managed policy is attached to.
                let attached = unless_gone(self.attached_policies(region, name).await)?;
                for arn in attached.unwrap_or_default() {
                    let request = clients.iam().detach_role_policy().role_name(name);
                    let request = request.policy_arn(arn);
                    let answer = self.send("iam", "DetachRolePolicy", name, request.send());
                    unless_gone(answer.await)?;
                }
                let request = clients.iam().delete_role().role_name(name);
                let answer = self.send("iam", "DeleteRole", name, request.send());
                unless_gone(answer.await).map(drop)
            }
            Part::Queue { name, .. } => {
                let Some(url) = self.queue_url(region, name).await? else {
                    return Ok(());
                };
                let request = clients.sqs().delete_queue().queue_url(url);
                let answer = self.send("sqs", "DeleteQueue", region, request.send());
                unless_gone(answer.await).map(drop)
            }
        }
    }
}
