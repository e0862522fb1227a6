//! What was approved is what is written, or nothing is: AWS's calls replace and have no condition of their own.

use std::fmt;

use super::look::Look;
use crate::heal::{self, Repair, unchanged};
use crate::snapshot::Snapshot;

/// Why an approved repair is not written any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// A control became UNKNOWN: its key, and why.
    Blind { control: String, reason: String },
    /// The account no longer needs the repair of this target.
    Needless(String),
    /// Another repair comes before it now.
    Other { approved: String, now: String },
    /// It is the same target and another content.
    Content(String),
    /// What the repair would replace is no longer what was shown.
    Target(String),
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blind { control, reason } => {
                write!(formatter, "{control} is UNKNOWN by now: {reason}")
            }
            Self::Needless(target) => {
                write!(
                    formatter,
                    "{target} needs no repair any more: somebody else changed the account"
                )
            }
            Self::Other { approved, now } => write!(
                formatter,
                "{now} has to be mended before {approved} by now: somebody else changed the account"
            ),
            Self::Content(target) => write!(
                formatter,
                "{target} would be mended in another way by now: somebody else changed the account"
            ),
            Self::Target(target) => {
                write!(formatter, "somebody else has just changed {target}")
            }
        }
    }
}

/// What an approval rests on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Approval<'a> {
    /// What the person saw.
    pub(super) shown: &'a Look,
    /// How many of its repairs were carried out.
    pub(super) done: usize,
    /// The account after the last of these; `shown` where there is none.
    pub(super) verified: &'a Look,
}

