//! The alarms on a filter's metric: which of them would one event trip, and which would then act?

mod beside;
mod composite;
mod event;
mod hold;
mod math;
mod mute;
mod order;
mod overlap;
mod relation;
mod rest;
mod roster;
mod rule;
mod series;
mod states;
mod statistic;
mod steady;
mod stranger;
mod suppress;
mod trip;
mod turns;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use beside::{Fed, Trips};
pub(super) use hold::Mutes;
pub(crate) use mute::silences;
pub(crate) use relation::Relations;
pub(super) use roster::{Roster, in_region};
pub(crate) use series::{looks_at, searched};
use trip::judge;

use super::Warning;
use super::fault::Fault;
use super::filter::Filter;
use super::index::Place;
use super::put::put_alarm;
use super::remedy::Command;
use crate::pattern::Pattern;
use crate::snapshot::{Alarm, Arn, MetricFilter};
use beside::Bystander;
use composite::Above;
use event::Event;
use hold::hold_back;
use rule::State;
use trip::Trip;

/// An alarm, or a composite one after its child, that may act on one event.
#[derive(Debug, Clone)]
pub(super) struct Actor<'a> {
    /// Children first; the last one carries the actions.
    pub(super) alarms: Vec<&'a Alarm>,
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Warning>,
    /// Fields with the values that dimensions pick.
    pub(super) picks: Vec<(String, String)>,
    /// The state it leaves; none where that is not known.
    pub(super) from: Option<State>,
    /// It acts on events only that other filters match, too.
    pub(super) joint: Option<Joint<'a>>,
}

/// Filters that have to match an event besides the first.
#[derive(Debug, Clone)]
pub(super) struct Joint<'a> {
    pub(super) filters: Vec<&'a MetricFilter>,
    /// What the first and all of these match.
    pub(super) pattern: Pattern,
}

impl<'a> Actor<'a> {
    /// The alarm whose actions are carried out.
    pub(super) fn acting(&self) -> Option<&'a Alarm> {
        self.alarms.last().copied()
    }
}

/// Every alarm that one event matched by `filter` may move, with what hinders it. Empty: no alarm looks at the metric.
pub(super) fn actors<'a>(place: &Place<'a>, filter: &Filter<'a>) -> Vec<Actor<'a>> {
    let filters = &place.filters;
    let mut actors = Vec::new();
    for picks in event::pick_sets(place.world.account(), filter, place.alarms.alarms()) {
        let event = Event {
            picks,
            ..Event::of(place, filter)
        };
        let (mut alone, together) = of_event(place, &event);
        tell_apart(place, &event, &together, &mut alone);
        let known: BTreeMap<*const Alarm, &Actor<'a>> = alone
            .iter()
            .filter_map(|actor| Some((std::ptr::from_ref(actor.acting()?), actor)))
            .collect();
        let mut jointly = Vec::new();
        for names in together {
            let is_named =
                |one: &&Filter<'a>| names.iter().any(|seen| std::ptr::eq(*seen, one.seen));
            let also: Vec<&Filter<'a>> = filters.iter().filter(is_named).collect();
            let Some(joint) = joint(filter, &also) else {
                continue;
            };
            let event = Event {
                also,
                ..event.clone()
            };
            let (acting, _) = of_event(place, &event);
            // One that does not act even then is told of once, and so is one that acts no better than on all events.
            let is_news = |actor: &Actor<'a>| {
                let acting = actor.acting().map(std::ptr::from_ref);
                let without = acting.and_then(|alarm| known.get(&alarm));
                without.is_none_or(|one| (&one.faults, one.from) != (&actor.faults, actor.from))
            };
            let acting = acting
                .into_iter()
                .filter(|actor| !actor.faults.iter().any(Fault::is_broken) && is_news(actor));
            jointly.extend(acting.map(|actor| Actor {
                joint: Some(joint.clone()),
                ..actor
            }));
        }
        actors.extend(alone);
        actors.extend(jointly);
    }
    actors
}

