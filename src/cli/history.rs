use std::io::{self, Write};

use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::exit::Exit;
use super::failure::Failure;
use super::flags::SettingsFlags;
use super::times::{Moment, span};
use super::{complain, printed, stdout};
use crate::assess::{Link, Verdict};
use crate::event::Actor;
use crate::journal::{Deed, Incident, Occurrence, Range, Spell, Store, StoreError};
use crate::snapshot::AccountId;
use crate::telemetry::sanitize;

/// Lists what the daemon wrote down, the latest first.
#[derive(Debug, Clone, Args)]
pub(super) struct HistoryArgs {
    #[command(flatten)]
    flags: SettingsFlags,
    /// Only what touches the time from here on: `2026-11-23`, or with a time `2026-11-23T10:00:00Z`.
    #[arg(long, value_name = "TIME")]
    from: Option<Moment>,
    /// Only what touches the time before this.
    #[arg(long, value_name = "TIME")]
    to: Option<Moment>,
    /// Only this account.
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<AccountId>,
    /// The most that is listed.
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    limit: usize,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = HistoryFormat::Text)]
    format: HistoryFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum HistoryFormat {
    /// For people.
    Text,
    /// One document.
    Json,
    /// For spreadsheets.
    Csv,
}

/// A line of the history; absent values are null, and empty in CSV.
#[derive(Debug, Serialize)]
struct Line<'a> {
    kind: &'static str,
    account: &'a AccountId,
    control: Option<&'a str>,
    region: Option<&'a str>,
    verdict: Option<Verdict>,
    link: Option<Link>,
    resource: Option<&'a str>,
    message: Option<&'a str>,
    from: Timestamp,
    to: Option<Timestamp>,
    time_to_detect_seconds: Option<f64>,
    time_to_mend_seconds: Option<f64>,
    actor: Option<&'a Actor>,
    done: &'a [Deed],
}

impl<'a> Line<'a> {
    fn of(incident: &'a Incident) -> Self {
        match incident {
            Incident::Broken(spell) => Self::of_spell(spell),
            Incident::Happened(occurrence) => Self::of_occurrence(occurrence),
        }
    }

    fn of_spell(spell: &'a Spell) -> Self {
        Self {
            kind: match spell.verdict {
                Verdict::Unknown => "undecided",
                Verdict::Fail | Verdict::Pass => "broken",
            },
            account: &spell.account,
            control: Some(&spell.control),
            region: spell.region.as_deref(),
            verdict: Some(spell.verdict),
            link: spell.link,
            resource: spell.resource.as_deref(),
            message: spell.message.as_deref(),
            from: spell.since,
            to: spell.until,
            time_to_detect_seconds: spell.time_to_detect().map(seconds),
            time_to_mend_seconds: spell.time_to_mend().map(seconds),
            actor: spell.actor.as_ref(),
            done: &spell.deeds,
        }
    }

    fn of_occurrence(one: &'a Occurrence) -> Self {
        Self {
            kind: one.kind.name(),
            account: &one.account,
            control: one.control.as_deref(),
            region: None,
            verdict: None,
            link: None,
            resource: None,
            message: Some(&one.message),
            from: one.at,
            to: Some(one.at),
            time_to_detect_seconds: None,
            time_to_mend_seconds: None,
            actor: one.actor.as_ref(),
            done: &[],
        }
    }
}

fn seconds(duration: SignedDuration) -> f64 {
    duration.as_secs_f64()
}

pub(super) fn run(args: &HistoryArgs) -> Result<Exit, Failure> {
    let settings = args.flags.settings()?;
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from.0 >= to.0
    {
        return Err(Failure::usage("--from has to be before --to"));
    }
    let incidents = read(args, &settings.state_dir).map_err(Failure::failed)?;
    let lines: Vec<Line<'_>> = incidents.iter().map(Line::of).collect();
    let written = match args.format {
        HistoryFormat::Text => text(&lines, &mut stdout()),
        HistoryFormat::Json => json(&lines, &mut stdout()),
        HistoryFormat::Csv => csv(&lines, &mut stdout()),
    };
    printed("the history", written)?;
    Ok(Exit::Ok)
}

