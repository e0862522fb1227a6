mod breaks;
mod intruders;
mod laws;
mod patterns;

use serde_json::json;

use super::needs::LONGEST_PATTERN;
use super::*;
use crate::event::{Call, listed_calls};
use crate::snapshot::AccountId;

const FEED: &str = "111122223333";
const MEMBER: &str = "444455556666";

fn account(id: &str) -> AccountId {
    id.parse().unwrap()
}

fn ground(members: &[&str]) -> Ground {
    Ground {
        prefix: "trailwarden".to_owned(),
        feed: Place {
            account: account(FEED),
            region: "eu-west-1".to_owned(),
        },
        queue: "trailwarden-events".to_owned(),
        members: members.iter().map(|id| account(id)).collect(),
        consumer_role_arn: None,
        organization_id: None,
    }
}

fn regions(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The feed's own account in two regions, with the daemon's role named.
fn needs() -> Needs {
    let ground = Ground {
        consumer_role_arn: Some(format!("arn:aws:iam::{FEED}:role/trailwarden")),
        ..ground(&[MEMBER])
    };
    Needs::new(
        &ground,
        &account(FEED),
        &regions(&["eu-west-1", "eu-central-1"]),
    )
}

fn after(needs: &Needs, mut seen: Observed) -> Observed {
    let found = compare(needs, &seen);
    for change in found.changes() {
        seen.carry_out(change);
    }
    seen
}

/// An account in which everything is as it has to be.
fn whole(needs: &Needs) -> Observed {
    after(needs, Observed::default())
}

fn problems(needs: &Needs, seen: &Observed) -> Vec<String> {
    let found = compare(needs, seen);
    let said = |one: &Difference| format!("{}: {}", one.part, one.problems.join("; "));
    found.differences.iter().map(said).collect()
}

fn rule<'a>(seen: &'a mut Observed, region: &str, bus: &str) -> &'a mut Rule {
    let key = (region.to_owned(), bus.to_owned());
    match seen.rules.get_mut(&key) {
        Some(Sight::Seen(rules)) => &mut rules[0],
        other => panic!("{other:?}"),
    }
}

fn targets<'a>(seen: &'a mut Observed, region: &str, bus: &str) -> &'a mut Vec<Target> {
    match &mut rule(seen, region, bus).targets {
        Sight::Seen(targets) => targets,
        other => panic!("{other:?}"),
    }
}

fn attribute(seen: &mut Observed, queue: &str, name: &str, value: &str) {
    match seen.queues.get_mut(queue) {
        Some(Sight::Seen(queue)) => {
            queue.attributes.insert(name.to_owned(), value.to_owned());
        }
        other => panic!("{other:?}"),
    }
}

fn route(call: Option<Call>) -> Route {
    Route {
        call,
        account: FEED.to_owned(),
        region: Some("us-east-1".to_owned()),
    }
}

#[test]
fn every_listed_call_passes_a_rule_of_each_region_that_it_can_appear_in() {
    let needs = needs();
    for group in &needs.groups {
        for call in listed_calls() {
            let is_iam = call.service == crate::event::Service::Iam;
            if is_iam && group.region != "us-east-1" && group.bus == DEFAULT_BUS {
                continue;
            }
            let route = Route {
                call: Some(call),
                account: FEED.to_owned(),
                region: Some(group.region.clone()),
            };
            let mut rules = group.rules.iter();
            assert!(
                rules.any(|rule| passes(&rule.pattern, &route) == Passes::Yes),
                "{call:?} in {} on {}",
                group.region,
                group.bus
            );
        }
        assert!(
            group
                .rules
                .iter()
                .all(|rule| rule.pattern.len() <= LONGEST_PATTERN)
        );
    }
}

#[test]
fn the_heartbeat_takes_the_rule_of_the_events_in_the_feeds_region() {
    let needs = needs();
    let carriers: Vec<(&str, &str)> = needs
        .groups
        .iter()
        .filter(|group| {
            let mut rules = group.rules.iter();
            rules.any(|rule| passes(&rule.pattern, &route(None)) == Passes::Yes)
        })
        .map(|group| (group.region.as_str(), group.bus.as_str()))
        .collect();
    assert_eq!(carriers, [("eu-west-1", DEFAULT_BUS)]);
}

