//! IAM policies: may this caller do that? Pure.
//!
//! What a condition says of a key that is not known is left open ([`Tri::Unknown`]), never guessed.

mod tri;

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::{Map, Value};

pub(crate) use tri::Tri;

/// Who makes a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Caller<'a> {
    /// A service on its own behalf, such as `events.amazonaws.com`, for an account.
    Service {
        /// The service principal.
        name: &'a str,
        /// The account that it acts for.
        account: &'a str,
    },
    /// A user or role, by its ARN.
    Principal(&'a str),
    /// Somebody whom an identity provider vouches for, by its name or ARN.
    Federated(&'a str),
}

/// What is known of a condition key.
#[derive(Debug, Clone)]
pub(crate) enum Key {
    /// It has these values.
    Is(Vec<String>),
    /// It is a time.
    At(Timestamp),
    /// The request does not carry it.
    Absent,
    /// It is not known.
    Unknown,
}

impl Key {
    /// It has this value.
    pub(crate) fn one(text: &str) -> Self {
        Self::Is(vec![text.to_owned()])
    }
}

/// A request to a resource.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    /// Such as `sns:Publish`.
    pub(crate) action: &'a str,
    /// ARN of the resource.
    pub(crate) resource: &'a str,
    /// Who asks.
    pub(crate) caller: Caller<'a>,
    /// What is known of a condition key, by its name in lower case.
    pub(crate) keys: &'a dyn Fn(&str) -> Key,
}

/// Why a request is let through or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// A statement allows it, and none denies it.
    Allowed,
    /// No statement allows it.
    NotAllowed,
    /// A statement denies it.
    Denied,
    /// It hinges on a condition that is not known.
    Undecided,
    /// The text is no policy.
    Unreadable,
}

/// A statement of a policy.
pub(crate) type Statement = Map<String, Value>;

/// Evaluates the policy of a resource: an explicit deny wins, else one allow suffices.
///
/// A policy of an identity has no principals; [`identity_access`] reads those.
pub(crate) fn access(policy: &str, request: &Request<'_>) -> Access {
    statements(policy).map_or(Access::Unreadable, |all| decided(&all, request))
}

/// The same for statements that were read once for many requests.
pub(crate) fn decided(statements: &[Statement], request: &Request<'_>) -> Access {
    evaluate(statements, request, principal_matches)
}

/// The same for a policy that a role or user carries: every statement is about them.
pub(crate) fn identity_access(policy: &str, request: &Request<'_>) -> Access {
    let about_them: PrincipalTest = |_, _| Tri::Yes;
    statements(policy).map_or(Access::Unreadable, |all| {
        evaluate(&all, request, about_them)
    })
}

type PrincipalTest = fn(&Statement, &Request<'_>) -> Tri;

fn evaluate(statements: &[Statement], request: &Request<'_>, principal: PrincipalTest) -> Access {
    let applies = |effect: &str| {
        Tri::any(
            statements
                .iter()
                .filter(|statement| statement.get("Effect").and_then(Value::as_str) == Some(effect))
                .map(|statement| statement_applies(statement, request, principal)),
        )
    };
    match (applies("Deny"), applies("Allow")) {
        (Tri::Yes, _) => Access::Denied,
        (_, Tri::No) => Access::NotAllowed,
        (Tri::No, Tri::Yes) => Access::Allowed,
        _ => Access::Undecided,
    }
}

fn statement_applies(
    statement: &Statement,
    request: &Request<'_>,
    principal: PrincipalTest,
) -> Tri {
    Tri::all([
        principal(statement, request),
        element_matches(statement, "Action", "NotAction", |text| {
            like(
                &text.to_ascii_lowercase(),
                &request.action.to_ascii_lowercase(),
            )
        }),
        element_matches(statement, "Resource", "NotResource", |text| {
            like(text, request.resource)
        }),
        conditions_hold(statement, request),
    ])
}

/// The statements of a policy; none where the text is no policy.
pub(crate) fn statements(policy: &str) -> Option<Vec<Statement>> {
    let Ok(Value::Object(mut document)) = serde_json::from_str::<Value>(policy) else {
        return None;
    };
    let list = match document.remove("Statement")? {
        Value::Array(list) => list,
        one @ Value::Object(_) => vec![one],
        _ => return None,
    };
    let objects = list.into_iter().filter_map(|statement| match statement {
        Value::Object(statement) => Some(statement),
        _ => None,
    });
    Some(objects.collect())
}

/// The strings of a value that may be one string or a list of them; numbers and booleans as they are written.
pub(crate) fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().flat_map(strings).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Bool(_) | Value::Number(_) => vec![value.to_string()],
        Value::Null | Value::Object(_) => Vec::new(),
    }
}

