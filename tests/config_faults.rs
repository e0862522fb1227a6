//! Whatever is wrong with the configuration is told at once, with its source, and without secrets.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use proptest::prelude::*;
use trailwarden::config::{ConfigError, ConfigFile, Fault, load};

/// The faults of a file's text, variables and flags; the file is called FILE.
fn faults(file: &str, variables: &[(&str, &str)], flags: &[(&str, &str)]) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("trailwarden.toml");
    std::fs::write(&path, file).unwrap();
    let variables = variables
        .iter()
        .map(|(name, text)| (OsString::from(name), OsString::from(text)));
    let file = ConfigFile::Named(path.clone());
    let answer = load(&file, variables, flags.iter().copied());
    let faults = answer.map_or_else(|ConfigError { faults }| faults, |_| Vec::new());
    let path = path.display().to_string();
    let told = faults.iter().map(Fault::to_string);
    told.map(|fault| fault.replace(&path, "FILE")).collect()
}

fn of_file(file: &str) -> Vec<String> {
    faults(file, &[], &[])
}

#[test]
fn every_fault_of_every_layer_is_told_even_where_a_later_layer_hides_it() {
    let file = r#"
        queue = "https://x"
        benchmark = "cis-9"
        heal = { mode = "aply", links = ["alarm", "alram"], unkown = 1 }
        sweep = "15m"
        [http]
        listen = 9464
        [[scope]]
        acount = "012345678901"
        regions = ["eu-west-1", "Frankfurt"]
    "#;
    let variables = [
        ("TRAILWARDEN_HEAL_MODE", "off"),
        ("TRAILWARDEN_HEAL__MODE", "off"),
        ("TRAILWARDEN_HTTP__STATUS", "yes"),
    ];
    let flags = [
        ("http.listen", "localhost:9464"),
        ("heal.budget_per_hour", "0"),
    ];
    let versions = "the known versions are 1.2.0, 1.3.0, 1.4.0, 1.5.0, 2.0.0, 3.0.0, 4.0.1, 5.0.0, 6.0.0, 7.0.0";
    let expected = [
        &format!(
            "FILE: benchmark: expected \"any\", \"security-hub\" or a version such as \"cis-3.0.0\", found \"cis-9\": {versions}"
        ),
        "FILE: heal.links[1]: expected a link (trail, selector, log_group, pattern, metric, alarm, action, topic or subscription), found \"alram\": did you mean \"alarm\"?",
        "FILE: heal.mode: expected \"off\", \"plan\" or \"apply\", found \"aply\": did you mean \"apply\"?",
        "FILE: heal.unkown: unknown setting",
        "FILE: http.listen: expected an IP address and port such as \"127.0.0.1:9464\" in quotes, found the number 9464",
        "FILE: queue: unknown setting",
        "FILE: scope[0].acount: unknown setting, did you mean \"account\"?",
        "FILE: scope[0]: `account` is missing: an account id of 12 digits",
        "FILE: scope[0].regions[1]: expected the code of an AWS region, found \"Frankfurt\": a region looks like eu-west-1",
        "FILE: sweep: it is a table of settings: write [sweep]",
        "TRAILWARDEN_HEAL_MODE: unknown setting, did you mean \"TRAILWARDEN_HEAL__MODE\"?",
        "TRAILWARDEN_HTTP__STATUS: expected true or false, found \"yes\"",
        "--heal-budget-per-hour: expected a whole number from 1 to 1000, found the number 0",
        "--http-listen: expected an IP address and port such as \"127.0.0.1:9464\", found \"localhost:9464\"",
    ];
    assert_eq!(faults(file, &variables, &flags), expected);
}

#[test]
fn guards_that_guard_nothing_or_cannot_be_read_are_refused() {
    let file = r#"
        [heal]
        cooldown = "2h"
        stop_after = 0
        windows = ["22:00/02:00", "22:00", "2026-11-24T02:00:00Z/2026-11-23T22:00:00Z", 22]
    "#;
    let range = "expected a time range such as \"2026-11-23T22:00:00Z/2026-11-24T02:00:00Z\", or \"22:00/02:00\" for every day in UTC";
    let expected = [
        "FILE: heal.cooldown: expected a duration from 0s to 1h such as \"10s\", found \"2h\": 2h is out of range",
        "FILE: heal.stop_after: expected a whole number from 1 to 100, found the number 0",
        &format!("FILE: heal.windows[1]: {range}, found \"22:00\""),
        &format!(
            "FILE: heal.windows[2]: {range}, found \"2026-11-24T02:00:00Z/2026-11-23T22:00:00Z\""
        ),
        &format!("FILE: heal.windows[3]: {range} in quotes, found the number 22"),
    ];
    assert_eq!(faults(file, &[], &[]), expected);
}

