use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::actor::capped;
use super::calls::{Call, Service};

/// The bus that is meant where a call names none.
const DEFAULT_BUS: &str = "default";

/// A resource that a call names in its parameters.
///
/// Names stay as the caller wrote them (a trail or topic may be given by name or by ARN); the comparisons below know
/// both spellings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Touched {
    /// A trail, by name or ARN.
    Trail(String),
    /// A log group, by name or ARN.
    LogGroup(String),
    /// Every log group of a region, named by none: a policy of the account.
    LogGroups {
        /// The region.
        region: String,
    },
    /// A metric filter of a log group.
    MetricFilter {
        /// Name of the log group.
        log_group: String,
        /// Name of the filter.
        filter: String,
    },
    /// An alarm, by name.
    Alarm(String),
    /// A topic, by ARN (or by name, in CreateTopic).
    Topic(String),
    /// A subscription, by ARN.
    Subscription(String),
    /// A key, by id, ARN or alias.
    Key(String),
    /// A role, by name.
    Role(String),
    /// A rule of EventBridge.
    Rule {
        /// Its bus, by name or ARN; none: the default one.
        bus: Option<String>,
        /// Its name.
        rule: String,
    },
    /// A bus of EventBridge, by name or ARN.
    Bus(String),
    /// A queue, by URL.
    Queue(String),
}

impl Touched {
    /// What the parameters of a call in a region name. A parameter of an unexpected form names nothing: who did it is then
    /// unknown, and the evaluation follows all the same.
    pub(super) fn by(call: Call, region: &str, parameters: &Value) -> Vec<Self> {
        let text = |key: &str| parameters.get(key).and_then(Value::as_str).map(capped);
        match call.service {
            Service::CloudTrail => text("name")
                .or_else(|| text("trailName"))
                .map(Self::Trail)
                .into_iter()
                .collect(),
            Service::Logs if is_of_account(call, text("policyType").as_deref()) => {
                let region = capped(region);
                vec![Self::LogGroups { region }]
            }
            Service::Logs => {
                let group = text("logGroupName")
                    .or_else(|| text("logGroupIdentifier"))
                    .or_else(|| text("resourceIdentifier"));
                match (group, text("filterName")) {
                    (Some(log_group), Some(filter)) => {
                        vec![Self::MetricFilter { log_group, filter }]
                    }
                    (Some(log_group), None) => vec![Self::LogGroup(log_group)],
                    (None, _) => Vec::new(),
                }
            }
            Service::Monitoring => {
                // A mute rule has a name of its own, and names alarms only as its targets.
                let lists = ["/alarmNames", "/muteTargets/alarmNames"].into_iter();
                let many = lists
                    .filter_map(|list| parameters.pointer(list)?.as_array())
                    .flatten()
                    .filter_map(Value::as_str)
                    .map(capped);
                text("alarmName")
                    .into_iter()
                    .chain(many)
                    .map(Self::Alarm)
                    .collect()
            }
            Service::Sns => {
                let subscription = text("subscriptionArn").map(Self::Subscription);
                let topic = text("topicArn").or_else(|| text("name")).map(Self::Topic);
                subscription.into_iter().chain(topic).collect()
            }
            Service::Kms => {
                let named = ["keyId", "aliasName", "targetKeyId"].into_iter();
                named.filter_map(text).map(Self::Key).collect()
            }
            Service::Iam => text("roleName").map(Self::Role).into_iter().collect(),
            Service::Events => {
                let bus = text("eventBusName");
                let one = match call.name {
                    "DeleteEventBus" => text("name").map(Self::Bus),
                    "PutPermission" | "RemovePermission" => {
                        Some(Self::Bus(bus.unwrap_or_else(|| DEFAULT_BUS.to_owned())))
                    }
                    _ => text("rule")
                        .or_else(|| text("name"))
                        .map(|rule| Self::Rule { bus, rule }),
                };
                one.into_iter().collect()
            }
            Service::Sqs => text("queueUrl").map(Self::Queue).into_iter().collect(),
        }
    }

