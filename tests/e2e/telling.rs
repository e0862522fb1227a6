//! Who is told beside the chain: once a change, by every way, whatever becomes of the other ways.

use std::path::Path;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::common::aws::{Account, MALLORY};
use super::common::breaks::{PATTERN, put_filter};
use super::common::daemon::{Daemon, PATIENCE};
use super::common::eventually;
use super::common::sink::{Posted, Sink};
use super::{Break, Suite};

const SECRET: &str = "what-only-two-know";
const ROUTING_KEY: &str = "e93facc04764012d7bfb002500d5d1a6";

pub(crate) fn add(suite: &mut Suite) {
    suite.test(
        "telling::a_cut_and_its_end_reach_every_target_once",
        async |account| a_cut_and_its_end_reach_every_target_once(&account).await,
    );
    suite.test(
        "telling::a_cut_at_the_start_is_told_with_a_remedy_and_the_topic_of_the_chain_is_warned_of",
        async |account| a_cut_at_the_start_is_told(&account).await,
    );
    suite.test(
        "telling::a_secret_that_cannot_be_read_ends_the_start",
        async |account| a_secret_that_cannot_be_read_ends_the_start(&account).await,
    );
}

fn write(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    std::fs::write(&path, text).expect("the file is written");
    path.display().to_string()
}

/// A topic beside the chain, and the queue that it delivers to.
async fn topic_with_queue(account: &Account) -> (String, String) {
    let topic = account.sns.create_topic().name("told").send().await;
    let topic = topic.expect("CreateTopic").topic_arn.expect("its ARN");
    let queue = account.sqs.create_queue().queue_name("told").send().await;
    let queue = queue.expect("CreateQueue").queue_url.expect("its URL");
    let seeded = &account.seeded;
    let endpoint = format!("arn:aws:sqs:{}:{}:told", seeded.region, seeded.account);
    let call = account.sns.subscribe().topic_arn(&topic).protocol("sqs");
    let call = call
        .endpoint(endpoint)
        .attributes("RawMessageDelivery", "false");
    call.send().await.expect("Subscribe");
    // A look for these events might find the cut before its own event names the caller.
    eventually(
        "the events of both calls",
        PATIENCE,
        async || (account.queue_depth().await.0 >= 2).then_some(()),
        async || String::new(),
    )
    .await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let purge = account.sqs.purge_queue().queue_url(&seeded.queue_url);
    purge.send().await.expect("PurgeQueue");
    (topic, queue)
}

/// What SNS delivered to a queue, oldest first; takes it away.
async fn delivered(account: &Account, queue: &str) -> Vec<Value> {
    let call = account.sqs.receive_message().queue_url(queue);
    let answer = call.max_number_of_messages(10).send().await;
    let messages = answer.expect("ReceiveMessage").messages.unwrap_or_default();
    let mut all = Vec::new();
    for message in messages {
        let body = message.body.expect("a body");
        all.push(serde_json::from_str(&body).expect("an envelope of SNS"));
        let receipt = message.receipt_handle.expect("a receipt");
        let call = account.sqs.delete_message().queue_url(queue);
        call.receipt_handle(receipt)
            .send()
            .await
            .expect("DeleteMessage");
    }
    all
}

/// Whether the signature is that of the secret and not older than the test.
fn is_signed(posted: &Posted) -> bool {
    let header = posted
        .header("x-trailwarden-signature")
        .expect("a signature");
    let (time, signature) = header.split_once(",v1=").expect("t=...,v1=...");
    let time = time.strip_prefix("t=").expect("t=...");
    let seconds: i64 = time.parse().expect("seconds");
    let age = jiff::Timestamp::now().as_second() - seconds;
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
    mac.update(format!("{time}.").as_bytes());
    mac.update(&posted.body);
    let bytes: Vec<u8> = (0..signature.len() / 2)
        .map(|index| u8::from_str_radix(&signature[2 * index..2 * index + 2], 16).expect("hex"))
        .collect();
    (0..120).contains(&age) && mac.verify_slice(&bytes).is_ok()
}

async fn until_taken(sink: &Sink, count: usize, daemon: &Daemon) -> Vec<Posted> {
    eventually(
        &format!("{count} notices"),
        PATIENCE,
        async || Some(sink.taken()).filter(|taken| taken.len() >= count),
        async || format!("{:#?}\n{}", sink.posted(), daemon.log()),
    )
    .await
}

