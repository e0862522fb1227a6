//! Alarms that act, as the benchmark prescribes them.

use crate::assess::{Link, delete_mute_rule, new_alarm, put_alarm, silences};
use crate::heal::Repair;
use crate::heal::model::{find_alarm, settings_of};
#[cfg(test)]
use crate::mutant::{Mutant, planted};
use crate::snapshot::{Alarm, Arn};

use super::act::{Act, Candidate, Site};
use super::effect::Effect;
use super::filter::{self, Counter};
use super::notify;

/// What stands for the topic in a command where none is known.
const TOPIC_TO_BE_NAMED: &str = "TOPIC_ARN";

pub(super) fn prescribed(site: &Site) -> Vec<Candidate> {
    let muted = unmute(site);
    if !muted.is_empty() {
        return vec![muted];
    }
    let mut ways = vec![enable(site, &site.chain.alarms), notified(site)];
    let fed: Vec<(String, Counter)> = fed_metrics(site);
    ways.extend(
        fed.iter()
            .map(|(region, counter)| right_alarm(site, region, counter).into_iter().collect()),
    );
    ways.extend(
        filter::prescribed(site)
            .iter()
            .map(|counter| apart(site, counter)),
    );
    ways
}

/// Lets alarms act again.
pub(super) fn enable(site: &Site, alarms: &[Alarm]) -> Candidate {
    alarms
        .iter()
        .filter_map(|alarm| {
            let region = Arn::region_of(&alarm.alarm_arn)?;
            let present = find_alarm(site.snapshot, region, &alarm.alarm_name)?;
            let disabled = present.actions_enabled == Some(false) && site.is_own(&alarm.alarm_arn);
            disabled.then(|| {
                Act::write(
                    Link::Alarm,
                    format!("let alarm {} act again", alarm.alarm_name),
                    Repair::EnableAlarmActions {
                        region: region.to_owned(),
                        alarm_name: alarm.alarm_name.clone(),
                    },
                )
            })
        })
        .collect()
}

/// An alarm that a rule mutes is never replaced by one beside it: somebody wanted silence, and a person has to ask why.
fn unmute(site: &Site) -> Candidate {
    let ask = |alarm: &Alarm| {
        let region = Arn::region_of(&alarm.alarm_arn).unwrap_or_default();
        let rules = site.snapshot.alarm_mute_rules.iter();
        let commands: Vec<String> = rules
            .filter(|rule| silences(rule, alarm, site.snapshot.now))
            .map(|rule| delete_mute_rule(region, rule.name.as_deref()).into())
            .collect();
        (!commands.is_empty()).then(|| {
            Act::ask(
                Link::Alarm,
                format!("end the muting of alarm {}", alarm.alarm_name),
                "trailwarden deletes nothing, and somebody may have muted the alarm on purpose",
                commands.join(" && "),
                Effect::Unmute(Box::new(alarm.clone())),
            )
        })
    };
    site.chain.alarms.iter().filter_map(ask).collect()
}

/// The topics that are to be told, added to the actions of the path's alarms; made first where they are gone. Where a
/// composite alarm is to notify, its children stay silent.
pub(super) fn notified(site: &Site) -> Candidate {
    let known = site.brief.known.into_iter().flat_map(|known| &known.alarms);
    if site
        .chain
        .alarms
        .iter()
        .chain(known)
        .any(Alarm::is_composite)
    {
        return Vec::new();
    }
    let mut acts = Vec::new();
    for alarm in &site.chain.alarms {
        let Some(region) = Arn::region_of(&alarm.alarm_arn) else {
            continue;
        };
        let topics = site.wanted_topics(region);
        let mut louder = settings_of(alarm);
        louder.alarm_arn.clone_from(&alarm.alarm_arn);
        louder.actions_enabled = Some(true);
        for topic in topics {
            if !louder.alarm_actions.contains(&topic) {
                acts.extend(notify::create(site, &topic));
                louder.alarm_actions.push(topic);
            }
        }
        if louder.alarm_actions.len() > alarm.alarm_actions.len() && may_write(site, alarm, region)
        {
            acts.push(Act::write(
                site.as_place(Link::Action, Link::Alarm),
                format!("let alarm {} notify its topic", alarm.alarm_name),
                Repair::PutMetricAlarm {
                    region: region.to_owned(),
                    alarm: Box::new(louder),
                },
            ));
        }
    }
    acts
}

fn may_write(site: &Site, alarm: &Alarm, region: &str) -> bool {
    site.is_own(&alarm.alarm_arn) && site.saw("cloudwatch:DescribeAlarms", region)
}

/// The metrics that the path's filters feed, with the region of each.
fn fed_metrics(site: &Site) -> Vec<(String, Counter)> {
    let mut fed: Vec<(String, Counter)> = Vec::new();
    for filter in &site.chain.filters {
        for transformation in &filter.metric_transformations {
            let metric = (filter.region.clone(), Counter::of(transformation));
            if !fed.contains(&metric) {
                fed.push(metric);
            }
        }
    }
    fed
}

