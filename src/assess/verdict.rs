use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Warning;
use crate::snapshot::{Alarm, EventSelectors, LogGroup, MetricFilter, Subscription, Topic, Trail};

/// The answer to "would somebody be told?".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// Every required event notifies somebody, through one path or several that together cover.
    Pass,
    /// Some required event provably reaches nobody.
    Fail,
    /// The answer hinges on something that was not seen, or that the documentation leaves open.
    Unknown,
}

impl Verdict {
    /// The name used in every output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// A link of the chain, in the order that an event travels; and the two names of what could not be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// The trail exists, logs, and records every region.
    Trail,
    /// Its event selectors record the required events.
    Selector,
    /// It delivers to a log group whose records metric filters can read.
    LogGroup,
    /// The metric filters match every required event.
    Pattern,
    /// A match raises the metric.
    Metric,
    /// One raise trips the alarm, and the alarm acts.
    Alarm,
    /// The alarm's actions name an SNS topic.
    Action,
    /// The topic exists and lets `CloudWatch` publish.
    Topic,
    /// Somebody confirmed a subscription that receives the alarm's message.
    Subscription,
    /// Something that decides was not seen: a call failed.
    Visibility,
    /// The rest of the chain lives in an account that was not seen.
    CrossAccount,
}

impl Link {
    /// The links of the chain itself, in the order that an event travels.
    pub const CHAIN: [Self; 9] = [
        Self::Trail,
        Self::Selector,
        Self::LogGroup,
        Self::Pattern,
        Self::Metric,
        Self::Alarm,
        Self::Action,
        Self::Topic,
        Self::Subscription,
    ];

    /// The name used in every output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trail => "trail",
            Self::Selector => "selector",
            Self::LogGroup => "log_group",
            Self::Pattern => "pattern",
            Self::Metric => "metric",
            Self::Alarm => "alarm",
            Self::Action => "action",
            Self::Topic => "topic",
            Self::Subscription => "subscription",
            Self::Visibility => "visibility",
            Self::CrossAccount => "cross_account",
        }
    }
}

impl std::fmt::Display for Link {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What is known of one link of the best path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkState {
    /// It holds.
    Ok,
    /// It is cut.
    Broken,
    /// It could not be decided: not seen, undecidable, or behind a missing link.
    Undecided,
}

/// One thing that is wrong, or that could not be seen, with what would mend it.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The link that is broken or undecided.
    pub link: Link,
    /// ARN or name of the resource at fault; none where it does not exist.
    pub resource: Option<String>,
    /// What is wrong, for people, one sentence.
    pub message: String,
    /// The AWS CLI command, or the step, that would mend it.
    pub remedy: Option<String>,
    /// Names of the required events that reach nobody, where the pattern is at fault.
    pub missing_events: Vec<String>,
    /// An event that must be caught and is not, where coverage is at fault.
    pub counterexample: Option<Value>,
}

/// What readers that compare text answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LiteralVerdict {
    /// The links are there, and the text is a prescribed one.
    Pass,
    /// Some link is not there, or the text is another.
    Fail,
    /// The reader cannot see all of it.
    Warning,
    /// The reader does not look at it.
    NoData,
}

impl LiteralVerdict {
    /// The name used in every output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Warning => "WARNING",
            Self::NoData => "NO_DATA",
        }
    }
}

/// What a scanner that compares text would say, beside the truth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Literal {
    /// The verdict of that reading.
    pub verdict: LiteralVerdict,
    /// The status code that Security Hub documents, such as `CLOUDTRAIL_METRIC_FILTER_NOT_VALID`.
    pub code: Option<&'static str>,
    /// Why it differs from the truth; none where they agree.
    pub differs: Option<String>,
}

/// The resources of the best path, whole, as far as the path reaches: what is drawn, healed, and remembered as last
/// known good. A passing chain has all of them. What the controls of an account have in common can be shared.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Chain {
    /// The trail.
    pub trail: Option<Arc<Trail>>,
    /// Its event selectors.
    pub selectors: Option<Arc<EventSelectors>>,
    /// The log group that it delivers to.
    pub log_group: Option<Arc<LogGroup>>,
    /// The metric filters that together catch the required events; usually one.
    pub filters: Vec<MetricFilter>,
    /// The alarm on the filters' metric, or the alarms where several paths cover together. A composite alarm that carries
    /// the action comes after its children.
    pub alarms: Vec<Alarm>,
    /// The topic.
    pub topic: Option<Arc<Topic>>,
    /// The confirmed subscriptions that receive the alarm's message.
    pub subscriptions: Vec<Arc<Subscription>>,
}

/// Somebody who is told: a confirmed subscription that receives the alarm's message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Recipient {
    /// ARN of the topic.
    pub topic: String,
    /// `email`, `sqs`, `https`, ...
    pub protocol: String,
    /// The address, URL or ARN.
    pub endpoint: String,
}

impl From<&Subscription> for Recipient {
    fn from(subscription: &Subscription) -> Self {
        Self {
            topic: subscription.topic_arn.clone(),
            protocol: subscription.protocol.clone(),
            endpoint: subscription.endpoint.clone(),
        }
    }
}

/// Whom the configuration names as those to be told. Empty lists: anybody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectations {
    /// ARNs of the topics that count.
    pub topics: Vec<String>,
    /// Endpoints (`sec@example.com`, a queue ARN, an URL) of the subscriptions that count.
    pub subscriptions: Vec<String>,
}

/// The whole answer about one control.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// Key of the control in the catalogue, such as `cloudtrail-config-changes`.
    pub control: String,
    /// The answer.
    pub verdict: Verdict,
    /// The link of the best path to be told first; none at PASS. At FAIL the first that is missing altogether (no filter, no
    /// alarm, no topic), else the first that is there and broken: what is not there has to be made before anything else
    /// can be tried. At UNKNOWN the first undecided one.
    pub broken_link: Option<Link>,
    /// Every broken or undecided link of the best path, in order; empty at PASS.
    pub findings: Vec<Finding>,
    /// What a person should know although the verdict stands.
    pub warnings: Vec<Warning>,
    /// The state of each link of the best path; has all of [`Link::CHAIN`].
    pub links: BTreeMap<Link, LinkState>,
    /// The best path.
    pub chain: Chain,
    /// Who is told of a required event, through any path that holds, and not only the best: what changes if somebody
    /// reroutes the messages of a chain that still passes. Sorted, each once; empty unless the control passes.
    pub audience: Vec<Recipient>,
    /// The home region of the chain (of its log group, else of its trail), for labels; none where there is no trail.
    pub region: Option<String>,
    /// What the benchmark's audit text, read literally, would say.
    pub literal_cis: Option<Literal>,
    /// What Security Hub's documented rule would say.
    pub literal_security_hub: Option<Literal>,
}

impl Assessment {
    /// The finding about the broken link; none at PASS.
    pub fn decisive(&self) -> Option<&Finding> {
        let link = self.broken_link?;
        self.findings.iter().find(|finding| finding.link == link)
    }
}
