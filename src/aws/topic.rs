use std::time::Duration;

use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use super::arn::topic_region;
use super::clients::{Aws, SetupError};
use super::error::CallError;
use super::sdk_error::Call;

/// The longest that one attempt may take.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(10);

/// A topic that messages are published to with the own credentials.
#[derive(Debug, Clone)]
pub struct SnsTopic {
    client: aws_sdk_sns::Client,
    arn: String,
}

impl Aws {
    /// The topic of an ARN, in the region that the ARN names.
    ///
    /// # Errors
    /// It names none.
    pub fn topic(&self, arn: &str) -> Result<SnsTopic, SetupError> {
        let region = topic_region(arn).ok_or(SetupError::NoRegion)?;
        let config = aws_sdk_sns::config::Builder::from(&self.config_in(region))
            .interceptor(self.interceptor())
            // One attempt: the caller's loop is the retry, and it must see and count each failure.
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(3))
                    .operation_timeout(PUBLISH_TIMEOUT)
                    .build(),
            )
            .build();
        Ok(SnsTopic {
            client: aws_sdk_sns::Client::from_conf(config),
            arn: arn.to_owned(),
        })
    }
}

impl SnsTopic {
    /// Publishes a message. A FIFO topic keeps the order within `group`, and drops one whose `id` it had within five minutes;
    /// both at most 128 letters and digits.
    ///
    /// # Errors
    /// The call failed; whether another attempt may help says its class.
    pub async fn publish(
        &self,
        subject: &str,
        message: &str,
        group: &str,
        id: &str,
    ) -> Result<(), CallError> {
        let fifo = self.arn.strip_suffix(".fifo").is_some();
        let request = self
            .client
            .publish()
            .topic_arn(&self.arn)
            .subject(subject)
            .message(message)
            .set_message_group_id(fifo.then(|| group.to_owned()))
            .set_message_deduplication_id(fifo.then(|| id.to_owned()));
        let call = Call {
            service: "sns",
            operation: "Publish",
            scope: &self.arn,
        };
        request
            .send()
            .await
            .map(drop)
            .map_err(|error| call.failed(&error))
    }
}
