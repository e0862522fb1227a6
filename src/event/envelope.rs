//! The shapes that arrive, as far as they are read. Every other field is ignored.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::json::Json;

/// The detail type of a call; console sign-ins and service events have others.
pub(crate) const API_CALL: &str = "AWS API Call via CloudTrail";

/// An EventBridge event whose detail is a CloudTrail record.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) detail: Record,
}

/// A CloudTrail record.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    pub(super) event_source: String,
    pub(super) event_name: String,
    pub(super) event_time: String,
    #[serde(rename = "eventID")]
    pub(super) event_id: String,
    #[serde(rename = "requestID", default, deserialize_with = "text")]
    pub(super) request_id: Option<String>,
    #[serde(default)]
    pub(super) user_identity: Option<UserIdentity>,
    #[serde(rename = "sourceIPAddress", default, deserialize_with = "text")]
    pub(super) source_ip_address: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) user_agent: Option<String>,
    #[serde(default)]
    pub(super) request_parameters: Option<Json>,
    #[serde(default, deserialize_with = "text")]
    pub(super) error_code: Option<String>,
    /// A boolean in EventBridge's events, a string in some older records.
    #[serde(default)]
    pub(super) read_only: Option<Value>,
}

/// A text; none where something else stands there. Where a field is too long, CloudTrail may say that it left something out
/// (user guide, "CloudTrail record contents": `omitted`) instead of what.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let Json(value) = Json::deserialize(deserializer)?;
    Ok(match value {
        Value::String(text) => Some(text),
        _ => None,
    })
}

/// Who called.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserIdentity {
    #[serde(default)]
    pub(super) arn: Option<String>,
    #[serde(default)]
    pub(super) invoked_by: Option<String>,
    #[serde(default)]
    pub(super) principal_id: Option<String>,
}

impl Record {
    pub(super) fn is_read_only(&self) -> bool {
        match &self.read_only {
            Some(Value::Bool(read_only)) => *read_only,
            Some(Value::String(text)) => text == "true",
            _ => false,
        }
    }
}
