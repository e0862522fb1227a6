//! What may be taken for granted about the events.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde_json::Value;

use super::matcher::string_equals;
use super::record::{self, Form};
use super::syntax::{Operand, Step};
use super::text::TextPattern;

/// Facts that hold for every event of the universe.
///
/// ```
/// use trailwarden::pattern::{Assumptions, Cover, Pattern, covers};
///
/// let (required, actual) = (Pattern::parse("{ $.a = x }")?, [Pattern::parse("{ $.eventName = * }")?]);
/// let known = Assumptions::none().with_string("eventName", &[]).with_missing("errorCode");
/// let Cover::Covered { assumptions } = covers(&actual, &required, &known) else { panic!() };
/// assert_eq!(assumptions[0].to_string(), "eventName is a string");
/// assert_eq!(assumptions.len(), 1);
/// # Ok::<(), trailwarden::pattern::ParseError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assumptions {
    items: Arc<Vec<Assumption>>,
}

/// By what tells most of them apart: the fact that was added last, of an account or its regions.
impl Hash for Assumptions {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.items.len().hash(state);
        self.items.last().hash(state);
    }
}

/// One fact about one field. `Display` names it: "eventName is a string".
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Assumption {
    steps: Vec<Step>,
    fact: Fact,
}

/// What is known of a field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Fact {
    /// A string, whatever it says.
    AnyString,
    /// One of these strings.
    OneOf(Vec<Operand>),
    /// A string that is written like this.
    Form(Form),
    /// `true` or `false`.
    AnyBoolean,
    /// This boolean.
    Boolean(bool),
    /// An object.
    Object,
    /// Not there.
    Missing,
}

impl Assumptions {
    /// Nothing: every JSON object is an event.
    pub fn none() -> Self {
        Self::default()
    }

    /// CloudTrail: `eventName` and `eventSource` are strings in every event.
    pub fn cloudtrail() -> Self {
        Self::none()
            .with_string("eventName", &[])
            .with_string("eventSource", &[])
    }

    /// Adds what holds for practically every record of a trail, as far as `named` asks for it: it is of a successful or
    /// failed call of an API, has the fields that CloudTrail always writes, and those in the form in which it writes them.
    /// A field of which `self` tells the values stays as it is.
    #[must_use]
    pub(crate) fn with_ordinary_record(self, named: &dyn Fn(&str) -> bool) -> Self {
        const STRINGS: [&str; 9] = [
            "eventName",
            "eventSource",
            "eventTime",
            "eventVersion",
            "eventID",
            "awsRegion",
            "sourceIPAddress",
            "recipientAccountId",
            "userIdentity.type",
        ];
        let is_open = |known: &Self, field: &str| {
            let last = field.rsplit('.').next().unwrap_or(field);
            named(last) && !known.names_values_of(field)
        };
        // Names are without end: a field of which nothing is left out.
        let mut known = self.with_string("eventName", &[]);
        for field in STRINGS {
            if is_open(&known, field) {
                known = known.with_form(field);
            }
        }
        for (field, value) in [("eventType", "AwsApiCall"), ("eventCategory", "Management")] {
            if is_open(&known, field) {
                known = known.with_string(field, &[value]);
            }
        }
        if is_open(&known, "managementEvent") {
            known = known.with_boolean("managementEvent", true);
        }
        if is_open(&known, "readOnly") {
            known = known.with("readOnly", Fact::AnyBoolean);
        }
        if named("userIdentity") {
            known = known.with_object("userIdentity");
        }
        known
    }

    /// Adds: the field is a string as CloudTrail writes it; any string where nothing is known of its form.
    #[must_use]
    pub fn with_form(self, path: &str) -> Self {
        let fact = record::form(path)
            .cloned()
            .map_or(Fact::AnyString, Fact::Form);
        self.with(path, fact)
    }

    /// Adds: the field is a string, one of `values`; any string if `values` is empty. `path` is names with dots
    /// between them, `userIdentity.type`; a leading `$.` is allowed.
    #[must_use]
    pub fn with_string(self, path: &str, values: &[&str]) -> Self {
        let fact = if values.is_empty() {
            Fact::AnyString
        } else {
            let exact = |value: &&str| Operand::Text(TextPattern::exactly(value));
            Fact::OneOf(values.iter().map(exact).collect())
        };
        self.with(path, fact)
    }

    /// Adds: the field is this boolean.
    #[must_use]
    pub fn with_boolean(self, path: &str, value: bool) -> Self {
        self.with(path, Fact::Boolean(value))
    }

