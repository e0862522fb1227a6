//! A message for Slack's incoming webhooks: blocks, and the text that notifications show.
//!
//! Limits: docs.slack.dev, "header block" (150 characters), "section block" (text 3000; 10 fields of 2000), "blocks" (50). A
//! message whose blocks hold more than about 13 000 characters is refused too (`msg_blocks_too_long`), which is documented nowhere.

use std::fmt::Write;

use serde_json::{Value, json};

use super::message::{Fact, Says};
use super::notice::Notice;

const LONGEST_HEADER: usize = 150;
const LONGEST_FIELD: usize = 400;
/// One sentence; eight of them and the steps stay below the limit of the whole.
const LONGEST_SENTENCE: usize = 800;
/// All steps together.
const LONGEST_STEPS: usize = 2800;
const MOST_FIELDS: usize = 10;

/// The body of the request.
pub(super) fn render(notice: &Notice) -> Value {
    let mut blocks = vec![json!({
        "type": "header",
        "text": {"type": "plain_text", "text": escaped(&notice.headline(), LONGEST_HEADER), "emoji": false},
    })];
    let facts = notice.facts();
    let fields: Vec<Value> = facts
        .iter()
        .filter_map(|fact| match &fact.says {
            Says::Short(says) => Some(mrkdwn(&format!(
                "*{}*\n{}",
                fact.label,
                escaped(says, LONGEST_FIELD)
            ))),
            Says::Long(_) | Says::Steps(_) => None,
        })
        .take(MOST_FIELDS)
        .collect();
    blocks.push(json!({"type": "section", "fields": fields}));
    blocks.extend(facts.iter().filter_map(section));
    let id = escaped(&notice.id(), LONGEST_FIELD);
    blocks.push(json!({"type": "context", "elements": [mrkdwn(&id)]}));
    let fallback = format!("{}. {}", notice.headline(), notice.message);
    json!({"text": escaped(&fallback, LONGEST_SENTENCE), "blocks": blocks})
}

fn section(fact: &Fact) -> Option<Value> {
    let label = fact.label;
    let text = match &fact.says {
        Says::Short(_) => return None,
        Says::Long(says) => format!("*{label}*\n{}", escaped(says, LONGEST_SENTENCE)),
        Says::Steps(steps) => format!("*{label}*\n{}", code(steps)),
    };
    Some(json!({"type": "section", "text": mrkdwn(&text)}))
}

/// Steps in blocks of code. A command is never cut: half of one may do something else.
fn code(steps: &[String]) -> String {
    let mut text = String::new();
    let mut left_out = 0_usize;
    for step in steps {
        let whole = escape(step);
        if text.chars().count() + whole.chars().count() + "``````\n".len() > LONGEST_STEPS {
            left_out += 1;
            continue;
        }
        text.push_str("```");
        text.push_str(&whole);
        text.push_str("```\n");
    }
    if left_out > 0 {
        // Writing to a String does not fail.
        let _ = write!(
            text,
            "{left_out} more, too long for Slack: `trailwarden check` shows them"
        );
    }
    text.trim_end().to_owned()
}

/// verbatim: names of channels, people and links in it stay text.
fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

/// What Slack reads as markup of links and mentions, spelt so that it is text.
fn escape(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            other => other.to_string(),
        })
        .collect()
}

/// The same, with at most so many characters afterwards and no escape cut in two.
fn escaped(text: &str, limit: usize) -> String {
    let whole = escape(text);
    if whole.chars().count() <= limit {
        return whole;
    }
    let mut kept = String::new();
    let mut length = 0;
    for character in text.chars() {
        let piece = escape(character.encode_utf8(&mut [0; 4]));
        length += piece.chars().count();
        if length >= limit {
            break;
        }
        kept.push_str(&piece);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::samples;
    use crate::telemetry::samples::{HOSTILE, NEVER};

    /// What the documentation of each block allows.
    fn check(message: &Value) {
        let length = |value: &Value| value.as_str().unwrap().chars().count();
        let blocks = message["blocks"].as_array().unwrap();
        assert!(blocks.len() <= 50);
        for block in blocks {
            match block["type"].as_str().unwrap() {
                "header" => assert!((1..=150).contains(&length(&block["text"]["text"]))),
                "section" if block.get("fields").is_some() => {
                    let fields = block["fields"].as_array().unwrap();
                    assert!((1..=10).contains(&fields.len()));
                    assert!(fields.iter().all(|one| length(&one["text"]) <= 2000));
                }
                "section" => assert!((1..=3000).contains(&length(&block["text"]["text"]))),
                "context" => assert!(block["elements"].as_array().unwrap().len() <= 10),
                other => panic!("{other}"),
            }
        }
        let whole = message.to_string();
        assert!(whole.chars().count() < 13_000, "{}", whole.len());
    }

    #[test]
    fn a_cut_chain_for_slack() {
        let message = render(&samples::broken("cis"));
        samples::is_golden("slack.json", &format!("{message:#}\n"));
    }

    #[test]
    fn limits_hold_and_nobody_is_mentioned_whatever_the_names() {
        let names = [
            "cis",
            HOSTILE,
            "<!channel> <@U123> <https://evil.example|click> &amp;",
            &"<".repeat(5000),
            &"ß".repeat(5000),
        ];
        for name in names {
            for notice in samples::every_kind(name) {
                let message = render(&notice);
                check(&message);
                let text = message.to_string();
                for never in NEVER.iter().chain(&["<!", "<@", "<http"]) {
                    assert!(!text.contains(never), "{never:?} stands in {text}");
                }
            }
        }
    }

    #[test]
    fn an_escape_is_never_cut_and_a_command_neither() {
        assert_eq!(escaped("a<b", 6), "a&lt;b");
        assert_eq!(escaped("a<bcd", 6), "a&lt;…");
        assert_eq!(escaped("a<bcd", 5), "a…");
        assert_eq!(escaped("ßßß", 3), "ßßß");
        assert_eq!(escaped("ßßßß", 3), "ßß…");
        let steps = [
            "aws a".to_owned(),
            "x".repeat(LONGEST_STEPS),
            "aws <b>".to_owned(),
        ];
        assert_eq!(
            code(&steps),
            "```aws a```\n```aws &lt;b&gt;```\n1 more, too long for Slack: `trailwarden check` shows them"
        );
    }
}
