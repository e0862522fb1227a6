//! A drill proves the chain by using it, and leaves nothing behind however it ends.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::common::aws::Account;
use super::common::breaks::put_filter;
use super::common::daemon::{Daemon, PATIENCE, command, command_for};
use super::common::eventually;
use super::{Break, Suite};

const PREFIX: &str = "trailwarden-drill-";

/// Right, and counts nothing: the emulator has no regular expressions. What a drill is for.
const DEAF: &str =
    "{ $.eventName = %^CreateTrail$|^UpdateTrail$|^DeleteTrail$|^StartLogging$|^StopLogging$% }";

pub(crate) fn add(suite: &mut Suite) {
    suite.test(
        "drill::a_chain_that_works_is_proven_and_nothing_stays",
        async |account| is_proven(&account).await,
    );
    suite.test("drill::a_chain_that_is_cut_is_refused", async |account| {
        cut_is_refused(&account).await;
    });
    suite.test("drill::an_alarm_in_alarm_is_refused", async |account| {
        spent_is_refused(&account).await;
    });
    suite.test(
        "drill::the_link_that_did_not_come_is_named",
        async |account| {
            missing_link_is_named(&account).await;
        },
    );
    suite.test(
        "drill::what_a_killed_drill_left_is_removed_by_the_next",
        async |account| killed_is_cleared(&account).await,
    );
    suite.test("drill::sigterm_removes_what_was_made", async |account| {
        sigterm_cleans(&account).await;
    });
    suite.test(
        "drill::the_daemon_removes_what_was_left_long_ago",
        async |account| daemon_removes_the_old(&account).await,
    );
}

