//! Does every event of a route pass a rule's pattern? (EventBridge User Guide, "Comparison operators for use in event
//! patterns".)

use serde_json::{Map, Value};

use super::sample::{Field, Route};
use crate::policy::{Tri, like};

/// Whether every event of a route passes a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passes {
    /// Every one does.
    Yes,
    /// Some, or all, do not.
    No,
    /// The pattern uses something that is not known here; the text says what.
    Undecided(String),
}

/// Whether every event of a route passes a pattern.
pub fn passes(pattern: &str, route: &Route) -> Passes {
    Pattern::read(pattern).passes(route)
}

/// A pattern, read once for many routes.
#[derive(Debug)]
pub(super) struct Pattern(Option<Map<String, Value>>);

impl Pattern {
    pub(super) fn read(text: &str) -> Self {
        match serde_json::from_str(text) {
            Ok(Value::Object(pattern)) => Self(Some(pattern)),
            _ => Self(None),
        }
    }

    pub(super) fn passes(&self, route: &Route) -> Passes {
        let Some(pattern) = &self.0 else {
            // EventBridge would not have taken it.
            return Passes::Undecided("the pattern is no JSON object".to_owned());
        };
        let mut reader = Reader {
            route,
            unknown: None,
        };
        match (reader.object(pattern, &mut Vec::new()), reader.unknown) {
            (Tri::Yes, _) => Passes::Yes,
            (Tri::No, _) => Passes::No,
            (Tri::Unknown, what) => Passes::Undecided(what.unwrap_or_default()),
        }
    }
}

struct Reader<'a> {
    route: &'a Route,
    /// The first thing that is not known.
    unknown: Option<String>,
}

impl Reader<'_> {
    fn not_known(&mut self, what: String) -> Tri {
        self.unknown.get_or_insert(what);
        Tri::Unknown
    }

    /// Every field has to match.
    fn object<'p>(&mut self, pattern: &'p Map<String, Value>, path: &mut Vec<&'p str>) -> Tri {
        let mut all = Tri::Yes;
        for (name, wanted) in pattern {
            let one = match (name.as_str(), wanted) {
                ("$or", Value::Array(ways)) => self.any_of(ways, path),
                (_, Value::Object(inner)) => {
                    path.push(name);
                    let one = self.object(inner, path);
                    path.pop();
                    one
                }
                (_, Value::Array(matchers)) => {
                    path.push(name);
                    let field = self.route.field(path);
                    path.pop();
                    self.field(matchers, field)
                }
                _ => self.not_known(format!("the field {name} is matched by no list")),
            };
            all = all.and(one);
        }
        all
    }

    fn any_of<'p>(&mut self, ways: &'p [Value], path: &mut Vec<&'p str>) -> Tri {
        let mut any = Tri::No;
        for way in ways {
            let one = match way.as_object() {
                Some(way) => self.object(way, path),
                None => self.not_known("$or lists something that is no object".to_owned()),
            };
            any = any.or(one);
        }
        any
    }

    /// One of the matchers has to match, whatever the field is.
    fn field(&mut self, matchers: &[Value], field: Field<'_>) -> Tri {
        let exists = |wanted: bool| {
            matchers
                .iter()
                .any(|one| one.get("exists") == Some(&Value::Bool(wanted)))
        };
        match field {
            Field::Some if exists(true) => Tri::Yes,
            Field::Absent => exists(false).into(),
            Field::Any if exists(true) && exists(false) => Tri::Yes,
            // Some content does not match, unless a matcher is not known to be so.
            Field::Some | Field::Any => {
                let strange = matchers.iter().find_map(operator_not_known);
                strange.map_or(Tri::No, |what| self.not_known(what))
            }
            Field::Is(text) => {
                let mut any = Tri::No;
                for matcher in matchers {
                    any = any.or(self.matcher(matcher, text));
                }
                any
            }
        }
    }

    fn matcher(&mut self, matcher: &Value, text: &str) -> Tri {
        match matcher {
            Value::String(wanted) => (wanted == text).into(),
            Value::Number(_) | Value::Bool(_) | Value::Null => Tri::No,
            Value::Object(operators) => {
                let mut operators = operators.iter();
                match (operators.next(), operators.next()) {
                    (Some((name, wanted)), None) => self.operator(name, wanted, text),
                    _ => self.not_known("a matcher with several operators".to_owned()),
                }
            }
            Value::Array(_) => self.not_known("a list in a list".to_owned()),
        }
    }

    fn operator(&mut self, name: &str, wanted: &Value, text: &str) -> Tri {
        match (name, wanted) {
            ("exists", Value::Bool(wanted)) => (*wanted).into(),
            // Numbers and addresses match no text of ours.
            ("numeric" | "cidr", _) => Tri::No,
            ("anything-but", wanted) => self.anything_but(wanted, text),
            ("prefix" | "suffix" | "equals-ignore-case" | "wildcard", wanted) => {
                self.text_operator(name, wanted, text)
            }
            _ => self.not_known(format!("the operator {name}")),
        }
    }

    fn text_operator(&mut self, name: &str, wanted: &Value, text: &str) -> Tri {
        let (fold, wanted) = match wanted.get("equals-ignore-case") {
            Some(inner) => (true, inner),
            None => (false, wanted),
        };
        let Value::String(wanted) = wanted else {
            return self.not_known(format!(
                "the operator {name} with something that is no text"
            ));
        };
        let (wanted, text) = if fold {
            (wanted.to_lowercase(), text.to_lowercase())
        } else {
            (wanted.clone(), text.to_owned())
        };
        match name {
            "prefix" => text.starts_with(&wanted).into(),
            "suffix" => text.ends_with(&wanted).into(),
            "equals-ignore-case" => wanted.eq_ignore_ascii_case(&text).into(),
            // Here a question mark and a backslash mean something else than in policies.
            _ if wanted.contains(['?', '\\']) => self.not_known("an escaped wildcard".to_owned()),
            _ => like(&wanted, &text).into(),
        }
    }

    fn anything_but(&mut self, wanted: &Value, text: &str) -> Tri {
        match wanted {
            Value::String(wanted) => (wanted != text).into(),
            Value::Number(_) => Tri::Yes,
            Value::Array(list) => {
                let listed = |one: &Value| one.as_str() == Some(text);
                (!list.iter().any(listed)).into()
            }
            Value::Object(operators) => {
                let mut operators = operators.iter();
                let (Some((name, wanted)), None) = (operators.next(), operators.next()) else {
                    return self.not_known("anything-but with several operators".to_owned());
                };
                if !TEXT_OPERATORS.contains(&name.as_str()) {
                    return self.not_known(format!("the operator anything-but {name}"));
                }
                let list = match wanted {
                    Value::Array(list) => list.iter().collect(),
                    one => vec![one],
                };
                let mut any = Tri::No;
                for wanted in list {
                    any = any.or(self.text_operator(name, wanted, text));
                }
                any.not()
            }
            _ => self.not_known("anything-but something that is no text".to_owned()),
        }
    }
}

const TEXT_OPERATORS: [&str; 4] = ["prefix", "suffix", "equals-ignore-case", "wildcard"];

/// An operator of a matcher whose meaning is not known.
fn operator_not_known(matcher: &Value) -> Option<String> {
    const KNOWN: [&str; 8] = [
        "exists",
        "numeric",
        "cidr",
        "anything-but",
        "prefix",
        "suffix",
        "equals-ignore-case",
        "wildcard",
    ];
    let name = matcher.as_object()?.keys().next()?;
    (!KNOWN.contains(&name.as_str())).then(|| format!("the operator {name}"))
}
