//! Heartbeats through a bus and a queue in memory, and what the queue says of itself.

use std::collections::VecDeque;

use super::telling::Reader;
use super::*;
use crate::aws::{Bus, BusEvent, Depth, Fill, QueueGauge};
use crate::event::{Heartbeat, Nonce};
use crate::journal::{Incident, OccurrenceKind};

/// What a heartbeat takes through the bus of the tests.
const TRIP: Duration = Duration::from_millis(300);

/// A bus whose rule leads to the daemon's queue, or does not.
#[derive(Default)]
struct Rule {
    /// Where its target leads; it is made before the queue is.
    queue: Mutex<Option<Arc<MemoryQueue>>>,
    enabled: std::sync::atomic::AtomicBool,
    denied: std::sync::atomic::AtomicBool,
    sent: Mutex<Vec<String>>,
}

impl Rule {
    fn enable(&self, enabled: bool) {
        self.enabled.store(enabled, Ordering::Relaxed);
    }

    fn sent(&self) -> usize {
        lock(&self.sent).len()
    }
}

impl Bus for Rule {
    fn put<'a>(&'a self, event: &'a BusEvent) -> BoxFuture<'a, Result<(), CallError>> {
        async move {
            if self.denied.load(Ordering::Relaxed) {
                return Err(denied("events", "PutEvents"));
            }
            let body = json!({
                "source": event.source,
                "detail-type": event.detail_type,
                "account": ACCOUNT,
                "region": "us-east-1",
                "detail": serde_json::from_str::<Value>(&event.detail).unwrap(),
            })
            .to_string();
            lock(&self.sent).push(body.clone());
            if self.enabled.load(Ordering::Relaxed) {
                sleep(TRIP).await;
                let queue = lock(&self.queue).clone().unwrap();
                queue.send(body);
            }
            Ok(())
        }
        .boxed()
    }
}

fn denied(service: &'static str, operation: &'static str) -> CallError {
    CallError {
        service,
        operation,
        scope: "us-east-1".to_owned(),
        code: "AccessDeniedException".to_owned(),
        class: Class::Denied,
        message: "no identity-based policy allows it".to_owned(),
    }
}

/// The answers to come; the last is given for ever.
struct Gauge(Mutex<VecDeque<Result<Fill, CallError>>>);

impl QueueGauge for Gauge {
    fn fill(&self) -> BoxFuture<'_, Result<Fill, CallError>> {
        async {
            let mut answers = lock(&self.0);
            if answers.len() > 1 {
                answers.pop_front().unwrap()
            } else {
                answers[0].clone()
            }
        }
        .boxed()
    }
}

fn fill(visible: u64, dead: u64) -> Fill {
    let depth = |visible| Depth {
        visible,
        ..Depth::default()
    };
    Fill {
        queue: depth(visible),
        dead_letters: Some(Ok(depth(dead))),
    }
}

fn feed() -> FeedName {
    FeedName {
        account: ACCOUNT.parse().unwrap(),
        url: "https://sqs.us-east-1.amazonaws.com/111122223333/events".to_owned(),
    }
}

/// A passing world with a heartbeat a minute over this rule.
async fn beating(rule: &Arc<Rule>, reader: &Arc<Reader>, journal: &Journal) -> World {
    let bus: Arc<dyn Bus> = Arc::<Rule>::clone(rule);
    let setup = Setup {
        journal: journal.clone(),
        senses: Senses {
            feed: Some(feed()),
            heartbeat: Some(Heartbeats {
                bus,
                interval: Duration::from_mins(1),
                timeout: Duration::from_secs(30),
                nonces: system_nonce,
            }),
            gauge: None,
        },
        ..reader.setup(HealMode::Off)
    };
    let world = World::start(setup).await;
    *lock(&rule.queue) = Some(Arc::clone(&world.queue));
    world
}

impl World {
    fn rule_ok(&self) -> Option<f64> {
        self.value("trailwarden_feed_rule_ok ")
    }

    fn rule_unknown(&self) -> bool {
        self.rule_ok().is_some_and(f64::is_nan)
    }

    fn messages(&self, outcome: &str) -> usize {
        self.value(&format!(
            "trailwarden_messages_total{{outcome=\"{outcome}\"}}"
        ))
        .unwrap()
    }
}

async fn occurrences(journal: &Journal) -> Vec<OccurrenceKind> {
    let incidents = journal.recent().await.into_iter().rev();
    incidents
        .filter_map(|incident| match incident {
            Incident::Happened(one) => Some(one.kind),
            Incident::Broken(_) => None,
        })
        .collect()
}

