//! From a look to at most one write: plan, ask the guard, carry out the first repair. The next look decides what follows.

mod write;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use self::write::Told;
use super::Clock;
use super::attribution::Suspects;
use super::happening::{Happening, What};
use super::judge::{Judge, Look};
use super::memories::Memories;
use super::own::Own;
use super::standing::Standings;
use crate::assess::{Assessment, Chain, Verdict};
use crate::aws::{AccountApi, Remembered};
use crate::config::HealMode;
use crate::event::Signal;
use crate::heal::{
    Decision, Guard, GuardState, HealPolicy, HoldReason, Limits, Plan, Repair, Step, unchanged,
};
use crate::journal::{Deed, Entry, Journal, Memory, NotKept, OwnWrites};
#[cfg(test)]
use crate::mutant::{Mutant, planted};
use crate::snapshot::{AccountId, Snapshot};
use crate::telemetry::{Events, HealResult};

/// How long a repair waits for a journal that cannot be written.
const JOURNAL_PAUSE: Duration = Duration::from_secs(30);

/// Why nothing is written while this process cannot know what was written before, and what there is to go back to.
const UNREAD: &str = "the journal has records of this account that cannot be read; trailwarden accept puts them aside";

/// Mends one scope, as far as it may, and remembers what to go back to.
pub(super) struct Healer {
    mode: HealMode,
    policy: HealPolicy,
    limits: Limits,
    guard: Guard,
    /// The state of the guard that was handed to the journal last.
    guard_kept: GuardState,
    events: Events,
    clock: Clock,
    journal: Journal,
    /// The journal was read: what the guard knows is all there is to know.
    resumed: bool,
    /// It was not, because it has records of the account that cannot be read.
    unread: bool,
    memories: Memories,
    /// Per control: what would mend it.
    plans: BTreeMap<String, Plan>,
    /// Controls that were written for and have not passed since, and what was written.
    mending: BTreeMap<String, Vec<String>>,
    /// What was told of already, so that a repair that waits is one line and not one a look.
    told: BTreeMap<String, String>,
    /// The look before this one, where something was broken and may be mended.
    before: Option<Snapshot>,
    own: Own,
    /// The own writes that were handed to the journal last.
    own_kept: OwnWrites,
    due: Option<Instant>,
    /// What was done about which control.
    deeds: Vec<(String, Deed)>,
    happenings: Vec<Happening>,
}

impl Healer {
    pub(super) fn new(
        mode: HealMode,
        policy: HealPolicy,
        limits: Limits,
        events: Events,
        clock: Clock,
        journal: Journal,
    ) -> Self {
        Self {
            mode,
            policy,
            guard: Guard::resume(limits.clone(), GuardState::default()),
            limits,
            guard_kept: GuardState::default(),
            events,
            own: Own::new(clock()),
            own_kept: OwnWrites::default(),
            clock,
            journal,
            resumed: false,
            unread: false,
            memories: Memories::default(),
            plans: BTreeMap::new(),
            mending: BTreeMap::new(),
            told: BTreeMap::new(),
            before: None,
            due: None,
            deeds: Vec::new(),
            happenings: Vec::new(),
        }
    }

    /// Goes on where an earlier process ended, or takes over what an operator accepted meanwhile.
    pub(super) fn resume(&mut self, memory: &Memory) {
        self.unread = !memory.unread.is_empty();
        let first = !std::mem::replace(&mut self.resumed, !self.unread);
        if first && self.resumed {
            self.guard = Guard::resume(self.limits.clone(), memory.guard.clone());
            self.own.resume(memory.own.clone());
            #[cfg(test)]
            if planted(Mutant::ForgetsOwnWrites) {
                self.own = Own::new((self.clock)());
                self.own.resume(OwnWrites::default());
            }
            #[cfg(test)]
            if planted(Mutant::ForgetsTheGuard) {
                self.guard = Guard::resume(self.limits.clone(), GuardState::default());
            }
        }
        if self.memories.resume(memory, first) {
            // Who accepts a state has settled what the fight was about.
            self.guard.release();
        }
    }

    /// Everything that is remembered, to be kept once more.
    pub(super) fn everything(&self, account: &AccountId) -> Vec<Entry> {
        if !self.resumed {
            return Vec::new();
        }
        let mut entries = self.memories.everything(account);
        entries.push(self.guard_entry(account));
        entries.push(self.own_entry(account));
        entries
    }