fn element_matches(
    statement: &Statement,
    positive: &str,
    negative: &str,
    matches: impl Fn(&str) -> bool,
) -> Tri {
    if let Some(value) = statement.get(positive) {
        strings(value).iter().any(|text| matches(text)).into()
    } else if let Some(value) = statement.get(negative) {
        (!strings(value).iter().any(|text| matches(text))).into()
    } else {
        // A resource policy's statement without a resource is about the resource that carries it.
        Tri::from(positive == "Resource")
    }
}

fn principal_matches(statement: &Statement, request: &Request<'_>) -> Tri {
    if let Some(principal) = statement.get("Principal") {
        names_caller(principal, request.caller).into()
    } else if let Some(others) = statement.get("NotPrincipal") {
        match request.caller {
            caller if names_caller(others, caller) => Tri::No,
            // One that names an account leaves open whether the services that act for it are meant.
            Caller::Service { account, .. } if names_account(others, account) => Tri::Unknown,
            _ => Tri::Yes,
        }
    } else {
        Tri::No
    }
}

fn names_caller(principal: &Value, caller: Caller<'_>) -> bool {
    match principal {
        Value::String(text) => text == "*",
        Value::Object(kinds) => kinds.iter().any(|(kind, names)| {
            let names = strings(names);
            match (kind.as_str(), caller) {
                ("AWS", Caller::Service { .. } | Caller::Federated(_)) => {
                    names.iter().any(|name| name == "*")
                }
                ("AWS", Caller::Principal(arn)) => names.iter().any(|name| is_caller(name, arn)),
                ("Service", Caller::Service { name: service, .. }) => {
                    names.iter().any(|name| name == service || name == "*")
                }
                ("Federated", Caller::Federated(provider)) => {
                    names.iter().any(|name| name == provider || name == "*")
                }
                _ => false,
            }
        }),
        _ => false,
    }
}

/// Whether a name of a policy means this principal: everybody, the principal itself, or its whole account.
fn is_caller(name: &str, arn: &str) -> bool {
    let account = arn.split(':').nth(4).unwrap_or_default();
    name == "*" || name == arn || is_account(name, account)
}

fn is_account(name: &str, account: &str) -> bool {
    name == account || name.ends_with(&format!(":{account}:root"))
}

fn names_account(principal: &Value, account: &str) -> bool {
    principal
        .as_object()
        .and_then(|kinds| kinds.get("AWS"))
        .is_some_and(|names| strings(names).iter().any(|name| is_account(name, account)))
}

fn conditions_hold(statement: &Statement, request: &Request<'_>) -> Tri {
    let Some(conditions) = statement.get("Condition") else {
        return Tri::Yes;
    };
    let Some(conditions) = conditions.as_object() else {
        return Tri::Unknown;
    };
    Tri::all(conditions.iter().flat_map(|(operator, keys)| {
        let keys: Vec<Tri> = match keys.as_object() {
            Some(keys) => keys
                .iter()
                .map(|(name, wanted)| {
                    condition_holds(
                        operator,
                        &(request.keys)(&name.to_ascii_lowercase()),
                        &strings(wanted),
                    )
                })
                .collect(),
            None => vec![Tri::Unknown],
        };
        keys
    }))
}

fn condition_holds(operator: &str, key: &Key, wanted: &[String]) -> Tri {
    let (quantifier, operator) = match operator.split_once(':') {
        Some((quantifier, operator)) => (quantifier, operator),
        None => ("", operator),
    };
    let (operator, if_exists) = match operator.strip_suffix("IfExists") {
        Some(operator) => (operator, true),
        None => (operator, false),
    };
    if operator == "Null" {
        let wants_absent = wanted.iter().any(|text| text.eq_ignore_ascii_case("true"));
        return match key {
            Key::Unknown => Tri::Unknown,
            Key::Absent => wants_absent.into(),
            Key::Is(_) | Key::At(_) => (!wants_absent).into(),
        };
    }
    if let Key::At(time) = key {
        // How a time is written, for other operators to look at, is not documented.
        return match (quantifier, test_of_time(operator)) {
            ("", Some(test)) => Tri::any(wanted.iter().map(|text| test(*time, text))),
            _ => Tri::Unknown,
        };
    }
    let Some((test, negated)) = test_of(operator) else {
        return Tri::Unknown;
    };
    let values = match key {
        Key::Unknown | Key::At(_) => return Tri::Unknown,
        // Negated operators hold where the key is absent, and so do those over all values.
        Key::Absent if quantifier == "ForAnyValue" => return if_exists.into(),
        Key::Absent => return (if_exists || negated || quantifier == "ForAllValues").into(),
        Key::Is(values) => values,
    };
    let matches = |value: &String| {
        let equal = Tri::any(wanted.iter().map(|text| {
            // The value of a policy variable is known only at the time.
            if text.contains("${") {
                Tri::Unknown
            } else {
                test(text, value)
            }
        }));
        if negated { equal.not() } else { equal }
    };
    if quantifier == "ForAnyValue" {
        Tri::any(values.iter().map(matches))
    } else {
        Tri::all(values.iter().map(matches))
    }
}