async fn minutes(minutes: u64) {
    sleep(Duration::from_mins(minutes)).await;
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_that_comes_back_is_health_and_no_reason_to_look() {
    let (rule, reader) = (Arc::new(Rule::default()), Arc::new(Reader::default()));
    let journal = Journal::in_memory().unwrap();
    rule.enable(true);
    let world = beating(&rule, &reader, &journal).await;
    assert!(world.rule_unknown(), "none was sent yet");
    sleep(Duration::from_secs(5)).await;
    let looks = world.model.looks();
    assert_eq!(world.rule_ok(), Some(1.0));
    minutes(5).await;
    assert_eq!(world.rule_ok(), Some(1.0));
    assert_eq!(world.model.looks(), looks, "a heartbeat is no event");
    let beats = rule.sent();
    assert!((6..=7).contains(&beats), "{beats} in five minutes");
    assert_eq!(world.messages("heartbeat"), beats);
    assert_eq!(world.messages("stray_heartbeat"), 0);
    assert!(world.queue.is_empty());
    let took: f64 = world
        .value("trailwarden_heartbeat_round_trip_seconds_sum")
        .unwrap();
    let expected = TRIP.as_secs_f64() * f64::from(u32::try_from(beats).unwrap());
    assert!((took - expected).abs() < 0.1, "{took} s, not {expected}");
    assert_eq!(reader.kinds(), [""; 0]);
    assert!(occurrences(&journal).await.is_empty());
    // No nonce is ever used twice.
    let mut sent = lock(&rule.sent).clone();
    sent.sort();
    sent.dedup();
    assert_eq!(sent.len(), beats);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn one_lost_heartbeat_is_no_news_two_are_and_so_is_their_return() {
    let (rule, reader) = (Arc::new(Rule::default()), Arc::new(Reader::default()));
    let journal = Journal::in_memory().unwrap();
    rule.enable(true);
    let world = beating(&rule, &reader, &journal).await;
    sleep(Duration::from_secs(30)).await;

    rule.enable(false);
    sleep(Duration::from_secs(61)).await;
    assert_eq!(world.rule_ok(), Some(0.0));
    rule.enable(true);
    minutes(2).await;
    assert_eq!(world.rule_ok(), Some(1.0));
    assert_eq!(reader.kinds(), [""; 0], "one may get lost");

    rule.enable(false);
    minutes(4).await;
    assert_eq!(world.rule_ok(), Some(0.0));
    assert_eq!(reader.kinds(), ["heartbeat_lost"], "told once");
    assert_eq!(
        world.value("trailwarden_occurrences_total{kind=\"heartbeat_lost\"}"),
        Some(1.0)
    );
    assert_eq!(world.compliant(), Some(1.0), "no verdict rests on it");
    rule.enable(true);
    minutes(2).await;
    assert_eq!(world.rule_ok(), Some(1.0));
    assert_eq!(reader.kinds(), ["heartbeat_lost", "heartbeat_restored"]);
    assert_eq!(
        occurrences(&journal).await,
        [
            OccurrenceKind::HeartbeatLost,
            OccurrenceKind::HeartbeatRestored
        ]
    );
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_what_an_earlier_process_told_is_told() {
    let (rule, reader) = (Arc::new(Rule::default()), Arc::new(Reader::default()));
    let journal = Journal::in_memory().unwrap();
    let world = beating(&rule, &reader, &journal).await;
    minutes(4).await;
    assert_eq!(reader.kinds(), ["heartbeat_lost"]);
    world.end().await;
    rule.enable(true);
    let world = beating(&rule, &reader, &journal).await;
    minutes(1).await;
    assert_eq!(reader.kinds(), ["heartbeat_lost", "heartbeat_restored"]);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_foreign_a_late_and_a_forged_heartbeat_are_deleted_and_mean_nothing() {
    let (rule, reader) = (Arc::new(Rule::default()), Arc::new(Reader::default()));
    let journal = Journal::in_memory().unwrap();
    let world = beating(&rule, &reader, &journal).await;
    minutes(1).await;
    assert_eq!(world.rule_ok(), Some(0.0), "the rule is disabled");
    let looks = world.model.looks();
    let foreign = Heartbeat {
        nonce: Nonce::new([7; 16]),
        process: "replica".to_owned(),
    };
    let late = lock(&rule.sent)[0].clone();
    let foreign: Value = serde_json::from_str(&foreign.detail()).unwrap();
    let mut forged: Value = serde_json::from_str(&late).unwrap();
    forged["detail"] = foreign;
    world.queue.send(forged.to_string());
    world.queue.send(late);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(world.messages("stray_heartbeat"), 2);
    assert_eq!(world.messages("heartbeat"), 0);
    assert!(world.queue.is_empty(), "deleted, as they say nothing");
    assert_eq!(world.rule_ok(), Some(0.0));
    assert_eq!(world.model.looks(), looks);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn without_the_permission_nothing_is_known_and_nothing_is_told() {
    let (rule, reader) = (Arc::new(Rule::default()), Arc::new(Reader::default()));
    let journal = Journal::in_memory().unwrap();
    rule.denied.store(true, Ordering::Relaxed);
    let world = beating(&rule, &reader, &journal).await;
    minutes(10).await;
    assert!(world.rule_unknown());
    assert_eq!(reader.kinds(), [""; 0]);
    assert_eq!(world.compliant(), Some(1.0));
    // Given later, it is used.
    rule.denied.store(false, Ordering::Relaxed);
    rule.enable(true);
    minutes(2).await;
    assert_eq!(world.rule_ok(), Some(1.0));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_queue_s_depth_is_shown_and_new_dead_letters_are_told() {
    let reader = Arc::new(Reader::default());
    let journal = Journal::in_memory().unwrap();
    let gauge = Gauge(Mutex::new(VecDeque::from([
        Ok(fill(4, 0)),
        Ok(fill(7, 2)),
        Err(denied("sqs", "GetQueueAttributes")),
        Ok(fill(0, 2)),
    ])));
    let world = World::start(Setup {
        journal: journal.clone(),
        senses: Senses {
            feed: Some(feed()),
            heartbeat: None,
            gauge: Some(Arc::new(gauge)),
        },
        ..reader.setup(HealMode::Off)
    })
    .await;
    let visible = "trailwarden_queue_messages{state=\"visible\"}";
    let dead = "trailwarden_dead_letter_messages ";
    sleep(Duration::from_secs(1)).await;
    assert_eq!(
        (world.value(visible), world.value(dead)),
        (Some(4.0), Some(0.0))
    );
    minutes(1).await;
    assert_eq!(
        (world.value(visible), world.value(dead)),
        (Some(7.0), Some(2.0))
    );
    minutes(1).await;
    for series in [visible, dead] {
        assert!(world.value::<f64>(series).unwrap().is_nan(), "{series}");
    }
    minutes(3).await;
    assert_eq!(
        (world.value(visible), world.value(dead)),
        (Some(0.0), Some(2.0))
    );
    assert_eq!(reader.kinds(), ["dead_letters"]);
    assert_eq!(occurrences(&journal).await, [OccurrenceKind::DeadLetters]);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn cloudtrail_s_part_is_told_from_the_trail_and_from_the_last_event() {
    let world = World::passing(Setup::default()).await;
    let ok = format!("trailwarden_feed_cloudtrail_ok{{account=\"{ACCOUNT}\"}}");
    let last = format!("trailwarden_last_event_timestamp_seconds{{account=\"{ACCOUNT}\"}}");
    assert!(world.value::<f64>(&ok).unwrap().is_nan(), "nothing heard");
    assert_eq!(world.value::<f64>(&last), None);
    world.queue.send(event(ACCOUNT, "PutMetricFilter", "r"));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(world.value(&ok), Some(1.0));
    let began: f64 = world.value(&last).unwrap();
    sleep(Duration::from_hours(30)).await;
    assert!(
        world.value::<f64>(&ok).unwrap().is_nan(),
        "silence is neither fault nor health"
    );
    assert_eq!(world.value(&last), Some(began));
    world.model.change(|state| {
        for status in state.trail_status.values_mut() {
            status.is_logging = Some(false);
        }
    });
    sleep(Duration::from_mins(20)).await;
    assert_eq!(world.value(&ok), Some(0.0));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_age_of_what_was_received_is_shown_until_the_queue_is_empty() {
    let world = World::passing(Setup::default()).await;
    let age = || -> f64 {
        world
            .value("trailwarden_received_message_age_seconds ")
            .unwrap()
    };
    sleep(Duration::from_secs(30)).await;
    assert!(age() < f64::EPSILON, "{}", age());
    world.queue.send("not JSON");
    sleep(Duration::from_secs(35)).await;
    // It was left where it is, and came again when its visibility was over.
    assert!((29.0..=31.0).contains(&age()), "{}", age());
    world.end().await;
}
