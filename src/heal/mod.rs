//! From a broken chain to the shortest ordered list of repairs, and whether they may be carried out. Pure.

#[cfg(test)]
pub(crate) mod fixture;
pub mod guard;
mod model;
mod plan;
mod policy;
mod render;
mod repair;
mod shell;
mod unchanged;

pub use guard::{Decision, Guard, GuardState, HoldReason, Limits, Outcome, Stop, Window};
pub use model::apply_to;
pub use plan::plan;
pub use policy::{ExpectedSubscription, HealPolicy};
pub use render::{Mark, Page, creates, render};
pub use repair::{LogDelivery, Plan, Repair, RepairKind, Step, StepAction};
pub use shell::command;
pub use unchanged::unchanged;
