//! Event selectors that record more and lose nothing.

use crate::snapshot::{
    AdvancedEventSelector, AdvancedFieldSelector, EventSelector, EventSelectors,
};

/// A trail has at most five basic selectors (API page of PutEventSelectors).
const MOST_SELECTORS: usize = 5;

/// Whether a selector is one for management events.
pub(crate) fn is_management(selector: &AdvancedEventSelector) -> bool {
    selector
        .field_selectors
        .iter()
        .any(|field| field.field == "eventCategory" && field.equals == ["Management"])
}

/// The present selectors with the known ones of the same kind beside them, or with one for all management events; none
/// where the trail can take no more.
pub(crate) fn widened(
    present: &EventSelectors,
    known: Option<&EventSelectors>,
) -> Option<EventSelectors> {
    if let Some(advanced) = present
        .advanced_event_selectors
        .as_ref()
        .filter(|selectors| !selectors.is_empty())
    {
        let known = known.and_then(|known| known.advanced_event_selectors.as_ref());
        let advanced = beside(advanced, known, all_management_advanced);
        return Some(EventSelectors {
            event_selectors: None,
            advanced_event_selectors: Some(advanced),
        });
    }
    // A basic selector without data events that was not enough for management events adds nothing.
    let kept: Vec<EventSelector> = present
        .event_selectors
        .iter()
        .flatten()
        .filter(|selector| !selector.data_resources.is_empty())
        .cloned()
        .collect();
    let known = known.and_then(|known| known.event_selectors.as_ref());
    let basic = beside(&kept, known, all_management);
    (basic.len() <= MOST_SELECTORS).then_some(EventSelectors {
        event_selectors: Some(basic),
        advanced_event_selectors: None,
    })
}

fn beside<S: Clone + PartialEq>(
    present: &[S],
    known: Option<&Vec<S>>,
    otherwise: fn() -> S,
) -> Vec<S> {
    let mut selectors = present.to_vec();
    for selector in known.into_iter().flatten() {
        if !selectors.contains(selector) {
            selectors.push(selector.clone());
        }
    }
    if selectors.len() == present.len() {
        selectors.push(otherwise());
    }
    selectors
}

fn all_management() -> EventSelector {
    EventSelector {
        read_write_type: Some("All".to_owned()),
        include_management_events: Some(true),
        ..EventSelector::default()
    }
}

fn all_management_advanced() -> AdvancedEventSelector {
    AdvancedEventSelector {
        name: Some("Management events".to_owned()),
        field_selectors: vec![AdvancedFieldSelector {
            field: "eventCategory".to_owned(),
            equals: vec!["Management".to_owned()],
            ..AdvancedFieldSelector::default()
        }],
    }
}
