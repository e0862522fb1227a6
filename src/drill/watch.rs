//! The progress of a drill: from one observation to the next, what has come and when.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Bell, End, LinkReport, Notice, Plan, Report, Spent, State};

/// What was seen at one time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observation {
    /// The plan's alarms, as far as they exist.
    pub alarms: Vec<AlarmSeen>,
    /// The sum of each of the plan's metrics, in its order, from the minute of the drill's begin on.
    pub sums: Vec<f64>,
    /// What the queue received since the last observation.
    pub notices: Vec<Notice>,
}

/// The state of an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmSeen {
    /// ARN.
    pub arn: String,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub state: Option<String>,
    /// Since when, by `CloudWatch`'s clock.
    pub since: Option<Timestamp>,
}

impl Observation {
    /// An alarm of this observation.
    pub fn alarm(&self, arn: &str) -> Option<&AlarmSeen> {
        self.alarms.iter().find(|alarm| alarm.arn == arn)
    }
}

const ALARM: &str = "ALARM";

/// When something was seen, by our clock; for alarms also since when, by `CloudWatch`'s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Came {
    seen: Timestamp,
    at: Timestamp,
}

/// One alarm's way to ALARM and back.
#[derive(Debug, Clone, Copy, Default)]
struct Turn {
    /// Since when it was OK before the drill.
    before: Option<Timestamp>,
    alarm: Option<Came>,
    back: Option<Came>,
}

/// A drill whose record was written.
#[derive(Debug, Clone)]
pub struct Watch<'p> {
    plan: &'p Plan,
    sent: Timestamp,
    written: Timestamp,
    baseline: Vec<f64>,
    metrics: Vec<Option<Timestamp>>,
    turns: Vec<Turn>,
    bells: Vec<Option<Timestamp>>,
}

impl<'p> Watch<'p> {
    /// Begins: `before` was seen just before the record was written, which took from `sent` to `written`.
    pub fn new(plan: &'p Plan, before: &Observation, sent: Timestamp, written: Timestamp) -> Self {
        let turn = |arn: &str| Turn {
            before: before.alarm(arn).and_then(|alarm| alarm.since),
            ..Turn::default()
        };
        Self {
            plan,
            sent,
            written,
            baseline: before.sums.clone(),
            metrics: vec![None; plan.metrics.len()],
            turns: plan.alarms.iter().map(|one| turn(&one.arn)).collect(),
            bells: vec![None; plan.bells.len()],
        }
    }

    /// Takes an observation in and answers what came with it.
    pub fn take(&mut self, seen: &Observation, now: Timestamp) -> Vec<LinkReport> {
        let known = self.links();
        for (at, came) in self.metrics.iter_mut().enumerate() {
            let before = self.baseline.get(at).copied().unwrap_or_default();
            if came.is_none() && seen.sums.get(at).is_some_and(|sum| *sum > before) {
                *came = Some(now);
            }
        }
        for (target, turn) in self.plan.alarms.iter().zip(&mut self.turns) {
            // The message may be here before DescribeAlarms tells of the change.
            let told = seen
                .notices
                .iter()
                .find(|one| one.alarm_arn == target.arn && is_of_drill(turn.before, one));
            if let Some(notice) = told {
                turn.alarm.get_or_insert(Came {
                    seen: now,
                    at: notice.changed_at,
                });
            }
            if let Some(alarm) = seen.alarm(&target.arn) {
                turn.take(alarm, now);
            }
        }
        let turns: BTreeMap<&str, Option<Timestamp>> = self
            .plan
            .alarms
            .iter()
            .zip(&self.turns)
            .map(|(target, turn)| (target.arn.as_str(), turn.before))
            .collect();
        for (bell, came) in self.plan.bells.iter().zip(&mut self.bells) {
            let before = turns.get(bell.alarm_arn.as_str()).copied().flatten();
            let rang = |notice: &&Notice| rings(bell, notice) && is_of_drill(before, notice);
            if came.is_none() && seen.notices.iter().any(|notice| rang(&notice)) {
                *came = Some(now);
            }
        }
        let new = self.links();
        let pairs = new.into_iter().zip(known);
        pairs
            .filter(|(new, old)| new.state != old.state)
            .map(|(new, _)| new)
            .collect()
    }

