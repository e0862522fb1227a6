//! The verdict on account states of every kind: by link, by law, by corpus.

#![allow(
    clippy::too_many_lines,
    clippy::needless_pass_by_value,
    reason = "a case reads better whole, and a literal better than a reference to one"
)]

mod advice;
mod alarm;
mod always;
mod beside;
mod children;
mod composite;
mod corpus;
mod cover;
mod crowd;
mod holes;
mod hostile_alarm;
mod hostile_notify;
mod hostile_trail;
mod laws;
mod literal;
mod log_group;
mod masking;
mod math;
mod mute;
mod notify;
mod pattern;
mod place;
mod reads;
mod remedies;
mod split;
mod support;
mod together;
mod trail;
mod warnings;
