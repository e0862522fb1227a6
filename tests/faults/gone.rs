//! What the daemon stands on goes away and comes back: all of AWS, or its own credentials.

use std::sync::Arc;
use std::time::Duration;

use super::bench::{Bench, repairing};
use super::common::aws::Account;
use super::common::breaks::Break;
use super::common::emulator::Emulator;
use super::issuer::Issuer;
use super::proxy::{Calls, Fault, Proxy};
use super::{Suite, scaled};

const RECOVERY: Duration = Duration::from_mins(1);

pub(crate) fn add(suite: &mut Suite) {
    suite.test(
        "gone::aws_that_comes_back_empty_and_is_filled_again",
        async |account| {
            aws_comes_back_empty(&account).await;
        },
    );
    suite.test(
        "gone::credentials_that_ran_out_and_are_renewed",
        async |account| {
            credentials_ran_out(&account).await;
        },
    );
    suite.test(
        "gone::credentials_that_aws_takes_for_expired_early",
        async |account| {
            credentials_expire_early(&account).await;
        },
    );
}

/// LocalStack is killed, and another one takes its place: without anything in it, then with the same as before.
async fn aws_comes_back_empty(account: &Account) {
    let first = Emulator::start_own().await;
    let id = account.seeded.account.clone();
    let account = Account::named(&first, &id).await;
    let bench = Bench::start(&account, "sweep.interval = \"4s\"").await;
    drop(first);
    bench
        .daemon
        .until_within("UNKNOWN", RECOVERY, |scrape| {
            scrape.value("trailwarden_control_state", &[("state", "unknown")]) == Some(1.0)
                && scrape.value("trailwarden_control_compliant", &[]) == Some(0.0)
        })
        .await;
    let second = Arc::new(Emulator::start_own().await);
    // The seed takes its own events out of the queue: nobody else may, until it has them.
    bench.proxy.fail(Calls::of("sqs"), Fault::INTERNAL_ERROR);
    bench.proxy.turn_to(&second.endpoint);
    bench
        .daemon
        .until_within("FAIL, there being nothing", RECOVERY, |scrape| {
            scrape.value("trailwarden_control_state", &[("state", "fail")]) == Some(1.0)
        })
        .await;
    let account = Account::named(&second, &id).await;
    bench.proxy.calm();
    bench.daemon.until_compliant_within(1.0, RECOVERY).await;
    // The feed has found the new queue: a cut is seen by its event, long before a sweep could.
    account.until_queue_is_empty(RECOVERY).await;
    Break::DisableActions.apply(&account).await;
    bench.daemon.until_compliant_within(0.0, RECOVERY).await;
    account.until_queue_is_empty(RECOVERY).await;
    assert!(
        bench.looks().iter().any(|look| look.trigger == "event"),
        "the new queue is heard"
    );
    assert_eq!(account.daemon_writes(), [""; 0]);
    bench.audit();
}

async fn issued(account: &Account, issuer: &Issuer, settings: &str) -> Bench {
    let proxy = Proxy::start(&account.endpoint).await;
    let bench = Bench::spawn(account, settings, proxy, |command| {
        command
            .env_remove("AWS_ACCESS_KEY_ID")
            .env_remove("AWS_SECRET_ACCESS_KEY")
            .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &issuer.url);
    })
    .await;
    bench.daemon.until_ready().await;
    bench.daemon.until_compliant(1.0).await;
    bench
}

/// They end as they said they would, and for a while nobody issues new ones.
async fn credentials_ran_out(account: &Account) {
    let issuer = Issuer::start();
    let lasting = Duration::from_secs(20);
    issuer.issue(&account.seeded.account, "first", lasting);
    let bench = issued(account, &issuer, &repairing(account)).await;
    issuer.refuse();
    tokio::time::sleep(lasting).await;
    bench.proxy.revoke("first");
    bench.cut(Break::DeleteMetricFilter).await;
    tokio::time::sleep(scaled(Duration::from_secs(5), Duration::from_mins(1))).await;
    issuer.issue(&account.seeded.account, "second", Duration::from_hours(1));
    bench
        .daemon
        .until_within("a look", RECOVERY, |scrape| {
            scrape.sum("trailwarden_heal_actions_total", &[("result", "applied")]) >= 1.0
        })
        .await;
    bench.daemon.until_compliant_within(1.0, RECOVERY).await;
    account.until_queue_is_empty(RECOVERY).await;
    bench.audit();
}

/// Clocks differ, and sessions are revoked: AWS calls a token expired whose time has not come. There is a new one for whoever
/// asks.
async fn credentials_expire_early(account: &Account) {
    let issuer = Issuer::start();
    let an_hour = Duration::from_hours(1);
    issuer.issue(&account.seeded.account, "first", an_hour);
    let bench = issued(account, &issuer, &repairing(account)).await;
    issuer.issue(&account.seeded.account, "second", an_hour);
    bench.proxy.revoke("first");
    bench.cut(Break::DeleteMetricFilter).await;
    bench
        .daemon
        .until_within("a repair", RECOVERY, |scrape| {
            scrape.sum("trailwarden_heal_actions_total", &[("result", "applied")]) >= 1.0
        })
        .await;
    bench.daemon.until_compliant_within(1.0, RECOVERY).await;
    account.until_queue_is_empty(RECOVERY).await;
    bench.audit();
}
