//! Every key, once: its type, its default and what it is for. Parsing, `trailwarden config`, the flags and the reference
//! are driven by this table.

use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::path::PathBuf;

use figment::value::Value;

use crate::assess::Link;
use crate::control::Benchmark;
use crate::heal::Window;

use super::arn::{RoleArn, TopicArn};
use super::controls::ControlSelection;
use super::endpoint::Endpoint;
use super::kinds::{
    BeatInterval, BeatTimeout, Cooldown, HourlyBudget, Retention, SettleTime, StopAfter,
    SweepInterval,
};
use super::notify::Targets;
use super::queue_url::QueueUrl;
use super::scope::Scope;
use super::setting::{Problem, Setting};
use super::settings::{HealMode, LogFormat, LogLevel};
use super::wiring::{OrganizationId, WiringPrefix};

/// A key of the configuration and the type of its value.
pub(super) struct Key<T> {
    path: &'static str,
    default: Option<&'static str>,
    doc: &'static str,
    of: PhantomData<fn() -> T>,
}

impl<T: Setting> Key<T> {
    const fn new(path: &'static str, default: Option<&'static str>, doc: &'static str) -> Self {
        Self {
            path,
            default,
            doc,
            of: PhantomData,
        }
    }
}

/// A key whatever its type.
pub(super) trait AnyKey: Sync {
    /// The dotted name in the file.
    fn path(&self) -> &'static str;
    /// The default as TOML; none where not configured means something of its own.
    fn default(&self) -> Option<&'static str>;
    /// What it is for, whole sentences.
    fn doc(&self) -> &'static str;
    /// What is accepted.
    fn expected(&self) -> String;
    /// The value that a variable's or a flag's text means.
    fn value_of(&self, text: &str) -> Result<Value, String>;
    /// Everything that is wrong with a value.
    fn problems(&self, value: &Value) -> Vec<Problem>;
}

impl<T: Setting> AnyKey for Key<T> {
    fn path(&self) -> &'static str {
        self.path
    }

    fn default(&self) -> Option<&'static str> {
        self.default
    }

    fn doc(&self) -> &'static str {
        self.doc
    }

    fn expected(&self) -> String {
        T::expected()
    }

    fn value_of(&self, text: &str) -> Result<Value, String> {
        T::from_text(text)
    }

    fn problems(&self, value: &Value) -> Vec<Problem> {
        T::read(value).err().unwrap_or_default()
    }
}