impl Approval<'_> {
    /// Whether the next approved repair may be written to the account as it is now.
    ///
    /// # Errors
    /// It is not what a plan for the account as it is now would begin with, or what it replaces is not what was shown.
    pub(super) fn covers(&self, repair: &Repair, now: &Look) -> Result<(), Change> {
        let target = repair.target();
        match now.repairs().next() {
            Some(next) if next == repair => {}
            next => return Err(self.difference(repair, next, now)),
        }
        if unchanged(self.replaced(repair), &now.snapshot, repair) {
            Ok(())
        } else {
            Err(Change::Target(target))
        }
    }

    fn difference(&self, repair: &Repair, next: Option<&Repair>, now: &Look) -> Change {
        if let Some(unknown) = now.newly_unknown(self.shown) {
            let reasons = unknown.findings.iter().map(|one| one.message.clone());
            return Change::Blind {
                control: unknown.control.clone(),
                reason: reasons.collect::<Vec<_>>().join(" "),
            };
        }
        let target = repair.target();
        match next {
            Some(next) if next.target() == target => Change::Content(target),
            Some(next) if now.repairs().any(|one| one.target() == target) => Change::Other {
                approved: target,
                now: next.target(),
            },
            _ => Change::Needless(target),
        }
    }

    /// Where the target stands as the person knows it: as it was shown, unless a repair before this one wrote to it.
    fn replaced(&self, repair: &Repair) -> &Snapshot {
        let shown = &self.shown.snapshot;
        let written = self
            .shown
            .repairs()
            .take(self.done)
            .fold(shown.clone(), |account, one| heal::apply_to(&account, one));
        if unchanged(shown, &written, repair) {
            shown
        } else {
            &self.verified.snapshot
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::cli::heal::samples::{brief_of, without_filter_and_alarm};
    use crate::heal::fixture::whole;

    const FILTER: &str = "metric filter cloudtrail_cfg_changes_metric of ct in us-east-1";
    const ALARM: &str = "alarm cloudtrail_cfg_changes_alarm in us-east-1";

    fn look(snapshot: Snapshot) -> Look {
        brief_of(&["4.5"]).look(snapshot, &BTreeMap::new())
    }

    fn first(shown: &Look, now: &Look) -> Result<(), Change> {
        let approval = Approval {
            shown,
            done: 0,
            verified: shown,
        };
        approval.covers(shown.repairs().next().unwrap(), now)
    }

    #[test]
    fn the_account_as_it_was_shown_is_covered_repair_by_repair() {
        let shown = look(without_filter_and_alarm());
        let repairs: Vec<Repair> = shown.repairs().cloned().collect();
        assert_eq!(
            repairs.iter().map(Repair::target).collect::<Vec<_>>(),
            [FILTER, ALARM]
        );
        let mut verified = shown.clone();
        for (done, repair) in repairs.iter().enumerate() {
            let approval = Approval {
                shown: &shown,
                done,
                verified: &verified,
            };
            assert_eq!(approval.covers(repair, &verified), Ok(()));
            verified = look(heal::apply_to(&verified.snapshot, repair));
        }
        assert!(verified.passes());
    }

    #[test]
    fn what_somebody_else_mended_is_needless() {
        let shown = look(without_filter_and_alarm());
        let change = first(&shown, &look(whole())).unwrap_err();
        assert_eq!(change, Change::Needless(FILTER.to_owned()));
        assert_eq!(
            change.to_string(),
            format!("{FILTER} needs no repair any more: somebody else changed the account")
        );
    }

    #[test]
    fn what_broke_before_it_comes_first() {
        let shown = look(without_filter_and_alarm());
        let mut later = without_filter_and_alarm();
        later.topics.as_mut().unwrap().clear();
        later.subscriptions.as_mut().unwrap().clear();
        // The plan begins with the same repair: what is behind it was not approved, and is asked about when it comes.
        assert_eq!(first(&shown, &look(later.clone())), Ok(()));
        let first_done = look(heal::apply_to(
            &without_filter_and_alarm(),
            shown.repairs().next().unwrap(),
        ));
        let approval = Approval {
            shown: &shown,
            done: 1,
            verified: &first_done,
        };
        let alarm = shown.repairs().nth(1).unwrap();
        assert_eq!(
            approval.covers(alarm, &look(without_filter_and_alarm())),
            Err(Change::Other {
                approved: ALARM.to_owned(),
                now: FILTER.to_owned(),
            })
        );
    }

    #[test]
    fn another_content_for_the_same_target_was_not_approved() {
        let mut shown = look(without_filter_and_alarm());
        let mut other = shown.repairs().next().unwrap().clone();
        if let Repair::PutMetricFilter { filter } = &mut other {
            filter.filter_pattern = Some("{ $.eventName = * }".to_owned());
        }
        let now = shown.clone();
        shown.plan.steps[0].action = heal::StepAction::Repair(other);
        assert_eq!(first(&shown, &now), Err(Change::Content(FILTER.to_owned())));
    }

    #[test]
    fn a_target_that_changed_under_the_same_repair_is_left_alone() {
        let mut start = whole();
        start.alarms.as_mut().unwrap()[0].alarm_actions.clear();
        let shown = look(start.clone());
        // The repair writes the whole alarm: what it overwrites has to be what the person saw.
        let repair = shown.repairs().next().unwrap().clone();
        assert_eq!(first(&shown, &shown), Ok(()));
        start.alarms.as_mut().unwrap()[0].actions_enabled = Some(false);
        let mut now = look(start);
        now.plan = shown.plan.clone();
        assert_eq!(first(&shown, &now), Err(Change::Target(repair.target())));
    }

    #[test]
    fn blindness_is_told_with_what_is_missing() {
        let shown = look(without_filter_and_alarm());
        let mut hidden = whole();
        hidden.metric_filters = None;
        hidden.api_errors.insert(
            "logs:DescribeMetricFilters us-east-1".to_owned(),
            "AccessDeniedException".to_owned(),
        );
        let now = look(hidden);
        let change = first(&shown, &now).unwrap_err();
        let said = change.to_string();
        assert!(
            said.starts_with("cloudtrail-config-changes is UNKNOWN by now: ")
                && said.contains("logs:DescribeMetricFilters"),
            "{said}"
        );
    }
}
