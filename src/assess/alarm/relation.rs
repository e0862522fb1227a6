//! Which filters match the events of another, or practically every record together: looked up, or proved with a bound on the work.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use crate::assess::fault::Tri;
use crate::assess::filter::{Filter, matches_practically_all};
use crate::assess::proofs::{Proofs, ShareQuestion};
use crate::pattern::{Assumptions, Pattern, Share, share};
use crate::snapshot::MetricFilter;

/// Steps of work for one proof. The prescribed patterns take some hundreds for each other.
const MOST: u64 = 20_000;

/// Steps of work for all relations of an account. Whoever may write metric filters could else keep everybody waiting: patterns
/// of 1000 characters that take all of [`MOST`] are easily found, and each is asked about with each.
const TOTAL: u64 = 1_000_000;

/// Sets of filters of which it is asked whether they leave anything out, for all alarms of an account. A set that takes a whole
/// proof takes some tens of milliseconds, and whoever may write alarms could ask for very many.
const MOST_SETS: usize = 64;

/// Two filters, as they lie in the snapshot.
type Pair = (*const MetricFilter, *const MetricFilter);

/// The relations between the filters of an account, for as long as it is judged.
#[derive(Debug)]
pub(crate) struct Relations<'p> {
    proofs: &'p Proofs,
    known: RefCell<HashMap<Pair, Tri>>,
    /// Whether sets of filters match practically every record.
    sets: RefCell<HashMap<Vec<*const MetricFilter>, Tri>>,
    /// Steps that are left. What was proved at an earlier look is paid for as if it were proved now, so that the answers do not
    /// depend on what was looked at before.
    left: Cell<u64>,
}

impl<'p> Relations<'p> {
    pub(crate) fn new(proofs: &'p Proofs) -> Rc<Self> {
        Rc::new(Self {
            proofs,
            known: RefCell::default(),
            sets: RefCell::default(),
            left: Cell::new(TOTAL),
        })
    }

    /// Whether `other` matches what `filter` matches: all of it, nothing of it, or some or an unknown part.
    pub(super) fn of(&self, filter: &Filter<'_>, other: &Filter<'_>) -> Tri {
        let pair: Pair = (filter.seen, other.seen);
        if let Some(known) = self.known.borrow().get(&pair) {
            return *known;
        }
        let relation = self.work_out(filter, other);
        self.known.borrow_mut().insert(pair, relation);
        relation
    }

