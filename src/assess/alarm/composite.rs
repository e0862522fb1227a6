//! Composite alarms: would they change to ALARM when a child does?

use std::collections::{BTreeMap, BTreeSet};

use super::beside::Bystander;
use super::event::Event;
use super::hold::hold_back;
use super::order::Composite;
use super::roster::Roster;
use super::rule::{Rule, State};
use super::states::{Change, Possible, States};
use super::suppress::suppress;
use super::trip::Trip;
use super::turns::Turns;
use super::{Actor, Judged};
use crate::assess::fault::{Fault, Tri};
use crate::assess::index::Place;
use crate::assess::{Link, Warning, WarningCode};
use crate::snapshot::Alarm;

/// More levels than this are not told one by one: nobody builds them, and thousands would cost their square.
const MOST_LEVELS: usize = 100;

/// More names than this are not told.
const MOST_NAMES: usize = 10;

/// A composite alarm that acts after a judged one.
pub(super) struct Above<'a> {
    /// The judged one.
    pub(super) origin: usize,
    pub(super) actor: Actor<'a>,
}

/// All composite alarms that an event reaches.
#[derive(Default)]
pub(super) struct Ascent<'a> {
    pub(super) above: Vec<Above<'a>>,
    /// The alarms of which it would have to be known whether the event moves them, with the number of alarms of which that
    /// is asked together: the fewer, the more one of them decides.
    pub(super) open: BTreeMap<usize, usize>,
}

/// The composite alarms that have a judged alarm among their children or their children's children, and are meant to
/// notify: one without a topic, over an alarm with one, is not.
pub(super) fn ascend<'a>(
    place: &Place<'a>,
    judged: &Judged<'_>,
    beside: &BTreeMap<usize, Bystander<'_>>,
    event: &Event<'_>,
) -> Ascent<'a> {
    let mut ascent = Ascent::default();
    // Most alarms are under no other, and most filters have no alarm: the lists of a walk are not made for those.
    if beside.is_empty() && !judged.keys().any(|at| place.alarms.is_named(*at)) {
        return ascent;
    }
    let mut walk = Walk::new(&place.alarms, judged, beside);
    walk.run();
    let mut turns: Option<Turns<'_, 'a>> = None;
    for &at in &walk.order {
        let (Some(composite), Some(reached)) = (place.alarms.composite(at), walk.meant(at)) else {
            continue;
        };
        let trip = judged.get(&reached.origin);
        let mut actor = Actor {
            alarms: reached.path.clone(),
            faults: reached.faults.clone(),
            warnings: trip.map(|trip| trip.warnings.clone()).unwrap_or_default(),
            picks: Vec::new(),
            from: reached.from,
            joint: None,
        };
        actor.warnings.extend(reached.warnings.iter().cloned());
        if suppress(composite, &walk.states, &mut actor) == Tri::Unknown {
            let suppressor = composite.suppressor.and_then(|(_, at)| at);
            ascent.open.extend(suppressor.map(|at| (at, 1)));
        }
        if !actor.faults.iter().any(Fault::is_broken) {
            let turns = turns.get_or_insert_with(|| Turns::of(place, event));
            actor
                .faults
                .extend(turns.fault(event, composite, &walk.states));
        }
        hold_back(place, at, &mut actor);
        ascent.above.push(Above {
            origin: reached.origin,
            actor,
        });
    }
    walk.look_down(&mut ascent.open);
    ascent
}

/// An alarm that the event reaches, by its own metric or through its children.
#[derive(Clone)]
struct Reached<'a> {
    /// The judged alarm at the beginning of the path.
    origin: usize,
    path: Vec<&'a Alarm>,
    /// Why it does not change to ALARM, or may not. What only keeps it from acting does not matter to its parents.
    faults: Vec<Fault>,
    /// What its composite alarms have to be warned of.
    warnings: Vec<Warning>,
    /// The state that it leaves.
    from: Option<State>,
    /// Whether an alarm of the path has a topic.
    is_told: bool,
}

