//! What a finding tells where no command alone will do: in words, or in which account.

use serde_json::{Value, json};

use super::support::{judge, set, sound};

fn first_remedy(state: &Value) -> String {
    judge(state).findings[0].remedy.clone().unwrap()
}

#[test]
fn what_is_denied_is_not_allowed_by_one_more_statement() {
    let policy = |effect: &str, principal: Value, actions: Value| json!({"Effect": effect, "Principal": principal, "Action": actions, "Resource": "*"});
    let cloudwatch = || json!({"Service": "cloudwatch.amazonaws.com"});
    let publish = |effect: &str| policy(effect, cloudwatch(), json!("sns:Publish"));
    for (statements, begin) in [
        (
            json!([publish("Allow"), publish("Deny")]),
            "Take out of the topic's policy (aws sns get-topic-attributes ",
        ),
        (
            json!([publish("Deny")]),
            "Take out of the topic's policy (aws sns get-topic-attributes ",
        ),
        (
            json!([]),
            "Add to the topic's policy (aws sns get-topic-attributes ",
        ),
    ] {
        let mut state = sound();
        let text = json!({"Statement": statements}).to_string();
        set(&mut state, "/topics/0/Attributes/Policy", json!(text));
        let remedy = first_remedy(&state);
        assert!(remedy.starts_with(begin), "{remedy}");
        assert!(remedy.ends_with("--attribute-value file://policy.json"));
    }
    let arn = "arn:aws:kms:us-east-1:111122223333:key/1234";
    let both = || json!(["kms:GenerateDataKey*", "kms:Decrypt"]);
    let grant = || policy("Allow", cloudwatch(), both());
    let deny = policy("Deny", json!("*"), json!("kms:Decrypt"));
    for (statements, begin) in [
        (
            json!([grant(), deny]),
            "Take out of the key's policy the statement that denies kms:Decrypt ",
        ),
        (
            json!([]),
            "Add to the key's policy a statement that allows kms:GenerateDataKey* ",
        ),
    ] {
        let mut state = sound();
        set(
            &mut state,
            "/topics/0/Attributes/KmsMasterKeyId",
            json!(arn),
        );
        let text = json!({"Statement": statements}).to_string();
        let key = json!({"Arn": arn, "KeyState": "Enabled", "Policy": text});
        set(&mut state, "/kms_keys", json!([key]));
        let remedy = first_remedy(&state);
        assert!(remedy.starts_with(begin), "{remedy}");
    }
}
