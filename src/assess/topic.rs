//! Does the topic exist, and does it let CloudWatch publish?

use super::Link;
use super::fault::Fault;
use super::policy::{Access, Request, access};
use super::remedy::Command;
use super::world::World;
use crate::snapshot::Arn;
use crate::snapshot::{Alarm, KmsKey, Topic};

const FIFO: &str = ".fifo";

/// What is known of a topic that an alarm names.
#[derive(Debug, Clone)]
pub(super) struct Reached<'a> {
    pub(super) topic: Option<&'a Topic>,
    pub(super) faults: Vec<Fault>,
    /// There is no topic, so there is no subscription to look at.
    pub(super) is_dead_end: bool,
    /// What to say of a topic of another account that was not seen, if its subscriptions say nothing themselves.
    pub(super) unseen: Option<Fault>,
}

/// Follows an alarm's action to its topic.
pub(super) fn reach<'a>(world: World<'a>, alarm: &Alarm, topic_arn: &str) -> Reached<'a> {
    let arn = Arn::topic(topic_arn);
    let region = arn.map_or("", |arn| arn.region);
    let home = world.home_of(topic_arn);
    let Some(topic) = home.topic(topic_arn) else {
        let fault = missing(home, topic_arn, arn);
        let unseen = fault.is_none().then(|| {
            Fault::undecided(
                Link::Topic,
                format!(
                    "Topic {topic_arn} belongs to another account and was not seen: whether its policy lets CloudWatch \
                     publish is not known."
                ),
            )
            .on(topic_arn)
            .remedy("Allow the action sns:GetTopicAttributes on it to the role that trailwarden uses.")
        });
        return Reached {
            topic: None,
            is_dead_end: fault.as_ref().is_some_and(Fault::is_broken),
            faults: fault.into_iter().collect(),
            unseen,
        };
    };
    let mut faults = Vec::new();
    // Names of FIFO topics end so, and no others do.
    if topic.attributes.fifo_topic.as_deref() == Some("true") || topic_arn.ends_with(FIFO) {
        faults.push(
            Fault::undecided(
                Link::Topic,
                "Whether CloudWatch publishes to a FIFO topic is left open by its documentation.",
            )
            .on(topic_arn),
        );
    }
    let source_account = Arn::parse(&alarm.alarm_arn).map_or(world.account(), |arn| arn.account);
    let request = Request {
        action: "sns:Publish",
        resource: topic_arn,
        source_arn: &alarm.alarm_arn,
        source_account,
        topic: None,
        now: world.snapshot.now,
    };
    faults.extend(policy_fault(topic, &request, region));
    faults.extend(key_faults(home, topic, &request, region));
    Reached {
        topic: Some(topic),
        faults,
        is_dead_end: false,
        unseen: None,
    }
}

/// Why there is no such topic, or perhaps none; none for one of another account.
pub(super) fn missing(world: World<'_>, topic_arn: &str, arn: Option<Arn<'_>>) -> Option<Fault> {
    let region = arn.map_or("", |arn| arn.region);
    let foreign = arn.is_some_and(|arn| arn.account != world.account());
    let hole = world
        .list_hole(
            world.snapshot.topics.as_ref(),
            "sns:GetTopicAttributes",
            topic_arn,
        )
        .or_else(|| world.hole("sns:GetTopicAttributes", &[region]));
    let absent = || {
        let name = arn.map_or("TOPIC", |arn| arn.resource);
        let create = Command::new("sns create-topic", region).with("--name", name);
        Fault::absent(Link::Topic, format!("Topic {topic_arn} does not exist."))
            .on(topic_arn)
            .remedy(if topic_arn.ends_with(FIFO) {
                create.raw("--attributes FifoTopic=true")
            } else {
                create
            })
    };
    match hole {
        Some(hole) if hole.is_not_found() => Some(absent()),
        // What cannot be seen of another account's topic is told once, where its subscriptions are looked at.
        _ if foreign => None,
        Some(hole) => Some(
            hole.fault(
                Link::Topic,
                "whether the topic exists and lets CloudWatch publish is not known.",
            )
            .on(topic_arn),
        ),
        None => Some(absent()),
    }
}

