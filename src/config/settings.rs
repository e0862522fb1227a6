use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::assess::{Expectations, Link};
use crate::control::{Benchmark, Control};
use crate::heal::Window;

use super::arn::TopicArn;
use super::endpoint::Endpoint;
use super::notify::NotifyTarget;
use super::queue_url::QueueUrl;
use super::scope::Scope;
use super::wiring::Wiring;

/// Every setting, parsed: what the daemon runs on.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The queue that the events come from; none: sweeps only.
    pub queue_url: Option<QueueUrl>,
    /// The controls that are judged, each once.
    pub controls: Vec<Control>,
    /// Whose prescribed patterns count.
    pub benchmark: Benchmark,
    /// The periodic look at everything.
    pub sweep: Sweep,
    /// Whether the feed is tried with events of its own.
    pub heartbeat: HeartbeatSettings,
    /// What may be mended, and how carefully.
    pub heal: Heal,
    /// Whom the operator named as those to be told.
    pub expect: Expect,
    /// Who is told beside the chain.
    pub notify: Vec<NotifyTarget>,
    /// Accounts beside, or instead of, that of the own credentials; empty: that one, in all its regions.
    pub scope: Vec<Scope>,
    /// How the feed is wired.
    pub wiring: Wiring,
    /// Where incidents and budgets are kept.
    pub state_dir: PathBuf,
    /// The history.
    pub journal: History,
    /// The HTTP endpoints.
    pub http: Http,
    /// The log.
    pub log: Log,
}

/// The periodic look at everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// Time between two sweeps, before jitter.
    pub interval: Duration,
}

/// Whether, and how often, the feed is tried with an event of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeartbeatSettings {
    /// Time between two heartbeats, before jitter; none: there are none.
    pub interval: Option<Duration>,
    /// How long one may take before it counts as lost.
    pub timeout: Duration,
}

/// What may be mended, and how carefully.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heal {
    /// Whether repairs are planned, and carried out.
    pub mode: HealMode,
    /// The links that may be mended; only those of [`Link::CHAIN`].
    pub links: BTreeSet<Link>,
    /// Two observations of the same broken link lie at least this far apart before a write.
    pub settle: Duration,
    /// Most writing calls in one scope and hour.
    pub budget_per_hour: u32,
    /// Time between two writes to the same resource, before it is doubled.
    pub cooldown: Duration,
    /// Writes to the same resource after which trailwarden gives way.
    pub stop_after: u32,
    /// Times in which the daemon does not write.
    pub windows: Vec<Window>,
}

/// Whether repairs are planned, and carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealMode {
    /// Neither.
    Off,
    /// Planned and shown, never carried out.
    Plan,
    /// Carried out.
    Apply,
}

/// Whom the operator named as those to be told. Empty lists: anybody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expect {
    /// The topics that count.
    pub topics: Vec<TopicArn>,
    /// The endpoints that count.
    pub subscriptions: Vec<Endpoint>,
}

impl Expect {
    /// The same as the evaluation reads it.
    pub fn expectations(&self) -> Expectations {
        Expectations {
            topics: self
                .topics
                .iter()
                .map(|topic| topic.as_str().to_owned())
                .collect(),
            subscriptions: self
                .subscriptions
                .iter()
                .map(|endpoint| endpoint.as_str().to_owned())
                .collect(),
        }
    }
}

/// The history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// How long the past is kept.
    pub retention: Duration,
}

/// The HTTP endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Whether the status page and its JSON are served. Not configured: only on a loopback address.
    pub status: bool,
}

/// The log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// For people or for machines.
    pub format: LogFormat,
    /// The least important level that is written.
    pub level: LogLevel,
}

/// For people or for machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One readable line a decision.
    Text,
    /// One JSON object a decision.
    Json,
}

/// The least important level that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Only what failed.
    Error,
    /// And what may become a failure.
    Warn,
    /// And decisions and changes of state.
    Info,
    /// And why.
    Debug,
    /// And every step.
    Trace,
}

impl HealMode {
    /// Every mode by its name in the configuration.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("off", Self::Off),
        ("plan", Self::Plan),
        ("apply", Self::Apply),
    ];

    /// The name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Plan => "plan",
            Self::Apply => "apply",
        }
    }
}

impl LogFormat {
    /// Every format by its name in the configuration.
    pub const NAMES: [(&'static str, Self); 2] = [("text", Self::Text), ("json", Self::Json)];
}

impl LogLevel {
    /// Every level by its name in the configuration.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];

    /// The name, which is also a filter directive of `tracing-subscriber`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}
