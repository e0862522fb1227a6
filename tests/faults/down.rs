//! One service fails for a while, in each service another way.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::bench::{Bench, repairing};
use super::common::aws::Account;
use super::common::breaks::Break;
use super::proxy::{Calls, Fault, Proxy};
use super::{Suite, scaled};

/// How long a service is down: seconds, or a minute in the long run.
fn outage() -> Duration {
    scaled(Duration::from_secs(6), Duration::from_mins(1))
}

/// How long the daemon may take to find back after that: its longest pause, and a busy machine.
fn recovery() -> Duration {
    outage() + Duration::from_secs(40)
}

/// Attempts that the SDK makes of one call.
const ATTEMPTS: usize = 3;

pub(crate) fn add(suite: &mut Suite) {
    for (service, fault, cut) in [
        ("cloudtrail", Fault::INTERNAL_ERROR, Break::StopLogging),
        ("logs", Fault::THROTTLED, Break::DeleteMetricFilter),
        ("monitoring", Fault::Cut, Break::DisableActions),
        ("sns", Fault::ACCESS_DENIED, Break::Unsubscribe),
    ] {
        let name = format!("down::{service}_{fault:?}_is_unknown_and_got_over");
        suite.test(name, async move |account| {
            is_unknown_and_got_over(&account, service, fault, cut).await;
        });
    }
    for (service, harmless) in [
        ("logs", Break::DeleteMetricFilter),
        ("monitoring", Break::DisableActions),
        ("cloudtrail", Break::DisableActions),
        ("sns", Break::DisableActions),
    ] {
        let name = format!("down::{service}_that_answers_nothing_has_not_lost_everything");
        suite.test(name, async move |account| {
            has_not_lost_everything(&account, service, harmless).await;
        });
    }
    suite.test("down::sts_at_the_start_is_waited_for", async |account| {
        sts_at_the_start_is_waited_for(&account).await;
    });
    suite.test(
        "down::the_queue_is_asked_ever_more_rarely",
        async |account| {
            the_queue_is_asked_ever_more_rarely(&account).await;
        },
    );
    suite.test("down::a_receive_that_hangs_is_cut", async |account| {
        a_receive_that_hangs_is_cut(&account).await;
    });
    suite.test(
        "down::messages_that_cannot_be_deleted_repeat_and_cost_little",
        async |account| {
            messages_that_cannot_be_deleted_repeat(&account).await;
        },
    );
    suite.test(
        "down::a_throttling_storm_is_not_answered_with_calls",
        async |account| {
            a_throttling_storm_is_not_answered_with_calls(&account).await;
        },
    );
}

/// What the service would have shown is not known: no PASS, no repair; and once it answers the cut is seen and mended.
async fn is_unknown_and_got_over(
    account: &Account,
    service: &'static str,
    fault: Fault,
    cut: Break,
) {
    let bench = Bench::start(account, &repairing(account)).await;
    let healthy = Instant::now();
    bench.cut(Break::DisableActions).await;
    bench.daemon.until_compliant(0.0).await;
    bench.daemon.until_compliant(1.0).await;
    let looks = bench.looks_since(Timestamp::UNIX_EPOCH).max(1);
    let a_look = bench
        .proxy
        .count_since(healthy, &Calls::of(service))
        .div_ceil(2)
        .max(4);
    assert!(looks >= 3, "the start, the cut, the repair");

    let down = (Instant::now(), Timestamp::now());
    bench.proxy.fail(Calls::of(service), fault);
    bench.cut(cut).await;
    bench.daemon.until_compliant(0.0).await;
    bench
        .daemon
        .until("UNKNOWN", |scrape| {
            scrape.value("trailwarden_control_state", &[("state", "unknown")]) == Some(1.0)
        })
        .await;
    tokio::time::sleep(outage().saturating_sub(down.0.elapsed())).await;
    let calls = bench.proxy.count_since(down.0, &Calls::of(service));
    let looks = bench.looks_since(down.1) + 1;
    assert!(
        calls <= looks * a_look * ATTEMPTS,
        "{calls} calls of {service} in {looks} looks of {a_look} calls"
    );
    bench.proxy.calm();

    if cut == Break::StopLogging {
        // No event tells of the recovery, and nothing of trails is mended: the cut itself must be seen.
        bench
            .daemon
            .until_within("FAIL", recovery(), |scrape| {
                scrape.value("trailwarden_control_state", &[("state", "fail")]) == Some(1.0)
            })
            .await;
        bench.mend(cut).await;
    }
    bench.daemon.until_compliant_within(1.0, recovery()).await;
    account.until_queue_is_empty(recovery()).await;
    bench.audit();
}

/// 200 without a body, from something on the way: no list is empty for that, nothing failed and nothing is mended.
async fn has_not_lost_everything(account: &Account, service: &'static str, harmless: Break) {
    let bench = Bench::start(account, &repairing(account)).await;
    bench.proxy.fail(Calls::of(service), Fault::EMPTY);
    // What stands there already is written once more.
    bench.mend(harmless).await;
    bench
        .daemon
        .until("UNKNOWN", |scrape| {
            scrape.value("trailwarden_control_state", &[("state", "unknown")]) == Some(1.0)
        })
        .await;
    tokio::time::sleep(outage()).await;
    bench.proxy.calm();
    bench.settle(recovery()).await;
    assert_eq!(account.daemon_writes(), [""; 0], "nothing was broken");
    let failed = bench.looks().into_iter().find(|look| look.result == "fail");
    assert!(failed.is_none(), "{failed:?}");
    bench.audit();
}

