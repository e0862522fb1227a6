//! One scope: an account that is looked at when an event, the clock or a repair asks for it.
//!
//! One task a scope, so that there is one look and one repair at a time. A look takes in every event that arrived before
//! it began; what arrives while it runs is taken in by the next one.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::Clock;
use super::attribution::Suspects;
use super::chronicle::{Chronicle, Recalled};
use super::heal::Healer;
use super::inbox::{Inbox, Item};
use super::judge::{Judge, Look};
use super::leftovers;
use super::owners::{Owners, Revisions};
use super::pace::Pace;
use super::pulse::{IDLE_TICK, Pulse};
use super::senses::Ear;
use super::standing::Standings;
use super::tell::Teller;
use super::turns::{Turn, Turns};
use crate::assess::{Verdict, unseen};
use crate::aws::{AccountApi, ObserveError};
use crate::journal::{Entry, Incident};
#[cfg(test)]
use crate::mutant::{Mutant, planted};
use crate::snapshot::Snapshot;
use crate::telemetry::{
    AccountStatus, Evaluation, EvaluationResult, Events, MessageOutcome, StatusBoard, Trigger,
};

/// A look that takes longer is given up and tried again: every single call in it has a shorter limit of its own.
pub(super) const LOOK_LIMIT: Duration = Duration::from_mins(2);

/// The longest time between two ticks of a scope's task.
pub(super) const SCOPE_PULSE: Duration = Duration::from_mins(5);

/// The task of one scope.
pub(super) struct Scope {
    pub(super) name: String,
    pub(super) account: Arc<dyn AccountApi>,
    pub(super) inbox: Arc<Inbox>,
    pub(super) judge: Arc<Judge>,
    pub(super) healer: Healer,
    pub(super) chronicle: Chronicle,
    pub(super) events: Events,
    pub(super) board: StatusBoard,
    pub(super) clock: Clock,
    pub(super) pace: Pace,
    pub(super) pulse: Pulse,
    pub(super) turns: Turns,
    /// When the account was last seen.
    pub(super) seen: Instant,
    /// Events whose look gave no verdict: their messages wait for the next one.
    pub(super) unanswered: Vec<Item>,
    pub(super) suspects: Suspects,
    pub(super) standings: Standings,
    pub(super) teller: Teller,
    /// What other accounts were seen to be, from which this one may inherit.
    pub(super) owners: Arc<Owners>,
    pub(super) owner_changes: watch::Receiver<()>,
    /// Where the account inherits from another scope: how it was last seen, without others, and what it was judged by.
    pub(super) heir: Option<(Snapshot, Revisions)>,
    /// What was heard from CloudTrail; none: there is no feed to hear by.
    pub(super) ear: Option<Ear>,
}

/// Waits until then, and not at all where that is past: a timer rounds up to the next millisecond, in which AWS could have been
/// asked already.
async fn reached(due: Instant) {
    if due > Instant::now() {
        sleep_until(due).await;
    }
}