#[test]
fn the_message_counts_the_faults_and_gives_each_a_line() {
    let fault = |message: &str| Fault {
        source: "S".to_owned(),
        key: Some("k".to_owned()),
        message: message.to_owned(),
    };
    let one = ConfigError {
        faults: vec![fault("a")],
    };
    assert_eq!(one.to_string(), "the configuration has a fault\n  S: k: a");
    let two = ConfigError {
        faults: vec![fault("a"), fault("b")],
    };
    assert_eq!(
        two.to_string(),
        "the configuration has 2 faults\n  S: k: a\n  S: k: b"
    );
}

#[test]
fn names_that_nothing_knows_are_told_with_what_was_meant() {
    let cases = [
        (
            "heal.moed = 1",
            "FILE: heal.moed: unknown setting, did you mean \"heal.mode\"?",
        ),
        (
            "retention = 1",
            "FILE: retention: unknown setting, did you mean \"journal.retention\"?",
        ),
        (
            "listen = 1",
            "FILE: listen: unknown setting, did you mean \"http.listen\"?",
        ),
        (
            "heal_mode = 1",
            "FILE: heal_mode: unknown setting, did you mean \"heal.mode\"?",
        ),
        (
            "[scopes]",
            "FILE: scopes: unknown setting, did you mean \"scope\"?",
        ),
        (
            "aws_access_key = 1",
            "FILE: aws_access_key: unknown setting",
        ),
        ("\"\\u001B[31m\" = 1", "FILE: \\u{1b}[31m: unknown setting"),
    ];
    for (file, expected) in cases {
        assert_eq!(of_file(file), [expected]);
    }
}

#[test]
fn wrong_types_are_told() {
    let cases = [
        (
            "sweep.interval = 900",
            "sweep.interval: expected a duration from 1s to 24h such as \"15m\" in quotes, found the number 900",
        ),
        (
            "sweep.interval = \"15M\"",
            "sweep.interval: expected a duration from 1s to 24h such as \"15m\", found \"15M\": 1year 3months 43m 12s is out of range",
        ),
        (
            "sweep.interval = \"0s\"",
            "sweep.interval: expected a duration from 1s to 24h such as \"15m\", found \"0s\": 0s is out of range",
        ),
        (
            "heartbeat.interval = \"500ms\"",
            "heartbeat.interval: expected a duration from 1s to 1h such as \"1m\", or \"0s\" for none, found \"500ms\": 500ms is out of range",
        ),
        (
            "http.status = \"true\"",
            "http.status: expected true or false, found \"true\"",
        ),
        (
            "heal.budget_per_hour = 1.5",
            "heal.budget_per_hour: expected a whole number from 1 to 1000, found the number 1.5",
        ),
        (
            "heal.budget_per_hour = -1",
            "heal.budget_per_hour: expected a whole number from 1 to 1000, found the number -1",
        ),
        (
            "heal.mode = true",
            "heal.mode: expected \"off\", \"plan\" or \"apply\", found true",
        ),
        (
            "heal.mode = {}",
            "heal.mode: expected \"off\", \"plan\" or \"apply\", found a table",
        ),
        (
            "heal.links = [\"visibility\"]",
            "heal.links[0]: expected a link (trail, selector, log_group, pattern, metric, alarm, action, topic or subscription), found \"visibility\"",
        ),
        (
            "controls = []",
            "controls: the list is empty: nothing would be judged",
        ),
        (
            "controls = [\"all\", \"4.5\"]",
            "controls: \"all\" stands beside other controls",
        ),
        (
            "state_dir = \"\"",
            "state_dir: expected the path of a directory, found \"\"",
        ),
        (
            "log.level = 1979-05-27",
            "log.level: expected \"error\", \"warn\", \"info\", \"debug\" or \"trace\", found a date",
        ),
        (
            "[scope]\naccount = \"012345678901\"",
            "scope: expected a list, each item a table of account, role_arn, external_id_file, regions, found a table",
        ),
        (
            "notify = [{ kind = \"webhook\", url = \"https://s3cret\" }]",
            "notify[0]: `secret_file` is missing: the absolute path of a file",
        ),
    ];
    for (file, expected) in cases {
        assert_eq!(of_file(file), [format!("FILE: {expected}")]);
    }
}

