//! What is known of the events that have to come through.

use crate::event::{API_CALL, Call, HEARTBEAT_DETAIL_TYPE, HEARTBEAT_SOURCE, Service};

/// Something that has to come through a bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// A call, or trailwarden's own heartbeat.
    pub call: Option<Call>,
    /// The account that the event comes from.
    pub account: String,
    /// The region that it comes from; none: any.
    pub region: Option<String>,
}

/// What is known of a field of such an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field<'a> {
    /// It is this text.
    Is(&'a str),
    /// It is there, with any content.
    Some,
    /// It is not there.
    Absent,
    /// It may be there or not, with any content.
    Any,
}

impl Route {
    /// For people: `logs DeleteMetricFilter`.
    pub fn name(&self) -> String {
        self.call.map_or_else(
            || HEARTBEAT_DETAIL_TYPE.to_owned(),
            |call| {
                let source = call.service.bus_source();
                format!(
                    "{} {}",
                    source.strip_prefix("aws.").unwrap_or(source),
                    call.name
                )
            },
        )
    }

    /// The field of this path, from the outermost name on.
    ///
    /// A successful call carries no error (CloudTrail User Guide, "Record contents"): a pattern that asks for that keeps nothing
    /// away that matters.
    pub(super) fn field(&self, path: &[&str]) -> Field<'_> {
        let text = |known: Option<&'static str>| known.map_or(Field::Any, Field::Is);
        let service = self.call.map(|call| call.service);
        match path {
            ["source"] => Field::Is(service.map_or(HEARTBEAT_SOURCE, Service::bus_source)),
            ["detail-type"] => Field::Is(if self.call.is_some() {
                API_CALL
            } else {
                HEARTBEAT_DETAIL_TYPE
            }),
            ["account"] => Field::Is(&self.account),
            ["region"] => self.region.as_deref().map_or(Field::Some, Field::Is),
            ["version"] => Field::Is("0"),
            ["id" | "time"] => Field::Some,
            ["detail", "eventSource"] => text(service.map(Service::event_source)),
            ["detail", "eventName"] => text(self.call.map(|call| call.name)),
            ["detail", "eventTime" | "eventID"] if self.call.is_some() => Field::Some,
            ["detail", "errorCode" | "errorMessage"] if self.call.is_some() => Field::Absent,
            _ => Field::Any,
        }
    }
}
