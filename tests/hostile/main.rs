//! A hundred thousand messages that anybody could have written, through the daemon's own feed, on a paused clock.
//!
//! `TRAILWARDEN_SEED=N` replays a run that printed it, `TRAILWARDEN_MESSAGES=N` makes it longer.

#[path = "../common/messages.rs"]
#[allow(
    unreachable_pub,
    reason = "shared with the tests that have a LocalStack"
)]
mod messages;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trailwarden::assess::Expectations;
use trailwarden::aws::{AccountApi, Applied, ApplyError, MemoryQueue, ObserveError, Remembered};
use trailwarden::config::HealMode;
use trailwarden::control::{Benchmark, Catalogue};
use trailwarden::daemon::{Daemon, Senses, Watched};
use trailwarden::heal::{HealPolicy, Limits, Repair};
use trailwarden::journal::Journal;
use trailwarden::notify::Clock;
use trailwarden::snapshot::Snapshot;
use trailwarden::telemetry::{Events, Metrics, StatusBoard};

use messages::{Messages, Outcome};

const COMPLIANT: &str = include_str!("../fixtures/compliant-snapshot.json");
/// The account of the fixture, which every message is about, and another one that is watched, too.
const ACCOUNT: &str = "111122223333";
const BYSTANDER: &str = "444455556666";
/// Messages of one daemon; ten daemons one after the other make the hundred thousand.
const FLOOD: usize = 10_000;
/// Longer than a flood lasts: what is left in the queue is counted once.
const VISIBILITY: Duration = Duration::from_hours(10);
const A_LOOK: Duration = Duration::from_millis(100);
/// The promise of docs/design.md for a flood.
const LONGEST_GAP: Duration = Duration::from_secs(5);

/// A compliant account that counts who asks.
struct Account {
    seen: Snapshot,
    looks: AtomicUsize,
    writes: AtomicUsize,
    asked: Mutex<Vec<Remembered>>,
}

impl Account {
    fn new(id: &str) -> Self {
        let mut seen = Snapshot::from_json(COMPLIANT).expect("the fixture");
        seen.account_id = id.parse().expect("an account id");
        Self {
            seen,
            looks: AtomicUsize::new(0),
            writes: AtomicUsize::new(0),
            asked: Mutex::default(),
        }
    }

    fn looks(&self) -> usize {
        self.looks.load(Ordering::Relaxed)
    }
}

impl AccountApi for Account {
    fn observe<'a>(
        &'a self,
        remembered: &'a Remembered,
    ) -> BoxFuture<'a, Result<Snapshot, ObserveError>> {
        async {
            self.looks.fetch_add(1, Ordering::Relaxed);
            self.asked
                .lock()
                .expect("the questions")
                .push(remembered.clone());
            sleep(A_LOOK).await;
            Ok(self.seen.clone())
        }
        .boxed()
    }

    fn apply<'a>(&'a self, _: &'a Repair) -> BoxFuture<'a, Result<Applied, ApplyError>> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        async { Ok(Applied { request_id: None }) }.boxed()
    }

    fn is_principal(&self, arn: &str) -> bool {
        arn == "arn:aws:sts::111122223333:assumed-role/trailwarden/i-1"
    }
}

/// A daemon that may repair, on two accounts and a queue in memory.
struct World {
    target: Arc<Account>,
    bystander: Arc<Account>,
    queue: Arc<MemoryQueue>,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
    running: TaskTracker,
}

impl World {
    async fn start() -> Self {
        let target = Arc::new(Account::new(ACCOUNT));
        let bystander = Arc::new(Account::new(BYSTANDER));
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().expect("a time");
        let clock: Clock = Arc::new(move || now);
        let queue = Arc::new(MemoryQueue::new(VISIBILITY, now));
        let metrics = Arc::new(Metrics::new().expect("metrics"));
        let watched = [(ACCOUNT, &target), (BYSTANDER, &bystander)].map(|(id, account)| Watched {
            name: id.to_owned(),
            account: id.parse().ok(),
            api: Arc::<Account>::clone(account),
        });
        let control = Catalogue::builtin()
            .find("4.5", &Benchmark::Any)
            .expect("4.5");
        let daemon = Daemon {
            watched: watched.into(),
            queue: Some(Arc::<MemoryQueue>::clone(&queue)),
            senses: Senses::default(),
            wiring: None,
            controls: vec![control.clone()],
            benchmark: Benchmark::Any,
            expectations: Expectations::default(),
            sweep_interval: Duration::from_hours(10),
            heal_mode: HealMode::Apply,
            heal_policy: HealPolicy::default(),
            heal_limits: Limits::default(),
            journal: Journal::in_memory().expect("a journal"),
            state_dir: "/var/lib/trailwarden".into(),
            notify: Vec::new(),
            events: Events::new(Arc::clone(&metrics)),
            board: StatusBoard::new([ACCOUNT.to_owned(), BYSTANDER.to_owned()], true),
            listener: TcpListener::bind("127.0.0.1:0").await.expect("a port"),
            show_status: true,
            clock,
            random: fastrand::Rng::with_seed(1),
        };
        let stop = CancellationToken::new();
        let running = TaskTracker::new();
        let until = stop.clone();
        running.spawn(async move { daemon.run(until).await.expect("nothing ends it") });
        sleep(Duration::from_secs(1)).await;
        Self {
            target,
            bystander,
            queue,
            metrics,
            stop,
            running,
        }
    }

