//! What the rules, the dashboard and the documents for operators say of one another and of the metrics. Whether Prometheus,
//! Alertmanager and Grafana accept them is tested by tests/system.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use trailwarden::assess::Link;
use trailwarden::telemetry::{METRICS, Metric, MetricKind, Values};

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

const RULES: &str = "deploy/prometheus/trailwarden.rules.yml";
const RUNBOOK: &str = "docs/runbook.md";

/// What stands after `key` in the lines of the rules, oldest first.
fn values_of(text: &str, key: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| {
        line.trim_start()
            .trim_start_matches("- ")
            .strip_prefix(key)?
            .strip_prefix(": ")
    });
    lines.map(str::to_owned).collect()
}

/// Every query of the dashboard.
fn queries() -> Vec<String> {
    fn collect(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match (name.as_str(), value) {
                        ("expr" | "query", Value::String(text)) => found.push(text.clone()),
                        _ => collect(value, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(&dashboard(), &mut found);
    assert!(found.len() > 30, "{found:?}");
    found
}

fn dashboard() -> Value {
    serde_json::from_str(&read("deploy/grafana/trailwarden.json")).unwrap()
}

/// The rules without their comments.
fn rules() -> String {
    let text = read(RULES);
    let lines = text.split_inclusive('\n');
    lines
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect()
}

/// Names of metrics in a text, each with what stands in the braces behind it.
fn selectors(text: &str) -> Vec<(String, String)> {
    let is_name = |character: char| character.is_ascii_alphanumeric() || "_:".contains(character);
    let mut rest = text;
    let mut found = Vec::new();
    while let Some(start) = rest.find(is_name) {
        rest = &rest[start..];
        let end = rest.find(|one| !is_name(one)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        rest = after;
        if name.contains("trailwarden_") || name.starts_with("process_") {
            let inside = after
                .strip_prefix('{')
                .and_then(|inside| inside.split_once('}'))
                .map_or("", |(inside, _)| inside);
            found.push((name.to_owned(), inside.to_owned()));
        }
    }
    found
}

/// The metric of a series' name.
fn metric_of(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| {
        metric.name == name
            || (metric.kind == MetricKind::Histogram
                && ["_bucket", "_sum", "_count"]
                    .iter()
                    .any(|suffix| name.strip_suffix(suffix) == Some(metric.name)))
    })
}

/// What is wrong with the matchers of a selector: labels that the metric has not, values that a label never has.
fn faults(metric: &Metric, matchers: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for matcher in matchers.split(',').filter(|one| one.contains('"')) {
        let (label, value) = matcher.split_once('=').unwrap();
        let label = label.trim_end_matches('!');
        let value = value.trim_start_matches('~').trim_matches('"');
        let Some(known) = metric.labels.iter().find(|one| one.name == label) else {
            faults.push(format!("{} has no label {label}", metric.name));
            continue;
        };
        let Values::Closed(values) = known.values else {
            continue;
        };
        for one in value.split('|').filter(|one| !one.starts_with('$')) {
            if !values().contains(&one) {
                faults.push(format!("{}: {label} is never {one}", metric.name));
            }
        }
    }
    faults
}

#[test]
fn rules_and_dashboard_ask_for_nothing_that_is_not_there() {
    let recorded: BTreeSet<String> = values_of(&rules(), "record").into_iter().collect();
    let texts = queries().into_iter().chain([rules()]);
    let mut faulty = Vec::new();
    for (name, matchers) in texts.flat_map(|text| selectors(&text)) {
        if name.contains(':') {
            if !recorded.contains(&name) {
                faulty.push(format!("{name} is not recorded"));
            }
        } else if let Some(metric) = metric_of(&name) {
            faulty.extend(faults(metric, &matchers));
        } else {
            faulty.push(format!("{name} is no metric"));
        }
    }
    assert!(faulty.is_empty(), "{faulty:#?}");
}

#[test]
fn a_query_for_what_is_not_there_would_be_noticed() {
    let query = r#"sum(trailwarden_heal_actions_total{result="reject",colour="red",action=~"$a"}) / process_cpus"#;
    let found = selectors(query);
    assert_eq!(found.len(), 2);
    let faulty = faults(metric_of(&found[0].0).unwrap(), &found[0].1);
    assert_eq!(
        faulty,
        [
            "trailwarden_heal_actions_total: result is never reject",
            "trailwarden_heal_actions_total has no label colour"
        ]
    );
    assert!(metric_of(&found[1].0).is_none());
}

/// The entries of the runbook by their anchor, as GitHub makes one of a heading.
fn entries() -> BTreeMap<String, String> {
    let text = read(RUNBOOK);
    let mut sections = text.split("\n### ");
    sections.next();
    let entries = sections.map(|section| {
        let (heading, body) = section.split_once('\n').unwrap();
        let anchor = heading.to_lowercase().replace(' ', "-").replace(',', "");
        (anchor, body.to_owned())
    });
    entries.collect()
}

#[test]
fn each_alert_has_a_severity_a_runbook_entry_and_a_test_of_its_own() {
    let rules = rules();
    let alerts = values_of(&rules, "alert");
    let entries = entries();
    let tests = read("deploy/prometheus/tests/alerts.yml");
    let tested = values_of(&tests, "name");
    let links = values_of(&rules, "runbook_url");
    let severities = values_of(&rules, "severity");
    assert!(alerts.len() > 20);
    assert_eq!(links.len(), alerts.len());
    assert_eq!(severities.len(), alerts.len());
    for ((alert, link), severity) in alerts.iter().zip(links).zip(severities) {
        let anchor = link.strip_prefix("docs/runbook.md#").unwrap();
        assert_eq!(anchor, alert.to_lowercase());
        let entry = entries
            .get(anchor)
            .unwrap_or_else(|| panic!("{RUNBOOK} has no entry for {alert}"));
        assert!(
            entry.contains(&format!(" {severity}.")),
            "{alert} is {severity}, and its entry says something else"
        );
        for part in ["**Means**", "**Look**", "**Mend**", "**Misleads**"] {
            assert!(entry.contains(part), "{alert}: no {part}");
        }
        assert!(
            tested
                .iter()
                .any(|name| name.split([',', ' ']).next() == Some(alert)),
            "{alert} has no test"
        );
    }
    for anchor in entries.keys().filter(|one| one.starts_with("trailwarden")) {
        let is_alert = |alert: &String| alert.to_lowercase() == *anchor;
        assert!(alerts.iter().any(is_alert), "{anchor} is no alert");
    }
}

#[test]
fn each_link_of_the_chain_has_a_runbook_entry() {
    let entries = entries();
    for link in Link::CHAIN {
        let entry = entries
            .get(link.name())
            .unwrap_or_else(|| panic!("{RUNBOOK} has no entry for {}", link.name()));
        for part in ["**Cut by**", "**Mend**", "**Misleads**"] {
            assert!(entry.contains(part), "{}: no {part}", link.name());
        }
    }
}

#[test]
fn the_panels_have_ids_of_their_own_and_do_not_overlap() {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    let mut taken = BTreeMap::new();
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: its id");
        let side = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        assert!(side("x") + side("w") <= 24, "{title} is too wide");
        for x in side("x")..side("x") + side("w") {
            for y in side("y")..side("y") + side("h") {
                let below = taken.insert((x, y), title);
                assert_eq!(below, None, "{title} lies on another panel");
            }
        }
        if panel["type"] == "row" {
            continue;
        }
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{title} asks nothing");
        let refs: BTreeSet<_> = targets.iter().map(|one| one["refId"].as_str()).collect();
        assert_eq!(refs.len(), targets.len(), "{title}: its refIds");
        for target in targets {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{title}");
        }
    }
}

/// The Rust sources below a directory.
fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn the_tests_that_the_threat_model_names_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = ["src", "tests"].map(|directory| sources(&root.join(directory)));
    let texts = files
        .iter()
        .flatten()
        .map(|file| fs::read_to_string(file).unwrap());
    let code: String = texts.collect();
    let page = read("docs/threat-model.md");
    let mut named = 0;
    for one in page.split("hown by").skip(1) {
        let one = one.split("\n\n").next().unwrap();
        let one = one.split("\n- ").next().unwrap();
        for name in one.split('`').skip(1).step_by(2) {
            named += 1;
            let file = [format!("{name}.rs"), name.to_owned()];
            let is_file = file
                .iter()
                .any(|file| root.join(file).exists() || root.join("tests").join(file).exists());
            let last = name.rsplit("::").next().unwrap();
            assert!(
                is_file
                    || code.contains(&format!("fn {last}("))
                    || code.contains(&format!("\"{name}\"")),
                "docs/threat-model.md names {name}, which is not there"
            );
        }
    }
    assert!(named > 30, "{named}");
}

#[test]
fn links_between_documents_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = |directory: &Path| {
        let entries = fs::read_dir(directory).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let pages = paths.filter(|path| path.extension().is_some_and(|kind| kind == "md"));
        pages.collect::<Vec<_>>()
    };
    let mut followed = 0;
    for page in [pages(root), pages(&root.join("docs"))].concat() {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = page.parent().unwrap().join(target);
            assert!(path.exists(), "{}: {target}", page.display());
            followed += 1;
        }
    }
    assert!(followed > 30, "{followed}");
}

