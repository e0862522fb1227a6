//! The queue in memory keeps the contract that SQS is held to, in no time.

#[path = "common/queue_contract.rs"]
mod queue_contract;

use std::time::Duration;

use trailwarden::aws::{MemoryQueue, Queue};

const VISIBILITY: Duration = Duration::from_secs(2);

#[tokio::test(start_paused = true)]
async fn the_queue_in_memory_keeps_the_contract() {
    let queue = MemoryQueue::new(VISIBILITY, jiff::Timestamp::UNIX_EPOCH);
    let send = async |body: &str| {
        queue.send(body);
    };
    queue_contract::keeps_the_contract(&queue, send, VISIBILITY).await;
    assert!(queue.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_queue_in_memory_is_deterministic() {
    let queue = MemoryQueue::new(VISIBILITY, jiff::Timestamp::UNIX_EPOCH);
    tokio::time::advance(Duration::from_secs(7)).await;
    for body in ["a", "b", "c"] {
        queue.send(body);
    }
    let received = queue.receive(2, Duration::ZERO).await.expect("it answers");
    let seen: Vec<_> = received
        .iter()
        .map(|message| (message.id.as_str(), message.body.as_str(), message.sent_at))
        .collect();
    let sent_at = jiff::Timestamp::from_second(7).ok();
    assert_eq!(seen, [("1", "a", sent_at), ("2", "b", sent_at)]);
    assert_eq!(queue.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_older_receipt_deletes_and_hides_nothing() {
    let queue = MemoryQueue::new(VISIBILITY, jiff::Timestamp::UNIX_EPOCH);
    queue.send("a");
    let first = queue.receive(1, Duration::ZERO).await.expect("it answers");
    tokio::time::advance(VISIBILITY).await;
    let second = queue.receive(1, Duration::ZERO).await.expect("it answers");
    assert_eq!((first.len(), second.len()), (1, 1));
    let old = [first[0].receipt.clone()];
    assert!(queue.delete_batch(&old).await[0].is_ok());
    assert!(queue.release(&old).await[0].is_err());
    assert_eq!(queue.len(), 1);
}
