//! What masking leaves of a control's records, and whether a filter still matches them.

use std::ops::Range;

use regex_automata::meta::Regex;
use serde_json::{Value, json};

use super::fault::Tri;
use crate::control::{Control, EventKind};
use crate::pattern::syntax::{Comparison, Condition, Expr, Operand, Step, Syntax, Test};
use crate::pattern::{Match, Pattern};

/// A usual record of a control as CloudTrail delivers it.
#[derive(Debug)]
pub(super) struct Record {
    event: Value,
    text: String,
    strings: Vec<Quoted>,
}

/// What stands between two quotes.
#[derive(Debug)]
struct Quoted {
    at: Range<usize>,
    is_key: bool,
}

/// The bytes of a record that are masked.
type Marks = Vec<bool>;

/// A record as a filter reads it.
#[derive(Debug)]
struct Reading {
    text: String,
    /// None where it is no JSON any more.
    event: Option<Value>,
}

/// A record that masking changes.
#[derive(Debug)]
struct Changed {
    event: Value,
    /// Masked within its values only.
    values: Reading,
    /// Keys, numbers and the marks of JSON masked as well, where there is anything to mask. Whether AWS does is not
    /// documented.
    whole: Option<Reading>,
}

/// The records of a control under some masks.
#[derive(Debug)]
pub(super) struct Masked<'m> {
    masks: Vec<&'m Regex>,
    /// Fields of which the records have every value that required events have.
    settled: Vec<&'static str>,
    changed: Vec<Changed>,
    /// Those that no mask touches.
    intact: Vec<Value>,
}

/// What masking does to a filter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Blind<'e> {
    /// It matches all that it did.
    No,
    /// What is masked beside values is not documented, or something that it asks for is masked.
    Perhaps,
    /// It does not match this required event any more.
    To(&'e Value),
}

impl Record {
    fn new(event: Value) -> Self {
        let text = event.to_string();
        Self {
            strings: quoted(&text),
            event,
            text,
        }
    }

    /// What is found in the whole record or in what stands between two quotes.
    fn marks(&self, regexes: &[&Regex]) -> Option<Marks> {
        let mut marks = vec![false; self.text.len()];
        let mut is_any = false;
        let strings = self.strings.iter().map(|quoted| quoted.at.clone());
        for part in strings.chain(std::iter::once(0..self.text.len())) {
            let text = self.text.get(part.clone()).unwrap_or_default();
            for found in regexes.iter().flat_map(|regex| regex.find_iter(text)) {
                let found = part.start + found.start()..part.start + found.end();
                is_any |= !found.is_empty();
                if let Some(bytes) = marks.get_mut(found) {
                    bytes.fill(true);
                }
            }
        }
        is_any.then_some(marks)
    }

    /// The marks that lie within values.
    fn of_values(&self, marks: &Marks) -> Marks {
        let mut within = vec![false; marks.len()];
        for value in self.strings.iter().filter(|quoted| !quoted.is_key) {
            let from = marks.get(value.at.clone());
            if let (Some(to), Some(from)) = (within.get_mut(value.at.clone()), from) {
                to.copy_from_slice(from);
            }
        }
        within
    }

    fn read(&self, marks: &Marks) -> Reading {
        let star = |(at, c)| if marks.get(at) == Some(&true) { '*' } else { c };
        let text: String = self.text.char_indices().map(star).collect();
        Reading {
            event: serde_json::from_str(&text).ok(),
            text,
        }
    }

    /// Whether a key or a value is masked; the marks of JSON around them are those of any record.
    fn is_hidden(&self, marks: &Marks) -> bool {
        let mut quoted = self.strings.iter();
        quoted.any(|quoted| {
            marks
                .get(quoted.at.clone())
                .is_some_and(|part| part.contains(&true))
        })
    }

    /// What masking makes of it; the event itself where nothing is found.
    fn under(self, regexes: &[&Regex]) -> Result<Changed, Value> {
        let Some(marks) = self.marks(regexes) else {
            return Err(self.event);
        };
        let of_values = self.of_values(&marks);
        Ok(Changed {
            whole: (of_values != marks).then(|| self.read(&marks)),
            values: self.read(&of_values),
            event: self.event,
        })
    }
}

impl Reading {
    fn matches(&self, pattern: &Pattern) -> Match {
        match (pattern.syntax(), &self.event) {
            (Syntax::Json(_), Some(event)) => pattern.matches_event(event),
            (Syntax::Json(_), None) => Match::No,
            _ => pattern.matches(&self.text),
        }
    }
}

