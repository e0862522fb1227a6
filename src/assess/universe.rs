//! The required events of a control: where they come from, and what CloudTrail writes into each of them.

use std::rc::Rc;

use super::index::Index;
use super::selector::{EventClass, Source, named_sources};
use crate::control::{Control, EventKind, Prescribed};
use crate::pattern::{Assumptions, Pattern};
use crate::snapshot::{global_region, partition_of};

/// Required events that a path carries all or none of, but for its pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slice {
    /// With one region in place of all.
    pub(super) class: EventClass,
    pub(super) regions: Rc<[String]>,
}

/// The required events of a control, in slices that no trail cuts.
pub(super) fn slices(index: &Index<'_>, control: &Control, required: &Prescribed) -> Vec<Slice> {
    let sources = sources(index, control, required);
    let names: Vec<Option<String>> = if required.event_names.is_empty() {
        vec![None]
    } else {
        required.event_names.iter().cloned().map(Some).collect()
    };
    let event_type = match control.events {
        EventKind::Change => Some("AwsApiCall"),
        EventKind::Signin | EventKind::FailedSignin => Some("AwsConsoleSignIn"),
        EventKind::Any => None,
    };
    let (global, regional): (Vec<Source>, Vec<Source>) = sources.into_iter().partition(is_global);
    let sets = region_sets(index);
    // Whichever regions are enabled.
    let one = vec![global_region_of(&sets).to_owned()];
    let of_global = [one].into_iter().map(|set| (set, &global));
    let of_regional = sets.into_iter().map(|set| (set, &regional));
    let mut slices = Vec::new();
    for (regions, sources) in of_global.chain(of_regional) {
        let regions: Rc<[String]> = regions.into();
        let Some(region) = regions.first().cloned() else {
            continue;
        };
        for source in sources {
            for name in &names {
                for read_only in read_only(control, name.as_deref()) {
                    slices.push(Slice {
                        class: EventClass {
                            region: region.clone(),
                            source: source.clone(),
                            name: name.clone(),
                            read_only: *read_only,
                            event_type,
                        },
                        regions: Rc::clone(&regions),
                    });
                }
            }
        }
    }
    slices
}

/// The services that emit the required events, those apart that the trails' selectors tell apart.
fn sources(index: &Index<'_>, control: &Control, required: &Prescribed) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    if control.event_sources.is_empty() {
        let observed = index.heads.iter().filter_map(|head| head.observed);
        let selectors = observed.filter_map(|observed| observed.selectors());
        sources.extend(selectors.flat_map(named_sources).map(Source::One));
        // A trail of another region misses the events of these; one stands for all where any service is meant.
        let text = required.pattern.text();
        let meant = IN_GLOBAL_REGION
            .iter()
            .filter(|source| text.contains(*source));
        let any = IN_GLOBAL_REGION
            .iter()
            .take(usize::from(required.event_names.is_empty()));
        let global = meant.chain(any).map(|source| (*source).to_owned());
        sources.extend(global.map(Source::One));
        sources.push(Source::Other);
    } else {
        sources.extend(control.event_sources.iter().cloned().map(Source::One));
    }
    sources.sort();
    sources.dedup();
    sources
}

/// Services that record all of their events in the partition's global region, whichever regions are enabled (CloudTrail user
/// guide, "About global service events"; Organizations user guide, "Logging AWS Organizations API calls"). Sign-ins to the
/// console come from several regions.
const IN_GLOBAL_REGION: [&str; 3] = [
    "iam.amazonaws.com",
    "organizations.amazonaws.com",
    "cloudfront.amazonaws.com",
];

/// Whether the events of a source come from the global region only.
pub(super) fn is_global(source: &Source) -> bool {
    matches!(source, Source::One(source) if IN_GLOBAL_REGION.contains(&source.as_str()))
}

/// The global region of the partition that the account's regions lie in.
fn global_region_of(sets: &[Vec<String>]) -> &'static str {
    let known = sets.iter().flatten().find(|region| !region.is_empty());
    global_region(partition_of(known.map_or("", String::as_str)))
}

/// CloudTrail's own naming: calls that only read begin with these.
fn read_only(control: &Control, name: Option<&str>) -> &'static [bool] {
    const READING: [&str; 6] = ["Get", "List", "Describe", "Head", "Lookup", "BatchGet"];
    match (control.events, name) {
        (EventKind::Any, Some(name)) if READING.iter().any(|verb| name.starts_with(verb)) => {
            &[true]
        }
        (EventKind::Any, None) => &[false, true],
        _ => &[false],
    }
}

