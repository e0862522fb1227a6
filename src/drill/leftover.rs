//! What drills make, and what of it was left behind.

use jiff::{SignedDuration, Timestamp};

use super::DrillName;
use crate::snapshot::{AccountId, Snapshot};

/// How old a drill's resources must be for the daemon to take them for left behind. No drill may run as long.
pub const LEFT_BEHIND_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// Where drills of an account leave things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    /// The account whose own things are meant.
    pub account: AccountId,
    /// Region and name of the log groups.
    pub log_groups: Vec<(String, String)>,
    /// ARNs of the topics.
    pub topic_arns: Vec<String>,
}

impl Ground {
    /// Every log group and topic that was seen.
    pub fn of(snapshot: &Snapshot) -> Self {
        let groups = snapshot.log_groups.iter();
        let topics = snapshot.topics.iter().flatten();
        Self {
            account: snapshot.account_id.clone(),
            log_groups: groups
                .map(|group| (group.region.clone(), group.log_group_name.clone()))
                .collect(),
            topic_arns: topics.map(|topic| topic.topic_arn.clone()).collect(),
        }
    }
}

/// Something that a drill makes and removes again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// The subscription of its queue to a topic.
    Subscription {
        /// Which drill made it.
        name: DrillName,
        /// Region of the topic.
        region: String,
        /// ARN of the subscription.
        arn: String,
    },
    /// Its queue.
    Queue {
        /// Which drill made it.
        name: DrillName,
        /// Region of the queue.
        region: String,
        /// URL of the queue.
        url: String,
    },
    /// Its log stream.
    Stream {
        /// Which drill made it.
        name: DrillName,
        /// Region of the log group.
        region: String,
        /// Name of the log group.
        log_group: String,
    },
}

impl Resource {
    /// The drill that made it.
    pub const fn name(&self) -> &DrillName {
        match self {
            Self::Subscription { name, .. }
            | Self::Queue { name, .. }
            | Self::Stream { name, .. } => name,
        }
    }

    /// What it is, for people.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Subscription { .. } => "subscription",
            Self::Queue { .. } => "queue",
            Self::Stream { .. } => "log stream",
        }
    }

    /// The API operation that removes it.
    pub const fn removal(&self) -> &'static str {
        match self {
            Self::Subscription { .. } => "Unsubscribe",
            Self::Queue { .. } => "DeleteQueue",
            Self::Stream { .. } => "DeleteLogStream",
        }
    }

    /// Whether no drill can be using it any more.
    pub fn is_left_behind(&self, now: Timestamp) -> bool {
        now.duration_since(self.name().started()) > LEFT_BEHIND_AFTER
    }

    /// Whether a drill that begins may remove it: what no drill can be using, and what an earlier drill of the same
    /// control made.
    pub fn is_in_the_way_of(&self, drill: &DrillName) -> bool {
        self.is_left_behind(drill.started()) || self.name().is_of_same_control(drill)
    }
}
