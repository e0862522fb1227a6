//! What the daemon remembers, over restarts and crashes, and what it tells of it afterwards.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;

use super::common::aws::{Account, MALLORY};
use super::common::breaks::put_filter;
use super::common::daemon::{Daemon, PATIENCE};
use super::common::eventually;
use super::{Break, Suite};

/// Writes to one target after which the daemon gives way in these tests.
const STOP_AFTER: usize = 3;

/// Right, and not the benchmark's text.
const BROADER: &str = "{ ($.eventName = *Trail) || ($.eventName = *Logging) }";

pub(crate) fn add(suite: &mut Suite) {
    suite.test(
        "memory::a_fight_ends_in_a_stop_also_across_a_crash_loop",
        async |account| a_fight_ends_in_a_stop(&account).await,
    );
    suite.test(
        "memory::a_kill_between_two_repairs_is_made_up_for",
        async |account| a_kill_between_two_repairs_is_made_up_for(&account).await,
    );
    suite.test(
        "memory::history_and_report_tell_what_happened",
        async |account| history_and_report_tell_what_happened(&account).await,
    );
    suite.test(
        "memory::what_an_operator_accepts_is_restored_from_then_on",
        async |account| what_an_operator_accepts_is_restored(&account).await,
    );
    suite.test(
        "memory::without_a_state_dir_nothing_is_written_to_aws",
        async |account| without_a_state_dir_nothing_is_written(&account).await,
    );
    suite.test(
        "memory::own_credentials_in_other_hands_are_an_incident",
        async |account| own_credentials_in_other_hands(&account).await,
    );
    suite.test(
        "memory::two_daemons_that_mend_at_once_end_in_one_state",
        async |account| two_daemons_end_in_one_state(&account).await,
    );
    suite.test(
        "memory::a_denied_repair_leaves_a_clear_state",
        async |account| a_denied_repair_leaves_a_clear_state(&account).await,
    );
    suite.test(
        "memory::a_new_recipient_is_told_of_at_pass",
        async |account| a_new_recipient_is_told_of(&account).await,
    );
}

fn settings(account: &Account, more: &str) -> String {
    let inbox = inbox(account);
    format!(
        "[heal]\nmode = \"apply\"\nsettle = \"1s\"\ncooldown = \"0s\"\nstop_after = {STOP_AFTER}\n{more}\n[expect]\nsubscriptions = [\"{inbox}\"]"
    )
}

fn inbox(account: &Account) -> String {
    format!(
        "arn:aws:sqs:{}:{}:cis-alarm-inbox",
        account.seeded.region, account.seeded.account
    )
}

