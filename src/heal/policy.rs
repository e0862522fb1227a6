use std::collections::BTreeSet;

use crate::assess::{Expectations, Link};
use crate::control::Benchmark;

/// What may be mended, and what the configuration names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealPolicy {
    /// The links that may be mended; a repair of any other link becomes a question with the exact command.
    pub links: BTreeSet<Link>,
    /// ARNs of the topics that the configuration names; empty: any topic counts, and none is known beforehand.
    pub topics: Vec<String>,
    /// The subscriptions that the configuration names; no other is ever made.
    pub subscriptions: Vec<ExpectedSubscription>,
    /// Whose texts are required and installed.
    pub benchmark: Benchmark,
}

/// A subscription that the configuration names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExpectedSubscription {
    /// `sqs`, `email`, `https`, `lambda`, ... as sns:Subscribe takes it.
    pub protocol: String,
    /// The endpoint in the form that the protocol asks for.
    pub endpoint: String,
}

impl HealPolicy {
    /// The links that are mended unless the configuration says otherwise: those that cost nothing and undo nothing that
    /// an administrator may have meant. `trail`, `selector` and `log_group` have to be named.
    pub const DEFAULT_LINKS: [Link; 6] = [
        Link::Pattern,
        Link::Metric,
        Link::Alarm,
        Link::Action,
        Link::Topic,
        Link::Subscription,
    ];

    /// The same names in the form that the assessment takes.
    pub fn expectations(&self) -> Expectations {
        Expectations {
            topics: self.topics.clone(),
            subscriptions: self
                .subscriptions
                .iter()
                .map(|expected| expected.endpoint.clone())
                .collect(),
        }
    }

    /// Whether a link may be mended.
    pub fn allows(&self, link: Link) -> bool {
        self.links.contains(&link)
    }
}

impl Default for HealPolicy {
    fn default() -> Self {
        Self {
            links: Self::DEFAULT_LINKS.into_iter().collect(),
            topics: Vec::new(),
            subscriptions: Vec::new(),
            benchmark: Benchmark::Any,
        }
    }
}

impl ExpectedSubscription {
    /// Whether a person or the receiver has to confirm before messages flow. Queues, functions, streams and telephones are
    /// confirmed by the call itself (SNS developer guide, "Subscribe").
    pub fn needs_confirmation(&self) -> bool {
        matches!(
            self.protocol.as_str(),
            "email" | "email-json" | "http" | "https"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trail_selector_and_log_group_are_mended_only_when_named() {
        let policy = HealPolicy::default();
        for link in [Link::Trail, Link::Selector, Link::LogGroup] {
            assert!(!policy.allows(link));
        }
        assert!(policy.allows(Link::Pattern));
    }
}
