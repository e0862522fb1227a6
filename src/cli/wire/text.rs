//! What the command says to people.

use std::fmt::Write;

use super::Account;
use crate::aws::CallError;
use crate::config::Settings;
use crate::heal::{Mark, Page};
use crate::snapshot::AccountId;
use crate::telemetry::sanitize;
use crate::wiring::{Difference, Ground, Part};

/// An account: what differs, what was not seen, and how much of each. `colour` changes no word.
pub(super) fn proposal(account: &Account, colour: bool) -> String {
    let mut page = Page::new(colour);
    let checked = match &account.found {
        Ok(checked) => checked,
        Err(error) => {
            page.line(0, &format!("Account {}", account.site.name));
            page.marked(2, Mark::Ask, &error.to_string());
            page.gap();
            return page.into_text();
        }
    };
    page.line(0, &format!("Account {}", checked.needs.account));
    let comparison = &checked.comparison;
    for difference in &comparison.differences {
        compare(&mut page, difference);
    }
    for hole in &comparison.holes {
        let remedy = hole.permission.as_ref();
        let remedy = remedy.map_or_else(String::new, |action| format!("; allow {action}"));
        page.marked(
            2,
            Mark::Ask,
            &format!("{}: {}{remedy}", hole.part, hole.reason),
        );
    }
    if comparison.is_whole() {
        page.line(2, "Nothing to do.");
    } else {
        let create = comparison
            .differences
            .iter()
            .filter(|one| one.absent)
            .count();
        let change = comparison.differences.len() - create;
        let holes = comparison.holes.len();
        page.line(
            2,
            &format!("Plan: {create} to create, {change} to change, {holes} not seen."),
        );
    }
    page.gap();
    page.into_text()
}

fn compare(page: &mut Page, difference: &Difference) {
    for problem in &difference.problems {
        page.line(2, &format!("# {problem}"));
    }
    let part = &difference.part;
    if difference.absent {
        page.marked(2, Mark::Create, &format!("create {part}"));
    } else {
        page.marked(2, Mark::Change, &format!("change {part}"));
    }
    for detail in &difference.details {
        page.attribute(
            &detail.name,
            detail.before.as_deref(),
            detail.after.as_deref(),
        );
    }
    page.gap();
}

/// What became of one difference.
pub(super) fn progress(
    account: &AccountId,
    difference: &Difference,
    outcome: Option<&Result<(), CallError>>,
) -> String {
    let (sign, done) = if difference.absent {
        ('+', "created")
    } else {
        ('~', "changed")
    };
    let part = &difference.part;
    let line = match outcome {
        Some(Ok(())) => format!("  {sign} {account} {part}: {done}"),
        Some(Err(error)) => format!("  ! {account} {part}: {error}"),
        None => format!("  ! {account} {part}: not written: you asked to stop"),
    };
    format!("{}\n", sanitize(&line))
}

/// How it stands after everything was written.
pub(super) fn conclusion(accounts: &[Account]) -> String {
    let mut page = Page::new(false);
    let (mut left, mut unseen) = (0, 0);
    for account in accounts {
        match &account.found {
            Ok(checked) => {
                left += checked.comparison.differences.len();
                unseen += checked.comparison.holes.len();
                for one in &checked.comparison.differences {
                    let problems = one.problems.join("; ");
                    page.line(
                        2,
                        &format!("! {} {}: {problems}", checked.needs.account, one.part),
                    );
                }
            }
            Err(error) => {
                unseen += 1;
                page.line(2, &format!("! {}: {error}", account.site.name));
            }
        }
    }
    match (left, unseen) {
        (0, 0) => page.line(0, "The feed is wired."),
        _ => page.line(0, &format!("Left: {left} to do, {unseen} not seen.")),
    }
    page.into_text()
}

/// What would be removed from an account.
pub(super) fn removal(account: &AccountId, parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        let line = format!("  - {account} {part}");
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", sanitize(&line));
    }
    text
}

/// The setting that is missing; nothing where it is there.
pub(super) fn queue_url(settings: &Settings, ground: &Ground, accounts: &[Account]) -> String {
    if settings.queue_url.is_some() {
        return String::new();
    }
    let mut checked = accounts.iter().filter_map(|one| one.found.as_ref().ok());
    match checked.find_map(|one| one.queue_url.as_deref()) {
        Some(url) => format!("\nConfigure the daemon with it:\n\n    queue_url = {url:?}\n"),
        None => format!(
            "No queue_url is configured: the queue would be {} in {} of account {}.\n",
            ground.queue, ground.feed.region, ground.feed.account
        ),
    }
}