fn read(args: &HistoryArgs, directory: &std::path::Path) -> Result<Vec<Incident>, StoreError> {
    let range = Range {
        from: args.from.map_or(Range::ALL.from, |moment| moment.0),
        to: args.to.map_or(Range::ALL.to, |moment| moment.0),
    };
    let store = Store::beside(directory)?;
    let of_account = |incident: &Incident| {
        let account = args.account.as_ref();
        account.is_none_or(|account| incident.account() == account)
    };
    let most = if args.account.is_some() {
        usize::MAX
    } else {
        args.limit
    };
    let mut incidents = store.incidents(range, most)?;
    tell_skipped(&store);
    incidents.retain(of_account);
    incidents.truncate(args.limit);
    Ok(incidents)
}

/// Says on standard error how much of the journal was passed over.
pub(super) fn tell_skipped(store: &Store) {
    let records = store.skipped();
    if records > 0 {
        complain(
            Exit::Ok,
            &format_args!(
                "{records} records of the journal are damaged, or of another version, and were passed over"
            ),
        );
    }
}

/// A few lines for each, the latest last, as a terminal shows it.
fn text(lines: &[Line<'_>], out: &mut impl Write) -> io::Result<()> {
    if lines.is_empty() {
        return writeln!(out, "Nothing happened.");
    }
    for line in lines.iter().rev() {
        let what = match (line.verdict, line.link) {
            (Some(Verdict::Fail), Some(link)) => format!("cut at {link}"),
            (Some(_), Some(link)) => format!("undecided at {link}"),
            _ => line.kind.replace('_', " "),
        };
        let lasting = match (line.to, line.time_to_mend_seconds) {
            (None, _) => ", and lasts".to_owned(),
            (Some(to), Some(_)) => format!(", for {}", span(to.duration_since(line.from))),
            (Some(_), None) => String::new(),
        };
        writeln!(
            out,
            "{}  {}  {}{}  {what}{lasting}",
            line.from.strftime("%Y-%m-%d %H:%M:%SZ"),
            line.account,
            line.control.unwrap_or("-"),
            line.region
                .map(|region| format!(" in {region}"))
                .unwrap_or_default(),
        )?;
        if let Some(message) = line.message {
            writeln!(out, "    {}", sanitize(message))?;
        }
        if let Some(actor) = line.actor {
            writeln!(out, "    {}", by(actor))?;
        }
        for deed in line.done {
            let reason = deed.reason.as_deref().map(|reason| format!(": {reason}"));
            let told = format!(
                "{} {} {}{}",
                deed.result,
                deed.operation,
                deed.target,
                reason.unwrap_or_default()
            );
            writeln!(
                out,
                "    {}  {}",
                deed.at.strftime("%H:%M:%SZ"),
                sanitize(&told)
            )?;
        }
    }
    out.flush()
}

/// Who did it, as reported.
pub(super) fn by(actor: &Actor) -> String {
    let who = actor.principal_arn.as_deref().unwrap_or("somebody");
    let from = actor
        .source_address
        .as_deref()
        .map(|address| format!(" from {address}"))
        .unwrap_or_default();
    let told = format!(
        "{} by {who}{from} at {} (event {})",
        actor.event_name,
        actor.time.strftime("%H:%M:%SZ"),
        actor.event_id
    );
    sanitize(&told).into_owned()
}

fn json(lines: &[Line<'_>], out: &mut impl Write) -> io::Result<()> {
    let document = serde_json::json!({ "incidents": lines });
    serde_json::to_writer_pretty(&mut *out, &document).map_err(io::Error::from)?;
    writeln!(out)?;
    out.flush()
}

const COLUMNS: [&str; 18] = [
    "kind",
    "account",
    "control",
    "region",
    "verdict",
    "link",
    "resource",
    "message",
    "from",
    "to",
    "time_to_detect_seconds",
    "time_to_mend_seconds",
    "event_name",
    "principal_arn",
    "source_address",
    "event_time",
    "event_id",
    "done",
];

fn csv(lines: &[Line<'_>], out: &mut impl Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(COLUMNS)?;
    for line in lines {
        let text = |value: Option<&str>| value.map(harmless).unwrap_or_default();
        let number = |value: Option<f64>| value.map(|one| format!("{one:.3}")).unwrap_or_default();
        let time = |value: Option<Timestamp>| value.map(|one| one.to_string()).unwrap_or_default();
        let actor = line.actor;
        let deeds = line.done.iter();
        let done: Vec<String> = deeds
            .map(|deed| format!("{} {} {}", deed.result, deed.operation, deed.target))
            .collect();
        let verdict = line.verdict.map(Verdict::name);
        writer.write_record([
            line.kind.to_owned(),
            line.account.to_string(),
            text(line.control),
            text(line.region),
            verdict.unwrap_or_default().to_owned(),
            line.link
                .map(|link| link.name().to_owned())
                .unwrap_or_default(),
            text(line.resource),
            text(line.message),
            line.from.to_string(),
            time(line.to),
            number(line.time_to_detect_seconds),
            number(line.time_to_mend_seconds),
            text(actor.map(|one| one.event_name.as_str())),
            text(actor.and_then(|one| one.principal_arn.as_deref())),
            text(actor.and_then(|one| one.source_address.as_deref())),
            time(actor.map(|one| one.time)),
            text(actor.map(|one| one.event_id.as_str())),
            text(Some(&done.join("; "))),
        ])?;
    }
    writer.flush()
}

/// A text that a spreadsheet takes for a text: what a stranger wrote must not become a formula (OWASP, "CSV Injection").
fn harmless(text: &str) -> String {
    let text = sanitize(text);
    if text.starts_with(['=', '+', '-', '@']) {
        format!("'{text}")
    } else {
        text.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident() -> Incident {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        Incident::Broken(Spell {
            account: "111122223333".parse().unwrap(),
            control: "cloudtrail-config-changes".to_owned(),
            region: Some("us-east-1".to_owned()),
            since: time("2026-11-23T10:00:05Z"),
            until: Some(time("2026-11-23T10:01:35Z")),
            verdict: Verdict::Fail,
            link: Some(Link::Pattern),
            resource: Some("=HYPERLINK(\"http://evil\")".to_owned()),
            message: Some("The filter is gone.".to_owned()),
            actor: Some(Actor {
                principal_arn: Some("arn:aws:iam::111122223333:user/mal\u{1b}[2Jlory".to_owned()),
                source_address: Some("192.0.2.1".to_owned()),
                user_agent: None,
                event_name: "DeleteMetricFilter".to_owned(),
                event_id: "e-1".to_owned(),
                time: time("2026-11-23T10:00:00Z"),
            }),
            deeds: vec![Deed {
                at: time("2026-11-23T10:01:30Z"),
                operation: "PutMetricFilter".to_owned(),
                target: "metric filter f of ct in us-east-1".to_owned(),
                result: "applied".to_owned(),
                reason: None,
            }],
        })
    }

    #[test]
    fn people_read_what_broke_who_did_it_and_what_was_done() {
        let incident = incident();
        let mut out = Vec::new();
        text(&[Line::of(&incident)], &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "2026-11-23 10:00:05Z  111122223333  cloudtrail-config-changes in us-east-1  cut at pattern, for 1 min 30 s\n    \
             The filter is gone.\n    \
             DeleteMetricFilter by arn:aws:iam::111122223333:user/mal\\u{1b}[2Jlory from 192.0.2.1 at 10:00:00Z (event e-1)\n    \
             10:01:30Z  applied PutMetricFilter metric filter f of ct in us-east-1\n"
        );
    }

    #[test]
    fn a_spreadsheet_runs_nothing_of_it() {
        let incident = incident();
        let mut out = Vec::new();
        csv(&[Line::of(&incident)], &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        let mut reader = csv::Reader::from_reader(out.as_bytes());
        assert_eq!(reader.headers().unwrap().len(), COLUMNS.len());
        let record = reader.records().next().unwrap().unwrap();
        assert_eq!(&record[6], "'=HYPERLINK(\"http://evil\")");
        assert_eq!(&record[10], "5.000");
        assert_eq!(&record[11], "90.000");
    }

    #[test]
    fn machines_get_every_field() {
        let incident = incident();
        let mut out = Vec::new();
        json(&[Line::of(&incident)], &mut out).unwrap();
        let document: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let line = &document["incidents"][0];
        assert_eq!(line["kind"], "broken");
        assert_eq!(line["link"], "pattern");
        assert_eq!(line["actor"]["event_id"], "e-1");
        assert_eq!(line["done"][0]["operation"], "PutMetricFilter");
        assert_eq!(line["time_to_mend_seconds"].as_f64(), Some(90.0));
    }
}
