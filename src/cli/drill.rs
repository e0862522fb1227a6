mod course;
mod text;

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use self::course::{Course, NotWritten};
use super::connect::{self, Prepared};
use super::exit::Exit;
use super::failure::Failure;
use super::flags::SettingsFlags;
use super::{ask, block_on, complain, signals, stdout};
use crate::assess::{Verdict, assess};
use crate::aws::{Aws, NoObserver, Remembered};
use crate::config::{RoleArn, Scope, Settings};
use crate::daemon::Watched;
use crate::drill::{DrillName, End, Plan, Refusal, Report, plan};
use crate::snapshot::AccountId;
use crate::telemetry::sanitize;

/// The longest time-out. A drill must be over long before its leftovers are taken for left behind
/// ([`crate::drill::LEFT_BEHIND_AFTER`]).
const LONGEST_TIMEOUT: Duration = Duration::from_mins(45);

/// Proves a chain by using it.
#[derive(Debug, Clone, Args)]
pub(super) struct DrillArgs {
    #[command(flatten)]
    flags: SettingsFlags,
    /// The control whose chain is drilled, such as `4.5` or `CloudWatch.5`; may be left out where the configuration has
    /// one.
    #[arg(long, value_name = "CONTROL")]
    control: Option<String>,
    /// The account, where the configuration has several scopes.
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<AccountId>,
    /// The role to assume instead of the scope's: a drill needs other permissions than the daemon.
    #[arg(long, value_name = "ARN")]
    role_arn: Option<RoleArn>,
    /// How long to wait for all links, and for the alarm to be OK again; at most 45m.
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = read_timeout)]
    timeout: Duration,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// How the report is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How the report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One object.
    Json,
}

fn read_timeout(text: &str) -> Result<Duration, String> {
    let timeout = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if timeout.is_zero() || timeout > LONGEST_TIMEOUT {
        return Err("more than nothing and at most 45m are allowed".to_owned());
    }
    Ok(timeout)
}

pub(super) fn run(args: &DrillArgs) -> Result<Exit, Failure> {
    let mut settings = args.flags.settings()?;
    let named: Vec<String> = args.control.iter().cloned().collect();
    let prepared = connect::prepare(&settings, &named)?;
    if prepared.controls.len() != 1 {
        let reason = "a drill is of one control: name it with --control";
        return Err(Failure::usage(reason));
    }
    narrow(&mut settings, args).map_err(Failure::usage)?;
    if !args.yes && !ask::is_anybody_there() {
        let reason = "a drill tells people and has side effects: without a terminal to ask on it needs --yes";
        return Err(Failure::usage(reason));
    }
    Ok(block_on(drill(&settings, &prepared, args))?)
}

/// Leaves one scope, with the role that the drill is to have.
fn narrow(settings: &mut Settings, args: &DrillArgs) -> Result<(), String> {
    let scopes = &mut settings.scope;
    if let Some(account) = &args.account {
        let had_any = !scopes.is_empty();
        scopes.retain(|scope| scope.account == *account);
        if had_any && scopes.is_empty() {
            return Err(format!(
                "no scope of the configuration is account {account}"
            ));
        }
    }
    if scopes.len() > 1 {
        return Err(
            "the configuration has several scopes: name the account with --account".to_owned(),
        );
    }
    let account = args
        .account
        .as_ref()
        .or(args.role_arn.as_ref().map(RoleArn::account));
    if scopes.is_empty()
        && let Some(account) = account
    {
        scopes.push(Scope {
            account: account.clone(),
            role_arn: None,
            external_id_file: None,
            regions: Vec::new(),
        });
    }
    if let (Some(role), Some(scope)) = (&args.role_arn, scopes.first_mut()) {
        if *role.account() != scope.account {
            return Err(format!(
                "the role lives in account {}, the drill is of account {}",
                role.account(),
                scope.account
            ));
        }
        scope.role_arn = Some(role.clone());
    }
    Ok(())
}

async fn drill(settings: &Settings, prepared: &Prepared, args: &DrillArgs) -> anyhow::Result<Exit> {
    let (account, planned) = look(settings, prepared).await?;
    let plan = match planned {
        Ok(plan) => plan,
        Err(refusal) => return Ok(refused(&refusal)),
    };
    say_text(&text::explanation(&plan));
    if !args.yes && !ask::agreed("Do you want to drill?")? {
        return Ok(complain(Exit::Failed, &"nothing was done"));
    }
    match carry_out(&account, &plan, args.timeout).await? {
        Ok(report) => {
            print(&report, args.format).context("the report cannot be printed")?;
            Ok(exit(&report))
        }
        Err(NotWritten::Refused(refusal)) => Ok(refused(&refusal)),
        Err(error) => Err(error.into()),
    }
}

/// Looks at the account and plans.
async fn look(
    settings: &Settings,
    prepared: &Prepared,
) -> anyhow::Result<(Watched, Result<Plan, Refusal>)> {
    let aws = Aws::load(Arc::new(NoObserver)).await?;
    let mut accounts = connect::accounts(settings, &aws).await?;
    let account = accounts.pop().context("there is no account to drill")?;
    let snapshot = account.api.observe(&Remembered::default()).await?;
    let control = prepared.controls.first().context("there is no control")?;
    let Prepared {
        benchmark,
        expectations,
        ..
    } = prepared;
    let assessment = assess(&snapshot, control, expectations, benchmark);
    let name = DrillName::new(Timestamp::now(), &control.key);
    let plan = plan(&snapshot, control, benchmark, &assessment, name);
    Ok((account, plan))
}

async fn carry_out(
    account: &Watched,
    plan: &Plan,
    timeout: Duration,
) -> anyhow::Result<Result<Report, NotWritten>> {
    let api = account
        .api
        .drills()
        .context("this account cannot be drilled")?;
    let stop = CancellationToken::new();
    let course = Course {
        api,
        plan,
        timeout,
        stop: &stop,
        say: &say,
    };
    signals::watch(&stop)?;
    Ok(course.run().await)
}

fn refused(refusal: &Refusal) -> Exit {
    let exit = refusal
        .verdict()
        .map_or(Exit::Failed, |verdict: Verdict| Exit::of([verdict]));
    complain(exit, &format_args!("no drill: {refusal}"))
}

const fn exit(report: &Report) -> Exit {
    match report.end {
        End::Interrupted | End::Failed(_) => Exit::Failed,
        End::TimedOut => Exit::Differs,
        End::Complete if !report.left_behind.is_empty() => Exit::Failed,
        End::Complete => Exit::Ok,
    }
}

/// One line for whoever watches; nobody may be there.
fn say(line: &str) {
    say_text(&format!("{}\n", sanitize(line)));
}

fn say_text(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

fn print(report: &Report, format: Format) -> io::Result<()> {
    let mut stdout = stdout();
    match format {
        Format::Text => stdout.write_all(text::report(report).as_bytes())?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut stdout, report).map_err(io::Error::from)?;
            writeln!(stdout)?;
        }
    }
    stdout.flush()
}
