use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use futures_util::future::join_all;
use jiff::Timestamp;

use super::exit::Exit;
use super::failure::Failure;
use super::flags::SettingsFlags;
use super::{block_on, connect, printed, stdout};
use crate::assess::inherit;
use crate::aws::{Aws, NoObserver, ObserveError, Remembered};
use crate::config::Settings;
use crate::daemon::Watched;
use crate::snapshot::Snapshot;

/// Prints what `check` would judge.
#[derive(Debug, Clone, Args)]
pub(super) struct SnapshotArgs {
    #[command(flatten)]
    flags: SettingsFlags,
}

pub(super) fn run(args: &SnapshotArgs) -> Result<Exit, Failure> {
    let settings = args.flags.settings()?;
    let snapshots = observe(&settings)?;
    printed("the snapshot", print(&snapshots))?;
    Ok(Exit::Ok)
}

/// One JSON document an account, each readable by `check --snapshot`.
fn print(snapshots: &[Snapshot]) -> io::Result<()> {
    let mut stdout = stdout();
    for snapshot in snapshots {
        serde_json::to_writer_pretty(&mut stdout, snapshot).map_err(io::Error::from)?;
        writeln!(stdout)?;
    }
    stdout.flush()
}

/// Looks once at every account of the settings.
pub(super) fn observe(settings: &Settings) -> anyhow::Result<Vec<Snapshot>> {
    block_on(async {
        let aws = Aws::load(Arc::new(NoObserver)).await?;
        let watched = connect::accounts(settings, &aws).await?;
        // What the configuration names is looked at although nothing may lead there.
        let topics = settings
            .expect
            .topics
            .iter()
            .map(|topic| topic.as_str().to_owned());
        let remembered = Remembered {
            topic_arns: topics.collect(),
            ..Remembered::default()
        };
        let looks = watched.iter().map(|one| one.api.observe(&remembered));
        let looks = join_all(looks).await;
        let is_all_dark = looks.iter().all(Result::is_err);
        let seen = watched.iter().zip(looks).map(|(one, look)| match look {
            // Beside accounts that were seen, one that was not is UNKNOWN, and hides none of them.
            Err(error) if !is_all_dark => unseen(one, error),
            look => look.with_context(|| one.name.clone()),
        });
        seen.collect()
    })
}

/// An account that could not be looked at, as far as the settings say which one it is.
fn unseen(watched: &Watched, error: ObserveError) -> anyhow::Result<Snapshot> {
    let Some(account) = watched.account.clone() else {
        return Err(error).with_context(|| watched.name.clone());
    };
    let (call, code) = error.hole();
    Ok(Snapshot::unseen(account, Timestamp::now(), &call, &code))
}

/// The accounts, each with those of the others that its organization trails lead into.
pub(super) fn inherited(snapshots: &[Snapshot]) -> Vec<Snapshot> {
    let accounts = snapshots.iter().cloned();
    accounts
        .map(|mut account| {
            inherit(&mut account, snapshots);
            account
        })
        .collect()
}
