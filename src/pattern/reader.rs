//! Reads the text of a log event as one JSON object.

use serde::Serialize;
use serde::de::IgnoredAny;
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
        Ok(value) if repeats_a_key(text, &value) => Reading::Unclear(Reason::RepeatedKey),
        Ok(value) => Reading::Object(value),
        Err(_) if is_deep(text) => Reading::Unclear(Reason::Nesting),
        Err(_) if is_json(text) => Reading::Unclear(Reason::Unreadable),
        Err(_) => Reading::NotAnObject,
    }
}

/// Whether the event is nested no deeper than the reader goes, within an answer that shows it.
pub(crate) fn is_readable(event: &Value) -> bool {
    fn nests_within(value: &Value, depth: usize) -> bool {
        let Some(deeper) = depth.checked_sub(1) else {
            return matches!(
                value,
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)
            );
        };
        match value {
            Value::Object(members) => members.values().all(|value| nests_within(value, deeper)),
            Value::Array(elements) => elements.iter().all(|value| nests_within(value, deeper)),
            _ => true,
        }
    }
    nests_within(event, MAX_DEPTH - 1)
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

/// Whether brackets nest beyond what the reader takes.
fn is_deep(text: &str) -> bool {
    let mut depth = 0_usize;
    outside_strings(text).any(|byte| {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > MAX_DEPTH
    })
}

/// Whether a text that the reader refused is JSON all the same: with half of a surrogate pair in a text, or with an object
/// that has the name which the reader gives to numbers of its own.
fn is_json(text: &str) -> bool {
    // `\u0...` is a whole character, whatever follows.
    let whole = text.replace("\\ud", "\\u0").replace("\\uD", "\\u0");
    serde_json::from_str::<IgnoredAny>(&whole).is_ok()
}

/// Whether the text has more members than the value that was read from it, where a later one replaces an earlier.
/// Outside strings every colon belongs to a member.
fn repeats_a_key(text: &str, value: &Value) -> bool {
    outside_strings(text).filter(|&byte| byte == b':').count() > members(value)
}

fn members(value: &Value) -> usize {
    match value {
        Value::Object(object) => object.len() + object.values().map(members).sum::<usize>(),
        Value::Array(elements) => elements.iter().map(members).sum(),
        Value::Number(_) | Value::Null | Value::Bool(_) | Value::String(_) => 0,
    }
}

fn outside_strings(text: &str) -> impl Iterator<Item = u8> {
    let (mut in_string, mut escaped) = (false, false);
    text.bytes().filter(move |byte| {
        let within = in_string;
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ => {}
        }
        !within
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_key_is_seen_at_any_depth() {
        let repeated = object(r#"{"a":[{"b":1,"\u0062":2}]}"#);
        assert!(matches!(repeated, Reading::Unclear(Reason::RepeatedKey)));
        let distinct = object(r#"{"a":{"a":1.50},"b":{"a":null},"c":[[-1e5,true]]}"#);
        assert!(matches!(distinct, Reading::Object(_)));
    }

    #[test]
    fn json_that_the_reader_refuses_is_unclear() {
        for text in [
            r#"{"a":"\ud83d"}"#,
            r#"{"a":"\\\uDE00x"}"#,
            r#"{"a":{"$serde_json::private::Number":"x"}}"#,
            r#"{"$serde_json::private::Number":1,"b":2}"#,
        ] {
            let refused = matches!(object(text), Reading::Unclear(Reason::Unreadable));
            assert!(refused, "{text}");
        }
        assert!(matches!(
            object(r#"{"a":"\ud83d\ude00"}"#),
            Reading::Object(_)
        ));
        for text in [r#"{"a":"\ud83"}"#, r#"{"a":"\ud83d"} x"#] {
            assert!(matches!(object(text), Reading::NotAnObject), "{text}");
        }
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
