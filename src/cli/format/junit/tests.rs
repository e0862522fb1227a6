use quick_xml::Reader;

use super::*;
use crate::assess::Link;
use crate::cli::format::samples::{EVIL, evil, one, two_accounts};
use crate::telemetry::samples::{cut_at, passing};

#[test]
fn a_suite_an_account_and_a_case_a_control() {
    let sample = two_accounts();
    let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="trailwarden" tests="6" failures="1" errors="1" time="0">
  <testsuite name="account 012345678901" id="0" timestamp="2026-08-01T12:00:00" tests="3" failures="1" errors="1" skipped="0" time="0">
    <testcase name="cloudtrail-config-changes (4.5): Changes to CloudTrail&apos;s configuration are noticed" classname="trailwarden.012345678901" time="0">
      <failure message="pattern: the filter cis does not match every required event" type="pattern">pattern: the filter cis does not match every required event
  resource: cis
  missing: StopLogging, DeleteTrail
  example: {&quot;eventName&quot;:&quot;StopLogging&quot;,&quot;userAgent&quot;:&quot;cis&quot;}
  remedy: aws logs put-metric-filter --filter-name &apos;cis&apos;</failure>
      <system-out>noisy_pattern: cis also matches what is not required</system-out>
    </testcase>
    <testcase name="iam-policy-changes (4.4): Changes to IAM policies are noticed" classname="trailwarden.012345678901" time="0"/>
    <testcase name="vpn: VPNs are watched" classname="trailwarden.012345678901" time="0">
      <error message="visibility: the subscriptions of the topic were not seen: sns:ListSubscriptionsByTopic was denied" type="visibility">visibility: the subscriptions of the topic were not seen: sns:ListSubscriptionsByTopic was denied
  resource: arn:aws:sns:eu-central-1:444455556666:security
  remedy: allow sns:ListSubscriptionsByTopic</error>
    </testcase>
  </testsuite>
  <testsuite name="account 111122223333" id="1" timestamp="2026-08-01T12:00:00" tests="3" failures="0" errors="0" skipped="0" time="0">
    <testcase name="cloudtrail-config-changes (4.5): Changes to CloudTrail&apos;s configuration are noticed" classname="trailwarden.111122223333" time="0"/>
    <testcase name="iam-policy-changes (4.4): Changes to IAM policies are noticed" classname="trailwarden.111122223333" time="0"/>
    <testcase name="vpn: VPNs are watched" classname="trailwarden.111122223333" time="0"/>
  </testsuite>
</testsuites>
"#;
    assert_eq!(render(sample.accounts()).unwrap(), expected);
}

#[test]
fn warnings_of_a_passing_control_are_its_output() {
    let mut assessment = passing();
    assessment.warnings = cut_at(Link::Alarm, "cis").warnings;
    let text = render(one(assessment).accounts()).unwrap();
    assert!(
        text.contains(
            "<system-out>noisy_pattern: cis also matches what is not required</system-out>"
        )
    );
    assert!(!text.contains("<failure") && !text.contains("<error"));
}

#[test]
fn no_name_ends_an_element_or_brings_one() {
    let text = render(evil().accounts()).unwrap();
    let mut reader = Reader::from_str(&text);
    let mut elements = Vec::new();
    let mut texts = String::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => break,
            Event::Start(start) => {
                elements.push(start.name().as_ref().to_owned());
                for attribute in start.attributes() {
                    attribute.unwrap();
                }
            }
            Event::Text(part) => texts.push_str(&part),
            Event::GeneralRef(part) => {
                texts.push_str(quick_xml::escape::resolve_predefined_entity(&part).unwrap());
            }
            Event::Decl(_) | Event::End(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        elements,
        [
            "testsuites",
            "testsuite",
            "testcase",
            "failure",
            "system-out",
            "testcase",
            "system-out"
        ]
    );
    assert!(
        texts.contains(&format!("  resource: {}", sanitize(EVIL))),
        "{texts}"
    );
}
