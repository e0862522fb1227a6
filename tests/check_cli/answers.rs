//! What is printed of snapshots, and the exit code.

use serde_json::{Value, json};

use super::{ONE, Saved, TWO, check, cut, json_of, run, text, unseen, whole};

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
