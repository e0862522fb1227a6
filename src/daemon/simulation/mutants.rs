//! Each planted bug is found: a law that no bug breaks proves nothing.

use std::time::Duration;

use super::seeds::{Fault, NONE, STANDARD, first_breach};
use crate::config::HealMode;
use crate::mutant::Mutant;

/// What a daemon is told, and should not be.
const TOLD: [(&str, Fault); 6] = [
    (
        "never sweeps",
        Fault {
            told: &|scenario| scenario.sweep = Duration::from_hours(1000),
            ..NONE
        },
    ),
    (
        "writes in every mode",
        Fault {
            told: &|scenario| scenario.mode = HealMode::Apply,
            ..NONE
        },
    ),
    (
        "knows no maintenance window",
        Fault {
            told: &|scenario| scenario.limits.windows.clear(),
            ..NONE
        },
    ),
    (
        "has a budget without end",
        Fault {
            told: &|scenario| scenario.limits.budget_per_hour = 10_000,
            ..NONE
        },
    ),
    (
        "never gives way",
        Fault {
            told: &|scenario| scenario.limits.stop_after = 10_000,
            ..NONE
        },
    ),
    (
        "mends at first sight",
        Fault {
            told: &|scenario| scenario.limits.settle = jiff::SignedDuration::ZERO,
            ..NONE
        },
    ),
];

#[test]
fn every_planted_bug_is_found() {
    let planted = Mutant::ALL.map(|mutant| {
        let fault = Fault {
            mutant: Some(mutant),
            ..NONE
        };
        (format!("{mutant:?}"), fault)
    });
    let told = TOLD.map(|(name, fault)| (name.to_owned(), fault));
    let mut survivors = Vec::new();
    let only = std::env::var("TRAILWARDEN_MUTANT").unwrap_or_default();
    let faults = planted.into_iter().chain(told);
    for (name, fault) in faults.filter(|(name, _)| name.contains(&only)) {
        match first_breach(STANDARD, fault).breach {
            Some((seed, outcome)) => {
                let law = outcome.breach.map(|breach| breach.law);
                println!("{name}: seed {seed}: {}", law.unwrap_or_default());
            }
            None => survivors.push(name),
        }
    }
    assert!(survivors.is_empty(), "not found: {survivors:?}");
}
