//! Messages that wait: how fast they are drained, beside a loop that receives and deletes and reads nothing; and how many
//! looks a burst costs.

use std::thread;
use std::time::Duration;

use crate::figures::{Aim, bound, fact, ratio, title};
use crate::process::{Daemon, eventually};
use crate::role;
use crate::stub::Size;
use crate::stub::control::{QueueTimes, StubProcess};

const ACCOUNT: &str = "111111111111";
/// Longer than the look that confirms the last of a burst is put off.
const CONFIRMED: Duration = Duration::from_secs(7);

pub(crate) fn run() {
    let stub = StubProcess::start(Size::CHAINS);
    for (delay, messages) in [(0, 20_000), (20, 4_000)] {
        title(&format!(
            "feed: {messages} waiting messages, {delay} ms a call; daemon : bare receive-and-delete loop"
        ));
        stub.delay(delay);
        let ours = by_daemon(&stub, &format!("ours-{delay}"), messages);
        let bare = by_loop(&stub, &format!("bare-{delay}"), messages);
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let rate = |seconds: f64| messages as f64 / seconds;
        ratio(
            "received",
            "/s",
            (rate(ours.received_in()), rate(bare.received_in())),
            Aim::None,
        );
        ratio(
            "received, evaluated and deleted",
            "/s",
            (rate(ours.drained_in()), rate(bare.drained_in())),
            Aim::AtLeast(0.9),
        );
    }
    stub.delay(0);
    burst(&stub);
}

fn by_daemon(stub: &StubProcess, queue: &str, messages: u64) -> QueueTimes {
    stub.send(queue, ACCOUNT, messages);
    let _daemon = daemon(stub, queue);
    drained(stub, queue)
}

fn by_loop(stub: &StubProcess, queue: &str, messages: u64) -> QueueTimes {
    stub.send(queue, ACCOUNT, messages);
    let mut drain = role("drain");
    let status = stub
        .environment(&mut drain, ACCOUNT)
        .arg(stub.queue_url(queue))
        .status();
    assert!(status.is_ok_and(|status| status.success()));
    drained(stub, queue)
}

fn burst(stub: &StubProcess) {
    title("feed: a burst of 10000 events on one scope");
    let daemon = daemon(stub, "burst");
    daemon.until_ready();
    thread::sleep(CONFIRMED);
    let evaluations = || daemon.scrape().sum("trailwarden_evaluations_total", &[]);
    let before = evaluations();
    stub.send("burst", ACCOUNT, 10_000);
    let times = drained(stub, "burst");
    thread::sleep(CONFIRMED);
    bound(
        "evaluations, the confirming one included",
        "",
        evaluations() - before,
        Aim::AtMost(10.0),
    );
    fact(
        "from the first receive to the last delete",
        &format!("{:.2} s", times.drained_in()),
    );
}

fn daemon(stub: &StubProcess, queue: &str) -> Daemon {
    let settings = format!(
        "queue_url = \"{}\"\ncontrols = \"all\"\nsweep.interval = \"24h\"\n[[scope]]\naccount = \"{ACCOUNT}\"\nregions = [\"us-east-1\"]",
        stub.queue_url(queue)
    );
    Daemon::start(stub, ACCOUNT, &settings, "info")
}

/// Waits until every message is deleted.
fn drained(stub: &StubProcess, queue: &str) -> QueueTimes {
    eventually(|| {
        // Asked seldom: the stub has other things to do.
        thread::sleep(Duration::from_millis(100));
        stub.queue(queue).left() == 0
    });
    stub.queue(queue)
}
