//! Does a trail record the events? Basic and advanced event selectors, and their sum.

use super::fault::Tri;
use crate::snapshot::{
    AdvancedEventSelector, AdvancedFieldSelector, EventSelector, EventSelectors,
};

/// The service that emits an event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// This one.
    One(String),
    /// Any that no selector names.
    Other,
}

/// Events that differ in nothing that the selectors of a trail usually ask for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EventClass {
    pub(super) region: String,
    pub(super) source: Source,
    /// None: any name.
    pub(super) name: Option<String>,
    pub(super) read_only: bool,
    /// None: any type.
    pub(super) event_type: Option<&'static str>,
}

/// Whether every event of the class is recorded. Several selectors add up; none at all record all management events.
pub(super) fn recorded(selectors: &EventSelectors, class: &EventClass) -> Tri {
    let basic = selectors.event_selectors.as_deref().unwrap_or_default();
    let advanced = selectors
        .advanced_event_selectors
        .as_deref()
        .unwrap_or_default();
    if basic.is_empty() && advanced.is_empty() {
        return Tri::Yes;
    }
    let by_basic = basic
        .iter()
        .map(|selector| Tri::from(basic_records(selector, class)));
    let by_advanced = advanced
        .iter()
        .map(|selector| advanced_records(selector, class));
    let answer = Tri::any(by_basic.chain(by_advanced));
    // Of events of any name or caller, several selectors may each record a part and together all.
    let is_part = |selector: &AdvancedEventSelector| {
        selector.field_selectors.iter().any(|field| {
            matches!(
                (field.field.as_str(), &class.name, class.event_type),
                ("eventName", None, _)
                    | ("eventType", _, None)
                    | ("userIdentity.arn" | "sessionCredentialFromConsole", _, _)
            )
        }) && without_parts(selector, class) == Tri::Yes
    };
    let parts = advanced.iter().filter(|selector| is_part(selector)).count();
    if answer == Tri::No && parts > 1 {
        return Tri::Unknown;
    }
    answer
}

/// What the fields of a selector say that hold for all events of the class or for none.
fn without_parts(selector: &AdvancedEventSelector, class: &EventClass) -> Tri {
    let whole = selector.field_selectors.iter().filter(|field| {
        matches!(
            field.field.as_str(),
            "eventCategory" | "readOnly" | "eventSource"
        )
    });
    Tri::all(whole.map(|field| field_holds(field, class)))
}

/// The sources that selectors name, for which events have to be told apart.
pub(super) fn named_sources(selectors: &EventSelectors) -> Vec<String> {
    let basic = selectors.event_selectors.iter().flatten();
    let advanced = selectors.advanced_event_selectors.iter().flatten();
    let of_basic = basic.flat_map(|selector| &selector.exclude_management_event_sources);
    let of_advanced = advanced
        .flat_map(|selector| &selector.field_selectors)
        .filter(|field| field.field == "eventSource")
        .flat_map(|field| field.equals.iter().chain(&field.not_equals));
    of_basic.chain(of_advanced).cloned().collect()
}

/// Whether the trail records management calls that read, such as the observer's own.
pub(super) fn records_reads(selectors: &EventSelectors) -> bool {
    let own_read = |source: &str, name: &str| EventClass {
        region: String::new(),
        source: Source::One(source.to_owned()),
        name: Some(name.to_owned()),
        read_only: true,
        event_type: Some("AwsApiCall"),
    };
    [
        own_read("cloudtrail.amazonaws.com", "DescribeTrails"),
        own_read("logs.amazonaws.com", "DescribeMetricFilters"),
        own_read("monitoring.amazonaws.com", "DescribeAlarms"),
    ]
    .iter()
    .any(|class| recorded(selectors, class) == Tri::Yes)
}

fn basic_records(selector: &EventSelector, class: &EventClass) -> bool {
    let wanted = if class.read_only {
        "ReadOnly"
    } else {
        "WriteOnly"
    };
    let read_write = selector.read_write_type.as_deref().unwrap_or("All");
    let excluded = match &class.source {
        Source::One(source) => selector.exclude_management_event_sources.contains(source),
        Source::Other => false,
    };
    selector.include_management_events.unwrap_or(true)
        && (read_write == "All" || read_write == wanted)
        && !excluded
}

fn advanced_records(selector: &AdvancedEventSelector, class: &EventClass) -> Tri {
    let names_category = selector
        .field_selectors
        .iter()
        .any(|field| field.field == "eventCategory");
    Tri::all(
        selector
            .field_selectors
            .iter()
            .map(|field| field_holds(field, class))
            .chain([Tri::from(names_category)]),
    )
}

fn field_holds(field: &AdvancedFieldSelector, class: &EventClass) -> Tri {
    match field.field.as_str() {
        "eventCategory" => operators_hold(field, "Management").into(),
        "readOnly" => operators_hold(field, if class.read_only { "true" } else { "false" }).into(),
        "eventSource" => match &class.source {
            Source::One(source) => operators_hold(field, source).into(),
            Source::Other => holds_for_unnamed(field).into(),
        },
        "eventName" => match &class.name {
            Some(name) => operators_hold(field, name).into(),
            None => Tri::No,
        },
        "eventType" => match class.event_type {
            Some(event_type) => operators_hold(field, event_type).into(),
            None => Tri::No,
        },
        // The events of the control may be by anybody, from anywhere: a choice among callers leaves some out.
        "userIdentity.arn" | "sessionCredentialFromConsole" => Tri::No,
        _ => Tri::Unknown,
    }
}

/// Each operator that is given must hold: one of the positive values, none of the negative ones.
fn operators_hold(field: &AdvancedFieldSelector, value: &str) -> bool {
    let positive = |list: &[String], test: &dyn Fn(&str) -> bool| {
        list.is_empty() || list.iter().any(|item| test(item))
    };
    let negative =
        |list: &[String], test: &dyn Fn(&str) -> bool| !list.iter().any(|item| test(item));
    let equal = |item: &str| value == item;
    let starts = |item: &str| value.starts_with(item);
    let ends = |item: &str| value.ends_with(item);
    positive(&field.equals, &equal)
        && positive(&field.starts_with, &starts)
        && positive(&field.ends_with, &ends)
        && negative(&field.not_equals, &equal)
        && negative(&field.not_starts_with, &starts)
        && negative(&field.not_ends_with, &ends)
}

/// Whether the condition holds for every value that it does not name.
fn holds_for_unnamed(field: &AdvancedFieldSelector) -> bool {
    field.equals.is_empty()
        && field.starts_with.is_empty()
        && field.ends_with.is_empty()
        && field.not_starts_with.is_empty()
        && field.not_ends_with.is_empty()
}
