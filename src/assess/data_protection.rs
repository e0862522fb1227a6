//! Data-protection policies mask at every reader of a log group, metric filters included.

use std::cell::OnceCell;

use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use serde_json::Value;

use super::fault::Fault;
use super::masked::{Blind, Masked};
use super::remedy::Command;
use super::world::World;
use super::{Link, Warning, WarningCode};
use crate::control::Control;
use crate::pattern::Pattern;
use crate::snapshot::{AccountPolicy, DataProtectionPolicy, LogGroupArn};

/// Whoever may write policies must not be able to keep a look busy. Identifiers have 200 characters at most; one whose automaton
/// is larger is not evaluated.
const MOST_BYTES_OF_A_REGEX: usize = 64 * 1024;

/// What the policies of a log group mask, worked out once a look.
#[derive(Debug, Default)]
pub(super) struct Masking {
    group: String,
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Warning>,
    masks: Vec<Mask>,
}

/// A custom identifier that de-identifies.
#[derive(Debug)]
struct Mask {
    policy: String,
    identifier: String,
    remedy: String,
    regex: Regex,
}

/// What masking does to the filters of a log group, as far as a control is concerned.
#[derive(Debug)]
pub(super) struct Blindness<'m> {
    masking: &'m Masking,
    control: &'m Control,
    together: Masked<'m>,
    /// What each mask does by itself.
    alone: OnceCell<Vec<Masked<'m>>>,
}

struct Policy {
    name: String,
    remedy: String,
    document: Option<Value>,
}

impl Masking {
    /// Looks at the group's own policy and at the account's.
    pub(super) fn of(world: World<'_>, region: &str, group: &str) -> Self {
        let mut masking = Self {
            group: group.to_owned(),
            faults: unseen(world, region, group),
            ..Self::default()
        };
        for policy in policies(world, region, group) {
            masking.add(&policy);
        }
        masking
    }

    fn add(&mut self, policy: &Policy) {
        let Some(document) = &policy.document else {
            let message = format!("The data-protection policy {} cannot be read.", policy.name);
            self.undecided(message);
            return;
        };
        for identifier in masked_identifiers(document) {
            let Some(regex) = custom_regex(document, &identifier) else {
                let name = identifier.rsplit('/').next().unwrap_or(&identifier);
                self.warnings.push(warning(&policy.name, name));
                continue;
            };
            match compiled(&regex) {
                Some(regex) => self.masks.push(Mask {
                    policy: policy.name.clone(),
                    remedy: policy.remedy.clone(),
                    identifier,
                    regex,
                }),
                None => self.undecided(format!(
                    "The data-protection policy {} masks what matches {regex:?}, which cannot be evaluated.",
                    policy.name
                )),
            }
        }
    }

    fn undecided(&mut self, message: String) {
        let fault = Fault::undecided(Link::LogGroup, message);
        self.faults.push(fault.on(&self.group));
    }

    /// What it does to the events of a control.
    pub(super) fn of_control<'m>(&'m self, control: &'m Control) -> Blindness<'m> {
        let masks = self.masks.iter().map(|mask| &mask.regex).collect();
        Blindness {
            masking: self,
            control,
            together: Masked::new(control, masks),
            alone: OnceCell::new(),
        }
    }
}

impl<'m> Blindness<'m> {
    /// What is wrong with a filter's reading, and what to know of it.
    pub(super) fn of_filter(&self, pattern: &Pattern) -> (Option<Fault>, Vec<Warning>) {
        let blind = self.together.blinds(pattern);
        if blind == Blind::No {
            let masks = self.masking.masks.iter();
            let warnings = masks.map(|mask| warning(&mask.policy, &mask.identifier));
            return (None, warnings.collect());
        }
        let fault = self
            .guilty(pattern, blind)
            .map(|mask| self.fault(mask, blind));
        (fault, Vec::new())
    }

    fn fault(&self, mask: &Mask, blind: Blind<'_>) -> Fault {
        let does = format!(
            "The data-protection policy {} masks {}",
            mask.policy, mask.identifier
        );
        let fault = if let Blind::To(event) = blind {
            let name = event.get("eventName").and_then(Value::as_str);
            let name = name.unwrap_or_default();
            let message = format!("{does}: of {name} the metric filters read asterisks.");
            Fault::broken(Link::LogGroup, message)
        } else {
            let message = format!(
                "{does}, which is found in what the metric filters look for or in the marks of JSON; whether they still match \
                 is not documented."
            );
            Fault::undecided(Link::LogGroup, message)
        };
        fault.on(&self.masking.group).remedy(mask.remedy.as_str())
    }

    /// The mask that does it by itself; the first where it takes several.
    fn guilty(&self, pattern: &Pattern, blind: Blind<'_>) -> Option<&'m Mask> {
        let masks: &'m [Mask] = &self.masking.masks;
        let by_itself = |mask: &'m Mask| Masked::new(self.control, vec![&mask.regex]);
        let alone = self
            .alone
            .get_or_init(|| masks.iter().map(by_itself).collect());
        let kind = std::mem::discriminant(&blind);
        let mut each = masks.iter().zip(alone);
        let guilty =
            each.find(|(_, masked)| std::mem::discriminant(&masked.blinds(pattern)) == kind);
        guilty.map(|(mask, _)| mask).or_else(|| masks.first())
    }
}

/// What may hide a policy.
fn unseen(world: World<'_>, region: &str, group: &str) -> Vec<Fault> {
    let arn = world.group_arn(region, group);
    let with_star = format!("{arn}:*");
    let scopes = [region, group, &arn, &with_star];
    let operations = [
        "logs:GetDataProtectionPolicy",
        "logs:DescribeAccountPolicies",
    ];
    let holes = operations
        .iter()
        .filter_map(|operation| world.hole(operation, &scopes))
        // A policy or group that is not there masks nothing.
        .filter(|hole| !hole.is_not_found());
    let meaning = format!("whether the records of log group {group} are masked is not known.");
    holes
        .map(|hole| hole.fault(Link::LogGroup, &meaning).on(group))
        .collect()
}

fn warning(policy: &str, identifier: &str) -> Warning {
    Warning {
        code: WarningCode::MaskedRecords,
        message: format!(
            "The data-protection policy {policy} masks {identifier} in the records that the filters read."
        ),
    }
}

/// By bytes, not by Unicode's tables: keys and values that CloudTrail writes are ASCII, where both say the same.
fn compiled(regex: &str) -> Option<Regex> {
    let config = Regex::config()
        .nfa_size_limit(Some(MOST_BYTES_OF_A_REGEX))
        .onepass_size_limit(Some(MOST_BYTES_OF_A_REGEX));
    let syntax = syntax::Config::new().unicode(false).utf8(false);
    let mut builder = Regex::builder();
    builder.configure(config).syntax(syntax).build(regex).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_policies_leave_out_the_groups_that_they_say() {
        assert!(!selects(r#"LogGroupName NOT IN ["ct", "x"]"#, "ct"));
        assert!(selects(r#"LogGroupName NOT IN ["x"]"#, "ct"));
        assert!(!selects(r#"LogGroupName IN ["x"]"#, "ct"));
        assert!(selects(r#"LogGroupName IN ["ct"]"#, "ct"));
    }

    #[test]
    fn a_regex_whose_automaton_is_large_is_not_evaluated() {
        for small in ["StopLogging", r"\w{149}x", r"[0-9]{12}", "[^a]+"] {
            assert!(compiled(small).is_some(), "{small}");
        }
        for large in ["(", r"[\w\s]{1000}{100}", r".{20000}x"] {
            assert!(compiled(large).is_none(), "{large}");
        }
    }
}
