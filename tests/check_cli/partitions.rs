//! Accounts of other partitions than the first: regions, ARNs and global services of their own.

use serde_json::{Value, json};

use super::{ONE, Saved, check, json_of, text, whole};

const PARTITIONS: [(&str, &str); 7] = [
    ("aws-cn", "cn-north-1"),
    ("aws-us-gov", "us-gov-west-1"),
    ("aws-eusc", "eusc-de-east-1"),
    ("aws-iso", "us-iso-east-1"),
    ("aws-iso-b", "us-isob-east-1"),
    ("aws-iso-e", "eu-isoe-west-1"),
    ("aws-iso-f", "us-isof-south-1"),
];

/// An account with a chain for 4.4 in the one region that it uses.
fn account(partition: &str, region: &str) -> Value {
    let text = whole(ONE).to_string();
    let text = text.replace("arn:aws:", &format!("arn:{partition}:"));
    let mut account: Value = serde_json::from_str(&text.replace("us-east-1", region)).unwrap();
    account["enabled_regions"] = json!([region]);
    account["trails"][0]["IsMultiRegionTrail"] = json!(false);
    let controls = json_of(&super::run(&["controls", "--format", "json"], &[], ""));
    let controls = controls.as_array().unwrap();
    let control = controls
        .iter()
        .find(|one| one["cis_versions"]["3.0.0"] == "4.4")
        .unwrap();
    let mut patterns = control["patterns"].as_array().unwrap().iter();
    let pattern = patterns.find(|one| one["satisfies"] == true).unwrap();
    account["metric_filters"][0]["filterPattern"] = pattern["text"].clone();
    account
}

#[test]
fn events_of_global_services_are_recorded_in_a_region_of_the_partition() {
    for (partition, region) in PARTITIONS {
        let saved = Saved::new(&[("one.json", &account(partition, region))]);
        let output = check(&["--control", "4.4", "--snapshot", &saved.path("one.json")]);
        let shown = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{partition}: {shown}");
    }
}

#[test]
fn commands_and_findings_name_resources_of_the_partition() {
    for (partition, region) in PARTITIONS {
        let mut account = account(partition, region);
        account["trails"][0]["CloudWatchLogsLogGroupArn"] = Value::Null;
        let saved = Saved::new(&[("one.json", &account)]);
        for format in ["text", "json", "asff", "ocsf"] {
            let output = check(&[
                "--control",
                "4.4",
                "--format",
                format,
                "--snapshot",
                &saved.path("one.json"),
            ]);
            let shown = text(&output.stdout);
            assert_eq!(output.status.code(), Some(2), "{partition}: {shown}");
            assert!(!shown.contains("arn:aws:"), "{partition} {format}: {shown}");
        }
    }
}
