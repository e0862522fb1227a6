//! Data-protection policies mask at every reader of a log group, metric filters included.

use regex_automata::meta::Regex;
use serde_json::Value;

use super::fault::{Fault, Tri};
use super::remedy::Command;
use super::world::World;
use super::{Link, Warning};
use crate::snapshot::{AccountPolicy, DataProtectionPolicy, LogGroupArn};

/// What the policies of a group do to the values that the filters of a control need.
#[derive(Debug, Default)]
pub(super) struct Masking {
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Warning>,
}

/// A value that the pattern needs, with the field that carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needed {
    pub(super) field: &'static str,
    pub(super) value: String,
}

struct Policy {
    name: String,
    remedy: String,
    document: Option<Value>,
}

/// Looks at the group's own policy and at the account's.
pub(super) fn masking(world: World<'_>, region: &str, group: &str, needed: &[Needed]) -> Masking {
    let mut masking = Masking::default();
    let arn = world.group_arn(region, group);
    let with_star = format!("{arn}:*");
    let scopes = [region, group, &arn, &with_star];
    for operation in [
        "logs:GetDataProtectionPolicy",
        "logs:DescribeAccountPolicies",
    ] {
        // A policy or group that is not there masks nothing.
        if let Some(hole) = world
            .hole(operation, &scopes)
            .filter(|hole| !hole.is_not_found())
        {
            let meaning =
                format!("whether the records of log group {group} are masked is not known.");
            masking
                .faults
                .push(hole.fault(Link::LogGroup, &meaning).on(group));
        }
    }
    for policy in policies(world, region, group) {
        judge(&policy, group, needed, &mut masking);
    }
    masking
}

fn policies(world: World<'_>, region: &str, group: &str) -> Vec<Policy> {
    let of_group = world
        .snapshot
        .data_protection_policies
        .iter()
        .filter(|policy| concerns(policy, region, group))
        .map(|policy| Policy {
            name: format!("of log group {group}"),
            remedy: Command::new("logs delete-data-protection-policy", region)
                .with("--log-group-identifier", group)
                .into(),
            document: document(policy.policy_document.as_ref()),
        });
    let of_account = world
        .snapshot
        .account_policies
        .iter()
        .filter(|policy| account_policy_concerns(policy, region, group))
        .map(|policy| {
            let name = policy.policy_name.as_deref().unwrap_or("without a name");
            Policy {
                name: format!("{name} of the account"),
                remedy: Command::new("logs delete-account-policy", region)
                    .with("--policy-type", "DATA_PROTECTION_POLICY")
                    .with("--policy-name", name)
                    .into(),
                document: document(policy.policy_document.as_ref()),
            }
        });
    of_group.chain(of_account).collect()
}

fn concerns(policy: &DataProtectionPolicy, region: &str, group: &str) -> bool {
    let in_region = policy.region.as_deref().is_none_or(|there| there == region);
    let by_name = policy.log_group_name.as_deref() == Some(group);
    let by_identifier = policy
        .log_group_identifier
        .as_deref()
        .is_some_and(|identifier| {
            LogGroupArn::parse(identifier).map_or(identifier == group, |named| {
                named.name == group && named.region == region
            })
        });
    in_region && (by_name || by_identifier)
}

/// Account policies of data protection hold for every group of the region; a selection is honoured where one is given.
fn account_policy_concerns(policy: &AccountPolicy, region: &str, group: &str) -> bool {
    let is_masking = policy
        .policy_type
        .as_deref()
        .is_none_or(|kind| kind == "DATA_PROTECTION_POLICY");
    is_masking
        && policy.region.as_deref().is_none_or(|there| there == region)
        && policy
            .selection_criteria
            .as_deref()
            .is_none_or(|criteria| selects(criteria, group))
}

/// `LogGroupName NOT IN ["a", "b"]`, `LogGroupName IN [...]`; any other criterion is taken to select the group.
fn selects(criteria: &str, group: &str) -> bool {
    let listed = criteria
        .split('"')
        .skip(1)
        .step_by(2)
        .any(|name| name == group);
    let upper = criteria.to_ascii_uppercase();
    if upper.contains("NOT IN") {
        !listed
    } else if upper.contains(" IN ") {
        listed
    } else {
        true
    }
}

fn document(document: Option<&Value>) -> Option<Value> {
    match document? {
        Value::String(text) => serde_json::from_str(text).ok(),
        other => Some(other.clone()),
    }
}

