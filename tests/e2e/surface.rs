//! What people and machines see: endpoints, page, log, `check` and `snapshot`.

use serde_json::Value;

use super::common::aws::Account;
use super::common::breaks::{PATTERN, put_filter};
use super::common::daemon::{Daemon, command};
use super::common::emulator::raw_http;
use super::common::scrape::Scrape;
use super::{Break, Suite};

pub(crate) fn add(suite: &mut Suite) {
    suite.test(
        "surface::check_exits_0_and_2_and_speaks_json",
        async |account| {
            check_exits_0_and_2_and_speaks_json(&account).await;
        },
    );
    suite.test(
        "surface::a_snapshot_is_judged_offline_as_aws_was",
        async |account| {
            a_snapshot_is_judged_offline_as_aws_was(&account).await;
        },
    );
    suite.test(
        "surface::unknown_is_3_and_names_the_missing_permission",
        async |account| {
            unknown_is_3_and_names_the_missing_permission(&account);
        },
    );
    suite.test(
        "surface::endpoints_say_live_ready_and_evaluated",
        async |account| {
            endpoints_say_live_ready_and_evaluated(&account).await;
        },
    );
    suite.test(
        "surface::hostile_text_is_inert_on_page_terminal_and_log",
        async |account| {
            hostile_text_is_inert_on_page_terminal_and_log(&account).await;
        },
    );
}

fn check(account: &Account, arguments: &[&str]) -> (Option<i32>, String) {
    let output = command(account)
        .arg("check")
        .args(arguments)
        .output()
        .expect("check runs");
    (
        output.status.code(),
        String::from_utf8(output.stdout).expect("UTF-8"),
    )
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("no JSON ({error}): {text}"))
}

async fn check_exits_0_and_2_and_speaks_json(account: &Account) {
    let (code, text) = check(account, &["--format", "json"]);
    assert_eq!(code, Some(0), "{text}");
    let report = json(&text);
    assert_eq!(report["account_id"], account.seeded.account.as_str());
    let control = &report["controls"][0];
    assert_eq!(control["key"], "cloudtrail-config-changes");
    assert_eq!(control["cis"], "4.5");
    assert_eq!(control["security_hub"], "CloudWatch.5");
    assert_eq!(control["verdict"], "PASS");
    assert_eq!(control["broken_link"], Value::Null);
    assert_eq!(control["findings"], Value::Array(Vec::new()));

    put_filter(account, &PATTERN.replace("StopLogging", "Stoplogging"), "1").await;
    let (code, text) = check(account, &["--format", "json", "--control", "CloudWatch.5"]);
    assert_eq!(code, Some(2), "{text}");
    let finding = &json(&text)["controls"][0]["findings"][0];
    assert_eq!(finding["link"], "pattern");
    assert_eq!(
        finding["missing_events"],
        serde_json::json!(["StopLogging"])
    );
    assert_eq!(finding["counterexample"]["eventName"], "StopLogging");
    assert_eq!(finding["actor"], Value::Null);
    let (code, text) = check(account, &[]);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("StopLogging") && text.contains("pattern"),
        "{text}"
    );
    assert!(
        !text.contains('\u{1b}'),
        "no colour where there is no terminal"
    );
}

async fn a_snapshot_is_judged_offline_as_aws_was(account: &Account) {
    Break::RaiseThreshold.apply(account).await;
    let snapshot = command(account)
        .arg("snapshot")
        .output()
        .expect("snapshot runs");
    assert!(snapshot.status.success());
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("snapshot.json");
    std::fs::write(&file, &snapshot.stdout).expect("the snapshot is saved");
    let output = super::common::daemon::offline_command()
        .args(["check", "--format", "json", "--snapshot"])
        .arg(&file)
        .output()
        .expect("check runs");
    assert_eq!(output.status.code(), Some(2));
    let offline = json(&String::from_utf8_lossy(&output.stdout));
    let (_, text) = check(account, &["--format", "json"]);
    assert_eq!(offline["controls"], json(&text)["controls"]);
}

