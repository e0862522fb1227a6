//! trailwarden keeps one promise true: if somebody changes `CloudTrail`'s configuration, somebody is told.
//!
//! The promise hangs on a chain of links: trail, log group, metric filter, metric, alarm, topic, subscription. This
//! library observes the chain ([`snapshot`]), judges it ([`assess`]) and says how to mend it ([`heal`]). The rooms
//! and the flow between them are drawn in `docs/design.md`.

#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "nothing that AWS, a message or a file says may end the process"
)]

/// Test code that is shared with `tests/` knows the crate by its name.
#[cfg(test)]
extern crate self as trailwarden;

pub mod assess;
pub mod aws;
mod backoff;
pub mod cli;
pub mod config;
pub mod control;
pub mod daemon;
pub mod drill;
mod escape;
pub mod event;
pub mod heal;
pub mod journal;
#[cfg(test)]
mod mutant;
pub mod notify;
pub mod pattern;
pub mod permission;
mod policy;
pub mod snapshot;
pub mod telemetry;
pub mod wiring;