fn judge(policy: &Policy, group: &str, needed: &[Needed], masking: &mut Masking) {
    let Some(document) = &policy.document else {
        masking.faults.push(
            Fault::undecided(
                Link::LogGroup,
                format!("The data-protection policy {} cannot be read.", policy.name),
            )
            .on(group),
        );
        return;
    };
    for identifier in masked_identifiers(document) {
        let Some(regex) = custom_regex(document, &identifier) else {
            masking.warnings.push(Warning {
                code: "masked_records",
                message: format!(
                    "The data-protection policy {} masks {} in the records that the filters read.",
                    policy.name,
                    identifier.rsplit('/').next().unwrap_or(&identifier)
                ),
            });
            continue;
        };
        let blinded = needed
            .iter()
            .find(|needed| masks(&regex, needed) == Tri::Yes);
        let fault = if let Some(blinded) = blinded {
            Fault::broken(
                Link::LogGroup,
                format!(
                    "The data-protection policy {} masks {} ({} = {}): the metric filters read asterisks.",
                    policy.name, identifier, blinded.field, blinded.value
                ),
            )
        } else if needed
            .iter()
            .any(|needed| masks(&regex, needed) == Tri::Unknown)
        {
            Fault::undecided(
                Link::LogGroup,
                format!(
                    "The data-protection policy {} masks what matches {regex:?}, which cannot be evaluated.",
                    policy.name
                ),
            )
        } else {
            masking.warnings.push(Warning {
                code: "masked_records",
                message: format!(
                    "The data-protection policy {} masks {identifier} in the records that the filters read.",
                    policy.name
                ),
            });
            continue;
        };
        masking
            .faults
            .push(fault.on(group).remedy(policy.remedy.clone()));
    }
}

/// The identifiers of every statement that de-identifies.
fn masked_identifiers(document: &Value) -> Vec<String> {
    let statements = document
        .get("Statement")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    statements
        .filter(|statement| statement.pointer("/Operation/Deidentify").is_some())
        .filter_map(|statement| statement.get("DataIdentifier"))
        .flat_map(|identifiers| match identifiers {
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            Value::String(one) => vec![one.as_str()],
            _ => Vec::new(),
        })
        .map(str::to_owned)
        .collect()
}

fn custom_regex(document: &Value, identifier: &str) -> Option<String> {
    let custom = document
        .pointer("/Configuration/CustomDataIdentifier")?
        .as_array()?;
    let found = custom
        .iter()
        .find(|one| one.get("Name").and_then(Value::as_str) == Some(identifier))?;
    found
        .get("Regex")
        .and_then(Value::as_str)
        .map(str::to_owned)
}

/// Whether the regex finds something within the value, alone or where a record carries it.
fn masks(regex: &str, needed: &Needed) -> Tri {
    let Ok(regex) = Regex::new(regex) else {
        return Tri::Unknown;
    };
    let record = format!(r#"{{"{}":"{}"}}"#, needed.field, needed.value);
    let start = needed.field.len() + 5;
    let end = start + needed.value.len();
    let alone = regex
        .find_iter(&needed.value)
        .any(|found| !found.is_empty());
    let in_record = regex
        .find_iter(&record)
        .any(|found| found.start() < end && found.end() > start);
    (alone || in_record).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str) -> Needed {
        Needed {
            field: "eventName",
            value: name.to_owned(),
        }
    }

    #[test]
    fn a_regex_masks_what_it_finds_within_the_value() {
        assert_eq!(masks("Stop[A-Z][a-z]+", &event("StopLogging")), Tri::Yes);
        assert_eq!(masks("Logging", &event("StopLogging")), Tri::Yes);
        assert_eq!(
            masks(r#""eventName":"Stop"#, &event("StopLogging")),
            Tri::Yes
        );
        assert_eq!(masks(r#""eventName":""#, &event("StopLogging")), Tri::No);
        assert_eq!(masks("[0-9]{6}", &event("StopLogging")), Tri::No);
        assert_eq!(masks("(", &event("StopLogging")), Tri::Unknown);
    }

    #[test]
    fn account_policies_leave_out_the_groups_that_they_say() {
        assert!(!selects(r#"LogGroupName NOT IN ["ct", "x"]"#, "ct"));
        assert!(selects(r#"LogGroupName NOT IN ["x"]"#, "ct"));
        assert!(!selects(r#"LogGroupName IN ["x"]"#, "ct"));
        assert!(selects(r#"LogGroupName IN ["ct"]"#, "ct"));
    }
}
