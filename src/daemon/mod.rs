//! The loop: feed, coalescing, sweep, supervision, shutdown.
//!
//! Its tasks are listed in `docs/design.md`. Each is awaited here: the end of one that was not asked to end is the end of the
//! daemon, so that whoever supervises the process can start it anew.

mod attribution;
mod chronicle;
mod crew;
mod feed;
mod happening;
mod heal;
mod inbox;
mod judge;
mod leftovers;
mod memories;
mod own;
mod owners;
mod pace;
mod pulse;
mod scope;
mod senses;
#[cfg(test)]
mod simulation;
mod standing;
mod start;
mod suspect;
mod systemd;
mod tell;
#[cfg(test)]
mod tests;
mod turns;
mod wiring;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

use crate::assess::Expectations;
use crate::aws::{AccountApi, Queue};
use crate::config::HealMode;
use crate::control::{Benchmark, Control};
use crate::heal::{HealPolicy, Limits};
use crate::journal::Journal;
use crate::notify::{Clock, Target};
use crate::snapshot::AccountId;
use crate::telemetry::{Events, StatusBoard};
use crew::Crew;
pub use senses::{FeedName, Heartbeats, NoNonce, Senses, system_nonce};
pub use wiring::WiringPlan;

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
    /// How the daemon knows that it would hear of a change.
    pub senses: Senses,
    /// What those events come through, where there is a queue.
    pub wiring: Option<WiringPlan>,
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
    #[error("the task {0} ended by itself, which is a bug: please report it")]
    Ended(String),
    /// A task panicked: a bug of ours.
    #[error("a task panicked, which is a bug: please report it: {0}")]
    Panicked(#[source] JoinError),
}

impl Daemon {
    /// Runs until `stop` is cancelled, then drains: looks and repairs under way are finished, what was evaluated is deleted,
    /// what was not is given back to the queue.
    ///
    /// # Errors
    /// A task ended or panicked. The others are stopped before this returns.
    pub async fn run(self, stop: CancellationToken) -> Result<(), DaemonError> {
        let mut crew = Crew::new(stop);
        let journal = self.journal.clone();
        self.events.heal_mode(self.heal_mode);
        self.events.sweep_interval(self.sweep_interval);
        let past = journal.recent().await;
        for incident in &past {
            self.board.incident(incident.clone());
        }
        self.start(&mut crew, &past);
        systemd::ready();
        let cause = crew.watch().await;
        systemd::stopping();
        crew.finish().await;
        journal.close().await;
        cause.map_or(Ok(()), Err)
    }
}
