//! Senders on a paused clock, to targets in memory.

use std::collections::VecDeque;
use std::path::Path;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;

use super::*;
use crate::telemetry::Metrics;
use crate::telemetry::samples::time;

/// What a target does with one attempt.
#[derive(Clone)]
enum Does {
    Take,
    Fail(Option<Duration>),
    Refuse,
    Hang,
}

/// A target that follows a script, and takes everything afterwards.
#[derive(Default)]
struct Script {
    next: Mutex<VecDeque<Does>>,
    /// Name and time of each attempt.
    attempts: Mutex<Vec<(String, Instant)>>,
    taken: Mutex<Vec<String>>,
}

impl Courier for Script {
    fn deliver<'a>(&'a self, notice: &'a Notice) -> BoxFuture<'a, Result<(), Failure>> {
        async {
            let name = name(notice);
            self.attempts
                .lock()
                .unwrap()
                .push((name.clone(), Instant::now()));
            let next = self.next.lock().unwrap().pop_front();
            match next.unwrap_or(Does::Take) {
                Does::Take => {
                    self.taken.lock().unwrap().push(name);
                    Ok(())
                }
                Does::Fail(retry_after) => Err(Failure::MayPass {
                    reason: "HTTP 503".to_owned(),
                    retry_after,
                }),
                Does::Refuse => Err(Failure::Rejected {
                    reason: "HTTP 404".to_owned(),
                }),
                Does::Hang => std::future::pending().await,
            }
        }
        .boxed()
    }
}

impl Script {
    fn of(script: impl IntoIterator<Item = Does>) -> Arc<Self> {
        Arc::new(Self {
            next: Mutex::new(script.into_iter().collect()),
            ..Self::default()
        })
    }

    fn attempts(&self) -> usize {
        self.attempts.lock().unwrap().len()
    }

    fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }

    /// The pauses between attempts.
    fn pauses(&self) -> Vec<Duration> {
        let attempts = self.attempts.lock().unwrap();
        attempts
            .windows(2)
            .map(|pair| pair[1].1 - pair[0].1)
            .collect()
    }
}

fn notice(name: &str) -> Notice {
    Notice::state_dir_unwritable(Path::new(name), &"full", time("2026-11-23T10:00:00Z"))
}

fn name(notice: &Notice) -> String {
    let matter = notice.matter();
    matter.rsplit('/').next().unwrap_or_default().to_owned()
}

struct World {
    notifier: Notifier,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
    senders: Vec<JoinHandle<()>>,
}

impl World {
    fn start(targets: &[(&str, &Arc<Script>)]) -> Self {
        let metrics = Arc::new(Metrics::new().unwrap());
        let targets = targets.iter().map(|(name, script)| Target {
            name: (*name).to_owned(),
            courier: Arc::<Script>::clone(script),
            topic_arn: None,
        });
        let (notifier, senders) = Notifier::new(
            targets.collect(),
            &Events::new(Arc::clone(&metrics)),
            &mut fastrand::Rng::with_seed(1),
        );
        let stop = CancellationToken::new();
        #[allow(clippy::disallowed_methods, reason = "awaited by the test")]
        let spawn = |sender: Sender| tokio::spawn(sender.run(stop.clone()));
        let senders = senders.into_iter().map(spawn).collect();
        Self {
            notifier,
            metrics,
            stop,
            senders,
        }
    }

    fn counted(&self, target: &str, result: &str) -> String {
        let text = self.metrics.encode().unwrap();
        let series =
            format!("trailwarden_notifications_total{{result=\"{result}\",target=\"{target}\"}} ");
        let mut lines = text.lines();
        lines
            .find_map(|line| line.strip_prefix(&series))
            .unwrap()
            .to_owned()
    }

    fn waiting(&self, target: &str) -> String {
        let text = self.metrics.encode().unwrap();
        let series = format!("trailwarden_notifications_waiting{{target=\"{target}\"}} ");
        let mut lines = text.lines();
        lines
            .find_map(|line| line.strip_prefix(&series))
            .unwrap()
            .to_owned()
    }

    /// Stops, and answers how long that took.
    async fn end(self) -> Duration {
        let begun = Instant::now();
        self.stop.cancel();
        for sender in self.senders {
            sender.await.unwrap();
        }
        begun.elapsed()
    }
}

