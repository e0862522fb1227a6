use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::answer::Failure;
use super::courier::Courier;
use super::notice::Notice;
use super::queue::{Queue, Waiting};
use crate::backoff::Backoff;
use crate::telemetry::Events;

/// The wall clock, passed in so that tests can set it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Most notices that wait for one target. What a bad day brings; a target that is out for longer gets the latest.
const ROOM: usize = 100;
/// A notice that could not be delivered for so long is given up: it is yesterday's.
const GIVE_UP: Duration = Duration::from_hours(24);
/// The first and the longest wait before another attempt, jittered.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(5));
/// How long a stop waits for what is still to be delivered.
const DRAIN: Duration = Duration::from_secs(4);

/// Who is told, and how.
pub struct Target {
    /// Its name in labels and logs.
    pub name: String,
    /// Brings it what it is told.
    pub courier: Arc<dyn Courier>,
    /// The ARN of its SNS topic, where it is one: a topic that is part of a chain falls silent with it.
    pub topic_arn: Option<String>,
}

/// Takes what is to be told; never waits and never fails. A cheap handle.
#[derive(Clone)]
pub struct Notifier {
    mailboxes: Arc<[Arc<Mailbox>]>,
    topics: Arc<[(String, String)]>,
    events: Events,
}

/// Delivers to one target what its mailbox holds, in order.
pub struct Sender {
    mailbox: Arc<Mailbox>,
    courier: Arc<dyn Courier>,
    events: Events,
    backoff: Backoff,
    random: fastrand::Rng,
    failing: bool,
}

struct Mailbox {
    target: String,
    queue: Mutex<Queue>,
    arrived: Notify,
}

impl Mailbox {
    fn with<T>(&self, act: impl FnOnce(&mut Queue) -> T) -> (T, usize) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let done = act(&mut queue);
        (done, queue.len())
    }

    /// The oldest notice, once there is one. Cancel-safe: it stays in the mailbox.
    async fn first(&self) -> Waiting {
        loop {
            if let Some(first) = self.with(|queue| queue.first()).0 {
                return first;
            }
            // A permit is stored where one arrived in between.
            self.arrived.notified().await;
        }
    }
}

impl Notifier {
    /// Tells these targets; the senders do the work and have to be run.
    pub fn new(
        targets: Vec<Target>,
        events: &Events,
        random: &mut fastrand::Rng,
    ) -> (Self, Vec<Sender>) {
        let mut mailboxes = Vec::new();
        let mut senders = Vec::new();
        let mut topics = Vec::new();
        for target in targets {
            events.notify_target(&target.name);
            let mailbox = Arc::new(Mailbox {
                target: target.name.clone(),
                queue: Mutex::new(Queue::new(ROOM)),
                arrived: Notify::new(),
            });
            mailboxes.push(Arc::clone(&mailbox));
            topics.extend(target.topic_arn.map(|arn| (target.name, arn)));
            senders.push(Sender {
                mailbox,
                courier: target.courier,
                events: events.clone(),
                backoff: Backoff::new(RETRY.0, RETRY.1),
                random: random.fork(),
                failing: false,
            });
        }
        let notifier = Self {
            mailboxes: mailboxes.into(),
            topics: topics.into(),
            events: events.clone(),
        };
        (notifier, senders)
    }

    /// Tells every target, as soon as it can be.
    pub fn tell(&self, notice: Notice) {
        let notice = Arc::new(notice);
        for mailbox in self.mailboxes.iter() {
            let now = Instant::now();
            let (gave_way, waiting) = mailbox.with(|queue| queue.push(Arc::clone(&notice), now));
            self.events.notify_waiting(&mailbox.target, waiting);
            if let Some(gave_way) = gave_way {
                let id = gave_way.id();
                self.events
                    .notify_dropped(&mailbox.target, &id, "too many wait");
            }
            mailbox.arrived.notify_one();
        }
    }

    /// The target that is this SNS topic.
    pub fn target_of_topic(&self, arn: &str) -> Option<&str> {
        let mut topics = self.topics.iter();
        topics
            .find(|(_, topic)| topic == arn)
            .map(|(name, _)| name.as_str())
    }
}

impl Sender {
    /// The target's name.
    pub fn target(&self) -> &str {
        &self.mailbox.target
    }

    /// Delivers until told to stop, and then for a few seconds what still waits.
    pub async fn run(mut self, stop: CancellationToken) {
        let overdue = async {
            stop.cancelled().await;
            sleep(DRAIN).await;
        };
        tokio::select! {
            biased;
            () = self.serve(&stop) => {}
            // What is under way stays in the mailbox until it is done with.
            () = overdue => {}
        }
        while let (Some(left), _) = self.mailbox.with(|queue| queue.first()) {
            self.drop_one(&left, "stopped before it was delivered");
        }
    }

    /// Ends once it is told to stop and nothing waits, or an attempt failed since.
    async fn serve(&mut self, stop: &CancellationToken) {
        loop {
            let waiting = if stop.is_cancelled() {
                self.mailbox.with(|queue| queue.first()).0
            } else {
                tokio::select! {
                    biased;
                    () = stop.cancelled() => continue,
                    first = self.mailbox.first() => Some(first),
                }
            };
            let Some(waiting) = waiting else {
                return;
            };
            let Some(pause) = self.attempt(&waiting).await else {
                continue;
            };
            // Nobody is waited for at the end: one attempt each is what there is time for.
            if stop.is_cancelled() {
                return;
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = sleep(pause) => {}
            }
        }
    }

    /// Makes one attempt. Some: it failed and is worth another one after this pause.
    async fn attempt(&mut self, waiting: &Waiting) -> Option<Duration> {
        let target = self.mailbox.target.clone();
        let notice = &waiting.notice;
        match self.courier.deliver(notice).await {
            Ok(()) => {
                self.remove(waiting);
                self.backoff.reset();
                self.events
                    .notify_sent(&target, &notice.id(), std::mem::take(&mut self.failing));
                None
            }
            Err(Failure::Rejected { reason }) => {
                self.remove(waiting);
                self.failing = true;
                self.events.notify_rejected(&target, &notice.id(), &reason);
                None
            }
            Err(Failure::MayPass {
                reason,
                retry_after,
            }) => {
                let first = !std::mem::replace(&mut self.failing, true);
                self.events.notify_failed(&target, &reason, first);
                if waiting.told.elapsed() >= GIVE_UP {
                    self.drop_one(waiting, "given up");
                }
                let pause = self.backoff.next(&mut self.random);
                Some(pause.max(retry_after.unwrap_or_default()))
            }
        }
    }

    fn drop_one(&self, waiting: &Waiting, why: &'static str) {
        self.remove(waiting);
        self.events
            .notify_dropped(&self.mailbox.target, &waiting.notice.id(), why);
    }

    fn remove(&self, waiting: &Waiting) {
        let ((), left) = self.mailbox.with(|queue| queue.remove(waiting.number));
        self.events.notify_waiting(&self.mailbox.target, left);
    }
}

#[cfg(test)]
mod tests;
