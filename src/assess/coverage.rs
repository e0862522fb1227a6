//! Which events are required, which paths carry them, and what is left over: the proof behind the verdict.

use std::collections::HashMap;

use serde_json::Value;

use super::fault::{Certainty, Tri};
use super::path::Path;
use super::pick::Pick;
use super::selector::Source;
use super::universe::{Slice, known};
use crate::control::{Control, Prescribed};
use crate::pattern::syntax::Syntax;
use crate::pattern::{Assumptions, Cover, Pattern, Reason, covers, missing_event_names};

/// After so many proofs all patterns that remain are added at once: whoever may write filters and alarms must not be able
/// to keep a look busy.
const MOST_ROUNDS: usize = 24;

/// So many patterns are tried each by itself: all of a log group, which has at most 100 filters.
const MOST_ALONE: usize = 100;

/// What is left over of a required pattern.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// Nothing.
    Covered,
    /// Nothing, if every undecided path holds.
    Open(Gap),
    /// Something, whatever the undecided paths do.
    Missed(Gap),
}

impl Outcome {
    /// Smaller is better.
    pub(super) const fn rank(&self) -> u8 {
        match self {
            Self::Covered => 0,
            Self::Open(_) => 1,
            Self::Missed(_) => 2,
        }
    }
}

/// Events that are left over.
#[derive(Debug, Clone)]
pub(super) struct Gap {
    pub(super) slice: Slice,
    /// An event that reaches nobody.
    pub(super) event: Option<Value>,
    /// Why the proof went neither way.
    pub(super) reason: Option<Reason>,
    /// Names of required events that reach nobody.
    pub(super) missing: Vec<String>,
    /// Those of them that no filter catches, whatever becomes of its metric.
    pub(super) uncaught: Vec<String>,
}

/// What the paths leave over of a required pattern.
pub(super) fn outcome(
    required: &Prescribed,
    control: &Control,
    slices: &[Slice],
    paths: &[Path<'_, '_>],
    account: &str,
) -> Outcome {
    let carried: Vec<(Vec<usize>, Vec<usize>)> = slices
        .iter()
        .map(|slice| {
            let with = |wanted: &[Certainty]| {
                paths
                    .iter()
                    .enumerate()
                    .filter(|(_, path)| {
                        path.carries(slice)
                            .is_some_and(|carries| wanted.contains(&carries))
                    })
                    .map(|(at, _)| at)
                    .collect::<Vec<usize>>()
            };
            (
                with(&[Certainty::Broken]),
                with(&[Certainty::Broken, Certainty::Undecided]),
            )
        })
        .collect();
    let uniform = carried
        .windows(2)
        .all(|pair| matches!(pair, [one, other] if one == other));
    // Filters that catch everything tell nothing where there are others.
    let (always, chosen): (Vec<&Path<'_, '_>>, Vec<&Path<'_, '_>>) = paths
        .iter()
        .filter(|path| path.relevance > 0)
        .partition(|path| path.is_always_on());
    let every = if chosen.is_empty() { always } else { chosen };
    let every = distinct(every.iter().filter_map(|path| path.pattern()));
    // What no pattern names need not be known.
    let texts: Vec<&str> = paths
        .iter()
        .filter_map(|path| path.narrow().or_else(|| path.pattern()))
        .chain([&required.pattern])
        .map(Pattern::text)
        .collect();
    let mut open: Option<Gap> = None;
    let mut missed: Option<Gap> = None;
    for (slice, (sure, possible)) in slices.iter().zip(&carried) {
        let proof = Proof {
            required: &required.pattern,
            control,
            slice,
            whole: uniform.then_some(slices),
            account,
            every: &every,
            texts: &texts,
        };
        match proof.run(&pick(paths, sure), &pick(paths, possible)) {
            Outcome::Covered => {}
            Outcome::Open(gap) => open = open.or(Some(gap)),
            Outcome::Missed(gap) => match &mut missed {
                None => missed = Some(gap),
                Some(first) => {
                    add_new(&mut first.missing, gap.missing);
                    add_new(&mut first.uncaught, gap.uncaught);
                }
            },
        }
        if uniform {
            break;
        }
    }
    if let Some(gap) = &mut missed {
        let order = |name: &String| required.event_names.iter().position(|other| other == name);
        gap.missing.sort_by_key(order);
        gap.uncaught.sort_by_key(order);
    }
    match (missed, open) {
        (Some(gap), _) => Outcome::Missed(gap),
        (None, Some(gap)) => Outcome::Open(gap),
        (None, None) => Outcome::Covered,
    }
}

