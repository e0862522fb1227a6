//! Ways to let one certain somebody in.

use serde_json::Value;

use super::*;

const QUEUE: &str = "queue trailwarden-events in eu-west-1: the policy: ";
const DEAD: &str = "queue trailwarden-events-dead in eu-west-1: the policy: ";
const BUS: &str = "bus trailwarden in eu-west-1: the policy: ";
const ROLE: &str = "role trailwarden-forward: who may be it: ";
const ROOT: &str = "arn:aws:iam::999988887777:root";
const MALLORY: &str = "arn:aws:iam::999988887777:user/mallory";

/// The text of a policy of what was seen.
fn policy<'a>(seen: &'a mut Observed, of: &str) -> &'a mut String {
    if of == ROLE {
        match &mut seen.role {
            Sight::Seen(role) => &mut role.trust,
            other => panic!("{other:?}"),
        }
    } else if of == BUS {
        match &mut seen.bus {
            Sight::Seen(bus) => bus.policy.as_mut().unwrap(),
            other => panic!("{other:?}"),
        }
    } else {
        let name = of.split(' ').nth(1).unwrap();
        match seen.queues.get_mut(name) {
            Some(Sight::Seen(queue)) => queue.attributes.get_mut("Policy").unwrap(),
            other => panic!("{other:?}"),
        }
    }
}

/// What was said of the policy, after its document was changed; to carry the differences out leaves none.
fn said(needs: &Needs, of: &str, change: impl FnOnce(&mut Vec<Value>)) -> Vec<String> {
    let mut seen = whole(needs);
    let text = policy(&mut seen, of);
    let mut document: Value = serde_json::from_str(text).unwrap();
    change(document["Statement"].as_array_mut().unwrap());
    *text = document.to_string();
    let found = problems(needs, &seen);
    assert_eq!(problems(needs, &after(needs, seen)), [""; 0]);
    found
}

fn allow(principal: &Value, action: &Value, condition: &Value) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*",
        "Condition": condition})
}

fn sid<'a>(statements: &'a mut [Value], sid: &str) -> &'a mut Value {
    let mut all = statements.iter_mut();
    all.find(|one| one["Sid"] == sid).unwrap()
}

/// Without a role that alone receives: the own account's policies say who does.
fn open_needs() -> Needs {
    Needs::new(
        &ground(&[MEMBER]),
        &account(FEED),
        &regions(&["eu-west-1", "eu-central-1"]),
    )
}

