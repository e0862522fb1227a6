//! The table: operation, IAM actions, resources, conditions.

mod drill;
mod heal;
mod watch;
mod wire;

use super::{Purpose, Side};
use crate::assess::Link;

/// A group of calls that are granted alike: one statement of a policy.
#[derive(Debug, Clone, Copy)]
pub struct Grant {
    /// Its Sid, unique in the table.
    pub sid: &'static str,
    /// Which policy it is part of.
    pub purpose: Purpose,
    /// Whose policy.
    pub side: Side,
    /// What it is for, one phrase.
    pub why: &'static str,
    /// What has to be configured for it to be needed at all.
    pub when: When,
    /// What it is about.
    pub resource: Resource,
    /// What else is asked of a call.
    pub conditions: &'static [Test],
    /// The calls.
    pub calls: &'static [Call],
}

/// What has to be configured for a grant to be needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Nothing.
    Always,
    /// Never needed: without it something is left undone, and nothing is lost. No policy has it.
    Never,
    /// No regions: they are asked for.
    AllRegions,
    /// One of these links may be mended.
    Links(&'static [Link]),
}

/// The resources of a statement.
///
/// In texts `{partition}`, `{account}` (the judged one), `{prefix}`, `{queue}`, `{feed_region}` and `{feed_account}` are filled in, with `*`
/// where the settings do not say. `{topics}`, `{roles}` and `{subscriptions}` alone stand for any number of values;
/// a statement that is left without a value, or is about a feed where there is none, is not needed.
#[derive(Debug, Clone, Copy)]
pub enum Resource {
    /// These.
    These(&'static [&'static str]),
    /// Any, and why.
    Any(&'static str),
}

/// A condition: operator, key, values as in [`Resource`].
#[derive(Debug, Clone, Copy)]
pub struct Test {
    /// The condition operator.
    pub operator: &'static str,
    /// The condition key.
    pub key: &'static str,
    /// The values, any of which satisfies.
    pub values: &'static [&'static str],
}

/// An API operation, and what of the permissions that it needs a statement grants.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// `service:Operation`, the service by its prefix in IAM actions.
    pub operation: &'static str,
    /// The IAM actions.
    pub actions: Operands,
}

/// The IAM actions of an operation.
#[derive(Debug, Clone, Copy)]
pub enum Operands {
    /// The action of the same name.
    Same,
    /// These; none where AWS asks for no permission.
    These(&'static [&'static str]),
}

/// The role that rules of other places forward with.
const FORWARD_ROLE: &str = "arn:{partition}:iam::{account}:role/{prefix}-forward";

/// What the statements of a policy have in common, to be completed.
const fn of(purpose: Purpose) -> Grant {
    Grant {
        sid: "",
        purpose,
        side: Side::Account,
        why: "",
        when: When::Always,
        resource: Resource::These(&[]),
        conditions: &[],
        calls: &[],
    }
}

/// The action of the same name.
const fn same(operation: &'static str) -> Call {
    Call {
        operation,
        actions: Operands::Same,
    }
}

/// Other actions, or more than one.
const fn needs(operation: &'static str, actions: &'static [&'static str]) -> Call {
    Call {
        operation,
        actions: Operands::These(actions),
    }
}

/// Every statement, in the order in which policies have them.
pub fn statements() -> impl Iterator<Item = &'static Grant> {
    [watch::GRANTS, heal::GRANTS, drill::GRANTS, wire::GRANTS]
        .into_iter()
        .flatten()
}
