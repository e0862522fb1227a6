use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;

use super::ask;
use super::check::judge;
use super::connect::{self, Prepared};
use super::exit::Exit;
use super::failure::Failure;
use super::flags::SettingsFlags;
use super::{complain, stdout};
use crate::journal::{
    Entry, KnownGood, Occurrence, OccurrenceKind, Opened, Origin, Setup, Store, StoreError, Unread,
};
use crate::snapshot::{AccountId, Snapshot};
use crate::telemetry::sanitize;

/// Makes the present chain the one that repairs go back to.
#[derive(Debug, Clone, Args)]
pub(super) struct AcceptArgs {
    #[command(flatten)]
    flags: SettingsFlags,
    /// Accept this control instead of the configured ones. Repeat for several.
    #[arg(long, value_name = "CONTROL")]
    control: Vec<String>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

/// A passing control that is to be accepted.
struct Acceptance {
    account: AccountId,
    control: String,
    setup: Setup,
    before: Option<Setup>,
}

/// What is to be accepted, and what has to be put aside for it.
#[derive(Default)]
struct Proposal {
    accepted: Vec<Acceptance>,
    unread: Vec<(AccountId, Vec<Unread>)>,
}

pub(super) fn run(args: &AcceptArgs) -> Result<Exit, Failure> {
    let settings = args.flags.settings()?;
    let prepared = connect::prepare(&settings, &args.control)?;
    let snapshots = super::snapshot::inherited(&super::snapshot::observe(&settings)?);
    let agreed = || {
        if args.yes {
            return Ok(true);
        }
        if !ask::is_anybody_there() {
            return Err(Failure::usage(
                "nothing was accepted: standard input is no terminal, so nobody can be asked; --yes accepts",
            ));
        }
        ask::agreed("Do you want repairs to go back to this?")
            .map_err(|error| Failure::failed(format_args!("the answer cannot be read: {error}")))
    };
    accept(&settings.state_dir, &snapshots, &prepared, agreed)
}

/// The journal is open while it is read and while it is written, and not while somebody is asked: a daemon that starts has to
/// be able to take it.
fn accept(
    directory: &Path,
    snapshots: &[Snapshot],
    prepared: &Prepared,
    agreed: impl FnOnce() -> Result<bool, Failure>,
) -> Result<Exit, Failure> {
    let (proposal, exit) = propose(&open(directory)?, snapshots, prepared)?;
    if proposal.is_empty() {
        println("Nothing to accept: what passes is what repairs go back to already.")?;
        return Ok(exit);
    }
    println(&proposal.text())?;
    if !agreed()? {
        println("Nothing was accepted.")?;
        return Ok(Exit::Differs);
    }
    let now = Timestamp::now();
    let accepted = proposal.accepted.iter();
    let entries: Vec<Entry> = accepted.flat_map(|one| entries(one, now)).collect();
    let unread: Vec<Unread> = proposal
        .unread
        .into_iter()
        .flat_map(|(_, unread)| unread)
        .collect();
    open(directory)?
        .accept(&entries, &unread, now)
        .context("the journal cannot be written")?;
    println("Accepted. A daemon that runs takes it over at its next look.")?;
    Ok(exit)
}

fn propose(
    store: &Store,
    snapshots: &[Snapshot],
    prepared: &Prepared,
) -> anyhow::Result<(Proposal, Exit)> {
    let mut proposal = Proposal::default();
    let mut others = Vec::new();
    for snapshot in snapshots {
        let account = &snapshot.account_id;
        let mut memory = store.recall(account)?;
        for assessment in judge(snapshot, prepared) {
            let Some(setup) = Setup::of(&assessment) else {
                others.push(assessment.verdict);
                let told = format!(
                    "{account} {}: {}, so that there is nothing to go back to",
                    assessment.control,
                    assessment.verdict.name()
                );
                complain(Exit::Differs, &told);
                continue;
            };
            let known = memory.controls.remove(&assessment.control);
            let before = known.and_then(|known| Some(known.known_good?.setup));
            if before.as_ref() != Some(&setup) {
                proposal.accepted.push(Acceptance {
                    account: account.clone(),
                    control: assessment.control,
                    setup,
                    before,
                });
            }
        }
        if !memory.unread.is_empty() {
            proposal.unread.push((account.clone(), memory.unread));
        }
    }
    Ok((proposal, Exit::of(others)))
}

/// The journal as its owner, or beside the daemon that owns it.
fn open(directory: &Path) -> anyhow::Result<Store> {
    match Store::open(directory, Timestamp::now()) {
        Ok(Opened { store, .. }) => Ok(store),
        Err(StoreError::InUse(_)) => Ok(Store::beside(directory)?),
        Err(error) => Err(error.into()),
    }
}

fn entries(one: &Acceptance, now: Timestamp) -> [Entry; 3] {
    let (account, control) = (one.account.clone(), one.control.clone());
    [
        Entry::KnownGood {
            account: account.clone(),
            control: control.clone(),
            known_good: KnownGood {
                setup: one.setup.clone(),
                since: now,
                origin: Origin::Accepted,
            },
        },
        Entry::Candidate {
            account: account.clone(),
            control: control.clone(),
            candidate: None,
        },
        Entry::Occurrence(Occurrence {
            account,
            control: Some(control),
            at: now,
            kind: OccurrenceKind::Accepted,
            message: format!("Accepted: {}", summary(&one.setup)),
            actor: None,
        }),
    ]
}

impl Proposal {
    const fn is_empty(&self) -> bool {
        self.accepted.is_empty() && self.unread.is_empty()
    }

