//! The queries of the dashboard, asked as Grafana would ask them.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use trailwarden::telemetry::METRICS;

use super::super::common::daemon::Daemon;
use super::super::common::emulator::repository;
use super::super::common::eventually;
use super::PATIENCE;
use super::servers::Prometheus;

/// The span that the panels show.
const RANGE: &str = "300";

fn dashboard() -> Value {
    let path = repository().join("deploy/grafana/trailwarden.json");
    let text = std::fs::read_to_string(path).expect("the dashboard is there");
    serde_json::from_str(&text).expect("it is JSON")
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {value:#}"))
}

/// The variables with what Grafana puts in their place: its own, and for "All" the pattern that the variable names.
fn variables(dashboard: &Value) -> Vec<(String, String)> {
    let list = dashboard["templating"]["list"]
        .as_array()
        .expect("variables");
    let queried = list.iter().filter(|one| one["type"] == "query");
    let own = [
        // At least four scrapes, which are a second apart here.
        ("__rate_interval".to_owned(), "4s".to_owned()),
        ("__range".to_owned(), format!("{RANGE}s")),
    ];
    let named = queried.map(|one| {
        (
            text(one, "name").to_owned(),
            text(one, "allValue").to_owned(),
        )
    });
    own.into_iter().chain(named).collect()
}

fn resolved(expression: &str, variables: &[(String, String)]) -> String {
    let mut query = expression.to_owned();
    for (name, value) in variables {
        query = query.replace(&format!("${name}"), value);
    }
    assert!(!query.contains('$'), "a variable is left in {query}");
    query
}

/// Every panel shows something, and every variable has something to choose.
pub(super) async fn every_panel_has_data(prometheus: &Prometheus) {
    let dashboard = dashboard();
    let variables = variables(&dashboard);
    let panels = dashboard["panels"].as_array().expect("panels");
    let mut asked = 0;
    for panel in panels {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let query = resolved(text(target, "expr"), &variables);
            let what = format!("data for {} ({query})", text(panel, "title"));
            let instant = target["instant"] == true;
            let probe = async || has_numbers(&answer(prometheus, &query, instant)).then_some(());
            let describe = async || format!("{:#}", answer(prometheus, &query, instant));
            eventually(&what, PATIENCE, probe, describe).await;
            asked += 1;
        }
    }
    assert!(asked > 30, "{asked} queries");
    for variable in dashboard["templating"]["list"].as_array().expect("a list") {
        if variable["type"] == "query" {
            let query = resolved(text(&variable["query"], "query"), &variables);
            let values = choices(prometheus, &query);
            assert!(!values.is_empty(), "nothing to choose for {query}");
        }
    }
    for annotation in dashboard["annotations"]["list"].as_array().expect("a list") {
        assert!(
            has_numbers(&answer(prometheus, text(annotation, "expr"), false)),
            "no {annotation}"
        );
    }
}

fn answer(prometheus: &Prometheus, query: &str, instant: bool) -> Value {
    if instant {
        return prometheus.get("/api/v1/query", &[("query", query)]);
    }
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a time")
        .as_secs();
    let begin = now - RANGE.parse::<u64>().expect("seconds");
    prometheus.get(
        "/api/v1/query_range",
        &[
            ("query", query),
            ("start", &begin.to_string()),
            ("end", &now.to_string()),
            ("step", "1"),
        ],
    )
}

/// Whether an answer has a number in it, NaN being none.
fn has_numbers(answer: &Value) -> bool {
    let series = answer["data"]["result"].as_array().into_iter().flatten();
    series
        .flat_map(|one| {
            let several = one["values"].as_array().cloned().unwrap_or_default();
            several.into_iter().chain(one.get("value").cloned())
        })
        .filter_map(|sample| sample[1].as_str()?.parse::<f64>().ok())
        .any(f64::is_finite)
}

/// What `label_values(SELECTOR, LABEL)` offers.
fn choices(prometheus: &Prometheus, query: &str) -> Vec<Value> {
    let inner = query
        .strip_prefix("label_values(")
        .and_then(|rest| rest.strip_suffix(')'));
    let (selector, label) = inner
        .and_then(|inner| inner.rsplit_once(", "))
        .unwrap_or_else(|| panic!("{query} is no label_values(SELECTOR, LABEL)"));
    let answer = prometheus.get(
        &format!("/api/v1/label/{label}/values"),
        &[("match[]", selector)],
    );
    answer["data"].as_array().cloned().unwrap_or_default()
}

/// What the real daemon exposes has a row in the table of metrics, with the type that it says.
pub(super) fn every_family_is_in_the_reference(daemon: &Daemon) {
    let text = daemon.get("/metrics");
    let exposed: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .collect();
    let known: BTreeSet<String> = METRICS
        .iter()
        .map(|metric| format!("{} {}", metric.name, metric.kind.name()))
        .collect();
    let unknown: Vec<_> = exposed
        .iter()
        .filter(|one| !known.contains(**one))
        .collect();
    assert!(unknown.is_empty(), "not in the reference: {unknown:?}");
    assert!(exposed.len() > 20, "{exposed:?}");
}
