//! Questions about whole patterns, decided by search for an event.
//!
//! "`actual` covers `required`" is: no event matches `required` and none of `actual`. The conjunction becomes a
//! formula over single values; its branches are walked, and each is either contradictory or gives an example, which
//! the matcher confirms before it is shown. Readings of the language that are left open count widely where a branch
//! is to be refuted and strictly where an example is to be built, so that neither answer depends on them.

mod always;
mod bound;
mod check;
mod formula;
mod machine;
mod numbers;
mod range;
mod search;
mod share;
mod store;
mod strings;
mod tree;

use std::ops::ControlFlow;

use serde_json::Value;

use self::check::{Check, Reading};
use self::formula::{Formula, RawCheck, Translator};
use self::search::{Budget, Leaf, Search};
use self::store::Store;
use self::strings::Subject;
use self::tree::{Found, Node, Solver};
use super::Pattern;
use super::answer::{Cover, Decision, Match, MissingNames, Reason};
use super::assumptions::Assumptions;
use super::reader;
use super::syntax::{Comparison, Operand, Step, Syntax, Test};

pub use always::always_on;
pub(crate) use always::asks_for_few_names;
pub use share::{Share, share};

/// Work for one proof; some tens of milliseconds.
const BUDGET: u64 = 1_500_000;

/// Whether every event that matches `required` matches one of `actual`.
///
/// ```
/// use trailwarden::pattern::{Assumptions, Cover, Pattern, covers};
///
/// let required = Pattern::parse("{ $.eventName = StopLogging }")?;
/// let actual = Pattern::parse("{ $.eventName = \"Stop*\" }")?;
/// assert_eq!(
///     covers(&[actual], &required, &Assumptions::cloudtrail()),
///     Cover::Covered { assumptions: vec![] }
/// );
/// # Ok::<(), trailwarden::pattern::ParseError>(())
/// ```
pub fn covers(actual: &[Pattern], required: &Pattern, assumptions: &Assumptions) -> Cover {
    // Whatever a pattern means, it means it on both sides.
    if actual.iter().any(|one| one.syntax() == required.syntax()) {
        return Cover::Covered {
            assumptions: Vec::new(),
        };
    }
    let question = Question {
        matching: required,
        missing: actual,
        name: None,
    };
    let mut doubtful = None;
    match question.look(assumptions, &mut doubtful) {
        Found::Some(counterexample) => Cover::NotCovered { counterexample },
        Found::Unknown(reason) => Cover::Undecided {
            reason,
            event: doubtful,
        },
        Found::None => {
            let needed = needed(&question, assumptions);
            Cover::Covered {
                assumptions: needed.items().to_vec(),
            }
        }
    }
}

/// Whether some event matches.
///
/// ```
/// use trailwarden::pattern::{Assumptions, Decision, Pattern, satisfiable};
///
/// let torn = Pattern::parse("{ $.a = x && $.a.b = y }")?;
/// assert_eq!(satisfiable(&torn, &Assumptions::none()), Decision::No);
/// # Ok::<(), trailwarden::pattern::ParseError>(())
/// ```
pub fn satisfiable(pattern: &Pattern, assumptions: &Assumptions) -> Decision {
    let question = Question {
        matching: pattern,
        missing: &[],
        name: None,
    };
    match question.example(assumptions) {
        Found::Some(_) => Decision::Yes,
        Found::None => Decision::No,
        Found::Unknown(reason) => Decision::Undecided(reason),
    }
}

/// An event that matches, if one can be built.
///
/// ```
/// use trailwarden::pattern::{Assumptions, Pattern, example};
///
/// let pattern = Pattern::parse("{ $.a[1] = x && $.n > 2 }")?;
/// let event = example(&pattern, &Assumptions::none()).unwrap();
/// assert_eq!(event["a"][1], "x");
/// # Ok::<(), trailwarden::pattern::ParseError>(())
/// ```
pub fn example(pattern: &Pattern, assumptions: &Assumptions) -> Option<Value> {
    Question {
        matching: pattern,
        missing: &[],
        name: None,
    }
    .example(assumptions)
    .some()
}

