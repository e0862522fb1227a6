//! Which events are required, which paths carry them, and what is left over: the proof behind the verdict.

use std::collections::HashMap;

use serde_json::Value;

use super::fault::Tri;
use super::index::Index;
use super::path::{Carries, Path};
use super::pick::Pick;
use super::proofs::{CoverQuestion, Proofs};
use super::relevance::Relevance;
use super::selector::Source;
use super::universe::{Slice, is_global, known};
use crate::control::{Control, Prescribed};
use crate::pattern::syntax::Syntax;
use crate::pattern::{Assumptions, Cover, Pattern, Reason, broader, covers, missing_event_names};

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

/// A required pattern of a control on one account: what the paths have to cover.
pub(super) struct Claim<'c> {
    pub(super) control: &'c Control,
    pub(super) required: &'c Prescribed,
    /// One at least.
    pub(super) slices: Vec<Slice>,
    /// What CloudTrail is known to write into the required events, of what the paths' patterns ask for.
    known: Assumptions,
    names_region: bool,
    proofs: &'c Proofs,
    pub(super) relevance: Relevance<'c>,
}

impl<'c> Claim<'c> {
    pub(super) fn new(
        index: &Index<'c>,
        control: &'c Control,
        required: &'c Prescribed,
        slices: Vec<Slice>,
    ) -> Self {
        // What no pattern names need not be known.
        let text = required.pattern.text();
        let named = |field: &str| text.contains(field) || index.names(field);
        let mut known = known(control, &named);
        if named("recipientAccountId") {
            known = known.with_string("recipientAccountId", &[index.world.account()]);
        }
        Self {
            control,
            required,
            slices,
            known,
            names_region: named("awsRegion"),
            proofs: index.proofs,
            relevance: Relevance::new(control, required, index.proofs),
        }
    }

    /// Whether the paths cover it, for sure.
    pub(super) fn is_covered(&self, paths: &[&Path<'_, '_>]) -> bool {
        let carried = self.carried(paths);
        let proofs = self.proofs(&carried, &[]);
        let mut covers =
            proofs.map(|(proof, carried)| proof.sure_cover(&pick(paths, &carried.sure)));
        covers.all(|cover| matches!(cover, Cover::Covered { .. }))
    }

    /// An event that is not required, and that the paths' patterns match.
    pub(super) fn noise(&self, paths: &[&Path<'_, '_>]) -> Option<Value> {
        let patterns = distinct(paths.iter().filter_map(|path| path.pattern()));
        let required = &self.required.pattern;
        let assumptions = Assumptions::cloudtrail();
        let question = CoverQuestion::new(required, &patterns, assumptions.clone());
        let work_out = || broader(&patterns, required, &assumptions);
        self.proofs.noise.answer(question, work_out)
    }

    /// What the paths leave over of it.
    pub(super) fn outcome(&self, paths: &[&Path<'_, '_>]) -> Outcome {
        // Filters that catch everything tell nothing where there are others.
        let (always, chosen): (Vec<&Path<'_, '_>>, Vec<&Path<'_, '_>>) = paths
            .iter()
            .copied()
            .filter(|path| self.relevance.of(path) > 0)
            .partition(|path| path.is_always_on());
        let every = if chosen.is_empty() { always } else { chosen };
        let every = distinct(every.iter().filter_map(|path| path.pattern()));
        let mut open: Option<Gap> = None;
        let mut missed: Option<Gap> = None;
        let carried = self.carried(paths);
        for (proof, carried) in self.proofs(&carried, &every) {
            match proof.run(&pick(paths, &carried.sure), &pick(paths, &carried.possible)) {
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
        }
        if let Some(gap) = &mut missed {
            let names = &self.required.event_names;
            let order = |name: &String| names.iter().position(|other| other == name);
            gap.missing.sort_by_key(order);
            gap.uncaught.sort_by_key(order);
        }
        match (missed, open) {
            (Some(gap), _) => Outcome::Missed(gap),
            (None, Some(gap)) => Outcome::Open(gap),
            (None, None) => Outcome::Covered,
        }
    }

    /// The places of the paths that carry each slice.
    fn carried(&self, paths: &[&Path<'_, '_>]) -> Vec<Carried> {
        let of_slice = |slice: usize| {
            let with = |least: Carries| {
                let places = paths.iter().enumerate();
                places
                    .filter(|(_, path)| path.carries(slice) >= least)
                    .map(|(at, _)| at)
                    .collect()
            };
            Carried {
                sure: with(Carries::Surely),
                possible: with(Carries::Perhaps),
            }
        };
        (0..self.slices.len()).map(of_slice).collect()
    }

    /// Whether a pattern asks for the region where that depends on the source: one proof of all would ask for events that
    /// no source emits there.
    fn ties_regions(&self) -> bool {
        let regions = |of_global: bool| {
            let slices = self.slices.iter();
            let mut of_kind =
                slices.filter(move |slice| is_global(&slice.class.source) == of_global);
            of_kind.next().map(|slice| &slice.regions)
        };
        let (global, regional) = (regions(true), regions(false));
        self.names_region && global.is_some() && regional.is_some() && global != regional
    }

    /// What has to be proved: one proof a slice, or one for all of them where the same paths carry every one.
    fn proofs<'p>(
        &'p self,
        carried: &'p [Carried],
        every: &'p [Pattern],
    ) -> impl Iterator<Item = (Proof<'p>, &'p Carried)> {
        let is_uniform = !self.ties_regions()
            && carried
                .windows(2)
                .all(|pair| matches!(pair, [one, other] if one == other));
        let count = if is_uniform { 1 } else { self.slices.len() };
        let slices = self.slices.iter().zip(carried).take(count);
        slices.map(move |(slice, carried)| {
            let proof = Proof {
                claim: self,
                slice,
                is_of_all: is_uniform,
                every,
            };
            (proof, carried)
        })
    }
}

