use std::io::{self, Write};

use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::exit::Exit;
use super::failure::Failure;
use super::flags::SettingsFlags;
use super::history::{by, tell_skipped};
use super::times::{Moment, span};
use super::{printed, stdout};
use crate::assess::Verdict;
use crate::journal::{
    ComplianceReport, ControlCompliance, Gap, Range, Spell, Store, StoreError, compliance,
};
use crate::telemetry::sanitize;

/// Reports how much of a time each control was met, with every gap, its cause and its cure.
#[derive(Debug, Clone, Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    flags: SettingsFlags,
    /// The beginning: `2026-11-01`, or with a time `2026-11-01T00:00:00Z`.
    #[arg(long, value_name = "TIME")]
    from: Moment,
    /// The end, which is not part of it; not later than now.
    #[arg(long, value_name = "TIME")]
    to: Moment,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    format: ReportFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// For people.
    Text,
    /// One document.
    Json,
}

pub(super) fn run(args: &ReportArgs) -> Result<Exit, Failure> {
    let settings = args.flags.settings()?;
    if args.from.0 >= args.to.0 {
        return Err(Failure::usage("--from has to be before --to"));
    }
    let range = Range {
        from: args.from.0,
        to: args.to.0,
    };
    let report = read(range, &settings.state_dir).map_err(Failure::failed)?;
    let mut out = stdout();
    let written = match args.format {
        ReportFormat::Text => text(&report, &mut out),
        ReportFormat::Json => document(&report, &mut out),
    };
    printed("the report", written)?;
    Ok(Exit::Ok)
}

fn read(range: Range, directory: &std::path::Path) -> Result<ComplianceReport, StoreError> {
    let store = Store::beside(directory)?;
    let (spells, watched) = (store.spells(range)?, store.watched(range)?);
    tell_skipped(&store);
    Ok(compliance(range, Timestamp::now(), &spells, &watched))
}

fn text(report: &ComplianceReport, out: &mut impl Write) -> io::Result<()> {
    let clock = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
    let Range { from, to } = report.range;
    writeln!(out, "From {} to {}", clock(from), clock(to))?;
    if report.controls.is_empty() {
        writeln!(
            out,
            "\nNothing is known of this time: no daemon has written anything."
        )?;
    }
    for control in &report.controls {
        writeln!(out, "\n{}  {}", control.account, control.control)?;
        writeln!(
            out,
            "  compliant {} of the time: {}; failing {}, undecided {}, not watched {}",
            share(control),
            span(control.compliant),
            span(control.failing),
            span(control.undecided),
            span(control.unwatched)
        )?;
        for gap in &control.gaps {
            match gap {
                Gap::Unwatched(range) => writeln!(
                    out,
                    "  {}  not watched, for {}",
                    clock(range.from),
                    span(range.to.duration_since(range.from))
                )?,
                Gap::Spell(spell) => of_spell(spell, report.range.to, out)?,
            }
        }
    }
    out.flush()
}

fn of_spell(spell: &Spell, end: Timestamp, out: &mut impl Write) -> io::Result<()> {
    let until = spell.until.unwrap_or(end);
    let lasts = if spell.until.is_none() {
        ", and lasts"
    } else {
        ""
    };
    let link = spell
        .link
        .map(|link| format!(" at {link}"))
        .unwrap_or_default();
    writeln!(
        out,
        "  {}  {}{link}, for {}{lasts}",
        spell.since.strftime("%Y-%m-%d %H:%M:%SZ"),
        spell.verdict.name(),
        span(until.duration_since(spell.since)),
    )?;
    if let Some(message) = &spell.message {
        writeln!(out, "      what   {}", sanitize(message))?;
    }
    let cause = spell.actor.as_ref().map(by);
    writeln!(
        out,
        "      cause  {}",
        cause.as_deref().unwrap_or("no event explains it")
    )?;
    writeln!(out, "      cure   {}", sanitize(&cure(spell)))
}

/// What ended it.
fn cure(spell: &Spell) -> String {
    let applied: Vec<String> = spell
        .deeds
        .iter()
        .filter(|deed| deed.result == "applied")
        .map(|deed| format!("{} {}", deed.operation, deed.target))
        .collect();
    match (applied.is_empty(), spell.until) {
        (false, _) => format!("by trailwarden: {}", applied.join("; ")),
        (true, Some(_)) => "not by trailwarden".to_owned(),
        (true, None) => "none so far".to_owned(),
    }
}

/// Cut, not rounded: 100 % is said of nothing less.
fn share(control: &ControlCompliance) -> String {
    control.share().map_or_else(
        || "none".to_owned(),
        |share| format!("{:.3} %", (share * 100_000.0).floor() / 1000.0),
    )
}

