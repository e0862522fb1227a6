//! What the command says: before it asks, and after it wrote.

use std::fmt::Write;

use super::carry::{Ended, Outcome};
use super::look::Look;
use crate::assess::{Assessment, Verdict};
use crate::aws::{ApplyError, Class};
use crate::cli::exit::Exit;
use crate::heal::{Plan, Repair, StepAction, command, creates, render};
use crate::snapshot::Snapshot;
use crate::telemetry::sanitize;

/// An account, its verdicts and its plan. `colour` changes no word.
pub(super) fn proposal(look: &Look, colour: bool) -> String {
    let mut text = heading(&look.snapshot);
    text.push_str(&verdicts(&look.assessments));
    text.push('\n');
    if look.passes() || !look.plan.is_empty() {
        text.push_str(&render(&look.plan, &look.snapshot, colour));
    } else {
        text.push_str("No plan: what is UNKNOWN is not mended.\n");
    }
    text
}

/// A repair that was written and shows.
pub(super) fn progress(repair: &Repair, before: &Snapshot) -> String {
    let (sign, done) = if creates(repair, before) {
        ('+', "created")
    } else {
        ('~', "changed")
    };
    format!("  {sign} {}: {done}\n", sanitize(&repair.target()))
}

/// What became of an approval: how many repairs were carried out, why no more, how the controls stand, and what is left,
/// each with its command.
pub(super) fn conclusion(outcome: &Outcome) -> String {
    let Outcome {
        shown,
        done,
        ended,
        last,
    } = outcome;
    let approved = shown.repairs().count();
    let mut text = heading(&last.snapshot);
    if let Some(reason) = why(outcome) {
        text.push_str(&reason);
    }
    text.push_str(&verdicts(&last.assessments));
    if !last.plan.is_empty() {
        text.push_str("\nLeft to do:\n\n");
        text.push_str(&left(&last.plan));
    }
    let counted = match ended {
        Ended::Finished if last.passes() => "Done",
        Ended::Finished => "Done, and not enough",
        _ => "Stopped",
    };
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "\n{counted}: {done} of {approved} repairs carried out, {} left.",
        last.plan.steps.len()
    );
    text
}

/// 0 where all that was approved is done and every control passes, else 2.
pub(super) fn exit_of(outcome: &Outcome) -> Exit {
    if outcome.ended == Ended::Finished && outcome.last.passes() {
        Exit::Ok
    } else {
        Exit::Differs
    }
}

fn heading(snapshot: &Snapshot) -> String {
    format!("Account {}\n", snapshot.account_id)
}

/// A line a control, and one for each thing that is wrong or could not be seen.
fn verdicts(assessments: &[Assessment]) -> String {
    let mut text = String::new();
    for one in assessments {
        let verdict = match one.verdict {
            Verdict::Pass => "PASS",
            Verdict::Fail => "FAIL",
            Verdict::Unknown => "UNKNOWN",
        };
        let _ = writeln!(text, "  {verdict:<7} {}", sanitize(&one.control));
        for finding in &one.findings {
            let message = sanitize(&finding.message);
            let _ = writeln!(text, "          {}: {message}", finding.link);
        }
    }
    text
}

fn left(plan: &Plan) -> String {
    let mut text = String::new();
    for step in &plan.steps {
        let command = match &step.action {
            StepAction::Repair(repair) => command(repair),
            StepAction::Ask { command, .. } => command.clone(),
        };
        let summary = sanitize(&step.summary);
        let _ = writeln!(text, "  # {}: {summary}", step.link);
        let _ = writeln!(text, "      $ {}", sanitize(&command));
    }
    text
}

