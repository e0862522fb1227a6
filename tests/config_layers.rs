//! The layers of the configuration, their order, and how texts of variables and flags are read.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use trailwarden::assess::Link;
use trailwarden::config::{
    ConfigError, ConfigFile, Effective, HealMode, Loaded, LogFormat, LogLevel, Settings, load,
};
use trailwarden::control::Benchmark;

/// Loads from the text of a file, variables and flags.
fn layers(
    file: &str,
    variables: &[(&str, &str)],
    flags: &[(&str, &str)],
) -> Result<Loaded, ConfigError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("trailwarden.toml");
    std::fs::write(&path, file).unwrap();
    let variables = variables
        .iter()
        .map(|(name, text)| (OsString::from(name), OsString::from(text)));
    load(&ConfigFile::Named(path), variables, flags.iter().copied())
}

fn settings(file: &str, variables: &[(&str, &str)], flags: &[(&str, &str)]) -> Settings {
    layers(file, variables, flags).unwrap().settings
}

fn keys(settings: &Settings) -> Vec<String> {
    settings
        .controls
        .iter()
        .map(|control| control.key.clone())
        .collect()
}

/// Everything of the settings, comparable.
fn shown(settings: &Settings) -> String {
    format!("{settings:#?}")
}

fn nowhere() -> ConfigFile {
    ConfigFile::IfExists(PathBuf::from("/nonexistent/trailwarden.toml"))
}

#[test]
fn with_nothing_configured_the_defaults_hold() {
    let loaded = load(&nowhere(), [], []).unwrap();
    let settings = loaded.settings;
    assert_eq!(loaded.file, None);
    assert_eq!(settings.queue_url, None);
    assert_eq!(keys(&settings), ["cloudtrail-config-changes"]);
    assert_eq!(settings.benchmark, Benchmark::Any);
    assert_eq!(settings.sweep.interval, Duration::from_mins(15));
    assert_eq!(settings.heartbeat.interval, Some(Duration::from_mins(1)));
    assert_eq!(settings.heal.mode, HealMode::Off);
    let links = [
        Link::Pattern,
        Link::Metric,
        Link::Alarm,
        Link::Action,
        Link::Topic,
        Link::Subscription,
    ];
    assert_eq!(settings.heal.links, BTreeSet::from(links));
    assert_eq!(settings.heal.settle, Duration::from_secs(5));
    assert_eq!(settings.heal.budget_per_hour, 12);
    assert_eq!(settings.expect.topics, []);
    assert_eq!(settings.expect.subscriptions, []);
    assert_eq!(settings.scope, []);
    assert_eq!(settings.state_dir, PathBuf::from("/var/lib/trailwarden"));
    assert_eq!(settings.http.listen.to_string(), "127.0.0.1:9464");
    assert!(settings.http.status);
    assert_eq!(settings.log.format, LogFormat::Text);
    assert_eq!(settings.log.level, LogLevel::Info);
    assert!(
        loaded
            .effective
            .iter()
            .all(|effective| effective.source == "default")
    );
}

#[test]
fn each_layer_overrides_the_one_before() {
    let file = "[heal]\nmode = \"plan\"\n";
    let variable = ("TRAILWARDEN_HEAL__MODE", "apply");
    let flag = ("heal.mode", "off");
    assert_eq!(settings("", &[], &[]).heal.mode, HealMode::Off);
    assert_eq!(settings(file, &[], &[]).heal.mode, HealMode::Plan);
    assert_eq!(settings(file, &[variable], &[]).heal.mode, HealMode::Apply);
    assert_eq!(
        settings(file, &[variable], &[flag]).heal.mode,
        HealMode::Off
    );
}

#[test]
fn an_empty_text_undoes_a_setting_without_default() {
    let file = "queue_url = \"http://localhost:4566/000000000000/q\"\nhttp.status = false\n";
    let loaded = settings(
        file,
        &[("TRAILWARDEN_QUEUE_URL", "")],
        &[("http.status", "")],
    );
    assert_eq!(loaded.queue_url, None);
    assert!(loaded.http.status);
    assert!(layers(file, &[("TRAILWARDEN_LOG__LEVEL", "")], &[]).is_err());
    assert!(layers("queue_url = \"\"", &[], &[]).is_err());
}

