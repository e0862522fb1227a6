//! `trailwarden doctor` through the real binary: a healthy account, and one fault at a time.

use std::process::{Command, Output};

use serde_json::Value;

use super::Suite;
use super::common::aws::Account;
use super::common::daemon::{Daemon, command};
use super::senses::{RULE, fast_heartbeat};

pub(crate) fn add(suite: &mut Suite) {
    suite.test(
        "doctor::a_healthy_account_has_no_failure_and_loses_no_message",
        async |account| {
            a_healthy_account_has_no_failure_and_loses_no_message(&account).await;
        },
    );
    suite.test(
        "doctor::a_refused_read_is_named_with_its_action",
        async |account| {
            a_refused_read_is_named_with_its_action(&account);
        },
    );
    suite.test(
        "doctor::a_wrong_queue_and_a_broken_state_dir_fail",
        async |account| {
            a_wrong_queue_and_a_broken_state_dir_fail(&account);
        },
    );
    suite.test(
        "doctor::a_disabled_rule_is_found_by_the_heartbeat",
        async |account| {
            a_disabled_rule_is_found_by_the_heartbeat(&account).await;
        },
    );
    suite.test(
        "doctor::a_daemon_that_runs_is_asked_instead_of_its_queue",
        async |account| {
            a_daemon_that_runs_is_asked_instead_of_its_queue(&account).await;
        },
    );
    suite.test(
        "doctor::writes_are_asked_of_iam_and_not_made",
        async |account| {
            writes_are_asked_of_iam_and_not_made(&account).await;
        },
    );
}

/// The command, on a state_dir that exists and with nobody at http.listen.
fn doctor(account: &Account, state_dir: &std::path::Path) -> Command {
    let mut doctor = command(account);
    doctor
        .args(["doctor", "--wiring-check", "false"])
        .args(["--http-listen", "127.0.0.1:9", "--state-dir"])
        .arg(state_dir)
        .args(["--queue-url", &account.seeded.queue_url]);
    doctor
}

