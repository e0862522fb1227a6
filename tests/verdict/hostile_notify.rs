//! Topics, policies, keys and subscriptions that look right and are not, and the other way round.

use serde_json::{Value, json};
use trailwarden::assess::Expectations;

use super::support::{Cases, TOPIC, judge, judge_as, remove, set, sound, subscription};

const ALARM: &str = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a";

fn policy(statements: Value) -> impl FnOnce(&mut Value) {
    let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    move |state| set(state, "/topics/0/Attributes/Policy", json!(text))
}

fn allow(condition: Value) -> Value {
    json!({"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish", "Resource": TOPIC, "Condition": condition})
}

#[test]
fn conditions_of_topic_policies() {
    let mut cases = Cases::default();
    for (expected, condition) in [
        (
            "PASS",
            json!({"StringEquals": {"aws:SourceAccount": ["999988887777", "111122223333"]}}),
        ),
        (
            "PASS",
            json!({"StringEquals": {"AWS:SOURCEACCOUNT": "111122223333"}}),
        ),
        (
            "PASS",
            json!({"StringLike": {"aws:SourceArn": "arn:aws:cloudwatch:*"}}),
        ),
        (
            "PASS",
            json!({"ArnEquals": {"aws:SourceArn": "arn:aws:cloudwatch:*:*:alarm:?"}}),
        ),
        ("PASS", json!({"ArnLike": {"aws:SourceArn": ALARM}})),
        (
            "FAIL topic",
            json!({"StringEquals": {"aws:SourceArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:*"}}),
        ),
        (
            "FAIL topic",
            json!({"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:*"}}),
        ),
        (
            "FAIL topic",
            json!({"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:b*"}}),
        ),
        (
            "FAIL topic",
            json!({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::bucket"}}),
        ),
        (
            "UNKNOWN topic",
            json!({"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:*"}}),
        ),
        (
            "UNKNOWN topic",
            json!({"StringEquals": {"aws:SourceArn": "${aws:PrincipalArn}"}}),
        ),
        (
            "FAIL topic",
            json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
        ),
        (
            "PASS",
            json!({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}),
        ),
        (
            "FAIL topic",
            json!({"StringEqualsIfExists": {"aws:SourceAccount": "999988887777"}}),
        ),
        ("PASS", json!({"Null": {"aws:SourceArn": "false"}})),
        ("FAIL topic", json!({"Null": {"aws:SourceArn": "true"}})),
        ("PASS", json!({"Null": {"aws:PrincipalArn": true}})),
        (
            "FAIL topic",
            json!({"ForAnyValue:StringNotEquals": {"aws:PrincipalOrgPaths": "o-1/*"}}),
        ),
        (
            "PASS",
            json!({"ForAllValues:StringEquals": {"aws:PrincipalOrgPaths": "o-1/*"}}),
        ),
        (
            "PASS",
            json!({"StringNotEquals": {"aws:PrincipalAccount": "999988887777"}}),
        ),
        (
            "PASS",
            json!({"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}),
        ),
        (
            "UNKNOWN topic",
            json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
        ),
        (
            "FAIL topic",
            json!({"StringEquals": {"aws:SourceAccount": "999988887777", "aws:Unheard": "x"}}),
        ),
    ] {
        cases.case(
            &condition.to_string(),
            expected,
            policy(json!([allow(condition.clone())])),
        );
    }
    cases.done();
}

#[test]
fn principals_actions_and_denials_of_topic_policies() {
    let mut cases = Cases::default();
    let deny = |fields: Value| {
        let mut statement = json!({"Effect": "Deny", "Action": "sns:Publish", "Resource": TOPIC});
        for (name, value) in fields.as_object().unwrap() {
            statement[name] = value.clone();
        }
        json!([allow(json!({})), statement])
    };
    for (name, expected, statements) in [
        (
            "denied to others",
            "PASS",
            deny(json!({"NotPrincipal": {"Service": "cloudwatch.amazonaws.com"}})),
        ),
        (
            "denied to all but a person",
            "FAIL topic",
            deny(json!({"NotPrincipal": {"AWS": "arn:aws:iam::999988887777:user/x"}})),
        ),
        (
            "denied to all but the account",
            "UNKNOWN topic",
            deny(json!({"NotPrincipal": {"AWS": "arn:aws:iam::111122223333:root"}})),
        ),
        (
            "denied to other accounts' alarms",
            "PASS",
            deny(
                json!({"Principal": "*", "Condition": {"StringNotEquals": {"aws:SourceAccount": "111122223333"}}}),
            ),
        ),
        (
            "denied to this account's alarms",
            "FAIL topic",
            deny(
                json!({"Principal": "*", "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}),
            ),
        ),
        (
            "denied to what is no service",
            "PASS",
            deny(
                json!({"Principal": "*", "Condition": {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}}),
            ),
        ),
        (
            "denied by what is not known",
            "UNKNOWN topic",
            deny(
                json!({"Principal": "*", "Condition": {"StringNotEquals": {"aws:SourceOrgID": "o-1"}}}),
            ),
        ),
        (
            "denied for subscribing",
            "PASS",
            deny(json!({"Principal": "*", "Action": "sns:Subscribe"})),
        ),
        (
            "denied for all but subscribing",
            "FAIL topic",
            json!([allow(json!({})), {"Effect": "Deny", "Principal": "*", "NotAction": "sns:Subscribe", "Resource": TOPIC}]),
        ),
        (
            "denied on another topic",
            "PASS",
            deny(json!({"Principal": "*", "Resource": format!("{TOPIC}-2")})),
        ),
        (
            "denied on all but this",
            "PASS",
            json!([allow(json!({})), {"Effect": "Deny", "Principal": "*", "Action": "*", "NotResource": TOPIC}]),
        ),
        (
            "allowed for all but subscribing",
            "PASS",
            json!([{"Effect": "Allow", "Principal": "*", "NotAction": "sns:Subscribe", "Resource": "*"}]),
        ),
        (
            "allowed for all but publishing",
            "FAIL topic",
            json!([{"Effect": "Allow", "Principal": "*", "NotAction": "SNS:Publish", "Resource": "*"}]),
        ),
        (
            "allowed to the account",
            "FAIL topic",
            json!([{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "sns:Publish", "Resource": TOPIC}]),
        ),
        (
            "allowed to another service",
            "FAIL topic",
            json!([{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish", "Resource": TOPIC}]),
        ),
        (
            "allowed on a longer name",
            "FAIL topic",
            json!([{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": format!("{TOPIC}-2")}]),
        ),
        (
            "allowed by a wildcard",
            "PASS",
            json!([{"Effect": "Allow", "Principal": "*", "Action": "SNS:Pub*", "Resource": "arn:aws:sns:*:111122223333:cis-*"}]),
        ),
        ("one statement that is no list", "PASS", allow(json!({}))),
    ] {
        cases.case(name, expected, policy(statements));
    }
    cases.done();
}

#[test]
fn keys_that_are_gone_or_on_their_way() {
    let mut cases = Cases::default();
    let arn = "arn:aws:kms:us-east-1:111122223333:key/1234";
    let grant = json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}}).to_string();
    for (state_name, expected) in [
        ("Enabled", "PASS"),
        ("Disabled", "FAIL topic"),
        ("PendingDeletion", "FAIL topic"),
        ("PendingReplicaDeletion", "FAIL topic"),
        ("PendingImport", "FAIL topic"),
        ("Unavailable", "FAIL topic"),
        ("Updating", "UNKNOWN topic"),
    ] {
        cases.case(state_name, expected, |state| {
            set(state, "/topics/0/Attributes/KmsMasterKeyId", json!(arn));
            set(
                state,
                "/kms_keys",
                json!([{"Arn": arn, "KeyState": state_name, "Policy": grant}]),
            );
        });
    }
    for (named, scope) in [
        (arn, arn),
        ("1234", arn),
        (
            "alias/mine",
            "arn:aws:kms:us-east-1:111122223333:alias/mine",
        ),
    ] {
        for (code, expected) in [
            ("NotFoundException", "FAIL topic"),
            ("AccessDeniedException", "UNKNOWN visibility"),
            ("KMSInternalException", "UNKNOWN visibility"),
        ] {
            cases.case(&format!("{named} {code}"), expected, |state| {
                set(state, "/topics/0/Attributes/KmsMasterKeyId", json!(named));
                set(
                    state,
                    "/api_errors",
                    json!({format!("kms:DescribeKey {scope}"): code}),
                );
            });
        }
    }
    cases.case("another key that is gone", "UNKNOWN visibility", |state| {
        set(state, "/topics/0/Attributes/KmsMasterKeyId", json!("1234"));
        set(
            state,
            "/api_errors",
            json!({format!("kms:DescribeKey {arn}5"): "NotFoundException"}),
        );
    });
    cases.done();
    let mut state = sound();
    set(
        &mut state,
        "/topics/0/Attributes/KmsMasterKeyId",
        json!(arn),
    );
    set(
        &mut state,
        "/kms_keys",
        json!([{"Arn": arn, "KeyState": "PendingDeletion", "Policy": grant}]),
    );
    assert_eq!(
        judge(&state).findings[0].remedy.as_deref(),
        Some(
            "aws kms cancel-key-deletion --region us-east-1 --key-id arn:aws:kms:us-east-1:111122223333:key/1234 && \
             aws kms enable-key --region us-east-1 --key-id arn:aws:kms:us-east-1:111122223333:key/1234"
        )
    );
}

#[test]
fn filter_policies_of_subscriptions() {
    let mut cases = Cases::default();
    for (policy, expected) in [
        (
            r#"{"AlarmArn":[{"prefix":"arn:aws:cloudwatch:us-east-1:"}]}"#,
            "PASS",
        ),
        (
            r#"{"NewStateValue":[{"anything-but":["OK","INSUFFICIENT_DATA"]}]}"#,
            "PASS",
        ),
        (
            r#"{"NewStateValue":[{"anything-but":{"prefix":"AL"}}]}"#,
            "FAIL subscription",
        ),
        (
            r#"{"Trigger":{"Threshold":[{"numeric":["=",1]}],"MetricName":[{"exists":true}]}}"#,
            "PASS",
        ),
        (
            r#"{"Trigger":{"Threshold":[{"numeric":[">",1]}]}}"#,
            "FAIL subscription",
        ),
        (r#"{"Trigger":{"Period":["300"]}}"#, "FAIL subscription"),
        (
            r#"{"Trigger":{"Dimensions":[{"exists":false}]}}"#,
            "FAIL subscription",
        ),
        (
            r#"{"$or":[{"AlarmName":["b"]},{"Trigger":{"Namespace":[{"prefix":"CIS"}]}}]}"#,
            "PASS",
        ),
        (
            r#"{"$or":[{"AlarmName":["b"]},{"NewStateValue":["OK"]}]}"#,
            "FAIL subscription",
        ),
        (
            r#"{"AlarmDescription":[{"exists":true}]}"#,
            "UNKNOWN subscription",
        ),
        (r#"{"AlarmDescription":[{"anything-but":"x"}]}"#, "PASS"),
        (
            r#"{"detail-type":["CloudWatch Alarm State Change"]}"#,
            "FAIL subscription",
        ),
        (r#"{"source":[{"exists":false}]}"#, "PASS"),
        (
            r#"{"StateChangeTime":[{"prefix":"2026"}]}"#,
            "UNKNOWN subscription",
        ),
        (
            r#"{"AlarmName":[{"cidr":"10.0.0.0/8"}]}"#,
            "UNKNOWN subscription",
        ),
        ("{", "UNKNOWN subscription"),
    ] {
        cases.case(policy, expected, |state| {
            set(state, "/subscriptions/0/Attributes", json!({
                "FilterPolicy": policy, "FilterPolicyScope": "MessageBody", "RawMessageDelivery": "true"
            }));
        });
    }
    cases.case("raw delivery changes nothing", "PASS", |state| {
        set(
            state,
            "/subscriptions/0/Attributes",
            json!({"RawMessageDelivery": "true"}),
        );
    });
    cases.case("tags may be carried along", "UNKNOWN subscription", |state| {
        set(state, "/alarms/0/ActionConfiguration", json!({"AlarmTagsPropagation": {"Enabled": true}}));
        set(state, "/subscriptions/0/Attributes", json!({"FilterPolicy": r#"{"AlarmTags":{"team":["sec"]}}"#, "FilterPolicyScope": "MessageBody"}));
    });
    cases.case(
        "one that drops it beside one that does not",
        "PASS",
        |state| {
            set(
                state,
                "/subscriptions/0/Attributes",
                json!({"FilterPolicy": r#"{"x":["y"]}"#}),
            );
            let mut other = subscription(TOPIC);
            set(&mut other, "/Endpoint", json!("soc@example.com"));
            set(state, "/subscriptions/-", other);
        },
    );
    cases.case("of another account", "PASS", |state| {
        set(state, "/subscriptions/0/Owner", json!("999988887777"));
        set(state, "/subscriptions/0/Protocol", json!("lambda"));
        set(
            state,
            "/subscriptions/0/Endpoint",
            json!("arn:aws:lambda:us-east-1:999988887777:function:f"),
        );
    });
    cases.done();
}

#[test]
fn a_topic_of_another_account_that_was_seen_there() {
    let mut cases = Cases::default();
    let central = "arn:aws:sns:us-east-1:999988887777:central";
    let elsewhere = |state: &mut Value| {
        set(state, "/alarms/0/AlarmActions", json!([central]));
        set(state, "/topics", json!([]));
        set(state, "/subscriptions", json!([]));
        let mut other: Value =
            serde_json::from_str(&sound().to_string().replace("111122223333", "999988887777"))
                .unwrap();
        let statement = json!({"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish", "Resource": central});
        set(
            &mut other,
            "/topics",
            json!([{"TopicArn": central, "Attributes": {"Owner": "999988887777", "Policy": json!({"Statement": [statement]}).to_string()}}]),
        );
        set(&mut other, "/subscriptions", json!([subscription(central)]));
        set(state, "/other_accounts", json!([other]));
    };
    cases.case("whole", "PASS", elsewhere);
    cases.case("with the default policy", "FAIL topic", |state| {
        elsewhere(state);
        remove(state, "/other_accounts/0/topics/0/Attributes/Policy");
    });
    cases.case("without a subscriber", "FAIL subscription", |state| {
        elsewhere(state);
        set(state, "/other_accounts/0/subscriptions", json!([]));
    });
    cases.case(
        "with the subscriber pending",
        "FAIL subscription",
        |state| {
            elsewhere(state);
            set(
                state,
                "/other_accounts/0/subscriptions/0/SubscriptionArn",
                json!("PendingConfirmation"),
            );
        },
    );
    cases.done();
}

#[test]
fn those_whom_the_configuration_names() {
    let mut cases = Cases::default();
    let other = "arn:aws:sns:us-east-1:111122223333:other";
    let expect = |topics: &[&str], subscriptions: &[&str]| Expectations {
        topics: topics.iter().map(|&one| one.to_owned()).collect(),
        subscriptions: subscriptions.iter().map(|&one| one.to_owned()).collect(),
    };
    let mut both = sound();
    set(&mut both, "/alarms/0/AlarmActions", json!([other, TOPIC]));
    set(
        &mut both,
        "/topics/-",
        json!({"TopicArn": other, "Attributes": {"Owner": "111122223333"}}),
    );
    set(&mut both, "/subscriptions/-", subscription(other));
    cases.expect(
        "one of two topics",
        "PASS",
        &judge_as(&both, "4.5", &expect(&[TOPIC], &[])),
    );
    let mut rerouted = both.clone();
    set(&mut rerouted, "/alarms/0/AlarmActions", json!([other]));
    cases.expect(
        "rerouted",
        "FAIL subscription",
        &judge_as(&rerouted, "4.5", &expect(&[TOPIC], &[])),
    );
    cases.expect(
        "the named address at another topic",
        "FAIL subscription",
        &judge_as(&rerouted, "4.5", &expect(&[TOPIC], &["sec@example.com"])),
    );
    cases.expect(
        "the named address, any topic",
        "PASS",
        &judge_as(&rerouted, "4.5", &expect(&[], &["sec@example.com"])),
    );
    let mut pending = sound();
    set(
        &mut pending,
        "/subscriptions/0/SubscriptionArn",
        json!("PendingConfirmation"),
    );
    let mut stranger = subscription(TOPIC);
    set(&mut stranger, "/Endpoint", json!("intruder@example.net"));
    set(&mut pending, "/subscriptions/-", stranger);
    cases.expect(
        "the named one pending, a stranger confirmed",
        "FAIL subscription",
        &judge_as(&pending, "4.5", &expect(&[], &["sec@example.com"])),
    );
    cases.done();
}
