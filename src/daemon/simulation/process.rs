//! A process: the daemon as `trailwarden run` makes it, and the thread of its journal, played as a task.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fastrand::Rng;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::account::Account;
use super::queue::Post;
use super::scenario::{Scenario, happens, millis};
use super::stage::Stage;
use crate::aws::AccountApi;
use crate::control::Control;
use crate::daemon::{Daemon, DaemonError, Senses, Watched};
use crate::journal::{Disk, Journal, Keeper, Opened, Store, StoreError};
use crate::telemetry::{Events, Metrics, StatusBoard};

/// A disk that lasts as long as the simulation. It can be full.
pub(super) struct MemoryDisk {
    name: String,
    store: Mutex<Store>,
    held: Mutex<bool>,
}

impl MemoryDisk {
    pub(super) fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("simulation-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let store = Store::in_shared_memory(&name).unwrap();
        Self {
            name,
            store: Mutex::new(store),
            held: Mutex::new(false),
        }
    }

    /// What is on it.
    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap()
    }

    /// From now on nothing can be written, or can again.
    pub(super) fn hold(&self, held: bool) {
        let before = std::mem::replace(&mut *self.held.lock().unwrap(), held);
        if before != held {
            self.store().hold(held);
        }
    }
}

/// The same for one process.
struct Mounted(String);

impl Disk for Mounted {
    fn open(&mut self, _: Timestamp) -> Result<Opened, StoreError> {
        let store = Store::in_shared_memory(&self.0)?;
        let set_aside = None;
        Ok(Opened { store, set_aside })
    }
}

/// What becomes of a process.
pub(super) enum End {
    Daemon(Result<(), DaemonError>),
    Keeper,
}

pub(super) struct Process {
    pub(super) tasks: JoinSet<End>,
    pub(super) stop: CancellationToken,
    pub(super) metrics: Arc<Metrics>,
}

impl Process {
    pub(super) async fn start(
        stage: &Arc<Stage>,
        scenario: &Scenario,
        control: &Control,
        accounts: &[Arc<Account>],
        post: &Arc<Post>,
        disk: &MemoryDisk,
        mut random: Rng,
    ) -> Self {
        let metrics = Arc::new(Metrics::new().unwrap());
        let events = Events::new(Arc::clone(&metrics));
        let names = accounts.iter().map(|account| account.name.clone());
        let board = StatusBoard::new(names, true);
        let (journal, keeper) = Journal::by_hand(
            Box::new(Mounted(disk.name.clone())),
            Duration::from_hours(24),
            Box::new(events.clone()),
        );
        let mut tasks = JoinSet::new();
        tasks.spawn(keep(
            keeper,
            journal.clone(),
            Arc::clone(stage),
            scenario.faults.slow_disk,
            random.fork(),
        ));
        let clock = {
            let stage = Arc::clone(stage);
            Arc::new(move || stage.now())
        };
        let daemon = Daemon {
            watched: accounts.iter().map(|one| watched(one, scenario)).collect(),
            queue: Some(Arc::<Post>::clone(post)),
            senses: Senses::default(),
            wiring: None,
            controls: vec![control.clone()],
            benchmark: scenario.policy.benchmark,
            expectations: crate::assess::Expectations::default(),
            sweep_interval: scenario.sweep,
            heal_mode: scenario.mode,
            heal_policy: scenario.policy.clone(),
            heal_limits: scenario.limits.clone(),
            journal,
            state_dir: "/var/lib/trailwarden".into(),
            notify: Vec::new(),
            events,
            board: board.clone(),
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            show_status: false,
            clock,
            random,
        };
        let stop = CancellationToken::new();
        let run = daemon.run(stop.clone());
        tasks.spawn(async move { End::Daemon(run.await) });
        stage.started(board);
        stage.note(format_args!("process {} starts", stage.process()));
        Self {
            tasks,
            stop,
            metrics,
        }
    }

    /// It is gone at this moment, wherever it was.
    pub(super) async fn die(mut self) {
        self.tasks.shutdown().await;
    }
}

fn watched(account: &Arc<Account>, scenario: &Scenario) -> Watched {
    let api: Arc<dyn AccountApi> = Arc::<Account>::clone(account);
    Watched {
        name: account.name.clone(),
        account: scenario.named.then(|| account.id.clone()),
        api,
    }
}

/// The thread of the journal.
async fn keep(
    mut keeper: Keeper,
    journal: Journal,
    stage: Arc<Stage>,
    slow: u32,
    mut random: Rng,
) -> End {
    loop {
        keeper.woken().await;
        loop {
            let is_slow = stage.faults() && happens(&mut random, slow);
            if is_slow {
                stage.upset();
            }
            sleep(millis(&mut random, if is_slow { 100..9000 } else { 1..20 })).await;
            if keeper.step(stage.now()).is_break() {
                return End::Keeper;
            }
            if journal.failure().is_none() {
                break;
            }
            stage.upset();
            // As the thread does it.
            sleep(Duration::from_secs(1)).await;
        }
    }
}
