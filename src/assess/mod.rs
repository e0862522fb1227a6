//! From a snapshot to the truth about a control: one file a link, the chain, the verdict and its findings. Pure.
//!
//! A control asks that events of a kind reach somebody. Each trail, metric filter, alarm, topic and subscription that hang
//! together are a path (`path`); a path holds, is cut, or cannot be decided (`fault`). The control passes if the
//! filters of the paths that hold match every required event (`coverage`), fails if some event is missed even when every
//! undecided path is taken to hold, and is unknown in between (`judge`).

mod alarm;
mod chain;
mod coverage;
mod criteria;
mod data_protection;
mod fault;
mod filter;
mod index;
mod inherit;
mod judge;
mod literal;
mod log_group;
mod masked;
mod message;
mod path;
mod pick;
mod policy;
mod proofs;
mod put;
mod recording;
mod relevance;
mod remedy;
mod report;
mod selector;
mod subscription;
mod tail;
mod topic;
mod trail;
mod universe;
mod verdict;
mod warning;
mod widen;
mod words;
mod world;

pub(crate) use alarm::{looks_at, new_alarm, searched, silences};
pub use index::Index;
pub use inherit::{inherit, is_inherited_from, leads_into};
pub use judge::assess;
pub use proofs::Proofs;
pub(crate) use put::{
    delete_mute_rule, put_alarm, put_event_selectors, put_metric_filter, subscribe, update_trail,
};
pub use recording::records_writes;
pub(crate) use remedy::Command;
pub use subscription::DRILL_PREFIX;
pub use universe::assumptions;
pub use verdict::{
    Assessment, Chain, Expectations, Finding, Link, LinkState, Literal, LiteralVerdict, Recipient,
    Verdict,
};
pub use warning::{Warning, WarningCode};
pub(crate) use widen::{is_management, widened};
pub use world::{Unseen, unseen};
