use serde_json::Value;

use super::*;
use crate::event::listed_calls;
use crate::telemetry::logs::Format;
use crate::telemetry::samples::{
    HOSTILE, NEVER, account, actor, cut_at, logged, passing, plan, time,
};

fn events() -> Events {
    Events::new(Arc::new(Metrics::new().unwrap()))
}

/// What is logged as JSON while this is done, a value for each line.
fn lines(act: impl FnOnce()) -> Vec<Value> {
    logged(Format::Json, "debug", act)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn messages(lines: &[Value]) -> Vec<&str> {
    let texts = lines.iter().map(|line| line["message"].as_str().unwrap());
    texts.collect()
}

fn counted(events: &Events, line: &str) {
    let text = events.metrics().encode().unwrap();
    assert!(
        text.lines().any(|one| one == line),
        "{line} is missing in\n{text}"
    );
}

#[test]
fn a_verdict_that_fails_warns_with_link_resource_and_actor() {
    let by = actor("mallory");
    let assessment = cut_at(Link::Pattern, "cis");
    let lines = lines(|| {
        events().verdict_changed(&VerdictChange {
            account: &account("012345678901"),
            from: Some(Verdict::Pass),
            assessment: &assessment,
            actor: Some(&by),
        });
    });
    let [line] = lines.as_slice() else {
        panic!("{lines:?}")
    };
    let expected = serde_json::json!({
        "level": "WARN", "target": "trailwarden", "message": "verdict changed",
        "account": "012345678901", "control": "cloudtrail-config-changes", "region": "eu-central-1",
        "from": "PASS", "to": "FAIL", "link": "pattern", "resource": "cis",
        "finding": "the filter cis does not match every required event",
        "principal": "arn:aws:sts::111122223333:assumed-role/admin/mallory",
        "source_address": "203.0.113.7", "user_agent": "aws-cli/2.27 mallory",
        "event_name": "DeleteMetricFilter", "event_id": "0d5f1f4e-9f0a-4a2b-8a52-6a3a1c1c9d11",
    });
    let mut seen = line.clone();
    seen.as_object_mut().unwrap().remove("timestamp");
    assert_eq!(seen, expected);
}

#[test]
fn a_verdict_that_passes_again_is_information_and_names_nobody() {
    let lines = lines(|| {
        events().verdict_changed(&VerdictChange {
            account: &account("012345678901"),
            from: None,
            assessment: &passing(),
            actor: None,
        });
    });
    assert_eq!(lines[0]["level"], "INFO");
    assert_eq!(lines[0]["to"], "PASS");
    for absent in ["from", "link", "resource", "principal", "event_id"] {
        assert!(lines[0].get(absent).is_none(), "{absent} is there");
    }
}

#[test]
fn hostile_names_never_reach_the_terminal() {
    let events = events();
    let by = actor(HOSTILE);
    let text = logged(Format::Text, "debug", || {
        events.verdict_changed(&VerdictChange {
            account: &account("012345678901"),
            from: None,
            assessment: &cut_at(Link::Alarm, HOSTILE),
            actor: Some(&by),
        });
        events.message_unreadable(
            &UnreadableMessage {
                message_id: HOSTILE,
                receive_count: Some(3),
                body: HOSTILE,
            },
            &HOSTILE,
        );
        events.heal_planned(&account("012345678901"), "c", &plan(HOSTILE));
        events.receive_failed(ReceiveErrorKind::Other, &HOSTILE);
        events.evaluation_failed(HOSTILE, Trigger::Sweep, Duration::ZERO, &HOSTILE);
    });
    assert_eq!(text.lines().count(), 5, "{text}");
    for never in NEVER.iter().filter(|never| **never != "<script") {
        assert!(!text.contains(never), "{never:?} stands in {text}");
    }
}

#[test]
fn an_unreadable_message_is_counted_and_shown_in_its_beginning() {
    let events = events();
    let body = "x".repeat(10_000);
    let lines = lines(|| {
        let message = UnreadableMessage {
            message_id: "m-1",
            receive_count: Some(2),
            body: &body,
        };
        events.message_unreadable(&message, &"not JSON");
    });
    assert_eq!(
        lines[0]["body"],
        format!("{}… (+9744 characters)", "x".repeat(256))
    );
    assert_eq!(lines[0]["error"], "not JSON");
    assert_eq!(lines[0]["receive_count"], 2);
    counted(
        &events,
        r#"trailwarden_messages_total{outcome="unreadable"} 1"#,
    );
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_failed_receives_is_one_line_and_a_count() {
    let events = events();
    let first = lines(|| {
        for _ in 0..100 {
            events.receive_failed(ReceiveErrorKind::Connection, &"refused");
        }
    });
    assert_eq!(messages(&first), ["receive failed"]);
    assert_eq!(first[0]["suppressed"], 0);
    counted(
        &events,
        r#"trailwarden_receive_errors_total{kind="connection"} 100"#,
    );
    assert_eq!(lines(|| events.settle()), Vec::<Value>::new());
    tokio::time::advance(WINDOW).await;
    let settled = lines(|| events.settle());
    assert_eq!(messages(&settled), ["lines were held back"]);
    assert_eq!(settled[0]["suppressed"], 99);
    assert_eq!(lines(|| events.settle()), Vec::<Value>::new());
}

#[test]
fn receiving_again_is_told_once_and_only_after_a_failure_that_was_told() {
    let events = events();
    let at = time("2026-08-01T12:00:00Z");
    let lines = lines(|| {
        events.received(at);
        events.receive_failed(ReceiveErrorKind::Timeout, &"slow");
        events.received(at);
        events.received(at);
        events.receive_failed(ReceiveErrorKind::Timeout, &"slow");
        events.received(at);
    });
    assert_eq!(
        messages(&lines),
        ["receive failed", "receiving from the queue again"]
    );
    counted(
        &events,
        "trailwarden_last_receive_timestamp_seconds 1785585600",
    );
}

#[test]
fn an_evaluation_is_counted_and_told_at_debug_only() {
    let events = events();
    let id = account("111122223333");
    let act = || {
        events.evaluated(&Evaluation {
            account: &id,
            trigger: Trigger::Sweep,
            result: EvaluationResult::Pass,
            took: Duration::from_millis(300),
        });
    };
    assert_eq!(logged(Format::Text, "info", act), "");
    assert_eq!(messages(&lines(act)), ["evaluated"]);
    counted(
        &events,
        r#"trailwarden_evaluations_total{result="pass",trigger="sweep"} 2"#,
    );
    counted(
        &events,
        r#"trailwarden_evaluation_duration_seconds_count{trigger="sweep"} 2"#,
    );
}

#[test]
fn an_evaluation_without_a_verdict_is_an_error_of_its_trigger() {
    let events = events();
    let lines = lines(|| {
        events.evaluation_failed(
            "default",
            Trigger::Start,
            Duration::from_secs(1),
            &"no identity",
        );
    });
    assert_eq!(messages(&lines), ["evaluation failed"]);
    assert_eq!(lines[0]["scope"], "default");
    counted(
        &events,
        r#"trailwarden_evaluations_total{result="error",trigger="start"} 1"#,
    );
}

#[test]
fn stored_verdicts_set_every_gauge() {
    let events = events();
    let id = account("111122223333");
    let lines = lines(|| {
        events.verdicts_stored(&id, &[passing()]);
        events.looked(&id, time("2026-08-01T12:00:00Z"));
        events.detected(Duration::from_millis(40), Duration::from_secs(4));
    });
    assert_eq!(lines, Vec::<Value>::new());
    counted(
        &events,
        r#"trailwarden_control_compliant{account="111122223333",region="eu-central-1",control="cloudtrail-config-changes"} 1"#,
    );
    counted(
        &events,
        r#"trailwarden_last_evaluation_timestamp_seconds{account="111122223333"} 1785585600"#,
    );
    counted(&events, "trailwarden_detection_latency_seconds_sum 0.04");
    counted(&events, "trailwarden_event_age_seconds_sum 4");
}

#[test]
fn a_chain_without_a_home_has_an_empty_region() {
    let events = events();
    let mut lost = cut_at(Link::Trail, "x");
    lost.region = None;
    events.verdicts_stored(&account("111122223333"), &[lost]);
    counted(
        &events,
        r#"trailwarden_control_compliant{account="111122223333",region="",control="cloudtrail-config-changes"} 0"#,
    );
}

#[test]
fn steps_of_a_repair_are_counted_and_told_by_what_became_of_them() {
    let events = events();
    let id = account("111122223333");
    let step = |result, reason| HealStep {
        account: &id,
        control: "c",
        link: Link::Pattern,
        action: RepairKind::PutMetricFilter,
        result,
        reason,
    };
    let lines = lines(|| {
        events.heal_planned(&id, "c", &plan("cis"));
        events.heal_step(&step(HealResult::Applied, None));
        events.heal_step(&step(HealResult::Denied, Some("logs:PutMetricFilter")));
        events.heal_step(&step(HealResult::Held, Some("budget")));
        events.heal_finished(&id, "c", Verdict::Pass);
        events.heal_finished(&id, "c", Verdict::Fail);
    });
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line["level"].as_str().unwrap(),
                line["message"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("INFO", "repair planned"),
            ("INFO", "repair step"),
            ("WARN", "repair step"),
            ("WARN", "repair step"),
            ("INFO", "repair confirmed"),
            ("WARN", "repair left the chain broken"),
        ]
    );
    assert_eq!(
        lines[0]["plan"],
        "put back the filter cis as it was; have cis@example.com confirmed"
    );
    assert_eq!(lines[2]["reason"], "logs:PutMetricFilter");
    for result in ["applied", "denied", "held"] {
        counted(
            &events,
            &format!(
                r#"trailwarden_heal_actions_total{{action="PutMetricFilter",result="{result}"}} 1"#
            ),
        );
    }
    counted(
        &events,
        r#"trailwarden_heal_actions_total{action="PutMetricFilter",result="failed"} 0"#,
    );
}

#[test]
fn messages_calls_and_requests_are_counted_without_a_line() {
    let events = events();
    let lines = lines(|| {
        events.call_received(listed_calls().find(|call| call.name == "DeleteAlarms"));
        events.call_received(None);
        events.message_settled(MessageOutcome::Evaluated);
        events.aws_request("SNS", "ListTopics", AwsResult::Ok);
    });
    assert_eq!(lines, Vec::<Value>::new());
    counted(
        &events,
        r#"trailwarden_events_total{event_name="DeleteAlarms",source="aws.monitoring"} 1"#,
    );
    counted(
        &events,
        r#"trailwarden_events_total{event_name="other",source="other"} 1"#,
    );
    counted(
        &events,
        r#"trailwarden_messages_total{outcome="evaluated"} 1"#,
    );
    counted(
        &events,
        r#"trailwarden_aws_requests_total{operation="ListTopics",result="ok",service="SNS"} 1"#,
    );
}