/// An alarm that a single event trips, on that metric. None where nobody is known who is to be told.
fn right_alarm(site: &Site, region: &str, counter: &Counter) -> Option<Act> {
    let topics = topics_for(site, region, counter);
    if topics.is_empty()
        || site.snapshot.alarms.is_none()
        || !site.saw("cloudwatch:DescribeAlarms", region)
    {
        return None;
    }
    let mut alarm = alarm_on(site, &name_for(site, region, counter), counter);
    alarm.alarm_actions = topics;
    if let Some(present) = find_alarm(site.snapshot, region, &alarm.alarm_name) {
        if present.alarm_description.is_some() {
            alarm
                .alarm_description
                .clone_from(&present.alarm_description);
        }
        keep_actions(&mut alarm, present);
    }
    Some(Act::write(
        site.as_place(Link::Alarm, Link::Action),
        format!(
            "put alarm {} on metric {} of {}",
            alarm.alarm_name, counter.name, counter.namespace
        ),
        Repair::PutMetricAlarm {
            region: region.to_owned(),
            alarm: Box::new(alarm),
        },
    ))
}

/// A filter, a metric and an alarm of their own, where what else feeds the present metric spoils it.
fn apart(site: &Site, counter: &Counter) -> Candidate {
    let filter = filter::right_filter(site, counter);
    let alarm = site
        .group()
        .and_then(|(region, _)| right_alarm(site, &region, counter));
    match (filter, alarm) {
        (Some(filter), Some(alarm)) => vec![filter, alarm],
        _ => Vec::new(),
    }
}

/// Whom an alarm on that metric is to tell: the topics that are wanted, else those of the alarms that watch it.
fn topics_for(site: &Site, region: &str, counter: &Counter) -> Vec<String> {
    let mut topics = site.wanted_topics(region);
    if topics.is_empty() && site.brief.policy.topics.is_empty() {
        for alarm in site.snapshot.alarms.iter().flatten() {
            if watches(alarm, counter) && Arn::region_of(&alarm.alarm_arn) == Some(region) {
                for action in alarm
                    .alarm_actions
                    .iter()
                    .filter(|action| Arn::topic(action).is_some())
                {
                    if !topics.contains(action) {
                        topics.push(action.clone());
                    }
                }
            }
        }
    }
    topics
}

fn watches(alarm: &Alarm, counter: &Counter) -> bool {
    !alarm.is_composite()
        && alarm.metric_name.as_ref() == Some(&counter.name)
        && alarm.namespace.as_ref() == Some(&counter.namespace)
}

/// The benchmark's name, where it is free or its alarm watches this metric; one of our own otherwise.
fn name_for(site: &Site, region: &str, counter: &Counter) -> String {
    let blueprint = site.brief.blueprint;
    match find_alarm(site.snapshot, region, &blueprint.alarm_name) {
        Some(present) if !watches(present, counter) => blueprint.own_name(),
        _ => blueprint.alarm_name.clone(),
    }
}

/// The alarm of the benchmark's remediation. Missing data does not breach: between two events there is none.
fn alarm_on(site: &Site, name: &str, counter: &Counter) -> Alarm {
    Alarm {
        alarm_description: Some(format!(
            "{}: one event is enough. Put here by trailwarden.",
            site.brief.blueprint.key
        )),
        actions_enabled: Some(true),
        datapoints_to_alarm: Some(1),
        alarm_actions: Vec::new(),
        ..new_alarm(name, (&counter.name, &counter.namespace))
    }
}

/// Adds the actions of another state of the same alarm: none is ever taken away.
pub(super) fn keep_actions(alarm: &mut Alarm, other: &Alarm) {
    #[cfg(test)]
    if planted(Mutant::DropsActions) {
        return;
    }
    for (mine, theirs) in [
        (&mut alarm.alarm_actions, &other.alarm_actions),
        (&mut alarm.ok_actions, &other.ok_actions),
        (
            &mut alarm.insufficient_data_actions,
            &other.insufficient_data_actions,
        ),
    ] {
        for action in theirs {
            if !mine.contains(action) {
                mine.push(action.clone());
            }
        }
    }
}

/// The question that remains where an alarm is needed and nobody is known who is to be told; none where somebody is.
pub(super) fn ask_for_a_topic(site: &Site) -> Option<Act> {
    let silent = site.chain.alarms.iter().find(|alarm| {
        !alarm.is_composite()
            && !alarm
                .alarm_actions
                .iter()
                .any(|it| Arn::topic(it).is_some())
    });
    let (region, mut alarm) = if let Some(alarm) = silent {
        (
            Arn::region_of(&alarm.alarm_arn)?.to_owned(),
            settings_of(alarm),
        )
    } else {
        let (region, counter) = fed_metrics(site).into_iter().next()?;
        if !topics_for(site, &region, &counter).is_empty() {
            return None;
        }
        let name = name_for(site, &region, &counter);
        (region, alarm_on(site, &name, &counter))
    };
    if !site.wanted_topics(&region).is_empty() {
        return None;
    }
    alarm.alarm_actions.push(TOPIC_TO_BE_NAMED.to_owned());
    Some(Act::ask(
        site.finding.link,
        format!("say whom alarm {} is to tell", alarm.alarm_name),
        format!(
            "no topic of {region} is known: name one in expect.topics, or put it in place of {TOPIC_TO_BE_NAMED}"
        ),
        put_alarm(&region, &alarm),
        Effect::Unforeseen,
    ))
}
