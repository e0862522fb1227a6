//! The status page: the chain of each control as a picture. One document without a script or an external asset; every
//! text from AWS is spelt out by [`sanitize`](super::sanitize()), escaped by the template, and kept apart from its
//! surroundings' text direction.

mod card;
mod history;
#[cfg(test)]
mod tests;
mod wiring;

use std::sync::LazyLock;
use std::time::Duration;

use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::status::{AccountStatus, ControlStatus, FeedHealth, Hearing, ScopeStatus, WiringStatus};
use crate::assess::Verdict;
use crate::escape::sanitize_capped;
use crate::journal::Incident;

const STYLE: &str = include_str!("style.css");

/// Seconds after which the browser asks again.
const REFRESH: u32 = 15;

/// How much of one text from AWS is shown, in characters; commands are shown whole.
const SHOWN: usize = 300;

/// How many passing controls are drawn as a picture; more are rows of a table.
const DRAWN_PASSING: usize = 6;

/// How many controls of one kind are on the page at most; `/status` has them all.
const LISTED: usize = 200;

/// Nothing may be loaded or run; the one inline style is named by its hash.
pub(super) static CONTENT_SECURITY_POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    // Base64 and the words above are printable ASCII; if they were not, the strictest policy would be the answer.
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// A control together with its account.
#[derive(Clone, Copy)]
struct Entry<'a> {
    account: &'a AccountStatus,
    control: &'a ControlStatus,
}

/// The page. `missing` is what readiness waits for; incidents come the latest first.
pub(super) fn render(
    scopes: &[ScopeStatus],
    (feed, hearing): (&FeedHealth, &Hearing),
    missing: &[String],
    wired: &[(String, WiringStatus)],
    incidents: &[Incident],
    now: Timestamp,
) -> String {
    let failing = entries(scopes, Verdict::Fail);
    let unknown = entries(scopes, Verdict::Unknown);
    let passing = entries(scopes, Verdict::Pass);
    let headline = Headline::of(failing.len(), unknown.len(), passing.len());
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="refresh" content=(REFRESH);
                title { (headline.tab) " · trailwarden" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header class=(headline.class) {
                    p.brand { "trailwarden" }
                    h1 { (headline.sentence) }
                    p.tally {
                        span.fail { (failing.len()) " cut" }
                        span.unknown { (unknown.len()) " undecided" }
                        span.pass { (passing.len()) " whole" }
                        span { (feed_line(feed)) }
                        (hearing_line(hearing))
                        span { "as of " (clock(now)) }
                    }
                }
                main {
                    (waiting(missing))
                    (troubles(scopes, now))
                    @for entry in failing.iter().chain(&unknown).take(LISTED) { (card::card(*entry, now)) }
                    (more(failing.len() + unknown.len(), LISTED))
                    @if passing.len() <= DRAWN_PASSING {
                        @for entry in &passing { (card::card(*entry, now)) }
                    } @else {
                        (passing_table(&passing, now))
                    }
                    (wiring::wiring(wired))
                    (history::history(incidents, now))
                }
                footer {
                    p { "The same as JSON: " a href="status" { "/status" } ". This page asks again every " (REFRESH) " seconds." }
                }
            }
        }
    }
    .into_string()
}

struct Headline {
    class: &'static str,
    sentence: String,
    tab: String,
}

impl Headline {
    fn of(failing: usize, unknown: usize, passing: usize) -> Self {
        match (failing, unknown, passing) {
            (0, 0, 0) => Self {
                class: "waiting",
                sentence: "Nothing has been evaluated yet.".to_owned(),
                tab: "waiting".to_owned(),
            },
            (0, 0, _) => Self {
                class: "pass",
                sentence: "Somebody would be told.".to_owned(),
                tab: "all whole".to_owned(),
            },
            (0, _, _) => Self {
                class: "unknown",
                sentence: "It cannot be said that somebody would be told.".to_owned(),
                tab: format!("{unknown} undecided"),
            },
            (1, _, _) => Self {
                class: "fail",
                sentence: "A chain is cut: nobody would be told.".to_owned(),
                tab: "1 cut".to_owned(),
            },
            _ => Self {
                class: "fail",
                sentence: format!("{failing} chains are cut: nobody would be told."),
                tab: format!("{failing} cut"),
            },
        }
    }
}

