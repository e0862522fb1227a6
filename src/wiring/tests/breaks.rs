//! Ways to cut the feed, or to open it to others.

use super::*;

pub(super) type Break = (&'static str, fn(&mut Observed), &'static str);

const RULE: &str = "rule trailwarden-events of bus default in eu-west-1: ";

/// Ways to cut the feed, or to open it to others; each is found by what it does.
pub(super) const BREAKS: [Break; 23] = [
    (
        "rule disabled",
        |seen| rule(seen, "eu-west-1", "default").enabled = false,
        "it is disabled",
    ),
    (
        "pattern shortened",
        |seen| {
            let pattern = json!({
                "source": ["aws.logs"],
                "detail-type": ["AWS API Call via CloudTrail"],
                "detail": {"eventName": ["PutMetricFilter"]},
            });
            rule(seen, "eu-west-1", "default").pattern = Some(pattern.to_string());
        },
        "its pattern keeps trailwarden heartbeat, cloudtrail CreateTrail, cloudtrail UpdateTrail and ",
    ),
    (
        "one caller left out",
        |seen| {
            let rule = rule(seen, "us-east-1", "default");
            let mut pattern: serde_json::Value =
                serde_json::from_str(rule.pattern.as_ref().unwrap()).unwrap();
            pattern["detail"]["userIdentity"]["arn"] =
                json!([{"anything-but": "arn:aws:iam::111122223333:user/mallory"}]);
            rule.pattern = Some(pattern.to_string());
        },
        "its pattern keeps ",
    ),
    (
        "target removed",
        |seen| rule(seen, "eu-west-1", "default").targets = Sight::Seen(Vec::new()),
        "it does not lead to arn:aws:sqs:eu-west-1:111122223333:trailwarden-events",
    ),
    (
        "target elsewhere",
        |seen| {
            for target in targets(seen, "eu-west-1", "default") {
                target.arn.push('x');
            }
        },
        "it does not lead to ",
    ),
    (
        "message destroyed",
        |seen| {
            for target in targets(seen, "eu-west-1", "default") {
                target.transforms = true;
            }
        },
        "gets something else than the event",
    ),
    (
        "role of another",
        |seen| {
            for target in targets(seen, "us-east-1", "default") {
                target.role_arn = None;
            }
        },
        "is not sent to with role arn:aws:iam::111122223333:role/trailwarden-forward",
    ),
    (
        "rule of the central bus gone",
        |seen| {
            let key = ("eu-west-1".to_owned(), "trailwarden".to_owned());
            seen.rules.insert(key, Sight::Seen(Vec::new()));
        },
        "rule trailwarden-events of bus trailwarden in eu-west-1: it is not there: ",
    ),
    (
        "bus gone",
        |seen| seen.bus = Sight::Absent,
        "bus trailwarden in eu-west-1: it is not there",
    ),
    (
        "bus open to all",
        |seen| {
            let statement = json!({"Statement": {"Effect": "Allow", "Principal": "*",
                "Action": "events:PutEvents", "Resource": "*"}});
            seen.bus = Sight::Seen(Bus {
                policy: Some(statement.to_string()),
            });
        },
        "the policy: it lets other accounts send",
    ),
    (
        "bus closed to a member",
        |seen| seen.bus = Sight::Seen(Bus::default()),
        "the policy: it does not let account 444455556666 send",
    ),
    (
        "queue closed to the rules",
        |seen| attribute(seen, "trailwarden-events", "Policy", r#"{"Statement":[]}"#),
        "the policy: it does not let arn:aws:events:eu-west-1:111122223333:rule/trailwarden-events send",
    ),
    (
        "anybody may receive",
        |seen| {
            let policy = json!({"Statement": [
                {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
                 "Action": "sqs:SendMessage", "Resource": "*"},
                {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"},
            ]});
            attribute(seen, "trailwarden-events", "Policy", &policy.to_string());
        },
        "the policy: it allows sqs:ReceiveMessage to other accounts",
    ),
    (
        "redrive removed",
        |seen| attribute(seen, "trailwarden-events", "RedrivePolicy", ""),
        "what fails again and again is put nowhere",
    ),
    (
        "put aside at once",
        |seen| {
            let redrive = json!({"maxReceiveCount": "1", "deadLetterTargetArn":
                "arn:aws:sqs:eu-west-1:111122223333:trailwarden-events-dead"});
            attribute(
                seen,
                "trailwarden-events",
                "RedrivePolicy",
                &redrive.to_string(),
            );
        },
        "a message is put aside after fewer than 10 receives",
    ),
    (
        "not encrypted",
        |seen| attribute(seen, "trailwarden-events", "SqsManagedSseEnabled", "false"),
        "messages are not encrypted at rest",
    ),
    (
        "a key that EventBridge may not use",
        |seen| {
            attribute(
                seen,
                "trailwarden-events",
                "KmsMasterKeyId",
                "alias/aws/sqs",
            );
        },
        "it is encrypted with alias/aws/sqs",
    ),
    (
        "kept for a minute",
        |seen| attribute(seen, "trailwarden-events", "MessageRetentionPeriod", "60"),
        "messages are kept for 60 s instead of 345600",
    ),
    (
        "held back",
        |seen| attribute(seen, "trailwarden-events", "DelaySeconds", "900"),
        "messages are held back for 900 s",
    ),
    (
        "too large",
        |seen| attribute(seen, "trailwarden-events", "MaximumMessageSize", "1024"),
        "messages of more than 1024 bytes are refused",
    ),
    (
        "role may do nothing",
        |seen| {
            if let Sight::Seen(role) = &mut seen.role {
                role.policies.clear();
            }
        },
        "role trailwarden-forward: what its inline policies say: it does not allow events:PutEvents on the central bus",
    ),
    (
        "role may do everything",
        |seen| attached(seen).push("arn:aws:iam::aws:policy/AdministratorAccess".to_owned()),
        "role trailwarden-forward: the managed policy arn:aws:iam::aws:policy/AdministratorAccess is attached to it",
    ),
    (
        "two policies hung onto the role",
        |seen| {
            let of = |name: &str| format!("arn:aws:iam::111122223333:policy/{name}");
            attached(seen).extend([of("a"), of("b")]);
        },
        "the managed policy arn:aws:iam::111122223333:policy/b is attached to it",
    ),
];

fn attached(seen: &mut Observed) -> &mut Vec<String> {
    match &mut seen.role {
        Sight::Seen(role) => &mut role.attached,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_managed_policy_goes_once_the_inline_one_lets_events_through() {
    let needs = needs();
    let mut seen = whole(&needs);
    let arn = "arn:aws:iam::111122223333:policy/sends";
    attached(&mut seen).push(arn.to_owned());
    if let Sight::Seen(role) = &mut seen.role {
        role.policies.clear();
    }
    let found = compare(&needs, &seen);
    let operations: Vec<&str> = found.changes().map(|one| one.operation().1).collect();
    assert_eq!(operations, ["PutRolePolicy", "DetachRolePolicy"]);
    assert_eq!(
        found.differences[0].details.last(),
        Some(&Detail {
            name: "AttachedPolicy".to_owned(),
            before: Some(arn.to_owned()),
            after: None,
        })
    );
}

#[test]
fn each_way_to_break_it_is_found_and_one_difference_mends_it() {
    let needs = needs();
    for (name, cut, said) in BREAKS {
        let mut seen = whole(&needs);
        cut(&mut seen);
        let found = problems(&needs, &seen);
        assert!(
            found.iter().any(|one| one.contains(said)),
            "{name}: {found:#?}"
        );
        let mended = after(&needs, seen);
        assert_eq!(problems(&needs, &mended), [""; 0], "{name}");
    }
    let mut seen = whole(&needs);
    rule(&mut seen, "eu-west-1", "default").enabled = false;
    assert_eq!(problems(&needs, &seen), [format!("{RULE}it is disabled")]);
}