    /// What is to be kept since this was asked last.
    pub(super) fn news(&mut self, account: &AccountId) -> Vec<Entry> {
        let mut entries = self.memories.news();
        // What a process that knows nothing of the past would keep is not written over the past. Once the journal was read,
        // everything is kept once more.
        if !self.resumed {
            return Vec::new();
        }
        if *self.guard.state() != self.guard_kept {
            self.guard_kept = self.guard.state().clone();
            entries.push(self.guard_entry(account));
        }
        if *self.own.writes() != self.own_kept {
            self.own_kept = self.own.writes().clone();
            entries.push(self.own_entry(account));
        }
        entries
    }

    /// What was done about which control since this was asked last.
    pub(super) fn deeds(&mut self) -> Vec<(String, Deed)> {
        std::mem::take(&mut self.deeds)
    }

    /// What happened since this was asked last.
    pub(super) fn happenings(&mut self) -> Vec<Happening> {
        let mut happenings = std::mem::take(&mut self.happenings);
        happenings.extend(self.memories.happenings());
        happenings
    }

    /// What to look at although nothing may lead there any more.
    pub(super) fn remembered(&self) -> Remembered {
        Remembered::of(&self.policy.topics, self.memories.known_good())
    }

    /// Takes in a call that the daemon may have made. True: it did. `is_ours`: the principal that it names is the daemon's.
    pub(super) fn is_own(&mut self, signal: &Signal, is_ours: bool, now: Timestamp) -> bool {
        self.happenings
            .extend(self.own.stolen(signal, is_ours, now));
        self.own.made(signal)
    }

    /// Takes in how the controls of a look are set up that pass. `watched` is the time since the look before, where nothing
    /// can have been missed in between.
    pub(super) fn learn(&mut self, look: &Look, watched: SignedDuration, suspects: &Suspects) {
        self.memories.learn(look, watched, suspects, &self.events);
    }

    /// How a control was set up when it was last seen to pass, as far as that is known.
    pub(super) fn last_passed(&self, control: &str) -> Option<&Chain> {
        self.memories.last_passed(control)
    }

    /// What would mend a control, where planning is on.
    pub(super) fn plan(&self, control: &str) -> Option<&Plan> {
        self.plans.get(control)
    }

    /// Whether anything may be written now, as far as no single write is meant.
    pub(super) fn may_write(&self) -> bool {
        self.mode == HealMode::Apply
            && !self.unread
            && self.journal.failure().is_none()
            && self.limits.closed_until((self.clock)()).is_none()
    }

    /// What was written for a control since it last passed.
    pub(super) fn applied(&self, control: &str) -> &[String] {
        self.mending.get(control).map_or(&[], Vec::as_slice)
    }

