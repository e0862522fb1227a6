//! What the chains of a scope were like, and who was told by them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::attribution::Suspects;
use super::happening::{Happening, What};
use super::judge::Look;
use crate::assess::{Chain, Verdict};
use crate::journal::{Changed, ControlMemory, Entry, Memory, Origin, Setup};
use crate::snapshot::AccountId;
use crate::telemetry::Events;

/// What is remembered of each control of one scope, by key.
#[derive(Debug, Default)]
pub(super) struct Memories {
    controls: BTreeMap<String, ControlMemory>,
    /// Controls that passed at the last look.
    passing: BTreeSet<String>,
    /// What is to be kept.
    entries: Vec<Entry>,
    happenings: Vec<Happening>,
}

impl Memories {
    /// Goes on where an earlier process ended (`first`), or takes over what an operator accepted meanwhile. True: he did.
    pub(super) fn resume(&mut self, memory: &Memory, first: bool) -> bool {
        let mut accepted = false;
        for (control, theirs) in &memory.controls {
            let Some(known_good) = &theirs.known_good else {
                continue;
            };
            let ours = self.controls.entry(control.clone()).or_default();
            let is_news = ours.known_good.as_ref() != Some(known_good);
            if first {
                ours.known_good = Some(known_good.clone());
                ours.candidate.clone_from(&theirs.candidate);
            } else if is_news && known_good.origin == Origin::Accepted {
                ours.known_good = Some(known_good.clone());
                ours.candidate = None;
                accepted = true;
            }
        }
        for control in memory.controls.keys() {
            self.share(control);
        }
        accepted
    }

    /// Holds what this control has in common with others once.
    fn share(&mut self, control: &str) {
        if let Some((control, mut memory)) = self.controls.remove_entry(control) {
            for other in self.controls.values() {
                memory.share(other);
            }
            self.controls.insert(control, memory);
        }
    }

    /// Everything, to be kept once more.
    pub(super) fn everything(&self, account: &AccountId) -> Vec<Entry> {
        self.controls
            .iter()
            .flat_map(|(control, memory)| kept(account, control, memory, Changed::KnownGood))
            .collect()
    }

    /// What is to be kept since this was asked last.
    pub(super) fn news(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.entries)
    }

    /// What happened since this was asked last.
    pub(super) fn happenings(&mut self) -> Vec<Happening> {
        std::mem::take(&mut self.happenings)
    }

    /// The chains to go back to.
    pub(super) fn known_good(&self) -> impl Iterator<Item = &Chain> {
        self.controls
            .values()
            .filter_map(|memory| Some(&*memory.known_good_setup()?.chain))
    }

    /// The chain that this control is to go back to.
    pub(super) fn known_good_of(&self, control: &str) -> Option<&Chain> {
        Some(&self.controls.get(control)?.known_good_setup()?.chain)
    }

    /// How this control was set up when it was last seen to pass, as far as that is known.
    pub(super) fn last_passed(&self, control: &str) -> Option<&Chain> {
        Some(&self.controls.get(control)?.last_setup()?.chain)
    }

    /// Takes in how the controls of a look are set up that pass. `watched` is the time since the look before, where nothing
    /// can have been missed in between.
    pub(super) fn learn(
        &mut self,
        look: &Look,
        watched: SignedDuration,
        suspects: &Suspects,
        events: &Events,
    ) {
        let account = &look.snapshot.account_id;
        let now = look.snapshot.now;
        for assessment in &look.assessments {
            let control = &assessment.control;
            let passed_before = self.passing.remove(control);
            let memory = self.controls.entry(control.clone()).or_default();
            let Some(setup) = Setup::of(assessment) else {
                events.recipients_changed(account, control, false);
                if assessment.verdict == Verdict::Fail {
                    let changed = memory.fails();
                    self.entries.extend(kept(account, control, memory, changed));
                }
                continue;
            };
            self.passing.insert(control.clone());
            if let Some(before) = memory.last_setup()
                && before.audience != setup.audience
            {
                if is_half_blind(look) {
                    events.recipients_changed(account, control, false);
                    continue;
                }
                let chains = [&*before.chain, &*setup.chain];
                self.happenings.push(Happening {
                    control: Some(control.clone()),
                    at: now,
                    actor: suspects.rerouter(&chains).cloned(),
                    what: What::Rerouted {
                        before: before.audience.clone(),
                        after: setup.audience.clone(),
                    },
                });
            }
            let watched = if passed_before {
                watched
            } else {
                SignedDuration::ZERO
            };
            let changed = memory.passes(setup, now, watched);
            self.entries.extend(kept(account, control, memory, changed));
            let others_told = memory
                .known_good_setup()
                .is_some_and(|good| good.audience != assessment.audience);
            events.recipients_changed(account, control, others_told);
            if changed != Changed::Nothing {
                self.share(control);
            }
        }
    }
}

/// Whether somebody may be told through what was not seen.
fn is_half_blind(look: &Look) -> bool {
    let mut holes = look.snapshot.api_errors.keys();
    holes.any(|call| call.starts_with("sns:") || call.starts_with("cloudwatch:"))
}

/// What the journal is to keep of a control beside how it stands.
fn kept(
    account: &AccountId,
    control: &str,
    memory: &ControlMemory,
    changed: Changed,
) -> Vec<Entry> {
    let known_good = memory.known_good.as_ref();
    let known_good = known_good.filter(|_| changed == Changed::KnownGood);
    let known_good = known_good.map(|known_good| Entry::KnownGood {
        account: account.clone(),
        control: control.to_owned(),
        known_good: known_good.clone(),
    });
    let candidate = (changed != Changed::Nothing).then(|| Entry::Candidate {
        account: account.clone(),
        control: control.to_owned(),
        candidate: memory.candidate.clone(),
    });
    known_good.into_iter().chain(candidate).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::telemetry::samples::passing;

    #[test]
    fn what_controls_have_in_common_is_held_once() {
        let setup = || Setup::of(&passing()).unwrap();
        let mut memory = Memory::default();
        for control in ["one", "two"] {
            let ours = memory.controls.entry(control.to_owned()).or_default();
            ours.passes(setup(), jiff::Timestamp::UNIX_EPOCH, SignedDuration::ZERO);
        }
        let mut memories = Memories::default();
        memories.resume(&memory, true);
        let [one, two] = ["one", "two"].map(|control| memories.known_good_of(control).unwrap());
        assert_eq!(one, two);
        let trails = [one, two].map(|chain| chain.trail.as_ref().unwrap());
        assert!(Arc::ptr_eq(trails[0], trails[1]));
        let subscriptions = [one, two].map(|chain| &chain.subscriptions[0]);
        assert!(Arc::ptr_eq(subscriptions[0], subscriptions[1]));
    }
}
