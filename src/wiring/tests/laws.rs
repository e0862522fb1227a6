//! What holds whatever is needed and whatever somebody did to it.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::breaks::BREAKS;
use super::*;

fn any_ground() -> impl Strategy<Value = (Ground, Vec<String>, bool)> {
    let regions = prop::sample::subsequence(
        vec!["eu-west-1", "eu-central-1", "us-east-1", "us-west-2"],
        0..=4,
    );
    let members = prop::sample::subsequence(vec![MEMBER, "777788889999"], 0..=2);
    (
        members,
        regions,
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(members, regions, consumer, organization, of_feed)| {
            let mut ground = ground(&members);
            if consumer {
                ground.consumer_role_arn = Some(format!("arn:aws:iam::{FEED}:role/x/daemon"));
            }
            if organization {
                ground.organization_id = Some("o-a1b2c3d4e5".to_owned());
            }
            let regions = regions.into_iter().map(ToOwned::to_owned).collect();
            (ground, regions, of_feed || members.is_empty())
        })
}

proptest! {
    /// Whatever is needed, and whatever somebody did to it: what the comparison says to do is enough, and does not undo itself.
    #[test]
    fn carrying_the_differences_out_leaves_none(
        (ground, regions, of_feed) in any_ground(),
        cuts in prop::collection::btree_set(0..BREAKS.len(), 0..5),
        gone in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
    ) {
        let of = if of_feed { account(FEED) } else { account(MEMBER) };
        let needs = Needs::new(&ground, &of, &regions);
        let mut seen = whole(&needs);
        prop_assert_eq!(compare(&needs, &seen), Comparison::default());
        // Only the feed's own account, where it is watched, has everything that can be cut.
        // The last first: what changes a target comes after what removes it.
        for cut in cuts.into_iter().rev().filter(|_| of_feed && !regions.is_empty()) {
            let (_, cut, _) = BREAKS[cut];
            cut(&mut seen);
        }
        for index in gone {
            let keys: Vec<_> = seen.rules.keys().cloned().collect();
            if !keys.is_empty() {
                seen.rules.insert(index.get(&keys).clone(), Sight::Seen(Vec::new()));
            }
        }
        let mended = after(&needs, seen);
        prop_assert_eq!(problems(&needs, &mended), Vec::<String>::new());
        let places: BTreeSet<Place> = needs.places();
        let found = compare(&needs, &mended);
        for place in places {
            prop_assert_ne!(found.is_right(&place), Some(false));
        }
    }

    #[test]
    fn any_text_is_read_as_a_pattern_without_a_panic(text in ".{0,80}") {
        let _ = passes(&text, &route(None));
    }
}
