use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_smithy_types::retry::RetryConfig;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::classify;
use super::clients::{Aws, SetupError};
use super::error::{CallError, Class};
use super::queue::region_of_url;
use super::sdk_error::Call;

/// An event to be put on a bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusEvent {
    /// `source`: not one of `aws.`, which AWS keeps for itself.
    pub source: &'static str,
    /// `detail-type`.
    pub detail_type: &'static str,
    /// `detail`, a JSON object.
    pub detail: String,
}

/// A bus of EventBridge that events can be put on.
pub trait Bus: Send + Sync {
    /// Puts one event on the bus, in one attempt. `Ok`: EventBridge has taken it, which says nothing of where it goes.
    ///
    /// # Errors
    /// The call failed, or EventBridge refused the event.
    fn put<'a>(&'a self, event: &'a BusEvent) -> BoxFuture<'a, Result<(), CallError>>;
}

/// The default bus of the own account in one region.
#[derive(Debug, Clone)]
pub struct DefaultBus {
    client: aws_sdk_eventbridge::Client,
    region: String,
}

impl Aws {
    /// The default bus in the region of a queue: rules have their targets in their own region.
    ///
    /// # Errors
    /// Neither the URL nor the SDK's own chain names a region.
    pub fn bus_beside(&self, queue_url: &str) -> Result<DefaultBus, SetupError> {
        let region = region_of_url(queue_url)
            .or(self.region())
            .ok_or(SetupError::NoRegion)?;
        let config = aws_sdk_eventbridge::config::Builder::from(&self.config_in(region))
            .interceptor(self.interceptor())
            // A second attempt could put a second event with the same nonce; the next heartbeat is the retry.
            .retry_config(RetryConfig::disabled())
            .build();
        Ok(DefaultBus {
            client: aws_sdk_eventbridge::Client::from_conf(config),
            region: region.to_owned(),
        })
    }
}

impl DefaultBus {
    async fn put_one(&self, event: &BusEvent) -> Result<(), CallError> {
        let call = Call {
            service: "events",
            operation: "PutEvents",
            scope: &self.region,
        };
        let entry = PutEventsRequestEntry::builder()
            .source(event.source)
            .detail_type(event.detail_type)
            .detail(&event.detail)
            .build();
        let answer = self.client.put_events().entries(entry).send().await;
        let answer = answer.map_err(|error| call.failed(&error))?;
        let refused = answer
            .entries()
            .iter()
            .find_map(|entry| Some((entry.error_code()?, entry.error_message())));
        match refused {
            None if answer.failed_entry_count() == 0 => Ok(()),
            None => Err(call.error("NoAnswer", Class::Transient, "the event was not taken")),
            Some((code, message)) => {
                let (class, _) = classify::of_answer(Some(code), None);
                Err(call.error(code, class, message.unwrap_or("no further explanation")))
            }
        }
    }
}

impl Bus for DefaultBus {
    fn put<'a>(&'a self, event: &'a BusEvent) -> BoxFuture<'a, Result<(), CallError>> {
        self.put_one(event).boxed()
    }
}
