//! `trailwarden check` and `trailwarden controls`, run as people run them, offline.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Runs the binary with these variables and no others.
fn run(arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trailwarden"))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn check(arguments: &[&str]) -> Output {
    run(&[&["check"], arguments].concat(), &[], "")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// An account whose chain for 4.5 is whole.
fn whole(account: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/compliant-snapshot.json");
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text.replace("111122223333", account)).unwrap()
}

/// One event no longer trips the alarm.
fn cut(account: &str) -> Value {
    let mut snapshot = whole(account);
    snapshot["alarms"][0]["Threshold"] = json!(5.0);
    snapshot
}

/// Nobody was let see the alarms.
fn unseen(account: &str) -> Value {
    let mut snapshot = whole(account);
    snapshot.as_object_mut().unwrap().remove("alarms");
    snapshot["api_errors"] = json!({"cloudwatch:DescribeAlarms us-east-1": "AccessDenied"});
    snapshot
}

/// Saved snapshots.
struct Saved(TempDir);

impl Saved {
    fn new(files: &[(&str, &Value)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for (name, snapshot) in files {
            std::fs::write(directory.path().join(name), snapshot.to_string()).unwrap();
        }
        Self(directory)
    }

    fn path(&self, name: &str) -> String {
        self.place().join(name).to_str().unwrap().to_owned()
    }

    fn place(&self) -> PathBuf {
        self.0.path().to_owned()
    }
}

const ONE: &str = "111122223333";
const TWO: &str = "012345678901";

#[test]
fn exit_codes_say_the_worst_verdict() {
    let saved = Saved::new(&[
        ("pass.json", &whole(ONE)),
        ("fail.json", &cut(ONE)),
        ("unknown.json", &unseen(ONE)),
    ]);
    let [pass, fail, unknown] =
        ["pass.json", "fail.json", "unknown.json"].map(|name| saved.path(name));
    for (snapshots, expected) in [
        (vec![&pass], 0),
        (vec![&fail], 2),
        (vec![&unknown], 3),
        (vec![&pass, &unknown], 3),
        (vec![&unknown, &fail, &pass], 2),
    ] {
        for format in ["text", "json", "asff", "ocsf", "junit", "markdown"] {
            let mut arguments = vec!["--format", format];
            for snapshot in &snapshots {
                arguments.extend(["--snapshot", snapshot.as_str()]);
            }
            let output = check(&arguments);
            assert_eq!(
                output.status.code(),
                Some(expected),
                "{format} {snapshots:?}"
            );
            assert_eq!(text(&output.stderr), "");
            assert!(!output.stdout.is_empty());
        }
    }
}

#[test]
fn one_account_is_an_object_with_the_literal_readings_beside_the_truth() {
    let saved = Saved::new(&[("one.json", &cut(ONE))]);
    let output = check(&["--format", "json", "--snapshot", &saved.path("one.json")]);
    let document = json_of(&output);
    assert_eq!(document["account_id"], ONE);
    let control = &document["controls"][0];
    assert_eq!(control["verdict"], "FAIL");
    assert_eq!(control["broken_link"], "alarm");
    let literal = &control["literal"];
    assert_eq!(literal["cis"]["verdict"], "PASS");
    assert_eq!(literal["cis"]["code"], Value::Null);
    assert_eq!(literal["security_hub"]["verdict"], "PASS");
    let differs = literal["security_hub"]["differs"].as_str().unwrap();
    assert!(
        differs.starts_with("It looks at whether the links are there"),
        "{differs}"
    );

    let mut without = whole(ONE);
    without["metric_filters"] = json!([]);
    let saved = Saved::new(&[("one.json", &without)]);
    let output = check(&["--format", "json", "--snapshot", &saved.path("one.json")]);
    let literal = &json_of(&output)["controls"][0]["literal"];
    assert_eq!(literal["cis"]["verdict"], "FAIL");
    assert_eq!(
        literal["security_hub"],
        json!({"verdict": "FAIL", "code": "CLOUDTRAIL_METRIC_FILTERS_NOT_PRESENT", "differs": null})
    );
}

#[test]
fn several_snapshots_are_accounts_in_the_order_given_and_a_table_in_text() {
    let saved = Saved::new(&[("b.json", &cut(ONE)), ("a.json", &whole(TWO))]);
    let arguments = [
        "--snapshot",
        &saved.path("b.json"),
        "--snapshot",
        &saved.path("a.json"),
    ];
    let document = json_of(&check(
        &[&["--format", "json"], arguments.as_slice()].concat(),
    ));
    let ids: Vec<&Value> = document["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|account| &account["account_id"])
        .collect();
    assert_eq!(ids, [ONE, TWO]);

    let output = check(&arguments);
    let shown = text(&output.stdout);
    let table: Vec<&str> = shown.lines().rev().take(3).collect();
    assert_eq!(
        table,
        [
            "012345678901       1     0        0",
            "111122223333       0     1        0  alarm",
            "account         PASS  FAIL  UNKNOWN  first broken link",
        ]
    );
}

#[test]
fn a_directory_is_each_json_in_the_order_of_the_names() {
    let saved = Saved::new(&[
        ("b.json", &whole(ONE)),
        ("a.json", &unseen(TWO)),
        ("c.json.bak", &cut("999999999999")),
    ]);
    let place = saved.place();
    let output = check(&["--format", "json", "--snapshot", place.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3));
    let document = json_of(&output);
    let accounts = document["accounts"].as_array().unwrap();
    let ids: Vec<_> = accounts
        .iter()
        .map(|account| account["account_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [TWO, ONE]);
}

#[test]
fn a_file_and_standard_input_may_hold_several_snapshots() {
    let both = format!("{:#}\n{:#}\n", whole(ONE), cut(TWO));
    let output = run(
        &["check", "--format", "json", "--snapshot", "-"],
        &[],
        &both,
    );
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    let verdict =
        |index: usize| json_of(&output)["accounts"][index]["controls"][0]["verdict"].clone();
    assert_eq!((verdict(0), verdict(1)), (json!("PASS"), json!("FAIL")));
}

#[test]
fn what_cannot_be_read_is_named_and_exits_1() {
    let empty = tempfile::tempdir().unwrap();
    let saved = Saved::new(&[("good.json", &whole(ONE))]);
    std::fs::write(saved.place().join("broken.json"), "{\"account_id\": 7}").unwrap();
    let missing = saved.path("missing.json");
    let broken = saved.path("broken.json");
    let directory = saved.place();
    for (arguments, named) in [
        (vec![missing.as_str()], missing.as_str()),
        (vec![broken.as_str()], broken.as_str()),
        (vec![directory.to_str().unwrap()], broken.as_str()),
        (
            vec![empty.path().to_str().unwrap()],
            empty.path().to_str().unwrap(),
        ),
    ] {
        let mut line = Vec::new();
        for place in &arguments {
            line.extend(["--snapshot", place]);
        }
        let output = check(&line);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let told = text(&output.stderr);
        assert!(
            told.contains(&format!("{named} cannot be judged")),
            "{told}"
        );
        assert_eq!(text(&output.stdout), "");
    }
}

#[test]
fn usage_errors_exit_64_and_say_what_there_is() {
    let saved = Saved::new(&[("one.json", &whole(ONE))]);
    let snapshot = saved.path("one.json");
    for (arguments, told) in [
        (vec!["--control", "4.99"], "no control is called \"4.99\""),
        (
            vec!["--control", "4.5", "--benchmark", "cis-1.2.0"],
            "cloudtrail-config-changes (3.5, CloudWatch.5)",
        ),
        (vec!["--control", ""], "no control is called \"\""),
        (vec!["--format", "sarif"], "asff, ocsf, junit, markdown"),
        (vec!["--format", "jsn"], "json"),
        (vec!["--benchmark", "cis-9.9.9"], "cis-9.9.9"),
    ] {
        let arguments = [arguments.as_slice(), &["--snapshot", &snapshot]].concat();
        let output = check(&arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        let error = text(&output.stderr);
        assert!(error.contains(told), "{arguments:?}: {error}");
        assert_eq!(text(&output.stdout), "");
    }
}

#[test]
fn a_control_has_the_names_of_the_configured_benchmark() {
    let saved = Saved::new(&[("one.json", &whole(ONE))]);
    let snapshot = saved.path("one.json");
    let judged = |arguments: &[&str]| {
        let output = check(&[arguments, &["--format", "json", "--snapshot", &snapshot]].concat());
        let code = output.status.code();
        assert!(
            matches!(code, Some(0 | 2 | 3)),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
        let document = json_of(&output);
        let controls = document["controls"].as_array().unwrap();
        controls
            .iter()
            .map(|one| {
                format!(
                    "{} {}",
                    one["key"].as_str().unwrap(),
                    one["cis"].as_str().unwrap_or("-")
                )
            })
            .collect::<Vec<_>>()
    };
    let config = "cloudtrail-config-changes";
    for name in ["4.5", "CIS-4.5", "cloudwatch.5", config, "3.5", "5.5"] {
        assert_eq!(
            judged(&["--control", name]),
            [format!("{config} 4.5")],
            "{name}"
        );
    }
    assert_eq!(
        judged(&["--benchmark", "cis-1.2.0"]),
        [format!("{config} 3.5")]
    );
    assert_eq!(
        judged(&[
            "--benchmark",
            "cis-1.2.0",
            "--control",
            "3.4",
            "--control",
            "3.5"
        ]),
        ["iam-policy-changes 3.4".to_owned(), format!("{config} 3.5")]
    );
    assert_eq!(
        judged(&["--benchmark", "cis-7.0.0", "--control", "5.15"]),
        ["organizations-changes 5.15"]
    );
    assert_eq!(judged(&["--controls", "all"]).len(), 15);
    assert_eq!(
        judged(&["--control", "all", "--benchmark", "security-hub"]).len(),
        14
    );
}

#[test]
fn controls_of_ones_own_are_judged_and_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("trailwarden.toml");
    let settings = "controls = [\"4.4\", {id = \"stop\", title = \"Stopping is noticed\", pattern = \"{ $.eventName = StopLogging }\"}]\n";
    std::fs::write(&file, settings).unwrap();
    let file = file.to_str().unwrap();
    let saved = Saved::new(&[("one.json", &whole(ONE))]);
    let snapshot = saved.path("one.json");
    let own = [
        "--config",
        file,
        "--snapshot",
        &snapshot,
        "--format",
        "json",
        "--control",
        "stop",
    ];
    let output = check(&own);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let control = &json_of(&output)["controls"][0];
    assert_eq!(control["key"], "stop");
    assert_eq!(control["cis"], Value::Null);
    assert_eq!(control["verdict"], "PASS");
    assert_eq!(
        control["literal"],
        json!({"cis": null, "security_hub": null})
    );

    let output = run(&["controls", "--config", file, "--format", "json"], &[], "");
    let listed = json_of(&output);
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 16);
    let judged: Vec<_> = listed
        .iter()
        .filter(|one| one["judged"] == true)
        .map(|one| one["key"].as_str().unwrap())
        .collect();
    assert_eq!(judged, ["iam-policy-changes", "stop"]);
}

#[test]
fn asff_of_all_controls_is_one_list_for_one_call() {
    let saved = Saved::new(&[("one.json", &cut(ONE))]);
    let output = check(&[
        "--format",
        "asff",
        "--control",
        "all",
        "--snapshot",
        &saved.path("one.json"),
    ]);
    let findings = json_of(&output);
    let findings = findings.as_array().unwrap();
    assert_eq!(findings.len(), 15);
    for finding in findings {
        assert_eq!(
            finding["ProductArn"],
            "arn:aws:securityhub:us-east-1:111122223333:product/111122223333/default"
        );
    }
    assert_eq!(findings[4]["Compliance"]["Status"], "FAILED");
    assert_eq!(
        findings[4]["Compliance"]["StatusReasons"][0]["ReasonCode"],
        "ALARM"
    );
}

#[test]
fn the_time_of_a_finding_is_that_of_the_look() {
    let saved = Saved::new(&[("one.json", &cut(ONE))]);
    let of = |format| {
        let output = check(&["--format", format, "--snapshot", &saved.path("one.json")]);
        text(&output.stdout).to_owned()
    };
    assert!(of("asff").contains("\"UpdatedAt\": \"2026-11-23T00:05:00.000Z\""));
    assert!(of("junit").contains("timestamp=\"2026-11-23T00:05:00\""));
    assert!(of("ocsf").contains("\"time\": 1795392300000"));
    assert!(of("markdown").contains("Looked at 2026-11-23T00:05:00Z."));
}

#[test]
fn controls_are_listed_with_their_traps() {
    let output = run(&["controls"], &[], "");
    assert_eq!(output.status.code(), Some(0));
    let listed = text(&output.stdout);
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(
        lines[..4],
        [
            "  CIS   Security Hub  severity key                         title",
            "  4.1   CloudWatch.2  LOW      unauthorized-api-calls      Refused API calls are noticed",
            "    ! the text of CIS 1.3.0, 1.4.0, 1.5.0, 2.0.0, 3.0.0: matches practically every record: the alarm stays in ALARM and an unauthorized call changes nothing",
            "  4.2   CloudWatch.3  LOW      console-signin-without-mfa  Console sign-ins without a second factor are noticed",
        ]
    );
    assert!(listed.contains("* 4.5   CloudWatch.5  LOW      cloudtrail-config-changes"));
    assert_eq!(lines.len(), 17);
    let older = run(&["controls", "--benchmark", "cis-1.2.0"], &[], "");
    let older = text(&older.stdout);
    assert!(
        older.contains("* 3.5   CloudWatch.5  LOW      cloudtrail-config-changes"),
        "{older}"
    );
    assert!(!older.contains("organizations-changes"));
    assert_eq!(
        older.matches('!').count(),
        1,
        "what is only narrower is no trap"
    );
    assert_eq!(
        run(&["controls", "--format", "xml"], &[], "").status.code(),
        Some(64)
    );
}

#[test]
fn json_lists_everything_about_a_control() {
    let output = run(
        &["controls", "--format", "json", "--benchmark", "cis-3.0.0"],
        &[],
        "",
    );
    let listed = json_of(&output);
    let iam = &listed[3];
    assert_eq!(iam["key"], "iam-policy-changes");
    assert_eq!(iam["cis"], "4.4");
    assert_eq!(iam["cis_versions"]["1.2.0"], "3.4");
    assert_eq!(iam["cis_versions"]["7.0.0"], "5.4");
    assert_eq!(iam["security_hub"], "CloudWatch.4");
    assert_eq!(iam["resource_type"], "AWS::::Account");
    assert_eq!(iam["severity"], "LOW");
    assert_eq!(iam["judged"], false);
    for field in [
        "title",
        "description",
        "remediation",
        "metric_name",
        "metric_namespace",
        "alarm_name",
    ] {
        assert!(!iam[field].as_str().unwrap().is_empty(), "{field}");
    }
    let satisfying = |control: &Value| {
        let patterns = control["patterns"].as_array().unwrap();
        let mut groups: Vec<String> = patterns
            .iter()
            .filter(|one| one["satisfies"] == true)
            .map(|one| one["group"].as_str().unwrap().to_owned())
            .collect();
        groups.dedup();
        groups
    };
    assert_eq!(satisfying(iam), ["a"], "3.0.0 prescribes the wider set");
    let refused = &listed[0];
    assert!(
        !satisfying(refused).contains(&"b".to_owned()),
        "the tautology satisfies nothing"
    );
    assert!(iam["trap"].is_null());
    let trap = refused["trap"].as_str().unwrap();
    assert!(trap.starts_with("the text of CIS 1.3.0, "), "{trap}");
    let trap = refused["patterns"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["group"] == "b")
        .unwrap();
    assert!(
        trap["note"]
            .as_str()
            .unwrap()
            .contains("practically every record")
    );
}
