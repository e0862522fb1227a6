//! `trailwarden config`, run as people run it.

use std::path::Path;
use std::process::{Command, Output};

/// Runs the binary with these variables and no others.
fn trailwarden(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailwarden"));
    command
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied());
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn write(directory: &Path, content: &str) -> String {
    let path = directory.join("trailwarden.toml");
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn it_prints_the_effective_values_and_their_sources() {
    let directory = tempfile::tempdir().unwrap();
    let file = write(
        directory.path(),
        "heal.mode = \"plan\"\nheal.settle = \"9s\"\n",
    );
    let variables = [
        ("TRAILWARDEN_HEAL__MODE", "apply"),
        ("TRAILWARDEN_PORT", "tcp://10.0.0.1:9464"),
    ];
    let output = trailwarden(
        &["config", "--config", &file, "--http-listen", "0.0.0.0:0"],
        &variables,
    );
    let expected = format!(
        "# queue_url is not set
controls = [\"4.5\"]  # default
benchmark = \"any\"  # default
sweep.interval = \"15m\"  # default
heartbeat.interval = \"1m\"  # default
heartbeat.timeout = \"30s\"  # default
heal.mode = \"apply\"  # TRAILWARDEN_HEAL__MODE
heal.links = [\"pattern\", \"metric\", \"alarm\", \"action\", \"topic\", \"subscription\"]  # default
heal.settle = \"9s\"  # {file}
heal.budget_per_hour = 12  # default
heal.cooldown = \"10s\"  # default
heal.stop_after = 6  # default
heal.windows = []  # default
expect.topics = []  # default
expect.subscriptions = []  # default
notify = []  # default
scope = []  # default
wiring.prefix = \"trailwarden\"  # default
# wiring.consumer_role_arn is not set
# wiring.organization_id is not set
wiring.check = true  # default
state_dir = \"/var/lib/trailwarden\"  # default
journal.retention = \"400d\"  # default
http.listen = \"0.0.0.0:0\"  # --http-listen
http.status = false  # default
log.format = \"text\"  # default
log.level = \"info\"  # default
"
    );
    assert_eq!(text(&output.stdout), expected);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn json_has_value_and_source_of_each_key() {
    let variables = [(
        "TRAILWARDEN_QUEUE_URL",
        "http://localhost:4566/000000000000/q",
    )];
    let directory = tempfile::tempdir().unwrap();
    let file = write(directory.path(), "");
    let output = trailwarden(
        &["config", "--format", "json", "--config", &file],
        &variables,
    );
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["file"], file);
    let queue = &json["settings"]["queue_url"];
    assert_eq!(queue["value"], "http://localhost:4566/000000000000/q");
    assert_eq!(queue["source"], "TRAILWARDEN_QUEUE_URL");
    let budget = &json["settings"]["heal.budget_per_hour"];
    assert_eq!(
        budget,
        &serde_json::json!({"value": 12, "source": "default"})
    );
    assert_eq!(json["settings"]["http.status"]["value"], true);
}

#[test]
fn faults_go_to_standard_error_with_exit_code_64_whatever_the_command() {
    let directory = tempfile::tempdir().unwrap();
    let file = write(directory.path(), "heal.moed = \"apply\"\n");
    let variables = [("TRAILWARDEN_SWEEP__INTERVAL", "soon")];
    let expected = format!(
        "trailwarden: the configuration has 2 faults
  {file}: heal.moed: unknown setting, did you mean \"heal.mode\"?
  TRAILWARDEN_SWEEP__INTERVAL: expected a duration from 1s to 24h such as \"15m\", found \"soon\": expected number at 0
"
    );
    for arguments in [
        ["config"].as_slice(),
        &["config", "--check"],
        &["run"],
        &["check"],
    ] {
        let arguments = [arguments, &["--config", &file]].concat();
        let output = trailwarden(&arguments, &variables);
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        assert_eq!(text(&output.stderr), expected, "{arguments:?}");
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
    }
}

#[test]
fn check_is_silent_when_nothing_is_wrong() {
    let directory = tempfile::tempdir().unwrap();
    let file = write(directory.path(), "controls = \"all\"\n");
    let output = trailwarden(&["config", "--check", "--config", &file], &[]);
    assert_eq!(text(&output.stdout), "");
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_named_file_that_is_missing_and_a_flag_that_is_unknown_are_usage_errors() {
    for arguments in [
        ["config", "--config", "/nonexistent"].as_slice(),
        &["config", "--heal-moed", "off"],
    ] {
        let output = trailwarden(arguments, &[]);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert_eq!(text(&output.stdout), "");
    }
}

#[test]
fn a_secret_in_place_of_its_file_is_refused_and_never_shown() {
    let directory = tempfile::tempdir().unwrap();
    for secret in [
        "\"https://hooks.slack.com/services/T0/B0/s3cret\"",
        "\"/https://hooks.slack.com/s3cret\"",
        "\"s3cret/with/slashes\"",
        "\"s3cret\"",
        "3141592653",
    ] {
        let content = format!(
            "[[notify]]\nkind = \"slack\"\nurl_file = {secret}\n\
             [[notify]]\nkind = \"pagerduty\"\nrouting_key_file = {secret}\n\
             [[notify]]\nkind = \"webhook\"\nurl = \"https://example.com\"\nsecret_file = {secret}\n\
             [[scope]]\naccount = \"111111111111\"\nrole_arn = \"arn:aws:iam::111111111111:role/r\"\n\
             external_id_file = {secret}\n"
        );
        let file = write(directory.path(), &content);
        let output = trailwarden(&["config", "--check", "--config", &file], &[]);
        assert_eq!(output.status.code(), Some(64));
        let said = text(&output.stderr);
        for key in [
            "notify[0].url_file",
            "notify[1].routing_key_file",
            "notify[2].secret_file",
            "scope[0].external_id_file",
        ] {
            let fault = format!("{key}: expected the absolute path of a file: ");
            assert!(said.contains(&fault), "{said}");
        }
        let is_shown = said.contains("s3cret") || said.contains("3141592653");
        assert!(!is_shown, "{said}");
        assert_eq!(text(&output.stdout), "");
    }
}
