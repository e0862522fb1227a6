//! The daemon's own wiring: a check with each sweep, at once after an event that touches it, and once more a little later, since
//! reads lag. It only looks: mending the wiring needs permissions that a daemon has no other use for.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::Clock;
use super::pace::CONFIRM_AFTER;
use super::pulse::{IDLE_TICK, Pulse};
use super::suspect::Suspect;
use crate::aws::{Checked, WiringSite};
use crate::event::{Actor, Signal};
use crate::journal::{Entry, Incident, Journal, Occurrence, OccurrenceKind};
use crate::notify::{Notice, Notifier};
use crate::snapshot::AccountId;
use crate::telemetry::{Events, StatusBoard, WiringStatus};
use crate::wiring::{Comparison, Difference, Ground, Part, Place};

/// A check that takes longer is given up: every call in it has a shorter limit of its own.
const CHECK_LIMIT: Duration = Duration::from_mins(2);
/// Between two checks that events ask for.
const SHORTEST_PAUSE: Duration = Duration::from_secs(2);
/// A check that nothing came of is repeated after this time, and not only at the next sweep.
const AGAIN_AFTER: Duration = Duration::from_mins(1);
/// Calls that are remembered; an intruder who drowns his own in more than these is reported as nobody.
const REMEMBERED: usize = 256;

/// The longest time between two ticks of the task.
pub(super) const WIRING_PULSE: Duration = Duration::from_mins(5);

/// What the daemon hears its events through.
pub struct WiringPlan {
    /// What the settings say.
    pub ground: Ground,
    /// The accounts that have a part of it.
    pub sites: Vec<WiringSite>,
}

/// Where events are left that touch the wiring.
#[derive(Debug, Default)]
pub(super) struct Ears {
    heard: Mutex<VecDeque<Suspect>>,
    arrived: Notify,
}

impl Ears {
    fn take(&self) -> Vec<Suspect> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.drain(..).collect()
    }

    fn push(&self, signal: Signal, sent: Option<Timestamp>) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.len() == REMEMBERED {
            heard.pop_front();
        }
        heard.push_back(Suspect {
            received: Instant::now(),
            sent,
            signal,
        });
        self.arrived.notify_one();
    }
}

/// Which events touch the wiring, and whose task is told.
#[derive(Clone)]
pub(super) struct Listeners {
    names: [String; 4],
    sites: Vec<(Option<AccountId>, Arc<Ears>)>,
}

impl Listeners {
    pub(super) fn new(ground: &Ground, sites: Vec<(Option<AccountId>, Arc<Ears>)>) -> Self {
        let names = ground.names();
        Self { names, sites }
    }

    /// Takes note of an event, whose message was sent at that time, if it names something by a name of ours. Others cost
    /// nothing but this.
    pub(super) fn hear(&self, signal: &Signal, sent: Option<Timestamp>) {
        let mut touched = signal.touched.iter();
        if !touched.any(|one| one.is_of_wiring(&self.names)) {
            return;
        }
        for (account, ears) in &self.sites {
            if account.as_ref().is_none_or(|one| *one == signal.account) {
                ears.push(signal.clone(), sent);
            }
        }
    }
}

/// The task of one account's part of the wiring.
pub(super) struct Wiring {
    pub(super) site: WiringSite,
    pub(super) ground: Arc<Ground>,
    pub(super) ears: Arc<Ears>,
    pub(super) events: Events,
    pub(super) board: StatusBoard,
    pub(super) clock: Clock,
    pub(super) notifier: Notifier,
    pub(super) journal: Journal,
    pub(super) interval: Duration,
    pub(super) random: fastrand::Rng,
    pub(super) pulse: Pulse,
    pub(super) state: State,
}

/// What is known from one check to the next.
#[derive(Debug, Default)]
pub(super) struct State {
    suspects: VecDeque<Suspect>,
    /// What was told to be cut; none: nothing.
    told: Option<Told>,
    /// What was said not to be seen, so that it is said once.
    unseen: BTreeSet<String>,
    /// Where something was needed at the last check that saw it.
    places: BTreeSet<Place>,
    /// It was said once that everything is whole.
    said_whole: bool,
    /// When the last check began that saw everything whole.
    whole_at: Option<Timestamp>,
    /// A cut was found before the event that names its caller, and the next check will tell of it.
    is_awaited: bool,
}

#[derive(Debug)]
struct Told {
    since: Timestamp,
    problems: BTreeSet<String>,
}