/// The exit code, and the answer as JSON.
fn answer(doctor: &mut Command) -> (Option<i32>, Value) {
    let output = doctor
        .args(["--format", "json"])
        .output()
        .expect("doctor runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let answer = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("no JSON ({error}): {text}\n{}", complaint(&output)));
    (output.status.code(), answer)
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The outcomes of every check of that name.
fn outcomes(answer: &Value, name: &str) -> Vec<String> {
    let checks = answer["checks"].as_array().expect("the checks");
    checks
        .iter()
        .filter(|check| check["name"] == name)
        .map(|check| check["outcome"].as_str().expect("an outcome").to_owned())
        .collect()
}

/// The names of the checks that failed.
fn failed(answer: &Value) -> Vec<&str> {
    let checks = answer["checks"].as_array().expect("the checks");
    checks
        .iter()
        .filter(|check| check["outcome"] == "failed")
        .map(|check| check["name"].as_str().expect("a name"))
        .collect()
}

async fn a_healthy_account_has_no_failure_and_loses_no_message(account: &Account) {
    let state = tempfile::tempdir().expect("a directory");
    account.send_all(&["{}", "{}", "{}"]).await;
    let (code, found) = answer(&mut doctor(account, state.path()));
    assert_eq!(code, Some(0), "{found:#}");
    for name in ["settings", "clock", "region", "role", "read", "state_dir"] {
        assert_eq!(outcomes(&found, name), ["ok"], "{name}: {found:#}");
    }
    for name in ["queue", "queue policy", "dead-letter queue", "heartbeat"] {
        assert_eq!(outcomes(&found, name), ["ok"], "{name}: {found:#}");
    }
    assert_eq!(outcomes(&found, "endpoint"), ["warning"], "no AWS");
    assert_eq!(outcomes(&found, "journal"), ["not_checked"]);
    let summary = &found["summary"];
    assert_eq!(summary["failed"], 0);
    assert!(summary["not_checked"].as_u64() >= Some(1), "{summary}");
    assert_eq!(
        account.queue_depth().await,
        (3, 0),
        "what is not ours is given back, and the heartbeat is gone"
    );
    let writes = account.daemon_writes();
    assert!(writes.is_empty(), "it changes nothing: {writes:?}");

    let text = doctor(account, state.path()).output().expect("doctor runs");
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    let last = text.lines().last().unwrap_or_default();
    assert!(last.contains(" checks: "), "{text}");
    assert!(text.contains("ok           heartbeat: "), "{text}");
}

fn a_refused_read_is_named_with_its_action(account: &Account) {
    let state = tempfile::tempdir().expect("a directory");
    account.deny("cloudwatch", "DescribeAlarms");
    let (code, found) = answer(&mut doctor(account, state.path()));
    account.allow_everything();
    assert_eq!(code, Some(2), "{found:#}");
    assert!(
        failed(&found).iter().all(|name| *name == "read"),
        "{found:#}"
    );
    let text = found.to_string();
    assert!(
        text.contains("Allow the action cloudwatch:DescribeAlarms"),
        "{found:#}"
    );
}

fn a_wrong_queue_and_a_broken_state_dir_fail(account: &Account) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("state");
    std::fs::write(&file, "no directory").expect("a file");
    let wrong = account.seeded.queue_url.replace("events", "no-such-queue");
    let mut command = command(account);
    command
        .args(["doctor", "--wiring-check", "false"])
        .args(["--http-listen", "127.0.0.1:9", "--state-dir"])
        .arg(&file)
        .args(["--queue-url", &wrong]);
    let (code, found) = answer(&mut command);
    assert_eq!(code, Some(2), "{found:#}");
    let failed = failed(&found);
    for name in ["state_dir", "queue"] {
        assert!(failed.contains(&name), "{name}: {found:#}");
    }
    assert_eq!(outcomes(&found, "heartbeat"), ["not_checked"]);
}

async fn a_disabled_rule_is_found_by_the_heartbeat(account: &Account) {
    let state = tempfile::tempdir().expect("a directory");
    let disable = account.events.disable_rule().name(RULE);
    disable.send().await.expect("DisableRule");
    account.forget_messages().await;
    let (code, found) = answer(&mut doctor(account, state.path()));
    assert_eq!(code, Some(2), "{found:#}");
    assert!(failed(&found).contains(&"heartbeat"), "{found:#}");
}

async fn a_daemon_that_runs_is_asked_instead_of_its_queue(account: &Account) {
    let daemon = Daemon::spawn_with(account, "", fast_heartbeat).await;
    daemon
        .until("a heartbeat", |scrape| {
            scrape.value("trailwarden_feed_rule_ok", &[]) == Some(1.0)
        })
        .await;
    let (code, found) = answer(
        daemon
            .beside(account, "doctor")
            .args(["--wiring-check", "false"])
            .args(["--http-listen", &daemon.address]),
    );
    assert_eq!(code, Some(0), "{found:#}");
    assert_eq!(outcomes(&found, "heartbeat"), ["ok"]);
    assert_eq!(outcomes(&found, "journal"), ["ok"]);
    let heartbeat = found["checks"]
        .as_array()
        .and_then(|checks| checks.iter().find(|check| check["name"] == "heartbeat"))
        .expect("the heartbeat");
    let detail = heartbeat["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("http.listen"), "{detail}");
}

/// IAM's simulation of the emulator compares actions and resources as texts; a role that has the one action and not the others
/// is told apart.
async fn writes_are_asked_of_iam_and_not_made(account: &Account) {
    let state = tempfile::tempdir().expect("a directory");
    let id = &account.seeded.account;
    let alarm = format!(
        "arn:aws:cloudwatch:{}:{id}:alarm:{}",
        account.seeded.region, account.seeded.alarm
    );
    let (key, secret, token) = account
        .role(
            "warden",
            &serde_json::json!({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow",
                "Action": ["cloudwatch:PutMetricAlarm"],
                "Resource": [alarm],
            }]}),
        )
        .await;
    let mut doctor = doctor(account, state.path());
    doctor
        .env("AWS_ACCESS_KEY_ID", key)
        .env("AWS_SECRET_ACCESS_KEY", secret)
        .env("AWS_SESSION_TOKEN", token)
        .args(["--heal-mode", "apply", "--heal-links", "alarm"]);
    let (code, found) = answer(&mut doctor);
    assert_eq!(code, Some(2), "{found:#}");
    assert_eq!(outcomes(&found, "identity"), ["ok"], "{found:#}");
    assert_eq!(outcomes(&found, "write"), ["ok", "failed"], "{found:#}");
    let text = found.to_string();
    assert!(
        text.contains("allow the action cloudwatch:EnableAlarmActions"),
        "{found:#}"
    );
    let writes = account.daemon_writes();
    assert!(writes.is_empty(), "{writes:?}");
}
