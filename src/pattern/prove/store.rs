//! The conjunction that a proof is looking at: properties of values at places, with contradictions found early.

use super::check::{Check, Reading, Types};
use super::formula::{Literal, Place, RawCheck};
use crate::pattern::matcher::string_equals;
use crate::pattern::syntax::Operand;

/// Facts by place, with a trail so that a branch can be taken back.
pub(super) struct Store<'p> {
    places: Vec<Place<'p>>,
    cells: Vec<Cell<'p>>,
    raw: Vec<(RawCheck<'p>, bool)>,
    trail: Vec<Undo<'p>>,
}

#[derive(Debug, Clone)]
pub(super) struct Cell<'p> {
    /// Kinds of value that nothing excludes so far.
    pub(super) types: Types,
    pub(super) facts: Vec<(Check<'p>, bool)>,
    /// The only string that is possible.
    known: Option<&'p str>,
    /// The facts are about some member each, not all about one value.
    of_members: bool,
}

enum Undo<'p> {
    Cell {
        place: usize,
        types: Types,
        known: Option<&'p str>,
    },
    Raw,
}

/// What a cell would become.
struct Refined<'p> {
    types: Types,
    known: Option<&'p str>,
    is_new: bool,
}

impl<'p> Store<'p> {
    pub(super) fn new(places: Vec<Place<'p>>) -> Self {
        let empty = |place: &Place<'p>| Cell {
            types: Types::ALL,
            facts: Vec::new(),
            known: None,
            of_members: place.member.is_some(),
        };
        let cells = places.iter().map(empty).collect();
        Self {
            places,
            cells,
            raw: Vec::new(),
            trail: Vec::new(),
        }
    }

    /// Places that something is known about.
    pub(super) fn cells(&self) -> impl Iterator<Item = (&Place<'p>, &Cell<'p>)> {
        self.places
            .iter()
            .zip(&self.cells)
            .filter(|(_, cell)| !cell.facts.is_empty())
    }

    pub(super) fn at(&self, place: usize) -> Option<(&Place<'p>, &Cell<'p>)> {
        self.places.get(place).zip(self.cells.get(place))
    }

    pub(super) fn raw(&self) -> &[(RawCheck<'p>, bool)] {
        &self.raw
    }

    pub(super) fn mark(&self) -> usize {
        self.trail.len()
    }

    /// Takes back everything asserted since the mark.
    pub(super) fn undo(&mut self, mark: usize) {
        while self.trail.len() > mark {
            match self.trail.pop() {
                Some(Undo::Cell {
                    place,
                    types,
                    known,
                }) => {
                    if let Some(cell) = self.cells.get_mut(place) {
                        cell.types = types;
                        cell.known = known;
                        cell.facts.pop();
                    }
                }
                Some(Undo::Raw) => _ = self.raw.pop(),
                None => {}
            }
        }
    }

    /// Whether the literal does not plainly contradict what is known.
    pub(super) fn admits(&self, literal: Literal<'p>) -> bool {
        match literal {
            Literal::Value {
                place,
                check,
                holds,
            } => self
                .cells
                .get(place)
                .is_some_and(|cell| !cell.refined(check, holds).types.is_none()),
            Literal::Raw { check, holds } => !self.raw.contains(&(check, !holds)),
        }
    }

    /// Adds a literal; `false` if that is a plain contradiction.
    pub(super) fn assert(&mut self, literal: Literal<'p>) -> bool {
        match literal {
            Literal::Value {
                place,
                check,
                holds,
            } => {
                let Some(cell) = self.cells.get_mut(place) else {
                    return false;
                };
                let refined = cell.refined(check, holds);
                if !refined.is_new {
                    return !refined.types.is_none();
                }
                self.trail.push(Undo::Cell {
                    place,
                    types: cell.types,
                    known: cell.known,
                });
                cell.types = refined.types;
                cell.known = refined.known;
                cell.facts.push((check, holds));
                !cell.types.is_none()
            }
            Literal::Raw { check, holds } => {
                if self.raw.contains(&(check, !holds)) {
                    return false;
                }
                self.raw.push((check, holds));
                self.trail.push(Undo::Raw);
                true
            }
        }
    }
}

impl<'p> Cell<'p> {
    /// The only string that is possible, if just one is.
    pub(super) fn known(&self) -> Option<&'p str> {
        self.known
    }

    fn refined(&self, check: Check<'p>, holds: bool) -> Refined<'p> {
        let mut refined = Refined {
            types: self.types,
            known: self.known,
            is_new: true,
        };
        let said = |fact: &&(Check<'p>, bool)| fact.0 == check;
        // A property whose reading is left open still either holds or does not.
        if let Some(&(_, before)) = self.facts.iter().find(said) {
            refined.is_new = false;
            refined.types = if before == holds {
                self.types
            } else {
                Types::NONE
            };
            return refined;
        }
        if self.of_members {
            return refined;
        }
        refined.types = refined.types.and(check.allowed(holds));
        let Some((operand, wanted)) = check.of_string(holds) else {
            return refined;
        };
        // As a text a value either equals the operand or does not. A number beyond a double is neither equal to
        // an unquoted number nor different from it.
        let contradicted = || {
            self.string_facts().any(|(other, before)| {
                before != wanted
                    && if wanted {
                        operand.implies(other)
                    } else {
                        other.implies(operand)
                    }
            })
        };
        if operand.compares_text() && refined.types.has(Types::NUMBER) && contradicted() {
            refined.types = refined.types.without(Types::COMPARABLE);
        }
        if !refined.types.has(Types::STRING) {
            return refined;
        }
        let widest = |text: &str, operand: &Operand, wanted: bool| {
            Reading::Widest.accepts(string_equals(operand, text), wanted)
        };
        let possible = if let Some(known) = self.known {
            widest(known, operand, wanted)
        } else if let Some(text) = literal(operand).filter(|_| wanted) {
            refined.known = Some(text);
            self.string_facts()
                .all(|(other, wanted)| widest(text, other, wanted))
        } else {
            !contradicted()
        };
        if !possible {
            refined.types = refined.types.without(Types::STRING);
        }
        refined
    }

    /// What is said about it as a text: the operand, and whether it must equal it.
    pub(super) fn string_facts(&self) -> impl Iterator<Item = (&'p Operand, bool)> {
        self.facts
            .iter()
            .filter_map(|&(check, holds)| check.of_string(holds))
    }
}

/// The one string that an operand equals.
fn literal(operand: &Operand) -> Option<&str> {
    match operand {
        Operand::Number(number) => Some(number.text()),
        Operand::Text(text) => text.literal(),
        Operand::Regex(_) => None,
    }
}
