//! From a broken chain to the shortest ordered list of repairs, and whether they may be carried out. Pure.

pub mod guard;
mod policy;
mod repair;

pub use policy::{ExpectedSubscription, HealPolicy};
pub use repair::{LogDelivery, Plan, Repair, RepairKind, Step, StepAction};
