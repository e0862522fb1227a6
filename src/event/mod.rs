//! CloudTrail calls in EventBridge envelopes: which matter, and what they tell. Pure.
//!
//! An event is a hint: where to look, what was touched, by whom. It never says what is true; state is always read
//! again. Nothing in a message can suppress an evaluation, and who did it is reported as what the event says.

mod actor;
mod calls;
mod decode;
mod envelope;
mod heartbeat;
mod json;
#[cfg(test)]
mod tests;
mod touched;

pub use actor::Actor;
pub use calls::{Call, Service, listed_calls};
pub use decode::{Incoming, Signal, Unreadable, decode};
pub(crate) use envelope::API_CALL;
pub use heartbeat::{HEARTBEAT_DETAIL_TYPE, HEARTBEAT_SOURCE, Heartbeat, Nonce};
pub(crate) use json::Json;
pub use touched::Touched;
