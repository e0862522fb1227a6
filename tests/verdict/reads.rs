//! What a metric filter reads: records of which account and region, as they come or as a transformer leaves them.

use serde_json::{Value, json};

use super::support::{Cases, PATTERN, filter, remove, set};

#[test]
fn selection_criteria_and_transformers() {
    let mut cases = Cases::default();
    for (criteria, expected) in [
        ("@aws.account = \"111122223333\"", "PASS"),
        ("@aws.region IN [\"us-east-1\", \"eu-west-1\"]", "PASS"),
        ("@aws.account != \"111122223333\"", "FAIL pattern"),
        ("@aws.region = \"eu-west-1\"", "FAIL pattern"),
        ("@data.format = \"x\"", "UNKNOWN pattern"),
        ("", "PASS"),
    ] {
        cases.case(criteria, expected, |state| {
            set(
                state,
                "/metric_filters/0/fieldSelectionCriteria",
                json!(criteria),
            );
        });
    }
    cases.case("not on transformed logs", "PASS", |state| {
        set(
            state,
            "/metric_filters/0/applyOnTransformedLogs",
            json!(false),
        );
    });
    for pattern in [
        PATTERN,
        "{ $.api.operation = CreateTrail || $.api.operation = StopLogging }",
        "{ $.class_uid = 6003 }",
        "{ $.eventName = GetObject }",
    ] {
        let transformed = |state: &mut Value| {
            let mut other = filter("other", pattern, "m");
            other["applyOnTransformedLogs"] = json!(true);
            set(state, "/metric_filters/-", other);
        };
        cases.case(
            &format!("{pattern} on what is made of the records"),
            "UNKNOWN metric",
            |state| {
                transformed(state);
                remove(state, "/metric_filters/0");
            },
        );
        cases.case(
            &format!("{pattern} on them, and nobody told"),
            "FAIL action",
            |state| {
                transformed(state);
                remove(state, "/metric_filters/0");
                set(state, "/alarms/0/AlarmActions", json!([]));
            },
        );
        cases.case(
            &format!("{pattern} on them, into another metric"),
            "PASS",
            |state| {
                transformed(state);
                set(
                    state,
                    "/metric_filters/1/metricTransformations/0/metricName",
                    json!("n"),
                );
            },
        );
        cases.case(
            &format!("{pattern} on them, into the same metric"),
            "UNKNOWN alarm",
            |state| {
                transformed(state);
            },
        );
    }
    cases.case(
        "everything that is made of the records",
        "FAIL alarm",
        |state| {
            set(
                state,
                "/metric_filters/0/applyOnTransformedLogs",
                json!(true),
            );
            set(state, "/metric_filters/0/filterPattern", json!(""));
        },
    );
    cases.case("an account-wide transformer that the filter does not use", "PASS", |state| {
        set(state, "/account_policies", json!([{"policyType": "TRANSFORMER_POLICY", "policyDocument": "[]", "region": "us-east-1"}]));
    });
    cases.done();
}

#[test]
fn the_account_and_the_region_of_a_log_group_are_known() {
    let mut cases = Cases::default();
    for (fields, values, expected) in [
        (&["@aws.account"][..], &["111122223333"][..], "PASS"),
        (&["@aws.account"], &["999988887777"], "FAIL metric"),
        (&["@aws.region"], &["us-east-1"], "PASS"),
        (&["@aws.region"], &["eu-west-1"], "FAIL metric"),
        (
            &["@aws.account", "@aws.region"],
            &["111122223333", "us-east-1"],
            "PASS",
        ),
        (
            &["@aws.account", "@aws.region"],
            &["111122223333", "eu-west-1"],
            "FAIL metric",
        ),
        (&["@data.format"], &["Default"], "UNKNOWN metric"),
        (
            &["@aws.account", "@data.format"],
            &["111122223333", "Default"],
            "UNKNOWN metric",
        ),
        (
            &["@aws.account", "@data.format"],
            &["999988887777", "Default"],
            "FAIL metric",
        ),
    ] {
        let dimensions: Vec<Value> = fields
            .iter()
            .zip(values)
            .map(|(name, value)| json!({"Name": name, "Value": value}))
            .collect();
        cases.case(&format!("{fields:?} {values:?}"), expected, |state| {
            set(
                state,
                "/metric_filters/0/emitSystemFieldDimensions",
                json!(fields),
            );
            set(state, "/alarms/0/Dimensions", json!(dimensions));
        });
    }
    cases.done();
}
