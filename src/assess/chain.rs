use std::sync::Arc;

use super::Chain;

impl Chain {
    /// The chain as people configured it: without states and counts, which AWS writes by itself, and with lists that have no
    /// order of their own sorted. Two looks at a chain that nobody touched give the same.
    #[must_use]
    pub fn as_configured(&self) -> Self {
        let mut chain = self.clone();
        for alarm in &mut chain.alarms {
            *alarm = alarm.without_state();
        }
        if let Some(topic) = &mut chain.topic {
            let attributes = &mut Arc::make_mut(topic).attributes;
            attributes.subscriptions_confirmed = None;
            attributes.subscriptions_pending = None;
            attributes.subscriptions_deleted = None;
        }
        chain
            .filters
            .sort_by(|one, other| one.filter_name.cmp(&other.filter_name));
        chain
            .subscriptions
            .sort_by(|one, other| one.subscription_arn.cmp(&other.subscription_arn));
        chain
    }

    /// Holds what it has in common with another chain once for both. The controls of an account have a trail, a log group
    /// and a topic in common: of a thousand accounts, that is most of what is remembered.
    pub fn share(&mut self, other: &Self) {
        share(&mut self.trail, other.trail.as_ref());
        share(&mut self.selectors, other.selectors.as_ref());
        share(&mut self.log_group, other.log_group.as_ref());
        share(&mut self.topic, other.topic.as_ref());
        for ours in &mut self.subscriptions {
            if let Some(theirs) = other.subscriptions.iter().find(|one| *one == ours) {
                *ours = Arc::clone(theirs);
            }
        }
    }
}

fn share<T: PartialEq>(ours: &mut Option<Arc<T>>, theirs: Option<&Arc<T>>) {
    if ours.as_ref() == theirs {
        *ours = theirs.cloned();
    }
}
