//! The daemon watches what it hears through.

use super::telling::Reader;
use super::*;
use crate::aws::{WiringApi, WiringSite};
use crate::journal::Incident;
use crate::wiring::{Change, Ground, Needs, Observed, Part, Place, Sight, Unseen, compare};

const REGION: &str = "us-east-1";

/// An account's part of the wiring in memory.
struct Wires {
    seen: Mutex<Observed>,
    looks: AtomicUsize,
    failure: Mutex<Option<ObserveError>>,
}

fn ground() -> Ground {
    Ground {
        prefix: "trailwarden".to_owned(),
        feed: Place {
            account: ACCOUNT.parse().unwrap(),
            region: REGION.to_owned(),
        },
        queue: "trailwarden-events".to_owned(),
        members: std::collections::BTreeSet::new(),
        consumer_role_arn: None,
        organization_id: None,
    }
}

fn whole() -> Observed {
    let ground = ground();
    let needs = Needs::new(&ground, &ground.feed.account, &[REGION.to_owned()]);
    let mut seen = Observed::default();
    for change in compare(&needs, &seen.clone()).changes() {
        seen.carry_out(change);
    }
    seen
}

impl Wires {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            seen: Mutex::new(whole()),
            looks: AtomicUsize::new(0),
            failure: Mutex::new(None),
        })
    }

    fn looks(&self) -> usize {
        self.looks.load(Ordering::Relaxed)
    }

    /// Somebody disables the first rule.
    fn disable(&self) {
        let key = (REGION.to_owned(), "default".to_owned());
        if let Some(Sight::Seen(rules)) = lock(&self.seen).rules.get_mut(&key) {
            rules[0].enabled = false;
        }
    }

    fn plan(self: &Arc<Self>) -> WiringPlan {
        WiringPlan {
            ground: ground(),
            sites: vec![WiringSite {
                name: ACCOUNT.to_owned(),
                account: Some(ACCOUNT.parse().unwrap()),
                watched: true,
                api: Arc::<Self>::clone(self),
            }],
        }
    }

    fn setup(self: &Arc<Self>, reader: &Arc<Reader>) -> Setup {
        Setup {
            wiring: Some(self.plan()),
            ..reader.setup(HealMode::Off)
        }
    }
}

impl WiringApi for Wires {
    fn account_id(&self) -> BoxFuture<'_, Result<AccountId, ObserveError>> {
        async {
            lock(&self.failure)
                .clone()
                .map_or(Ok(ACCOUNT.parse().unwrap()), Err)
        }
        .boxed()
    }

    fn regions(&self) -> BoxFuture<'_, Result<Vec<String>, CallError>> {
        async { Ok(vec![REGION.to_owned()]) }.boxed()
    }

    fn look<'a>(&'a self, _: &'a Needs) -> BoxFuture<'a, Observed> {
        async {
            self.looks.fetch_add(1, Ordering::Relaxed);
            let seen = lock(&self.seen).clone();
            sleep(LOOK).await;
            seen
        }
        .boxed()
    }

    fn change<'a>(
        &'a self,
        _: &'a str,
        change: &'a Change,
    ) -> BoxFuture<'a, Result<(), CallError>> {
        panic!("the daemon mends no wiring: {change:?}")
    }

    fn made<'a>(&'a self, _: &'a Needs) -> BoxFuture<'a, (Vec<Part>, Vec<CallError>)> {
        async { (Vec::new(), Vec::new()) }.boxed()
    }

    fn remove<'a>(&'a self, part: &'a Part) -> BoxFuture<'a, Result<(), CallError>> {
        async move { panic!("the daemon removes nothing: {part}") }.boxed()
    }
}

fn disabled(rule: &str) -> String {
    call("DisableRule", rule, "mallory", "event-7").replace("10:00:00Z", "10:00:30Z")
}

fn call(name: &str, rule: &str, who: &str, event: &str) -> String {
    json!({
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.events",
        "account": ACCOUNT,
        "region": REGION,
        "detail": {
            "userIdentity": {"arn": format!("arn:aws:sts::111122223333:assumed-role/admin/{who}")},
            "eventTime": "2026-11-23T10:00:00Z",
            "eventSource": "events.amazonaws.com",
            "eventName": name,
            "requestParameters": {"name": rule},
            "eventID": event,
            "readOnly": false
        }
    })
    .to_string()
}

