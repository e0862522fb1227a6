use super::Link;
use super::fault::Fault;
use crate::snapshot::{Arn, Snapshot, Topic, partition_of};

const ASSUME_ROLE: &str = "sts:AssumeRole";
const GET_CALLER_IDENTITY: &str = "sts:GetCallerIdentity";

/// One account as it was seen, holes included.
#[derive(Debug, Clone, Copy)]
pub(super) struct World<'a> {
    pub(super) snapshot: &'a Snapshot,
}

/// A call that failed, or a list that was never asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hole {
    operation: String,
    scope: String,
    /// The error code; none where the call was not made.
    code: Option<String>,
}

impl<'a> World<'a> {
    pub(super) fn account(self) -> &'a str {
        self.snapshot.account_id.as_str()
    }

    /// An account that was looked at: this one, or one that is shown to it.
    pub(super) fn of_account(self, account: &str) -> Option<Self> {
        let others = self.snapshot.other_accounts.iter();
        let mut worlds = [self]
            .into_iter()
            .chain(others.map(|snapshot| World { snapshot }));
        worlds.find(|world| world.account() == account)
    }

    /// ARN of a log group of this account, without the `:*`.
    pub(super) fn group_arn(self, region: &str, name: &str) -> String {
        let (partition, account) = (partition_of(region), self.account());
        format!("arn:{partition}:logs:{region}:{account}:log-group:{name}")
    }

    /// The failed call of this operation about any of the scopes; one without a scope is about everything.
    pub(super) fn hole(self, operation: &str, scopes: &[&str]) -> Option<Hole> {
        self.snapshot.api_errors.iter().find_map(|(key, code)| {
            let (failed, scope) = key.split_once(char::is_whitespace).unwrap_or((key, ""));
            let scope = scope.trim();
            let concerned = scope.is_empty() || scope == "*" || scopes.contains(&scope);
            (failed.eq_ignore_ascii_case(operation) && concerned && !means_none(code)).then(|| {
                Hole {
                    operation: operation.to_owned(),
                    scope: scope.to_owned(),
                    code: Some(code.clone()),
                }
            })
        })
    }

    /// As [`World::hole`], of a list that is absent altogether unless a failed call explains it.
    pub(super) fn list_hole<T>(
        self,
        list: Option<&Vec<T>>,
        operation: &str,
        region: &str,
    ) -> Option<Hole> {
        self.hole(operation, &[region]).or_else(|| {
            list.is_none().then(|| {
                self.closed_door().unwrap_or_else(|| Hole {
                    operation: operation.to_owned(),
                    scope: region.to_owned(),
                    code: None,
                })
            })
        })
    }

    /// Why nothing at all was asked: the role was refused, or the credentials were.
    fn closed_door(self) -> Option<Hole> {
        let role = self.snapshot.api_errors.iter().find_map(|(key, code)| {
            let scope = key.strip_prefix(ASSUME_ROLE)?.trim();
            Some(Hole {
                operation: ASSUME_ROLE.to_owned(),
                scope: scope.to_owned(),
                code: Some(code.clone()),
            })
        });
        role.or_else(|| self.hole(GET_CALLER_IDENTITY, &[]))
    }

    /// Where a topic was seen: in its own account, if that was looked at too, else from here.
    pub(super) fn home_of(self, topic_arn: &str) -> Self {
        let account = Arn::topic(topic_arn).map_or("", |arn| arn.account);
        self.snapshot
            .other_accounts
            .iter()
            .map(|snapshot| World { snapshot })
            .find(|other| other.account() == account && other.topic(topic_arn).is_some())
            .unwrap_or(self)
    }

    pub(super) fn topic(self, arn: &str) -> Option<&'a Topic> {
        self.snapshot
            .topics
            .as_deref()?
            .iter()
            .find(|topic| topic.topic_arn == arn)
    }
}

/// A call that a look made in vain, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// The call as the permission is named, such as `sns:GetTopicAttributes`.
    pub operation: String,
    /// The region or the ARN that it was about; empty: everything.
    pub scope: String,
    /// Whether a permission is missing.
    pub is_denied: bool,
    /// What happened.
    pub message: String,
    /// What is to be done.
    pub remedy: String,
}

/// Every call of a look that failed; those are left out whose answer was that there is nothing.
pub fn unseen(snapshot: &Snapshot) -> Vec<Unseen> {
    let failed = snapshot.api_errors.iter();
    let holes = failed
        .filter(|(_, code)| !means_none(code))
        .map(|(key, code)| {
            let (operation, scope) = key.split_once(char::is_whitespace).unwrap_or((key, ""));
            Hole {
                operation: operation.to_owned(),
                scope: scope.trim().to_owned(),
                code: Some(code.clone()),
            }
        });
    holes
        .filter(|hole| !hole.is_not_found())
        .map(|hole| Unseen {
            is_denied: hole.is_denied(),
            message: hole.describe(),
            remedy: hole.advice(),
            operation: hole.operation,
            scope: hole.scope,
        })
        .collect()
}

/// An endpoint that does not know a call has nothing that the call could list.
fn means_none(code: &str) -> bool {
    matches!(
        code,
        "UnknownOperationException" | "UnknownOperation" | "InvalidAction" | "NotImplemented"
    )
}

impl Hole {
    /// Whether the answer was that the thing does not exist: no hole but an answer.
    pub(super) fn is_not_found(&self) -> bool {
        self.code.as_ref().is_some_and(|code| {
            code.contains("NotFound")
                || code.contains("NonExistent")
                || code.contains("DoesNotExist")
        })
    }

    fn is_denied(&self) -> bool {
        self.code.as_ref().is_some_and(|code| {
            [
                "AccessDenied",
                "Authorization",
                "Unauthorized",
                "Forbidden",
                "NotAuthorized",
            ]
            .iter()
            .any(|word| code.contains(word))
        })
    }

    /// What could not be seen, for people.
    pub(super) fn describe(&self) -> String {
        let place = if self.scope.is_empty() {
            String::new()
        } else {
            format!(" ({})", self.scope)
        };
        match &self.code {
            Some(code) if self.is_denied() => {
                format!("{}{place} was denied ({code})", self.operation)
            }
            Some(code) => format!("{}{place} failed with {code}", self.operation),
            None => format!("{}{place} was not asked", self.operation),
        }
    }

    fn advice(&self) -> String {
        let role_refused = self
            .code
            .as_ref()
            .is_some_and(|code| code.starts_with("AssumeRole:"));
        if self.operation == ASSUME_ROLE || role_refused {
            let role = if self.operation == ASSUME_ROLE && !self.scope.is_empty() {
                &self.scope
            } else {
                "the configured role"
            };
            format!(
                "Allow sts:AssumeRole on {role} to trailwarden's own credentials, and let the role's trust policy admit \
                 them."
            )
        } else if self.operation == GET_CALLER_IDENTITY {
            "Give trailwarden credentials that AWS accepts; sts:GetCallerIdentity itself needs no permission."
                .to_owned()
        } else if self.code.is_some() && !self.is_denied() {
            format!(
                "Look again once {} answers; the call needs the permission of the same name.",
                self.operation
            )
        } else {
            format!(
                "Allow the action {} to the role that trailwarden uses.",
                self.operation
            )
        }
    }

    /// The fault that this hole makes at a link.
    pub(super) fn fault(&self, at: Link, meaning: &str) -> Fault {
        Fault::undecided(at, format!("{}: {meaning}", self.describe()))
            .named(Link::Visibility)
            .remedy(self.advice())
    }
}
