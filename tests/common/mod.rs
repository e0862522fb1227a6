//! What tests and the demonstration share: a LocalStack, seeded accounts on it, and the real binary against them.

#![allow(
    unreachable_pub,
    dead_code,
    reason = "shared by several programs, none of which uses all of it"
)]
#![allow(
    clippy::disallowed_types,
    reason = "other processes are waited for: their time is the machine's"
)]

pub mod aws;
pub mod breaks;
pub mod daemon;
pub mod emulator;
pub mod messages;
pub mod process;
pub mod protocols;
pub mod scrape;
pub mod sink;
pub mod suite;

use std::time::{Duration, Instant};

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(20);

/// Waits until `probe` answers something.
///
/// # Panics
/// The time is over; says what was waited for and what `describe` knows of the present state.
pub async fn eventually<T>(
    what: &str,
    limit: Duration,
    mut probe: impl AsyncFnMut() -> Option<T>,
    describe: impl AsyncFnOnce() -> String,
) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(
            begun.elapsed() <= limit,
            "waited {limit:?} in vain for {what}; {}",
            describe().await
        );
        tokio::time::sleep(POLL).await;
    }
}
