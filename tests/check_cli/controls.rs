//! Which controls are judged, by which names, and what is told of them.

use serde_json::{Value, json};

use super::{ONE, Saved, check, json_of, run, text, whole};

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
