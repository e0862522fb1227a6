//! The policies that the wiring needs.

use serde_json::{Value, json};

use super::ground::Ground;
use crate::snapshot::AccountId;

/// The service that rules act as.
pub(super) const EVENTS: &str = "events.amazonaws.com";
/// What only the daemon may do with the queue.
pub(super) const CONSUMING: [&str; 3] =
    ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:PurgeQueue"];

/// The policy of the feed's queue; `rules` are the ARNs of those that send.
///
/// Deleting the queue or setting its attributes is denied to nobody: a policy that did would lock its owner out. Both are events
/// that the daemon hears of.
pub(super) fn queue_policy(ground: &Ground, rules: &[String]) -> String {
    let queue = ground.queue_arn(&ground.queue);
    let mut statements = vec![
        json!({
            "Sid": "RulesSend",
            "Effect": "Allow",
            "Principal": {"Service": EVENTS},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": rules}},
        }),
        json!({
            "Sid": "NobodyElseSends",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnNotEquals": {"aws:SourceArn": rules}},
        }),
    ];
    if let Some(consumer) = &ground.consumer_role_arn {
        statements.push(json!({
            "Sid": "OnlyTheDaemonReceives",
            "Effect": "Deny",
            "Principal": "*",
            "Action": CONSUMING,
            "Resource": queue,
            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": consumer}},
        }));
    }
    statements.push(only_encrypted(&queue));
    document(&statements)
}

/// The policy of the dead-letter queue. SQS itself moves messages there, which no policy is asked about.
pub(super) fn dead_letter_policy(ground: &Ground) -> String {
    document(&[only_encrypted(&ground.queue_arn(&ground.dead_letters()))])
}

fn only_encrypted(queue: &str) -> Value {
    json!({
        "Sid": "OnlyEncrypted",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": queue,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    })
}

/// The policy of the central bus; none where every event is of the feed's own account.
pub(super) fn bus_policy(ground: &Ground) -> Option<String> {
    if ground.members.is_empty() {
        return None;
    }
    let bus = ground.bus_arn();
    let statement = if let Some(organization) = &ground.organization_id {
        json!({
            "Sid": "OrganizationSends",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "events:PutEvents",
            "Resource": bus,
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": organization}},
        })
    } else {
        let root = |account: &AccountId| format!("arn:{}:iam::{account}:root", ground.partition());
        let members: Vec<String> = ground.members.iter().map(root).collect();
        json!({
            "Sid": "MembersSend",
            "Effect": "Allow",
            "Principal": {"AWS": members},
            "Action": "events:PutEvents",
            "Resource": bus,
        })
    };
    Some(document(&[statement]))
}

/// Who may be the role: EventBridge, for rules of the same account.
pub(super) fn role_trust(account: &AccountId) -> String {
    document(&[json!({
        "Effect": "Allow",
        "Principal": {"Service": EVENTS},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": account}},
    })])
}

/// What the role may do: put events onto the central bus.
pub(super) fn role_policy(ground: &Ground) -> String {
    document(&[json!({
        "Effect": "Allow",
        "Action": "events:PutEvents",
        "Resource": ground.bus_arn(),
    })])
}

fn document(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}
