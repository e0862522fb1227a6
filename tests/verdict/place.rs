//! What belongs to which region: a topic's key.

use serde_json::{Value, json};

use super::support::{Cases, set};

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
