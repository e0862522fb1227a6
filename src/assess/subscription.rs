//! Has somebody confirmed a subscription that receives the alarm's message?

use super::fault::{Fault, Tri};
use super::message::{Part, attributes, body, passes};
use super::put::subscribe;
use super::remedy::Command;
use super::world::World;
use super::{Expectations, Link, Warning, WarningCode};
use crate::snapshot::Arn;
use crate::snapshot::{Alarm, DELETED, PENDING_CONFIRMATION, Subscription, Topic};

/// What the names of a drill's own resources begin with: as endpoints they prove the chain and tell nobody.
pub const DRILL_PREFIX: &str = "trailwarden-drill-";

/// Who hears of the alarm through one topic.
#[derive(Debug, Clone, Default)]
pub(super) struct Audience<'a> {
    /// Those that certainly receive it.
    pub(super) subscriptions: Vec<&'a Subscription>,
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Warning>,
}

/// Looks for a confirmed subscription of the topic that lets the alarm's message through.
pub(super) fn audience<'a>(
    world: World<'a>,
    alarm: &Alarm,
    from: Option<&'static str>,
    topic_arn: &str,
    topic: Option<&Topic>,
    expectations: &Expectations,
) -> Audience<'a> {
    let mut audience = Audience::default();
    if !expectations.topics.is_empty() && !expectations.topics.iter().any(|arn| arn == topic_arn) {
        audience.faults.push(
            Fault::broken(
                Link::Subscription,
                format!("Topic {topic_arn} is none of the topics that the configuration names: it notifies nobody that you named."),
            )
            .on(topic_arn),
        );
        return audience;
    }
    let world = world.home_of(topic_arn);
    let body = body(alarm, from);
    let mut rejections = Vec::new();
    let mut others: Vec<&str> = Vec::new();
    for subscription in world.snapshot.subscriptions.iter().flatten() {
        if subscription.topic_arn != topic_arn || is_drill(subscription) {
            continue;
        }
        let named = expectations.subscriptions.is_empty()
            || expectations.subscriptions.contains(&subscription.endpoint);
        if !named {
            others.push(&subscription.endpoint);
            continue;
        }
        match receives(world, subscription, &body) {
            Ok(()) => audience.subscriptions.push(subscription),
            Err(fault) => rejections.push(fault),
        }
    }
    if !others.is_empty() {
        audience.warnings.push(Warning {
            code: WarningCode::UnexpectedSubscription,
            message: format!(
                "Topic {topic_arn} also notifies endpoints that the configuration does not name: {}.",
                others.join(", ")
            ),
        });
    }
    if audience.subscriptions.is_empty() {
        audience.faults = nobody(
            world,
            topic_arn,
            topic,
            rejections,
            !others.is_empty(),
            expectations,
        );
    }
    audience
}

fn is_drill(subscription: &Subscription) -> bool {
    let endpoint = &subscription.endpoint;
    endpoint
        .rsplit(['/', ':'])
        .next()
        .is_some_and(|name| name.starts_with(DRILL_PREFIX))
}

/// Why there is no audience: the holes first, for they may hide one.
fn nobody(
    world: World<'_>,
    topic_arn: &str,
    topic: Option<&Topic>,
    mut rejections: Vec<Fault>,
    has_others: bool,
    expectations: &Expectations,
) -> Vec<Fault> {
    let region = Arn::topic(topic_arn).map_or("", |arn| arn.region);
    let foreign = Arn::topic(topic_arn).is_some_and(|arn| arn.account != world.account());
    let hole = world
        .list_hole(
            world.snapshot.subscriptions.as_ref(),
            "sns:ListSubscriptionsByTopic",
            topic_arn,
        )
        .or_else(|| world.hole("sns:ListSubscriptionsByTopic", &[region]));
    let confirmed = topic.and_then(|topic| topic.attributes.subscriptions_confirmed.as_deref());
    if let Some(hole) = hole.filter(|hole| !hole.is_not_found())
        && confirmed != Some("0")
    {
        let meaning = format!("whether anybody is subscribed to {topic_arn} is not known.");
        let fault = hole.fault(Link::Subscription, &meaning).on(topic_arn);
        return vec![if foreign {
            fault.named(Link::Subscription)
        } else {
            fault
        }];
    }
    if foreign && topic.is_none() {
        return vec![
            Fault::undecided(
                Link::Subscription,
                format!("Topic {topic_arn} belongs to another account and was not seen: whether it notifies anybody is not known."),
            )
            .on(topic_arn)
            .remedy("Allow the actions sns:GetTopicAttributes and sns:ListSubscriptionsByTopic on it to the role that trailwarden uses."),
        ];
    }
    // A subscription that perhaps receives it outweighs those that do not.
    if rejections.iter().any(|fault| !fault.is_broken()) {
        rejections.retain(|fault| !fault.is_broken());
        return rejections;
    }
    if let Some(first) = rejections.into_iter().next() {
        return vec![first];
    }
    if topic.is_none()
        && !has_others
        && let Some(fault) = unseen_topic(world, topic_arn, region)
    {
        return vec![fault];
    }
    let remedy = match expectations.subscriptions.first() {
        Some(endpoint) => subscribe(topic_arn, protocol_of(endpoint), endpoint),
        None => subscribe(topic_arn, "email", "ADDRESS"),
    };
    let message = if has_others {
        format!("Topic {topic_arn} notifies nobody that the configuration names.")
    } else {
        format!("Topic {topic_arn} has no subscription: it notifies nobody.")
    };
    vec![
        Fault::absent(Link::Subscription, message)
            .on(topic_arn)
            .remedy(remedy),
    ]
}

