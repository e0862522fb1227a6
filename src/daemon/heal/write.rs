//! One write, from the promise of the journal to the answer of AWS.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{Healer, JOURNAL_PAUSE};
use crate::assess::Verdict;
use crate::aws::{AccountApi, Applied, ApplyError, Class};
use crate::daemon::judge::{Judge, Look};
use crate::daemon::scope::LOOK_LIMIT;
use crate::drill::Resource;
use crate::heal::{Outcome, Repair, Step, unchanged};
use crate::journal::Deed;
#[cfg(test)]
use crate::mutant::{Mutant, planted};
use crate::snapshot::AccountId;
use crate::telemetry::{HealResult, HealStep};

/// A write rests on a look that is no older than this: where the journal took longer, the account is looked at once more.
const FRESH: Duration = Duration::from_secs(1);

impl Healer {
    /// What has to be in the journal before a write: without it a crash loop could write without end, and who comes after a
    /// crash would take the event of the write for a theft.
    async fn secure(&mut self, account: &AccountId) -> Result<(), String> {
        if !self.resumed {
            let reason = self.journal.failure();
            return Err(reason.unwrap_or_else(|| "the journal has not been read".to_owned()));
        }
        let entries = vec![self.guard_entry(account), self.own_entry(account)];
        #[cfg(test)]
        if planted(Mutant::WritesBeforeTheJournal) {
            self.journal.keep(entries);
            return Ok(());
        }
        let secured = self.journal.secure(entries).await;
        secured.map_err(|error| error.to_string())
    }

    /// Why a repair is not called for any more, by what the account is now.
    async fn outdated(
        &self,
        api: &dyn AccountApi,
        look: &Look,
        judge: &Judge,
        control: &str,
        repair: &Repair,
    ) -> Option<&'static str> {
        if self.limits.closed_until((self.clock)()).is_some() {
            return Some("a maintenance window has opened");
        }
        let remembered = self.remembered();
        let Ok(Ok(mut seen)) = timeout(LOOK_LIMIT, api.observe(&remembered)).await else {
            return Some("the account cannot be looked at once more");
        };
        seen.other_accounts
            .clone_from(&look.snapshot.other_accounts);
        let again = judge.judge(seen);
        let mut assessments = again.assessments.iter();
        let is_called_for = assessments
            .find(|one| one.control == control && one.verdict == Verdict::Fail)
            .is_some_and(|assessment| {
                let known_good = self.memories.known_good_of(control);
                let plan = judge.plan(&again.snapshot, assessment, known_good, &self.policy);
                plan.repairs().next().is_some_and(|(_, one)| one == repair)
            });
        let is_same = is_called_for && unchanged(&look.snapshot, &again.snapshot, repair);
        (!is_same).then_some("the account has just changed")
    }

    /// Carries a repair out, once the journal has promised to remember it. True: something may have been written.
    pub(super) async fn write(
        &mut self,
        api: &dyn AccountApi,
        (look, seen): (&Look, Instant),
        judge: &Judge,
        told: &Told<'_>,
        repair: &Repair,
    ) -> bool {
        self.guard.begin((self.clock)(), repair);
        self.own.begin(repair, (self.clock)());
        if let Err(reason) = self.secure(told.account).await {
            self.guard.record((self.clock)(), Outcome::Dropped);
            self.own.refused();
            if self.told.get(told.control) != Some(&reason) {
                self.tell(told, repair, HealResult::Held, Some(&reason));
                self.told.insert(told.control.to_owned(), reason);
            }
            self.wake(JOURNAL_PAUSE);
            return false;
        }
        if seen.elapsed() > FRESH
            && let Some(reason) = self.outdated(api, look, judge, told.control, repair).await
        {
            self.guard.record((self.clock)(), Outcome::Dropped);
            self.own.refused();
            self.tell(told, repair, HealResult::Dropped, Some(reason));
            self.wake(Duration::from_secs(1));
            return false;
        }
        #[cfg(test)]
        let repair = &spoilt(repair);
        let answer = api.apply(repair).await;
        #[cfg(test)]
        let answer = insist(answer, api, repair).await;
        let now = (self.clock)();
        let outcome = if answer.is_ok() {
            Outcome::Applied
        } else {
            Outcome::Failed
        };
        #[cfg(test)]
        let outcome = match outcome {
            Outcome::Failed if planted(Mutant::FailuresAreFree) => Outcome::Dropped,
            outcome => outcome,
        };
        self.guard.record(now, outcome);
        match answer {
            Ok(applied) => {
                self.own.answered(applied.request_id);
                let written = self.mending.entry(told.control.to_owned()).or_default();
                written.push(told.step.summary.clone());
                self.tell(told, repair, HealResult::Applied, None);
            }
            Err(error) => {
                if error.class() == Class::Transient {
                    self.own.lost(now);
                } else {
                    self.own.refused();
                }
                self.tell(told, repair, failure(&error), Some(&error.to_string()));
            }
        }
        // Also after an error: an answer that was lost does not mean that nothing was written.
        true
    }

    /// Whether what a drill left may be removed now: the journal has promised to remember it.
    pub(in crate::daemon) async fn begin_removal(
        &mut self,
        account: &AccountId,
        resource: &Resource,
    ) -> bool {
        if !self.may_write() {
            return false;
        }
        self.own.begin_removal(resource, (self.clock)());
        // The journal may have taken its time.
        let may_begin = self.secure(account).await.is_ok() && self.may_write();
        if !may_begin {
            self.own.refused();
        }
        may_begin
    }

    /// What became of the removal that was begun.
    pub(in crate::daemon) fn end_removal(&mut self, answer: &Result<Applied, Class>) {
        match answer {
            Ok(removed) => self.own.answered(removed.request_id.clone()),
            Err(Class::Transient) => self.own.lost((self.clock)()),
            Err(_) => self.own.refused(),
        }
    }

    /// Notes and tells what became of a repair.
    pub(super) fn tell(
        &mut self,
        told: &Told<'_>,
        repair: &Repair,
        result: HealResult,
        reason: Option<&str>,
    ) {
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
pub(super) struct Told<'a> {
    pub(super) account: &'a AccountId,
    pub(super) control: &'a str,
    pub(super) step: &'a Step,
}

/// What the planted bug of a write makes of a repair.
#[cfg(test)]
fn spoilt(repair: &Repair) -> Repair {
    let mut repair = repair.clone();
    if let Repair::PutMetricAlarm { alarm, .. } = &mut repair
        && planted(Mutant::SilencesAlarms)
    {
        alarm.alarm_actions.clear();
    }
    repair
}

/// What the planted bug of a retry makes of an answer.
#[cfg(test)]
async fn insist(
    mut answer: Result<Applied, ApplyError>,
    api: &dyn AccountApi,
    repair: &Repair,
) -> Result<Applied, ApplyError> {
    while answer.is_err() && planted(Mutant::WritesAgainAtOnce) {
        answer = api.apply(repair).await;
    }
    answer
}

const fn failure(error: &ApplyError) -> HealResult {
    match error.class() {
        Class::Denied => HealResult::Denied,
        Class::Transient | Class::Gone | Class::Invalid | Class::Bug => HealResult::Failed,
    }
}
