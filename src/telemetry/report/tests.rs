use serde_json::json;

use super::*;
use crate::telemetry::samples::{account, actor, cut_at, info, passing, time};

fn report(controls: Vec<ControlReport>) -> AccountReport {
    AccountReport {
        account_id: account("012345678901"),
        evaluated_at: time("2026-08-01T12:00:00Z"),
        controls,
        region: "eu-central-1".to_owned(),
    }
}

#[test]
fn a_passing_control_has_every_field_and_null_for_what_is_absent() {
    let control = ControlReport::new(&info(), &passing(), |_| None);
    assert_eq!(
        serde_json::to_value(report(vec![control])).unwrap(),
        json!({
            "account_id": "012345678901",
            "evaluated_at": "2026-08-01T12:00:00Z",
            "controls": [{
                "key": "cloudtrail-config-changes",
                "cis": "4.5",
                "security_hub": "CloudWatch.5",
                "title": "Changes of CloudTrail's configuration are told to somebody",
                "severity": "LOW",
                "verdict": "PASS",
                "broken_link": null,
                "findings": [],
                "warnings": [],
                "literal": {"cis": null, "security_hub": null},
            }],
        })
    );
}

#[test]
fn a_failing_control_says_what_is_wrong_what_mends_it_and_who_did_it() {
    let by = actor("mallory");
    let control = ControlReport::new(&info(), &cut_at(Link::Pattern, "cis"), |finding| {
        (finding.link == Link::Pattern).then(|| by.clone())
    });
    let document = serde_json::to_value(&control).unwrap();
    assert_eq!(document["verdict"], "FAIL");
    assert_eq!(document["broken_link"], "pattern");
    assert_eq!(
        document["findings"],
        json!([{
            "link": "pattern",
            "resource": "cis",
            "message": "the filter cis does not match every required event",
            "remedy": "aws logs put-metric-filter --filter-name 'cis'",
            "missing_events": ["StopLogging", "DeleteTrail"],
            "counterexample": {"eventName": "StopLogging", "userAgent": "cis"},
            "actor": {
                "principal_arn": "arn:aws:sts::111122223333:assumed-role/admin/mallory",
                "source_address": "203.0.113.7",
                "user_agent": "aws-cli/2.27 mallory",
                "event_name": "DeleteMetricFilter",
                "event_id": "0d5f1f4e-9f0a-4a2b-8a52-6a3a1c1c9d11",
                "time": "2026-08-01T11:59:30Z",
            },
        }])
    );
    assert_eq!(
        document["warnings"],
        json!([{"code": "noisy_pattern", "message": "cis also matches what is not required"}])
    );
    assert_eq!(
        document["literal"]["security_hub"],
        json!({
            "verdict": "FAIL",
            "code": "CLOUDTRAIL_METRIC_FILTER_NOT_VALID",
            "differs": "the text of cis is not the prescribed one",
        })
    );
}

#[test]
fn the_picture_has_all_links_with_the_names_of_their_resources() {
    let control = ControlReport::new(&info(), &cut_at(Link::Metric, "cis"), |_| None);
    let drawn: Vec<_> = control
        .links
        .iter()
        .map(|one| (one.link, one.state, one.resources.join(" ")))
        .collect();
    let expected = [
        (Link::Trail, LinkState::Ok, "cis"),
        (Link::Selector, LinkState::Ok, ""),
        (Link::LogGroup, LinkState::Ok, "/aws/cloudtrail/cis"),
        (Link::Pattern, LinkState::Ok, "cis"),
        (Link::Metric, LinkState::Broken, "CISBenchmark/cis_metric"),
        (Link::Alarm, LinkState::Undecided, "cis_alarm"),
        (Link::Action, LinkState::Undecided, ""),
        (Link::Topic, LinkState::Undecided, "cis"),
        (
            Link::Subscription,
            LinkState::Undecided,
            "email: cis@example.com",
        ),
    ]
    .map(|(link, state, names)| (link, state, names.to_owned()));
    assert_eq!(drawn, expected);
}

#[test]
fn one_account_is_an_object_and_several_are_a_list() {
    let one = report(Vec::new());
    let object = serde_json::to_value(&one).unwrap();
    assert_eq!(serde_json::to_value(Document(&[&one])).unwrap(), object);
    assert_eq!(
        serde_json::to_value(Document(&[&one, &one])).unwrap(),
        json!({"accounts": [object, object]})
    );
    let none: [&AccountReport; 0] = [];
    assert_eq!(
        serde_json::to_value(Document(&none)).unwrap(),
        json!({"accounts": []})
    );
}
