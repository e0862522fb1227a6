//! Does CloudTrail record the calls that change something? EventBridge hands on only what a trail records.

use super::fault::{Certainty, Tri};
use super::index::trails;
use super::selector::{EventClass, Source};
use super::world::World;
use crate::snapshot::Snapshot;

/// Whether in every region that the account uses some trail logs and records writing management calls: `Some(true)` it was
/// seen so, `Some(false)` there is a region where it was seen that none does, `None` it was not seen whole.
///
/// It is about the trail alone, whatever becomes of the records: a trail without a log group fails every control and feeds
/// EventBridge all the same.
pub fn records_writes(snapshot: &Snapshot) -> Option<bool> {
    let world = World { snapshot };
    let regions = regions(snapshot);
    if regions.is_empty() {
        return None;
    }
    let answer = Tri::all(regions.iter().map(|region| recorded(world, region)));
    match answer {
        Tri::Yes => Some(true),
        Tri::No => Some(false),
        Tri::Unknown => None,
    }
}

/// The regions that the account uses; where nobody says, those of its trails.
fn regions(snapshot: &Snapshot) -> Vec<&str> {
    let mut regions: Vec<&str> = snapshot
        .enabled_regions
        .iter()
        .map(String::as_str)
        .collect();
    if regions.is_empty() {
        regions.extend(snapshot.observer_region.as_deref());
        let homes = snapshot.trails.iter().flatten();
        regions.extend(homes.filter_map(|trail| trail.home_region.as_deref()));
    }
    regions.sort_unstable();
    regions.dedup();
    regions
}

fn recorded(world: World<'_>, region: &str) -> Tri {
    let snapshot = world.snapshot;
    let class = EventClass {
        region: region.to_owned(),
        source: Source::One("cloudtrail.amazonaws.com".to_owned()),
        name: None,
        read_only: false,
        event_type: Some("AwsApiCall"),
    };
    let others = snapshot.other_accounts.iter();
    let others: Vec<World<'_>> = others.map(|snapshot| World { snapshot }).collect();
    let by_trails = trails(world, &others).into_iter().map(|observed| {
        let faults = observed.faults();
        let faults = faults.into_iter().chain(observed.class_faults(&class));
        Tri::all(faults.map(|fault| match fault.certainty {
            Certainty::Broken => Tri::No,
            Certainty::Undecided => Tri::Unknown,
        }))
    });
    let unseen = world.list_hole(
        snapshot.trails.as_ref(),
        "cloudtrail:DescribeTrails",
        region,
    );
    Tri::any(by_trails.chain(unseen.map(|_| Tri::Unknown)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPLIANT: &str = include_str!("../../tests/fixtures/compliant-snapshot.json");

    fn answer(change: impl FnOnce(&mut Snapshot)) -> Option<bool> {
        let mut snapshot = Snapshot::from_json(COMPLIANT).unwrap();
        change(&mut snapshot);
        records_writes(&snapshot)
    }

    #[test]
    fn a_trail_that_logs_everywhere_records() {
        assert_eq!(answer(|_| {}), Some(true));
        // What becomes of the records is another matter.
        assert_eq!(
            answer(|snapshot| {
                let trails = snapshot.trails.as_mut().unwrap();
                trails[0].cloud_watch_logs_log_group_arn = None;
            }),
            Some(true)
        );
    }

    #[test]
    fn without_a_trail_that_logs_writing_calls_in_each_region_nothing_comes() {
        assert_eq!(
            answer(|snapshot| snapshot.trails = Some(Vec::new())),
            Some(false)
        );
        assert_eq!(
            answer(|snapshot| {
                for status in snapshot.trail_status.values_mut() {
                    status.is_logging = Some(false);
                }
            }),
            Some(false)
        );
        assert_eq!(
            answer(|snapshot| {
                snapshot.trails.as_mut().unwrap()[0].is_multi_region_trail = false;
                snapshot.enabled_regions = vec!["us-east-1".into(), "eu-west-1".into()];
            }),
            Some(false)
        );
        assert_eq!(
            answer(|snapshot| {
                for selectors in snapshot.event_selectors.values_mut() {
                    *selectors = serde_json::from_str(
                        r#"{"EventSelectors": [{"ReadWriteType": "ReadOnly"}]}"#,
                    )
                    .unwrap();
                }
            }),
            Some(false)
        );
    }

    #[test]
    fn an_organizations_trail_records_the_accounts_that_show_it() {
        let inherited = |shown: bool| {
            answer(|snapshot| {
                let text = COMPLIANT.replace("111122223333", "999988887777");
                let mut owner = Snapshot::from_json(&text).unwrap();
                for trail in owner.trails.iter_mut().flatten() {
                    trail.is_organization_trail = true;
                }
                snapshot.trails = owner.trails.clone().filter(|_| shown).or(Some(Vec::new()));
                snapshot.other_accounts = vec![owner];
            })
        };
        assert_eq!(inherited(true), Some(true));
        assert_eq!(inherited(false), Some(false));
    }

    #[test]
    fn what_was_not_seen_is_not_known() {
        assert_eq!(answer(|snapshot| snapshot.trails = None), None);
        assert_eq!(
            answer(|snapshot| {
                snapshot.trail_status.clear();
                let denied = "AccessDeniedException".to_owned();
                snapshot
                    .api_errors
                    .insert("cloudtrail:GetTrailStatus us-east-1".to_owned(), denied);
            }),
            None
        );
        // A region that was denied may have the trail that is missing; one trail that was seen suffices.
        let denied = |snapshot: &mut Snapshot| {
            let key = "cloudtrail:DescribeTrails us-east-1".to_owned();
            snapshot.api_errors.insert(key, "AccessDenied".to_owned());
        };
        assert_eq!(answer(denied), Some(true));
        assert_eq!(
            answer(|snapshot| {
                snapshot.trails = Some(Vec::new());
                snapshot.enabled_regions = vec!["us-east-1".to_owned()];
                denied(snapshot);
            }),
            None
        );
    }
}