/// The enabled regions, those together that no trail tells apart.
fn region_sets(index: &Index<'_>) -> Vec<Vec<String>> {
    let snapshot = index.world.snapshot;
    let mut regions = snapshot.enabled_regions.clone();
    if regions.is_empty() {
        // Which regions are in use is not known: those of the trails, and some other.
        regions.extend(
            index
                .heads
                .iter()
                .filter_map(|head| Some(head.observed?.home().to_owned())),
        );
        regions.push(String::new());
    }
    regions.sort();
    regions.dedup();
    let mut special: Vec<String> = index
        .heads
        .iter()
        .filter_map(|head| head.observed)
        .filter(|observed| !observed.trail.is_multi_region_trail)
        .map(|observed| observed.home().to_owned())
        .collect();
    special.extend(
        index
            .heads
            .iter()
            .filter_map(|head| head.only_region.clone()),
    );
    let (alone, together): (Vec<String>, Vec<String>) = regions
        .into_iter()
        .partition(|region| special.contains(region));
    alone
        .into_iter()
        .map(|region| vec![region])
        .chain((!together.is_empty()).then_some(together))
        .collect()
}

/// What CloudTrail is known to write into the events that a control requires, as far as these patterns ask for it: what a
/// proof about them may rest on.
pub fn assumptions(control: &Control, patterns: &[&Pattern]) -> Assumptions {
    let named = |field: &str| patterns.iter().any(|one| one.text().contains(field));
    let known = known(control, &named);
    if named("awsRegion") {
        known.with_form("awsRegion")
    } else {
        known
    }
}

/// What CloudTrail is known to write into the required events, wherever they come from. Facts about fields that no
/// pattern names would only slow a proof down.
pub(super) fn known(control: &Control, named: &dyn Fn(&str) -> bool) -> Assumptions {
    let mut assumptions = Assumptions::cloudtrail();
    for (field, fact) in facts(control.events) {
        if named(field.rsplit('.').next().unwrap_or(field)) {
            assumptions = match fact {
                Fact::Missing => assumptions.with_missing(field),
                Fact::Boolean(value) => assumptions.with_boolean(field, value),
                Fact::Text(values) => assumptions.with_string(field, values),
                Fact::Form => assumptions.with_form(field),
            };
        }
    }
    if control.event_sources.is_empty() {
        if named("eventSource") {
            assumptions = assumptions.with_form("eventSource");
        }
    } else {
        let sources: Vec<&str> = control.event_sources.iter().map(String::as_str).collect();
        assumptions = assumptions.with_string("eventSource", &sources);
    }
    assumptions
}

enum Fact {
    Missing,
    Boolean(bool),
    /// One of these; any text if there are none.
    Text(&'static [&'static str]),
    /// Written as CloudTrail writes it.
    Form,
}

/// The record contents of the CloudTrail user guide, as far as filters ask for them.
fn facts(kind: EventKind) -> Vec<(&'static str, Fact)> {
    // What trails record of data events and insights is not required of them.
    let mut facts = vec![
        ("eventVersion", Fact::Form),
        ("eventTime", Fact::Form),
        ("eventID", Fact::Text(&[])),
        ("sourceIPAddress", Fact::Text(&[])),
        ("userIdentity.type", Fact::Text(&[])),
        ("eventCategory", Fact::Text(&["Management"])),
        ("managementEvent", Fact::Boolean(true)),
    ];
    match kind {
        EventKind::Change => facts.extend([
            ("eventType", Fact::Text(&["AwsApiCall"])),
            ("readOnly", Fact::Boolean(false)),
            ("errorCode", Fact::Missing),
            ("errorMessage", Fact::Missing),
        ]),
        EventKind::Signin => facts.extend([
            ("eventType", Fact::Text(&["AwsConsoleSignIn"])),
            ("readOnly", Fact::Boolean(false)),
        ]),
        EventKind::FailedSignin => facts.extend([
            ("eventType", Fact::Text(&["AwsConsoleSignIn"])),
            ("readOnly", Fact::Boolean(false)),
            ("responseElements.ConsoleLogin", Fact::Text(&["Failure"])),
        ]),
        EventKind::Any => {}
    }
    facts
}