/// Places of paths.
#[derive(PartialEq, Eq)]
struct Carried {
    /// Of those that carry a slice for sure.
    sure: Vec<usize>,
    /// Of those and of those that may.
    possible: Vec<usize>,
}

fn add_new(list: &mut Vec<String>, more: Vec<String>) {
    for name in more {
        if !list.contains(&name) {
            list.push(name);
        }
    }
}

fn pick<'p, 'i, 'a>(paths: &[&'p Path<'i, 'a>], chosen: &[usize]) -> Vec<&'p Path<'i, 'a>> {
    let picked = chosen.iter().filter_map(|at| paths.get(*at));
    picked.copied().collect()
}

struct Proof<'p> {
    claim: &'p Claim<'p>,
    slice: &'p Slice,
    /// The same paths carry every slice: this is the proof of all of them.
    is_of_all: bool,
    /// The patterns of all filters, working or not.
    every: &'p [Pattern],
}

impl Proof<'_> {
    fn run(&self, sure: &[&Path<'_, '_>], possible: &[&Path<'_, '_>]) -> Outcome {
        let sure_cover = self.sure_cover(sure);
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
        let possible_cover = self.cover(possible, narrow(possible), wide(possible));
        match (possible_cover, sure_cover) {
            (Cover::NotCovered { counterexample }, _) => Outcome::Missed(self.missed(
                // An event that no filter catches tells more than one that is caught in vain.
                match self.cover_as_written(self.every.to_vec()) {
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
            let required = &self.claim.required.pattern;
            missing_event_names(patterns, required, &self.assumptions()).missing
        };
        // Filters that have to do with the control.
        let mut relevant = possible.to_vec();
        relevant.retain(|path| self.claim.relevance.of(path) > 0);
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

    /// Whether the paths cover for sure, of which all carry the slice for sure.
    fn sure_cover(&self, paths: &[&Path<'_, '_>]) -> Cover {
        self.cover(paths, narrow(paths), Vec::new())
    }

    fn cover(&self, paths: &[&Path<'_, '_>], narrow: Vec<Pattern>, wide: Vec<Wide<'_>>) -> Cover {
        if paths.iter().any(|path| path.is_open()) {
            return Cover::Covered {
                assumptions: Vec::new(),
            };
        }
        // Narrowed to a value, a pattern may mean another thing than its text says.
        if paths.iter().any(|path| !path.picks().is_empty()) {
            let required = &self.claim.required.pattern;
            return cover_by(narrow, wide, required, &self.assumptions());
        }
        self.cover_as_written(narrow)
    }

    /// Whether patterns that mean what their texts say cover together.
    fn cover_as_written(&self, patterns: Vec<Pattern>) -> Cover {
        let required = &self.claim.required.pattern;
        let assumptions = self.assumptions();
        let question = CoverQuestion::new(required, &patterns, assumptions.clone());
        let work_out = || cover_by(patterns, Vec::new(), required, &assumptions);
        self.claim.proofs.covers.answer(question, work_out)
    }

    /// What CloudTrail is known to write into the events of the slice.
    fn assumptions(&self) -> Assumptions {
        let Claim { slices, known, .. } = self.claim;
        let mut assumptions = known.clone();
        let slices = if self.is_of_all {
            slices.as_slice()
        } else {
            std::slice::from_ref(self.slice)
        };
        let regions = slices.iter().flat_map(|slice| slice.regions.iter());
        if self.claim.names_region {
            let regions = unique(regions.map(String::as_str).collect());
            assumptions = if regions.contains(&"") {
                assumptions.with_form("awsRegion")
            } else {
                assumptions.with_string("awsRegion", &regions)
            };
        }
        if self.is_of_all {
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
        if !self.is_of_all && self.claim.required.pattern.matches_event(&placed).is_yes() {
            placed
        } else {
            event
        }
    }
}

/// Whether the patterns together cover. Begins with none of them and adds those that may match the event that stands in the way,
/// so that filters of other purposes, of which a log group may have hundreds, do not slow the proof down.
fn cover_by(
    mut narrow: Vec<Pattern>,
    mut wide: Vec<Wide<'_>>,
    required: &Pattern,
    assumptions: &Assumptions,
) -> Cover {
    let mut chosen: Vec<Pattern> = Vec::new();
    let mut rounds = 0;
    loop {
        let cover = covers(&chosen, required, assumptions);
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
            return cover_alone(&chosen, cover, required, assumptions);
        }
    }
}

/// One of many patterns may cover by itself where all at once are too much for a proof.
fn cover_alone(
    chosen: &[Pattern],
    together: Cover,
    required: &Pattern,
    assumptions: &Assumptions,
) -> Cover {
    let too_much = Reason::SearchBudget;
    if !matches!(&together, Cover::Undecided { reason, .. } if *reason == too_much) {
        return together;
    }
    let mut alone = chosen
        .iter()
        .take(MOST_ALONE)
        .map(|one| covers(std::slice::from_ref(one), required, assumptions));
    alone
        .find(|cover| matches!(cover, Cover::Covered { .. }))
        .unwrap_or(together)
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
