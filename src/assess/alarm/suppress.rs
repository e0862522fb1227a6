//! The suppressor of a composite alarm: does it hold the actions back?

use super::Actor;
use super::order::Composite;
use super::rule::State;
use super::states::States;
use crate::assess::fault::{Fault, Tri};
use crate::assess::remedy::Command;
use crate::assess::{Link, Warning, WarningCode};
use crate::snapshot::{Alarm, Arn};

/// Whether the actions are held back: a suppressor in ALARM does that, also one that the same event moves.
pub(super) fn suppress(
    composite: &Composite<'_>,
    states: &States<'_>,
    actor: &mut Actor<'_>,
) -> Tri {
    let Some((suppressor, at)) = composite.suppressor else {
        return Tri::No;
    };
    let composite = composite.alarm;
    let name = &composite.alarm_name;
    let answer = held_back(composite, at, states);
    let fault = match answer {
        Tri::Yes => Fault::broken(
            Link::Alarm,
            format!(
                "The actions of composite alarm {name} are held back by its suppressor {suppressor}."
            ),
        ),
        Tri::Unknown if at.is_some_and(|at| states.may_be_moved(at)) => Fault::undecided(
            Link::Alarm,
            format!(
                "Whether the event moves {suppressor}, which can hold back the actions of composite alarm {name}, is \
                 not known."
            ),
        ),
        Tri::Unknown => Fault::undecided(
            Link::Alarm,
            format!(
                "The state of {suppressor}, which can hold back the actions of composite alarm {name}, is not known."
            ),
        ),
        Tri::No => {
            actor.warnings.push(Warning {
                code: WarningCode::Suppressor,
                message: format!(
                    "Alarm {suppressor} can hold back the actions of composite alarm {name}."
                ),
            });
            return answer;
        }
    };
    let region = Arn::region_of(&composite.alarm_arn).unwrap_or_default();
    let remedy = Command::new("cloudwatch describe-alarms", region)
        .with_list("--alarm-names", &[suppressor.to_owned()]);
    actor
        .faults
        .push(fault.on(&composite.alarm_arn).remedy(remedy));
    answer
}

fn held_back(composite: &Alarm, suppressor: Option<usize>, states: &States<'_>) -> Tri {
    let is_held_now = matches!(
        composite.actions_suppressed_by.as_deref(),
        Some("Alarm" | "ExtensionPeriod")
    );
    let now = states.at_present(suppressor).is(State::Alarm);
    let change = states.of_alarm(suppressor);
    let meanwhile = change.between().is(State::Alarm);
    let soon = change.after.is(State::Alarm);
    // One that goes back to OK whatever the event is holds the actions back until then.
    let is_still_there = now == Tri::Yes && meanwhile == Tri::No;
    if is_held_now || is_still_there || soon == Tri::Yes {
        Tri::Yes
    } else if now == Tri::No && meanwhile == Tri::No {
        Tri::No
    } else {
        // One that leaves ALARM with the event still holds the actions back for the extension period, and then no more.
        Tri::Unknown
    }
}
