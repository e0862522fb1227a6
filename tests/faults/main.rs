//! The real binary against a LocalStack that fails: behind a proxy that delays, cuts, refuses and lies, or gone for a while; on a
//! machine whose clock jumps, whose disk is full, whose neighbours are rude; ended at random moments.
//!
//! `TRAILWARDEN_LONG=1` makes minutes of seconds and hundreds of tens; `TRAILWARDEN_SEED=N` replays the random tests that
//! printed it.

#![allow(
    clippy::float_cmp,
    reason = "counters and gauges of whole numbers are exact"
)]
#![allow(
    clippy::disallowed_types,
    reason = "other processes are waited for: their time is the machine's"
)]

#[path = "../common/mod.rs"]
mod common;

mod bench;
mod down;
mod ends;
mod forged;
mod gone;
mod host;
mod issuer;
mod proxy;
mod soak;
mod storm;

use std::process::ExitCode;

use common::suite::Suite;

/// Tests at the same time: most wait for pauses to end.
const PARALLEL: usize = 8;

/// Whether this is the long run.
fn is_long() -> bool {
    std::env::var_os("TRAILWARDEN_LONG").is_some_and(|value| value != "0")
}

/// The one in a short run, the other in the long one.
fn scaled<T>(short: T, long: T) -> T {
    if is_long() { long } else { short }
}

/// The seed of a random test: `TRAILWARDEN_SEED`, or a new one; printed, so that it can be replayed.
fn seed(test: &str) -> u64 {
    let given = std::env::var("TRAILWARDEN_SEED").ok();
    let seed = given.map_or_else(
        || fastrand::u64(..),
        |text| text.parse().expect("TRAILWARDEN_SEED is a number"),
    );
    println!("{test}: TRAILWARDEN_SEED={seed}");
    seed
}

fn main() -> ExitCode {
    let mut suite = Suite::begin(PARALLEL);
    down::add(&mut suite);
    ends::add(&mut suite);
    forged::add(&mut suite);
    gone::add(&mut suite);
    host::add(&mut suite);
    soak::add(&mut suite);
    storm::add(&mut suite);
    suite.run(|_, _| Ok(()))
}
