//! Reads JSON whatever a caller put into it.
//!
//! serde_json, told to keep numbers as they are written, hands out those that fit no type as an object with one member of a
//! private name, and takes an object whose first member has that name for a number: where it is none, the whole text is
//! refused. Callers choose names of members (the dimensions of a metric filter), so a call could make its own event unreadable.
//! As well by half of a surrogate pair in a text, and by nesting: [`lossy`] reads those, too.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Number, Value};

/// What serde_json calls the member.
const NUMBER: &str = "$serde_json::private::Number";

/// As deep as a text is read whose end lies deeper than serde_json goes (127): far deeper than any parameter that is looked for.
const DEEP_ENOUGH: usize = 64;

/// A value of JSON, as it is written.
#[derive(Debug)]
pub(crate) struct Json(pub(crate) Value);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Reader { deeper: usize::MAX }
            .deserialize(deserializer)
            .map(Self)
    }
}

/// Reads a text as it is written, where it can be; else with U+FFFD for each half of a surrogate pair, and with null for what
/// is nested too deep.
pub(super) fn lossy(text: &str) -> serde_json::Result<Value> {
    if let Ok(Json(value)) = serde_json::from_str(text) {
        return Ok(value);
    }
    let text = without_halves(text);
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    let reader = Reader {
        deeper: DEEP_ENOUGH,
    };
    let value = reader.deserialize(&mut deserializer)?;
    deserializer.end().map(|()| value)
}

/// The text of JSON with U+FFFD for each escape that is half of a surrogate pair.
fn without_halves(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        whole.push_str(before);
        let beyond = escape.get(6..);
        let end = match (unit(escape), beyond.and_then(unit)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                whole.push(char::REPLACEMENT_CHARACTER);
                rest = beyond.unwrap_or_default();
                continue;
            }
            // An escaped backslash is two characters, of which the second begins no escape.
            _ => escape
                .char_indices()
                .nth(2)
                .map_or(escape.len(), |(at, _)| at),
        };
        let (escape, after) = escape.split_at(end);
        whole.push_str(escape);
        rest = after;
    }
    whole.push_str(rest);
    whole
}

/// The UTF-16 unit of the escape that a text begins with.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

/// Reads a value, and what is in it so much deeper.
#[derive(Clone, Copy)]
struct Reader {
    deeper: usize,
}

impl Reader {
    fn inside(self) -> Self {
        Self {
            deeper: self.deeper.saturating_sub(1),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Reader {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Value, E> {
        Ok(Number::from_i128(value).map_or(Value::Null, Value::Number))
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Value, E> {
        Ok(Number::from_u128(value).map_or(Value::Null, Value::Number))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        if self.deeper == 0 {
            // serde_json passes over a value without going deeper itself.
            return IgnoredAny.visit_seq(items).map(|_| Value::Null);
        }
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self.inside())? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        if self.deeper == 0 {
            return IgnoredAny.visit_map(entries).map(|_| Value::Null);
        }
        let mut members = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            members.insert(name, entries.next_value_seed(self.inside())?);
        }
        Ok(number(&members).map_or(Value::Object(members), Value::Number))
    }
}

/// The number that these members stand for. An object that is written just like one is none either.
fn number(members: &Map<String, Value>) -> Option<Number> {
    let text = members.get(NUMBER).filter(|_| members.len() == 1)?;
    text.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Value {
        let Json(value) = serde_json::from_str(text).unwrap();
        // The same once more from the value, as the fields of a record are.
        let Json(again) = Json::deserialize(value.clone()).unwrap();
        assert_eq!(again, value);
        value
    }

    #[test]
    fn no_name_of_a_member_makes_a_text_unreadable() {
        for members in [
            format!(r#"{{"{NUMBER}":"$.x"}}"#),
            format!(r#"{{"{NUMBER}":"1","more":2}}"#),
            format!(r#"{{"{NUMBER}":{{"a":null}}}}"#),
            format!(r#"{{"{NUMBER}":7}}"#),
        ] {
            assert_eq!(read(&members).to_string(), members);
            assert_eq!(read(&format!("[{members}]"))[0].to_string(), members);
        }
    }

    #[test]
    fn numbers_are_as_they_were_written() {
        for text in [
            "0",
            "-1",
            "1.50",
            "1e+400",
            "18446744073709551615",
            "123456789012345678901234567890",
            "-123456789012345678901234567890",
            "1234567890123456789012345678901234567890123456789012345678901234567890",
            "1.5e-400",
            "0.1234567890123456789012345678901234567890",
        ] {
            assert!(read(text).is_number());
            assert_eq!(read(text).to_string(), text);
        }
    }

    #[test]
    fn half_of_a_surrogate_pair_is_read_as_a_replacement_and_nothing_else_is() {
        for (text, read) in [
            (r#""\ud800""#, "\u{fffd}"),
            (r#""\uDFFFx""#, "\u{fffd}x"),
            (r#""\ud83d\ude00\ud83d""#, "\u{1f600}\u{fffd}"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
            (r#""\ude00\ud83d\u0041""#, "\u{fffd}\u{fffd}A"),
            (r#""\ud800\\ud800\n""#, "\u{fffd}\\ud800\n"),
            (r#""\\\ud800\\\\ud800""#, "\\\u{fffd}\\\\ud800"),
            (r#""\ud800é\u00e9""#, "\u{fffd}éé"),
        ] {
            assert_eq!(lossy(text).unwrap(), read, "{text}");
        }
        // Also as the name of a member.
        let named = lossy(r#"[{"\ud800": {"\udc00": 1.50}}]"#).unwrap();
        assert_eq!(named.to_string(), "[{\"\u{fffd}\":{\"\u{fffd}\":1.50}}]");
        for text in [
            r#""\u""#,
            r#""\ud80""#,
            r#""\ud8é0""#,
            r#""\ud800"#,
            r"\",
            r#""\é""#,
        ] {
            assert!(lossy(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_nested_too_deep_is_null_and_what_stands_beside_it_is_read() {
        let deep = |open: &str, close: &str| {
            let nested = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
            lossy(&format!(r#"{{"a":{nested},"b":[1.50]}}"#)).unwrap()
        };
        for value in [deep("[", "]"), deep(r#"{"x":"#, "}")] {
            assert_eq!(value["b"].to_string(), "[1.50]");
            let text = value["a"].to_string();
            assert!(text.contains("null") && text.len() < 1000, "{text}");
        }
        assert!(lossy(&"[".repeat(100_000)).is_err());
        assert!(lossy(&format!("{}1]", "[".repeat(100_000))).is_err());
    }

    proptest! {
        #[test]
        fn any_units_in_a_text_are_read_as_utf_16_is(units in prop::collection::vec(
            prop_oneof![0xD7F0_u16..0xE010, any::<u16>()],
            0..12,
        )) {
            let escaped: Vec<String> = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let escaped = escaped.concat();
            prop_assert_eq!(lossy(&format!("\"{escaped}\"")).unwrap(), String::from_utf16_lossy(&units));
        }

        #[test]
        fn it_reads_what_serde_json_reads(
            text in any::<String>(),
            numbers in prop::collection::vec(any::<i64>(), 0..4),
            flag in any::<Option<bool>>(),
        ) {
            let value = json!({"a": {(text.clone()): numbers}, "b": [flag, {}, [], text]});
            prop_assert_eq!(read(&value.to_string()), value);
        }
    }
}
