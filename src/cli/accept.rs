use std::fmt::Write as _;
use std::io::{self, Write};

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;

use super::ask;
use super::check::judge;
use super::complain;
use super::connect::{self, Prepared};
use super::exit::Exit;
use super::failure::Failure;
use super::flags::SettingsFlags;
use crate::assess::Verdict;
use crate::config::Settings;
use crate::journal::{
    Entry, KnownGood, Occurrence, OccurrenceKind, Opened, Origin, Setup, Store, StoreError,
};
use crate::snapshot::AccountId;
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

pub(super) fn run(args: &AcceptArgs) -> Result<Exit, Failure> {
    let settings = args.flags.settings()?;
    let prepared = connect::prepare(&settings, &args.control)?;
    Ok(accept(args, &settings, &prepared)?)
}

fn accept(args: &AcceptArgs, settings: &Settings, prepared: &Prepared) -> anyhow::Result<Exit> {
    let mut store = open(settings)?;
    let known_good = store.known_good()?;
    let mut accepted = Vec::new();
    let mut others = Vec::new();
    for snapshot in super::snapshot::inherited(&super::snapshot::observe(settings)?) {
        for assessment in judge(&snapshot, prepared) {
            let Some(setup) = Setup::of(&assessment) else {
                others.push(assessment.verdict);
                let told = format!(
                    "{} {}: {}, so that there is nothing to go back to",
                    snapshot.account_id,
                    assessment.control,
                    assessment.verdict.name()
                );
                complain(Exit::Differs, &told);
                continue;
            };
            let key = (snapshot.account_id.clone(), assessment.control.clone());
            let before = known_good.get(&key).map(|known| known.setup.clone());
            if before.as_ref() != Some(&setup) {
                let (account, control) = key;
                accepted.push(Acceptance {
                    account,
                    control,
                    setup,
                    before,
                });
            }
        }
    }
    let exit = Exit::of(others.iter().copied().chain([Verdict::Pass]));
    if accepted.is_empty() {
        println("Nothing to accept: what passes is what repairs go back to already.")?;
        return Ok(exit);
    }
    println(&proposal(&accepted))?;
    if !args.yes {
        if !ask::is_anybody_there() {
            let reason = "nothing was accepted: standard input is no terminal, so nobody can be asked; --yes accepts";
            return Ok(complain(Exit::Usage, &reason));
        }
        if !ask::agreed("Do you want repairs to go back to this?")? {
            println("Nothing was accepted.")?;
            return Ok(Exit::Differs);
        }
    }
    let now = Timestamp::now();
    let entries: Vec<Entry> = accepted.iter().flat_map(|one| entries(one, now)).collect();
    store
        .write(&entries)
        .context("the journal cannot be written")?;
    println("Accepted. A daemon that runs takes it over at its next look.")?;
    Ok(exit)
}

/// The journal as its owner, or beside the daemon that owns it.
fn open(settings: &Settings) -> Result<Store, StoreError> {
    match Store::open(&settings.state_dir, Timestamp::now()) {
        Ok(Opened { store, .. }) => Ok(store),
        Err(StoreError::InUse(directory)) => Store::beside(&directory),
        Err(error) => Err(error),
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

/// What is accepted, and instead of what.
fn proposal(accepted: &[Acceptance]) -> String {
    let mut text = String::new();
    for one in accepted {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{}  {}", one.account, one.control);
        if let Some(before) = &one.before {
            let _ = writeln!(text, "  - {}", sanitize(&summary(before)));
        }
        let _ = writeln!(text, "  + {}", sanitize(&summary(&one.setup)));
    }
    text
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

fn println(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", text.trim_end())?;
    stdout.flush()
}
