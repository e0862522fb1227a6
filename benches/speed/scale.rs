//! Many accounts: the first sweep of all of them, from the start of the process.

use std::fmt::Write as _;
use std::time::Instant;

use crate::figures::{Aim, bound, fact, ratio, title};
use crate::process::Daemon;
use crate::stub::Size;
use crate::stub::control::StubProcess;

const DELAY: u64 = 20;
const REGIONS: &str = "[\"us-east-1\", \"us-west-2\", \"eu-west-1\", \"eu-central-1\"]";
/// Numbers of accounts.
const SIZES: [u32; 3] = [10, 100, 1000];

/// One sweep.
struct Sweep {
    seconds: f64,
    peak: f64,
    resident: f64,
    cpu: f64,
    /// Of the stub, which does the same for every account: what grows with it is the machine's.
    stub_cpu: f64,
    calls: u64,
}

impl Sweep {
    fn print(&self, accounts: u32) {
        fact(
            &format!("{accounts} accounts: the first sweep of all"),
            &format!("{:.1} s", self.seconds),
        );
        fact("  AWS calls of an account", &self.calls.to_string());
        bound("  peak memory", "MiB", self.peak, Aim::AtMost(200.0));
        fact("  memory afterwards", &format!("{:.0} MiB", self.resident));
        let cpu = self.cpu / f64::from(accounts);
        bound("  CPU of an account", "ms", cpu * 1e3, Aim::AtMost(60.0));
        let stub = self.stub_cpu / f64::from(accounts);
        fact("  of the stub", &format!("{:.1} ms", stub * 1e3));
    }
}

pub(crate) fn run() {
    let Size {
        filters,
        alarms,
        topics,
    } = Size::LARGE;
    let stub = StubProcess::start(Size::LARGE);
    stub.delay(DELAY);
    title(&format!(
        "scale: accounts x 4 regions x 15 controls, {filters} filters, {alarms} alarms, {topics} topics each, {DELAY} ms a call"
    ));
    let sweeps = SIZES.map(|accounts| {
        let sweep = sweep(&stub, accounts);
        sweep.print(accounts);
        (f64::from(accounts), sweep)
    });
    let [(few, first), .., (many, last)] = &sweeps;
    let each = |accounts: f64, total: f64| total / accounts;
    ratio(
        "time of an account, 1000 : 10",
        "s",
        (each(*many, last.seconds), each(*few, first.seconds)),
        Aim::AtMost(1.0),
    );
    ratio(
        "memory of an account, 1000 : 10",
        "MiB",
        (each(*many, last.peak), each(*few, first.peak)),
        Aim::AtMost(1.0),
    );
    ratio(
        "the stub's CPU of an account, 1000 : 10",
        "s",
        (each(*many, last.stub_cpu), each(*few, first.stub_cpu)),
        Aim::None,
    );
    ratio(
        "CPU of an account, 1000 : 10",
        "s",
        (each(*many, last.cpu), each(*few, first.cpu)),
        Aim::AtMost(1.0),
    );
}

fn sweep(stub: &StubProcess, accounts: u32) -> Sweep {
    let mut settings = "controls = \"all\"\nsweep.interval = \"24h\"\n".to_owned();
    // Each sweep has accounts of its own, so that their calls can be told apart.
    let account = |number: u32| {
        format!(
            "{:012}",
            u64::from(accounts) * 1_000_000 + u64::from(number)
        )
    };
    for number in 0..accounts {
        let id = account(number);
        let _ = write!(
            settings,
            "[[scope]]\naccount = \"{id}\"\nrole_arn = \"arn:aws:iam::{id}:role/trailwarden\"\nregions = {REGIONS}\n"
        );
    }
    let (begun, stub_before) = (Instant::now(), stub.usage().cpu);
    let daemon = Daemon::start(stub, "999999999999", &settings, "debug");
    for _ in 0..accounts {
        daemon.process.line("\"trigger\":\"start\"");
    }
    let seconds = begun.elapsed().as_secs_f64();
    let usage = daemon.usage();
    let scrape = daemon.scrape();
    let compliant = scrape.sum("trailwarden_control_compliant", &[]);
    assert!(
        (compliant - f64::from(accounts) * 15.0).abs() < 0.5,
        "{compliant} controls of {accounts} accounts pass"
    );
    let calls = stub.calls(&account(0)).values().sum();
    Sweep {
        seconds,
        peak: usage.peak,
        resident: usage.resident,
        cpu: usage.cpu,
        stub_cpu: stub.usage().cpu - stub_before,
        calls,
    }
}
