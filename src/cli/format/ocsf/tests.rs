use serde_json::json;

use super::*;
use crate::assess::Link;
use crate::cli::format::samples::{Sample, one, own, two_accounts};
use crate::telemetry::samples::{cut_at, passing, undecided};

fn only(sample: &Sample) -> Value {
    let mut findings = findings(&sample.judged());
    assert_eq!(findings.len(), 1);
    findings.remove(0)
}

#[test]
fn a_failing_control_is_a_compliance_finding() {
    let mut event = only(&one(cut_at(Link::Pattern, "cis")).of_benchmark("cis-6.0.0"));
    let compliance = event["compliance"].take();
    let control = crate::cli::format::samples::control("4.5");
    assert_eq!(
        compliance,
        json!({
            "control": "cloudtrail-config-changes",
            "desc": control.description,
            "standards": ["CIS AWS Foundations Benchmark"],
            "requirements": ["CIS AWS Foundations Benchmark v6.0.0/5.5"],
            "status_id": 3,
            "status": "Fail",
            "status_details": ["the filter cis does not match every required event"],
        })
    );
    let expected = json!({
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "type_uid": 200_301,
        "type_name": "Compliance Finding: Create",
        "time": 1_785_585_600_123_i64,
        "severity_id": 2,
        "severity": "Low",
        "status_id": 1,
        "status": "New",
        "message": "pattern: the filter cis does not match every required event",
        "metadata": {
            "version": "1.5.0",
            "profiles": ["cloud"],
            "event_code": "cloudtrail-config-changes",
            "product": {
                "uid": "trailwarden",
                "name": "trailwarden",
                "vendor_name": "trailwarden",
                "version": env!("CARGO_PKG_VERSION"),
            },
        },
        "cloud": {
            "provider": "AWS",
            "cloud_partition": "aws",
            "region": "eu-central-1",
            "account": {"uid": "012345678901", "type_id": 10, "type": "AWS Account"},
        },
        "compliance": null,
        "finding_info": {
            "uid": "trailwarden/eu-central-1/012345678901/cloudtrail-config-changes",
            "title": "4.5 Changes to CloudTrail's configuration are noticed",
            "desc": "pattern: the filter cis does not match every required event",
            "created_time": 1_785_585_600_123_i64,
        },
        "resources": [{
            "uid": "AWS::::Account:012345678901",
            "name": "012345678901",
            "type": "AwsAccount",
            "cloud_partition": "aws",
            "region": "eu-central-1",
        }],
        "remediation": {
            "desc": "aws logs put-metric-filter --filter-name 'cis'",
            "references": [
                "https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-5",
            ],
        },
    });
    assert_eq!(event, expected);
}

#[test]
fn verdicts_have_their_status_and_severity() {
    for (assessment, status, severity, mends) in [
        (passing(), (1, "Pass"), (1, "Informational"), false),
        (cut_at(Link::Topic, "x"), (3, "Fail"), (2, "Low"), true),
        (undecided(), (0, "Unknown"), (2, "Low"), true),
    ] {
        let event = only(&one(assessment));
        assert_eq!(event["compliance"]["status_id"], status.0);
        assert_eq!(event["compliance"]["status"], status.1);
        assert_eq!(event["severity_id"], severity.0);
        assert_eq!(event["severity"], severity.1);
        assert_eq!(event.get("remediation").is_some(), mends);
    }
}

#[test]
fn a_finding_without_a_remedy_tells_what_the_control_asks_for() {
    let mut assessment = cut_at(Link::Trail, "x");
    assessment.findings[0].remedy = None;
    let sample = Sample::new(&[own()], &[("012345678901", vec![assessment])]);
    let event = only(&sample);
    assert_eq!(event["remediation"]["desc"], own().remediation);
    assert_eq!(event["remediation"]["references"], json!([]));
    assert_eq!(event["compliance"]["standards"], json!([]));
    assert_eq!(event["compliance"]["requirements"], json!([]));
}

#[test]
fn there_is_one_event_a_control_and_account() {
    let sample = two_accounts();
    let events = findings(&sample.judged());
    let uids: Vec<&str> = events
        .iter()
        .map(|event| event["finding_info"]["uid"].as_str().unwrap())
        .collect();
    let expected = ["012345678901", "111122223333"].map(|account| {
        ["cloudtrail-config-changes", "iam-policy-changes", "vpn"]
            .map(|key| format!("trailwarden/eu-central-1/{account}/{key}"))
    });
    assert_eq!(uids, expected.concat());
}
