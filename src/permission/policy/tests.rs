use serde_json::{Value, json};

use super::super::{Purpose, statements};
use super::*;

fn single() -> Ground {
    Ground {
        is_own: true,
        looks: true,
        all_regions: true,
        account: Some("111122223333".to_owned()),
        feed: Some(Feed {
            region: Some("eu-west-1".to_owned()),
            account: "111122223333".to_owned(),
            queue: "trailwarden-events".to_owned(),
        }),
        prefix: "trailwarden".to_owned(),
        links: [Link::Pattern, Link::Subscription].into(),
        ..Ground::default()
    }
}

fn sids(policy: &Policy) -> Vec<&str> {
    policy.statements.iter().map(|one| one.sid).collect()
}

fn as_json(purpose: Purpose, ground: &Ground, sid: &str) -> Option<Value> {
    let policy = policy(purpose, ground);
    let found = policy.statements.iter().find(|one| one.sid == sid)?;
    serde_json::to_value(found).ok()
}

#[test]
fn a_statement_names_the_queue_and_the_actions_that_batches_are_authorised_as() {
    assert_eq!(
        as_json(Purpose::Watch, &single(), "ReceiveEvents"),
        Some(json!({
            "Sid": "ReceiveEvents",
            "Effect": "Allow",
            "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"],
            "Resource": ["arn:aws:sqs:eu-west-1:111122223333:trailwarden-events"],
        }))
    );
}

#[test]
fn what_the_settings_do_not_ask_for_is_not_granted() {
    let ground = Ground {
        feed: None,
        all_regions: false,
        ..single()
    };
    let watch = policy(Purpose::Watch, &ground);
    for sid in [
        "ReceiveEvents",
        "FindRegions",
        "EnterAccounts",
        "Tell",
        "Identity",
    ] {
        assert!(!sids(&watch).contains(&sid), "{sid}");
    }
    let everything = policy(Purpose::Watch, &single());
    assert!(sids(&everything).contains(&"FindRegions"));
}

#[test]
fn of_the_wiring_only_what_is_named_by_the_prefix_is_read() {
    let resources = |sid: &str| {
        let statement = as_json(Purpose::Watch, &single(), sid).unwrap();
        statement["Resource"].clone()
    };
    assert_eq!(
        resources("ReadWiring"),
        json!([
            "arn:aws:events:*:111122223333:rule/trailwarden*",
            "arn:aws:events:*:111122223333:event-bus/trailwarden",
        ])
    );
    let role = "arn:aws:iam::111122223333:role/trailwarden-forward";
    assert_eq!(resources("ReadForwardRole"), json!([role]));
    let policies_of_any = policy(Purpose::Watch, &single())
        .statements
        .into_iter()
        .filter(|one| one.resource.iter().any(|arn| arn.ends_with(":role/*")))
        .flat_map(|one| one.action)
        .any(|action| action.contains("Polic") && action != "iam:SimulatePrincipalPolicy");
    assert!(!policies_of_any, "no other role's policies are read");
}

#[test]
fn only_the_links_that_may_be_mended_are_granted() {
    let heal = policy(Purpose::Heal, &single());
    assert_eq!(
        sids(&heal),
        ["MendMetricFilters"],
        "nobody is named who could be subscribed"
    );
    let named = Ground {
        subscriptions: vec!["sec@example.com".to_owned()],
        ..single()
    };
    assert_eq!(
        as_json(Purpose::Heal, &named, "MendSubscriptions"),
        Some(json!({
            "Sid": "MendSubscriptions",
            "Effect": "Allow",
            "Action": ["sns:Subscribe"],
            "Resource": ["arn:aws:sns:*:111122223333:*"],
            "Condition": {"StringEquals": {"sns:Endpoint": ["sec@example.com"]}},
        }))
    );
    let nothing = Ground {
        links: BTreeSet::new(),
        ..single()
    };
    assert_eq!(sids(&policy(Purpose::Heal, &nothing)), [""; 0]);
}

#[test]
fn a_role_is_passed_to_cloudtrail_and_to_nobody_else() {
    let ground = Ground {
        links: [Link::LogGroup].into(),
        ..single()
    };
    let passed = as_json(Purpose::Heal, &ground, "PassTrailRole").unwrap();
    assert_eq!(passed["Action"], json!(["iam:PassRole"]));
    assert_eq!(
        passed["Condition"],
        json!({"StringEquals": {"iam:PassedToService": ["cloudtrail.amazonaws.com"]}})
    );
}

#[test]
fn the_daemons_own_role_enters_the_scopes_and_does_not_look_itself() {
    let own = Ground {
        looks: false,
        roles: vec!["arn:aws:iam::444455556666:role/watch".to_owned()],
        ..single()
    };
    let watch = policy(Purpose::Watch, &own);
    assert!(sids(&watch).contains(&"EnterAccounts"));
    assert!(sids(&watch).contains(&"ReceiveEvents"));
    assert!(!sids(&watch).contains(&"ReadAlarms"));
    let member = Ground {
        is_own: false,
        ..single()
    };
    let watch = policy(Purpose::Watch, &member);
    assert!(!sids(&watch).contains(&"ReceiveEvents"));
    assert!(sids(&watch).contains(&"ReadAlarms"));
}

#[test]
fn other_partitions_and_unknown_accounts_are_written_so() {
    let ground = Ground {
        partition: "aws-cn".to_owned(),
        account: None,
        ..single()
    };
    let filters = as_json(Purpose::Heal, &ground, "MendMetricFilters").unwrap();
    assert_eq!(
        filters["Resource"],
        json!(["arn:aws-cn:logs:*:*:log-group:*"])
    );
}

#[test]
fn names_of_statements_are_unique_and_such_as_iam_takes() {
    let mut seen = BTreeSet::new();
    for grant in statements() {
        assert!(seen.insert(grant.sid), "{} twice", grant.sid);
        let plain = grant.sid.bytes().all(|byte| byte.is_ascii_alphanumeric());
        assert!(plain && !grant.sid.is_empty(), "{:?}", grant.sid);
        assert!(!grant.why.is_empty(), "{}", grant.sid);
    }
}

#[test]
fn every_repair_is_in_the_table_to_heal() {
    let mut operations: Vec<&str> = statements()
        .filter(|grant| grant.purpose == Purpose::Heal && grant.when != When::Never)
        .flat_map(|grant| grant.calls)
        .filter_map(|call| Some(call.operation.split_once(':')?.1))
        .collect();
    operations.sort_unstable();
    operations.dedup();
    let mut repairs = crate::heal::RepairKind::ALL.map(crate::heal::RepairKind::operation);
    repairs.sort_unstable();
    assert_eq!(operations, repairs);
}

#[test]
fn no_placeholder_is_left_in_a_policy() {
    let whole = Ground {
        topics: vec!["arn:aws:sns:eu-west-1:111122223333:told".to_owned()],
        roles: vec!["arn:aws:iam::444455556666:role/watch".to_owned()],
        subscriptions: vec!["sec@example.com".to_owned()],
        links: Link::CHAIN.into(),
        ..single()
    };
    for purpose in Purpose::ALL {
        let text = serde_json::to_string(&policy(purpose, &whole)).unwrap();
        for place in [
            "{partition",
            "{account",
            "{queue",
            "{feed",
            "{topics",
            "{roles",
            "{subscr",
            "{prefix",
        ] {
            assert!(!text.contains(place), "{place} in {text}");
        }
        // IAM takes at most 10,240 characters in all inline policies of a role.
        assert!(
            text.len() < 4_500,
            "{purpose:?} has {} characters",
            text.len()
        );
    }
}
