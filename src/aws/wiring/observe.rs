use std::collections::BTreeMap;

use aws_sdk_eventbridge::operation::list_rules::ListRulesOutput;
use aws_sdk_eventbridge::operation::list_targets_by_rule::ListTargetsByRuleOutput;
use aws_sdk_eventbridge::types as events;
use aws_sdk_iam::operation::list_attached_role_policies::ListAttachedRolePoliciesOutput;
use aws_sdk_iam::operation::list_role_policies::ListRolePoliciesOutput;
use aws_sdk_sqs::types::QueueAttributeName;
use futures_util::future::{join, join_all, join3};

use super::{On, unless_gone};
use crate::aws::error::{CallError, Class};
use crate::aws::sdk_error::call;
use crate::wiring::{Bus, Needs, Observed, Queue, Role, Rule, RuleGroup, Sight, Target, Unseen};

impl On<'_> {
    /// Everything at the same time, within the account's bound on calls.
    pub(super) async fn look(self, needs: &Needs) -> Observed {
        let place = &needs.ground.feed;
        let queues = needs.queues.iter().map(|need| async move {
            let queue = self.queue(&place.region, &need.name).await;
            (need.name.clone(), sight(queue))
        });
        let bus = async {
            match &needs.bus {
                Some(need) => sight(self.bus(&place.region, &need.name).await),
                None => Sight::Absent,
            }
        };
        let role = async {
            match &needs.role {
                Some(need) => sight(self.role(needs.ground.iam_region(), &need.name).await),
                None => Sight::Absent,
            }
        };
        let rules = needs.groups.iter().map(|group| async move {
            let rules = self.rules(&needs.ground.prefix, group).await;
            ((group.region.clone(), group.bus.clone()), sight(rules))
        });
        let (queues, rules, (bus, role)) =
            join3(join_all(queues), join_all(rules), join(bus, role)).await;
        Observed {
            queues: queues.into_iter().collect(),
            bus,
            role,
            rules: rules.into_iter().collect(),
        }
    }

    async fn queue(self, region: &str, name: &str) -> Result<Option<Queue>, CallError> {
        let Some(url) = self.queue_url(region, name).await? else {
            return Ok(None);
        };
        let request = self.0.region(region);
        let request = request.sqs().get_queue_attributes().queue_url(&url);
        let request = request.attribute_names(QueueAttributeName::All);
        let answer = self.send("sqs", "GetQueueAttributes", region, request.send());
        let answer = unless_gone(answer.await)?;
        Ok(answer.map(|answer| Queue {
            url: Some(url),
            attributes: answer
                .attributes
                .unwrap_or_default()
                .into_iter()
                .map(|(name, value)| (name.as_str().to_owned(), value))
                .collect(),
        }))
    }

    pub(super) async fn queue_url(
        self,
        region: &str,
        name: &str,
    ) -> Result<Option<String>, CallError> {
        let clients = self.0.region(region);
        let request = clients.sqs().get_queue_url().queue_name(name);
        let answer = self
            .send("sqs", "GetQueueUrl", region, request.send())
            .await;
        Ok(unless_gone(answer)?.and_then(|answer| answer.queue_url))
    }

    async fn bus(self, region: &str, name: &str) -> Result<Option<Bus>, CallError> {
        let clients = self.0.region(region);
        let request = clients.eventbridge().describe_event_bus().name(name);
        let answer = self.send("events", "DescribeEventBus", region, request.send());
        let answer = unless_gone(answer.await)?;
        Ok(answer.map(|answer| Bus {
            policy: answer.policy.filter(|policy| !policy.is_empty()),
        }))
    }

    async fn role(self, region: &str, name: &str) -> Result<Option<Role>, CallError> {
        let clients = self.0.region(region);
        let request = clients.iam().get_role().role_name(name);
        let answer = self.send("iam", "GetRole", region, request.send()).await;
        let Some(role) = unless_gone(answer)?.and_then(|answer| answer.role) else {
            return Ok(None);
        };
        let (inline, attached) = join(
            self.role_policies(region, name),
            self.attached_policies(region, name),
        )
        .await;
        let mut policies = BTreeMap::new();
        for policy in inline? {
            let request = clients.iam().get_role_policy().role_name(name);
            let request = request.policy_name(&policy);
            let answer = self.send("iam", "GetRolePolicy", region, request.send());
            if let Some(answer) = unless_gone(answer.await)? {
                policies.insert(policy, percent_decoded(&answer.policy_document));
            }
        }
        let boundary = role.permissions_boundary;
        let trust = role.assume_role_policy_document.unwrap_or_default();
        Ok(Some(Role {
            trust: percent_decoded(&trust),
            policies,
            attached: attached?,
            boundary: boundary.and_then(|one| one.permissions_boundary_arn),
        }))
    }

    pub(super) async fn role_policies(
        self,
        region: &str,
        name: &str,
    ) -> Result<Vec<String>, CallError> {
        let clients = self.0.region(region);
        let pages = self.0.pages(
            call("iam", "ListRolePolicies", region),
            |marker| {
                let request = clients.iam().list_role_policies().role_name(name);
                request.set_marker(marker).send()
            },
            ListRolePoliciesOutput::marker,
        );
        let pages = pages.await?.into_iter();
        Ok(pages.flat_map(|page| page.policy_names).collect())
    }

    /// ARNs of the managed policies that are attached to a role.
    pub(super) async fn attached_policies(
        self,
        region: &str,
        name: &str,
    ) -> Result<Vec<String>, CallError> {
        let clients = self.0.region(region);
        let pages = self.0.pages(
            call("iam", "ListAttachedRolePolicies", region),
            |marker| {
                let request = clients.iam().list_attached_role_policies();
                request.role_name(name).set_marker(marker).send()
            },
            ListAttachedRolePoliciesOutput::marker,
        );
        let attached = pages
            .await?
            .into_iter()
            .flat_map(|page| page.attached_policies.unwrap_or_default());
        Ok(attached.filter_map(|one| one.policy_arn).collect())
    }

    /// The rules of a bus whose names begin with the prefix, each with its targets; none: there is no such bus.
    async fn rules(self, prefix: &str, group: &RuleGroup) -> Result<Option<Vec<Rule>>, CallError> {
        let (region, bus) = (&group.region, &group.bus);
        let Some(listed) = unless_gone(self.list_rules(prefix, region, bus).await)? else {
            return Ok(None);
        };
        let rules = listed.into_iter().filter_map(|rule| {
            let name = rule.name?;
            Some(async move {
                let targets = self.list_targets(region, bus, &name).await;
                let targets =
                    targets.map(|targets| Some(targets.into_iter().map(target).collect()));
                Rule {
                    targets: sight(targets),
                    name,
                    enabled: rule.state.is_none_or(|state| {
                        matches!(
                            state,
                            events::RuleState::Enabled
                                | events::RuleState::EnabledWithAllCloudtrailManagementEvents
                        )
                    }),
                    pattern: rule.event_pattern,
                }
            })
        });
        Ok(Some(join_all(rules).await))
    }

    pub(super) async fn list_rules(
        self,
        prefix: &str,
        region: &str,
        bus: &str,
    ) -> Result<Vec<events::Rule>, CallError> {
        let clients = self.0.region(region);
        let pages = self.0.pages(
            call("events", "ListRules", region),
            |token| {
                let request = clients.eventbridge().list_rules().event_bus_name(bus);
                request.name_prefix(prefix).set_next_token(token).send()
            },
            ListRulesOutput::next_token,
        );
        let pages = pages.await?.into_iter();
        Ok(pages
            .flat_map(|page| page.rules.unwrap_or_default())
            .collect())
    }

    pub(super) async fn list_targets(
        self,
        region: &str,
        bus: &str,
        rule: &str,
    ) -> Result<Vec<events::Target>, CallError> {
        let clients = self.0.region(region);
        let pages = self.0.pages(
            call("events", "ListTargetsByRule", region),
            |token| {
                let request = clients.eventbridge().list_targets_by_rule().rule(rule);
                request.event_bus_name(bus).set_next_token(token).send()
            },
            ListTargetsByRuleOutput::next_token,
        );
        let pages = pages.await?.into_iter();
        Ok(pages
            .flat_map(|page| page.targets.unwrap_or_default())
            .collect())
    }
}

