//! What a queue says of itself: how much waits in it and in its dead-letter queue, and how it is set up.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName as Name;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::sqs::SqsQueue;
use crate::aws::arn;
use crate::aws::error::CallError;

/// How many messages a queue holds, by what SQS may do with them. SQS counts approximately and lags by up to a minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Those that a receive would bring.
    pub visible: u64,
    /// Those that somebody received and has not deleted.
    pub in_flight: u64,
    /// Those that were sent with a delay that is not over.
    pub delayed: u64,
}

impl Depth {
    /// All of them.
    pub const fn total(self) -> u64 {
        self.visible
            .saturating_add(self.in_flight)
            .saturating_add(self.delayed)
    }
}

/// What is known of a queue and of where it puts what cannot be processed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// The queue.
    pub queue: Depth,
    /// Its dead-letter queue; none: it has none.
    pub dead_letters: Option<Result<Depth, CallError>>,
}

/// Tells how full a queue is.
pub trait QueueGauge: Send + Sync {
    /// Asks the queue, and the dead-letter queue that it names.
    ///
    /// # Errors
    /// The queue could not be asked. That its dead-letter queue could not be is told in its place.
    fn fill(&self) -> BoxFuture<'_, Result<Fill, CallError>>;
}

/// Where messages go that were received too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// ARN of the dead-letter queue.
    pub target_arn: String,
    /// How often a message may be received before.
    pub max_receive_count: u64,
}

/// How a queue is set up (sqs:GetQueueAttributes).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueAttributes {
    /// Its ARN.
    pub arn: String,
    /// How much is in it.
    pub depth: Depth,
    /// Its policy as JSON; none: only its own account may use it, by IAM.
    pub policy: Option<String>,
    /// Where messages go that were received too often.
    pub redrive: Option<Redrive>,
    /// Whether SQS encrypts with a key of its own.
    pub sse_sqs: bool,
    /// The KMS key that it encrypts with.
    pub kms_key: Option<String>,
    /// How long a received message is hidden where nobody says otherwise.
    pub visibility_timeout: Option<Duration>,
    /// How long a message is kept.
    pub retention: Option<Duration>,
}

impl SqsQueue {
    /// How the queue is set up.
    ///
    /// # Errors
    /// It could not be asked.
    pub async fn attributes(&self) -> Result<QueueAttributes, CallError> {
        self.attributes_of(self.url()).await
    }

    async fn attributes_of(&self, url: &str) -> Result<QueueAttributes, CallError> {
        let request = self.client().get_queue_attributes().queue_url(url);
        let answer = request.attribute_names(Name::All).send().await;
        let answer = answer.map_err(|error| self.call("GetQueueAttributes").failed(&error))?;
        Ok(read(&answer.attributes.unwrap_or_default()))
    }

    async fn ask(&self) -> Result<Fill, CallError> {
        let own = self.attributes().await?;
        let dead_letters = match own.redrive.as_ref() {
            Some(redrive) => match sibling(self.url(), &redrive.target_arn) {
                Some(url) => Some(self.attributes_of(&url).await.map(|dead| dead.depth)),
                None => None,
            },
            None => None,
        };
        Ok(Fill {
            queue: own.depth,
            dead_letters,
        })
    }
}

impl QueueGauge for SqsQueue {
    fn fill(&self) -> BoxFuture<'_, Result<Fill, CallError>> {
        self.ask().boxed()
    }
}

/// The URL of the queue with that ARN, seen from another queue's: a dead-letter queue is of the same region and account.
fn sibling(url: &str, arn: &str) -> Option<String> {
    let arn = arn::parse(arn).filter(|arn| arn.service == "sqs")?;
    let (before_name, _) = url.rsplit_once('/')?;
    let (before_account, _) = before_name.rsplit_once('/')?;
    Some(format!("{before_account}/{}/{}", arn.account, arn.resource))
}

fn read(attributes: &HashMap<Name, String>) -> QueueAttributes {
    let text = |name| attributes.get(&name).map(String::as_str);
    let number = |name| text(name).and_then(|text| text.parse::<u64>().ok());
    let filled = |name| {
        text(name)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    QueueAttributes {
        arn: filled(Name::QueueArn).unwrap_or_default(),
        depth: Depth {
            visible: number(Name::ApproximateNumberOfMessages).unwrap_or_default(),
            in_flight: number(Name::ApproximateNumberOfMessagesNotVisible).unwrap_or_default(),
            delayed: number(Name::ApproximateNumberOfMessagesDelayed).unwrap_or_default(),
        },
        policy: filled(Name::Policy),
        redrive: text(Name::RedrivePolicy).and_then(redrive),
        sse_sqs: text(Name::SqsManagedSseEnabled) == Some("true"),
        kms_key: filled(Name::KmsMasterKeyId),
        visibility_timeout: number(Name::VisibilityTimeout).map(Duration::from_secs),
        retention: number(Name::MessageRetentionPeriod).map(Duration::from_secs),
    }
}

/// AWS writes the count as a number, tools also as a text.
fn redrive(policy: &str) -> Option<Redrive> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    let count = policy.get("maxReceiveCount")?;
    let max_receive_count = count
        .as_u64()
        .or_else(|| count.as_str().and_then(|text| text.parse().ok()))?;
    let target_arn = policy.get("deadLetterTargetArn")?.as_str()?.to_owned();
    Some(Redrive {
        target_arn,
        max_receive_count,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dead_letter_queue_is_beside_the_queue() {
        let arn = "arn:aws:sqs:eu-west-1:111122223333:events-dead";
        for (url, expected) in [
            (
                "https://sqs.eu-west-1.amazonaws.com/111122223333/events",
                Some("https://sqs.eu-west-1.amazonaws.com/111122223333/events-dead"),
            ),
            (
                "http://localhost:4566/queue/eu-west-1/111122223333/events",
                Some("http://localhost:4566/queue/eu-west-1/111122223333/events-dead"),
            ),
            ("events", None),
        ] {
            assert_eq!(sibling(url, arn).as_deref(), expected, "{url}");
        }
        assert_eq!(
            sibling("https://sqs/1/q", "arn:aws:sns:eu-west-1:1:q"),
            None
        );
    }

    #[test]
    fn attributes_are_read_as_aws_writes_them() {
        let attributes = HashMap::from([
            (Name::QueueArn, "arn:aws:sqs:eu-west-1:1:q"),
            (Name::ApproximateNumberOfMessages, "3"),
            (Name::ApproximateNumberOfMessagesNotVisible, "2"),
            (Name::ApproximateNumberOfMessagesDelayed, "1"),
            (Name::Policy, ""),
            (
                Name::RedrivePolicy,
                r#"{"deadLetterTargetArn":"d","maxReceiveCount":"20"}"#,
            ),
            (Name::SqsManagedSseEnabled, "true"),
            (Name::VisibilityTimeout, "60"),
        ])
        .into_iter()
        .map(|(name, text)| (name, text.to_owned()))
        .collect();
        assert_eq!(
            read(&attributes),
            QueueAttributes {
                arn: "arn:aws:sqs:eu-west-1:1:q".to_owned(),
                depth: Depth {
                    visible: 3,
                    in_flight: 2,
                    delayed: 1
                },
                redrive: Some(Redrive {
                    target_arn: "d".to_owned(),
                    max_receive_count: 20
                }),
                sse_sqs: true,
                visibility_timeout: Some(Duration::from_mins(1)),
                ..QueueAttributes::default()
            }
        );
        assert_eq!(redrive("{}"), None);
        assert_eq!(redrive("not JSON"), None);
    }
}