#[test]
fn every_fault_of_every_target_is_told_and_no_secret() {
    let file = r#"
        [[notify]]
        kind = "sns"
        topic_arn = "arn:aws:sqs:us-east-1:111122223333:q"
        secret_file = "/s"
        [[notify]]
        kind = "webhook"
        url = "http://example.com/s3cret"
        url_file = "/u"
        secret = "s3cret"
        [[notify]]
        kind = "webhook"
        name = "a b"
        url = "http://example.com/s3cret"
        secret_file = ""
        [[notify]]
        kind = "slack"
        url = "https://hooks.slack.com/services/s3cret"
        [[notify]]
        kind = "pagerduty"
        routing_key = "s3cret"
        url = "example.com"
        [[notify]]
        kind = "pager"
        topic = "t"
        [[notify]]
        name = "x"
        [[notify]]
        kind = "webhook"
    "#;
    let expected = [
        "FILE: notify[0].secret_file: unknown setting",
        "FILE: notify[0].topic_arn: expected the ARN of an SNS topic, found \"arn:aws:sqs:us-east-1:111122223333:q\": it is the ARN of a resource of sqs, not of SNS",
        "FILE: notify[1].secret: a secret never stands in the configuration: name a file that holds it as `secret_file`",
        "FILE: notify[1]: `url` and `url_file`: one of them says where to post, the other has to go",
        "FILE: notify[1]: `secret_file` is missing: the absolute path of a file",
        "FILE: notify[2].name: expected a name of 1 to 40 letters, digits, hyphens and underscores, found \"a b\"",
        "FILE: notify[2].url: expected an https:// URL: http:// is for this machine only: others could read and change it",
        "FILE: notify[2].secret_file: expected the absolute path of a file: it is empty",
        "FILE: notify[3].url: a secret never stands in the configuration: name a file that holds it as `url_file`",
        "FILE: notify[3]: `url_file` is missing: the absolute path of a file",
        "FILE: notify[4].routing_key: a secret never stands in the configuration: name a file that holds it as `routing_key_file`",
        "FILE: notify[4]: `routing_key_file` is missing: the absolute path of a file",
        "FILE: notify[4].url: expected an https:// URL: it does not begin with https://",
        "FILE: notify[5].topic: unknown setting",
        "FILE: notify[5].kind: expected \"sns\", \"webhook\", \"slack\" or \"pagerduty\", found \"pager\"",
        "FILE: notify[6]: `kind` is missing: \"sns\", \"webhook\", \"slack\" or \"pagerduty\"",
        "FILE: notify[7]: `url` is missing: the URL to post to, or `url_file` where it is a secret",
        "FILE: notify[7]: `secret_file` is missing: the absolute path of a file",
    ];
    assert_eq!(of_file(file), expected);
    let twice = r#"notify = [
        { kind = "slack", url_file = "/a", name = "slack-2" },
        { kind = "slack", url_file = "/b" },
    ]"#;
    assert_eq!(
        of_file(twice),
        ["FILE: notify[1].name: another target is called \"slack-2\""]
    );
}

