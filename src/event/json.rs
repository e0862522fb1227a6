//! Reads JSON whatever its members are called.
//!
//! serde_json, told to keep numbers as they are written, hands out those that fit no type as an object with one member of a
//! private name, and takes an object whose first member has that name for a number: where it is none, the whole text is
//! refused. Callers choose names of members (the dimensions of a metric filter), so a call could make its own event unreadable.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// What serde_json calls the member.
const NUMBER: &str = "$serde_json::private::Number";

/// A value of JSON.
#[derive(Debug)]
pub(super) struct Json(pub(super) Value);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

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
        let mut array = Vec::new();
        while let Some(Json(item)) = items.next_element()? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Json(value))) = entries.next_entry::<String, Json>()? {
            members.insert(name, value);
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

    proptest! {
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
