//! The queue of the feed as it is set up.

use serde_json::Value;

use super::check::Check;
use crate::aws::{CallError, Class, Fill, QueueAttributes};
use crate::config::QueueUrl;
use crate::snapshot::AccountId;
use crate::wiring::FEWEST_RECEIVES;

const QUEUE: &str = "queue";
const POLICY: &str = "queue policy";
const ENCRYPTION: &str = "queue encryption";
const DEAD_LETTERS: &str = "dead letters";
const CONSUMERS: &str = "consumers";

/// The queue could not be asked.
pub(super) fn unreachable(url: &QueueUrl, error: &CallError) -> Check {
    let check = Check::failed(QUEUE, error.to_string());
    check.remedy(match error.class {
        Class::Denied => {
            "allow sqs:ReceiveMessage, DeleteMessage, ChangeMessageVisibility and GetQueueAttributes on the queue, in the own \
             policies and in the queue's"
                .to_owned()
        }
        Class::Gone => format!(
            "correct queue_url, or make the queue {} in account {}",
            url.name(),
            url.account()
        ),
        Class::Transient | Class::Invalid | Class::Bug => {
            "see that the host of queue_url is reached from here, and its region is right".to_owned()
        }
    })
}

/// What the attributes say. `own` is the account of the own credentials, `is_watched` that a daemon was found at
/// http.listen.
pub(super) fn attributes(
    url: &QueueUrl,
    found: &QueueAttributes,
    own: Option<&AccountId>,
    is_watched: bool,
) -> Vec<Check> {
    vec![
        place(url, found, own),
        policy(found.policy.as_deref()),
        encryption(found),
        redrive(found),
        consumers(found, is_watched),
    ]
}

fn place(url: &QueueUrl, found: &QueueAttributes, own: Option<&AccountId>) -> Check {
    let region = found.arn.split(':').nth(3).unwrap_or_default();
    let detail = format!(
        "{} answers, {} messages wait",
        found.arn, found.depth.visible
    );
    if let Some(named) = url.region().filter(|named| named.as_str() != region) {
        return Check::failed(
            QUEUE,
            format!("queue_url names region {named}, and the queue is in {region}"),
        )
        .remedy("correct queue_url: rules have their targets in their own region");
    }
    match own.filter(|own| *own != url.account()) {
        Some(own) => Check::warning(
            QUEUE,
            format!("{detail}; it is of account {}, the own credentials are of {own}", url.account()),
        )
        .remedy(
            "heartbeats go over the own account's bus: set heartbeat.interval = \"0s\" unless a rule there leads to the queue",
        ),
        None => Check::ok(QUEUE, detail),
    }
}

