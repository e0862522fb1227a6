//! What deploy/prometheus and deploy/grafana ship, run by the programs that it is for: Debian's promtool, amtool, Prometheus
//! and Alertmanager.

mod dashboard;
mod servers;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;

use super::common::aws::Account;
use super::common::breaks::Break;
use super::common::daemon::Daemon;
use super::common::emulator::repository;
use super::common::eventually;
use super::common::sink::Sink;
use super::{Suite, output, shown};
use servers::{Alertmanager, Prometheus};

/// From a call to the page: scrape, rule, `for`, grouping, a second each, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

const FAILING: &str = "TrailwardenControlFailing";

pub(crate) fn add(suite: &mut Suite) {
    suite.test("prometheus::rules_hold", "prometheus", rules_hold);
    suite.test(
        "prometheus::examples_are_valid",
        "prometheus",
        examples_are_valid,
    );
    suite.with_account(
        "prometheus::a_cut_pages_until_it_is_mended",
        "prometheus",
        async |account| a_cut_pages_until_it_is_mended(&account).await,
    );
}

fn shipped(name: &str) -> PathBuf {
    repository().join("deploy/prometheus").join(name)
}

fn succeeds(command: &mut Command) {
    let done = output(command);
    assert!(done.status.success(), "{command:?}: {}", shown(&done));
}

fn rules_hold() {
    let tests = std::fs::read_dir(shipped("tests")).expect("the tests of the rules");
    let tests: Vec<PathBuf> = tests.map(|entry| entry.expect("a file").path()).collect();
    assert!(tests.len() >= 3, "{tests:?}");
    succeeds(
        Command::new("promtool")
            .args(["check", "rules", "--lint-fatal"])
            .arg(shipped("trailwarden.rules.yml")),
    );
    succeeds(
        Command::new("promtool")
            .args(["test", "rules"])
            .args(&tests),
    );
}

fn examples_are_valid() {
    succeeds(
        Command::new("promtool")
            .args(["check", "config"])
            .arg(shipped("prometheus.example.yml")),
    );
    succeeds(
        Command::new("amtool")
            .arg("check-config")
            .arg(shipped("alertmanager.example.yml")),
    );
}

/// Somebody deletes the filter: a page. It is put back: resolved. It is deleted again and the daemon killed: a page for
/// that, too, and the first is not resolved. Meanwhile everything that the dashboard asks has an answer.
async fn a_cut_pages_until_it_is_mended(account: &Account) {
    let sink = Sink::start(&[]);
    let directory = tempfile::tempdir().expect("a directory");
    let key = directory.path().join("key");
    std::fs::write(&key, "the key of the signature\n").expect("the key is written");
    let settings = format!(
        "[[notify]]\nkind = \"webhook\"\nname = \"hook\"\nurl = \"{}\"\nsecret_file = \"{}\"",
        sink.url("/notify"),
        key.display()
    );
    let daemon = Daemon::spawn_with(account, &settings, |command| {
        // Other tests go without either; the dashboard shows both.
        command
            .env("TRAILWARDEN_HEARTBEAT__INTERVAL", "2s")
            .env("TRAILWARDEN_WIRING__CHECK", "true");
    })
    .await;
    daemon.until_ready().await;
    let alertmanager = Alertmanager::start(directory.path(), &sink);
    let prometheus = Prometheus::start(directory.path(), &daemon.address, &alertmanager);
    let verdict = "account_control:trailwarden_verdict:held";
    prometheus.until(verdict, 0.0).await;

    Break::DeleteMetricFilter.apply(account).await;
    let page = told(&sink, &prometheus, FAILING, "firing").await;
    let labels = &page["labels"];
    assert_eq!(labels["account"], account.seeded.account.as_str());
    assert_eq!(labels["severity"], "critical");
    let description = page["annotations"]["description"].as_str();
    assert!(
        description.is_some_and(|text| text.contains("is cut at pattern")),
        "{page:#}"
    );
    assert_eq!(prometheus.value(verdict), Some(2.0));

    let mut heal = daemon.beside(account, "heal");
    succeeds(heal.arg("--yes"));
    told(&sink, &prometheus, FAILING, "resolved").await;
    prometheus.until(verdict, 0.0).await;

    dashboard::every_panel_has_data(&prometheus).await;
    dashboard::every_family_is_in_the_reference(&daemon);

    let resolved = count(&sink, FAILING, "resolved");
    Break::DeleteMetricFilter.apply(account).await;
    prometheus.until(verdict, 2.0).await;
    daemon.signal(Signal::SIGKILL);
    told(&sink, &prometheus, "TrailwardenAbsent", "firing").await;
    assert_eq!(prometheus.value(verdict), Some(2.0));
    assert_eq!(count(&sink, FAILING, "resolved"), resolved);
}

/// Every alert that Alertmanager posted to the receiver of pages, oldest first.
fn pages(sink: &Sink) -> Vec<Value> {
    let posted = sink.taken().into_iter().filter(|one| one.path == "/page");
    posted
        .flat_map(|one| one.json()["alerts"].as_array().cloned().unwrap_or_default())
        .collect()
}

fn is(alert: &Value, name: &str, status: &str) -> bool {
    alert["labels"]["alertname"] == name && alert["status"] == status
}

fn count(sink: &Sink, name: &str, status: &str) -> usize {
    let pages = pages(sink);
    pages.iter().filter(|one| is(one, name, status)).count()
}

/// Waits for a page of that alert in that state.
async fn told(sink: &Sink, prometheus: &Prometheus, name: &str, status: &str) -> Value {
    let probe = async || pages(sink).into_iter().find(|one| is(one, name, status));
    eventually(
        &format!("a page that {name} is {status}"),
        PATIENCE,
        probe,
        async || {
            format!(
                "Alertmanager told {:#?}; Prometheus has {:#}",
                pages(sink),
                prometheus.get("/api/v1/alerts", &[])
            )
        },
    )
    .await
}
