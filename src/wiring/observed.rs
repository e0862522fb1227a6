use std::collections::BTreeMap;

/// Why something was not seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// The permission that the call needs, such as `events:ListRules`.
    pub action: String,
    /// AWS's error code.
    pub code: String,
    /// AWS refused it to these credentials; else it may pass by itself.
    pub denied: bool,
}

/// What a look brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight<T> {
    /// It is there.
    Seen(T),
    /// It is not there.
    Absent,
    /// It was not seen.
    Unseen(Unseen),
}

impl<T> Sight<T> {
    /// What is there.
    pub const fn seen(&self) -> Option<&T> {
        match self {
            Self::Seen(seen) => Some(seen),
            Self::Absent | Self::Unseen(_) => None,
        }
    }
}

/// A queue, by its attributes as sqs:GetQueueAttributes names them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Queue {
    /// Its URL, where it was told.
    pub url: Option<String>,
    /// The attributes.
    pub attributes: BTreeMap<String, String>,
}

/// A bus.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bus {
    /// Who may send to it; none: the own account only.
    pub policy: Option<String>,
}

/// A role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Role {
    /// Who may be it.
    pub trust: String,
    /// What it may do: its inline policies, by name.
    pub policies: BTreeMap<String, String>,
    /// ARNs of the managed policies that are attached to it. What they say is not read: none belongs there.
    pub attached: Vec<String>,
    /// ARN of what bounds it.
    pub boundary: Option<String>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Whether it acts.
    pub enabled: bool,
    /// What passes it; none: nothing but a schedule.
    pub pattern: Option<String>,
    /// Where events go.
    pub targets: Sight<Vec<Target>>,
}

/// A target of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its id within the rule.
    pub id: String,
    /// ARN of the queue or bus.
    pub arn: String,
    /// The role that EventBridge sends with.
    pub role_arn: Option<String>,
    /// Something else than the event is sent: a constant, a part, or a template.
    pub transforms: bool,
}

/// What was seen of the wiring in one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The queues of the feed, by name.
    pub queues: BTreeMap<String, Sight<Queue>>,
    /// The central bus.
    pub bus: Sight<Bus>,
    /// The role that forwards.
    pub role: Sight<Role>,
    /// The rules whose names begin with the prefix, by region and bus; absent where there is no such bus.
    pub rules: BTreeMap<(String, String), Sight<Vec<Rule>>>,
}

impl Default for Observed {
    /// An empty account.
    fn default() -> Self {
        Self {
            queues: BTreeMap::new(),
            bus: Sight::Absent,
            role: Sight::Absent,
            rules: BTreeMap::new(),
        }
    }
}

impl Observed {
    pub(super) fn queue(&self, name: &str) -> &Sight<Queue> {
        self.queues.get(name).unwrap_or(&Sight::Absent)
    }

    pub(super) fn rules_of(&self, region: &str, bus: &str) -> &Sight<Vec<Rule>> {
        let key = (region.to_owned(), bus.to_owned());
        self.rules.get(&key).unwrap_or(&Sight::Absent)
    }
}
