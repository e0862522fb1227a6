use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use futures_util::future::join_all;

use super::connect;
use super::exit::Exit;
use super::flags::SettingsFlags;
use super::{complain, variables};
use crate::aws::{Aws, NoObserver, Remembered};
use crate::config::Settings;
use crate::snapshot::Snapshot;

/// Prints what `check` would judge.
#[derive(Debug, Clone, Args)]
pub(super) struct SnapshotArgs {
    #[command(flatten)]
    flags: SettingsFlags,
}

pub(super) fn run(args: &SnapshotArgs) -> Exit {
    let loaded = match args.flags.load(variables()) {
        Ok(loaded) => loaded,
        Err(error) => return complain(Exit::Usage, &error),
    };
    let snapshots = match observe(&loaded.settings) {
        Ok(snapshots) => snapshots,
        Err(error) => return complain(Exit::Failed, &format!("{error:#}")),
    };
    match print(&snapshots) {
        Ok(()) => Exit::Ok,
        Err(error) => complain(
            Exit::Failed,
            &format!("the snapshot cannot be printed: {error}"),
        ),
    }
}

/// One JSON document an account, each readable by `check --snapshot`.
fn print(snapshots: &[Snapshot]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    for snapshot in snapshots {
        serde_json::to_writer_pretty(&mut stdout, snapshot).map_err(io::Error::from)?;
        writeln!(stdout)?;
    }
    stdout.flush()
}

/// Looks once at every account of the settings.
pub(super) fn observe(settings: &Settings) -> anyhow::Result<Vec<Snapshot>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
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
        let looks = watched.iter().map(|one| async {
            one.api
                .observe(&remembered)
                .await
                .with_context(|| one.name.clone())
        });
        join_all(looks).await.into_iter().collect()
    })
}