impl State {
    /// Goes on where an earlier process ended, so that what it told is not told again.
    pub(super) fn resumed(recent: &[Incident], account: Option<&AccountId>) -> Self {
        let mut last: Option<&Occurrence> = None;
        for incident in recent {
            if let Incident::Happened(one) = incident
                && account.is_none_or(|account| one.account == *account)
                && [OccurrenceKind::WiringCut, OccurrenceKind::WiringWhole].contains(&one.kind)
                && last.is_none_or(|last| last.at <= one.at)
            {
                last = Some(one);
            }
        }
        let cut = last.filter(|one| one.kind == OccurrenceKind::WiringCut);
        Self {
            told: cut.map(|one| Told {
                since: one.at,
                problems: BTreeSet::from([one.message.clone()]),
            }),
            ..Self::default()
        }
    }
}

impl Wiring {
    /// Checks whenever there is reason to, until told to stop.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut due = Instant::now();
        let mut last = None;
        loop {
            self.pulse.tick();
            // Each arm only waits; nothing is lost when another is taken.
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = sleep_until(due) => {
                    last = Some(Instant::now());
                    due = Instant::now() + self.turn().await;
                }
                () = self.ears.arrived.notified() => {
                    let earliest = last.map_or_else(Instant::now, |last| last + SHORTEST_PAUSE);
                    due = due.min(earliest.max(Instant::now()));
                }
                () = sleep_until(Instant::now() + IDLE_TICK) => {}
            }
        }
    }

    /// One check; answers how long to wait before the next.
    async fn turn(&mut self) -> Duration {
        let (began, wall) = (Instant::now(), (self.clock)());
        let heard = self.ears.take();
        let for_event = !heard.is_empty();
        for one in heard {
            if self.state.suspects.len() == REMEMBERED {
                self.state.suspects.pop_front();
            }
            self.state.suspects.push_back(one);
        }
        let checked = timeout(CHECK_LIMIT, self.site.check(&self.ground)).await;
        let seen = match checked {
            Ok(Ok(checked)) => {
                self.found(&checked, began, wall);
                true
            }
            Ok(Err(error)) => {
                self.blind(&error.to_string());
                false
            }
            Err(_) => {
                let reason = format!("gave up after {} s", CHECK_LIMIT.as_secs());
                self.blind(&reason);
                false
            }
        };
        if for_event || self.state.is_awaited {
            CONFIRM_AFTER
        } else if seen {
            // Jittered by a tenth, so that replicas do not ask at the same moment.
            self.interval.mul_f64(0.95 + 0.1 * self.random.f64())
        } else {
            AGAIN_AFTER.min(self.interval)
        }
    }

    /// Nothing was seen: no alarm, and no good news.
    fn blind(&mut self, reason: &str) {
        for place in &self.state.places {
            self.events.wiring_ok(&place.account, &place.region, None);
        }
        if self.state.unseen.insert(reason.to_owned()) {
            self.events.wiring_unseen(&self.site.name, reason, None);
        }
        self.show(None, vec![reason.to_owned()]);
    }

    fn found(&mut self, checked: &Checked, began: Instant, wall: Timestamp) {
        let Checked {
            needs, comparison, ..
        } = checked;
        self.state.places = needs.places();
        for place in &self.state.places {
            let is_right = comparison.is_right(place);
            self.events
                .wiring_ok(&place.account, &place.region, is_right);
        }
        let mut unseen = BTreeSet::new();
        for hole in &comparison.holes {
            let text = format!("{}: {}", hole.part, hole.reason);
            if !self.state.unseen.contains(&text) && !unseen.contains(&text) {
                let permission = hole.permission.as_deref();
                self.events
                    .wiring_unseen(&self.site.name, &text, permission);
            }
            unseen.insert(text);
        }
        let mut lines = problems(comparison);
        lines.extend(unseen.iter().cloned());
        self.state.unseen = unseen;
        let is_whole = match (
            comparison.differences.is_empty(),
            comparison.holes.is_empty(),
        ) {
            (false, _) => Some(false),
            (true, false) => None,
            (true, true) => Some(true),
        };
        self.show(is_whole, lines);
        match is_whole {
            // The event that names the caller may be on its way: whoever is told at once is told of an earlier one.
            Some(false)
                if self.state.told.is_none()
                    && !self.state.is_awaited
                    && !self.is_caught(comparison) =>
            {
                self.state.is_awaited = true;
            }
            Some(false) => self.cut(&needs.account, comparison),
            Some(true) => {
                self.state.whole_at = Some(wall);
                self.whole(&needs.account, began);
            }
            None => {}
        }
    }

    /// Whether a call explains the cut that came after all was seen whole; `CloudTrail` tells times by the second.
    fn is_caught(&self, comparison: &Comparison) -> bool {
        let actor = culprit(&self.state.suspects, &comparison.differences);
        let whole_at = self.state.whole_at;
        actor.is_some_and(|actor| whole_at.is_none_or(|at| actor.time.as_second() > at.as_second()))
    }

    /// Something is wrong: told once, and again where more is wrong than was told.
    fn cut(&mut self, account: &AccountId, comparison: &Comparison) {
        self.state.is_awaited = false;
        let now = (self.clock)();
        let problems: BTreeSet<String> = problems(comparison).into_iter().collect();
        let message = cut_message(&problems);
        if let Some(told) = &mut self.state.told {
            let is_resumed = told.problems.contains(&message);
            let is_known = is_resumed || problems.is_subset(&told.problems);
            told.problems.extend(problems.iter().cloned());
            if is_known {
                return;
            }
        } else {
            self.state.told = Some(Told {
                since: now,
                problems: problems.clone(),
            });
        }
        let actor = culprit(&self.state.suspects, &comparison.differences).cloned();
        self.tell(
            account,
            OccurrenceKind::WiringCut,
            message.clone(),
            actor.clone(),
            now,
        );
        let region = comparison
            .differences
            .first()
            .map(|one| one.part.place().region.as_str());
        self.notifier.tell(Notice::wiring_cut(
            account,
            region,
            &message,
            actor.as_ref(),
            now,
        ));
    }

    fn whole(&mut self, account: &AccountId, began: Instant) {
        self.state.is_awaited = false;
        let now = (self.clock)();
        let suspects = &mut self.state.suspects;
        suspects.retain(|suspect| !suspect.is_spent(began));
        if let Some(told) = self.state.told.take() {
            let message = "The wiring of the feed is whole again.".to_owned();
            self.tell(account, OccurrenceKind::WiringWhole, message, None, now);
            self.notifier
                .tell(Notice::wiring_whole(account, told.since, now));
        } else if !self.state.said_whole {
            self.events.wiring_whole(account);
        }
        self.state.said_whole = true;
    }

    fn tell(
        &self,
        account: &AccountId,
        kind: OccurrenceKind,
        message: String,
        actor: Option<Actor>,
        at: Timestamp,
    ) {
        let occurrence = Occurrence {
            account: account.clone(),
            control: None,
            at,
            kind,
            message,
            actor,
        };
        self.events.occurred(&occurrence);
        self.board.incident(Incident::Happened(occurrence.clone()));
        self.journal.keep(vec![Entry::Occurrence(occurrence)]);
    }

    fn show(&self, is_whole: Option<bool>, problems: Vec<String>) {
        let status = WiringStatus {
            is_whole,
            problems,
            checked_at: (self.clock)(),
        };
        self.board.wiring(&self.site.name, status);
    }
}