type Test = fn(&str, &str) -> Tri;

fn test_of(operator: &str) -> Option<(Test, bool)> {
    let equal: Test = |wanted, value| (wanted == value).into();
    let ignoring_case: Test = |wanted, value| wanted.eq_ignore_ascii_case(value).into();
    let alike: Test = |wanted, value| like(wanted, value).into();
    match operator {
        "StringEquals" => Some((equal, false)),
        "StringNotEquals" => Some((equal, true)),
        "StringEqualsIgnoreCase" | "Bool" => Some((ignoring_case, false)),
        "StringNotEqualsIgnoreCase" => Some((ignoring_case, true)),
        "StringLike" => Some((alike, false)),
        "StringNotLike" => Some((alike, true)),
        // ArnEquals and ArnLike are the same: both take wildcards, in each of the six parts.
        "ArnEquals" | "ArnLike" => Some((arn_like, false)),
        "ArnNotEquals" | "ArnNotLike" => Some((arn_like, true)),
        _ => None,
    }
}

/// Compares a time with the text of a policy.
type TimeTest = fn(Timestamp, &str) -> Tri;

/// Equality is left open: nobody can mean one moment.
fn test_of_time(operator: &str) -> Option<TimeTest> {
    let test: TimeTest = match operator {
        "DateLessThan" => |time, text| is_ordered(time, text, Ordering::is_lt),
        "DateLessThanEquals" => |time, text| is_ordered(time, text, Ordering::is_le),
        "DateGreaterThan" => |time, text| is_ordered(time, text, Ordering::is_gt),
        "DateGreaterThanEquals" => |time, text| is_ordered(time, text, Ordering::is_ge),
        _ => return None,
    };
    Some(test)
}

fn is_ordered(time: Timestamp, text: &str, wanted: fn(Ordering) -> bool) -> Tri {
    let of_day = || format!("{text}T00:00:00Z").parse();
    match text.parse::<Timestamp>().or_else(|_| of_day()) {
        Ok(other) => wanted(time.cmp(&other)).into(),
        // Seconds since 1970, and forms that are not read here.
        Err(_) => Tri::Unknown,
    }
}

/// Each of the six parts by itself. What a pattern of fewer parts means (`arn:aws:cloudwatch:*`) is not documented.
fn arn_like(pattern: &str, value: &str) -> Tri {
    let parts = |text: &str| text.splitn(6, ':').map(str::to_owned).collect::<Vec<_>>();
    let (pattern, value) = (parts(pattern), parts(value));
    if pattern.len() < value.len() && pattern.last().is_some_and(|last| last.ends_with('*')) {
        return Tri::Unknown;
    }
    Tri::from(
        pattern.len() == value.len()
            && pattern
                .iter()
                .zip(&value)
                .all(|(pattern, value)| like(pattern, value)),
    )
}

/// `*` stands for any text, `?` for any character.
pub(crate) fn like(pattern: &str, value: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let value: Vec<char> = value.chars().collect();
    let (mut at, mut seen) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while seen < value.len() {
        match pattern.get(at) {
            Some('*') => {
                retry = Some((at + 1, seen));
                at += 1;
            }
            Some(c) if *c == '?' || Some(c) == value.get(seen) => {
                at += 1;
                seen += 1;
            }
            _ => match retry {
                Some((after, from)) => {
                    at = after;
                    seen = from + 1;
                    retry = Some((after, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern
        .get(at..)
        .is_some_and(|rest| rest.iter().all(|c| *c == '*'))
}