/// The incidents of `trailwarden history`, the latest first.
pub(crate) fn history(daemon: &Daemon, account: &Account) -> Vec<Value> {
    let mut command = daemon.beside(account, "history");
    let output = command
        .args(["--format", "json"])
        .output()
        .expect("it runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    document["incidents"].as_array().expect("a list").clone()
}

async fn until_history(daemon: &Daemon, account: &Account, kind: &str) -> Value {
    let probe = async || {
        let mut incidents = history(daemon, account).into_iter();
        incidents.find(|incident| incident["kind"] == kind)
    };
    eventually(kind, PATIENCE, probe, async || daemon.log()).await
}

async fn a_fight_ends_in_a_stop(account: &Account) {
    // A receive that a killed daemon left open can take a message with it: it is soon there again.
    account.set_visibility_timeout(1).await;
    let settings = format!("[sweep]\ninterval = \"2s\"\n{}", settings(account, ""));
    let mut daemon = Daemon::start(account, &settings).await;
    daemon.until_compliant(1.0).await;
    for round in 1..=STOP_AFTER {
        Break::DeleteMetricFilter.apply(account).await;
        daemon.until_compliant(0.0).await;
        daemon.until_compliant(1.0).await;
        let writes = account.daemon_writes();
        assert_eq!(writes.len(), round, "{writes:?}");
        daemon = daemon.restarted(account, Signal::SIGKILL).await;
        daemon.until_compliant(1.0).await;
    }
    Break::DeleteMetricFilter.apply(account).await;
    daemon
        .until("the alert of giving way", |scrape| {
            scrape.value("trailwarden_heal_stopped", &[]) == Some(1.0)
        })
        .await;
    let told = until_history(&daemon, account, "gave_way").await;
    let message = told["message"].as_str().expect("a message");
    assert!(message.contains(MALLORY), "it says who: {message}");
    daemon = daemon.restarted(account, Signal::SIGKILL).await;
    // Longer than it takes to settle and to look again.
    tokio::time::sleep(Duration::from_secs(5)).await;
    daemon.until_compliant(0.0).await;
    assert_eq!(account.daemon_writes().len(), STOP_AFTER);
    let gave_way = history(&daemon, account);
    let gave_way = gave_way.iter().filter(|one| one["kind"] == "gave_way");
    assert_eq!(gave_way.count(), 1, "told of once");
}

async fn a_kill_between_two_repairs_is_made_up_for(account: &Account) {
    let daemon = Daemon::start(account, &settings(account, "")).await;
    daemon.until_compliant(1.0).await;
    let before = account.describe().await;
    for cut in [
        Break::DeleteMetricFilter,
        Break::DeleteAlarm,
        Break::Unsubscribe,
    ] {
        cut.apply(account).await;
    }
    daemon
        .until("the first repair", |scrape| {
            scrape.sum("trailwarden_heal_actions_total", &[("result", "applied")]) >= 1.0
        })
        .await;
    let daemon = daemon.restarted(account, Signal::SIGKILL).await;
    daemon.until_compliant(1.0).await;
    assert_eq!(account.describe().await, before, "restored as it was");
}

async fn history_and_report_tell_what_happened(account: &Account) {
    let daemon = Daemon::start(account, &settings(account, "")).await;
    daemon.until_compliant(1.0).await;
    Break::DeleteAlarm.apply(account).await;
    daemon.until_compliant(0.0).await;
    daemon.until_compliant(1.0).await;
    let daemon = daemon.restarted(account, Signal::SIGTERM).await;
    daemon.until_compliant(1.0).await;

    let incidents = history(&daemon, account);
    let [incident] = incidents.as_slice() else {
        panic!("{incidents:#?}");
    };
    assert_eq!(incident["link"], "alarm");
    assert_eq!(incident["actor"]["event_name"], "DeleteAlarms");
    let who = incident["actor"]["principal_arn"].as_str();
    assert!(who.is_some_and(|who| who.contains(MALLORY)), "{who:?}");
    assert_eq!(incident["done"][0]["operation"], "PutMetricAlarm");
    assert!(
        incident["time_to_mend_seconds"]
            .as_f64()
            .is_some_and(|one| one > 0.0)
    );

    let csv = daemon
        .beside(account, "history")
        .args(["--format", "csv"])
        .output()
        .expect("it runs");
    let csv = String::from_utf8(csv.stdout).expect("text");
    assert_eq!(csv.lines().count(), 2, "{csv}");
    let text = daemon.beside(account, "history").output().expect("it runs");
    let text = String::from_utf8(text.stdout).expect("text");
    assert!(text.contains("cut at alarm"), "{text}");

    let report = daemon
        .beside(account, "report")
        .args([
            "--from",
            "2020-01-01",
            "--to",
            "2100-01-01",
            "--format",
            "json",
        ])
        .output()
        .expect("it runs");
    let report: Value = serde_json::from_slice(&report.stdout).expect("JSON");
    let control = &report["controls"][0];
    let seconds = |name: &str| control[name].as_f64().expect("a number");
    assert!(seconds("compliant_seconds") > 0.0, "{control:#}");
    assert!(seconds("failing_seconds") > 0.0, "{control:#}");
    assert!(
        seconds("share_compliant") < 0.001,
        "years without a daemon are not compliant"
    );
    let kinds: Vec<&str> = control["gaps"]
        .as_array()
        .expect("gaps")
        .iter()
        .filter_map(|gap| gap["kind"].as_str())
        .collect();
    assert!(kinds.contains(&"failing"), "{kinds:?}");
    let unwatched = kinds.iter().filter(|kind| **kind == "unwatched").count();
    assert!(
        unwatched >= 2,
        "before the start, and during the restart: {kinds:?}"
    );

    let page = daemon.get("/");
    assert!(page.contains("What happened last"), "{page}");
}

async fn what_an_operator_accepts_is_restored(account: &Account) {
    let daemon = Daemon::start(account, &settings(account, "")).await;
    daemon.until_compliant(1.0).await;
    put_filter(account, BROADER, "1").await;
    let nobody = daemon.beside(account, "accept").output().expect("it runs");
    assert_eq!(nobody.status.code(), Some(64), "nobody can be asked");
    let accepted = daemon
        .beside(account, "accept")
        .arg("--yes")
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&accepted.stdout);
    assert!(accepted.status.success(), "{said}");
    assert!(said.contains(BROADER), "{said}");
    until_history(&daemon, account, "accepted").await;
    let accepted = account.describe().await;
    // The daemon looks for what others wrote every five seconds.
    tokio::time::sleep(Duration::from_secs(6)).await;
    Break::DeleteMetricFilter.apply(account).await;
    daemon.until_compliant(0.0).await;
    daemon.until_compliant(1.0).await;
    assert_eq!(account.describe().await, accepted, "as it was accepted");

    Break::DeleteTrail.apply(account).await;
    daemon.until_compliant(0.0).await;
    let refused = daemon
        .beside(account, "accept")
        .arg("--yes")
        .output()
        .expect("it runs");
    assert_eq!(refused.status.code(), Some(2), "what fails is not accepted");
}