fn add_new(list: &mut Vec<String>, more: Vec<String>) {
    for name in more {
        if !list.contains(&name) {
            list.push(name);
        }
    }
}

fn pick<'p, 'i, 'a>(paths: &'p [Path<'i, 'a>], chosen: &[usize]) -> Vec<&'p Path<'i, 'a>> {
    chosen.iter().filter_map(|at| paths.get(*at)).collect()
}

struct Proof<'p> {
    required: &'p Pattern,
    control: &'p Control,
    slice: &'p Slice,
    /// All slices, where the same paths carry every one of them.
    whole: Option<&'p [Slice]>,
    account: &'p str,
    /// The patterns of all filters, working or not.
    every: &'p [Pattern],
    /// The texts of all patterns.
    texts: &'p [&'p str],
}

impl Proof<'_> {
    fn run(&self, sure: &[&Path<'_, '_>], possible: &[&Path<'_, '_>]) -> Outcome {
        let narrow = narrow(sure);
        let sure_cover = self.cover(sure, narrow, Vec::new());
        if matches!(sure_cover, Cover::Covered { .. }) {
            return Outcome::Covered;
        }
        let open = |event: Option<Value>, reason: Option<Reason>| {
            Outcome::Open(Gap {
                slice: self.slice.clone(),
                event: event.map(|event| self.place(event)),
                reason,
                missing: Vec::new(),
                uncaught: Vec::new(),
            })
        };
        let possible_cover = self.cover(possible, self::narrow(possible), wide(possible));
        match (possible_cover, sure_cover) {
            (Cover::NotCovered { counterexample }, _) => Outcome::Missed(self.missed(
                // An event that no filter catches tells more than one that is caught in vain.
                match self.cover_by(self.every.to_vec(), Vec::new()) {
                    Cover::NotCovered { counterexample } => counterexample,
                    _ => counterexample,
                },
                possible,
            )),
            (_, Cover::NotCovered { counterexample }) => open(Some(counterexample), None),
            (_, Cover::Undecided { reason, .. }) => open(None, Some(reason)),
            (_, Cover::Covered { .. }) => Outcome::Covered,
        }
    }

    fn missed(&self, event: Value, possible: &[&Path<'_, '_>]) -> Gap {
        let missing = |patterns: &[Pattern]| {
            missing_event_names(patterns, self.required, &self.assumptions()).missing
        };
        // Filters that have to do with the control.
        let relevant: Vec<&Path<'_, '_>> = possible
            .iter()
            .copied()
            .filter(|path| path.relevance > 0)
            .collect();
        let mut carrying = narrow(&relevant);
        let open = wide(&relevant)
            .into_iter()
            .filter(|net| net.is_open(&event));
        carrying.extend(open.map(|net| net.pattern.clone()));
        Gap {
            slice: self.slice.clone(),
            missing: missing(&carrying),
            uncaught: missing(self.every),
            event: Some(self.place(event)),
            reason: None,
        }
    }

    fn cover(&self, paths: &[&Path<'_, '_>], narrow: Vec<Pattern>, wide: Vec<Wide<'_>>) -> Cover {
        if paths.iter().any(|path| path.leg.is_none()) {
            return Cover::Covered {
                assumptions: Vec::new(),
            };
        }
        self.cover_by(narrow, wide)
    }

    /// Whether the patterns together cover. Begins with none of them and adds those that may match the event that stands in
    /// the way, so that filters of other purposes, of which a log group may have hundreds, do not slow the proof down.
    fn cover_by(&self, mut narrow: Vec<Pattern>, mut wide: Vec<Wide<'_>>) -> Cover {
        let mut chosen: Vec<Pattern> = Vec::new();
        let mut rounds = 0;
        loop {
            let cover = self.covers(&chosen);
            let event = match &cover {
                Cover::NotCovered { counterexample } => Some(counterexample),
                Cover::Undecided { event, .. } => event.as_ref(),
                Cover::Covered { .. } => return cover,
            };
            rounds += 1;
            let is_late = rounds > MOST_ROUNDS;
            let before = chosen.len();
            if let Some(event) = event {
                let may_match = |one: &mut Pattern| is_late || !one.matches_event(event).is_no();
                chosen.extend(narrow.extract_if(.., may_match));
                if is_late || chosen.len() == before {
                    let may_hold = |net: &mut Wide<'_>| is_late || net.may_hold(event);
                    let open: Vec<_> = wide.extract_if(.., may_hold).collect();
                    chosen.extend(distinct(open.iter().map(|net| net.pattern)));
                }
            }
            if chosen.len() == before {
                return self.cover_alone(&chosen, cover);
            }
        }
    }

    /// One of many patterns may cover by itself where all at once are too much for a proof.
    fn cover_alone(&self, chosen: &[Pattern], together: Cover) -> Cover {
        let too_much = Reason::SearchBudget;
        if !matches!(&together, Cover::Undecided { reason, .. } if *reason == too_much) {
            return together;
        }
        let mut alone = chosen
            .iter()
            .take(MOST_ALONE)
            .map(|one| self.covers(std::slice::from_ref(one)));
        alone
            .find(|cover| matches!(cover, Cover::Covered { .. }))
            .unwrap_or(together)
    }

    fn covers(&self, patterns: &[Pattern]) -> Cover {
        covers(patterns, self.required, &self.assumptions())
    }

    /// What CloudTrail is known to write into the events of the slice.
    fn assumptions(&self) -> Assumptions {
        let named = |field: &str| self.texts.iter().any(|text| text.contains(field));
        let mut assumptions = known(self.control, &named);
        let regions: Vec<&str> = match self.whole {
            Some(slices) => slices
                .iter()
                .flat_map(|slice| &slice.regions)
                .map(String::as_str)
                .collect(),
            None => self.slice.regions.iter().map(String::as_str).collect(),
        };
        if named("awsRegion") && regions.iter().all(|region| !region.is_empty()) {
            assumptions = assumptions.with_string("awsRegion", &unique(regions));
        }
        if named("recipientAccountId") {
            assumptions = assumptions.with_string("recipientAccountId", &[self.account]);
        }
        if self.whole.is_some() {
            return assumptions;
        }
        if let Source::One(source) = &self.slice.class.source {
            assumptions = assumptions.with_string("eventSource", &[source]);
        }
        if let Some(name) = &self.slice.class.name {
            assumptions = assumptions.with_string("eventName", &[name]);
        }
        assumptions
    }

    /// Writes the region into an event, where nothing forbids it.
    fn place(&self, event: Value) -> Value {
        let region = &self.slice.class.region;
        let mut placed = event.clone();
        match placed.as_object_mut() {
            Some(fields) if !region.is_empty() && !fields.contains_key("awsRegion") => {
                fields.insert("awsRegion".to_owned(), Value::String(region.clone()));
            }
            _ => return event,
        }
        if self.whole.is_none() && self.required.matches_event(&placed).is_yes() {
            placed
        } else {
            event
        }
    }
}

