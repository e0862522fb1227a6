//! `trailwarden wire`, and the daemon that hears through what it made and watches it.

use std::process::{Command, Output};
use std::time::Duration;

use aws_config::Region;
use aws_sdk_eventbridge::types::Target;
use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use serde_json::Value;

use super::Suite;
use super::common::aws::{Account, MALLORY};
use super::common::daemon::{Daemon, command, command_for};
use super::common::eventually;

const HOME: &str = "us-east-1";
const AWAY: &str = "eu-west-1";

pub(crate) fn add(suite: &mut Suite) {
    suite.test(
        "wire::an_empty_account_is_wired_and_heard_through",
        async |account| an_empty_account_is_wired_and_heard_through(&account).await,
    );
    suite.test(
        "wire::whoever_touches_the_wiring_is_found_and_named",
        async |account| whoever_touches_the_wiring_is_found_and_named(&account).await,
    );
    suite.test("wire::only_what_was_made_is_removed", async |account| {
        only_what_was_made_is_removed(&account).await;
    });
    suite.test(
        "wire::what_was_not_seen_is_named_and_no_difference",
        async |account| what_was_not_seen_is_named_and_no_difference(&account),
    );
}

/// The settings of a feed of its own beside the seeded one, in two regions.
fn settings(account: &Account, command: &mut Command) {
    let scope = format!(
        "[{{account = {}, regions = [{HOME}, {AWAY}]}}]",
        account.seeded.account
    );
    command
        .env("TRAILWARDEN_WIRING__PREFIX", "tw")
        .env("TRAILWARDEN_WIRING__CHECK", "true")
        .env("TRAILWARDEN_SCOPE", scope);
}