fn unknown_is_3_and_names_the_missing_permission(account: &Account) {
    // Nobody listens there: the calls fail as they would behind a broken proxy.
    let output = command(account)
        .env("AWS_ENDPOINT_URL_SNS", "http://127.0.0.1:9")
        .args(["check", "--format", "json"])
        .output()
        .expect("check runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{text}");
    let control = &json(&text)["controls"][0];
    assert_eq!(control["verdict"], "UNKNOWN", "{control:#}");
    assert!(
        text.contains("sns:GetTopicAttributes") || text.contains("sns:ListSubscriptionsByTopic"),
        "{text}"
    );
}

async fn endpoints_say_live_ready_and_evaluated(account: &Account) {
    let daemon = Daemon::start(account, "").await;
    assert!(raw_http(&daemon.address, "GET /livez HTTP/1.0\r\n\r\n").contains("200 OK"));
    assert!(raw_http(&daemon.address, "GET /readyz HTTP/1.0\r\n\r\n").contains("200 OK"));
    assert!(raw_http(&daemon.address, "GET /nothing HTTP/1.0\r\n\r\n").contains("404"));
    assert!(raw_http(&daemon.address, "POST /metrics HTTP/1.0\r\n\r\n").contains("405"));
    let scrape = daemon.scrape().expect("metrics");
    let labels = [
        ("account", account.seeded.account.as_str()),
        ("region", account.seeded.region.as_str()),
        ("control", "cloudtrail-config-changes"),
    ];
    assert_eq!(
        scrape.value("trailwarden_control_compliant", &labels),
        Some(1.0)
    );
    let pass = [labels[0], labels[1], labels[2], ("state", "pass")];
    assert_eq!(scrape.value("trailwarden_control_state", &pass), Some(1.0));
    assert_eq!(scrape.value("trailwarden_ready", &[]), Some(1.0));
    assert_eq!(
        scrape.value(
            "trailwarden_evaluations_total",
            &[("trigger", "start"), ("result", "pass")]
        ),
        Some(1.0)
    );
    for name in [
        "trailwarden_build_info",
        "trailwarden_last_evaluation_timestamp_seconds",
        "trailwarden_last_receive_timestamp_seconds",
        "trailwarden_aws_requests_total",
        "process_resident_memory_bytes",
    ] {
        assert!(scrape.value(name, &[]).is_some(), "{name} is missing");
    }
}

async fn hostile_text_is_inert_on_page_terminal_and_log(account: &Account) {
    const HOSTILE: &str = "<script>alert(1)</script>\u{1b}[31mred\nline";
    let daemon = Daemon::start(account, "").await;
    daemon.until_compliant(1.0).await;
    // The true event cannot carry line breaks in a header, so the same call is told once more by a forged one.
    let mut forged: Value = serde_json::from_str(&super::feed::event(
        &account.seeded.account,
        "monitoring",
        "DisableAlarmActions",
    ))
    .expect("JSON");
    forged["detail"]["userAgent"] = HOSTILE.into();
    forged["detail"]["userIdentity"]["arn"] = HOSTILE.into();
    forged["detail"]["requestParameters"] =
        serde_json::json!({"alarmNames": [account.seeded.alarm]});
    Break::DisableActions.apply(account).await;
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
    forged["detail"]["eventTime"] = now.to_string().into();
    // Of two calls in one second the one that was sent later is the later one.
    let evaluated = |count: f64| {
        move |scrape: &Scrape| {
            scrape.sum("trailwarden_messages_total", &[("outcome", "evaluated")]) >= count
        }
    };
    daemon.until("the true event", evaluated(1.0)).await;
    account.send(&forged.to_string()).await;
    daemon.until("both events", evaluated(2.0)).await;
    daemon.until_compliant(0.0).await;
    let page = daemon.get("/");
    assert!(!page.contains("<script"), "{page}");
    assert!(
        page.contains("&lt;script&gt;"),
        "the text is there, escaped: {page}"
    );
    assert!(!page.contains('\u{1b}'));
    let log = daemon.log();
    assert!(log.contains("alert(1)"), "{log}");
    assert!(!log.contains('\u{1b}'));
    assert!(
        log.lines().all(|line| line.starts_with('{')),
        "every line is one entry:\n{log}"
    );
    let actor = daemon.status()["controls"][0]["findings"][0]["actor"].clone();
    assert_eq!(
        actor["user_agent"], HOSTILE,
        "the JSON says what the event said"
    );
}
