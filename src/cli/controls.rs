use std::io::{self, Write};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::exit::Exit;
use super::failure::Failure;
use super::flags::SettingsFlags;
use super::{connect, printed, stdout};
use crate::control::{
    Benchmark, CIS_VERSIONS, CisVersion, Control, Prescribed, Role, SecurityHubText,
};
use crate::telemetry::sanitize;

/// Lists the controls of the configured benchmark and those of your own.
#[derive(Debug, Clone, Args)]
pub(super) struct ControlsArgs {
    #[command(flatten)]
    flags: SettingsFlags,
    /// How the list is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table; `*` marks the controls that are judged.
    Text,
    /// A list with everything that is known of each, patterns and all.
    Json,
}

pub(super) fn run(args: &ControlsArgs) -> Result<Exit, Failure> {
    let settings = args.flags.settings()?;
    let catalogue = connect::catalogue(&settings).map_err(Failure::usage)?;
    let listed: Vec<Listed<'_>> = catalogue
        .controls()
        .iter()
        .filter(|control| control.is_in(&settings.benchmark))
        .map(|control| {
            let mut judged = settings.controls.iter();
            let is_judged = judged.any(|one| one.key == control.key);
            Listed::new(control, &settings.benchmark, is_judged)
        })
        .collect();
    let text = match args.format {
        Format::Text => Ok(table(&listed)),
        Format::Json => serde_json::to_string_pretty(&listed).map(|text| text + "\n"),
    };
    let written = text
        .map_err(io::Error::from)
        .and_then(|text| stdout().write_all(text.as_bytes()));
    printed("the controls", written)?;
    Ok(Exit::Ok)
}

/// A control as it is listed. Absent values are null.
#[derive(Debug, Clone, Serialize)]
struct Listed<'a> {
    key: &'a str,
    /// Number in the configured benchmark.
    cis: Option<String>,
    /// Number in each version that has it.
    cis_versions: serde_json::Map<String, serde_json::Value>,
    security_hub: Option<&'a str>,
    title: &'a str,
    description: &'a str,
    severity: &'static str,
    /// Security Hub's type of what is judged: the account.
    resource_type: &'static str,
    /// Whether the configuration has it judged.
    judged: bool,
    event_sources: &'a [String],
    event_names: &'a [String],
    patterns: Vec<ListedPattern<'a>>,
    /// What is wrong with a prescribed text that cannot work.
    trap: Option<String>,
    metric_namespace: &'a str,
    metric_name: &'a str,
    alarm_name: &'a str,
    remediation: &'a str,
}

#[derive(Debug, Clone, Serialize)]
struct ListedPattern<'a> {
    text: &'a str,
    /// Patterns of one letter match the same events.
    group: &'a str,
    /// Whether catching what it, or one of its group, matches satisfies the configured benchmark.
    satisfies: bool,
    cis_versions: Vec<&'static str>,
    security_hub: Option<&'static str>,
    note: Option<&'a str>,
}

impl<'a> Listed<'a> {
    fn new(control: &'a Control, benchmark: &Benchmark, judged: bool) -> Self {
        let versions = CIS_VERSIONS.into_iter().filter_map(|version| {
            let id = control.cis_id(version)?;
            Some((version.name().to_owned(), id.into()))
        });
        let required = control.required(benchmark);
        let satisfies = |one: &Prescribed| {
            one.role != Role::Reported && required.iter().any(|other| other.group == one.group)
        };
        let patterns = control.prescribed.iter().map(|one| ListedPattern {
            text: one.pattern.text(),
            group: &one.group,
            satisfies: satisfies(one),
            cis_versions: one.cis.iter().map(|version| version.name()).collect(),
            security_hub: one.security_hub.map(|shown| match shown {
                SecurityHubText::Current => "current",
                SecurityHubText::Former => "former",
            }),
            note: one.note.as_deref(),
        });
        Self {
            key: &control.key,
            cis: control.cis_display(benchmark),
            cis_versions: versions.collect(),
            security_hub: control.security_hub.as_deref(),
            title: &control.title,
            description: &control.description,
            severity: control.severity.name(),
            resource_type: "AWS::::Account",
            judged,
            event_sources: &control.event_sources,
            event_names: &control.event_names,
            patterns: patterns.collect(),
            trap: trap(control),
            metric_namespace: &control.namespace,
            metric_name: &control.metric_name,
            alarm_name: &control.alarm_name,
            remediation: &control.remediation,
        }
    }
}

/// What one should know of texts that are prescribed and cannot work.
fn trap(control: &Control) -> Option<String> {
    let traps = || {
        let prescribed = control.prescribed.iter();
        prescribed.filter(|one| one.role == Role::Reported)
    };
    let note = traps().find_map(|one| one.note.as_deref())?;
    let versions = CIS_VERSIONS
        .into_iter()
        .filter(|version| traps().any(|one| one.cis.contains(version)));
    let versions: Vec<&str> = versions.map(CisVersion::name).collect();
    Some(format!("the text of CIS {}: {note}", versions.join(", ")))
}

fn table(listed: &[Listed<'_>]) -> String {
    let lengths = listed.iter().map(|one| sanitize(one.key).chars().count());
    let keys = lengths.max().unwrap_or_default().max("key".len());
    let mut text = format!(
        "  {:<5} {:<13} {:<8} {:<keys$}  title\n",
        "CIS", "Security Hub", "severity", "key"
    );
    for one in listed {
        let line = format!(
            "{} {:<5} {:<13} {:<8} {:<keys$}  {}",
            if one.judged { '*' } else { ' ' },
            one.cis.as_deref().unwrap_or("-"),
            one.security_hub.unwrap_or("-"),
            one.severity,
            sanitize(one.key),
            sanitize(one.title)
        );
        text.push_str(line.trim_end());
        text.push('\n');
        if let Some(trap) = &one.trap {
            text.push_str("    ! ");
            text.push_str(&sanitize(trap));
            text.push('\n');
        }
    }
    text
}
