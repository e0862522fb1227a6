use proptest::prelude::*;

use super::*;
use crate::assess::Link;
use crate::event::listed_calls;
use crate::telemetry::samples::{account, cut_at, passing, time, undecided};

fn lines_of(text: &str, name: &str) -> Vec<String> {
    let of_metric = |line: &&str| {
        line.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with(['{', ' ']))
    };
    text.lines().filter(of_metric).map(str::to_owned).collect()
}

fn encode(metrics: &Metrics) -> String {
    metrics.encode().unwrap()
}

#[test]
fn verdict_gauges_are_absent_until_the_first_verdict_and_ready_is_zero() {
    let metrics = Metrics::new().unwrap();
    let text = encode(&metrics);
    for name in [
        "trailwarden_control_compliant",
        "trailwarden_control_state",
        "trailwarden_link_ok",
        "trailwarden_last_evaluation_timestamp_seconds",
    ] {
        assert!(!text.contains(name), "{name} is there");
    }
    assert_eq!(
        lines_of(&text, "trailwarden_ready"),
        ["trailwarden_ready 0"]
    );
    metrics.set_ready(true);
    assert_eq!(
        lines_of(&encode(&metrics), "trailwarden_ready"),
        ["trailwarden_ready 1"]
    );
}

#[test]
fn a_failing_control_has_every_gauge_of_the_reference() {
    let metrics = Metrics::new().unwrap();
    let id = account("012345678901");
    metrics.set_assessment(
        &id,
        "eu-central-1",
        "cloudtrail-config-changes",
        &cut_at(Link::Pattern, "x"),
    );
    metrics.set_last_evaluation(&id, time("2026-08-01T12:00:00.25Z"));
    let text = encode(&metrics);
    let expected = r#"# HELP trailwarden_control_compliant Whether the control passes: 1 only for PASS; FAIL and UNKNOWN are 0. Region is the home region of the chain.
# TYPE trailwarden_control_compliant gauge
trailwarden_control_compliant{account="012345678901",region="eu-central-1",control="cloudtrail-config-changes"} 0
# HELP trailwarden_control_state The verdict on the control: 1 for the state that it is in, 0 for the two others.
# TYPE trailwarden_control_state gauge
trailwarden_control_state{account="012345678901",region="eu-central-1",control="cloudtrail-config-changes",state="fail"} 1
trailwarden_control_state{account="012345678901",region="eu-central-1",control="cloudtrail-config-changes",state="pass"} 0
trailwarden_control_state{account="012345678901",region="eu-central-1",control="cloudtrail-config-changes",state="unknown"} 0
# HELP trailwarden_link_ok Whether the link of the best path holds: 1 yes, 0 cut, NaN not decidable (not seen, or behind a missing link).
# TYPE trailwarden_link_ok gauge
trailwarden_link_ok{account="012345678901",region="eu-central-1",control="cloudtrail-config-changes",link="trail"} 1
trailwarden_link_ok{account="012345678901",region="eu-central-1",control="cloudtrail-config-changes",link="selector"} 1
trailwarden_link_ok{account="012345678901",region="eu-central-1",control="cloudtrail-config-changes",link="log_group"} 1
trailwarden_link_ok{account="012345678901",region="eu-central-1",control="cloudtrail-config-changes",link="pattern"} 0
trailwarden_link_ok{account="012345678901",region="eu-central-1",control="cloudtrail-config-changes",link="metric"} NaN
trailwarden_link_ok{account="012345678901",region="eu-central-1",control="cloudtrail-config-changes",link="alarm"} NaN
trailwarden_link_ok{account="012345678901",region="eu-central-1",control="cloudtrail-config-changes",link="action"} NaN
trailwarden_link_ok{account="012345678901",region="eu-central-1",control="cloudtrail-config-changes",link="topic"} NaN
trailwarden_link_ok{account="012345678901",region="eu-central-1",control="cloudtrail-config-changes",link="subscription"} NaN
# HELP trailwarden_last_evaluation_timestamp_seconds When anything of the account was last seen, in seconds since 1970: a look whose every call fails does not count.
# TYPE trailwarden_last_evaluation_timestamp_seconds gauge
trailwarden_last_evaluation_timestamp_seconds{account="012345678901"} 1785585600.25
"#;
    assert!(text.ends_with(expected), "{text}");
}