fn policy_fault(topic: &Topic, request: &Request<'_>, region: &str) -> Option<Fault> {
    let arn = &topic.topic_arn;
    let show = Command::new("sns get-topic-attributes", region).with("--topic-arn", arn);
    let set: String = Command::new("sns set-topic-attributes", region)
        .with("--topic-arn", arn)
        .raw("--attribute-name Policy --attribute-value file://policy.json")
        .into();
    let allow = || {
        format!(
            "Add to the topic's policy ({}) a statement that allows sns:Publish on {arn} to the service \
             cloudwatch.amazonaws.com with ArnLike aws:SourceArn {}, then set it with: {set}",
            String::from(show.clone()),
            request.source_arn
        )
    };
    let broken =
        |message: String| Some(Fault::broken(Link::Topic, message).on(arn).remedy(allow()));
    let denied = || {
        let message =
            format!("The policy of topic {arn} denies CloudWatch to publish for this alarm.");
        // No statement that allows it outweighs one that denies it (IAM user guide, "Policy evaluation logic").
        let remedy = format!(
            "Take out of the topic's policy ({}) the statement that denies sns:Publish to cloudwatch.amazonaws.com for \
             {}, or narrow it, then set it with: {set}",
            String::from(show.clone()),
            request.source_arn
        );
        Fault::broken(Link::Topic, message).on(arn).remedy(remedy)
    };
    let Some(policy) = topic
        .attributes
        .policy
        .as_deref()
        .filter(|text| !text.trim().is_empty())
    else {
        let owner = topic
            .attributes
            .owner
            .as_deref()
            .or_else(|| Arn::topic(arn).map(|arn| arn.account))
            .unwrap_or_default();
        return if owner == request.source_account {
            None
        } else {
            broken(format!(
                "Topic {arn} has the default policy, which admits alarms of account {owner} only."
            ))
        };
    };
    match access(policy, request) {
        Access::Allowed => None,
        Access::NotAllowed => {
            broken(format!("The policy of topic {arn} does not let CloudWatch publish for this alarm."))
        }
        Access::Denied => Some(denied()),
        Access::Undecided => Some(
            Fault::undecided(
                Link::Topic,
                format!(
                    "The policy of topic {arn} has a condition that the snapshot does not decide; whether CloudWatch \
                     may publish is open."
                ),
            )
            .on(arn)
            .remedy(show),
        ),
        Access::Unreadable => Some(
            Fault::undecided(Link::Topic, format!("The policy of topic {arn} cannot be read."))
                .on(arn)
                .remedy(show),
        ),
    }
}

fn key_faults(world: World<'_>, topic: &Topic, request: &Request<'_>, region: &str) -> Vec<Fault> {
    let arn = &topic.topic_arn;
    let Some(id) = topic
        .attributes
        .kms_master_key_id
        .as_deref()
        .filter(|id| !id.is_empty())
    else {
        return Vec::new();
    };
    if id == "alias/aws/sns" || id.ends_with(":alias/aws/sns") {
        return vec![
            Fault::broken(
                Link::Topic,
                format!(
                    "Topic {arn} is encrypted with alias/aws/sns, a key that CloudWatch cannot use."
                ),
            )
            .on(arn)
            .remedy(with_own_key(arn, region)),
        ];
    }
    let Some(key) = world
        .snapshot
        .kms_keys
        .iter()
        .find(|key| is_called(key, id, arn))
    else {
        return vec![unseen_key(world, id, arn)];
    };
    let mut faults = Vec::new();
    match key.key_state.as_deref() {
        Some("Enabled") => {}
        Some(state) => faults.push(unusable_key(state, id, key, arn, region)),
        None => faults.push(unseen_key(world, id, arn)),
    }
    let Some(policy) = key.policy.as_deref() else {
        faults.push(unseen_key(world, id, arn));
        return faults;
    };
    for action in ["kms:GenerateDataKey", "kms:Decrypt"] {
        let request = Request {
            action,
            resource: &key.arn,
            topic: Some(arn),
            ..*request
        };
        let message = |what: &str| {
            format!(
                "The policy of key {id} {what} {action} to CloudWatch, which topic {arn} needs."
            )
        };
        let set: String = Command::new("kms put-key-policy", region)
            .with("--key-id", &key.arn)
            .raw("--policy-name default --policy file://policy.json")
            .into();
        let access = access(policy, &request);
        let remedy = if access == Access::Denied {
            format!(
                "Take out of the key's policy the statement that denies {action} to the service \
                 cloudwatch.amazonaws.com, or narrow it, then set it with: {set}"
            )
        } else {
            format!(
                "Add to the key's policy a statement that allows kms:GenerateDataKey* and kms:Decrypt to the service \
                 cloudwatch.amazonaws.com, then set it with: {set}"
            )
        };
        let fault = match access {
            Access::Allowed => continue,
            Access::NotAllowed => Fault::broken(Link::Topic, message("does not grant")),
            Access::Denied => Fault::broken(Link::Topic, message("denies")),
            Access::Undecided | Access::Unreadable => {
                Fault::undecided(Link::Topic, message("leaves open whether it grants"))
            }
        };
        faults.push(fault.on(&key.arn).remedy(remedy));
        break;
    }
    faults
}

