//! Each link is cut with the AWS API: the gauge goes to 0, the finding names the link and the caller, nothing is written.

use std::time::Duration;

use serde_json::Value;

use super::common::aws::{Account, MALLORY};
use super::common::daemon::Daemon;
use super::{Break, Suite};

pub(crate) fn add(suite: &mut Suite) {
    for cut in Break::ALL {
        suite.test(
            format!("breaking::{cut:?}_is_seen_with_its_link_and_caller"),
            async move |account| {
                is_seen_with_its_link_and_caller(&account, cut).await;
            },
        );
    }
    suite.test("breaking::a_failed_call_changes_nothing", async |account| {
        a_failed_call_changes_nothing(&account).await;
    });
    suite.test(
        "breaking::of_a_burst_only_the_one_who_did_it_is_named",
        async |account| {
            of_a_burst_only_the_one_who_did_it_is_named(&account).await;
        },
    );
    suite.test(
        "breaking::what_cannot_be_seen_any_more_is_found_by_the_sweep",
        async |account| {
            what_cannot_be_seen_any_more_is_found_by_the_sweep(&account).await;
        },
    );
}

async fn is_seen_with_its_link_and_caller(account: &Account, cut: Break) {
    let daemon = Daemon::start(account, "").await;
    daemon.until_compliant(1.0).await;
    cut.apply(account).await;
    daemon.until_compliant(0.0).await;

    let control = first_control(&daemon);
    assert_eq!(control["verdict"], "FAIL", "{control:#}");
    assert_eq!(control["broken_link"], cut.link(), "{control:#}");
    let finding = &control["findings"][0];
    assert_eq!(finding["link"], cut.link(), "{control:#}");
    assert!(
        finding["message"]
            .as_str()
            .is_some_and(|text| !text.is_empty()),
        "{control:#}"
    );
    let actor = &finding["actor"];
    assert_eq!(actor["event_name"], cut.event_name(), "{control:#}");
    assert!(
        text(&actor["principal_arn"]).ends_with(MALLORY),
        "{control:#}"
    );
    assert!(!text(&actor["event_id"]).is_empty(), "{control:#}");
    assert!(!text(&actor["user_agent"]).is_empty(), "{control:#}");
    assert_eq!(
        actor["source_address"].as_str().map(str::is_empty),
        Some(false),
        "{control:#}"
    );

    let scrape = daemon.scrape().expect("metrics");
    let link_ok = scrape.value("trailwarden_link_ok", &[("link", cut.link())]);
    assert_eq!(link_ok, Some(0.0), "the gauge of the link");
    account.until_queue_is_empty(Duration::from_secs(20)).await;
    assert_eq!(
        account.daemon_writes(),
        [""; 0],
        "heal is off: nothing may be written"
    );
}

async fn a_failed_call_changes_nothing(account: &Account) {
    let daemon = Daemon::start(account, "").await;
    daemon.until_compliant(1.0).await;
    let call = account
        .logs
        .delete_metric_filter()
        .log_group_name(&account.seeded.log_group);
    let failed = call.filter_name("no-such-filter").send().await;
    assert!(failed.is_err(), "there is no such filter");
    daemon
        .until("the failed call to be counted", |scrape| {
            scrape.sum("trailwarden_messages_total", &[("outcome", "failed_call")]) >= 1.0
        })
        .await;
    let scrape = daemon.scrape().expect("metrics");
    assert_eq!(
        scrape.value("trailwarden_control_compliant", &[]),
        Some(1.0)
    );
    assert_eq!(
        scrape.sum("trailwarden_evaluations_total", &[("trigger", "event")]),
        0.0
    );
}

async fn of_a_burst_only_the_one_who_did_it_is_named(account: &Account) {
    let daemon = Daemon::start(account, "").await;
    daemon.until_compliant(1.0).await;
    // Harmless calls around the one that breaks the chain, some on the same kind of resource.
    let other = account
        .logs
        .put_metric_filter()
        .log_group_name(&account.seeded.log_group);
    let transformation = aws_sdk_cloudwatchlogs::types::MetricTransformation::builder()
        .metric_name("other")
        .metric_namespace("Other")
        .metric_value("1")
        .build()
        .expect("a transformation");
    other
        .filter_name("other")
        .filter_pattern("{ $.eventName = ConsoleLogin }")
        .metric_transformations(transformation)
        .send()
        .await
        .expect("PutMetricFilter");
    Break::DisableActions.apply(account).await;
    let gone = account
        .logs
        .delete_metric_filter()
        .log_group_name(&account.seeded.log_group);
    gone.filter_name("other")
        .send()
        .await
        .expect("DeleteMetricFilter");
    daemon.until_compliant(0.0).await;
    daemon
        .until("all three events", |scrape| {
            scrape.sum("trailwarden_messages_total", &[("outcome", "evaluated")]) >= 3.0
        })
        .await;

    let control = first_control(&daemon);
    assert_eq!(control["broken_link"], "alarm", "{control:#}");
    assert_eq!(
        control["findings"][0]["actor"]["event_name"], "DisableAlarmActions",
        "{control:#}"
    );
}

/// StopLogging is the last event of the only trail: what is cut after it leaves none.
async fn what_cannot_be_seen_any_more_is_found_by_the_sweep(account: &Account) {
    Break::StopLogging.apply(account).await;
    let daemon = Daemon::start(account, "sweep.interval = \"10s\"").await;
    daemon.until_compliant(0.0).await;
    account
        .cloudtrail
        .start_logging()
        .name(&account.seeded.trail)
        .send()
        .await
        .expect("StartLogging");
    daemon.until_compliant(1.0).await;
}

/// The first control of /status.
pub(crate) fn first_control(daemon: &Daemon) -> Value {
    daemon.status()["controls"][0].clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