#[test]
fn whoever_touches_one_rule_is_reported_by_another() {
    for group in needs()
        .groups
        .iter()
        .filter(|group| group.bus == DEFAULT_BUS)
    {
        for call in listed_calls().filter(|call| call.service == crate::event::Service::Events) {
            let route = Route {
                call: Some(call),
                account: FEED.to_owned(),
                region: Some(group.region.clone()),
            };
            let passing = group.rules.iter();
            let passing = passing.filter(|rule| passes(&rule.pattern, &route) == Passes::Yes);
            assert_eq!(passing.count(), 2, "{call:?} in {}", group.region);
        }
    }
}

#[test]
fn what_is_needed_has_names_of_the_prefix() {
    let names =
        |needs: &Needs| -> Vec<String> { needs.parts().iter().map(ToString::to_string).collect() };
    assert_eq!(
        names(&needs()),
        [
            "queue trailwarden-events-dead in eu-west-1",
            "queue trailwarden-events in eu-west-1",
            "bus trailwarden in eu-west-1",
            "role trailwarden-forward",
            "rule trailwarden-events of bus default in eu-central-1",
            "rule trailwarden-guard of bus default in eu-central-1",
            "rule trailwarden-events of bus default in eu-west-1",
            "rule trailwarden-guard of bus default in eu-west-1",
            "rule trailwarden-events of bus default in us-east-1",
            "rule trailwarden-guard of bus default in us-east-1",
            "rule trailwarden-events of bus trailwarden in eu-west-1",
        ]
    );
    let member = Needs::new(
        &ground(&[MEMBER]),
        &account(MEMBER),
        &regions(&["us-east-1"]),
    );
    assert_eq!(
        names(&member),
        [
            "role trailwarden-forward",
            "rule trailwarden-events of bus default in us-east-1",
            "rule trailwarden-guard of bus default in us-east-1",
        ]
    );
    let mut alone = ground(&[]);
    alone.feed.region = "us-east-1".to_owned();
    let alone = Needs::new(&alone, &account(FEED), &regions(&["us-east-1"]));
    assert_eq!(
        names(&alone),
        [
            "queue trailwarden-events-dead in us-east-1",
            "queue trailwarden-events in us-east-1",
            "rule trailwarden-events of bus default in us-east-1",
            "rule trailwarden-guard of bus default in us-east-1",
        ]
    );
}

#[test]
fn an_empty_account_is_filled_in_the_order_in_which_things_hang_on_each_other() {
    let needs = needs();
    let found = compare(&needs, &Observed::default());
    let calls: Vec<&str> = found.changes().map(|change| change.operation().1).collect();
    assert_eq!(
        calls,
        [
            "CreateQueue",
            "CreateQueue",
            "CreateEventBus",
            "PutPermission",
            "CreateRole",
            "PutRolePolicy",
            "PutRule",
            "PutTargets",
            "PutRule",
            "PutTargets",
            "PutRule",
            "PutTargets",
            "PutRule",
            "PutTargets",
            "PutRule",
            "PutTargets",
            "PutRule",
            "PutTargets",
            "PutRule",
            "PutTargets",
        ]
    );
    assert!(found.differences.iter().all(|one| one.absent));
    assert_eq!(compare(&needs, &whole(&needs)), Comparison::default());
}

#[test]
fn the_queues_policy_lets_the_rules_of_its_region_send() {
    let needs = needs();
    let seen = whole(&needs);
    let queue = seen.queues["trailwarden-events"].seen().unwrap();
    let policy: serde_json::Value = serde_json::from_str(&queue.attributes["Policy"]).unwrap();
    assert_eq!(
        policy["Statement"][0]["Condition"],
        json!({"ArnEquals": {"aws:SourceArn": [
            "arn:aws:events:eu-west-1:111122223333:rule/trailwarden-events",
            "arn:aws:events:eu-west-1:111122223333:rule/trailwarden-guard",
            "arn:aws:events:eu-west-1:111122223333:rule/trailwarden/trailwarden-events",
        ]}})
    );
}

