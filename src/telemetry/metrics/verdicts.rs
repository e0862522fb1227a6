use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{PoisonError, RwLock};

use jiff::Timestamp;

use super::table::{self, Metric};
use crate::assess::{Assessment, Link, LinkState, Verdict};
use crate::snapshot::AccountId;

/// The gauges that follow from verdicts, as one table: a scrape sees a verdict whole, and a chain that moved to another
/// region leaves no series behind, because the region is a value of the row and no part of its key.
///
/// Written as text without the registry: a vector of gauges would hold, and copy at every scrape, thirteen series for
/// each account and control with their labels, which at a thousand accounts is more memory than all the rest.
#[derive(Debug, Default)]
pub(super) struct Verdicts(RwLock<BTreeMap<AccountId, Account>>);

#[derive(Debug, Default)]
struct Account {
    evaluated_at: Option<Timestamp>,
    feed: Option<Feed>,
    controls: BTreeMap<String, Row>,
}

/// What CloudTrail does for the feed of an account.
#[derive(Debug)]
struct Feed {
    ok: Option<bool>,
    last_event: Option<Timestamp>,
}

#[derive(Debug)]
struct Row {
    region: String,
    verdict: Verdict,
    links: [f64; Link::CHAIN.len()],
}

pub(super) const STATES: [(&str, Verdict); 3] = [
    ("fail", Verdict::Fail),
    ("pass", Verdict::Pass),
    ("unknown", Verdict::Unknown),
];

impl Verdicts {
    pub(super) fn set(
        &self,
        account: &AccountId,
        region: &str,
        control: &str,
        assessment: &Assessment,
    ) {
        let row = Row {
            region: region.to_owned(),
            verdict: assessment.verdict,
            links: Link::CHAIN.map(|link| match assessment.links.get(&link) {
                Some(LinkState::Ok) => 1.0,
                Some(LinkState::Broken) => 0.0,
                Some(LinkState::Undecided) | None => f64::NAN,
            }),
        };
        let mut accounts = self.0.write().unwrap_or_else(PoisonError::into_inner);
        accounts
            .entry(account.clone())
            .or_default()
            .controls
            .insert(control.to_owned(), row);
    }

    pub(super) fn set_evaluated_at(&self, account: &AccountId, at: Timestamp) {
        let mut accounts = self.0.write().unwrap_or_else(PoisonError::into_inner);
        accounts.entry(account.clone()).or_default().evaluated_at = Some(at);
    }

    pub(super) fn set_feed(
        &self,
        account: &AccountId,
        ok: Option<bool>,
        last_event: Option<Timestamp>,
    ) {
        let mut accounts = self.0.write().unwrap_or_else(PoisonError::into_inner);
        accounts.entry(account.clone()).or_default().feed = Some(Feed { ok, last_event });
    }

    /// Appends the families in Prometheus' text format; a family without a series is left out.
    pub(super) fn encode(&self, out: &mut String) {
        let accounts = self.0.read().unwrap_or_else(PoisonError::into_inner);
        family(
            out,
            &table::CONTROL_COMPLIANT,
            rows(&accounts),
            |out, name, (labels, row)| {
                let value = u8::from(row.verdict == Verdict::Pass);
                sample(out, name, &labels, None, value);
            },
        );
        family(
            out,
            &table::CONTROL_STATE,
            rows(&accounts),
            |out, name, (labels, row)| {
                for (state, verdict) in STATES {
                    let value = u8::from(row.verdict == verdict);
                    sample(out, name, &labels, Some(("state", state)), value);
                }
            },
        );
        family(
            out,
            &table::LINK_OK,
            rows(&accounts),
            |out, name, (labels, row)| {
                for (link, value) in Link::CHAIN.iter().zip(row.links) {
                    sample(out, name, &labels, Some(("link", link.name())), value);
                }
            },
        );
        let times = accounts
            .iter()
            .filter_map(|(account, state)| Some((account, state.evaluated_at?)));
        family(
            out,
            &table::LAST_EVALUATION,
            times,
            |out, name, (account, at)| {
                let labels = format!("account=\"{account}\"");
                let seconds = at.as_duration().as_secs_f64();
                sample(out, name, &labels, None, seconds);
            },
        );
        encode_feeds(out, &accounts);
    }
}

fn encode_feeds(out: &mut String, accounts: &BTreeMap<AccountId, Account>) {
    let feeds = || {
        accounts
            .iter()
            .filter_map(|(account, state)| Some((account, state.feed.as_ref()?)))
    };
    family(
        out,
        &table::FEED_CLOUDTRAIL_OK,
        feeds(),
        |out, name, (account, feed)| {
            let value = feed.ok.map_or(f64::NAN, f64::from);
            sample(out, name, &format!("account=\"{account}\""), None, value);
        },
    );
    family(
        out,
        &table::LAST_EVENT,
        feeds().filter_map(|(account, feed)| Some((account, feed.last_event?))),
        |out, name, (account, at)| {
            let seconds = at.as_duration().as_secs_f64();
            sample(out, name, &format!("account=\"{account}\""), None, seconds);
        },
    );
}

/// Every row with the labels that its series have in common.
fn rows(accounts: &BTreeMap<AccountId, Account>) -> impl Iterator<Item = (String, &Row)> {
    accounts.iter().flat_map(|(account, state)| {
        state.controls.iter().map(move |(control, row)| {
            let labels = format!(
                "account=\"{account}\",region=\"{}\",control=\"{}\"",
                escape(&row.region),
                escape(control)
            );
            (labels, row)
        })
    })
}

fn family<T>(
    out: &mut String,
    metric: &Metric,
    items: impl Iterator<Item = T>,
    mut write_samples: impl FnMut(&mut String, &str, T),
) {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return;
    }
    let Metric { name, meaning, .. } = metric;
    // Writing to a String does not fail.
    let _ = write!(out, "# HELP {name} {meaning}\n# TYPE {name} gauge\n");
    for item in items {
        write_samples(out, name, item);
    }
}

fn sample(
    out: &mut String,
    name: &str,
    labels: &str,
    extra: Option<(&str, &str)>,
    value: impl std::fmt::Display,
) {
    let _ = match extra {
        Some((label, text)) => writeln!(out, "{name}{{{labels},{label}=\"{text}\"}} {value}"),
        None => writeln!(out, "{name}{{{labels}}} {value}"),
    };
}

/// A label value as the text format wants it.
fn escape(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
