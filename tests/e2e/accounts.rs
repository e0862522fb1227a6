//! Several accounts and regions in one daemon, and several daemons on one account.

use std::time::Duration;

use aws_sdk_eventbridge::types::Target;
use nix::sys::signal::Signal;
use serde_json::json;

use super::common::aws::Account;
use super::common::daemon::{Daemon, PATIENCE};
use super::common::eventually;
use super::memory::history;
use super::{Break, Suite};

pub(crate) fn add(suite: &mut Suite) {
    suite.pair(
        "accounts::a_cut_in_one_account_is_seen_told_and_mended_there_only",
        async |feed, member| a_cut_in_one_account(&feed, &member).await,
    );
    suite.pair(
        "accounts::a_closed_account_is_unknown_and_the_other_is_judged",
        async |feed, member| a_closed_account(&feed, &member).await,
    );
    suite.test(
        "accounts::of_two_replicas_one_is_killed_in_a_burst",
        async |account| of_two_replicas_one_is_killed(&account).await,
    );
}

/// The bus that members' events come to.
const BUS: &str = "trailwarden";

/// Both accounts in two regions: the feed's chain in us-east-1, the member's behind a role.
fn scopes(feed: &Account, member: &Account) -> String {
    let regions = "regions = [\"us-east-1\", \"eu-west-1\"]";
    let (feed, member) = (&feed.seeded.account, &member.seeded.account);
    format!(
        "[[scope]]\naccount = \"{feed}\"\n{regions}\n[[scope]]\naccount = \"{member}\"\n\
         role_arn = \"arn:aws:iam::{member}:role/watch\"\n{regions}\n"
    )
}

/// Leads what the member's rules match through a central bus into the feed's queue.
async fn join(feed: &Account, member: &Account) {
    let hub = feed.events(&feed.seeded.region);
    hub.create_event_bus()
        .name(BUS)
        .send()
        .await
        .expect("the bus");
    hub.put_permission()
        .event_bus_name(BUS)
        .statement_id("member")
        .action("events:PutEvents")
        .principal(&member.seeded.account)
        .send()
        .await
        .expect("the member may send");
    hub.put_rule()
        .name("trailwarden-central")
        .event_bus_name(BUS)
        .event_pattern(json!({"account": [member.seeded.account]}).to_string())
        .send()
        .await
        .expect("the rule of the bus");
    let queue = Target::builder()
        .id("queue")
        .arn(feed.queue_arn("trailwarden-events"));
    put_target(
        &hub,
        Some(BUS),
        "trailwarden-central",
        queue.build().expect("a target"),
    )
    .await;
    let bus = format!(
        "arn:aws:events:{}:{}:event-bus/{BUS}",
        feed.seeded.region, feed.seeded.account
    );
    let rules = member.events(&member.seeded.region);
    for rule in &member.seeded.rules {
        let role = format!("arn:aws:iam::{}:role/forward", member.seeded.account);
        let target = Target::builder().id("central").arn(&bus).role_arn(role);
        put_target(&rules, None, rule, target.build().expect("a target")).await;
    }
}

async fn put_target(
    events: &aws_sdk_eventbridge::Client,
    bus: Option<&str>,
    rule: &str,
    target: Target,
) {
    let call = events.put_targets().rule(rule).targets(target);
    let call = call.set_event_bus_name(bus.map(str::to_owned));
    let answer = call.send().await.expect("PutTargets");
    assert_eq!(
        answer.failed_entry_count(),
        0,
        "{:?}",
        answer.failed_entries()
    );
}

async fn until_compliant(daemon: &Daemon, account: &Account, value: f64) {
    let what = format!("account {} compliant {value}", account.seeded.account);
    daemon
        .until(&what, |scrape| {
            let labels = [("account", account.seeded.account.as_str())];
            scrape.value("trailwarden_control_compliant", &labels) == Some(value)
        })
        .await;
}

async fn a_cut_in_one_account(feed: &Account, member: &Account) {
    join(feed, member).await;
    let settings = format!(
        "{}[heal]\nmode = \"apply\"\nsettle = \"1s\"\ncooldown = \"0s\"\n",
        scopes(feed, member)
    );
    let daemon = Daemon::start(feed, &settings).await;
    for account in [feed, member] {
        until_compliant(&daemon, account, 1.0).await;
    }
    Break::DeleteAlarm.apply(member).await;
    daemon
        .until("the member's event", |scrape| {
            scrape.sum(
                "trailwarden_events_total",
                &[("event_name", "DeleteAlarms")],
            ) >= 1.0
        })
        .await;
    until_compliant(&daemon, member, 0.0).await;
    until_compliant(&daemon, member, 1.0).await;
    until_compliant(&daemon, feed, 1.0).await;
    assert_eq!(member.daemon_writes(), ["cloudwatch:PutMetricAlarm"]);
    assert_eq!(feed.daemon_writes(), [""; 0]);

    let incidents = history(&daemon, feed);
    assert!(!incidents.is_empty());
    for incident in &incidents {
        assert_eq!(
            incident["account"],
            member.seeded.account.as_str(),
            "{incident:#}"
        );
    }
    let scrape = daemon.scrape().expect("metrics");
    let roles = [
        ("service", "sts"),
        ("operation", "AssumeRole"),
        ("result", "ok"),
    ];
    assert!(scrape.sum("trailwarden_aws_requests_total", &roles) >= 1.0);
}

