//! Several filters, of which not every one helps the proof.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::support::{Cases, NAMES, alarm, filter, set};

/// These filters in place of the one, each with an alarm of its own.
fn filters(state: &mut Value, patterns: &[String]) {
    let names = (0..patterns.len()).map(|at| format!("m{at:02}"));
    let (filters, alarms): (Vec<Value>, Vec<Value>) = names
        .zip(patterns)
        .map(|(name, pattern)| (filter(&name, pattern, &name), alarm(&name, &name)))
        .unzip();
    set(state, "/metric_filters", json!(filters));
    set(state, "/alarms", json!(alarms));
}

#[test]
fn a_filter_that_settles_what_another_leaves_open_is_found() {
    const OTHERS: &str = "{ $.eventName = UpdateTrail || $.eventName = DeleteTrail || $.eventName = StartLogging || $.eventName = StopLogging }";
    const OPEN: &str = "{ $.eventName = CreateTrail && ($.userIdentity.type != \"Ro*t\" || $.userIdentity.type = \"Ro*t*\") }";
    let mut cases = Cases::default();
    for (rest, expected) in [
        (
            "{ $.eventName = CreateTrail && $.userIdentity.type = \"R*\" }",
            "PASS",
        ),
        (
            "{ $.eventName = CreateTrail && $.userIdentity.type = \"Rx*\" }",
            "UNKNOWN pattern",
        ),
    ] {
        cases.case(rest, expected, |state| {
            filters(state, &[OTHERS, OPEN, rest].map(str::to_owned));
        });
    }
    cases.done();
}

#[test]
fn many_filters_that_nearly_cover_do_not_hide_one_that_does() {
    let mut patterns: Vec<String> = (0..20)
        .map(|at| format!("{{ $.errorCode != \"*q{at:02}*\" }}"))
        .collect();
    let mut cases = Cases::default();
    cases.case_of("4.1", "without it", "FAIL pattern", |state| {
        filters(state, &patterns);
    });
    patterns.push(
        "{ $.errorCode = %UnauthorizedOperation$% || $.errorCode = %^AccessDenied% }".to_owned(),
    );
    cases.case_of("4.1", "with it", "PASS", |state| filters(state, &patterns));
    cases.done();
}

#[test]
fn a_filter_for_each_of_many_values_is_added_up() {
    let of_name = |name: &&str| {
        let one = |letter: char| {
            format!("{{ $.eventName = {name} && $.userIdentity.type = \"{letter}*\" }}")
        };
        let mut all: Vec<String> = ('A'..='J').map(one).collect();
        let mut rest = format!("{{ $.eventName = {name}");
        for letter in 'A'..='J' {
            _ = write!(rest, " && $.userIdentity.type != \"{letter}*\"");
        }
        all.push(format!("{rest} }}"));
        all
    };
    let mut patterns: Vec<String> = NAMES.iter().flat_map(of_name).collect();
    let mut cases = Cases::default();
    cases.case("all", "PASS", |state| filters(state, &patterns));
    patterns.remove(7);
    cases.case("all but one", "FAIL pattern", |state| {
        filters(state, &patterns);
    });
    cases.done();
}