fn unique(mut values: Vec<&str>) -> Vec<&str> {
    values.sort_unstable();
    values.dedup();
    values
}

/// What paths may carry beside what they surely do: the values that their alarms look at are not told by a pattern.
struct Wide<'p> {
    pattern: &'p Pattern,
    picks: &'p [Pick],
}

impl Wide<'_> {
    fn picked(&self, event: &Value) -> Tri {
        Tri::all(self.picks.iter().map(|pick| pick.takes(event)))
    }

    fn may_hold(&self, event: &Value) -> bool {
        self.picked(event) != Tri::No && !self.pattern.matches_event(event).is_no()
    }

    fn is_open(&self, event: &Value) -> bool {
        self.picked(event) == Tri::Unknown
    }
}

fn wide<'i>(paths: &[&Path<'i, '_>]) -> Vec<Wide<'i>> {
    let split = paths.iter().filter(|path| !path.picks().is_empty());
    split
        .filter_map(|path| {
            Some(Wide {
                pattern: path.pattern()?,
                picks: path.picks(),
            })
        })
        .collect()
}

fn narrow(paths: &[&Path<'_, '_>]) -> Vec<Pattern> {
    distinct(paths.iter().filter_map(|path| path.narrow()))
}

/// Each pattern once. Two of one text need not be the same: in one of them a star may stand for itself.
fn distinct<'p>(patterns: impl Iterator<Item = &'p Pattern>) -> Vec<Pattern> {
    let mut known: HashMap<&str, Vec<&Syntax>> = HashMap::new();
    let mut distinct = Vec::new();
    for pattern in patterns {
        let same = known.entry(pattern.text()).or_default();
        if !same.contains(&pattern.syntax()) {
            same.push(pattern.syntax());
            distinct.push(pattern.clone());
        }
    }
    distinct
}