impl Reached<'_> {
    fn severity(&self) -> (usize, usize) {
        let weights = self
            .faults
            .iter()
            .map(|fault| if fault.is_broken() { 100 } else { 1 });
        (weights.sum(), self.path.len())
    }

    /// Whether what becomes of the composite alarm says more than is known already: a child that does not trip explains
    /// a composite that stays, but not one that is in ALARM anyway.
    fn is_explained_by(&self, outcome: &Outcome) -> bool {
        let is_anyway = outcome.is_in_alarm_anyway() && !self.faults.iter().any(Fault::is_broken);
        self.faults.is_empty() || is_anyway
    }
}

/// The way up from the alarms that the event moves, each composite alarm once, after all that its rule looks at. The lists
/// have an entry for each alarm of the region.
struct Walk<'w, 'a> {
    roster: &'w Roster<'a>,
    states: States<'w>,
    reached: Vec<Option<Box<Reached<'a>>>>,
    /// The composite alarms that are still to be judged, by rank.
    due: BTreeSet<(usize, usize)>,
    /// Those that are due or judged.
    met: Vec<bool>,
    /// Those that are judged, in the order in which that was done.
    order: Vec<usize>,
    /// Those of which more could be said if more were known of what they look at.
    open: BTreeSet<usize>,
}

impl<'w, 'a> Walk<'w, 'a> {
    fn new(
        roster: &'w Roster<'a>,
        judged: &Judged<'_>,
        beside: &BTreeMap<usize, Bystander<'_>>,
    ) -> Self {
        let count = roster.alarms().len();
        let mut walk = Self {
            roster,
            states: States::of(roster.present()),
            reached: vec![None; count],
            due: BTreeSet::new(),
            met: vec![false; count],
            order: Vec::new(),
            open: BTreeSet::new(),
        };
        for (&at, trip) in judged {
            walk.states.trip(at, trips(trip), trip.rest);
            if let (Some(alarm), Some(reached)) = (roster.alarm(at), walk.reached.get_mut(at)) {
                *reached = Some(Box::new(Reached {
                    origin: at,
                    path: vec![alarm],
                    faults: trip.faults.clone(),
                    warnings: Vec::new(),
                    from: trip.rest,
                    is_told: roster.tells(at),
                }));
            }
            walk.go_up(at);
        }
        for (&at, one) in beside {
            walk.states.trip(at, one.moved, one.rest);
            walk.go_up(at);
        }
        walk
    }

    fn go_up(&mut self, at: usize) {
        for &parent in self.roster.parents(at) {
            // Most are met again and again: look them up once.
            let Some(met) = self.met.get_mut(parent).filter(|met| !**met) else {
                continue;
            };
            *met = true;
            if let Some(composite) = self.roster.composite(parent) {
                self.due.insert((composite.rank, parent));
            }
        }
    }

    /// Judges all that the event reaches.
    fn run(&mut self) {
        while let Some((_, at)) = self.due.pop_first() {
            let Some(composite) = self.roster.composite(at) else {
                continue;
            };
            let outcome = judge(composite, self.roster, &self.states);
            let reached = self.reach(at, composite, &outcome);
            if let Some(known) = self.reached.get_mut(at) {
                *known = reached;
            }
            if outcome.is_open() {
                self.open.insert(at);
            }
            self.states.change(at, outcome.change);
            self.order.push(at);
            self.go_up(at);
        }
    }

