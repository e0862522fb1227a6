//! What a look at an account brings.

use tokio::time::Instant;

use aws_sdk_cloudwatch::types as watch;
use aws_sdk_cloudwatchlogs::types as logs;
use trailwarden::aws::{AccountApi, ObserveError, ObserveScope, Remembered, Role};

use super::super::Suite;
use super::super::common::aws::Account;
use super::{api, aws, aws_of, no_holes, observe, observe_remembering};

pub(super) fn add(suite: &mut Suite) {
    suite.test("observe: a compliant account leaves no hole", compliant);
    suite.test(
        "observe: a constant number of calls, in three rounds",
        constant_calls,
    );
    suite.test(
        "observe: from another region than the trail's",
        from_another_region,
    );
    suite.test(
        "observe: without a trail the home region is still seen",
        without_trail,
    );
    suite.test("observe: what was deleted is absent, not a hole", deleted);
    suite.test("observe: what is remembered is looked at", remembered);
    suite.test("observe: everything that can stand in a chain", everything);
    suite.test("observe: lists are read to their end", to_the_end);
    suite.test("observe: another account than expected is refused", foreign);
    suite.test("observe: an account behind a role", behind_a_role);
}

async fn compliant(account: Account) {
    let seeded = &account.seeded;
    let seen = observe(&account).await;
    assert_eq!(seen.api_errors, no_holes());
    assert_eq!(seen.account_id.as_str(), seeded.account);
    assert_eq!(seen.enabled_regions, ["eu-west-1", "us-east-1"]);
    assert_eq!(seen.observer_region, None);

    let trails = seen.trails.expect("trails were seen");
    let [trail] = &trails[..] else {
        panic!("{trails:?}")
    };
    assert_eq!(
        (&trail.trail_arn, trail.is_multi_region_trail),
        (&seeded.trail_arn, true)
    );
    assert_eq!(
        (trail.home_region.as_deref(), &trail.observed_in),
        (Some("us-east-1"), &None)
    );
    let status = &seen.trail_status[&seeded.trail_arn];
    assert_eq!(status.is_logging, Some(true));
    assert!(status.start_logging_time.is_some(), "{status:?}");
    assert!(
        status.latest_cloud_watch_logs_delivery_time.is_some(),
        "{status:?}"
    );
    assert_eq!(status.latest_cloud_watch_logs_delivery_error, None);
    assert!(seen.event_selectors.contains_key(&seeded.trail_arn));

    assert_eq!(seen.log_groups.len(), 1);
    assert_eq!(seen.log_groups[0].log_group_name, seeded.log_group);
    let filters = seen.metric_filters.expect("filters were seen");
    let [filter] = &filters[..] else {
        panic!("{filters:?}")
    };
    assert_eq!(
        (&filter.filter_name, &filter.region),
        (&seeded.metric_filter, &seeded.region)
    );
    assert_eq!(
        filter.metric_transformations[0].metric_name,
        seeded.metric_name
    );

    let alarms = seen.alarms.expect("alarms were seen");
    let [alarm] = &alarms[..] else {
        panic!("{alarms:?}")
    };
    assert_eq!(
        (&alarm.alarm_name, alarm.threshold),
        (&seeded.alarm, Some(1.0))
    );
    assert_eq!(alarm.alarm_actions, std::slice::from_ref(&seeded.topic_arn));
    let topics = seen.topics.expect("topics were seen");
    let [topic] = &topics[..] else {
        panic!("{topics:?}")
    };
    assert_eq!(topic.topic_arn, seeded.topic_arn);
    assert_eq!(topic.attributes.owner.as_ref(), Some(&seeded.account));
    let subscriptions = seen.subscriptions.expect("subscriptions were seen");
    let [subscription] = &subscriptions[..] else {
        panic!("{subscriptions:?}")
    };
    assert_eq!(subscription.subscription_arn, seeded.subscription_arn);
    assert_eq!(
        subscription.attributes.pending_confirmation.as_deref(),
        Some("false")
    );
}

