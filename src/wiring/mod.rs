//! What the feed needs: rules, queues, a bus and roles; and what of it is there. Pure.
//!
//! [`Ground`] is what the settings say, [`Needs`] what they ask for in one account, [`Observed`] what was seen of it, and
//! [`compare()`] tells the difference, by meaning: a rule is right if every call that is routed passes it, whatever else does, and
//! a policy if it lets in whom it has to and nobody else, however it says so. What was not seen is neither right nor wrong.

mod callers;
mod change;
mod compare;
mod documents;
mod flaws;
mod ground;
mod model;
mod needs;
mod observed;
mod pattern;
mod queue;
mod rules;
mod sample;
mod strangers;
#[cfg(test)]
mod tests;

pub use self::queue::FEWEST_RECEIVES;
pub use change::Change;
pub use compare::{Comparison, Detail, Difference, Hole, compare};
pub use ground::{DEFAULT_BUS, Ground, Part, Place};
pub use needs::{BusNeed, Needs, QueueKind, QueueNeed, RoleNeed, RuleGroup, RuleNeed};
pub use observed::{Bus, Observed, Queue, Role, Rule, Sight, Target, Unseen};
pub use pattern::{Passes, passes};
pub use sample::Route;