fn wire(account: &Account, arguments: &[&str]) -> (i32, String) {
    let mut wire = command_for(account, "wire");
    settings(account, &mut wire);
    let Output {
        status,
        stdout,
        stderr,
    } = wire
        .arg("wire")
        .args(arguments)
        .output()
        .expect("the binary runs");
    let text = [stdout, stderr].concat();
    (
        status.code().expect("an exit code"),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

/// What doctor says of the feed that was made.
async fn doctor(account: &Account) -> String {
    let mut doctor = command(account);
    settings(account, &mut doctor);
    let output = doctor
        .env("TRAILWARDEN_QUEUE_URL", queue_url(account).await)
        .args(["doctor", "--http-listen", "127.0.0.1:9"])
        .output()
        .expect("doctor runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

async fn queue_url(account: &Account) -> String {
    let answer = account
        .sqs
        .get_queue_url()
        .queue_name("tw-events")
        .send()
        .await;
    answer.expect("the queue").queue_url.expect("its URL")
}

async fn daemon(account: &Account) -> Daemon {
    let url = queue_url(account).await;
    let daemon = Daemon::spawn_with(account, "sweep.interval = \"2s\"", |command| {
        settings(account, command);
        command.env("TRAILWARDEN_QUEUE_URL", url);
    })
    .await;
    daemon.until_ready().await;
    until_wired(&daemon, HOME, 1.0).await;
    until_wired(&daemon, AWAY, 1.0).await;
    daemon
}

async fn until_wired(daemon: &Daemon, region: &str, value: f64) {
    let what = format!("trailwarden_wiring_ok {value} in {region}");
    daemon
        .until(&what, |scrape| {
            scrape.value("trailwarden_wiring_ok", &[("region", region)]) == Some(value)
        })
        .await;
}

fn heard(daemon: &Daemon, event_name: &str) -> f64 {
    let scrape = daemon.scrape().expect("a scrape");
    scrape.sum("trailwarden_events_total", &[("event_name", event_name)])
}

async fn an_empty_account_is_wired_and_heard_through(account: &Account) {
    let (exit, text) = wire(account, &[]);
    assert_eq!(exit, 2, "{text}");
    for expected in [
        "+ create queue tw-events-dead in us-east-1",
        "+ create queue tw-events in us-east-1",
        "+ create bus tw in us-east-1",
        "+ create role tw-forward",
        "+ create rule tw-events of bus default in eu-west-1",
        "+ create rule tw-guard of bus default in us-east-1",
        "Plan: 9 to create, 0 to change, 0 not seen.",
        "No queue_url is configured",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert_eq!(account.daemon_writes(), [""; 0], "showing writes nothing");

    let (exit, text) = wire(account, &["--apply"]);
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains("The feed is wired."), "{text}");
    assert!(text.contains("/tw-events\""), "{text}");
    let written = account.daemon_writes();
    let (exit, text) = wire(account, &["--apply"]);
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains("Nothing to do."), "{text}");
    assert_eq!(account.daemon_writes(), written, "nothing is written again");
    let (exit, text) = wire(account, &["--format", "json"]);
    assert_eq!(exit, 0, "{text}");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["queue"]["name"], "tw-events");
    assert_eq!(
        document["accounts"][0]["differences"],
        Value::Array(Vec::new())
    );

    let whole = format!("ok           wiring {}: ", account.seeded.account);
    assert!(doctor(account).await.contains(&whole));
    let rule = "tw-guard";
    let disable = account.events.disable_rule().name(rule);
    disable.send().await.expect("DisableRule");
    let text = doctor(account).await;
    assert!(text.contains("failed       wiring"), "{text}");
    assert!(text.contains("trailwarden wire shows"), "{text}");
    let enable = account.events.enable_rule().name(rule);
    enable.send().await.expect("EnableRule");

    let daemon = daemon(account).await;
    let logs = account.logs.delete_metric_filter();
    let logs = logs.log_group_name(&account.seeded.log_group);
    let logs = logs.filter_name(&account.seeded.metric_filter);
    logs.send().await.expect("the filter is deleted");
    daemon
        .until("the event of the home region", |scrape| {
            scrape.sum(
                "trailwarden_events_total",
                &[("event_name", "DeleteMetricFilter")],
            ) >= 1.0
        })
        .await;
    let before = heard(&daemon, "CreateLogGroup");
    let away = account
        .mallory
        .to_builder()
        .region(Region::new(AWAY))
        .build();
    let away = aws_sdk_cloudwatchlogs::Client::new(&away);
    let made = away
        .create_log_group()
        .log_group_name("elsewhere")
        .send()
        .await;
    made.expect("a log group");
    daemon
        .until("the event of the other region", |scrape| {
            scrape.sum(
                "trailwarden_events_total",
                &[("event_name", "CreateLogGroup")],
            ) > before
        })
        .await;
}

/// Somebody's way to touch the wiring: what it is called, the region that is then wrong, what is said of it, and the event that
/// tells of it; none: any of several.
struct Touch {
    name: &'static str,
    region: &'static str,
    said: &'static str,
    event: Option<&'static str>,
}

const TOUCHES: [Touch; 11] = [
    Touch {
        name: "disable the rule",
        region: HOME,
        said: "rule tw-events of bus default in us-east-1: it is disabled",
        event: Some("DisableRule"),
    },
    Touch {
        name: "remove its target",
        region: HOME,
        said: "does not lead to",
        event: Some("RemoveTargets"),
    },
    Touch {
        name: "shorten its pattern elsewhere",
        region: AWAY,
        said: "its pattern keeps",
        event: Some("PutRule"),
    },
    Touch {
        name: "delete the guard",
        region: HOME,
        said: "rule tw-guard of bus default in us-east-1: it is not there",
        event: None,
    },
    Touch {
        name: "destroy the message",
        region: HOME,
        said: "gets something else than the event",
        event: Some("PutTargets"),
    },
    Touch {
        name: "loosen the policy",
        region: HOME,
        said: "it does not deny sqs:SendMessage to all but the rules",
        event: Some("SetQueueAttributes"),
    },
    Touch {
        name: "drop the redrive",
        region: HOME,
        said: "what fails again and again is put nowhere",
        event: Some("SetQueueAttributes"),
    },
    Touch {
        name: "switch encryption off",
        region: HOME,
        said: "messages are not encrypted at rest",
        event: Some("SetQueueAttributes"),
    },
    Touch {
        name: "change the role",
        region: HOME,
        said: "what its inline policies say: it does not allow events:PutEvents on the central bus",
        event: Some("PutRolePolicy"),
    },
    Touch {
        name: "hang a policy onto the role",
        region: HOME,
        said: ":policy/tw-more is attached to it",
        event: Some("AttachRolePolicy"),
    },
    Touch {
        name: "lend the role",
        region: HOME,
        said: "it lets others than EventBridge assume the role",
        event: Some("UpdateAssumeRolePolicy"),
    },
];

async fn touch(account: &Account, name: &str) {
    let events = aws_sdk_eventbridge::Client::new(&account.mallory);
    let policy = |action: &str, extra: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"*"{extra}}}]}}"#
        )
    };
    let set = async |attribute: Attribute, value: String| {
        let call = account
            .sqs
            .set_queue_attributes()
            .queue_url(queue_url(account).await);
        call.attributes(attribute, value).send().await.expect(name);
    };
    match name {
        "disable the rule" => {
            events
                .disable_rule()
                .name("tw-events")
                .send()
                .await
                .expect(name);
        }
        "remove its target" => {
            let call = events.remove_targets().rule("tw-events").ids("trailwarden");
            call.send().await.expect(name);
        }
        "shorten its pattern elsewhere" => {
            let away = account
                .mallory
                .to_builder()
                .region(Region::new(AWAY))
                .build();
            let away = aws_sdk_eventbridge::Client::new(&away);
            let call = away.put_rule().name("tw-events");
            let call = call.event_pattern(r#"{"source":["aws.logs"]}"#);
            call.send().await.expect(name);
        }
        "delete the guard" => {
            let call = events.remove_targets().rule("tw-guard").ids("trailwarden");
            call.send().await.expect(name);
            events
                .delete_rule()
                .name("tw-guard")
                .send()
                .await
                .expect(name);
        }
        "destroy the message" => {
            let queue = format!("arn:aws:sqs:{HOME}:{}:tw-events", account.seeded.account);
            let target = Target::builder().id("trailwarden").arn(queue).input("{}");
            let call = events.put_targets().rule("tw-events");
            let call = call.targets(target.build().expect("a target"));
            call.send().await.expect(name);
        }
        "loosen the policy" => {
            set(Attribute::Policy, policy("sqs:*", r#","Principal":"*""#)).await;
        }
        "drop the redrive" => set(Attribute::RedrivePolicy, String::new()).await,
        "switch encryption off" => set(Attribute::SqsManagedSseEnabled, "false".to_owned()).await,
        "change the role" => {
            let iam = aws_sdk_iam::Client::new(&account.mallory);
            let call = iam
                .put_role_policy()
                .role_name("tw-forward")
                .policy_name("tw-forward");
            let call = call.policy_document(policy("sts:GetCallerIdentity", ""));
            call.send().await.expect(name);
        }
        "hang a policy onto the role" => attach(account, name).await,
        "lend the role" => {
            let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
                "Principal":{"Service":"events.amazonaws.com","AWS":"*"}}]}"#;
            let iam = aws_sdk_iam::Client::new(&account.mallory);
            let call = iam.update_assume_role_policy().role_name("tw-forward");
            call.policy_document(trust).send().await.expect(name);
        }
        _ => panic!("{name} is no touch"),
    }
}