/// A key that is in no state to encrypt, with what brings it back (KMS developer guide, "Key states of KMS keys").
fn unusable_key(state: &str, id: &str, key: &KmsKey, topic: &str, region: &str) -> Fault {
    let of_key = |operation: &str| Command::new(operation, region).with("--key-id", &key.arn);
    let remedy: String = match state {
        // A key that was to be deleted comes back disabled.
        "PendingDeletion" => format!(
            "{} && {}",
            String::from(of_key("kms cancel-key-deletion")),
            String::from(of_key("kms enable-key"))
        ),
        "Disabled" => of_key("kms enable-key").into(),
        _ => with_own_key(topic, region).into(),
    };
    let fault = if state == "Updating" {
        Fault::undecided(
            Link::Topic,
            format!(
                "Key {id} of topic {topic} is {state}: whether CloudWatch can publish meanwhile is not documented."
            ),
        )
    } else {
        Fault::broken(
            Link::Topic,
            format!("Key {id} of topic {topic} is {state}: CloudWatch cannot publish."),
        )
    };
    fault.on(&key.arn).remedy(remedy)
}

/// Gives the topic a key of the reader's.
fn with_own_key(topic: &str, region: &str) -> Command {
    Command::new("sns set-topic-attributes", region)
        .with("--topic-arn", topic)
        .raw("--attribute-name KmsMasterKeyId")
        .with("--attribute-value", "alias/YOUR_KEY")
}

/// Whether a topic means this key. An id or alias that is no ARN is of the topic's own account and region: another region may
/// have an alias of the same name, and a replica of a multi-Region key has the same id (KMS developer guide, "Key
/// identifiers").
fn is_called(key: &KmsKey, id: &str, topic: &str) -> bool {
    let of_id = Arn::parse(id);
    let is_alias_arn = of_id.is_some() && key.aliases.iter().any(|alias| alias == id);
    if key.arn == id || is_alias_arn {
        return true;
    }
    let (Some(of_key), Some(place)) = (Arn::parse(&key.arn), of_id.or_else(|| Arn::topic(topic)))
    else {
        return false;
    };
    if (of_key.region, of_key.account) != (place.region, place.account) {
        return false;
    }
    let name = of_id.map_or(id, |arn| arn.resource);
    let own_alias =
        |alias: &String| Arn::parse(alias).map_or(alias.as_str(), |arn| arn.resource) == name;
    of_key.resource.strip_prefix("key/") == Some(name) || key.aliases.iter().any(own_alias)
}

fn unseen_key(world: World<'_>, id: &str, topic: &str) -> Fault {
    let region = Arn::topic(topic).map_or("", |arn| arn.region);
    let account = Arn::topic(topic).map_or(world.account(), |arn| arn.account);
    let partition = topic.split(':').nth(1).unwrap_or("aws");
    let prefix = format!("arn:{partition}:kms:{region}:{account}:");
    let (by_id, by_alias) = (format!("{prefix}key/{id}"), format!("{prefix}{id}"));
    let scopes = [id, region, &by_id, &by_alias];
    let meaning = format!("whether CloudWatch may use key {id} of topic {topic} is not known.");
    let hole = ["kms:DescribeKey", "kms:GetKeyPolicy"]
        .iter()
        .find_map(|operation| world.hole(operation, &scopes));
    match hole {
        Some(hole) if hole.is_not_found() => Fault::broken(
            Link::Topic,
            format!("Key {id} of topic {topic} does not exist: CloudWatch cannot publish."),
        )
        .remedy(with_own_key(topic, region)),
        Some(hole) => hole.fault(Link::Topic, &meaning),
        None => Fault::undecided(Link::Topic, format!("kms:DescribeKey was not asked: {meaning}"))
            .named(Link::Visibility)
            .remedy(
                "Allow the actions kms:DescribeKey and kms:GetKeyPolicy to the role that trailwarden uses.",
            ),
    }
    .on(id)
}
