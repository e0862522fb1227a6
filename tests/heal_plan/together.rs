//! Breaks in every combination.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::subsequence;
use trailwarden::assess::{Link, Verdict};
use trailwarden::control::Benchmark;
use trailwarden::heal::{ExpectedSubscription, HealPolicy};
use trailwarden::snapshot::Snapshot;

use crate::account::{
    Cut, TOPIC, control, cut, every_link, judged, known_good, planned, policy, queue, whole,
};
use crate::laws::{asks, bystanders, carried_out, overwrites_only_its_own, show};

fn any_cuts() -> impl Strategy<Value = Vec<Cut>> {
    subsequence(Cut::ALL.to_vec(), 1..=6)
}

fn any_links() -> impl Strategy<Value = BTreeSet<Link>> {
    prop_oneof![
        Just(HealPolicy::default().links),
        Just(every_link()),
        subsequence(Link::CHAIN.to_vec(), 0..=9).prop_map(|links| links.into_iter().collect()),
    ]
}

fn any_policy() -> impl Strategy<Value = HealPolicy> {
    let email = ExpectedSubscription {
        protocol: "email".to_owned(),
        endpoint: "sec@example.com".to_owned(),
    };
    (
        any_links(),
        subsequence(vec![TOPIC.to_owned()], 0..=1),
        subsequence(vec![queue(), email], 0..=2),
    )
        .prop_map(|(links, topics, subscriptions)| HealPolicy {
            links,
            topics,
            subscriptions,
            benchmark: Benchmark::Any,
        })
}

proptest! {

    /// With all links allowed, the queue named and the past known, whatever was cut is mended as it was.
    #[test]
    fn what_was_known_comes_back_as_it_was(cuts in any_cuts()) {
        let policy = policy(every_link());
        let start = cut(&cuts);
        let found = planned(&start, Some(&known_good()), &policy);
        let end = carried_out(&start, &found, control(), &policy);
        let verdict = judged(&end, &policy).verdict;
        // A group that no trail names and that is gone is a person's to make.
        let lost_group = cuts.contains(&Cut::DeleteGroup)
            && (cuts.contains(&Cut::NoGroupArn) || cuts.contains(&Cut::OtherGroup));
        if lost_group {
            prop_assert!(verdict == Verdict::Pass || asks(&found) > 0, "{}", show(&found));
        } else {
            prop_assert_eq!((verdict, asks(&found)), (Verdict::Pass, 0), "{}", show(&found));
            prop_assert!(known_is_back(&end, &cuts), "{}", show(&found));
        }
        prop_assert_eq!(bystanders(&end), bystanders(&start));
    }

    /// Whatever may be mended and whatever is known: PASS, or somebody is asked.
    #[test]
    fn a_plan_leads_to_pass_or_asks(
        cuts in any_cuts(),
        more in subsequence(Cut::FOR_A_PERSON.to_vec(), 0..=2),
        known in any::<bool>(),
        policy in any_policy(),
    ) {
        let start = cut(&[cuts, more].concat());
        let known = known.then(known_good);
        let assessment = judged(&start, &policy);
        let found = planned(&start, known.as_ref(), &policy);
        overwrites_only_its_own(&start, &found, control(), known.as_ref());
        let end = carried_out(&start, &found, control(), &policy);
        prop_assert_eq!(bystanders(&end), bystanders(&start));
        if assessment.verdict == Verdict::Fail {
            let verdict = judged(&end, &policy).verdict;
            prop_assert!(verdict == Verdict::Pass || asks(&found) > 0, "{}", show(&found));
            // While somebody is asked, another way may show itself once the first one is gone; but not for ever.
            let mut end = end;
            let mut again = planned(&end, known.as_ref(), &policy);
            let others = if asks(&found) == 0 { 0 } else { 2 };
            for _ in 0..others {
                end = carried_out(&end, &again, control(), &policy);
                again = planned(&end, known.as_ref(), &policy);
            }
            prop_assert!(again.repairs().next().is_none(), "{}then\n{}", show(&found), show(&again));
        } else {
            prop_assert!(found.is_empty());
        }
    }
}

/// Whether the links that were cut, and could be put back, are as they were.
fn known_is_back(end: &Snapshot, cuts: &[Cut]) -> bool {
    let whole = whole();
    let only_alarm_additions = cuts.contains(&Cut::ForeignAction);
    let filters = |account: &Snapshot| account.metric_filters.clone().unwrap();
    let filters_back = filters(&whole)
        .iter()
        .all(|filter| filters(end).contains(filter));
    let alarm_back = whole.alarms.iter().flatten().all(|was| {
        end.alarms.iter().flatten().any(|is| {
            let mut is = is.clone();
            if only_alarm_additions {
                is.alarm_actions
                    .retain(|action| was.alarm_actions.contains(action));
            }
            is.alarm_description == was.alarm_description
                && is.period == was.period
                && is.threshold == was.threshold
                && is.alarm_name == was.alarm_name
                && is.alarm_actions == was.alarm_actions
        })
    });
    filters_back && alarm_back && filters(end).len() == filters(&whole).len()
}
