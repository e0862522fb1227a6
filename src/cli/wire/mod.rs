//! Shows what the feed needs and does not have, makes it so, or takes it away again.

mod json;
mod text;

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use super::exit::Exit;
use super::failure::Failure;
use super::flags::SettingsFlags;
use super::{ask, block_on, colour, connect, signals, stdout};
use crate::aws::{
    Aws, CallError, CheckError, Checked, NoObserver, ObserveScope, WiringApi, WiringSite,
};
use crate::config::Settings;
use crate::wiring::{Change, Ground, Part};

/// Pauses between the looks that wait for changes to show: AWS's reads lag behind its writes.
const PATIENCE: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// Shows, makes or removes the wiring of the feed.
#[derive(Debug, Clone, Args)]
pub(super) struct WireArgs {
    #[command(flatten)]
    flags: SettingsFlags,
    /// Make what is missing and change what differs.
    #[arg(long, conflicts_with = "remove")]
    apply: bool,
    /// Remove what was made: what is tagged with the prefix, and nothing else.
    #[arg(long)]
    remove: bool,
    /// Remove without asking.
    #[arg(long, requires = "remove")]
    yes: bool,
    /// In the accounts of scopes with a role, assume the role of this name instead: one that may write.
    #[arg(long, value_name = "NAME")]
    role_name: Option<String>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t = Format::Text, conflicts_with = "remove")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One object, with the accounts and what differs in each.
    Json,
}

pub(super) fn run(args: &WireArgs) -> Result<Exit, Failure> {
    let settings = args.flags.settings()?;
    Ok(block_on(wire(args, &settings))?)
}

/// An account, and what was found there.
struct Account {
    site: WiringSite,
    found: Result<Checked, CheckError>,
}

async fn wire(args: &WireArgs, settings: &Settings) -> anyhow::Result<Exit> {
    let aws = Aws::load(Arc::new(NoObserver)).await?;
    // Whose account it is decides where the queue is, unless the settings say both.
    let own = if settings.queue_url.is_none() || settings.scope.is_empty() {
        let own = aws.account(ObserveScope::default(), None).await?;
        Some(own.account_id().await?)
    } else {
        None
    };
    let role_name = args.role_name.as_deref();
    let (ground, sites) = connect::wiring(settings, &aws, own.as_ref(), role_name).await?;
    if args.remove {
        return remove(args, &ground, sites).await;
    }
    let mut accounts = check(&ground, sites).await;
    if args.format == Format::Text {
        for account in &accounts {
            print(&text::proposal(account, colour()))?;
        }
    }
    if args.apply {
        let stop = CancellationToken::new();
        signals::watch(&stop)?;
        let refused = apply(&ground, &accounts, args.format, &stop).await;
        let sites = accounts.into_iter().map(|account| account.site).collect();
        accounts = check(&ground, sites).await;
        for pause in PATIENCE {
            let settled = accounts.iter().all(|one| differences(one) == 0);
            if settled || refused > 0 || stop.is_cancelled() {
                break;
            }
            tokio::time::sleep(pause).await;
            let sites = accounts.into_iter().map(|account| account.site).collect();
            accounts = check(&ground, sites).await;
        }
        if args.format == Format::Text {
            print(&text::conclusion(&accounts))?;
        }
    }
    match args.format {
        Format::Text => print(&text::queue_url(settings, &ground, &accounts))?,
        Format::Json => print(&json::document(&ground, &accounts)?)?,
    }
    Ok(exit_of(&accounts))
}

async fn check(ground: &Ground, sites: Vec<WiringSite>) -> Vec<Account> {
    let checks = sites.into_iter().map(|site| async {
        let found = site.check(ground).await;
        Account { site, found }
    });
    join_all(checks).await
}

fn differences(account: &Account) -> usize {
    let found = account.found.as_ref();
    found.map_or(0, |checked| checked.comparison.differences.len())
}

/// 1 where something was not seen, whatever else: the differences may not be all.
fn exit_of(accounts: &[Account]) -> Exit {
    let is_blind = |account: &Account| match &account.found {
        Ok(checked) => !checked.comparison.holes.is_empty(),
        Err(_) => true,
    };
    if accounts.iter().any(is_blind) {
        Exit::Failed
    } else if accounts.iter().any(|account| differences(account) > 0) {
        Exit::Differs
    } else {
        Exit::Ok
    }
}

/// Makes every change, the feed's own account first, since the others lead there. In each account the first that is refused ends
/// it. Answers how many were refused.
async fn apply(
    ground: &Ground,
    accounts: &[Account],
    format: Format,
    stop: &CancellationToken,
) -> usize {
    let mut refused = 0;
    for account in accounts {
        let Ok(checked) = &account.found else {
            continue;
        };
        for difference in &checked.comparison.differences {
            let outcome = make(ground, account, &difference.changes, stop).await;
            if format == Format::Text {
                // A reader who went away is no reason to stop half way.
                let _ = print(&text::progress(
                    &checked.needs.account,
                    difference,
                    outcome.as_ref(),
                ));
            } else if let Some(Err(error)) = &outcome {
                super::complain(Exit::Failed, error);
            }
            match outcome {
                Some(Ok(())) => {}
                Some(Err(_)) => {
                    refused += 1;
                    break;
                }
                None => return refused,
            }
        }
    }
    refused
}

/// None: somebody asked to stop.
async fn make(
    ground: &Ground,
    account: &Account,
    changes: &[Change],
    stop: &CancellationToken,
) -> Option<Result<(), CallError>> {
    for change in changes {
        if stop.is_cancelled() {
            return None;
        }
        if let Err(error) = account.site.api.change(&ground.prefix, change).await {
            return Some(Err(error));
        }
    }
    Some(Ok(()))
}

async fn remove(args: &WireArgs, ground: &Ground, sites: Vec<WiringSite>) -> anyhow::Result<Exit> {
    let mut made: Vec<(WiringSite, Vec<Part>)> = Vec::new();
    let mut blind = false;
    // The feed's own account last: what leads there goes first.
    for site in sites.into_iter().rev() {
        let needs = site.needs(ground).await;
        let needs = needs.with_context(|| format!("account {}", site.name))?;
        let (parts, failed) = site.api.made(&needs).await;
        for error in &failed {
            blind = true;
            super::complain(Exit::Failed, error);
        }
        print(&text::removal(&needs.account, &parts))?;
        made.push((site, parts));
    }
    let exit = if blind { Exit::Failed } else { Exit::Ok };
    let count: usize = made.iter().map(|(_, parts)| parts.len()).sum();
    if count == 0 {
        print("Nothing to remove.\n")?;
        return Ok(exit);
    }
    if !args.yes {
        if !ask::is_anybody_there() {
            let reason = "nothing was removed: standard input is no terminal, so nobody can be asked; --yes removes";
            return Ok(super::complain(Exit::Usage, &reason));
        }
        if !ask::agreed("Do you want to remove this? Without it no event arrives.")? {
            print("\nNothing was removed.\n")?;
            return Ok(Exit::Differs);
        }
    }
    let mut removed = 0;
    for (site, parts) in &made {
        for part in parts {
            match site.api.remove(part).await {
                Ok(()) => removed += 1,
                Err(error) => {
                    super::complain(Exit::Failed, &format!("{part} stays: {error}"));
                }
            }
        }
    }
    print(&format!("Removed {removed} of {count}.\n"))?;
    Ok(if removed == count { exit } else { Exit::Failed })
}

fn print(text: &str) -> io::Result<()> {
    let mut stdout = stdout();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
