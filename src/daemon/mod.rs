//! The loop: feed, coalescing, sweep, supervision, shutdown.
//!
//! One task receives, one deletes, one prolongs, one looks after each scope, one tells each target, one watches the journal, one serves HTTP, one feeds
//! the watchdog. Each is awaited here: the end of one that was not asked to end is the end of the daemon, so that whoever supervises the
//! process can start it anew.

mod attribution;
mod chronicle;
mod feed;
mod happening;
mod heal;
mod inbox;
mod judge;
mod leftovers;
mod memories;
mod own;
mod pace;
mod pulse;
mod scope;
mod standing;
mod systemd;
mod tell;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::net::TcpListener;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, interval, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::assess::Expectations;
use crate::aws::{AccountApi, Queue};
use crate::config::HealMode;
use crate::control::{Benchmark, Control};
use crate::heal::{HealPolicy, Limits};
use crate::journal::Journal;
use crate::notify::{Clock, Notice, Notifier, Target};
use crate::snapshot::AccountId;
use crate::telemetry::{Events, StatusBoard, http};
use attribution::Suspects;
use chronicle::Chronicle;
use feed::Feed;
use heal::Healer;
use inbox::{Inbox, Router};
use judge::Judge;
use pace::Pace;
use pulse::{Pulse, Pulses};
use scope::{SCOPE_PULSE, Scope};
use standing::Standings;
use tell::Teller;

/// How long the tasks may take to finish what they are at, once the daemon is told to stop. Shorter than systemd's and
/// Kubernetes' own limits.
const DRAIN_LIMIT: Duration = Duration::from_secs(20);
/// How long the journal has to fail before people are told: a restart of the storage is no news.
const JOURNAL_LIMIT: Duration = Duration::from_secs(30);
/// How often lines that were held back in bursts are summed up.
const SETTLE_LOG_EVERY: Duration = Duration::from_secs(30);

/// An account that is watched.
pub struct Watched {
    /// Its name for people: the account id where the configuration gives one.
    pub name: String,
    /// The account id, where the configuration gives one.
    pub account: Option<AccountId>,
    /// The way to it.
    pub api: Arc<dyn AccountApi>,
}

/// Everything that the daemon runs on.
pub struct Daemon {
    /// The accounts.
    pub watched: Vec<Watched>,
    /// Where events come from; none: sweeps only.
    pub queue: Option<Arc<dyn Queue>>,
    /// What is judged.
    pub controls: Vec<Control>,
    /// By which benchmark.
    pub benchmark: Benchmark,
    /// Whom the configuration names as those to be told.
    pub expectations: Expectations,
    /// Time between two sweeps of an account.
    pub sweep_interval: Duration,
    /// Whether repairs are planned and carried out.
    pub heal_mode: HealMode,
    /// What may be mended.
    pub heal_policy: HealPolicy,
    /// How carefully.
    pub heal_limits: Limits,
    /// What outlives a restart.
    pub journal: Journal,
    /// Where it is, for people.
    pub state_dir: PathBuf,
    /// Who is told of changes beside the chain.
    pub notify: Vec<Target>,
    /// Log and metrics.
    pub events: Events,
    /// What the HTTP endpoints show.
    pub board: StatusBoard,
    /// Where HTTP is served.
    pub listener: TcpListener,
    /// Whether the status page is served.
    pub show_status: bool,
    /// The wall clock.
    pub clock: Clock,
    /// Where jitter comes from.
    pub random: fastrand::Rng,
}

/// Why the daemon ended without being told to.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// A task that has no end ended.
    #[error("the task {0} ended by itself")]
    Ended(String),
    /// A task panicked: a bug of ours.
    #[error("a task panicked: {0}")]
    Panicked(#[source] JoinError),
}

/// The tasks of the daemon; each answers its name at its end.
type Tasks = JoinSet<String>;

impl Daemon {
    /// Runs until `stop` is cancelled, then drains: looks and repairs under way are finished, what was evaluated is deleted,
    /// what was not is given back to the queue.
    ///
    /// # Errors
    /// A task ended or panicked. The others are stopped before this returns.
    pub async fn run(self, stop: CancellationToken) -> Result<(), DaemonError> {
        let pulses = Pulses::default();
        let drained = CancellationToken::new();
        let (mut workers, mut helpers) = (Tasks::new(), Tasks::new());
        let journal = self.journal.clone();
        self.events.heal_mode(self.heal_mode);
        for incident in journal.recent().await {
            self.board.incident(incident);
        }
        self.spawn(&mut workers, &mut helpers, &pulses, &stop, &drained);
        systemd::ready();

        let cause = tokio::select! {
            // Looked at first: a task that ends because it was told to is no fault.
            biased;
            () = stop.cancelled() => None,
            Some(end) = workers.join_next() => Some(ended(end)),
            Some(end) = helpers.join_next() => Some(ended(end)),
        };
        systemd::stopping();
        stop.cancel();
        let limit = Instant::now() + DRAIN_LIMIT;
        finish(&mut workers, limit).await;
        drained.cancel();
        finish(&mut helpers, limit.max(Instant::now() + DRAIN_LIMIT / 4)).await;
        journal.close().await;
        cause.map_or(Ok(()), Err)
    }

