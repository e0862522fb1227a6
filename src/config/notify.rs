use figment::value::Value;

use super::setting::{Problem, Setting, wrong_type};
use super::text;

/// The empty list of notification targets.
pub(super) struct NoTargets;

impl Setting for NoTargets {
    fn expected() -> String {
        "an empty list".to_owned()
    }

    fn from_text(text: &str) -> Result<Value, String> {
        text::list(text)
    }

    fn read(value: &Value) -> Result<Self, Vec<Problem>> {
        match value.as_array() {
            Some([]) => Ok(Self),
            Some(_) => Err(vec![Problem::here(
                "this version has no notification targets of its own: remove them, or nobody would be told",
            )]),
            None => wrong_type(&Self::expected(), value),
        }
    }
}
