//! What keeps an alarm in ALARM from acting: actions switched off, mute rules.

use std::collections::{BTreeMap, BTreeSet};

use super::Actor;
use super::mute::{Muting, muting};
use super::roster::Roster;
use crate::assess::fault::{Fault, Tri};
use crate::assess::index::Place;
use crate::assess::put::delete_mute_rule;
use crate::assess::remedy::Command;
use crate::assess::world::{Hole, World};
use crate::assess::{Link, Warning, WarningCode};
use crate::snapshot::{AlarmMuteRule, Arn};

/// The mute rules of a region by the alarms that they silence, each worked out once.
#[derive(Debug)]
pub(crate) struct Mutes<'a> {
    by_alarm: BTreeMap<usize, Vec<(&'a AlarmMuteRule, Muting)>>,
    /// Calls that failed, and may hide a rule about any alarm.
    holes: Vec<Hole>,
}

impl<'a> Mutes<'a> {
    pub(crate) fn of(world: World<'a>, region: &str, alarms: &Roster<'a>) -> Self {
        let mut by_alarm: BTreeMap<usize, Vec<(&'a AlarmMuteRule, Muting)>> = BTreeMap::new();
        for rule in &world.snapshot.alarm_mute_rules {
            let targets = targets(rule, alarms);
            if targets.is_empty() {
                continue;
            }
            let muting = muting(rule, world.snapshot.now);
            for at in targets {
                by_alarm.entry(at).or_default().push((rule, muting));
            }
        }
        let calls = [
            "cloudwatch:ListAlarmMuteRules",
            "cloudwatch:GetAlarmMuteRule",
        ];
        let holes = calls
            .into_iter()
            .filter_map(|operation| hole(world, operation, region));
        Self {
            by_alarm,
            holes: holes.collect(),
        }
    }
}

/// The alarms that a rule silences.
fn targets(rule: &AlarmMuteRule, alarms: &Roster<'_>) -> BTreeSet<usize> {
    let long = rule.mute_targets.iter().flat_map(|all| &all.alarm_names);
    let names = rule.targets.iter().flatten().chain(long);
    let all: BTreeSet<usize> = names
        .flat_map(|name| alarms.called(name).iter().copied())
        .collect();
    let is_here = |at: &usize| alarms.alarm(*at).is_some_and(|alarm| rule.is_about(alarm));
    all.into_iter().filter(is_here).collect()
}

/// The failed call, also one about a single rule: a rule that was not seen may silence whatever there is. One that is gone
/// silences nothing.
fn hole(world: World<'_>, operation: &str, region: &str) -> Option<Hole> {
    let of_region = world.hole(operation, &[region]);
    let of_rule = || {
        let keys = world.snapshot.api_errors.keys();
        keys.filter_map(|key| key.split_once(char::is_whitespace))
            .filter(|(failed, _)| failed.eq_ignore_ascii_case(operation))
            .map(|(_, scope)| scope.trim())
            .filter(|scope| Arn::region_of(scope) == Some(region))
            .filter_map(|scope| world.hole(operation, &[scope]))
            .find(|hole| !hole.is_not_found())
    };
    of_region.or_else(of_rule)
}

/// Adds what keeps the alarm from acting.
pub(super) fn hold_back(place: &Place<'_>, at: usize, actor: &mut Actor<'_>) {
    let Some(alarm) = place.alarms.alarm(at) else {
        return;
    };
    let (name, region) = (&alarm.alarm_name, place.region.as_str());
    if alarm.actions_enabled == Some(false) {
        actor.faults.push(
            Fault::broken(
                Link::Alarm,
                format!("The actions of alarm {name} are switched off."),
            )
            .on(&alarm.alarm_arn)
            .remedy(
                Command::new("cloudwatch enable-alarm-actions", region)
                    .with_list("--alarm-names", std::slice::from_ref(name)),
            ),
        );
    }
    let meaning = format!("whether alarm {name} is muted is not known.");
    let holes = place.mutes.holes.iter();
    actor
        .faults
        .extend(holes.map(|hole| hole.fault(Link::Alarm, &meaning).on(&alarm.alarm_arn)));
    for (rule, muting) in place.mutes.by_alarm.get(&at).into_iter().flatten() {
        let rule_name = rule.name.as_deref();
        let message = format!(
            "Mute rule {} silences alarm {name}",
            rule_name.unwrap_or("without a name")
        );
        let remedy = delete_mute_rule(region, rule_name);
        let fault = match muting.now {
            Tri::Yes => Fault::broken(Link::Alarm, format!("{message} at present.")),
            Tri::Unknown => Fault::undecided(
                Link::Alarm,
                format!(
                    "{message}; whether it does so at present cannot be told from its schedule."
                ),
            ),
            Tri::No if muting.later => {
                actor.warnings.push(Warning {
                    code: WarningCode::MuteScheduled,
                    message: format!("{message} at other times."),
                });
                continue;
            }
            Tri::No => continue,
        };
        actor.faults.push(fault.on(&alarm.alarm_arn).remedy(remedy));
    }
}