impl Scope {
    /// Looks whenever there is reason to, until told to stop; a look or a repair that is under way is finished.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        loop {
            self.pulse.tick();
            let (due, trigger) = self.next();
            // Each arm only waits; nothing is lost when another is taken.
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = reached(due) => {
                    let turn = tokio::select! {
                        biased;
                        () = stop.cancelled() => return,
                        turn = self.turns.next(&self.inbox, &self.pulse) => turn,
                    };
                    self.turn(trigger, turn, &stop).await;
                }
                () = self.inbox.arrived() => {}
                // The sender lives as long as this scope does.
                Ok(()) = self.owner_changes.changed() => self.judge_anew(),
                () = sleep_until(Instant::now() + IDLE_TICK) => {}
            }
        }
    }

    /// When the next look is due, and what for.
    fn next(&self) -> (Instant, Trigger) {
        let planned = self.pace.next();
        match self.inbox.waiting() {
            Some(waiting) => {
                let due = self.pace.event_due(waiting);
                if due <= planned.0 {
                    (due, Trigger::Event)
                } else {
                    planned
                }
            }
            None => planned,
        }
    }

    /// A look, and the repairs that it calls for, each followed by a look of its own.
    async fn turn(&mut self, trigger: Trigger, turn: Turn, stop: &CancellationToken) {
        let mut look = self.look(trigger, turn).await;
        while let Some(done) = look {
            self.pulse.tick();
            let repaired = self.heal(&done).await;
            self.show(&done);
            self.pace.heal_at(self.healer.due());
            if stop.is_cancelled() {
                return;
            }
            if !repaired {
                if trigger == Trigger::Sweep && self.healer.may_write() {
                    let now = (self.clock)();
                    leftovers::remove(&*self.account, &done.snapshot, now, &mut self.healer).await;
                    self.keep(&done);
                }
                return;
            }
            look = self.look(Trigger::Heal, None).await;
        }
    }

    /// True: something was written.
    async fn heal(&mut self, look: &Look) -> bool {
        let written = self
            .healer
            .heal(
                &*self.account,
                look,
                self.seen,
                &self.judge,
                &self.standings,
            )
            .await;
        for (control, deed) in self.healer.deeds() {
            self.standings.note(&control, deed);
        }
        self.keep(look);
        written
    }

    /// Reads what an earlier process, or a command, has left in the journal.
    async fn recall(&mut self, snapshot: &Snapshot) {
        let account = &snapshot.account_id;
        let Some(Recalled { memory, first }) = self.chronicle.recall(account).await else {
            return;
        };
        if first {
            self.standings.resume(&memory, &self.judge, snapshot);
            self.teller.resume(&memory, snapshot.now);
        }
        self.healer.resume(&memory);
        let mut entries = self.healer.everything(account);
        entries.extend(self.standings.entries());
        self.chronicle.keep(entries);
    }

    /// Tells of what happened, and hands what is to be kept to the journal.
    fn keep(&mut self, look: &Look) {
        let account = &look.snapshot.account_id;
        let mut entries = self.healer.news(account);
        for spell in self.standings.news() {
            if spell.verdict != Verdict::Pass {
                self.board.incident(Incident::Broken(spell.clone()));
            }
            entries.push(Entry::Spell(spell));
        }
        for happening in self.healer.happenings() {
            let occurrence = happening.occurrence(account);
            self.events.occurred(&occurrence);
            self.board.incident(Incident::Happened(occurrence.clone()));
            self.teller.happened(&happening, look, &self.judge);
            entries.push(Entry::Occurrence(occurrence));
        }
        self.chronicle.keep(entries);
    }

    /// Observes, judges, stores the verdicts, and settles the messages that asked for it. None: there is no verdict.
    async fn look(&mut self, trigger: Trigger, turn: Turn) -> Option<Look> {
        let began = Instant::now();
        let fresh = self.inbox.take();
        let trigger = if fresh.is_empty() {
            trigger
        } else {
            Trigger::Event
        };
        self.pace.begun(
            trigger,
            began,
            fresh.first().map(|item| item.ticket.received()),
        );
        let for_event = !fresh.is_empty();
        self.unanswered.extend(fresh);

        let remembered = self.healer.remembered();
        let observed = timeout(LOOK_LIMIT, self.account.observe(&remembered)).await;
        self.seen = Instant::now();
        // Whoever waits below for the look at another account would keep that from being looked at.
        drop(turn);
        #[cfg(test)]
        let observed = self.mistake(observed);
        let observed = observed.map_err(|_| format!("gave up after {} s", LOOK_LIMIT.as_secs()));
        let snapshot = match observed.map(|answer| answer.map_err(Blind::from)) {
            Ok(Ok(snapshot)) => {
                if snapshot.is_unseen() {
                    self.failed(trigger, began, &reason(&snapshot));
                }
                Some(snapshot)
            }
            Ok(Err(blind)) => self.blind(trigger, began, &blind),
            Err(reason) => self.blind(
                trigger,
                began,
                &Blind {
                    call: IDENTITY.to_owned(),
                    code: "Timeout".into(),
                    reason,
                },
            ),
        };
        let look = match snapshot {
            Some(mut snapshot) => {
                self.bequeath(&mut snapshot).await;
                self.recall(&snapshot).await;
                Some(self.store(trigger, began, snapshot))
            }
            None => None,
        };
        let decided = look.as_ref().is_some_and(Look::is_decided);
        self.pace.ended(Instant::now(), for_event, decided);
        look
    }

    /// Lets others inherit what was seen, and shows what is inherited from them.
    async fn bequeath(&mut self, snapshot: &mut Snapshot) {
        self.owners.note(snapshot);
        self.heir = None;
        if self.owners.concern(snapshot) {
            self.owners.looked(snapshot).await;
            // Before they are shown: what changes in between is judged once more.
            self.heir = Some((snapshot.clone(), self.owners.revisions(snapshot)));
            self.owners.show(snapshot);
        }
    }

    /// If an account that this one inherits from is another than before, what was last seen here is judged with it, without a
    /// call. Messages, repairs, and the chain to go back to wait for the next look.
    fn judge_anew(&mut self) {
        let Some((seen, judged_by)) = &mut self.heir else {
            return;
        };
        let revisions = self.owners.revisions(seen);
        if *judged_by == revisions {
            return;
        }
        *judged_by = revisions;
        let mut snapshot = seen.clone();
        snapshot.now = (self.clock)();
        self.owners.show(&mut snapshot);
        let look = self.judge.judge(snapshot);
        let now = (self.clock)();
        self.standings
            .update(&look, now, &self.healer, &self.suspects, &self.events);
        self.show(&look);
        let account = &look.snapshot.account_id;
        self.events.verdicts_stored(account, &look.assessments);
        self.events.looked(account, look.snapshot.now);
        self.teller
            .update(&look, &self.judge, &self.standings, &self.healer);
        self.keep(&look);
    }

    /// Nothing was seen. Where the account is known that is a verdict too: UNKNOWN, because the last one no longer holds.
    fn blind(&self, trigger: Trigger, began: Instant, blind: &Blind) -> Option<Snapshot> {
        self.failed(trigger, began, &blind.reason);
        let account = self.inbox.account()?;
        #[cfg(test)]
        if planted(Mutant::KeepsTheLastVerdict) {
            return None;
        }
        Some(Snapshot::unseen(
            account.clone(),
            (self.clock)(),
            &blind.call,
            &blind.code,
        ))
    }

    /// Tells why a look saw nothing.
    fn failed(&self, trigger: Trigger, began: Instant, reason: &str) {
        self.board
            .evaluation_failed(&self.name, (self.clock)(), reason.to_owned());
        self.events
            .evaluation_failed(&self.name, trigger, began.elapsed(), &reason);
    }

    /// The verdicts become what everybody sees; the messages that asked for them may go.
    fn store(&mut self, trigger: Trigger, began: Instant, snapshot: Snapshot) -> Look {
        self.inbox.learn(&snapshot.account_id);
        let look = self.judge.judge(snapshot);
        let account = &look.snapshot.account_id;

        // An event of another account was taken in while the own one was not known.
        let (ours, foreign): (Vec<Item>, Vec<Item>) = self
            .unanswered
            .drain(..)
            .partition(|item| item.signal.account == *account);
        for item in &ours {
            let principal = item.signal.actor.principal_arn.as_deref();
            let is_ours = principal.is_some_and(|arn| self.account.is_principal(arn));
            if !self.healer.is_own(&item.signal, is_ours, look.snapshot.now) {
                self.suspects.add(&item.ticket, item.signal.clone());
            }
        }

        if let Some(ear) = &mut self.ear {
            let received = ours.iter().map(|item| item.ticket.received().elapsed());
            if let Some(ago) = received.min() {
                ear.heard((self.clock)() - ago);
            }
            let ok = ear.cloudtrail_ok(&look.snapshot);
            self.events.feed_cloudtrail(account, ok, ear.last_event());
        }

        // Whoever is called by the gauge finds the reason on the page.
        let now = (self.clock)();
        self.standings
            .update(&look, now, &self.healer, &self.suspects, &self.events);
        self.show(&look);
        self.events.verdicts_stored(account, &look.assessments);
        // Who saw nothing has not looked: whoever did is believed, and where nobody did, that is told.
        if !look.snapshot.is_unseen() {
            self.events.looked(account, look.snapshot.now);
            self.events.evaluated(&Evaluation {
                account,
                trigger,
                result: EvaluationResult::of(look.assessments.iter().map(|one| one.verdict)),
                took: began.elapsed(),
            });
        }
        let watched = self.chronicle.looked(account, look.snapshot.now);
        self.healer.learn(&look, watched, &self.suspects);
        self.teller
            .update(&look, &self.judge, &self.standings, &self.healer);
        self.keep(&look);
        if look.is_whole() {
            self.suspects.acquit(began);
        }
        self.settle(ours, foreign);
        look
    }

    fn settle(&self, ours: Vec<Item>, foreign: Vec<Item>) {
        let now = (self.clock)();
        for item in ours {
            let age = now.duration_since(item.signal.actor.time);
            // A clock that runs ahead of ours is no negative age.
            let age = Duration::try_from(age).unwrap_or_default();
            self.events.detected(item.ticket.received().elapsed(), age);
            self.events.message_settled(MessageOutcome::Evaluated);
            item.ticket.settle();
        }
        for item in foreign {
            self.events.message_settled(MessageOutcome::Foreign);
            item.ticket.settle();
        }
    }

    /// What the planted bugs of a look make of what was observed.
    #[cfg(test)]
    fn mistake<E>(
        &mut self,
        mut observed: Result<Result<Snapshot, ObserveError>, E>,
    ) -> Result<Result<Snapshot, ObserveError>, E> {
        if planted(Mutant::DropsWhatComesDuringALook) {
            self.inbox
                .take()
                .into_iter()
                .for_each(|item| item.ticket.settle());
        }
        if planted(Mutant::AnswersWithAnEarlierLook) {
            self.unanswered.extend(self.inbox.take());
        }
        match &mut observed {
            Ok(Ok(seen)) if planted(Mutant::TakesHolesForAbsence) => {
                seen.api_errors.clear();
                seen.trails.get_or_insert_default();
                seen.metric_filters.get_or_insert_default();
                seen.alarms.get_or_insert_default();
                seen.topics.get_or_insert_default();
                seen.subscriptions.get_or_insert_default();
            }
            Ok(Ok(_)) => {}
            _ if planted(Mutant::SettlesWithoutAVerdict) => {
                for item in self.unanswered.drain(..) {
                    item.ticket.settle();
                }
            }
            _ => {}
        }
        observed
    }

    /// Puts the present state on the status board.
    fn show(&self, look: &Look) {
        let status = AccountStatus {
            account_id: look.snapshot.account_id.clone(),
            evaluated_at: look.snapshot.now,
            controls: self.standings.controls(look, &self.judge, &self.healer),
        };
        if look.snapshot.is_unseen() {
            self.board.unseen(&self.name, status);
        } else {
            self.board.evaluated(&self.name, status);
        }
    }
}

/// The call that tells whose account it is.
const IDENTITY: &str = "sts:GetCallerIdentity";

/// Why a look shows nothing, and what is to be done.
fn reason(snapshot: &Snapshot) -> String {
    let failed = unseen(snapshot);
    failed
        .first()
        .map(|one| format!("nothing was seen: {}. {}", one.message, one.remedy))
        .unwrap_or_default()
}

/// Why nothing was seen.
struct Blind {
    /// The call that failed, as a snapshot names it.
    call: String,
    code: String,
    reason: String,
}

impl From<ObserveError> for Blind {
    fn from(error: ObserveError) -> Self {
        let (call, code) = error.hole();
        Self {
            call,
            code,
            reason: error.to_string(),
        }
    }
}
