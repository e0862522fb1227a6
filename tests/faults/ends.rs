//! The daemon is ended at random moments, politely and not; the next one loses nothing.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;

use super::bench::Bench;
use super::common::aws::Account;
use super::common::breaks::Break;
use super::common::daemon::PATIENCE;
use super::{Suite, scaled, seed};

/// The latest moment after a change at which the daemon is ended: its look takes part of it.
const LATEST: Duration = Duration::from_millis(400);

pub(crate) fn add(suite: &mut Suite) {
    suite.test("ends::at_random_moments_lose_nothing", async |account| {
        at_random_moments_lose_nothing(&account).await;
    });
}

/// Each cut is in the history, once, with the one who did it; each message was evaluated and deleted.
async fn at_random_moments_lose_nothing(account: &Account) {
    let mut random = fastrand::Rng::with_seed(seed("ends"));
    // What a killed daemon had in flight, or its open receive took along, is soon there again.
    account.set_visibility_timeout(1).await;
    let mut bench = Bench::start(account, "").await;
    let mut cuts = Vec::new();
    let mut present = None;
    for _ in 0..scaled(20, 200) {
        if let Some(cut) = present.take() {
            bench.mend(cut).await;
        } else {
            let ways = [
                Break::DisableActions,
                Break::DeleteMetricFilter,
                Break::RaiseThreshold,
            ];
            let cut = *random.choice(&ways).expect("a way");
            bench.cut(cut).await;
            cuts.push(cut);
            present = Some(cut);
        }
        tokio::time::sleep(LATEST.mul_f64(random.f64())).await;
        let signal = if random.bool() {
            Signal::SIGKILL
        } else {
            Signal::SIGTERM
        };
        bench = bench.restart(signal).await;
        bench.settle(PATIENCE * 2).await;
    }
    let incidents = history(&bench, account);
    let named: Vec<&str> = incidents
        .iter()
        .rev()
        .filter_map(|incident| incident["actor"]["event_name"].as_str())
        .collect();
    let expected: Vec<&str> = cuts.iter().map(|cut| cut.event_name()).collect();
    assert_eq!(named, expected, "{incidents:#?}");
    let dead = account
        .sqs
        .receive_message()
        .queue_url(&account.seeded.dead_letter_url);
    let dead = dead.send().await.expect("the dead-letter queue");
    assert_eq!(dead.messages(), [], "no message was given up");
}

/// The incidents of `trailwarden history`, the latest first.
fn history(bench: &Bench, account: &Account) -> Vec<Value> {
    let mut command = bench.daemon.beside(account, "history");
    let output = command
        .args(["--format", "json"])
        .output()
        .expect("it runs");
    let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    document["incidents"].as_array().expect("a list").clone()
}