#[test]
fn only_pass_is_compliant() {
    let metrics = Metrics::new().unwrap();
    let id = account("111122223333");
    for (assessment, compliant) in [
        (passing(), "1"),
        (undecided(), "0"),
        (cut_at(Link::Topic, "x"), "0"),
    ] {
        metrics.set_assessment(&id, "eu-central-1", "c", &assessment);
        assert_eq!(
            lines_of(&encode(&metrics), "trailwarden_control_compliant"),
            [format!(
                "trailwarden_control_compliant{{account=\"111122223333\",region=\"eu-central-1\",control=\"c\"}} {compliant}"
            )]
        );
    }
}

#[test]
fn a_chain_that_moves_to_another_region_leaves_no_series_behind() {
    let metrics = Metrics::new().unwrap();
    let id = account("111122223333");
    metrics.set_assessment(&id, "eu-central-1", "c", &passing());
    metrics.set_assessment(&id, "us-east-1", "c", &passing());
    metrics.set_assessment(&id, "eu-west-1", "d", &passing());
    let text = encode(&metrics);
    assert!(!text.contains("eu-central-1"));
    assert_eq!(lines_of(&text, "trailwarden_control_compliant").len(), 2);
    assert_eq!(lines_of(&text, "trailwarden_control_state").len(), 6);
    assert_eq!(lines_of(&text, "trailwarden_link_ok").len(), 18);
}

#[test]
fn closed_counters_begin_at_zero_with_every_combination() {
    let text = encode(&Metrics::new().unwrap());
    let mut expected = Vec::new();
    for result in ["error", "fail", "pass", "unknown"] {
        for trigger in ["confirm", "event", "heal", "retry", "start", "sweep"] {
            expected.push(format!(
                "trailwarden_evaluations_total{{result=\"{result}\",trigger=\"{trigger}\"}} 0"
            ));
        }
    }
    let mut seen = lines_of(&text, "trailwarden_evaluations_total");
    seen.sort();
    assert_eq!(seen, expected);
    let mut outcomes = lines_of(&text, "trailwarden_messages_total");
    outcomes.sort();
    assert_eq!(
        outcomes,
        [
            "evaluated",
            "failed_call",
            "foreign",
            "heartbeat",
            "ignored",
            "read_only",
            "stray_heartbeat",
            "unreadable"
        ]
        .map(|outcome| format!("trailwarden_messages_total{{outcome=\"{outcome}\"}} 0"))
    );
    assert_eq!(
        lines_of(&text, "trailwarden_events_total").len(),
        listed_calls().count() + 1
    );
    assert_eq!(
        lines_of(&text, "trailwarden_heal_actions_total").len(),
        RepairKind::ALL.len() * HealResult::ALL.len()
    );
    assert_eq!(
        lines_of(&text, "trailwarden_receive_errors_total").len(),
        ReceiveErrorKind::ALL.len()
    );
    assert_eq!(
        lines_of(&text, "trailwarden_evaluation_duration_seconds_count").len(),
        Trigger::ALL.len()
    );
    assert_eq!(
        lines_of(&text, "trailwarden_last_receive_timestamp_seconds"),
        ["trailwarden_last_receive_timestamp_seconds 0"]
    );
}

