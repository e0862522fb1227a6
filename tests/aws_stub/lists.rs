//! A list is read to its end; a part of one is taken for the whole nowhere.

use trailwarden::aws::{AccountApi, DrillApi, ObserveScope, Remembered};
use trailwarden::drill::Ground;
use trailwarden::wiring::{Sight, Unseen};

use super::stub::{ACCOUNT, Answer, Notes, Stub, xml};
use super::wiring::{ROLE, look_at};
use super::{keys, scope};

fn json(text: &str) -> Answer {
    Answer::Body(text.as_bytes().to_vec())
}

fn unseen(action: &str, code: &str) -> Unseen {
    Unseen {
        action: action.to_owned(),
        code: code.to_owned(),
        denied: false,
    }
}

#[tokio::test(start_paused = true)]
async fn rules_or_targets_without_end_were_not_seen() {
    let stub = Stub::new(|seen, before| match seen.operation.as_str() {
        "ListRules" => json(&format!("{{\"NextToken\":\"{before}\"}}")),
        _ => Answer::Empty,
    });
    let seen = look_at(&stub).await;
    let expected = unseen("events:ListRules", "TooManyPages");
    let rules: Vec<_> = seen.rules.into_values().collect();
    assert_eq!(rules, [Sight::Unseen(expected)]);
    assert_eq!(stub.count("ListRules"), 200);

    let stub = Stub::new(|seen, before| match seen.operation.as_str() {
        "ListRules" => json(r#"{"Rules":[{"Name":"tw-events"}],"NextToken":""}"#),
        "ListTargetsByRule" => json(&format!("{{\"NextToken\":\"{before}\"}}")),
        _ => Answer::Empty,
    });
    let seen = look_at(&stub).await;
    assert_eq!(stub.count("ListRules"), 1, "an empty token is the end");
    let expected = unseen("events:ListTargetsByRule", "TooManyPages");
    let Some(Sight::Seen(rules)) = seen.rules.into_values().next() else {
        panic!("the rules were seen")
    };
    assert_eq!(rules[0].targets, Sight::Unseen(expected));
}

#[tokio::test(start_paused = true)]
async fn a_role_whose_policies_come_again_and_again_was_not_seen() {
    for operation in ["ListRolePolicies", "ListAttachedRolePolicies"] {
        let names = "<PolicyNames/><AttachedPolicies/>";
        let again = format!("{names}<IsTruncated>true</IsTruncated><Marker>same</Marker>");
        let stub = Stub::new(move |seen, _| match seen.operation.as_str() {
            "GetRole" => xml("GetRole", ROLE),
            asked if asked == operation => xml(asked, &again),
            asked @ ("ListRolePolicies" | "ListAttachedRolePolicies") => xml(asked, names),
            _ => Answer::Empty,
        });
        let seen = look_at(&stub).await;
        let expected = unseen(&format!("iam:{operation}"), "RepeatedPage");
        assert_eq!(seen.role, Sight::Unseen(expected));
        assert_eq!(stub.count(operation), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn leftovers_of_drills_on_pages_that_repeat_are_a_failed_call() {
    let stub = Stub::new(|seen, _| match seen.operation.as_str() {
        "DescribeLogStreams" => json(r#"{"logStreams":[],"nextToken":"same"}"#),
        _ => Answer::Empty,
    });
    let aws = stub.aws(&Notes::default()).await;
    let account = aws.account(scope(), None).await;
    let ground = Ground {
        account: ACCOUNT.parse().expect("an account"),
        log_groups: vec![("us-east-1".to_owned(), "ct".to_owned())],
        topic_arns: Vec::new(),
    };
    let account = account.expect("the scope is sound");
    let (found, failed) = account.resources(&ground).await;
    assert_eq!(found, []);
    let failed: Vec<_> = failed
        .iter()
        .map(|error| (error.operation, error.code.as_str()))
        .collect();
    assert_eq!(failed, [("DescribeLogStreams", "RepeatedPage")]);
}

#[tokio::test(start_paused = true)]
async fn regions_that_were_listed_in_part_are_asked_for_again() {
    let stub = Stub::new(|seen, before| match (seen.operation.as_str(), before) {
        ("ListRegions", 0 | 2) => {
            json(r#"{"Regions":[{"RegionName":"us-east-1"}],"NextToken":"2"}"#)
        }
        ("ListRegions", 1 | 3) => Answer::Error(403, "AccessDeniedException"),
        ("ListRegions", _) => json(r#"{"Regions":[{"RegionName":"us-east-1"}]}"#),
        _ => Answer::Empty,
    });
    let aws = stub.aws(&Notes::default()).await;
    let anywhere = ObserveScope {
        regions: Vec::new(),
        ..scope()
    };
    let account = aws.account(anywhere, None).await;
    let account = account.expect("the SDK has a region");
    let hole = ("account:ListRegions us-east-1", "AccessDeniedException");
    for expected in [vec![hole], vec![hole], vec![], vec![]] {
        let seen = account.observe(&Remembered::default()).await;
        let seen = seen.expect("the account is known");
        assert_eq!(keys(&seen.api_errors), expected);
    }
    assert_eq!(stub.count("ListRegions"), 5, "a whole list is believed");
}