async fn a_closed_account(feed: &Account, member: &Account) {
    // Whoever assumes a role is refused by his own account.
    feed.deny("sts", "AssumeRole");
    // It waits for the other one and never calls itself ready.
    let daemon = Daemon::spawn(feed, &scopes(feed, member)).await;
    until_compliant(&daemon, feed, 1.0).await;
    daemon
        .until("UNKNOWN", |scrape| {
            let labels = [
                ("account", member.seeded.account.as_str()),
                ("state", "unknown"),
            ];
            scrape.value("trailwarden_control_state", &labels) == Some(1.0)
        })
        .await;
    let scrape = daemon.scrape().expect("metrics");
    let looked_at = |account: &Account| {
        let labels = [("account", account.seeded.account.as_str())];
        scrape.value("trailwarden_last_evaluation_timestamp_seconds", &labels)
    };
    assert!(looked_at(feed).is_some());
    assert_eq!(looked_at(member), None, "nobody saw it");
    assert_eq!(scrape.value("trailwarden_ready", &[]), Some(0.0));
    let failed = [("result", "error")];
    assert!(scrape.sum("trailwarden_evaluations_total", &failed) >= 1.0);
    Break::DeleteMetricFilter.apply(feed).await;
    until_compliant(&daemon, feed, 0.0).await;
    let mut check = daemon.beside(feed, "check");
    let output = check.output().expect("check runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("sts:AssumeRole"), "{text}");
    feed.allow_everything();
}

async fn of_two_replicas_one_is_killed(account: &Account) {
    let second = account.with_second_queue("trailwarden-events-2").await;
    let settings = "[heal]\nmode = \"apply\"\nsettle = \"1s\"\ncooldown = \"0s\"\n";
    let doomed = replica(account, settings, "one").await;
    let stays = replica(&second, settings, "two").await;
    for daemon in [&doomed, &stays] {
        daemon.until_compliant(1.0).await;
    }
    let before = account.describe().await;
    for _ in 0..4 {
        Break::DisableActions.apply(account).await;
    }
    doomed.signal(Signal::SIGKILL);
    for _ in 0..4 {
        Break::DisableActions.apply(account).await;
    }
    Break::DeleteMetricFilter.apply(account).await;
    stays
        .until("every change", |scrape| {
            let seen = |name| scrape.sum("trailwarden_events_total", &[("event_name", name)]);
            seen("DisableAlarmActions") >= 8.0 && seen("DeleteMetricFilter") >= 1.0
        })
        .await;
    eventually(
        "the account as it was",
        PATIENCE,
        async || (account.describe().await == before).then_some(()),
        async || stays.log(),
    )
    .await;
    stays.until_compliant(1.0).await;
    let scrape = stays.scrape().expect("metrics");
    assert_eq!(scrape.sum("trailwarden_heal_stopped", &[]), 0.0, "no fight");
    let stolen = [("kind", "own_credentials_used_elsewhere")];
    assert_eq!(scrape.sum("trailwarden_occurrences_total", &stolen), 0.0);
    second.until_queue_is_empty(Duration::from_secs(20)).await;
    // What the dead one had not evaluated is still there for its successor.
    let (visible, hidden) = account.queue_depth().await;
    assert!(
        visible + hidden > 0,
        "the queue of the dead one keeps what it did not evaluate"
    );
}

/// A daemon with a session of its own.
async fn replica(account: &Account, settings: &str, name: &str) -> Daemon {
    let keys = account.session(name).await;
    let daemon = Daemon::spawn_with(account, settings, |command| {
        command
            .env("AWS_ACCESS_KEY_ID", keys.access_key_id())
            .env("AWS_SECRET_ACCESS_KEY", keys.secret_access_key())
            .env(
                "AWS_SESSION_TOKEN",
                keys.session_token().unwrap_or_default(),
            );
    })
    .await;
    daemon.until_ready().await;
    daemon
}
