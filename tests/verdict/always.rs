//! Filters that match practically every record: their alarms never rest.

use serde_json::{Value, json};

use super::support::{Cases, NAMES, PATTERN, filter, set};

fn alone(pattern: &str) -> impl FnOnce(&mut Value) {
    move |state| set(state, "/metric_filters/0/filterPattern", json!(pattern))
}

#[test]
fn what_practically_every_record_has_is_no_choice() {
    let mut cases = Cases::default();
    for pattern in [
        "{ $.eventSource = \"*.amazonaws.com\" }",
        "{ $.eventSource = *amazonaws.com }",
        "{ $.managementEvent IS TRUE }",
        "{ ($.managementEvent IS TRUE) || ($.managementEvent IS FALSE) }",
        "{ ($.readOnly IS TRUE) || ($.readOnly IS FALSE) }",
        "{ $.eventCategory = Management }",
        "{ $.eventType = \"Aws*\" }",
        "{ $.eventType = AwsApiCall }",
        "{ $.awsRegion = \"*-*\" }",
        "{ ($.awsRegion = us-east-1) || ($.awsRegion = eu-west-1) }",
        "{ $.recipientAccountId = \"111122223333\" }",
        "{ $.recipientAccountId = 111122223333 }",
        "{ $.recipientAccountId = 111122223333 && $.eventType = AwsApiCall }",
        "{ $.userIdentity.type = * }",
        "{ $.eventTime = \"20*\" }",
        "{ $.eventVersion = \"1.*\" }",
    ] {
        cases.case(pattern, "FAIL alarm", alone(pattern));
        cases.case(&format!("{pattern} beside"), "FAIL alarm", |state| {
            set(state, "/metric_filters/-", filter("second", pattern, "m"));
        });
    }
    cases.done();
}

#[test]
fn what_some_records_have_is_noise() {
    let mut cases = Cases::default();
    for pattern in [
        "{ $.eventSource = cloudtrail.amazonaws.com }",
        "{ $.eventSource = \"cloud*\" }",
        "{ $.readOnly IS FALSE }",
        "{ $.readOnly IS FALSE && $.eventType = AwsApiCall }",
    ] {
        cases.case(pattern, "PASS", alone(pattern));
    }
    for pattern in [
        "{ $.eventType = AwsConsoleSignIn }",
        "{ $.eventType != AwsApiCall }",
        "{ $.recipientAccountId = 999988887777 }",
        "{ $.awsRegion = eu-west-1 }",
        "{ $.eventName = PutObject }",
        "{ $.eventCategory = Data }",
    ] {
        cases.case(pattern, "PASS", |state| {
            set(state, "/metric_filters/-", filter("second", pattern, "m"));
        });
    }
    cases.done();
}

#[test]
fn the_account_and_its_regions_may_be_named_beside_the_events() {
    let mut cases = Cases::default();
    let events = PATTERN.trim_matches(['{', '}', ' ']);
    for (also, expected) in [
        ("$.recipientAccountId = 111122223333", "PASS"),
        ("$.eventSource = \"*.amazonaws.com\"", "PASS"),
        ("$.managementEvent IS TRUE", "PASS"),
        ("$.eventTime = \"20*\"", "PASS"),
        ("$.eventTime = \"*Z\"", "PASS"),
        ("$.eventTime = \"2019-*\"", "FAIL pattern"),
        ("$.eventVersion = \"1.*\"", "PASS"),
        ("$.eventVersion != 1.0", "PASS"),
        ("$.eventVersion = \"1.0*\"", "FAIL pattern"),
        ("$.eventVersion = \"2.*\"", "FAIL pattern"),
    ] {
        let pattern = format!("{{ ({events}) && ({also}) }}");
        cases.case(&pattern, expected, alone(&pattern));
    }
    cases.done();
}

/// The example of a finding is an event that there may be.
#[test]
fn an_example_is_dated_and_versioned_as_records_are() {
    let example = |also: &str| {
        let mut state = super::support::sound();
        let events = PATTERN.trim_matches(['{', '}', ' ']);
        alone(&format!("{{ ({events}) && ({also}) }}"))(&mut state);
        let finding = super::support::judge(&state).findings.swap_remove(0);
        assert_eq!(finding.missing_events, NAMES, "{also}");
        finding.counterexample.unwrap()
    };
    assert_eq!(
        example("$.eventTime = \"2019-*\"")["eventTime"],
        "2026-11-23T00:05:00Z"
    );
    assert_eq!(
        example("$.eventTime = \"2026-*\"")["eventTime"],
        "2027-01-01T00:00:00Z"
    );
    assert_eq!(example("$.eventVersion = 1.08")["eventVersion"], "1.11");
}
