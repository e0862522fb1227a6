//! Composite alarms: would they change to ALARM when a child does?

use super::event::Event;
use super::rule::{Rule, State};
use super::series::looks_at;
use super::trip::{self, Trip};
use super::{Actor, hold_back, is_composite};
use crate::assess::fault::{Fault, Tri};
use crate::assess::filter::Filter;
use crate::assess::remedy::Command;
use crate::assess::world::World;
use crate::assess::{Link, Warning};
use crate::snapshot::{Alarm, Arn, MetricFilter};

/// What is known of every alarm of the region, before the event and after it.
struct States<'a> {
    alarms: &'a [&'a Alarm],
    /// The alarms that the event moves into ALARM: surely, or perhaps.
    moved: Vec<(&'a Alarm, Tri)>,
    /// The state in which the moved ones rested.
    rests: Vec<(&'a Alarm, Option<State>)>,
}

/// An alarm on the metric of another filter, which composite alarms look at and the event may move, too.
pub(super) struct Bystander<'e, 'a> {
    alarm: &'a Alarm,
    moved: Tri,
    rest: Option<State>,
    /// Filters of which it is not known whether they match the event, and that would move it.
    pub(super) joint: Vec<Vec<&'e MetricFilter>>,
}

/// The alarms beside the judged ones that rules and suppressors name, as far as filters of the same log group feed them.
pub(super) fn bystanders<'e, 'a>(
    alarms: &[&'a Alarm],
    judged: &[(&'a Alarm, Trip<'_>)],
    event: &Event<'_>,
    filters: &'e [Filter<'a>],
) -> Vec<Bystander<'e, 'a>>
where
    'a: 'e,
{
    let named: Vec<String> = alarms
        .iter()
        .filter(|alarm| is_composite(alarm))
        .flat_map(|alarm| {
            let rule = Rule::parse(alarm.alarm_rule.as_deref().unwrap_or_default());
            let children = rule.iter().flat_map(Rule::children).map(str::to_owned);
            let names: Vec<String> = children.chain(alarm.actions_suppressor.clone()).collect();
            names
        })
        .collect();
    alarms
        .iter()
        .copied()
        .filter(|alarm| !is_composite(alarm) && named.iter().any(|name| is_called(alarm, name)))
        .filter(|alarm| !judged.iter().any(|(other, _)| std::ptr::eq(*other, *alarm)))
        .map(|alarm| {
            let mut bystander = Bystander {
                alarm,
                moved: Tri::No,
                rest: None,
                joint: Vec::new(),
            };
            for filter in filters {
                bystander.be_moved(filter, event, filters);
            }
            bystander
        })
        .collect()
}

impl<'e> Bystander<'e, '_> {
    fn be_moved<'a: 'e>(
        &mut self,
        filter: &'e Filter<'a>,
        event: &Event<'_>,
        filters: &'e [Filter<'a>],
    ) {
        let Some(metric) = filter.metric else {
            return;
        };
        if std::ptr::eq(filter.seen, event.filter.seen)
            || !looks_at(
                self.alarm,
                event.world.account(),
                metric.name,
                metric.namespace,
            )
        {
            return;
        }
        let matched = event.is_matched_by(filter);
        if matched == Tri::No {
            return;
        }
        let own = event.about(filter);
        let trip = trip::judge(self.alarm, &own, filters);
        let trips = if metric.dimensions.is_empty() {
            trips(&trip)
        } else {
            Tri::Unknown
        };
        self.rest = self.rest.or(trip.rest);
        self.moved = self.moved.or(matched.and(trips));
        if matched == Tri::Unknown && trips == Tri::Yes {
            self.joint.push(vec![filter.seen]);
        }
    }
}

