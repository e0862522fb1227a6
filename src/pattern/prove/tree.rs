//! Whether facts about many places can hold of one JSON object, and an object of which they do.
//!
//! Paths meet in a tree. Below a value of a chosen kind the members are independent of each other, so that the
//! facts are satisfiable if each member's are. A wildcard adds facts to every member, or asks for one more member.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::check::{Check, Reading, Types};
use super::formula::Place;
use super::numbers;
use super::search::Budget;
use super::store::Cell;
use super::strings::{self, Subject};
use crate::pattern::answer::Reason;
use crate::pattern::syntax::{Operand, Step};

/// What was found out about the facts at one node.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Found<T> {
    /// Something satisfies them.
    Some(T),
    /// Nothing does.
    None,
    /// It could not be decided.
    Unknown(Reason),
}

/// Facts about the value at one path, and below it.
#[derive(Debug, Clone, Default)]
pub(super) struct Node<'p> {
    facts: Vec<(Check<'p>, bool)>,
    kids: BTreeMap<Step, Node<'p>>,
    /// Some member has, at the end of the path, a value with the property.
    some: Vec<(&'p [Step], Check<'p>)>,
    /// No member has.
    none: Vec<(&'p [Step], Check<'p>)>,
}

/// Arrays beyond this length are not built.
const MAX_INDEX: usize = 1000;

impl<'p> Node<'p> {
    /// The tree of an event.
    pub(super) fn of<'c>(cells: impl Iterator<Item = (&'c Place<'p>, &'c Cell<'p>)>) -> Self
    where
        'p: 'c,
    {
        let mut root = Self {
            facts: vec![(Check::Is(Types::OBJECT), true)],
            ..Self::default()
        };
        for (place, cell) in cells {
            let node = root.descend(place.steps);
            match place.member {
                None => node.facts.extend(&cell.facts),
                Some(path) => {
                    for &(check, holds) in &cell.facts {
                        (if holds {
                            &mut node.some
                        } else {
                            &mut node.none
                        })
                        .push((path, check));
                    }
                }
            }
        }
        root
    }

    fn descend(&mut self, steps: &[Step]) -> &mut Self {
        steps.iter().fold(self, |node, step| {
            node.kids.entry(step.clone()).or_default()
        })
    }

    fn types(&self) -> Types {
        self.facts.iter().fold(Types::ALL, |types, (check, holds)| {
            types.and(check.allowed(*holds))
        })
    }

    /// Operands that the value must or must not equal.
    fn wishes(&self) -> impl Iterator<Item = (&'p Operand, bool)> {
        self.facts
            .iter()
            .filter_map(|(check, holds)| check.of_string(*holds))
    }

    /// Whether a wanted operand implies an unwanted one: no reading of them helps.
    fn contradicts_itself(&self, counts: impl Fn(&Operand) -> bool) -> bool {
        let wanted: Vec<_> = self
            .wishes()
            .filter(|(op, wanted)| *wanted && counts(op))
            .collect();
        self.wishes().any(|(operand, is_wanted)| {
            !is_wanted && wanted.iter().any(|(other, _)| other.implies(operand))
        })
    }

    /// Whether the value may be absent, and everything below it with it.
    fn can_be_missing(&self) -> bool {
        self.types().has(Types::MISSING) && self.can_be_leaf()
    }

    /// Whether the value may have nothing below it.
    fn can_be_leaf(&self) -> bool {
        self.some.is_empty() && self.kids.values().all(Self::can_be_missing)
    }

    /// A member, with what every member must obey.
    fn with_none_of<'n>(&self, member: &'n Self) -> Cow<'n, Self> {
        let mut member = Cow::Borrowed(member);
        for (path, check) in &self.none {
            member.to_mut().descend(path).facts.push((*check, false));
        }
        member
    }

    /// A member of its own for "some member has".
    fn fresh(&self, wanted: Option<&(&'p [Step], Check<'p>)>) -> Self {
        let mut member = Self::default();
        if let Some((path, check)) = wanted {
            member.descend(path).facts.push((*check, true));
        }
        self.with_none_of(&member).into_owned()
    }
}

pub(super) struct Solver<'b> {
    pub(super) reading: Reading,
    pub(super) budget: &'b mut Budget,
}