    /// Whether this is the trail with that ARN.
    pub fn is_trail(&self, arn: &str) -> bool {
        matches!(self, Self::Trail(given) if names(given, arn, '/'))
    }

    /// Whether this is the log group of that name in that region, or every one there.
    pub fn is_log_group(&self, region: &str, name: &str) -> bool {
        match self {
            Self::LogGroup(given) => is_group(given, name),
            Self::LogGroups { region: given } => given == region,
            _ => false,
        }
    }

    /// Whether this is that metric filter of that log group.
    pub fn is_metric_filter(&self, group: &str, name: &str) -> bool {
        matches!(self, Self::MetricFilter { log_group, filter } if is_group(log_group, group) && filter == name)
    }

    /// Whether this is the alarm of that name.
    pub fn is_alarm(&self, name: &str) -> bool {
        matches!(self, Self::Alarm(given) if given == name)
    }

    /// Whether this is the topic with that ARN.
    pub fn is_topic(&self, arn: &str) -> bool {
        matches!(self, Self::Topic(given) if names(given, arn, ':'))
    }

    /// Whether this is the key that a topic names so (id, ARN or alias).
    pub fn is_key(&self, key: &str) -> bool {
        matches!(self, Self::Key(given) if names(given, key, '/') || names(key, given, '/'))
    }

    /// Whether this is that rule of that bus.
    pub fn is_rule(&self, bus: &str, name: &str) -> bool {
        matches!(self, Self::Rule { bus: given, rule }
            if rule == name && names(given.as_deref().unwrap_or(DEFAULT_BUS), bus, '/'))
            || matches!(self, Self::Rule { bus: Some(given), rule }
                if rule == name && names(bus, given, '/'))
    }

    /// Whether this is the bus of that name.
    pub fn is_bus(&self, name: &str) -> bool {
        matches!(self, Self::Bus(given) if names(name, given, '/'))
    }

    /// Whether this is the queue of that name.
    pub fn is_queue(&self, name: &str) -> bool {
        matches!(self, Self::Queue(given) if names(name, given, '/'))
    }

    /// Whether this is the role of that name.
    pub fn is_role_name(&self, name: &str) -> bool {
        matches!(self, Self::Role(given) if names(name, given, '/'))
    }

    /// Whether this may be a part of the feed's wiring: something of one of these names, or a rule whose name begins with the
    /// first.
    pub fn is_of_wiring(&self, own: &[String]) -> bool {
        let own_rule = |rule: &String| {
            own.first()
                .is_some_and(|prefix| rule.starts_with(prefix.as_str()))
        };
        matches!(self, Self::Rule { rule, .. } if own_rule(rule))
            || own
                .iter()
                .any(|name| self.is_bus(name) || self.is_queue(name) || self.is_role_name(name))
    }

    /// Whether this is the role with that ARN.
    pub fn is_role(&self, arn: &str) -> bool {
        matches!(self, Self::Role(given) if names(given, arn, '/'))
    }
}

/// Whether a call is about a policy of the account that changes what metric filters read. Taken away, one that masks cuts
/// nothing, and those of other types never do.
fn is_of_account(call: Call, policy_type: Option<&str>) -> bool {
    matches!(
        (call.name, policy_type),
        (
            "PutAccountPolicy",
            Some("DATA_PROTECTION_POLICY" | "TRANSFORMER_POLICY")
        ) | ("DeleteAccountPolicy", Some("TRANSFORMER_POLICY"))
    )
}

/// Whether `given` is the ARN itself or its last part, the name.
fn names(given: &str, arn: &str, before_name: char) -> bool {
    given == arn
        || arn
            .rsplit_once(before_name)
            .is_some_and(|(_, name)| name == given)
}

/// Whether `given`, a name or `arn:...:log-group:NAME[:*]`, is the log group of that name.
fn is_group(given: &str, name: &str) -> bool {
    given == name
        || given
            .split_once(":log-group:")
            .is_some_and(|(_, rest)| rest.strip_suffix(":*").unwrap_or(rest) == name)
}
