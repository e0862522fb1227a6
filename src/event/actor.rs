use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The longest text, in characters, that is kept of any one field of an event.
const FIELD_CAP: usize = 512;

/// Who made a call, as the event reports it. A report, not a proof: whoever can write to the queue can write this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// `userIdentity.arn`; for a call by a service, the service (`invokedBy`); else the principal id.
    pub principal_arn: Option<String>,
    /// `sourceIPAddress`: an address, or the name of a service.
    pub source_address: Option<String>,
    /// `userAgent`, verbatim up to 512 characters.
    pub user_agent: Option<String>,
    /// Name of the call, such as `DeleteMetricFilter`.
    pub event_name: String,
    /// `eventID`, to look the event up in CloudTrail.
    pub event_id: String,
    /// When the call was made.
    pub time: Timestamp,
}

/// The beginning of a text from an event: what a stranger wrote must not fill memory, logs or pages.
pub(super) fn capped(text: &str) -> String {
    text.chars().take(FIELD_CAP).collect()
}
