//! The drill: proves a chain by using it. Pure: what to write, what to watch for, what it proved.
//!
//! A synthetic record goes into the log group; metric, alarm and notification must follow. The effects are
//! [`crate::aws::DrillApi`]'s, the order of them is `cli::drill`'s.

mod leftover;
mod name;
mod notice;
mod plan;
mod record;
mod report;
#[cfg(test)]
mod tests;
mod watch;

pub use leftover::{Ground, LEFT_BEHIND_AFTER, Resource};
pub use name::DrillName;
pub use notice::Notice;
pub use plan::{AlarmTarget, Bell, MetricTarget, Plan, Refusal, plan};
pub use record::MARK;
pub use report::{End, LinkReport, Report, Spent, State};
pub use watch::{AlarmSeen, Observation, Watch};
