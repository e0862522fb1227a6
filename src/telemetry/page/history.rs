//! What happened last.

use jiff::Timestamp;
use maud::{Markup, html};

use super::{age, clock, foreign};
use crate::assess::{Link, Verdict};
use crate::event::Actor;
use crate::journal::{Incident, Occurrence, Spell};

pub(super) fn history(incidents: &[Incident], now: Timestamp) -> Markup {
    html! {
        @if !incidents.is_empty() {
            section.whole {
                h2 { "What happened last" }
                div.scroll {
                    table {
                        thead { tr {
                            th scope="col" { "when" } th scope="col" { "account" } th scope="col" { "control" }
                            th scope="col" { "what" } th scope="col" { "by, as reported" } th scope="col" { "done" }
                        } }
                        tbody {
                            @for incident in incidents {
                                @match incident {
                                    Incident::Broken(spell) => { (broken(spell, now)) }
                                    Incident::Happened(occurrence) => { (happened(occurrence)) }
                                }
                            }
                        }
                    }
                }
                p.more { "All of it: " code { "trailwarden history" } "." }
            }
        }
    }
}

fn broken(spell: &Spell, now: Timestamp) -> Markup {
    let end = spell.until.unwrap_or(now);
    let lasted = end.duration_since(spell.since).unsigned_abs();
    let link = spell.link.map(Link::name);
    html! {
        tr {
            td { (clock(spell.since)) }
            td { (spell.account) }
            td { (foreign(&spell.control)) }
            td {
                @if spell.verdict == Verdict::Fail { "cut" } @else { "undecided" }
                @if let Some(link) = link { " at " (link) }
                @if spell.until.is_some() { ", for " (age(lasted)) } @else { ", and lasts" }
            }
            td { (by(spell.actor.as_ref())) }
            td {
                @for deed in spell.deeds.iter().filter(|deed| deed.result == "applied") {
                    div { (deed.operation) " " (foreign(&deed.target)) }
                }
            }
        }
    }
}

fn happened(occurrence: &Occurrence) -> Markup {
    html! {
        tr {
            td { (clock(occurrence.at)) }
            td { (occurrence.account) }
            td { @if let Some(control) = &occurrence.control { (foreign(control)) } }
            td { (occurrence.kind.name().replace('_', " ")) ": " (foreign(&occurrence.message)) }
            td { (by(occurrence.actor.as_ref())) }
            td {}
        }
    }
}

fn by(actor: Option<&Actor>) -> Markup {
    html! {
        @if let Some(actor) = actor {
            (foreign(&actor.event_name))
            @if let Some(principal) = &actor.principal_arn { ", " (foreign(principal)) }
        }
    }
}
