//! What it costs to start, and to have the daemon run while nothing happens.

use std::collections::BTreeMap;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::daemon::binary;
use crate::figures::{Aim, bound, fact, quantile, ratio, title};
use crate::process::{Daemon, Usage, Watched};
use crate::role;
use crate::stub::Size;
use crate::stub::control::StubProcess;

const STARTS: u32 = 15;
/// Until the first poll is over and what the start needed is given back.
const SETTLE: Duration = Duration::from_secs(5);
const WATCHED: Duration = Duration::from_mins(1);
/// By the default of sweep.interval.
const SWEEPS_AN_HOUR: u64 = 4;
/// By the longest poll of SQS, 20 s.
const POLLS_AN_HOUR: u64 = 180;
const HOURS_A_MONTH: f64 = 730.0;

pub(crate) fn run() {
    title(
        "start and idle: default settings, one account, 17 regions; daemon : bare client that makes the calls of one look",
    );
    let stub = StubProcess::start(Size::CHAINS);
    let size = std::fs::metadata(binary()).expect("the binary").len();
    #[expect(clippy::cast_precision_loss, reason = "some megabytes")]
    bound("binary", "MB", size as f64 / 1e6, Aim::AtMost(20.0));
    let starts =
        |start: fn(&StubProcess) -> f64| (0..STARTS).map(|_| start(&stub)).collect::<Vec<_>>();
    let (ours, theirs) = (starts(daemon_ready), starts(bare_ready));
    ratio(
        "start to ready, p50",
        "ms",
        (quantile(&ours, 0.5), quantile(&theirs, 0.5)),
        Aim::None,
    );

    let account = "333333333333";
    let daemon = start(&stub, account);
    daemon.until_ready();
    let polling = bare(&stub, "444444444444");
    thread::sleep(SETTLE);
    let (begun, before, calls) = (Instant::now(), daemon.usage(), stub.calls(account));
    let polling_before = polling.usage();
    thread::sleep(WATCHED);
    let (after, polling_after) = (daemon.usage(), polling.usage());
    let seconds = begun.elapsed().as_secs_f64();
    let busy = |before: Usage, after: Usage| (after.cpu - before.cpu) / seconds * 100.0;
    let (ours, polls_alone) = (busy(before, after), busy(polling_before, polling_after));
    bound(
        "resident memory, idle",
        "MiB",
        after.resident,
        Aim::AtMost(25.0),
    );
    bound("CPU, idle", "%", ours, Aim::AtMost(0.1));
    ratio(
        "CPU, idle, beside the polls alone",
        "%",
        (ours, polls_alone),
        Aim::None,
    );
    let polls = stub.calls(account)["ReceiveMessage"] - calls["ReceiveMessage"];
    assert!((2..=4).contains(&polls), "{polls} polls in {WATCHED:?}");
    hour(&calls);
}

/// What an hour is made of: the calls of a look at every sweep, and the polls.
fn hour(calls: &BTreeMap<String, u64>) {
    let looks = calls
        .iter()
        .filter(|(operation, _)| !operation.contains("Message"));
    let (mut all, mut dollars) = (POLLS_AN_HOUR, cost("ReceiveMessage", POLLS_AN_HOUR));
    for (operation, count) in looks {
        all += count * SWEEPS_AN_HOUR;
        dollars += cost(operation, count * SWEEPS_AN_HOUR);
    }
    fact(
        "AWS calls of an idle hour, looks and polls",
        &format!("{all}, {POLLS_AN_HOUR} of them polls"),
    );
    fact(
        "their list price in a month",
        &format!("{:.3} dollars", dollars * HOURS_A_MONTH),
    );
}

/// The list price beyond the free tier (docs/benchmarks.md has sources and date). Reading CloudTrail, Logs, STS and the list of
/// regions is free.
#[expect(clippy::cast_precision_loss, reason = "some hundreds")]
fn cost(operation: &str, count: u64) -> f64 {
    let of_a_million = match operation {
        "ReceiveMessage" => 0.40,
        "GetTopicAttributes" | "ListSubscriptionsByTopic" | "GetSubscriptionAttributes" => 0.50,
        "DescribeAlarms" | "ListAlarmMuteRules" => 10.0,
        _ => 0.0,
    };
    count as f64 * of_a_million / 1e6
}

fn start(stub: &StubProcess, account: &str) -> Daemon {
    let settings = format!("queue_url = \"{}\"", stub.queue_url("idle"));
    Daemon::start(stub, account, &settings, "info")
}

fn daemon_ready(stub: &StubProcess) -> f64 {
    let begun = Instant::now();
    start(stub, "111111111111").until_ready();
    begun.elapsed().as_secs_f64() * 1e3
}

fn bare_ready(stub: &StubProcess) -> f64 {
    let begun = Instant::now();
    bare(stub, "222222222222");
    begun.elapsed().as_secs_f64() * 1e3
}

/// The bare client, after its first look: it polls.
fn bare(stub: &StubProcess, account: &str) -> Watched {
    let mut bare: Command = role("detect");
    let bare = Watched::start(
        stub.environment(&mut bare, account)
            .arg(stub.queue_url("idle")),
    );
    bare.line("ready");
    bare
}
