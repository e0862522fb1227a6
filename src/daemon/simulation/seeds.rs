//! Many seeds, and the same one twice.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use tokio::time::Instant;

use super::scenario::Scenario;
use super::stage::Breach;
use super::world::{Outcome, World};
use crate::control::{Benchmark, Catalogue, Control};
use crate::mutant::{Mutant, plant};

/// Which seeds are run: `7..8` is the seed 7.
const SEEDS: &str = "TRAILWARDEN_SEEDS";
/// As many as `make test` has time for.
pub(super) const STANDARD: Range<u64> = 0..2000;

/// What is wrong with a daemon: a bug in its code, or something else that it is told than the laws know.
#[derive(Clone, Copy)]
pub(super) struct Fault {
    pub(super) mutant: Option<Mutant>,
    pub(super) told: &'static (dyn Fn(&mut Scenario) + Sync),
}

/// Nothing.
pub(super) const NONE: Fault = Fault {
    mutant: None,
    told: &|_| {},
};

/// Runs one seed.
pub(super) fn play(seed: u64, fault: Fault) -> Outcome {
    static CONTROL: LazyLock<Control> = LazyLock::new(|| {
        let control = Catalogue::builtin().find("4.5", &Benchmark::Any);
        control.unwrap().clone()
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    plant(fault.mutant);
    let run = || runtime.block_on(async { World::new(seed, &CONTROL).run(fault.told).await });
    let outcome = catch_unwind(AssertUnwindSafe(run));
    plant(None);
    outcome.unwrap_or_else(|_| Outcome {
        breach: Some(Breach {
            law: "the simulation itself does not panic",
            how: "see above".to_owned(),
        }),
        hash: 0,
        lines: Vec::new(),
        looks: 0,
        writes: 0,
    })
}

/// What many seeds came to.
pub(super) struct Found {
    pub(super) breach: Option<(u64, Outcome)>,
    looks: usize,
    writes: usize,
}

/// The first of these seeds, in the order in which they are run on all cores, that breaks a law.
pub(super) fn first_breach(seeds: Range<u64>, fault: Fault) -> Found {
    let threads = thread::available_parallelism().map_or(2, usize::from);
    let next = AtomicU64::new(seeds.start);
    let (looks, writes) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        let mut found = None;
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return found;
            }
            let outcome = play(seed, fault);
            looks.fetch_add(outcome.looks, Ordering::Relaxed);
            writes.fetch_add(outcome.writes, Ordering::Relaxed);
            if outcome.breach.is_some() {
                next.store(seeds.end, Ordering::Relaxed);
                found = Some((seed, outcome));
            }
        }
    };
    let found = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let found = workers.into_iter().filter_map(|one| one.join().unwrap());
        found.min_by_key(|(seed, _)| *seed)
    });
    Found {
        breach: found,
        looks: looks.into_inner(),
        writes: writes.into_inner(),
    }
}

/// What the environment asks for.
fn asked() -> Option<Range<u64>> {
    let text = std::env::var(SEEDS).ok()?;
    let (from, to) = text.split_once("..").expect("TRAILWARDEN_SEEDS=from..to");
    let number = |text: &str| {
        text.parse()
            .expect("TRAILWARDEN_SEEDS=from..to, two numbers")
    };
    Some(number(from)..number(to))
}

fn report(seed: u64, outcome: &Outcome) -> String {
    let Some(Breach { law, how }) = &outcome.breach else {
        return format!("seed {seed} breaks no law");
    };
    format!(
        "{}\n\nseed {seed} breaks the law that {law}:\n    {how}\nreplay it with\n    {SEEDS}={seed}..{} cargo test --lib \
         simulation::seeds::no_seed_breaks_a_law -- --nocapture",
        outcome.lines.join("\n"),
        seed + 1
    )
}

#[test]
fn no_seed_breaks_a_law() {
    let seeds = asked().unwrap_or(STANDARD);
    let began = Instant::now();
    let found = first_breach(seeds.clone(), NONE);
    let Found { looks, writes, .. } = found;
    let (count, took) = (seeds.end - seeds.start, began.elapsed().as_secs_f64());
    println!("{count} seeds in {took:.1} s: {looks} looks, {writes} writes");
    if let Some((seed, outcome)) = found.breach {
        panic!("\n{}", report(seed, &outcome));
    }
}

/// 2156: a process that could not read the journal at once wrote its own empty guard over the one that had given way.
#[test]
fn the_seed_that_forgot_a_guard_breaks_no_law() {
    let outcome = play(2156, NONE);
    assert!(outcome.breach.is_none(), "\n{}", report(2156, &outcome));
}

/// Prints what the test below compares.
#[test]
fn a_seed_prints_its_trace() {
    let seeds = asked().unwrap_or(0..1);
    for seed in seeds {
        println!("trace of {seed} is {:016x}", play(seed, NONE).hash);
    }
}

#[test]
fn the_same_seed_is_the_same_trace_twice_in_one_process_and_in_another() {
    let seeds = 0..20;
    let here: Vec<String> = seeds
        .clone()
        .map(|seed| format!("trace of {seed} is {:016x}", play(seed, NONE).hash))
        .collect();
    let again: Vec<String> = seeds
        .map(|seed| format!("trace of {seed} is {:016x}", play(seed, NONE).hash))
        .collect();
    assert_eq!(here, again);
    let other = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("daemon::simulation::seeds::a_seed_prints_its_trace")
        .env(SEEDS, "0..20")
        .output()
        .unwrap();
    let there = String::from_utf8(other.stdout).unwrap();
    for line in here {
        assert!(there.contains(&line), "{line} is not in {there}");
    }
}