#[test]
fn a_table_is_merged_and_a_list_is_replaced() {
    let file = "heal.settle = \"7s\"\nheal.links = [\"trail\", \"alarm\"]\n";
    let loaded = settings(file, &[("TRAILWARDEN_HEAL__LINKS", "topic")], &[]);
    assert_eq!(loaded.heal.settle, Duration::from_secs(7));
    assert_eq!(loaded.heal.links, BTreeSet::from([Link::Topic]));
}

#[test]
fn the_source_of_each_value_is_told() {
    let file = "benchmark = \"cis-3.0.0\"\n";
    let loaded = layers(
        file,
        &[("TRAILWARDEN_LOG__LEVEL", "debug")],
        &[("http.listen", "[::1]:0")],
    )
    .unwrap();
    let source = |key: &str| {
        loaded
            .effective
            .iter()
            .find(|effective| effective.key == key)
            .unwrap()
            .source
            .clone()
    };
    assert_eq!(
        source("benchmark"),
        loaded.file.as_ref().unwrap().display().to_string()
    );
    assert_eq!(source("log.level"), "TRAILWARDEN_LOG__LEVEL");
    assert_eq!(source("http.listen"), "--http-listen");
    assert_eq!(source("sweep.interval"), "default");
    assert_eq!(source("queue_url"), "default");
}

#[test]
fn a_named_file_has_to_exist_and_the_default_one_has_not() {
    assert!(load(&nowhere(), [], []).is_ok());
    let error = load(&ConfigFile::Named("/nonexistent/x.toml".into()), [], []).unwrap_err();
    let expected = "the configuration has a fault\n  /nonexistent/x.toml: cannot be read: No such file or directory (os error 2)";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_default_file_that_cannot_be_read_is_a_fault() {
    let directory = tempfile::tempdir().unwrap();
    let error = load(&ConfigFile::IfExists(directory.path().to_owned()), [], []).unwrap_err();
    assert!(
        error.faults[0].message.starts_with("cannot be read: "),
        "{error}"
    );
}

#[test]
fn account_ids_keep_their_leading_zeros_from_every_source() {
    let scope = |loaded: Settings| loaded.scope[0].account.to_string();
    let file = "[[scope]]\naccount = \"012345678901\"\n";
    assert_eq!(scope(settings(file, &[], &[])), "012345678901");
    for text in [
        "[{account=012345678901}]",
        "[{account=\"012345678901\"}]",
        "[{\"account\": \"012345678901\"}]",
    ] {
        assert_eq!(
            scope(settings("", &[("TRAILWARDEN_SCOPE", text)], &[])),
            "012345678901"
        );
        assert_eq!(scope(settings("", &[], &[("scope", text)])), "012345678901");
    }
    let number = "[[scope]]\naccount = 123456789012\n";
    assert_eq!(scope(settings(number, &[], &[])), "123456789012");
    let zeros = layers("[[scope]]\naccount = 012345678901\n", &[], &[]).unwrap_err();
    assert!(
        zeros
            .to_string()
            .contains("(quote an account id: a number has no leading zeros)")
    );
    let lost = layers("[[scope]]\naccount = 12345678901\n", &[], &[]).unwrap_err();
    assert!(
        lost.to_string()
            .contains("(quote it: a number loses its zeros)"),
        "{lost}"
    );
}

#[test]
fn a_control_keeps_its_text_from_variables_and_must_be_quoted_in_the_file() {
    let controls = |text| keys(&settings("", &[("TRAILWARDEN_CONTROLS", text)], &[]));
    assert_eq!(controls("4.10"), ["security-group-changes"]);
    assert_eq!(
        controls("4.10, CloudWatch.5"),
        ["security-group-changes", "cloudtrail-config-changes"]
    );
    assert_eq!(
        controls("[4.10, \"CIS-4.5\"]"),
        ["security-group-changes", "cloudtrail-config-changes"]
    );
    assert_eq!(
        controls("4.5, CloudWatch.5"),
        ["cloudtrail-config-changes"],
        "each control once"
    );
    assert_eq!(controls("all").len(), 15);
    assert_eq!(controls("[\"all\"]").len(), 15);
    let error = layers("controls = [4.10]", &[], &[])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("controls[0]: expected a control such as"),
        "{error}"
    );
    assert!(
        error.ends_with("or its key in quotes, found the number 4.1"),
        "{error}"
    );
}

