//! What is asked about along a chain, and what is told of a write.

use trailwarden::assess::Chain;
use trailwarden::aws::{AccountApi, Remembered};
use trailwarden::heal::Repair;
use trailwarden::snapshot::Alarm;

use super::stub::{Answer, Notes, Stub, cbor, xml};
use super::{keys, observe, observe_with, scope};

/// Alarms by name, namespace, metric and topic; one of them composite, one that searches beside a metric of AWS's own.
fn alarms() -> Answer {
    let topic = |name: &str| format!("arn:aws:sns:us-east-1:012345678901:{name}");
    let metric = |name: &str, namespace: &str, actions: &[String]| {
        cbor::map([
            ("AlarmName", cbor::text(name)),
            (
                "AlarmArn",
                cbor::text(&format!("arn:aws:cloudwatch:us-east-1:1:alarm:{name}")),
            ),
            ("Namespace", cbor::text(namespace)),
            ("MetricName", cbor::text("changes")),
            (
                "AlarmActions",
                cbor::list(actions.iter().map(|action| cbor::text(action))),
            ),
        ])
    };
    let search = cbor::map([
        ("Id", cbor::text("s")),
        (
            "Expression",
            cbor::text("SUM(SEARCH('MetricName=\"changes\"', 'Sum'))"),
        ),
    ]);
    let cpu = cbor::map([
        ("Namespace", cbor::text("AWS/EC2")),
        ("MetricName", cbor::text("cpu")),
    ]);
    let stat = cbor::map([("Metric", cpu), ("Stat", cbor::text("Sum"))]);
    let cpu = cbor::map([("Id", cbor::text("c")), ("MetricStat", stat)]);
    let searching = cbor::map([
        ("AlarmName", cbor::text("searching")),
        ("AlarmActions", cbor::list([cbor::text(&topic("search"))])),
        ("Metrics", cbor::list([search, cpu])),
    ]);
    let composite = cbor::map([
        ("AlarmName", cbor::text("composite")),
        ("AlarmRule", cbor::text("ALARM(ours)")),
        (
            "AlarmActions",
            cbor::list([cbor::text(&topic("composite"))]),
        ),
    ]);
    Answer::Body(cbor::map([
        (
            "MetricAlarms",
            cbor::list([
                metric(
                    "ours",
                    "Ours",
                    &[topic("ours"), "arn:aws:automate:x:ec2:stop".to_owned()],
                ),
                metric("cpu", "AWS/EC2", &[topic("cpu")]),
                metric("stranger", "Application", &[topic("stranger")]),
                searching,
                metric("odd", "AWS/Odd", &[topic("odd"), topic("ours")]),
                metric(
                    "evil",
                    "Evil",
                    &["arn:aws:sns:evil.example/:1:x".to_owned()],
                ),
            ]),
        ),
        ("CompositeAlarms", cbor::list([composite])),
    ]))
}

#[tokio::test(start_paused = true)]
async fn only_topics_that_a_chain_can_end_at_are_asked_about_and_each_once() {
    let stub = Stub::new(|seen, _| match seen.operation.as_str() {
        "DescribeAlarms" => alarms(),
        "DescribeMetricFilters" => Answer::Body(
            br#"{"metricFilters":[{"filterName":"f","logGroupName":"g","metricTransformations":
                [{"metricNamespace":"AWS/Odd","metricName":"changes","metricValue":"1"}]}]}"#
                .to_vec(),
        ),
        _ => Answer::Empty,
    });
    let aws = stub.aws(&Notes::default()).await;
    let seen = observe(&aws).await.expect("the account is known");
    assert_eq!(keys(&seen.api_errors), []);
    assert_eq!(seen.alarms.map(|alarms| alarms.len()), Some(7));
    let mut topics: Vec<_> = seen
        .topics
        .iter()
        .flatten()
        .filter_map(|topic| topic.topic_arn.rsplit(':').next())
        .collect();
    topics.sort_unstable();
    assert_eq!(topics, ["composite", "odd", "ours", "search"]);
    assert_eq!(stub.count("GetTopicAttributes"), 4);
    assert!(
        stub.seen()
            .iter()
            .all(|seen| seen.host.ends_with(".amazonaws.com")),
        "{stub:?}"
    );
}

