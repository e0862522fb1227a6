use crate::assess::{Assessment, Chain, Expectations, Index, Proofs, Verdict};
use crate::control::{Benchmark, Control};
use crate::heal::{HealPolicy, Plan, plan};
use crate::snapshot::Snapshot;

/// What is judged: the controls, and whom the configuration names as those to be told.
#[derive(Debug)]
pub(super) struct Judge {
    controls: Vec<Control>,
    benchmark: Benchmark,
    expectations: Expectations,
    proofs: Proofs,
}

/// One look: what was seen, and what it means for each control.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) snapshot: Snapshot,
    /// One for each control, in their order.
    pub(super) assessments: Vec<Assessment>,
}

impl Judge {
    pub(super) fn new(
        controls: Vec<Control>,
        benchmark: Benchmark,
        expectations: Expectations,
    ) -> Self {
        Self {
            controls,
            benchmark,
            expectations,
            proofs: Proofs::default(),
        }
    }

    pub(super) fn controls(&self) -> &[Control] {
        &self.controls
    }

    pub(super) const fn benchmark(&self) -> &Benchmark {
        &self.benchmark
    }

    pub(super) fn judge(&self, snapshot: Snapshot) -> Look {
        let assessments = {
            let index = Index::new(&snapshot, &self.expectations, &self.proofs);
            let judged = self.controls.iter();
            judged
                .map(|control| index.assess(control, &self.benchmark))
                .collect()
        };
        Look {
            snapshot,
            assessments,
        }
    }

    /// What would mend the control of this assessment; empty for a control that is not judged here.
    pub(super) fn plan(
        &self,
        snapshot: &Snapshot,
        assessment: &Assessment,
        known_good: Option<&Chain>,
        policy: &HealPolicy,
    ) -> Plan {
        let Some(control) = self
            .controls
            .iter()
            .find(|one| one.key == assessment.control)
        else {
            return Plan::default();
        };
        plan(snapshot, assessment, control, known_good, policy)
    }
}

impl Look {
    /// Whether every control passes.
    pub(super) fn is_whole(&self) -> bool {
        self.assessments
            .iter()
            .all(|one| one.verdict == Verdict::Pass)
    }

    /// Whether another look would tell no more: nothing is UNKNOWN, and where something fails, everything was seen. What was
    /// not seen keeps from mending what fails.
    pub(super) fn is_decided(&self) -> bool {
        let mut verdicts = self.assessments.iter().map(|one| one.verdict);
        self.is_whole()
            || verdicts.all(|verdict| verdict != Verdict::Unknown)
                && self.snapshot.api_errors.is_empty()
    }
}