/// Lets the role do everything, by a managed policy.
async fn attach(account: &Account, why: &str) {
    let iam = aws_sdk_iam::Client::new(&account.mallory);
    let everything =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let call = iam.create_policy().policy_name("tw-more");
    let policy = call.policy_document(everything).send().await.expect(why);
    let arn = policy.policy.and_then(|policy| policy.arn).expect(why);
    let call = iam.attach_role_policy().role_name("tw-forward");
    call.policy_arn(arn).send().await.expect(why);
}

async fn whoever_touches_the_wiring_is_found_and_named(account: &Account) {
    let (exit, text) = wire(account, &["--apply"]);
    assert_eq!(exit, 0, "{text}");
    let daemon = daemon(account).await;
    for one in &TOUCHES {
        let name = one.name;
        touch(account, name).await;
        let (exit, text) = wire(account, &[]);
        assert_eq!(exit, 2, "{name}: {text}");
        until_wired(&daemon, one.region, 0.0).await;
        let incident = eventually(
            name,
            Duration::from_secs(20),
            async || incident(&daemon, one.said),
            async || daemon.log(),
        )
        .await;
        if let Some(event) = one.event {
            assert_eq!(incident["event_name"], event, "{name}: {incident}");
        }
        let principal = incident["principal"].as_str().unwrap_or_default();
        assert!(principal.ends_with(MALLORY), "{name}: {incident}");
        let (exit, text) = wire(account, &["--apply"]);
        assert_eq!(exit, 0, "{name}: {text}");
        until_wired(&daemon, one.region, 1.0).await;
    }
    let scrape = daemon.scrape().expect("a scrape");
    for kind in ["wiring_cut", "wiring_whole"] {
        let count = scrape.sum("trailwarden_occurrences_total", &[("kind", kind)]);
        assert!(count >= 9.0, "{kind}: {count}\n{}", daemon.log());
    }
    let page = daemon.get("/");
    assert!(page.contains("Wiring of the feed"), "{page}");
}

