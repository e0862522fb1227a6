use crate::assess::Assessment;
use crate::snapshot::Snapshot;

/// The region that an account's findings are filed under: one for all its controls, because BatchImportFindings takes
/// findings of the called region only. It is the home region of the chain; where there is none, of what is left of it.
pub(in crate::cli) fn filing_region(snapshot: &Snapshot, assessments: &[Assessment]) -> String {
    let of_chain = assessments.iter().filter_map(|one| one.region.as_deref());
    let of_trails = snapshot
        .trails
        .iter()
        .flatten()
        .filter_map(|trail| trail.home_region.as_deref());
    let of_filters = snapshot
        .metric_filters
        .iter()
        .flatten()
        .map(|filter| filter.region.as_str());
    let of_alarms = snapshot
        .alarms
        .iter()
        .flatten()
        .filter_map(|alarm| alarm.alarm_arn.split(':').nth(3));
    // Where CloudTrail records what belongs to no region.
    let global = DEFAULT;
    let enabled = &snapshot.enabled_regions;
    let has_global = enabled.is_empty() || enabled.iter().any(|region| region == global);
    of_chain
        .chain(of_trails)
        .chain(snapshot.observer_region.as_deref())
        .chain(of_filters)
        .chain(of_alarms)
        .find(|region| !region.is_empty())
        .or_else(|| (!has_global).then(|| enabled.first().map(String::as_str))?)
        .unwrap_or(global)
        .to_owned()
}

const DEFAULT: &str = "us-east-1";
