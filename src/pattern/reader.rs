//! Reads the text of a log event as one JSON object.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::answer::Reason;

/// What a text is.
pub(crate) enum Reading {
    /// One JSON object and nothing else.
    Object(Value),
    /// Something else: no JSON pattern matches it.
    NotAnObject,
    /// An object that we cannot read as the service does.
    Unclear(Reason),
}

/// Deepest nesting that serde_json reads.
const MAX_DEPTH: usize = 127;

pub(crate) fn object(text: &str) -> Reading {
    if !text.trim_start().starts_with('{') {
        return Reading::NotAnObject;
    }
    match serde_json::from_str::<Value>(text) {
        Ok(value) if repeats_a_key(text) => {
            drop(value);
            Reading::Unclear(Reason::RepeatedKey)
        }
        Ok(value) => Reading::Object(value),
        Err(_) if is_deep(text) => Reading::Unclear(Reason::Nesting),
        Err(_) => Reading::NotAnObject,
    }
}

/// The event as a writer with spaces after `:` and `,` would write it.
pub(crate) fn spaced(event: &Value) -> String {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Spaced);
    // A value always serializes, and to UTF-8.
    if event.serialize(&mut serializer).is_err() {
        return event.to_string();
    }
    String::from_utf8(bytes).unwrap_or_else(|_| event.to_string())
}

struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_array_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
    ) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}

/// Whether brackets outside strings nest beyond what the reader takes.
fn is_deep(text: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

fn repeats_a_key(text: &str) -> bool {
    let mut found = false;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let finished = KeyCheck {
        repeated: &mut found,
    }
    .deserialize(&mut deserializer);
    found && finished.is_ok()
}

/// Walks a value and notes whether an object has two members of one name.
struct KeyCheck<'f> {
    repeated: &'f mut bool,
}

impl<'de> DeserializeSeed<'de> for KeyCheck<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for KeyCheck<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            *self.repeated |= !keys.insert(key);
            map.next_value_seed(KeyCheck {
                repeated: self.repeated,
            })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq
            .next_element_seed(KeyCheck {
                repeated: self.repeated,
            })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        IgnoredAny::deserialize(deserializer).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_key_is_seen_at_any_depth() {
        assert!(repeats_a_key(r#"{"a":[{"b":1,"\u0062":2}]}"#));
        assert!(!repeats_a_key(r#"{"a":{"a":1.50},"b":{"a":null}}"#));
    }

    #[test]
    fn only_one_object_is_an_event() {
        assert!(matches!(object(" {\"a\":1.0}\n"), Reading::Object(_)));
        for text in [
            "[1]",
            "{\"a\":2} trailing",
            "x {}",
            "",
            "{",
            "{\"a\":01}",
            "null",
        ] {
            assert!(matches!(object(text), Reading::NotAnObject), "{text}");
        }
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(500), "]".repeat(500));
        assert!(matches!(object(&deep), Reading::Unclear(Reason::Nesting)));
    }

    #[test]
    fn spaced_writing_differs_in_spaces_only() {
        let event = serde_json::json!({"a": [1, {"b": null}], "c": "x: y"});
        assert_eq!(spaced(&event), r#"{"a": [1, {"b": null}], "c": "x: y"}"#);
    }
}
