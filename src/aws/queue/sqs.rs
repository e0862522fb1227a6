use std::time::Duration;

use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry,
    DeleteMessageBatchRequestEntry, MessageSystemAttributeName,
};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use jiff::Timestamp;

use super::{EntryResult, Message, Queue, Receipt};
use crate::aws::arn::is_region;
use crate::aws::classify;
use crate::aws::clients::{Aws, SetupError};
use crate::aws::error::{CallError, Class};
use crate::aws::sdk_error::Call;

/// Entries of one batch call, by the SQS API.
const BATCH: usize = 10;

/// Batch calls at the same time: ten thousand messages in flight are a thousand of them, and have to be prolonged before their
/// visibility times end.
const BATCHES_AT_ONCE: usize = 8;

/// The longest wait of ReceiveMessage, by the SQS API.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// The longest visibility time, by the SQS API.
const LONGEST_VISIBILITY: Duration = Duration::from_hours(12);

/// How much later than its wait a receive may answer before it counts as hanging: the way there and back.
const RECEIVE_MARGIN: Duration = Duration::from_secs(5);

/// A queue of Amazon SQS.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: aws_sdk_sqs::Client,
    url: String,
}

impl Aws {
    /// The queue behind an URL, asked in the region that the URL names, else in the region of the SDK's own chain.
    ///
    /// # Errors
    /// Neither names a region.
    pub fn queue(&self, url: &str) -> Result<SqsQueue, SetupError> {
        let region = region_of_url(url)
            .or(self.region())
            .ok_or(SetupError::NoRegion)?;
        let config = aws_sdk_sqs::config::Builder::from(&self.config_in(region))
            .interceptor(self.interceptor())
            .build();
        Ok(SqsQueue {
            client: aws_sdk_sqs::Client::from_conf(config),
            url: url.to_owned(),
        })
    }
}

impl SqsQueue {
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) const fn client(&self) -> &aws_sdk_sqs::Client {
        &self.client
    }

    pub(super) fn call(&self, operation: &'static str) -> Call<'_> {
        Call {
            service: "sqs",
            operation,
            scope: &self.url,
        }
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Message>, CallError> {
        let wait = Duration::from_secs(wait.min(LONGEST_WAIT).as_secs());
        let limit = wait + RECEIVE_MARGIN;
        // One attempt: the caller's loop is the retry, and it must see and count each failure.
        let config = aws_sdk_sqs::config::Builder::new()
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .read_timeout(limit)
                    .operation_attempt_timeout(limit)
                    .operation_timeout(limit)
                    .build(),
            );
        let answer = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(small(max.clamp(1, BATCH)))
            .wait_time_seconds(seconds(wait))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .customize()
            .config_override(config)
            .send()
            .await
            .map_err(|error| self.call("ReceiveMessage").failed(&error))?;
        Ok(answer
            .messages
            .unwrap_or_default()
            .into_iter()
            .map(message)
            .collect())
    }

    async fn delete_ten(&self, receipts: &[Receipt]) -> Vec<EntryResult> {
        let call = self.call("DeleteMessageBatch");
        let entries = receipts
            .iter()
            .enumerate()
            .map(|(index, receipt)| {
                DeleteMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .receipt_handle(&receipt.0)
                    .build()
            })
            .collect::<Result<Vec<_>, _>>();
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                return all(
                    receipts,
                    &call.error("RequestNotBuilt", Class::Bug, &error.to_string()),
                );
            }
        };
        let request = self
            .client
            .delete_message_batch()
            .queue_url(&self.url)
            .set_entries(Some(entries));
        match request.send().await {
            Ok(answer) => {
                let done = answer
                    .successful()
                    .iter()
                    .map(aws_sdk_sqs::types::DeleteMessageBatchResultEntry::id);
                each(call, receipts, done, answer.failed())
            }
            Err(error) => all(receipts, &call.failed(&error)),
        }
    }

    async fn extend_ten(&self, receipts: &[Receipt], visibility: Duration) -> Vec<EntryResult> {
        let call = self.call("ChangeMessageVisibilityBatch");
        let visibility = seconds(visibility.min(LONGEST_VISIBILITY));
        let entries = receipts
            .iter()
            .enumerate()
            .map(|(index, receipt)| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(index.to_string())
                    .receipt_handle(&receipt.0)
                    .visibility_timeout(visibility)
                    .build()
            })
            .collect::<Result<Vec<_>, _>>();
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                return all(
                    receipts,
                    &call.error("RequestNotBuilt", Class::Bug, &error.to_string()),
                );
            }
        };
        let request = self
            .client
            .change_message_visibility_batch()
            .queue_url(&self.url)
            .set_entries(Some(entries));
        match request.send().await {
            Ok(answer) => {
                let done = answer
                    .successful()
                    .iter()
                    .map(aws_sdk_sqs::types::ChangeMessageVisibilityBatchResultEntry::id);
                each(call, receipts, done, answer.failed())
            }
            Err(error) => all(receipts, &call.failed(&error)),
        }
    }
}

impl Queue for SqsQueue {
    fn receive(
        &self,
        max: usize,
        wait: Duration,
    ) -> BoxFuture<'_, Result<Vec<Message>, CallError>> {
        self.receive(max, wait).boxed()
    }

    fn delete_batch<'a>(&'a self, receipts: &'a [Receipt]) -> BoxFuture<'a, Vec<EntryResult>> {
        let tens = receipts.chunks(BATCH);
        in_turn(tens.map(|ten| self.delete_ten(ten).boxed()).collect()).boxed()
    }

    fn extend_visibility<'a>(
        &'a self,
        receipts: &'a [Receipt],
        visibility: Duration,
    ) -> BoxFuture<'a, Vec<EntryResult>> {
        let tens = receipts.chunks(BATCH);
        in_turn(
            tens.map(|ten| self.extend_ten(ten, visibility).boxed())
                .collect(),
        )
        .boxed()
    }
}

