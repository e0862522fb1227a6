//! What the formats are tried on.

use super::Judged;
use crate::assess::{Assessment, Link};
use crate::control::{Benchmark, Catalogue, Control};
use crate::telemetry::samples::{account, cut_at, passing, time, undecided};
use crate::telemetry::{AccountReport, ControlInfo, ControlReport};

/// A name that means something to every format: pipes, backticks, the end of CDATA and of a comment, markup, links,
/// mentions, a terminal's escapes, line breaks, an override of direction, and what XML forbids.
pub(super) const EVIL: &str = "a|b`c```d]]>--><script>alert(1)</script>&amp;\"' ![x](https://evil.example/x) \
    www.evil.example @everyone #1 *b* _i_ $x$ \\|\u{1b}[31m\r\nline\u{202e}\u{fffe}\u{0}";

/// What must never stand in a document, whatever the format.
pub(super) const NEVER: [char; 5] = ['\u{1b}', '\r', '\u{202e}', '\u{fffe}', '\u{0}'];

/// What [`Judged`] borrows.
pub(super) struct Sample {
    accounts: Vec<AccountReport>,
    controls: Vec<Control>,
    benchmark: Benchmark,
}

impl Sample {
    /// Accounts with a verdict for each control.
    pub(super) fn new(controls: &[Control], accounts: &[(&str, Vec<Assessment>)]) -> Self {
        let benchmark = Benchmark::Any;
        let report = |(id, assessments): &(&str, Vec<Assessment>)| AccountReport {
            account_id: account(id),
            evaluated_at: time("2026-08-01T12:00:00.123456789Z"),
            controls: controls
                .iter()
                .zip(assessments)
                .map(|(control, assessment)| {
                    let info = ControlInfo::new(control, &benchmark);
                    ControlReport::new(&info, assessment, |_| None)
                })
                .collect(),
            region: "eu-central-1".to_owned(),
        };
        Self {
            accounts: accounts.iter().map(report).collect(),
            controls: controls.to_owned(),
            benchmark,
        }
    }

    pub(super) fn in_region(mut self, region: &str) -> Self {
        for account in &mut self.accounts {
            region.clone_into(&mut account.region);
        }
        self
    }

    pub(super) fn of_benchmark(mut self, benchmark: &str) -> Self {
        self.benchmark = benchmark.parse().unwrap();
        self
    }

    pub(super) fn judged(&self) -> Judged<'_> {
        Judged {
            accounts: &self.accounts,
            controls: &self.controls,
            benchmark: &self.benchmark,
        }
    }

    pub(super) fn accounts(&self) -> &[AccountReport] {
        &self.accounts
    }
}

pub(super) fn control(name: &str) -> Control {
    let found = Catalogue::builtin().find(name, &Benchmark::Any);
    found.unwrap().clone()
}

pub(super) fn own() -> Control {
    Control::own(
        "vpn",
        "VPNs are watched",
        "{ $.eventName = CreateVpnGateway }",
    )
    .unwrap()
}

/// One account, its control 4.5 judged so.
pub(super) fn one(assessment: Assessment) -> Sample {
    Sample::new(&[control("4.5")], &[("012345678901", vec![assessment])])
}

/// Two accounts with every verdict.
pub(super) fn two_accounts() -> Sample {
    let controls = [control("4.5"), control("4.4"), own()];
    let accounts = [
        (
            "012345678901",
            vec![cut_at(Link::Pattern, "cis"), passing(), undecided()],
        ),
        ("111122223333", vec![passing(), passing(), passing()]),
    ];
    Sample::new(&controls, &accounts)
}

/// Every name is evil, the control's own ones too.
pub(super) fn evil() -> Sample {
    let mut control = control("4.5");
    EVIL.clone_into(&mut control.title);
    Sample::new(
        &[control.clone(), control],
        &[(
            "012345678901",
            vec![cut_at(Link::Pattern, EVIL), evil_warning()],
        )],
    )
}

fn evil_warning() -> Assessment {
    Assessment {
        warnings: cut_at(Link::Pattern, EVIL).warnings,
        ..passing()
    }
}
