//! The daemon's own code on a paused clock, against an account and a queue in memory.

mod accounts;
mod feed;
mod healing;
mod memory;
mod senses;
mod telling;
mod unread;
mod wiring;

use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::*;
use crate::aws::{Applied, ApplyError, CallError, Class, MemoryQueue, ObserveError, Remembered};
use crate::control::Catalogue;
use crate::heal::{ExpectedSubscription, Repair, apply_to};
use crate::snapshot::Snapshot;
use crate::telemetry::Metrics;

const COMPLIANT: &str = include_str!("../../tests/fixtures/compliant-snapshot.json");
pub(super) const ACCOUNT: &str = "111122223333";
const PRINCIPAL: &str = "arn:aws:sts::111122223333:assumed-role/trailwarden/i-1";
const INBOX: &str = "arn:aws:sqs:us-east-1:111122223333:inbox";
/// What one look takes in the tests.
const LOOK: Duration = Duration::from_millis(100);
const VISIBILITY: Duration = Duration::from_secs(30);

/// An account in memory: looks see it as it is when they begin, repairs change it as AWS would.
struct Model {
    state: Mutex<Snapshot>,
    failure: Mutex<Option<ObserveError>>,
    /// A look never ends.
    hangs: Mutex<bool>,
    /// A write is made and never answered.
    is_mute: Mutex<bool>,
    looks: AtomicUsize,
    writes: Mutex<Vec<Repair>>,
    clock: Clock,
}

impl Model {
    fn new() -> Self {
        let calendar: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let begun = Instant::now();
        Self {
            state: Mutex::new(Snapshot::from_json(COMPLIANT).unwrap()),
            failure: Mutex::new(None),
            hangs: Mutex::new(false),
            is_mute: Mutex::new(false),
            looks: AtomicUsize::new(0),
            writes: Mutex::new(Vec::new()),
            clock: Arc::new(move || calendar + SignedDuration::try_from(begun.elapsed()).unwrap()),
        }
    }

    fn change(&self, change: impl FnOnce(&mut Snapshot)) {
        change(&mut lock(&self.state));
    }

    fn delete_filter(&self) {
        self.change(|state| state.metric_filters = Some(Vec::new()));
    }

    fn looks(&self) -> usize {
        self.looks.load(Ordering::Relaxed)
    }

    fn writes(&self) -> Vec<&'static str> {
        lock(&self.writes)
            .iter()
            .map(|repair| repair.kind().operation())
            .collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AccountApi for Model {
    fn observe<'a>(&'a self, _: &'a Remembered) -> BoxFuture<'a, Result<Snapshot, ObserveError>> {
        async {
            self.looks.fetch_add(1, Ordering::Relaxed);
            let mut seen = lock(&self.state).clone();
            seen.now = (self.clock)();
            for status in seen.trail_status.values_mut() {
                status.latest_cloud_watch_logs_delivery_time = Some(seen.now);
            }
            sleep(LOOK).await;
            if *lock(&self.hangs) {
                std::future::pending::<()>().await;
            }
            lock(&self.failure).clone().map_or(Ok(seen), Err)
        }
        .boxed()
    }

    fn apply<'a>(&'a self, repair: &'a Repair) -> BoxFuture<'a, Result<Applied, ApplyError>> {
        async {
            let after = apply_to(&lock(&self.state), repair);
            *lock(&self.state) = after;
            lock(&self.writes).push(repair.clone());
            if *lock(&self.is_mute) {
                std::future::pending::<()>().await;
            }
            Ok(Applied {
                request_id: Some(format!("own-{}", self.writes().len())),
            })
        }
        .boxed()
    }

    fn is_principal(&self, arn: &str) -> bool {
        arn == PRINCIPAL
    }
}

/// A running daemon with everything that surrounds it.
struct World {
    model: Arc<Model>,
    queue: Arc<MemoryQueue>,
    metrics: Arc<Metrics>,
    board: StatusBoard,
    stop: CancellationToken,
    daemon: JoinHandle<Result<(), DaemonError>>,
}

struct Setup {
    mode: HealMode,
    account_known: bool,
    journal: Journal,
    /// The account as an earlier daemon left it.
    model: Option<Arc<Model>>,
    notify: Vec<Target>,
    senses: Senses,
    wiring: Option<WiringPlan>,
    /// Other accounts that the same daemon watches.
    beside: Vec<Arc<Model>>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            mode: HealMode::Off,
            account_known: true,
            journal: Journal::in_memory().unwrap(),
            model: None,
            notify: Vec::new(),
            senses: Senses::default(),
            wiring: None,
            beside: Vec::new(),
        }
    }
}

