//! The alarms on a filter's metric: which of them would one event trip, and which would then act?

mod composite;
mod event;
mod math;
mod mute;
mod overlap;
mod relation;
mod rest;
mod rule;
mod series;
mod statistic;
mod stranger;
mod trip;

pub(crate) use mute::silences;
pub(crate) use relation::Relations;
pub(crate) use series::looks_at;
use trip::judge;

use super::fault::{Fault, Tri};
use super::filter::Filter;
use super::index::Place;
use super::remedy::Command;
use super::world::World;
use super::{Link, Warning};
use crate::pattern::Pattern;
use crate::snapshot::Arn;
use crate::snapshot::{Alarm, MetricFilter};
use event::Event;
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

/// Whether this is a composite alarm.
pub(super) fn is_composite(alarm: &Alarm) -> bool {
    alarm.alarm_type.as_deref() == Some("CompositeAlarm") || alarm.alarm_rule.is_some()
}

fn is_in(alarm: &Alarm, account: &str, region: &str) -> bool {
    Arn::parse(&alarm.alarm_arn).is_none_or(|arn| arn.region == region && arn.account == account)
}

/// The alarms of a region, as far as they were seen.
pub(super) fn in_region<'a>(world: World<'a>, region: &str) -> Vec<&'a Alarm> {
    let account = world.account();
    let mut alarms: Vec<&Alarm> = world
        .snapshot
        .alarms
        .iter()
        .flatten()
        .filter(|alarm| is_in(alarm, account, region))
        .collect();
    alarms.sort_by(|one, other| one.alarm_name.cmp(&other.alarm_name));
    alarms
}

/// Every alarm that one event matched by `filter` may move, with what hinders it. Empty: no alarm looks at the metric.
pub(super) fn actors<'a>(place: &Place<'a>, filter: &Filter<'a>) -> Vec<Actor<'a>> {
    let Place {
        world,
        filters,
        alarms,
        relations,
    } = place;
    let world = *world;
    let mut actors = Vec::new();
    for picks in event::pick_sets(world.account(), filter, alarms) {
        let event = Event {
            picks,
            ..Event::of(world, filter, relations)
        };
        let (alone, together) = of_event(world, alarms, &event, filters);
        actors.extend(alone);
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
            let (acting, _) = of_event(world, alarms, &event, filters);
            // One that does not act even then is told of once.
            let acting = acting
                .into_iter()
                .filter(|actor| !actor.faults.iter().any(Fault::is_broken));
            actors.extend(acting.map(|actor| Actor {
                joint: Some(joint.clone()),
                ..actor
            }));
        }
    }
    actors
}