/// Who may send. Whether exactly the rules may is the wiring's matter; here it is whether EventBridge may at all, and whether
/// everybody may.
fn policy(policy: Option<&str>) -> Check {
    let remedy =
        "trailwarden wire --apply writes a policy that lets the rules send and nobody else";
    let Some(policy) = policy else {
        return Check::failed(POLICY, "there is none: EventBridge may not send").remedy(remedy);
    };
    let Ok(document) = serde_json::from_str::<Value>(policy) else {
        return Check::failed(POLICY, "it cannot be read").remedy(remedy);
    };
    let statements = match document.get("Statement") {
        Some(Value::Array(list)) => list.iter().collect::<Vec<_>>(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let allows =
        |statement: &&Value| statement.get("Effect").and_then(Value::as_str) == Some("Allow");
    let (mut sends, mut open) = (false, false);
    for statement in statements.into_iter().filter(allows) {
        let Some(principal) = statement.get("Principal") else {
            continue;
        };
        let everybody = names(principal, "*");
        sends |= everybody || names(principal, "events.amazonaws.com");
        open |= everybody && statement.get("Condition").is_none();
    }
    if open {
        Check::warning(
            POLICY,
            "everybody may use the queue: whoever sends makes the daemon look",
        )
        .remedy(remedy)
    } else if sends {
        Check::ok(POLICY, "EventBridge is let in under conditions")
    } else {
        Check::failed(
            POLICY,
            "no statement lets EventBridge (events.amazonaws.com) send",
        )
        .remedy(remedy)
    }
}

/// Whether a principal is, or lists, this name.
fn names(principal: &Value, name: &str) -> bool {
    match principal {
        Value::String(text) => text == name,
        Value::Array(list) => list.iter().any(|one| names(one, name)),
        Value::Object(kinds) => kinds.values().any(|one| names(one, name)),
        _ => false,
    }
}

fn encryption(found: &QueueAttributes) -> Check {
    match &found.kms_key {
        Some(key) if key == "alias/aws/sqs" => Check::failed(
            ENCRYPTION,
            "it is encrypted with alias/aws/sqs, which EventBridge may not use: nothing arrives",
        )
        .remedy("use SSE-SQS, or a customer key whose policy lets events.amazonaws.com use it"),
        Some(key) => Check::ok(ENCRYPTION, format!("KMS key {key}")),
        None if found.sse_sqs => Check::ok(ENCRYPTION, "SSE-SQS"),
        None => Check::warning(ENCRYPTION, "it is not encrypted")
            .remedy("set SqsManagedSseEnabled = true: it costs nothing"),
    }
}

fn redrive(found: &QueueAttributes) -> Check {
    match &found.redrive {
        None => Check::warning(
            DEAD_LETTERS,
            "there is no dead-letter queue: what cannot be read comes again until it is too old",
        )
        .remedy("give the queue a redrive policy with maxReceiveCount = 20"),
        Some(redrive) if redrive.max_receive_count < FEWEST_RECEIVES => Check::warning(
            DEAD_LETTERS,
            format!(
                "messages go to {} after {} receives: a few restarts lose events to it",
                redrive.target_arn, redrive.max_receive_count
            ),
        )
        .remedy("set maxReceiveCount = 20"),
        Some(redrive) => Check::ok(
            DEAD_LETTERS,
            format!(
                "{} after {} receives",
                redrive.target_arn, redrive.max_receive_count
            ),
        ),
    }
}

/// How much lies in the dead-letter queue, where there is one.
pub(super) fn dead_letters(fill: &Result<Fill, CallError>) -> Option<Check> {
    const NAME: &str = "dead-letter queue";
    match fill.as_ref().ok()?.dead_letters.as_ref()? {
        Ok(depth) if depth.total() == 0 => Some(Check::ok(NAME, "it is empty")),
        Ok(depth) => Some(
            Check::warning(NAME, format!("{} messages lie in it", depth.total()))
                .remedy("look at them, then purge it: trailwarden never deletes there"),
        ),
        Err(error) if error.class == Class::Denied => Some(
            Check::not_checked(NAME, error.to_string())
                .remedy("allow sqs:GetQueueAttributes on it"),
        ),
        Err(error) => Some(
            Check::failed(NAME, error.to_string())
                .remedy("make the queue that the redrive policy names, or correct the policy"),
        ),
    }
}

fn consumers(found: &QueueAttributes, is_watched: bool) -> Check {
    let in_flight = found.depth.in_flight;
    if is_watched {
        Check::not_checked(
            CONSUMERS,
            "the daemon at http.listen receives from it; SQS does not tell whether somebody else does",
        )
    } else if in_flight > 0 {
        Check::warning(
            CONSUMERS,
            format!("{in_flight} messages are in flight and no daemon answers at http.listen: somebody receives from the queue"),
        )
        .remedy("if that is no trailwarden on another host, end it: two consumers take each other's messages")
    } else {
        Check::ok(CONSUMERS, "nobody holds a message at present")
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Outcome;
    use super::*;
    use crate::aws::{Depth, Redrive};

    const URL: &str = "https://sqs.eu-west-1.amazonaws.com/111122223333/events";

    fn sound() -> QueueAttributes {
        QueueAttributes {
            arn: "arn:aws:sqs:eu-west-1:111122223333:events".to_owned(),
            policy: Some(
                r#"{"Statement":{"Effect":"Allow","Principal":{"Service":["events.amazonaws.com"]},"Action":"sqs:SendMessage"}}"#
                    .to_owned(),
            ),
            redrive: Some(Redrive {
                target_arn: "arn:aws:sqs:eu-west-1:111122223333:dead".to_owned(),
                max_receive_count: 20,
            }),
            sse_sqs: true,
            ..QueueAttributes::default()
        }
    }

    /// What is not ok.
    fn faults(change: impl FnOnce(&mut QueueAttributes)) -> Vec<(&'static str, Outcome)> {
        let mut found = sound();
        change(&mut found);
        let own = "111122223333".parse().unwrap();
        attributes(&URL.parse().unwrap(), &found, Some(&own), false)
            .into_iter()
            .filter(|check| check.outcome != Outcome::Ok)
            .map(|check| {
                assert!(check.remedy.is_some(), "{check:?}");
                (check.name, check.outcome)
            })
            .collect()
    }

    #[test]
    fn each_fault_of_the_queue_is_told_by_itself() {
        assert_eq!(faults(|_| {}), []);
        let warned = |name| vec![(name, Outcome::Warning)];
        let failed = |name| vec![(name, Outcome::Failed)];
        assert_eq!(
            faults(|queue| queue.arn = "arn:aws:sqs:us-east-1:111122223333:events".to_owned()),
            failed(QUEUE)
        );
        assert_eq!(faults(|queue| queue.policy = None), failed(POLICY));
        let deny = r#"{"Statement":[{"Effect":"Deny","Principal":"*","Action":"sqs:*"}]}"#;
        assert_eq!(
            faults(|queue| queue.policy = Some(deny.to_owned())),
            failed(POLICY)
        );
        let open = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sqs:*"}]}"#;
        assert_eq!(
            faults(|queue| queue.policy = Some(open.to_owned())),
            warned(POLICY)
        );
        assert_eq!(faults(|queue| queue.sse_sqs = false), warned(ENCRYPTION));
        let managed = Some("alias/aws/sqs".to_owned());
        assert_eq!(faults(|queue| queue.kms_key = managed), failed(ENCRYPTION));
        assert_eq!(faults(|queue| queue.redrive = None), warned(DEAD_LETTERS));
        assert_eq!(
            faults(|queue| {
                let redrive = queue.redrive.as_mut().unwrap();
                redrive.max_receive_count = 1;
            }),
            warned(DEAD_LETTERS)
        );
        assert_eq!(faults(|queue| queue.depth.in_flight = 3), warned(CONSUMERS));
    }

    #[test]
    fn another_account_s_queue_is_noted() {
        let other = "444455556666".parse().unwrap();
        let checks = attributes(&URL.parse().unwrap(), &sound(), Some(&other), true);
        let outcomes: Vec<_> = checks.iter().map(|one| (one.name, one.outcome)).collect();
        assert_eq!(outcomes[0], (QUEUE, Outcome::Warning));
        assert_eq!(outcomes[4], (CONSUMERS, Outcome::NotChecked));
    }

    #[test]
    fn what_lies_in_the_dead_letter_queue_is_told() {
        let fill = |dead| {
            Ok(Fill {
                queue: Depth::default(),
                dead_letters: dead,
            })
        };
        let depth = |visible| Depth {
            visible,
            ..Depth::default()
        };
        let outcome = |dead| dead_letters(&fill(dead)).map(|check| check.outcome);
        assert_eq!(outcome(None), None);
        assert_eq!(outcome(Some(Ok(depth(0)))), Some(Outcome::Ok));
        assert_eq!(outcome(Some(Ok(depth(2)))), Some(Outcome::Warning));
    }
}
