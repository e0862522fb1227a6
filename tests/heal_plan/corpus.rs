//! The hard account states.

use serde_json::Value;
use trailwarden::assess::{Verdict, assess};
use trailwarden::control::{Catalogue, Control};
use trailwarden::heal::{ExpectedSubscription, HealPolicy, plan};
use trailwarden::snapshot::Snapshot;

use crate::account::{TOPIC, every_link, policy};
use crate::laws::{asks, carried_out, overwrites_only_its_own, show};

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    control: String,
    account_state: Snapshot,
}

fn corpus() -> Vec<Case> {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../fixtures/verdict-cases.json")).unwrap();
    cases
        .into_iter()
        .map(|case| serde_json::from_value(case).unwrap())
        .collect()
}

fn control_of_case(case: &Case) -> &'static Control {
    let number: u8 = case
        .control
        .strip_prefix("CIS-4.")
        .unwrap()
        .parse()
        .unwrap();
    Catalogue::builtin()
        .controls()
        .iter()
        .find(|control| control.number == Some(number))
        .unwrap()
}

#[test]
fn every_failing_account_of_the_corpus_is_mended_or_asked_about() {
    let mut failing = 0;
    for case in corpus() {
        let control = control_of_case(&case);
        for topics in [vec![TOPIC.to_owned()], Vec::new()] {
            for links in [every_link(), HealPolicy::default().links] {
                let policy = HealPolicy {
                    topics: topics.clone(),
                    ..policy(links)
                };
                let policy = HealPolicy {
                    subscriptions: vec![ExpectedSubscription {
                        protocol: "email".to_owned(),
                        endpoint: "sec@example.com".to_owned(),
                    }],
                    ..policy
                };
                let judge = |account: &Snapshot| {
                    assess(account, control, &policy.expectations(), &policy.benchmark)
                };
                let start = &case.account_state;
                let before = judge(start);
                let found = plan(start, &before, control, None, &policy);
                if before.verdict != Verdict::Fail {
                    assert!(found.is_empty(), "{}", case.name);
                    continue;
                }
                failing += 1;
                overwrites_only_its_own(start, &found, control, None);
                let end = carried_out(start, &found, control, &policy);
                let after = judge(&end);
                assert!(
                    after.verdict == Verdict::Pass || asks(&found) > 0,
                    "{}\n{}",
                    case.name,
                    show(&found)
                );
                let again = plan(&end, &after, control, None, &policy);
                assert_eq!(
                    again.repairs().count(),
                    0,
                    "{}\n{}",
                    case.name,
                    show(&again)
                );
            }
        }
    }
    assert!(failing >= 4 * 20, "{failing}");
}