async fn a_cut_and_its_end_reach_every_target_once(account: &Account) {
    let (topic, queue) = topic_with_queue(account).await;
    let webhook = Sink::start(&[]);
    let flaky = Sink::start(&[500, 503]);
    let (slack, pagerduty) = (Sink::start(&[]), Sink::start(&[]));
    // Takes connections into its backlog and never answers.
    let dead = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let files = tempfile::tempdir().expect("a directory");
    let secret = write(files.path(), "secret", &format!("{SECRET}\n"));
    let slack_url = write(files.path(), "slack", &slack.url("/services/T0/B0/s3cret"));
    let key = write(files.path(), "key", ROUTING_KEY);
    let settings = format!(
        r#"
        [[notify]]
        kind = "sns"
        topic_arn = "{topic}"
        [[notify]]
        kind = "webhook"
        url = "{}"
        secret_file = "{secret}"
        [[notify]]
        kind = "webhook"
        name = "flaky"
        url = "{}"
        secret_file = "{secret}"
        [[notify]]
        kind = "webhook"
        name = "dead"
        url = "http://{}/hook"
        secret_file = "{secret}"
        [[notify]]
        kind = "slack"
        url_file = "{slack_url}"
        [[notify]]
        kind = "pagerduty"
        routing_key_file = "{key}"
        url = "{}"
        "#,
        webhook.url("/hook"),
        flaky.url("/hook"),
        dead.local_addr().expect("its address"),
        pagerduty.url("/v2/enqueue"),
    );
    let daemon = Daemon::start(account, &settings).await;
    daemon.until_compliant(1.0).await;
    // The calls that made the topic are events as well, and the look that confirms theirs could see the cut before its own
    // event comes.
    account.until_queue_is_empty(PATIENCE).await;
    daemon
        .until("the looks at what made the topic", |scrape| {
            let looks =
                |trigger| scrape.sum("trailwarden_evaluations_total", &[("trigger", trigger)]);
            looks("event") == 0.0 || looks("confirm") >= 1.0
        })
        .await;
    Break::DeleteMetricFilter.apply(account).await;
    daemon.until_compliant(0.0).await;

    is_told_of_the_cut(account, &webhook, &flaky, &daemon).await;

    // Longer than the look that confirms the first.
    tokio::time::sleep(Duration::from_secs(6)).await;
    put_filter(account, PATTERN, "1").await;
    daemon.until_compliant(1.0).await;

    for sink in [&webhook, &flaky, &slack, &pagerduty] {
        until_taken(sink, 2, &daemon).await;
    }
    each_got_its_form(account, [&webhook, &flaky], &slack, &pagerduty);
    mail_was_sent(account, &queue, &daemon).await;

    let scrape = daemon.scrape().expect("metrics");
    let waits = |target| scrape.value("trailwarden_notifications_waiting", &[("target", target)]);
    assert_eq!(waits("dead"), Some(2.0), "it holds nobody up");
    assert_eq!(waits("webhook-2"), Some(0.0));
    let sent = |target| {
        let labels = [("target", target), ("result", "sent")];
        scrape.value("trailwarden_notifications_total", &labels)
    };
    assert_eq!(sent("sns-1"), Some(2.0));
    assert_eq!(sent("flaky"), Some(2.0));
    daemon.signal(nix::sys::signal::Signal::SIGTERM);
    let (status, log) = daemon.wait().await;
    assert!(status.success(), "{status:?}\n{log}");
    for secret in [SECRET, ROUTING_KEY, "s3cret", "/services/"] {
        assert!(!log.contains(secret), "{secret} stands in the log:\n{log}");
    }
}

/// The first notice of two webhooks, of which one refuses it twice.
async fn is_told_of_the_cut(account: &Account, webhook: &Sink, flaky: &Sink, daemon: &Daemon) {
    let told = until_taken(webhook, 1, daemon).await;
    let notice = told[0].json();
    assert!(is_signed(&told[0]), "{:?}", told[0]);
    assert_eq!(notice["kind"], "broken", "{notice:#}");
    assert_eq!(notice["link"], "pattern", "{notice:#}");
    assert_eq!(notice["control"]["cis"], "4.5", "{notice:#}");
    assert_eq!(notice["account_id"], account.seeded.account, "{notice:#}");
    assert_eq!(notice["region"], account.seeded.region, "{notice:#}");
    assert_eq!(
        notice["actor"]["event_name"], "DeleteMetricFilter",
        "{notice:#}"
    );
    let principal = notice["actor"]["principal_arn"].as_str();
    assert!(
        principal.is_some_and(|arn| arn.ends_with(MALLORY)),
        "{notice:#}"
    );
    assert!(
        notice["left"][0]
            .as_str()
            .is_some_and(|step| step.contains("put-metric-filter")),
        "{notice:#}"
    );

    let flaky_told = until_taken(flaky, 1, daemon).await;
    assert_eq!(
        flaky_told[0].json()["id"],
        notice["id"],
        "the same notice, however often it is sent"
    );
    let statuses: Vec<u16> = flaky.posted().iter().map(|one| one.status).collect();
    assert_eq!(statuses, [500, 503, 200]);
    assert!(flaky.posted().iter().all(is_signed));
}

