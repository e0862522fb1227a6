use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::connect::{self, Prepared};
use super::exit::Exit;
use super::failure::Failure;
use super::flags::SettingsFlags;
use super::format::{self, Format, Judged, filing_region};
use super::{colour, printed, read, stdout};
use crate::assess::{Assessment, Index, Proofs};
use crate::snapshot::Snapshot;
use crate::telemetry::{AccountReport, ControlInfo, ControlReport};

/// Judges once and exits.
#[derive(Debug, Clone, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    flags: SettingsFlags,
    /// Judge this control instead of the configured ones: a key such as `cloudtrail-config-changes`, `4.5`, `CIS-4.5`
    /// or `CloudWatch.5`. Repeat for several.
    #[arg(long, value_name = "CONTROL")]
    control: Vec<String>,
    /// Judge saved snapshots instead of AWS: a file, a directory (each *.json in it), or `-` for standard input. Repeat for
    /// several.
    #[arg(long, value_name = "PATH")]
    snapshot: Vec<PathBuf>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn run(args: &CheckArgs) -> Result<Exit, Failure> {
    let settings = args.flags.settings()?;
    let prepared = connect::prepare(&settings, &args.control)?;
    let snapshots = if args.snapshot.is_empty() {
        super::snapshot::observe(&settings)?
    } else {
        read::snapshots(&args.snapshot)?
    };
    let snapshots = super::snapshot::inherited(&snapshots);
    let mut verdicts = Vec::new();
    let mut reports = Vec::new();
    for snapshot in &snapshots {
        let assessments = judge(snapshot, &prepared);
        verdicts.extend(assessments.iter().map(|one| one.verdict));
        reports.push(report(snapshot, &prepared, &assessments));
    }
    printed("the answer", print(&reports, &prepared, args.format))?;
    Ok(Exit::of(verdicts))
}

pub(super) fn judge(snapshot: &Snapshot, prepared: &Prepared) -> Vec<Assessment> {
    let Prepared {
        controls,
        benchmark,
        expectations,
    } = prepared;
    let proofs = Proofs::default();
    let index = Index::new(snapshot, expectations, &proofs);
    let judged = controls.iter();
    judged
        .map(|control| index.assess(control, benchmark))
        .collect()
}

fn report(snapshot: &Snapshot, prepared: &Prepared, assessments: &[Assessment]) -> AccountReport {
    let pairs = prepared.controls.iter().zip(assessments);
    let control = |(control, assessment)| {
        let info = ControlInfo::new(control, &prepared.benchmark);
        // A look without events knows nobody.
        ControlReport::new(&info, assessment, |_| None)
    };
    AccountReport {
        account_id: snapshot.account_id.clone(),
        evaluated_at: snapshot.now,
        controls: pairs.map(control).collect(),
        region: filing_region(snapshot, assessments),
    }
}

fn print(reports: &[AccountReport], prepared: &Prepared, format: Format) -> io::Result<()> {
    let judged = Judged {
        accounts: reports,
        controls: &prepared.controls,
        benchmark: &prepared.benchmark,
    };
    let mut stdout = stdout();
    let document = format::render(&judged, format, colour())?;
    stdout.write_all(document.as_bytes())?;
    stdout.flush()
}
