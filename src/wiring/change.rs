use std::collections::BTreeMap;

use super::ground::Place;
use super::observed::Target;
use crate::snapshot::AccountId;

/// One writing call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Makes a queue.
    CreateQueue {
        /// Where.
        place: Place,
        /// Its name.
        name: String,
        /// Its attributes, as AWS names them.
        attributes: BTreeMap<String, String>,
    },
    /// Sets attributes of a queue; the others stay.
    SetQueueAttributes {
        /// Where.
        place: Place,
        /// Its name.
        name: String,
        /// Those that are set.
        attributes: BTreeMap<String, String>,
    },
    /// Makes a bus.
    CreateBus {
        /// Where.
        place: Place,
        /// Its name.
        name: String,
    },
    /// Says who may send to a bus, instead of what was said.
    PutBusPolicy {
        /// Where.
        place: Place,
        /// The bus.
        name: String,
        /// The whole policy.
        policy: String,
    },
    /// Lets nobody but its own account send to a bus.
    RemoveBusPolicy {
        /// Where.
        place: Place,
        /// The bus.
        name: String,
    },
    /// Makes a role.
    CreateRole {
        /// Where.
        account: AccountId,
        /// Its name.
        name: String,
        /// Who may be it.
        trust: String,
    },
    /// Says who may be a role.
    UpdateTrust {
        /// Where.
        account: AccountId,
        /// The role.
        name: String,
        /// The whole policy.
        trust: String,
    },
    /// Says what a role may do.
    PutRolePolicy {
        /// Where.
        account: AccountId,
        /// The role.
        name: String,
        /// The name of the inline policy.
        policy_name: String,
        /// The whole policy.
        policy: String,
    },
    /// Takes an inline policy from a role.
    DeleteRolePolicy {
        /// Where.
        account: AccountId,
        /// The role.
        name: String,
        /// The name of the inline policy.
        policy_name: String,
    },
    /// Takes a managed policy from a role; the policy itself stays.
    DetachRolePolicy {
        /// Where.
        account: AccountId,
        /// The role.
        name: String,
        /// The managed policy.
        policy_arn: String,
    },
    /// Makes a rule, or replaces what it says; it is enabled.
    PutRule {
        /// Where.
        place: Place,
        /// The bus.
        bus: String,
        /// Its name.
        name: String,
        /// What passes it.
        pattern: String,
        /// It is not there yet.
        is_new: bool,
    },
    /// Adds a target to a rule, or replaces that of the same id.
    PutTarget {
        /// Where.
        place: Place,
        /// The bus.
        bus: String,
        /// The rule.
        rule: String,
        /// The target.
        target: Target,
    },
}

impl Change {
    /// The service by its prefix in IAM actions, and the API operation.
    pub const fn operation(&self) -> (&'static str, &'static str) {
        match self {
            Self::CreateQueue { .. } => ("sqs", "CreateQueue"),
            Self::SetQueueAttributes { .. } => ("sqs", "SetQueueAttributes"),
            Self::CreateBus { .. } => ("events", "CreateEventBus"),
            Self::PutBusPolicy { .. } => ("events", "PutPermission"),
            Self::RemoveBusPolicy { .. } => ("events", "RemovePermission"),
            Self::CreateRole { .. } => ("iam", "CreateRole"),
            Self::UpdateTrust { .. } => ("iam", "UpdateAssumeRolePolicy"),
            Self::PutRolePolicy { .. } => ("iam", "PutRolePolicy"),
            Self::DeleteRolePolicy { .. } => ("iam", "DeleteRolePolicy"),
            Self::DetachRolePolicy { .. } => ("iam", "DetachRolePolicy"),
            Self::PutRule { .. } => ("events", "PutRule"),
            Self::PutTarget { .. } => ("events", "PutTargets"),
        }
    }
}
