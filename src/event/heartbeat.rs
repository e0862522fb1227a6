use std::fmt;

use serde_json::{Value, json};

/// `source` of a heartbeat. PutEvents lets nobody use one that begins with `aws.`, and this one is nobody else's.
pub const HEARTBEAT_SOURCE: &str = "trailwarden.heartbeat";

/// `detail-type` of a heartbeat.
pub const HEARTBEAT_DETAIL_TYPE: &str = "trailwarden heartbeat";

/// The longest nonce or process id that is read: twice the length of ours, so that a later version may have longer ones.
const LONGEST: usize = 64;

/// 128 bits that nobody can guess, as 32 hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Nonce(String);

impl Nonce {
    /// The nonce of these random bytes.
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(format!("{:032x}", u128::from_be_bytes(bytes)))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who reads a log could answer a heartbeat with what it shows: the beginning is enough to tell two apart.
impl fmt::Debug for Nonce {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}..", self.0.get(..4).unwrap_or_default())
    }
}

/// An event that a daemon sends to itself through the rule and the queue of the feed, to know that both still work.
///
/// A message is believed to be one only where its nonce is that of the heartbeat that is under way; it then says that the
/// bus, the rule, its target and the queue let it pass, and nothing else. What has another nonce is a replica's, too late, or
/// forged, and means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// What makes it this one.
    pub nonce: Nonce,
    /// The process that sent it, as it names itself.
    pub process: String,
}

impl Heartbeat {
    /// `detail` of the event.
    pub fn detail(&self) -> String {
        json!({"nonce": self.nonce.as_str(), "process": self.process}).to_string()
    }

    /// The heartbeat in an EventBridge event; none where it is another event, or has not the form of one.
    pub(super) fn of(event: &Value) -> Option<Self> {
        let text = |pointer| event.pointer(pointer).and_then(Value::as_str);
        if text("/source")? != HEARTBEAT_SOURCE || text("/detail-type")? != HEARTBEAT_DETAIL_TYPE {
            return None;
        }
        let short = |pointer| text(pointer).filter(|text| text.len() <= LONGEST);
        Some(Self {
            nonce: Nonce(short("/detail/nonce")?.to_owned()),
            process: short("/detail/process")?.to_owned(),
        })
    }
}