/// Whose account it is cannot be learnt: nothing is claimed, and the event waits.
async fn sts_at_the_start_is_waited_for(account: &Account) {
    let proxy = Proxy::start(&account.endpoint).await;
    proxy.fail(Calls::of("sts"), Fault::Drop);
    let bench = Bench::spawn(account, "", proxy, |_| {}).await;
    let begun = Instant::now();
    bench.cut(Break::DisableActions).await;
    tokio::time::sleep(outage()).await;
    let scrape = bench.daemon.scrape().expect("metrics");
    assert_eq!(scrape.value("trailwarden_control_compliant", &[]), None);
    assert_eq!(scrape.value("trailwarden_ready", &[]), Some(0.0));
    assert_eq!(account.queue_depth().await.0, 0, "the events are held");
    let calls = bench.proxy.count_since(begun, &Calls::of("sts"));
    let most = ATTEMPTS * usize::try_from(3 + outage().as_secs() / 5).expect("few");
    assert!(calls <= most, "{calls} calls of sts");
    bench.proxy.calm();
    bench.settle(recovery()).await;
    bench.audit();
}

async fn the_queue_is_asked_ever_more_rarely(account: &Account) {
    let bench = Bench::start(account, &repairing(account)).await;
    let down = Instant::now();
    bench.proxy.fail(Calls::of("sqs"), Fault::BAD_GATEWAY);
    bench.cut(Break::DeleteMetricFilter).await;
    // The long poll that was open before may still have brought the message.
    tokio::time::sleep(outage()).await;
    let asked = bench
        .proxy
        .count_since(down, &Calls::of("sqs").named("ReceiveMessage"));
    let most = 6 + usize::try_from(outage().as_secs() / 15).expect("few");
    assert!(asked <= most, "{asked} receives in {:?}", outage());
    bench.proxy.calm();
    bench.daemon.until_compliant_within(1.0, recovery()).await;
    account
        .until_queue_is_empty(recovery() + Duration::from_mins(1))
        .await;
    bench.audit();
}

async fn a_receive_that_hangs_is_cut(account: &Account) {
    let bench = Bench::start(account, "").await;
    let receive = Calls::of("sqs").named("ReceiveMessage");
    bench.proxy.fail(receive.clone(), Fault::Hang);
    let hanging = Instant::now();
    // Ends the long poll that was open before.
    bench.cut(Break::DisableActions).await;
    bench
        .daemon
        .until_within(
            "a receive that is given up",
            Duration::from_mins(1),
            |scrape| scrape.sum("trailwarden_receive_errors_total", &[("kind", "timeout")]) >= 1.0,
        )
        .await;
    let asked = bench.proxy.count_since(hanging, &receive);
    assert!(asked <= 4, "{asked} receives while they hang");
    bench.mend(Break::DisableActions).await;
    bench.proxy.calm();
    bench.settle(Duration::from_mins(1)).await;
    bench.audit();
}

/// Each repeat is an event like the first: one look for each return, paced as a burst is.
async fn messages_that_cannot_be_deleted_repeat(account: &Account) {
    account.set_visibility_timeout(1).await;
    let bench = Bench::start(account, "").await;
    account.until_queue_is_empty(recovery()).await;
    let delete = Calls::of("sqs").named("DeleteMessageBatch");
    bench.proxy.fail(delete.clone(), Fault::INTERNAL_ERROR);
    let (begun, at) = (Instant::now(), Timestamp::now());
    for _ in 0..5 {
        bench.cut(Break::DisableActions).await;
    }
    let outage = outage();
    bench
        .daemon
        .until_within(
            "messages that come again",
            outage + Duration::from_secs(20),
            |scrape| scrape.sum("trailwarden_messages_total", &[("outcome", "evaluated")]) >= 11.0,
        )
        .await;
    let took = usize::try_from(begun.elapsed().as_secs()).expect("few");
    let looks = bench.looks_since(at);
    assert!(looks <= 10 + took, "{looks} looks in {took} s");
    let deletes = bench.proxy.count_since(begun, &delete);
    // A repeat within a burst is settled with the next look: one batch a look, three attempts each.
    assert!(
        deletes <= ATTEMPTS * (looks + 10),
        "{deletes} calls for {looks} looks"
    );
    bench.proxy.calm();
    bench.settle(recovery()).await;
    let scrape = bench.daemon.scrape().expect("metrics");
    assert_eq!(
        scrape.value("trailwarden_control_compliant", &[]),
        Some(0.0)
    );
    bench.audit();
}

/// AWS says "slow down" to everything: what is asked gets less, not more.
async fn a_throttling_storm_is_not_answered_with_calls(account: &Account) {
    let bench = Bench::start(account, &repairing(account)).await;
    let before = Instant::now();
    bench.cut(Break::DisableActions).await;
    bench.daemon.until_compliant(0.0).await;
    bench.daemon.until_compliant(1.0).await;
    let healthy = bench.proxy.count_since(before, &Calls::all());

    let down = Instant::now();
    bench.proxy.fail(Calls::all(), Fault::THROTTLED);
    bench.cut(Break::DeleteMetricFilter).await;
    tokio::time::sleep(outage()).await;
    let calls = bench.proxy.count_since(down, &Calls::all());
    let looks = healthy.div_ceil(3) * ATTEMPTS * 4;
    assert!(
        calls <= looks,
        "{calls} calls, of which four looks would have made {looks}"
    );
    bench.proxy.calm();
    bench.daemon.until_compliant_within(1.0, recovery()).await;
    account
        .until_queue_is_empty(recovery() + Duration::from_mins(1))
        .await;
    bench.audit();
}