/// The subscriptions could not be listed, and the topic does not count none.
pub(super) fn unlisted(world: World<'_>, topic_arn: &str, topic: Option<&Topic>) -> Option<Fault> {
    let region = Arn::topic(topic_arn).map_or("", |arn| arn.region);
    let list = world.snapshot.subscriptions.as_ref();
    let operation = "sns:ListSubscriptionsByTopic";
    let hole = world
        .list_hole(list, operation, topic_arn)
        .or_else(|| world.hole(operation, &[region]))
        .filter(|hole| !hole.is_not_found() && topic.and_then(confirmed) != Some(0))?;
    let meaning = format!("whether anybody is subscribed to {topic_arn} is not known.");
    Some(hole.fault(Link::Subscription, &meaning).on(topic_arn))
}

/// How many confirmed subscriptions a topic counts.
fn confirmed(topic: &Topic) -> Option<usize> {
    let count = topic.attributes.subscriptions_confirmed.as_deref()?;
    count.parse().ok()
}

/// A topic of which nothing was seen, not even that it is there: that no subscription was seen either tells nothing.
fn unseen_topic(world: World<'_>, topic_arn: &str, region: &str) -> Option<Fault> {
    let hole = world
        .hole("sns:GetTopicAttributes", &[topic_arn, region])
        .filter(|hole| !hole.is_not_found())?;
    let meaning = format!("whether anybody is subscribed to {topic_arn} is not known.");
    Some(hole.fault(Link::Subscription, &meaning).on(topic_arn))
}

fn protocol_of(endpoint: &str) -> &'static str {
    match Arn::parse(endpoint).map(|arn| arn.service) {
        Some("sqs") => "sqs",
        Some("lambda") => "lambda",
        Some("firehose") => "firehose",
        _ if endpoint.starts_with("https://") => "https",
        _ if endpoint.starts_with("http://") => "http",
        _ if endpoint.starts_with('+') => "sms",
        _ => "email",
    }
}

fn receives(world: World<'_>, subscription: &Subscription, body: &Part) -> Result<(), Fault> {
    let endpoint = &subscription.endpoint;
    let region = Arn::topic(&subscription.topic_arn).map_or("", |arn| arn.region);
    let arn = &subscription.subscription_arn;
    let broken = |message: String| Fault::broken(Link::Subscription, message).on(endpoint);
    let again = || subscribe(&subscription.topic_arn, &subscription.protocol, endpoint);
    if arn == DELETED {
        return Err(broken(format!("The subscription of {endpoint} was deleted.")).remedy(again()));
    }
    let pending = subscription.attributes.pending_confirmation.as_deref() == Some("true");
    if arn == PENDING_CONFIRMATION || pending || Arn::parse(arn).is_none() {
        return Err(broken(format!(
            "The subscription of {endpoint} was never confirmed."
        ))
        .remedy(format!(
            "Ask again and let a person follow the link in the message: {}",
            String::from(again())
        )));
    }
    let attributes_of = &subscription.attributes;
    if attributes_of.filter_policy.is_none()
        && let Some(hole) = world.hole(
            "sns:GetSubscriptionAttributes",
            &[arn, &subscription.topic_arn, region],
        )
    {
        let meaning = format!(
            "whether a filter policy of {endpoint} drops the alarm's message is not known."
        );
        return Err(hole.fault(Link::Subscription, &meaning).on(endpoint));
    }
    let Some(policy) = attributes_of
        .filter_policy
        .as_deref()
        .filter(|text| !text.trim().is_empty())
    else {
        return Ok(());
    };
    let in_body = attributes_of.filter_policy_scope.as_deref() == Some("MessageBody");
    let answer = if in_body {
        passes(policy, body)
    } else {
        passes(policy, &attributes())
    };
    let remedy = Command::new("sns set-subscription-attributes", region)
        .with("--subscription-arn", arn)
        .raw("--attribute-name FilterPolicy")
        .with("--attribute-value", "{}");
    match answer {
        Tri::Yes => Ok(()),
        Tri::No if in_body => Err(broken(format!(
            "The filter policy of the subscription of {endpoint} drops the alarm's message: {policy}."
        ))
        .remedy(remedy)),
        Tri::No => Err(broken(format!(
            "The filter policy of the subscription of {endpoint} looks at message attributes, and an alarm's message \
             has none: {policy}."
        ))
        .remedy(remedy)),
        Tri::Unknown => Err(Fault::undecided(
            Link::Subscription,
            format!("Whether the filter policy of the subscription of {endpoint} lets the alarm's message through cannot be told: {policy}."),
        )
        .on(endpoint)
        .remedy(remedy)),
    }
}
