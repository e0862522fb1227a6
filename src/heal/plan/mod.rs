//! The plan: found by trying repairs on the model of the account and judging again, so that what is promised is what the
//! evaluation will say.
//!
//! At each step the first broken link that is not yet settled decides what is tried: what the last known good chain had,
//! then what the benchmark prescribes. A repair that does not mend what it is for is not planned. What only a person may do
//! becomes a question, and its effect is imagined, so that what lies behind it is planned too.

mod act;
mod alarm;
mod effect;
mod filter;
mod notify;
mod restore;
mod search;
mod source;
mod ways;

use crate::assess::{Assessment, Chain, Index, Proofs, Verdict};
use crate::control::{Benchmark, Control};
use crate::snapshot::Snapshot;

use super::{HealPolicy, Plan};
use act::Brief;

/// The shortest ordered list of steps that leads from FAIL to PASS, questions to a person included where trailwarden may not
/// or cannot act. Empty unless the verdict is FAIL.
///
/// What was lost is restored as `last_known_good` has it; what was never there comes from the benchmark's defaults and from
/// the names in the policy. `assessment` is the one of `snapshot` under the policy's expectations and benchmark.
pub fn plan(
    snapshot: &Snapshot,
    assessment: &Assessment,
    control: &Control,
    last_known_good: Option<&Chain>,
    policy: &HealPolicy,
) -> Plan {
    if assessment.verdict != Verdict::Fail {
        return Plan::default();
    }
    let expectations = policy.expectations();
    // The search judges many accounts that differ in little.
    let proofs = Proofs::default();
    let judge = |account: &Snapshot| {
        Index::new(account, &expectations, &proofs).assess(control, &policy.benchmark)
    };
    let blueprint = Blueprint::of(control, &policy.benchmark);
    let brief = Brief {
        blueprint: &blueprint,
        known: last_known_good,
        policy,
    };
    search::Search::new(&judge, &brief).run(snapshot, assessment)
}

/// What a control prescribes where nothing is known of what was there.
#[derive(Debug)]
struct Blueprint {
    /// Key of the control in the catalogue.
    key: String,
    /// The literal text of the pattern.
    pattern: String,
    /// Name of the metric; the filter has the same, as in the benchmark's remediation.
    metric_name: String,
    metric_namespace: String,
    alarm_name: String,
}

impl Blueprint {
    fn of(control: &Control, benchmark: &Benchmark) -> Self {
        Self {
            key: control.key.clone(),
            pattern: control.install_text(benchmark).to_owned(),
            metric_name: control.metric_name.clone(),
            metric_namespace: control.namespace.clone(),
            alarm_name: control.alarm_name.clone(),
        }
    }

    /// The name for what is put beside something that carries the benchmark's name and is somebody else's.
    fn own_name(&self) -> String {
        format!("trailwarden-{}", self.key)
    }
}
