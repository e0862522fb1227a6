//! With heal on.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_broken_link_is_mended_once_it_was_seen_twice() {
    let world = World::passing(Setup {
        mode: HealMode::Apply,
        ..Setup::default()
    })
    .await;
    world.model.delete_filter();
    world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
    sleep(Duration::from_secs(4)).await;
    assert_eq!(world.model.writes(), [""; 0], "seen once");
    sleep(Duration::from_secs(4)).await;
    assert_eq!(world.model.writes(), ["PutMetricFilter"]);
    assert_eq!(world.compliant(), Some(1.0));
    assert!(world.looks_for("heal") >= 1);
    assert_eq!(
        world
            .value("trailwarden_heal_actions_total{action=\"PutMetricFilter\",result=\"applied\"}"),
        Some(1.0)
    );
    // The event of the own write arrives and is looked at like any other.
    let looks = world.model.looks();
    world.queue.send(event(ACCOUNT, "PutMetricFilter", "own-1"));
    sleep(Duration::from_secs(1)).await;
    assert!(world.model.looks() > looks, "no event suppresses a look");
    assert_eq!(world.compliant(), Some(1.0));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn mode_plan_shows_the_repair_and_writes_nothing() {
    let world = World::passing(Setup {
        mode: HealMode::Plan,
        ..Setup::default()
    })
    .await;
    world.model.delete_filter();
    world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
    sleep(Duration::from_secs(30)).await;
    assert_eq!(world.control()["plan"]["steps"][0]["link"], "pattern");
    assert_eq!(world.model.writes(), [""; 0]);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn several_cuts_at_once_are_mended_in_order() {
    let world = World::passing(Setup {
        mode: HealMode::Apply,
        ..Setup::default()
    })
    .await;
    world.model.change(|state| {
        state.metric_filters = Some(Vec::new());
        state.alarms = Some(Vec::new());
        state.topics = Some(Vec::new());
        state.subscriptions = Some(Vec::new());
    });
    world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
    sleep(Duration::from_secs(30)).await;
    assert_eq!(world.compliant(), Some(1.0), "{:#}", world.control());
    let mut writes = world.model.writes();
    writes.sort_unstable();
    assert_eq!(
        writes,
        [
            "CreateTopic",
            "PutMetricAlarm",
            "PutMetricFilter",
            "Subscribe"
        ]
    );
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn who_undoes_every_repair_wins_after_a_bounded_number_of_writes() {
    let world = World::passing(Setup {
        mode: HealMode::Apply,
        ..Setup::default()
    })
    .await;
    for _ in 0..600 {
        world.model.delete_filter();
        world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
        sleep(Duration::from_secs(30)).await;
    }
    let writes = world.model.writes().len();
    assert!(
        (2..=12).contains(&writes),
        "{writes} writes in five hours of a fight"
    );
    assert_eq!(world.compliant(), Some(0.0));
    let held = "trailwarden_heal_actions_total{action=\"PutMetricFilter\",result=\"held\"}";
    assert!(world.value(held) >= Some(1.0), "that it gave way is told");
    world.end().await;
}