#[test]
fn own_controls_have_to_be_whole() {
    let file = r#"controls = [
        { id = "a b", title = "two\nlines", pattern = "" },
        { id = "x", titel = "X" },
        { id = "y", title = "Y", pattern = "p" },
        { id = "y", title = "Y", pattern = "q" },
    ]"#;
    let expected = [
        "FILE: controls[0].id: expected an id of 1 to 64 letters, digits, hyphens and underscores, found \"a b\"",
        "FILE: controls[0].title: expected a title of one line, found \"two\\nlines\"",
        "FILE: controls[0].pattern: expected a filter pattern of 1 to 1024 characters, found \"\"",
        "FILE: controls[1].titel: unknown setting, did you mean \"title\"?",
        "FILE: controls[1]: `title` is missing: a title of one line",
        "FILE: controls[1]: `pattern` is missing: a filter pattern of 1 to 1024 characters",
    ];
    assert_eq!(of_file(file), expected);
    let twice = r#"controls = [{ id = "y", title = "Y", pattern = "p" }, { id = "y", title = "Y", pattern = "q" }]"#;
    let expected = [
        "FILE: controls[0]: the id \"y\" stands for more than one control",
        "FILE: controls[1]: the id \"y\" stands for more than one control",
    ];
    assert_eq!(of_file(twice), expected);
}

#[test]
fn controls_have_to_be_those_of_the_benchmark_and_own_patterns_have_to_be_patterns() {
    let file = r#"
        benchmark = "cis-7.0.0"
        controls = [
            "4.5",
            "cloudtrail-config-changes",
            { id = "broken", title = "X", pattern = "{ $.eventName = " },
            { id = "root-account-usage", title = "X", pattern = "{ $.eventName = X }" },
        ]
    "#;
    let found = of_file(file);
    assert_eq!(found.len(), 3, "{found:?}");
    let begins = [
        "FILE: controls[0]: no control is called \"4.5\" in benchmark cis-7.0.0; there are: ",
        "FILE: controls[2]: its pattern: ",
        "FILE: controls[3]: the id \"root-account-usage\" is that of a known control",
    ];
    for (fault, beginning) in found.iter().zip(begins) {
        assert!(fault.starts_with(beginning), "{fault}");
    }
    let both = of_file("benchmark = \"cis-9\"\ncontrols = [\"5.5\"]");
    assert_eq!(
        both.len(),
        1,
        "a control of an unknown benchmark is not at fault: {both:?}"
    );
}

#[test]
fn contradictions_name_both_keys_and_both_sources() {
    let found = faults(
        "heal.links = []",
        &[("TRAILWARDEN_HEAL__MODE", "apply")],
        &[],
    );
    let expected = "FILE and TRAILWARDEN_HEAL__MODE: heal.mode and heal.links: the mode asks for repairs and no link may be mended";
    assert_eq!(found, [expected]);
    let found = faults("heal.mode = \"plan\"", &[], &[("sweep.interval", "5s")]);
    let expected = "--sweep-interval and default: heal.settle and sweep.interval: a broken link would have to stay so for 5s, longer than the 5s between two sweeps";
    assert_eq!(found, [expected]);
    assert_eq!(
        faults("", &[], &[("sweep.interval", "5s")]),
        [""; 0],
        "healing is off"
    );
}

#[test]
fn a_contradiction_with_a_faulty_value_is_not_told() {
    let found = faults(
        "heal.mode = \"apply\"\nheal.links = []",
        &[],
        &[("heal.links", "alram")],
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("--heal-links: heal.links[0]: expected a link"),
        "{found:?}"
    );
}

#[test]
fn scopes_that_cannot_stand_together_are_told() {
    let scope = |account: &str, rest: &str| format!("[[scope]]\naccount = \"{account}\"\n{rest}\n");
    let role = |account: &str| format!("role_arn = \"arn:aws:iam::{account}:role/watch\"");
    let (one, two) = ("111111111111", "222222222222");

    let twice = scope(one, "regions = [\"eu-west-1\"]") + &scope(one, "");
    let expected = "FILE: scope: scope[0] and scope[1] are both account 111111111111: one scope lists all regions of its account";
    assert_eq!(of_file(&twice), [expected]);

    let apart = scope(one, "regions = [\"eu-west-1\"]") + &scope(one, "regions = [\"us-east-1\"]");
    assert_eq!(of_file(&apart), [expected]);

    let roleless = scope(one, "") + &scope(two, "");
    let expected = "FILE: scope: the scopes of accounts 111111111111, 222222222222 name no role_arn, and the own credentials are of one account";
    assert_eq!(of_file(&roleless), [expected]);
    assert_eq!(
        of_file(&(scope(one, "") + &scope(two, &role(two)))),
        [""; 0]
    );

    let elsewhere = scope(one, &role(two));
    let expected = "FILE: scope[0]: the role lives in account 222222222222, the scope is account 111111111111: its reads would be of the wrong account";
    assert_eq!(of_file(&elsewhere), [expected]);

    let lonely = scope(one, "external_id_file = \"/run/id\"");
    let expected = "FILE: scope[0]: `external_id_file` without `role_arn`: an external id is told when a role is assumed";
    assert_eq!(of_file(&lonely), [expected]);
}

