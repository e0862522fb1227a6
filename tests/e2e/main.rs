//! The real binary against a real LocalStack, broken the way people break things: with the AWS API.
//!
//! One LocalStack serves the whole run; each test has an account of its own, so that they run at the same time.

#![allow(
    clippy::float_cmp,
    reason = "counters and gauges of whole numbers are exact"
)]

#[path = "../common/mod.rs"]
mod common;

mod accounts;
mod adapters;
mod breaking;
mod doctor;
mod drill;
mod feed;
mod heal_command;
mod healing;
mod memory;
mod permissions;
mod senses;
mod surface;
mod telling;
mod wire;

use std::process::ExitCode;

use common::breaks::Break;
use common::suite::Suite;

/// Tests at the same time; each has a daemon of its own, and LocalStack answers one call after the other.
const PARALLEL: usize = 4;

fn main() -> ExitCode {
    let mut suite = Suite::begin(PARALLEL);
    accounts::add(&mut suite);
    adapters::add(&mut suite);
    breaking::add(&mut suite);
    doctor::add(&mut suite);
    drill::add(&mut suite);
    feed::add(&mut suite);
    heal_command::add(&mut suite);
    healing::add(&mut suite);
    memory::add(&mut suite);
    permissions::add(&mut suite);
    senses::add(&mut suite);
    surface::add(&mut suite);
    telling::add(&mut suite);
    wire::add(&mut suite);
    suite.run(|emulator, conclusion| {
        if conclusion.has_failed() {
            return Ok(());
        }
        let whole = conclusion.num_filtered_out == 0 && conclusion.num_ignored == 0;
        permissions::compare(&emulator.endpoint, whole).map_err(|differences| {
            format!("the table of permissions (src/permission/table) is wrong:\n{differences}")
        })
    })
}
