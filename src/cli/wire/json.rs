//! The same for programs.

use serde_json::{Value, json};

use super::Account;
use crate::wiring::{Change, Detail, Difference, Ground, Hole, Part};

pub(super) fn document(ground: &Ground, accounts: &[Account]) -> serde_json::Result<String> {
    let mut checked = accounts.iter().filter_map(|one| one.found.as_ref().ok());
    let queue_url = checked.find_map(|one| one.queue_url.clone());
    let document = json!({
        "prefix": ground.prefix,
        "queue": {
            "account": ground.feed.account,
            "region": ground.feed.region,
            "name": ground.queue,
            "url": queue_url,
        },
        "accounts": accounts.iter().map(account).collect::<Vec<_>>(),
    });
    serde_json::to_string_pretty(&document).map(|text| text + "\n")
}

fn account(account: &Account) -> Value {
    match &account.found {
        Ok(checked) => {
            let comparison = &checked.comparison;
            json!({
                "account": checked.needs.account,
                "error": null,
                "differences": comparison.differences.iter().map(difference).collect::<Vec<_>>(),
                "unseen": comparison.holes.iter().map(hole).collect::<Vec<_>>(),
            })
        }
        Err(error) => json!({
            "account": account.site.account,
            "error": error.to_string(),
            "differences": [],
            "unseen": [],
        }),
    }
}

fn part(part: &Part) -> Value {
    let bus = match part {
        Part::Rule { bus, .. } => Some(bus),
        _ => None,
    };
    json!({
        "kind": part.kind(),
        "name": part.name(),
        "region": part.place().region,
        "bus": bus,
    })
}

fn difference(difference: &Difference) -> Value {
    let detail = |one: &Detail| json!({"name": one.name, "before": one.before, "after": one.after});
    let change = |one: &Change| {
        let (service, operation) = one.operation();
        format!("{service}:{operation}")
    };
    json!({
        "part": part(&difference.part),
        "action": if difference.absent { "create" } else { "change" },
        "problems": difference.problems,
        "details": difference.details.iter().map(detail).collect::<Vec<_>>(),
        "calls": difference.changes.iter().map(change).collect::<Vec<_>>(),
    })
}

fn hole(hole: &Hole) -> Value {
    json!({
        "part": part(&hole.part),
        "reason": hole.reason,
        "permission": hole.permission,
    })
}
