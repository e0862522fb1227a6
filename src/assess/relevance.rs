//! How much a filter has to do with what a control requires: for choosing what to report, not for proving.

use std::cell::OnceCell;

use serde_json::{Value, json};

use super::Link;
use super::fault::Tri;
use super::index::Leg;
use super::path::Path;
use super::proofs::{CatchQuestion, Proofs};
use crate::control::{Control, Prescribed};
use crate::pattern::Pattern;

/// What a usual event that is caught counts for in the relevance; patterns share fewer words than that.
const A_CATCH: usize = 100;

/// Weighs paths against one required pattern of a control. Most paths need not be weighed at all.
pub(super) struct Relevance<'c> {
    control: &'c Control,
    required: &'c Prescribed,
    words: OnceCell<Vec<String>>,
    usual: OnceCell<Vec<Value>>,
    proofs: &'c Proofs,
}

impl<'c> Relevance<'c> {
    pub(super) const fn new(
        control: &'c Control,
        required: &'c Prescribed,
        proofs: &'c Proofs,
    ) -> Self {
        Self {
            control,
            required,
            words: OnceCell::new(),
            usual: OnceCell::new(),
            proofs,
        }
    }

    /// Usual required events that the path's filter catches, and words that its pattern shares; 0: it has nothing to do with
    /// them.
    pub(super) fn of(&self, path: &Path<'_, '_>) -> usize {
        let of_leg = || path.leg.map_or(0, |leg| self.of_leg(leg));
        *path.relevance.get_or_init(of_leg)
    }

    /// Whether the path's filter catches an everyday event of a required name.
    pub(super) fn catches_usual(&self, path: &Path<'_, '_>) -> bool {
        self.of(path) >= A_CATCH
    }

    fn of_leg(&self, leg: &Leg<'_>) -> usize {
        let text = leg
            .filter
            .seen
            .filter_pattern
            .as_deref()
            .unwrap_or_default();
        let words = self
            .words
            .get_or_init(|| words(self.required.pattern.text()));
        let shared = words
            .iter()
            .filter(|word| text.contains(word.as_str()))
            .count();
        if leg.filter.always_on == Tri::Yes {
            // It counts all events for another purpose, unless somebody is to be told of them.
            let tells = leg.tails.iter().any(|tail| tail.reached > Link::Action);
            return shared + usize::from(tells);
        }
        match &leg.filter.pattern {
            // What it has to do with them is not known.
            Ok(_) if leg.filter.is_of_transformed() => A_CATCH + shared,
            Ok(pattern) => self.catches(pattern) * A_CATCH + shared,
            Err(_) => shared,
        }
    }

    /// How many usual events a pattern catches.
    fn catches(&self, pattern: &Pattern) -> usize {
        let question = CatchQuestion {
            control: self.control.key.clone(),
            required: self.required.pattern.text().to_owned(),
            pattern: pattern.text().to_owned(),
        };
        self.proofs.catches.answer(question, || {
            let usual = self
                .usual
                .get_or_init(|| usual_events(self.control, self.required));
            let caught = |event: &&Value| !pattern.matches_event(event).is_no();
            usual.iter().filter(caught).count()
        })
    }
}

/// A usual event of each required name.
fn usual_events(control: &Control, required: &Prescribed) -> Vec<Value> {
    let source = control
        .event_sources
        .first()
        .map_or("ec2.amazonaws.com", String::as_str);
    let event = |name: &String| {
        json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/alice", "userName": "alice"
            },
            "eventTime": "2026-01-01T00:00:00Z",
            "eventSource": source,
            "eventName": name,
            "awsRegion": "us-east-1",
            "sourceIPAddress": "192.0.2.1",
            "userAgent": "aws-cli/2",
            "readOnly": false,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "eventCategory": "Management"
        })
    };
    required.event_names.iter().map(event).collect()
}

/// Words of a pattern that tell it from others.
fn words(text: &str) -> Vec<String> {
    const COMMON: [&str; 8] = [
        "eventName",
        "eventSource",
        "amazonaws",
        "com",
        "EXISTS",
        "NOT",
        "eventType",
        "userIdentity",
    ];
    let mut words: Vec<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| word.len() >= 3 && !COMMON.contains(word))
        .collect();
    words.sort_unstable();
    words.dedup();
    words.into_iter().map(str::to_owned).collect()
}