    /// Adds: the field is an object.
    #[must_use]
    pub fn with_object(self, path: &str) -> Self {
        self.with(path, Fact::Object)
    }

    /// Adds: the field is absent, or cannot be reached.
    #[must_use]
    pub fn with_missing(self, path: &str) -> Self {
        self.with(path, Fact::Missing)
    }

    /// The facts, in the order in which they were added.
    pub fn items(&self) -> &[Assumption] {
        &self.items
    }

    /// The same without one of them.
    pub(crate) fn without(&self, index: usize) -> Self {
        let mut fewer = self.clone();
        if index < self.items.len() {
            Arc::make_mut(&mut fewer.items).remove(index);
        }
        fewer
    }

    /// Whether all facts hold for an event.
    pub(crate) fn hold_for(&self, event: &Value) -> bool {
        self.items
            .iter()
            .all(|assumption| assumption.holds_for(event))
    }

    /// Whether a fact says which values the field may have.
    pub(crate) fn names_values_of(&self, path: &str) -> bool {
        let steps = steps_of(path);
        let mut items = self.items.iter().filter(|item| item.steps == steps);
        items.any(|item| !matches!(item.fact, Fact::AnyString | Fact::Object | Fact::Form(_)))
    }

    fn with(mut self, path: &str, fact: Fact) -> Self {
        let steps = steps_of(path);
        let added = Assumption { steps, fact };
        if !self.items.contains(&added) {
            Arc::make_mut(&mut self.items).push(added);
        }
        self
    }
}

fn steps_of(path: &str) -> Vec<Step> {
    let names = path.strip_prefix("$.").unwrap_or(path).split('.');
    names.map(|name| Step::Name(name.to_owned())).collect()
}

impl Assumption {
    /// Whether the field has so few values that to leave out some of them says nothing.
    pub(crate) fn is_of_few(&self) -> bool {
        match &self.fact {
            Fact::OneOf(_) | Fact::AnyBoolean | Fact::Boolean(_) | Fact::Missing => true,
            Fact::Form(form) => form.is_few(),
            Fact::AnyString | Fact::Object => false,
        }
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    pub(crate) fn fact(&self) -> &Fact {
        &self.fact
    }

    fn holds_for(&self, event: &Value) -> bool {
        let value = self.steps.iter().try_fold(event, |value, step| match step {
            Step::Name(name) => value.as_object()?.get(name),
            Step::Index(index) => value.as_array()?.get(*index),
            Step::Wildcard => None,
        });
        match (&self.fact, value) {
            (Fact::Missing, None)
            | (Fact::AnyString, Some(Value::String(_)))
            | (Fact::AnyBoolean, Some(Value::Bool(_))) => true,
            (Fact::Boolean(wanted), Some(Value::Bool(value))) => wanted == value,
            (Fact::Form(form), Some(Value::String(text))) => {
                form.wishes().all(|(operand, wanted)| {
                    let fit = string_equals(operand, text);
                    if wanted { fit.is_yes() } else { fit.is_no() }
                })
            }
            (Fact::Object, Some(value)) => value.is_object(),
            (Fact::OneOf(values), Some(Value::String(text))) => values.iter().any(
                |value| matches!(value, Operand::Text(exact) if exact.literal() == Some(text)),
            ),
            _ => false,
        }
    }
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            if let Step::Name(name) = step {
                write!(f, "{}{name}", if at == 0 { "" } else { "." })?;
            }
        }
        match &self.fact {
            Fact::AnyString => f.write_str(" is a string"),
            Fact::Form(_) => f.write_str(" is written as CloudTrail does"),
            Fact::AnyBoolean => f.write_str(" is true or false"),
            Fact::Boolean(value) => write!(f, " is {value}"),
            Fact::Object => f.write_str(" is an object"),
            Fact::Missing => f.write_str(" is absent"),
            Fact::OneOf(values) => {
                for (at, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if at == 0 { " is " } else { " or " })?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn facts_are_named_and_checked() {
        let assumptions = Assumptions::none()
            .with_string("$.eventSource", &["a", "b"])
            .with_object("userIdentity")
            .with_missing("errorCode")
            .with_missing("errorCode");
        let names: Vec<String> = assumptions
            .items()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            names,
            [
                "eventSource is a or b",
                "userIdentity is an object",
                "errorCode is absent"
            ]
        );
        assert!(assumptions.hold_for(&json!({"eventSource": "b", "userIdentity": {}})));
        assert!(!assumptions.hold_for(&json!({"eventSource": "c", "userIdentity": {}})));
        assert!(!assumptions.hold_for(&json!({"eventSource": "a", "userIdentity": []})));
    }
}
