use std::collections::HashMap;

use aws_sdk_sns::types as sdk;
use futures_util::future::{join, join_all};

use super::keys;
use super::look::{Look, NoneIf, Seen};
use crate::aws::arn::topic_region;
use crate::aws::error::Class;
use crate::aws::sdk_error::{self, Call};
use crate::snapshot::{KmsKey, Subscription, SubscriptionAttributes, Topic, TopicAttributes};

/// Topics looked at in one look: an account whose candidate alarms name more has holes for each topic beyond.
const TOPIC_LIMIT: usize = 200;

/// Confirmed subscriptions of one topic whose attributes are asked for, one call each. One that delivers is enough.
const SUBSCRIPTION_LIMIT: usize = 100;

/// AWS's own key for topics, whose policy nobody can read or change.
const AWS_MANAGED_KEY: &str = "alias/aws/sns";

/// What was seen of SNS, and of the keys of its topics.
#[derive(Debug, Default)]
pub(super) struct TopicsSeen {
    /// Whether any topic was asked about.
    pub(super) asked: bool,
    pub(super) topics: Vec<Topic>,
    pub(super) subscriptions: Vec<Subscription>,
    pub(super) keys: Vec<KmsKey>,
}

impl TopicsSeen {
    pub(super) fn add(&mut self, more: Self) {
        self.asked |= more.asked;
        self.topics.extend(more.topics);
        self.subscriptions.extend(more.subscriptions);
        for key in more.keys {
            match self.keys.iter_mut().find(|known| known.arn == key.arn) {
                Some(known) => {
                    let new = key.aliases.into_iter();
                    let new: Vec<_> = new.filter(|one| !known.aliases.contains(one)).collect();
                    known.aliases.extend(new);
                }
                None => self.keys.push(key),
            }
        }
    }
}

/// Looks at those of the topics that this look has not met yet.
pub(super) async fn see(look: &Look<'_>, arns: &[String]) -> TopicsSeen {
    let new: Vec<(&str, &str)> = arns
        .iter()
        .filter_map(|arn| Some((arn.as_str(), topic_region(arn)?)))
        .filter(|(arn, _)| look.is_first(arn))
        .collect();
    for (arn, _) in new.iter().skip(TOPIC_LIMIT) {
        // Neither of the two is asked: an empty list of subscriptions would say that nobody is told.
        for operation in ["GetTopicAttributes", "ListSubscriptionsByTopic"] {
            look.hole(&call(operation, arn).error(
                "TooManyTopics",
                Class::Invalid,
                "more topics than one look asks about",
            ));
        }
    }
    let answers = new
        .iter()
        .take(TOPIC_LIMIT)
        .map(|(arn, region)| topic(look, region, arn));
    let mut all = TopicsSeen {
        asked: !new.is_empty(),
        ..TopicsSeen::default()
    };
    for more in join_all(answers).await {
        all.add(more);
    }
    all
}

async fn topic(look: &Look<'_>, region: &str, arn: &str) -> TopicsSeen {
    let attributes = async {
        let topic = attributes(look, region, arn).await?;
        let key = topic.attributes.kms_master_key_id.as_deref();
        let key = match key.filter(|key| !key.is_empty() && *key != AWS_MANAGED_KEY) {
            Some(key) => keys::see(look, region, arn, key).await,
            None => None,
        };
        Some((topic, key))
    };
    let (topic, subscriptions) = join(attributes, subscriptions(look, region, arn)).await;
    let (topic, key) = topic.unzip();
    TopicsSeen {
        asked: true,
        topics: topic.into_iter().collect(),
        subscriptions,
        keys: key.flatten().into_iter().collect(),
    }
}

/// The topic; none where it does not exist or could not be seen.
async fn attributes(look: &Look<'_>, region: &str, arn: &str) -> Option<Topic> {
    let request = look
        .region(region)
        .sns()
        .get_topic_attributes()
        .topic_arn(arn)
        .send();
    match look
        .ask(call("GetTopicAttributes", arn), NoneIf::Gone, request)
        .await
    {
        Seen::Some(answer) => Some(Topic {
            topic_arn: arn.to_owned(),
            attributes: topic_attributes(answer.attributes.unwrap_or_default()),
        }),
        Seen::Nothing | Seen::Hole => None,
    }
}

