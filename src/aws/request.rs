use std::fmt;

/// How one request to AWS ended: a closed set, for labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestResult {
    /// AWS carried it out.
    Ok,
    /// AWS asked to slow down.
    Throttled,
    /// AWS refused it to these credentials.
    Denied,
    /// No answer in time.
    Timeout,
    /// Anything else, "not found" included.
    Error,
}

impl RequestResult {
    /// Every result, for registering a metric.
    pub const ALL: [Self; 5] = [
        Self::Ok,
        Self::Throttled,
        Self::Denied,
        Self::Timeout,
        Self::Error,
    ];

    /// The label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Throttled => "throttled",
            Self::Denied => "denied",
            Self::Timeout => "timeout",
            Self::Error => "error",
        }
    }
}

/// One request that went out to AWS, retries counted singly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// The service by its prefix in IAM actions, such as `logs`: a closed set.
    pub service: &'static str,
    /// The API operation: a closed set, those that this room calls.
    pub operation: &'a str,
    /// How it ended.
    pub result: RequestResult,
    /// The id that AWS gave it, also where it failed: `CloudTrail`'s record of the call carries the same.
    pub request_id: Option<&'a str>,
    /// The time on AWS's clock, as its `Date` header says it.
    pub date: Option<&'a str>,
}

impl Request<'_> {
    /// Whether the operation changes something: its request id then marks the event as one of our own.
    pub fn writes(&self) -> bool {
        !reads(self.operation)
    }
}

/// Whether an operation only reads.
pub(super) fn reads(operation: &str) -> bool {
    const READS: [&str; 5] = ["Describe", "Get", "List", "Receive", "Simulate"];
    READS.iter().any(|prefix| operation.starts_with(prefix))
}

/// Is told of every request to AWS: counts it, remembers the ids of writes.
pub trait RequestObserver: fmt::Debug + Send + Sync {
    /// Called once for each request when it has ended, on the path of the call: must neither block nor panic.
    fn observe(&self, request: &Request<'_>);
}

/// Observes nothing: for the one-shot commands.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl RequestObserver for NoObserver {
    fn observe(&self, _request: &Request<'_>) {}
}
