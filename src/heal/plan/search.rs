use std::cell::Cell;

use crate::assess::{Assessment, Chain, Finding, Link, Verdict};
use crate::heal::model::group_is_named;
use crate::heal::shell;
use crate::heal::{Plan, Repair, Step, StepAction};
use crate::snapshot::Snapshot;

use super::act::{Act, Action, Brief, Candidate, Site};
use super::effect::Effect;
use super::ways;

/// Evaluations that one plan may cost. A chain has nine links with few ways to mend each; more than this means that the ways
/// form a maze, and the best plan so far is as good as it gets.
const MOST_EVALUATIONS: u32 = 200;

/// Looks for the steps.
pub(super) struct Search<'a> {
    judge: &'a dyn Fn(&Snapshot) -> Assessment,
    brief: &'a Brief<'a>,
    evaluations: Cell<u32>,
}

/// A plan in the making, and where it leads.
#[derive(Clone)]
struct Draft {
    /// The account once our own repairs are carried out.
    real: Snapshot,
    /// The account once the questions are answered, too.
    imagined: Snapshot,
    steps: Vec<(Step, Effect)>,
    /// Findings that only a person can settle, in a way that cannot be foreseen.
    left: Vec<FindingKey>,
}

type FindingKey = (Link, Option<String>, String);

fn key(finding: &Finding) -> FindingKey {
    (
        finding.link,
        finding.resource.clone(),
        finding.message.clone(),
    )
}

/// Whether a call serves the account as it is. A log group is created for a trail that is there, not for one to come.
fn has_a_use(account: &Snapshot, repair: &Repair) -> bool {
    match repair {
        Repair::CreateLogGroup { region, name } => group_is_named(account, region, name),
        _ => true,
    }
}

/// The best path, as far as it has to do with the finding: where no filter of the control is there at all, what other
/// filters of the group feed is none of its business.
fn related(assessment: &Assessment, finding: &Finding) -> Chain {
    let chain = assessment.chain.clone();
    let names_filter = || {
        let mut filters = chain.filters.iter();
        filters.any(|filter| finding.resource.as_ref() == Some(&filter.filter_name))
    };
    if finding.link != Link::Pattern || names_filter() {
        return chain;
    }
    Chain {
        trail: chain.trail,
        selectors: chain.selectors,
        log_group: chain.log_group,
        ..Chain::default()
    }
}

impl Draft {
    /// What is to be kept small: what cannot be foreseen, then questions, then steps.
    fn cost(&self) -> (usize, usize, usize) {
        (self.left.len(), self.asks(), self.steps.len())
    }

    fn asks(&self) -> usize {
        self.steps
            .iter()
            .filter(|(step, _)| matches!(step.action, StepAction::Ask { .. }))
            .count()
    }

    fn writes(&self, repair: &Repair) -> bool {
        self.steps
            .iter()
            .any(|(_, effect)| matches!(effect, Effect::Write(other) if other == repair))
    }
}

impl<'a> Search<'a> {
    pub(super) fn new(judge: &'a dyn Fn(&Snapshot) -> Assessment, brief: &'a Brief<'a>) -> Self {
        Self {
            judge,
            brief,
            evaluations: Cell::new(0),
        }
    }

    pub(super) fn run(&self, snapshot: &Snapshot, assessment: &Assessment) -> Plan {
        let start = Draft {
            real: snapshot.clone(),
            imagined: snapshot.clone(),
            steps: Vec::new(),
            left: Vec::new(),
        };
        let found = self.settle(start, assessment);
        Plan {
            steps: self.without_the_needless(snapshot, found),
        }
    }

    fn judge(&self, snapshot: &Snapshot) -> Assessment {
        self.evaluations.set(self.evaluations.get() + 1);
        (self.judge)(snapshot)
    }