/// The names `X` of `$.eventName = X` in `required` of which some event that `required` matches is not covered.
///
/// ```
/// use trailwarden::pattern::{Assumptions, Pattern, missing_event_names};
///
/// let required = Pattern::parse("{ $.eventName = StopLogging || $.eventName = DeleteTrail }")?;
/// let actual = Pattern::parse("{ $.eventName = StopLogging }")?;
/// let names = missing_event_names(&[actual], &required, &Assumptions::cloudtrail());
/// assert_eq!(names.missing, ["DeleteTrail"]);
/// # Ok::<(), trailwarden::pattern::ParseError>(())
/// ```
pub fn missing_event_names(
    actual: &[Pattern],
    required: &Pattern,
    assumptions: &Assumptions,
) -> MissingNames {
    let mut names = MissingNames::default();
    for (steps, operand) in event_names(required) {
        let Operand::Text(text) = operand else {
            continue;
        };
        let question = Question {
            matching: required,
            missing: actual,
            name: Some((steps, operand)),
        };
        let list = match question.example(assumptions) {
            Found::Some(_) => &mut names.missing,
            Found::Unknown(_) => &mut names.undecided,
            Found::None => continue,
        };
        if !list.iter().any(|known| known == text.raw()) {
            list.push(text.raw().to_owned());
        }
    }
    names
}

/// An event that some actual pattern matches and `required` does not: noise. `None` if no such event is found.
///
/// ```
/// use trailwarden::pattern::{Assumptions, Pattern, broader};
///
/// let required = Pattern::parse("{ $.eventName = StopLogging }")?;
/// let actual = Pattern::parse("{ $.eventName != DeleteTrail }")?;
/// let noise = broader(&[actual], &required, &Assumptions::cloudtrail()).unwrap();
/// assert_eq!(noise["eventName"], "SomeCall");
/// # Ok::<(), trailwarden::pattern::ParseError>(())
/// ```
pub fn broader(actual: &[Pattern], required: &Pattern, assumptions: &Assumptions) -> Option<Value> {
    let required = std::slice::from_ref(required);
    actual.iter().find_map(|pattern| {
        Question {
            matching: pattern,
            missing: required,
            name: None,
        }
        .example(assumptions)
        .some()
    })
}

/// Every `$.eventName = X` of a pattern.
fn event_names(pattern: &Pattern) -> Vec<(&[Step], &Operand)> {
    let Syntax::Json(expr) = pattern.syntax() else {
        return Vec::new();
    };
    let mut names: Vec<(&[Step], &Operand)> = Vec::new();
    for condition in expr.conditions() {
        let steps = condition.selector.steps();
        let is_name = matches!(steps, [Step::Name(name)] if name == "eventName");
        if let Test::Compare(Comparison::Is(operand)) = &condition.test
            && is_name
            && !names.iter().any(|(_, known)| *known == operand)
        {
            names.push((steps, operand));
        }
    }
    names
}

/// The smallest part of the assumptions under which there is still no example; each is tried without.
fn needed(question: &Question<'_>, assumptions: &Assumptions) -> Assumptions {
    if question.example(&Assumptions::none()) == Found::None {
        return Assumptions::none();
    }
    let mut needed = assumptions.clone();
    let mut index = 0;
    while index < needed.items().len() {
        let fewer = needed.without(index);
        if question.example(&fewer) == Found::None {
            needed = fewer;
        } else {
            index += 1;
        }
    }
    needed
}

/// An event is asked for that one pattern matches and others do not.
struct Question<'q> {
    matching: &'q Pattern,
    missing: &'q [Pattern],
    /// A value that the event must have, besides.
    name: Option<(&'q [Step], &'q Operand)>,
}

