//! Rules, targets, patterns and roles against what the feed needs: the same comparison as `trailwarden wire`.

use super::check::Check;
use crate::aws::{CheckError, Checked};
use crate::wiring::{Difference, Hole, Part};

const NAME: &str = "wiring";

/// What the comparison found in one account.
pub(super) fn account(name: &str, found: &Result<Checked, CheckError>) -> Vec<Check> {
    let comparison = match found {
        Ok(checked) => &checked.comparison,
        Err(error) => {
            let check = Check::not_checked(NAME, error.to_string());
            return vec![check.of(name)];
        }
    };
    if comparison.is_whole() {
        let detail = "rules, targets, queues and roles let every call through that matters";
        return vec![Check::ok(NAME, detail).of(name)];
    }
    let differences = comparison.differences.iter().map(difference);
    let checks = differences.chain(comparison.holes.iter().map(hole));
    checks.map(|check| check.of(name)).collect()
}

fn difference(one: &Difference) -> Check {
    let problems = if one.absent {
        "it is not there".to_owned()
    } else {
        one.problems.join("; ")
    };
    let detail = format!("{}: {problems}", one.part);
    // A queue that is there and differs is less safe than it could be; without a rule, a bus or a role nothing arrives.
    let check = match &one.part {
        Part::Queue { .. } if !one.absent => Check::warning(NAME, detail),
        _ => Check::failed(NAME, detail),
    };
    check.remedy("trailwarden wire shows the difference, and with --apply makes it right")
}

fn hole(one: &Hole) -> Check {
    let check = Check::not_checked(NAME, format!("{}: {}", one.part, one.reason));
    match &one.permission {
        Some(action) => check.remedy(format!("allow the action {action}")),
        None => check,
    }
}
