//! From a look to at most one write: plan, ask the guard, carry out the first repair. The next look decides what follows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::Clock;
use super::attribution::Suspects;
use super::judge::{Judge, Look};
use super::own::OwnWrites;
use super::standing::Standings;
use crate::assess::{Assessment, Recipient, Verdict};
use crate::aws::{AccountApi, ApplyError, Class, Remembered};
use crate::config::HealMode;
use crate::event::Signal;
use crate::heal::{
    Decision, Guard, GuardState, HealPolicy, HoldReason, Limits, Outcome, Plan, Repair, Step, Stop,
    unchanged,
};
use crate::journal::{
    ControlMemory, Deed, Entry, Journal, Memory, NotKept, Occurrence, OccurrenceKind, Origin, Setup,
};
use crate::snapshot::{AccountId, Snapshot};
use crate::telemetry::{Events, HealResult, HealStep};

/// How long a repair waits for a journal that cannot be written.
const JOURNAL_PAUSE: Duration = Duration::from_secs(30);

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
    /// Per control: the chain to go back to.
    memory: BTreeMap<String, ControlMemory>,
    /// Controls that passed at the last look.
    passing: BTreeSet<String>,
    /// Per control: what would mend it.
    plans: BTreeMap<String, Plan>,
    /// Controls that were written for and have not passed since.
    mending: BTreeSet<String>,
    /// What was told of already, so that a repair that waits is one line and not one a look.
    told: BTreeMap<String, String>,
    /// The look before this one.
    before: Option<Snapshot>,
    own: OwnWrites,
    due: Option<Instant>,
    /// What is to be kept.
    entries: Vec<Entry>,
    /// What was done about which control.
    deeds: Vec<(String, Deed)>,
    occurrences: Vec<Occurrence>,
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
            clock,
            journal,
            resumed: false,
            memory: BTreeMap::new(),
            passing: BTreeSet::new(),
            plans: BTreeMap::new(),
            mending: BTreeSet::new(),
            told: BTreeMap::new(),
            before: None,
            own: OwnWrites::default(),
            due: None,
            entries: Vec::new(),
            deeds: Vec::new(),
            occurrences: Vec::new(),
        }
    }

    /// Goes on where an earlier process ended, or takes over what an operator accepted meanwhile.
    pub(super) fn resume(&mut self, memory: &Memory) {
        if !self.resumed {
            self.resumed = true;
            self.guard = Guard::resume(self.limits.clone(), memory.guard.clone());
        }
        for (control, theirs) in &memory.controls {
            let ours = self.memory.entry(control.clone()).or_default();
            let Some(known_good) = &theirs.known_good else {
                continue;
            };
            match &ours.known_good {
                None => {
                    ours.known_good = Some(known_good.clone());
                    ours.candidate = theirs.candidate.clone();
                }
                Some(own) if known_good.origin == Origin::Accepted && *known_good != *own => {
                    ours.known_good = Some(known_good.clone());
                    ours.candidate = None;
                    // Who accepts a state has settled what the fight was about.
                    self.guard.release();
                }
                Some(_) => {}
            }
        }
    }

    /// Everything that is remembered, to be kept once more.
    pub(super) fn everything(&self, account: &AccountId) -> Vec<Entry> {
        let controls = self.memory.iter();
        let mut entries: Vec<Entry> = controls
            .flat_map(|(control, memory)| kept(account, control, memory))
            .collect();
        entries.push(self.guard_entry(account));
        entries
    }

    /// What is to be kept since this was asked last.
    pub(super) fn news(&mut self, account: &AccountId) -> Vec<Entry> {
        if *self.guard.state() != self.guard_kept {
            self.guard_kept = self.guard.state().clone();
            self.entries.push(self.guard_entry(account));
        }
        std::mem::take(&mut self.entries)
    }

    /// What was done about which control since this was asked last.
    pub(super) fn deeds(&mut self) -> Vec<(String, Deed)> {
        std::mem::take(&mut self.deeds)
    }

    /// What happened since this was asked last.
    pub(super) fn occurrences(&mut self) -> Vec<Occurrence> {
        std::mem::take(&mut self.occurrences)
    }

    /// What to look at although nothing may lead there any more.
    pub(super) fn remembered(&self) -> Remembered {
        let setups = self
            .memory
            .values()
            .filter_map(ControlMemory::known_good_setup);
        Remembered::of(&self.policy.topics, setups.map(|setup| &setup.chain))
    }

    /// Takes in a call that the daemon may have made. True: it did. `principal` is the daemon's.
    pub(super) fn is_own(
        &mut self,
        signal: &Signal,
        principal: Option<&str>,
        now: Timestamp,
    ) -> bool {
        self.occurrences
            .extend(self.own.stolen(signal, principal, now));
        self.own.made(signal)
    }

    /// Takes in how the controls of a look are set up that pass. `watched` is the time since the look before, where nothing
    /// can have been missed in between.
    pub(super) fn learn(&mut self, look: &Look, watched: SignedDuration, suspects: &Suspects) {
        let account = &look.snapshot.account_id;
        let now = look.snapshot.now;
        // Who is told through what was not seen cannot be said.
        let blind = |setup: &Setup, before: &Setup| {
            setup.audience != before.audience
                && look
                    .snapshot
                    .api_errors
                    .keys()
                    .any(|call| call.starts_with("sns:") || call.starts_with("cloudwatch:"))
        };
        for assessment in &look.assessments {
            let control = &assessment.control;
            let passed_before = self.passing.remove(control);
            let memory = self.memory.entry(control.clone()).or_default();
            let Some(setup) = Setup::of(assessment) else {
                if assessment.verdict == Verdict::Fail && memory.fails() {
                    self.entries.extend(kept(account, control, memory));
                }
                continue;
            };
            self.passing.insert(control.clone());
            let before = memory.last_setup().cloned();
            if before.as_ref().is_some_and(|before| blind(&setup, before)) {
                continue;
            }
            if let Some(before) = before.filter(|before| before.audience != setup.audience) {
                let chains = [&before.chain, &setup.chain];
                self.occurrences.push(Occurrence {
                    account: account.clone(),
                    control: Some(control.clone()),
                    at: now,
                    kind: OccurrenceKind::RecipientsChanged,
                    message: rerouted(&before.audience, &setup.audience),
                    actor: suspects.rerouter(&chains).cloned(),
                });
            }
            let watched = if passed_before {
                watched
            } else {
                SignedDuration::ZERO
            };
            if memory.passes(setup, now, watched) {
                self.entries.extend(kept(account, control, memory));
            }
            let others_told = memory
                .known_good_setup()
                .is_some_and(|good| good.audience != assessment.audience);
            self.events
                .recipients_changed(account, control, others_told);
        }
    }

    /// What would mend a control, where planning is on.
    pub(super) fn plan(&self, control: &str) -> Option<&Plan> {
        self.plans.get(control)
    }

    /// When a repair that waits is worth another look.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Takes a look in and carries out at most one repair. True: something was written, look again.
    pub(super) async fn heal(
        &mut self,
        account: &dyn AccountApi,
        look: &Look,
        judge: &Judge,
        standings: &Standings,
    ) -> bool {
        let now = (self.clock)();
        self.due = None;
        self.events.heal_mode(match self.mode {
            // What a crash loop might write could not be counted.
            HealMode::Apply if self.journal.failure().is_some() => HealMode::Plan,
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
        let before = self.before.replace(look.snapshot.clone());
        let Some((control, step, repair)) = chosen else {
            return false;
        };
        let told = Told {
            account: &look.snapshot.account_id,
            control: &control,
            step: &step,
        };
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
        self.write(account, &told, &repair).await
    }

    /// What was mended passes.
    fn confirm(&mut self, look: &Look, assessment: &Assessment) {
        if assessment.verdict != Verdict::Pass {
            return;
        }
        let control = &assessment.control;
        self.told.remove(control);
        if self.mending.remove(control) {
            self.events
                .heal_finished(&look.snapshot.account_id, control, Verdict::Pass);
        }
    }

    fn plan_for(&mut self, look: &Look, judge: &Judge, assessment: &Assessment) {
        let control = &assessment.control;
        let memory = self.memory.get(control);
        let known_good = memory
            .and_then(ControlMemory::known_good_setup)
            .map(|setup| &setup.chain);
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
                if self.guard.announce(&stop.target) {
                    self.gave_way(account, control, now, &stop, standings);
                }
                stop.to_string()
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

    fn gave_way(
        &mut self,
        account: &AccountId,
        control: &str,
        now: Timestamp,
        stop: &Stop,
        standings: &Standings,
    ) {
        self.occurrences.push(Occurrence {
            account: account.clone(),
            control: Some(control.to_owned()),
            at: now,
            kind: OccurrenceKind::GaveWay,
            message: stop.to_string(),
            actor: standings.actor(control).cloned(),
        });
    }

    /// What has to be in the journal before a write: without it a crash loop could write without end.
    async fn secure(&mut self, account: &AccountId) -> Result<(), String> {
        if !self.resumed {
            let reason = self.journal.failure();
            return Err(reason.unwrap_or_else(|| "the journal has not been read".to_owned()));
        }
        let entry = self.guard_entry(account);
        let secured = self.journal.secure(vec![entry]).await;
        secured.map_err(|error| error.to_string())
    }

    fn guard_entry(&self, account: &AccountId) -> Entry {
        Entry::Guard {
            account: account.clone(),
            state: self.guard.state().clone(),
        }
    }

    async fn write(&mut self, api: &dyn AccountApi, told: &Told<'_>, repair: &Repair) -> bool {
        self.guard.begin((self.clock)(), repair);
        if let Err(reason) = self.secure(told.account).await {
            self.guard.record((self.clock)(), Outcome::Dropped);
            if self.told.get(told.control) != Some(&reason) {
                self.tell(told, repair, HealResult::Held, Some(&reason));
                self.told.insert(told.control.to_owned(), reason);
            }
            self.wake(JOURNAL_PAUSE);
            return false;
        }
        let answer = api.apply(repair).await;
        let now = (self.clock)();
        let outcome = if answer.is_ok() {
            Outcome::Applied
        } else {
            Outcome::Failed
        };
        self.guard.record(now, outcome);
        match answer {
            Ok(applied) => {
                self.own.answered(applied.request_id);
                self.mending.insert(told.control.to_owned());
                self.tell(told, repair, HealResult::Applied, None);
            }
            Err(error) => {
                if error.class() == Class::Transient {
                    self.own.unanswered(repair.kind(), now);
                }
                self.tell(told, repair, failure(&error), Some(&error.to_string()));
            }
        }
        // Also after an error: an answer that was lost does not mean that nothing was written.
        true
    }

    fn tell(&mut self, told: &Told<'_>, repair: &Repair, result: HealResult, reason: Option<&str>) {
        let deed = Deed {
            at: (self.clock)(),
            operation: repair.kind().operation().to_owned(),
            target: repair.target(),
            result: result.name().to_owned(),
            reason: reason.map(str::to_owned),
        };
        self.deeds.push((told.control.to_owned(), deed));
        self.events.heal_step(&HealStep {
            account: told.account,
            control: told.control,
            link: told.step.link,
            action: repair.kind(),
            result,
            reason,
        });
    }
}

/// What a line about a repair says besides its result.
struct Told<'a> {
    account: &'a AccountId,
    control: &'a str,
    step: &'a Step,
}

const fn failure(error: &ApplyError) -> HealResult {
    match error.class() {
        Class::Denied => HealResult::Denied,
        Class::Transient | Class::Gone | Class::Invalid | Class::Bug => HealResult::Failed,
    }
}

/// What the journal keeps of a control beside how it stands.
fn kept(account: &AccountId, control: &str, memory: &ControlMemory) -> Vec<Entry> {
    let known_good = memory
        .known_good
        .as_ref()
        .map(|known_good| Entry::KnownGood {
            account: account.clone(),
            control: control.to_owned(),
            known_good: known_good.clone(),
        });
    let candidate = Entry::Candidate {
        account: account.clone(),
        control: control.to_owned(),
        candidate: memory.candidate.clone(),
    };
    known_good.into_iter().chain([candidate]).collect()
}

/// One sentence about a change of who is told.
fn rerouted(before: &[Recipient], after: &[Recipient]) -> String {
    let names = |these: &[Recipient], those: &[Recipient]| {
        let only: Vec<String> = these
            .iter()
            .filter(|one| !those.contains(one))
            .map(|one| format!("{} {} of {}", one.protocol, one.endpoint, one.topic))
            .collect();
        only.join(", ")
    };
    let (gone, new) = (names(before, after), names(after, before));
    match (gone.is_empty(), new.is_empty()) {
        (false, false) => format!("No longer told: {gone}. Told instead: {new}."),
        (false, true) => format!("No longer told: {gone}."),
        _ => format!("Also told: {new}."),
    }
}
