//! The synthetic record: what the filters must match, and what tells everybody that nothing happened.

use serde_json::{Map, Value, json};

use super::DrillName;
use crate::assess::assumptions;
use crate::control::{Control, EventKind, Prescribed};
use crate::pattern::{Pattern, example};
use crate::snapshot::AccountId;

/// The field that marks a record as a drill's. `CloudTrail` writes no such field.
pub const MARK: &str = "trailwardenDrill";

/// Which event it is.
const OF_THE_EVENT: [&str; 2] = ["eventName", "eventSource"];

/// What every record of a drill says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks<'a> {
    pub(super) name: &'a DrillName,
    pub(super) account: &'a AccountId,
    pub(super) region: &'a str,
}

/// What one record has to be.
#[derive(Debug, Clone)]
pub(super) struct Wanted<'a> {
    pub(super) control: &'a Control,
    /// Of the control; one of them must match, so that the record is an event that the control is about.
    pub(super) required: Vec<&'a Prescribed>,
    /// The filter that must match.
    pub(super) filter: Pattern,
    /// Selectors with the values that the alarm's dimensions ask for.
    pub(super) picks: Vec<(String, String)>,
}

impl Wanted<'_> {
    /// Whether a record will do.
    pub(super) fn fits(&self, record: &Value) -> bool {
        self.required
            .iter()
            .any(|required| self.fits_as(record, required))
    }

    fn fits_as(&self, record: &Value, required: &Prescribed) -> bool {
        // As the log group will hold it.
        let text = record.to_string();
        required.pattern.matches(&text).is_yes()
            && self.filter.matches(&text).is_yes()
            && self
                .picks
                .iter()
                .all(|(selector, value)| select(record, selector) == Some(value))
    }

    /// A record that will do; none where none could be built that provably matches.
    pub(super) fn record(&self, marks: Marks<'_>) -> Option<Value> {
        self.required
            .iter()
            .find_map(|required| self.record_as(required, marks))
    }

    fn record_as(&self, required: &Prescribed, marks: Marks<'_>) -> Option<Value> {
        let usual = required.event_names.iter().map(|name| {
            let mut seed = Map::new();
            seed.insert("eventName".to_owned(), json!(name));
            if let Some(source) = self.control.event_sources.first() {
                seed.insert("eventSource".to_owned(), json!(source));
            }
            seed
        });
        let built = || {
            let known = assumptions(self.control, &[&required.pattern, &self.filter]);
            [&required.pattern, &self.filter]
                .into_iter()
                .filter_map(move |pattern| match example(pattern, &known)? {
                    Value::Object(seed) => Some(seed),
                    _ => None,
                })
        };
        usual
            .chain(std::iter::once_with(built).flatten())
            .find_map(|mut seed| {
                for (selector, value) in &self.picks {
                    set(&mut seed, selector, value);
                }
                self.dressed(required, &seed, marks)
            })
    }

    /// The seed with as many of the usual fields as the patterns bear, and the mark.
    fn dressed(
        &self,
        required: &Prescribed,
        seed: &Map<String, Value>,
        marks: Marks<'_>,
    ) -> Option<Value> {
        let fields = usual_fields(self.control.events, marks);
        let mark = mark(marks.name);
        let fits = |record: &Value| self.fits_as(record, required);
        let mut kept = fields.clone();
        if !fits(&compose(seed, &fields, &mark)) {
            // A pattern may ask for the absence of a field.
            kept.clear();
            for field in &fields {
                kept.push(field.clone());
                if !fits(&compose(seed, &kept, &mark)) {
                    kept.pop();
                }
            }
        }
        let mut record = Some(compose(seed, &kept, &mark)).filter(fits)?;
        // What the seed says only as an example is said as usual.
        let usual = kept
            .iter()
            .filter(|(field, _)| !OF_THE_EVENT.contains(field));
        let mut seed = seed.clone();
        for (field, value) in usual {
            let mut changed = seed.clone();
            changed.insert((*field).to_owned(), value.clone());
            let other = compose(&changed, &kept, &mark);
            if fits(&other) {
                (seed, record) = (changed, other);
            }
        }
        Some(record)
    }
}

fn mark(name: &DrillName) -> Value {
    json!({
        "name": name.as_str(),
        "note": "Synthetic record, written by `trailwarden drill` to prove that this log group's alarm reaches somebody. \
                 Nothing happened.",
    })
}

/// The fields of a record as `CloudTrail` writes them ("CloudTrail record contents"), saying whose it is. The address is
/// of a range that is nobody's (TEST-NET-1, RFC 5737), so that whoever reads it as an address can.
fn usual_fields(kind: EventKind, marks: Marks<'_>) -> Vec<(&'static str, Value)> {
    let name = marks.name.as_str();
    let event_type = match kind {
        EventKind::Signin | EventKind::FailedSignin => "AwsConsoleSignIn",
        EventKind::Change | EventKind::Any => "AwsApiCall",
    };
    vec![
        ("eventVersion", json!("1.11")),
        (
            "userIdentity",
            json!({"type": "Unknown", "principalId": "trailwarden-drill", "accountId": marks.account.as_str(), "userName": "trailwarden-drill"}),
        ),
        ("eventTime", json!(marks.name.started().to_string())),
        ("eventSource", json!("trailwarden-drill.invalid")),
        ("eventName", json!("TrailwardenDrill")),
        ("awsRegion", json!(marks.region)),
        ("sourceIPAddress", json!("192.0.2.1")),
        (
            "userAgent",
            json!(concat!("trailwarden-drill/", env!("CARGO_PKG_VERSION"))),
        ),
        ("requestID", json!(name)),
        ("eventID", json!(name)),
        ("readOnly", json!(false)),
        ("eventType", json!(event_type)),
        ("managementEvent", json!(true)),
        ("recipientAccountId", json!(marks.account.as_str())),
        ("eventCategory", json!("Management")),
    ]
}

/// The fields in their order, with the seed's values where it has them; then what else the seed has; then the mark.
fn compose(seed: &Map<String, Value>, fields: &[(&str, Value)], mark: &Value) -> Value {
    let mut record = Map::new();
    for (field, usual) in fields {
        let value = seed.get(*field).unwrap_or(usual);
        record.insert((*field).to_owned(), value.clone());
    }
    for (field, value) in seed {
        record.entry(field.clone()).or_insert_with(|| value.clone());
    }
    record.insert(MARK.to_owned(), mark.clone());
    Value::Object(record)
}

/// The names of a plain selector, `$.userIdentity.type`.
fn names(selector: &str) -> impl Iterator<Item = &str> {
    selector.trim_start_matches("$.").split('.')
}

fn select<'a>(record: &'a Value, selector: &str) -> Option<&'a str> {
    names(selector)
        .try_fold(record, |value, name| value.get(name))?
        .as_str()
}

fn set(seed: &mut Map<String, Value>, selector: &str, value: &str) {
    let mut names: Vec<&str> = names(selector).collect();
    let Some(last) = names.pop() else { return };
    let mut at = seed;
    for name in names {
        let next = at
            .entry(name.to_owned())
            .or_insert_with(|| Value::Object(Map::new()));
        let Some(object) = next.as_object_mut() else {
            return;
        };
        at = object;
    }
    at.insert(last.to_owned(), json!(value));
}