#[test]
fn whom_a_statement_names_is_tried() {
    let none = json!({});
    let aws = |name: &str| json!({"AWS": name});
    let events = json!({"Service": "events.amazonaws.com"});
    let put = json!("events:PutEvents");
    let assume = json!("sts:AssumeRole");
    let receive = json!(["sqs:ReceiveMessage", "sqs:DeleteMessage"]);
    for (of, statement, expected) in [
        (
            QUEUE,
            allow(&aws(ROOT), &receive, &none),
            format!("it allows sqs:ReceiveMessage to other accounts, such as {ROOT}"),
        ),
        (
            QUEUE,
            allow(&aws("999988887777"), &json!("sqs:PurgeQueue"), &none),
            "it allows sqs:PurgeQueue to other accounts, such as arn:aws:iam::999988887777:user/anybody".to_owned(),
        ),
        (
            QUEUE,
            allow(&json!("*"), &receive, &json!({"StringEquals": {"aws:PrincipalOrgID": "o-evil"}})),
            "it allows sqs:ReceiveMessage to other accounts, such as arn:aws:iam::000000000000:user/anybody of organization o-evil".to_owned(),
        ),
        (
            QUEUE,
            allow(&json!("*"), &receive, &json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::9999*:role/*-ops"}})),
            "it allows sqs:ReceiveMessage to other accounts, such as arn:aws:iam::999900000000:role/anybody-ops".to_owned(),
        ),
        (
            QUEUE,
            allow(&json!("*"), &receive, &json!({"StringLike": {"aws:PrincipalArn": "*/mallory"}})),
            "it allows sqs:ReceiveMessage to other accounts, such as arn:aws:iam::000000000000:anybody/mallory".to_owned(),
        ),
        (
            QUEUE,
            allow(&json!("*"), &receive, &json!({"StringNotEquals": {"aws:PrincipalAccount": [FEED, "000000000000"]}})),
            "it allows sqs:ReceiveMessage to other accounts".to_owned(),
        ),
        (
            DEAD,
            allow(&aws(MALLORY), &json!("sqs:SendMessage"), &none),
            format!("it allows sqs:SendMessage to other accounts, such as {MALLORY}"),
        ),
        (
            BUS,
            allow(&aws(ROOT), &put, &none),
            format!("it lets other accounts send, such as {ROOT}"),
        ),
        (
            BUS,
            allow(&aws(ROOT), &put, &json!({"StringEquals": {"aws:PrincipalTag/team": "x"}})),
            format!("it lets other accounts send, such as {ROOT}"),
        ),
        (
            ROLE,
            allow(&aws(ROOT), &assume, &none),
            format!("it lets others than EventBridge assume the role, such as {ROOT}"),
        ),
        (
            ROLE,
            allow(&aws(MALLORY), &assume, &json!({"StringEquals": {"sts:ExternalId": "x"}})),
            format!("it lets others than EventBridge assume the role, such as {MALLORY}"),
        ),
        (
            ROLE,
            allow(&json!({"Service": "lambda.amazonaws.com"}), &assume, &none),
            "it lets others than EventBridge assume the role, such as lambda.amazonaws.com".to_owned(),
        ),
        (
            ROLE,
            allow(
                &json!({"Federated": "accounts.google.com"}),
                &json!("sts:AssumeRoleWithWebIdentity"),
                &json!({"StringLike": {"accounts.google.com:sub": "mallory-*"}}),
            ),
            "it lets others than EventBridge assume the role, such as users of accounts.google.com".to_owned(),
        ),
        (
            ROLE,
            allow(&events, &assume, &json!({"StringEquals": {"aws:SourceAccount": "999988887777"}})),
            "it lets EventBridge assume the role for other accounts, such as arn:aws:events:eu-west-1:999988887777:rule/anybody".to_owned(),
        ),
    ] {
        let found = said(&open_needs(), of, |statements| statements.push(statement.clone()));
        assert_eq!(found.len(), 1, "{statement}: {found:#?}");
        let found = &found[0];
        assert!(found.starts_with(of), "{found}");
        assert!(found.contains(&expected), "{statement}: {found}");
    }
}

#[test]
fn whom_a_deny_exempts_is_tried() {
    type Exempt = fn(&mut Value);
    let cases: [(&str, Exempt, String); 6] = [
        (
            "NobodyElseSends",
            |deny| deny["Condition"]["StringNotEquals"] = json!({"aws:PrincipalArn": MALLORY}),
            format!("it does not deny sqs:SendMessage to all but the rules, such as {MALLORY}"),
        ),
        (
            "NobodyElseSends",
            |deny| {
                deny["Condition"]["StringEquals"] =
                    json!({"aws:PrincipalArn": "arn:aws:iam::111122223333:user/anybody"});
            },
            "it does not deny sqs:SendMessage to all but the rules".to_owned(),
        ),
        (
            "NobodyElseSends",
            |deny| {
                deny["NotPrincipal"] = json!({"AWS": MALLORY});
                deny.as_object_mut().unwrap().remove("Principal");
            },
            format!("it does not deny sqs:SendMessage to all but the rules, such as {MALLORY}"),
        ),
        (
            "NobodyElseSends",
            |deny| deny["Condition"]["StringNotEquals"] = json!({"aws:PrincipalTag/team": "x"}),
            "it does not deny sqs:SendMessage to all but the rules".to_owned(),
        ),
        (
            "OnlyTheDaemonReceives",
            |deny| {
                let role = "arn:aws:iam::111122223333:role/mallory";
                let all = json!(["arn:aws:iam::111122223333:role/trailwarden", role]);
                deny["Condition"]["ArnNotEquals"]["aws:PrincipalArn"] = all;
            },
            "it does not deny sqs:ReceiveMessage to all but arn:aws:iam::111122223333:role/trailwarden, such as arn:aws:iam::111122223333:role/mallory".to_owned(),
        ),
        (
            "OnlyTheDaemonReceives",
            |deny| deny["Condition"]["Null"] = json!({"sts:RoleSessionName": "true"}),
            "it does not deny sqs:ReceiveMessage to all but arn:aws:iam::111122223333:role/trailwarden".to_owned(),
        ),
    ];
    for (statement, exempt, expected) in cases {
        let found = said(&needs(), QUEUE, |statements| {
            exempt(sid(statements, statement));
        });
        assert_eq!(found.len(), 1, "{expected}: {found:#?}");
        assert!(found[0].contains(&expected), "{expected}: {}", found[0]);
    }
}

#[test]
fn a_source_that_is_let_in_beside_the_rules_is_tried() {
    let needs = needs();
    for source in [
        "arn:aws:events:eu-west-1:111122223333:rule/mallory",
        "arn:aws:events:eu-west-1:999988887777:rule/trailwarden-events",
        "arn:aws:s3:::bucket",
        "arn:aws:sns:*:*:mallory-*",
    ] {
        let found = said(&needs, QUEUE, |statements| {
            for (sid_of, operator) in [
                ("RulesSend", "ArnEquals"),
                ("NobodyElseSends", "ArnNotEquals"),
            ] {
                let condition =
                    &mut sid(statements, sid_of)["Condition"][operator]["aws:SourceArn"];
                condition.as_array_mut().unwrap().push(json!(source));
            }
        });
        assert_eq!(found.len(), 1, "{source}: {found:#?}");
        let expected = "it lets rules send that are not of the feed, such as arn:aws:";
        assert!(found[0].contains(expected), "{source}: {}", found[0]);
    }
}

#[test]
fn who_is_expected_is_no_stranger() {
    let mut ground = needs().ground;
    ground.organization_id = Some("o-a1b2c3d4e5".to_owned());
    let needs = Needs::new(
        &ground,
        &account(FEED),
        &regions(&["eu-west-1", "eu-central-1"]),
    );
    let expected = [
        (
            QUEUE,
            allow(
                &json!({"AWS": ["arn:aws:iam::111122223333:role/trailwarden", "arn:aws:sts::111122223333:assumed-role/trailwarden/i-1"]}),
                &json!("sqs:ReceiveMessage"),
                &json!({}),
            ),
        ),
        (
            QUEUE,
            allow(
                &json!({"AWS": "arn:aws:iam::111122223333:root"}),
                &json!("sqs:*"),
                &json!({}),
            ),
        ),
        (
            BUS,
            allow(
                &json!({"AWS": [FEED, MEMBER]}),
                &json!("events:PutEvents"),
                &json!({}),
            ),
        ),
        (
            ROLE,
            allow(
                &json!({"Service": "events.amazonaws.com"}),
                &json!("sts:AssumeRole"),
                &json!({
                    "StringEquals": {"aws:SourceAccount": FEED},
                    "ArnLike": {"aws:SourceArn": "arn:aws:events:*:111122223333:rule/trailwarden-*"},
                }),
            ),
        ),
    ];
    for (of, statement) in expected {
        let found = said(&needs, of, |statements| statements.push(statement.clone()));
        assert_eq!(found, [""; 0], "{statement}");
    }
}

#[test]
fn whom_nobody_can_make_out_is_not_decided() {
    let needs = open_needs();
    for (statement, reason) in [
        (
            allow(
                &json!("*"),
                &json!("sqs:ReceiveMessage"),
                &json!({"StringLike": {"aws:PrincipalArn": "arn:aws:iam::9999*mallory"}}),
            ),
            "the policy: it cannot be decided whether it lets others in, whom it calls arn:aws:iam::9999*mallory",
        ),
        (
            allow(
                &json!({"AWS": ROOT}),
                &json!("sqs:ReceiveMessage"),
                &json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
            ),
            "the policy: it cannot be decided whether it allows sqs:ReceiveMessage to other accounts, such as arn:aws:iam::999988887777:root",
        ),
    ] {
        let mut seen = whole(&needs);
        let text = policy(&mut seen, QUEUE);
        let mut document: Value = serde_json::from_str(text).unwrap();
        document["Statement"]
            .as_array_mut()
            .unwrap()
            .push(statement);
        *text = document.to_string();
        let found = compare(&needs, &seen);
        assert_eq!(found.differences, []);
        let reasons: Vec<&str> = found.holes.iter().map(|one| one.reason.as_str()).collect();
        assert_eq!(reasons, [reason]);
    }
}

#[test]
fn a_text_that_is_no_policy_is_not_decided() {
    let needs = open_needs();
    for of in [QUEUE, DEAD, BUS, ROLE] {
        let mut seen = whole(&needs);
        *policy(&mut seen, of) = "no policy".to_owned();
        let found = compare(&needs, &seen);
        assert_eq!(found.differences, [], "{of}");
        assert_eq!(found.holes.len(), 1, "{of}");
    }
}

#[test]
fn a_policy_that_names_very_many_is_tried_with_each() {
    let needs = open_needs();
    let names: Vec<String> = (0..300)
        .map(|one| format!("arn:aws:iam::77{one:010}:root"))
        .collect();
    let found = said(&needs, BUS, |statements| {
        let principal = json!({"AWS": names});
        statements.push(allow(&principal, &json!("events:PutEvents"), &json!({})));
    });
    assert_eq!(found.len(), 1, "{found:#?}");
}

#[test]
fn in_each_partition_the_strangers_are_of_it() {
    let mut china = ground(&[MEMBER]);
    china.feed.region = "cn-north-1".to_owned();
    let needs = Needs::new(
        &china,
        &account(FEED),
        &regions(&["cn-north-1", "cn-northwest-1"]),
    );
    let everybody = allow(
        &json!("*"),
        &json!("sts:AssumeRole"),
        &json!({"ArnLike": {"aws:PrincipalArn": "arn:aws-cn:iam::*:user/*"}}),
    );
    let found = said(&needs, ROLE, |statements| statements.push(everybody));
    assert_eq!(
        found,
        [format!(
            "{ROLE}it lets others than EventBridge assume the role"
        )]
    );
}
