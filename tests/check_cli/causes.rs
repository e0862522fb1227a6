//! What is said of a failure: each cause, and each once.

use super::{ONE, Saved, run, text, whole};

const VARIABLES: [(&str, &str); 5] = [
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "SECRET"),
    ("AWS_REGION", "us-east-1"),
    // Nobody listens there.
    ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
    ("TRAILWARDEN_HTTP__LISTEN", "127.0.0.1:0"),
];

fn told(arguments: &[&str], cause: &str) -> String {
    let output = run(arguments, &VARIABLES, "");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let error = text(&output.stderr);
    let mut lines = error.lines().filter(|line| line.contains(cause));
    let (Some(line), None) = (lines.next(), lines.next()) else {
        panic!("{cause:?} is not in one line: {error}");
    };
    assert_eq!(line.matches(cause).count(), 1, "{line}");
    line.to_owned()
}

#[test]
fn why_a_file_of_the_settings_cannot_be_read_is_said_once() {
    let directory = tempfile::tempdir().unwrap();
    for (toml, named) in [
        (
            "[[notify]]\nkind = \"slack\"\nurl_file = \"/nope\"\n",
            "notify target slack-1: /nope cannot be read",
        ),
        (
            "[[scope]]\naccount = \"111122223333\"\nrole_arn = \"arn:aws:iam::111122223333:role/r\"\nexternal_id_file = \"/nope\"\n",
            "scope 111122223333: the external id cannot be read from /nope",
        ),
    ] {
        let path = directory.path().join("trailwarden.toml");
        std::fs::write(&path, toml).unwrap();
        let line = told(
            &["run", "--config", path.to_str().unwrap()],
            "No such file or directory",
        );
        assert!(line.contains(named), "{line}");
    }
}

#[test]
fn why_a_snapshot_cannot_be_read_is_said_once() {
    let saved = Saved::new(&[("good.json", &whole(ONE))]);
    std::fs::write(saved.place().join("bad.json"), "{\"account_id\": 7}").unwrap();
    let bad = saved.path("bad.json");
    let line = told(&["check", "--snapshot", &bad], "invalid type");
    let begins = format!("{bad} cannot be judged: not a snapshot: at account_id: ");
    assert!(line.contains(&begins), "{line}");

    let missing = saved.path("missing.json");
    let line = told(
        &["check", "--snapshot", &missing],
        "No such file or directory",
    );
    assert!(line.contains(&missing), "{line}");
}

#[test]
fn where_only_a_role_needs_a_permission_its_account_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("trailwarden.toml");
    let toml =
        "[[scope]]\naccount = \"444455556666\"\nrole_arn = \"arn:aws:iam::444455556666:role/r\"\n";
    std::fs::write(&path, toml).unwrap();
    for purpose in ["--heal", "--drill"] {
        let line = ["iam-policy", purpose, "--config", path.to_str().unwrap()];
        let output = run(&line, &[], "");
        assert_eq!(output.status.code(), Some(64));
        let error = text(&output.stderr);
        assert!(error.contains("--account 444455556666"), "{error}");
        let named = [line.as_slice(), &["--account", "444455556666"]].concat();
        let output = run(&named, &[], "");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
}

/// What is said on standard error where the command ends with this code.
fn refused(arguments: &[&str], changed: (&str, &str), code: i32) -> String {
    let mut variables = VARIABLES.to_vec();
    variables.retain(|(name, _)| *name != changed.0);
    variables.push(changed);
    let output = run(arguments, &variables, "");
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    text(&output.stderr).to_owned()
}

#[test]
fn a_region_that_is_none_is_said_to_be_none() {
    let error = refused(&["check"], ("AWS_REGION", ""), 1);
    assert!(error.contains("no region: set AWS_REGION"), "{error}");
    let error = refused(&["check"], ("AWS_REGION", "a region"), 1);
    assert!(error.contains("\"a region\" is no region"), "{error}");
}

#[test]
fn a_time_that_ends_before_it_begins_has_no_history() {
    let times = ["--from", "2026-02-01", "--to", "2026-01-01"];
    for command in ["history", "report"] {
        let arguments = [&[command], times.as_slice()].concat();
        let error = refused(&arguments, ("AWS_REGION", ""), 64);
        assert!(error.contains("--from has to be before --to"), "{error}");
    }
}

#[test]
fn who_does_not_answer_is_no_matter_of_credentials() {
    let output = run(&["doctor"], &VARIABLES, "");
    let said = text(&output.stdout);
    assert!(said.contains("let this host reach AWS"), "{said}");
    assert!(!said.contains("credentials that AWS accepts"), "{said}");
}

#[test]
fn the_policy_is_of_the_partition_that_the_environment_names() {
    let output = run(&["iam-policy"], &[("AWS_REGION", "cn-north-1")], "");
    let said = text(&output.stdout);
    assert!(said.contains("arn:aws-cn:"), "{said}");
    assert!(!said.contains("arn:aws:"), "{said}");
}
