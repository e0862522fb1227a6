//! How each control of a scope stands beyond one look: since when, and by whom.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::attribution::Suspects;
use super::heal::Healer;
use super::judge::{Judge, Look};
use crate::assess::{Assessment, Chain, Finding, Link, Verdict};
use crate::event::Actor;
use crate::journal::{Deed, Entry, Memory, Spell};
#[cfg(test)]
use crate::mutant::{Mutant, planted};
use crate::snapshot::{AccountId, Snapshot};
use crate::telemetry::{ControlInfo, ControlReport, ControlStatus, Events, VerdictChange};

/// The standing of every control of one scope, by key.
#[derive(Debug, Default)]
pub(super) struct Standings {
    controls: BTreeMap<String, Box<Standing>>,
    /// Spells that began, changed or ended, to be kept.
    news: Vec<Spell>,
}

#[derive(Debug)]
struct Standing {
    spell: Spell,
    /// The best path when the control last passed, while it does not: what a call must have named to be blamed.
    whole: Option<Box<Chain>>,
    /// Who broke which link, as far as a call explains it.
    actors: BTreeMap<Link, Actor>,
    /// For each link that is broken, when the look had ended that first showed it: no later call is what broke it.
    broken_by: BTreeMap<Link, Timestamp>,
    /// This process has told of it.
    told: bool,
}

impl Standings {
    /// Goes on where an earlier process ended. A control that is no longer judged ends here.
    pub(super) fn resume(&mut self, memory: &Memory, judge: &Judge, snapshot: &Snapshot) {
        for (control, memory) in &memory.controls {
            let Some(spell) = &memory.spell else {
                continue;
            };
            let ended = match self.controls.get(control) {
                // It was looked at before the journal could be read.
                Some(standing) => Some(standing.spell.since),
                None if judge.controls().iter().any(|one| one.key == *control) => None,
                None => Some(snapshot.now),
            };
            if let Some(until) = ended {
                if self.is_news(spell) {
                    self.news.push(Spell {
                        until: Some(until),
                        ..(**spell).clone()
                    });
                }
                continue;
            }
            let actor = spell.link.zip(spell.actor.clone());
            let broken_by = spell.link.map(|link| {
                let called = spell.actor.as_ref().map(|actor| actor.time);
                (
                    link,
                    called.map_or(spell.since, |called| called.max(spell.since)),
                )
            });
            let standing = Standing {
                spell: (**spell).clone(),
                whole: (spell.verdict != Verdict::Pass)
                    .then(|| memory.last_setup().map(|setup| setup.chain.clone()))
                    .flatten(),
                actors: actor.into_iter().collect(),
                broken_by: broken_by.into_iter().collect(),
                told: false,
            };
            self.controls.insert(control.clone(), Box::new(standing));
        }
    }

    /// Whether a spell of the journal is another than the present one of that control.
    fn is_news(&self, spell: &Spell) -> bool {
        self.controls
            .get(&spell.control)
            .is_none_or(|standing| standing.spell.since != spell.since)
    }

    /// Takes a look in that has ended by now, and tells of what changed. The healer remembers what passed at the looks before
    /// this one.
    pub(super) fn update(
        &mut self,
        look: &Look,
        now: Timestamp,
        healer: &Healer,
        suspects: &Suspects,
        events: &Events,
    ) {
        let account = &look.snapshot.account_id;
        for assessment in &look.assessments {
            let before = self.controls.remove(&assessment.control).map(|one| *one);
            let was = before.as_ref().map(|one| one.spell.clone());
            let told = before.as_ref().is_some_and(|one| one.told);
            let passed = healer.last_passed(&assessment.control);
            let mut standing = Standing::next(before, assessment, (look, now), passed, suspects);
            let is = &standing.spell;
            let changed = was.as_ref().is_none_or(|was| was.since != is.since)
                || (!told && is.verdict != Verdict::Pass);
            // Who did it can become known, or better known, after the verdict.
            if changed || was.as_ref().is_some_and(|was| was.actor != is.actor) {
                events.verdict_changed(&VerdictChange {
                    account,
                    from: was.as_ref().map(|was| was.verdict),
                    assessment,
                    actor: is.actor.as_ref(),
                });
            }
            standing.told = true;
            #[cfg(test)]
            let was = was.filter(|_| !planted(Mutant::NeverClosesIncidents));
            if was.as_ref() != Some(&standing.spell) {
                self.news.extend(
                    was.filter(|was| was.since != standing.spell.since)
                        .map(|was| Spell {
                            until: Some(standing.spell.since),
                            ..was
                        }),
                );
                self.news.push(standing.spell.clone());
            }
            let control = assessment.control.clone();
            self.controls.insert(control, Box::new(standing));
        }
    }

