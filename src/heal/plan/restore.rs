//! What the last known good chain had and the account no longer has: one way to put it back for each link.

use crate::assess::{Chain, Link, put_alarm};
use crate::heal::model::{
    find_alarm, find_filter, find_subscription, find_topic, find_trail, group_exists,
    group_is_named, settings_of,
};
use crate::heal::shell;
use crate::heal::{LogDelivery, Repair};
use crate::snapshot::{Alarm, Arn, Topic, Trail};

use super::act::{Act, Candidate, Site, home_of, own_group};
use super::effect::Effect;
use super::{alarm, notify, source};

pub(super) fn restorations(site: &Site) -> Vec<(Link, Candidate)> {
    let Some(known) = site.brief.known else {
        return Vec::new();
    };
    let mut ways = Vec::new();
    if let Some(trail) = &known.trail {
        ways.extend(trail_ways(site, known, trail));
    }
    ways.push((Link::Pattern, filters(site, known)));
    ways.push((Link::Alarm, alarm::enable(site, &known.alarms)));
    ways.push((Link::Alarm, alarms(site, known)));
    if let Some(topic) = &known.topic {
        ways.push((Link::Topic, topic_back(site, topic)));
    }
    ways.push((Link::Subscription, subscriptions(site, known)));
    ways.retain(|(_, acts)| !acts.is_empty());
    ways
}

fn trail_ways(site: &Site, known: &Chain, trail: &Trail) -> Vec<(Link, Candidate)> {
    if site.snapshot.trails.is_none() || !site.is_own(&trail.trail_arn) {
        return Vec::new();
    }
    let Some(present) = find_trail(site.snapshot, &trail.trail_arn) else {
        let ask = Act::ask(
            Link::Trail,
            format!("create trail {} again", trail.name),
            "a trail is created by a person: its bucket, its key and its costs are theirs to decide",
            shell::create_trail(trail, known.selectors.as_deref()),
            Effect::Trail(Box::new(trail.clone()), known.selectors.as_deref().cloned()),
        );
        return vec![(Link::Trail, vec![ask])];
    };
    let mut ways = vec![(Link::Trail, source::start(site, present))];
    if trail.is_multi_region_trail {
        ways.push((Link::Trail, source::every_region(present)));
    }
    if let Some(selectors) = &known.selectors {
        ways.push((
            Link::Selector,
            source::select(site, present, Some(selectors)),
        ));
    }
    ways.push((Link::LogGroup, delivery(site, trail, present)));
    ways.push((Link::LogGroup, source::group(site, present)));
    ways
}

/// The trail's log group and role, both as they were: AWS takes no group without a role, and none that does not exist.
fn delivery(site: &Site, trail: &Trail, present: &Trail) -> Candidate {
    let (Some(group), Some(role)) = (
        &trail.cloud_watch_logs_log_group_arn,
        &trail.cloud_watch_logs_role_arn,
    ) else {
        return Vec::new();
    };
    if present.cloud_watch_logs_log_group_arn.as_ref() == Some(group)
        && present.cloud_watch_logs_role_arn.as_ref() == Some(role)
    {
        return Vec::new();
    }
    let Some((region, name)) = own_group(site.snapshot, trail) else {
        return Vec::new();
    };
    let mut acts = Vec::new();
    if !group_exists(site.snapshot, &region, &name)
        && !group_is_named(site.snapshot, &region, &name)
    {
        let create = Repair::CreateLogGroup {
            region,
            name: name.clone(),
        };
        acts.push(Act::ask(
            Link::LogGroup,
            format!("create log group {name} again"),
            "no trail delivers to it at present, and trailwarden creates no log group that nothing writes to",
            shell::command(&create),
            Effect::Write(create),
        ));
    }
    acts.push(Act::write(
        Link::LogGroup,
        format!("let trail {} deliver to log group {name} again", trail.name),
        Repair::UpdateTrail {
            region: home_of(present),
            trail_arn: present.trail_arn.clone(),
            multi_region: None,
            delivery: Some(LogDelivery {
                log_group_arn: group.clone(),
                role_arn: role.clone(),
            }),
        },
    ));
    acts
}

