//! Patterns that match practically every record.

use std::ops::ControlFlow;

use super::check::{Reading, Types};
use super::formula::{Formula, Place, Translator};
use super::search::{Budget, Leaf, Search};
use super::store::Store;
use super::strings::{self, Subject};
use super::tree::Found;
use super::{BUDGET, event};
use crate::pattern::Pattern;
use crate::pattern::answer::{Cover, Decision, Match, Reason};
use crate::pattern::assumptions::Assumptions;
use crate::pattern::syntax::{Comparison, Condition, Expr, Operand, Step, Syntax, Test};

/// Whether the events that do *not* match are confined to finitely many values of one field, so that an alarm on the
/// pattern stays in ALARM for ever.
///
/// `eventName != HeadBucket` leaves out one name and `eventName = *` nothing: both are always on. Absence is not a
/// value: `errorCode != x` leaves out every event without an error, and neither does it count where a field has few
/// values anyway: `readOnly IS FALSE` leaves out one of two. Judged over the records that are practically all of a
/// trail's, of calls of APIs: what CloudTrail writes into those is taken for granted besides `assumptions`, so that
/// `eventType = AwsApiCall` and `eventSource = "*.amazonaws.com"` leave out nothing.
///
/// ```
/// use trailwarden::pattern::{Assumptions, Decision, Pattern, always_on};
///
/// let records = Assumptions::cloudtrail();
/// let noisy = Pattern::parse("{ $.eventName != HeadBucket }")?;
/// assert_eq!(always_on(&noisy, &records), Decision::Yes);
/// let narrow = Pattern::parse("{ $.eventSource = cloudtrail.amazonaws.com }")?;
/// assert_eq!(always_on(&narrow, &records), Decision::No);
/// # Ok::<(), trailwarden::pattern::ParseError>(())
/// ```
pub fn always_on(pattern: &Pattern, assumptions: &Assumptions) -> Decision {
    if let Syntax::Terms(_) | Syntax::Regex(_) | Syntax::Fields(_) = pattern.syntax() {
        return raw_always_on(pattern);
    }
    if asks_for_few_names(pattern) && !assumptions.names_values_of("eventName") {
        return Decision::No;
    }
    let text = pattern.text();
    let any_field = asks_for_any_field(pattern.syntax());
    let named = |field: &str| any_field || text.contains(field);
    let assumptions = assumptions.clone().with_ordinary_record(&named);
    let mut translator = Translator::default();
    let formula = Formula::All(vec![
        translator.assumptions(&assumptions),
        translator.pattern(pattern.syntax(), false),
    ]);
    let places = translator.into_places();
    let is_of_many = |place: &Place<'_>| {
        let mut known = assumptions.items().iter();
        !known.any(|item| item.steps() == place.steps && item.is_of_few())
    };
    let open: Vec<usize> = places
        .iter()
        .enumerate()
        .filter(|(_, place)| is_of_many(place))
        .map(|(at, _)| at)
        .collect();
    let leaf = Confined {
        pattern,
        assumptions: &assumptions,
        certain: open.clone(),
        possible: open,
        doubt: None,
    };
    let mut budget = Budget::new(BUDGET);
    let mut search = Search::new(Store::new(places), &mut budget, leaf);
    let outcome = search.run(&formula);
    let leaf = search.leaf;
    match outcome {
        _ if leaf.certain.is_empty() => Decision::No,
        Err(reason) => Decision::Undecided(reason),
        Ok(()) if leaf.possible.is_empty() => {
            Decision::Undecided(leaf.doubt.unwrap_or(Reason::NoExample))
        }
        Ok(()) => Decision::Yes,
    }
}

/// Whether all that matches has one of finitely many names, as what most filters look for: the events of all other names are left
/// out, which is seen without a proof.
pub(crate) fn asks_for_few_names(pattern: &Pattern) -> bool {
    matches!(pattern.syntax(), Syntax::Json(expr) if has_few_names(expr))
}