#[test]
fn a_disabled_rule_keeps_its_own_pattern_where_that_lets_everything_through() {
    let needs = needs();
    let mut seen = whole(&needs);
    let wider = json!({"source": [{"prefix": "aws."}, "trailwarden.heartbeat"]}).to_string();
    let one = rule(&mut seen, "eu-west-1", "default");
    one.pattern = Some(wider.clone());
    assert!(
        compare(&needs, &seen).is_whole(),
        "more than is needed is no fault"
    );
    rule(&mut seen, "eu-west-1", "default").enabled = false;
    let mut mended = after(&needs, seen);
    assert_eq!(
        rule(&mut mended, "eu-west-1", "default").pattern,
        Some(wider)
    );
}

#[test]
fn rules_of_other_names_that_carry_everything_together_are_right() {
    let mut alone = ground(&[]);
    alone.feed.region = "us-east-1".to_owned();
    let needs = Needs::new(&alone, &account(FEED), &regions(&["us-east-1"]));
    let mut seen = whole(&needs);
    let key = ("us-east-1".to_owned(), DEFAULT_BUS.to_owned());
    let target = needs.groups[0].target.clone();
    let rules: Vec<Rule> = [
        json!({"source": [{"prefix": "aws."}], "detail": {"errorCode": [{"exists": false}]}}),
        json!({"source": ["trailwarden.heartbeat"]}),
    ]
    .iter()
    .enumerate()
    .map(|(index, pattern)| Rule {
        name: format!("trailwarden-by-hand-{index}"),
        enabled: true,
        pattern: Some(pattern.to_string()),
        targets: Sight::Seen(vec![target.clone()]),
    })
    .collect();
    seen.rules.insert(key, Sight::Seen(rules));
    // The queue has to let these in now.
    let found = compare(&needs, &seen);
    let parts: Vec<String> = found
        .differences
        .iter()
        .map(|one| one.part.to_string())
        .collect();
    assert_eq!(parts, ["queue trailwarden-events in us-east-1"]);
    assert_eq!(problems(&needs, &after(&needs, seen)), [""; 0]);
}

#[test]
fn what_was_not_seen_is_no_difference_and_not_right() {
    let needs = needs();
    let mut seen = whole(&needs);
    let unseen = || Unseen {
        action: "events:ListRules".to_owned(),
        code: "AccessDenied".to_owned(),
        denied: true,
    };
    let key = ("eu-west-1".to_owned(), DEFAULT_BUS.to_owned());
    seen.rules.insert(key, Sight::Unseen(unseen()));
    let found = compare(&needs, &seen);
    assert_eq!(found.differences, []);
    let hole = &found.holes[0];
    assert_eq!(hole.permission.as_deref(), Some("events:ListRules"));
    assert_eq!(
        hole.reason,
        "it was not seen: events:ListRules failed (AccessDenied)"
    );
    let place = |region: &str| Place {
        account: account(FEED),
        region: region.to_owned(),
    };
    assert_eq!(found.is_right(&place("eu-west-1")), None);
    assert_eq!(found.is_right(&place("us-east-1")), Some(true));

    let mut seen = whole(&needs);
    rule(&mut seen, "us-east-1", DEFAULT_BUS).targets = Sight::Unseen(unseen());
    let found = compare(&needs, &seen);
    assert_eq!((found.differences.len(), found.holes.len()), (0, 1));
    rule(&mut seen, "us-east-1", DEFAULT_BUS).enabled = false;
    assert_eq!(
        compare(&needs, &seen).differences.len(),
        1,
        "nothing passes whatever the target"
    );
}

#[test]
fn an_operator_that_is_not_known_is_not_decided() {
    let needs = needs();
    let mut seen = whole(&needs);
    let pattern = json!({"source": [{"resembles": "aws"}]}).to_string();
    rule(&mut seen, "us-east-1", DEFAULT_BUS).pattern = Some(pattern);
    let found = compare(&needs, &seen);
    assert_eq!(found.differences, []);
    assert_eq!(
        found.holes[0].reason,
        "whether the pattern of rule trailwarden-events lets every call through is not decided: the operator resembles"
    );
}

#[test]
fn a_key_of_the_customers_is_not_decided() {
    let needs = needs();
    let mut seen = whole(&needs);
    attribute(
        &mut seen,
        "trailwarden-events",
        "KmsMasterKeyId",
        "alias/mine",
    );
    let found = compare(&needs, &seen);
    assert_eq!((found.differences.len(), found.holes.len()), (0, 1));
}
