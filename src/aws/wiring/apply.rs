use aws_sdk_eventbridge::types as events;
use aws_sdk_iam::types as iam;
use aws_sdk_sqs::types::QueueAttributeName;
use aws_smithy_types::error::operation::BuildError;

use super::{On, TAG};
use crate::aws::error::{CallError, Class};
use crate::aws::sdk_error::Call;
use crate::wiring::{Change, Target};

impl On<'_> {
    /// `home` is where IAM is asked.
    pub(super) async fn change(
        self,
        prefix: &str,
        home: &str,
        change: &Change,
    ) -> Result<(), CallError> {
        match change {
            Change::CreateQueue {
                place,
                name,
                attributes,
            } => {
                let clients = self.0.region(&place.region);
                let mut request = clients.sqs().create_queue().queue_name(name);
                for (name, value) in attributes {
                    request = request.attributes(QueueAttributeName::from(name.as_str()), value);
                }
                let request = request.tags(TAG, prefix);
                let answer = self.send("sqs", "CreateQueue", &place.region, request.send());
                answer.await.map(drop)
            }
            Change::SetQueueAttributes {
                place,
                name,
                attributes,
            } => {
                let clients = self.0.region(&place.region);
                let Some(url) = self.queue_url(&place.region, name).await? else {
                    let message = format!("queue {name} is gone");
                    return Err(gone("sqs", "SetQueueAttributes", &place.region, &message));
                };
                let mut request = clients.sqs().set_queue_attributes().queue_url(url);
                for (name, value) in attributes {
                    request = request.attributes(QueueAttributeName::from(name.as_str()), value);
                }
                let answer = self.send("sqs", "SetQueueAttributes", &place.region, request.send());
                answer.await.map(drop)
            }
            Change::CreateBus { .. }
            | Change::PutBusPolicy { .. }
            | Change::RemoveBusPolicy { .. } => self.change_bus(prefix, change).await,
            Change::PutRule { .. } | Change::PutTarget { .. } => {
                self.change_rule(prefix, change).await
            }
            _ => self.change_role(prefix, home, change).await,
        }
    }

    async fn change_bus(self, prefix: &str, change: &Change) -> Result<(), CallError> {
        match change {
            Change::CreateBus { place, name } => {
                let clients = self.0.region(&place.region);
                let request = clients.eventbridge().create_event_bus().name(name);
                let tag = tag(prefix).map_err(unsayable("CreateEventBus", &place.region))?;
                let request = request.tags(tag);
                let answer = self.send("events", "CreateEventBus", &place.region, request.send());
                answer.await.map(drop)
            }
            Change::PutBusPolicy {
                place,
                name,
                policy,
            } => {
                let clients = self.0.region(&place.region);
                let request = clients.eventbridge().put_permission();
                let request = request.event_bus_name(name).policy(policy);
                let answer = self.send("events", "PutPermission", &place.region, request.send());
                answer.await.map(drop)
            }
            Change::RemoveBusPolicy { place, name } => {
                let clients = self.0.region(&place.region);
                let request = clients.eventbridge().remove_permission();
                let request = request.event_bus_name(name).remove_all_permissions(true);
                let answer = self.send("events", "RemovePermission", &place.region, request.send());
                answer.await.map(drop)
            }
            _ => Ok(()),
        }
    }

    async fn change_rule(self, prefix: &str, change: &Change) -> Result<(), CallError> {
        match change {
            Change::PutRule {
                place,
                bus,
                name,
                pattern,
                is_new,
            } => {
                let clients = self.0.region(&place.region);
                let mut request = clients
                    .eventbridge()
                    .put_rule()
                    .event_bus_name(bus)
                    .name(name)
                    .event_pattern(pattern)
                    .state(events::RuleState::Enabled);
                // AWS takes tags for a new rule only.
                if *is_new {
                    let tag = tag(prefix).map_err(unsayable("PutRule", &place.region))?;
                    request = request.tags(tag).description(
                        "Calls that can cut what tells of changes to CloudTrail, for trailwarden",
                    );
                }
                let answer = self.send("events", "PutRule", &place.region, request.send());
                answer.await.map(drop)
            }
            Change::PutTarget {
                place,
                bus,
                rule,
                target,
            } => {
                let clients = self.0.region(&place.region);
                let request = clients.eventbridge().put_targets();
                let request = request.event_bus_name(bus).rule(rule);
                let target = sdk_target(target).map_err(unsayable("PutTargets", &place.region))?;
                let request = request.targets(target);
                let answer = self.send("events", "PutTargets", &place.region, request.send());
                let answer = answer.await?;
                match answer.failed_entries().first() {
                    None => Ok(()),
                    Some(entry) => Err(Call {
                        service: "events",
                        operation: "PutTargets",
                        scope: &place.region,
                    }
                    .error(
                        entry.error_code().unwrap_or("FailedEntry"),
                        Class::Invalid,
                        entry.error_message().unwrap_or_default(),
                    )),
                }
            }
            _ => Ok(()),
        }
    }

    async fn change_role(self, prefix: &str, home: &str, change: &Change) -> Result<(), CallError> {
        let clients = self.0.region(home);
        let client = clients.iam();
        match change {
            Change::CreateRole { name, trust, .. } => {
                let tag = iam::Tag::builder().key(TAG).value(prefix).build();
                let tag = tag.map_err(unsayable("CreateRole", home))?;
                let request = client.create_role().role_name(name);
                let request = request.assume_role_policy_document(trust).tags(tag);
                self.send("iam", "CreateRole", name, request.send())
                    .await
                    .map(drop)
            }
            Change::UpdateTrust { name, trust, .. } => {
                let request = client.update_assume_role_policy().role_name(name);
                let request = request.policy_document(trust);
                let answer = self.send("iam", "UpdateAssumeRolePolicy", name, request.send());
                answer.await.map(drop)
            }
            Change::PutRolePolicy {
                name,
                policy_name,
                policy,
                ..
            } => {
                let request = client.put_role_policy().role_name(name);
                let request = request.policy_name(policy_name).policy_document(policy);
                self.send("iam", "PutRolePolicy", name, request.send())
                    .await
                    .map(drop)
            }
            Change::DeleteRolePolicy {
                name, policy_name, ..
            } => {
                let request = client.delete_role_policy().role_name(name);
                let request = request.policy_name(policy_name);
                self.send("iam", "DeleteRolePolicy", name, request.send())
                    .await
                    .map(drop)
            }
            Change::DetachRolePolicy {
                name, policy_arn, ..
            } => {
                let request = client.detach_role_policy().role_name(name);
                let request = request.policy_arn(policy_arn);
                self.send("iam", "DetachRolePolicy", name, request.send())
                    .await
                    .map(drop)
            }
            _ => Ok(()),
        }
    }
}

fn tag(prefix: &str) -> Result<events::Tag, BuildError> {
    events::Tag::builder().key(TAG).value(prefix).build()
}

fn sdk_target(target: &Target) -> Result<events::Target, BuildError> {
    events::Target::builder()
        .id(&target.id)
        .arn(&target.arn)
        .set_role_arn(target.role_arn.clone())
        .build()
}

/// For fields that the SDK's types need and a change always has.
fn unsayable<'a>(operation: &'static str, scope: &'a str) -> impl Fn(BuildError) -> CallError + 'a {
    move |error| {
        let call = Call {
            service: "events",
            operation,
            scope,
        };
        call.error("RequestNotBuilt", Class::Bug, &error.to_string())
    }
}

fn gone(service: &'static str, operation: &'static str, scope: &str, message: &str) -> CallError {
    let call = Call {
        service,
        operation,
        scope,
    };
    call.error("Gone", Class::Gone, message)
}
