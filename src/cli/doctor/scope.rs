//! Whether each account can be looked at: by looking.

use super::check::Check;
use super::identity::remedy;
use crate::assess::unseen;
use crate::aws::ObserveError;
use crate::snapshot::Snapshot;

const ROLE: &str = "role";
const READ: &str = "read";

/// What a look at a scope showed: whether its role leads there, and each read that was refused.
pub(super) fn look(name: &str, seen: &Result<Snapshot, ObserveError>) -> Vec<Check> {
    let snapshot = match seen {
        Ok(snapshot) => snapshot,
        Err(error) => {
            let check = Check::failed(ROLE, error.to_string()).of(name);
            return vec![check.remedy(remedy(error))];
        }
    };
    let reached = format!("account {} is reached", snapshot.account_id);
    let mut checks = vec![Check::ok(ROLE, reached).of(name)];
    let holes = unseen(snapshot);
    if holes.is_empty() {
        let count = |list: Option<usize>| list.unwrap_or_default();
        let detail = format!(
            "every call of a look was answered: {} trails, {} metric filters, {} alarms, {} topics in {} regions",
            count(snapshot.trails.as_ref().map(Vec::len)),
            count(snapshot.metric_filters.as_ref().map(Vec::len)),
            count(snapshot.alarms.as_ref().map(Vec::len)),
            count(snapshot.topics.as_ref().map(Vec::len)),
            snapshot.enabled_regions.len(),
        );
        checks.push(Check::ok(READ, detail).of(name));
    }
    for hole in holes {
        // A refusal stays until somebody changes a policy; what else fails may be gone the next time.
        let check = if hole.is_denied {
            Check::failed(READ, hole.message)
        } else {
            Check::warning(READ, hole.message)
        };
        checks.push(check.of(name).remedy(hole.remedy));
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::super::check::Outcome;
    use super::*;
    use crate::aws::{CallError, Class};

    const COMPLIANT: &str = include_str!("../../../tests/fixtures/compliant-snapshot.json");

    fn outcomes(checks: &[Check]) -> Vec<(&'static str, Outcome)> {
        checks.iter().map(|one| (one.name, one.outcome)).collect()
    }

    #[test]
    fn a_look_without_holes_is_every_read_permission() {
        let seen = Ok(Snapshot::from_json(COMPLIANT).unwrap());
        assert_eq!(
            outcomes(&look("own", &seen)),
            [("role", Outcome::Ok), ("read", Outcome::Ok)]
        );
    }

    #[test]
    fn a_refused_read_fails_and_names_the_action_and_a_throttled_one_does_not() {
        let mut snapshot = Snapshot::from_json(COMPLIANT).unwrap();
        for (call, code) in [
            ("cloudwatch:DescribeAlarms eu-west-1", "ThrottlingException"),
            ("kms:GetKeyPolicy arn:x", "NotFoundException"),
            (
                "sns:GetTopicAttributes arn:aws:sns:::t",
                "AuthorizationError",
            ),
        ] {
            snapshot.api_errors.insert(call.to_owned(), code.to_owned());
        }
        let checks = look("own", &Ok(snapshot));
        assert_eq!(
            outcomes(&checks),
            [
                ("role", Outcome::Ok),
                ("read", Outcome::Warning),
                ("read", Outcome::Failed)
            ]
        );
        let remedy = checks[2].remedy.as_deref().unwrap();
        assert!(remedy.contains("sns:GetTopicAttributes"), "{remedy}");
    }

    #[test]
    fn a_role_that_is_refused_fails() {
        let refused = ObserveError::Role(CallError {
            service: "sts",
            operation: "AssumeRole",
            scope: "arn:aws:iam::111122223333:role/warden".to_owned(),
            code: "AccessDenied".to_owned(),
            class: Class::Denied,
            message: "no".to_owned(),
        });
        let checks = look("111122223333", &Err(refused));
        assert_eq!(outcomes(&checks), [("role", Outcome::Failed)]);
        assert_eq!(checks[0].subject.as_deref(), Some("111122223333"));
    }
}
