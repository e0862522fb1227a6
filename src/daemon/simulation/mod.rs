//! Deterministic simulation: the daemon's own code on a paused clock, in a world that a seed draws.
//!
//! The world is an account whose reads lag, tear and fail ([`account`]), a queue that repeats, reorders and loses answers
//! ([`queue`]), a disk that is slow or full and a process that dies at any await ([`process`]), and people and programs
//! that cut, mend and try things ([`scenario`]). Whatever happens, the laws hold ([`laws`], [`world`]). What a seed draws
//! happens again at every run of it, to the last line of its trace: one thread, no clock but tokio's paused one, no
//! choice that is not drawn from the seed.
//!
//! `TRAILWARDEN_SEEDS=0..1000000 cargo test --release --lib simulation::seeds` runs as many as wanted; a seed that breaks a
//! law prints the command that replays it.

mod account;
#[path = "../../../tests/common/cuts.rs"]
#[allow(dead_code, reason = "the planner's tests use the rest")]
mod cuts;
mod draws;
mod laws;
mod letters;
mod mutants;
mod process;
mod queue;
mod scenario;
mod seeds;
mod stage;
mod view;
mod world;

const WHOLE: &str = include_str!("../../../tests/fixtures/heal-whole-chain.json");
const PRINCIPAL: &str = "arn:aws:sts::111122223333:assumed-role/trailwarden/i-1";