#[test]
fn what_is_counted_shows_under_its_labels() {
    let metrics = Metrics::new().unwrap();
    let stop_logging = listed_calls().find(|call| call.name == "StopLogging");
    metrics.evaluation(
        Trigger::Event,
        EvaluationResult::Fail,
        Duration::from_millis(300),
    );
    metrics.event_age(Duration::from_secs(4));
    metrics.detection_latency(Duration::from_millis(40));
    metrics.message(MessageOutcome::FailedCall);
    metrics.event(stop_logging);
    metrics.event(None);
    metrics.receive_error(ReceiveErrorKind::Throttled);
    metrics.set_last_receive(time("1970-01-01T00:00:07.5Z"));
    metrics.heal_action(RepairKind::PutMetricFilter, HealResult::Applied);
    metrics.aws_request("SNS", "GetTopicAttributes", AwsResult::Denied);
    let text = encode(&metrics);
    for line in [
        r#"trailwarden_evaluations_total{result="fail",trigger="event"} 1"#,
        r#"trailwarden_evaluation_duration_seconds_bucket{trigger="event",le="0.25"} 0"#,
        r#"trailwarden_evaluation_duration_seconds_bucket{trigger="event",le="0.5"} 1"#,
        r#"trailwarden_evaluation_duration_seconds_sum{trigger="event"} 0.3"#,
        r"trailwarden_event_age_seconds_sum 4",
        r"trailwarden_event_age_seconds_count 1",
        r#"trailwarden_detection_latency_seconds_bucket{le="0.05"} 1"#,
        r"trailwarden_detection_latency_seconds_count 1",
        r#"trailwarden_messages_total{outcome="failed_call"} 1"#,
        r#"trailwarden_events_total{event_name="StopLogging",source="aws.cloudtrail"} 1"#,
        r#"trailwarden_events_total{event_name="other",source="other"} 1"#,
        r#"trailwarden_receive_errors_total{kind="throttled"} 1"#,
        r"trailwarden_last_receive_timestamp_seconds 7.5",
        r#"trailwarden_heal_actions_total{action="PutMetricFilter",result="applied"} 1"#,
        r#"trailwarden_aws_requests_total{operation="GetTopicAttributes",result="denied",service="SNS"} 1"#,
    ] {
        assert!(
            text.lines().any(|one| one == line),
            "{line} is missing in\n{text}"
        );
    }
    assert!(text.contains(&format!(
        "trailwarden_build_info{{revision=\"{}\",version=\"{}\"}} 1",
        option_env!("TRAILWARDEN_REVISION").unwrap_or("unknown"),
        env!("CARGO_PKG_VERSION")
    )));
}

#[cfg(target_os = "linux")]
#[test]
fn the_process_shows_its_memory_descriptors_and_cpu() {
    let text = encode(&Metrics::new().unwrap());
    for name in [
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_cpu_seconds_total",
        "process_start_time_seconds",
    ] {
        assert_eq!(lines_of(&text, name).len(), 1, "{name}");
    }
}

