//! Walks the branches of a formula: a tableau with a budget.

use std::ops::ControlFlow;

use super::formula::{Formula, Literal};
use super::store::Store;
use crate::pattern::answer::Reason;

/// Work that a proof may still do, in steps of roughly a comparison.
pub(super) struct Budget {
    left: u64,
}

impl Budget {
    pub(super) fn new(steps: u64) -> Self {
        Self { left: steps }
    }

    /// The steps that are not spent.
    pub(super) const fn left(&self) -> u64 {
        self.left
    }

    /// Spends; `Err` when there is nothing left.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Reason> {
        self.left = self.left.saturating_sub(steps as u64);
        if self.left == 0 {
            Err(Reason::SearchBudget)
        } else {
            Ok(())
        }
    }
}

/// What to do with a branch in which every alternative is chosen.
pub(super) trait Leaf<'p> {
    /// Looks at the conjunction; `Break` ends the search.
    fn visit(&mut self, store: &Store<'p>, budget: &mut Budget) -> Result<ControlFlow<()>, Reason>;
}

pub(super) struct Search<'b, 'f, 'p, L> {
    pub(super) store: Store<'p>,
    pub(super) budget: &'b mut Budget,
    pub(super) leaf: L,
    /// How many branches have failed so far.
    failures: u32,
    formulas: std::marker::PhantomData<&'f Formula<'p>>,
}

/// Alternatives of which one must hold.
type Clause<'f, 'p> = &'f [Formula<'p>];

enum Choice<'f, 'p> {
    /// Every clause is satisfied.
    Leaf,
    /// Some clause has no alternative left.
    Closed,
    /// One clause has one alternative left.
    Forced(&'f Formula<'p>),
    /// The clause with the fewest alternatives.
    Branch(Vec<&'f Formula<'p>>),
}