async fn without_a_state_dir_nothing_is_written(account: &Account) {
    let daemon = Daemon::spawn_with(account, &settings(account, ""), |command| {
        // Not even root can make a directory below a device.
        command.env("TRAILWARDEN_STATE_DIR", "/dev/null/state");
    })
    .await;
    daemon.until_ready().await;
    daemon.until_compliant(1.0).await;
    Break::DeleteMetricFilter.apply(account).await;
    daemon.until_compliant(0.0).await;
    // Longer than it takes to settle and to look again.
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(account.daemon_writes(), [""; 0]);
    account.until_queue_is_empty(PATIENCE).await;
    daemon
        .until("the mode in force", |scrape| {
            scrape.value("trailwarden_heal_mode", &[("mode", "plan")]) == Some(1.0)
                && scrape.value("trailwarden_journal_writable", &[]) == Some(0.0)
        })
        .await;
    assert!(daemon.log().contains("the journal cannot be written"));
}

async fn own_credentials_in_other_hands(account: &Account) {
    let daemon = Daemon::start(account, &settings(account, "")).await;
    daemon.until_compliant(1.0).await;
    Break::DeleteMetricFilter.apply(account).await;
    daemon.until_compliant(0.0).await;
    daemon.until_compliant(1.0).await;
    account.until_queue_is_empty(PATIENCE).await;
    let stolen = |incidents: &[Value]| {
        let kind = "own_credentials_used_elsewhere";
        incidents.iter().filter(|one| one["kind"] == kind).count()
    };
    assert_eq!(
        stolen(&history(&daemon, account)),
        0,
        "its own repair is none"
    );
    account
        .logs_as_daemon
        .delete_metric_filter()
        .log_group_name(&account.seeded.log_group)
        .filter_name(&account.seeded.metric_filter)
        .send()
        .await
        .expect("DeleteMetricFilter");
    let told = until_history(&daemon, account, "own_credentials_used_elsewhere").await;
    assert_eq!(told["actor"]["event_name"], "DeleteMetricFilter");
    daemon.until_compliant(1.0).await;
}

async fn a_new_recipient_is_told_of(account: &Account) {
    // Without expect.subscriptions: then any subscriber counts.
    let daemon = Daemon::start(account, "[heal]\nmode = \"off\"").await;
    daemon.until_compliant(1.0).await;
    account
        .sns
        .subscribe()
        .topic_arn(&account.seeded.topic_arn)
        .protocol("sqs")
        .endpoint(inbox(account).replace("cis-alarm-inbox", "mallory"))
        .send()
        .await
        .expect("Subscribe");
    let told = until_history(&daemon, account, "recipients_changed").await;
    let message = told["message"].as_str().expect("a message");
    assert!(
        message.starts_with("Also told: sqs") && message.contains("mallory"),
        "{message}"
    );
    assert_eq!(told["actor"]["event_name"], "Subscribe");
    daemon.until_compliant(1.0).await;
}

async fn two_daemons_end_in_one_state(account: &Account) {
    // One queue for both: each event reaches one of them, and the other finds what it told of by its sweep.
    let settings = format!("[sweep]\ninterval = \"2s\"\n{}", settings(account, ""));
    let daemons = [
        Daemon::start(account, &settings).await,
        Daemon::start(account, &settings).await,
    ];
    for daemon in &daemons {
        daemon.until_compliant(1.0).await;
    }
    let before = account.describe().await;
    for cut in [
        Break::DeleteMetricFilter,
        Break::DeleteAlarm,
        Break::DeleteTopic,
    ] {
        cut.apply(account).await;
    }
    for daemon in &daemons {
        daemon
            .until("a look at the cut", |scrape| {
                scrape.sum("trailwarden_evaluations_total", &[("result", "fail")]) >= 1.0
            })
            .await;
    }
    for daemon in &daemons {
        daemon.until_compliant(1.0).await;
    }
    assert_eq!(account.describe().await, before, "as it was, nothing twice");
}

async fn a_denied_repair_leaves_a_clear_state(account: &Account) {
    let daemon = Daemon::start(account, &settings(account, "")).await;
    daemon.until_compliant(1.0).await;
    account.deny("cloudwatch", "PutMetricAlarm");
    Break::DeleteMetricFilter.apply(account).await;
    Break::DeleteAlarm.apply(account).await;
    daemon
        .until("the end of the attempts", |scrape| {
            scrape.value("trailwarden_heal_stopped", &[]) == Some(1.0)
        })
        .await;
    let results = |result| {
        let scrape = daemon.scrape().expect("metrics");
        scrape.sum("trailwarden_heal_actions_total", &[("result", result)])
    };
    assert_eq!(results("applied"), 1.0, "the filter is back");
    assert_eq!(results("denied"), 3.0, "no more than allowed");
    let incidents = history(&daemon, account);
    let alarm = incidents.iter().find(|one| one["link"] == "alarm");
    let alarm = alarm.expect("the alarm's incident");
    assert_eq!(alarm["to"], Value::Null, "and lasts");
    let denied = &alarm["done"][0];
    assert_eq!(denied["result"], "denied", "{alarm:#}");
    let reason = denied["reason"].as_str().expect("a reason");
    assert!(reason.contains("PutMetricAlarm"), "{reason}");
}
