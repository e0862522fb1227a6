//! The daemon as it is deployed: in a container, under systemd, looked at in a browser, scraped by Prometheus. Run by
//! `make test-system`, as root, with Debian's chromium, systemd, Python, Prometheus and a Docker engine.
//!
//! A missing prerequisite fails; only one that `TRAILWARDEN_SKIP` names is skipped, and counted as ignored.

#[path = "../common/mod.rs"]
#[allow(dead_code, reason = "shared with tests that use more of it")]
mod common;

mod browser;
mod deploy;
mod formats;
mod image;
mod page;
mod prometheus;
mod systemd;
mod unit;

use std::process::{Command, ExitCode, Output};
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Handle;

use common::aws::Account;
use common::emulator::{Emulator, is_skipped};

/// What makes tests of functions.
struct Suite {
    handle: Handle,
    /// None while tests are only listed.
    emulator: Option<Arc<Emulator>>,
    trials: Vec<Trial>,
}

impl Suite {
    /// A test that needs what `TRAILWARDEN_SKIP` may name.
    fn test(&mut self, name: &str, needs: &str, test: impl FnOnce() + Send + 'static) {
        let trial = Trial::test(name, move || {
            test();
            Ok(())
        });
        self.trials.push(trial.with_ignored_flag(is_skipped(needs)));
    }

    /// The same with an account of its own on LocalStack.
    fn with_account<F>(
        &mut self,
        name: &str,
        needs: &str,
        test: impl FnOnce(Account) -> F + Send + 'static,
    ) where
        F: Future<Output = ()>,
    {
        let (handle, emulator) = (self.handle.clone(), self.emulator.clone());
        self.test(name, needs, move || {
            let emulator = emulator.expect("LocalStack runs while tests do");
            handle.block_on(async { test(Account::fresh(&emulator).await).await });
        });
    }
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(2));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let emulator = (!arguments.list).then(|| Arc::new(runtime.block_on(Emulator::start())));
    let trials = trials(runtime.handle().clone(), emulator.clone());
    let conclusion = libtest_mimic::run(&arguments, trials);
    // The container is removed by a call that needs the runtime.
    runtime.block_on(async { drop(emulator) });
    conclusion.exit_code()
}

fn trials(handle: Handle, emulator: Option<Arc<Emulator>>) -> Vec<Trial> {
    let mut suite = Suite {
        handle,
        emulator,
        trials: Vec::new(),
    };
    unit::add(&mut suite);
    formats::add(&mut suite);
    deploy::add(&mut suite);
    image::add(&mut suite);
    page::add(&mut suite);
    prometheus::add(&mut suite);
    systemd::add(&mut suite);
    suite.trials
}

/// Runs a command to its end.
fn output(command: &mut Command) -> Output {
    let name = format!("{command:?}");
    command
        .output()
        .unwrap_or_else(|error| panic!("{name} cannot be run: {error}"))
}

/// Both streams of a command, for messages.
fn shown(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "{}\n{}{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    )
}
