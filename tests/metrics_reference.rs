//! The reference page is made from the table of metrics, and the table is what is exposed. `BLESS=1` writes the page.

use std::collections::BTreeMap;
use std::path::Path;

use trailwarden::assess::{Expectations, assess};
use trailwarden::config::HealMode;
use trailwarden::control::{Benchmark, Catalogue};
use trailwarden::snapshot::{AccountId, Snapshot};
use trailwarden::telemetry::{AwsResult, METRICS, Metrics, metrics_reference};

#[test]
fn the_page_is_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, metrics_reference()).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        page,
        metrics_reference(),
        "docs/metrics.md has drifted; BLESS=1 writes it"
    );
}

/// Metrics of which every family has a series.
fn whole() -> Metrics {
    let metrics = Metrics::new().unwrap();
    let snapshot = include_str!("fixtures/compliant-snapshot.json");
    let snapshot = Snapshot::from_json(snapshot).unwrap();
    let account: AccountId = "111122223333".parse().unwrap();
    let control = &Catalogue::builtin().controls()[0];
    let assessment = assess(
        &snapshot,
        control,
        &Expectations::default(),
        &Benchmark::Any,
    );
    metrics.set_assessment(&account, "us-east-1", &assessment.control, &assessment);
    metrics.set_last_evaluation(&account, jiff::Timestamp::UNIX_EPOCH);
    metrics.set_wiring_ok(&account, "us-east-1", Some(true));
    metrics.set_feed_cloudtrail(&account, Some(true), Some(jiff::Timestamp::UNIX_EPOCH));
    metrics.set_heal_mode(HealMode::Off);
    metrics.set_heal_stopped(&account, &assessment.control, true);
    metrics.set_recipients_changed(&account, &assessment.control, true);
    metrics.notify_target("slack");
    metrics.aws_request("SQS", "ReceiveMessage", AwsResult::Ok);
    metrics
}

/// Type, help text and labels of each family, by name, as a scrape shows them.
fn exposed(text: &str) -> BTreeMap<String, (String, String, Vec<String>)> {
    let mut families = BTreeMap::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let (name, help) = line
            .strip_prefix("# HELP ")
            .unwrap()
            .split_once(' ')
            .unwrap();
        let kind = lines.next().unwrap().rsplit_once(' ').unwrap().1;
        let mut labels = Vec::new();
        while let Some(sample) = lines.next_if(|line| !line.starts_with('#')) {
            let inside = sample
                .split_once('{')
                .map_or("", |(_, rest)| rest.split_once('}').unwrap().0);
            let names = inside.split(',').filter_map(|pair| pair.split_once('='));
            labels = names
                .map(|(name, _)| name.to_owned())
                .filter(|name| !(kind == "histogram" && name == "le"))
                .collect();
            labels.sort();
        }
        families.insert(name.to_owned(), (kind.to_owned(), help.to_owned(), labels));
    }
    families
}

#[test]
fn what_is_exposed_is_in_the_table_and_nothing_else() {
    let exposed = exposed(&whole().encode().unwrap());
    for (name, (kind, help, labels)) in &exposed {
        let metric = METRICS
            .iter()
            .find(|metric| metric.name == name)
            .unwrap_or_else(|| panic!("{name} is not in the table"));
        assert_eq!(metric.kind.name(), kind, "{name}");
        let mut expected = metric.label_names();
        expected.sort_unstable();
        assert_eq!(&expected, labels, "{name}");
        // The texts of process_* are the library's.
        if name.starts_with("trailwarden_") {
            assert_eq!(metric.meaning, help, "{name}");
        }
    }
    for metric in METRICS {
        assert!(
            exposed.contains_key(metric.name) || !cfg!(target_os = "linux"),
            "{} is not exposed",
            metric.name
        );
    }
}
