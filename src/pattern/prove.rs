//! Questions about whole patterns.

use serde_json::Value;

use super::{Assumptions, Cover, Decision, MissingNames, Pattern, Reason};

/// Whether every event that matches `required` matches one of `actual`.
pub fn covers(_actual: &[Pattern], _required: &Pattern, _assumptions: &Assumptions) -> Cover {
    Cover::Undecided { reason: Reason::SearchBudget }
}

/// Whether some event matches.
pub fn satisfiable(_pattern: &Pattern, _assumptions: &Assumptions) -> Decision {
    Decision::Undecided(Reason::SearchBudget)
}

/// Whether the events that do not match are confined to finitely many values of one field.
pub fn always_on(_pattern: &Pattern, _assumptions: &Assumptions) -> Decision {
    Decision::Undecided(Reason::SearchBudget)
}

/// The names `X` of `$.eventName = X` in `required` whose events are not covered.
pub fn missing_event_names(
    _actual: &[Pattern],
    _required: &Pattern,
    _assumptions: &Assumptions,
) -> MissingNames {
    MissingNames::default()
}

/// An event that some actual pattern matches and `required` does not, if one is found.
pub fn broader(
    _actual: &[Pattern],
    _required: &Pattern,
    _assumptions: &Assumptions,
) -> Option<Value> {
    None
}
