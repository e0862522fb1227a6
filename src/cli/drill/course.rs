//! The course of a drill: make what it needs, write, watch, and remove all of it however that ends.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::aws::{CallError, Class, DrillApi, Part};
use crate::drill::{End, Ground, LinkReport, Plan, Refusal, Report, Resource, State, Watch};

/// AWS asks to wait one second after CreateQueue before the queue is used.
const QUEUE_READY: Duration = Duration::from_secs(1);
/// After a call that failed while watching.
const PAUSE: Duration = Duration::from_secs(2);
/// How long cleaning up may take in all.
const CLEAN_LIMIT: Duration = Duration::from_secs(30);
/// How often somebody who waits is told what for.
const REASSURE_EVERY: Duration = Duration::from_secs(30);

/// A drill that is about to begin.
pub(super) struct Course<'a> {
    pub(super) api: &'a dyn DrillApi,
    pub(super) plan: &'a Plan,
    /// How long links may take to come, from the writing of the record on.
    pub(super) timeout: Duration,
    pub(super) stop: &'a CancellationToken,
    /// Where progress is told.
    pub(super) say: &'a dyn Fn(&str),
}

/// Why a drill ended before its record was written.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum NotWritten {
    #[error("{0}")]
    Refused(#[from] Refusal),
    #[error("{0}")]
    Call(#[from] CallError),
    #[error("interrupted before anything was written")]
    Interrupted,
}

impl Course<'_> {
    /// Carries the drill out. What it made is removed before this returns; what could not be is told and in the report.
    pub(super) async fn run(&self) -> Result<Report, NotWritten> {
        self.clear_the_way().await;
        let mut made = Vec::new();
        let mut outcome = self.perform(&mut made).await;
        if self.stop.is_cancelled() {
            (self.say)("stopping: removing what the drill made");
        }
        let left_behind = self.remove(made).await;
        if let Ok(report) = &mut outcome {
            report.left_behind = left_behind;
        }
        outcome
    }

    /// Removes what an interrupted drill left behind.
    async fn clear_the_way(&self) {
        let plan = self.plan;
        let ground = Ground {
            account: plan.account.clone(),
            log_groups: vec![(plan.region.clone(), plan.log_group.clone())],
            topic_arns: self.topics().map(str::to_owned).collect(),
        };
        let (found, failed) = self.api.resources(&ground).await;
        for error in failed {
            (self.say)(&format!(
                "leftovers of earlier drills cannot be looked for: {error}"
            ));
        }
        let in_the_way = found
            .into_iter()
            .filter(|resource| resource.is_in_the_way_of(&plan.name));
        self.remove(in_the_way.collect()).await;
    }

    async fn perform(&self, made: &mut Vec<Resource>) -> Result<Report, NotWritten> {
        let queue_url = self.set_up(made).await?;
        sleep(QUEUE_READY).await;
        let before = self.api.watch(self.plan, &queue_url).await?;
        for alarm in &self.plan.alarms {
            let state = before
                .alarm(&alarm.arn)
                .and_then(|seen| seen.state.as_deref());
            if let Some(refusal) = Refusal::of_state(&alarm.name, state) {
                return Err(refusal.into());
            }
        }
        self.go_on()?;
        let sent = Timestamp::now();
        self.api.write(self.plan).await?;
        (self.say)("the record is written");
        let watch = Watch::new(self.plan, &before, sent, Timestamp::now());
        Ok(self.watch(watch, &queue_url).await)
    }

    /// Makes queue, subscriptions and log stream; answers the queue's URL.
    async fn set_up(&self, made: &mut Vec<Resource>) -> Result<String, NotWritten> {
        self.go_on()?;
        let queue = self.api.make(self.plan, Part::Queue).await?;
        made.push(queue.clone());
        let Resource::Queue { url, .. } = queue else {
            return Ok(String::new());
        };
        for topic in self.topics() {
            self.go_on()?;
            let part = Part::Subscription(topic);
            made.push(self.api.make(self.plan, part).await?);
        }
        self.go_on()?;
        made.push(self.api.make(self.plan, Part::Stream).await?);
        Ok(url)
    }

    fn go_on(&self) -> Result<(), NotWritten> {
        if self.stop.is_cancelled() {
            return Err(NotWritten::Interrupted);
        }
        Ok(())
    }

    async fn watch(&self, mut watch: Watch<'_>, queue_url: &str) -> Report {
        let deadline = Instant::now() + self.timeout;
        let mut reassured = Instant::now();
        let mut trouble = None;
        let end = loop {
            // Only reading is dropped.
            let seen = tokio::select! {
                biased;
                () = self.stop.cancelled() => break End::Interrupted,
                () = sleep_until(deadline) => break End::TimedOut,
                seen = self.api.watch(self.plan, queue_url) => seen,
            };
            match seen {
                Ok(seen) => {
                    let news = watch.take(&seen, Timestamp::now());
                    if !news.is_empty() {
                        reassured = Instant::now();
                    }
                    for link in &news {
                        (self.say)(&line(link));
                    }
                }
                Err(error) if error.class == Class::Transient => {
                    trouble = Some(error.to_string());
                    sleep(PAUSE).await;
                }
                Err(error) => break End::Failed(error.to_string()),
            }
            if watch.is_complete() {
                break End::Complete;
            }
            if reassured.elapsed() >= REASSURE_EVERY {
                reassured = Instant::now();
                let left = deadline.duration_since(reassured).as_secs();
                (self.say)(&format!("waiting for {}, {left} s left", watch.waits_for()));
            }
        };
        watch.report(end, trouble)
    }

    /// Removes things, subscriptions first; answers what could not be removed.
    async fn remove(&self, mut resources: Vec<Resource>) -> Vec<String> {
        resources.sort();
        let limit = Instant::now() + CLEAN_LIMIT;
        let mut left = Vec::new();
        for resource in &resources {
            let rest = limit.saturating_duration_since(Instant::now());
            let what = format!("{} {}", resource.kind(), resource.name());
            let answer = match timeout(rest, self.api.remove(resource)).await {
                Ok(Ok(_)) => continue,
                Ok(Err(error)) => error.to_string(),
                Err(_) => "no time left".to_owned(),
            };
            (self.say)(&format!(
                "{what} is left behind: {answer}. The next drill of this control removes it."
            ));
            left.push(what);
        }
        left
    }

    /// Each topic once.
    fn topics(&self) -> impl Iterator<Item = &str> {
        let bells = &self.plan.bells;
        let topic = |at: usize| bells.get(at).map(|bell| bell.topic_arn.as_str());
        (0..bells.len()).filter_map(move |at| {
            let own = topic(at)?;
            (0..at)
                .all(|before| topic(before) != Some(own))
                .then_some(own)
        })
    }
}

fn line(link: &LinkReport) -> String {
    match (link.state, link.seconds) {
        (State::Ok, Some(seconds)) => {
            format!("{:<13} {seconds:>6.1} s  {}", link.link, link.resource)
        }
        _ => format!("{:<13}           {}", link.link, link.resource),
    }
}

#[cfg(test)]
mod tests;
