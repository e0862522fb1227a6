//! What has to hold of the looks and writes of one account.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::account::{Account, Looked, State};
use crate::assess::{Assessment, Link, LinkState, Verdict};
use crate::config::HealMode;
use crate::heal::{Repair, apply_to, unchanged};
use crate::snapshot::Snapshot;

const HOUR: Duration = Duration::from_hours(1);
/// What may lie between the decision to write and the write: the journal has the state of the guard first.
const SECURING: Duration = Duration::from_secs(6);
/// What may lie between a look and the write that it calls for.
const AT_ONCE: Duration = Duration::from_millis(1500);
/// The most looks within a minute that events, confirmations, retries and repairs explain together.
const MOST_A_MINUTE: usize = 60;
/// How long an event may have waited for its look: the longest pause within a burst, and a look that was under way.
const STILL_WAITING: Duration = Duration::from_secs(15);
/// The least that lies between a look that failed and its repetition; it doubles with each further failure, up to the other.
const FIRST_RETRY: Duration = Duration::from_millis(2500);
const RAREST_RETRY: Duration = Duration::from_secs(90);

impl Account {
    /// A repair is about to be written.
    pub(super) fn watch_write(&self, repair: &Repair) {
        let now = Instant::now();
        let limits = &self.scenario.limits;
        let stage = &self.stage;
        let target = repair.target();
        stage.law(
            "nothing is written unless heal.mode is apply",
            self.scenario.mode == HealMode::Apply,
            || target.clone(),
        );
        let clock = stage.now();
        let open = limits.windows.iter().find_map(|one| one.until(clock));
        stage.law(
            "nothing is written in a maintenance window",
            open.is_none(),
            || format!("{target}; it closes at {open:?}"),
        );

        let past = &mut *self.state();
        let in_hour = past.writes.iter();
        let in_hour = in_hour.filter(|one| now - one.at + SECURING < HOUR);
        let count = 1 + in_hour.count();
        stage.law(
            "no more is written in an hour than the budget says",
            count <= limits.budget_per_hour as usize,
            || format!("{target} is number {count}"),
        );
        let same: Vec<Instant> = past
            .writes
            .iter()
            .filter(|one| one.target == target)
            .map(|one| one.at)
            .collect();
        stage.law(
            "trailwarden gives way after so many writes to one target",
            same.len() < limits.stop_after as usize,
            || format!("{target} is number {}", 1 + same.len()),
        );
        let cooldown = Duration::try_from(limits.cooldown).unwrap();
        let too_soon = same
            .last()
            .is_some_and(|last| now - *last + SECURING < cooldown);
        stage.law(
            "a target is left alone between two writes",
            !too_soon,
            || {
                format!(
                    "{target} {:?} after the last",
                    same.last().map(|one| now - *one)
                )
            },
        );
        self.watch_grounds(past, repair, now);
        self.watch_intention(&target);
    }

    /// The process may die with the write, and the next one has to count it: it knows what is on the disk, and no more.
    fn watch_intention(&self, target: &str) {
        let kept = self.disk.store().recall(&self.id);
        let kept = kept.map(|memory| memory.guard.under_way().map(str::to_owned));
        let is_kept = matches!(&kept, Ok(Some(one)) if one == target);
        self.stage.law(
            "a write is in the journal before it is made",
            is_kept,
            || format!("{target}, and the journal has {kept:?}"),
        );
    }

    /// What the daemon has seen has to call for it.
    fn watch_grounds(&self, state: &mut State, repair: &Repair, now: Instant) {
        let process = self.stage.process();
        let settle = Duration::try_from(self.scenario.limits.settle).unwrap();
        let ended = state
            .looks
            .iter_mut()
            .filter(|look| look.process == process && look.ended.is_some());
        let mut first_fail = None;
        let mut last = None;
        for (number, look) in ended.rev().enumerate() {
            let verdict = self.verdict_of(look);
            self.stage.law(
                "nothing is written unless the last look says FAIL",
                number > 0 || verdict == Verdict::Fail,
                || format!("{} on {verdict:?}", repair.target()),
            );
            if verdict != Verdict::Fail {
                break;
            }
            first_fail = look.ended;
            last = last.or(look.ended);
        }
        self.stage.law(
            "a write follows at once on a look that calls for it",
            last.is_none_or(|last| now - last <= AT_ONCE),
            || {
                format!(
                    "{} {:?} after it",
                    repair.target(),
                    last.map(|last| now - last)
                )
            },
        );
        let settled = first_fail.is_some_and(|first| now - first >= settle);
        self.stage.law(
            "what is mended was seen broken twice, some seconds apart",
            settled,
            || format!("{} first seen {first_fail:?}", repair.target()),
        );
        let seen = state.looks.iter().rev();
        let mut seen = seen
            .filter(|look| look.process == process && look.ended.is_some())
            .map(|look| look.seen.as_ref());
        if let (Some(Some(last)), Some(Some(before))) = (seen.next(), seen.next()) {
            self.stage.law(
                "what has just changed is not written over",
                unchanged(before, last, repair),
                || repair.target(),
            );
        }
    }