fn has_few_names(expr: &Expr<Condition>) -> bool {
    match expr {
        Expr::One(condition) => {
            let is_name =
                matches!(condition.selector.steps(), [Step::Name(name)] if name == "eventName");
            let is_exact = matches!(
                &condition.test,
                Test::Compare(Comparison::Is(Operand::Text(text))) if text.literal().is_some()
            );
            is_name && is_exact
        }
        Expr::And(parts) => parts.iter().any(has_few_names),
        Expr::Or(parts) => parts.iter().all(has_few_names),
    }
}

/// Whether a wildcard of the pattern takes in fields that it does not name.
fn asks_for_any_field(syntax: &Syntax) -> bool {
    let Syntax::Json(expr) = syntax else {
        return false;
    };
    let mut conditions = expr.conditions();
    conditions.any(|condition| condition.selector.around_wildcard().is_some())
}

/// A pattern on the raw text: which records it matches depends on the writer, unless every text matches or one record
/// plainly does not.
fn raw_always_on(pattern: &Pattern) -> Decision {
    let everything = Pattern::everything();
    let actual = std::slice::from_ref(pattern);
    if let Cover::Covered { .. } = super::covers(actual, &everything, &Assumptions::none()) {
        return Decision::Yes;
    }
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
    /// In every branch that may be satisfiable, whatever the readings.
    possible: Vec<usize>,
    /// Why the two differ.
    doubt: Option<Reason>,
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
        let mut confined = |place: usize| store.is_confined(place, budget);
        let (mut possible, mut open, mut doubt) = (Vec::new(), Vec::new(), None);
        for &place in &self.certain {
            match confined(place)? {
                Match::Yes => possible.push(place),
                Match::No => continue,
                Match::Undecided(reason) => doubt = Some(reason),
            }
            open.push(place);
        }
        self.possible.retain(|place| possible.contains(place));
        self.doubt = doubt.or(self.doubt);
        if certain {
            self.certain = open;
        }
        Ok(if self.certain.is_empty() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }
}

/// Which open reading decides whether the texts are few.
fn open_reading(wishes: &[(Subject<'_>, bool)]) -> Reason {
    let regex = |subject: &Subject<'_>| matches!(subject, Subject::Operand(Operand::Regex(_)));
    if wishes.iter().any(|(subject, _)| regex(subject)) {
        Reason::RegexDialect
    } else {
        Reason::MiddleStar
    }
}

impl Store<'_> {
    /// Whether only finitely many values are left at the place.
    fn is_confined(&self, place: usize, budget: &mut Budget) -> Result<Match, Reason> {
        const FINITE: Types = Types::TRUE.or(Types::FALSE).or(Types::NULL);
        let Some((Place { member: None, .. }, cell)) = self.at(place) else {
            return Ok(Match::No);
        };
        let others = cell.types.without(FINITE).without(Types::STRING);
        if !others.is_none() {
            return Ok(Match::No);
        }
        if !cell.types.has(Types::STRING) || cell.known().is_some() {
            return Ok(Match::Yes);
        }
        let wishes: Vec<(Subject<'_>, bool)> = cell
            .string_facts()
            .map(|(operand, wanted)| (Subject::Operand(operand), wanted))
            .collect();
        if wishes.is_empty() {
            return Ok(Match::No);
        }
        let mut finite = |reading| match strings::are_finite(&wishes, reading, budget) {
            Err(Reason::SearchBudget) => Err(Reason::SearchBudget),
            Err(reason) => Ok(Match::Undecided(reason)),
            Ok(finite) => Ok(Match::from(finite)),
        };
        Ok(
            match (finite(Reading::Widest)?, finite(Reading::Strictest)?) {
                (Match::Yes, _) => Match::Yes,
                (_, Match::No) => Match::No,
                (Match::Undecided(reason), _) | (_, Match::Undecided(reason)) => {
                    Match::Undecided(reason)
                }
                (Match::No, Match::Yes) => Match::Undecided(open_reading(&wishes)),
            },
        )
    }
}