/// What is left open because other filters may match the event, too, is decided where it fails if none of them does: what
/// fails then is all that they do not match, and the events that they match are asked about by themselves.
fn tell_apart<'a>(
    place: &Place<'a>,
    event: &Event<'_>,
    together: &[Vec<&MetricFilter>],
    alone: &mut [Actor<'a>],
) {
    let is_broken = |actor: &Actor<'_>| actor.faults.iter().any(Fault::is_broken);
    let is_open = |actor: &Actor<'_>| !actor.faults.is_empty() && !is_broken(actor);
    let is_named = |one: &&Filter<'a>| {
        let mut names = together.iter().flatten();
        names.any(|seen| std::ptr::eq(*seen, one.seen))
    };
    let apart: Vec<&Filter<'a>> = place.filters.iter().filter(is_named).collect();
    let is_single = together.iter().all(|set| set.len() == 1);
    let can_be_joined = |one: &&Filter<'a>| joint(event.filter, &[one]).is_some();
    if apart.is_empty()
        || !is_single
        || !apart.iter().all(can_be_joined)
        || !alone.iter().any(is_open)
    {
        return;
    }
    let event = Event {
        apart,
        ..event.clone()
    };
    let (acting, _) = of_event(place, &event);
    for actor in alone.iter_mut().filter(|actor| is_open(actor)) {
        let same = |other: &&Actor<'a>| {
            let (one, other) = (actor.acting(), other.acting());
            one.map(std::ptr::from_ref) == other.map(std::ptr::from_ref)
        };
        let found = acting.iter().find(same);
        if let Some(broken) = found.filter(|other| is_broken(other)) {
            *actor = broken.clone();
        }
    }
}

fn joint<'a>(filter: &Filter<'a>, also: &[&Filter<'a>]) -> Option<Joint<'a>> {
    let patterns: Option<Vec<&Pattern>> = [filter]
        .into_iter()
        .chain(also.iter().copied())
        .map(|one| one.pattern_of_records())
        .collect();
    Some(Joint {
        filters: also.iter().map(|one| one.seen).collect(),
        pattern: Pattern::all(&patterns?)?,
    })
}

/// Sets of filters with which an event may move more alarms.
type Together<'e> = Vec<Vec<&'e MetricFilter>>;

/// The metric alarms on the metric of the event's filter, by their place in the roster, with what the event does to them.
type Judged<'e> = BTreeMap<usize, Trip<'e>>;

/// The alarms that an event may move.
fn of_event<'e, 'a>(place: &'e Place<'a>, event: &'e Event<'e>) -> (Vec<Actor<'a>>, Together<'e>) {
    let Some(metric) = event.filter.metric else {
        return (Vec::new(), Vec::new());
    };
    let roster = &place.alarms;
    let watchers = roster.watchers(place.world.account(), &metric).into_iter();
    let judged: Judged<'e> = watchers
        .filter_map(|at| Some((at, roster.alarm(at)?)))
        // An alarm on other values of the dimensions than the event carries.
        .filter(|(_, alarm)| event.picks.is_empty() || trip::may_land(alarm, event))
        .map(|(at, alarm)| (at, judge(alarm, event, &place.filters)))
        .collect();
    let beside = beside::bystanders(place, &judged, event);
    let ascent = composite::ascend(place, &judged, &beside, event);
    let of_trips = judged.values().flat_map(|trip| &trip.joint);
    let of_open = most_telling(&beside, &ascent.open);
    let together = each_once(of_trips.chain(of_open));
    let composites = ascent.above;
    let acts = |above: &&Above<'a>| {
        let acting = above.actor.acting();
        acting.is_some_and(has_topic)
    };
    let carried: BTreeSet<usize> = composites
        .iter()
        .filter(acts)
        .map(|one| one.origin)
        .collect();
    let mut actors: Vec<Actor<'a>> = judged
        .into_iter()
        // An alarm without a topic, under a composite one with a topic, is not meant to notify by itself.
        .filter(|(at, _)| roster.tells(*at) || !carried.contains(at))
        .filter_map(|(at, trip)| alone(place, at, trip))
        .collect();
    actors.extend(composites.into_iter().map(|above| above.actor));
    for actor in &mut actors {
        actor.picks.clone_from(&event.picks);
    }
    (actors, together)
}

/// More bystanders than this are not tried one by one: each asks for all composite alarms again, for each filter.
const MOST_BYSTANDERS: usize = 16;