/// Why not all that was approved was carried out; none where it was.
fn why(outcome: &Outcome) -> Option<String> {
    let next = outcome.shown.repairs().nth(outcome.done);
    let target = next.map_or_else(String::new, |repair| {
        sanitize(&repair.target()).into_owned()
    });
    let wanted = next.is_some_and(|repair| outcome.last.repairs().any(|one| one == repair));
    let text = match &outcome.ended {
        Ended::Finished => return None,
        Ended::Changed(change) => format!("  ! {target}: not written: {change}"),
        Ended::Failed(error) => format!("  ! {target}: {}", failure(error, wanted)),
        Ended::Unseen => {
            format!("  ! {target}: AWS accepted the call, and the account does not show it yet")
        }
        Ended::Interrupted => format!("  ! {target}: not written: you asked to stop"),
        Ended::Blind(error, written) => {
            let how = if *written {
                "AWS accepted the call, and"
            } else {
                "not written:"
            };
            format!("  ! {target}: {how} the account cannot be looked at any more: {error}")
        }
    };
    Some(format!("{}\n", sanitize(&text)))
}

fn failure(error: &ApplyError, wanted: bool) -> String {
    let what = match error {
        ApplyError::Call(call) if call.class == Class::Denied => {
            format!(
                "not written: {}:{} is not allowed. ",
                call.service, call.operation
            )
        }
        _ if wanted => "not written: ".to_owned(),
        _ => "it shows although the call ended in an error. ".to_owned(),
    };
    format!("{what}{error}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::aws::CallError;
    use crate::cli::heal::approval::Change;
    use crate::cli::heal::samples::{brief_of, without_filter_and_alarm};
    use crate::heal::fixture::whole;

    fn look(snapshot: Snapshot) -> Look {
        brief_of(&["4.5"]).look(snapshot, &BTreeMap::new())
    }

    fn outcome(done: usize, ended: Ended) -> Outcome {
        let shown = look(without_filter_and_alarm());
        let after = shown
            .repairs()
            .take(done)
            .fold(shown.snapshot.clone(), |account, repair| {
                crate::heal::apply_to(&account, repair)
            });
        let last = look(after);
        Outcome {
            shown,
            done,
            ended,
            last,
        }
    }

    fn denied() -> ApplyError {
        ApplyError::Call(CallError {
            service: "cloudwatch",
            operation: "PutMetricAlarm",
            scope: "us-east-1".to_owned(),
            code: "AccessDenied".to_owned(),
            class: Class::Denied,
            message: "role/op is not authorized".to_owned(),
        })
    }

    #[test]
    fn a_whole_account_is_said_to_be_so() {
        assert_eq!(
            proposal(&look(whole()), false),
            "Account 111122223333\n  PASS    cloudtrail-config-changes\n\nNothing to do.\n"
        );
    }

    #[test]
    fn unknown_names_what_is_missing_and_has_no_plan() {
        let mut hidden = whole();
        hidden.alarms = None;
        hidden.api_errors.insert(
            "cloudwatch:DescribeAlarms us-east-1".to_owned(),
            "AccessDenied".to_owned(),
        );
        let text = proposal(&look(hidden), false);
        assert!(
            text.contains("  UNKNOWN cloudtrail-config-changes\n          visibility: "),
            "{text}"
        );
        assert!(text.contains("cloudwatch:DescribeAlarms"), "{text}");
        assert!(
            text.ends_with("\nNo plan: what is UNKNOWN is not mended.\n"),
            "{text}"
        );
    }

    #[test]
    fn a_proposal_ends_with_the_plan() {
        let text = proposal(&look(without_filter_and_alarm()), false);
        assert!(text.starts_with(
            "Account 111122223333\n  FAIL    cloudtrail-config-changes\n          pattern: "
        ));
        assert!(
            text.ends_with("\nPlan: 2 to create, 0 to change, 0 to ask.\n"),
            "{text}"
        );
    }

    #[test]
    fn all_done_is_told_in_one_line() {
        let outcome = outcome(2, Ended::Finished);
        assert_eq!(exit_of(&outcome), Exit::Ok);
        assert_eq!(
            conclusion(&outcome),
            "Account 111122223333\n  PASS    cloudtrail-config-changes\n\nDone: 2 of 2 repairs carried out, 0 left.\n"
        );
    }

    #[test]
    fn a_denied_write_names_the_action_and_the_command() {
        let outcome = outcome(1, Ended::Failed(denied()));
        assert_eq!(exit_of(&outcome), Exit::Differs);
        let text = conclusion(&outcome);
        let expected = "Account 111122223333
  ! alarm cloudtrail_cfg_changes_alarm in us-east-1: not written: cloudwatch:PutMetricAlarm is not allowed. \
             cloudwatch:PutMetricAlarm us-east-1 failed: role/op is not authorized (AccessDenied)
  FAIL    cloudtrail-config-changes
";
        assert!(text.starts_with(expected), "{text}");
        assert!(
            text.contains(
                "\nLeft to do:\n\n  # alarm: put alarm cloudtrail_cfg_changes_alarm on metric cloudtrail_cfg_changes_metric of "
            ),
            "{text}"
        );
        assert!(
            text.contains(
                "\n      $ aws cloudwatch put-metric-alarm --region us-east-1 --alarm-name cloudtrail_cfg_changes_alarm "
            ),
            "{text}"
        );
        assert!(
            text.ends_with("\nStopped: 1 of 2 repairs carried out, 1 left.\n"),
            "{text}"
        );
    }

    #[test]
    fn each_end_says_what_became_of_the_next_repair() {
        let target = "metric filter cloudtrail_cfg_changes_metric of ct in us-east-1";
        let cases = [
            (
                Ended::Changed(Change::Needless("x".to_owned())),
                "not written: x needs no repair any more: somebody else changed the account",
            ),
            (Ended::Interrupted, "not written: you asked to stop"),
            (
                Ended::Unseen,
                "AWS accepted the call, and the account does not show it yet",
            ),
        ];
        for (ended, said) in cases {
            let outcome = outcome(0, ended);
            assert_eq!(exit_of(&outcome), Exit::Differs);
            let text = conclusion(&outcome);
            assert!(text.contains(&format!("  ! {target}: {said}\n")), "{text}");
            assert!(
                text.contains("Stopped: 0 of 2 repairs carried out, 2 left."),
                "{text}"
            );
        }
    }

    #[test]
    fn a_lost_answer_of_a_write_that_shows_is_no_contradiction() {
        let ApplyError::Call(call) = denied() else {
            panic!("a call")
        };
        let lost = ApplyError::Call(CallError {
            class: Class::Transient,
            ..call
        });
        let mut outcome = outcome(1, Ended::Failed(lost));
        outcome.last = look(whole());
        let text = conclusion(&outcome);
        assert!(
            text.contains("it shows although the call ended in an error. "),
            "{text}"
        );
    }

    #[test]
    fn what_is_left_after_everything_is_not_done() {
        let mut start = without_filter_and_alarm();
        for status in start.trail_status.values_mut() {
            status.is_logging = Some(false);
        }
        let shown = look(start.clone());
        let last = shown
            .repairs()
            .fold(start, |account, one| crate::heal::apply_to(&account, one));
        let outcome = Outcome {
            done: shown.repairs().count(),
            shown,
            ended: Ended::Finished,
            last: look(last),
        };
        assert_eq!(exit_of(&outcome), Exit::Differs);
        let text = conclusion(&outcome);
        assert!(
            text.contains("      $ aws cloudtrail start-logging --region us-east-1 --name arn:"),
            "{text}"
        );
        assert!(
            text.ends_with("\nDone, and not enough: 2 of 2 repairs carried out, 1 left.\n"),
            "{text}"
        );
    }

    #[test]
    fn progress_says_created_or_changed() {
        let shown = look(without_filter_and_alarm());
        let repair = shown.repairs().next().unwrap();
        let target = "metric filter cloudtrail_cfg_changes_metric of ct in us-east-1";
        assert_eq!(
            progress(repair, &shown.snapshot),
            format!("  + {target}: created\n")
        );
        let after = crate::heal::apply_to(&shown.snapshot, repair);
        assert_eq!(progress(repair, &after), format!("  ~ {target}: changed\n"));
    }
}