pub(super) static QUEUE_URL: Key<QueueUrl> = Key::new(
    "queue_url",
    None,
    "The SQS queue that EventBridge puts the events into. Not configured: no events, the sweeps alone find what changed.",
);
pub(super) static CONTROLS: Key<ControlSelection> = Key::new(
    "controls",
    Some("[\"4.5\"]"),
    "The controls to judge: \"all\", or a list of keys, CIS numbers, Security Hub ids, and tables {id, title, pattern} for \
     controls of your own.",
);
pub(super) static BENCHMARK: Key<Benchmark> = Key::new(
    "benchmark",
    Some("\"any\""),
    "Whose numbers and patterns count: those of a version of the CIS AWS Foundations Benchmark, of Security Hub, or with \"any\" \
     each of them: then a pattern that any of them prescribes satisfies.",
);
pub(super) static SWEEP_INTERVAL: Key<SweepInterval> = Key::new(
    "sweep.interval",
    Some("\"15m\""),
    "Time between two full looks at every scope, whatever the events say; each is jittered.",
);
pub(super) static HEARTBEAT_INTERVAL: Key<BeatInterval> = Key::new(
    "heartbeat.interval",
    Some("\"1m\""),
    "Time between two heartbeats: events that the daemon puts on the default bus of its account in the queue's region, to see them \
     come out of the queue. \"0s\": none, as where the queue is another account's.",
);
pub(super) static HEARTBEAT_TIMEOUT: Key<BeatTimeout> = Key::new(
    "heartbeat.timeout",
    Some("\"30s\""),
    "How long a heartbeat may take through rule and queue before it counts as lost; two lost in a row are told.",
);
pub(super) static HEAL_MODE: Key<HealMode> = Key::new(
    "heal.mode",
    Some("\"off\""),
    "\"off\" looks only, \"plan\" also says what it would mend, \"apply\" mends.",
);
pub(super) static HEAL_LINKS: Key<BTreeSet<Link>> = Key::new(
    "heal.links",
    Some("[\"pattern\", \"metric\", \"alarm\", \"action\", \"topic\", \"subscription\"]"),
    "The links that may be mended. trail, selector and log_group only if named here.",
);
pub(super) static HEAL_SETTLE: Key<SettleTime> = Key::new(
    "heal.settle",
    Some("\"5s\""),
    "A link is mended only if it was seen broken twice, at least this far apart.",
);
pub(super) static HEAL_BUDGET: Key<HourlyBudget> = Key::new(
    "heal.budget_per_hour",
    Some("12"),
    "Most writing calls in one scope and hour; what is over waits.",
);
pub(super) static HEAL_COOLDOWN: Key<Cooldown> = Key::new(
    "heal.cooldown",
    Some("\"10s\""),
    "Time between two writes to the same resource; it doubles with each further one, up to 15 minutes.",
);
pub(super) static HEAL_STOP_AFTER: Key<StopAfter> = Key::new(
    "heal.stop_after",
    Some("6"),
    "Writes to the same resource after which trailwarden gives way: it says who undoes them, and only reports. It tries again \
     once the resource has stayed whole for an hour.",
);
pub(super) static HEAL_WINDOWS: Key<Vec<Window>> = Key::new(
    "heal.windows",
    Some("[]"),
    "Maintenance: times in which the daemon reports and does not write. Each is a range such as \
     \"2026-11-23T22:00:00Z/2026-11-24T02:00:00Z\", or one of every day in UTC such as \"22:00/02:00\".",
);
pub(super) static EXPECT_TOPICS: Key<Vec<TopicArn>> = Key::new(
    "expect.topics",
    Some("[]"),
    "The topics that you named. If there are any, an alarm that notifies another topic tells nobody.",
);
pub(super) static EXPECT_SUBSCRIPTIONS: Key<Vec<Endpoint>> = Key::new(
    "expect.subscriptions",
    Some("[]"),
    "The endpoints that you named: the ARN of a queue, function, delivery stream or platform endpoint, an e-mail address, a \
     URL, a phone number with its +. If there are any, no other subscriber counts, and only these are ever subscribed.",
);
pub(super) static NOTIFY: Key<Targets> = Key::new(
    "notify",
    Some("[]"),
    "Who is told beside the chain, which cannot tell once it is cut. Each a table [[notify]] of kind, name (for labels and logs; \
     default: kind and place in the list) and what the kind needs. \"sns\": topic_arn, a topic that no alarm of a chain \
     uses. \"webhook\": url, or url_file where the URL is a secret, and secret_file, the key that signs. \"slack\": url_file, \
     the URL of an incoming webhook. \"pagerduty\": routing_key_file, and url for another endpoint of the Events API v2. Files \
     are read at start.",
);
pub(super) static SCOPE: Key<Vec<Scope>> = Key::new(
    "scope",
    Some("[]"),
    "The accounts to look at, each a table [[scope]] of account (12 digits, quoted), role_arn (the role to assume there), \
     external_id_file (the file that holds the external id) and regions (default: all enabled). Empty: the account of the \
     own credentials.",
);
pub(super) static WIRING_PREFIX: Key<WiringPrefix> = Key::new(
    "wiring.prefix",
    Some("\"trailwarden\""),
    "What the names of everything that `trailwarden wire` makes begin with: rules, central bus, roles, and where no queue_url is \
     configured the queues. Daemons beside each other have different ones.",
);
pub(super) static WIRING_CONSUMER_ROLE: Key<RoleArn> = Key::new(
    "wiring.consumer_role_arn",
    None,
    "The role that alone may receive from the queue, delete from it and purge it: the daemon's own. Not configured: whoever the \
     policies of the queue's account let.",
);
pub(super) static WIRING_ORGANIZATION: Key<OrganizationId> = Key::new(
    "wiring.organization_id",
    None,
    "The organization whose accounts may send events to the central bus. Not configured: the accounts of the scopes.",
);
pub(super) static WIRING_CHECK: Key<bool> = Key::new(
    "wiring.check",
    Some("true"),
    "Whether each sweep checks rules, bus, role and queues of the feed. Not where events come to the queue in a way of your own. \
     Where the queue is another account's, that account needs a [[scope]] with a role_arn.",
);
pub(super) static STATE_DIR: Key<PathBuf> = Key::new(
    "state_dir",
    Some("\"/var/lib/trailwarden\""),
    "The directory for what outlives a restart: the history, the chains to go back to, budgets and cooldowns. One daemon a \
     directory. While it cannot be written, nothing is repaired.",
);
pub(super) static JOURNAL_RETENTION: Key<Retention> = Key::new(
    "journal.retention",
    Some("\"400d\""),
    "How long the history is kept.",
);
pub(super) static HTTP_LISTEN: Key<SocketAddr> = Key::new(
    "http.listen",
    Some("\"127.0.0.1:9464\""),
    "Address and port of /metrics, /livez, /readyz and the status page. Port 0 picks a free one and logs it.",
);
pub(super) static HTTP_STATUS: Key<bool> = Key::new(
    "http.status",
    None,
    "Whether the status page at / and /status are served. Not configured: only if http.listen is a loopback address, as they \
     name resources and people.",
);
pub(super) static LOG_FORMAT: Key<LogFormat> = Key::new(
    "log.format",
    Some("\"text\""),
    "Log lines for people or for machines.",
);
pub(super) static LOG_LEVEL: Key<LogLevel> = Key::new(
    "log.level",
    Some("\"info\""),
    "The least important level that is logged.",
);