impl Changed {
    /// Whether masking takes the record from a filter that matched it.
    fn is_lost_to(&self, pattern: &Pattern, before: Match) -> Tri {
        let values = self.values.matches(pattern);
        let whole = self.whole.as_ref().map_or(values, |it| it.matches(pattern));
        if values.is_no() {
            Tri::Yes
        } else if [values, whole]
            .iter()
            .all(|after| after.is_yes() || *after == before)
        {
            Tri::No
        } else {
            Tri::Unknown
        }
    }

    /// Whether masking may change what the record has at the first of these steps.
    fn differs_at(&self, steps: &[Step]) -> bool {
        let Some(Step::Name(name)) = steps.first() else {
            return true;
        };
        let readings = [Some(&self.values), self.whole.as_ref()];
        readings.into_iter().flatten().any(|reading| {
            let after = reading.event.as_ref();
            after.is_none_or(|after| after.get(name) != self.event.get(name))
        })
    }
}

impl<'m> Masked<'m> {
    pub(super) fn new(control: &Control, masks: Vec<&'m Regex>) -> Self {
        let mut masked = Self {
            masks,
            settled: settled(control),
            changed: Vec::new(),
            intact: Vec::new(),
        };
        if masked.masks.is_empty() {
            return masked;
        }
        for record in records(control) {
            match record.under(&masked.masks) {
                Ok(changed) => masked.changed.push(changed),
                Err(event) => masked.intact.push(event),
            }
        }
        masked
    }

    /// What masking does to a filter.
    pub(super) fn blinds(&self, pattern: &Pattern) -> Blind<'_> {
        if self.masks.is_empty() {
            return Blind::No;
        }
        let mut intact = self.intact.iter();
        let mut is_tried = intact.any(|event| !pattern.matches_event(event).is_no());
        let mut is_open = false;
        for changed in &self.changed {
            let before = pattern.matches_event(&changed.event);
            if before.is_no() {
                continue;
            }
            is_tried = true;
            match changed.is_lost_to(pattern, before) {
                Tri::Yes => return Blind::To(&changed.event),
                Tri::Unknown => is_open = true,
                Tri::No => {}
            }
        }
        let may_lose = || !is_tried && self.may_lose_another(pattern);
        if is_open || may_lose() || self.hides_asked(pattern) {
            Blind::Perhaps
        } else {
            Blind::No
        }
    }

    /// Whether masking touches what a filter asks for that matches none of the usual records.
    fn may_lose_another(&self, pattern: &Pattern) -> bool {
        conditions(pattern).any(|condition| {
            let steps = condition.selector.steps();
            self.changed.iter().any(|changed| changed.differs_at(steps))
        })
    }

    /// Whether a mask finds something in a key or a literal of a filter.
    fn hides_asked(&self, pattern: &Pattern) -> bool {
        conditions(pattern).any(|condition| {
            let steps = condition.selector.steps();
            let names = steps.iter().filter_map(|step| match step {
                Step::Name(name) => Some(name.as_str()),
                Step::Index(_) | Step::Wildcard => None,
            });
            let names: Vec<&str> = names.collect();
            if matches!(names[..], [name] if self.settled.contains(&name)) {
                return false;
            }
            let value = literal(condition).unwrap_or_default();
            let asked = names
                .iter()
                .rev()
                .fold(json!(value), |value, name| json!({*name: value}));
            let asked = Record::new(asked);
            let marks = asked.marks(&self.masks);
            marks.is_some_and(|marks| asked.is_hidden(&marks))
        })
    }
}

/// The conditions on fields that have to be there.
fn conditions(pattern: &Pattern) -> impl Iterator<Item = &Condition> {
    let expr = match pattern.syntax() {
        Syntax::Json(expr) => Some(expr),
        _ => None,
    };
    let conditions = expr.into_iter().flat_map(Expr::conditions);
    conditions.filter(|condition| condition.test != Test::NotExists)
}

/// The one text that a condition asks for.
fn literal(condition: &Condition) -> Option<&str> {
    match &condition.test {
        Test::Compare(Comparison::Is(Operand::Text(text))) => Some(text.raw()),
        _ => None,
    }
}

/// The keys and values that are texts. The text is JSON as `serde_json` writes it.
fn quoted(text: &str) -> Vec<Quoted> {
    let mut all = Vec::new();
    let mut start = None;
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match (start, byte) {
            (None, b'"') => start = Some(at + 1),
            (Some(_), _) if is_escaped => is_escaped = false,
            (Some(_), b'\\') => is_escaped = true,
            (Some(from), b'"') => {
                all.push(Quoted {
                    at: from..at,
                    is_key: text.as_bytes().get(at + 1) == Some(&b':'),
                });
                start = None;
            }
            _ => {}
        }
    }
    all
}

