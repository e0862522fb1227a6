//! The queue of the feed.

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use trailwarden::aws::{Class, Queue, Receipt};

use super::super::Suite;
use super::super::common::aws::Account;
use super::{aws, queue_contract};

pub(super) fn add(suite: &mut Suite) {
    suite.test("queue: SQS keeps the contract", sqs_keeps_the_contract);
    suite.test("queue: one that does not exist is gone", no_queue);
}

async fn sqs_keeps_the_contract(account: Account) {
    const VISIBILITY: Duration = Duration::from_secs(2);
    let made = account
        .sqs
        .create_queue()
        .queue_name("contract")
        .attributes(
            QueueAttributeName::VisibilityTimeout,
            VISIBILITY.as_secs().to_string(),
        )
        .send()
        .await
        .expect("the queue is made");
    let url = made.queue_url().expect("its URL");
    let queue = aws(&account, "eu-west-1")
        .await
        .queue(url)
        .expect("its region is in the URL");
    let send = async |body: &str| {
        let message = account.sqs.send_message().queue_url(url).message_body(body);
        message.send().await.expect("the message is sent");
    };
    queue_contract::keeps_the_contract(&queue, send, VISIBILITY).await;
}

async fn no_queue(account: Account) {
    let url = format!("{}-no", account.seeded.queue_url);
    let queue = aws(&account, "us-east-1")
        .await
        .queue(&url)
        .expect("a region");
    let error = queue.receive(10, Duration::ZERO).await.unwrap_err();
    assert_eq!(
        (error.class, error.scope.as_str()),
        (Class::Gone, url.as_str()),
        "{error}"
    );
    let results = queue.delete_batch(&[Receipt("x".to_owned())]).await;
    assert_eq!(results.len(), 1);
    assert!(
        results[0]
            .as_ref()
            .is_err_and(|error| error.class == Class::Gone),
        "{results:?}"
    );
}