fn gauge(world: &World) -> Option<f64> {
    world.value("trailwarden_wiring_ok{")
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_was_disabled_is_told_at_once_with_its_caller_and_its_end_once() {
    let (wires, reader) = (Wires::new(), Arc::new(Reader::default()));
    let world = World::passing(wires.setup(&reader)).await;
    assert_eq!(gauge(&world), Some(1.0));
    assert_eq!(reader.kinds(), [""; 0], "whole at the start is no news");
    wires.disable();
    world.queue.send(disabled("trailwarden-events"));
    sleep(Duration::from_secs(2)).await;
    assert_eq!(gauge(&world), Some(0.0));
    assert_eq!(reader.kinds(), ["wiring_cut"]);
    let told = reader.last();
    for part in [
        "mallory",
        "event-7",
        "it is disabled",
        "trailwarden wire --apply",
    ] {
        assert!(told.contains(part), "{part} is missing in {told}");
    }
    sleep(Duration::from_hours(2)).await;
    assert_eq!(reader.kinds(), ["wiring_cut"], "the same again is no news");
    *lock(&wires.seen) = whole();
    sleep(Duration::from_mins(20)).await;
    assert_eq!(gauge(&world), Some(1.0));
    assert_eq!(reader.kinds(), ["wiring_cut", "wiring_whole"]);
    assert_eq!(
        world.value("trailwarden_occurrences_total{kind=\"wiring_cut\"}"),
        Some(1)
    );
    let kinds: Vec<&str> = world
        .board
        .incidents()
        .iter()
        .filter_map(|incident| match incident {
            Incident::Happened(one) => Some(one.kind.name()),
            Incident::Broken(_) => None,
        })
        .collect();
    assert_eq!(kinds, ["wiring_whole", "wiring_cut"]);
    assert_eq!(world.compliant(), Some(1.0), "the chain is another matter");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn without_an_event_the_sweep_finds_it_and_names_nobody() {
    let (wires, reader) = (Wires::new(), Arc::new(Reader::default()));
    let world = World::passing(wires.setup(&reader)).await;
    wires.disable();
    sleep(Duration::from_mins(10)).await;
    assert_eq!(reader.kinds(), [""; 0], "nobody has looked yet");
    sleep(Duration::from_mins(10)).await;
    assert_eq!(reader.kinds(), ["wiring_cut"]);
    assert!(reader.last().contains("actor: None"), "{}", reader.last());
    world.end().await;
}

fn assert_only_mallory_is_blamed(reader: &Reader) {
    assert_eq!(reader.kinds(), ["wiring_cut"]);
    let told = reader.last();
    assert!(
        told.contains("mallory") && !told.contains("alice"),
        "{told}"
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_put_the_rule_right_is_not_blamed_for_what_came_after() {
    let (wires, reader) = (Wires::new(), Arc::new(Reader::default()));
    let world = World::passing(wires.setup(&reader)).await;
    let put = call("PutRule", "trailwarden-events", "alice", "event-6");
    world.queue.send(put);
    sleep(Duration::from_secs(3)).await;
    // Seen by the check that comes five seconds after an event, before the event of the cut is here.
    wires.disable();
    sleep(Duration::from_secs(4)).await;
    assert_eq!(gauge(&world), Some(0.0));
    world.queue.send(disabled("trailwarden-events"));
    sleep(Duration::from_secs(4)).await;
    assert_only_mallory_is_blamed(&reader);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn of_two_calls_in_one_second_the_earlier_that_comes_again_is_not_blamed() {
    let (wires, reader) = (Wires::new(), Arc::new(Reader::default()));
    let world = World::passing(wires.setup(&reader)).await;
    let put = call("PutRule", "trailwarden-events", "alice", "event-6");
    world.queue.send(put.replace("10:00:00Z", "10:00:30Z"));
    // Another replica takes it and gives it back.
    let taken = Queue::receive(&*world.queue, 1, Duration::ZERO).await;
    let receipt = taken.unwrap().remove(0).receipt;
    sleep(Duration::from_millis(400)).await;
    world.queue.send(disabled("trailwarden-events"));
    sleep(Duration::from_millis(10)).await;
    // Seen after the check that this event asks for: reads lag.
    wires.disable();
    assert_eq!(world.queue.release(&[receipt]).await, [Ok(())]);
    sleep(Duration::from_secs(4)).await;
    assert_only_mallory_is_blamed(&reader);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_about_somebody_elses_rule_asks_for_no_check() {
    let (wires, reader) = (Wires::new(), Arc::new(Reader::default()));
    let world = World::passing(wires.setup(&reader)).await;
    let before = wires.looks();
    for rule in ["nightly-report", "backup"] {
        world.queue.send(disabled(rule));
    }
    sleep(Duration::from_mins(1)).await;
    assert_eq!(wires.looks(), before);
    for _ in 0..500 {
        world.queue.send(disabled("trailwarden-events"));
    }
    sleep(Duration::from_mins(1)).await;
    assert!(
        (1..40).contains(&(wires.looks() - before)),
        "{}",
        wires.looks()
    );
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_read_is_no_alarm_and_not_right() {
    let (wires, reader) = (Wires::new(), Arc::new(Reader::default()));
    let key = (REGION.to_owned(), "default".to_owned());
    let unseen = Unseen {
        action: "events:ListRules".to_owned(),
        code: "AccessDenied".to_owned(),
        denied: true,
    };
    lock(&wires.seen).rules.insert(key, Sight::Unseen(unseen));
    let world = World::passing(wires.setup(&reader)).await;
    assert!(gauge(&world).is_some_and(f64::is_nan));
    sleep(Duration::from_hours(1)).await;
    assert_eq!(reader.kinds(), [""; 0]);
    let rows = world.board.wired();
    assert_eq!(rows[0].1.is_whole, None);
    assert!(
        rows[0].1.problems[0].contains("events:ListRules"),
        "{rows:?}"
    );
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_the_same_cut_is_not_told_again_and_its_end_is() {
    let (wires, reader) = (Wires::new(), Arc::new(Reader::default()));
    let setup = wires.setup(&reader);
    let journal = setup.journal.clone();
    let world = World::passing(setup).await;
    wires.disable();
    sleep(Duration::from_mins(20)).await;
    assert_eq!(reader.kinds(), ["wiring_cut"]);
    world.end().await;
    let again = || Setup {
        journal: journal.clone(),
        ..wires.setup(&reader)
    };
    let world = World::start(again()).await;
    sleep(Duration::from_mins(20)).await;
    assert_eq!(reader.kinds(), ["wiring_cut"]);
    world.end().await;
    *lock(&wires.seen) = whole();
    let world = World::start(again()).await;
    sleep(Duration::from_mins(1)).await;
    assert_eq!(reader.kinds(), ["wiring_cut", "wiring_whole"]);
    world.end().await;
}
