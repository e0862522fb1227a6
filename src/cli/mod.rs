//! One file a subcommand. Exit codes: 0 done or compliant, 1 could not run, 2 FAIL or differences, 3 UNKNOWN, 64 usage.

mod check;
mod config;
mod connect;
mod controls;
mod drill;
mod exit;
mod flags;
mod format;
mod pattern;
mod read;
mod run;
mod snapshot;

use std::env;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exit::Exit;

/// Watches the chain that tells you when CloudTrail's configuration changes, and mends it if it may.
#[derive(Debug, Parser)]
#[command(name = "trailwarden", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch until told to stop: consume events, judge at once, serve metrics, mend what may be mended.
    Run(run::RunArgs),
    /// Judge once and exit: 0 all PASS, 2 some FAIL, 3 some UNKNOWN and no FAIL, 1 could not run.
    Check(check::CheckArgs),
    /// Print what `check` would judge, as JSON.
    Snapshot(snapshot::SnapshotArgs),
    /// Prove a chain by using it: write a synthetic record and watch metric, alarm and notification follow. Exit 0 proven,
    /// 2 something did not come or the control fails, 3 the control is UNKNOWN, 1 could not run.
    Drill(drill::DrillArgs),
    /// List the controls that can be judged.
    Controls(controls::ControlsArgs),
    /// Print the settings in effect and where each came from, or only check them.
    Config(config::ConfigArgs),
    /// Try filter patterns of CloudWatch Logs: match events, prove that one covers another.
    #[command(subcommand)]
    Pattern(pattern::PatternCommand),
}

/// Parses the command line, runs the command, and answers how it ended.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no faults, and clap knows where each of its texts belongs.
            let exit = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Ok
            };
            return if error.print().is_ok() {
                exit
            } else {
                Exit::Failed
            }
            .into();
        }
    };
    match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Snapshot(args) => snapshot::run(&args),
        Command::Drill(args) => drill::run(&args),
        Command::Controls(args) => controls::run(&args),
        Command::Config(args) => config_command(&args),
        Command::Pattern(command) => pattern::command(command),
    }
    .into()
}

fn config_command(args: &config::ConfigArgs) -> Exit {
    match config::run(args, variables(), io::stdout().lock()) {
        Ok(()) => Exit::Ok,
        Err(error @ config::ConfigCommandError::Faults(_)) => complain(Exit::Usage, &error),
        Err(error @ config::ConfigCommandError::Output(_)) => complain(Exit::Failed, &error),
    }
}

/// The process environment: read here, passed in everywhere else.
fn variables() -> impl Iterator<Item = (OsString, OsString)> {
    env::vars_os()
}

/// Says on standard error why a command could not do its work.
fn complain(exit: Exit, reason: &dyn Display) -> Exit {
    // Nobody is left to be told if this fails.
    let _ = writeln!(io::stderr(), "trailwarden: {reason}");
    exit
}