    /// What is accepted, and instead of what.
    fn text(&self) -> String {
        let mut text = String::new();
        for one in &self.accepted {
            // Writing to a String does not fail.
            let _ = writeln!(text, "{}  {}", one.account, one.control);
            if let Some(before) = &one.before {
                let _ = writeln!(text, "  - {}", sanitize(&summary(before)));
            }
            let _ = writeln!(text, "  + {}", sanitize(&summary(&one.setup)));
        }
        for (account, unread) in &self.unread {
            let _ = writeln!(
                text,
                "{account}  of the journal cannot be read, and is put aside: {}; budgets, and what to go back to, begin anew",
                sanitize(&Unread::list(unread))
            );
        }
        text
    }
}

/// A chain on one line, with what the operator decides on: its resources, the patterns, and who is told.
fn summary(setup: &Setup) -> String {
    let chain = &setup.chain;
    let mut links = Vec::new();
    links.extend(
        chain
            .trail
            .iter()
            .map(|one| format!("trail {}", one.trail_arn)),
    );
    links.extend(
        chain
            .log_group
            .iter()
            .map(|one| format!("log group {}", one.log_group_name)),
    );
    links.extend(chain.filters.iter().map(|one| {
        let pattern = one.filter_pattern.as_deref().unwrap_or_default();
        format!("metric filter {} {pattern}", one.filter_name)
    }));
    links.extend(chain.alarms.iter().map(|one| {
        let number =
            |value: Option<i64>| value.map_or_else(|| "?".to_owned(), |one| one.to_string());
        format!(
            "alarm {} ({} {} {} in {} s, {} periods)",
            one.alarm_name,
            one.statistic
                .as_deref()
                .or(one.extended_statistic.as_deref())
                .unwrap_or("an expression"),
            one.comparison_operator.as_deref().unwrap_or_default(),
            one.threshold
                .map_or_else(String::new, |value| value.to_string()),
            number(one.period),
            number(one.evaluation_periods),
        )
    }));
    links.extend(
        setup
            .audience
            .iter()
            .map(|one| format!("{} {} of topic {}", one.protocol, one.endpoint, one.topic)),
    );
    links.join(" > ")
}

fn println(text: &str) -> anyhow::Result<()> {
    let mut stdout = stdout();
    writeln!(stdout, "{}", text.trim_end())?;
    Ok(stdout.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::Expectations;
    use crate::control::{Benchmark, Catalogue};

    const COMPLIANT: &str = include_str!("../../tests/fixtures/compliant-snapshot.json");

    fn compliant() -> (Snapshot, Prepared) {
        let control = Catalogue::builtin().find("4.5", &Benchmark::Any).unwrap();
        let prepared = Prepared {
            controls: vec![control.clone()],
            benchmark: Benchmark::Any,
            expectations: Expectations::default(),
        };
        (Snapshot::from_json(COMPLIANT).unwrap(), prepared)
    }

    #[test]
    fn a_daemon_can_take_the_journal_while_somebody_is_asked() {
        let directory = tempfile::tempdir().unwrap();
        let (snapshot, prepared) = compliant();
        let mut daemon = None;
        let agreed = || {
            let opened = Store::open(directory.path(), Timestamp::now()).unwrap();
            daemon = Some(opened.store);
            Ok(true)
        };
        let accounts = [snapshot];
        let exit = accept(directory.path(), &accounts, &prepared, agreed);
        assert_eq!(exit, Ok(Exit::Ok));
        // The one that started meanwhile sees it.
        let memory = daemon.unwrap().recall(&accounts[0].account_id).unwrap();
        let mut controls = memory.controls.into_values();
        assert_eq!(
            controls.next().unwrap().known_good.unwrap().origin,
            Origin::Accepted
        );
    }

    #[test]
    fn what_cannot_be_read_is_put_aside_once_somebody_agreed() {
        let directory = tempfile::tempdir().unwrap();
        let (snapshot, prepared) = compliant();
        let account = snapshot.account_id.clone();
        let accounts = [snapshot];
        let accept = |agrees| accept(directory.path(), &accounts, &prepared, || Ok(agrees));
        let recall = || {
            Store::beside(directory.path())
                .unwrap()
                .recall(&account)
                .unwrap()
        };
        accept(true).unwrap();
        let store = open(directory.path()).unwrap();
        store.spoil(&format!(
            "INSERT INTO memory VALUES ('{account}', '', 'guard', '{{\"writes\":7}}'), \
             ('{account}', 'gone', 'known_good', '{{'); UPDATE memory SET data = '' WHERE kind = 'known_good' AND control <> 'gone'"
        ));
        drop(store);
        assert_eq!(accept(false), Ok(Exit::Differs));
        assert_eq!(recall().unread.len(), 3);
        assert_eq!(accept(true), Ok(Exit::Ok));
        let memory = recall();
        assert_eq!(memory.unread, []);
        assert_eq!(memory.controls.len(), 1, "{memory:?}");
    }
}