fn target(target: events::Target) -> Target {
    let path = target.input_path.as_deref().unwrap_or("$");
    Target {
        transforms: target.input.is_some()
            || target.input_transformer.is_some()
            // The whole event is what is sent without a path, too.
            || path != "$",
        id: target.id,
        arn: target.arn,
        role_arn: target.role_arn,
    }
}

fn sight<T>(answer: Result<Option<T>, CallError>) -> Sight<T> {
    match answer {
        Ok(Some(seen)) => Sight::Seen(seen),
        Ok(None) => Sight::Absent,
        Err(error) => {
            tracing::debug!(%error, "a part of the wiring was not seen");
            Sight::Unseen(Unseen {
                action: format!("{}:{}", error.service, error.operation),
                denied: error.class == Class::Denied,
                code: error.code,
            })
        }
    }
}

/// IAM's documents are percent-encoded (RFC 3986). What is no encoding stays as it is.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let encoded = (*first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        rest = if let Some(byte) = encoded {
            bytes.push(byte);
            after.get(2..).unwrap_or_default()
        } else {
            bytes.push(*first);
            after
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_of_iam_are_decoded() {
        for (text, expected) in [
            (
                "%7B%22Version%22%3A%222012-10-17%22%7D",
                r#"{"Version":"2012-10-17"}"#,
            ),
            (r#"{"a":"100%"}"#, r#"{"a":"100%"}"#),
            ("%C3%A4%zz%", "ä%zz%"),
        ] {
            assert_eq!(percent_decoded(text), expected);
        }
    }

    #[test]
    fn what_is_sent_instead_of_the_event_is_noticed() {
        let target_with = |path: Option<&str>, input: Option<&str>| {
            let builder = events::Target::builder().id("1").arn("a");
            let builder = builder.set_input_path(path.map(ToOwned::to_owned));
            let builder = builder.set_input(input.map(ToOwned::to_owned));
            target(builder.build().unwrap()).transforms
        };
        assert!(!target_with(None, None));
        assert!(!target_with(Some("$"), None));
        assert!(target_with(Some("$.detail"), None));
        assert!(target_with(None, Some("{}")));
    }
}
