//! Which IAM actions each API call needs: one table, and what is made of it. Pure.
//!
//! The table ([`statements`]) is reviewed by hand against AWS's Service Authorization Reference, as an action rarely follows
//! from an operation's name alone: DeleteMessageBatch is authorised as `sqs:DeleteMessage`, GetCallerIdentity by nobody, and
//! `iam:PassRole` is never a call of its own. [`policy()`] narrows it by the settings to what `trailwarden iam-policy` prints;
//! [`reference()`] is `docs/permissions.md`. The end-to-end tests compare it with the calls that an emulator answered.

mod page;
mod policy;
mod table;

use std::slice;

pub use page::{reference, render};
pub use policy::{Condition, Feed, Ground, Policy, Statement, policy};
pub use table::{Call, Grant, Operands, Resource, Test, When, statements};

/// What the credentials are for. Each has a policy of its own, to be attached beside that to watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Look, judge, listen, tell: the daemon with `heal.mode` off or plan, and every command that does not write.
    Watch,
    /// Carry out repairs.
    Heal,
    /// Drill.
    Drill,
    /// Make and remove the wiring of the feed.
    Wire,
}

/// Whose policy it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The own credentials': where the feed is.
    Own,
    /// Those that lead into a judged account: the role of its scope, or the own ones.
    Account,
    /// Both.
    Both,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 4] = [Self::Watch, Self::Heal, Self::Drill, Self::Wire];

    /// The name that the policy is given in examples.
    pub const fn policy_name(self) -> &'static str {
        match self {
            Self::Watch => "trailwarden-watch",
            Self::Heal => "trailwarden-heal",
            Self::Drill => "trailwarden-drill",
            Self::Wire => "trailwarden-wire",
        }
    }
}

impl Call {
    /// The actions that the operation needs here: usually the one of the same name.
    pub const fn actions(&self) -> &[&'static str] {
        match self.actions {
            Operands::Same => slice::from_ref(&self.operation),
            Operands::These(actions) => actions,
        }
    }
}
