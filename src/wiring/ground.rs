use std::collections::BTreeSet;
use std::fmt;

use crate::snapshot::{AccountId, global_region, partition_of};

/// The bus that AWS's own events arrive on.
pub const DEFAULT_BUS: &str = "default";

/// A region of an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: String,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.account, self.region)
    }
}

/// What the settings say of the wiring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    /// What the names of everything made begin with; daemons beside each other have different ones.
    pub prefix: String,
    /// Where the queue is.
    pub feed: Place,
    /// Its name.
    pub queue: String,
    /// The other accounts whose events come to it.
    pub members: BTreeSet<AccountId>,
    /// ARN of the role that alone may receive; none: whoever the account's own policies let.
    pub consumer_role_arn: Option<String>,
    /// The organization that alone may send to the central bus; none: the members.
    pub organization_id: Option<String>,
}

impl Ground {
    /// The partition that the feed lies in.
    pub fn partition(&self) -> &'static str {
        partition_of(&self.feed.region)
    }

    /// Where IAM's events appear, wherever the caller was.
    pub fn iam_region(&self) -> &'static str {
        global_region(self.partition())
    }

    /// Name of the queue for what could not be evaluated again and again.
    pub fn dead_letters(&self) -> String {
        format!("{}-dead", self.queue)
    }

    /// Name of the bus that events of other places come to, and of nothing else.
    ///
    /// Not the default bus: there every rule of the account would see foreign events as if they were its own, and its policy
    /// would have to let other accounts in beside AWS's own events. Other regions of the feed's account use the same bus, so
    /// that there is one way in.
    pub fn bus(&self) -> &str {
        &self.prefix
    }

    /// Name of the role that rules of other places send with.
    pub fn role(&self) -> String {
        format!("{}-forward", self.prefix)
    }

    /// Every name: the prefix, which is the bus's and begins those of rules, the role's, and those of the queues.
    pub fn names(&self) -> [String; 4] {
        [
            self.prefix.clone(),
            self.role(),
            self.queue.clone(),
            self.dead_letters(),
        ]
    }

    pub(super) fn queue_arn(&self, name: &str) -> String {
        let Place { account, region } = &self.feed;
        format!("arn:{}:sqs:{region}:{account}:{name}", self.partition())
    }

    pub(super) fn bus_arn(&self) -> String {
        let Place { account, region } = &self.feed;
        let (partition, bus) = (self.partition(), self.bus());
        format!("arn:{partition}:events:{region}:{account}:event-bus/{bus}")
    }

    pub(super) fn role_arn(&self, account: &AccountId) -> String {
        format!(
            "arn:{}:iam::{account}:role/{}",
            self.partition(),
            self.role()
        )
    }

    pub(super) fn rule_arn(&self, place: &Place, bus: &str, rule: &str) -> String {
        let Place { account, region } = place;
        let partition = self.partition();
        let path = if bus == DEFAULT_BUS {
            rule.to_owned()
        } else {
            format!("{bus}/{rule}")
        };
        format!("arn:{partition}:events:{region}:{account}:rule/{path}")
    }
}

/// A part of the wiring.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A queue.
    Queue {
        /// Where.
        place: Place,
        /// Its name.
        name: String,
    },
    /// The bus that events of other places come to.
    Bus {
        /// Where.
        place: Place,
        /// Its name.
        name: String,
    },
    /// The role that rules of other places send with.
    Role {
        /// Its account, and the region in which events tell of it.
        place: Place,
        /// Its name.
        name: String,
    },
    /// A rule, with its target.
    Rule {
        /// Where.
        place: Place,
        /// Its bus.
        bus: String,
        /// Its name.
        name: String,
    },
}

impl Part {
    /// Where it is.
    pub const fn place(&self) -> &Place {
        match self {
            Self::Queue { place, .. }
            | Self::Bus { place, .. }
            | Self::Role { place, .. }
            | Self::Rule { place, .. } => place,
        }
    }

    /// What kind of thing it is.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Queue { .. } => "queue",
            Self::Bus { .. } => "bus",
            Self::Role { .. } => "role",
            Self::Rule { .. } => "rule",
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Queue { name, .. }
            | Self::Bus { name, .. }
            | Self::Role { name, .. }
            | Self::Rule { name, .. } => name,
        }
    }
}

/// For people, within an account: `rule trailwarden-events of bus default in eu-west-1`.
impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.kind(), self.name())?;
        match self {
            Self::Rule { place, bus, .. } => {
                write!(formatter, " of bus {bus} in {}", place.region)
            }
            Self::Queue { place, .. } | Self::Bus { place, .. } => {
                write!(formatter, " in {}", place.region)
            }
            // Roles are everywhere.
            Self::Role { .. } => Ok(()),
        }
    }
}
