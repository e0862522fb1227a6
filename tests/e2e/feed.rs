//! Messages: none is lost, and what is not ours does no harm.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::common::aws::Account;
use super::common::daemon::Daemon;
use super::common::eventually;
use super::{Break, Suite};

pub(crate) fn add(suite: &mut Suite) {
    suite.test(
        "feed::events_that_waited_for_a_restart_are_all_consumed",
        async |account| {
            events_that_waited_for_a_restart_are_all_consumed(&account).await;
        },
    );
    suite.test(
        "feed::after_a_kill_in_the_middle_the_message_comes_again",
        async |account| {
            after_a_kill_in_the_middle_the_message_comes_again(&account).await;
        },
    );
    suite.test(
        "feed::a_burst_costs_a_handful_of_evaluations",
        async |account| {
            a_burst_costs_a_handful_of_evaluations(&account).await;
        },
    );
    suite.test(
        "feed::every_kind_of_message_is_counted_and_the_unreadable_is_left",
        async |account| {
            every_kind_of_message_is_counted_and_the_unreadable_is_left(&account).await;
        },
    );
    suite.test("feed::sigterm_drains_and_exits_zero", async |account| {
        sigterm_drains_and_exits_zero(&account).await;
    });
    suite.test(
        "feed::what_was_not_evaluated_is_given_back_at_the_stop",
        async |account| what_was_not_evaluated_is_given_back(&account).await,
    );
    suite.test("feed::without_a_queue_the_daemon_sweeps", async |account| {
        without_a_queue_the_daemon_sweeps(&account).await;
    });
}

async fn events_that_waited_for_a_restart_are_all_consumed(account: &Account) {
    // The long poll of a daemon that has stopped can still be open on the other side and take a message with it, which then
    // stays hidden until its visibility timeout.
    account.set_visibility_timeout(5).await;
    let daemon = Daemon::start(account, "").await;
    daemon
        .until("the message of the queue's own change", |scrape| {
            scrape.sum("trailwarden_messages_total", &[("outcome", "evaluated")]) >= 1.0
        })
        .await;
    account.until_queue_is_empty(Duration::from_secs(20)).await;
    daemon.signal(Signal::SIGTERM);
    let (status, log) = daemon.wait().await;
    assert!(status.success(), "{status}\n{log}");

    for _ in 0..5 {
        Break::DisableActions.apply(account).await;
    }
    eventually(
        "five waiting events",
        Duration::from_secs(10),
        async || {
            let (visible, in_flight) = account.queue_depth().await;
            (visible + in_flight == 5).then_some(())
        },
        async || format!("{:?}", account.queue_depth().await),
    )
    .await;

    let daemon = Daemon::start(account, "").await;
    daemon.until_compliant(0.0).await;
    daemon
        .until("five evaluated messages", |scrape| {
            scrape.sum("trailwarden_messages_total", &[("outcome", "evaluated")]) >= 5.0
        })
        .await;
    account.until_queue_is_empty(Duration::from_secs(20)).await;
}

async fn after_a_kill_in_the_middle_the_message_comes_again(account: &Account) {
    account.set_visibility_timeout(5).await;
    // A daemon whose every look hangs at the first call of AWS holds its message in flight.
    let tar_pit = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = tar_pit.local_addr().expect("its address");
    let daemon = Daemon::spawn_with(account, "", |command| {
        command.env("AWS_ENDPOINT_URL_CLOUDTRAIL", format!("http://{address}"));
    })
    .await;
    Break::DisableActions.apply(account).await;
    eventually(
        "the message to be in flight",
        Duration::from_secs(15),
        async || matches!(account.queue_depth().await, (0, 2)).then_some(()),
        async || format!("{:?}\n{}", account.queue_depth().await, daemon.log()),
    )
    .await;
    daemon.signal(Signal::SIGKILL);
    daemon.wait().await;
    drop(tar_pit);

    let daemon = Daemon::start(account, "").await;
    // If it lived for ten seconds it has hidden them for a minute.
    daemon
        .until_within(
            "both messages, that of the queue's own change included",
            Duration::from_secs(90),
            |scrape| scrape.sum("trailwarden_messages_total", &[("outcome", "evaluated")]) >= 2.0,
        )
        .await;
    account.until_queue_is_empty(Duration::from_secs(20)).await;
}

async fn a_burst_costs_a_handful_of_evaluations(account: &Account) {
    let daemon = Daemon::start(account, "").await;
    daemon.until_compliant(1.0).await;
    let body = event(&account.seeded.account, "logs", "PutMetricFilter");
    let bodies: Vec<&str> = std::iter::repeat_n(body.as_str(), 1000).collect();
    account.send_all(&bodies).await;
    // The last of them is a true one.
    Break::DisableActions.apply(account).await;
    daemon.until_compliant(0.0).await;
    account.until_queue_is_empty(Duration::from_mins(1)).await;
    let scrape = daemon.scrape().expect("metrics");
    let evaluated = scrape.sum("trailwarden_messages_total", &[("outcome", "evaluated")]);
    assert!(evaluated >= 1001.0, "{evaluated} of 1001");
    let looks = scrape.sum("trailwarden_evaluations_total", &[("trigger", "event")]);
    assert!(looks <= 12.0, "{looks} evaluations for 1001 events");
}