#[test]
fn an_inline_secret_is_refused_and_never_shown() {
    let file = "[[scope]]\naccount = \"111111111111\"\nexternal_id = \"s3cret\"\n";
    let expected = "scope[0].external_id: a secret never stands in the configuration: name a file that holds it as `external_id_file`";
    assert_eq!(of_file(file), [format!("FILE: {expected}")]);
    let text = "[{account=111111111111, external_id=s3cret}]";
    assert_eq!(
        faults("", &[("TRAILWARDEN_SCOPE", text)], &[]),
        [format!("TRAILWARDEN_SCOPE: {expected}")]
    );

    let hidden = [
        "expect.subscriptions = [\"https://user:s3cret@example.com/hook\"]",
        "expect.subscriptions = [\"ftp://user:s3cret@example.com/hook\"]",
        "queue_url = \"https://user:s3cret@sqs.eu-west-1.amazonaws.com/111111111111/q\"",
        "secret_access_key = \"s3cret\"",
        "scope = \"s3cret\"",
        "scope = [\"s3cret\"]",
        "[[scope]]\naccount = { s3cret = 1 }",
        "external_id = \"s3cret\n",
        "external_id = \"s3cret\" \"s3cret\"",
    ];
    for file in hidden {
        let found = of_file(file);
        assert!(!found.is_empty(), "{file}");
        assert!(!found.concat().contains("s3cret"), "{found:?}");
    }
    for text in [
        "s3cret",
        "[s3cret",
        "[{s3cret}]",
        "[{external_id=s3cret",
        "[\"s3cret",
    ] {
        let found = faults("", &[("TRAILWARDEN_SCOPE", text)], &[("scope", text)]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(!found.concat().contains("s3cret"), "{found:?}");
    }
}

#[test]
fn a_syntax_error_is_told_by_line_and_column() {
    assert_eq!(
        of_file("log.level = \"info\"\nheal = [\n"),
        ["FILE: line 3, column 1: invalid array, expected `]`"]
    );
    let twice = of_file("benchmark = \"any\"\nbenchmark = \"any\"\n");
    assert_eq!(
        twice,
        ["FILE: line 2, column 1: duplicate key `benchmark` in document root"]
    );
}

#[test]
fn a_variable_has_to_be_upper_case_and_unicode() {
    let lower = faults("", &[("TRAILWARDEN_heal__mode", "off")], &[]);
    assert_eq!(
        lower,
        ["TRAILWARDEN_heal__mode: variables are upper case: TRAILWARDEN_HEAL__MODE"]
    );
    let bytes = OsString::from_vec(vec![0xff]);
    let nowhere = ConfigFile::IfExists(PathBuf::from("/nonexistent"));
    let error = load(
        &nowhere,
        [("TRAILWARDEN_LOG__LEVEL".into(), bytes.clone())],
        [],
    )
    .unwrap_err();
    assert_eq!(
        error.faults[0].to_string(),
        "TRAILWARDEN_LOG__LEVEL: the value is not Unicode"
    );
    assert!(
        load(&nowhere, [(bytes.clone(), bytes)], []).is_ok(),
        "a foreign variable is nobody's business"
    );
}

proptest! {
    #[test]
    fn any_file_and_any_variable_are_answered_in_printable_lines(
        file in "\\PC{0,80}|[a-z.\\[\\]={}\"\n 0-9]{0,80}",
        name in "(HEAL__MODE|SCOPE|CONTROLS|[A-Z_]{0,12})",
        text in "[^\0]{0,60}",
    ) {
        let variable = format!("TRAILWARDEN_{name}");
        for fault in faults(&file, &[(&variable, &text)], &[]) {
            prop_assert!(!fault.contains(|c: char| c.is_control()), "{:?}", fault);
        }
    }
}
