//! What belongs to which region: a topic's key, and the events of services that have no region.

use serde_json::{Value, json};

use super::support::{Cases, brief_of_own, control, set};

fn key(region: &str, account: &str, id: &str, state: &str) -> Value {
    let grant = json!({"Statement": {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*"}});
    json!({
        "Arn": format!("arn:aws:kms:{region}:{account}:key/{id}"), "Aliases": ["alias/foo"], "KeyState": state,
        "Policy": grant.to_string()
    })
}

#[test]
fn a_key_that_is_named_without_an_arn_is_of_the_topics_own_region_and_account() {
    let mut cases = Cases::default();
    let own = |state: &str| key("us-east-1", "111122223333", "mrk-2", state);
    let elsewhere = |state: &str| key("eu-west-1", "111122223333", "mrk-2", state);
    let anothers = || key("us-east-1", "999988887777", "mrk-2", "Enabled");
    for (named, expected, keys) in [
        (
            "alias/foo",
            "FAIL topic",
            json!([elsewhere("Enabled"), own("Disabled")]),
        ),
        (
            "alias/foo",
            "FAIL topic",
            json!([own("Disabled"), elsewhere("Enabled")]),
        ),
        (
            "alias/foo",
            "PASS",
            json!([elsewhere("Disabled"), own("Enabled")]),
        ),
        (
            "alias/foo",
            "UNKNOWN visibility",
            json!([elsewhere("Enabled")]),
        ),
        ("alias/foo", "UNKNOWN visibility", json!([anothers()])),
        (
            "mrk-2",
            "FAIL topic",
            json!([elsewhere("Enabled"), own("Disabled")]),
        ),
        (
            "mrk-2",
            "PASS",
            json!([elsewhere("Disabled"), own("Enabled")]),
        ),
        ("mrk-2", "UNKNOWN visibility", json!([anothers()])),
        (
            "arn:aws:kms:us-east-1:111122223333:alias/foo",
            "FAIL topic",
            json!([elsewhere("Enabled"), own("Disabled")]),
        ),
        (
            "arn:aws:kms:us-east-1:999988887777:alias/foo",
            "PASS",
            json!([own("Disabled"), anothers()]),
        ),
        (
            "arn:aws:kms:us-east-1:999988887777:key/mrk-2",
            "PASS",
            json!([own("Disabled"), anothers()]),
        ),
    ] {
        cases.case(&format!("{named} of {keys}"), expected, |state| {
            set(state, "/topics/0/Attributes/KmsMasterKeyId", json!(named));
            set(state, "/kms_keys", keys);
        });
    }
    cases.done();
}

/// The sound chain, of a control's own pattern, moved to a region that alone is enabled.
fn moved(control_name: &str, region: &str, is_multi_region: bool) -> impl FnOnce(&mut Value) {
    let pattern = control(control_name).prescribed[0]
        .pattern
        .text()
        .to_owned();
    let region = region.to_owned();
    move |state| {
        let text = state.to_string().replace("us-east-1", &region);
        *state = serde_json::from_str(&text).unwrap();
        set(state, "/enabled_regions", json!([region]));
        set(
            state,
            "/trails/0/IsMultiRegionTrail",
            json!(is_multi_region),
        );
        set(state, "/metric_filters/0/filterPattern", json!(pattern));
    }
}

#[test]
fn events_of_iam_and_organizations_come_from_the_global_region_whatever_is_enabled() {
    let mut cases = Cases::default();
    for (control, region, is_multi_region, expected) in [
        ("4.4", "eu-west-1", false, "FAIL trail"),
        ("4.15", "eu-west-1", false, "FAIL trail"),
        ("4.4", "eu-west-1", true, "PASS"),
        ("4.15", "eu-west-1", true, "PASS"),
        ("4.4", "us-east-1", false, "PASS"),
        ("4.15", "us-east-1", false, "PASS"),
        // Any service's, IAM's among them.
        ("4.1", "eu-west-1", false, "FAIL trail"),
        ("4.3", "eu-west-1", false, "FAIL trail"),
        ("4.1", "eu-west-1", true, "PASS"),
        ("4.3", "us-east-1", false, "PASS"),
        // Sign-ins come from where the console was.
        ("4.2", "eu-west-1", false, "PASS"),
        ("4.6", "eu-west-1", false, "PASS"),
    ] {
        let name = format!("{control} {region} {is_multi_region}");
        cases.case_of(
            control,
            &name,
            expected,
            moved(control, region, is_multi_region),
        );
    }
    cases.done();
}

#[test]
fn a_filter_of_a_region_has_to_name_the_one_that_the_source_records_in() {
    let mut cases = Cases::default();
    let only = |region: &'static str, also: &'static str| {
        move |state: &mut Value| {
            moved("4.4", "eu-west-1", true)(state);
            let text = state["metric_filters"][0]["filterPattern"]
                .as_str()
                .unwrap();
            let text = format!(
                "{{ $.awsRegion = {region} {also} && {} }}",
                &text[1..text.len() - 1]
            );
            set(state, "/metric_filters/0/filterPattern", json!(text));
        }
    };
    cases.case_of(
        "4.4",
        "of another region",
        "FAIL pattern",
        only("eu-west-1", ""),
    );
    cases.case_of("4.4", "of the global region", "PASS", only("us-east-1", ""));
    let iam = "&& $.eventSource = iam.amazonaws.com";
    cases.case_of(
        "4.4",
        "of IAM in the global region",
        "PASS",
        only("us-east-1", iam),
    );
    cases.case_of(
        "4.4",
        "of IAM elsewhere",
        "FAIL pattern",
        only("eu-west-1", iam),
    );
    cases.done();
}

#[test]
fn a_single_region_trail_elsewhere_does_not_record_global_services() {
    let mut cases = Cases::default();
    let wanting = moved("4.4", "eu-west-1", true);
    cases.case_of(
        "4.4",
        "global service events left out",
        "FAIL trail",
        |state| {
            wanting(state);
            set(state, "/trails/0/IncludeGlobalServiceEvents", json!(false));
        },
    );
    cases.done();
}

#[test]
fn a_control_of_the_users_own_is_of_the_global_region_where_it_names_a_global_service() {
    for (pattern, expected) in [
        (
            "{ $.eventSource = iam.amazonaws.com && $.eventName = CreateUser }",
            "FAIL trail",
        ),
        ("{ $.userIdentity.type = Root }", "FAIL trail"),
        (
            "{ $.eventSource = s3.amazonaws.com && $.eventName = CreateBucket }",
            "PASS",
        ),
        (
            "{ $.eventSource = s3.amazonaws.com && $.eventName = Delete* }",
            "PASS",
        ),
        ("{ $.eventName = CreateBucket }", "PASS"),
    ] {
        let found = brief_of_own(pattern, moved("4.5", "eu-west-1", false));
        assert_eq!(found, expected, "{pattern}");
    }
}