/// A line for each part that is wrong.
fn problems(comparison: &Comparison) -> Vec<String> {
    let line = |one: &Difference| format!("{}: {}", one.part, one.problems.join("; "));
    comparison.differences.iter().map(line).collect()
}

fn cut_message(problems: &BTreeSet<String>) -> String {
    let problems: Vec<&str> = problems.iter().map(String::as_str).collect();
    format!("The wiring of the feed is cut: {}.", problems.join(". "))
}

/// The latest call, by its own time, that named a part that is wrong.
fn culprit<'a>(suspects: &'a VecDeque<Suspect>, differences: &[Difference]) -> Option<&'a Actor> {
    let named = |signal: &Signal| {
        let mut parts = differences.iter().map(|difference| &difference.part);
        parts.any(|part| is_part(signal, part))
    };
    let calls = suspects.iter().filter(|suspect| named(&suspect.signal));
    let latest = calls.max_by_key(|suspect| suspect.order());
    latest.map(|suspect| &suspect.signal.actor)
}

fn is_part(signal: &Signal, part: &Part) -> bool {
    let place = part.place();
    let here = signal.account == place.account && signal.region == place.region;
    here && signal.touched.iter().any(|touched| match part {
        Part::Rule { bus, name, .. } => touched.is_rule(bus, name),
        Part::Bus { name, .. } => touched.is_bus(name),
        Part::Queue { name, .. } => touched.is_queue(name),
        Part::Role { name, .. } => touched.is_role_name(name),
    })
}