impl World {
    async fn start(setup: Setup) -> Self {
        let model = setup.model.unwrap_or_else(|| Arc::new(Model::new()));
        let clock = Arc::clone(&model.clock);
        let calendar = clock();
        let queue = Arc::new(MemoryQueue::new(VISIBILITY, calendar));
        let metrics = Arc::new(Metrics::new().unwrap());
        let control = Catalogue::builtin()
            .find("4.5", &Benchmark::Any)
            .unwrap()
            .clone();
        let stop = CancellationToken::new();
        let api: Arc<dyn AccountApi> = Arc::<Model>::clone(&model);
        let mut watched = vec![Watched {
            name: ACCOUNT.to_owned(),
            account: setup.account_known.then(|| ACCOUNT.parse().unwrap()),
            api,
        }];
        for model in setup.beside {
            let account = lock(&model.state).account_id.clone();
            watched.push(Watched {
                name: account.to_string(),
                account: Some(account),
                api: model,
            });
        }
        let names = watched.iter().map(|one| one.name.clone());
        let board = StatusBoard::new(names, true);
        let daemon = Daemon {
            watched,
            queue: Some(Arc::<MemoryQueue>::clone(&queue)),
            senses: setup.senses,
            wiring: setup.wiring,
            controls: vec![control],
            benchmark: Benchmark::Any,
            expectations: Expectations::default(),
            sweep_interval: Duration::from_mins(15),
            heal_mode: setup.mode,
            heal_policy: HealPolicy {
                subscriptions: vec![ExpectedSubscription {
                    protocol: "sqs".to_owned(),
                    endpoint: INBOX.to_owned(),
                }],
                ..HealPolicy::default()
            },
            heal_limits: Limits::default(),
            journal: setup.journal,
            state_dir: "/var/lib/trailwarden".into(),
            notify: setup.notify,
            events: Events::new(Arc::clone(&metrics)),
            board: board.clone(),
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            show_status: true,
            clock,
            random: fastrand::Rng::with_seed(1),
        };
        #[allow(clippy::disallowed_methods, reason = "awaited by the test")]
        let daemon = tokio::spawn(daemon.run(stop.clone()));
        Self {
            model,
            queue,
            metrics,
            board,
            stop,
            daemon,
        }
    }

    /// Starts one and lets it look at the compliant account.
    async fn passing(setup: Setup) -> Self {
        let world = Self::start(setup).await;
        sleep(Duration::from_secs(1)).await;
        assert_eq!(world.compliant(), Some(1.0));
        world
    }

    fn value<T: FromStr>(&self, series: &str) -> Option<T> {
        let text = self.metrics.encode().unwrap();
        let line = text.lines().find(|line| line.starts_with(series))?;
        line.rsplit_once(' ')?.1.parse().ok()
    }

    fn compliant(&self) -> Option<f64> {
        self.compliant_of(ACCOUNT)
    }

    fn compliant_of(&self, account: &str) -> Option<f64> {
        self.value(&format!(
            "trailwarden_control_compliant{{account=\"{account}\""
        ))
    }

    fn looks_for(&self, trigger: &str) -> usize {
        ["pass", "fail", "unknown"]
            .iter()
            .filter_map(|result| {
                self.value::<usize>(&format!(
                    "trailwarden_evaluations_total{{result=\"{result}\",trigger=\"{trigger}\"}}"
                ))
            })
            .sum()
    }

    fn control(&self) -> Value {
        let scopes = self.board.scopes();
        serde_json::to_value(&scopes[0].last.as_ref().unwrap().controls[0]).unwrap()
    }

    async fn end(self) {
        self.stop.cancel();
        self.daemon.await.unwrap().unwrap();
    }
}

pub(super) fn event(account: &str, name: &str, request_id: &str) -> String {
    json!({
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.logs",
        "account": account,
        "region": "us-east-1",
        "detail": {
            "userIdentity": {"arn": "arn:aws:sts::111122223333:assumed-role/admin/mallory"},
            "eventTime": "2026-11-23T10:00:00Z",
            "eventSource": "logs.amazonaws.com",
            "eventName": name,
            "requestParameters": {"logGroupName": "ct", "filterName": "f"},
            "requestID": request_id,
            "eventID": "event-1",
            "readOnly": false
        }
    })
    .to_string()
}

