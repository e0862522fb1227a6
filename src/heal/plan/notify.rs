//! Topics and subscriptions.

use serde_json::{Value, json};

use crate::assess::{Command, Link, subscribe};
use crate::heal::model::{find_subscription, find_topic};
use crate::heal::shell;
use crate::heal::{ExpectedSubscription, Repair};
use crate::snapshot::{Arn, PENDING_CONFIRMATION, Snapshot, Subscription, Topic, TopicAttributes};

use super::act::{Act, Candidate, Site};
use super::alarm;
use super::effect::Effect;

/// The name of the policy that SNS gives a topic by itself.
const DEFAULT_POLICY: &str = "__default_policy_ID";

/// The path's topics: those that its alarms name, and of these only expected ones where any are expected.
fn topics_of_path(site: &Site) -> Vec<String> {
    let expected = &site.brief.policy.topics;
    let on_path = site.chain.topic.iter().map(|topic| &topic.topic_arn);
    let named = site
        .chain
        .alarms
        .iter()
        .flat_map(|alarm| &alarm.alarm_actions)
        .filter(|action| Arn::topic(action).is_some());
    let mut topics: Vec<String> = Vec::new();
    for arn in on_path.chain(named) {
        if (expected.is_empty() || expected.contains(arn)) && !topics.contains(arn) {
            topics.push(arn.clone());
        }
    }
    topics
}

pub(super) fn topic(site: &Site) -> Vec<Candidate> {
    let topics = topics_of_path(site);
    let mut ways: Vec<Candidate> = topics.iter().map(|arn| create(site, arn)).collect();
    ways.push(alarm::notified(site));
    ways.extend(
        topics
            .iter()
            .filter_map(|arn| find_topic(site.snapshot, arn))
            .filter(|topic| site.is_own(&topic.topic_arn))
            .flat_map(|topic| let_cloudwatch_publish(site.snapshot, topic)),
    );
    ways.push(let_cloudwatch_use_the_key(site).into_iter().collect());
    ways
}

/// The topic of that ARN, if it is gone and this account's to make, with questions for what else it is known to have had. A
/// FIFO topic takes attributes that decide what it is for: a person makes it.
pub(super) fn create(site: &Site, arn: &str) -> Candidate {
    let Some(parsed) = Arn::topic(arn) else {
        return Vec::new();
    };
    let name = parsed.resource;
    if name.strip_suffix(".fifo").is_some()
        || site.snapshot.topics.is_none()
        || find_topic(site.snapshot, arn).is_some()
        || !site.is_own(arn)
        || hidden(site.snapshot, arn)
    {
        return Vec::new();
    }
    let create = Act::write(
        Link::Topic,
        format!("create topic {name}, which keeps its ARN"),
        Repair::CreateTopic {
            region: parsed.region.to_owned(),
            name: name.to_owned(),
        },
    );
    let mut account = site.snapshot.clone();
    create.effect().happen(&mut account);
    let mut acts = vec![create];
    let known = site.brief.known.and_then(|known| known.topic.as_ref());
    if let Some(known) = known.filter(|known| known.topic_arn == arn)
        && let Some(created) = find_topic(&account, arn)
    {
        acts.extend(attributes_back(created, known));
    }
    acts
}

/// Whether a failed call keeps from view whether the topic exists; that it was not found is an answer.
fn hidden(snapshot: &Snapshot, arn: &str) -> bool {
    snapshot
        .api_errors
        .iter()
        .any(|(hole, code)| hole.contains(arn) && !code.contains("NotFound"))
}

