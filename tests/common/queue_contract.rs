//! What every queue keeps to, tried on the one in memory and on SQS alike.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use trailwarden::aws::{EntryResult, Message, Queue, Receipt};

const NO_WAIT: Duration = Duration::ZERO;

/// Tries the contract of [`Queue`] on an empty queue whose visibility time is `visibility`; leaves it empty.
pub(crate) async fn keeps_the_contract(
    queue: &impl Queue,
    send: impl AsyncFn(&str),
    visibility: Duration,
) {
    an_empty_queue_answers_after_the_wait(queue).await;
    a_message_comes_with_its_body_and_count(queue, &send).await;
    a_received_message_is_hidden_then_comes_again(queue, &send, visibility).await;
    extending_hides_longer_and_releasing_shows_at_once(queue, &send, visibility).await;
    a_wait_ends_with_the_first_message(queue, &send).await;
    no_more_than_asked_for_are_delivered(queue, &send).await;
    batches_of_any_length_answer_for_each_entry(queue, &send).await;
}

async fn an_empty_queue_answers_after_the_wait(queue: &impl Queue) {
    let begun = Instant::now();
    assert_eq!(receive(queue, Duration::from_secs(1)).await, []);
    assert!(
        begun.elapsed() >= Duration::from_millis(900),
        "{:?}",
        begun.elapsed()
    );
}

async fn a_message_comes_with_its_body_and_count(queue: &impl Queue, send: &impl AsyncFn(&str)) {
    let body = "{\"a\": \"<é漢🦀> \\u0000\"}\n";
    send(body).await;
    let [message] = gather::<1>(queue).await;
    assert_eq!((message.body.as_str(), message.receive_count), (body, 1));
    assert!(message.sent_at.is_some());
    delete(queue, &[message]).await;
    assert_eq!(receive(queue, NO_WAIT).await, []);
}

async fn a_received_message_is_hidden_then_comes_again(
    queue: &impl Queue,
    send: &impl AsyncFn(&str),
    visibility: Duration,
) {
    send("again").await;
    let [first] = gather::<1>(queue).await;
    assert_eq!(receive(queue, NO_WAIT).await, [], "it is hidden");
    let [second] = gather::<1>(queue).await;
    assert_eq!((&second.id, second.receive_count), (&first.id, 2));
    assert_ne!(second.receipt, first.receipt);
    let twice = [second.receipt.clone(), second.receipt];
    assert_all_ok(&queue.delete_batch(&twice[..1]).await, 1);
    assert_all_ok(&queue.delete_batch(&twice[1..]).await, 1);
    sleep(visibility + Duration::from_millis(500)).await;
    assert_eq!(receive(queue, NO_WAIT).await, [], "deleted is deleted");
}

async fn extending_hides_longer_and_releasing_shows_at_once(
    queue: &impl Queue,
    send: &impl AsyncFn(&str),
    visibility: Duration,
) {
    send("held").await;
    let [held] = gather::<1>(queue).await;
    let receipts = [held.receipt];
    let longer = visibility * 10;
    assert_all_ok(&queue.extend_visibility(&receipts, longer).await, 1);
    sleep(visibility + Duration::from_millis(500)).await;
    assert_eq!(receive(queue, NO_WAIT).await, [], "it is still hidden");
    assert_all_ok(&queue.release(&receipts).await, 1);
    let [released] = gather::<1>(queue).await;
    assert_eq!(released.receive_count, 2);
    delete(queue, &[released]).await;
}

async fn a_wait_ends_with_the_first_message(queue: &impl Queue, send: &impl AsyncFn(&str)) {
    let begun = Instant::now();
    let late = async {
        sleep(Duration::from_secs(1)).await;
        send("late").await;
    };
    let (received, ()) = tokio::join!(receive(queue, Duration::from_secs(10)), late);
    assert_eq!(received.len(), 1);
    assert!(
        begun.elapsed() < Duration::from_secs(6),
        "{:?}",
        begun.elapsed()
    );
    delete(queue, &received).await;
}

async fn no_more_than_asked_for_are_delivered(queue: &impl Queue, send: &impl AsyncFn(&str)) {
    send("one").await;
    send("two").await;
    let first = queue
        .receive(1, Duration::from_secs(5))
        .await
        .expect("the queue answers");
    assert_eq!(first.len(), 1);
    let second = queue
        .receive(1, Duration::from_secs(5))
        .await
        .expect("the queue answers");
    assert_eq!(second.len(), 1);
    assert_ne!(first[0].id, second[0].id);
    delete(queue, &[&first[..], &second[..]].concat()).await;
}

async fn batches_of_any_length_answer_for_each_entry(
    queue: &impl Queue,
    send: &impl AsyncFn(&str),
) {
    for number in 0..12 {
        send(&number.to_string()).await;
    }
    let messages = gather::<12>(queue).await;
    let mut receipts: Vec<Receipt> = messages
        .iter()
        .map(|message| message.receipt.clone())
        .collect();
    receipts.insert(11, Receipt("no receipt at all".to_owned()));
    assert_eq!(queue.delete_batch(&[]).await.len(), 0);
    for results in [
        queue
            .extend_visibility(&receipts, Duration::from_secs(30))
            .await,
        queue.delete_batch(&receipts).await,
    ] {
        let failed: Vec<usize> = results
            .iter()
            .enumerate()
            .filter_map(|(index, result)| result.is_err().then_some(index))
            .collect();
        assert_eq!((results.len(), failed), (13, vec![11]), "{results:?}");
    }
    assert_eq!(receive(queue, NO_WAIT).await, []);
}

async fn receive(queue: &impl Queue, wait: Duration) -> Vec<Message> {
    queue.receive(10, wait).await.expect("the queue answers")
}

/// Receives until that many different messages have come.
async fn gather<const COUNT: usize>(queue: &impl Queue) -> [Message; COUNT] {
    let mut gathered: Vec<Message> = Vec::new();
    while gathered.len() < COUNT {
        let more = receive(queue, Duration::from_secs(10)).await;
        assert!(!more.is_empty(), "{} of {COUNT} came", gathered.len());
        gathered.extend(more);
    }
    let ids: BTreeSet<&str> = gathered.iter().map(|message| message.id.as_str()).collect();
    assert_eq!(ids.len(), COUNT, "each came once");
    gathered.try_into().expect("that many")
}

async fn delete(queue: &impl Queue, messages: &[Message]) {
    let receipts: Vec<Receipt> = messages
        .iter()
        .map(|message| message.receipt.clone())
        .collect();
    assert_all_ok(&queue.delete_batch(&receipts).await, receipts.len());
}

fn assert_all_ok(results: &[EntryResult], count: usize) {
    assert!(
        results.len() == count && results.iter().all(Result::is_ok),
        "{results:?}"
    );
}