impl Question<'_> {
    fn example(&self, assumptions: &Assumptions) -> Found<Value> {
        self.look(assumptions, &mut None)
    }

    /// As [`Question::example`]; keeps an event of which it is not known whether it is one.
    fn look(&self, assumptions: &Assumptions, doubtful: &mut Option<Value>) -> Found<Value> {
        self.look_within(assumptions, doubtful, &mut Budget::new(BUDGET))
    }

    fn look_within(
        &self,
        assumptions: &Assumptions,
        doubtful: &mut Option<Value>,
        budget: &mut Budget,
    ) -> Found<Value> {
        let mut translator = Translator::default();
        let formula = self.formula(&mut translator, assumptions);
        let leaf = Example {
            question: self,
            assumptions,
            found: None,
            open: None,
            doubtful: None,
        };
        let store = Store::new(translator.into_places());
        let mut search = Search::new(store, budget, leaf);
        let outcome = search.run(&formula);
        *doubtful = search.leaf.doubtful;
        match (search.leaf.found, outcome, search.leaf.open) {
            (Some(event), _, _) => Found::Some(event),
            (None, Err(reason), _) | (None, Ok(()), Some(reason)) => Found::Unknown(reason),
            (None, Ok(()), None) => Found::None,
        }
    }

    fn formula<'p>(
        &'p self,
        translator: &mut Translator<'p>,
        assumptions: &'p Assumptions,
    ) -> Formula<'p> {
        let mut parts = vec![translator.assumptions(assumptions)];
        if let Some((steps, operand)) = self.name {
            parts.push(translator.value(steps, Check::Equals(operand), true));
        }
        for pattern in self.missing {
            parts.push(translator.pattern(pattern.syntax(), false));
        }
        parts.push(translator.pattern(self.matching.syntax(), true));
        Formula::All(parts)
    }

    /// Why the event is not the example that is asked for: `None` if it is.
    fn objection(&self, event: &Value, assumptions: &Assumptions) -> Option<Reason> {
        let wanted = self.matching.matches_event(event);
        let unwanted = self
            .missing
            .iter()
            .map(|pattern| pattern.matches_event(event).not());
        for answer in std::iter::once(wanted).chain(unwanted) {
            match answer {
                Match::Yes => {}
                Match::No => return Some(Reason::NoExample),
                Match::Undecided(reason) => return Some(reason),
            }
        }
        if !reader::is_readable(event) {
            return Some(Reason::Nesting);
        }
        (!assumptions.hold_for(event)).then_some(Reason::NoExample)
    }
}

/// Looks for an example in each branch.
struct Example<'q> {
    question: &'q Question<'q>,
    assumptions: &'q Assumptions,
    found: Option<Value>,
    /// Why a branch could neither be refuted nor give an example.
    open: Option<Reason>,
    doubtful: Option<Value>,
}

impl<'p> Leaf<'p> for Example<'_> {
    fn visit(&mut self, store: &Store<'p>, budget: &mut Budget) -> Result<ControlFlow<()>, Reason> {
        let mut objection = if store.raw().is_empty() {
            Reason::NoExample
        } else {
            Reason::RawText
        };
        for reading in [Reading::Widest, Reading::Strictest] {
            match event(store, reading, budget) {
                Found::Some(event) => match self.question.objection(&event, self.assumptions) {
                    None => {
                        self.found = Some(event);
                        return Ok(ControlFlow::Break(()));
                    }
                    Some(Reason::NoExample) => {}
                    Some(reason) => {
                        objection = reason;
                        self.doubtful.get_or_insert(event);
                    }
                },
                Found::None if reading == Reading::Widest => return Ok(ControlFlow::Continue(())),
                Found::None => {}
                Found::Unknown(Reason::SearchBudget) => return Err(Reason::SearchBudget),
                Found::Unknown(reason) => objection = reason,
            }
        }
        self.open.get_or_insert(objection);
        Ok(ControlFlow::Continue(()))
    }
}

/// An event of which the facts hold. Facts about the fields and about the raw text are taken apart: how the one
/// shows in the other depends on the writer.
fn event(store: &Store<'_>, reading: Reading, budget: &mut Budget) -> Found<Value> {
    let wishes: Vec<(Subject<'_>, bool)> = store
        .raw()
        .iter()
        .map(|&(check, wanted)| match check {
            RawCheck::Contains(phrase) => (Subject::Phrase(phrase), wanted),
            RawCheck::Regex(regex) => (Subject::Regex(regex), wanted),
            RawCheck::Fields(fields) => (Subject::Fields(fields), wanted),
        })
        .collect();
    let text = if wishes.is_empty() {
        Found::Some(String::new())
    } else {
        strings::solve(&wishes, reading, "", budget)
    };
    if text == Found::None && reading == Reading::Widest {
        return Found::None;
    }
    let root = Node::of(store.cells());
    let found = Solver { reading, budget }.solve(&root, "");
    let some_wanted = wishes.iter().any(|(_, wanted)| *wanted);
    match (found, text) {
        (Found::Some(Some(Value::Object(mut members))), text) => {
            if let Found::Some(text) = text
                && some_wanted
            {
                members.entry("message").or_insert(Value::String(text));
            }
            Found::Some(Value::Object(members))
        }
        (Found::Unknown(reason), _) => Found::Unknown(reason),
        (Found::Some(_) | Found::None, _) => Found::None,
    }
}

impl<T> Found<T> {
    fn some(self) -> Option<T> {
        match self {
            Self::Some(value) => Some(value),
            Self::None | Self::Unknown(_) => None,
        }
    }
}