impl Solver<'_> {
    /// A value for the node: `Some(None)` is "absent".
    pub(super) fn solve(&mut self, node: &Node<'_>, name: &str) -> Found<Option<Value>> {
        self.solve_as(node, Types::ALL, name)
    }

    /// A value for the node that is there.
    fn solve_present(&mut self, node: &Node<'_>) -> Found<Value> {
        match self.solve_as(node, Types::ALL.without(Types::MISSING), "") {
            Found::Some(Some(value)) => Found::Some(value),
            Found::Some(None) | Found::None => Found::None,
            Found::Unknown(reason) => Found::Unknown(reason),
        }
    }

    fn solve_as(&mut self, node: &Node<'_>, types: Types, name: &str) -> Found<Option<Value>> {
        if let Err(reason) = self.budget.spend(1 + node.facts.len()) {
            return Found::Unknown(reason);
        }
        let types = node.types().and(types);
        let mut unknown = None;
        let types = if node.can_be_leaf() {
            types
        } else {
            types.and(Types::OBJECT.or(Types::ARRAY))
        };
        for kind in Types::EACH.into_iter().filter(|&kind| types.has(kind)) {
            match self.of_kind(node, kind, name) {
                Found::Some(value) => return Found::Some(value),
                Found::None => {}
                Found::Unknown(reason) => _ = unknown.get_or_insert(reason),
            }
        }
        unknown.map_or(Found::None, Found::Unknown)
    }

    fn of_kind(&mut self, node: &Node<'_>, kind: Types, name: &str) -> Found<Option<Value>> {
        match kind {
            Types::MISSING => Found::Some(None),
            Types::FALSE => Found::Some(Some(Value::Bool(false))),
            Types::TRUE => Found::Some(Some(Value::Bool(true))),
            Types::NULL => Found::Some(Some(Value::Null)),
            Types::STRING if node.contradicts_itself(|_| true) => Found::None,
            Types::STRING => {
                let wishes: Vec<_> = node
                    .wishes()
                    .map(|(operand, wanted)| (Subject::Operand(operand), wanted))
                    .collect();
                strings::solve(&wishes, self.reading, name, self.budget)
                    .map(|text| Some(Value::String(text)))
            }
            Types::NUMBER if node.contradicts_itself(Operand::compares_text) => Found::None,
            Types::NUMBER => numbers::solve(&node.facts, self.reading, self.budget)
                .map(|number| Some(Value::Number(number))),
            Types::OBJECT => self.object(node),
            _ => self.array(node),
        }
    }

    fn object(&mut self, node: &Node<'_>) -> Found<Option<Value>> {
        let mut members = Map::new();
        let mut unknown = None;
        for (step, kid) in &node.kids {
            let Step::Name(name) = step else {
                if kid.can_be_missing() {
                    continue;
                }
                return Found::None;
            };
            match self.solve(&node.with_none_of(kid), name) {
                Found::Some(Some(value)) => _ = members.insert(name.clone(), value),
                Found::Some(None) => {}
                Found::None => return Found::None,
                Found::Unknown(reason) => _ = unknown.get_or_insert(reason),
            }
        }
        for wanted in &node.some {
            match self.solve_present(&node.fresh(Some(wanted))) {
                Found::Some(value) => {
                    let taken = |name: &String| {
                        members.contains_key(name)
                            || node.kids.contains_key(&Step::Name(name.clone()))
                    };
                    // One of more names than are taken is free.
                    let names = 0..=members.len() + node.kids.len();
                    let name = names.map(|n| format!("x{n}")).find(|name| !taken(name));
                    members.insert(name.unwrap_or_default(), value);
                }
                // A member of its own is bound by less than any named one.
                Found::None => return Found::None,
                Found::Unknown(reason) => _ = unknown.get_or_insert(reason),
            }
        }
        match unknown {
            Some(reason) => Found::Unknown(reason),
            None => Found::Some(Some(Value::Object(members))),
        }
    }

    /// Elements up to some length are there, those beyond are not.
    fn array(&mut self, node: &Node<'_>) -> Found<Option<Value>> {
        let Some(node) = self.with_null_facts(node) else {
            return Found::None;
        };
        let mut elements: Vec<(usize, &Node<'_>)> = Vec::new();
        for (step, kid) in &node.kids {
            match step {
                Step::Index(index) => elements.push((*index, kid)),
                _ if kid.can_be_missing() => {}
                _ => return Found::None,
            }
        }
        let mut unknown = None;
        for there in 0..=elements.len() {
            let (present, absent) = elements.split_at_checked(there).unwrap_or((&elements, &[]));
            if !absent.iter().all(|(_, kid)| kid.can_be_missing()) {
                continue;
            }
            let limit = absent.first().map(|(index, _)| *index);
            match self.array_of(&node, present, limit) {
                Found::Some(value) => return Found::Some(Some(value)),
                Found::None => {}
                Found::Unknown(reason) => _ = unknown.get_or_insert(reason),
            }
        }
        unknown.map_or(Found::None, Found::Unknown)
    }

    /// `IS NULL` of an array, as facts about its elements; `None` on a contradiction.
    fn with_null_facts<'n, 'p>(&self, node: &'n Node<'p>) -> Option<Cow<'n, Node<'p>>> {
        let is_null = Check::Is(Types::NULL);
        let strict = self.reading == Reading::Strictest;
        let asked = |wanted| node.facts.contains(&(Check::Null, wanted));
        let (wanted, denied) = (asked(true), asked(false));
        if wanted && denied {
            return None;
        }
        if !wanted && !denied {
            return Some(Cow::Borrowed(node));
        }
        let mut node = node.clone();
        // Under every reading: a null in front is one, no null at all is none.
        if wanted && strict || denied && !strict {
            node.descend(&[Step::Index(0)])
                .facts
                .push((is_null, wanted));
        } else if wanted {
            node.some.push((&[], is_null));
        } else if denied {
            node.none.push((&[], is_null));
        }
        Some(Cow::Owned(node))
    }

    /// An array that has all of `present` and is not longer than `limit`.
    fn array_of(
        &mut self,
        node: &Node<'_>,
        present: &[(usize, &Node<'_>)],
        limit: Option<usize>,
    ) -> Found<Value> {
        let shortest = present
            .last()
            .map_or(0, |(index, _)| index.saturating_add(1));
        if shortest > MAX_INDEX {
            return Found::Unknown(Reason::LargeIndex);
        }
        let room = |limit: usize| limit - present.len();
        if let Some(limit) = limit.filter(|limit| room(*limit) < node.some.len()) {
            let mut slots = vec![Node::default(); limit];
            for (index, kid) in present {
                if let Some(slot) = slots.get_mut(*index) {
                    slot.clone_from(kid);
                }
            }
            return self.crowded(node, slots, &node.some);
        }
        let mut array: Vec<Option<Value>> = vec![None; shortest];
        let mut unknown = None;
        let mut settle = |found: Found<Value>| match found {
            Found::Some(value) => Ok(Some(value)),
            Found::None => Err(Found::None),
            Found::Unknown(reason) => {
                unknown.get_or_insert(reason);
                Ok(None)
            }
        };
        for (index, kid) in present {
            match settle(self.solve_present(&node.with_none_of(kid))) {
                Ok(value) => {
                    if let Some(slot) = array.get_mut(*index) {
                        *slot = Some(value.unwrap_or(Value::Null));
                    }
                }
                Err(contradiction) => return contradiction,
            }
        }
        // Each "some member" gets an element of its own, in a gap or at the end.
        for wanted in &node.some {
            match settle(self.solve_present(&node.fresh(Some(wanted)))) {
                Ok(value) => {
                    let value = Some(value.unwrap_or(Value::Null));
                    if let Some(gap) = array.iter_mut().find(|slot| slot.is_none()) {
                        *gap = value;
                    } else {
                        array.push(value);
                    }
                }
                Err(contradiction) => return contradiction,
            }
        }
        if array.contains(&None) {
            match settle(self.solve_present(&node.fresh(None))) {
                Ok(value) => {
                    let filler = value.unwrap_or(Value::Null);
                    for slot in array.iter_mut().filter(|slot| slot.is_none()) {
                        *slot = Some(filler.clone());
                    }
                }
                Err(contradiction) => return contradiction,
            }
        }
        match unknown {
            Some(reason) => Found::Unknown(reason),
            None => Found::Some(Value::Array(array.into_iter().flatten().collect())),
        }
    }
}

impl Solver<'_> {
    /// An array of just these elements, where each "some member" has to be one of them.
    fn crowded<'p>(
        &mut self,
        node: &Node<'p>,
        slots: Vec<Node<'p>>,
        some: &[(&'p [Step], Check<'p>)],
    ) -> Found<Value> {
        let mut unknown = None;
        let Some(((path, check), rest)) = some.split_first() else {
            let mut array = Vec::with_capacity(slots.len());
            for slot in slots {
                match self.solve_present(&node.with_none_of(&slot)) {
                    Found::Some(value) => array.push(value),
                    Found::None => return Found::None,
                    Found::Unknown(reason) => _ = unknown.get_or_insert(reason),
                }
            }
            return unknown.map_or(Found::Some(Value::Array(array)), Found::Unknown);
        };
        for index in 0..slots.len() {
            let mut slots = slots.clone();
            if let Some(slot) = slots.get_mut(index) {
                slot.descend(path).facts.push((*check, true));
            }
            match self.crowded(node, slots, rest) {
                Found::Some(value) => return Found::Some(value),
                Found::None => {}
                Found::Unknown(Reason::SearchBudget) => {
                    return Found::Unknown(Reason::SearchBudget);
                }
                Found::Unknown(reason) => _ = unknown.get_or_insert(reason),
            }
        }
        unknown.map_or(Found::None, Found::Unknown)
    }
}

impl<T> Found<T> {
    pub(super) fn map<U>(self, f: impl FnOnce(T) -> U) -> Found<U> {
        match self {
            Self::Some(value) => Found::Some(f(value)),
            Self::None => Found::None,
            Self::Unknown(reason) => Found::Unknown(reason),
        }
    }
}