/// Awaits the batches that a longer one was cut into; one result for each of its entries, in their order.
async fn in_turn(batches: Vec<BoxFuture<'_, Vec<EntryResult>>>) -> Vec<EntryResult> {
    let answers = stream::iter(batches).buffered(BATCHES_AT_ONCE);
    answers.concat().await
}

/// The same failure for every entry of a batch.
fn all(receipts: &[Receipt], error: &CallError) -> Vec<EntryResult> {
    receipts.iter().map(|_| Err(error.clone())).collect()
}

/// What the answer says of each entry. One that it does not mention failed: nothing shows that it was carried out.
fn each<'a>(
    call: Call<'_>,
    receipts: &[Receipt],
    done: impl Iterator<Item = &'a str>,
    failed: &[BatchResultErrorEntry],
) -> Vec<EntryResult> {
    let mut results: Vec<EntryResult> = receipts
        .iter()
        .map(|_| {
            Err(call.error(
                "NoAnswer",
                Class::Transient,
                "the answer does not mention this entry",
            ))
        })
        .collect();
    let mut set = |id: &str, result| {
        if let Some(entry) = id
            .parse()
            .ok()
            .and_then(|index: usize| results.get_mut(index))
        {
            *entry = result;
        }
    };
    for id in done {
        set(id, Ok(()));
    }
    for entry in failed {
        let status = if entry.sender_fault() { 400 } else { 500 };
        let (class, _) = classify::of_answer(Some(entry.code()), Some(status));
        let message = entry.message().unwrap_or("no further explanation");
        set(entry.id(), Err(call.error(entry.code(), class, message)));
    }
    results
}

fn message(found: aws_sdk_sqs::types::Message) -> Message {
    let attribute = |name| found.attributes.as_ref()?.get(&name).map(String::as_str);
    let receive_count = attribute(MessageSystemAttributeName::ApproximateReceiveCount)
        .and_then(|count| count.parse().ok())
        .unwrap_or(1);
    let sent_at = attribute(MessageSystemAttributeName::SentTimestamp)
        .and_then(|milliseconds| milliseconds.parse().ok())
        .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok());
    Message {
        id: found.message_id.unwrap_or_default(),
        receipt: Receipt(found.receipt_handle.unwrap_or_default()),
        body: found.body.unwrap_or_default(),
        receive_count,
        sent_at,
    }
}

fn small(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}

/// The region in the URL of a queue: in the host of AWS's endpoints in all their forms and of LocalStack's names, or in
/// the path of LocalStack's `path` strategy.
pub(in crate::aws) fn region_of_url(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority
        .split_once(':')
        .map_or(authority, |(host, _)| host);
    let labels: Vec<&str> = host.split('.').collect();
    // sqs.R.amazonaws.com, sqs-fips.R.…, vpce-x.sqs.R.vpce.amazonaws.com, sqs.R.api.aws, sqs.R.localhost.localstack.cloud
    let after = labels.windows(2).find_map(|pair| {
        matches!(pair, ["sqs" | "sqs-fips", region] if is_region(region)).then(|| pair.last())?
    });
    // R.queue.amazonaws.com, R.queue.localhost.localstack.cloud
    let before = || match labels.as_slice() {
        [region, "queue", ..] if is_region(region) => Some(region),
        _ => None,
    };
    // queue.amazonaws.com was the first region's name
    let first = || (labels.as_slice() == ["queue", "amazonaws", "com"]).then_some(&"us-east-1");
    // http://localhost:4566/queue/R/ACCOUNT/NAME
    let in_path = || {
        let region = path.strip_prefix("queue/")?.split('/').next()?;
        is_region(region).then_some(region)
    };
    after
        .or_else(before)
        .or_else(first)
        .copied()
        .or_else(in_path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_read_from_every_form_of_a_queue_url() {
        for (url, region) in [
            (
                "https://sqs.eu-west-1.amazonaws.com/111122223333/q",
                Some("eu-west-1"),
            ),
            (
                "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/q",
                Some("cn-north-1"),
            ),
            (
                "https://sqs-fips.us-gov-west-1.amazonaws.com/111122223333/q",
                Some("us-gov-west-1"),
            ),
            (
                "https://sqs.eu-west-1.api.aws/111122223333/q",
                Some("eu-west-1"),
            ),
            (
                "https://vpce-0f1-abc.sqs.us-east-2.vpce.amazonaws.com/111122223333/q",
                Some("us-east-2"),
            ),
            (
                "https://eu-central-1.queue.amazonaws.com/111122223333/q",
                Some("eu-central-1"),
            ),
            (
                "https://queue.amazonaws.com/111122223333/q",
                Some("us-east-1"),
            ),
            (
                "http://sqs.eu-west-1.localhost.localstack.cloud:4566/111122223333/q",
                Some("eu-west-1"),
            ),
            (
                "http://eu-west-1.queue.localhost.localstack.cloud:4566/111122223333/q",
                Some("eu-west-1"),
            ),
            (
                "http://localhost:4566/queue/eu-west-1/111122223333/q",
                Some("eu-west-1"),
            ),
            ("http://localhost:4566/111122223333/eu-west-1", None),
            ("http://127.0.0.1:4566/111122223333/q", None),
            ("http://[::1]:4566/111122223333/q", None),
            ("https://sqs.evil.example/111122223333/q", None),
            ("not an url", None),
        ] {
            assert_eq!(region_of_url(url), region, "{url}");
        }
    }
}
