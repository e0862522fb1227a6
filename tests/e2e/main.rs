//! The real binary against a real LocalStack, broken the way people break things: with the AWS API.
//!
//! One LocalStack serves the whole run; each test has an account of its own, so that they run at the same time.

#![allow(
    clippy::float_cmp,
    reason = "counters and gauges of whole numbers are exact"
)]

#[path = "../common/mod.rs"]
mod common;

mod adapters;
mod breaking;
mod drill;
mod feed;
mod heal_command;
mod healing;
mod memory;
mod surface;
mod telling;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Handle;

use common::aws::Account;
use common::breaks::Break;
use common::emulator::Emulator;

/// Tests at the same time; each has a daemon of its own, and LocalStack answers one call after the other.
const PARALLEL: usize = 4;

/// What makes tests of functions that take a fresh account.
struct Suite {
    handle: Handle,
    /// None while tests are only listed.
    emulator: Option<Arc<Emulator>>,
    trials: Vec<Trial>,
}

impl Suite {
    fn test<F>(&mut self, name: impl Into<String>, test: impl FnOnce(Account) -> F + Send + 'static)
    where
        F: Future<Output = ()>,
    {
        let (handle, emulator) = (self.handle.clone(), self.emulator.clone());
        self.trials.push(Trial::test(name, move || {
            let emulator = emulator.ok_or("no LocalStack")?;
            handle.block_on(async { test(Account::fresh(&emulator).await).await });
            Ok(())
        }));
    }
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(PARALLEL));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let emulator = (!arguments.list).then(|| Arc::new(runtime.block_on(Emulator::start())));
    let handle = runtime.handle().clone();
    let mut suite = Suite {
        handle,
        emulator: emulator.clone(),
        trials: Vec::new(),
    };
    adapters::add(&mut suite);
    breaking::add(&mut suite);
    drill::add(&mut suite);
    feed::add(&mut suite);
    heal_command::add(&mut suite);
    healing::add(&mut suite);
    memory::add(&mut suite);
    surface::add(&mut suite);
    telling::add(&mut suite);
    let Suite {
        trials,
        emulator: shared,
        ..
    } = suite;
    let conclusion = libtest_mimic::run(&arguments, trials);
    // The container is removed by a call that needs the runtime.
    runtime.block_on(async { drop((shared, emulator)) });
    conclusion.exit_code()
}
