//! How fast trailwarden is, beside the least that could be done: `cargo bench --bench speed -- [NAME...]`.
//!
//! The binary runs as its users run it. AWS is a stub on loopback, in a process of its own so that its memory and its CPU
//! time are not taken for the daemon's; only `check` needs LocalStack. Aims and results: docs/benchmarks.md.

#![allow(missing_docs)]
#![allow(
    clippy::disallowed_types,
    reason = "other processes are timed: their time is the machine's"
)]

mod bare;
mod check;
#[path = "../../tests/common/mod.rs"]
mod common;
mod detection;
mod feed;
mod figures;
mod idle;
mod process;
mod scale;
mod stub;

use std::process::Command;

use tokio::runtime::Runtime;

/// The benches by name, in the order in which they run.
const BENCHES: [(&str, fn()); 5] = [
    ("idle", idle::run),
    ("detection", detection::run),
    ("feed", feed::run),
    ("check", check::run),
    ("scale", scale::run),
];

/// This program in one of its other roles.
pub(crate) fn role(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the path of this program"));
    command.arg(format!("role-{name}"));
    command
}

fn main() {
    // Cargo adds its own flag.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let number = |at: usize| {
        arguments
            .get(at)
            .and_then(|text| text.parse().ok())
            .unwrap_or_default()
    };
    let text = |at: usize| arguments.get(at).map(String::as_str).unwrap_or_default();
    let runtime = || Runtime::new().expect("a runtime");
    match text(0) {
        "role-stub" => {
            let size = stub::Size {
                filters: number(1),
                alarms: number(2),
                topics: number(3),
            };
            runtime().block_on(stub::serve(size));
        }
        "role-detect" => runtime().block_on(bare::detect(text(1))),
        "role-drain" => runtime().block_on(bare::drain(text(1))),
        _ => {
            let unknown = arguments
                .iter()
                .find(|name| !BENCHES.iter().any(|(known, _)| known == name));
            assert!(
                unknown.is_none(),
                "no bench {unknown:?}; there are {:?}",
                BENCHES.map(|(name, _)| name)
            );
            for (name, bench) in BENCHES {
                if arguments.is_empty() || arguments.iter().any(|asked| asked == name) {
                    bench();
                }
            }
        }
    }
}
