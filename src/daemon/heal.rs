//! From a look to at most one write: plan, ask the guard, carry out the first repair. The next look decides what follows.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::Clock;
use super::judge::{Judge, Look};
use super::standing::Standings;
use crate::assess::{Assessment, Chain, Verdict};
use crate::aws::{AccountApi, ApplyError, Class, Remembered};
use crate::config::HealMode;
use crate::event::Signal;
use crate::heal::{
    Decision, Guard, HealPolicy, HoldReason, Outcome, Plan, Repair, Step, unchanged,
};
use crate::snapshot::{AccountId, Snapshot};
use crate::telemetry::{Events, HealResult, HealStep};

/// How long a control has to pass before its chain replaces the last known good one, so that nobody's quick change
/// becomes the truth.
const PROVEN_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// Request ids of own writes that are remembered, to tell their events from those of others.
const OWN_WRITES: usize = 256;

/// Mends one scope, as far as it may.
pub(super) struct Healer {
    mode: HealMode,
    policy: HealPolicy,
    guard: Guard,
    events: Events,
    clock: Clock,
    /// Per control: the chain to go back to.
    known_good: BTreeMap<String, Chain>,
    /// Per control: what would mend it.
    plans: BTreeMap<String, Plan>,
    /// Controls that were written for and have not passed since.
    mending: BTreeSet<String>,
    /// What was told of already, so that a repair that waits is one line and not one a look.
    told: BTreeMap<String, String>,
    /// The look before this one.
    before: Option<Snapshot>,
    own_writes: VecDeque<String>,
    due: Option<Instant>,
}

impl Healer {
    pub(super) const fn new(
        mode: HealMode,
        policy: HealPolicy,
        guard: Guard,
        events: Events,
        clock: Clock,
    ) -> Self {
        Self {
            mode,
            policy,
            guard,
            events,
            clock,
            known_good: BTreeMap::new(),
            plans: BTreeMap::new(),
            mending: BTreeSet::new(),
            told: BTreeMap::new(),
            before: None,
            own_writes: VecDeque::new(),
            due: None,
        }
    }

    /// What to look at although nothing may lead there any more.
    pub(super) fn remembered(&self) -> Remembered {
        let mut remembered = Remembered {
            topic_arns: self.policy.topics.clone(),
            ..Remembered::default()
        };
        for chain in self.known_good.values() {
            let group = chain.trail.as_ref();
            let group = group.and_then(|trail| trail.cloud_watch_logs_log_group_arn.clone());
            remembered.log_group_arns.extend(group);
            remembered
                .topic_arns
                .extend(chain.topic.as_ref().map(|one| one.topic_arn.clone()));
        }
        for arns in [&mut remembered.log_group_arns, &mut remembered.topic_arns] {
            arns.sort();
            arns.dedup();
        }
        remembered
    }

    /// Whether a call was one of this process's own writes: said by its request id and by nothing else.
    pub(super) fn is_own(&self, signal: &Signal) -> bool {
        signal
            .request_id
            .as_ref()
            .is_some_and(|id| self.own_writes.contains(id))
    }

    /// What would mend a control, where planning is on.
    pub(super) fn plan(&self, control: &str) -> Option<&Plan> {
        self.plans.get(control)
    }

    /// Whether anything may be written.
    pub(super) fn may_write(&self) -> bool {
        self.mode == HealMode::Apply
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
        let mut chosen = None;
        for assessment in &look.assessments {
            self.learn(look, assessment, standings, now);
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
            self.due = Some(Instant::now() + Duration::from_secs(1));
            return false;
        }
        self.write(account, &told, &repair).await
    }

    /// A chain that passes is one to go back to.
    fn learn(
        &mut self,
        look: &Look,
        assessment: &Assessment,
        standings: &Standings,
        now: Timestamp,
    ) {
        if assessment.verdict != Verdict::Pass {
            return;
        }
        let control = &assessment.control;
        let since = standings.since(control).unwrap_or(now);
        let proven = now.duration_since(since) >= PROVEN_AFTER;
        if proven || !self.known_good.contains_key(control) {
            self.known_good
                .insert(control.clone(), assessment.chain.clone());
        }
        self.told.remove(control);
        if self.mending.remove(control) {
            self.events
                .heal_finished(&look.snapshot.account_id, control, Verdict::Pass);
        }
    }

    fn plan_for(&mut self, look: &Look, judge: &Judge, assessment: &Assessment) {
        let control = &assessment.control;
        let known_good = self.known_good.get(control);
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
        let reason = match decision {
            Decision::Nothing => return false,
            Decision::Proceed => return true,
            Decision::Hold { reason, until } => {
                if let Some(until) = until {
                    let wait = Duration::try_from(until.duration_since(now)).unwrap_or_default();
                    let due = Instant::now() + wait;
                    self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
                }
                // To be seen twice is the ordinary course, and no news.
                if reason == HoldReason::Settling {
                    return false;
                }
                reason.to_string()
            }
            Decision::Stop(stop) => stop.to_string(),
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

    fn first_repair(&self, control: &str) -> Option<(String, Step, Repair)> {
        let (step, repair) = self.plans.get(control)?.repairs().next()?;
        Some((control.to_owned(), step.clone(), repair.clone()))
    }

    async fn write(&mut self, account: &dyn AccountApi, told: &Told<'_>, repair: &Repair) -> bool {
        self.guard.begin((self.clock)(), repair);
        let answer = account.apply(repair).await;
        let outcome = if answer.is_ok() {
            Outcome::Applied
        } else {
            Outcome::Failed
        };
        self.guard.record((self.clock)(), outcome);
        match answer {
            Ok(applied) => {
                if self.own_writes.len() == OWN_WRITES {
                    self.own_writes.pop_front();
                }
                self.own_writes.extend(applied.request_id);
                self.mending.insert(told.control.to_owned());
                self.tell(told, repair, HealResult::Applied, None);
            }
            Err(error) => self.tell(told, repair, failure(&error), Some(&error.to_string())),
        }
        // Also after an error: an answer that was lost does not mean that nothing was written.
        true
    }

    fn tell(&self, told: &Told<'_>, repair: &Repair, result: HealResult, reason: Option<&str>) {
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