    /// What became of the messages so far, by outcome.
    fn counted(&self) -> BTreeMap<Outcome, usize> {
        let text = self.metrics.encode().expect("the metrics");
        let count = |outcome: Outcome| {
            let series = format!(
                "trailwarden_messages_total{{outcome=\"{}\"}} ",
                outcome.name()
            );
            let line = text.lines().find_map(|line| line.strip_prefix(&series));
            line.map_or(0, |count| count.parse().expect("a number"))
        };
        Outcome::ALL.map(|outcome| (outcome, count(outcome))).into()
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is a number")),
    )
}

#[tokio::test(start_paused = true)]
async fn whatever_is_written_into_the_queue_costs_a_rare_look_at_one_account() {
    let seed = number("TRAILWARDEN_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("TRAILWARDEN_SEED={seed}");
    let total = number("TRAILWARDEN_MESSAGES").unwrap_or(100_000);
    let mut before = None;
    for flood in 0..total / FLOOD as u64 {
        flood_one_daemon(seed.wrapping_add(flood)).await;
        // The first has filled the allocator.
        let resident = resident_kib();
        let first = *before.get_or_insert(resident);
        assert!(
            resident < first + 64 * 1024,
            "{first} KiB after the first flood, now {resident}"
        );
    }
}

async fn flood_one_daemon(seed: u64) {
    let world = World::start().await;
    let mut messages = Messages::new(seed, ACCOUNT);
    let mut expected: BTreeMap<Outcome, usize> = BTreeMap::new();
    let mut open = 0;
    let begun = Instant::now();
    for number in 0..FLOOD {
        let made = messages.next();
        match made.outcome {
            Some(outcome) => *expected.entry(outcome).or_default() += 1,
            None => open += 1,
        }
        world.queue.send(made.body);
        if number % 20 == 0 {
            sleep(Duration::from_millis(100)).await;
        }
    }
    // The last of them has been looked at, and what was looked at is deleted.
    sleep(3 * LONGEST_GAP).await;
    let took = begun.elapsed();

    let counted = world.counted();
    assert_eq!(
        counted.values().sum::<usize>(),
        FLOOD,
        "each is counted once: {counted:?}"
    );
    for (outcome, count) in &counted {
        let least = expected.get(outcome).copied().unwrap_or_default();
        assert!(
            (least..=least + open).contains(count),
            "seed {seed}: {count} {outcome:?}, expected {least} and of {open} some"
        );
    }
    assert_eq!(
        world.queue.len(),
        counted[&Outcome::Unreadable],
        "seed {seed}: what could be read is deleted, the rest is left"
    );
    let looks = world.target.looks();
    // The start, the first steps of the burst up to its longest pause, and the confirming look.
    let most = 10 + usize::try_from(took.as_secs() / LONGEST_GAP.as_secs()).expect("few");
    assert!(looks <= most, "seed {seed}: {looks} looks in {took:?}");
    assert!(looks >= 3, "they were looked at");
    assert_eq!(
        world.bystander.looks(),
        1,
        "seed {seed}: nobody spoke of it"
    );
    for account in [&world.target, &world.bystander] {
        assert_eq!(
            account.writes.load(Ordering::Relaxed),
            0,
            "seed {seed}: nothing is broken"
        );
    }
    // What is asked for is what the account itself shows, never what a message says.
    let asked = world.target.asked.lock().expect("the questions").clone();
    let topic = |arn: &String| arn.ends_with(":t") || !arn.contains(ACCOUNT);
    assert!(
        asked.iter().all(|one| !one.topic_arns.iter().any(topic)),
        "seed {seed}: {asked:?}"
    );
    world.stop.cancel();
    world.running.close();
    world.running.wait().await;
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.expect("its resident memory")
}
