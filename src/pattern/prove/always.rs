//! Patterns that match practically every record.

use std::ops::ControlFlow;

use super::check::{Reading, Types};
use super::formula::{Formula, Place, Translator};
use super::search::{Budget, Leaf, Search};
use super::store::Store;
use super::tree::Found;
use super::{BUDGET, event};
use crate::pattern::Pattern;
use crate::pattern::answer::{Decision, Reason};
use crate::pattern::assumptions::Assumptions;
use crate::pattern::syntax::Syntax;

/// Whether the events that do *not* match are confined to finitely many values of one field, so that an alarm on the
/// pattern stays in ALARM for ever.
///
/// `eventName != HeadBucket` leaves out one name and `eventName = *` nothing: both are always on. Absence is not a
/// value: `errorCode != x` leaves out every event without an error. Judged over CloudTrail records: the fields that
/// CloudTrail always writes ([`Assumptions::with_record_fields`]) are taken for granted besides `assumptions`.
pub fn always_on(pattern: &Pattern, assumptions: &Assumptions) -> Decision {
    if let Syntax::Terms(_) | Syntax::Regex(_) | Syntax::Fields(_) = pattern.syntax() {
        return raw_always_on(pattern);
    }
    let assumptions = assumptions.clone().with_record_fields();
    let mut translator = Translator::default();
    let formula = Formula::All(vec![
        translator.assumptions(&assumptions),
        translator.pattern(pattern.syntax(), false),
    ]);
    let places = translator.into_places();
    let leaf = Confined {
        pattern,
        assumptions: &assumptions,
        certain: (0..places.len()).collect(),
        possible: (0..places.len()).collect(),
    };
    let mut search = Search::new(Store::new(places), Budget::new(BUDGET), leaf);
    let outcome = search.run(&formula);
    let leaf = search.leaf;
    match outcome {
        _ if leaf.certain.is_empty() => Decision::No,
        Err(reason) => Decision::Undecided(reason),
        Ok(()) if leaf.possible.is_empty() => Decision::Undecided(Reason::NoExample),
        Ok(()) => Decision::Yes,
    }
}

/// A pattern on the raw text: which records it matches depends on the writer, unless one plainly does not match.
fn raw_always_on(pattern: &Pattern) -> Decision {
    let record = serde_json::json!({
        "eventVersion": "1.09",
        "userIdentity": {"type": "AssumedRole"},
        "eventTime": "2026-01-02T03:04:05Z",
        "eventSource": "some.amazonaws.com",
        "eventName": "SomeCall",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "198.51.100.7",
        "eventID": "00000000-0000-0000-0000-000000000000",
        "eventType": "AwsApiCall",
    });
    if pattern.matches_event(&record).is_no() {
        Decision::No
    } else {
        Decision::Undecided(Reason::RawText)
    }
}

/// Which places have finitely many values in every branch seen so far.
struct Confined<'q> {
    pattern: &'q Pattern,
    assumptions: &'q Assumptions,
    /// In every branch that is certainly satisfiable.
    certain: Vec<usize>,
    /// In every branch that may be satisfiable.
    possible: Vec<usize>,
}

impl<'p> Leaf<'p> for Confined<'_> {
    fn visit(&mut self, store: &Store<'p>, budget: &mut Budget) -> Result<ControlFlow<()>, Reason> {
        let mut certain = false;
        for reading in [Reading::Widest, Reading::Strictest] {
            match event(store, reading, budget) {
                Found::Some(event) => {
                    certain |= self.pattern.matches_event(&event).is_no()
                        && self.assumptions.hold_for(&event);
                }
                Found::None if reading == Reading::Widest => return Ok(ControlFlow::Continue(())),
                Found::Unknown(Reason::SearchBudget) => return Err(Reason::SearchBudget),
                Found::None | Found::Unknown(_) => {}
            }
        }
        let confined = |place: &usize| store.is_confined(*place);
        self.possible.retain(confined);
        if certain {
            self.certain.retain(confined);
        }
        Ok(if self.certain.is_empty() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }
}

impl Store<'_> {
    /// Whether only finitely many values are left at the place.
    fn is_confined(&self, place: usize) -> bool {
        const FINITE: Types = Types::TRUE.or(Types::FALSE).or(Types::NULL);
        self.at(place).is_some_and(|(Place { member, .. }, cell)| {
            let few_strings = !cell.types.has(Types::STRING) || cell.known().is_some();
            let others = cell.types.without(FINITE).without(Types::STRING);
            member.is_none() && few_strings && others.is_none()
        })
    }
}
