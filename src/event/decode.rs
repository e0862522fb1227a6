use jiff::Timestamp;
use serde_json::Value;

use super::actor::{Actor, capped};
use super::calls::Call;
use super::envelope::{API_CALL, Envelope, Record};
use super::heartbeat::Heartbeat;
use super::json::{Json, lossy};
use super::touched::Touched;
use crate::snapshot::AccountId;

/// SNS may stand between EventBridge and the queue, and a topic may feed another; more than this is no delivery of ours.
const MAX_SNS_WRAPS: usize = 3;

/// What one message turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    /// A call that can change a verdict.
    Signal(Box<Signal>),
    /// A listed call that failed (`errorCode`): it changed nothing.
    FailedCall(Call),
    /// A listed call marked `readOnly`: it changed nothing.
    ReadOnly(Call),
    /// A call via CloudTrail that no verdict depends on.
    Unlisted,
    /// A heartbeat, of this process or of another.
    Heartbeat(Heartbeat),
    /// JSON that is no call via CloudTrail.
    Foreign,
}

/// What an event tells: where to look, what was touched, by whom. Never what is true.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// The account that the event came from.
    pub account: AccountId,
    /// The region that the event came from.
    pub region: String,
    /// The call.
    pub call: Call,
    /// `requestID`, which a write of our own would have been answered with.
    pub request_id: Option<String>,
    /// Who made it, as reported.
    pub actor: Actor,
    /// The resources that it names.
    pub touched: Vec<Touched>,
}

/// Why a message cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is no JSON.
    #[error("not JSON: {0}")]
    Json(#[source] serde_json::Error),
    /// It claims to be a call via CloudTrail, and a field that such an event has is missing or of the wrong type.
    #[error("not the event that its detail-type claims: at {path}: {source}")]
    Shape {
        /// JSON path of the field.
        path: String,
        /// What stands there.
        source: serde_json::Error,
    },
    /// A field has the right type and no meaning.
    #[error("not the event that its detail-type claims: {field} is {value:?}")]
    Field {
        /// Name of the field.
        field: &'static str,
        /// The beginning of its value.
        value: String,
    },
    /// Notifications in notifications in notifications.
    #[error("wrapped in more than {MAX_SNS_WRAPS} SNS notifications")]
    Wrapped,
}

/// Reads the body of a message: an EventBridge event, plain or wrapped in SNS notifications.
///
/// # Errors
/// The body is no JSON, or claims to be a call via CloudTrail and is not.
pub fn decode(body: &str) -> Result<Incoming, Unreadable> {
    let mut value = lossy(body).map_err(Unreadable::Json)?;
    let mut wraps = 0;
    while let Some(inner) = notification(&value) {
        wraps += 1;
        if wraps > MAX_SNS_WRAPS {
            return Err(Unreadable::Wrapped);
        }
        value = lossy(inner).map_err(Unreadable::Json)?;
    }
    if value.get("detail-type").and_then(Value::as_str) != Some(API_CALL) {
        return Ok(Heartbeat::of(&value).map_or(Incoming::Foreign, Incoming::Heartbeat));
    }
    let envelope: Envelope =
        serde_path_to_error::deserialize(value).map_err(|error| Unreadable::Shape {
            path: error.path().to_string(),
            source: error.into_inner(),
        })?;
    classify(envelope)
}

/// The message of an SNS notification.
fn notification(value: &Value) -> Option<&str> {
    if value.get("Type").and_then(Value::as_str) != Some("Notification") {
        return None;
    }
    value.get("Message").and_then(Value::as_str)
}

fn classify(envelope: Envelope) -> Result<Incoming, Unreadable> {
    let Envelope {
        account,
        region,
        detail,
    } = envelope;
    let Some(call) = Call::lookup(&detail.event_source, &detail.event_name) else {
        return Ok(Incoming::Unlisted);
    };
    if detail.error_code.is_some() {
        return Ok(Incoming::FailedCall(call));
    }
    if detail.is_read_only() {
        return Ok(Incoming::ReadOnly(call));
    }
    let account = account.parse().map_err(|_| Unreadable::Field {
        field: "account",
        value: capped(&account),
    })?;
    let touched = detail
        .request_parameters
        .as_ref()
        .map(|Json(parameters)| Touched::by(call, &region, parameters))
        .unwrap_or_default();
    Ok(Incoming::Signal(Box::new(Signal {
        account,
        region: capped(&region),
        call,
        request_id: detail.request_id.as_deref().map(capped),
        actor: actor(&detail, call)?,
        touched,
    })))
}

fn actor(record: &Record, call: Call) -> Result<Actor, Unreadable> {
    let time: Timestamp = record.event_time.parse().map_err(|_| Unreadable::Field {
        field: "detail.eventTime",
        value: capped(&record.event_time),
    })?;
    let identity = record.user_identity.as_ref();
    let principal = identity.and_then(|one| {
        one.arn
            .as_ref()
            .or(one.invoked_by.as_ref())
            .or(one.principal_id.as_ref())
    });
    Ok(Actor {
        principal_arn: principal.map(|text| capped(text)),
        source_address: record.source_ip_address.as_deref().map(capped),
        user_agent: record.user_agent.as_deref().map(capped),
        event_name: call.name.to_owned(),
        event_id: capped(&record.event_id),
        time,
    })
}
