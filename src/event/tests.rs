use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn call(source: &str, name: &str, parameters: &Value) -> Value {
    json!({
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.logs",
        "account": "012345678901",
        "time": "2026-11-23T10:00:01Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "AssumedRole",
                "principalId": "AROAEXAMPLE:mallory",
                "arn": "arn:aws:sts::012345678901:assumed-role/admin/mallory",
            },
            "eventTime": "2026-11-23T10:00:00Z",
            "eventSource": source,
            "eventName": name,
            "awsRegion": "us-east-1",
            "sourceIPAddress": "198.51.100.7",
            "userAgent": "aws-cli/2.31",
            "requestParameters": parameters,
            "responseElements": null,
            "requestID": "req-1",
            "eventID": "ev-1",
            "readOnly": false,
            "eventType": "AwsApiCall",
        }
    })
}

fn deletion() -> Value {
    call(
        "logs.amazonaws.com",
        "DeleteMetricFilter",
        &json!({"logGroupName": "ct/main", "filterName": "changes"}),
    )
}

fn signal(value: &Value) -> Signal {
    match decode(&value.to_string()) {
        Ok(Incoming::Signal(signal)) => *signal,
        other => panic!("no signal: {other:?}"),
    }
}

#[test]
fn no_name_that_a_caller_chose_makes_an_event_unreadable() {
    let dimensions = json!({"$serde_json::private::Number": "$.eventName"});
    let transformation = json!({"metricName": "m", "dimensions": dimensions});
    let event = call(
        "logs.amazonaws.com",
        "PutMetricFilter",
        &json!({
            "logGroupName": "ct/main",
            "filterName": "changes",
            "metricTransformations": [transformation],
        }),
    );
    assert_eq!(signal(&event).touched, signal(&deletion()).touched);
}

#[test]
fn no_text_that_a_caller_chose_makes_an_event_unreadable() {
    let whole = deletion().to_string();
    let spoilt = whole.replace("aws-cli/2.31", r"\ud83d").replace(
        r#""filterName""#,
        r#""\udc00":[{"\ud800":"\\ud800"}],"filterName""#,
    );
    let wrapped = json!({"Type": "Notification", "Message": spoilt}).to_string();
    for body in [spoilt, wrapped] {
        let Ok(Incoming::Signal(read)) = decode(&body) else {
            panic!("no signal: {body}");
        };
        let mut expected = signal(&deletion());
        expected.actor.user_agent = Some("\u{fffd}".to_owned());
        assert_eq!(*read, expected);
    }
}