    /// What a look has to be judged as.
    fn verdict_of(&self, look: &mut Looked) -> Verdict {
        let Some(seen) = &look.seen else {
            return Verdict::Unknown;
        };
        let judged = look.judged.get_or_insert_with(|| self.judge(seen));
        judged.verdict
    }

    /// A repair is being carried out. Each single step has to be an improvement: the next one may never come. And what
    /// people added beside what the control asks for is theirs: a call of AWS that replaces has to carry it over.
    pub(super) fn watch_effect(&self, repair: &Repair, after: &Snapshot) {
        let (had, has) = (things(&self.truth()), things(after));
        let lost: Vec<&String> = had.difference(&has).collect();
        let before = self.verdict();
        let after = self.judge(after);
        let state = self.state();
        // AWS has no conditional writes: what others did since the look was read cannot be known.
        let current = state.looks.iter().rev().find(|look| look.ended.is_some());
        let raced = current.is_none_or(|look| look.reads_from + 1 < state.versions());
        drop(state);
        self.stage.law(
            "a repair takes nothing away",
            raced || lost.is_empty(),
            || format!("{} cost {lost:?}", repair.target()),
        );
        self.stage.law(
            "no repair makes the chain worse",
            raced || !is_worse(&before, &after),
            || {
                format!(
                    "{} turned {:?} {:?} into {:?} {:?}",
                    repair.target(),
                    before.verdict,
                    before.links,
                    after.verdict,
                    after.links
                )
            },
        );
    }

    /// Before a look begins, what the one before showed has to be what is stored. One that was made once more before a write
    /// serves that write alone: what is stored is then the FAIL that called for it.
    pub(super) fn watch_stored(&self) {
        let process = self.stage.process();
        let state = &mut *self.state();
        let number = state.looks.len();
        let Some((last, earlier)) = state.looks.split_last_mut() else {
            return;
        };
        let is_cheap = last.seen.is_none() || number.is_multiple_of(4);
        if last.process != process || last.mute || last.ended.is_none() || !is_cheap {
            return;
        }
        let expected = self.verdict_of(last);
        let stored = self.stored().map(|(verdict, _, _)| verdict);
        let called = earlier
            .last_mut()
            .filter(|one| one.process == process && one.ended.is_some());
        let is_once_more = self.scenario.mode == HealMode::Apply
            && stored == Some(Verdict::Fail)
            && called.is_some_and(|one| self.verdict_of(one) == Verdict::Fail);
        self.stage.law(
            "what is stored is what the last look means",
            stored == Some(expected) || is_once_more,
            || format!("{stored:?} in place of {expected:?}"),
        );
    }

    /// Calls are bounded.
    pub(super) fn watch_rate(&self) {
        let now = Instant::now();
        let state = self.state();
        let recent = state.looks.iter().rev();
        let recent = recent.take_while(|look| now - look.began < Duration::from_mins(1));
        let count = recent.count();
        self.stage
            .law("looks are bounded", count <= MOST_A_MINUTE, || {
                format!("{count} in a minute")
            });
    }

    /// What fails is asked ever more rarely: an outage must not become a flood, and a limit of AWS is met by patience. What
    /// else asks for looks is not meant: events and their confirmations, sweeps, a repair that waits.
    pub(super) fn watch_retries(&self) {
        let now = Instant::now();
        let process = self.stage.process();
        let state = self.state();
        let blind = state.looks.iter().rev();
        let blind = blind.take_while(|look| look.process == process && look.seen.is_none());
        let count = blind.clone().count();
        let Some(first) = blind.last() else {
            return;
        };
        let events = state.told.iter().rev();
        let events = events.take_while(|told| **told + STILL_WAITING > first.began);
        let time = now - first.began;
        let sweep = self.scenario.sweep.mul_f64(0.9);
        let sweeps = usize::try_from(time.as_millis() / sweep.as_millis()).unwrap();
        // A sweep may be due in any case, and a repair may have waited.
        let others = 2 * events.count() + sweeps + 2;
        self.stage.law(
            "the longer nothing is seen, the more rarely it is tried",
            count <= others + retries_within(time),
            || format!("{count} looks in {time:?}"),
        );
    }

    /// Whether a verdict was stored by a look that began at or after that moment.
    pub(super) fn was_evaluated_since(&self, moment: Instant) -> bool {
        let process = self.stage.process();
        let state = self.state();
        state.looks.iter().rev().any(|look| {
            look.process == process && look.began >= moment && look.ended.is_some() && !look.mute
        })
    }

    /// Somebody else mends what he finds broken, one call at a time.
    pub(super) fn mended_by_others(&self) {
        let judged = self.verdict();
        let truth = self.truth();
        let policy = &self.scenario.policy;
        let plan = crate::heal::plan(&truth, &judged, &self.control, None, policy);
        if let Some((_, repair)) = plan.repairs().next() {
            let call = repair.kind().operation();
            self.change(call, "terraform", |state| *state = apply_to(&truth, repair));
        }
    }
}

