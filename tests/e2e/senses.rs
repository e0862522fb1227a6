//! Whether the daemon knows that it would hear: the heartbeat through the rule, the depth of the queues.

use std::process::Command;
use std::time::Duration;

use super::Suite;
use super::common::aws::Account;
use super::common::daemon::Daemon;
use super::common::scrape::Scrape;

/// The rule that lets heartbeats through.
pub(crate) const RULE: &str = "trailwarden-cloudtrail";

pub(crate) fn add(suite: &mut Suite) {
    suite.test(
        "senses::a_heartbeat_goes_through_the_rule_and_a_disabled_rule_is_told",
        async |account| {
            a_heartbeat_goes_through_the_rule_and_a_disabled_rule_is_told(&account).await;
        },
    );
    suite.test(
        "senses::depths_are_shown_and_a_denied_one_is_not_a_number",
        async |account| {
            depths_are_shown_and_a_denied_one_is_not_a_number(&account).await;
        },
    );
    suite.test(
        "senses::without_the_permission_the_daemon_goes_on_and_says_so_once",
        async |account| {
            without_the_permission_the_daemon_goes_on_and_says_so_once(&account).await;
        },
    );
}

/// A heartbeat every two seconds, each with three to come back.
pub(crate) fn fast_heartbeat(command: &mut Command) {
    command
        .env("TRAILWARDEN_HEARTBEAT__INTERVAL", "2s")
        .env("TRAILWARDEN_HEARTBEAT__TIMEOUT", "3s");
}

fn rule_ok(scrape: &Scrape) -> Option<f64> {
    scrape.value("trailwarden_feed_rule_ok", &[])
}

async fn a_heartbeat_goes_through_the_rule_and_a_disabled_rule_is_told(account: &Account) {
    let daemon = Daemon::spawn_with(account, "", fast_heartbeat).await;
    daemon
        .until("a heartbeat", |scrape| rule_ok(scrape) == Some(1.0))
        .await;
    let scrape = daemon.scrape().expect("metrics");
    let count = scrape.sum("trailwarden_heartbeat_round_trip_seconds_count", &[]);
    assert!(count >= 1.0, "{count} round trips");
    let trips = scrape.sum("trailwarden_heartbeat_round_trip_seconds_sum", &[]);
    assert!(trips > 0.0, "{trips} s for {count} round trips");

    let disable = account.events.disable_rule().name(RULE);
    disable.send().await.expect("DisableRule");
    daemon
        .until("the loss of two heartbeats", |scrape| {
            rule_ok(scrape) == Some(0.0)
                && scrape.sum(
                    "trailwarden_occurrences_total",
                    &[("kind", "heartbeat_lost")],
                ) == 1.0
        })
        .await;
    let enable = account.events.enable_rule().name(RULE);
    enable.send().await.expect("EnableRule");
    daemon
        .until("heartbeats again", |scrape| rule_ok(scrape) == Some(1.0))
        .await;
    let page = daemon.get("/");
    assert!(page.contains("heartbeat restored"), "{page}");
    let history = daemon
        .beside(account, "history")
        .output()
        .expect("history runs");
    let history = String::from_utf8_lossy(&history.stdout).into_owned();
    for kind in ["heartbeat", "come out of the queue again"] {
        assert!(history.contains(kind), "{kind} is missing:\n{history}");
    }
}

async fn depths_are_shown_and_a_denied_one_is_not_a_number(account: &Account) {
    let sent = account
        .sqs
        .send_message()
        .queue_url(&account.seeded.dead_letter_url)
        .message_body("dead");
    sent.send().await.expect("the message is sent");
    let daemon = Daemon::start(account, "").await;
    daemon
        .until("the depths", |scrape| {
            scrape.value("trailwarden_dead_letter_messages", &[]) == Some(1.0)
                && scrape.value("trailwarden_queue_messages", &[("state", "visible")]) == Some(0.0)
        })
        .await;
    assert!(
        daemon
            .log()
            .contains("messages lie in the dead-letter queue"),
        "{}",
        daemon.log()
    );
    drop(daemon);

    account.deny("sqs", "GetQueueAttributes");
    let daemon = Daemon::start(account, "").await;
    super::common::eventually(
        "the missing permission to be named",
        Duration::from_secs(20),
        async || {
            daemon
                .log()
                .contains("allow sqs:GetQueueAttributes")
                .then_some(())
        },
        async || daemon.log(),
    )
    .await;
    let scrape = daemon.scrape().expect("metrics");
    for series in [
        "trailwarden_dead_letter_messages",
        "trailwarden_queue_messages",
    ] {
        let value = scrape.value(series, &[]).expect(series);
        assert!(value.is_nan(), "{series} is {value}");
    }
    account.allow_everything();
}

async fn without_the_permission_the_daemon_goes_on_and_says_so_once(account: &Account) {
    account.deny("events", "PutEvents");
    let daemon = Daemon::spawn_with(account, "", fast_heartbeat).await;
    daemon.until_compliant(1.0).await;
    daemon
        .until("a second refusal", |scrape| {
            let labels = [("operation", "PutEvents"), ("result", "denied")];
            scrape.sum("trailwarden_aws_requests_total", &labels) >= 2.0
        })
        .await;
    let value = daemon.scrape().and_then(|scrape| rule_ok(&scrape));
    assert!(value.is_some_and(f64::is_nan), "{value:?}");
    let log = daemon.log();
    let said = log.matches("allow events:PutEvents").count();
    assert_eq!(said, 1, "{log}");
    account.allow_everything();
}
