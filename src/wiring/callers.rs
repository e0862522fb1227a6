//! Who asks, and what is known of the request.

use std::collections::BTreeMap;

use crate::policy::{Access, Caller, Key, Request, Statement, decided};

/// What the keys of a request are where the one who asks does not decide them, by their names in lower case.
pub(super) type Circumstances = BTreeMap<String, Key>;

/// One who asks for something.
#[derive(Debug, Clone)]
pub(super) enum Who {
    /// A service, for a resource of an account.
    Service {
        /// The service principal.
        name: String,
        /// The account.
        account: String,
        /// ARN of the resource; none: not known.
        source: Option<String>,
    },
    /// A user, a role or a session of one.
    Principal {
        /// Its ARN.
        arn: String,
        /// Its organization.
        organization: Key,
    },
    /// Somebody whom an identity provider vouches for.
    Federated(String),
}

impl Who {
    /// A service, for a resource.
    pub(super) fn service(name: &str, account: &str, source: Option<&str>) -> Self {
        Self::Service {
            name: name.to_owned(),
            account: account.to_owned(),
            source: source.map(ToOwned::to_owned),
        }
    }

    /// A user or role of which no organization is known.
    pub(super) fn principal(arn: &str) -> Self {
        Self::Principal {
            arn: arn.to_owned(),
            organization: Key::Unknown,
        }
    }

    /// The account that it belongs to, or acts for; empty: it is not known.
    pub(super) fn account(&self) -> &str {
        match self {
            Self::Service { account, .. } => account,
            Self::Principal { arn: text, .. } | Self::Federated(text) => account_of(text),
        }
    }

    /// What a policy says to a request of it. `encrypted`: it comes over TLS.
    pub(super) fn asks(
        &self,
        policy: &[Statement],
        (action, resource): (&str, &str),
        encrypted: bool,
        circumstances: &Circumstances,
    ) -> Access {
        let keys = |key: &str| match key {
            "aws:securetransport" => Key::one(if encrypted { "true" } else { "false" }),
            _ => self.key(key).unwrap_or_else(|| {
                let known = circumstances.get(key).cloned();
                known.unwrap_or(Key::Unknown)
            }),
        };
        let caller = match self {
            Self::Service { name, account, .. } => Caller::Service { name, account },
            Self::Principal { arn, .. } => Caller::Principal(arn),
            Self::Federated(provider) => Caller::Federated(provider),
        };
        let request = Request {
            action,
            resource,
            caller,
            keys: &keys,
        };
        decided(policy, &request)
    }

    /// A key that the one who asks decides.
    fn key(&self, key: &str) -> Option<Key> {
        let is_service = matches!(self, Self::Service { .. });
        Some(match (self, key) {
            (_, "aws:principalisawsservice") => Key::one(if is_service { "true" } else { "false" }),
            (Self::Service { source, .. }, "aws:sourcearn") => {
                source.as_deref().map_or(Key::Unknown, Key::one)
            }
            (Self::Service { account, .. }, "aws:sourceaccount") => Key::one(account),
            (
                Self::Service { name, .. },
                "aws:principalservicename" | "aws:principalservicenameslist",
            ) => Key::one(name),
            (Self::Principal { arn, .. }, "aws:principalarn") => Key::one(&identity(arn)),
            (Self::Principal { arn, .. }, "aws:principalaccount") => Key::one(account_of(arn)),
            (Self::Principal { organization, .. }, "aws:principalorgid") => organization.clone(),
            (
                Self::Service { .. },
                "aws:principalarn" | "aws:principalaccount" | "aws:principalorgid",
            )
            | (
                _,
                "aws:sourcearn"
                | "aws:sourceaccount"
                | "aws:principalservicename"
                | "aws:principalservicenameslist",
            ) => Key::Absent,
            _ => return None,
        })
    }
}

/// The account of an ARN; empty where it has none.
pub(super) fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

/// The user or role that a session is one of, which is what `aws:PrincipalArn` says (IAM User Guide, "AWS global condition context
/// keys"). A role's path is not in the ARN of its sessions.
pub(super) fn identity(arn: &str) -> String {
    let role = arn.split_once(":assumed-role/").and_then(|(begin, rest)| {
        let (role, _) = rest.split_once('/')?;
        Some(format!("{}:role/{role}", begin.replace(":sts:", ":iam:")))
    });
    role.unwrap_or_else(|| arn.to_owned())
}