fn filters(site: &Site, known: &Chain) -> Candidate {
    if site.snapshot.metric_filters.is_none() {
        return Vec::new();
    }
    known
        .filters
        .iter()
        .filter(|filter| site.saw("logs:DescribeMetricFilters", &filter.region))
        .filter_map(|filter| {
            let present = find_filter(
                site.snapshot,
                &filter.region,
                &filter.log_group_name,
                &filter.filter_name,
            );
            let verb = match present {
                Some(present) if present == filter => return None,
                Some(_) => "restore",
                None => "put back",
            };
            Some(Act::write(
                site.as_place(Link::Pattern, Link::Metric),
                format!("{verb} metric filter {} as it was", filter.filter_name),
                Repair::PutMetricFilter {
                    filter: filter.clone(),
                },
            ))
        })
        .collect()
}

fn alarms(site: &Site, known: &Chain) -> Candidate {
    if site.snapshot.alarms.is_none() {
        return Vec::new();
    }
    known
        .alarms
        .iter()
        .filter_map(|alarm| {
            let region = Arn::region_of(&alarm.alarm_arn)?;
            if !site.is_own(&alarm.alarm_arn) || !site.saw("cloudwatch:DescribeAlarms", region) {
                return None;
            }
            let present = find_alarm(site.snapshot, region, &alarm.alarm_name);
            let restored = as_it_was(alarm, present);
            let verb = match present {
                Some(present) if settings_of(present) == settings_of(&restored) => return None,
                Some(_) => "restore",
                None => "put back",
            };
            let summary = format!("{verb} alarm {} as it was", alarm.alarm_name);
            if alarm.is_composite() || present.is_some_and(Alarm::is_composite) {
                return Some(Act::ask(
                    Link::Alarm,
                    summary,
                    "trailwarden does not write composite alarms",
                    put_alarm(region, &restored),
                    Effect::Alarm(Box::new(restored)),
                ));
            }
            Some(Act::write(
                site.as_place(Link::Alarm, Link::Action),
                summary,
                Repair::PutMetricAlarm {
                    region: region.to_owned(),
                    alarm: Box::new(restored),
                },
            ))
        })
        .collect()
}

/// The alarm as it was, with the actions that it has now besides those that it had: none is ever taken away.
fn as_it_was(known: &Alarm, present: Option<&Alarm>) -> Alarm {
    let mut restored = settings_of(known);
    restored.alarm_arn.clone_from(&known.alarm_arn);
    // A child of a composite alarm may have been silent on purpose; what acts now is not silenced.
    let acts = |alarm: &Alarm| alarm.actions_enabled != Some(false);
    restored.actions_enabled = Some(acts(known) || present.is_some_and(acts));
    if let Some(present) = present {
        alarm::keep_actions(&mut restored, present);
    }
    restored
}

/// The topic, if it is gone; its policy and key, if they are not what they were, for a person to restore.
fn topic_back(site: &Site, topic: &Topic) -> Candidate {
    if let Some(present) = find_topic(site.snapshot, &topic.topic_arn) {
        return notify::attributes_back(present, topic);
    }
    notify::create(site, &topic.topic_arn)
}

/// Subscriptions are a person's to make again, unless the configuration names whom to subscribe: it then names all.
fn subscriptions(site: &Site, known: &Chain) -> Candidate {
    let Some(present) = site.snapshot.subscriptions.as_deref() else {
        return Vec::new();
    };
    if !site.brief.policy.subscriptions.is_empty() {
        return Vec::new();
    }
    known
        .subscriptions
        .iter()
        .filter(|known| {
            find_topic(site.snapshot, &known.topic_arn).is_some()
                && find_subscription(present, &known.topic_arn, &known.protocol, &known.endpoint)
                    .is_none()
        })
        .map(|known| notify::ask_to_subscribe(&known.topic_arn, &known.protocol, &known.endpoint))
        .collect()
}
