//! The endpoints: `/metrics`, `/livez`, `/readyz`, the status page at `/` and its JSON at `/status`.
//!
//! None of them calls AWS, and all read what is in memory, so an answer takes milliseconds. The port may be open to
//! more than those it is meant for, so that connections are bounded in number and in time.

mod routes;
mod server;
#[cfg(test)]
mod tests;

pub use server::{Limits, serve};

use super::events::Events;
use super::status::StatusBoard;

/// What the endpoints show.
#[derive(Debug, Clone)]
pub struct HttpState {
    /// The present state.
    pub board: StatusBoard,
    /// The metrics, and where trouble with the port is told.
    pub events: Events,
    /// Whether the status page and its JSON are served (`http.status`).
    pub status_page: bool,
}
