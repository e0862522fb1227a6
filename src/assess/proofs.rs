//! What was proved of patterns at earlier looks.
//!
//! Proofs are most of the work of judging, and the same texts come again at every look, in every account of an
//! organization. An answer follows from its question alone, so that to remember it changes no verdict.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::fault::Tri;
use crate::pattern::{Assumptions, Cover, Pattern, Share};

/// How many bytes of questions are remembered of each kind before the older half of them is forgotten. Whoever may write metric
/// filters decides how many different ones there are.
const ROOM: usize = 512 * 1024;

/// What an answer takes besides the texts of its question, in bytes.
const ANSWER: usize = 512;

/// Answers that were worked out before, for as many looks and accounts as share them.
#[derive(Debug, Default)]
pub struct Proofs {
    pub(super) always_on: Recent<AlwaysQuestion, Tri>,
    pub(super) covers: Recent<CoverQuestion, Cover>,
    /// An event that the patterns match and the required one does not.
    pub(super) noise: Recent<CoverQuestion, Option<Value>>,
    pub(super) catches: Recent<CatchQuestion, usize>,
    /// With the steps of work that it took.
    pub(super) shares: Recent<ShareQuestion, (Share, u64)>,
}

/// Whether a pattern matches practically every record, of which something is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct AlwaysQuestion {
    pub(super) pattern: String,
    pub(super) records: Assumptions,
}

/// A question about a required pattern and others that are there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct CoverQuestion {
    required: String,
    patterns: Vec<String>,
    assumptions: Assumptions,
}

impl CoverQuestion {
    pub(super) fn new(required: &Pattern, patterns: &[Pattern], assumptions: Assumptions) -> Self {
        let text = |pattern: &Pattern| pattern.text().to_owned();
        Self {
            required: text(required),
            patterns: patterns.iter().map(text).collect(),
            assumptions,
        }
    }
}

/// How many usual events of a required pattern a filter catches.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct CatchQuestion {
    /// Key of the control.
    pub(super) control: String,
    pub(super) required: String,
    pub(super) pattern: String,
}

/// How much of what a filter matches another one matches.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ShareQuestion {
    pattern: String,
    other: String,
}

impl ShareQuestion {
    pub(super) fn new(pattern: &Pattern, other: &Pattern) -> Self {
        Self {
            pattern: pattern.text().to_owned(),
            other: other.text().to_owned(),
        }
    }
}

/// A question that takes memory.
pub(super) trait Weigh {
    /// Bytes of its texts.
    fn weight(&self) -> usize;
}

impl Weigh for String {
    fn weight(&self) -> usize {
        self.len()
    }
}

impl Weigh for AlwaysQuestion {
    fn weight(&self) -> usize {
        self.pattern.len()
    }
}

impl Weigh for CoverQuestion {
    fn weight(&self) -> usize {
        self.required.len() + self.patterns.iter().map(String::len).sum::<usize>()
    }
}

impl Weigh for CatchQuestion {
    fn weight(&self) -> usize {
        self.control.len() + self.required.len() + self.pattern.len()
    }
}

impl Weigh for ShareQuestion {
    fn weight(&self) -> usize {
        self.pattern.len() + self.other.len()
    }
}

/// The answers that were asked for last.
#[derive(Debug)]
pub(super) struct Recent<Q, A>(Mutex<Halves<Q, A>>);

#[derive(Debug)]
struct Halves<Q, A> {
    newer: HashMap<Q, A>,
    /// Bytes of the newer half.
    weight: usize,
    older: HashMap<Q, A>,
}

impl<Q, A> Default for Recent<Q, A> {
    fn default() -> Self {
        Self(Mutex::new(Halves {
            newer: HashMap::new(),
            weight: 0,
            older: HashMap::new(),
        }))
    }
}

impl<Q: Eq + Hash + Weigh, A: Clone> Recent<Q, A> {
    /// The remembered answer, or the one that is now worked out. Others may ask meanwhile.
    pub(super) fn answer(&self, question: Q, work_out: impl FnOnce() -> A) -> A {
        if let Some(answer) = self.recall(&question) {
            return answer;
        }
        let answer = work_out();
        self.keep(question, answer.clone());
        answer
    }

    fn recall(&self, question: &Q) -> Option<A> {
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = halves.newer.get(question) {
            return Some(answer.clone());
        }
        let (question, answer) = halves.older.remove_entry(question)?;
        halves.keep(question, answer.clone());
        Some(answer)
    }

    fn keep(&self, question: Q, answer: A) {
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        halves.keep(question, answer);
    }
}

impl<Q: Eq + Hash + Weigh, A> Halves<Q, A> {
    fn keep(&mut self, question: Q, answer: A) {
        let weight = question.weight() + ANSWER;
        if self.weight + weight > ROOM / 2 {
            self.older = std::mem::take(&mut self.newer);
            self.weight = 0;
        }
        if self.newer.insert(question, answer).is_none() {
            self.weight += weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_worked_out_once() {
        let recent = Recent::<String, u32>::default();
        assert_eq!(recent.answer("one".to_owned(), || 1), 1);
        assert_eq!(recent.answer("two".to_owned(), || 2), 2);
        assert_eq!(recent.answer("one".to_owned(), || 3), 1);
    }

    #[test]
    fn what_is_asked_again_and_again_outlives_any_number_of_other_questions() {
        let recent = Recent::<String, u32>::default();
        recent.keep("asked".to_owned(), 1);
        for number in 0..10_000 {
            recent.keep(format!("{number} {}", "long ".repeat(200)), 0);
            assert_eq!(recent.recall(&"asked".to_owned()), Some(1));
        }
        let halves = recent.0.lock().unwrap();
        let of = |half: &HashMap<String, u32>| half.keys().map(Weigh::weight).sum::<usize>();
        assert!(of(&halves.newer) + of(&halves.older) <= ROOM);
        assert!(halves.newer.len() + halves.older.len() < 500);
    }
}
