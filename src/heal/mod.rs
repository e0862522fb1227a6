//! From a broken chain to the shortest ordered list of repairs, and whether they may be carried out. Pure.

mod repair;

pub use repair::{LogDelivery, Plan, Repair, RepairKind, Step, StepAction};
