//! From a metric filter to the people: alarms, actions, topics, subscriptions.

use super::alarm::{self, Actor, Joint, Roster};
use super::fault::Fault;
use super::filter::Filter;
use super::index::Place;
use super::pick::{Pick, narrowed};
use super::put::put_alarm;
use super::subscription::audience;
use super::topic;
use super::{Expectations, Link, Warning};
use crate::pattern::Pattern;
use crate::snapshot::Arn;
use crate::snapshot::{Alarm, Subscription, Topic};

/// One way from a filter to an end, whole or cut.
#[derive(Debug, Clone)]
pub(super) struct Tail<'a> {
    pub(super) alarms: Vec<&'a Alarm>,
    pub(super) topic: Option<&'a Topic>,
    pub(super) subscriptions: Vec<&'a Subscription>,
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Warning>,
    /// The values that the alarm looks at of what the filter splits its metric by.
    pub(super) picks: Vec<Pick>,
    /// What the filter matches of the events that surely have these; none where no pattern tells them, or there are none.
    pub(super) narrow: Option<Pattern>,
    /// Filters that have to match the event, too.
    pub(super) joint: Option<Joint<'a>>,
    /// The last link that was looked at.
    pub(super) reached: Link,
}

impl Tail<'_> {
    fn cut(fault: Fault, reached: Link) -> Self {
        Self {
            alarms: Vec::new(),
            topic: None,
            subscriptions: Vec::new(),
            faults: vec![fault],
            warnings: Vec::new(),
            picks: Vec::new(),
            narrow: None,
            joint: None,
            reached,
        }
    }
}

/// Every way on from a filter.
pub(super) fn tails<'a>(
    place: &Place<'a>,
    filter: &Filter<'a>,
    expectations: &Expectations,
) -> Vec<Tail<'a>> {
    let world = place.world;
    let Some(metric) = filter.metric else {
        return Vec::new();
    };
    let region = filter.seen.region.as_str();
    let mut tails: Vec<Tail<'a>> = alarm::actors(place, filter)
        .into_iter()
        .flat_map(|actor| ends(place, filter, &actor, expectations))
        .collect();
    let hole = world.list_hole(
        world.snapshot.alarms.as_ref(),
        "cloudwatch:DescribeAlarms",
        region,
    );
    if let Some(hole) = hole {
        let meaning = format!(
            "whether another alarm looks at metric {} of {} is not known.",
            metric.name, metric.namespace
        );
        tails.push(Tail::cut(hole.fault(Link::Alarm, &meaning), Link::Alarm));
    } else if tails.is_empty() {
        let fault = Fault::absent(
            Link::Alarm,
            format!(
                "No alarm in {region} looks at metric {} of {}, which metric filter {} writes.",
                metric.name, metric.namespace, filter.seen.filter_name
            ),
        )
        .remedy(put_alarm(
            region,
            &alarm::new_alarm(
                &place.alarms.free_name(format!("{}-alarm", metric.name)),
                (metric.name, metric.namespace),
            ),
        ));
        tails.push(Tail::cut(fault, Link::Alarm));
    }
    tails
}

fn ends<'a>(
    place: &Place<'a>,
    filter: &Filter<'a>,
    actor: &Actor<'a>,
    expectations: &Expectations,
) -> Vec<Tail<'a>> {
    let Some(acting) = actor.acting() else {
        return Vec::new();
    };
    let world = place.world;
    let region = filter.seen.region.as_str();
    let picks: Vec<Pick> = actor.picks.iter().map(Pick::new).collect();
    let matched = match &actor.joint {
        Some(joint) => Some(&joint.pattern),
        None => filter.pattern_of_records(),
    };
    let narrow = matched
        .filter(|_| !picks.is_empty())
        .and_then(|pattern| narrowed(pattern, &picks));
    let tail = |faults: Vec<Fault>, reached: Link| Tail {
        alarms: actor.alarms.clone(),
        topic: None,
        subscriptions: Vec::new(),
        faults: actor.faults.iter().cloned().chain(faults).collect(),
        warnings: actor.warnings.clone(),
        picks: picks.clone(),
        narrow: narrow.clone(),
        joint: actor.joint.clone(),
        reached,
    };
    let topics: Vec<(&String, Arn<'_>)> = acting
        .alarm_actions
        .iter()
        .filter_map(|action| Some((action, Arn::topic(action)?)))
        .collect();
    if topics.is_empty() {
        return vec![tail(
            vec![no_topic(&place.alarms, acting, region)],
            Link::Action,
        )];
    }
    let mut ends = Vec::new();
    for (topic_arn, arn) in topics {
        if arn.region != region {
            let fault = Fault::broken(
                Link::Action,
                format!(
                    "Alarm {} of {region} names topic {topic_arn} of another region; an alarm publishes in its own.",
                    acting.alarm_name
                ),
            )
            .on(&acting.alarm_arn);
            ends.push(tail(vec![fault], Link::Action));
            continue;
        }
        let reached = topic::reach(world, acting, topic_arn);
        let mut end = tail(reached.faults, Link::Topic);
        end.topic = reached.topic;
        if !reached.is_dead_end {
            let from = actor.from.map(super::alarm::state_name);
            let audience = audience(world, acting, from, topic_arn, reached.topic, expectations);
            if audience.faults.is_empty() {
                end.faults.extend(reached.unseen);
            }
            end.subscriptions = audience.subscriptions;
            end.faults.extend(audience.faults);
            end.warnings.extend(audience.warnings);
            end.reached = Link::Subscription;
        }
        ends.push(end);
    }
    ends
}

/// Actions that an alarm may have for one state (CloudWatch user guide, "CloudWatch service quotas").
const MOST_ACTIONS: usize = 5;

fn no_topic(alarms: &Roster<'_>, alarm: &Alarm, region: &str) -> Fault {
    let name = &alarm.alarm_name;
    let fault = if alarm.alarm_actions.is_empty() {
        Fault::absent(
            Link::Action,
            format!("Alarm {name} has no action: it changes its state and tells nobody."),
        )
    } else {
        Fault::broken(
            Link::Action,
            format!(
                "None of the actions of alarm {name} is an SNS topic ({}).",
                alarm.alarm_actions.join(", ")
            ),
        )
    };
    let mut told = alarm.clone();
    // Where there is no room for another action, the topic gets an alarm of its own.
    if told.alarm_actions.len() >= MOST_ACTIONS {
        told.alarm_name = alarms.free_name(told.alarm_name);
        for actions in [
            &mut told.alarm_actions,
            &mut told.ok_actions,
            &mut told.insufficient_data_actions,
        ] {
            actions.clear();
        }
    }
    told.alarm_actions.push("TOPIC_ARN".to_owned());
    fault.on(&alarm.alarm_arn).remedy(put_alarm(region, &told))
}