/// The composite alarms that have a judged alarm among their children or their children's children.
pub(super) fn actors<'a>(
    world: World<'a>,
    alarms: &[&'a Alarm],
    judged: &[(&'a Alarm, Trip<'_>)],
    beside: &[Bystander<'_, 'a>],
) -> Vec<Actor<'a>> {
    let composites: Vec<(&'a Alarm, Option<Rule>)> = alarms
        .iter()
        .copied()
        .filter(|alarm| is_composite(alarm))
        .map(|alarm| {
            (
                alarm,
                Rule::parse(alarm.alarm_rule.as_deref().unwrap_or_default()),
            )
        })
        .collect();
    if composites.is_empty() || judged.is_empty() {
        return Vec::new();
    }
    let mut states = States {
        alarms,
        moved: judged
            .iter()
            .map(|(alarm, trip)| (*alarm, trips(trip)))
            .chain(beside.iter().map(|one| (one.alarm, one.moved)))
            .collect(),
        rests: judged
            .iter()
            .map(|(alarm, trip)| (*alarm, trip.rest))
            .chain(beside.iter().map(|one| (one.alarm, one.rest)))
            .collect(),
    };
    let mut actors = Vec::new();
    let mut reached: Vec<(&'a Alarm, Vec<&'a Alarm>, Vec<Fault>)> = judged
        .iter()
        .map(|(alarm, trip)| (*alarm, vec![*alarm], trip.faults.clone()))
        .collect();
    // Each round goes one level up; a rule that refers to itself in a circle adds nothing new and ends the rounds.
    for _ in 0..composites.len() {
        let mut next = Vec::new();
        for (composite, rule) in &composites {
            if reached
                .iter()
                .any(|(alarm, _, _)| std::ptr::eq(*alarm, *composite))
            {
                continue;
            }
            let children: Vec<&str> = rule.iter().flat_map(Rule::children).collect();
            // A rule that cannot be read may be about whatever it mentions.
            let unread = composite.alarm_rule.as_deref().filter(|_| rule.is_none());
            let is_below = |alarm: &Alarm| {
                children.iter().any(|child| is_called(alarm, child))
                    || unread.is_some_and(|text| text.contains(&alarm.alarm_name))
            };
            let below: Vec<_> = reached
                .iter()
                .filter(|(alarm, _, _)| is_below(alarm))
                .collect();
            let Some((_, path, faults)) = below
                .iter()
                .min_by_key(|(_, path, faults)| (severity(faults), path.len()))
            else {
                continue;
            };
            let mut path = path.clone();
            path.push(composite);
            let (after, from, fault) = judge(composite, rule.as_ref(), &states);
            let mut actor = Actor {
                alarms: path.clone(),
                faults: faults.clone(),
                warnings: judged
                    .iter()
                    .filter(|(alarm, _)| {
                        path.first()
                            .is_some_and(|first| std::ptr::eq(*first, *alarm))
                    })
                    .flat_map(|(_, trip)| trip.warnings.clone())
                    .collect(),
                picks: Vec::new(),
                from,
                joint: None,
            };
            // A child that does not trip explains a composite that stays.
            if actor.faults.is_empty() || after == Tri::Yes {
                actor.faults.extend(fault);
            }
            let chain_faults = actor.faults.clone();
            suppress(composite, &states, &mut actor);
            if let Some(region) = Arn::parse(&composite.alarm_arn).map(|arn| arn.region) {
                hold_back(world, composite, region, &mut actor);
            }
            next.push((*composite, path, chain_faults, after, from));
            actors.push(actor);
        }
        if next.is_empty() {
            break;
        }
        for (composite, path, faults, after, from) in next {
            states.moved.push((composite, after));
            states.rests.push((composite, from));
            reached.push((composite, path, faults));
        }
    }
    actors
}

fn severity(faults: &[Fault]) -> usize {
    faults
        .iter()
        .map(|fault| if fault.is_broken() { 100 } else { 1 })
        .sum()
}

fn trips(trip: &Trip<'_>) -> Tri {
    if trip.faults.is_empty() {
        Tri::Yes
    } else if trip.faults.iter().any(Fault::is_broken) {
        Tri::No
    } else {
        Tri::Unknown
    }
}

fn is_called(alarm: &Alarm, name: &str) -> bool {
    alarm.alarm_name == name || alarm.alarm_arn == name
}