/// The log line of an incident of the wiring that says this.
fn incident(daemon: &Daemon, said: &str) -> Option<Value> {
    let log = daemon.log();
    let entries = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut fields = entries.map(|entry| entry.get("fields").cloned().unwrap_or(entry));
    fields.find(|fields| fields["kind"] == "wiring_cut" && fields.to_string().contains(said))
}

async fn only_what_was_made_is_removed(account: &Account) {
    let (exit, text) = wire(account, &["--apply"]);
    assert_eq!(exit, 0, "{text}");
    let events = aws_sdk_eventbridge::Client::new(&account.mallory);
    let mine = events
        .put_rule()
        .name("tw-mine")
        .event_pattern(r#"{"source":["x"]}"#);
    mine.send().await.expect("a rule of somebody else's");
    attach(account, "a role with it cannot be deleted").await;

    let (exit, text) = wire(account, &["--remove"]);
    assert_eq!(exit, 64, "nobody can be asked: {text}");
    assert!(text.contains("nothing was removed"), "{text}");
    let (exit, text) = wire(account, &["--remove", "--yes"]);
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains("Removed 9 of 9."), "{text}");
    assert!(!text.contains("tw-mine"), "{text}");

    let rules = events
        .list_rules()
        .send()
        .await
        .expect("the rules")
        .rules
        .unwrap_or_default();
    let names: Vec<&str> = rules.iter().filter_map(|rule| rule.name()).collect();
    assert!(
        names.contains(&"tw-mine") && names.contains(&"trailwarden-logs"),
        "{names:?}"
    );
    assert!(!names.contains(&"tw-events"), "{names:?}");
    let queues = account.sqs.list_queues().send().await.expect("the queues");
    let left: Vec<&String> = queues
        .queue_urls()
        .iter()
        .filter(|url| url.contains("/tw-"))
        .collect();
    assert_eq!(left, [""; 0]);
    let (exit, text) = wire(account, &["--remove", "--yes"]);
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains("Nothing to remove."), "{text}");
}

fn what_was_not_seen_is_named_and_no_difference(account: &Account) {
    let (exit, text) = wire(account, &["--apply"]);
    assert_eq!(exit, 0, "{text}");
    account.deny("events", "ListRules");
    let (exit, text) = wire(account, &[]);
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("; allow events:ListRules"), "{text}");
    assert!(text.contains("Plan: 0 to create, 0 to change, "), "{text}");
    account.allow_everything();
    assert_eq!(wire(account, &[]).0, 0);
}
