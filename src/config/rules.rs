//! Values that are right each by itself and cannot stand together.

use std::collections::BTreeSet;

use super::fault::Fault;
use super::load::Merged;
use super::settings::{HealMode, Settings};

/// Every contradiction between keys none of which was `rejected` already.
pub(super) fn contradictions(
    settings: &Settings,
    merged: &Merged,
    rejected: &[String],
) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (keys, message) in heal(settings).into_iter().chain(scopes(settings)) {
        if keys
            .iter()
            .any(|key| rejected.iter().any(|path| path == key))
        {
            continue;
        }
        let sources: BTreeSet<String> = keys.iter().map(|key| merged.source(key)).collect();
        let source = sources.into_iter().collect::<Vec<_>>().join(" and ");
        faults.push(Fault {
            source,
            key: Some(keys.join(" and ")),
            message,
        });
    }
    faults
}

/// The keys that contradict each other, and how.
type Contradiction = (Vec<&'static str>, String);

fn heal(settings: &Settings) -> Vec<Contradiction> {
    let mut found = Vec::new();
    let heal = &settings.heal;
    if heal.mode == HealMode::Off {
        return found;
    }
    if heal.links.is_empty() {
        let message = "the mode asks for repairs and no link may be mended".to_owned();
        found.push((vec!["heal.mode", "heal.links"], message));
    }
    if heal.settle >= settings.sweep.interval {
        let message = format!(
            "a broken link would have to stay so for {}, longer than the {} between two sweeps",
            humantime::format_duration(heal.settle),
            humantime::format_duration(settings.sweep.interval),
        );
        found.push((vec!["heal.settle", "sweep.interval"], message));
    }
    found
}

fn scopes(settings: &Settings) -> Vec<Contradiction> {
    let mut found = Vec::new();
    let scopes = &settings.scope;
    for (index, scope) in scopes.iter().enumerate() {
        for (later_index, later) in scopes.iter().enumerate().skip(index + 1) {
            // Events and gauges tell accounts apart, not their regions.
            if scope.account == later.account {
                let message = format!(
                    "scope[{index}] and scope[{later_index}] are both account {}: one scope lists all regions of its account",
                    scope.account
                );
                found.push((vec!["scope"], message));
            }
        }
    }
    let own: BTreeSet<_> = scopes
        .iter()
        .filter(|scope| scope.role_arn.is_none())
        .map(|scope| &scope.account)
        .collect();
    if own.len() > 1 {
        let accounts = own
            .iter()
            .map(|account| account.as_str())
            .collect::<Vec<_>>()
            .join(", ");
        let message = format!(
            "the scopes of accounts {accounts} name no role_arn, and the own credentials are of one account"
        );
        found.push((vec!["scope"], message));
    }
    found
}
