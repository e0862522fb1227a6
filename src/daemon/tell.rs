//! From the verdicts of a look to the notices that people get.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::happening::{self, Happening, What};
use super::heal::Healer;
use super::judge::{Judge, Look};
use super::standing::Standings;
use crate::assess::{Assessment, Recipient};
use crate::journal::Memory;
use crate::notify::{Course, Kind, News, Notice, Notifier, Sight, Subject};
use crate::telemetry::{ControlInfo, Events};

/// Tells of what changes in one scope.
pub(super) struct Teller {
    notifier: Notifier,
    events: Events,
    /// Per control.
    courses: BTreeMap<String, Course>,
    /// Targets whose topic was found in a chain, each said once.
    dependent: BTreeSet<String>,
}

impl Teller {
    pub(super) const fn new(notifier: Notifier, events: Events) -> Self {
        Self {
            notifier,
            events,
            courses: BTreeMap::new(),
            dependent: BTreeSet::new(),
        }
    }

    /// Goes on where an earlier process ended. What it told is not told again, and what is over is.
    pub(super) fn resume(&mut self, memory: &Memory, now: Timestamp) {
        for (control, memory) in &memory.controls {
            if let Some(spell) = &memory.spell
                && !self.courses.contains_key(control)
            {
                let sight = Sight {
                    verdict: spell.verdict,
                    link: spell.link,
                    since: spell.since,
                    actor_known: spell.actor.is_some(),
                };
                self.courses
                    .insert(control.clone(), Course::resumed(&sight, now));
            }
        }
    }

    /// Takes a look in whose standings are up to date.
    pub(super) fn update(
        &mut self,
        look: &Look,
        judge: &Judge,
        standings: &Standings,
        healer: &Healer,
    ) {
        let now = look.snapshot.now;
        for (control, assessment) in judge.controls().iter().zip(&look.assessments) {
            self.warn_of_dependence(assessment);
            let actor = standings.actor(&control.key);
            let course = self.courses.entry(control.key.clone()).or_default();
            let Some(news) = course.next(&Sight {
                verdict: assessment.verdict,
                link: assessment.broken_link,
                since: standings.since(&control.key).unwrap_or(now),
                actor_known: actor.is_some(),
            }) else {
                continue;
            };
            let subject = Subject {
                account: &look.snapshot.account_id,
                region: assessment.region.as_deref(),
                control: &ControlInfo::new(control, judge.benchmark()),
                at: now,
            };
            let done = done(&news, &control.key, healer);
            self.notifier
                .tell(Notice::of_chain(&subject, &news, assessment, actor, &done));
        }
    }

    /// Tells of what happened beside the verdicts.
    pub(super) fn happened(&self, happening: &Happening, look: &Look, judge: &Judge) {
        let account = &look.snapshot.account_id;
        let actor = happening.actor.as_ref();
        if let (What::Stolen { .. }, Some(actor)) = (&happening.what, actor) {
            let notice = Notice::own_credentials_used_elsewhere(account, actor, happening.at);
            self.notifier.tell(notice);
        }
        let Some((control, assessment)) = judge
            .controls()
            .iter()
            .zip(&look.assessments)
            .find(|(control, _)| happening.control.as_ref() == Some(&control.key))
        else {
            return;
        };
        let subject = Subject {
            account,
            region: assessment.region.as_deref(),
            control: &ControlInfo::new(control, judge.benchmark()),
            at: happening.at,
        };
        let names = |recipients: &[Recipient]| -> Vec<String> {
            recipients.iter().map(happening::name).collect()
        };
        match &happening.what {
            What::Stolen { .. } => {}
            What::Rerouted { before, after } => {
                let (before, after) = (names(before), names(after));
                self.notifier
                    .tell(Notice::recipients_changed(&subject, &before, &after, actor));
            }
            What::GaveWay(stop) => {
                let remedies = assessment.findings.iter();
                let left: Vec<String> = remedies.filter_map(|one| one.remedy.clone()).collect();
                self.notifier.tell(Notice::gave_way(&subject, stop, &left));
            }
        }
    }

    fn warn_of_dependence(&mut self, assessment: &Assessment) {
        let Some(topic) = &assessment.chain.topic else {
            return;
        };
        if let Some(target) = self.notifier.target_of_topic(&topic.topic_arn)
            && self.dependent.insert(target.to_owned())
        {
            self.events.notify_dependent(target, &assessment.control);
        }
    }
}

/// What trailwarden did, or is about to do.
fn done(news: &News, control: &str, healer: &Healer) -> Vec<String> {
    let applied = healer.applied(control);
    if !applied.is_empty() {
        return applied.to_vec();
    }
    if news.kind == Kind::Mended {
        return vec!["nothing: it was mended by others".to_owned()];
    }
    vec![healer.intention().to_owned()]
}
