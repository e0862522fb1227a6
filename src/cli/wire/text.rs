//! What the command says to people.

use std::fmt::Write;

use super::Account;
use crate::aws::CallError;
use crate::config::Settings;
use crate::heal::Mark;
use crate::snapshot::AccountId;
use crate::telemetry::sanitize;
use crate::wiring::{Difference, Ground, Part};

struct Page {
    text: String,
    colour: bool,
}

impl Page {
    fn line(&mut self, indent: usize, content: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{:indent$}{}", "", sanitize(content));
    }

    fn marked(&mut self, indent: usize, mark: Mark, content: &str) {
        mark.line(&mut self.text, indent, &sanitize(content), self.colour);
    }
}

/// An account: what differs, what was not seen, and how much of each. `colour` changes no word.
pub(super) fn proposal(account: &Account, colour: bool) -> String {
    let mut page = Page {
        text: String::new(),
        colour,
    };
    let checked = match &account.found {
        Ok(checked) => checked,
        Err(error) => {
            page.line(0, &format!("Account {}", account.site.name));
            page.marked(2, Mark::Ask, &error.to_string());
            page.text.push('\n');
            return page.text;
        }
    };
    page.line(0, &format!("Account {}", checked.needs.account));
    let comparison = &checked.comparison;
    for difference in &comparison.differences {
        page.difference(difference);
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
    page.text.push('\n');
    page.text
}

impl Page {
    fn difference(&mut self, difference: &Difference) {
        for problem in &difference.problems {
            self.line(2, &format!("# {problem}"));
        }
        if difference.absent {
            self.marked(2, Mark::Create, &format!("create {}", difference.part));
        } else {
            self.marked(2, Mark::Change, &format!("change {}", difference.part));
        }
        for detail in &difference.details {
            let name = &detail.name;
            match (&detail.before, &detail.after) {
                (None, Some(after)) => {
                    self.marked(6, Mark::Create, &format!("{name} = {after}"));
                }
                (Some(before), Some(after)) => {
                    self.marked(6, Mark::Change, &format!("{name} = {before} -> {after}"));
                }
                (Some(before), None) => {
                    self.marked(6, Mark::Remove, &format!("{name} = {before}"));
                }
                (None, None) => {}
            }
        }
        self.text.push('\n');
    }
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
    let mut page = Page {
        text: String::new(),
        colour: false,
    };
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
    page.text
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
