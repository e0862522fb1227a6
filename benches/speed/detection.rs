//! From a message that is visible in SQS to the gauge that is set, beside a client that makes the same calls and judges
//! nothing.
//!
//! Both run at the same time and are asked in turn, so that whatever else the machine does disturbs both.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use crate::figures::{Aim, fact, quantile, ratio, title};
use crate::process::{Daemon, Watched};
use crate::role;
use crate::stub::Size;
use crate::stub::control::StubProcess;

const OURS: &str = "111111111111";
const BARE: &str = "222222222222";
const SAMPLES: usize = 200;
/// Twice the first pause of a burst, and some: so long after a look the next event is the first of its own burst.
const APART: Duration = Duration::from_millis(550);

pub(crate) fn run() {
    let stub = StubProcess::start(Size::CHAINS);
    for delay in [0, 20] {
        title(&format!(
            "detection: a message visible in SQS to the gauge set, {SAMPLES} events, 15 controls, {delay} ms a call; \
             daemon : bare client"
        ));
        stub.delay(delay);
        let (ours, bare) = measure(&stub, delay);
        for (part, aim) in [(0.5, 1.2), (0.99, 2.0)] {
            let pair = (quantile(&ours, part), quantile(&bare, part));
            ratio(
                &format!("p{:.0}", part * 100.0),
                "ms",
                pair,
                Aim::AtMost(aim),
            );
        }
    }
}

fn measure(stub: &StubProcess, delay: u64) -> (Vec<f64>, Vec<f64>) {
    let queues = [OURS, BARE].map(|account| format!("detect-{account}-{delay}"));
    let settings = format!(
        "queue_url = \"{}\"\ncontrols = \"all\"\nsweep.interval = \"24h\"\n[[scope]]\naccount = \"{OURS}\"\nregions = [\"us-east-1\"]",
        stub.queue_url(&queues[0])
    );
    // "evaluated" is what the log says, at debug, once the gauges are set.
    let daemon = Daemon::start(stub, OURS, &settings, "debug");
    daemon.until_ready();
    let mut bare = role("detect");
    let bare = Watched::start(
        stub.environment(&mut bare, BARE)
            .arg(stub.queue_url(&queues[1])),
    );
    bare.line("ready");
    // The first long poll is a short one.
    thread::sleep(Duration::from_millis(1500));

    let before = [OURS, BARE].map(|account| stub.calls(account));
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..SAMPLES {
        let is_cut = round % 2 == 0;
        stub.cut(OURS, is_cut);
        stub.cut(BARE, is_cut);
        let sent = stub.send(&queues[0], OURS, 1);
        let (seen, _) = daemon.process.line("\"trigger\":\"event\"");
        ours.push(milliseconds(seen - sent));
        if round < 2 {
            let labels = [("control", "cloudtrail-config-changes")];
            let compliant = daemon
                .scrape()
                .value("trailwarden_control_compliant", &labels);
            assert_eq!(
                compliant,
                Some(f64::from(u8::from(!is_cut))),
                "the line is written before the gauge is set"
            );
        }
        let sent = stub.send(&queues[1], BARE, 1);
        let (seen, _) = bare.line("looked");
        theirs.push(milliseconds(seen - sent));
        thread::sleep(APART + Duration::from_millis(u64::try_from(round % 7).unwrap_or_default()));
    }
    let [our_calls, their_calls] = [(OURS, &before[0]), (BARE, &before[1])]
        .map(|(account, before)| looked(stub, account, before));
    assert_eq!(
        our_calls, their_calls,
        "the baseline is to make the calls that the daemon makes"
    );
    let of_a_look = our_calls.values().sum::<u64>() / SAMPLES as u64;
    fact("AWS calls of each look", &of_a_look.to_string());
    (ours, theirs)
}

/// Calls of the feed's heartbeat, depth and wiring, which the daemon makes beside its looks.
const BESIDE: [&str; 6] = [
    "PutEvents",
    "GetQueueAttributes",
    "ListRules",
    "GetRole",
    "ListRolePolicies",
    "ListAttachedRolePolicies",
];

/// The calls of looks since then, by operation. What the feed does in between, and what is done beside looks, is no part of
/// them.
fn looked(
    stub: &StubProcess,
    account: &str,
    before: &BTreeMap<String, u64>,
) -> BTreeMap<String, u64> {
    let mut calls = stub.calls(account);
    calls.retain(|operation, count| {
        *count -= before.get(operation).copied().unwrap_or_default();
        let of_the_feed = operation.contains("Message") || BESIDE.contains(&operation.as_str());
        *count > 0 && !of_the_feed
    });
    calls
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of an answer")]
fn milliseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e6
}