async fn constant_calls(account: Account) {
    let aws = aws(&account, &account.seeded.region).await;
    let api = aws
        .account(ObserveScope::default(), None)
        .await
        .expect("the scope is sound");
    api.observe(&Remembered::default())
        .await
        .expect("the account is known");
    let before = ours(&account).len();
    let begun = Instant::now();
    api.observe(&Remembered::default())
        .await
        .expect("the account is known");
    let took = begun.elapsed();
    let mut calls = ours(&account).split_off(before);
    calls.sort_unstable();
    let expected = [
        "cloudtrail:DescribeTrails",
        "cloudtrail:DescribeTrails",
        "cloudtrail:GetEventSelectors",
        "cloudtrail:GetTrailStatus",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:ListAlarmMuteRules",
        "logs:DescribeAccountPolicies",
        "logs:DescribeAccountPolicies",
        "logs:DescribeLogGroups",
        "logs:DescribeMetricFilters",
        "logs:GetDataProtectionPolicy",
        "sns:GetSubscriptionAttributes",
        "sns:GetTopicAttributes",
        "sns:ListSubscriptionsByTopic",
    ];
    assert_eq!(calls, expected, "the second look, in {took:?}");
    println!("observe: {} calls in {took:?}", calls.len());
}

/// Our calls so far, oldest first.
fn ours(account: &Account) -> Vec<String> {
    let calls = account.calls().into_iter();
    calls
        .filter(|call| {
            call.user_agent
                .as_ref()
                .is_some_and(|agent| agent.contains("trailwarden"))
        })
        .map(|call| format!("{}:{}", call.service, call.operation))
        .collect()
}

async fn from_another_region(account: Account) {
    let scope = ObserveScope {
        regions: vec!["eu-west-1".to_owned()],
        ..ObserveScope::default()
    };
    let seen = api(&account, scope)
        .await
        .observe(&Remembered::default())
        .await
        .expect("the account is known");
    assert_eq!(seen.api_errors, no_holes());
    assert_eq!(seen.enabled_regions, ["eu-west-1"]);
    assert_eq!(seen.observer_region.as_deref(), Some("eu-west-1"));
    let trails = seen.trails.expect("trails were seen");
    assert_eq!(trails.len(), 1);
    assert_eq!(trails[0].observed_in.as_deref(), Some("eu-west-1"));
    assert_eq!(
        seen.trail_status[&account.seeded.trail_arn].is_logging,
        Some(true)
    );
    assert_eq!(seen.metric_filters.map(|filters| filters.len()), Some(1));
    assert_eq!(seen.alarms.map(|alarms| alarms.len()), Some(1));
    assert_eq!(
        seen.subscriptions.map(|subscriptions| subscriptions.len()),
        Some(1)
    );
}

async fn without_trail(account: Account) {
    account
        .cloudtrail
        .delete_trail()
        .name(&account.seeded.trail_arn)
        .send()
        .await
        .expect("deleted");
    let seen = observe(&account).await;
    assert_eq!(seen.api_errors, no_holes());
    assert_eq!(seen.trails, Some(vec![]));
    assert_eq!(seen.metric_filters.map(|filters| filters.len()), Some(1));
    assert_eq!(seen.alarms.map(|alarms| alarms.len()), Some(1));
    assert_eq!(seen.topics.map(|topics| topics.len()), Some(1));
}

async fn deleted(account: Account) {
    let seeded = &account.seeded;
    account
        .logs
        .delete_log_group()
        .log_group_name(&seeded.log_group)
        .send()
        .await
        .expect("deleted");
    account
        .sns
        .delete_topic()
        .topic_arn(&seeded.topic_arn)
        .send()
        .await
        .expect("deleted");
    let seen = observe(&account).await;
    assert_eq!(seen.api_errors, no_holes());
    assert_eq!(
        (seen.log_groups, seen.metric_filters),
        (vec![], Some(vec![]))
    );
    assert_eq!(
        (seen.topics, seen.subscriptions),
        (Some(vec![]), Some(vec![]))
    );
    assert_eq!(seen.alarms.map(|alarms| alarms.len()), Some(1));
}