/// Every key, in the order of the reference.
pub(super) static KEYS: [&dyn AnyKey; 27] = [
    &QUEUE_URL,
    &CONTROLS,
    &BENCHMARK,
    &SWEEP_INTERVAL,
    &HEARTBEAT_INTERVAL,
    &HEARTBEAT_TIMEOUT,
    &HEAL_MODE,
    &HEAL_LINKS,
    &HEAL_SETTLE,
    &HEAL_BUDGET,
    &HEAL_COOLDOWN,
    &HEAL_STOP_AFTER,
    &HEAL_WINDOWS,
    &EXPECT_TOPICS,
    &EXPECT_SUBSCRIPTIONS,
    &NOTIFY,
    &SCOPE,
    &WIRING_PREFIX,
    &WIRING_CONSUMER_ROLE,
    &WIRING_ORGANIZATION,
    &WIRING_CHECK,
    &STATE_DIR,
    &JOURNAL_RETENTION,
    &HTTP_LISTEN,
    &HTTP_STATUS,
    &LOG_FORMAT,
    &LOG_LEVEL,
];

/// The key of that dotted name.
pub(super) fn key(path: &str) -> Option<&'static dyn AnyKey> {
    KEYS.into_iter().find(|key| key.path() == path)
}

/// Whether this is the name of a table of settings, such as `heal`.
pub(super) fn is_section(path: &str) -> bool {
    KEYS.iter().any(|key| {
        key.path()
            .strip_prefix(path)
            .is_some_and(|rest| rest.starts_with('.'))
    })
}

/// The variable that sets this key, such as `TRAILWARDEN_HEAL__MODE`.
pub(super) fn variable(path: &str) -> String {
    format!(
        "{VARIABLE_PREFIX}{}",
        path.to_ascii_uppercase().replace('.', "__")
    )
}

/// What the variables that set something begin with.
pub(super) const VARIABLE_PREFIX: &str = "TRAILWARDEN_";

/// The flag that sets this key, without hyphens in front, such as `heal-mode`.
pub(super) fn flag(path: &str) -> String {
    path.replace(['.', '_'], "-")
}
