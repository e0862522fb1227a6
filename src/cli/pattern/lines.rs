//! One question and one answer a line, both JSON.

use serde_json::{Map, Value, json};

use crate::event::Json;
use crate::pattern::{Assumptions, Cover, Match, ParseError, Pattern, covers as prove};

/// Why a line has no answer.
enum Fault {
    /// It is not a question.
    Question(String),
    /// A pattern of it is refused.
    Pattern(ParseError),
}

impl From<ParseError> for Fault {
    fn from(error: ParseError) -> Self {
        Self::Pattern(error)
    }
}

/// Answers `{"pattern", "message"}`.
pub(super) fn matches(line: &str) -> Value {
    try_match(line).unwrap_or_else(|fault| fault.answer())
}

/// Answers `{"required", "actual"}`.
pub(super) fn covers(line: &str) -> Value {
    try_cover(line).unwrap_or_else(|fault| fault.answer())
}

fn try_match(line: &str) -> Result<Value, Fault> {
    let question = question(line)?;
    let pattern = Pattern::parse(text(&question, "pattern")?)?;
    let answer = match question.get("message") {
        Some(Value::String(message)) => pattern.matches(message),
        Some(event @ Value::Object(_)) => pattern.matches_event(event),
        _ => {
            return Err(Fault::Question(
                "`message` must be a string or an object".to_owned(),
            ));
        }
    };
    Ok(match answer {
        Match::Yes => json!({"matches": true}),
        Match::No => json!({"matches": false}),
        Match::Undecided(reason) => json!({"matches": null, "reason": reason.to_string()}),
    })
}

fn try_cover(line: &str) -> Result<Value, Fault> {
    let question = question(line)?;
    let required = Pattern::parse(text(&question, "required")?)?;
    let actual = match question.get("actual") {
        Some(Value::String(text)) => vec![Pattern::parse(text)?],
        Some(Value::Array(texts)) => {
            let mut patterns = Vec::with_capacity(texts.len());
            for text in texts {
                let Value::String(text) = text else {
                    return Err(Fault::Question("`actual` must hold strings".to_owned()));
                };
                patterns.push(Pattern::parse(text)?);
            }
            patterns
        }
        _ => {
            return Err(Fault::Question(
                "`actual` must be a string or a list of them".to_owned(),
            ));
        }
    };
    Ok(
        match prove(&actual, &required, &Assumptions::cloudtrail()) {
            Cover::Covered { assumptions } if assumptions.is_empty() => json!({"covers": true}),
            Cover::Covered { assumptions } => {
                let names: Vec<String> = assumptions.iter().map(ToString::to_string).collect();
                json!({"covers": true, "assumptions": names})
            }
            Cover::NotCovered { counterexample } => {
                json!({"covers": false, "counterexample": counterexample})
            }
            Cover::Undecided { reason, .. } => {
                json!({"covers": null, "reason": reason.to_string()})
            }
        },
    )
}

fn question(line: &str) -> Result<Map<String, Value>, Fault> {
    match serde_json::from_str(line) {
        Ok(Json(Value::Object(question))) => Ok(question),
        Ok(Json(_)) => Err(Fault::Question("the line is not a JSON object".to_owned())),
        Err(error) => Err(Fault::Question(format!("the line is not JSON: {error}"))),
    }
}

fn text<'q>(question: &'q Map<String, Value>, key: &str) -> Result<&'q str, Fault> {
    question
        .get(key)
        .and_then(Value::as_str)
        .ok_or_else(|| Fault::Question(format!("`{key}` must be a string")))
}

impl Fault {
    fn answer(&self) -> Value {
        match self {
            Self::Question(message) => json!({"error": message}),
            Self::Pattern(error) => {
                json!({"error": error.message(), "position": error.position()})
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_inside_an_object_keep_their_text() {
        let line = r#"{"pattern":"{ $.n = \"1.0\" }","message":{"n":1.0}}"#;
        assert_eq!(matches(line), json!({"matches": true}));
        let line = r#"{"pattern":"{ $.n = 9007199254740993 }","message":{"n":9007199254740992}}"#;
        assert_eq!(matches(line), json!({"matches": false}));
    }

    #[test]
    fn a_member_may_have_any_name() {
        let name = "$serde_json::private::Number";
        for message in [
            format!(r#"{{"{name}":"x"}}"#),
            format!(r#"{{"a":{{"{name}":1,"b":2}}}}"#),
        ] {
            let line = format!(r#"{{"pattern":"{{ $.c NOT EXISTS }}","message":{message}}}"#);
            assert_eq!(matches(&line), json!({"matches": true}), "{line}");
        }
    }

    #[test]
    fn refused_pattern_has_a_position_in_characters() {
        let answer = matches(r#"{"pattern":"{ $.é = a:b }","message":"x"}"#);
        assert_eq!(answer["position"], 9);
        assert!(
            answer["error"].as_str().unwrap().contains("`:`"),
            "{answer}"
        );
        let answer = covers(r#"{"required":"{ $.a = 1 }","actual":["{ $.a = 1 }","{"]}"#);
        assert_eq!(answer["position"], 1);
    }

    #[test]
    fn undecided_comes_with_its_reason() {
        let answer = matches(r#"{"pattern":"{ $.a = 1*3 }","message":{"a":123}}"#);
        assert!(
            answer["matches"].is_null() && answer["reason"].is_string(),
            "{answer}"
        );
        let answer = covers(r#"{"required":"{ $.a = axb }","actual":"{ $.a = a*b }"}"#);
        assert!(
            answer["covers"].is_null() && answer["reason"].is_string(),
            "{answer}"
        );
    }

    #[test]
    fn cover_names_what_the_proof_needed_and_shows_what_is_missed() {
        let answer = covers(r#"{"required":"{ $.a = 1 }","actual":"{ $.eventName = * }"}"#);
        assert_eq!(
            answer,
            json!({"covers": true, "assumptions": ["eventName is a string"]})
        );
        let answer = covers(r#"{"required":"{ $.a = x || $.a = y }","actual":["{ $.a = x }"]}"#);
        assert_eq!(answer["covers"], false);
        assert_eq!(answer["counterexample"]["a"], "y");
        let both =
            r#"{"required":"{ $.a = x || $.a = y }","actual":["{ $.a = x }","{ $.a = y }"]}"#;
        assert_eq!(covers(both), json!({"covers": true}));
    }

    #[test]
    fn other_questions_are_answered_with_an_error_without_a_position() {
        for line in [
            "[]",
            "{",
            "{}",
            r#"{"pattern":1,"message":"x"}"#,
            r#"{"pattern":"x"}"#,
            r#"{"pattern":"x","message":null}"#,
        ] {
            let answer = matches(line);
            assert!(
                answer["error"].is_string() && answer.get("position").is_none(),
                "{answer}"
            );
        }
        for line in [
            r#"{"required":"x","actual":[1]}"#,
            r#"{"required":"x","actual":{}}"#,
        ] {
            assert!(covers(line)["error"].is_string());
        }
    }
}