fn document(report: &ComplianceReport, out: &mut impl Write) -> io::Result<()> {
    let seconds = SignedDuration::as_secs_f64;
    let controls: Vec<Value> = report
        .controls
        .iter()
        .map(|control| {
            let gaps: Vec<Value> = control.gaps.iter().map(gap).collect();
            json!({
                "account": control.account,
                "control": control.control,
                "share_compliant": control.share(),
                "compliant_seconds": seconds(&control.compliant),
                "failing_seconds": seconds(&control.failing),
                "undecided_seconds": seconds(&control.undecided),
                "unwatched_seconds": seconds(&control.unwatched),
                "gaps": gaps,
            })
        })
        .collect();
    let document = json!({
        "from": report.range.from,
        "to": report.range.to,
        "controls": controls,
    });
    serde_json::to_writer_pretty(&mut *out, &document).map_err(io::Error::from)?;
    writeln!(out)?;
    out.flush()
}

fn gap(gap: &Gap) -> Value {
    match gap {
        Gap::Unwatched(range) => json!({
            "kind": "unwatched",
            "from": range.from,
            "to": range.to,
        }),
        Gap::Spell(spell) => json!({
            "kind": if spell.verdict == Verdict::Fail { "failing" } else { "undecided" },
            "from": spell.since,
            "to": spell.until,
            "link": spell.link,
            "resource": spell.resource,
            "message": spell.message,
            "cause": spell.actor,
            "cure": cure(spell),
            "done": spell.deeds,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::Link;
    use crate::journal::{Deed, Watched};

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn spell(verdict: Verdict, since: &str, until: Option<&str>) -> Spell {
        Spell {
            account: "111122223333".parse().unwrap(),
            control: "cloudtrail-config-changes".to_owned(),
            region: None,
            since: time(since),
            until: until.map(time),
            verdict,
            link: (verdict == Verdict::Fail).then_some(Link::Alarm),
            resource: None,
            message: (verdict == Verdict::Fail).then(|| "The alarm is gone.".to_owned()),
            actor: None,
            deeds: Vec::new(),
        }
    }

    fn sample() -> ComplianceReport {
        let mut broken = spell(
            Verdict::Fail,
            "2026-11-01T12:00:00Z",
            Some("2026-11-01T12:00:30Z"),
        );
        broken.note(Deed {
            at: time("2026-11-01T12:00:20Z"),
            operation: "PutMetricAlarm".to_owned(),
            target: "alarm a in us-east-1".to_owned(),
            result: "applied".to_owned(),
            reason: None,
        });
        let spells = [
            spell(
                Verdict::Pass,
                "2026-11-01T00:00:00Z",
                Some("2026-11-01T12:00:00Z"),
            ),
            broken,
            spell(Verdict::Pass, "2026-11-01T12:00:30Z", None),
        ];
        let watched = [Watched {
            account: "111122223333".parse().unwrap(),
            since: time("2026-11-01T00:00:00Z"),
            until: time("2026-11-01T23:00:00Z"),
        }];
        let range = Range {
            from: time("2026-11-01T00:00:00Z"),
            to: time("2026-11-02T00:00:00Z"),
        };
        compliance(range, time("2026-11-23T00:00:00Z"), &spells, &watched)
    }

    #[test]
    fn an_auditor_reads_shares_gaps_causes_and_cures() {
        let mut out = Vec::new();
        text(&sample(), &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "From 2026-11-01 00:00:00Z to 2026-11-02 00:00:00Z\n\n\
             111122223333  cloudtrail-config-changes\n  \
             compliant 95.798 % of the time: 22 h 59 min; failing 30 s, undecided 0.0 s, not watched 1 h\n  \
             2026-11-01 12:00:00Z  FAIL at alarm, for 30 s\n      \
             what   The alarm is gone.\n      \
             cause  no event explains it\n      \
             cure   by trailwarden: PutMetricAlarm alarm a in us-east-1\n  \
             2026-11-01 23:00:00Z  not watched, for 1 h\n"
        );
    }

    #[test]
    fn a_second_of_failure_is_no_hundred_percent() {
        let mut control = sample().controls.remove(0);
        control.compliant = SignedDuration::from_hours(24 * 365);
        control.failing = SignedDuration::from_secs(1);
        control.unwatched = SignedDuration::ZERO;
        assert_eq!(share(&control), "99.999 %");
        control.failing = SignedDuration::ZERO;
        assert_eq!(share(&control), "100.000 %");
    }

    #[test]
    fn machines_get_seconds() {
        let mut out = Vec::new();
        document(&sample(), &mut out).unwrap();
        let document: Value = serde_json::from_slice(&out).unwrap();
        let control = &document["controls"][0];
        assert_eq!(control["failing_seconds"].as_f64(), Some(30.0));
        assert_eq!(control["unwatched_seconds"].as_f64(), Some(3600.0));
        assert_eq!(control["gaps"][0]["kind"], "failing");
        assert_eq!(control["gaps"][1]["kind"], "unwatched");
    }
}
