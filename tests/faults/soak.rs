//! An hour's worth of events in a minute: what is needed at the end is what was needed after the first third.

use std::time::Duration;

use super::bench::Bench;
use super::common::aws::Account;
use super::common::breaks::Break;
use super::common::daemon::PATIENCE;
use super::common::messages::Messages;
use super::common::process::{descriptors, resident_kib, threads};
use super::{Suite, scaled, seed};

/// Longer than the longest pause that the second event of a burst brings: each round is looked at by itself.
const ROUND: Duration = Duration::from_millis(600);
/// Beside the true change of each round: sixty rounds make an hour of one event a second.
const MESSAGES: usize = 60;
/// What memory may still grow by after the first third. The allocator's arenas fill for a while; what is kept of each event
/// would be more.
const MOST_GROWTH_KIB: u64 = 12 * 1024;
/// Connections come and go: their number at one moment is no promise.
const MOST_MORE: usize = 12;

pub(crate) fn add(suite: &mut Suite) {
    suite.test(
        "soak::an_hour_of_events_leaves_nothing_behind",
        async |account| {
            an_hour_of_events(&account).await;
        },
    );
}

async fn an_hour_of_events(account: &Account) {
    let mut messages = Messages::new(seed("soak"), &account.seeded.account);
    // The unreadable go to the dead-letter queue soon, as they would in an hour.
    account.set_visibility_timeout(1).await;
    let bench = Bench::start(account, "").await;
    let process = bench.daemon.id();
    let rounds = scaled(60, 1500);
    let mut warm = None;
    for round in 0..rounds {
        if round % 2 == 0 {
            bench.cut(Break::DisableActions).await;
        } else {
            bench.mend(Break::DisableActions).await;
        }
        // What is larger than this belongs to the test of hostile messages; here the number counts.
        let made = std::iter::repeat_with(|| messages.next().body);
        let bodies: Vec<String> = made
            .filter(|body| is_sendable(body))
            .take(MESSAGES)
            .collect();
        account
            .send_all(&bodies.iter().map(String::as_str).collect::<Vec<_>>())
            .await;
        tokio::time::sleep(ROUND).await;
        if round == rounds / 3 {
            warm = Some((
                resident_kib(process),
                descriptors(process),
                threads(process),
            ));
        }
    }
    let sent = f64::from(rounds) * 61.0;
    bench
        .daemon
        .until_within("every message", PATIENCE * 2, |scrape| {
            scrape.sum("trailwarden_messages_total", &[]) >= sent
        })
        .await;
    bench.until_looked(PATIENCE).await;
    bench.daemon.until_compliant_within(1.0, PATIENCE).await;
    let (resident, open, tasks) = warm.expect("a third is over");
    let grown = resident_kib(process).saturating_sub(resident);
    println!(
        "soak: {resident} KiB after a third, {grown} KiB more at the end, {open} descriptors, {tasks} threads"
    );
    assert!(
        grown < MOST_GROWTH_KIB,
        "{grown} KiB more than after the first third, {resident} KiB"
    );
    let now = descriptors(process);
    assert!(now <= open + MOST_MORE, "{now} descriptors, {open} before");
    assert!(
        threads(process) <= tasks + 2,
        "{} threads, {tasks} before",
        threads(process)
    );
    let scrape = bench.daemon.scrape().expect("metrics");
    let told = scrape
        .value("process_open_fds", &[])
        .expect("its own count");
    assert!(told < 100.0, "{told} descriptors by its own count");
    bench.audit();
}

/// SQS takes the characters that XML knows, and ten messages of 256 KiB together.
pub(crate) fn is_sendable(body: &str) -> bool {
    let is_text = |character| matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    !body.is_empty() && body.len() <= 20 * 1024 && body.chars().all(is_text)
}
