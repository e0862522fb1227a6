//! Filters that split their metric by a field, and alarms that look at some of its values.

use serde_json::{Value, json};

use super::support::{Cases, alarm, control, filter, judge_as, set, sound};
use trailwarden::assess::Expectations;

/// The filter splits its metric by the field; an alarm for each of the values.
fn split(state: &mut Value, field: &str, values: &[&str]) {
    set(
        state,
        "/metric_filters/0/metricTransformations/0/dimensions",
        json!({"D": field}),
    );
    let of_value = |value: &&str| {
        let mut one = alarm(&format!("of {value}"), "m");
        let dimensions = json!([{"Name": "D", "Value": value}]);
        set(&mut one, "/Dimensions", dimensions);
        one
    };
    let alarms: Vec<Value> = values.iter().map(of_value).collect();
    set(state, "/alarms", json!(alarms));
}

#[test]
fn a_value_that_every_required_event_has_may_be_looked_at() {
    let mut cases = Cases::default();
    for (field, values, expected) in [
        ("$.awsRegion", &["us-east-1", "eu-west-1"][..], "PASS"),
        ("$.awsRegion", &["eu-west-1", "us-west-2"], "FAIL metric"),
        ("$.userIdentity.type", &["Root", "IAMUser"], "FAIL metric"),
        ("$.eventName", &["S*"], "FAIL metric"),
        // A boolean, several values, no field at all: what the metric then carries is not documented.
        ("$.managementEvent", &["true"], "UNKNOWN metric"),
        ("$.resources[*].type", &["x"], "UNKNOWN metric"),
        ("nonsense", &["x"], "UNKNOWN metric"),
    ] {
        let name = format!("split by {field}, looked at {values:?}");
        cases.case(&name, expected, |state| split(state, field, values));
    }
    for (values, expected) in [
        (&["Root"][..], "PASS"),
        (&["IAMUser", "Root"], "PASS"),
        (&["IAMUser"], "FAIL metric"),
        (&["Root*"], "FAIL metric"),
    ] {
        let name = format!("use of root, split by who it was, looked at {values:?}");
        cases.case_of("4.3", &name, expected, |state| {
            split(state, "$.userIdentity.type", values);
            let text = control("4.3").prescribed[0].pattern.text();
            set(state, "/metric_filters/0/filterPattern", json!(text));
        });
    }
    for key in ["4.1", "4.3", "4.5"] {
        for (value, expected) in [("Management", "PASS"), ("Data", "FAIL metric")] {
            let name = format!("{key}, split by the category, looked at {value}");
            cases.case_of(key, &name, expected, |state| {
                split(state, "$.eventCategory", &[value]);
                let text = control(key).prescribed[0].pattern.text();
                set(state, "/metric_filters/0/filterPattern", json!(text));
            });
        }
    }
    cases.done();
}

#[test]
fn the_account_of_an_event_is_the_one_that_is_judged() {
    let mut cases = Cases::default();
    for (value, expected) in [("111122223333", "PASS"), ("999988887777", "FAIL metric")] {
        cases.case(value, expected, |state| {
            split(state, "$.recipientAccountId", &[value]);
        });
        // The metric is the owner's, the events are those of the member.
        cases.case(&format!("a member, {value}"), expected, |state| {
            let mut owner = sound();
            split(&mut owner, "$.recipientAccountId", &["member"]);
            let owner = owner.to_string().replace("111122223333", "222233334444");
            let mut owner: Value = serde_json::from_str(&owner.replace("member", value)).unwrap();
            set(&mut owner, "/trails/0/IsOrganizationTrail", json!(true));
            set(state, "/trails", json!([owner["trails"][0]]));
            for list in ["metric_filters", "alarms", "topics", "subscriptions"] {
                set(state, &format!("/{list}"), json!([]));
            }
            set(state, "/other_accounts", json!([owner]));
        });
    }
    cases.done();
}

#[test]
fn what_no_filter_catches_is_missed_whatever_the_values() {
    let mut cases = Cases::default();
    for (pattern, expected) in [
        ("{ $.eventName = StopLogging }", "FAIL pattern"),
        ("{ $.eventName = * }", "FAIL alarm"),
    ] {
        cases.case(pattern, expected, |state| {
            split(state, "$.readOnly", &["false"]);
            set(state, "/metric_filters/0/filterPattern", json!(pattern));
        });
    }
    cases.done();
}

#[test]
fn the_names_that_are_missed_are_not_those_that_are_open() {
    let mut state = super::support::sound();
    split(&mut state, "$.readOnly", &["false"]);
    let text = "{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) || ($.eventName = DeleteTrail) }";
    set(&mut state, "/metric_filters/0", {
        let mut one = filter("f", text, "m");
        set(
            &mut one,
            "/metricTransformations/0/dimensions",
            json!({"D": "$.readOnly"}),
        );
        one
    });
    let assessment = judge_as(&state, "4.5", &Expectations::default());
    let missing = &assessment.findings[0].missing_events;
    assert_eq!(missing, &["StartLogging", "StopLogging"]);
}