/// The cut and its end, once each, as each kind of target wants them.
fn each_got_its_form(account: &Account, webhooks: [&Sink; 2], slack: &Sink, pagerduty: &Sink) {
    let kinds = |sink: &Sink| -> Vec<Value> {
        sink.taken()
            .iter()
            .map(|one| one.json()["kind"].clone())
            .collect()
    };
    for webhook in webhooks {
        assert_eq!(kinds(webhook), ["broken", "mended"], "each change once");
    }
    let slack_told = slack.taken();
    assert_eq!(slack_told.len(), 2);
    assert_eq!(slack_told[0].path, "/services/T0/B0/s3cret");
    assert!(
        slack_told[0].json()["text"]
            .as_str()
            .is_some_and(|text| text.contains("cut at pattern"))
    );
    let actions: Vec<Value> = pagerduty
        .taken()
        .iter()
        .map(|one| {
            json!([
                one.json()["event_action"],
                one.json()["dedup_key"],
                one.json()["routing_key"]
            ])
        })
        .collect();
    let matter = format!(
        "trailwarden/{}/cloudtrail-config-changes",
        account.seeded.account
    );
    assert_eq!(
        actions,
        [
            json!(["trigger", matter, ROUTING_KEY]),
            json!(["resolve", matter, ROUTING_KEY])
        ]
    );
}

/// What the topic passed on.
async fn mail_was_sent(account: &Account, queue: &str, daemon: &Daemon) {
    let mut mails = Vec::new();
    eventually(
        "two messages of the topic",
        PATIENCE,
        async || {
            mails.extend(delivered(account, queue).await);
            (mails.len() >= 2).then_some(())
        },
        async || daemon.log(),
    )
    .await;
    mails.sort_by_key(|mail| mail["Timestamp"].as_str().unwrap_or_default().to_owned());
    assert_eq!(mails.len(), 2, "{mails:#?}");
    let subject = format!(
        "trailwarden: 4.5 in {}: FAIL: cut at pattern",
        account.seeded.account
    );
    assert_eq!(mails[0]["Subject"], subject);
    let text = mails[0]["Message"].as_str().unwrap_or_default();
    assert!(
        text.contains(MALLORY) && text.contains("Left to do:"),
        "{text}"
    );
}

async fn a_cut_at_the_start_is_told(account: &Account) {
    Break::DisableActions.apply(account).await;
    let webhook = Sink::start(&[404]);
    let files = tempfile::tempdir().expect("a directory");
    let secret = write(files.path(), "secret", SECRET);
    let url = write(files.path(), "url", &webhook.url("/hook/s3cret"));
    let settings = format!(
        r#"
        [[notify]]
        kind = "webhook"
        name = "hook"
        url_file = "{url}"
        secret_file = "{secret}"
        [[notify]]
        kind = "sns"
        topic_arn = "{}"
        "#,
        account.seeded.topic_arn
    );
    let daemon = Daemon::start(account, &settings).await;
    daemon.until_compliant(0.0).await;
    daemon
        .until("the refusal", |scrape| {
            let labels = [("target", "hook"), ("result", "rejected")];
            scrape.value("trailwarden_notifications_total", &labels) == Some(1.0)
        })
        .await;
    let posted = webhook.posted();
    assert_eq!(posted.len(), 1, "what was refused is not sent again");
    let notice = posted[0].json();
    assert_eq!(notice["kind"], "broken", "{notice:#}");
    assert_eq!(notice["link"], "alarm", "{notice:#}");
    assert_eq!(notice["actor"], Value::Null, "{notice:#}");
    put_alarm_actions_back(account).await;
    daemon.until_compliant(1.0).await;
    until_taken(&webhook, 1, &daemon).await;
    let log = daemon.log();
    assert!(
        log.contains("the topic of this target is part of the chain"),
        "{log}"
    );
    assert!(!log.contains("s3cret"), "{log}");
}

async fn put_alarm_actions_back(account: &Account) {
    let call = account.cloudwatch.enable_alarm_actions();
    let call = call.alarm_names(&account.seeded.alarm);
    call.send().await.expect("EnableAlarmActions");
}

async fn a_secret_that_cannot_be_read_ends_the_start(account: &Account) {
    let directory = tempfile::tempdir().expect("a directory");
    let content = write(directory.path(), "url", "http://example.com/s3cret");
    for (file, expected) in [
        ("/no/such/file", "/no/such/file cannot be read"),
        (&content, "does not hold an https:// URL"),
    ] {
        let text = format!("[[notify]]\nkind = \"slack\"\nurl_file = \"{file}\"\n");
        let path = write(directory.path(), "trailwarden.toml", &text);
        let mut command = super::common::daemon::command(account);
        command.args(["run", "--config", &path, "--http-listen", "127.0.0.1:0"]);
        let output = tokio::task::spawn_blocking(move || command.output());
        let output = tokio::time::timeout(Duration::from_secs(20), output).await;
        let output = output.expect("it ends").expect("it ran").expect("output");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains("notify target slack-1") && said.contains(expected),
            "{said}"
        );
        assert!(!said.contains("s3cret"), "{said}");
    }
}
