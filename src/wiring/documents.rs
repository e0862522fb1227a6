//! The policies that the wiring needs, and what a policy that is there has to answer.

use serde_json::{Value, json};

use super::ground::Ground;
use crate::policy::{Access, Caller, Key, Request, access, identity_access};
use crate::snapshot::AccountId;

/// The service that rules act as.
const EVENTS: &str = "events.amazonaws.com";
/// What only the daemon may do with the queue.
const CONSUMING: [&str; 3] = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:PurgeQueue"];
/// An account that nobody has.
const NOBODYS_ACCOUNT: &str = "000000000000";

/// What is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It certainly is.
    Wrong(String),
    /// It may be: it hinges on what is not known.
    Undecided(String),
}

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

/// The flaws of the policy of the feed's queue.
pub(super) fn flaws_of_queue(ground: &Ground, rules: &[String], policy: &str) -> Vec<Flaw> {
    let queue = ground.queue_arn(&ground.queue);
    let mut flaws = Flaws::default();
    for rule in rules {
        let answer = as_rule(policy, &queue, rule, ground.feed.account.as_str());
        flaws.allowed(answer, || format!("it does not let {rule} send"));
    }
    let stranger_rule = format!(
        "arn:{}:events:{}:{}:rule/of-somebody-else",
        ground.partition(),
        ground.feed.region,
        ground.feed.account
    );
    let answer = as_rule(policy, &queue, &stranger_rule, ground.feed.account.as_str());
    flaws.not_allowed(answer, || {
        "it lets rules send that are not of the feed".to_owned()
    });

    let anybody = format!(
        "arn:{}:iam::{}:user/anybody",
        ground.partition(),
        ground.feed.account
    );
    let answer = as_principal(policy, "sqs:SendMessage", &queue, &anybody, true);
    flaws.denied(answer, || {
        "it does not deny sqs:SendMessage to all but the rules".to_owned()
    });
    let foreign = format!(
        "arn:{}:iam::{NOBODYS_ACCOUNT}:user/anybody",
        ground.partition()
    );
    for action in CONSUMING {
        let answer = as_principal(policy, action, &queue, &foreign, true);
        flaws.not_allowed(answer, || format!("it allows {action} to other accounts"));
        if let Some(consumer) = &ground.consumer_role_arn {
            let answer = as_principal(policy, action, &queue, &anybody, true);
            flaws.denied(answer, || {
                format!("it does not deny {action} to all but {consumer}")
            });
            let answer = as_principal(policy, action, &queue, consumer, true);
            flaws.not_denied(answer, || format!("it denies {action} to {consumer}"));
        }
    }
    flaws.encrypted(policy, &queue, &anybody);
    flaws.0
}

/// The flaws of the policy of the dead-letter queue.
pub(super) fn flaws_of_dead_letters(ground: &Ground, policy: &str) -> Vec<Flaw> {
    let mut flaws = Flaws::default();
    let queue = ground.queue_arn(&ground.dead_letters());
    let anybody = format!(
        "arn:{}:iam::{}:user/anybody",
        ground.partition(),
        ground.feed.account
    );
    flaws.encrypted(policy, &queue, &anybody);
    let foreign = format!(
        "arn:{}:iam::{NOBODYS_ACCOUNT}:user/anybody",
        ground.partition()
    );
    for action in CONSUMING {
        let answer = as_principal(policy, action, &queue, &foreign, true);
        flaws.not_allowed(answer, || format!("it allows {action} to other accounts"));
    }
    flaws.0
}

