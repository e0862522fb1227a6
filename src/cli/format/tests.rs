use super::samples::{EVIL, NEVER, evil, two_accounts};
use super::*;
use crate::assess::{Assessment, Verdict};
use crate::snapshot::Snapshot;
use crate::telemetry::samples::passing;

const FORMATS: [Format; 6] = [
    Format::Text,
    Format::Json,
    Format::Asff,
    Format::Ocsf,
    Format::Junit,
    Format::Markdown,
];

#[test]
fn every_format_ends_in_one_line_break_and_names_every_control() {
    let sample = two_accounts();
    for format in FORMATS {
        let document = render(&sample.judged(), format, false).unwrap();
        assert!(document.ends_with('\n'), "{format:?}");
        for name in [
            "012345678901",
            "111122223333",
            "cloudtrail-config-changes",
            "vpn",
        ] {
            assert!(document.contains(name), "{format:?} lacks {name}");
        }
    }
}

#[test]
fn no_format_carries_what_acts_on_a_screen() {
    let sample = evil();
    for format in FORMATS {
        let document = render(&sample.judged(), format, false).unwrap();
        // JSON says what AWS said: its own escapes keep control characters out, direction marks it leaves.
        let never = NEVER
            .iter()
            .filter(|one| format != Format::Json || one.is_control());
        for never in never {
            assert!(!document.contains(*never), "{format:?} carries {never:?}");
        }
    }
}

#[test]
fn json_says_names_as_they_are() {
    let document = render(&evil().judged(), Format::Json, false).unwrap();
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let finding = &document["controls"][0]["findings"][0];
    assert_eq!(finding["resource"], EVIL);
}

#[test]
fn json_of_several_accounts_is_an_object_of_accounts() {
    let document = render(&two_accounts().judged(), Format::Json, false).unwrap();
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let verdicts = |index: usize| {
        let controls = document["accounts"][index]["controls"].as_array().unwrap();
        let words = controls.iter().map(|one| one["verdict"].as_str().unwrap());
        words.collect::<Vec<_>>()
    };
    assert_eq!(verdicts(0), ["FAIL", "PASS", "UNKNOWN"]);
    assert_eq!(verdicts(1), ["PASS", "PASS", "PASS"]);
}

#[test]
fn findings_are_filed_where_the_chain_is_or_was() {
    let snapshot = |json: serde_json::Value| -> Snapshot {
        let mut whole =
            serde_json::json!({"account_id": "012345678901", "now": "2026-08-01T12:00:00Z"});
        whole
            .as_object_mut()
            .unwrap()
            .extend(json.as_object().unwrap().clone());
        Snapshot::from_json(&whole.to_string()).unwrap()
    };
    let gone = Assessment {
        verdict: Verdict::Fail,
        region: None,
        ..passing()
    };
    let filter = serde_json::json!({"metric_filters": [{
        "region": "eu-west-1", "logGroupName": "g", "filterName": "f", "metricTransformations": [],
    }]});
    let alarm = serde_json::json!({"alarms": [{
        "AlarmName": "a", "AlarmArn": "arn:aws:cloudwatch:eu-west-2:012345678901:alarm:a",
    }]});
    let trail =
        serde_json::json!({"trails": [{"Name": "t", "TrailARN": "t", "HomeRegion": "eu-west-3"}]});
    let away = serde_json::json!({"observer_region": "ap-south-1"});
    let china = serde_json::json!({"enabled_regions": ["cn-north-1", "cn-northwest-1"]});
    let enabled = serde_json::json!({"enabled_regions": ["eu-west-1", "us-east-1"]});
    for (seen, expected) in [
        (serde_json::json!({}), "us-east-1"),
        (filter, "eu-west-1"),
        (alarm, "eu-west-2"),
        (trail, "eu-west-3"),
        (away, "ap-south-1"),
        (china, "cn-north-1"),
        (enabled, "us-east-1"),
    ] {
        let seen = snapshot(seen);
        assert_eq!(filing_region(&seen, std::slice::from_ref(&gone)), expected);
        assert_eq!(
            filing_region(&seen, &[gone.clone(), passing()]),
            "eu-central-1"
        );
    }
}