    fn spawn(
        self,
        workers: &mut Tasks,
        helpers: &mut Tasks,
        pulses: &Pulses,
        stop: &CancellationToken,
        drained: &CancellationToken,
    ) {
        let Self {
            watched,
            queue,
            notify,
            events,
            board,
            clock,
            journal,
            mut random,
            ..
        } = self;
        let longest_pause =
            SignedDuration::try_from(self.sweep_interval * 2).unwrap_or(SignedDuration::MAX);
        let judge = Judge::new(self.controls, self.benchmark, self.expectations);
        let judge = Arc::new(judge);

        let (notifier, senders) = Notifier::new(notify, &events, &mut random);
        for sender in senders {
            let name = format!("notify {}", sender.target());
            add(helpers, name, sender.run(drained.clone()));
        }
        add(
            helpers,
            "journal".to_owned(),
            watch_journal(
                journal.clone(),
                self.state_dir,
                notifier.clone(),
                Arc::clone(&clock),
                drained.clone(),
            ),
        );

        let mut inboxes = Vec::new();
        for one in watched {
            let inbox = Arc::new(Inbox::new(one.account));
            inboxes.push(Arc::clone(&inbox));
            let pulse = pulses.supervise(format!("scope {}", one.name), SCOPE_PULSE);
            let healer = Healer::new(
                self.heal_mode,
                self.heal_policy.clone(),
                self.heal_limits.clone(),
                events.clone(),
                Arc::clone(&clock),
                journal.clone(),
            );
            let scope = Scope {
                name: one.name.clone(),
                account: one.api,
                inbox,
                judge: Arc::clone(&judge),
                healer,
                chronicle: Chronicle::new(journal.clone(), longest_pause),
                events: events.clone(),
                board: board.clone(),
                clock: Arc::clone(&clock),
                pace: Pace::new(self.sweep_interval, Instant::now(), random.fork()),
                pulse,
                unanswered: Vec::new(),
                suspects: Suspects::default(),
                standings: Standings::default(),
                teller: Teller::new(notifier.clone(), events.clone()),
            };
            add(
                workers,
                format!("scope {}", one.name),
                scope.run(stop.clone()),
            );
        }

        if let Some(queue) = queue {
            let feed = Feed::new(queue, events.clone(), board.clone(), clock);
            let router = Router::new(inboxes);
            spawn_feed(feed, router, (workers, helpers), pulses, (stop, drained));
        } else {
            info!("no queue_url: changes are noticed by sweeps only");
        }

        let state = http::HttpState {
            events: events.clone(),
            board,
            status_page: self.show_status,
        };
        let limits = http::Limits::default();
        let serve = http::serve(self.listener, state, limits, drained.clone());
        add(helpers, "http".to_owned(), serve);
        let watchdog = systemd::watchdog(pulses.clone(), drained.clone());
        add(helpers, "watchdog".to_owned(), watchdog);
        let log = settle_log(events, drained.clone());
        add(helpers, "log".to_owned(), log);
    }
}

fn spawn_feed(
    feed: Feed,
    router: Router,
    (workers, helpers): (&mut Tasks, &mut Tasks),
    pulses: &Pulses,
    (stop, drained): (&CancellationToken, &CancellationToken),
) {
    let pulse = |task: &str, limit| -> Pulse { pulses.supervise(task, limit) };
    let receive = feed.clone().receive(
        router,
        pulse("feed receive", Feed::RECEIVE_PULSE),
        stop.clone(),
    );
    add(workers, "feed receive".to_owned(), receive);
    // These two outlive the workers, which still have messages in flight.
    let delete = feed
        .clone()
        .delete(pulse("feed delete", Feed::TEND_PULSE), drained.clone());
    add(helpers, "feed delete".to_owned(), delete);
    let prolong = feed.prolong(pulse("feed prolong", Feed::TEND_PULSE), drained.clone());
    add(helpers, "feed prolong".to_owned(), prolong);
}

fn add(tasks: &mut Tasks, name: String, task: impl Future<Output = ()> + Send + 'static) {
    tasks.spawn(async move {
        task.await;
        name
    });
}

fn ended(end: Result<String, JoinError>) -> DaemonError {
    match end {
        Ok(name) => DaemonError::Ended(name),
        Err(error) => DaemonError::Panicked(error),
    }
}

/// Waits for every task until the limit; the rest is cut off, and its messages come again.
async fn finish(tasks: &mut Tasks, limit: Instant) {
    while let Ok(end) = timeout_at(limit, tasks.join_next()).await {
        match end {
            None => return,
            Some(Ok(_)) => {}
            Some(Err(error)) => warn!(%error, "a task ended badly while stopping"),
        }
    }
    warn!(
        tasks = tasks.len(),
        "tasks did not end in time and are cut off"
    );
    tasks.shutdown().await;
}

/// Tells that the journal cannot be written, once each time.
async fn watch_journal(
    journal: Journal,
    directory: PathBuf,
    notifier: Notifier,
    clock: Clock,
    stop: CancellationToken,
) {
    let watch = async {
        loop {
            journal.until(true).await;
            if timeout(JOURNAL_LIMIT, journal.until(false)).await.is_ok() {
                continue;
            }
            let reason = journal.failure().unwrap_or_default();
            notifier.tell(Notice::state_dir_unwritable(&directory, &reason, clock()));
            journal.until(false).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = watch => {}
    }
}

async fn settle_log(events: Events, stop: CancellationToken) {
    let mut tick = interval(SETTLE_LOG_EVERY);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            _ = tick.tick() => events.settle(),
        }
    }
}