    /// Writes down what was done about a control.
    pub(super) fn note(&mut self, control: &str, deed: Deed) {
        if let Some(standing) = self.controls.get_mut(control) {
            standing.spell.note(deed);
            self.news.push(standing.spell.clone());
        }
    }

    /// What is to be kept since this was asked last.
    pub(super) fn news(&mut self) -> Vec<Spell> {
        std::mem::take(&mut self.news)
    }

    /// Everything that lasts, to be kept once more.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> {
        self.controls
            .values()
            .map(|standing| Entry::Spell(standing.spell.clone()))
    }

    /// Who broke the first broken link of a control, as reported.
    pub(super) fn actor(&self, control: &str) -> Option<&Actor> {
        self.controls.get(control)?.spell.actor.as_ref()
    }

    /// Since when a control stands as it does.
    pub(super) fn since(&self, control: &str) -> Option<Timestamp> {
        Some(self.controls.get(control)?.spell.since)
    }

    /// What the status page shows of each control.
    pub(super) fn controls(
        &self,
        look: &Look,
        judge: &Judge,
        healer: &Healer,
    ) -> Vec<ControlStatus> {
        let benchmark = judge.benchmark();
        let pairs = judge.controls().iter().zip(&look.assessments);
        pairs
            .map(|(control, assessment)| {
                let standing = self.controls.get(&control.key);
                let actor_of = |finding: &Finding| standing?.actors.get(&finding.link).cloned();
                ControlStatus {
                    report: ControlReport::new(
                        &ControlInfo::new(control, benchmark),
                        assessment,
                        actor_of,
                    ),
                    since: standing.map_or(look.snapshot.now, |one| one.spell.since),
                    actor: standing.and_then(|one| one.spell.actor.clone().map(Box::new)),
                    plan: healer.plan(&control.key).cloned(),
                }
            })
            .collect()
    }
}

impl Standing {
    fn next(
        before: Option<Self>,
        assessment: &Assessment,
        (look, now): (&Look, Timestamp),
        passed: Option<&Chain>,
        suspects: &Suspects,
    ) -> Self {
        let (verdict, link) = (assessment.verdict, assessment.broken_link);
        let (same, whole, mut actors, mut broken_by) = match before {
            Some(one) => {
                let same = (one.spell.verdict, one.spell.link) == (verdict, link);
                // What does not pass is not remembered for long.
                let whole = one.whole.or_else(|| passed.cloned().map(Box::new));
                (same.then_some(one.spell), whole, one.actors, one.broken_by)
            }
            None => (None, None, BTreeMap::new(), BTreeMap::new()),
        };
        let mut spell = same.unwrap_or_else(|| begun(&look.snapshot.account_id, assessment, look));
        if verdict == Verdict::Pass {
            return Self {
                spell,
                whole: None,
                actors: BTreeMap::new(),
                broken_by: BTreeMap::new(),
                told: false,
            };
        }
        let is_broken = |link: &Link| assessment.findings.iter().any(|one| one.link == *link);
        actors.retain(|link, _| is_broken(link));
        broken_by.retain(|link, _| is_broken(link));
        let mut chains = vec![&assessment.chain];
        chains.extend(whole.as_deref());
        for Finding { link, .. } in &assessment.findings {
            let until = *broken_by.entry(*link).or_insert(now);
            let actor = suspects.culprit_until(until, *link, &chains).or_else(|| {
                // The clock of this host may be behind: better somebody than nobody.
                let is_known = actors.contains_key(link);
                (!is_known).then(|| suspects.culprit(*link, &chains))?
            });
            if let Some(actor) = actor {
                actors.insert(*link, actor.clone());
            }
        }
        let finding = assessment.decisive();
        spell.resource = finding.and_then(|one| one.resource.clone());
        spell.message = finding.map(|one| one.message.clone());
        spell.actor = link.and_then(|link| actors.get(&link).cloned());
        Self {
            spell,
            whole,
            actors,
            broken_by,
            told: false,
        }
    }
}

/// The spell that begins with this look.
fn begun(account: &AccountId, assessment: &Assessment, look: &Look) -> Spell {
    Spell {
        account: account.clone(),
        control: assessment.control.clone(),
        region: assessment.region.clone(),
        since: look.snapshot.now,
        until: None,
        verdict: assessment.verdict,
        link: assessment.broken_link,
        resource: None,
        message: None,
        actor: None,
        deeds: Vec::new(),
    }
}
