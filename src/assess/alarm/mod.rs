//! The alarms on a filter's metric: which of them would one event trip, and which would then act?

mod composite;
mod math;
mod mute;
mod rule;
mod series;
mod statistic;
mod trip;

pub(crate) use series::looks_at;
pub(super) use trip::judge;

use super::arn::Arn;
use super::fault::{Fault, Tri};
use super::filter::Filter;
use super::remedy::Command;
use super::world::World;
use super::{Link, Warning};
use crate::snapshot::Alarm;
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
pub(super) fn actors<'a>(
    world: World<'a>,
    filter: &Filter<'a>,
    filters: &[Filter<'a>],
) -> Vec<Actor<'a>> {
    let Some(metric) = filter.metric else {
        return Vec::new();
    };
    let region = filter.seen.region.as_str();
    let alarms = in_region(world, region);
    let judged: Vec<(&Alarm, Trip)> = alarms
        .iter()
        .copied()
        .filter(|alarm| !is_composite(alarm))
        .filter(|alarm| looks_at(alarm, world.account(), metric.name, metric.namespace))
        .map(|alarm| (alarm, judge(alarm, world.account(), filter, filters)))
        .collect();
    let composites = composite::actors(world, &alarms, &judged);
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
                picks: trip.picks,
                from: trip.rest,
            };
            hold_back(world, alarm, region, &mut actor);
            actor
        })
        .collect();
    actors.extend(composites);
    actors
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
        let elsewhere = rule
            .alarm_mute_rule_arn
            .as_deref()
            .and_then(Arn::parse)
            .is_some_and(|arn| arn.region != region || arn.account != world.account());
        let is_target =
            mute::targets(rule).any(|target| target == name || *target == alarm.alarm_arn);
        if elsewhere || !is_target {
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
    new_alarm_command(region, &alarm.alarm_name, (metric, namespace), &topics)
}

/// `aws cloudwatch put-metric-alarm` that one event trips.
pub(super) fn new_alarm_command(
    region: &str,
    name: &str,
    (metric, namespace): (&str, &str),
    actions: &[String],
) -> Command {
    let words: Vec<String> = actions
        .iter()
        .map(|action| super::remedy::quoted(action))
        .collect();
    Command::new("cloudwatch put-metric-alarm", region)
        .with("--alarm-name", name)
        .with("--metric-name", metric)
        .with("--namespace", namespace)
        .raw("--statistic Sum --period 300 --evaluation-periods 1 --threshold 1")
        .raw(
            "--comparison-operator GreaterThanOrEqualToThreshold --treat-missing-data notBreaching",
        )
        .raw(&format!("--alarm-actions {}", words.join(" ")))
}

/// `aws cloudwatch put-metric-alarm` that writes the alarm as it is, with these actions.
pub(super) fn same_alarm_command(alarm: &Alarm, region: &str, actions: &[String]) -> Command {
    if !alarm.metrics.is_empty() {
        return Command::new("cloudwatch put-metric-alarm", region)
            .with("--alarm-name", &alarm.alarm_name)
            .raw("--metrics file://metrics.json --alarm-actions TOPIC_ARN");
    }
    let number = |option: &str, value: Option<i64>| {
        value.map_or(String::new(), |value| format!(" {option} {value}"))
    };
    let words: Vec<String> = actions
        .iter()
        .map(|action| super::remedy::quoted(action))
        .collect();
    let statistic = match (&alarm.statistic, &alarm.extended_statistic) {
        (Some(statistic), _) => format!("--statistic {statistic}"),
        (None, Some(extended)) => {
            format!("--extended-statistic {}", super::remedy::quoted(extended))
        }
        (None, None) => "--statistic Sum".to_owned(),
    };
    let threshold = alarm.threshold.map_or(String::new(), |threshold| {
        format!(" --threshold {threshold}")
    });
    Command::new("cloudwatch put-metric-alarm", region)
        .with("--alarm-name", &alarm.alarm_name)
        .with(
            "--metric-name",
            alarm.metric_name.as_deref().unwrap_or_default(),
        )
        .with(
            "--namespace",
            alarm.namespace.as_deref().unwrap_or_default(),
        )
        .raw(&format!(
            "{statistic}{}{}{}{threshold}",
            number("--period", alarm.period),
            number("--evaluation-periods", alarm.evaluation_periods),
            number("--datapoints-to-alarm", alarm.datapoints_to_alarm),
        ))
        .with(
            "--comparison-operator",
            alarm
                .comparison_operator
                .as_deref()
                .unwrap_or("GreaterThanOrEqualToThreshold"),
        )
        .with(
            "--treat-missing-data",
            alarm.treat_missing_data.as_deref().unwrap_or("missing"),
        )
        .raw(&format!("--alarm-actions {}", words.join(" ")))
}

/// AWS's word for a state.
pub(super) const fn state_name(state: State) -> &'static str {
    match state {
        State::Ok => "OK",
        State::Alarm => "ALARM",
        State::InsufficientData => "INSUFFICIENT_DATA",
    }
}