fn joint<'a>(filter: &Filter<'a>, also: &[&Filter<'a>]) -> Option<Joint<'a>> {
    let patterns: Option<Vec<&Pattern>> = [filter]
        .into_iter()
        .chain(also.iter().copied())
        .map(|one| one.pattern.as_ref().ok())
        .collect();
    Some(Joint {
        filters: also.iter().map(|one| one.seen).collect(),
        pattern: Pattern::all(&patterns?)?,
    })
}

/// Sets of filters with which an event may move more alarms.
type Together<'e> = Vec<Vec<&'e MetricFilter>>;

/// The alarms that an event may move.
fn of_event<'e, 'a>(
    world: World<'a>,
    alarms: &[&'a Alarm],
    event: &'e Event<'e>,
    filters: &'e [Filter<'a>],
) -> (Vec<Actor<'a>>, Together<'e>)
where
    'a: 'e,
{
    let Some(metric) = event.filter.metric else {
        return (Vec::new(), Vec::new());
    };
    let region = event.filter.seen.region.as_str();
    let judged: Vec<(&'a Alarm, Trip<'e>)> = alarms
        .iter()
        .copied()
        .filter(|alarm| !is_composite(alarm))
        .filter(|alarm| looks_at(alarm, world.account(), metric.name, metric.namespace))
        // An alarm on other values of the dimensions than the event carries.
        .filter(|alarm| event.picks.is_empty() || trip::may_land(alarm, event))
        .map(|alarm| (alarm, judge(alarm, event, filters)))
        .collect();
    let beside = composite::bystanders(alarms, &judged, event, filters);
    let mut together: Together<'e> = Vec::new();
    let of_trips = judged.iter().flat_map(|(_, trip)| &trip.joint);
    for set in of_trips.chain(beside.iter().flat_map(|one| &one.joint)) {
        let same = |other: &&Vec<&MetricFilter>| {
            other.len() == set.len()
                && other
                    .iter()
                    .zip(set)
                    .all(|(one, other)| std::ptr::eq(*one, *other))
        };
        if !together.iter().any(|other| same(&other)) {
            together.push(set.clone());
        }
    }
    let composites = composite::actors(world, alarms, &judged, &beside);
    let has_topic = |alarm: &Alarm| {
        alarm
            .alarm_actions
            .iter()
            .any(|action| Arn::topic(action).is_some())
    };
    let carried = |alarm: &Alarm| {
        composites.iter().any(|actor| {
            actor
                .alarms
                .first()
                .is_some_and(|child| std::ptr::eq(*child, alarm))
                && actor.acting().is_some_and(has_topic)
        })
    };
    let mut actors: Vec<Actor<'a>> = judged
        .into_iter()
        // An alarm without a topic, under a composite one with a topic, is not meant to notify by itself.
        .filter(|(alarm, _)| has_topic(alarm) || !carried(alarm))
        .map(|(alarm, trip)| {
            let mut actor = Actor {
                alarms: vec![alarm],
                faults: trip.faults,
                warnings: trip.warnings,
                picks: Vec::new(),
                from: trip.from,
                joint: None,
            };
            hold_back(world, alarm, region, &mut actor);
            actor
        })
        .collect();
    // A composite alarm without a topic, over an alarm with one, is not meant to notify either.
    actors.extend(composites.into_iter().filter(|actor| {
        actor.acting().is_some_and(has_topic) || !actor.alarms.iter().any(|one| has_topic(one))
    }));
    for actor in &mut actors {
        actor.picks.clone_from(&event.picks);
    }
    (actors, together)
}

/// What keeps an alarm in ALARM from acting: actions switched off, mute rules.
fn hold_back(world: World<'_>, alarm: &Alarm, region: &str, actor: &mut Actor<'_>) {
    let name = &alarm.alarm_name;
    if alarm.actions_enabled == Some(false) {
        actor.faults.push(
            Fault::broken(
                Link::Alarm,
                format!("The actions of alarm {name} are switched off."),
            )
            .on(&alarm.alarm_arn)
            .remedy(
                Command::new("cloudwatch enable-alarm-actions", region).with("--alarm-names", name),
            ),
        );
    }
    for operation in [
        "cloudwatch:ListAlarmMuteRules",
        "cloudwatch:GetAlarmMuteRule",
    ] {
        if let Some(hole) = world.hole(operation, &[region]) {
            let meaning = format!("whether alarm {name} is muted is not known.");
            actor
                .faults
                .push(hole.fault(Link::Alarm, &meaning).on(&alarm.alarm_arn));
        }
    }
    for rule in &world.snapshot.alarm_mute_rules {
        if !rule.is_about(alarm) {
            continue;
        }
        let rule_name = rule.name.as_deref().unwrap_or("without a name");
        let muting = mute::muting(rule, world.snapshot.now);
        let message = format!("Mute rule {rule_name} silences alarm {name}");
        let remedy = Command::new("cloudwatch delete-alarm-mute-rule", region)
            .with("--alarm-mute-rule-name", rule_name);
        match muting.now {
            Tri::Yes => actor.faults.push(
                Fault::broken(Link::Alarm, format!("{message} at present."))
                    .on(&alarm.alarm_arn)
                    .remedy(remedy),
            ),
            Tri::Unknown => actor.faults.push(
                Fault::undecided(
                    Link::Alarm,
                    format!(
                        "{message}; whether it does so at present cannot be told from its schedule."
                    ),
                )
                .on(&alarm.alarm_arn)
                .remedy(remedy),
            ),
            Tri::No if muting.later => actor.warnings.push(Warning {
                code: "mute_scheduled",
                message: format!("{message} at other times."),
            }),
            Tri::No => {}
        }
    }
}

/// `aws cloudwatch put-metric-alarm` that one event trips, on the metric of a filter, with the alarm's own actions.
fn put_command(alarm: &Alarm, region: &str, filter: &Filter<'_>) -> Command {
    let (metric, namespace) = filter.metric.map_or(("METRIC", "NAMESPACE"), |metric| {
        (metric.name, metric.namespace)
    });
    let mut topics: Vec<String> = alarm.alarm_actions.clone();
    if topics.is_empty() {
        topics.push("TOPIC_ARN".to_owned());
    }
    let mut command = new_alarm_command(region, &alarm.alarm_name, (metric, namespace), &topics);
    if let Some(description) = &alarm.alarm_description {
        command = command.with("--alarm-description", description);
    }
    for (option, actions) in [
        ("--ok-actions", &alarm.ok_actions),
        (
            "--insufficient-data-actions",
            &alarm.insufficient_data_actions,
        ),
    ] {
        if !actions.is_empty() {
            command = command.raw(&format!("{option} {}", words(actions)));
        }
    }
    command
}

fn words(texts: &[String]) -> String {
    let words: Vec<String> = texts
        .iter()
        .map(|text| super::remedy::quoted(text))
        .collect();
    words.join(" ")
}

/// `aws cloudwatch put-metric-alarm` that one event trips.
pub(super) fn new_alarm_command(
    region: &str,
    name: &str,
    (metric, namespace): (&str, &str),
    actions: &[String],
) -> Command {
    Command::new("cloudwatch put-metric-alarm", region)
        .with("--alarm-name", name)
        .with("--metric-name", metric)
        .with("--namespace", namespace)
        .raw("--statistic Sum --period 300 --evaluation-periods 1 --threshold 1")
        .raw(
            "--comparison-operator GreaterThanOrEqualToThreshold --treat-missing-data notBreaching",
        )
        .raw(&format!("--alarm-actions {}", words(actions)))
}

/// `aws cloudwatch put-metric-alarm` that writes the alarm as it is, with these actions: the call replaces the whole alarm, so
/// that everything is said again.
pub(super) fn same_alarm_command(alarm: &Alarm, region: &str, actions: &[String]) -> Command {
    let settings = Alarm {
        alarm_actions: actions.to_vec(),
        alarm_type: None,
        ..alarm.without_state()
    };
    // Types of ours always serialise; the CLI would refuse an empty document.
    let mut settings = serde_json::to_value(settings).unwrap_or_default();
    if let Some(fields) = settings.as_object_mut() {
        fields.remove("AlarmArn");
        fields.retain(|_, value| value.as_array().is_none_or(|list| !list.is_empty()));
    }
    Command::new("cloudwatch put-metric-alarm", region)
        .with("--cli-input-json", &settings.to_string())
}

/// AWS's word for a state.
pub(super) const fn state_name(state: State) -> &'static str {
    match state {
        State::Ok => "OK",
        State::Alarm => "ALARM",
        State::InsufficientData => "INSUFFICIENT_DATA",
    }
}
