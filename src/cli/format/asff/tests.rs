use serde_json::json;

use super::*;
use crate::assess::Link;
use crate::cli::format::samples::{Sample, control, one, own, two_accounts};
use crate::telemetry::samples::{cut_at, passing, undecided};

fn only(sample: &Sample) -> Value {
    let mut findings = findings(&sample.judged());
    assert_eq!(findings.len(), 1);
    findings.remove(0)
}

#[test]
fn a_failing_control_is_a_failed_finding_about_the_account() {
    let finding = only(&one(cut_at(Link::Pattern, "cis")).of_benchmark("cis-3.0.0"));
    let types = json!([
        "Software and Configuration Checks/Industry and Regulatory Standards/CIS AWS Foundations Benchmark"
    ]);
    let severity = json!({"Label": "LOW", "Original": "LOW"});
    let expected = json!({
        "SchemaVersion": "2018-10-08",
        "Id": "trailwarden/eu-central-1/012345678901/cloudtrail-config-changes",
        "ProductArn": "arn:aws:securityhub:eu-central-1:012345678901:product/012345678901/default",
        "GeneratorId": "trailwarden/cloudtrail-config-changes",
        "AwsAccountId": "012345678901",
        "Types": types,
        "CreatedAt": "2026-08-01T12:00:00.123Z",
        "UpdatedAt": "2026-08-01T12:00:00.123Z",
        "Severity": severity,
        "Title": "4.5 Changes to CloudTrail's configuration are noticed",
        "Description": "pattern: the filter cis does not match every required event",
        "ProductFields": {
            "ProviderName": "trailwarden",
            "ProviderVersion": env!("CARGO_PKG_VERSION"),
            "trailwarden/control": "cloudtrail-config-changes",
            "trailwarden/verdict": "FAIL",
            "trailwarden/brokenLink": "pattern",
            "trailwarden/missingEvents": "StopLogging, DeleteTrail",
            "trailwarden/securityHubControl": "CloudWatch.5",
        },
        "Resources": [{
            "Type": "AwsAccount",
            "Id": "AWS::::Account:012345678901",
            "Partition": "aws",
            "Region": "eu-central-1",
        }],
        "Compliance": {
            "Status": "FAILED",
            "RelatedRequirements": ["CIS AWS Foundations Benchmark v3.0.0/4.5"],
            "StatusReasons": [{
                "ReasonCode": "PATTERN",
                "Description": "the filter cis does not match every required event",
            }],
        },
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
        "FindingProviderFields": {"Severity": severity, "Types": types},
        "Remediation": {"Recommendation": {
            "Text": "aws logs put-metric-filter --filter-name 'cis'",
            "Url": "https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-5",
        }},
    });
    assert_eq!(finding, expected);
}

#[test]
fn a_passing_control_is_informational_and_resolved() {
    let finding = only(&one(passing()));
    assert_eq!(finding["Severity"]["Label"], "INFORMATIONAL");
    assert_eq!(finding["Severity"]["Original"], "LOW");
    assert_eq!(finding["Compliance"]["Status"], "PASSED");
    assert_eq!(finding["Compliance"].get("StatusReasons"), None);
    assert_eq!(finding["Workflow"]["Status"], "RESOLVED");
    assert_eq!(finding.get("Remediation"), None);
    assert_eq!(finding["Description"], control("4.5").description);
}

#[test]
fn unknown_is_not_available_and_as_grave_as_a_failure() {
    let finding = only(&one(undecided()));
    assert_eq!(finding["Severity"]["Label"], "LOW");
    assert_eq!(finding["Compliance"]["Status"], "NOT_AVAILABLE");
    assert_eq!(
        finding["Compliance"]["StatusReasons"][0]["ReasonCode"],
        "VISIBILITY"
    );
    assert_eq!(finding["Workflow"]["Status"], "NEW");
    assert_eq!(finding["ProductFields"]["trailwarden/verdict"], "UNKNOWN");
}

#[test]
fn without_a_chosen_version_each_that_has_the_control_is_related() {
    let finding = only(&one(passing()));
    let related = finding["Compliance"]["RelatedRequirements"]
        .as_array()
        .unwrap();
    assert_eq!(related.len(), 10);
    assert_eq!(related[0], "CIS AWS Foundations Benchmark v1.2.0/3.5");
    assert_eq!(related[9], "CIS AWS Foundations Benchmark v7.0.0/5.5");
}

#[test]
fn a_control_of_ones_own_belongs_to_no_standard() {
    let sample = Sample::new(
        &[own()],
        &[("012345678901", vec![cut_at(Link::Alarm, "x")])],
    );
    let finding = only(&sample);
    assert_eq!(
        finding["Types"],
        json!(["Software and Configuration Checks/AWS Security Best Practices"])
    );
    assert_eq!(finding["Compliance"].get("RelatedRequirements"), None);
    assert_eq!(finding["Title"], "VPNs are watched");
    assert_eq!(finding["Severity"]["Label"], "MEDIUM");
    assert_eq!(finding["Remediation"]["Recommendation"].get("Url"), None);
}

#[test]
fn ids_differ_by_account_and_control_and_products_by_account() {
    let sample = two_accounts();
    let findings = findings(&sample.judged());
    assert_eq!(findings.len(), 6);
    let mut ids: Vec<&str> = findings
        .iter()
        .map(|one| one["Id"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 6);
    assert_eq!(
        findings[5]["ProductArn"],
        "arn:aws:securityhub:eu-central-1:111122223333:product/111122223333/default"
    );
}

#[test]
fn partitions_follow_the_region() {
    for (region, partition) in [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")] {
        let finding = only(&one(passing()).in_region(region));
        let arn = finding["ProductArn"].as_str().unwrap();
        assert!(
            arn.starts_with(&format!("arn:{partition}:securityhub:{region}:")),
            "{arn}"
        );
        assert_eq!(finding["Resources"][0]["Partition"], partition);
    }
}

#[test]
fn long_texts_are_cut_to_what_the_api_takes_and_commands_are_never_cut() {
    let long = "ß".repeat(3000);
    let mut assessment = cut_at(Link::Pattern, &long);
    let mut control = control("4.5");
    long.clone_into(&mut control.title);
    long.clone_into(&mut control.key);
    let short = "aws logs put-metric-filter --filter-name x";
    assessment.findings.push(crate::assess::Finding {
        remedy: Some(short.to_owned()),
        ..assessment.findings[0].clone()
    });
    let sample = |assessment| {
        Sample::new(
            std::slice::from_ref(&control),
            &[("012345678901", vec![assessment])],
        )
    };
    let finding = only(&sample(assessment.clone()));
    let length = |value: &Value| value.as_str().unwrap().chars().count();
    assert_eq!(length(&finding["Title"]), 256);
    assert_eq!(length(&finding["Description"]), 1024);
    assert_eq!(length(&finding["Id"]), 512);
    assert_eq!(length(&finding["GeneratorId"]), 512);
    assert_eq!(
        length(&finding["Compliance"]["StatusReasons"][0]["Description"]),
        1024
    );
    assert_eq!(
        length(&finding["ProductFields"]["trailwarden/control"]),
        2048
    );
    let text = finding["Remediation"]["Recommendation"]["Text"]
        .as_str()
        .unwrap();
    assert!(
        text.starts_with("What mends it is too long for this field"),
        "{text}"
    );
    assert_eq!(text.chars().count(), 512);

    assessment.findings.swap(0, 1);
    let finding = only(&sample(assessment));
    assert_eq!(
        finding["Remediation"]["Recommendation"]["Text"], short,
        "the first step alone fits"
    );
}
