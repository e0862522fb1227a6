//! The rooms of trailwarden that read what strangers wrote, as they stand in `src/`, without those that talk to AWS: their
//! dependencies would be built anew with coverage, which takes ten minutes and finds nothing.

#![allow(dead_code, unused_imports, reason = "the rooms offer more than is fuzzed")]

#[path = "../../../src/assess/mod.rs"]
pub mod assess;
#[path = "../../../src/config/mod.rs"]
pub mod config;
#[path = "../../../src/control/mod.rs"]
pub mod control;
#[path = "../../../src/escape.rs"]
pub mod escape;
#[path = "../../../src/event/mod.rs"]
pub mod event;
#[path = "../../../src/heal/mod.rs"]
pub mod heal;
#[path = "../../../src/pattern/mod.rs"]
pub mod pattern;
#[path = "../../../src/policy/mod.rs"]
pub mod policy;
#[path = "../../../src/snapshot/mod.rs"]
pub mod snapshot;
