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

use crate::assess::{Assessment, Chain, Verdict};
use crate::snapshot::Snapshot;

use super::{HealPolicy, Plan};
use act::Brief;

/// What a control prescribes where nothing is known of what was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blueprint {
    /// Key of the control in the catalogue; names what is put beside something of somebody else.
    pub key: String,
    /// The literal text of the pattern.
    pub pattern: String,
    /// Name of the metric; the filter has the same, as in the benchmark's remediation.
    pub metric_name: String,
    /// Namespace of the metric.
    pub metric_namespace: String,
    /// Name of the alarm.
    pub alarm_name: String,
}

impl Blueprint {
    /// The name for what is put beside something that carries the benchmark's name and is somebody else's.
    fn own_name(&self) -> String {
        format!("trailwarden-{}", self.key)
    }
}

/// The shortest ordered list of steps that leads from FAIL to PASS, questions to a person included where trailwarden may not
/// or cannot act. Empty unless the verdict is FAIL. `judge` is the evaluation that the plan has to satisfy.
pub fn plan_with(
    judge: &dyn Fn(&Snapshot) -> Assessment,
    snapshot: &Snapshot,
    assessment: &Assessment,
    blueprint: &Blueprint,
    last_known_good: Option<&Chain>,
    policy: &HealPolicy,
) -> Plan {
    if assessment.verdict != Verdict::Fail {
        return Plan::default();
    }
    let brief = Brief {
        blueprint,
        known: last_known_good,
        policy,
    };
    search::Search::new(judge, &brief).run(snapshot, assessment)
}
