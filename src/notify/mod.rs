//! Tells people, by ways that do not depend on the chain: when the chain is cut, CloudWatch can no longer tell.
//!
//! The pure half: [`Course`] decides what of the verdicts is news, [`Notice`] holds it, and `text`, `document`, `slack` and
//! `pagerduty` write it as each kind of target wants it. The other half: [`Notifier`] takes notices without ever waiting, and
//! a [`Sender`] for each target delivers them in order, again and again where that may help.

mod answer;
mod courier;
mod course;
mod document;
mod message;
mod notice;
mod own;
mod pagerduty;
mod queue;
#[cfg(test)]
mod samples;
mod sender;
mod signature;
mod slack;
mod text;

pub use answer::Failure;
pub use courier::{Courier, HttpCourier, SnsCourier, Template};
pub use course::{Course, News, Sight};
pub use notice::{Kind, Notice, Subject};
pub use sender::{Clock, Notifier, Sender, Target};
pub use signature::Signer;
