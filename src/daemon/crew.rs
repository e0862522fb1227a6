//! The daemon's tasks, how they are told to stop, and that none ends unasked.

use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::DaemonError;
use super::pulse::{Pulse, Pulses};

/// How long the tasks may take to finish what they are at, once the daemon is told to stop. Shorter than systemd's and
/// Kubernetes' own limits.
const DRAIN_LIMIT: Duration = Duration::from_secs(20);

/// The tasks; each answers its name at its end.
type Tasks = JoinSet<String>;

/// Every task of the daemon.
pub(super) struct Crew {
    workers: Tasks,
    helpers: Tasks,
    pulses: Pulses,
    /// Cancelled when the daemon is to stop: workers finish what they are at.
    pub(super) stop: CancellationToken,
    /// Cancelled when the workers are done: then helpers end, too.
    pub(super) drained: CancellationToken,
}

impl Crew {
    pub(super) fn new(stop: CancellationToken) -> Self {
        Self {
            workers: Tasks::new(),
            helpers: Tasks::new(),
            pulses: Pulses::default(),
            stop,
            drained: CancellationToken::new(),
        }
    }

    /// Supervises a task that is about to be added: it has to show within the limit that it moves.
    pub(super) fn pulse(&self, name: &str, limit: Duration) -> Pulse {
        self.pulses.supervise(name, limit)
    }

    pub(super) fn pulses(&self) -> Pulses {
        self.pulses.clone()
    }

    /// Adds a task that ends once `stop` is cancelled.
    pub(super) fn worker(&mut self, name: String, task: impl Future<Output = ()> + Send + 'static) {
        add(&mut self.workers, name, task);
    }

    /// Adds a task that outlives the workers, as it serves them, and ends once `drained` is cancelled.
    pub(super) fn helper(&mut self, name: String, task: impl Future<Output = ()> + Send + 'static) {
        add(&mut self.helpers, name, task);
    }

    /// Waits until the daemon is to stop; answers why, if nobody asked for it.
    pub(super) async fn watch(&mut self) -> Option<DaemonError> {
        tokio::select! {
            // Looked at first: a task that ends because it was told to is no fault.
            biased;
            () = self.stop.cancelled() => None,
            Some(end) = self.workers.join_next() => Some(ended(end)),
            Some(end) = self.helpers.join_next() => Some(ended(end)),
        }
    }

    /// Ends every task, the workers first.
    pub(super) async fn finish(mut self) {
        self.stop.cancel();
        let limit = Instant::now() + DRAIN_LIMIT;
        finish(&mut self.workers, limit).await;
        self.drained.cancel();
        let limit = limit.max(Instant::now() + DRAIN_LIMIT / 4);
        finish(&mut self.helpers, limit).await;
    }
}

fn add(tasks: &mut Tasks, name: String, task: impl Future<Output = ()> + Send + 'static) {
    tasks.spawn(async move {
        task.await;
        name
    });
}

/// A task that has no end has ended.
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
