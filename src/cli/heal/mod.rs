//! A person's way to mend: look, plan, show, ask, write one repair at a time, and say what is left.

mod approval;
mod carry;
mod look;
mod outcome;
#[cfg(test)]
mod samples;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use futures_util::future::try_join_all;
use tokio_util::sync::CancellationToken;

use super::ask;
use super::connect;
use super::exit::Exit;
use super::flags::SettingsFlags;
use super::{colour, complain, signals, variables};
use crate::assess::Chain;
use crate::aws::{Aws, NoObserver, Remembered};
use crate::config::Settings;
use crate::daemon::Watched;
use crate::journal::{Store, StoreError};
use crate::snapshot::AccountId;
use carry::{Site, carry_out};
use look::{Brief, Look};

/// Mends once and exits.
#[derive(Debug, Clone, Args)]
pub(super) struct HealArgs {
    #[command(flatten)]
    flags: SettingsFlags,
    /// Only show the plan.
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Carry the plan out without asking.
    #[arg(long)]
    yes: bool,
    /// Mend this control instead of the configured ones: a key such as `cloudtrail-config-changes`, `4.5`, `CIS-4.5` or
    /// `CloudWatch.5`. Repeat for several.
    #[arg(long, value_name = "CONTROL")]
    control: Vec<String>,
}

pub(super) fn run(args: &HealArgs) -> Exit {
    let loaded = match args.flags.load(variables()) {
        Ok(loaded) => loaded,
        Err(error) => return complain(Exit::Usage, &error),
    };
    let prepared = match connect::prepare(&loaded.settings, &args.control) {
        Ok(prepared) => prepared,
        Err(error) => return complain(Exit::Usage, &error),
    };
    let brief = Brief {
        prepared,
        policy: connect::heal_policy(&loaded.settings),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let outcome = runtime
        .context("the runtime cannot be started")
        .and_then(|runtime| runtime.block_on(heal(args, &loaded.settings, &brief)));
    match outcome {
        Ok(exit) => exit,
        Err(error) => complain(Exit::Failed, &format!("{error:#}")),
    }
}

async fn heal(args: &HealArgs, settings: &Settings, brief: &Brief) -> anyhow::Result<Exit> {
    let aws = Aws::load(Arc::new(NoObserver)).await?;
    let watched = connect::accounts(settings, &aws).await?;
    let looks = watched.iter().map(|one| first_look(one, settings, brief));
    let accounts = try_join_all(looks).await?;
    let colour = colour();
    for (_, look) in &accounts {
        print(&format!("{}\n", outcome::proposal(look, colour)))?;
    }
    let repairs: usize = accounts
        .iter()
        .map(|(_, look)| look.repairs().count())
        .sum();
    if args.dry_run || repairs == 0 {
        let passes = accounts.iter().all(|(_, look)| look.passes());
        return Ok(if passes { Exit::Ok } else { Exit::Differs });
    }
    if !args.yes {
        if !ask::is_anybody_there() {
            let reason = "nothing was written: standard input is no terminal, so nobody can be asked. \
                          --yes carries the plan out, --dry-run only shows it";
            return Ok(complain(Exit::Usage, &reason));
        }
        let question = match repairs {
            1 => "Do you want to carry out 1 repair?".to_owned(),
            several => format!("Do you want to carry out {several} repairs?"),
        };
        if !ask::agreed(&question)? {
            print("\nNothing was written.\n")?;
            return Ok(Exit::Differs);
        }
    }
    let stop = CancellationToken::new();
    signals::watch(&stop)?;
    print("\n")?;
    let mut exit = Exit::Ok;
    for (site, look) in accounts {
        let before = look.snapshot.clone();
        let outcome = carry_out(&site, look, &stop, |repair| {
            // A reader who went away is no reason to stop half way.
            let _ = print(&outcome::progress(repair, &before));
        })
        .await;
        if outcome::exit_of(&outcome) != Exit::Ok {
            exit = Exit::Differs;
        }
        let _ = print(&format!("\n{}", outcome::conclusion(&outcome)));
    }
    Ok(exit)
}

/// Looks at an account and plans; what its chains were made of is looked at, too.
async fn first_look<'a>(
    watched: &'a Watched,
    settings: &Settings,
    brief: &'a Brief,
) -> anyhow::Result<(Site<'a>, Look)> {
    let topics = &brief.policy.topics;
    let mut remembered = Remembered::of(topics, []);
    let looked = watched.api.observe(&remembered).await;
    let mut snapshot = looked.with_context(|| watched.name.clone())?;
    // Whose chains they are is known only now, where the account is that of the own credentials.
    let known = remembered_chains(settings, &snapshot.account_id);
    if !known.is_empty() {
        remembered = Remembered::of(topics, known.values());
        let looked = watched.api.observe(&remembered).await;
        snapshot = looked.with_context(|| watched.name.clone())?;
    }
    let look = brief.look(snapshot, &known);
    let site = Site {
        api: &*watched.api,
        brief,
        known,
        remembered,
    };
    Ok((site, look))
}

/// The last known good chain of each control of an account, by the control's key, as the daemon's journal has it. Where there
/// is no journal, or none that may be read, what was lost gets the benchmark's names and values.
fn remembered_chains(settings: &Settings, account: &AccountId) -> BTreeMap<String, Chain> {
    let known = match Store::beside(&settings.state_dir).and_then(|store| store.known_good()) {
        Ok(known) => known,
        Err(StoreError::Absent(_)) => return BTreeMap::new(),
        Err(error) => {
            let reason = format!("what was there before is not known: {error}");
            // Not worth an end: the plan shows what it would put there instead.
            let _ = writeln!(io::stderr(), "trailwarden: {reason}");
            return BTreeMap::new();
        }
    };
    let own = known.into_iter().filter(|((of, _), _)| of == account);
    own.map(|((_, control), known)| (control, known.setup.chain))
        .collect()
}

fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