    /// Whether there is nothing more to wait for.
    pub fn is_complete(&self) -> bool {
        self.turns.iter().all(|turn| turn.back.is_some()) && self.bells.iter().all(Option::is_some)
    }

    /// The first link that has not come.
    pub fn waits_for(&self) -> String {
        let links = self.links();
        let next = links.into_iter().find(|link| link.state == State::Missing);
        next.map_or_else(String::new, |link| {
            format!("{} {}", link.link, link.resource)
        })
    }

    /// What the drill proved by now.
    pub fn report(self, end: End, trouble: Option<String>) -> Report {
        let links = self.links();
        let names = self.plan.alarms.iter().zip(&self.turns);
        let spent = names.filter_map(|(target, turn)| {
            Some(Spent {
                alarm: target.name.clone(),
                from: turn.alarm?.at,
                to: turn.back.map(|back| back.at),
            })
        });
        Report {
            drill: self.plan.name.clone(),
            account_id: self.plan.account.clone(),
            control: self.plan.control.clone(),
            proven: links.iter().all(|link| link.state != State::Missing),
            end,
            spent: spent.collect(),
            told: self.plan.told.clone(),
            trouble,
            left_behind: Vec::new(),
            links,
        }
    }

    fn links(&self) -> Vec<LinkReport> {
        let after = |seen: Option<Timestamp>| seen.map(|seen| self.seconds(seen));
        let plan = self.plan;
        let mut links = vec![link(
            "log_group",
            &plan.log_group,
            after(Some(self.written)),
        )];
        let all_went = self.turns.iter().all(|turn| turn.alarm.is_some());
        for (metric, seen) in plan.metrics.iter().zip(&self.metrics) {
            let name = format!("{}/{}", metric.namespace, metric.name);
            let mut link = link("metric", &name, after(*seen));
            if link.state == State::Missing && all_went {
                link.state = State::Inferred;
            }
            links.push(link);
        }
        let turns = || plan.alarms.iter().zip(&self.turns);
        links.extend(turns().map(|(target, turn)| {
            link(
                "alarm",
                &target.name,
                after(turn.alarm.map(|came| came.seen)),
            )
        }));
        let bells = plan.bells.iter().zip(&self.bells);
        links.extend(bells.map(|(bell, seen)| link("notification", &bell.topic_arn, after(*seen))));
        links.extend(turns().map(|(target, turn)| {
            link(
                "recovery",
                &target.name,
                after(turn.back.map(|came| came.seen)),
            )
        }));
        links
    }

    fn seconds(&self, seen: Timestamp) -> f64 {
        // A clock that was set back makes no negative time.
        seen.duration_since(self.sent).as_secs_f64().max(0.0)
    }
}

impl Turn {
    fn take(&mut self, alarm: &AlarmSeen, now: Timestamp) {
        let at = alarm.since.unwrap_or(now);
        if alarm.state.as_deref() == Some(ALARM) {
            self.alarm.get_or_insert(Came { seen: now, at });
        } else if let Some(came) = self.alarm
            // DescribeAlarms may lag behind the message and still tell of the time before.
            && at > came.at
        {
            // INSUFFICIENT_DATA is as ready for a real event as OK.
            self.back.get_or_insert(Came { seen: now, at });
        }
    }
}

fn link(link: &'static str, resource: &str, seconds: Option<f64>) -> LinkReport {
    LinkReport {
        link,
        resource: resource.to_owned(),
        state: match seconds {
            Some(_) => State::Ok,
            None => State::Missing,
        },
        seconds,
    }
}

fn rings(bell: &Bell, notice: &Notice) -> bool {
    notice.alarm_arn == bell.alarm_arn && notice.topic_arn == bell.topic_arn
}

/// Whether a message tells of a change to ALARM after the state that the drill found. Both times are `CloudWatch`'s, so
/// that our clock does not matter; the queue is younger than the drill anyhow.
fn is_of_drill(before: Option<Timestamp>, notice: &Notice) -> bool {
    notice.new_state == ALARM && before.is_none_or(|before| notice.changed_at > before)
}
