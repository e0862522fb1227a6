use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::table::{Call, Grant, Resource, When, statements};
use super::{Purpose, Side};
use crate::assess::Link;

/// What the settings say about accounts and resources: the table is narrowed to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ground {
    /// The partition of the ARNs, such as `aws-cn`; empty: `aws`.
    pub partition: String,
    /// The judged account; none: the one that the policy is put into, whichever that is.
    pub account: Option<String>,
    /// Whether the credentials are the own ones, which the feed is reached with.
    pub is_own: bool,
    /// Whether the credentials look at an account.
    pub looks: bool,
    /// Whether some account is looked at in all its regions.
    pub all_regions: bool,
    /// The queue of the feed.
    pub feed: Option<Feed>,
    /// What the names of the wiring begin with.
    pub prefix: String,
    /// ARNs of the topics that are told beside the chain.
    pub topics: Vec<String>,
    /// ARNs of the roles that are assumed.
    pub roles: Vec<String>,
    /// The links that may be mended.
    pub links: BTreeSet<Link>,
    /// The endpoints that may be subscribed.
    pub subscriptions: Vec<String>,
}

/// The queue that events come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Its region; none where its URL does not tell.
    pub region: Option<String>,
    /// The account that owns it.
    pub account: String,
    /// Its name.
    pub queue: String,
}

/// An identity-based policy of IAM, as `aws iam put-role-policy` takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Policy {
    version: &'static str,
    /// Its statements; a policy without any grants nothing, and IAM refuses it.
    #[serde(rename = "Statement")]
    pub statements: Vec<Statement>,
}

/// One statement that allows something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    /// Its name.
    pub sid: &'static str,
    effect: &'static str,
    /// The actions, each once.
    pub action: Vec<&'static str>,
    /// The resources.
    pub resource: Vec<String>,
    /// What else has to hold.
    #[serde(skip_serializing_if = "Condition::is_empty")]
    pub condition: Condition,
}

/// Operator to key to values.
pub type Condition = BTreeMap<&'static str, BTreeMap<&'static str, Vec<String>>>;

/// The least that one purpose needs on this ground.
pub fn policy(purpose: Purpose, ground: &Ground) -> Policy {
    let grants = statements().filter(|grant| grant.purpose == purpose);
    Policy {
        version: "2012-10-17",
        statements: grants
            .filter_map(|grant| statement(grant, ground))
            .collect(),
    }
}

/// The statement that a grant makes; none where the settings do not call for it.
fn statement(grant: &Grant, ground: &Ground) -> Option<Statement> {
    if !ground.concerns(grant.side) || !ground.calls_for(grant.when) {
        return None;
    }
    let mut action: Vec<&'static str> = Vec::new();
    for name in grant.calls.iter().flat_map(Call::actions) {
        if !action.contains(name) {
            action.push(name);
        }
    }
    let resource = match grant.resource {
        Resource::Any(_) => vec!["*".to_owned()],
        Resource::These(texts) => ground.fill(texts),
    };
    let mut condition = Condition::new();
    for test in grant.conditions {
        let values = ground.fill(test.values);
        if values.is_empty() {
            return None;
        }
        let keys = condition.entry(test.operator).or_default();
        keys.insert(test.key, values);
    }
    let needed = !action.is_empty() && !resource.is_empty();
    needed.then_some(Statement {
        sid: grant.sid,
        effect: "Allow",
        action,
        resource,
        condition,
    })
}

impl Ground {
    fn concerns(&self, side: Side) -> bool {
        match side {
            Side::Own => self.is_own,
            Side::Account => self.looks,
            Side::Both => self.is_own || self.looks,
        }
    }

    fn calls_for(&self, when: When) -> bool {
        match when {
            When::Always => true,
            When::Never => false,
            When::AllRegions => self.all_regions,
            When::Links(links) => links.iter().any(|link| self.links.contains(link)),
        }
    }

    fn partition(&self) -> &str {
        if self.partition.is_empty() {
            "aws"
        } else {
            &self.partition
        }
    }

    /// The texts with the settings filled in, each once; see [`Resource`].
    fn fill(&self, texts: &[&str]) -> Vec<String> {
        let mut filled = Vec::new();
        for text in texts {
            let values = match *text {
                "{topics}" => self.topics.clone(),
                "{roles}" => self.roles.clone(),
                "{subscriptions}" => self.subscriptions.clone(),
                text if needs_feed(text) && self.feed.is_none() => Vec::new(),
                text => vec![self.fill_one(text)],
            };
            for value in values {
                if !filled.contains(&value) {
                    filled.push(value);
                }
            }
        }
        filled
    }

    fn fill_one(&self, text: &str) -> String {
        let any = || "*".to_owned();
        let feed = self.feed.as_ref();
        let values = [
            ("{partition}", self.partition().to_owned()),
            ("{account}", self.account.clone().unwrap_or_else(any)),
            (
                "{feed_region}",
                feed.and_then(|feed| feed.region.clone())
                    .unwrap_or_else(any),
            ),
            (
                "{feed_account}",
                feed.map_or_else(any, |feed| feed.account.clone()),
            ),
            ("{prefix}", self.prefix.clone()),
            ("{queue}", feed.map_or_else(any, |feed| feed.queue.clone())),
        ];
        values.iter().fold(text.to_owned(), |text, (place, value)| {
            text.replace(place, value)
        })
    }
}

/// Whether a text says something of the feed.
fn needs_feed(text: &str) -> bool {
    text.contains("{feed_") || text.contains("{queue}")
}

#[cfg(test)]
mod tests;
