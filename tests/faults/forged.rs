//! Messages that anybody could have written, through SQS and the real binary: each is counted, and no call leaves the account
//! and the region that are configured.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::bench::{Bench, repairing};
use super::common::aws::Account;
use super::common::messages::{Messages, Outcome};
use super::proxy::Calls;
use super::soak::is_sendable;
use super::{Suite, scaled, seed};

const LIMIT: Duration = Duration::from_mins(2);

pub(crate) fn add(suite: &mut Suite) {
    suite.test(
        "forged::messages_cause_rare_looks_at_the_own_account",
        async |account| {
            messages_cause_rare_looks(&account).await;
        },
    );
}

async fn messages_cause_rare_looks(account: &Account) {
    let mut messages = Messages::new(seed("forged"), &account.seeded.account);
    // What cannot be read stays hidden for as long as this lasts, and is counted once.
    account.set_visibility_timeout(600).await;
    let own = account.seeded.account.as_str();
    let settings = format!(
        "{}\n[[scope]]\naccount = \"{own}\"\nregions = [\"us-east-1\", \"eu-west-1\"]",
        repairing(account)
    );
    let bench = Bench::start(account, &settings).await;
    account.until_queue_is_empty(LIMIT).await;
    let before = bench.daemon.scrape().expect("metrics");
    let begun = Instant::now();
    let looks = bench.looks().len();
    let mut expected: BTreeMap<Outcome, usize> = BTreeMap::new();
    let count = scaled(400, 5000);
    let made = std::iter::repeat_with(|| messages.next());
    let made: Vec<_> = made
        .filter(|one| one.outcome.is_some() && is_sendable(&one.body))
        .take(count)
        .collect();
    for one in &made {
        *expected.entry(one.outcome.expect("known")).or_default() += 1;
    }
    account
        .send_all(&made.iter().map(|one| one.body.as_str()).collect::<Vec<_>>())
        .await;
    for (outcome, count) in expected {
        let labels = [("outcome", outcome.name())];
        let earlier = before.sum("trailwarden_messages_total", &labels);
        let expected = earlier + f64::from(u32::try_from(count).expect("few"));
        bench
            .daemon
            .until_within(&format!("{count} {outcome:?}"), LIMIT, |scrape| {
                scrape.sum("trailwarden_messages_total", &labels) == expected
            })
            .await;
    }
    // The confirming look.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let took = usize::try_from(begun.elapsed().as_secs()).expect("few");
    let looks = bench.looks().len() - looks;
    assert!(looks <= 10 + took / 5, "{looks} looks in {took} s");
    assert_eq!(account.daemon_writes(), [""; 0], "nothing is broken");
    let passed = bench.proxy.passed_since(begun);
    let places: BTreeSet<_> = passed
        .iter()
        .filter(|one| Calls::all().cover(&one.call) && !one.call.service.is_empty())
        .map(|one| (one.call.access_key.as_str(), one.call.region.as_str()))
        .collect();
    let configured = BTreeSet::from([(own, "us-east-1"), (own, "eu-west-1")]);
    assert!(
        places.is_subset(&configured),
        "where it called, and as whom: {places:?}"
    );
    bench.audit();
}
