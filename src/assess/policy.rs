//! Resource policies: may CloudWatch do this, on behalf of one alarm?

use serde_json::{Map, Value};

use super::fault::Tri;

/// A request that CloudWatch makes because an alarm acts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    /// Such as `sns:Publish`.
    pub(super) action: &'a str,
    /// ARN of the topic or key.
    pub(super) resource: &'a str,
    /// ARN of the alarm.
    pub(super) source_arn: &'a str,
    /// Account of the alarm.
    pub(super) source_account: &'a str,
    /// For keys: the topic that the message is for.
    pub(super) topic: Option<&'a str>,
}

const SERVICE: &str = "cloudwatch.amazonaws.com";

/// Why a request is let through or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Allowed,
    /// No statement allows it.
    NotAllowed,
    /// A statement denies it.
    Denied,
    /// It hinges on a condition that the snapshot does not decide.
    Undecided,
    /// The text is no policy.
    Unreadable,
}

/// Evaluates a policy: an explicit deny wins, else one allow suffices.
pub(super) fn access(policy: &str, request: &Request<'_>) -> Access {
    let Ok(Value::Object(document)) = serde_json::from_str::<Value>(policy) else {
        return Access::Unreadable;
    };
    let statements = match document.get("Statement") {
        Some(Value::Array(list)) => list.iter().collect::<Vec<_>>(),
        Some(one @ Value::Object(_)) => vec![one],
        _ => return Access::Unreadable,
    };
    let applies = |effect: &str| {
        Tri::any(
            statements
                .iter()
                .filter_map(|statement| statement.as_object())
                .filter(|statement| statement.get("Effect").and_then(Value::as_str) == Some(effect))
                .map(|statement| statement_applies(statement, request)),
        )
    };
    match (applies("Deny"), applies("Allow")) {
        (Tri::Yes, _) => Access::Denied,
        (_, Tri::No) => Access::NotAllowed,
        (Tri::No, Tri::Yes) => Access::Allowed,
        _ => Access::Undecided,
    }
}

fn statement_applies(statement: &Map<String, Value>, request: &Request<'_>) -> Tri {
    Tri::all([
        principal_matches(statement, request),
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

/// The strings of a value that may be one string or a list of them; numbers and booleans as they are written.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().flat_map(strings).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Bool(_) | Value::Number(_) => vec![value.to_string()],
        Value::Null | Value::Object(_) => Vec::new(),
    }
}

fn element_matches(
    statement: &Map<String, Value>,
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

fn principal_matches(statement: &Map<String, Value>, request: &Request<'_>) -> Tri {
    if let Some(principal) = statement.get("Principal") {
        names_cloudwatch(principal).into()
    } else if let Some(others) = statement.get("NotPrincipal") {
        if names_cloudwatch(others) {
            Tri::No
        } else if names_account(others, request.source_account) {
            Tri::Unknown
        } else {
            Tri::Yes
        }
    } else {
        Tri::No
    }
}

fn names_cloudwatch(principal: &Value) -> bool {
    match principal {
        Value::String(text) => text == "*",
        Value::Object(kinds) => kinds.iter().any(|(kind, names)| {
            let names = strings(names);
            match kind.as_str() {
                "AWS" => names.iter().any(|name| name == "*"),
                "Service" => names.iter().any(|name| name == SERVICE || name == "*"),
                _ => false,
            }
        }),
        _ => false,
    }
}

/// A NotPrincipal that names an account leaves open whether the services that act for it are meant.
fn names_account(principal: &Value, account: &str) -> bool {
    principal
        .as_object()
        .and_then(|kinds| kinds.get("AWS"))
        .is_some_and(|names| {
            strings(names)
                .iter()
                .any(|name| name == account || name.ends_with(&format!(":{account}:root")))
        })
}

/// What is known of a condition key.
enum Key {
    Is(Vec<String>),
    Absent,
    Unknown,
}

fn key(name: &str, request: &Request<'_>) -> Key {
    let one = |text: &str| Key::Is(vec![text.to_owned()]);
    match name.to_ascii_lowercase().as_str() {
        "aws:sourcearn" => one(request.source_arn),
        "aws:sourceaccount" | "aws:sourceowner" => one(request.source_account),
        "aws:securetransport" | "aws:principalisawsservice" => one("true"),
        "aws:viaawsservice" => one("false"),
        "aws:principalservicename" | "aws:principalservicenameslist" => one(SERVICE),
        "kms:encryptioncontext:aws:sns:topicarn" => request.topic.map_or(Key::Absent, one),
        // A service principal has no account, organization or identity, and publishing has no endpoint.
        "aws:principalarn"
        | "aws:principalaccount"
        | "aws:principalorgid"
        | "aws:principalorgpaths"
        | "aws:userid"
        | "aws:username"
        | "sns:endpoint"
        | "sns:protocol"
        | "aws:sourcevpc"
        | "aws:sourcevpce"
        | "aws:multifactorauthpresent" => Key::Absent,
        _ => Key::Unknown,
    }
}

fn conditions_hold(statement: &Map<String, Value>, request: &Request<'_>) -> Tri {
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
                    condition_holds(operator, &key(name, request), &strings(wanted))
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
            Key::Is(_) => (!wants_absent).into(),
        };
    }
    let Some((test, negated)) = test_of(operator) else {
        return Tri::Unknown;
    };
    let values = match key {
        Key::Unknown => return Tri::Unknown,
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
pub(super) fn like(pattern: &str, value: &str) -> bool {
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

#[cfg(test)]
mod tests;
