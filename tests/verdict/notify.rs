//! Does the topic let CloudWatch publish, and does somebody named receive the message?

use super::support::{
    Cases, TOPIC, alarm, codes, judge, judge_as, remove, set, sound, subscription,
};
use serde_json::{Value, json};
use trailwarden::assess::Expectations;

fn policy(statements: Value) -> impl FnOnce(&mut Value) {
    let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    move |state| set(state, "/topics/0/Attributes/Policy", json!(text))
}

fn cloudwatch(condition: Value) -> Value {
    json!([{"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish", "Resource": TOPIC, "Condition": condition}])
}

#[test]
fn topic_policies() {
    let mut cases = Cases::default();
    let owner = json!({"StringEquals": {"AWS:SourceOwner": "111122223333"}});
    for (name, expected, statements) in [
        (
            "the default policy written out",
            "PASS",
            json!([{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["SNS:Publish", "SNS:Subscribe"], "Resource": TOPIC, "Condition": owner}]),
        ),
        ("for CloudWatch", "PASS", cloudwatch(json!({}))),
        (
            "for CloudWatch and alarms of this account",
            "PASS",
            cloudwatch(
                json!({"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:*"}, "StringEquals": {"aws:SourceAccount": "111122223333"}}),
            ),
        ),
        (
            "for another alarm",
            "FAIL topic",
            cloudwatch(
                json!({"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:other-*"}}),
            ),
        ),
        (
            "for another account",
            "FAIL topic",
            cloudwatch(json!({"StringEquals": {"aws:SourceAccount": "999988887777"}})),
        ),
        (
            "for EventBridge only",
            "FAIL topic",
            json!([{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish", "Resource": TOPIC}]),
        ),
        (
            "for another topic",
            "FAIL topic",
            json!([{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "arn:aws:sns:us-east-1:111122223333:other"}]),
        ),
        (
            "to subscribe only",
            "FAIL topic",
            json!([{"Effect": "Allow", "Principal": "*", "Action": "sns:Subscribe", "Resource": TOPIC}]),
        ),
        (
            "denied to all",
            "FAIL topic",
            json!([{"Effect": "Allow", "Principal": "*", "Action": "sns:*", "Resource": TOPIC}, {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": TOPIC}]),
        ),
        (
            "denied without TLS",
            "PASS",
            json!([{"Effect": "Allow", "Principal": "*", "Action": "sns:*", "Resource": TOPIC}, {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": TOPIC, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]),
        ),
        (
            "for an organization's sources",
            "UNKNOWN topic",
            cloudwatch(json!({"StringEquals": {"aws:SourceOrgID": "o-1"}})),
        ),
        ("nothing", "FAIL topic", json!([])),
    ] {
        cases.case(name, expected, policy(statements));
    }
    cases.case("unreadable", "UNKNOWN topic", |state| {
        set(state, "/topics/0/Attributes/Policy", json!("{"));
    });
    cases.case("FIFO", "UNKNOWN topic", |state| {
        set(state, "/topics/0/Attributes/FifoTopic", json!("true"));
    });
    cases.case("FIFO by its name", "UNKNOWN topic", |state| {
        let fifo = format!("{TOPIC}.fifo");
        set(state, "/alarms/0/AlarmActions", json!([fifo]));
        set(state, "/topics/0/TopicArn", json!(fifo));
        set(state, "/subscriptions/0/TopicArn", json!(fifo));
    });
    cases.done();
}

#[test]
fn topics_of_another_account() {
    let mut cases = Cases::default();
    let central = "arn:aws:sns:us-east-1:999988887777:central";
    let moved = |state: &mut Value| {
        set(state, "/alarms/0/AlarmActions", json!([central]));
        set(state, "/topics/0/TopicArn", json!(central));
        set(state, "/topics/0/Attributes/Owner", json!("999988887777"));
        set(state, "/subscriptions/0", subscription(central));
    };
    cases.case("with the default policy", "FAIL topic", moved);
    cases.case("not seen, no error", "UNKNOWN subscription", |state| {
        moved(state);
        set(state, "/topics", json!([]));
        set(state, "/subscriptions", json!([]));
    });
    cases.case("not found there", "FAIL topic", |state| {
        moved(state);
        set(state, "/topics", json!([]));
        set(state, "/subscriptions", json!([]));
        set(
            state,
            "/api_errors",
            json!({format!("sns:GetTopicAttributes {central}"): "NotFoundException"}),
        );
    });
    cases.case(
        "attributes denied, subscriptions listed",
        "UNKNOWN topic",
        |state| {
            moved(state);
            set(state, "/topics", json!([]));
            set(
                state,
                "/api_errors",
                json!({format!("sns:GetTopicAttributes {central}"): "AuthorizationError"}),
            );
        },
    );
    cases.case("attributes read, subscriptions denied", "UNKNOWN subscription", |state| {
        moved(state);
        policy(json!([{"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish", "Resource": central}]))(state);
        set(state, "/subscriptions", json!([]));
        set(state, "/api_errors", json!({format!("sns:ListSubscriptionsByTopic {central}"): "AuthorizationError"}));
    });
    cases.case("a hidden topic beside one that works", "PASS", |state| {
        set(state, "/alarms/0/AlarmActions/-", json!(central));
        set(
            state,
            "/api_errors",
            json!({format!("sns:ListSubscriptionsByTopic {central}"): "AuthorizationError"}),
        );
    });
    cases.done();
}

#[test]
fn keys() {
    let mut cases = Cases::default();
    let arn = "arn:aws:kms:us-east-1:111122223333:key/1234";
    let grant = |service: &str, actions: Value| {
        json!({"Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": actions, "Resource": "*"}
    ]}).to_string()
    };
    let both = || json!(["kms:GenerateDataKey*", "kms:Decrypt"]);
    let with_key = |id: &'static str, state_name: &'static str, policy: String| {
        move |state: &mut Value| {
            set(state, "/topics/0/Attributes/KmsMasterKeyId", json!(id));
            set(
                state,
                "/kms_keys",
                json!([{"Arn": arn, "Aliases": ["alias/mine"], "KeyState": state_name, "Policy": policy}]),
            );
        }
    };
    let good = || grant("cloudwatch.amazonaws.com", both());
    cases.case("AWS's own key", "FAIL topic", |state| {
        set(
            state,
            "/topics/0/Attributes/KmsMasterKeyId",
            json!("alias/aws/sns"),
        );
    });
    cases.case("AWS's own key by ARN", "FAIL topic", |state| {
        set(
            state,
            "/topics/0/Attributes/KmsMasterKeyId",
            json!("arn:aws:kms:us-east-1:111122223333:alias/aws/sns"),
        );
    });
    cases.case("a key by ARN", "PASS", with_key(arn, "Enabled", good()));
    cases.case("a key by id", "PASS", with_key("1234", "Enabled", good()));
    cases.case(
        "a key by alias",
        "PASS",
        with_key("alias/mine", "Enabled", good()),
    );
    cases.case("disabled", "FAIL topic", with_key(arn, "Disabled", good()));
    cases.case(
        "to be deleted",
        "FAIL topic",
        with_key(arn, "PendingDeletion", good()),
    );
    cases.case(
        "granted to another service",
        "FAIL topic",
        with_key(arn, "Enabled", grant("events.amazonaws.com", both())),
    );
    cases.case(
        "half granted",
        "FAIL topic",
        with_key(
            arn,
            "Enabled",
            grant("cloudwatch.amazonaws.com", json!("kms:Decrypt")),
        ),
    );
    cases.case(
        "granted to SNS only",
        "FAIL topic",
        with_key(arn, "Enabled", grant("sns.amazonaws.com", both())),
    );
    cases.case(
        "all of kms",
        "PASS",
        with_key(
            arn,
            "Enabled",
            grant("cloudwatch.amazonaws.com", json!("kms:*")),
        ),
    );
    cases.case("not seen", "UNKNOWN visibility", |state| {
        set(state, "/topics/0/Attributes/KmsMasterKeyId", json!(arn));
    });
    cases.case("no key", "PASS", |state| {
        set(state, "/topics/0/Attributes/KmsMasterKeyId", json!(""));
    });
    cases.done();
}

#[test]
fn subscriptions_have_to_be_confirmed_and_let_the_message_through() {
    let mut cases = Cases::default();
    for arn in ["PendingConfirmation", "Deleted", "pending confirmation"] {
        cases.case(arn, "FAIL subscription", |state| {
            set(state, "/subscriptions/0/SubscriptionArn", json!(arn));
        });
    }
    cases.case("pending by its attribute", "FAIL subscription", |state| {
        set(
            state,
            "/subscriptions/0/Attributes",
            json!({"PendingConfirmation": "true"}),
        );
    });
    cases.case("one pending, one confirmed", "PASS", |state| {
        set(
            state,
            "/subscriptions/0/SubscriptionArn",
            json!("PendingConfirmation"),
        );
        set(state, "/subscriptions/-", subscription(TOPIC));
    });
    cases.case("of another topic", "FAIL subscription", |state| {
        set(
            state,
            "/subscriptions/0",
            subscription("arn:aws:sns:us-east-1:111122223333:cis-alarms-2"),
        );
    });
    for endpoint in [
        "arn:aws:sqs:us-east-1:111122223333:trailwarden-drill-1",
        "https://sqs.us-east-1.amazonaws.com/111122223333/trailwarden-drill-x",
    ] {
        cases.case("a drill's", "FAIL subscription", |state| {
            set(state, "/subscriptions/0/Endpoint", json!(endpoint));
        });
    }
    for (policy, scope, expected) in [
        ("{}", None, "PASS"),
        (r#"{"x":["y"]}"#, None, "FAIL subscription"),
        (r#"{"x":[{"exists":false}]}"#, None, "PASS"),
        (r#"{"NewStateValue":["ALARM"]}"#, None, "FAIL subscription"),
        (
            r#"{"NewStateValue":["ALARM"]}"#,
            Some("MessageAttributes"),
            "FAIL subscription",
        ),
        (
            r#"{"NewStateValue":["ALARM"]}"#,
            Some("MessageBody"),
            "PASS",
        ),
        (
            r#"{"NewStateValue":[{"anything-but":["ALARM"]}]}"#,
            Some("MessageBody"),
            "FAIL subscription",
        ),
        (
            r#"{"AlarmName":["a"],"AWSAccountId":["111122223333"]}"#,
            Some("MessageBody"),
            "PASS",
        ),
        (
            r#"{"Trigger":{"Namespace":["AWS/EC2"]}}"#,
            Some("MessageBody"),
            "FAIL subscription",
        ),
        (
            r#"{"NewStateReason":[{"prefix":"Threshold"}]}"#,
            Some("MessageBody"),
            "UNKNOWN subscription",
        ),
        (r#"{"OldStateValue":["OK"]}"#, Some("MessageBody"), "PASS"),
        (
            r#"{"OldStateValue":["INSUFFICIENT_DATA"]}"#,
            Some("MessageBody"),
            "FAIL subscription",
        ),
    ] {
        cases.case(&format!("{policy} {scope:?}"), expected, |state| {
            let mut attributes = json!({"FilterPolicy": policy});
            if let Some(scope) = scope {
                set(&mut attributes, "/FilterPolicyScope", json!(scope));
            }
            set(state, "/subscriptions/0/Attributes", attributes);
        });
    }
    cases.done();
}

#[test]
fn only_those_count_whom_the_configuration_names() {
    let mut cases = Cases::default();
    let state = sound();
    let expect = |topics: &[&str], subscriptions: &[&str]| Expectations {
        topics: topics.iter().map(|&one| one.to_owned()).collect(),
        subscriptions: subscriptions.iter().map(|&one| one.to_owned()).collect(),
    };
    for (name, expected, expectations) in [
        ("the topic", "PASS", expect(&[TOPIC], &[])),
        (
            "another topic",
            "FAIL subscription",
            expect(&["arn:aws:sns:us-east-1:111122223333:x"], &[]),
        ),
        ("the address", "PASS", expect(&[], &["sec@example.com"])),
        (
            "another address",
            "FAIL subscription",
            expect(&[], &["soc@example.com"]),
        ),
        (
            "both",
            "PASS",
            expect(&[TOPIC], &["sec@example.com", "soc@example.com"]),
        ),
    ] {
        cases.expect(name, expected, &judge_as(&state, "4.5", &expectations));
    }
    cases.done();
}

#[test]
fn an_endpoint_that_nobody_named_is_reported_even_if_all_is_well() {
    let mut state = sound();
    let mut other = subscription(TOPIC);
    set(&mut other, "/Endpoint", json!("intruder@example.net"));
    set(&mut state, "/subscriptions/-", other);
    let expectations = Expectations {
        topics: vec![],
        subscriptions: vec!["sec@example.com".to_owned()],
    };
    let assessment = judge_as(&state, "4.5", &expectations);
    assert_eq!(super::support::brief(&assessment), "PASS");
    assert_eq!(codes(&assessment), ["unexpected_subscription"]);
    assert!(
        assessment.warnings[0]
            .message
            .contains("intruder@example.net")
    );
    assert_eq!(assessment.chain.subscriptions.len(), 1);
}

#[test]
fn remedies_are_commands_with_their_values_filled_in() {
    let mut state = sound();
    set(&mut state, "/alarms/0/ActionsEnabled", json!(false));
    assert_eq!(
        judge(&state).findings[0].remedy.as_deref(),
        Some("aws cloudwatch enable-alarm-actions --region us-east-1 --alarm-names a")
    );
    let mut state = sound();
    remove(&mut state, "/subscriptions/0");
    assert_eq!(
        judge(&state).findings[0].remedy.as_deref(),
        Some(
            "aws sns subscribe --region us-east-1 --topic-arn arn:aws:sns:us-east-1:111122223333:cis-alarms --protocol email --notification-endpoint ADDRESS"
        )
    );
    let mut state = sound();
    set(&mut state, "/metric_filters", json!([]));
    let remedy = judge(&state).findings[0].remedy.clone().unwrap();
    assert!(
        remedy.starts_with("aws logs put-metric-filter --region us-east-1 --log-group-name ct"),
        "{remedy}"
    );
    assert!(
        remedy.contains("'{($.eventName=CreateTrail) ||"),
        "{remedy}"
    );
}

fn audience(state: &Value) -> Vec<String> {
    judge(state)
        .audience
        .iter()
        .map(|one| format!("{} {} {}", one.topic, one.protocol, one.endpoint))
        .collect()
}

#[test]
fn everybody_who_is_told_is_named_through_whichever_path() {
    let other = "arn:aws:sns:us-east-1:111122223333:other";
    let mut state = sound();
    let own = format!("{TOPIC} email sec@example.com");
    assert_eq!(audience(&state), std::slice::from_ref(&own));
    // Another alarm on the same metric with a topic of its own, whose only confirmed subscriber is a queue.
    let mut second = alarm("b", "m");
    set(&mut second, "/AlarmActions", json!([other]));
    set(&mut state, "/alarms/-", second);
    set(
        &mut state,
        "/topics/-",
        json!({"TopicArn": other, "Attributes": {"Owner": "111122223333"}}),
    );
    let queue = json!({"SubscriptionArn": format!("{other}:1111"), "Protocol": "sqs", "TopicArn": other,
        "Endpoint": "arn:aws:sqs:us-east-1:111122223333:q"});
    set(&mut state, "/subscriptions/-", queue.clone());
    let mut pending = queue;
    set(
        &mut pending,
        "/SubscriptionArn",
        json!("PendingConfirmation"),
    );
    set(
        &mut pending,
        "/Endpoint",
        json!("arn:aws:sqs:us-east-1:111122223333:p"),
    );
    set(&mut state, "/subscriptions/-", pending);
    let both = [
        own,
        format!("{other} sqs arn:aws:sqs:us-east-1:111122223333:q"),
    ];
    assert_eq!(audience(&state), both);
    // Which path is shown follows the state of the alarms; who is told does not.
    set(&mut state, "/alarms/0/StateValue", json!("ALARM"));
    assert_eq!(audience(&state), both);
    // An alarm that does not act tells nobody.
    set(&mut state, "/alarms/0/ActionsEnabled", json!(false));
    assert_eq!(audience(&state), both[1..]);
    set(&mut state, "/alarms/1/ActionsEnabled", json!(false));
    assert_eq!(audience(&state), [""; 0]);
}

#[test]
fn how_a_message_names_a_percentile_is_not_known() {
    let mut cases = Cases::default();
    let policy = r#"{"Trigger":{"ExtendedStatistic":["p99"]}}"#;
    let chosen = |state: &mut Value| {
        let attributes = json!({"FilterPolicy": policy, "FilterPolicyScope": "MessageBody"});
        set(state, "/subscriptions/0/Attributes", attributes);
    };
    cases.case("of a percentile", "UNKNOWN subscription", |state| {
        chosen(state);
        remove(state, "/alarms/0/Statistic");
        set(state, "/alarms/0/ExtendedStatistic", json!("p99"));
    });
    cases.case("of a sum", "FAIL subscription", chosen);
    cases.done();
}
