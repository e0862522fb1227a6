//! How a value of any layer becomes the value of a setting.
//!
//! A file has types of its own (a number is not a text); a variable or a flag is always text, and the setting that it is
//! meant for decides how to read it: `012345678901` stays an account id, `4.10` stays a control.

use figment::value::{Num, Value};

use super::text;
use super::values::Invalid;

/// What is wrong with a value, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// Place inside the value, such as `[1].account`; empty for the value itself.
    pub(super) at: String,
    /// One sentence. Never contains what may be a secret.
    pub(super) message: String,
}

impl Problem {
    pub(super) fn here(message: impl Into<String>) -> Self {
        Self {
            at: String::new(),
            message: message.into(),
        }
    }

    pub(super) fn inside(mut self, outer: &str) -> Self {
        self.at.insert_str(0, outer);
        self
    }
}

/// The type of a setting.
pub(super) trait Setting: Sized {
    /// What is accepted, as it completes the sentence "expected ...".
    fn expected() -> String;

    /// The value that a variable's or a flag's text means.
    fn from_text(text: &str) -> Result<Value, String> {
        Ok(Value::from(text))
    }

    /// Reads a value; tells everything that is wrong with it.
    fn read(value: &Value) -> Result<Self, Vec<Problem>>;
}

/// A setting whose value is one text.
pub(super) trait Text: Sized {
    const EXPECTED: &'static str;
    fn parse(text: &str) -> Result<Self, Invalid>;
}

impl<T: Text> Setting for T {
    fn expected() -> String {
        T::EXPECTED.to_owned()
    }

    fn read(value: &Value) -> Result<Self, Vec<Problem>> {
        let Some(text) = value.as_str() else {
            let quotes = if value.to_num().is_some() {
                " in quotes"
            } else {
                ""
            };
            return wrong_type(&format!("{}{quotes}", T::EXPECTED), value);
        };
        T::parse(text).map_err(|Invalid(reason)| {
            let reason = if reason.is_empty() {
                reason
            } else {
                format!(": {reason}")
            };
            vec![Problem::here(format!(
                "expected {}, found {}{reason}",
                T::EXPECTED,
                shown(text)
            ))]
        })
    }
}

/// The fault of a value of another type. The content of a text is not shown: it may be a secret in the wrong place.
pub(super) fn wrong_type<T>(expected: &str, value: &Value) -> Result<T, Vec<Problem>> {
    let found = match value {
        Value::String(..) | Value::Char(..) => "a text".to_owned(),
        Value::Bool(_, flag) => flag.to_string(),
        Value::Num(_, number) => format!("the number {}", number_text(*number)),
        Value::Empty(..) => "nothing".to_owned(),
        Value::Dict(_, table) if table.contains_key(DATE) => "a date".to_owned(),
        Value::Dict(..) => "a table".to_owned(),
        Value::Array(..) => "a list".to_owned(),
    };
    Err(vec![Problem::here(format!(
        "expected {expected}, found {found}"
    ))])
}

/// How the parser of TOML presents a date.
const DATE: &str = "$__toml_private_datetime";

/// The same where a text cannot be a secret.
pub(super) fn wrong_scalar<T>(expected: &str, value: &Value) -> Result<T, Vec<Problem>> {
    match value.as_str() {
        Some(text) => Err(vec![Problem::here(format!(
            "expected {expected}, found {}",
            shown(text)
        ))]),
        None => wrong_type(expected, value),
    }
}

/// A number as it is written.
pub(super) fn number_text(number: Num) -> String {
    match whole_number(number) {
        Some(whole) => whole.to_string(),
        None => number
            .to_f64()
            .map(|float| float.to_string())
            .unwrap_or_default(),
    }
}

/// None where it has a fraction.
pub(super) fn whole_number(number: Num) -> Option<i128> {
    match number {
        Num::F32(_) | Num::F64(_) => None,
        _ => number
            .to_i128()
            .or_else(|| number.to_u128().and_then(|n| i128::try_from(n).ok())),
    }
}

/// A text for a message: quoted, escaped, cut, and without the password of a URL.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 80;
    let masked = match text.split_once("://") {
        Some((scheme, rest)) => match rest.rsplit_once('@') {
            Some((_, after)) => format!("{scheme}://***@{after}"),
            None => text.to_owned(),
        },
        None => text.to_owned(),
    };
    if masked.chars().count() > LONGEST {
        let start: String = masked.chars().take(LONGEST).collect();
        format!("{start:?}...")
    } else {
        format!("{masked:?}")
    }
}

impl<T: Setting> Setting for Vec<T> {
    fn expected() -> String {
        format!("a list, each item {}", T::expected())
    }

    fn from_text(text: &str) -> Result<Value, String> {
        text::list(text)
    }

    fn read(value: &Value) -> Result<Self, Vec<Problem>> {
        let Some(items) = value.as_array() else {
            return wrong_type(&Self::expected(), value);
        };
        let mut read = Self::new();
        let mut problems = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match T::read(item) {
                Ok(item) => read.push(item),
                Err(found) => {
                    problems.extend(
                        found
                            .into_iter()
                            .map(|one| one.inside(&format!("[{index}]"))),
                    );
                }
            }
        }
        if problems.is_empty() {
            Ok(read)
        } else {
            Err(problems)
        }
    }
}