    /// What becomes of a chain that is cut, for people.
    pub(super) const fn intention(&self) -> &'static str {
        match self.mode {
            HealMode::Off => "nothing: heal.mode is \"off\"",
            HealMode::Plan => "nothing: heal.mode is \"plan\"",
            HealMode::Apply if self.unread => {
                "nothing: what the journal has of the account cannot be read"
            }
            HealMode::Apply => "nothing yet: what it may mend it mends once it has seen this twice",
        }
    }

    /// When a repair that waits is worth another look.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Takes a look in, which ended at `seen`, and carries out at most one repair. True: something was written, look again.
    pub(super) async fn heal(
        &mut self,
        account: &dyn AccountApi,
        look: &Look,
        seen: Instant,
        judge: &Judge,
        standings: &Standings,
    ) -> bool {
        let now = (self.clock)();
        self.due = None;
        self.events.heal_mode(match self.mode {
            // What a crash loop might write could not be counted.
            HealMode::Apply if self.unread || self.journal.failure().is_some() => HealMode::Plan,
            mode => mode,
        });
        let mut chosen = None;
        for assessment in &look.assessments {
            self.confirm(look, assessment);
            if self.mode == HealMode::Off {
                continue;
            }
            self.plan_for(look, judge, assessment);
            let decision = self.decide(now, look, assessment, standings);
            if decision && chosen.is_none() {
                chosen = self.first_repair(&assessment.control);
            }
        }
        // Megabytes in a large account, of which one in a thousand has anything to mend: a repair is chosen only for what was
        // broken in the look before as well, so a look at which all is well need not be kept.
        let is_kept = self.mode != HealMode::Off && !look.is_whole();
        let kept = is_kept.then(|| look.snapshot.clone());
        let before = std::mem::replace(&mut self.before, kept);
        let Some((control, step, repair)) = chosen else {
            return false;
        };
        let told = Told {
            account: &look.snapshot.account_id,
            control: &control,
            step: &step,
        };
        #[cfg(test)]
        let before = before.filter(|_| !planted(Mutant::WritesOverAFreshChange));
        // Who changes the target between two looks is at work on it: his change is looked at before it is undone.
        if before.is_some_and(|before| !unchanged(&before, &look.snapshot, &repair)) {
            self.tell(
                &told,
                &repair,
                HealResult::Dropped,
                Some("the target has just changed"),
            );
            self.wake(Duration::from_secs(1));
            return false;
        }
        self.write(account, (look, seen), judge, &told, &repair)
            .await
    }

    /// What was mended passes.
    fn confirm(&mut self, look: &Look, assessment: &Assessment) {
        if assessment.verdict != Verdict::Pass {
            return;
        }
        let control = &assessment.control;
        self.told.remove(control);
        if self.mending.remove(control).is_some() {
            self.events
                .heal_finished(&look.snapshot.account_id, control, Verdict::Pass);
        }
    }

    fn plan_for(&mut self, look: &Look, judge: &Judge, assessment: &Assessment) {
        let control = &assessment.control;
        let known_good = self.memories.known_good_of(control);
        let plan = judge.plan(&look.snapshot, assessment, known_good, &self.policy);
        if plan.steps.is_empty() {
            self.plans.remove(control);
            return;
        }
        if self.plans.get(control) != Some(&plan) {
            self.events
                .heal_planned(&look.snapshot.account_id, control, &plan);
        }
        self.plans.insert(control.clone(), plan);
    }

    /// Whether the first repair for this control may be carried out now.
    fn decide(
        &mut self,
        now: Timestamp,
        look: &Look,
        assessment: &Assessment,
        standings: &Standings,
    ) -> bool {
        let control = &assessment.control;
        let nothing = Plan::default();
        let plan = self.plans.get(control).unwrap_or(&nothing);
        let who = standings
            .actor(control)
            .and_then(|actor| actor.principal_arn.as_deref());
        let decision = self.guard.decide(now, assessment, plan, who);
        if self.mode != HealMode::Apply {
            return false;
        }
        let account = &look.snapshot.account_id;
        self.events
            .heal_stopped(account, control, matches!(&decision, Decision::Stop(_)));
        let reason = match decision {
            Decision::Nothing => return false,
            Decision::Proceed if self.unread => UNREAD.to_owned(),
            Decision::Proceed => {
                let Some(failure) = self.journal.failure() else {
                    return true;
                };
                self.wake(JOURNAL_PAUSE);
                NotKept(failure).to_string()
            }
            Decision::Hold { reason, until } => {
                if let Some(until) = until {
                    self.wake(Duration::try_from(until.duration_since(now)).unwrap_or_default());
                }
                // To be seen twice is the ordinary course, and no news.
                if reason == HoldReason::Settling {
                    return false;
                }
                reason.to_string()
            }
            Decision::Stop(stop) => {
                let reason = stop.to_string();
                if self.guard.announce(&stop.target) {
                    self.happenings.push(Happening {
                        control: Some(control.clone()),
                        at: now,
                        actor: standings.actor(control).cloned(),
                        what: What::GaveWay(stop),
                    });
                }
                reason
            }
        };
        if self.told.get(control) != Some(&reason)
            && let Some((_, step, repair)) = self.first_repair(control)
        {
            let told = Told {
                account: &look.snapshot.account_id,
                control,
                step: &step,
            };
            self.tell(&told, &repair, HealResult::Held, Some(&reason));
            self.told.insert(control.clone(), reason);
        }
        false
    }

    /// A repair that waits is worth a look after this time, or earlier.
    fn wake(&mut self, wait: Duration) {
        let due = Instant::now() + wait;
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
    }

    fn first_repair(&self, control: &str) -> Option<(String, Step, Repair)> {
        let (step, repair) = self.plans.get(control)?.repairs().next()?;
        Some((control.to_owned(), step.clone(), repair.clone()))
    }

    fn guard_entry(&self, account: &AccountId) -> Entry {
        Entry::Guard {
            account: account.clone(),
            state: self.guard.state().clone(),
        }
    }

    fn own_entry(&self, account: &AccountId) -> Entry {
        Entry::Own {
            account: account.clone(),
            writes: self.own.writes().clone(),
        }
    }
}
