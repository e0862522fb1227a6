//! What may be taken for granted about the events.

use std::fmt;

/// Facts that hold for every event of the universe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assumptions {
    items: Vec<Assumption>,
}

/// One fact about one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumption {
    path: Vec<String>,
    fact: Fact,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Fact {
    AnyString,
    OneOf(Vec<String>),
    Object,
    Missing,
}

impl Assumptions {
    /// Nothing: every JSON object is an event.
    pub fn none() -> Self {
        Self::default()
    }

    /// CloudTrail: `eventName` and `eventSource` are strings in every event.
    pub fn cloudtrail() -> Self {
        Self::none().with_string("eventName", &[]).with_string("eventSource", &[])
    }

    /// Adds: the field is a string, one of `values`; any string if `values` is empty. Names are separated by dots.
    #[must_use]
    pub fn with_string(self, path: &str, values: &[&str]) -> Self {
        let fact = if values.is_empty() {
            Fact::AnyString
        } else {
            Fact::OneOf(values.iter().map(|&v| v.to_owned()).collect())
        };
        self.with(path, fact)
    }

    /// Adds: the field is an object.
    #[must_use]
    pub fn with_object(self, path: &str) -> Self {
        self.with(path, Fact::Object)
    }

    /// Adds: the field is absent.
    #[must_use]
    pub fn with_missing(self, path: &str) -> Self {
        self.with(path, Fact::Missing)
    }

    fn with(mut self, path: &str, fact: Fact) -> Self {
        let path = path.trim_start_matches("$.").split('.').map(str::to_owned).collect();
        self.items.push(Assumption { path, fact });
        self
    }
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.join(".");
        match &self.fact {
            Fact::AnyString => write!(f, "{path} is a string"),
            Fact::OneOf(values) => write!(f, "{path} is {}", values.join(" or ")),
            Fact::Object => write!(f, "{path} is an object"),
            Fact::Missing => write!(f, "{path} is absent"),
        }
    }
}