async fn remembered(account: Account) {
    let seeded = &account.seeded;
    account
        .cloudwatch
        .delete_alarms()
        .alarm_names(&seeded.alarm)
        .send()
        .await
        .expect("deleted");
    account
        .logs
        .create_log_group()
        .log_group_name("other")
        .send()
        .await
        .expect("made");
    let unaware = observe(&account).await;
    assert_eq!(
        (unaware.alarms, unaware.topics),
        (Some(vec![]), Some(vec![]))
    );
    let remembered = Remembered {
        log_group_arns: vec![
            format!(
                "arn:aws:logs:us-east-1:{}:log-group:other:*",
                seeded.account
            ),
            "arn:aws:logs:us-east-1:999988887777:log-group:foreign:*".to_owned(),
        ],
        topic_arns: vec![seeded.topic_arn.clone(), seeded.topic_arn.clone()],
    };
    let seen = observe_remembering(&account, &remembered).await;
    assert_eq!(seen.api_errors, no_holes());
    let mut groups: Vec<_> = seen
        .log_groups
        .into_iter()
        .map(|group| group.log_group_name)
        .collect();
    groups.sort_unstable();
    assert_eq!(groups, ["other", &seeded.log_group]);
    assert_eq!(seen.topics.map(|topics| topics.len()), Some(1));
    assert_eq!(
        seen.subscriptions.map(|subscriptions| subscriptions.len()),
        Some(1)
    );
}

async fn everything(account: Account) {
    let seeded = &account.seeded;
    fill(&account).await;
    let seen = observe(&account).await;
    assert_eq!(seen.api_errors, no_holes());
    let alarms = seen.alarms.expect("alarms were seen");
    let kinds: Vec<_> = alarms
        .iter()
        .map(|alarm| alarm.alarm_type.as_deref())
        .collect();
    assert_eq!(kinds, [None, Some("CompositeAlarm")]);
    assert_eq!(
        alarms[1].alarm_rule,
        Some(format!("ALARM(\"{}\")", seeded.alarm))
    );
    let [rule] = &seen.alarm_mute_rules[..] else {
        panic!("{:?}", seen.alarm_mute_rules)
    };
    assert_eq!(rule.name.as_deref(), Some("nightly"));
    let targets = rule
        .mute_targets
        .as_ref()
        .map(|targets| &targets.alarm_names);
    assert_eq!(targets, Some(&vec![seeded.alarm.clone()]));
    let [policy] = &seen.data_protection_policies[..] else {
        panic!("{:?}", seen.data_protection_policies)
    };
    assert_eq!(policy.log_group_name.as_ref(), Some(&seeded.log_group));
    assert_eq!(policy.policy_document, Some("{\"Name\":\"p\"}".into()));
    let [policy] = &seen.account_policies[..] else {
        panic!("{:?}", seen.account_policies)
    };
    assert_eq!(policy.policy_type.as_deref(), Some("TRANSFORMER_POLICY"));
    assert_eq!(
        policy.selection_criteria.as_deref(),
        Some("LogGroupNamePrefix == \"x\"")
    );
    let mut subscriptions = seen.subscriptions.expect("subscriptions were seen");
    subscriptions.sort_by(|one, other| one.protocol.cmp(&other.protocol));
    let [mail, queue] = &subscriptions[..] else {
        panic!("{subscriptions:?}")
    };
    assert_eq!(mail.subscription_arn, "PendingConfirmation");
    assert_eq!(mail.endpoint, "sec@example.com");
    assert_eq!(
        queue.attributes.filter_policy.as_deref(),
        Some("{\"a\":[\"b\"]}")
    );
}