#[test]
fn operations_beyond_the_bound_are_counted_as_other() {
    let metrics = Metrics::new().unwrap();
    for number in 0..MAX_OPERATIONS + 10 {
        metrics.aws_request("SQS", &format!("Op{number}"), AwsResult::Ok);
    }
    metrics.aws_request("SQS", "Op0", AwsResult::Ok);
    let text = encode(&metrics);
    assert_eq!(
        lines_of(&text, "trailwarden_aws_requests_total").len(),
        MAX_OPERATIONS + 1
    );
    assert!(text.contains(r#"{operation="other",result="ok",service="other"} 10"#));
    assert!(text.contains(r#"{operation="Op0",result="ok",service="SQS"} 2"#));
}

#[test]
fn every_metric_has_a_help_text_and_one_type() {
    let metrics = Metrics::new().unwrap();
    metrics.set_assessment(&account("111122223333"), "r", "c", &passing());
    metrics.set_last_evaluation(&account("111122223333"), time("2026-08-01T12:00:00Z"));
    metrics.aws_request("SQS", "ReceiveMessage", AwsResult::Ok);
    metrics.set_heal_mode(crate::config::HealMode::Off);
    metrics.set_heal_stopped(&account("111122223333"), "c", true);
    metrics.set_recipients_changed(&account("111122223333"), "c", true);
    metrics.notify_target("slack-1");
    let heard = Some(time("2026-08-01T12:00:00Z"));
    metrics.set_feed_cloudtrail(&account("111122223333"), Some(true), heard);
    let text = encode(&metrics);
    let named = |prefix: &str| {
        let rest = text
            .lines()
            .filter_map(move |line| line.strip_prefix(prefix));
        let mut names: Vec<String> = rest
            .filter_map(|rest| rest.split(' ').next())
            .filter(|name| name.starts_with("trailwarden_"))
            .map(str::to_owned)
            .collect();
        names.sort();
        names
    };
    let expected = [
        "trailwarden_aws_requests_total",
        "trailwarden_build_info",
        "trailwarden_control_compliant",
        "trailwarden_control_state",
        "trailwarden_dead_letter_messages",
        "trailwarden_detection_latency_seconds",
        "trailwarden_evaluation_duration_seconds",
        "trailwarden_evaluations_total",
        "trailwarden_event_age_seconds",
        "trailwarden_events_total",
        "trailwarden_feed_cloudtrail_ok",
        "trailwarden_feed_rule_ok",
        "trailwarden_heal_actions_total",
        "trailwarden_heal_mode",
        "trailwarden_heal_stopped",
        "trailwarden_heartbeat_round_trip_seconds",
        "trailwarden_journal_writable",
        "trailwarden_last_evaluation_timestamp_seconds",
        "trailwarden_last_event_timestamp_seconds",
        "trailwarden_last_receive_timestamp_seconds",
        "trailwarden_link_ok",
        "trailwarden_messages_total",
        "trailwarden_notifications_total",
        "trailwarden_notifications_waiting",
        "trailwarden_occurrences_total",
        "trailwarden_queue_messages",
        "trailwarden_ready",
        "trailwarden_receive_errors_total",
        "trailwarden_received_message_age_seconds",
        "trailwarden_recipients_changed",
        "trailwarden_sweep_interval_seconds",
    ];
    assert_eq!(named("# HELP "), expected);
    assert_eq!(named("# TYPE "), expected);
}

#[test]
fn what_is_rare_has_a_series_only_while_it_is_so() {
    let metrics = Metrics::new().unwrap();
    let series = "trailwarden_heal_stopped{account=\"111122223333\",control=\"c\"} 1";
    metrics.set_heal_stopped(&account("111122223333"), "c", false);
    assert!(!encode(&metrics).contains(series));
    metrics.set_heal_stopped(&account("111122223333"), "c", true);
    assert!(encode(&metrics).contains(series));
    metrics.set_heal_stopped(&account("111122223333"), "c", false);
    assert!(!encode(&metrics).contains("trailwarden_heal_stopped{"));
    metrics.set_heal_mode(crate::config::HealMode::Plan);
    let text = encode(&metrics);
    assert!(text.contains("trailwarden_heal_mode{mode=\"plan\"} 1"));
    assert!(text.contains("trailwarden_heal_mode{mode=\"apply\"} 0"));
}

#[test]
fn an_evaluation_is_as_good_as_its_worst_verdict() {
    use crate::assess::Verdict::{Fail, Pass, Unknown};
    let cases: [(&[_], EvaluationResult); 5] = [
        (&[], EvaluationResult::Pass),
        (&[Pass, Pass], EvaluationResult::Pass),
        (&[Pass, Unknown, Pass], EvaluationResult::Unknown),
        (&[Unknown, Fail, Unknown], EvaluationResult::Fail),
        (&[Fail, Pass], EvaluationResult::Fail),
    ];
    for (verdicts, result) in cases {
        assert_eq!(EvaluationResult::of(verdicts.iter().copied()), result);
    }
}

proptest! {
    /// A label value, whatever it holds, stays one value on one line: the text format's escapes undo to what was set.
    #[test]
    fn label_values_survive_the_text_format(control in any::<String>()) {
        let metrics = Metrics::new().unwrap();
        metrics.set_assessment(&account("111122223333"), "r", &control, &passing());
        let text = metrics.encode().unwrap();
        let prefix = "trailwarden_control_compliant{account=\"111122223333\",region=\"r\",control=\"";
        // Only line feeds end a line of the format.
        let line = text.split('\n').find_map(|line| line.strip_prefix(prefix)).unwrap();
        let escaped = line.strip_suffix("\"} 1").unwrap();
        let mut plain = String::new();
        let mut characters = escaped.chars();
        while let Some(character) = characters.next() {
            plain.push(match character {
                '\\' => match characters.next().unwrap() { 'n' => '\n', other => other },
                other => { prop_assert_ne!(other, '"'); other }
            });
        }
        prop_assert_eq!(plain, control);
    }
}