    /// Whether practically every record matches one of these, of which none does so by itself.
    pub(super) fn leave_nothing_out(&self, filters: &[&Filter<'_>]) -> Tri {
        if filters.len() < 2 {
            return Tri::No;
        }
        let set: Vec<*const MetricFilter> = filters
            .iter()
            .map(|one| std::ptr::from_ref(one.seen))
            .collect();
        if let Some(known) = self.sets.borrow().get(&set) {
            return *known;
        }
        if self.sets.borrow().len() >= MOST_SETS {
            return Tri::Unknown;
        }
        let answer = self.prove_together(filters);
        self.sets.borrow_mut().insert(set, answer);
        answer
    }

    fn prove_together(&self, filters: &[&Filter<'_>]) -> Tri {
        let patterns = filters.iter().filter_map(|one| one.pattern_of_records());
        let Some(any) = Pattern::any(&patterns.collect::<Vec<_>>()) else {
            return Tri::Unknown;
        };
        let mut records: Vec<Assumptions> = Vec::new();
        for one in filters.iter().flat_map(|one| &one.records) {
            if !records.contains(one) {
                records.push(one.clone());
            }
        }
        matches_practically_all(&any, &records, self.proofs)
    }

    fn work_out(&self, filter: &Filter<'_>, other: &Filter<'_>) -> Tri {
        let (Ok(own), Ok(others)) = (&filter.pattern, &other.pattern) else {
            // A pattern that CloudWatch Logs would refuse matches nothing.
            return Tri::No;
        };
        let is_of_transformed = filter.is_of_transformed();
        if is_of_transformed != other.is_of_transformed() {
            return Tri::Unknown;
        }
        if own.syntax() == others.syntax() {
            return Tri::Yes;
        }
        // What is known of CloudTrail's records is not known of what is made of them.
        if is_of_transformed {
            return Tri::Unknown;
        }
        if self.left.get() == 0 {
            return Tri::Unknown;
        }
        let question = ShareQuestion::new(own, others);
        let (answer, work) = self.proofs.shares.answer(question, || {
            share(own, others, &Assumptions::cloudtrail(), MOST)
        });
        self.left.set(self.left.get().saturating_sub(work));
        match answer {
            Share::All => Tri::Yes,
            Share::Nothing => Tri::No,
            Share::Part => Tri::Unknown,
        }
    }

    /// Steps that were paid for.
    #[cfg(test)]
    fn work(&self) -> u64 {
        TOTAL - self.left.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{Benchmark, Catalogue};

    fn seen(name: usize, pattern: &str) -> MetricFilter {
        let filter = serde_json::json!({
            "region": "us-east-1", "logGroupName": "ct", "filterName": name.to_string(), "filterPattern": pattern,
            "metricTransformations": [{"metricName": "m", "metricNamespace": "N", "metricValue": "1"}]
        });
        serde_json::from_value(filter).unwrap()
    }

    /// A pattern as long as a filter may have, of clauses that exclude each other two by two.
    fn hard(k: usize) -> String {
        let clauses =
            (0..).map(|at| format!("($.a{at}=1||$.b{at}={k})&&($.a{at}=2||$.b{at}={})", k + 1));
        let mut text = String::from("{ $.x = 1");
        for clause in clauses {
            if text.len() + clause.len() > 990 {
                break;
            }
            text.push_str("&&");
            text.push_str(&clause);
        }
        text + " }"
    }

    /// Every relation between filters of these patterns, and the steps that they take.
    fn all(patterns: &[String], proofs: &Proofs) -> (Vec<Tri>, u64) {
        let seen: Vec<MetricFilter> = (0..)
            .zip(patterns)
            .map(|(name, text)| seen(name, text))
            .collect();
        let filters: Vec<Filter<'_>> = seen
            .iter()
            .map(|one| Filter::new(one, &[], proofs))
            .collect();
        let relations = Relations::new(proofs);
        let pairs = || {
            filters
                .iter()
                .flat_map(|one| filters.iter().map(move |other| (one, other)))
        };
        let answers: Vec<Tri> = pairs()
            .map(|(one, other)| relations.of(one, other))
            .collect();
        let work = relations.work();
        // What is asked again costs nothing.
        assert!(
            pairs()
                .map(|(one, other)| relations.of(one, other))
                .eq(answers.iter().copied())
        );
        assert_eq!(relations.work(), work);
        (answers, work)
    }

    #[test]
    fn the_prescribed_patterns_are_told_from_each_other_with_little_work() {
        let texts: Vec<String> = Catalogue::builtin()
            .controls()
            .iter()
            .map(|control| control.install_text(&Benchmark::Any).to_owned())
            .collect();
        let (answers, work) = all(&texts, &Proofs::default());
        assert!(answers.contains(&Tri::No));
        assert!(work < TOTAL / 10, "{work}");
    }

    #[test]
    fn patterns_that_are_hard_to_prove_take_no_more_than_all_relations_may() {
        let texts: Vec<String> = (0..8).map(|k| hard(2 * k)).collect();
        let proofs = Proofs::default();
        let (answers, work) = all(&texts, &proofs);
        assert_eq!(work, TOTAL);
        // A filter matches what it matches, also where nothing else is proved any more.
        let yes = answers.iter().filter(|answer| **answer == Tri::Yes);
        assert_eq!(yes.count(), texts.len());
        // What was proved before, in whatever order, changes no answer.
        let reversed: Vec<String> = texts.iter().rev().cloned().collect();
        for shared in [&proofs, &Proofs::default()] {
            all(&reversed, shared);
            assert_eq!(all(&texts, shared), (answers.clone(), work));
        }
    }
}
