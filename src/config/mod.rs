//! Settings in layers: defaults, file, environment, flags.
//!
//! [`load()`] never reads the process environment or arguments: whoever calls it passes them in. Each layer is checked on its
//! own against one table of keys (`schema`), so that a wrong value is told even where a later layer hides it; the layers are
//! merged by figment, which remembers the source of each value; `rules` finds what cannot stand together.

mod arn;
mod controls;
mod effective;
mod endpoint;
mod fault;
mod kinds;
mod layer;
mod load;
mod notify;
mod queue_url;
mod reference;
mod rules;
mod schema;
mod scope;
mod setting;
mod settings;
mod suggest;
mod table;
mod target_url;
mod text;
mod values;
mod wiring;

pub use arn::{RoleArn, TopicArn};
pub use effective::Effective;
pub use endpoint::Endpoint;
pub use fault::{ConfigError, Fault};
pub use load::{ConfigFile, DEFAULT_FILE, Loaded, load};
pub use notify::{NotifyTarget, NotifyWay, UrlSource};
pub use queue_url::QueueUrl;
pub use reference::{KeyReference, keys, reference};
pub use scope::Scope;
pub use settings::{
    Expect, Heal, HealMode, HeartbeatSettings, Http, Log, LogFormat, LogLevel, Settings, Sweep,
};
pub use target_url::TargetUrl;
pub use values::{Invalid, Region, SecretFile};
pub use wiring::{OrganizationId, Wiring, WiringPrefix};
