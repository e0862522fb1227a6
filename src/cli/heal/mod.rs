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
use super::failure::Failure;
use super::flags::SettingsFlags;
use super::{block_on, colour, complain, signals, stdout};
use crate::assess::{Chain, leads_into};
use crate::aws::{Aws, NoObserver, Remembered};
use crate::config::Settings;
use crate::daemon::Watched;
use crate::journal::{Store, StoreError, Unread};
use crate::snapshot::{AccountId, Snapshot};
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

pub(super) fn run(args: &HealArgs) -> Result<Exit, Failure> {
    let settings = args.flags.settings()?;
    let brief = Brief {
        prepared: connect::prepare(&settings, &args.control)?,
        policy: connect::heal_policy(&settings),
    };
    Ok(block_on(heal(args, &settings, &brief))?)
}

async fn heal(args: &HealArgs, settings: &Settings, brief: &Brief) -> anyhow::Result<Exit> {
    let aws = Aws::load(Arc::new(NoObserver)).await?;
    let watched = connect::accounts(settings, &aws).await?;
    let looks = watched.iter().map(|one| first_look(one, settings, brief));
    let accounts = first_judgements(try_join_all(looks).await?);
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
    let mut seen: BTreeMap<AccountId, Snapshot> = BTreeMap::new();
    for (mut site, look) in accounts {
        // What an account inherits may have been mended just now.
        inherit_from(&mut site, seen.values());
        let look = site.judge(look.snapshot);
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
        let last = outcome.last.snapshot;
        seen.insert(last.account_id.clone(), last);
    }
    Ok(exit)
}

/// Looks at an account and plans; what its chains were made of is looked at, too.
async fn first_look<'a>(
    watched: &'a Watched,
    settings: &Settings,
    brief: &'a Brief,
) -> anyhow::Result<(Site<'a>, Snapshot)> {
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
    let site = Site {
        api: &*watched.api,
        brief,
        known,
        remembered,
        others: Vec::new(),
    };
    Ok((site, snapshot))
}

/// Judges each account with those of the others that it inherits from; these come first, so that what is theirs is mended first.
fn first_judgements(sights: Vec<(Site<'_>, Snapshot)>) -> Vec<(Site<'_>, Look)> {
    let all: Vec<Snapshot> = sights
        .iter()
        .map(|(_, snapshot)| snapshot.clone())
        .collect();
    let mut sights = sights;
    sights.sort_by_key(|(_, snapshot)| !leads_into(snapshot).is_empty());
    let judged = sights.into_iter().map(|(mut site, snapshot)| {
        let leads = leads_into(&snapshot);
        let others = all.iter();
        let others = others.filter(|other| leads.contains(other.account_id.as_str()));
        site.others = others.cloned().collect();
        let look = site.judge(snapshot);
        (site, look)
    });
    judged.collect()
}

/// Brings what a site inherits to what was seen last.
fn inherit_from<'a>(site: &mut Site<'_>, seen: impl Iterator<Item = &'a Snapshot>) {
    for latest in seen {
        let mut others = site.others.iter_mut();
        if let Some(other) = others.find(|other| other.account_id == latest.account_id) {
            other.clone_from(latest);
        }
    }
}

/// The last known good chain of each control of an account, by the control's key, as the daemon's journal has it. Where there
/// is no journal, or none that may be read, what was lost gets the benchmark's names and values.
fn remembered_chains(settings: &Settings, account: &AccountId) -> BTreeMap<String, Chain> {
    let memory = match Store::beside(&settings.state_dir).and_then(|store| store.recall(account)) {
        Ok(memory) => memory,
        Err(StoreError::Absent(_)) => return BTreeMap::new(),
        Err(error) => {
            let reason = format!("what was there before is not known: {error}");
            // Not worth an end: the plan shows what it would put there instead.
            let _ = writeln!(io::stderr(), "trailwarden: {reason}");
            return BTreeMap::new();
        }
    };
    if !memory.unread.is_empty() {
        let unread = Unread::list(&memory.unread);
        let reason = format!("the journal has of {account} what cannot be read: {unread}");
        complain(Exit::Ok, &reason);
    }
    let known = memory.controls.into_iter();
    known
        .filter_map(|(control, memory)| Some((control, *memory.known_good?.setup.chain)))
        .collect()
}

fn print(text: &str) -> io::Result<()> {
    let mut stdout = stdout();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
