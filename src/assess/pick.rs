//! The metric of a filter with dimensions is one for each of their values, and an alarm looks at some: which events are those?

use serde_json::Value;

use super::Link;
use super::fault::{Fault, Tri};
use crate::pattern::Pattern;
use crate::pattern::syntax::{Selector, Step};
use crate::snapshot::Alarm;

/// A field of the records with the value that an alarm looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pick {
    field: String,
    value: String,
    /// None where it is not known what the field is.
    selector: Option<Selector>,
}

impl Pick {
    pub(super) fn new((field, value): &(String, String)) -> Self {
        let is_plain = |selector: &Selector| !selector.steps().contains(&Step::Wildcard);
        Self {
            field: field.clone(),
            value: value.clone(),
            selector: Selector::parse(field.trim()).filter(is_plain),
        }
    }

    /// The events that surely have the value.
    fn pattern(&self) -> Option<Pattern> {
        let selector = self.selector.as_ref()?;
        Pattern::of_text(selector, &self.value)
    }

    /// Whether an event has the value. How a dimension spells what is no text is not documented.
    pub(super) fn takes(&self, event: &Value) -> Tri {
        let Some(selector) = &self.selector else {
            return Tri::Unknown;
        };
        match selector.value(event) {
            None => Tri::No,
            Some(Value::String(text)) => Tri::from(*text == self.value),
            Some(_) => Tri::Unknown,
        }
    }

    /// What is wrong with the alarm for an event; nothing if it looks at the event's value.
    pub(super) fn fault(&self, event: &Value, alarm: Option<&Alarm>) -> Option<Fault> {
        let (field, value) = (&self.field, &self.value);
        let fault = match self.takes(event) {
            Tri::Yes => return None,
            Tri::No => Fault::broken(
                Link::Metric,
                format!(
                    "The metric is split by {field}, and alarm {} looks at {value} only.",
                    alarm.map_or("", |alarm| &alarm.alarm_name)
                ),
            ),
            Tri::Unknown => Fault::undecided(
                Link::Metric,
                format!(
                    "The metric is split by {field}, which is no text; whether the events come with {value} is open."
                ),
            ),
        };
        Some(match alarm {
            Some(alarm) => fault.on(&alarm.alarm_arn),
            None => fault,
        })
    }
}

/// What a filter matches of the events that have all the values; none where that is no pattern.
pub(super) fn narrowed(pattern: &Pattern, picks: &[Pick]) -> Option<Pattern> {
    let values: Vec<Pattern> = picks.iter().map(Pick::pattern).collect::<Option<_>>()?;
    let parts: Vec<&Pattern> = std::iter::once(pattern).chain(&values).collect();
    Pattern::all(&parts)
}
