//! What was not seen makes a verdict unknown only if it decides.

use super::support::{Cases, TOPIC, TRAIL, brief, judge, remove, set, sound, subscription};
use serde_json::{Value, json};

const DENIED: &str = "AccessDeniedException";

fn hole(key: &str) -> impl Fn(&mut Value) {
    let errors = json!({key: DENIED});
    move |state| set(state, "/api_errors", errors.clone())
}

#[test]
fn a_hole_that_decides_makes_it_unknown() {
    let mut cases = Cases::default();
    for (list, key) in [
        ("trails", "cloudtrail:DescribeTrails us-east-1"),
        ("metric_filters", "logs:DescribeMetricFilters us-east-1"),
        ("alarms", "cloudwatch:DescribeAlarms us-east-1"),
        (
            "topics",
            "sns:GetTopicAttributes arn:aws:sns:us-east-1:111122223333:cis-alarms",
        ),
        (
            "subscriptions",
            "sns:ListSubscriptionsByTopic arn:aws:sns:us-east-1:111122223333:cis-alarms",
        ),
    ] {
        cases.case(
            &format!("{list} denied and absent"),
            "UNKNOWN visibility",
            |state| {
                hole(key)(state);
                remove(state, &format!("/{list}"));
            },
        );
        cases.case(
            &format!("{list} denied and empty"),
            "UNKNOWN visibility",
            |state| {
                hole(key)(state);
                set(state, &format!("/{list}"), json!([]));
            },
        );
        cases.case(
            &format!("{list} not asked"),
            "UNKNOWN visibility",
            |state| {
                remove(state, &format!("/{list}"));
            },
        );
    }
    for key in [
        "cloudwatch:ListAlarmMuteRules us-east-1",
        "logs:GetDataProtectionPolicy us-east-1",
        "logs:DescribeAccountPolicies us-east-1",
        "sns:GetSubscriptionAttributes arn:aws:sns:us-east-1:111122223333:cis-alarms:11111111-2222-3333-4444-555555555555",
    ] {
        cases.case(key, "UNKNOWN visibility", hole(key));
    }
    cases.done();
}

#[test]
fn a_hole_that_cannot_change_the_answer_does_not_matter() {
    let mut cases = Cases::default();
    for key in [
        "cloudtrail:DescribeTrails eu-west-1",
        "logs:DescribeMetricFilters eu-west-1",
        "logs:DescribeMetricFilters us-east-1",
        "cloudwatch:DescribeAlarms eu-west-1",
        "cloudwatch:DescribeAlarms us-east-1",
        "cloudwatch:ListAlarmMuteRules eu-west-1",
        "logs:DescribeLogGroups us-east-1",
        "sns:ListSubscriptionsByTopic arn:aws:sns:us-east-1:111122223333:other",
        "logs:GetDataProtectionPolicy eu-west-1",
        "kms:DescribeKey us-east-1",
    ] {
        cases.case(&format!("{key} at a sound chain"), "PASS", hole(key));
    }
    cases.case(
        "a mute-rule call that the endpoint does not know",
        "PASS",
        |state| {
            set(
                state,
                "/api_errors",
                json!({"cloudwatch:ListAlarmMuteRules us-east-1": "UnknownOperationException"}),
            );
        },
    );
    for (name, expected, key, change) in [
        (
            "alarms of another region",
            "FAIL alarm",
            "cloudwatch:DescribeAlarms eu-west-1",
            "/alarms",
        ),
        (
            "filters of another region",
            "FAIL pattern",
            "logs:DescribeMetricFilters eu-west-1",
            "/metric_filters",
        ),
        (
            "filters, but there is no alarm at all",
            "FAIL alarm",
            "logs:DescribeMetricFilters us-east-1",
            "/alarms",
        ),
    ] {
        cases.case(name, expected, |state| {
            hole(key)(state);
            set(state, change, json!([]));
        });
    }
    cases.case(
        "a stopped trail, whatever else is hidden",
        "FAIL trail",
        |state| {
            state["trail_status"][TRAIL]["IsLogging"] = json!(false);
            remove(state, "/alarms");
        },
    );
    cases.case(
        "a topic without a single confirmed subscription",
        "FAIL subscription",
        |state| {
            hole(&format!("sns:ListSubscriptionsByTopic {TOPIC}"))(state);
            remove(state, "/subscriptions");
            set(
                state,
                "/topics/0/Attributes/SubscriptionsConfirmed",
                json!("0"),
            );
        },
    );
    cases.done();
}

