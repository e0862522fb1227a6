//! Do the trail's records reach a log group that metric filters can read?

use serde_json::{Value, json};

use super::support::{Cases, TRAIL, codes, judge, remove, set, sound};

fn status(fields: &[(&str, Value)]) -> impl FnOnce(&mut Value) {
    let fields: Vec<(String, Value)> = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    move |state| {
        let mut status = json!({});
        for (name, value) in fields {
            set(&mut status, &format!("/{name}"), value);
        }
        state["trail_status"][TRAIL] = status;
    }
}

#[test]
fn delivery_to_the_log_group() {
    let mut cases = Cases::default();
    let logging = ("IsLogging", json!(true));
    for (name, expected, fields) in [
        (
            "an error",
            "FAIL log_group",
            vec![
                ("LatestCloudWatchLogsDeliveryError", json!("Access denied.")),
                (
                    "LatestCloudWatchLogsDeliveryTime",
                    json!("2026-11-23T00:02:00Z"),
                ),
            ],
        ),
        (
            "an empty error is none",
            "PASS",
            vec![
                ("LatestCloudWatchLogsDeliveryError", json!("")),
                (
                    "LatestCloudWatchLogsDeliveryTime",
                    json!("2026-11-23T00:02:00Z"),
                ),
            ],
        ),
        ("never, start unknown", "FAIL log_group", vec![]),
        (
            "never, since long",
            "FAIL log_group",
            vec![("StartLoggingTime", json!("2026-11-01T00:00:00Z"))],
        ),
        (
            "never, but young",
            "PASS",
            vec![("StartLoggingTime", json!("2026-11-22T12:00:00Z"))],
        ),
        (
            "never, a day and a minute",
            "FAIL log_group",
            vec![("StartLoggingTime", json!("2026-11-22T00:04:00Z"))],
        ),
        (
            "old",
            "FAIL log_group",
            vec![(
                "LatestCloudWatchLogsDeliveryTime",
                json!("2026-11-20T00:00:00Z"),
            )],
        ),
        (
            "a day old less a minute",
            "PASS",
            vec![(
                "LatestCloudWatchLogsDeliveryTime",
                json!("2026-11-22T00:06:00Z"),
            )],
        ),
    ] {
        let fields: Vec<_> = [logging.clone()].into_iter().chain(fields).collect();
        cases.case(name, expected, status(&fields));
    }
    cases.case("old, but only writes are recorded", "PASS", |state| {
        state["event_selectors"][TRAIL]["EventSelectors"][0]["ReadWriteType"] = json!("WriteOnly");
        state["trail_status"][TRAIL]["LatestCloudWatchLogsDeliveryTime"] =
            json!("2026-11-20T00:00:00Z");
    });
    cases.done();
}

#[test]
fn unproven_and_old_deliveries_are_warned_of() {
    let mut young = sound();
    young["trail_status"][TRAIL] =
        json!({"IsLogging": true, "StartLoggingTime": "2026-11-23T00:00:00Z"});
    assert_eq!(codes(&judge(&young)), ["delivery_unproven"]);
    let mut old = sound();
    old["event_selectors"][TRAIL]["EventSelectors"][0]["ReadWriteType"] = json!("WriteOnly");
    old["trail_status"][TRAIL]["LatestCloudWatchLogsDeliveryTime"] = json!("2026-11-20T00:00:00Z");
    assert_eq!(codes(&judge(&old)), ["delivery_old"]);
}

#[test]
fn a_trail_without_a_log_group_is_given_one_of_its_own_account() {
    let mut state = sound();
    remove(&mut state, "/trails/0/CloudWatchLogsLogGroupArn");
    assert_eq!(
        judge(&state).findings[0].remedy,
        Some(format!(
            "aws cloudtrail update-trail --region us-east-1 --name {TRAIL} \
             --cloud-watch-logs-log-group-arn 'arn:aws:logs:us-east-1:111122223333:log-group:LOG_GROUP:*' \
             --cloud-watch-logs-role-arn arn:aws:iam::111122223333:role/ROLE"
        ))
    );
}