/// Adds one of each thing beside the seeded chain.
async fn fill(account: &Account) {
    let seeded = &account.seeded;
    let composite = account.cloudwatch.put_composite_alarm().alarm_name("any");
    let composite = composite.alarm_rule(format!("ALARM(\"{}\")", seeded.alarm));
    composite
        .alarm_actions(&seeded.topic_arn)
        .send()
        .await
        .expect("the composite alarm is made");
    let schedule = watch::Schedule::builder()
        .expression("cron(0 2 * * *)")
        .duration("PT1H")
        .build();
    let targets = watch::MuteTargets::builder()
        .alarm_names(&seeded.alarm)
        .build();
    account
        .cloudwatch
        .put_alarm_mute_rule()
        .name("nightly")
        .rule(watch::Rule::builder().schedule(schedule).build())
        .mute_targets(targets)
        .send()
        .await
        .expect("the mute rule is made");
    account
        .logs
        .put_data_protection_policy()
        .log_group_identifier(&seeded.log_group)
        .policy_document("{\"Name\":\"p\"}")
        .send()
        .await
        .expect("the policy is made");
    account
        .logs
        .put_account_policy()
        .policy_name("transform")
        .policy_type(logs::PolicyType::TransformerPolicy)
        .policy_document("{}")
        .selection_criteria("LogGroupNamePrefix == \"x\"")
        .send()
        .await
        .expect("the policy is made");
    account
        .sns
        .set_subscription_attributes()
        .subscription_arn(&seeded.subscription_arn)
        .attribute_name("FilterPolicy")
        .attribute_value("{\"a\":[\"b\"]}")
        .send()
        .await
        .expect("the filter policy is set");
    let mail = account
        .sns
        .subscribe()
        .topic_arn(&seeded.topic_arn)
        .protocol("email");
    mail.endpoint("sec@example.com")
        .send()
        .await
        .expect("somebody is asked");
}

async fn to_the_end(account: Account) {
    let seeded = &account.seeded;
    let transformation = logs::MetricTransformation::builder()
        .metric_namespace("Other")
        .metric_name("other")
        .metric_value("1")
        .build()
        .expect("complete");
    for number in 0..60 {
        account
            .logs
            .put_metric_filter()
            .log_group_name(&seeded.log_group)
            .filter_name(format!("filter-{number:02}"))
            .filter_pattern("x")
            .metric_transformations(transformation.clone())
            .send()
            .await
            .expect("the filter is made");
    }
    for number in 0..110 {
        put_alarm(&account, &format!("alarm-{number:03}"))
            .send()
            .await
            .expect("the alarm is made");
    }
    let seen = observe(&account).await;
    assert_eq!(seen.api_errors, no_holes());
    assert_eq!(seen.metric_filters.map(|filters| filters.len()), Some(61));
    assert_eq!(seen.alarms.map(|alarms| alarms.len()), Some(111));
}

fn put_alarm(
    account: &Account,
    name: &str,
) -> aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmFluentBuilder {
    account
        .cloudwatch
        .put_metric_alarm()
        .alarm_name(name)
        .namespace("AWS/EC2")
        .metric_name("CPUUtilization")
        .statistic(watch::Statistic::Average)
        .period(60)
        .evaluation_periods(1)
        .threshold(90.0)
        .comparison_operator(watch::ComparisonOperator::GreaterThanThreshold)
}

async fn foreign(account: Account) {
    let expected = "999988887777".parse().expect("an account id");
    let scope = ObserveScope {
        account: Some(expected),
        ..ObserveScope::default()
    };
    let error = api(&account, scope)
        .await
        .observe(&Remembered::default())
        .await
        .unwrap_err();
    assert_eq!(
        error,
        ObserveError::ForeignAccount {
            expected: "999988887777".parse().expect("an account id"),
            found: account.seeded.account.parse().expect("an account id"),
        }
    );
}

async fn behind_a_role(account: Account) {
    let aws = aws_of(&account.endpoint, "444455556666", "eu-west-1").await;
    let role = Role {
        arn: format!("arn:aws:iam::{}:role/trailwarden", account.seeded.account),
        external_id: Some("secret-handshake".to_owned()),
    };
    let scope = ObserveScope {
        account: account.seeded.account.parse().ok(),
        regions: vec!["us-east-1".to_owned()],
        ..ObserveScope::default()
    };
    let api = aws
        .account(scope, Some(&role))
        .await
        .expect("the scope is sound");
    let seen = api
        .observe(&Remembered::default())
        .await
        .expect("the role can be assumed");
    assert_eq!(seen.api_errors, no_holes());
    assert_eq!(seen.trails.map(|trails| trails.len()), Some(1));
}
