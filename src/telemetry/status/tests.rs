use super::*;
use crate::assess::Link;
use crate::telemetry::samples::{account_status, cut_at, passing, status, time};

#[test]
fn it_is_ready_when_every_scope_was_evaluated() {
    let board = StatusBoard::new(["a".to_owned(), "b".to_owned()], false);
    assert_eq!(
        board.missing(),
        ["first evaluation of a", "first evaluation of b"]
    );
    board.evaluated("b", account_status("111122223333", Vec::new()));
    board.evaluated("b", account_status("111122223333", Vec::new()));
    assert_eq!(board.missing(), ["first evaluation of a"]);
    board.evaluated("a", account_status("444455556666", Vec::new()));
    assert!(board.missing().is_empty());
}

#[test]
fn a_failed_evaluation_is_no_first_evaluation() {
    let board = StatusBoard::new(["a".to_owned()], false);
    board.evaluation_failed("a", time("2026-08-01T12:00:00Z"), "denied".to_owned());
    assert_eq!(board.missing(), ["first evaluation of a"]);
}

#[test]
fn what_was_not_seen_is_shown_with_the_reason_and_is_no_first_evaluation() {
    let board = StatusBoard::new(["a".to_owned()], false);
    let unseen = account_status("111122223333", Vec::new());
    board.evaluation_failed("a", time("2026-08-01T12:00:00Z"), "denied".to_owned());
    board.unseen("a", unseen.clone());
    assert_eq!(board.missing(), ["first evaluation of a"]);
    let shown = ScopeStatus {
        name: "a".to_owned(),
        last: Some(Arc::new(unseen)),
        failure: Some(Failure {
            since: time("2026-08-01T12:00:00Z"),
            message: "denied".to_owned(),
        }),
    };
    assert_eq!(board.scopes(), [shown]);
}

#[test]
fn a_failure_keeps_the_last_verdict_and_the_time_of_the_first_failure() {
    let board = StatusBoard::new(["a".to_owned()], false);
    let first = account_status("111122223333", vec![status(&passing(), None)]);
    board.evaluated("a", first.clone());
    board.evaluation_failed("a", time("2026-08-01T12:00:00Z"), "one".to_owned());
    board.evaluation_failed("a", time("2026-08-01T12:05:00Z"), "two".to_owned());
    let failed = ScopeStatus {
        name: "a".to_owned(),
        last: Some(Arc::new(first)),
        failure: Some(Failure {
            since: time("2026-08-01T12:00:00Z"),
            message: "two".to_owned(),
        }),
    };
    assert_eq!(board.scopes(), [failed]);
    let second = account_status(
        "111122223333",
        vec![status(&cut_at(Link::Topic, "x"), None)],
    );
    board.evaluated("a", second.clone());
    let mended = ScopeStatus {
        name: "a".to_owned(),
        last: Some(Arc::new(second)),
        failure: None,
    };
    assert_eq!(board.scopes(), [mended]);
}

#[tokio::test(start_paused = true)]
async fn the_feed_is_alive_while_the_queue_answers() {
    let board = StatusBoard::new([], true);
    let waiting = |error| FeedHealth::Waiting { error };
    assert_eq!(board.feed(), waiting(None));
    assert_eq!(board.missing(), ["first answer of the queue"]);
    board.feed_failed("refused".to_owned());
    assert_eq!(board.feed(), waiting(Some("refused".to_owned())));
    board.feed_received();
    assert_eq!(
        board.feed(),
        FeedHealth::Alive {
            ago: Duration::ZERO
        }
    );
    assert!(board.missing().is_empty());
    board.feed_failed("refused".to_owned());
    tokio::time::advance(Duration::from_secs(89)).await;
    assert!(board.missing().is_empty());
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(
        board.feed(),
        FeedHealth::Silent {
            ago: FEED_SILENCE,
            error: Some("refused".to_owned()),
        }
    );
    assert_eq!(
        board.missing(),
        ["answer of the queue (the last was 90 seconds ago)"]
    );
    board.feed_received();
    assert_eq!(
        board.feed(),
        FeedHealth::Alive {
            ago: Duration::ZERO
        }
    );
}

#[test]
fn without_a_queue_nothing_waits_for_the_feed() {
    let board = StatusBoard::new([], false);
    assert_eq!(board.feed(), FeedHealth::Off);
    assert!(board.missing().is_empty());
}

#[test]
fn a_latch_of_somebody_else_delays_readiness() {
    let board = StatusBoard::new([], false);
    let latch = board.readiness().latch("the journal");
    assert_eq!(board.missing(), ["the journal"]);
    latch.release();
    assert!(board.missing().is_empty());
}
