//! What the audit text of the benchmark and Security Hub's rule would say, beside the truth.

use super::support::{TRAIL, judge_as, remove, set, sound};
use serde_json::{Value, json};
use trailwarden::assess::{Expectations, Literal, LiteralVerdict};

fn readings(control: &str, change: impl FnOnce(&mut Value)) -> (Option<Literal>, Option<Literal>) {
    let mut state = sound();
    change(&mut state);
    let assessment = judge_as(&state, control, &Expectations::default());
    (assessment.literal_cis, assessment.literal_security_hub)
}

fn security_hub(change: impl FnOnce(&mut Value)) -> (&'static str, Option<&'static str>, bool) {
    let literal = readings("4.5", change).1.unwrap();
    (
        literal.verdict.name(),
        literal.code,
        literal.differs.is_some(),
    )
}

#[test]
fn security_hubs_status_codes() {
    assert_eq!(security_hub(|_| {}), ("PASS", None, false));
    assert_eq!(
        security_hub(|state| set(state, "/trails", json!([]))),
        ("FAIL", Some("CLOUDTRAIL_MULTI_REGION_NOT_PRESENT"), false)
    );
    assert_eq!(
        security_hub(|state| set(state, "/trails/0/IsMultiRegionTrail", json!(false))),
        ("FAIL", Some("CLOUDTRAIL_MULTI_REGION_NOT_PRESENT"), false)
    );
    assert_eq!(
        security_hub(|state| set(state, "/observer_region", json!("eu-west-1"))),
        ("WARNING", Some("CLOUDTRAIL_REGION_INVAILD"), true)
    );
    assert_eq!(
        security_hub(|state| set(state, "/metric_filters", json!([]))),
        ("FAIL", Some("CLOUDTRAIL_METRIC_FILTERS_NOT_PRESENT"), false)
    );
    assert_eq!(
        security_hub(|state| {
            set(
                state,
                "/metric_filters/0/filterPattern",
                json!("{ $.eventSource = cloudtrail.amazonaws.com }"),
            );
        }),
        ("FAIL", Some("CLOUDTRAIL_METRIC_FILTER_NOT_VALID"), true)
    );
    assert_eq!(
        security_hub(|state| set(state, "/alarms", json!([]))),
        ("FAIL", Some("CLOUDWATCH_ALARMS_NOT_PRESENT"), false)
    );
    assert_eq!(
        security_hub(|state| set(state, "/alarms/0/AlarmActions", json!([]))),
        ("FAIL", Some("CLOUDWATCH_ALARM_ACTIONS_NOT_VALID"), false)
    );
    assert_eq!(
        security_hub(|state| {
            set(state, "/topics", json!([]));
            set(state, "/subscriptions", json!([]));
        }),
        ("FAIL", Some("SNS_TOPIC_INVALID"), false)
    );
    assert_eq!(
        security_hub(|state| set(state, "/subscriptions", json!([]))),
        ("FAIL", Some("SNS_SUBSCRIPTION_NOT_PRESENT"), false)
    );
    assert_eq!(
        security_hub(|state| {
            set(
                state,
                "/alarms/0/AlarmActions",
                json!(["arn:aws:sns:us-east-1:999988887777:central"]),
            );
        }),
        ("WARNING", Some("SNS_TOPIC_CROSS_ACCOUNT"), false)
    );
}

#[test]
fn what_the_readings_do_not_look_at_is_told() {
    let (cis, hub) = readings("4.5", |state| set(state, "/alarms/0/Threshold", json!(5)));
    for literal in [cis.unwrap(), hub.unwrap()] {
        assert_eq!(literal.verdict, LiteralVerdict::Pass);
        assert!(
            literal
                .differs
                .unwrap()
                .contains("One event does not trip alarm a")
        );
    }
}

#[test]
fn the_audit_text_wants_reads_to_be_recorded_too() {
    let (cis, _) = readings("4.5", |state| {
        state["event_selectors"][TRAIL]["EventSelectors"][0]["ReadWriteType"] = json!("WriteOnly");
    });
    let cis = cis.unwrap();
    assert_eq!((cis.verdict.name(), cis.code), ("FAIL", None));
    assert_eq!(
        cis.differs.as_deref(),
        Some(
            "The trail does not record management events with ReadWriteType All. The chain notifies all the same."
        )
    );
}

#[test]
fn the_tautology_satisfies_its_own_audit_text() {
    let (cis, hub) = readings("4.1", |state| {
        let text = &super::support::control("4.1").prescribed[2];
        assert_eq!(text.group, "b");
        set(
            state,
            "/metric_filters/0/filterPattern",
            json!(text.pattern.text()),
        );
    });
    assert_eq!(cis.unwrap().verdict, LiteralVerdict::Pass);
    assert_eq!(
        hub.unwrap().code,
        Some("CLOUDTRAIL_METRIC_FILTER_NOT_VALID")
    );
}

#[test]
fn a_control_that_security_hub_lacks_has_no_such_reading() {
    let (cis, hub) = readings("4.15", |_| {});
    assert!(cis.is_some());
    assert!(hub.is_none());
}

#[test]
fn white_space_outside_quotes_is_not_compared() {
    let (cis, hub) = readings("4.6", |state| {
        set(
            state,
            "/metric_filters/0/filterPattern",
            json!("{($.eventName=ConsoleLogin)&&($.errorMessage=\"Failed authentication\")}"),
        );
    });
    assert_eq!(
        (cis.unwrap().verdict, hub.unwrap().verdict),
        (LiteralVerdict::Pass, LiteralVerdict::Pass)
    );
    let (cis, _) = readings("4.6", |state| {
        set(
            state,
            "/metric_filters/0/filterPattern",
            json!("{($.eventName=ConsoleLogin)&&($.errorMessage=\"Failedauthentication\")}"),
        );
    });
    assert_eq!(cis.unwrap().verdict, LiteralVerdict::Fail);
    let (cis, _) = readings("4.5", |state| {
        remove(state, "/metric_filters/0/filterPattern");
    });
    assert_eq!(cis.unwrap().verdict, LiteralVerdict::Fail);
}