#[test]
fn the_benchmark_decides_what_a_number_means() {
    let control = |benchmark| {
        keys(&settings(
            "",
            &[],
            &[("benchmark", benchmark), ("controls", "5.5")],
        ))
    };
    assert_eq!(control("cis-7.0.0"), ["cloudtrail-config-changes"]);
    assert!(layers("", &[], &[("benchmark", "cis-3.0.0"), ("controls", "5.5")]).is_err());
}

#[test]
fn own_controls_stand_among_the_named_ones() {
    let file = r#"
        controls = ["4.5", { id = "acme-1", title = "Logins", pattern = "{ $.eventName = ConsoleLogin }" }]
    "#;
    let settings = settings(file, &[], &[]);
    assert_eq!(keys(&settings), ["cloudtrail-config-changes", "acme-1"]);
    let own = settings.controls.last().unwrap();
    assert_eq!(own.title, "Logins");
    assert_eq!(
        own.prescribed[0].pattern.text(),
        "{ $.eventName = ConsoleLogin }"
    );
}

#[test]
fn the_status_page_is_on_by_default_only_on_loopback() {
    let status = |listen| settings("", &[], &[("http.listen", listen)]).http.status;
    assert!(status("127.0.0.1:0"));
    assert!(status("127.9.9.9:9464"));
    assert!(status("[::1]:9464"));
    assert!(!status("0.0.0.0:9464"));
    assert!(!status("[::]:9464"));
    assert!(!status("10.0.0.1:9464"));
    let explicit = [("http.listen", "0.0.0.0:9464"), ("http.status", "true")];
    assert!(settings("", &[], &explicit).http.status);
    assert!(!settings("http.status = false", &[], &[]).http.status);
}

#[test]
fn what_kubernetes_injects_is_ignored_and_foreign_variables_too() {
    let variables = [
        ("TRAILWARDEN_PORT", "tcp://10.0.0.1:9464"),
        ("TRAILWARDEN_PORT_9464_TCP", "tcp://10.0.0.1:9464"),
        ("TRAILWARDEN_PORT_9464_TCP_ADDR", "10.0.0.1"),
        ("TRAILWARDEN_SERVICE_HOST", "10.0.0.1"),
        ("TRAILWARDEN_SERVICE_PORT_METRICS", "9464"),
        ("TRAILWARDENS", "x"),
        ("HEAL__MODE", "bogus"),
        ("PATH", "/bin"),
    ];
    assert_eq!(
        shown(&settings("", &variables, &[])),
        shown(&settings("", &[], &[]))
    );
}

#[test]
fn what_is_printed_can_be_read_back() {
    let file = r#"
        queue_url = "https://sqs.eu-west-1.amazonaws.com/012345678901/q"
        controls = ["4.5", { id = "a", title = "say \"x\\y\" ä", pattern = "{ $.a = \"b\" }" }]
        sweep.interval = "1h 30m"
        heal = { mode = "apply", links = ["trail", "alarm"], budget_per_hour = 3 }
        expect.subscriptions = ["sec@example.com", "arn:aws:sqs:eu-west-1:012345678901:q"]
        [[scope]]
        account = 123456789012
        [[scope]]
        account = "012345678901"
        role_arn = "arn:aws:iam::012345678901:role/path/watch"
        external_id_file = "/run/credentials/external-id"
        regions = ["eu-west-1", "us-gov-west-1"]
    "#;
    let first = layers(file, &[], &[]).unwrap();
    let lines: Vec<String> = first.effective.iter().map(Effective::toml_line).collect();
    let second = settings(&lines.join("\n"), &[], &[]);
    assert_eq!(shown(&first.settings), shown(&second));
}
