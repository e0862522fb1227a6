//! What is warned of although the verdict stands.

use serde_json::{Value, json};

use super::composite::under;
use super::support::{alarm, brief, codes, control, judge_as, set, sound};
use trailwarden::assess::Expectations;

/// The codes of the warnings about a chain that passes.
fn warned(name: &str, change: impl FnOnce(&mut Value)) -> Vec<&'static str> {
    let mut state = sound();
    change(&mut state);
    let assessment = judge_as(&state, name, &Expectations::default());
    assert_eq!(brief(&assessment), "PASS");
    codes(&assessment)
}

/// Has the filter read the control's pattern of that group.
fn of_group(state: &mut Value, name: &str, group: &str) {
    let mut texts = control(name).prescribed.iter();
    let text = texts.find(|one| one.group == group).unwrap();
    let pattern = json!(text.pattern.text());
    set(state, "/metric_filters/0/filterPattern", pattern);
}

#[test]
fn a_sound_chain_is_not_warned_of() {
    assert!(warned("4.5", |_| {}).is_empty());
}

#[test]
fn a_prescribed_text_that_cannot_work_is_warned_of() {
    let codes = warned("4.1", |state| of_group(state, "4.1", "a"));
    assert_eq!(codes, ["prescribed_text_cannot_work"]);
}

#[test]
fn a_pattern_that_is_accepted_and_not_prescribed_is_warned_of() {
    let codes = warned("4.1", |state| of_group(state, "4.1", "d"));
    assert_eq!(codes, ["accepted_pattern", "prescribed_text_cannot_work"]);
}

#[test]
fn what_aws_finds_and_masks_is_warned_of() {
    let document = json!({"Statement": [{
        "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"],
        "Operation": {"Deidentify": {"MaskConfig": {}}}
    }]});
    let policy = json!({"region": "us-east-1", "logGroupName": "ct", "policyDocument": document});
    let codes = warned("4.5", |state| {
        set(state, "/data_protection_policies", json!([policy]));
    });
    assert_eq!(codes, ["masked_records"]);
}

#[test]
fn an_alarm_that_is_in_alarm_is_warned_of() {
    let codes = warned("4.5", |state| {
        set(state, "/alarms/0/StateValue", json!("ALARM"));
    });
    assert_eq!(codes, ["in_alarm"]);
}

#[test]
fn an_alarm_that_trips_because_data_is_missing_is_warned_of() {
    let codes = warned("4.5", |state| {
        set(state, "/alarms/0/TreatMissingData", json!("missing"));
        set(state, "/alarms/0/EvaluationPeriods", json!(3));
        set(state, "/alarms/0/DatapointsToAlarm", json!(3));
    });
    assert_eq!(codes, ["needs_missing_data"]);
}

#[test]
fn a_mute_rule_of_another_hour_is_warned_of() {
    let rule = json!({
        "Name": "r", "Rule": {"Schedule": {"Expression": "cron(0 3 * * *)", "Duration": "PT1H"}},
        "MuteTargets": {"AlarmNames": ["a"]}
    });
    let codes = warned("4.5", |state| {
        set(state, "/alarm_mute_rules", json!([rule]));
    });
    assert_eq!(codes, ["mute_scheduled"]);
}

#[test]
fn an_alarm_that_can_hold_back_a_composite_one_is_warned_of() {
    let codes = warned("4.5", |state| {
        under(state, "ALARM(\"a\")");
        set(state, "/alarms/1/ActionsSuppressor", json!("quiet"));
        let mut quiet = alarm("quiet", "q");
        set(&mut quiet, "/AlarmActions", json!([]));
        set(state, "/alarms/-", quiet);
    });
    assert_eq!(codes, ["suppressor"]);
}