fn entries(scopes: &[ScopeStatus], verdict: Verdict) -> Vec<Entry<'_>> {
    let accounts = scopes.iter().filter_map(|scope| scope.last.as_deref());
    accounts
        .flat_map(|account| {
            let controls = account.controls.iter();
            controls.map(move |control| Entry { account, control })
        })
        .filter(|entry| entry.control.report.verdict == verdict)
        .collect()
}

fn feed_line(feed: &FeedHealth) -> Markup {
    html! {
        @match feed {
            FeedHealth::Off => { "no event feed, sweeping only" }
            FeedHealth::Waiting { .. } => { "event feed: no answer yet" }
            FeedHealth::Alive { ago } => { "event feed alive, heard " (age(*ago)) " ago" }
            FeedHealth::Silent { ago, .. } => {
                strong { "event feed silent for " (age(*ago)) }
            }
        }
        @if let FeedHealth::Waiting { error: Some(error) } | FeedHealth::Silent { error: Some(error), .. } = feed {
            " (" (foreign(error)) ")"
        }
    }
}

/// What is not known is left out.
fn hearing_line(hearing: &Hearing) -> Markup {
    html! {
        @match hearing.heartbeat {
            Some(true) => { span { "heartbeat through rule and queue" } }
            Some(false) => { span { strong { "the last heartbeat was lost" } } }
            None => {}
        }
        @if let Some(waiting) = hearing.waiting.filter(|count| *count > 0) {
            span { (waiting) " waiting in the queue" }
        }
        @if let Some(dead) = hearing.dead_letters.filter(|count| *count > 0) {
            span { strong { (dead) " in the dead-letter queue" } }
        }
    }
}

fn waiting(missing: &[String]) -> Markup {
    html! {
        @if !missing.is_empty() {
            section.notice {
                h2 { "Not ready; waiting for" }
                ul {
                    @for one in missing.iter().take(LISTED) { li { (foreign(one)) } }
                }
                (more(missing.len(), LISTED))
            }
        }
    }
}

/// The scopes whose last evaluation saw nothing.
fn troubles(scopes: &[ScopeStatus], now: Timestamp) -> Markup {
    let troubled: Vec<_> = scopes
        .iter()
        .filter_map(|scope| Some((&scope.name, scope.failure.as_ref()?)))
        .collect();
    html! {
        @if !troubled.is_empty() {
            section.notice {
                h2 { "Evaluations that fail" }
                ul {
                    @for (name, failure) in troubled.iter().take(LISTED) {
                        li { strong { (foreign(name)) } ", " (since(failure.since, now)) ": " (foreign(&failure.message)) }
                    }
                }
                (more(troubled.len(), LISTED))
            }
        }
    }
}

fn passing_table(passing: &[Entry<'_>], now: Timestamp) -> Markup {
    html! {
        section.whole {
            h2 { "Whole chains" }
            div.scroll {
                table {
                    thead { tr { th scope="col" { "account" } th scope="col" { "control" } th scope="col" { "region" } th scope="col" { "whole" } } }
                    tbody {
                        @for Entry { account, control } in passing.iter().take(LISTED) {
                            tr {
                                td { (account.account_id) }
                                td { span.mark { "✓" } " " (card::number(control)) " " (foreign(&control.report.title)) }
                                td { @if let Some(region) = &control.report.region { (foreign(region)) } }
                                td { (since(control.since, now)) }
                            }
                        }
                    }
                }
            }
            (more(passing.len(), LISTED))
        }
    }
}

fn more(all: usize, shown: usize) -> Markup {
    html! {
        @if all > shown {
            p.more { "and " (all - shown) " more, all in " a href="status" { "/status" } "." }
        }
    }
}

/// A text that somebody else wrote: spelt out, cut, and a direction of its own.
fn foreign(text: &str) -> Markup {
    html! { bdi { (sanitize_capped(text, SHOWN)) } }
}

fn since(at: Timestamp, now: Timestamp) -> Markup {
    let age_of = Duration::try_from(now.duration_since(at)).unwrap_or_default();
    html! { "since " (clock(at)) " (" (age(age_of)) ")" }
}

fn clock(at: Timestamp) -> Markup {
    html! {
        time datetime=(at.strftime("%Y-%m-%dT%H:%M:%SZ")) { (at.strftime("%Y-%m-%d %H:%M:%S UTC")) }
    }
}

/// A duration in its largest unit.
fn age(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