impl<'b, 'f, 'p, L: Leaf<'p>> Search<'b, 'f, 'p, L> {
    /// Most questions have an easy example: looking ahead pays only once so many branches have failed.
    const PATIENCE: u32 = 8;

    pub(super) fn new(store: Store<'p>, budget: &'b mut Budget, leaf: L) -> Self {
        Self {
            store,
            budget,
            leaf,
            failures: 0,
            formulas: std::marker::PhantomData,
        }
    }

    /// Visits every branch that is not plainly contradictory.
    pub(super) fn run(&mut self, formula: &'f Formula<'p>) -> Result<(), Reason> {
        self.branch(formula, Vec::new()).map(|_| ())
    }

    fn branch(
        &mut self,
        formula: &'f Formula<'p>,
        mut clauses: Vec<Clause<'f, 'p>>,
    ) -> Result<ControlFlow<()>, Reason> {
        let mark = self.store.mark();
        let flow = self.explore(formula, &mut clauses);
        self.store.undo(mark);
        self.failures = self.failures.saturating_add(1);
        flow
    }

    fn explore(
        &mut self,
        formula: &'f Formula<'p>,
        clauses: &mut Vec<Clause<'f, 'p>>,
    ) -> Result<ControlFlow<()>, Reason> {
        if !self.assume(formula, clauses)? {
            return Ok(ControlFlow::Continue(()));
        }
        loop {
            match self.choose(clauses)? {
                Choice::Closed => return Ok(ControlFlow::Continue(())),
                Choice::Leaf => return self.leaf.visit(&self.store, self.budget),
                Choice::Forced(formula) => {
                    if !self.assume(formula, clauses)? {
                        return Ok(ControlFlow::Continue(()));
                    }
                }
                Choice::Branch(alternatives) => {
                    for alternative in alternatives {
                        if self.branch(alternative, clauses.clone())?.is_break() {
                            return Ok(ControlFlow::Break(()));
                        }
                    }
                    return Ok(ControlFlow::Continue(()));
                }
            }
        }
    }

    /// Asserts the literals that must hold and notes the clauses; `false` on a plain contradiction.
    fn assume(
        &mut self,
        formula: &'f Formula<'p>,
        clauses: &mut Vec<Clause<'f, 'p>>,
    ) -> Result<bool, Reason> {
        let mut todo = vec![formula];
        while let Some(formula) = todo.pop() {
            match formula {
                Formula::Literal(literal) => {
                    self.budget.spend(1)?;
                    if !self.store.assert(*literal) {
                        return Ok(false);
                    }
                }
                Formula::All(parts) => todo.extend(parts.iter().rev()),
                Formula::Any(parts) => clauses.push(parts),
            }
        }
        Ok(true)
    }

    /// Drops satisfied clauses and picks what to do next; a picked clause is taken out.
    fn choose(&mut self, clauses: &mut Vec<Clause<'f, 'p>>) -> Result<Choice<'f, 'p>, Reason> {
        let mut best: Option<(usize, Vec<&'f Formula<'p>>)> = None;
        let mut index = 0;
        while let Some(&clause) = clauses.get(index) {
            self.budget.spend(clause.len().max(1))?;
            if clause.iter().any(|part| self.is_implied(part)) {
                clauses.swap_remove(index);
                continue;
            }
            let open: Vec<&Formula<'p>> = clause.iter().filter(|part| self.is_open(part)).collect();
            match open.as_slice() {
                [] => return Ok(Choice::Closed),
                [only] => {
                    clauses.swap_remove(index);
                    return Ok(Choice::Forced(only));
                }
                _ if best
                    .as_ref()
                    .is_none_or(|(_, least)| open.len() < least.len()) =>
                {
                    best = Some((index, open));
                }
                _ => {}
            }
            index += 1;
        }
        let Some((index, open)) = best else {
            return Ok(Choice::Leaf);
        };
        if clauses.len() > 1
            && self.failures > Self::PATIENCE
            && let Some(choice) = self.look_ahead(clauses)?
        {
            return Ok(choice);
        }
        clauses.swap_remove(index);
        Ok(Choice::Branch(open))
    }

    /// A clause of which at most one alternative survives what it forces in the others.
    fn look_ahead(
        &mut self,
        clauses: &mut Vec<Clause<'f, 'p>>,
    ) -> Result<Option<Choice<'f, 'p>>, Reason> {
        for (index, &clause) in clauses.iter().enumerate() {
            let others = || {
                clauses
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != index)
            };
            let mut surviving = Vec::new();
            for alternative in clause {
                let mark = self.store.mark();
                let mut more = Vec::new();
                let mut survives = self.assume(alternative, &mut more)?;
                for (_, other) in others() {
                    self.budget.spend(other.len())?;
                    survives = survives && other.iter().any(|part| self.is_open(part));
                }
                self.store.undo(mark);
                if survives {
                    surviving.push(alternative);
                }
                if surviving.len() > 1 {
                    break;
                }
            }
            match surviving.as_slice() {
                [] => return Ok(Some(Choice::Closed)),
                [only] => {
                    clauses.swap_remove(index);
                    return Ok(Some(Choice::Forced(only)));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// Whether nothing plainly contradicts the formula.
    fn is_open(&self, formula: &Formula<'p>) -> bool {
        match formula {
            Formula::Literal(literal) => self.store.admits(*literal),
            Formula::All(parts) => parts.iter().all(|part| self.is_open(part)),
            Formula::Any(parts) => parts.iter().any(|part| self.is_open(part)),
        }
    }

    /// Whether the literal plainly holds already.
    fn is_implied(&self, formula: &Formula<'p>) -> bool {
        match formula {
            Formula::Literal(literal) => !self.store.admits(literal.denied()),
            Formula::All(parts) => parts.iter().all(|part| self.is_implied(part)),
            Formula::Any(parts) => parts.iter().any(|part| self.is_implied(part)),
        }
    }
}

impl Literal<'_> {
    fn denied(self) -> Self {
        match self {
            Self::Value {
                place,
                check,
                holds,
            } => Self::Value {
                place,
                check,
                holds: !holds,
            },
            Self::Raw { check, holds } => Self::Raw {
                check,
                holds: !holds,
            },
        }
    }
}
