use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::connect::{self, Prepared};
use super::exit::Exit;
use super::flags::SettingsFlags;
use super::{complain, variables};
use crate::assess::{Assessment, assess};
use crate::snapshot::Snapshot;
use crate::telemetry::report::Document;
use crate::telemetry::{AccountReport, ControlInfo, ControlReport, render_text};

/// Judges once and exits.
#[derive(Debug, Clone, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    flags: SettingsFlags,
    /// Judge this control instead of the configured ones: a key such as `cloudtrail-config-changes`, `4.5`, `CIS-4.5`
    /// or `CloudWatch.5`. Repeat for several.
    #[arg(long, value_name = "CONTROL")]
    control: Vec<String>,
    /// Judge a saved snapshot instead of AWS; `-` reads standard input. Repeat for several.
    #[arg(long, value_name = "FILE")]
    snapshot: Vec<PathBuf>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: the chain drawn, the broken link marked.
    Text,
    /// One object an account; several accounts as `{"accounts": [...]}`.
    Json,
}

pub(super) fn run(args: &CheckArgs) -> Exit {
    let loaded = match args.flags.load(variables()) {
        Ok(loaded) => loaded,
        Err(error) => return complain(Exit::Usage, &error),
    };
    let prepared = match connect::prepare(&loaded.settings, &args.control) {
        Ok(prepared) => prepared,
        Err(error) => return complain(Exit::Usage, &error),
    };
    let snapshots = if args.snapshot.is_empty() {
        super::snapshot::observe(&loaded.settings)
    } else {
        args.snapshot.iter().map(|path| read(path)).collect()
    };
    let snapshots = match snapshots {
        Ok(snapshots) => snapshots,
        Err(error) => return complain(Exit::Failed, &format!("{error:#}")),
    };
    let mut verdicts = Vec::new();
    let mut reports = Vec::new();
    for snapshot in &snapshots {
        let assessments = judge(snapshot, &prepared);
        verdicts.extend(assessments.iter().map(|one| one.verdict));
        reports.push(report(snapshot, &prepared, &assessments));
    }
    match print(&reports, args.format) {
        Ok(()) => Exit::of(verdicts),
        Err(error) => complain(
            Exit::Failed,
            &format!("the answer cannot be printed: {error}"),
        ),
    }
}

fn read(path: &Path) -> anyhow::Result<Snapshot> {
    let text = if path == Path::new("-") {
        io::read_to_string(io::stdin())
    } else {
        std::fs::read_to_string(path)
    };
    let place = || format!("{} cannot be judged", path.display());
    let text = text
        .map_err(anyhow::Error::from)
        .map_err(|error| error.context(place()))?;
    Snapshot::from_json(&text).map_err(|error| anyhow::Error::from(error).context(place()))
}

fn judge(snapshot: &Snapshot, prepared: &Prepared) -> Vec<Assessment> {
    let Prepared {
        controls,
        benchmark,
        expectations,
    } = prepared;
    controls
        .iter()
        .map(|control| assess(snapshot, control, expectations, benchmark))
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
    }
}

fn print(reports: &[AccountReport], format: Format) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match format {
        Format::Text => {
            let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            let colour = stdout.is_terminal() && !plain;
            stdout.write_all(render_text(reports, colour).as_bytes())?;
        }
        Format::Json => {
            serde_json::to_writer_pretty(&mut stdout, &Document(reports))
                .map_err(io::Error::from)?;
            writeln!(stdout)?;
        }
    }
    stdout.flush()
}
