//! A pattern told to people: its reading, what it misses of a control and what it catches besides.

use std::fmt::Write as _;

use super::reading::reading;
use crate::pattern::{
    Assumptions, Cover, Decision, Pattern, always_on, broader, covers, example,
    missing_event_names, satisfiable,
};

/// How a pattern compares with a control.
pub(super) struct Comparison {
    pub(super) text: String,
    /// Whether it covers one of the prescribed patterns; `None` if that is undecided.
    pub(super) covers: Option<bool>,
}

/// The reading, the doubts, an example.
pub(super) fn pattern(pattern: &Pattern) -> String {
    let assumptions = Assumptions::cloudtrail();
    let text = pattern.to_string();
    let shown = if text.is_empty() { "(empty)" } else { &text };
    let mut out = format!("Pattern\n  {shown}\nMatches\n{}", reading(pattern));
    for warning in pattern.warnings() {
        _ = writeln!(out, "Note: {warning}.");
    }
    match satisfiable(pattern, &assumptions) {
        Decision::Yes => {
            if let Some(event) = example(pattern, &assumptions) {
                _ = writeln!(out, "For example\n  {event}");
            }
        }
        Decision::No => out.push_str("No event can match: the conditions contradict each other.\n"),
        Decision::Undecided(reason) => {
            _ = writeln!(
                out,
                "Whether any CloudTrail record matches is undecided: {reason}."
            );
        }
    }
    match always_on(pattern, &assumptions) {
        Decision::Yes => out.push_str(
            "It matches practically every CloudTrail record: an alarm on it stays in ALARM and tells nobody anything.\n",
        ),
        Decision::No => {}
        Decision::Undecided(reason) => {
            _ = writeln!(out, "Whether it matches practically every record is undecided: {reason}.");
        }
    }
    out
}

/// Against each prescribed pattern of a control; covering one of them is enough.
pub(super) fn compare(
    actual: &Pattern,
    control: &str,
    required: &[&Pattern],
    assumptions: &Assumptions,
) -> Comparison {
    let actuals = std::slice::from_ref(actual);
    let mut out = String::new();
    let mut covers_one = Some(false);
    for required in required {
        _ = writeln!(out, "Against {control}\n  {required}");
        match covers(actuals, required, assumptions) {
            Cover::Covered { assumptions } => {
                covers_one = Some(true);
                out.push_str("  covers it: every event that is required matches");
                for (at, assumption) in assumptions.iter().enumerate() {
                    _ = write!(
                        out,
                        "{} {assumption}",
                        if at == 0 { ", given that" } else { " and" }
                    );
                }
                out.push('\n');
            }
            Cover::NotCovered { counterexample } => {
                let names = missing_event_names(actuals, required, assumptions).missing;
                if names.is_empty() {
                    out.push_str("  misses some required events\n");
                } else {
                    _ = writeln!(out, "  misses events named {}", names.join(", "));
                }
                _ = writeln!(out, "  for example {counterexample}");
            }
            Cover::Undecided { reason, .. } => {
                covers_one = covers_one.filter(|&covers| covers);
                _ = writeln!(out, "  whether it covers that is undecided: {reason}");
            }
        }
        if let Some(noise) = broader(actuals, required, assumptions) {
            _ = writeln!(out, "  catches besides, for example {noise}");
        }
    }
    let one_is_enough = if required.len() > 1 {
        " (one of its prescribed patterns is enough)"
    } else {
        ""
    };
    _ = match covers_one {
        Some(true) => writeln!(out, "So it covers {control}{one_is_enough}."),
        Some(false) => writeln!(out, "So it does not cover {control}{one_is_enough}."),
        None => writeln!(out, "So whether it covers {control} is undecided."),
    };
    Comparison {
        text: out,
        covers: covers_one,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Pattern {
        Pattern::parse(text).unwrap()
    }

    #[test]
    fn explanation_has_the_reading_and_an_example() {
        let text = pattern(&parse("{ $.eventName = StopLogging }"));
        assert!(text.contains("$.eventName is \"StopLogging\""), "{text}");
        assert!(text.contains("\"eventName\":\"StopLogging\""), "{text}");
        assert!(!text.contains("practically every"), "{text}");
        assert!(pattern(&parse("")).contains("practically every CloudTrail record"));
        let contradiction = pattern(&parse("{ $.a IS TRUE && $.a IS FALSE }"));
        assert!(
            contradiction.contains("No event can match"),
            "{contradiction}"
        );
    }

    #[test]
    fn comparison_names_what_is_missed_and_what_is_noise() {
        let required = parse("{ $.eventName = StopLogging || $.eventName = DeleteTrail }");
        let actual = parse("{ $.eventName = \"Stop*\" }");
        let comparison = compare(
            &actual,
            "a-control",
            &[&required],
            &Assumptions::cloudtrail(),
        );
        assert_eq!(comparison.covers, Some(false));
        assert!(
            comparison
                .text
                .contains("misses events named DeleteTrail\n"),
            "{}",
            comparison.text
        );
        assert!(
            comparison.text.contains("catches besides"),
            "{}",
            comparison.text
        );
    }

    #[test]
    fn covering_one_prescribed_pattern_is_enough() {
        let (narrow, wide) = (parse("{ $.a = x }"), parse("{ $.a = * }"));
        assert_eq!(
            compare(&narrow, "c", &[&wide, &narrow], &Assumptions::cloudtrail()).covers,
            Some(true)
        );
        let open = parse("{ $.a = x*z }");
        assert_eq!(
            compare(
                &open,
                "c",
                &[&parse("{ $.a = xyz }"), &wide],
                &Assumptions::cloudtrail()
            )
            .covers,
            None
        );
        assert_eq!(
            compare(
                &open,
                "c",
                &[&parse("{ $.a = xyz }"), &open],
                &Assumptions::cloudtrail()
            )
            .covers,
            Some(true)
        );
    }
}
