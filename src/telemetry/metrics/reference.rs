use std::fmt::Write;

use super::table::{METRICS, Metric, Values};

/// The metrics as a page of Markdown: docs/metrics.md.
pub fn metrics_reference() -> String {
    let mut page = String::from(HEAD);
    for metric in METRICS {
        section(&mut page, metric);
    }
    page
}

fn section(page: &mut String, metric: &Metric) {
    let Metric {
        name,
        kind,
        unit,
        labels,
        meaning,
        unknown,
    } = metric;
    // Writing to a text cannot fail.
    let _: std::fmt::Result = write!(
        page,
        "\n## `{name}`\n\n{meaning}\n\n- type: {}\n- unit: {unit}\n",
        kind.name()
    );
    for label in *labels {
        let values = match label.values {
            Values::Open(what) => what.to_owned(),
            Values::Closed(values) => values()
                .iter()
                .map(|value| format!("`{value}`"))
                .collect::<Vec<_>>()
                .join(", "),
        };
        let _: std::fmt::Result = writeln!(page, "- label `{}`: {values}", label.name);
    }
    if let Some(unknown) = unknown {
        let _: std::fmt::Result = writeln!(page, "- not known: {unknown}");
    }
}

const HEAD: &str = "\
# Metrics

<!-- Made from src/telemetry/metrics/table.rs by `BLESS=1 cargo test --test metrics_reference`. -->

`GET /metrics` answers Prometheus' text format (0.0.4) and never asks AWS: it shows what was last seen. Counters with closed
labels begin at 0, so that a first event is an increase; a restart begins them anew. NaN means that it is not known: no
comparison is true of it, and an alert that wants to know has to ask for it. Alert and recording rules, which also merge the
gauges of replicas: [deploy/prometheus](../deploy/prometheus); what to do when one fires: [runbook.md](runbook.md); a dashboard:
[deploy/grafana](../deploy/grafana).
";
