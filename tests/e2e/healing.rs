//! With heal on, what may be mended ends in PASS again, as it was; what may not is asked for.

use std::time::Duration;

use super::breaking::first_control;
use super::common::aws::Account;
use super::common::daemon::Daemon;
use super::{Break, Suite};

/// Mended unless the configuration says otherwise.
const BY_DEFAULT: [Break; 9] = [
    Break::DeleteMetricFilter,
    Break::NarrowPattern,
    Break::WriteZero,
    Break::DeleteAlarm,
    Break::DisableActions,
    Break::RaiseThreshold,
    Break::DropActions,
    Break::DeleteTopic,
    Break::Unsubscribe,
];

/// Mended only where their link is named.
const WHEN_NAMED: [Break; 4] = [
    Break::StopLogging,
    Break::ForgetLogGroup,
    Break::RecordDataEventsOnly,
    Break::DeleteLogGroup,
];

const EVERY_LINK: &str = "links = [\"trail\", \"selector\", \"log_group\", \"pattern\", \"metric\", \"alarm\", \
     \"action\", \"topic\", \"subscription\"]";

pub(crate) fn add(suite: &mut Suite) {
    for cut in BY_DEFAULT {
        suite.test(
            format!("healing::{cut:?}_is_mended"),
            async move |account| {
                is_mended(&account, cut, "").await;
            },
        );
    }
    for cut in WHEN_NAMED {
        suite.test(
            format!("healing::{cut:?}_is_mended_when_its_link_is_named"),
            async move |account| {
                is_mended(&account, cut, EVERY_LINK).await;
            },
        );
        suite.test(
            format!("healing::{cut:?}_is_asked_for_when_its_link_is_not_named"),
            async move |account| {
                is_asked_for(&account, cut, "").await;
            },
        );
    }
    suite.test(
        "healing::DeleteTrail_is_always_asked_for",
        async |account| {
            is_asked_for(&account, Break::DeleteTrail, EVERY_LINK).await;
        },
    );
    suite.test(
        "healing::a_maintenance_window_holds_repairs_and_reports",
        async |account| {
            a_maintenance_window_holds_repairs_and_reports(&account).await;
        },
    );
    suite.test("healing::plan_mode_writes_nothing", async |account| {
        plan_mode_writes_nothing(&account).await;
    });
}

fn settings(account: &Account, mode: &str, links: &str) -> String {
    let inbox = format!(
        "arn:aws:sqs:{}:{}:cis-alarm-inbox",
        account.seeded.region, account.seeded.account
    );
    format!(
        "[heal]\nmode = \"{mode}\"\nsettle = \"1s\"\n{links}\n[expect]\nsubscriptions = [\"{inbox}\"]"
    )
}

async fn is_mended(account: &Account, cut: Break, links: &str) {
    let daemon = Daemon::start(account, &settings(account, "apply", links)).await;
    daemon.until_compliant(1.0).await;
    let before = account.describe().await;
    cut.apply(account).await;
    daemon
        .until("a repair", |scrape| {
            scrape.sum("trailwarden_heal_actions_total", &[("result", "applied")]) >= 1.0
        })
        .await;
    daemon.until_compliant(1.0).await;
    assert_eq!(account.describe().await, before, "restored as it was");
    assert!(
        !account.daemon_writes().is_empty(),
        "the emulator saw the repair"
    );
}

async fn is_asked_for(account: &Account, cut: Break, links: &str) {
    let daemon = Daemon::start(account, &settings(account, "apply", links)).await;
    daemon.until_compliant(1.0).await;
    cut.apply(account).await;
    daemon.until_compliant(0.0).await;
    // Longer than it takes to settle and to look again.
    tokio::time::sleep(Duration::from_secs(8)).await;
    let control = first_control(&daemon);
    assert_eq!(control["verdict"], "FAIL", "{control:#}");
    let steps = control["plan"]["steps"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    assert!(
        steps
            .first()
            .is_some_and(|step| step["action"].get("ask").is_some_and(|ask| {
                ask["command"]
                    .as_str()
                    .is_some_and(|command| command.contains("aws "))
            })),
        "the plan asks a person: {control:#}"
    );
    assert_eq!(account.daemon_writes(), [""; 0]);
}

async fn plan_mode_writes_nothing(account: &Account) {
    let daemon = Daemon::start(account, &settings(account, "plan", "")).await;
    daemon.until_compliant(1.0).await;
    Break::DeleteMetricFilter.apply(account).await;
    daemon.until_compliant(0.0).await;
    tokio::time::sleep(Duration::from_secs(8)).await;
    let control = first_control(&daemon);
    let step = &control["plan"]["steps"][0];
    assert_eq!(step["link"], "pattern", "{control:#}");
    assert_eq!(
        step["action"]["repair"]["operation"], "put_metric_filter",
        "{control:#}"
    );
    assert_eq!(account.daemon_writes(), [""; 0]);
}

async fn a_maintenance_window_holds_repairs_and_reports(account: &Account) {
    let window = "windows = [\"2026-01-01T00:00:00Z/2099-01-01T00:00:00Z\"]";
    let daemon = Daemon::start(account, &settings(account, "apply", window)).await;
    daemon.until_compliant(1.0).await;
    Break::DeleteMetricFilter.apply(account).await;
    daemon.until_compliant(0.0).await;
    daemon
        .until("a repair that is held", |scrape| {
            scrape.sum("trailwarden_heal_actions_total", &[("result", "held")]) >= 1.0
        })
        .await;
    assert!(
        daemon.log().contains("a maintenance window is open"),
        "{}",
        daemon.log()
    );
    assert_eq!(account.daemon_writes(), [""; 0]);
}
