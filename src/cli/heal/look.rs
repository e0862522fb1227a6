//! One plan for an account, whatever the number of its controls.

use std::collections::BTreeMap;

use crate::assess::{Assessment, Chain, Verdict, assess};
use crate::cli::check;
use crate::cli::connect::Prepared;
use crate::heal::{self, HealPolicy, Plan, Repair, StepAction};
use crate::snapshot::Snapshot;

/// What is judged, and what may be mended: the same for every account.
#[derive(Debug)]
pub(super) struct Brief {
    pub(super) prepared: Prepared,
    pub(super) policy: HealPolicy,
}

/// An account: what was seen, what it means, and what would mend it.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) snapshot: Snapshot,
    /// One for each control, in their order.
    pub(super) assessments: Vec<Assessment>,
    /// The steps for every control that fails.
    pub(super) plan: Plan,
}

impl Brief {
    /// Judges every control and plans for those that fail. Each plan begins where the repairs before it end, so that what
    /// two controls share is mended, and asked for, once.
    pub(super) fn look(&self, snapshot: Snapshot, known: &BTreeMap<String, Chain>) -> Look {
        let Prepared {
            controls,
            benchmark,
            expectations,
        } = &self.prepared;
        let assessments = check::judge(&snapshot, &self.prepared);
        let mut plan = Plan::default();
        let mut account = snapshot.clone();
        let pairs = controls.iter().zip(&assessments);
        for (control, _) in pairs.filter(|(_, one)| one.verdict == Verdict::Fail) {
            let assessment = assess(&account, control, expectations, benchmark);
            let known = known.get(&control.key);
            let found = heal::plan(&account, &assessment, control, known, &self.policy);
            for step in found.steps {
                if plan.steps.contains(&step) {
                    continue;
                }
                if let StepAction::Repair(repair) = &step.action {
                    account = heal::apply_to(&account, repair);
                }
                plan.steps.push(step);
            }
        }
        Look {
            snapshot,
            assessments,
            plan,
        }
    }
}

impl Look {
    /// Whether every control passes.
    pub(super) fn passes(&self) -> bool {
        self.assessments
            .iter()
            .all(|one| one.verdict == Verdict::Pass)
    }

    /// The repairs, in their order.
    pub(super) fn repairs(&self) -> impl Iterator<Item = &Repair> {
        self.plan.repairs().map(|(_, repair)| repair)
    }

    /// A control that is UNKNOWN here and was not in an earlier look.
    pub(super) fn newly_unknown(&self, earlier: &Self) -> Option<&Assessment> {
        let pairs = self.assessments.iter().zip(&earlier.assessments);
        let mut lost = pairs.filter(|(now, before)| {
            now.verdict == Verdict::Unknown && before.verdict != Verdict::Unknown
        });
        lost.next().map(|(now, _)| now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::heal::samples::{brief_of, without_filter_and_alarm};
    use crate::heal::fixture::whole;

    fn targets(look: &Look) -> Vec<String> {
        look.repairs().map(Repair::target).collect()
    }

    #[test]
    fn an_account_that_passes_has_no_plan() {
        let look = brief_of(&["4.5"]).look(whole(), &BTreeMap::new());
        assert!(look.passes());
        assert_eq!(look.plan, Plan::default());
    }

    #[test]
    fn what_two_controls_share_is_mended_once() {
        let mut start = without_filter_and_alarm();
        start.topics.as_mut().unwrap().clear();
        start.subscriptions.as_mut().unwrap().clear();
        let brief = brief_of(&["4.5", "4.4"]);
        let look = brief.look(start, &BTreeMap::new());
        assert_eq!(
            targets(&look),
            [
                "metric filter cloudtrail_cfg_changes_metric of ct in us-east-1",
                "alarm cloudtrail_cfg_changes_alarm in us-east-1",
                "topic cis-alarms in us-east-1",
                "subscription of sqs arn:aws:sqs:us-east-1:111122223333:security to arn:aws:sns:us-east-1:111122223333:cis-alarms",
                "metric filter iam_changes_metric of ct in us-east-1",
                "alarm iam_changes_alarm in us-east-1",
            ]
        );
        let mut account = look.snapshot.clone();
        for repair in look.repairs() {
            account = heal::apply_to(&account, repair);
        }
        assert!(brief.look(account, &BTreeMap::new()).passes());
    }

    #[test]
    fn what_both_ask_is_asked_once() {
        let mut start = whole();
        for status in start.trail_status.values_mut() {
            status.is_logging = Some(false);
        }
        let brief = brief_of(&["4.5", "4.5"]);
        assert_eq!(brief.look(start, &BTreeMap::new()).plan.steps.len(), 1);
    }

    #[test]
    fn unknown_has_no_plan() {
        let mut start = whole();
        start.alarms = None;
        start.api_errors.insert(
            "cloudwatch:DescribeAlarms us-east-1".to_owned(),
            "AccessDenied".to_owned(),
        );
        let brief = brief_of(&["4.5"]);
        let look = brief.look(start, &BTreeMap::new());
        assert_eq!(look.assessments[0].verdict, Verdict::Unknown);
        assert_eq!(look.plan, Plan::default());
        let before = brief.look(whole(), &BTreeMap::new());
        assert_eq!(look.newly_unknown(&before), Some(&look.assessments[0]));
        assert_eq!(look.newly_unknown(&look), None);
    }
}
