//! What a call has to have named to be blamed for a link.

use crate::assess::{Chain, Link};
use crate::event::{Signal, Touched};
use crate::snapshot::Arn;

/// Whether a call named something that this link of the chain consists of, or hangs on.
pub(super) fn is_part(signal: &Signal, link: Link, chain: &Chain) -> bool {
    let call = Named(signal);
    let trail = || {
        let trail = chain.trail.as_ref();
        trail.is_some_and(|trail| {
            call.is_of(&trail.trail_arn) && call.names(|one| one.is_trail(&trail.trail_arn))
        })
    };
    let group = || {
        let group = chain.log_group.as_ref();
        group.is_some_and(|group| {
            let (region, name) = (&group.region, &group.log_group_name);
            call.is_in(region) && call.names(|one| one.is_log_group(region, name))
        })
    };
    let filter = || {
        chain.filters.iter().any(|filter| {
            let (group, name) = (&filter.log_group_name, &filter.filter_name);
            call.is_in(&filter.region) && call.names(|one| one.is_metric_filter(group, name))
        })
    };
    let alarm = || {
        chain.alarms.iter().any(|alarm| {
            call.is_of(&alarm.alarm_arn) && call.names(|one| one.is_alarm(&alarm.alarm_name))
        })
    };
    let topic = || {
        let topic = chain.topic.as_ref();
        topic.is_some_and(|topic| {
            call.is_of(&topic.topic_arn) && call.names(|one| one.is_topic(&topic.topic_arn))
        })
    };
    // Roles are of no region.
    let role = || {
        let trail = chain.trail.as_ref();
        let arn = trail.and_then(|trail| trail.cloud_watch_logs_role_arn.as_deref());
        arn.is_some_and(|arn| call.names(|one| one.is_role(arn)))
    };
    let key = || {
        let topic = chain.topic.as_ref();
        topic.is_some_and(|topic| {
            let key = topic.attributes.kms_master_key_id.as_deref();
            let is_it = |key: &str| call.names(|one| one.is_key(key));
            call.is_of(&topic.topic_arn) && key.is_some_and(is_it)
        })
    };
    let subscription = || {
        let is_it =
            |one: &Touched, arn: &str| matches!(one, Touched::Subscription(given) if given == arn);
        let mut arns = chain.subscriptions.iter().map(|one| &one.subscription_arn);
        arns.any(|arn| call.is_of(arn) && call.names(|one| is_it(one, arn)))
    };
    match link {
        Link::Trail | Link::Selector => trail(),
        Link::LogGroup => trail() || group() || role(),
        Link::Pattern => trail() || group() || filter(),
        Link::Metric => group() || filter(),
        Link::Alarm => alarm() || filter(),
        Link::Action => alarm(),
        Link::Topic => topic() || key(),
        Link::Subscription => topic() || subscription(),
        Link::Visibility | Link::CrossAccount => false,
    }
}

/// What a call named, and where: regions have things of the same name.
struct Named<'a>(&'a Signal);

impl Named<'_> {
    fn names(&self, is_it: impl Fn(&Touched) -> bool) -> bool {
        self.0.touched.iter().any(is_it)
    }

    /// Whether it was made in that region; where that is not known, it may have been.
    fn is_in(&self, region: &str) -> bool {
        region.is_empty() || self.0.region == region
    }

    /// Whether it was made in the region of that ARN.
    fn is_of(&self, arn: &str) -> bool {
        Arn::region_of(arn).is_none_or(|region| self.is_in(region))
    }
}
