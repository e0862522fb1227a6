//! One file a subcommand. Exit codes: 0 done or compliant, 1 could not run, 2 FAIL or differences, 3 UNKNOWN, 64 usage.

mod accept;
mod ask;
mod check;
mod config;
mod connect;
mod controls;
mod doctor;
mod drill;
mod exit;
mod failure;
mod flags;
mod format;
mod heal;
mod health;
mod history;
mod iam_policy;
mod manual;
mod output;
mod pattern;
mod read;
mod report;
mod run;
mod signals;
mod snapshot;
mod targets;
mod times;
mod wire;

use std::env;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};

use exit::Exit;
use failure::Failure;
use output::{stdout, unless_closed};

use crate::telemetry::sanitize;

/// Help and man page end with it.
const EXITS: &str = "\
Exit codes: 0 done or compliant, 1 could not run, 2 FAIL or differences, 3 UNKNOWN, 64 wrong command line or configuration.

Settings come from defaults, the TOML file (--config, default /etc/trailwarden/trailwarden.toml), TRAILWARDEN_ variables and \
flags, each over the one before it. Credentials, region and profile come from the AWS SDK's own chain.";

/// Watches the chain that tells you when CloudTrail's configuration changes, and mends it if it may.
#[derive(Debug, Parser)]
#[command(name = "trailwarden", version, propagate_version = true, after_long_help = EXITS)]
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
    /// Show what would mend the chain, and after a confirmation do it: 0 nothing to do or all done, 2 something is left (or
    /// would be done: --dry-run), 1 could not run.
    Heal(heal::HealArgs),
    /// Print what `check` would judge, as JSON.
    Snapshot(snapshot::SnapshotArgs),
    /// List what happened: every chain that was cut, by whom, and what was done about it.
    History(history::HistoryArgs),
    /// Report how much of a time each control was met, with every gap, its cause and its cure.
    Report(report::ReportArgs),
    /// Make the present chain the one that repairs go back to, at once instead of after a day.
    Accept(accept::AcceptArgs),
    /// Prove a chain by using it: write a synthetic record and watch metric, alarm and notification follow. Exit 0 proven,
    /// 2 something did not come or the control fails, 3 the control is UNKNOWN, 1 could not run.
    Drill(drill::DrillArgs),
    /// Check everything that the daemon needs: settings, identity, permissions, clock, queue, and that a heartbeat comes through.
    /// Exit 0 nothing failed, 2 something did, 1 could not run.
    Doctor(doctor::DoctorArgs),
    /// Show what the feed of events needs and does not have, make it so (--apply), or remove it (--remove): 0 nothing to do,
    /// 2 differences, 1 could not run or not everything was seen.
    Wire(wire::WireArgs),
    /// List the controls that can be judged.
    Controls(controls::ControlsArgs),
    /// Print the settings in effect and where each came from, or only check them.
    Config(config::ConfigArgs),
    /// Print the least-privilege IAM policy for the settings in effect: to watch, or with a flag to mend, to drill or to wire.
    IamPolicy(iam_policy::IamPolicyArgs),
    /// Try filter patterns of CloudWatch Logs: match events, prove that one covers another.
    #[command(subcommand)]
    Pattern(pattern::PatternCommand),
    /// Ask the daemon of this configuration whether it is alive (GET /livez at http.listen): 0 yes, 1 no.
    Health(health::HealthArgs),
    /// Print the man page, or write one for each command into a directory.
    Man(manual::ManArgs),
    /// Print the completions of a shell.
    Completions(manual::CompletionsArgs),
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
            return if unless_closed(error.print(), ()).is_ok() {
                exit
            } else {
                Exit::Failed
            }
            .into();
        }
    };
    let end = match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Heal(args) => heal::run(&args),
        Command::Snapshot(args) => snapshot::run(&args),
        Command::History(args) => history::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Accept(args) => accept::run(&args),
        Command::Drill(args) => drill::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Wire(args) => wire::run(&args),
        Command::Controls(args) => controls::run(&args),
        Command::Config(args) => config_command(&args),
        Command::IamPolicy(args) => iam_policy::run(&args),
        Command::Pattern(command) => pattern::command(command),
        Command::Health(args) => health::run(&args),
        Command::Man(args) => manual::man(&args),
        Command::Completions(args) => manual::completions(&args),
    };
    end.unwrap_or_else(|failure| complain(failure.exit, &failure.reason))
        .into()
}

fn config_command(args: &config::ConfigArgs) -> Result<Exit, Failure> {
    match config::run(args, variables(), stdout()) {
        Ok(()) => Ok(Exit::Ok),
        Err(config::ConfigCommandError::Faults(faults)) => Err(Failure::usage(faults)),
        Err(error @ config::ConfigCommandError::Output(_)) => Err(Failure::failed(error)),
    }
}

/// Runs what waits for AWS.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime cannot be started")?;
    runtime.block_on(work)
}

/// The end of a command whose answer was written, or could not be.
fn printed(what: &str, written: io::Result<()>) -> Result<(), Failure> {
    written.map_err(|error| Failure::failed(format_args!("{what} cannot be printed: {error}")))
}

/// The process environment: read here, passed in everywhere else.
fn variables() -> impl Iterator<Item = (OsString, OsString)> {
    env::vars_os()
}

/// Whether what is printed may be coloured: on a terminal, unless NO_COLOR (no-color.org) says no.
fn colour() -> bool {
    let plain = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stdout().is_terminal() && !plain
}

/// Says on standard error why a command could not do its work.
fn complain(exit: Exit, reason: &dyn Display) -> Exit {
    // Nobody is left to be told if this fails.
    let _ = writeln!(
        io::stderr(),
        "trailwarden: {}",
        visible(&reason.to_string())
    );
    exit
}

/// The lines of a reason, which may say what AWS or a file says, with nothing in them that acts on a terminal.
fn visible(reason: &str) -> String {
    let lines: Vec<_> = reason.lines().map(sanitize).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_keeps_its_lines_and_acts_on_no_terminal() {
        assert_eq!(
            visible("no alarm \u{1b}[2Jx\u{202e}:\n  next"),
            "no alarm \\u{1b}[2Jx\\u{202e}:\n  next"
        );
    }
}