/// The flaws of the policy of the central bus; an empty one is none.
pub(super) fn flaws_of_bus(ground: &Ground, policy: Option<&str>) -> Vec<Flaw> {
    let mut flaws = Flaws::default();
    let bus = ground.bus_arn();
    // Without statements nothing is allowed.
    let policy = policy.unwrap_or(r#"{"Statement":[]}"#);
    for member in &ground.members {
        let sender = ground.role_arn(member);
        let organization = ground.organization_id.as_deref();
        let answer = as_sender(policy, &bus, &sender, organization);
        flaws.allowed(answer, || format!("it does not let account {member} send"));
    }
    let stranger = format!(
        "arn:{}:iam::{NOBODYS_ACCOUNT}:role/anybody",
        ground.partition()
    );
    let answer = as_sender(policy, &bus, &stranger, None);
    flaws.not_allowed(answer, || "it lets other accounts send".to_owned());
    flaws.0
}

/// The flaws of the trust policy of the role of an account.
pub(super) fn flaws_of_trust(account: &AccountId, policy: &str) -> Vec<Flaw> {
    let mut flaws = Flaws::default();
    let assume = |name: &str, of: &AccountId| {
        let keys = |key: &str| match key {
            "aws:sourceaccount" => Key::one(of.as_str()),
            "aws:principalisawsservice" | "aws:securetransport" => Key::one("true"),
            _ => Key::Unknown,
        };
        let caller = Caller::Service {
            name,
            account: of.as_str(),
        };
        let request = Request {
            action: "sts:AssumeRole",
            resource: "*",
            caller,
            keys: &keys,
        };
        access(policy, &request)
    };
    flaws.allowed(assume(EVENTS, account), || {
        "it does not let EventBridge assume the role".to_owned()
    });
    let anybody = format!("arn:aws:iam::{NOBODYS_ACCOUNT}:user/anybody");
    let answer = as_principal(policy, "sts:AssumeRole", "*", &anybody, true);
    flaws.not_allowed(answer, || {
        "it lets others than EventBridge assume the role".to_owned()
    });
    flaws.0
}

/// The flaws of what the role may do, over all of its inline policies.
pub(super) fn flaws_of_role(ground: &Ground, policies: &[&str]) -> Vec<Flaw> {
    let mut flaws = Flaws::default();
    let put = |action: &str, resource: &str| {
        let keys = |key: &str| match key {
            "aws:securetransport" => Key::one("true"),
            _ => Key::Unknown,
        };
        let request = Request {
            action,
            resource,
            caller: Caller::Principal(""),
            keys: &keys,
        };
        together(
            policies
                .iter()
                .map(|policy| identity_access(policy, &request)),
        )
    };
    flaws.allowed(put("events:PutEvents", &ground.bus_arn()), || {
        "it does not allow events:PutEvents on the central bus".to_owned()
    });
    let elsewhere = format!("{}-of-somebody-else", ground.bus_arn());
    flaws.not_allowed(put("events:PutEvents", &elsewhere), || {
        "it allows events:PutEvents on other buses".to_owned()
    });
    let more = [
        "iam:PassRole",
        "sts:AssumeRole",
        "sqs:SendMessage",
        "events:PutRule",
    ];
    if more
        .iter()
        .any(|action| put(action, "*") == Access::Allowed)
    {
        flaws.0.push(Flaw::Wrong(
            "it allows more than events:PutEvents".to_owned(),
        ));
    }
    flaws.0
}

/// Several policies of one identity: any deny wins, else any allow suffices.
fn together(answers: impl Iterator<Item = Access>) -> Access {
    let answers: Vec<Access> = answers.collect();
    let has = |one| answers.contains(&one);
    if has(Access::Denied) {
        Access::Denied
    } else if has(Access::Undecided) || has(Access::Unreadable) {
        Access::Undecided
    } else if has(Access::Allowed) {
        Access::Allowed
    } else {
        Access::NotAllowed
    }
}

#[derive(Default)]
struct Flaws(Vec<Flaw>);

impl Flaws {
    fn note(&mut self, right: &[Access], answer: Access, what: impl FnOnce() -> String) {
        if right.contains(&answer) {
            return;
        }
        self.0.push(match answer {
            Access::Undecided | Access::Unreadable => Flaw::Undecided(what()),
            Access::Allowed | Access::NotAllowed | Access::Denied => Flaw::Wrong(what()),
        });
    }

    fn allowed(&mut self, answer: Access, what: impl FnOnce() -> String) {
        self.note(&[Access::Allowed], answer, what);
    }

    fn not_allowed(&mut self, answer: Access, what: impl FnOnce() -> String) {
        self.note(&[Access::NotAllowed, Access::Denied], answer, what);
    }

    fn denied(&mut self, answer: Access, what: impl FnOnce() -> String) {
        self.note(&[Access::Denied], answer, what);
    }

    fn not_denied(&mut self, answer: Access, what: impl FnOnce() -> String) {
        self.note(&[Access::Allowed, Access::NotAllowed], answer, what);
    }

    fn encrypted(&mut self, policy: &str, queue: &str, anybody: &str) {
        let answer = as_principal(policy, "sqs:ReceiveMessage", queue, anybody, false);
        self.denied(answer, || {
            "it does not deny requests without TLS".to_owned()
        });
    }
}

fn as_rule(policy: &str, queue: &str, rule: &str, account: &str) -> Access {
    let keys = |key: &str| match key {
        "aws:sourcearn" => Key::one(rule),
        "aws:sourceaccount" => Key::one(account),
        "aws:securetransport" | "aws:principalisawsservice" => Key::one("true"),
        "aws:principalservicename" | "aws:principalservicenameslist" => Key::one(EVENTS),
        "aws:principalarn" | "aws:principalaccount" | "aws:principalorgid" => Key::Absent,
        _ => Key::Unknown,
    };
    let request = Request {
        action: "sqs:SendMessage",
        resource: queue,
        caller: Caller::Service {
            name: EVENTS,
            account,
        },
        keys: &keys,
    };
    access(policy, &request)
}

fn as_principal(policy: &str, action: &str, resource: &str, arn: &str, encrypted: bool) -> Access {
    let keys = |key: &str| match key {
        "aws:principalarn" => Key::one(arn),
        "aws:principalaccount" => Key::one(arn.split(':').nth(4).unwrap_or_default()),
        "aws:securetransport" => Key::one(if encrypted { "true" } else { "false" }),
        "aws:principalisawsservice" => Key::one("false"),
        "aws:sourcearn" | "aws:sourceaccount" | "aws:principalservicename" => Key::Absent,
        _ => Key::Unknown,
    };
    let request = Request {
        action,
        resource,
        caller: Caller::Principal(arn),
        keys: &keys,
    };
    access(policy, &request)
}

/// `organization` none: of no organization, or of another one.
fn as_sender(policy: &str, bus: &str, arn: &str, organization: Option<&str>) -> Access {
    let keys = |key: &str| match key {
        "aws:principalarn" => Key::one(arn),
        "aws:principalaccount" => Key::one(arn.split(':').nth(4).unwrap_or_default()),
        "aws:principalorgid" => organization.map_or(Key::Absent, Key::one),
        "aws:securetransport" => Key::one("true"),
        "aws:principalisawsservice" => Key::one("false"),
        _ => Key::Unknown,
    };
    let request = Request {
        action: "events:PutEvents",
        resource: bus,
        caller: Caller::Principal(arn),
        keys: &keys,
    };
    access(policy, &request)
}
