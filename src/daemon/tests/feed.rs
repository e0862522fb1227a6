//! Messages that are not as they should be.

use super::*;

const CALLED: &str = r#""userAgent":"\ud800","eventTime""#;

#[tokio::test(start_paused = true)]
async fn a_caller_that_writes_half_a_character_is_seen_at_once_and_named() {
    let world = World::passing(Setup::default()).await;
    world.model.delete_filter();
    let event = event(ACCOUNT, "DeleteMetricFilter", "r").replace(r#""eventTime""#, CALLED);
    world.queue.send(event);
    sleep(2 * LOOK).await;
    assert_eq!(world.queue.len(), 0);
    let finding = &world.control()["findings"][0];
    assert_eq!(finding["actor"]["user_agent"], "\u{fffd}");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_makes_every_account_look_once_and_stays_in_the_queue() {
    let beside = Arc::new(Model::new());
    beside.change(|state| state.account_id = "999988887777".parse().unwrap());
    let world = World::passing(Setup {
        beside: vec![Arc::clone(&beside)],
        ..Setup::default()
    })
    .await;
    world.model.delete_filter();
    for spoilt in [
        "not JSON",
        r#"{"detail-type":"AWS API Call via CloudTrail"}"#,
    ] {
        world.queue.send(spoilt.to_owned());
    }
    let before = beside.looks();
    sleep(2 * LOOK).await;
    assert_eq!(world.compliant(), Some(0.0));
    assert_eq!(beside.looks(), before + 1);
    // It comes again and again.
    sleep(Duration::from_mins(5)).await;
    assert_eq!(world.queue.len(), 2);
    assert_eq!(world.looks_for("event"), 2, "one for each account");
    assert_eq!(world.looks_for("confirm"), 2);
    world.end().await;
}