/// Usual records of a control: of each name and source, with what tells them from others.
fn records(control: &Control) -> Vec<Record> {
    let or = |list: &[String], usual: &str| {
        if list.is_empty() {
            vec![usual.to_owned()]
        } else {
            list.to_vec()
        }
    };
    let names = or(&control.event_names, "TerminateInstances");
    let sources = if control.event_sources.is_empty() {
        prescribed_sources(control)
    } else {
        control.event_sources.clone()
    };
    let sources = or(&sources, "ec2.amazonaws.com");
    let telling = telling(control);
    let mut records = Vec::new();
    for name in &names {
        for source in &sources {
            let usual = usual(control.events, name, source);
            let mut variants = telling.iter().map(|(pointer, value)| {
                let mut event = usual.clone();
                set(&mut event, pointer, value);
                event
            });
            let first = variants.next().unwrap_or_else(|| usual.clone());
            records.extend([first].into_iter().chain(variants).map(Record::new));
        }
    }
    records
}

/// What is tried on the records need not be looked for in what a filter asks.
fn settled(control: &Control) -> Vec<&'static str> {
    let fields = [
        // A pattern of the user's own may ask for more than the names that it spells out.
        (
            "eventName",
            control.number.is_some() && !control.event_names.is_empty(),
        ),
        ("eventSource", !control.event_sources.is_empty()),
        ("eventType", control.events != EventKind::Any),
    ];
    let settled = fields.into_iter().filter(|(_, is_settled)| *is_settled);
    settled.map(|(field, _)| field).collect()
}

/// The services that the patterns of a control of the user's own name.
fn prescribed_sources(control: &Control) -> Vec<String> {
    let patterns = control.prescribed.iter().map(|one| &one.pattern);
    let asked = patterns.flat_map(conditions).filter(|condition| {
        matches!(condition.selector.steps(), [Step::Name(name)] if name == "eventSource")
    });
    let mut sources: Vec<String> = asked.filter_map(literal).map(str::to_owned).collect();
    sources.sort_unstable();
    sources.dedup();
    sources
}

/// Where the events of a control have which values, beside name and source: each of these in some of them.
fn telling(control: &Control) -> Vec<(&'static [&'static str], &'static str)> {
    const TELLING: [(&[&str], &str); 4] = [
        (&["errorCode"], "Client.UnauthorizedOperation"),
        (&["errorCode"], "AccessDenied"),
        (&["errorMessage"], "Failed authentication"),
        (&["userIdentity", "type"], "Root"),
    ];
    let is_asked = |(_, value): &(&'static [&'static str], &'static str)| {
        let asked = value.trim_start_matches("Client.");
        let mut prescribed = control.prescribed.iter();
        prescribed.all(|one| one.pattern.text().contains(asked))
    };
    TELLING.into_iter().filter(is_asked).collect()
}

fn set(event: &mut Value, path: &[&str], value: &str) {
    let mut at = event;
    for key in path {
        let Value::Object(fields) = at else {
            return;
        };
        at = fields.entry(*key).or_insert_with(|| json!({}));
    }
    *at = json!(value);
}

/// The record contents of the CloudTrail user guide, in the order in which CloudTrail writes them.
fn usual(kind: EventKind, name: &str, source: &str) -> Value {
    let mut event = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser", "principalId": "AIDACKCEVSQ6C2EXAMPLE",
            "arn": "arn:aws:iam::111122223333:user/alice", "accountId": "111122223333",
            "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "userName": "alice"
        },
        "eventTime": "2026-01-01T00:00:00Z",
        "eventSource": source,
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.1",
        "userAgent": "aws-cli/2.27.0",
        "requestParameters": {"name": "main"},
        "responseElements": null,
        "requestID": "7f9c0b3a-1d2e-4f56-8a9b-0c1d2e3f4a5b",
        "eventID": "0a1b2c3d-4e5f-4a6b-9c8d-7e6f5a4b3c2d",
        "readOnly": false,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management"
    });
    let outcome = match kind {
        EventKind::Signin => "Success",
        EventKind::FailedSignin => "Failure",
        EventKind::Change | EventKind::Any => return event,
    };
    set(&mut event, &["eventType"], "AwsConsoleSignIn");
    set(&mut event, &["additionalEventData", "MFAUsed"], "No");
    if let Some(fields) = event.as_object_mut() {
        fields.insert(
            "responseElements".to_owned(),
            json!({"ConsoleLogin": outcome}),
        );
    }
    event
}
