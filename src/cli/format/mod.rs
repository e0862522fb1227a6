//! The documents of `check`: one file a format, each a pure rendering of the reports and of what the catalogue says.
//!
//! Names come from AWS, so from whoever could create a resource: each format escapes in its own way after
//! [`sanitize`] has spelt out what would act on a reader's screen. Only `json` says what AWS
//! said, byte for byte.

mod asff;
mod junit;
mod markdown;
mod ocsf;
mod region;

use std::io;

use clap::ValueEnum;
use serde::Serialize;

use crate::control::{Benchmark, CIS_VERSIONS, Control, Severity};
use crate::telemetry::report::Document;
use crate::telemetry::{AccountReport, ControlReport, render_text, sanitize};

pub(super) use region::filing_region;

/// How `check` prints its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people: the chain drawn, the broken link marked; a table where there are several accounts.
    Text,
    /// One object an account; several accounts as `{"accounts": [...]}`.
    Json,
    /// AWS Security Finding Format: a list of findings for Security Hub's BatchImportFindings.
    Asff,
    /// A list of Compliance Findings of the Open Cybersecurity Schema Framework.
    Ocsf,
    /// A JUnit report: FAIL is a failure, UNKNOWN an error.
    Junit,
    /// For a pull request or a ticket.
    Markdown,
}

/// What was judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judged<'a> {
    /// The accounts, each with the reports of the same controls.
    pub(super) accounts: &'a [AccountReport],
    /// The controls, in the order of the reports.
    pub(super) controls: &'a [Control],
    /// Whose prescriptions counted.
    pub(super) benchmark: &'a Benchmark,
}

/// One control in one account.
#[derive(Debug, Clone, Copy)]
struct One<'a> {
    account: &'a AccountReport,
    control: &'a Control,
    report: &'a ControlReport,
}

impl<'a> Judged<'a> {
    fn each(&self) -> impl Iterator<Item = One<'a>> {
        let controls = self.controls;
        self.accounts.iter().flat_map(move |account| {
            let pairs = controls.iter().zip(&account.controls);
            pairs.map(move |(control, report)| One {
                account,
                control,
                report,
            })
        })
    }

    /// The requirements that a control stands for, as Security Hub words them in `RelatedRequirements`: those of the
    /// chosen version, else of each that has it.
    fn requirements(&self, control: &Control) -> Vec<String> {
        CIS_VERSIONS
            .into_iter()
            .filter(|version| match self.benchmark {
                Benchmark::Cis(chosen) => chosen == version,
                Benchmark::Any | Benchmark::SecurityHub => true,
            })
            .filter_map(|version| {
                let id = control.cis_id(version)?;
                Some(format!("{STANDARD} v{}/{id}", version.name()))
            })
            .collect()
    }
}

impl One<'_> {
    /// The same at every look: whoever imports findings knows by it what a newer one replaces.
    fn id(&self) -> String {
        let AccountReport {
            account_id, region, ..
        } = self.account;
        format!("trailwarden/{region}/{account_id}/{}", self.control.key)
    }

    /// The title with the control's number in front.
    fn title(&self) -> String {
        let title = sanitize(&self.report.title);
        match &self.report.cis {
            Some(number) => format!("{} {title}", sanitize(number)),
            None => title.into_owned(),
        }
    }

    /// What is wrong, else what the control asks for.
    fn description(&self) -> String {
        if self.report.findings.is_empty() {
            return sanitize(&self.control.description).into_owned();
        }
        let findings = self.report.findings.iter();
        let sentences = findings.map(|one| format!("{}: {}", one.link, sanitize(&one.message)));
        sentences.collect::<Vec<_>>().join(" ")
    }

    /// The account as a resource: the identifier that Security Hub gives it (`AWS::::Account`).
    fn resource(&self) -> String {
        format!("AWS::::Account:{}", self.account.account_id)
    }

    /// AWS's page about the control; none for one of one's own or one that Security Hub lacks.
    fn url(&self) -> Option<String> {
        let id = self.control.security_hub.as_ref()?;
        let anchor = id.to_ascii_lowercase().replace('.', "-");
        Some(format!("{PAGE}#{anchor}"))
    }
}

const STANDARD: &str = "CIS AWS Foundations Benchmark";
const PAGE: &str =
    "https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html";

/// The type of the account as a resource (ASFF, `Resources.Type`).
const RESOURCE_TYPE: &str = "AwsAccount";

/// The document, with a line break at its end. `colour` concerns text only.
///
/// # Errors
/// The writer of a format fails, which none does in memory.
pub(super) fn render(judged: &Judged<'_>, format: Format, colour: bool) -> io::Result<String> {
    match format {
        Format::Text => Ok(render_text(judged.accounts, colour)),
        Format::Json => pretty(&Document(judged.accounts)),
        Format::Asff => pretty(&asff::findings(judged)),
        Format::Ocsf => pretty(&ocsf::findings(judged)),
        Format::Junit => junit::render(judged.accounts),
        Format::Markdown => Ok(markdown::render(judged.accounts)),
    }
}

fn pretty(document: &impl Serialize) -> io::Result<String> {
    let mut text = serde_json::to_string_pretty(document)?;
    text.push('\n');
    Ok(text)
}

/// Severity in words: a control that passes has nothing to be grave about, as Security Hub labels its own.
const fn severity_word(severity: Severity, passes: bool) -> &'static str {
    if passes {
        "INFORMATIONAL"
    } else {
        severity.name()
    }
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
