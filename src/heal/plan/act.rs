use crate::assess::{Chain, Finding, Link};
use crate::heal::{HealPolicy, Repair};
use crate::snapshot::{Arn, LogGroupArn, Snapshot, Trail};

use super::Blueprint;
use super::effect::Effect;

/// What does not change while a plan is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Brief<'a> {
    pub(super) blueprint: &'a Blueprint,
    pub(super) known: Option<&'a Chain>,
    pub(super) policy: &'a HealPolicy,
}

/// Where the planner stands: the account as it would be by now, its best path, and what is to be mended next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) brief: &'a Brief<'a>,
    pub(super) snapshot: &'a Snapshot,
    pub(super) chain: &'a Chain,
    pub(super) finding: &'a Finding,
}

/// Steps that belong together: one way to mend a link.
pub(super) type Candidate = Vec<Act>;

/// A step in the making.
#[derive(Debug, Clone)]
pub(super) struct Act {
    pub(super) link: Link,
    pub(super) summary: String,
    pub(super) action: Action,
}

#[derive(Debug, Clone)]
pub(super) enum Action {
    /// A call, to be made if its link may be mended.
    Write(Repair),
    /// A question, with what the account will look like once a person has done it.
    Ask {
        reason: String,
        command: String,
        effect: Effect,
    },
}

impl Act {
    pub(super) fn write(link: Link, summary: impl Into<String>, repair: Repair) -> Self {
        Self {
            link,
            summary: summary.into(),
            action: Action::Write(repair),
        }
    }

    pub(super) fn ask(
        link: Link,
        summary: impl Into<String>,
        reason: impl Into<String>,
        command: impl Into<String>,
        effect: Effect,
    ) -> Self {
        Self {
            link,
            summary: summary.into(),
            action: Action::Ask {
                reason: reason.into(),
                command: command.into(),
                effect,
            },
        }
    }

    pub(super) fn effect(&self) -> Effect {
        match &self.action {
            Action::Write(repair) => Effect::Write(repair.clone()),
            Action::Ask { effect, .. } => effect.clone(),
        }
    }
}

impl Site<'_> {
    /// Whether an ARN belongs to the account that was observed.
    pub(super) fn is_own(&self, arn: &str) -> bool {
        Arn::parse(arn).is_some_and(|arn| arn.account == self.snapshot.account_id.as_str())
    }

    /// The link that a write to a resource of two links is made for: the second if the finding is about it, else the first.
    pub(super) fn as_place(&self, first: Link, second: Link) -> Link {
        if self.finding.link == second {
            second
        } else {
            first
        }
    }

    /// Region and name of the log group that the best path's trail delivers to, if it is one of this account.
    pub(super) fn group(&self) -> Option<(String, String)> {
        match &self.chain.trail {
            Some(trail) => own_group(self.snapshot, trail),
            None => self
                .chain
                .log_group
                .as_ref()
                .map(|group| (group.region.clone(), group.log_group_name.clone())),
        }
    }

    /// The topics that an alarm of that region is to notify: those of the configuration, else those that are known to have
    /// been notified, else those that the path's alarms name. CloudWatch publishes to topics of the alarm's own region.
    pub(super) fn wanted_topics(&self, region: &str) -> Vec<String> {
        let in_region = |arns: &mut dyn Iterator<Item = &String>| {
            let mut topics: Vec<String> = Vec::new();
            for arn in
                arns.filter(|arn| Arn::topic(arn).is_some() && Arn::region_of(arn) == Some(region))
            {
                if !topics.contains(arn) {
                    topics.push(arn.clone());
                }
            }
            topics
        };
        if !self.brief.policy.topics.is_empty() {
            return in_region(&mut self.brief.policy.topics.iter());
        }
        let known = self.brief.known.map_or_else(Vec::new, |known| {
            in_region(
                &mut known
                    .topic
                    .iter()
                    .map(|topic| &topic.topic_arn)
                    .chain(known.alarms.iter().flat_map(|alarm| &alarm.alarm_actions)),
            )
        });
        if !known.is_empty() {
            return known;
        }
        in_region(
            &mut self
                .chain
                .alarms
                .iter()
                .flat_map(|alarm| &alarm.alarm_actions),
        )
    }

    /// Whether a list was seen whole in a region: what was not seen is not written to.
    pub(super) fn saw(&self, call: &str, region: &str) -> bool {
        !self
            .snapshot
            .api_errors
            .keys()
            .any(|hole| hole.starts_with(call) && (hole == call || hole.contains(region)))
    }
}

/// Region and name of the log group that a trail delivers to, if it is one of the observed account.
pub(super) fn own_group(snapshot: &Snapshot, trail: &Trail) -> Option<(String, String)> {
    let arn = trail
        .cloud_watch_logs_log_group_arn
        .as_deref()
        .and_then(LogGroupArn::parse)?;
    (arn.account == snapshot.account_id.as_str())
        .then(|| (arn.region.to_owned(), arn.name.to_owned()))
}

/// The region that a trail is changed in.
pub(super) fn home_of(trail: &Trail) -> String {
    trail
        .home_region
        .as_deref()
        .or_else(|| Arn::region_of(&trail.trail_arn))
        .unwrap_or_default()
        .to_owned()
}
