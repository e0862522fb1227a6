//! How the feed is wired.

use jiff::Timestamp;
use maud::{Markup, html};

use super::{clock, foreign};
use crate::telemetry::status::WiringStatus;

/// Nothing before the first check, and where there is no feed.
pub(super) fn wiring(sites: &[(String, WiringStatus)]) -> Markup {
    let whole = sites.iter().filter(|(_, one)| one.is_whole == Some(true));
    let whole = whole.count();
    let checked: Option<Timestamp> = sites.iter().map(|(_, one)| one.checked_at).max();
    html! {
        @if let Some(checked) = checked {
            section.whole {
                h2 { "Wiring of the feed" }
                div.scroll {
                    table {
                        thead { tr { th scope="col" { "account" } th scope="col" { "wired" } th scope="col" { "what" } } }
                        tbody {
                            @for (name, status) in sites.iter().filter(|(_, one)| one.is_whole != Some(true)).take(super::LISTED) {
                                tr {
                                    td { (foreign(name)) }
                                    td { @if status.is_whole == Some(false) { "no" } @else { "not seen" } }
                                    td { @for problem in &status.problems { div { (foreign(problem)) } } }
                                }
                            }
                            @if whole > 0 {
                                tr { td { (whole) " of " (sites.len()) } td { "yes" } td { "as of " (clock(checked)) } }
                            }
                        }
                    }
                }
                @if whole < sites.len() { p.more { "To mend it: " code { "trailwarden wire --apply" } "." } }
            }
        }
    }
}
