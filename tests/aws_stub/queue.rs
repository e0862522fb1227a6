//! A queue that hangs, fails, or does half of a batch.

use std::time::Duration;

use tokio::time::Instant;
use trailwarden::aws::{Class, Queue, Receipt};

use super::stub::{Answer, Notes, Stub};

const QUEUE_URL: &str = "https://sqs.eu-west-1.amazonaws.com/012345678901/q";

#[tokio::test(start_paused = true)]
async fn a_receive_that_hangs_is_cut_soon_after_its_wait() {
    let stub = Stub::new(|_, _| Answer::Silence);
    let notes = Notes::default();
    let queue = stub.aws(&notes).await.queue(QUEUE_URL).expect("a region");
    for wait in [
        Duration::from_secs(20),
        Duration::from_secs(2),
        Duration::ZERO,
    ] {
        let begun = Instant::now();
        let error = queue.receive(10, wait).await.unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.class),
            ("Timeout", Class::Transient)
        );
        let late = begun
            .elapsed()
            .checked_sub(wait)
            .expect("not before the wait is over");
        assert!(
            late > Duration::from_secs(4) && late < Duration::from_secs(7),
            "{late:?}"
        );
    }
    assert_eq!(notes.results("ReceiveMessage"), ["timeout"; 3]);
    let asked = stub.seen();
    assert!(
        asked
            .iter()
            .all(|seen| seen.host == "sqs.eu-west-1.amazonaws.com"),
        "{asked:?}"
    );
    assert!(
        asked[0].body.contains("\"WaitTimeSeconds\":20"),
        "{asked:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_receive_is_not_retried_behind_the_caller_s_back() {
    let stub = Stub::new(|_, _| Answer::Error(503, "ServiceUnavailable"));
    let queue = stub
        .aws(&Notes::default())
        .await
        .queue(QUEUE_URL)
        .expect("a region");
    let error = queue.receive(10, Duration::ZERO).await.unwrap_err();
    assert_eq!(error.class, Class::Transient);
    assert_eq!(stub.count("ReceiveMessage"), 1);
}

#[tokio::test(start_paused = true)]
async fn each_entry_of_a_batch_has_its_own_result() {
    let stub = Stub::new(|seen, before| match (seen.operation.as_str(), before) {
        ("DeleteMessageBatch", 0) => Answer::Body(
            br#"{"Successful":[{"Id":"0"},{"Id":"77"}],"Failed":[
                {"Id":"1","Code":"InternalError","SenderFault":false},
                {"Id":"2","Code":"ReceiptHandleIsInvalid","SenderFault":true,"Message":"bad"}]}"#
                .to_vec(),
        ),
        _ => Answer::Error(403, "AccessDenied"),
    });
    let queue = stub
        .aws(&Notes::default())
        .await
        .queue(QUEUE_URL)
        .expect("a region");
    let receipts: Vec<_> = (0..12).map(|number| Receipt(number.to_string())).collect();
    let results = queue.delete_batch(&receipts).await;
    let told: Vec<_> = results
        .iter()
        .map(|result| {
            result
                .as_ref()
                .map_or_else(|error| error.code.as_str(), |()| "done")
        })
        .collect();
    assert_eq!(
        told[..3],
        ["done", "InternalError", "ReceiptHandleIsInvalid"]
    );
    assert_eq!(told[3..10], ["NoAnswer"; 7]);
    assert_eq!(told[10..], ["AccessDenied"; 2]);
    let classes: Vec<_> = results[1..3]
        .iter()
        .map(|result| result.as_ref().map_err(|error| error.class))
        .collect();
    assert_eq!(classes, [Err(Class::Transient), Err(Class::Invalid)]);
}
