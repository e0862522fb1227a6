//! The answer as people and programs read it.

use std::fmt::Write;

use serde::Serialize;

use super::check::{Check, Outcome, Tally};
use crate::telemetry::sanitize;

/// One object: every check, and how many ended in which way.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    pub(super) checks: &'a [Check],
    pub(super) summary: Tally,
}

/// A line each, the remedy under it, and the sum.
pub(super) fn render(checks: &[Check]) -> String {
    let mut text = String::new();
    let width = Outcome::NotChecked.label().len();
    for check in checks {
        let subject = check.subject.as_deref().map(|one| format!(" {one}"));
        // Writing to a String does not fail.
        let _ = writeln!(
            text,
            "{:width$}  {}{}: {}",
            check.outcome.label(),
            check.name,
            sanitize(&subject.unwrap_or_default()),
            sanitize(&check.detail),
        );
        if let Some(remedy) = &check.remedy {
            let _ = writeln!(text, "{:width$}    {}", "", sanitize(remedy));
        }
    }
    let tally = Tally::of(checks);
    let parts: Vec<String> = Outcome::ALL
        .into_iter()
        .filter(|outcome| tally.get(*outcome) > 0)
        .map(|outcome| format!("{} {}", tally.get(outcome), outcome.label()))
        .collect();
    let _ = writeln!(text, "\n{} checks: {}.", checks.len(), parts.join(", "));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_each_the_remedy_below_and_the_sum() {
        let checks = [
            Check::ok("identity", "account 111122223333"),
            Check::failed("queue", "it does not exist\u{1b}[2J").remedy("correct queue_url"),
            Check::not_checked("heartbeat", "there is no queue").of("x"),
        ];
        assert_eq!(
            render(&checks),
            "ok           identity: account 111122223333\n\
             failed       queue: it does not exist\\u{1b}[2J\n               correct queue_url\n\
             not checked  heartbeat x: there is no queue\n\n\
             3 checks: 1 ok, 1 failed, 1 not checked.\n"
        );
    }
}