/// The sets of filters that move a bystander on which composite alarms depend; those first that depend on few.
fn most_telling<'s, 'e>(
    beside: &'s BTreeMap<usize, Bystander<'e>>,
    open: &BTreeMap<usize, usize>,
) -> impl Iterator<Item = &'s Vec<&'e MetricFilter>> + use<'s, 'e> {
    let asked = beside.iter().filter(|(_, one)| !one.joint.is_empty());
    let mut asked: Vec<(usize, &'s Bystander<'e>)> = asked
        .filter_map(|(at, one)| Some((*open.get(at)?, one)))
        .collect();
    asked.sort_by_key(|(count, _)| *count);
    let most = asked.into_iter().take(MOST_BYSTANDERS);
    most.flat_map(|(_, one)| one.joint.iter().take(MOST_BYSTANDERS))
}

fn each_once<'s, 'e: 's>(sets: impl Iterator<Item = &'s Vec<&'e MetricFilter>>) -> Together<'e> {
    let mut together: Together<'e> = Vec::new();
    for set in sets {
        let same = |other: &Vec<&MetricFilter>| {
            other.len() == set.len()
                && other
                    .iter()
                    .zip(set)
                    .all(|(one, other)| std::ptr::eq(*one, *other))
        };
        if !together.iter().any(same) {
            together.push(set.clone());
        }
    }
    together
}

fn has_topic(alarm: &Alarm) -> bool {
    let mut actions = alarm.alarm_actions.iter();
    actions.any(|action| Arn::topic(action).is_some())
}

/// The alarm on its own.
fn alone<'a>(place: &Place<'a>, at: usize, trip: Trip<'_>) -> Option<Actor<'a>> {
    let mut actor = Actor {
        alarms: vec![place.alarms.alarm(at)?],
        faults: trip.faults,
        warnings: trip.warnings,
        picks: Vec::new(),
        from: trip.from,
        joint: None,
    };
    hold_back(place, at, &mut actor);
    Some(actor)
}

/// `aws cloudwatch put-metric-alarm` that one event trips, on the metric of a filter, with the alarm's own actions: in its place, or
/// beside one that watches something else, too.
fn put_command(alarms: &Roster<'_>, alarm: &Alarm, filter: &Filter<'_>, beside: bool) -> Command {
    let region = filter.seen.region.as_str();
    let (metric, namespace) = filter.metric.map_or(("METRIC", "NAMESPACE"), |metric| {
        (metric.name, metric.namespace)
    });
    let right = new_alarm(&alarm.alarm_name, (metric, namespace));
    let told = if alarm.alarm_actions.is_empty() {
        right.alarm_actions
    } else {
        alarm.alarm_actions.clone()
    };
    if beside {
        let another = Alarm {
            alarm_name: alarms.free_name(format!("{metric}-alarm")),
            alarm_actions: told,
            ..right
        };
        return put_alarm(region, &another);
    }
    put_alarm(
        region,
        &Alarm {
            alarm_description: alarm.alarm_description.clone(),
            alarm_actions: told,
            ok_actions: alarm.ok_actions.clone(),
            insufficient_data_actions: alarm.insufficient_data_actions.clone(),
            ..right
        },
    )
}

/// An alarm that one event trips, and that tells a topic to be named.
pub(crate) fn new_alarm(name: &str, (metric, namespace): (&str, &str)) -> Alarm {
    Alarm {
        alarm_name: name.to_owned(),
        metric_name: Some(metric.to_owned()),
        namespace: Some(namespace.to_owned()),
        statistic: Some("Sum".to_owned()),
        period: Some(300),
        evaluation_periods: Some(1),
        threshold: Some(1.0),
        comparison_operator: Some("GreaterThanOrEqualToThreshold".to_owned()),
        treat_missing_data: Some("notBreaching".to_owned()),
        alarm_actions: vec!["TOPIC_ARN".to_owned()],
        ..Alarm::default()
    }
}

/// AWS's word for a state.
pub(super) const fn state_name(state: State) -> &'static str {
    match state {
        State::Ok => "OK",
        State::Alarm => "ALARM",
        State::InsufficientData => "INSUFFICIENT_DATA",
    }
}