/// Runs a drill to its end: exit code, report, standard error.
fn drill(account: &Account, arguments: &[&str]) -> (Option<i32>, Value, String) {
    let output = command_for(account, "drill")
        .args(["drill", "--control", "4.5", "--format", "json"])
        .args(arguments)
        .output()
        .expect("drill runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code(), report, told)
}

/// Begins a drill and waits until its record is written; answers the process and all of its further standard error.
fn begin(account: &Account) -> (std::process::Child, BufReader<std::process::ChildStderr>) {
    let mut child = command_for(account, "drill")
        .args(["drill", "--control", "4.5", "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("drill runs");
    let mut told = BufReader::new(child.stderr.take().expect("its standard error"));
    let mut line = String::new();
    while !line.contains("the record is written") {
        line.clear();
        let read = told.read_line(&mut line).expect("standard error is read");
        assert_ne!(read, 0, "it ended early");
    }
    (child, told)
}

/// All that drills have in the account: queues, streams, subscriptions.
async fn remains(account: &Account) -> Vec<String> {
    let queues = account.sqs.list_queues().queue_name_prefix(PREFIX);
    let queues = queues.send().await.expect("the queues");
    let streams = account
        .logs
        .describe_log_streams()
        .log_group_name(&account.seeded.log_group)
        .log_stream_name_prefix(PREFIX)
        .send()
        .await
        .expect("the log streams");
    let subscriptions = account
        .sns
        .list_subscriptions_by_topic()
        .topic_arn(&account.seeded.topic_arn)
        .send()
        .await
        .expect("the subscriptions");
    let mut all: Vec<String> = queues.queue_urls().to_vec();
    let names = streams.log_streams().iter();
    all.extend(names.filter_map(|one| one.log_stream_name().map(str::to_owned)));
    let endpoints = subscriptions.subscriptions().iter();
    all.extend(
        endpoints
            .filter_map(|one| one.endpoint().map(str::to_owned))
            .filter(|endpoint| endpoint.contains(PREFIX)),
    );
    all
}

/// The names of the links and what became of them.
fn links(report: &Value) -> Vec<(&str, &str)> {
    let links = report["links"].as_array().expect("links");
    let text = |value: &'_ Value| -> &'static str {
        [
            "log_group",
            "metric",
            "alarm",
            "notification",
            "recovery",
            "ok",
            "missing",
            "inferred",
        ]
        .into_iter()
        .find(|known| value == known)
        .unwrap_or("?")
    };
    links
        .iter()
        .map(|link| (text(&link["link"]), text(&link["state"])))
        .collect()
}

async fn alarm_state(account: &Account) -> Option<String> {
    let answer = account.cloudwatch.describe_alarms();
    let answer = answer.alarm_names(&account.seeded.alarm).send().await;
    let alarms = answer.expect("the alarm").metric_alarms.unwrap_or_default();
    let state = alarms.first()?.state_value()?;
    Some(state.as_str().to_owned())
}

async fn until_alarm_is(account: &Account, state: &str) {
    eventually(
        state,
        PATIENCE,
        async || (alarm_state(account).await.as_deref() == Some(state)).then_some(()),
        async || format!("{:?}", alarm_state(account).await),
    )
    .await;
}

async fn is_proven(account: &Account) {
    until_alarm_is(account, "OK").await;
    let before = account.describe().await;
    let (code, report, told) = drill(account, &["--yes", "--timeout", "2m"]);
    assert_eq!(code, Some(0), "{report:#}\n{told}");
    assert_eq!(
        links(&report),
        [
            ("log_group", "ok"),
            ("metric", "ok"),
            ("alarm", "ok"),
            ("notification", "ok"),
            ("recovery", "ok"),
        ]
    );
    assert_eq!(report["proven"], true);
    assert_eq!(report["left_behind"], json!([]));
    let spent = &report["spent"][0];
    let time = |name: &str| -> jiff::Timestamp {
        let text = spent[name].as_str().expect("a time");
        text.parse().expect("a time stamp")
    };
    assert_eq!(spent["alarm"], account.seeded.alarm.as_str());
    assert!(time("from") < time("to"), "{spent}");
    assert!(
        told.contains("would:") && told.contains("cis-alarm-inbox"),
        "{told}"
    );

    assert_eq!(remains(account).await, [""; 0]);
    assert_eq!(account.describe().await, before);
    assert_eq!(
        account.daemon_writes(),
        [
            "sqs:CreateQueue",
            "sns:Subscribe",
            "logs:CreateLogStream",
            "sns:Unsubscribe",
            "sqs:DeleteQueue",
            "logs:DeleteLogStream",
        ]
    );
}

async fn cut_is_refused(account: &Account) {
    Break::Unsubscribe.apply(account).await;
    let (code, report, told) = drill(account, &["--yes"]);
    assert_eq!((code, &report), (Some(2), &Value::Null), "{told}");
    assert!(told.contains("is FAIL"), "{told}");
    assert_eq!(account.daemon_writes(), [""; 0]);

    // Nobody to ask.
    let (code, _, told) = drill(account, &[]);
    assert_eq!(code, Some(64), "{told}");
    assert!(told.contains("--yes"), "{told}");
}

async fn spent_is_refused(account: &Account) {
    until_alarm_is(account, "OK").await;
    // Changes nothing, and is one of the calls that the alarm is about.
    let call = account
        .cloudtrail
        .start_logging()
        .name(&account.seeded.trail);
    call.send().await.expect("StartLogging");
    until_alarm_is(account, "ALARM").await;
    let (code, report, told) = drill(account, &["--yes"]);
    assert_eq!((code, &report), (Some(1), &Value::Null), "{told}");
    assert!(told.contains("is ALARM, not OK"), "{told}");
    assert_eq!(account.daemon_writes(), [""; 0]);
}

async fn missing_link_is_named(account: &Account) {
    put_filter(account, DEAF, "1").await;
    until_alarm_is(account, "OK").await;
    let (code, report, told) = drill(account, &["--yes", "--timeout", "12s"]);
    assert_eq!(code, Some(2), "{report:#}\n{told}");
    assert_eq!(
        links(&report),
        [
            ("log_group", "ok"),
            ("metric", "missing"),
            ("alarm", "missing"),
            ("notification", "missing"),
            ("recovery", "missing"),
        ]
    );
    assert_eq!(
        (&report["end"], &report["proven"]),
        (&json!("timed_out"), &json!(false))
    );
    assert_eq!(report["spent"], json!([]));
    assert_eq!(remains(account).await, [""; 0]);
}

async fn killed_is_cleared(account: &Account) {
    put_filter(account, DEAF, "1").await;
    until_alarm_is(account, "OK").await;
    let (mut child, _) = begin(account);
    child.kill().expect("it is killed");
    child.wait().expect("it ended");
    assert_eq!(
        remains(account).await.len(),
        3,
        "queue, stream, subscription"
    );

    // Somebody looks meanwhile: the listening queue is nobody who is told.
    let check = command(account)
        .args(["check", "--format", "json"])
        .output();
    let check: Value = serde_json::from_slice(&check.expect("check runs").stdout).expect("JSON");
    assert_eq!(check["controls"][0]["verdict"], "PASS");
    assert!(!check.to_string().contains(PREFIX), "{check:#}");

    let (code, _, told) = drill(account, &["--yes", "--timeout", "1s"]);
    assert_eq!(code, Some(2), "{told}");
    assert_eq!(remains(account).await, [""; 0]);
}

async fn sigterm_cleans(account: &Account) {
    put_filter(account, DEAF, "1").await;
    until_alarm_is(account, "OK").await;
    let (child, mut told) = begin(account);
    let id = i32::try_from(child.id()).expect("a process id");
    kill(Pid::from_raw(id), Signal::SIGTERM).expect("the signal is sent");
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut told, &mut rest).expect("standard error is read");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1), "{rest}");
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(report.contains("interrupted"), "{report}");
    assert_eq!(remains(account).await, [""; 0]);
}

