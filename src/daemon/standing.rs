//! How each control of a scope stands beyond one look: since when, and by whom.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::attribution::Suspects;
use super::heal::Healer;
use super::judge::{Judge, Look};
use crate::assess::{Assessment, Chain, Finding, Link, Verdict};
use crate::event::Actor;
use crate::telemetry::{ControlInfo, ControlReport, ControlStatus, Events, VerdictChange};

/// The standing of every control of one scope, by key.
#[derive(Debug, Default)]
pub(super) struct Standings(BTreeMap<String, Standing>);

#[derive(Debug)]
struct Standing {
    verdict: Verdict,
    broken_link: Option<Link>,
    since: Timestamp,
    /// The best path when the control last passed: what a call must have named to be blamed.
    whole: Option<Chain>,
    /// Who broke which link, as far as a call explains it.
    actors: BTreeMap<Link, Actor>,
}

impl Standings {
    /// Takes a look in, and tells of what changed.
    pub(super) fn update(&mut self, look: &Look, suspects: &Suspects, events: &Events) {
        for assessment in &look.assessments {
            let before = self.0.remove(&assessment.control);
            let from = before.as_ref().map(|one| one.verdict);
            let blamed = before.as_ref().and_then(Standing::actor).cloned();
            let changed = before.as_ref().is_none_or(|one| {
                (one.verdict, one.broken_link) != (assessment.verdict, assessment.broken_link)
            });
            let standing = Standing::next(before, assessment, look.snapshot.now, suspects);
            // Who did it can become known, or better known, after the verdict.
            if changed || standing.actor() != blamed.as_ref() {
                events.verdict_changed(&VerdictChange {
                    account: &look.snapshot.account_id,
                    from,
                    assessment,
                    actor: standing.actor(),
                });
            }
            self.0.insert(assessment.control.clone(), standing);
        }
    }

    /// Who broke the first broken link of a control, as reported.
    pub(super) fn actor(&self, control: &str) -> Option<&Actor> {
        self.0.get(control)?.actor()
    }

    /// Since when a control stands as it does.
    pub(super) fn since(&self, control: &str) -> Option<Timestamp> {
        Some(self.0.get(control)?.since)
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
                let standing = self.0.get(&control.key);
                let actor_of = |finding: &Finding| standing?.actors.get(&finding.link).cloned();
                ControlStatus {
                    report: ControlReport::new(
                        &ControlInfo::new(control, benchmark),
                        assessment,
                        actor_of,
                    ),
                    since: standing.map_or(look.snapshot.now, |one| one.since),
                    actor: standing.and_then(Standing::actor).cloned(),
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
        now: Timestamp,
        suspects: &Suspects,
    ) -> Self {
        let verdict = assessment.verdict;
        let (whole, mut actors, since) = match before {
            Some(one) => {
                let same = (one.verdict, one.broken_link) == (verdict, assessment.broken_link);
                (one.whole, one.actors, if same { one.since } else { now })
            }
            None => (None, BTreeMap::new(), now),
        };
        if verdict == Verdict::Pass {
            let whole = Some(assessment.chain.clone());
            return Self {
                verdict,
                broken_link: None,
                since,
                whole,
                actors: BTreeMap::new(),
            };
        }
        actors.retain(|link, _| {
            assessment
                .findings
                .iter()
                .any(|finding| finding.link == *link)
        });
        let mut chains = vec![&assessment.chain];
        chains.extend(&whole);
        for finding in &assessment.findings {
            if let Some(actor) = suspects.culprit(finding.link, &chains) {
                actors.insert(finding.link, actor.clone());
            }
        }
        Self {
            verdict,
            broken_link: assessment.broken_link,
            since,
            whole,
            actors,
        }
    }

    fn actor(&self) -> Option<&Actor> {
        self.actors.get(&self.broken_link?)
    }
}
