//! What holds for every plan.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use trailwarden::assess::{Chain, Verdict, assess};
use trailwarden::control::Control;
use trailwarden::heal::{ExpectedSubscription, HealPolicy, Plan, Repair, StepAction, apply_to};
use trailwarden::snapshot::Snapshot;

/// The required events that reach somebody, each asked for by itself.
pub(crate) fn told(account: &Snapshot, control: &Control, policy: &HealPolicy) -> BTreeSet<String> {
    let is_told = |name: &&String| {
        let alone = Control::own(name, name, &format!("{{ $.eventName = {name} }}")).unwrap();
        assess(account, &alone, &policy.expectations(), &policy.benchmark).verdict == Verdict::Pass
    };
    control
        .event_names
        .iter()
        .filter(is_told)
        .cloned()
        .collect()
}

pub(crate) fn actions(account: &Snapshot) -> BTreeSet<(String, usize, String)> {
    let alarms = account.alarms.iter().flatten();
    alarms
        .flat_map(|alarm| {
            [
                &alarm.alarm_actions,
                &alarm.ok_actions,
                &alarm.insufficient_data_actions,
            ]
            .into_iter()
            .enumerate()
            .flat_map(move |(kind, actions)| {
                actions
                    .iter()
                    .map(move |action| (alarm.alarm_arn.clone(), kind, action.clone()))
            })
        })
        .collect()
}

/// Everything that is there, by name.
pub(crate) fn names(account: &Snapshot) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    names.extend(
        account
            .trails
            .iter()
            .flatten()
            .map(|one| one.trail_arn.clone()),
    );
    names.extend(
        account
            .log_groups
            .iter()
            .map(|one| format!("{} {}", one.region, one.log_group_name)),
    );
    names.extend(
        account
            .metric_filters
            .iter()
            .flatten()
            .map(|one| format!("{} {} {}", one.region, one.log_group_name, one.filter_name)),
    );
    names.extend(
        account
            .alarms
            .iter()
            .flatten()
            .map(|one| one.alarm_arn.clone()),
    );
    names.extend(
        account
            .topics
            .iter()
            .flatten()
            .map(|one| one.topic_arn.clone()),
    );
    names.extend(
        account
            .subscriptions
            .iter()
            .flatten()
            .map(|one| format!("{} {} {}", one.topic_arn, one.protocol, one.endpoint)),
    );
    names
}

/// What has nothing to do with the chain.
pub(crate) fn bystanders(account: &Snapshot) -> Value {
    json!({
        "group": account.log_groups.iter().filter(|one| one.log_group_name == "app").collect::<Vec<_>>(),
        "filter": account.metric_filters.iter().flatten().filter(|one| one.filter_name == "errors").collect::<Vec<_>>(),
        "alarm": account.alarms.iter().flatten().filter(|one| one.alarm_name == "app-errors").collect::<Vec<_>>(),
        "topic": account.topics.iter().flatten().filter(|one| one.topic_arn.ends_with(":app")).collect::<Vec<_>>(),
        "subscription": account.subscriptions.iter().flatten().filter(|one| one.topic_arn.ends_with(":app")).collect::<Vec<_>>(),
    })
}

/// The laws that hold for every plan; the account after its repairs.
pub(crate) fn carried_out(
    start: &Snapshot,
    found: &Plan,
    control: &Control,
    policy: &HealPolicy,
) -> Snapshot {
    let mut account = start.clone();
    for (step, repair) in found.repairs() {
        assert!(
            policy.allows(step.link),
            "{} may not be mended: {repair:?}",
            step.link
        );
        if let Repair::CreateLogGroup { name, .. } = repair {
            let suffix = format!(":log-group:{name}:*");
            assert!(
                account.trails.iter().flatten().any(|trail| trail
                    .cloud_watch_logs_log_group_arn
                    .as_ref()
                    .is_some_and(|arn| arn.ends_with(&suffix))),
                "no trail writes to {name}"
            );
        }
        if let Repair::Subscribe {
            protocol, endpoint, ..
        } = repair
        {
            let named = ExpectedSubscription {
                protocol: protocol.clone(),
                endpoint: endpoint.clone(),
            };
            assert!(
                policy.subscriptions.contains(&named),
                "nobody named {endpoint}"
            );
        }
        let next = apply_to(&account, repair);
        assert_ne!(next, account, "refused, or without effect: {repair:?}");
        assert!(
            actions(&account).is_subset(&actions(&next)),
            "an action is lost: {repair:?}"
        );
        assert!(
            names(&account).is_subset(&names(&next)),
            "something is gone: {repair:?}"
        );
        let (before, after) = (
            told(&account, control, policy),
            told(&next, control, policy),
        );
        assert!(
            before.is_subset(&after),
            "worse: {repair:?}\n{before:?}\n{after:?}"
        );
        account = next;
    }
    account
}

/// Whether a plan overwrites only what it may: filters of ours or of the known chain; alarms of the known chain, of ours, of
/// the benchmark's name, or with nothing but more actions.
pub(crate) fn overwrites_only_its_own(
    start: &Snapshot,
    found: &Plan,
    control: &Control,
    known: Option<&Chain>,
) {
    let ours = format!("trailwarden-{}", control.key);
    let mut filters: BTreeSet<&str> = BTreeSet::from([ours.as_str()]);
    let mut alarms: BTreeSet<&str> = BTreeSet::from([ours.as_str(), control.alarm_name.as_str()]);
    if let Some(known) = known {
        filters.extend(known.filters.iter().map(|one| one.filter_name.as_str()));
        alarms.extend(known.alarms.iter().map(|one| one.alarm_name.as_str()));
    }
    for (_, repair) in found.repairs() {
        match repair {
            Repair::PutMetricFilter { filter } => {
                let is_there = start.metric_filters.iter().flatten().any(|one| {
                    one.filter_name == filter.filter_name
                        && one.log_group_name == filter.log_group_name
                });
                assert!(
                    !is_there || filters.contains(filter.filter_name.as_str()),
                    "overwrites {repair:?}"
                );
            }
            Repair::PutMetricAlarm { alarm, .. } => {
                let mut present = start.alarms.iter().flatten();
                let Some(present) = present.find(|one| one.alarm_name == alarm.alarm_name) else {
                    continue;
                };
                let only_louder = present.metric_name == alarm.metric_name
                    && present.namespace == alarm.namespace
                    && present.threshold == alarm.threshold
                    && present.period == alarm.period
                    && present.alarm_description == alarm.alarm_description;
                assert!(
                    only_louder || alarms.contains(alarm.alarm_name.as_str()),
                    "overwrites {repair:?}"
                );
            }
            _ => {}
        }
    }
}

pub(crate) fn asks(plan: &Plan) -> usize {
    plan.steps
        .iter()
        .filter(|step| matches!(step.action, StepAction::Ask { .. }))
        .count()
}

pub(crate) fn show(plan: &Plan) -> String {
    let steps: Vec<String> = plan.steps.iter().map(|step| format!("{step:?}")).collect();
    steps.join("\n")
}