/// Whether a file of a room is there for tests alone.
fn is_test(file: &Path) -> bool {
    let parts = file
        .components()
        .filter_map(|part| part.as_os_str().to_str());
    parts
        .into_iter()
        .any(|part| ["tests", "tests.rs", "simulation", "samples.rs"].contains(&part))
}

/// The rooms that the code of a file names, its tests left out.
fn named_rooms(file: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let lines: Vec<&str> = code.lines().collect();
    let is_of_tests = |at: usize| at > 0 && lines[at - 1].trim() == "#[cfg(test)]";
    let used = lines.iter().enumerate().filter(|(at, line)| {
        !is_of_tests(*at) && !line.trim_start().starts_with("//") && line.contains("crate::")
    });
    used.flat_map(|(_, line)| line.split("crate::").skip(1))
        .map(|rest| {
            rest.split(|one: char| !one.is_ascii_lowercase())
                .next()
                .unwrap()
                .to_owned()
        })
        .collect()
}

#[test]
fn each_room_uses_those_that_the_design_names() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let design = read("docs/design.md");
    let rows: Vec<(&str, &str)> = design
        .lines()
        .filter_map(|line| line.strip_prefix("| `src/")?.split_once("/` |"))
        .map(|(room, rest)| (room, rest.rsplit('|').nth(1).unwrap()))
        .collect();
    assert!(rows.len() > 10, "{rows:?}");
    let mut above: BTreeSet<&str> = BTreeSet::new();
    for (room, may_use) in &rows {
        let words: BTreeSet<&str> = may_use
            .split(|one: char| !one.is_ascii_alphabetic())
            .collect();
        let may_name = |other: &str| {
            other == *room
                || *may_use == " all "
                || words.contains(other)
                || (may_use.contains("all of the above") && above.contains(other))
        };
        for file in sources(&src.join(room))
            .into_iter()
            .filter(|file| !is_test(file))
        {
            for other in named_rooms(&file) {
                let is_room = rows.iter().any(|(one, _)| *one == other);
                let place = file.display();
                assert!(
                    !is_room || may_name(&other),
                    "{place} uses {other}: not by docs/design.md"
                );
            }
        }
        above.insert(room);
    }
}