/// How often a look that fails and fails may be repeated in this time.
fn retries_within(mut time: Duration) -> usize {
    let mut pause = FIRST_RETRY;
    let mut count = 0;
    while let Some(rest) = time.checked_sub(pause) {
        time = rest;
        pause = (2 * pause).min(RAREST_RETRY);
        count += 1;
    }
    count
}

/// What somebody may count on: everything that is there by its name, and whom each alarm tells of what.
fn things(account: &Snapshot) -> BTreeSet<String> {
    let alarms = account.alarms.iter().flatten().flat_map(|alarm| {
        let states = [
            ("alarm", &alarm.alarm_actions),
            ("ok", &alarm.ok_actions),
            ("insufficient data", &alarm.insufficient_data_actions),
        ];
        let name = &alarm.alarm_arn;
        let told = states.into_iter().flat_map(move |(state, actions)| {
            actions
                .iter()
                .map(move |one| format!("{name} tells {one} of {state}"))
        });
        told.chain([name.clone()])
    });
    let filters = account.metric_filters.iter().flatten();
    let filters =
        filters.map(|one| format!("filter {} of {}", one.filter_name, one.log_group_name));
    let groups = account.log_groups.iter();
    let groups = groups.map(|one| format!("log group {}", one.log_group_name));
    let topics = account.topics.iter().flatten();
    let topics = topics.map(|one| one.topic_arn.clone());
    let subscriptions = account.subscriptions.iter().flatten();
    let subscriptions = subscriptions.map(|one| one.subscription_arn.clone());
    let trails = account.trails.iter().flatten();
    let trails = trails.map(|one| one.trail_arn.clone());
    alarms
        .chain(filters)
        .chain(groups)
        .chain(topics)
        .chain(subscriptions)
        .chain(trails)
        .collect()
}

/// Whether what was true is less true now: a lower verdict, fewer whole links, somebody who is no longer told. Fewer links of
/// another path are no loss where no more events reach nobody: a filter that is put back waits for its own alarm until the next
/// step, beside a narrower one that has an alarm.
fn is_worse(before: &Assessment, after: &Assessment) -> bool {
    let rank = |one: &Assessment| match one.verdict {
        Verdict::Fail => 0,
        Verdict::Unknown => 1,
        Verdict::Pass => 2,
    };
    let whole = |one: &Assessment| {
        let states = Link::CHAIN.iter().map(|link| one.links.get(link));
        states
            .filter(|state| *state == Some(&LinkState::Ok))
            .count()
    };
    let path = |one: &Assessment| -> Vec<String> {
        let filters = one.chain.filters.iter();
        filters
            .map(|one| format!("{} {}", one.log_group_name, one.filter_name))
            .collect()
    };
    let missing = |one: &Assessment| -> BTreeSet<String> {
        let findings = one.findings.iter();
        findings
            .flat_map(|one| one.missing_events.clone())
            .collect()
    };
    let is_another_path = !path(before).is_empty() && path(before) != path(after);
    let is_less = whole(after) < whole(before)
        && (!is_another_path || !missing(after).is_subset(&missing(before)));
    let all_told = before
        .audience
        .iter()
        .all(|one| after.audience.contains(one));
    rank(after) < rank(before)
        || (rank(after) == rank(before) && is_less)
        || (after.verdict == Verdict::Pass && !all_told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::{Chain, Finding};
    use crate::snapshot::MetricFilter;

    /// A FAIL through that filter, broken at a link and not told of what follows it; these events reach nobody.
    fn fail(filter: &str, broken: Link, missing: &[&str]) -> Assessment {
        let links = Link::CHAIN.into_iter().map(|link| {
            let is_whole = link < broken || (broken == Link::Pattern && link > broken);
            let state = if is_whole {
                LinkState::Ok
            } else {
                LinkState::Broken
            };
            (link, state)
        });
        let filter = MetricFilter {
            filter_name: filter.to_owned(),
            ..MetricFilter::default()
        };
        Assessment {
            control: "cloudtrail-config-changes".to_owned(),
            verdict: Verdict::Fail,
            broken_link: Some(broken),
            findings: vec![Finding {
                link: broken,
                resource: None,
                message: String::new(),
                remedy: None,
                missing_events: missing.iter().map(|&name| name.to_owned()).collect(),
                counterexample: None,
            }],
            warnings: Vec::new(),
            links: links.collect(),
            chain: Chain {
                filters: vec![filter],
                ..Chain::default()
            },
            audience: Vec::new(),
            region: None,
            literal_cis: None,
            literal_security_hub: None,
        }
    }

    /// Seed 3163: a filter that catches one event, with an alarm, and beside it the right one, put back before its alarm is.
    #[test]
    fn a_better_filter_without_an_alarm_is_no_loss_beside_a_narrow_one_with_one() {
        let narrow = fail("narrow", Link::Pattern, &["DeleteTrail"]);
        let right = fail("right", Link::Alarm, &["DeleteTrail"]);
        assert!(!is_worse(&narrow, &right));
        let silent = fail("right", Link::Alarm, &["CreateTrail", "DeleteTrail"]);
        assert!(is_worse(&narrow, &silent));
        let same = fail("narrow", Link::Alarm, &["DeleteTrail"]);
        assert!(is_worse(&narrow, &same));
    }
}