#[tokio::test(start_paused = true)]
async fn each_target_gets_each_notice_once_and_in_order() {
    let (one, two) = (Script::of([]), Script::of([]));
    let world = World::start(&[("one", &one), ("two", &two)]);
    for name in ["a", "b", "c"] {
        world.notifier.tell(notice(name));
    }
    sleep(Duration::from_millis(1)).await;
    assert_eq!(one.taken(), ["a", "b", "c"]);
    assert_eq!(two.taken(), ["a", "b", "c"]);
    assert_eq!(world.counted("one", "sent"), "3");
    assert_eq!(world.waiting("one"), "0");
    assert!(world.end().await < Duration::from_millis(1));
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_again_with_growing_pauses_and_the_rest_waits() {
    let script = Script::of(vec![Does::Fail(None); 12]);
    let world = World::start(&[("one", &script)]);
    world.notifier.tell(notice("a"));
    world.notifier.tell(notice("b"));
    sleep(Duration::from_hours(1)).await;
    assert_eq!(script.taken(), ["a", "b"]);
    assert_eq!(world.counted("one", "failed"), "12");
    let pauses = script.pauses();
    for (index, pause) in (0_u32..).zip(&pauses[..12]) {
        let longest = RETRY.0.saturating_mul(1 << index).min(RETRY.1);
        let slack = Duration::from_millis(2);
        assert!(
            *pause <= longest + slack && *pause >= longest / 2,
            "{pauses:?}"
        );
    }
    assert!(pauses[12] < Duration::from_millis(1), "b follows at once");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_target_that_asks_for_a_pause_gets_it() {
    let asked = Duration::from_secs(90);
    let script = Script::of([Does::Fail(Some(asked)), Does::Fail(Some(Duration::ZERO))]);
    let world = World::start(&[("one", &script)]);
    world.notifier.tell(notice("a"));
    sleep(Duration::from_mins(10)).await;
    let pauses = script.pauses();
    assert!(pauses[0] >= asked, "{pauses:?}");
    assert!(
        pauses[1] >= RETRY.0 / 2,
        "zero is no leave to hammer: {pauses:?}"
    );
    assert_eq!(script.taken(), ["a"]);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_not_tried_again_and_holds_nothing_up() {
    let script = Script::of([Does::Refuse]);
    let world = World::start(&[("one", &script)]);
    world.notifier.tell(notice("a"));
    world.notifier.tell(notice("b"));
    sleep(Duration::from_millis(1)).await;
    assert_eq!(script.taken(), ["b"]);
    assert_eq!(world.counted("one", "rejected"), "1");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_dead_target_delays_no_other_and_drops_the_oldest_when_full() {
    let (dead, well) = (Script::of([Does::Hang]), Script::of([]));
    let world = World::start(&[("dead", &dead), ("well", &well)]);
    for number in 0..ROOM + 3 {
        world.notifier.tell(notice(&number.to_string()));
    }
    sleep(Duration::from_millis(1)).await;
    assert_eq!(
        well.taken().len(),
        ROOM,
        "told at once, within its own room"
    );
    assert_eq!(world.counted("dead", "dropped"), "3");
    assert_eq!(world.waiting("dead"), ROOM.to_string());
    world.notifier.tell(notice("50"));
    assert_eq!(world.waiting("dead"), ROOM.to_string());
    assert_eq!(world.counted("dead", "dropped"), "4");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_delivers_what_waits_and_takes_a_few_seconds_at_most() {
    let failing = Script::of([Does::Fail(Some(Duration::from_mins(30)))]);
    let world = World::start(&[("failing", &failing)]);
    world.notifier.tell(notice("a"));
    world.notifier.tell(notice("b"));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(failing.attempts(), 1, "it is left alone as it asked");
    assert!(world.end().await < Duration::from_millis(1));
    assert_eq!(failing.taken(), ["a", "b"], "at the end there is no later");

    let hanging = Script::of([Does::Hang]);
    let world = World::start(&[("hanging", &hanging)]);
    let metrics = Arc::clone(&world.metrics);
    world.notifier.tell(notice("a"));
    sleep(Duration::from_secs(1)).await;
    let took = world.end().await;
    assert!(
        took >= DRAIN && took < DRAIN + Duration::from_millis(10),
        "{took:?}"
    );
    let text = metrics.encode().unwrap();
    assert!(
        text.contains(r#"{result="dropped",target="hanging"} 1"#),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_notice_that_nobody_takes_for_a_day_is_given_up() {
    let script = Script::of(vec![Does::Fail(None); 10_000]);
    let world = World::start(&[("one", &script)]);
    world.notifier.tell(notice("a"));
    sleep(GIVE_UP * 99 / 100).await;
    assert_eq!(world.waiting("one"), "1");
    sleep(GIVE_UP / 50).await;
    assert_eq!(world.waiting("one"), "0");
    assert_eq!(world.counted("one", "dropped"), "1");
    world.end().await;
}

#[test]
fn a_failure_is_said_once_and_its_end_once() {
    let text =
        crate::telemetry::samples::logged(crate::telemetry::logs::Format::Json, "info", || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap();
            runtime.block_on(async {
                let script = Script::of(vec![Does::Fail(None); 5]);
                let world = World::start(&[("one", &script)]);
                world.notifier.tell(notice("a"));
                sleep(Duration::from_mins(10)).await;
                world.end().await;
            });
        });
    let said = |line: &str| text.matches(line).count();
    assert_eq!(said("notification failed, trying again"), 1, "{text}");
    assert_eq!(said("notifications are delivered again"), 1, "{text}");
}
