//! The document of `trailwarden check`, and with what the daemon adds of `/status`: one object for each account.

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::assess::{Assessment, Chain, Finding, Link, LinkState, Literal, Verdict, Warning};
use crate::control::{Benchmark, Control};
use crate::event::Actor;
use crate::snapshot::AccountId;

/// What a report says of a control beside the verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlInfo {
    /// Key in the catalogue, such as `cloudtrail-config-changes`.
    pub key: String,
    /// Number in the configured benchmark, such as `4.5`.
    pub cis: Option<String>,
    /// Number in Security Hub, such as `CloudWatch.5`.
    pub security_hub: Option<String>,
    /// One line for people.
    pub title: String,
    /// `LOW`, `MEDIUM`, ...
    pub severity: String,
}

impl ControlInfo {
    /// What the catalogue says of a control, numbered as this benchmark does.
    pub fn new(control: &Control, benchmark: &Benchmark) -> Self {
        Self {
            key: control.key.clone(),
            cis: control.cis_display(benchmark),
            security_hub: control.security_hub.clone(),
            title: control.title.clone(),
            severity: control.severity.name().to_owned(),
        }
    }
}

/// One account at one time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccountReport {
    /// The account.
    pub account_id: AccountId,
    /// When it was observed.
    pub evaluated_at: Timestamp,
    /// Its controls.
    pub controls: Vec<ControlReport>,
    /// The region that its findings are filed under where a format needs one; no part of the document.
    #[serde(skip)]
    pub region: String,
}

impl AccountReport {
    /// How many of its controls have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        let same = self.controls.iter().filter(|one| one.verdict == verdict);
        same.count()
    }

    /// The broken link of its first control that fails, else of the first that is undecided.
    pub fn first_broken_link(&self) -> Option<Link> {
        [Verdict::Fail, Verdict::Unknown]
            .into_iter()
            .find_map(|verdict| {
                let mut controls = self.controls.iter();
                controls.find(|one| one.verdict == verdict)?.broken_link
            })
    }
}

/// One control of an account. Absent values are null.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ControlReport {
    /// Key in the catalogue.
    pub key: String,
    /// Number in the configured benchmark.
    pub cis: Option<String>,
    /// Number in Security Hub.
    pub security_hub: Option<String>,
    /// One line for people.
    pub title: String,
    /// How grave a failure is.
    pub severity: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The link of the best path to be told first: the first that is missing, else the first that is broken or undecided.
    pub broken_link: Option<Link>,
    /// Every broken or undecided link, in order.
    pub findings: Vec<FindingReport>,
    /// What a person should know although the verdict stands.
    pub warnings: Vec<Warning>,
    /// What readers that compare text would say.
    pub literal: LiteralReport,
    /// The home region of the chain, for people; no part of the document.
    #[serde(skip)]
    pub region: Option<String>,
    /// The best path, for pictures; no part of the document.
    #[serde(skip)]
    pub links: Vec<LinkReport>,
}

/// One finding with who caused it. Absent values are null.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FindingReport {
    /// The link.
    pub link: Link,
    /// The resource at fault.
    pub resource: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What would mend it.
    pub remedy: Option<String>,
    /// Required events that reach nobody.
    pub missing_events: Vec<String>,
    /// An event that must be caught and is not.
    pub counterexample: Option<Value>,
    /// Who did it, as an event reports that succeeded and named this resource.
    pub actor: Option<Actor>,
}

/// The two literal readings. Absent values are null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LiteralReport {
    /// The benchmark's audit text.
    pub cis: Option<Literal>,
    /// Security Hub's documented rule.
    pub security_hub: Option<Literal>,
}

/// One link of the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkReport {
    /// Which link.
    pub link: Link,
    /// What is known of it.
    pub state: LinkState,
    /// Names of its resources on the best path; empty where there is none.
    pub resources: Vec<String>,
}

impl ControlReport {
    /// The report of an assessment. `actor_of` says who caused a finding, where that is known.
    pub fn new(
        info: &ControlInfo,
        assessment: &Assessment,
        actor_of: impl Fn(&Finding) -> Option<Actor>,
    ) -> Self {
        let findings = assessment
            .findings
            .iter()
            .map(|finding| FindingReport {
                link: finding.link,
                resource: finding.resource.clone(),
                message: finding.message.clone(),
                remedy: finding.remedy.clone(),
                missing_events: finding.missing_events.clone(),
                counterexample: finding.counterexample.clone(),
                actor: actor_of(finding),
            })
            .collect();
        let links = Link::CHAIN
            .into_iter()
            .map(|link| LinkReport {
                link,
                state: assessment
                    .links
                    .get(&link)
                    .copied()
                    .unwrap_or(LinkState::Undecided),
                resources: resources(&assessment.chain, link),
            })
            .collect();
        Self {
            key: info.key.clone(),
            cis: info.cis.clone(),
            security_hub: info.security_hub.clone(),
            title: info.title.clone(),
            severity: info.severity.clone(),
            verdict: assessment.verdict,
            broken_link: assessment.broken_link,
            findings,
            warnings: assessment.warnings.clone(),
            literal: LiteralReport {
                cis: assessment.literal_cis.clone(),
                security_hub: assessment.literal_security_hub.clone(),
            },
            region: assessment.region.clone(),
            links,
        }
    }
}

/// Names of the resources that stand for a link.
fn resources(chain: &Chain, link: Link) -> Vec<String> {
    match link {
        Link::Trail => chain.trail.iter().map(|trail| trail.name.clone()).collect(),
        Link::LogGroup => chain
            .log_group
            .iter()
            .map(|group| group.log_group_name.clone())
            .collect(),
        Link::Pattern => chain
            .filters
            .iter()
            .map(|filter| filter.filter_name.clone())
            .collect(),
        Link::Metric => {
            let mut metrics: Vec<String> = chain
                .filters
                .iter()
                .flat_map(|filter| &filter.metric_transformations)
                .map(|metric| format!("{}/{}", metric.metric_namespace, metric.metric_name))
                .collect();
            metrics.dedup();
            metrics
        }
        Link::Alarm => chain
            .alarms
            .iter()
            .map(|alarm| alarm.alarm_name.clone())
            .collect(),
        Link::Topic => chain
            .topic
            .iter()
            .map(|topic| last_part(&topic.topic_arn).to_owned())
            .collect(),
        Link::Subscription => chain
            .subscriptions
            .iter()
            .map(|one| format!("{}: {}", one.protocol, one.endpoint))
            .collect(),
        Link::Selector | Link::Action | Link::Visibility | Link::CrossAccount => Vec::new(),
    }
}

/// The name at the end of an ARN.
fn last_part(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

/// The document: the object of the account where there is one, `{"accounts": [...]}` where there are several or none.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a, T>(pub &'a [T]);

impl<T: Serialize> Serialize for Document<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Accounts<'a, T> {
            accounts: &'a [T],
        }
        match self.0 {
            [one] => one.serialize(serializer),
            accounts => Accounts { accounts }.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests;