/// Whether the composite changes to ALARM, the state it leaves, and why not or perhaps not.
fn judge(
    composite: &Alarm,
    rule: Option<&Rule>,
    states: &States<'_>,
) -> (Tri, Option<State>, Option<Fault>) {
    let name = &composite.alarm_name;
    let fault = |fault: Fault| Some(fault.on(&composite.alarm_arn));
    let Some(rule) = rule else {
        let message = format!("The rule of composite alarm {name} cannot be read.");
        return (
            Tri::Unknown,
            None,
            fault(Fault::undecided(Link::Alarm, message)),
        );
    };
    let before = rule.evaluate(&|child, state| states.before(child, state));
    let after = rule.evaluate(&|child, state| states.after(child, state));
    let from = (before == Tri::No).then_some(State::Ok);
    match (before, after) {
        (Tri::No, Tri::Yes) => (Tri::Yes, from, None),
        (Tri::Yes, _) => (
            Tri::No,
            Some(State::Alarm),
            fault(Fault::broken(
                Link::Alarm,
                format!(
                    "Composite alarm {name} is in ALARM already because of another alarm: it acts on change only, and \
                     one event changes nothing."
                ),
            )),
        ),
        (_, Tri::No) => (
            Tri::No,
            from,
            fault(Fault::broken(
                Link::Alarm,
                format!(
                    "Composite alarm {name} does not go to ALARM with its child: its rule {:?} does not hold then.",
                    composite.alarm_rule.as_deref().unwrap_or_default()
                ),
            )),
        ),
        _ => (
            Tri::Unknown,
            from,
            fault(Fault::undecided(
                Link::Alarm,
                format!(
                    "Whether composite alarm {name} goes to ALARM depends on alarms whose state is not known."
                ),
            )),
        ),
    }
}

/// A suppressor in ALARM holds the actions back, also one that the same event moves.
fn suppress(composite: &Alarm, states: &States<'_>, actor: &mut Actor<'_>) {
    let Some(suppressor) = composite
        .actions_suppressor
        .as_deref()
        .filter(|name| !name.is_empty())
    else {
        return;
    };
    let name = &composite.alarm_name;
    let remedy = || {
        Command::new(
            "cloudwatch describe-alarms",
            Arn::parse(&composite.alarm_arn).map_or("", |arn| arn.region),
        )
        .with("--alarm-names", suppressor)
    };
    let now = states.present(suppressor, State::Alarm);
    let soon = states.after(suppressor, State::Alarm);
    let extended = matches!(
        composite.actions_suppressed_by.as_deref(),
        Some("Alarm" | "ExtensionPeriod")
    );
    if now == Tri::Yes || soon == Tri::Yes || extended {
        actor.faults.push(
            Fault::broken(
                Link::Alarm,
                format!("The actions of composite alarm {name} are held back by its suppressor {suppressor}."),
            )
            .on(&composite.alarm_arn)
            .remedy(remedy()),
        );
    } else if now == Tri::Unknown || soon == Tri::Unknown {
        actor.faults.push(
            Fault::undecided(
                Link::Alarm,
                format!("The state of {suppressor}, which can hold back the actions of composite alarm {name}, is not known."),
            )
            .on(&composite.alarm_arn)
            .remedy(remedy()),
        );
    } else {
        actor.warnings.push(Warning {
            code: "suppressor",
            message: format!(
                "Alarm {suppressor} can hold back the actions of composite alarm {name}."
            ),
        });
    }
}

impl<'a> States<'a> {
    fn find(&self, name: &str) -> Option<&'a Alarm> {
        self.alarms
            .iter()
            .copied()
            .find(|alarm| is_called(alarm, name))
    }

    /// The state that was seen.
    fn present(&self, name: &str, state: State) -> Tri {
        match self
            .find(name)
            .and_then(|alarm| State::parse(alarm.state_value.as_deref()?))
        {
            Some(seen) => Tri::from(seen == state),
            None => Tri::Unknown,
        }
    }

    fn moved(&self, name: &str) -> Tri {
        self.moved
            .iter()
            .find(|(alarm, _)| is_called(alarm, name))
            .map_or(Tri::No, |(_, moved)| *moved)
    }

    /// An alarm that the event can move rests first; if it is in ALARM at present it comes back.
    fn before(&self, name: &str, state: State) -> Tri {
        if self.moved(name) == Tri::No {
            return self.present(name, state);
        }
        let seen = self
            .find(name)
            .and_then(|alarm| State::parse(alarm.state_value.as_deref()?))
            .filter(|seen| *seen != State::Alarm);
        let rest = self.rests.iter().find(|(alarm, _)| is_called(alarm, name));
        match seen.or_else(|| rest.and_then(|(_, rest)| *rest)) {
            Some(resting) => Tri::from(resting == state),
            None => Tri::Unknown,
        }
    }

    fn after(&self, name: &str, state: State) -> Tri {
        match self.moved(name) {
            Tri::Yes => Tri::from(state == State::Alarm),
            Tri::No => self.present(name, state),
            Tri::Unknown if self.present(name, state) == Tri::from(state == State::Alarm) => {
                Tri::from(state == State::Alarm)
            }
            Tri::Unknown => Tri::Unknown,
        }
    }
}