#[test]
fn every_topic_that_a_chain_told_is_remembered_and_nothing_else_that_its_alarms_did() {
    let topic = |name: &str| format!("arn:aws:sns:us-east-1:012345678901:{name}");
    let alarm = Alarm {
        alarm_actions: vec![
            topic("second"),
            "arn:aws:automate:us-east-1:ec2:stop".to_owned(),
            topic("first"),
        ],
        ..Alarm::default()
    };
    let chain = Chain {
        alarms: vec![alarm],
        ..Chain::default()
    };
    let remembered = Remembered::of(&[topic("expected")], [&chain]);
    assert_eq!(
        remembered.topic_arns,
        ["expected", "first", "second"].map(topic)
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_gone_is_told_from_one_that_may_not_be_seen() {
    for (code, key, scope) in [
        ("NotFoundException", "alias/own", "alias/own"),
        ("NotFoundException", "1234", "key/1234"),
        ("AccessDeniedException", "1234", "key/1234"),
    ] {
        let stub = Stub::new(move |seen, _| match seen.operation.as_str() {
            "DescribeAlarms" => alarms(),
            "GetTopicAttributes" => xml(
                "GetTopicAttributes",
                &format!(
                    "<Attributes><entry><key>KmsMasterKeyId</key><value>{key}</value></entry></Attributes>"
                ),
            ),
            "DescribeKey" => Answer::Error(400, code),
            _ => Answer::Empty,
        });
        let aws = stub.aws(&Notes::default()).await;
        let seen = observe(&aws).await.expect("the account is known");
        let hole = format!("kms:DescribeKey arn:aws:kms:us-east-1:012345678901:{scope}");
        assert_eq!(keys(&seen.api_errors), [(hole.as_str(), code)]);
        assert_eq!(seen.kms_keys, []);
    }
}

#[tokio::test(start_paused = true)]
async fn the_key_of_a_topic_is_described_and_a_lost_topic_is_no_hole() {
    let key = "arn:aws:kms:us-east-1:012345678901:key/k";
    let stub = Stub::new(move |seen, _| match seen.operation.as_str() {
        "DescribeAlarms" => alarms(),
        "GetTopicAttributes" if seen.body.contains("composite") => Answer::Error(404, "NotFound"),
        "ListSubscriptionsByTopic" if seen.body.contains("composite") => {
            Answer::Error(404, "NotFound")
        }
        "GetTopicAttributes" => xml(
            "GetTopicAttributes",
            "<Attributes><entry><key>KmsMasterKeyId</key><value>alias/own</value></entry></Attributes>",
        ),
        "DescribeKey" => Answer::Body(
            format!(r#"{{"KeyMetadata":{{"KeyId":"k","Arn":"{key}","KeyState":"Disabled"}}}}"#)
                .into_bytes(),
        ),
        "GetKeyPolicy" => Answer::Body(br#"{"Policy":"{}"}"#.to_vec()),
        _ => Answer::Empty,
    });
    let aws = stub.aws(&Notes::default()).await;
    let seen = observe(&aws).await.expect("the account is known");
    assert_eq!(keys(&seen.api_errors), []);
    assert_eq!(seen.topics.map(|topics| topics.len()), Some(2));
    let [found] = &seen.kms_keys[..] else {
        panic!("{:?}", seen.kms_keys)
    };
    assert_eq!(
        (found.arn.as_str(), &found.aliases[..]),
        (key, &["alias/own".to_owned()][..])
    );
    assert_eq!(found.key_state.as_deref(), Some("Disabled"));
    assert_eq!(found.policy.as_deref(), Some("{}"));
    let policies = stub
        .seen()
        .into_iter()
        .filter(|seen| seen.operation == "GetKeyPolicy");
    // Once for each of the two topics.
    assert!(policies.clone().count() == 2 && policies.clone().all(|seen| seen.body.contains(key)));
}

#[tokio::test(start_paused = true)]
async fn the_id_of_a_write_is_told_also_where_it_failed() {
    let stub = Stub::new(|seen, before| match (seen.operation.as_str(), before) {
        ("EnableAlarmActions", 0) => Answer::Error(500, "InternalServiceError"),
        _ => Answer::Empty,
    });
    let notes = Notes::default();
    let aws = stub.aws(&notes).await;
    let api = aws
        .account(scope(), None)
        .await
        .expect("the scope is sound");
    let repair = Repair::EnableAlarmActions {
        region: "us-east-1".to_owned(),
        alarm_name: "a".to_owned(),
    };
    let applied = api
        .apply(&repair)
        .await
        .expect("the second attempt is answered");
    let id = Some("request-1".to_owned());
    assert_eq!(applied.request_id, id);
    let note = |result| {
        (
            "cloudwatch".to_owned(),
            "EnableAlarmActions".to_owned(),
            result,
            id.clone(),
        )
    };
    assert_eq!(notes.all(), [note("error"), note("ok")]);
}

#[tokio::test(start_paused = true)]
async fn of_a_crowd_of_subscriptions_a_hundred_are_seen_whole_and_the_list_is_a_hole() {
    let topic = "arn:aws:sns:us-east-1:012345678901:ours";
    let member = |number: usize| {
        format!(
            "<member><SubscriptionArn>{topic}:{number}</SubscriptionArn><Protocol>sqs</Protocol>\
             <Endpoint>e</Endpoint><TopicArn>{topic}</TopicArn><Owner>012345678901</Owner></member>"
        )
    };
    let waits = "<member><SubscriptionArn>PendingConfirmation</SubscriptionArn></member>";
    let members: String = (0..101).map(member).chain([waits.to_owned()]).collect();
    let stub = Stub::new(move |seen, _| match seen.operation.as_str() {
        "ListSubscriptionsByTopic" => xml(
            "ListSubscriptionsByTopic",
            &format!("<Subscriptions>{members}</Subscriptions>"),
        ),
        _ => Answer::Empty,
    });
    let remembered = Remembered {
        topic_arns: vec![topic.to_owned()],
        ..Remembered::default()
    };
    let aws = stub.aws(&Notes::default()).await;
    let seen = observe_with(&aws, &remembered)
        .await
        .expect("the account is known");
    let key = format!("sns:ListSubscriptionsByTopic {topic}");
    assert_eq!(
        keys(&seen.api_errors),
        [(key.as_str(), "TooManySubscriptions")]
    );
    assert_eq!(stub.count("GetSubscriptionAttributes"), 100);
    assert_eq!(
        seen.subscriptions.map(|subscriptions| subscriptions.len()),
        Some(101)
    );
}

#[tokio::test(start_paused = true)]
async fn of_a_crowd_of_topics_those_beyond_the_limit_are_holes_with_their_subscriptions() {
    let arn = |number: usize| format!("arn:aws:sns:us-east-1:012345678901:t{number}");
    let remembered = Remembered {
        topic_arns: (0..201).map(arn).collect(),
        ..Remembered::default()
    };
    let stub = Stub::new(|_, _| Answer::Empty);
    let aws = stub.aws(&Notes::default()).await;
    let seen = observe_with(&aws, &remembered)
        .await
        .expect("the account is known");
    assert_eq!(seen.topics.map(|topics| topics.len()), Some(200));
    assert_eq!(stub.count("ListSubscriptionsByTopic"), 200);
    let beyond = |operation: &str| {
        (
            format!("sns:{operation} {}", arn(200)),
            "TooManyTopics".to_owned(),
        )
    };
    let holes = [
        beyond("GetTopicAttributes"),
        beyond("ListSubscriptionsByTopic"),
    ];
    assert_eq!(seen.api_errors, holes.into());
}

#[tokio::test(start_paused = true)]
async fn a_mute_rule_that_cannot_be_read_is_a_hole_of_its_region() {
    let stub = Stub::new(|seen, _| match seen.operation.as_str() {
        "ListAlarmMuteRules" => Answer::Body(cbor::map([(
            "AlarmMuteRuleSummaries",
            cbor::list([cbor::map([(
                "AlarmMuteRuleArn",
                cbor::text("arn:aws:cloudwatch:us-east-1:012345678901:alarm-mute-rule:night"),
            )])]),
        )])),
        "GetAlarmMuteRule" => Answer::Error(403, "AccessDenied"),
        _ => Answer::Empty,
    });
    let aws = stub.aws(&Notes::default()).await;
    let seen = observe(&aws).await.expect("the account is known");
    let expected = [("cloudwatch:GetAlarmMuteRule us-east-1", "AccessDenied")];
    assert_eq!(keys(&seen.api_errors), expected);
}