async fn every_kind_of_message_is_counted_and_the_unreadable_is_left(account: &Account) {
    let daemon = Daemon::start(account, "").await;
    daemon.until_compliant(1.0).await;
    let ours = event(&account.seeded.account, "sns", "SetTopicAttributes");
    let wrapped = serde_json::json!({"Type": "Notification", "Message": ours}).to_string();
    let failed = ours.replace(
        "\"readOnly\":false",
        "\"readOnly\":false,\"errorCode\":\"AccessDenied\"",
    );
    let read = ours.replace("\"readOnly\":false", "\"readOnly\":true");
    let elsewhere = event("999999999999", "sns", "DeleteTopic");
    let unlisted = event(&account.seeded.account, "logs", "PutRetentionPolicy");
    let bodies = [
        &wrapped,
        &failed,
        &read,
        &elsewhere,
        &unlisted,
        "{}",
        "not JSON \u{202e}",
        "{\"detail-type\":\"AWS API Call via CloudTrail\"}",
    ];
    account.send_all(&bodies).await;
    for (outcome, count) in [
        ("evaluated", 1.0),
        ("failed_call", 1.0),
        ("read_only", 1.0),
        ("foreign", 2.0),
        ("ignored", 1.0),
        ("unreadable", 2.0),
    ] {
        daemon
            .until(&format!("{count} {outcome}"), |scrape| {
                scrape.sum("trailwarden_messages_total", &[("outcome", outcome)]) == count
            })
            .await;
    }
    eventually(
        "only the unreadable messages to be left",
        Duration::from_secs(20),
        async || (account.queue_depth().await == (0, 2)).then_some(()),
        async || format!("{:?}", account.queue_depth().await),
    )
    .await;
    assert!(
        !daemon.log().contains('\u{202e}'),
        "what a message says is escaped in the log"
    );
    assert!(
        daemon.log().contains("unreadable message"),
        "{}",
        daemon.log()
    );
}

async fn sigterm_drains_and_exits_zero(account: &Account) {
    let daemon = Daemon::start(account, "").await;
    daemon.until_compliant(1.0).await;
    Break::DeleteAlarm.apply(account).await;
    daemon.until_compliant(0.0).await;
    let begun = tokio::time::Instant::now();
    daemon.signal(Signal::SIGTERM);
    let (status, log) = daemon.wait().await;
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "a long poll must not hold the stop up"
    );
    assert!(log.contains("stopped"), "{log}");
    let (_, in_flight) = account.queue_depth().await;
    assert_eq!(in_flight, 0, "nothing stays hidden after an orderly stop");
}

async fn without_a_queue_the_daemon_sweeps(account: &Account) {
    let daemon = Daemon::without_queue(account, "sweep.interval = \"10s\"").await;
    assert!(daemon.log().contains("sweeps only"), "{}", daemon.log());
    daemon.until_compliant(1.0).await;
    Break::DeleteAlarm.apply(account).await;
    daemon.until_compliant(0.0).await;
}

/// An event as EventBridge delivers it.
pub(crate) fn event(account: &str, service: &str, name: &str) -> String {
    serde_json::json!({
        "version": "0",
        "id": "11111111-2222-3333-4444-555555555555",
        "detail-type": "AWS API Call via CloudTrail",
        "source": format!("aws.{service}"),
        "account": account,
        "time": "2026-11-23T10:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {
            "eventVersion": "1.11",
            "userIdentity": {"type": "Root", "arn": format!("arn:aws:iam::{account}:root")},
            "eventTime": "2026-11-23T10:00:00Z",
            "eventSource": format!("{service}.amazonaws.com"),
            "eventName": name,
            "awsRegion": "us-east-1",
            "sourceIPAddress": "198.51.100.7",
            "userAgent": "test",
            "requestParameters": {"logGroupName": "x", "filterName": "y"},
            "requestID": "r",
            "eventID": "e",
            "readOnly": false,
            "eventType": "AwsApiCall"
        }
    })
    .to_string()
}

async fn what_was_not_evaluated_is_given_back(account: &Account) {
    account.deny("sts", "GetCallerIdentity");
    let daemon = Daemon::spawn(account, "").await;
    Break::DisableActions.apply(account).await;
    // SQS counts a message as in flight before the daemon has it.
    daemon
        .until("a message that waits for a look", |scrape| {
            let labels = [("event_name", "DisableAlarmActions")];
            scrape.sum("trailwarden_events_total", &labels) >= 1.0
        })
        .await;
    daemon.signal(Signal::SIGTERM);
    let (status, log) = daemon.wait().await;
    assert!(status.success(), "{status}\n{log}");
    let given_back = account
        .calls()
        .into_iter()
        .any(|call| call.operation == "ChangeMessageVisibilityBatch" && call.status == 200);
    assert!(given_back, "{log}");
    // LocalStack goes on with the long poll of a client that has gone, which may take it once more.
    let (visible, in_flight) = account.queue_depth().await;
    assert_eq!(visible + in_flight, 1, "it is not deleted: {log}");
    account.allow_everything();
}
