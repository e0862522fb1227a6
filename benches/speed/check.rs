//! `trailwarden check` for all fifteen controls, beside one check of Prowler on the same LocalStack.

use std::path::PathBuf;
use std::process::Command;

use tokio::runtime::Runtime;

use crate::common::aws::Account;
use crate::common::daemon::command;
use crate::common::emulator::{Emulator, repository};
use crate::figures::{Aim, fact, quantile, ratio, title};
use crate::process::{Run, run as timed};

const RUNS: usize = 20;
/// The check of Prowler that asks what control 4.5 asks.
const CHECK: &str =
    "cloudwatch_log_metric_filter_and_alarm_for_cloudtrail_configuration_changes_enabled";

pub(crate) fn run() {
    title("check: all fifteen controls on LocalStack; trailwarden : one check of Prowler");
    // Kept: the container is removed by calls that need the runtime.
    let runtime = Runtime::new().expect("a runtime");
    let emulator = runtime.block_on(Emulator::start());
    let account = runtime.block_on(Account::fresh(&emulator));
    // LocalStack loads a service at its first call.
    let runs: Vec<Run> = (0..=RUNS).map(|_| ours(&account)).skip(1).collect();
    let wall = quantile(&runs.iter().map(|run| run.wall).collect::<Vec<_>>(), 0.5);
    let peak = quantile(&runs.iter().map(|run| run.peak).collect::<Vec<_>>(), 0.5);
    if let Some(prowler) = prowler() {
        // Twice: the first run writes Python's byte code.
        let _ = scan(&prowler, &account);
        let theirs = scan(&prowler, &account);
        ratio(
            "wall, Prowler whole",
            "s",
            (wall, theirs.wall),
            Aim::AtMost(0.01),
        );
        match check_alone(&theirs.stdout) {
            Some(alone) => ratio(
                "wall, Prowler's check alone",
                "s",
                (wall, alone),
                Aim::AtMost(1.0),
            ),
            None => fact("Prowler's check alone", "not told"),
        }
        ratio("memory", "MiB", (peak, theirs.peak), Aim::AtMost(0.1));
    } else {
        fact("wall", &format!("{wall:.3} s"));
        fact("memory", &format!("{peak:.1} MiB"));
        println!(
            "  Prowler is left out: `make bench-prowler` installs it, or PROWLER names its program"
        );
    }
    runtime.block_on(async { drop(emulator) });
}

/// One judgement: the seeded account keeps one control, so that the whole is FAIL.
fn ours(account: &Account) -> Run {
    let run = timed(command(account).args(["check", "--controls", "all", "--format", "json"]));
    assert_eq!(run.code, Some(2), "{}", run.stdout);
    let controls = run.stdout.matches("\"verdict\"").count();
    assert!(controls >= 15, "{}", run.stdout);
    run
}

/// Where Prowler is, if it is.
fn prowler() -> Option<PathBuf> {
    let installed = || repository().join(".venv/prowler/bin/prowler");
    let path = std::env::var_os("PROWLER").map_or_else(installed, PathBuf::from);
    path.exists().then_some(path)
}

fn scan(prowler: &PathBuf, account: &Account) -> Run {
    let output = tempfile::tempdir().expect("a directory");
    let run = timed(
        Command::new(prowler)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", output.path())
            .env("AWS_ENDPOINT_URL", &account.endpoint)
            .env("AWS_DEFAULT_REGION", &account.seeded.region)
            .env("AWS_ACCESS_KEY_ID", &account.seeded.account)
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .args([
                "aws",
                "--no-banner",
                "--no-color",
                "--region",
                &account.seeded.region,
                "--check",
                CHECK,
            ])
            .args(["--output-formats", "json-ocsf", "--output-directory"])
            .arg(output.path()),
    );
    // 3: it found what fails.
    assert!(
        matches!(run.code, Some(0 | 3)),
        "Prowler ended with {:?}: {}",
        run.code,
        run.stdout
    );
    run
}

/// What Prowler says that its scan took, in seconds.
fn check_alone(output: &str) -> Option<f64> {
    let (_, scan) = output.rsplit_once("Scan completed!")?;
    let (_, rest) = scan.split_once(" in ")?;
    rest.split('s').next()?.trim().parse().ok()
}