async fn subscriptions(look: &Look<'_>, region: &str, arn: &str) -> Vec<Subscription> {
    let clients = look.region(region);
    let pages = look
        .ask_pages(
            call("ListSubscriptionsByTopic", arn),
            NoneIf::Gone,
            |token| {
                clients
                    .sns()
                    .list_subscriptions_by_topic()
                    .topic_arn(arn)
                    .set_next_token(token)
                    .send()
            },
            aws_sdk_sns::operation::list_subscriptions_by_topic::ListSubscriptionsByTopicOutput::next_token,
        )
        .await
        .unwrap_or_default();
    let (confirmed, other): (Vec<_>, Vec<_>) = pages
        .into_iter()
        .flat_map(|page| page.subscriptions.unwrap_or_default())
        .map(|found| subscription(found, arn))
        .partition(is_confirmed);
    if confirmed.len() > SUBSCRIPTION_LIMIT {
        // The list is what is incomplete: those that are in it were seen whole.
        let list = call("ListSubscriptionsByTopic", arn);
        look.hole(&list.error(
            "TooManySubscriptions",
            Class::Invalid,
            "more than one look asks about",
        ));
    }
    let confirmed = confirmed.into_iter().take(SUBSCRIPTION_LIMIT);
    let with_attributes = join_all(confirmed.map(|found| attributed(look, region, found))).await;
    with_attributes.into_iter().flatten().chain(other).collect()
}

/// A subscription that waits or is deleted has a word in place of its ARN.
fn is_confirmed(subscription: &Subscription) -> bool {
    subscription.subscription_arn.starts_with("arn:")
}

/// The subscription with its attributes; as it was where they could not be seen; none where it is gone by now.
async fn attributed(
    look: &Look<'_>,
    region: &str,
    mut found: Subscription,
) -> Option<Subscription> {
    let request = look
        .region(region)
        .sns()
        .get_subscription_attributes()
        .subscription_arn(&found.subscription_arn)
        .send();
    let call = call("GetSubscriptionAttributes", &found.subscription_arn);
    match look.ask(call, NoneIf::Gone, request).await {
        Seen::Some(answer) => {
            found.attributes = subscription_attributes(answer.attributes.unwrap_or_default());
            Some(found)
        }
        Seen::Nothing => None,
        Seen::Hole => Some(found),
    }
}

fn call<'a>(operation: &'static str, scope: &'a str) -> Call<'a> {
    sdk_error::call("sns", operation, scope)
}

fn topic_attributes(mut found: HashMap<String, String>) -> TopicAttributes {
    TopicAttributes {
        owner: found.remove("Owner"),
        policy: found.remove("Policy"),
        kms_master_key_id: found.remove("KmsMasterKeyId"),
        fifo_topic: found.remove("FifoTopic"),
        subscriptions_confirmed: found.remove("SubscriptionsConfirmed"),
        subscriptions_pending: found.remove("SubscriptionsPending"),
        subscriptions_deleted: found.remove("SubscriptionsDeleted"),
    }
}

fn subscription(found: sdk::Subscription, topic_arn: &str) -> Subscription {
    Subscription {
        subscription_arn: found.subscription_arn.unwrap_or_default(),
        owner: found.owner,
        protocol: found.protocol.unwrap_or_default(),
        endpoint: found.endpoint.unwrap_or_default(),
        topic_arn: found.topic_arn.unwrap_or_else(|| topic_arn.to_owned()),
        attributes: SubscriptionAttributes::default(),
    }
}

fn subscription_attributes(mut found: HashMap<String, String>) -> SubscriptionAttributes {
    SubscriptionAttributes {
        filter_policy: found.remove("FilterPolicy"),
        filter_policy_scope: found.remove("FilterPolicyScope"),
        pending_confirmation: found.remove("PendingConfirmation"),
    }
}