async fn make_leftover(account: &Account, name: &str) {
    let queue = account.sqs.create_queue().queue_name(name);
    queue.send().await.expect("the queue is made");
    let seeded = &account.seeded;
    let endpoint = format!("arn:aws:sqs:{}:{}:{name}", seeded.region, seeded.account);
    let subscribe = account.sns.subscribe().topic_arn(&seeded.topic_arn);
    let subscribe = subscribe.protocol("sqs").endpoint(endpoint);
    subscribe.send().await.expect("the queue is subscribed");
    let stream = account.logs.create_log_stream();
    let stream = stream.log_group_name(&seeded.log_group);
    let stream = stream.log_stream_name(name).send();
    stream.await.expect("the log stream is made");
}

async fn daemon_removes_the_old(account: &Account) {
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let running = format!("{PREFIX}{now}-00000001");
    // Not of a drill's exact form: nobody's to delete.
    let lookalike = format!("{PREFIX}tests");
    make_leftover(account, &format!("{PREFIX}20260101T000000Z-00000001")).await;
    make_leftover(account, &running).await;
    make_leftover(account, &lookalike).await;
    assert_eq!(remains(account).await.len(), 9);

    let daemon = Daemon::start(
        account,
        "sweep.interval = \"10s\"\n[heal]\nmode = \"apply\"",
    )
    .await;
    daemon.until_compliant(1.0).await;
    eventually(
        "the old leftovers to be gone",
        Duration::from_secs(40),
        async || (remains(account).await.len() == 6).then_some(()),
        async || format!("{:?}\n{}", remains(account).await, daemon.log()),
    )
    .await;
    let left = remains(account).await;
    let of = |name: &str| left.iter().filter(|one| one.ends_with(name)).count();
    assert_eq!((of(&running), of(&lookalike)), (3, 3), "{left:?}");
    assert_eq!(
        account.daemon_writes(),
        ["sns:Unsubscribe", "sqs:DeleteQueue", "logs:DeleteLogStream"]
    );
}
