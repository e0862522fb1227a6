//! Settings in layers: defaults, file, environment, flags.

mod arn;
mod endpoint;
mod queue_url;
mod scope;
mod settings;
mod values;

pub use arn::{RoleArn, TopicArn};
pub use endpoint::Endpoint;
pub use queue_url::QueueUrl;
pub use scope::Scope;
pub use settings::{Expect, Heal, HealMode, Http, Log, LogFormat, LogLevel, Settings, Sweep};
pub use values::{
    Benchmark, ControlChoice, ControlSelection, Invalid, OwnControl, Region, SecretFile,
};