/// Policy and key of a topic as they are known to have been. A person sets them: they decide who else may publish and read.
pub(super) fn attributes_back(present: &Topic, known: &Topic) -> Candidate {
    let mut acts = Vec::new();
    let mut attributes = present.attributes.clone();
    let reason = "who may publish to a topic, and under which key, is a person's to decide";
    let arn = &known.topic_arn;
    if let Some(policy) = &known.attributes.policy
        && !same_policy(attributes.policy.as_deref(), policy)
    {
        attributes.policy = Some(policy.clone());
        acts.push(Act::ask(
            Link::Topic,
            "give the topic the policy that it had",
            reason,
            shell::set_topic_attribute(arn, "Policy", policy),
            Effect::Topic(arn.clone(), Box::new(attributes.clone())),
        ));
    }
    if known.attributes.kms_master_key_id != attributes.kms_master_key_id {
        let key = known.attributes.kms_master_key_id.clone();
        attributes.kms_master_key_id.clone_from(&key);
        acts.push(Act::ask(
            Link::Topic,
            "give the topic the key that it had",
            reason,
            shell::set_topic_attribute(arn, "KmsMasterKeyId", &key.unwrap_or_default()),
            Effect::Topic(arn.clone(), Box::new(attributes)),
        ));
    }
    acts
}

/// Whether the policies are the same text, or one is SNS's own and the other was not printed.
fn same_policy(present: Option<&str>, known: &str) -> bool {
    present.map_or_else(
        || known.contains(DEFAULT_POLICY),
        |present| present == known,
    )
}

/// A policy that lets the alarms of this account publish (SNS developer guide, "Example cases for access control": CloudWatch
/// alarms in a different account, applied to the own one): a statement more, else, where another one denies it, that alone.
fn let_cloudwatch_publish(snapshot: &Snapshot, topic: &Topic) -> Vec<Candidate> {
    let arn = &topic.topic_arn;
    let statement = json!({
        "Sid": "AlarmsOfThisAccount",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": arn,
        "Condition": {"StringEquals": {"aws:SourceAccount": snapshot.account_id.as_str()}},
    });
    let ask = |reason: &str, policy: String| {
        let attributes = TopicAttributes {
            policy: Some(policy.clone()),
            ..topic.attributes.clone()
        };
        vec![Act::ask(
            Link::Topic,
            "let CloudWatch publish to the topic",
            reason,
            shell::set_topic_attribute(arn, "Policy", &policy),
            Effect::Topic(arn.clone(), Box::new(attributes)),
        )]
    };
    let present = topic.attributes.policy.as_deref();
    let beside = present
        .and_then(|present| with_statement(present, &statement))
        .map(|policy| {
            ask(
                "who may publish to a topic is a person's to decide; the command adds a statement to its policy",
                policy,
            )
        });
    let alone = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let alone = ask(
        "the policy decides who else may publish: add its statement to those that are to stay",
        alone,
    );
    beside.into_iter().chain([alone]).collect()
}

/// The same for the customer key of a topic (CloudWatch user guide, "Notifying users on alarm changes"), where its policy is
/// the fault.
fn let_cloudwatch_use_the_key(site: &Site) -> Option<Act> {
    let key =
        site.snapshot.kms_keys.iter().find(|key| {
            site.finding.resource.as_ref() == Some(&key.arn) && site.is_own(&key.arn)
        })?;
    let statement = json!({
        "Sid": "AlarmsOfThisAccount",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
    });
    let policy = with_statement(key.policy.as_deref()?, &statement)?;
    let command = Command::new("kms put-key-policy", Arn::region_of(&key.arn))
        .with("--key-id", &key.arn)
        .with("--policy-name", "default")
        .with("--policy", &policy);
    Some(Act::ask(
        Link::Topic,
        "let CloudWatch use the topic's key",
        "who may use a key is a person's to decide; the command adds a statement to its policy",
        command,
        Effect::KeyPolicy(key.arn.clone(), policy),
    ))
}

/// A policy with one statement more; none where it cannot be read.
fn with_statement(policy: &str, statement: &Value) -> Option<String> {
    let mut policy: Value = serde_json::from_str(policy).ok()?;
    let statements = policy
        .as_object_mut()?
        .entry("Statement")
        .or_insert(json!([]));
    // One statement may stand without its list.
    let mut all = match statements.take() {
        Value::Array(all) => all,
        one => vec![one],
    };
    all.push(statement.clone());
    *statements = Value::Array(all);
    Some(policy.to_string())
}