    /// Extends the path of the best child; none where only alarms move that are not judged themselves.
    fn reach(
        &self,
        at: usize,
        composite: &Composite<'a>,
        outcome: &Outcome,
    ) -> Option<Box<Reached<'a>>> {
        let below = composite.below.iter();
        let children = below.filter_map(|child| self.reached.get(*child)?.as_ref());
        let mut reached = children.min_by_key(|child| child.severity())?.clone();
        reached.path.truncate(MOST_LEVELS);
        reached.path.push(composite.alarm);
        reached.from = outcome.from;
        let room = MOST_NAMES.saturating_sub(reached.warnings.len());
        reached.warnings.extend(self.in_alarm(composite).take(room));
        reached.is_told |= self.roster.tells(at);
        if reached.is_explained_by(outcome) {
            reached.faults.extend(outcome.fault.clone());
        }
        Some(reached)
    }

    /// The alarms under the composite one that are in ALARM at present, but for those that are judged themselves.
    fn in_alarm(&self, composite: &Composite<'_>) -> impl Iterator<Item = Warning> {
        let is_reached = |at: &usize| self.reached.get(*at).is_some_and(Option::is_some);
        let below = composite.below.iter().filter(move |at| {
            !is_reached(at) && self.roster.composite(**at).is_none() && self.states.comes_back(**at)
        });
        let over = &composite.alarm.alarm_name;
        below.filter_map(|at| self.roster.alarm(*at)).map(move |alarm| Warning {
            code: WarningCode::InAlarm,
            message: format!(
                "Alarm {} under composite alarm {over} is in ALARM at present; until it is OK again another event may \
                 notify nobody.",
                alarm.alarm_name
            ),
        })
    }

    /// A composite alarm that is reached and meant to notify.
    fn meant(&self, at: usize) -> Option<&Reached<'a>> {
        let reached = self.reached.get(at)?.as_deref()?;
        (self.roster.tells(at) || !reached.is_told).then_some(reached)
    }

    /// Adds the alarms that leave open what is meant to notify, or what is added already.
    fn look_down(&self, open: &mut BTreeMap<usize, usize>) {
        for at in self.order.iter().rev() {
            let matters = self.meant(*at).is_some() || open.contains_key(at);
            let Some(composite) = self.roster.composite(*at) else {
                continue;
            };
            if matters && self.open.contains(at) {
                for child in &composite.below {
                    let count = open.entry(*child).or_insert(usize::MAX);
                    *count = composite.below.len().min(*count);
                }
            }
        }
    }
}

pub(super) fn trips(trip: &Trip<'_>) -> Tri {
    if trip.faults.is_empty() {
        Tri::Yes
    } else if trip.faults.iter().any(Fault::is_broken) {
        Tri::No
    } else {
        Tri::Unknown
    }
}

/// What becomes of a composite alarm.
struct Outcome {
    change: Change,
    /// The state that it leaves; none where that is not known.
    from: Option<State>,
    /// Why it does not change to ALARM, or may not.
    fault: Option<Fault>,
}

impl Outcome {
    /// Whether more knowledge about the children would say more.
    fn is_open(&self) -> bool {
        let is_undecided = self.fault.as_ref().is_some_and(|fault| !fault.is_broken());
        is_undecided || self.change.wavers || self.change.after == Possible::OK_OR_ALARM
    }

    /// Whether the alarm is in ALARM before the event and after it.
    fn is_in_alarm_anyway(&self) -> bool {
        let in_alarm = Possible::only(State::Alarm);
        self.change.after == in_alarm && self.fault.as_ref().is_some_and(Fault::is_broken)
    }
}

fn judge(composite: &Composite<'_>, roster: &Roster<'_>, states: &States<'_>) -> Outcome {
    let name = &composite.alarm.alarm_name;
    let open = |message: String| Outcome {
        change: Change {
            before: resting(composite.alarm, Tri::Unknown),
            after: Possible::OK_OR_ALARM,
            wavers: true,
        },
        from: None,
        fault: Some(Fault::undecided(Link::Alarm, message).on(&composite.alarm.alarm_arn)),
    };
    match &composite.rule {
        None => open(format!(
            "The rule of composite alarm {name} cannot be read."
        )),
        // CloudWatch stops where it finds a cycle in the evaluation path (CloudWatch API, PutCompositeAlarm).
        Some(_) if composite.is_circular => open(format!(
            "Whether composite alarm {name} goes to ALARM is not known: composite alarms under it look at each other in a \
             circle."
        )),
        Some(rule) => follow(composite, rule, roster, states),
    }
}

