use super::Chain;
use crate::snapshot::{Topic, TopicAttributes};

impl Chain {
    /// The chain as people configured it: without states and counts, which AWS writes by itself, and with lists that have no
    /// order of their own sorted. Two looks at a chain that nobody touched give the same.
    #[must_use]
    pub fn as_configured(&self) -> Self {
        let mut chain = self.clone();
        for alarm in &mut chain.alarms {
            *alarm = alarm.without_state();
        }
        if let Some(Topic { attributes, .. }) = &mut chain.topic {
            *attributes = TopicAttributes {
                subscriptions_confirmed: None,
                subscriptions_pending: None,
                subscriptions_deleted: None,
                ..std::mem::take(attributes)
            };
        }
        chain
            .filters
            .sort_by(|one, other| one.filter_name.cmp(&other.filter_name));
        chain
            .subscriptions
            .sort_by(|one, other| one.subscription_arn.cmp(&other.subscription_arn));
        chain
    }
}