    /// Mends the first finding that is left, then what is left after that.
    fn settle(&self, draft: Draft, assessment: &Assessment) -> Draft {
        if assessment.verdict == Verdict::Pass {
            return draft;
        }
        let Some(finding) = assessment
            .findings
            .iter()
            .find(|finding| !draft.left.contains(&key(finding)))
        else {
            return draft;
        };
        let chain = related(assessment, finding);
        let site = Site {
            brief: self.brief,
            snapshot: &draft.imagined,
            chain: &chain,
            finding,
        };
        let mut best: Option<Draft> = None;
        // What could not be seen is nothing to write to.
        if assessment.verdict == Verdict::Fail {
            for candidate in ways::candidates(&site) {
                if self.evaluations.get() >= MOST_EVALUATIONS {
                    break;
                }
                let Some((extended, after)) = self.attempt(&draft, finding, candidate) else {
                    continue;
                };
                let asked = extended.asks() > draft.asks();
                let settled = self.settle(extended, &after);
                let enough = settled.left.len() == draft.left.len() && !asked;
                if best
                    .as_ref()
                    .is_none_or(|best| settled.cost() < best.cost())
                {
                    best = Some(settled);
                }
                if enough {
                    break;
                }
            }
        }
        if let Some(best) = best {
            return best;
        }
        let act = ways::last_resort(&site);
        let mut draft = draft.clone();
        draft.left.push(key(finding));
        self.push(&mut draft, act);
        self.settle(draft, assessment)
    }

    /// The draft with a candidate's steps behind it, and what the evaluation then says; none where the candidate changes
    /// nothing or does not mend the finding. What is named next may lie before it: a fault can hide another.
    fn attempt(
        &self,
        draft: &Draft,
        finding: &Finding,
        candidate: Candidate,
    ) -> Option<(Draft, Assessment)> {
        let mut extended = draft.clone();
        for act in candidate {
            if let Action::Write(repair) = &act.action
                && draft.writes(repair)
            {
                return None;
            }
            let mut imagined = extended.imagined.clone();
            act.effect().happen(&mut imagined);
            if imagined != extended.imagined {
                extended.imagined = imagined;
                self.push(&mut extended, act);
            }
        }
        if extended.imagined == draft.imagined {
            return None;
        }
        let after = self.judge(&extended.imagined);
        let mended = after.verdict != Verdict::Fail
            || after
                .findings
                .iter()
                .all(|other| key(other) != key(finding));
        mended.then_some((extended, after))
    }

    /// Adds a step: a call where it may be made now, and a question otherwise.
    fn push(&self, draft: &mut Draft, act: Act) {
        let effect = act.effect();
        let action = match act.action {
            Action::Ask {
                reason, command, ..
            } => StepAction::Ask { reason, command },
            Action::Write(repair) if !self.brief.policy.allows(act.link) => StepAction::Ask {
                reason: format!("heal.links does not name {}", act.link),
                command: shell::command(&repair),
            },
            Action::Write(repair) => {
                let real = crate::heal::apply_to(&draft.real, &repair);
                if real == draft.real || !has_a_use(&draft.real, &repair) {
                    StepAction::Ask {
                        reason: "it waits for a step above that needs a person; trailwarden does it itself after that"
                            .to_owned(),
                        command: shell::command(&repair),
                    }
                } else {
                    draft.real = real;
                    StepAction::Repair(repair)
                }
            }
        };
        draft.steps.push((
            Step {
                link: act.link,
                summary: act.summary,
                action,
            },
            effect,
        ));
    }

    /// Leaves out repairs without which the plan leads as far, and, where it leads to PASS, questions whose answer it did
    /// not count on. What the configuration names is subscribed in any case.
    fn without_the_needless(&self, start: &Snapshot, found: Draft) -> Vec<Step> {
        let mut steps = found.steps;
        if steps.len() > 1 {
            let reached = self.outcome(start, &steps);
            if reached.0 == Verdict::Pass {
                steps.retain(|(_, effect)| !matches!(effect, Effect::Unforeseen));
            }
            for index in (0..steps.len()).rev() {
                let optional = steps.get(index).is_some_and(|(step, _)| {
                    matches!(&step.action, StepAction::Repair(repair)
                        if !matches!(repair, Repair::Subscribe { .. }))
                });
                if optional {
                    let mut fewer = steps.clone();
                    fewer.remove(index);
                    if self.outcome(start, &fewer) == reached {
                        steps = fewer;
                    }
                }
            }
        }
        steps.into_iter().map(|(step, _)| step).collect()
    }

    /// Where the steps lead, questions answered.
    fn outcome(&self, start: &Snapshot, steps: &[(Step, Effect)]) -> (Verdict, Vec<FindingKey>) {
        let mut account = start.clone();
        for (_, effect) in steps {
            effect.happen(&mut account);
        }
        let assessment = self.judge(&account);
        let left = assessment.findings.iter().map(key).collect();
        (assessment.verdict, left)
    }
}