#[test]
fn the_log_group_is_the_one_that_the_arn_names() {
    let mut cases = Cases::default();
    let named = |arn: &'static str| {
        move |state: &mut Value| set(state, "/trails/0/CloudWatchLogsLogGroupArn", json!(arn))
    };
    cases.case("none", "FAIL log_group", |state| {
        remove(state, "/trails/0/CloudWatchLogsLogGroupArn");
    });
    cases.case("empty", "FAIL log_group", named(""));
    cases.case("no ARN", "FAIL log_group", named("ct"));
    cases.case(
        "without the star",
        "PASS",
        named("arn:aws:logs:us-east-1:111122223333:log-group:ct"),
    );
    cases.case(
        "a longer name",
        "FAIL log_group",
        named("arn:aws:logs:us-east-1:111122223333:log-group:ct-old:*"),
    );
    cases.case(
        "a shorter name",
        "FAIL log_group",
        named("arn:aws:logs:us-east-1:111122223333:log-group:c:*"),
    );
    cases.case(
        "another region",
        "FAIL log_group",
        named("arn:aws:logs:eu-west-1:111122223333:log-group:ct:*"),
    );
    cases.case(
        "another account",
        "FAIL log_group",
        named("arn:aws:logs:us-east-1:999988887777:log-group:ct:*"),
    );
    for name in [
        "/aws/cloudtrail/main",
        "org.trail-1_x#y",
        "aws-controltower/CloudTrailLogs",
    ] {
        cases.case(name, "PASS", |state| {
            set(
                state,
                "/trails/0/CloudWatchLogsLogGroupArn",
                json!(format!(
                    "arn:aws:logs:us-east-1:111122223333:log-group:{name}:*"
                )),
            );
            set(state, "/log_groups/0/logGroupName", json!(name));
            set(state, "/metric_filters/0/logGroupName", json!(name));
        });
    }
    cases.case(
        "filters on a group with a common prefix",
        "FAIL pattern",
        |state| {
            set(state, "/metric_filters/0/logGroupName", json!("ct-2"));
        },
    );
    cases.case(
        "filters on the same name in another region",
        "FAIL pattern",
        |state| {
            set(state, "/metric_filters/0/region", json!("eu-west-1"));
        },
    );
    cases.case("infrequent access", "FAIL log_group", |state| {
        set(
            state,
            "/log_groups/0/logGroupClass",
            json!("INFREQUENT_ACCESS"),
        );
    });
    cases.case("no class is Standard", "PASS", |state| {
        remove(state, "/log_groups/0/logGroupClass");
    });
    cases.case("not listed, but a filter names it", "PASS", |state| {
        set(state, "/log_groups", json!([]));
    });
    cases.case("not listed, no filter", "FAIL log_group", |state| {
        set(state, "/log_groups", json!([]));
        set(state, "/metric_filters", json!([]));
    });
    cases.done();
}

#[test]
fn masking_blinds_the_filter_if_it_hides_an_event_name() {
    let mut cases = Cases::default();
    let policy = |regex: &str, operation: Value| {
        json!({
            "Name": "p", "Version": "2021-06-01",
            "Configuration": {"CustomDataIdentifier": [{"Name": "Mine", "Regex": regex}]},
            "Statement": [{"Sid": "s", "DataIdentifier": ["Mine"], "Operation": operation}]
        })
    };
    let deidentify = || json!({"Deidentify": {"MaskConfig": {}}});
    let of_group = |document: Value| {
        move |state: &mut Value| {
            set(
                state,
                "/data_protection_policies",
                json!([{"region": "us-east-1", "logGroupName": "ct", "policyDocument": document}]),
            );
        }
    };
    cases.case(
        "a name",
        "FAIL log_group",
        of_group(policy("Stop[A-Za-z]+", deidentify())),
    );
    cases.case(
        "as a string",
        "FAIL log_group",
        of_group(json!(policy("StopLogging", deidentify()).to_string())),
    );
    cases.case(
        "audited only",
        "PASS",
        of_group(policy(
            "StopLogging",
            json!({"Audit": {"FindingsDestination": {}}}),
        )),
    );
    cases.case(
        "another value",
        "PASS",
        of_group(policy("EMP-[0-9]{6}", deidentify())),
    );
    cases.case("managed identifiers", "PASS", of_group(json!({"Statement": [{"DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"], "Operation": {"Deidentify": {"MaskConfig": {}}}}]})));
    cases.case("another group", "PASS", |state| {
        set(state, "/data_protection_policies", json!([{"region": "us-east-1", "logGroupName": "ct-2", "policyDocument": policy("StopLogging", deidentify())}]));
    });
    cases.case("by ARN", "FAIL log_group", |state| {
        set(state, "/data_protection_policies", json!([{"logGroupIdentifier": "arn:aws:logs:us-east-1:111122223333:log-group:ct", "policyDocument": policy("StopLogging", deidentify())}]));
    });
    let of_account = |region: &str, kind: &str| json!([{"region": region, "policyName": "p", "policyType": kind, "scope": "ALL", "policyDocument": policy("Logging$", deidentify()).to_string()}]);
    cases.case("of the account", "FAIL log_group", |state| {
        set(
            state,
            "/account_policies",
            of_account("us-east-1", "DATA_PROTECTION_POLICY"),
        );
    });
    cases.case("of another region", "PASS", |state| {
        set(
            state,
            "/account_policies",
            of_account("eu-west-1", "DATA_PROTECTION_POLICY"),
        );
    });
    cases.case("of another kind", "PASS", |state| {
        set(
            state,
            "/account_policies",
            of_account("us-east-1", "SUBSCRIPTION_FILTER_POLICY"),
        );
    });
    cases.done();
}