#[tokio::test(start_paused = true)]
async fn an_event_is_looked_at_at_once_and_its_message_deleted_afterwards() {
    let world = World::passing(Setup::default()).await;
    world.model.delete_filter();
    world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
    sleep(LOOK / 2).await;
    assert_eq!(world.queue.len(), 1, "the look still runs");
    assert_eq!(world.compliant(), Some(1.0));
    sleep(LOOK).await;
    assert_eq!(world.compliant(), Some(0.0));
    assert_eq!(world.queue.len(), 0);
    let control = world.control();
    assert_eq!(control["broken_link"], "pattern");
    assert_eq!(
        control["findings"][0]["actor"]["event_name"],
        "DeleteMetricFilter"
    );
    sleep(Duration::from_secs(10)).await;
    assert_eq!(
        world.looks_for("confirm"),
        1,
        "reads lag: it is looked at once more"
    );
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_comes_during_a_look_waits_for_the_next_one() {
    let world = World::passing(Setup::default()).await;
    world.queue.send(event(ACCOUNT, "PutMetricFilter", "r"));
    sleep(LOOK / 2).await;
    // The look under way has seen the account already.
    world.model.delete_filter();
    world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
    sleep(LOOK).await;
    assert_eq!(world.queue.len(), 1, "only the first message is answered");
    assert_eq!(world.compliant(), Some(1.0));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(world.queue.len(), 0);
    assert_eq!(world.compliant(), Some(0.0));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_gives_back_what_nobody_evaluated() {
    let world = World::passing(Setup::default()).await;
    // Looks that end without an account leave the message waiting only where no account is known; a stop in the middle of a
    // look finishes that look, so the message comes just after one began.
    world.queue.send(event(ACCOUNT, "PutMetricFilter", "r"));
    sleep(LOOK / 2).await;
    world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
    sleep(LOOK / 10).await;
    let World {
        queue,
        stop,
        daemon,
        ..
    } = world;
    stop.cancel();
    daemon.await.unwrap().unwrap();
    assert_eq!(queue.len(), 1);
    let again = queue.receive(10, Duration::ZERO).await.unwrap();
    assert_eq!(
        again.len(),
        1,
        "visible at once, long before its visibility timeout"
    );
    assert_eq!(again[0].receive_count, 2);
}

#[tokio::test(start_paused = true)]
async fn a_burst_costs_a_handful_of_looks_and_its_last_event_is_followed_by_one() {
    let world = World::passing(Setup::default()).await;
    for _ in 0..1000 {
        world.queue.send(event(ACCOUNT, "PutMetricFilter", "r"));
    }
    sleep(LOOK / 2).await;
    world.model.delete_filter();
    world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
    sleep(Duration::from_secs(2)).await;
    assert_eq!(world.compliant(), Some(0.0));
    assert_eq!(world.queue.len(), 0);
    assert!(
        world.looks_for("event") <= 4,
        "{}",
        world.looks_for("event")
    );
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn blindness_is_unknown_and_is_tried_again_before_the_sweep() {
    let world = World::passing(Setup {
        mode: HealMode::Apply,
        ..Setup::default()
    })
    .await;
    let error = CallError {
        service: "sts",
        operation: "GetCallerIdentity",
        scope: "us-east-1".to_owned(),
        code: "ExpiredToken".to_owned(),
        class: Class::Transient,
        message: "the security token has expired".to_owned(),
    };
    *lock(&world.model.failure) = Some(ObserveError::Identity(error));
    world.queue.send(event(ACCOUNT, "PutMetricFilter", "r"));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(
        world.compliant(),
        Some(0.0),
        "what is not seen is not compliant"
    );
    assert_eq!(world.control()["verdict"], "UNKNOWN");
    assert_eq!(
        world.queue.len(),
        0,
        "a verdict is stored: the retry is the daemon's own"
    );
    *lock(&world.model.failure) = None;
    sleep(Duration::from_secs(10)).await;
    assert_eq!(world.compliant(), Some(1.0));
    assert_eq!(world.model.writes(), [""; 0], "UNKNOWN never heals");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_fails_in_an_account_that_was_not_seen_whole_is_looked_at_again_soon() {
    let world = World::passing(Setup {
        mode: HealMode::Apply,
        ..Setup::default()
    })
    .await;
    let hole = "logs:DescribeLogGroups us-east-1";
    let groups = lock(&world.model.state).log_groups.clone();
    world.model.change(|state| {
        state.log_groups.clear();
        state
            .api_errors
            .insert(hole.to_owned(), "ThrottlingException".to_owned());
    });
    world.model.delete_filter();
    world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
    sleep(Duration::from_secs(8)).await;
    assert_eq!(world.control()["verdict"], "FAIL");
    assert_eq!(world.model.writes(), [""; 0], "not before all was seen");
    world.model.change(|state| {
        state.log_groups = groups;
        state.api_errors.clear();
    });
    sleep(Duration::from_mins(1)).await;
    assert_eq!(world.model.writes(), ["PutMetricFilter"]);
    assert_eq!(world.compliant(), Some(1.0));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn before_the_own_account_is_known_its_messages_wait_and_foreign_ones_are_told_apart() {
    let setup = Setup {
        account_known: false,
        ..Setup::default()
    };
    let world = World::start(setup).await;
    let error = ObserveError::NoAccount("?".to_owned());
    *lock(&world.model.failure) = Some(error);
    world.queue.send(event(ACCOUNT, "PutMetricFilter", "r"));
    world
        .queue
        .send(event("999999999999", "PutMetricFilter", "r"));
    sleep(Duration::from_secs(40)).await;
    assert_eq!(
        world.compliant(),
        None,
        "nothing is claimed about an account that is not known"
    );
    assert_eq!(world.queue.len(), 2);
    *lock(&world.model.failure) = None;
    sleep(Duration::from_mins(1)).await;
    assert_eq!(world.compliant(), Some(1.0));
    assert_eq!(world.queue.len(), 0);
    assert_eq!(
        world.value("trailwarden_messages_total{outcome=\"evaluated\"}"),
        Some(1.0)
    );
    assert_eq!(
        world.value("trailwarden_messages_total{outcome=\"foreign\"}"),
        Some(1.0)
    );
    world.end().await;
}
