//! Mute rules: is the alarm silenced, and may it be by one that was not seen?

use serde_json::{Value, json};

use super::composite::under;
use super::support::{Cases, alarm, judge, set, sound};

#[test]
fn mute_rules_silence_their_targets_while_active() {
    let mut cases = Cases::default();
    let mute =
        |rule: Value| move |state: &mut Value| set(state, "/alarm_mute_rules", json!([rule]));
    for (name, expected, rule) in [
        (
            "active",
            "FAIL alarm",
            json!({"Name":"r","Targets":["a"],"Schedule":"at(2026-11-23T00:00:00)","Duration":"PT4H","Status":"ACTIVE"}),
        ),
        (
            "over",
            "PASS",
            json!({"Name":"r","Targets":["a"],"Schedule":"at(2026-11-22T00:00:00)","Duration":"PT4H","Status":"EXPIRED"}),
        ),
        (
            "to come",
            "PASS",
            json!({"Name":"r","Targets":["a"],"Schedule":"at(2026-11-24T00:00:00)","Duration":"PT4H","Status":"SCHEDULED"}),
        ),
        (
            "another target",
            "PASS",
            json!({"Name":"r","Targets":["other"],"Schedule":"at(2026-11-23T00:00:00)","Duration":"PT4H","Status":"ACTIVE"}),
        ),
        (
            "the API's form",
            "FAIL alarm",
            json!({"Name":"r","Status":"ACTIVE","Rule":{"Schedule":{"Expression":"cron(0 0 * * *)","Duration":"PT1H"}},"MuteTargets":{"AlarmNames":["a"]}}),
        ),
        (
            "the API's form, between windows",
            "PASS",
            json!({"Name":"r","Status":"SCHEDULED","Rule":{"Schedule":{"Expression":"cron(0 3 * * *)","Duration":"PT1H"}},"MuteTargets":{"AlarmNames":["a"]}}),
        ),
        (
            "another region",
            "PASS",
            json!({"Name":"r","AlarmMuteRuleArn":"arn:aws:cloudwatch:eu-west-1:111122223333:alarm-mute-rule:r","Status":"ACTIVE","Rule":{"Schedule":{"Expression":"cron(0 0 * * *)","Duration":"PT1H"}},"MuteTargets":{"AlarmNames":["a"]}}),
        ),
        (
            "expired by its date",
            "PASS",
            json!({"Name":"r","ExpireDate":"2026-11-01T00:00:00Z","Rule":{"Schedule":{"Expression":"cron(0 0 * * *)","Duration":"PT1H"}},"MuteTargets":{"AlarmNames":["a"]}}),
        ),
    ] {
        cases.case(name, expected, mute(rule));
    }
    cases.case("a muted child under a composite alarm", "PASS", |state| {
        under(state, "ALARM(\"a\")");
        set(state, "/alarm_mute_rules", json!([{"Name":"r","Targets":["a"],"Schedule":"at(2026-11-23T00:00:00)","Duration":"PT4H"}]));
    });
    cases.case("a muted composite alarm", "FAIL alarm", |state| {
        under(state, "ALARM(\"a\")");
        set(state, "/alarm_mute_rules", json!([{"Name":"r","Targets":["comp"],"Schedule":"at(2026-11-23T00:00:00)","Duration":"PT4H"}]));
    });
    cases.done();
}

#[test]
fn the_name_of_a_mute_rule_that_has_none_is_left_to_the_reader() {
    let mut state = sound();
    let rule = json!({"Targets":["a"],"Schedule":"at(2026-11-23T00:00:00)","Duration":"PT4H"});
    set(&mut state, "/alarm_mute_rules", json!([rule]));
    let finding = judge(&state).findings.remove(0);
    assert_eq!(
        finding.message,
        "Mute rule without a name silences alarm a at present."
    );
    assert_eq!(
        finding.remedy.as_deref(),
        Some(
            "aws cloudwatch delete-alarm-mute-rule --region us-east-1 --alarm-mute-rule-name RULE"
        )
    );
}

#[test]
fn a_mute_rule_that_was_not_seen_may_silence_any_alarm() {
    let mut cases = Cases::default();
    let rule = "arn:aws:cloudwatch:us-east-1:111122223333:alarm-mute-rule:r";
    let elsewhere = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm-mute-rule:r";
    for (scope, code, expected) in [
        ("us-east-1", "AccessDenied", "UNKNOWN visibility"),
        ("eu-west-1", "AccessDenied", "PASS"),
        (rule, "AccessDenied", "UNKNOWN visibility"),
        (elsewhere, "AccessDenied", "PASS"),
        // Gone meanwhile.
        (rule, "ResourceNotFoundException", "PASS"),
    ] {
        cases.case(&format!("{code} for {scope}"), expected, |state| {
            let key = format!("cloudwatch:GetAlarmMuteRule {scope}");
            set(state, "/api_errors", json!({key: code}));
        });
    }
    cases.done();
}

#[test]
fn a_mute_schedule_that_is_not_understood_is_left_to_the_status() {
    let mut cases = Cases::default();
    for (status, expected) in [
        (json!(null), "UNKNOWN alarm"),
        (json!("ACTIVE"), "FAIL alarm"),
        (json!("SCHEDULED"), "PASS"),
    ] {
        cases.case(&format!("{status}"), expected, |state| {
            let rule = json!({"Name":"r","Targets":["a"],"Schedule":"cron(0 22-1 * * *)","Duration":"PT8H","Status":status});
            set(state, "/alarm_mute_rules", json!([rule]));
        });
    }
    cases.done();
}

#[test]
fn many_mute_rules_on_many_alarms_are_worked_out_in_time() {
    let mut cases = Cases::default();
    cases.case("hundreds of both", "PASS", |state| {
        let names: Vec<String> = (0..100).map(|at| format!("a{at}")).collect();
        for name in &names {
            set(state, "/alarms/-", alarm(name, "m"));
        }
        let rules: Vec<Value> = (0..200)
            .map(|at| {
                json!({"Name":format!("r{at}"),"Targets":names,"Schedule":"cron(0 0 31 2 *)","Duration":"P15D"})
            })
            .collect();
        set(state, "/alarm_mute_rules", json!(rules));
    });
    cases.done();
}