#[test]
fn an_answer_that_a_thing_is_not_there_is_no_hole() {
    let mut cases = Cases::default();
    cases.case("no data-protection policy", "PASS", |state| {
        set(state, "/api_errors", json!({"logs:GetDataProtectionPolicy arn:aws:logs:us-east-1:111122223333:log-group:ct": "ResourceNotFoundException"}));
    });
    cases.case("no topic", "FAIL topic", |state| {
        set(state, "/topics", json!([]));
        set(state, "/api_errors", json!({format!("sns:GetTopicAttributes {TOPIC}"): "NotFoundException", format!("sns:ListSubscriptionsByTopic {TOPIC}"): "NotFoundException"}));
    });
    cases.case("no key", "FAIL topic", |state| {
        let key = "arn:aws:kms:us-east-1:111122223333:key/1";
        set(state, "/topics/0/Attributes/KmsMasterKeyId", json!(key));
        set(
            state,
            "/api_errors",
            json!({format!("kms:DescribeKey {key}"): "NotFoundException"}),
        );
    });
    cases.done();
}

#[test]
fn regions_that_could_not_be_listed_leave_a_single_region_trail_open() {
    let mut cases = Cases::default();
    cases.case("single-region", "UNKNOWN visibility", |state| {
        remove(state, "/enabled_regions");
        set(state, "/trails/0/IsMultiRegionTrail", json!(false));
        set(
            state,
            "/api_errors",
            json!({"account:ListRegions us-east-1": DENIED}),
        );
    });
    cases.case("multi-region", "PASS", |state| {
        remove(state, "/enabled_regions");
        set(
            state,
            "/api_errors",
            json!({"account:ListRegions us-east-1": DENIED}),
        );
    });
    cases.done();
}

#[test]
fn the_finding_names_the_missing_permission() {
    let mut state = sound();
    remove(&mut state, "/alarms");
    set(
        &mut state,
        "/api_errors",
        json!({"cloudwatch:DescribeAlarms us-east-1": DENIED}),
    );
    let assessment = judge(&state);
    let finding = &assessment.findings[0];
    assert!(
        finding
            .message
            .contains("cloudwatch:DescribeAlarms (us-east-1) was denied"),
        "{}",
        finding.message
    );
    assert_eq!(
        finding.remedy.as_deref(),
        Some("Allow the action cloudwatch:DescribeAlarms to the role that trailwarden uses.")
    );
}

#[test]
fn a_hole_about_a_log_group_of_another_partition_is_one() {
    let text = sound().to_string();
    let text = text.replace("us-east-1", "cn-north-1");
    let mut state: Value = serde_json::from_str(&text.replace("arn:aws:", "arn:aws-cn:")).unwrap();
    assert_eq!(brief(&judge(&state)), "PASS");
    let call = "logs:GetDataProtectionPolicy arn:aws-cn:logs:cn-north-1:111122223333:log-group:ct";
    set(
        &mut state,
        "/api_errors",
        json!({call: "AccessDeniedException"}),
    );
    assert_eq!(brief(&judge(&state)), "UNKNOWN visibility");
}

#[test]
fn a_topic_beyond_the_limit_of_a_look_may_have_subscriptions() {
    let mut cases = Cases::default();
    let asked = format!("sns:GetTopicAttributes {TOPIC}");
    let listed = format!("sns:ListSubscriptionsByTopic {TOPIC}");
    let beyond = |holes: Value| {
        move |state: &mut Value| {
            set(state, "/topics", json!([]));
            set(state, "/subscriptions", json!([]));
            set(state, "/api_errors", holes);
        }
    };
    cases.case(
        "as the observer notes it",
        "UNKNOWN visibility",
        beyond(json!({&asked: "TooManyTopics", &listed: "TooManyTopics"})),
    );
    cases.case(
        "the topic only",
        "UNKNOWN visibility",
        beyond(json!({&asked: "TooManyTopics"})),
    );
    cases.case(
        "of its region",
        "UNKNOWN visibility",
        beyond(json!({"sns:GetTopicAttributes us-east-1": DENIED})),
    );
    cases.case(
        "it is not there",
        "FAIL topic",
        beyond(json!({&asked: "NotFoundException"})),
    );
    cases.case(
        "its subscriptions were seen",
        "FAIL subscription",
        |state| {
            beyond(json!({&asked: DENIED}))(state);
            set(state, "/subscriptions", json!([subscription(TOPIC)]));
            set(
                state,
                "/subscriptions/0/SubscriptionArn",
                json!("PendingConfirmation"),
            );
        },
    );
    cases.done();
}
