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