#[test]
fn no_depth_that_a_caller_chose_makes_an_event_unreadable() {
    let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
    let deep = format!(r#""filterName":"changes","x":{open}{close}"#);
    let body = deletion().to_string();
    let body = body.replace(r#""filterName":"changes""#, &deep);
    assert!(matches!(decode(&body), Ok(Incoming::Signal(read)) if *read == signal(&deletion())));
}

#[test]
fn what_is_left_out_of_an_event_is_no_text_and_no_failure() {
    let mut event = deletion();
    let omitted = json!({"omitted": true, "originalSize": 300_000});
    for field in ["userAgent", "requestParameters", "errorCode"] {
        event["detail"][field] = omitted.clone();
    }
    let read = signal(&event);
    assert_eq!(read.actor.user_agent, None);
    assert_eq!(read.touched, []);
}

#[test]
fn a_call_becomes_a_signal_with_place_actor_and_resource() {
    assert_eq!(
        signal(&deletion()),
        Signal {
            account: "012345678901".parse().unwrap(),
            region: "us-east-1".to_owned(),
            call: Call {
                service: Service::Logs,
                name: "DeleteMetricFilter"
            },
            request_id: Some("req-1".to_owned()),
            actor: Actor {
                principal_arn: Some(
                    "arn:aws:sts::012345678901:assumed-role/admin/mallory".to_owned()
                ),
                source_address: Some("198.51.100.7".to_owned()),
                user_agent: Some("aws-cli/2.31".to_owned()),
                event_name: "DeleteMetricFilter".to_owned(),
                event_id: "ev-1".to_owned(),
                time: "2026-11-23T10:00:00Z".parse().unwrap(),
            },
            touched: vec![Touched::MetricFilter {
                log_group: "ct/main".to_owned(),
                filter: "changes".to_owned(),
            }],
        }
    );
}

#[test]
fn sns_wraps_are_taken_off_up_to_three() {
    let mut body = deletion().to_string();
    for _ in 0..3 {
        body = json!({"Type": "Notification", "MessageId": "m", "Message": body}).to_string();
        assert!(matches!(decode(&body), Ok(Incoming::Signal(_))));
    }
    let body = json!({"Type": "Notification", "MessageId": "m", "Message": body}).to_string();
    assert!(matches!(decode(&body), Err(Unreadable::Wrapped)));
}

#[test]
fn a_failed_call_changes_nothing() {
    let mut event = deletion();
    event["detail"]["errorCode"] = json!("AccessDenied");
    assert!(matches!(
        decode(&event.to_string()),
        Ok(Incoming::FailedCall(_))
    ));
}

#[test]
fn a_read_only_call_changes_nothing_in_either_spelling() {
    for spelling in [json!(true), json!("true")] {
        let mut event = deletion();
        event["detail"]["readOnly"] = spelling;
        assert!(matches!(
            decode(&event.to_string()),
            Ok(Incoming::ReadOnly(_))
        ));
    }
}

#[test]
fn an_unlisted_call_is_told_from_what_is_no_call_at_all() {
    let retention = call("logs.amazonaws.com", "PutRetentionPolicy", &json!({}));
    assert_eq!(decode(&retention.to_string()).unwrap(), Incoming::Unlisted);
    // The same name from another service is not ours.
    let organizations = call("backup.amazonaws.com", "DeleteMetricFilter", &json!({}));
    assert_eq!(
        decode(&organizations.to_string()).unwrap(),
        Incoming::Unlisted
    );
    for foreign in [
        json!({}),
        json!([1]),
        json!("text"),
        json!({"detail-type": "Scheduled Event"}),
    ] {
        assert_eq!(decode(&foreign.to_string()).unwrap(), Incoming::Foreign);
    }
}

fn heartbeat() -> Value {
    json!({
        "detail-type": "trailwarden heartbeat",
        "source": "trailwarden.heartbeat",
        "account": "012345678901",
        "region": "us-east-1",
        "detail": {"nonce": "0123456789abcdef0123456789abcdef", "process": "p-1"},
    })
}

#[test]
fn a_heartbeat_is_read_back_as_it_was_sent() {
    let sent = Heartbeat {
        nonce: Nonce::new([0xa5; 16]),
        process: "p-1".to_owned(),
    };
    assert_eq!(sent.nonce.as_str(), "a5".repeat(16));
    let mut event = heartbeat();
    event["detail"] = serde_json::from_str(&sent.detail()).unwrap();
    assert_eq!(
        decode(&event.to_string()).unwrap(),
        Incoming::Heartbeat(sent)
    );
}

#[test]
fn what_only_resembles_a_heartbeat_is_foreign() {
    for (pointer, spoiled) in [
        ("/source", json!("aws.cloudtrail")),
        ("/detail-type", json!("Heartbeat")),
        ("/detail/nonce", json!(7)),
        ("/detail/nonce", json!("0".repeat(65))),
        ("/detail/process", Value::Null),
        ("/detail", json!([])),
    ] {
        let mut event = heartbeat();
        *event.pointer_mut(pointer).unwrap() = spoiled;
        assert_eq!(
            decode(&event.to_string()).unwrap(),
            Incoming::Foreign,
            "{pointer}"
        );
    }
}

#[test]
fn a_nonce_is_not_shown_whole() {
    let shown = format!("{:?}", Nonce::new([0xa5; 16]));
    assert_eq!(shown, "a5a5..");
}

#[test]
fn what_claims_to_be_a_call_and_is_not_is_unreadable_and_says_where() {
    let cases = [
        ("eventName", "/detail/eventName", json!(7)),
        ("account", "/account", json!("12345678901")),
        ("detail.eventTime", "/detail/eventTime", json!("yesterday")),
        ("eventID", "/detail/eventID", Value::Null),
    ];
    for (place, pointer, spoiled) in cases {
        let mut event = deletion();
        *event.pointer_mut(pointer).unwrap() = spoiled;
        let error = decode(&event.to_string()).unwrap_err().to_string();
        assert!(error.contains(place), "{place} is not named in: {error}");
    }
    assert!(matches!(decode("{\"detail"), Err(Unreadable::Json(_))));
    let deep = "[".repeat(100_000);
    assert!(matches!(decode(&deep), Err(Unreadable::Json(_))));
}

#[test]
fn every_listed_call_is_routed() {
    let mut count = 0;
    for one in listed_calls() {
        let event = call(one.service.event_source(), one.name, &json!({}));
        assert_eq!(signal(&event).call, one);
        count += 1;
    }
    assert_eq!(count, 69);
}

#[test]
fn parameters_name_the_resource_in_each_service() {
    let cases = [
        (
            "cloudtrail.amazonaws.com",
            "StopLogging",
            json!({"name": "arn:aws:cloudtrail:us-east-1:012345678901:trail/main"}),
        ),
        (
            "cloudtrail.amazonaws.com",
            "StopLogging",
            json!({"name": "main"}),
        ),
        (
            "cloudtrail.amazonaws.com",
            "PutEventSelectors",
            json!({"trailName": "main"}),
        ),
    ];
    for (source, name, parameters) in cases {
        let touched = signal(&call(source, name, &parameters)).touched;
        assert!(
            touched
                .iter()
                .any(|one| one.is_trail("arn:aws:cloudtrail:us-east-1:012345678901:trail/main"))
        );
        assert!(
            !touched
                .iter()
                .any(|one| one.is_trail("arn:aws:cloudtrail:us-east-1:012345678901:trail/xmain"))
        );
    }
    let alarms = json!({"alarmNames": ["a", "b", 3]});
    let touched = signal(&call("monitoring.amazonaws.com", "DeleteAlarms", &alarms)).touched;
    assert_eq!(
        touched,
        [
            Touched::Alarm("a".to_owned()),
            Touched::Alarm("b".to_owned())
        ]
    );

    let group =
        json!({"logGroupIdentifier": "arn:aws:logs:us-east-1:012345678901:log-group:ct/main:*"});
    let touched = signal(&call("logs.amazonaws.com", "PutTransformer", &group)).touched;
    assert!(touched[0].is_log_group("us-east-1", "ct/main"));
    assert!(!touched[0].is_log_group("us-east-1", "main"));

    let topic = "arn:aws:sns:us-east-1:012345678901:cis-alarms";
    let subscription = format!("{topic}:11111111-2222-3333-4444-555555555555");
    let gone = json!({"subscriptionArn": subscription});
    let touched = signal(&call("sns.amazonaws.com", "Unsubscribe", &gone)).touched;
    assert_eq!(touched, [Touched::Subscription(subscription)]);
    let touched = signal(&call(
        "sns.amazonaws.com",
        "CreateTopic",
        &json!({"name": "cis-alarms"}),
    ))
    .touched;
    assert!(touched[0].is_topic(topic));

    let key = json!({"keyId": "arn:aws:kms:us-east-1:012345678901:key/1234"});
    let touched = signal(&call("kms.amazonaws.com", "DisableKey", &key)).touched;
    assert!(touched[0].is_key("1234"));
    let alias = json!({"aliasName": "alias/alarms", "targetKeyId": "1234"});
    let touched = signal(&call("kms.amazonaws.com", "UpdateAlias", &alias)).touched;
    assert!(touched[0].is_key("alias/alarms") && touched[1].is_key("1234"));
    let role = json!({"roleName": "ct"});
    let touched = signal(&call("iam.amazonaws.com", "DeleteRole", &role)).touched;
    assert!(touched[0].is_role("arn:aws:iam::012345678901:role/service/ct"));
}

#[test]
fn parameters_name_the_part_of_the_wiring() {
    let touched = |source: &str, name: &str, parameters: Value| {
        let event = call(&format!("{source}.amazonaws.com"), name, &parameters);
        signal(&event).touched.remove(0)
    };
    let bus = "arn:aws:events:us-east-1:012345678901:event-bus/trailwarden";
    let rule = touched("events", "DisableRule", json!({"name": "r"}));
    assert!(rule.is_rule("default", "r") && !rule.is_rule("trailwarden", "r"));
    let rule = touched(
        "events",
        "PutTargets",
        json!({"rule": "r", "eventBusName": bus}),
    );
    assert!(rule.is_rule("trailwarden", "r") && !rule.is_rule("default", "r"));
    let gone = touched("events", "DeleteEventBus", json!({"name": "trailwarden"}));
    assert!(gone.is_bus("trailwarden") && !gone.is_rule("default", "trailwarden"));
    let opened = touched(
        "events",
        "PutPermission",
        json!({"eventBusName": "trailwarden"}),
    );
    assert!(opened.is_bus("trailwarden"));
    let queue = json!({"queueUrl": "https://sqs.us-east-1.amazonaws.com/012345678901/tw-events"});
    let queue = touched("sqs", "SetQueueAttributes", queue);
    assert!(queue.is_queue("tw-events") && !queue.is_queue("events"));
    let own = ["tw".to_owned(), "tw-events".to_owned()];
    assert!(queue.is_of_wiring(&own));
    assert!(!rule.is_of_wiring(&own));
    let forwarder = touched("iam", "PutRolePolicy", json!({"roleName": "tw-forward"}));
    assert!(forwarder.is_role_name("tw-forward"));
}

#[test]
fn a_long_user_agent_is_capped() {
    let mut event = deletion();
    event["detail"]["userAgent"] = json!("é".repeat(100_000));
    assert_eq!(
        signal(&event).actor.user_agent.unwrap().chars().count(),
        512
    );
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(body in ".{0,400}") {
        let _ = decode(&body);
    }

    #[test]
    fn a_cut_event_is_never_a_signal(cut in 0usize..900) {
        let body = deletion().to_string();
        prop_assume!(cut < body.len());
        prop_assert!(decode(body.get(..cut).unwrap()).is_err());
    }
}