fn follow(
    composite: &Composite<'_>,
    rule: &Rule<Option<usize>>,
    roster: &Roster<'_>,
    states: &States<'_>,
) -> Outcome {
    let before = rule.evaluate(&|child, state| states.of_alarm(*child).before.is(state));
    let after = rule.evaluate(&|child, state| states.of_alarm(*child).after.is(state));
    let wavers = may_waver(composite, rule, (before, after), states);
    let movable = movable(composite, roster, states);
    let fault = stays(composite.alarm, (before, after), wavers, &movable);
    Outcome {
        change: Change {
            before: resting(composite.alarm, before),
            after: match after {
                Tri::Yes => Possible::only(State::Alarm),
                Tri::No => Possible::only(State::Ok),
                Tri::Unknown => Possible::OK_OR_ALARM,
            },
            wavers,
        },
        from: match before {
            Tri::Yes => Some(State::Alarm),
            Tri::No => Some(State::Ok),
            Tri::Unknown => None,
        },
        fault: fault.map(|fault| fault.on(&composite.alarm.alarm_arn)),
    }
}

/// The states in which it may rest, if its rule holds then or not.
fn resting(alarm: &Alarm, holds: Tri) -> Possible {
    let ok = Possible::only(State::Ok);
    match holds {
        Tri::Yes => Possible::only(State::Alarm),
        Tri::No => ok,
        Tri::Unknown if Possible::seen(alarm) == ok => ok,
        Tri::Unknown => Possible::OK_OR_ALARM,
    }
}

/// Whether the alarm may pass through ALARM, or leave it, on the way: its children change one after the other, in an order
/// that nobody knows.
fn may_waver(
    composite: &Composite<'_>,
    rule: &Rule<Option<usize>>,
    (before, after): (Tri, Tri),
    states: &States<'_>,
) -> bool {
    // Two changes have one state between: too few for the way from ALARM to OK to lead back to ALARM.
    let fewest = match (before, after) {
        (Tri::No, Tri::Yes) => return false,
        (Tri::Yes, Tri::No) => 3,
        _ => 2,
    };
    states.steps(&composite.below) >= fewest
        && rule.evaluate(&|child, state| states.of_alarm(*child).between().is(state))
            == Tri::Unknown
}

/// The first of the alarms that it looks at of which it is not known whether the event moves them.
fn movable<'a>(
    composite: &Composite<'_>,
    roster: &Roster<'a>,
    states: &States<'_>,
) -> Vec<&'a str> {
    let below = composite.below.iter();
    let movable = below
        .filter(|at| states.may_be_moved(**at))
        .take(MOST_NAMES);
    let alarms = movable.filter_map(|at| roster.alarm(*at));
    alarms.map(|alarm| alarm.alarm_name.as_str()).collect()
}

/// Why it does not change to ALARM, or may not.
fn stays(
    alarm: &Alarm,
    (before, after): (Tri, Tri),
    wavers: bool,
    movable: &[&str],
) -> Option<Fault> {
    let name = &alarm.alarm_name;
    match (before, after) {
        (Tri::No, Tri::Yes) => None,
        (Tri::Yes, _) | (_, Tri::No) if wavers => Some(Fault::undecided(
            Link::Alarm,
            format!(
                "Whether composite alarm {name} goes to ALARM depends on which of the alarms that it looks at changes first."
            ),
        )),
        (Tri::Yes, _) => Some(Fault::broken(
            Link::Alarm,
            format!(
                "Composite alarm {name} is in ALARM already because of another alarm: it acts on change only, and \
                 one event changes nothing."
            ),
        )),
        (_, Tri::No) => Some(Fault::broken(
            Link::Alarm,
            format!(
                "Composite alarm {name} does not go to ALARM with its child: its rule {:?} does not hold then.",
                alarm.alarm_rule.as_deref().unwrap_or_default()
            ),
        )),
        _ if movable.is_empty() => Some(Fault::undecided(
            Link::Alarm,
            format!(
                "Whether composite alarm {name} goes to ALARM depends on alarms whose state is not known."
            ),
        )),
        _ => Some(Fault::undecided(
            Link::Alarm,
            format!(
                "Whether composite alarm {name} goes to ALARM depends on others that it looks at ({}): whether the event \
                 moves them is not known.",
                movable.join(", ")
            ),
        )),
    }
}