pub(super) fn subscription(site: &Site) -> Vec<Candidate> {
    let topics: Vec<String> = topics_of_path(site)
        .into_iter()
        .filter(|arn| find_topic(site.snapshot, arn).is_some())
        .collect();
    let Some(present) = site.snapshot.subscriptions.as_deref() else {
        return Vec::new();
    };
    let mut ways: Vec<Candidate> = topics
        .iter()
        .map(|topic| configured(site, topic, present))
        .collect();
    ways.push(alarm::notified(site));
    for topic in &topics {
        let of_topic = present.iter().filter(|other| other.topic_arn == *topic);
        ways.extend(of_topic.filter_map(awaken).map(|act| vec![act]));
    }
    ways
}

/// Every endpoint that the configuration names, subscribed to the topic.
fn configured(site: &Site, topic: &str, present: &[Subscription]) -> Candidate {
    let mut acts = Vec::new();
    for expected in &site.brief.policy.subscriptions {
        let ExpectedSubscription { protocol, endpoint } = expected;
        if find_subscription(present, topic, protocol, endpoint).is_some() {
            continue;
        }
        if !site.is_own(topic) {
            acts.push(ask_to_subscribe(topic, protocol, endpoint));
            continue;
        }
        acts.push(Act::write(
            Link::Subscription,
            format!("subscribe {protocol} {endpoint}"),
            Repair::Subscribe {
                topic_arn: topic.to_owned(),
                protocol: protocol.clone(),
                endpoint: endpoint.clone(),
            },
        ));
        if expected.needs_confirmation() {
            acts.push(ask_to_confirm(topic, protocol, endpoint));
        }
    }
    acts
}

/// What a person can do for a subscription that is there and receives nothing.
fn awaken(subscription: &Subscription) -> Option<Act> {
    let Subscription {
        subscription_arn,
        protocol,
        endpoint,
        topic_arn,
        ..
    } = subscription;
    if subscription_arn == PENDING_CONFIRMATION {
        return Some(ask_to_confirm(topic_arn, protocol, endpoint));
    }
    subscription.attributes.filter_policy.as_ref()?;
    let command = Command::new("sns set-subscription-attributes", Arn::region_of(topic_arn))
        .with("--subscription-arn", subscription_arn)
        .with("--attribute-name", "FilterPolicy")
        .with("--attribute-value", "{}");
    Some(Act::ask(
        Link::Subscription,
        format!("let {protocol} {endpoint} receive the alarm"),
        "its filter policy drops the alarm's message, and may be meant for others",
        command,
        Effect::Unfiltered(subscription_arn.clone()),
    ))
}

fn ask_to_confirm(topic_arn: &str, protocol: &str, endpoint: &str) -> Act {
    Act::ask(
        Link::Subscription,
        format!("confirm the subscription of {protocol} {endpoint}"),
        "only the receiver can confirm, by the link that SNS has sent; the command sends it again",
        subscribe(topic_arn, protocol, endpoint),
        confirmed(topic_arn, protocol, endpoint),
    )
}

/// The question for a subscription that is not trailwarden's to make.
pub(super) fn ask_to_subscribe(topic_arn: &str, protocol: &str, endpoint: &str) -> Act {
    Act::ask(
        Link::Subscription,
        format!("subscribe {protocol} {endpoint}"),
        "trailwarden subscribes only what expect.subscriptions names, and only to topics of its account",
        subscribe(topic_arn, protocol, endpoint),
        confirmed(topic_arn, protocol, endpoint),
    )
}

fn confirmed(topic_arn: &str, protocol: &str, endpoint: &str) -> Effect {
    Effect::Confirmed {
        topic_arn: topic_arn.to_owned(),
        protocol: protocol.to_owned(),
        endpoint: endpoint.to_owned(),
    }
}
