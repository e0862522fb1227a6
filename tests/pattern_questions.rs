//! The questions about whole patterns: by value, by law, and on patterns made to be hard.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod pattern_support;

use std::cell::Cell;

use pattern_support::{config, events, json_patterns, raw_patterns, runner};
use proptest::prelude::*;
use serde_json::{Value, json};
use trailwarden::pattern::{
    Assumptions, Cover, Decision, Match, Pattern, Reason, always_on, broader, covers, example,
    missing_event_names, satisfiable,
};

fn parse(text: &str) -> Pattern {
    Pattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn parsed(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| parse(text)).collect()
}

/// `None` is undecided.
fn is_covered(actual: &[&str], required: &str) -> Option<bool> {
    match covers(
        &parsed(actual),
        &parse(required),
        &Assumptions::cloudtrail(),
    ) {
        Cover::Covered { .. } => Some(true),
        Cover::NotCovered { .. } => Some(false),
        Cover::Undecided { .. } => None,
    }
}

fn undecided(actual: &[&str], required: &str) -> Reason {
    match covers(
        &parsed(actual),
        &parse(required),
        &Assumptions::cloudtrail(),
    ) {
        Cover::Undecided { reason } => reason,
        other => panic!("{required} / {actual:?}: {other:?}"),
    }
}

fn counterexample(actual: &[&str], required: &str) -> Value {
    match covers(&parsed(actual), &parse(required), &Assumptions::none()) {
        Cover::NotCovered { counterexample } => counterexample,
        other => panic!("{required} / {actual:?}: {other:?}"),
    }
}

/// Whether an event matches one of a set.
fn union(actual: &[Pattern], event: &Value) -> Match {
    let answers: Vec<Match> = actual.iter().map(|one| one.matches_event(event)).collect();
    let open = answers.iter().find(|answer| !answer.is_no());
    if answers.contains(&Match::Yes) {
        Match::Yes
    } else {
        open.copied().unwrap_or(Match::No)
    }
}

#[test]
fn satisfiable_is_decided_by_the_kinds_of_values() {
    let none = Assumptions::none();
    let cases = [
        ("", Decision::Yes),
        ("{ $.a = x && $.a = y }", Decision::No),
        ("{ $.a = x && $.a != x }", Decision::No),
        ("{ $.a = x && $.a.b = y }", Decision::No),
        ("{ $.a = x && $.a[0] = y }", Decision::No),
        ("{ $.a.b = x && $.a[0] = y }", Decision::No),
        ("{ $.a[0] = x && $.a[*] NOT EXISTS }", Decision::No),
        ("{ $.a NOT EXISTS && $.a.b IS NULL }", Decision::No),
        ("{ $.a IS TRUE && $.a = true }", Decision::No),
        ("{ $.a > 2 && $.a < 1 }", Decision::No),
        ("{ $.a > 1 && $.a < 2 }", Decision::Yes),
        ("{ $.a > 1 && $.a = 1.0 }", Decision::No),
        ("{ $.a > 1 && $.a = \"1\" }", Decision::No),
        ("{ $.a = 1 && $.a = 1.0 }", Decision::Yes),
        ("{ $.a = 0 && $.a = -0 }", Decision::Yes),
        ("{ $.a = 1* && $.a < 0 }", Decision::No),
        ("{ $.a = *b* && $.a = %^[^b]*$% }", Decision::No),
        ("{ $.a = a* && $.a = b* }", Decision::No),
        ("{ $.a = ab* && $.a != a* }", Decision::No),
        ("{ $.a = \"\" && $.a = %.% }", Decision::No),
        ("{ $.a != * }", Decision::No),
        ("{ $.* = x && $.a NOT EXISTS }", Decision::Yes),
        ("{ $.* != x && $.a = x }", Decision::No),
        ("{ $.a IS NULL && $.a[*] IS NULL }", Decision::Yes),
        ("{ $.eventName IS NULL }", Decision::Yes),
        ("word -word", Decision::No),
        ("word -wor", Decision::No),
        ("%^a% -a", Decision::No),
        ("?a ?b", Decision::Yes),
    ];
    for (text, expected) in cases {
        if let Ok(pattern) = Pattern::parse(text) {
            assert_eq!(satisfiable(&pattern, &none), expected, "{text}");
        } else {
            assert_eq!(text, "%^a% -a", "a regex stands alone");
        }
    }
    let named = parse("{ $.eventName IS NULL }");
    assert_eq!(
        satisfiable(&named, &Assumptions::cloudtrail()),
        Decision::No
    );
}

#[test]
fn always_on_leaves_out_finitely_many_values_of_one_field() {
    let records = Assumptions::cloudtrail();
    let always = [
        "",
        "[]",
        "[...]",
        "[line]",
        "%.*%",
        "{ $.eventName = * }",
        "{ $.eventSource = \"*\" || $.a = x }",
        "{ $.eventName != HeadBucket }",
        "{ $.eventName != A && $.eventName != B }",
        "{ $.eventName != A || $.eventSource != B }",
        "{ $.eventType != AwsServiceEvent }",
        "{ $.eventName != %^HeadBucket$% }",
        "{ $.eventName != %^A$|^B{1,3}$% }",
        "{ $.eventName = %.*% }",
        "{ $.eventName NOT EXISTS || $.eventName = * }",
        "{ $.errorCode = AccessDenied* || $.eventName != HeadBucket }",
    ];
    for text in always {
        assert_eq!(always_on(&parse(text), &records), Decision::Yes, "{text}");
    }
    let selective = [
        "{ $.eventSource = cloudtrail.amazonaws.com }",
        "{ $.eventName != Head* }",
        "{ $.eventName != %^Head% }",
        "{ $.eventName != A && $.eventSource != B }",
        "{ $.errorCode != x }",
        "{ $.userIdentity.type != Root }",
        "{ $.readOnly IS TRUE || $.readOnly IS FALSE }",
        "{ $.eventName = A }",
        "{ $.eventName = %a*b% }",
        "ERROR",
        "[a = x, ...]",
    ];
    for text in selective {
        assert_eq!(always_on(&parse(text), &records), Decision::No, "{text}");
    }
    let open = [
        ("{ $.eventName != a*b }", Reason::MiddleStar),
        ("eventName", Reason::RawText),
    ];
    for (text, reason) in open {
        let expected = Decision::Undecided(reason);
        assert_eq!(always_on(&parse(text), &records), expected, "{text}");
    }
}

#[test]
fn missing_event_names_are_those_with_an_event_that_nothing_matches() {
    let required = parse("{ $.eventName = A || $.eventName = B || ($.eventName = C && $.x = 1) }");
    let missing = |actual: &[&str]| {
        missing_event_names(&parsed(actual), &required, &Assumptions::cloudtrail())
    };
    assert_eq!(missing(&[]).missing, ["A", "B", "C"]);
    assert_eq!(missing(&["{ $.eventName = A }"]).missing, ["B", "C"]);
    assert_eq!(
        missing(&["{ $.eventName = A && $.x NOT EXISTS }"]).missing,
        ["A", "B", "C"]
    );
    let halves = [
        "{ $.eventName = A && $.x NOT EXISTS }",
        "{ $.eventName = A && $.x = * }",
    ];
    assert_eq!(missing(&halves).missing, ["A", "B", "C"]);
    assert_eq!(missing(&["{ $.eventName != B }"]).missing, ["B"]);
    assert_eq!(
        missing(&["{ $.eventName != B }", "{ $.eventName = B }"]).missing,
        [""; 0]
    );
    assert_eq!(missing(&["{ $.x = 1 }"]).missing, ["A", "B"]);
    let open = missing(&["{ $.eventName = A* || $.eventName = B || $.x = 1 }", "word"]);
    assert_eq!((open.missing, open.undecided), (vec![], vec![]));
    let open = missing(&["{ $.eventName = A || $.x = 1 }", "B"]);
    assert_eq!(
        (open.missing, open.undecided),
        (vec![], vec!["B".to_owned()])
    );
}

#[test]
fn broader_shows_an_event_that_is_not_required() {
    let required = parse("{ $.eventName = Stop }");
    let noise = |actual: &str| broader(&[parse(actual)], &required, &Assumptions::cloudtrail());
    let event = noise("{ $.eventName = \"Stop*\" }").unwrap();
    let name = event["eventName"].as_str().unwrap();
    assert!(name.starts_with("Stop") && name != "Stop", "{event}");
    assert_eq!(noise("{ $.eventName = Stop }"), None);
    assert_eq!(noise("{ $.eventName = Stop && $.x = 1 }"), None);
    assert!(noise("").is_some());
    assert!(noise("{ $.eventName != Stop }").is_some());
}

#[test]
fn several_filters_cover_together() {
    let required = "{ $.a = 1 || $.b = x }";
    assert_eq!(is_covered(&["{ $.a = 1 }"], required), Some(false));
    assert_eq!(
        is_covered(&["{ $.a = 1 }", "{ $.b = x }"], required),
        Some(true)
    );
    assert_eq!(
        is_covered(&["{ $.a = 1 && $.c = * }", "{ $.b = x }"], required),
        Some(false)
    );
    let by_kind = [
        "{ $.c NOT EXISTS }",
        "{ $.c = * }",
        "{ $.c IS NULL }",
        "{ $.c IS TRUE }",
        "{ $.c IS FALSE }",
        "{ $.c.* NOT EXISTS }",
    ];
    assert_eq!(is_covered(&by_kind, required), Some(false));
    assert_eq!(
        counterexample(&by_kind, "{ $.a = 1 }"),
        json!({"a": "1", "c": {"x0": "x"}})
    );
    let everything = [
        &by_kind[..],
        &["{ $.c[*] NOT EXISTS || $.c.* != never || $.c.* = never }"],
    ]
    .concat();
    assert_eq!(is_covered(&everything, required), Some(true));
    assert_eq!(is_covered(&["word", "-word"], required), Some(true));
    assert_eq!(is_covered(&[], required), Some(false));
    assert_eq!(is_covered(&[], "{ $.a = 1 && $.a = 2 }"), Some(true));
}

#[test]
fn assumptions_are_named_where_they_are_needed_and_only_there() {
    let named = |actual: &str, required: &str| match covers(
        &[parse(actual)],
        &parse(required),
        &Assumptions::cloudtrail().with_missing("errorCode"),
    ) {
        Cover::Covered { assumptions } => assumptions.iter().map(ToString::to_string).collect(),
        other => vec![format!("{other:?}")],
    };
    let nothing: Vec<String> = Vec::new();
    assert_eq!(named("{ $.a = x }", "{ $.a = x }"), nothing);
    assert_eq!(named("{ $.eventName = * }", "{ $.eventName = A }"), nothing);
    assert_eq!(
        named("{ $.eventName = * }", "{ $.a = x }"),
        ["eventName is a string"]
    );
    assert_eq!(
        named("{ $.eventSource = s || $.eventSource != s }", "{ $.a = x }"),
        ["eventSource is a string"]
    );
    assert_eq!(
        named("{ $.eventName != N || $.eventSource = * }", "{ $.a = x }"),
        ["eventSource is a string"]
    );
    assert_eq!(
        named(
            "{ $.eventSource = * && $.errorCode NOT EXISTS }",
            "{ $.eventName = A }"
        ),
        ["eventSource is a string", "errorCode is absent"]
    );
    assert_eq!(
        named("{ $.z = 1 }", "{ $.eventName.x = 1 }"),
        ["eventName is a string"]
    );
}

#[test]
fn counterexamples_are_small() {
    let cases = [
        (vec!["{ $.a != x }"], "{ $.a NOT EXISTS }", json!({})),
        (
            vec!["{ $.a = 1 }"],
            "{ $.a = 1 || $.b = y }",
            json!({"b": "y"}),
        ),
        (vec!["{ $.a = * }"], "{ $.a.b NOT EXISTS }", json!({})),
        (
            vec!["{ $.a[0] = x }"],
            "{ $.a[*] = x }",
            json!({"a": {"x0": "x"}}),
        ),
        (
            vec!["{ $.a[*] = y }"],
            "{ $.a[0] = x }",
            json!({"a": ["x"]}),
        ),
        (
            vec!["{ $.a = x }"],
            "{ $.a = x || $.b IS NULL || $.c IS TRUE }",
            json!({"b": null}),
        ),
        (vec!["{ $.a != y }"], "", json!({})),
        (
            vec!["{ $.a NOT EXISTS || $.a = * }"],
            "",
            json!({"a": false}),
        ),
    ];
    for (actual, required, expected) in cases {
        assert_eq!(
            counterexample(&actual, required),
            expected,
            "{required} / {actual:?}"
        );
    }
}

/// Pairs thought out to mislead a prover that compares texts, values or paths too loosely.
#[test]
fn misleading_pairs_are_told_apart() {
    let covered = [
        ("{ $.a = 1.0 || $.a = \"1\" }", "{ $.a = 1 }"),
        ("{ $.a = 1 || $.a = -0 || $.a = 0 }", "{ $.a = 0 }"),
        ("{ $.a > 1e400 }", "{ $.a > 1e500 }"),
        ("{ $.a = 5 }", "{ $.a >= 5 && $.a <= 5 }"),
        ("{ $.a = * }", "{ $.a != 1e309 }"),
        ("{ $.a < 5 || $.a > 5 || $.a = %^.*% }", "{ $.a != 5 }"),
        ("{ $.a = *b* }", "{ $.a = *a*b* }"),
        ("{ $.a = *b* }", "{ $.a = *ab }"),
        ("{ $.a != ab* }", "{ $.a != a* }"),
        ("{ $.a = a* && $.a = *b* }", "{ $.a = ab* }"),
        ("{ $.a = a*b*c }", "{ $.a = a*b*c }"),
        ("{ $.a = *111.111 }", "{ $.a = *111.111 }"),
        ("{ $.a = a* && $.a = *b* }", "{ $.a = %^a.*b$% }"),
        ("{ $.a = %[ab]% }", "{ $.a = *a* || $.a = *b* }"),
        ("{ $.a = *A* }", "{ $.a = %\\x41% }"),
        ("{ $.a = * }", "{ $.a = \"\" }"),
        ("{ $.a = %^$% }", "{ $.a = \"\" }"),
        ("{ $.a = \"*é*\" }", "{ $.a = \"é\" }"),
        ("{ $.['a'] = x }", "{ $.a = x }"),
        ("{ $.z = q }", "{ $.a = x && $.a.b = y }"),
        ("{ $.a[*] != y }", "{ $.a = x }"),
        ("{ $.a.* = x }", "{ $.a[*] = x }"),
        (
            "{ $.a.b NOT EXISTS }",
            "{ $.a NOT EXISTS || $.a IS NULL || $.a[*] = x && $.a[0] = x }",
        ),
        ("?a ?b", "a"),
        ("-ab", "-a"),
        ("a", "ab c"),
        ("", "{ $.a = x }"),
    ];
    for (actual, required) in covered {
        assert_eq!(
            is_covered(&[actual], required),
            Some(true),
            "{required} / {actual}"
        );
    }
    let not_covered = [
        ("{ $.a = 1.0 }", "{ $.a = 1 }"),
        ("{ $.a = \"1\" }", "{ $.a = 1 }"),
        ("{ $.a = 1 }", "{ $.a = \"1\" || $.a = \"1.0\" }"),
        ("{ $.a = 0 }", "{ $.a = -0 }"),
        ("{ $.a >= 1 }", "{ $.a = 1* }"),
        ("{ $.a > 1 }", "{ $.a >= 1 }"),
        ("{ $.a < 5 || $.a >= 5 }", "{ $.a = * }"),
        ("{ $.a = foo }", "{ $.a = Foo }"),
        ("{ $.a = *ab* }", "{ $.a = *a* && $.a = *b* }"),
        ("{ $.a IS TRUE }", "{ $.a = true }"),
        ("{ $.a IS NULL }", "{ $.a NOT EXISTS }"),
        (
            "{ $.a NOT EXISTS || $.a IS NULL || $.a = * }",
            "{ $.b = x }",
        ),
        ("{ $.a != x }", "{ $.a[*] != x }"),
        ("{ $.a[0] != x }", "{ $.a[*] != x }"),
        ("{ $.a[*] != x }", "{ $.a[0] != x }"),
        ("{ $.a[0] = x }", "{ $.a.* = x && $.a[1] NOT EXISTS }"),
        ("{ $.a.b = x }", "{ $.['a.b'] = x }"),
        (
            "{ $.a = a* && $.a = *b* || $.a = %c$% }",
            "{ $.a = %a.*b% }",
        ),
        ("{ $.a = x }", "{ $.a = x || $.a = \"\" }"),
        ("zz", "?zz ?qq"),
        ("-zz", "-zzq"),
        ("{ $.a = x }", ""),
    ];
    for (actual, required) in not_covered {
        assert_eq!(
            is_covered(&[actual], required),
            Some(false),
            "{required} / {actual}"
        );
    }
    let open = [
        ("{ $.a = *b }", "{ $.a = *ab }", Reason::RepeatedSuffix),
        (
            "{ $.a = a*b }",
            "{ $.a = a* && $.a = *b }",
            Reason::MiddleStar,
        ),
        (
            "{ $.a = \"a\\\"*\" }",
            "{ $.a = \"a\\\"b\" }",
            Reason::Backslash,
        ),
        ("{ $.a = abc }", "{ $.a = %^abc$% }", Reason::RegexDialect),
        (
            "{ $.a = 7 || $.a != 7 }",
            "{ $.a = 2* }",
            Reason::NumberSize,
        ),
        (
            "{ $.a[0] IS NULL || $.a = * }",
            "{ $.a[*] = 1 && $.a IS NULL }",
            Reason::NullInArray,
        ),
        ("abc", "{ $.a = abc }", Reason::RawText),
        ("\"{\"", "{ $.a = abc }", Reason::RawText),
        (
            "{ $.a = x }",
            &format!("{{ $.a{} = x }}", ".b".repeat(200)),
            Reason::Nesting,
        ),
        ("{ $.b = x }", "{ $.a[100000] = x }", Reason::LargeIndex),
    ];
    for (actual, required, reason) in open {
        assert_eq!(
            undecided(&[actual], required),
            reason,
            "{required} / {actual}"
        );
    }
}

/// Reasons that the language itself leaves open, or that lie in the size of the question.
fn is_stated(reason: Reason) -> bool {
    !matches!(reason, Reason::NoExample)
}

proptest! {
    #![proptest_config(config(1500))]

    #[test]
    fn what_matches_is_never_said_to_be_uncovered_wrongly(
        required in json_patterns(),
        actual in prop::collection::vec(prop_oneof![4 => json_patterns(), 1 => raw_patterns()], 1..4),
        events in prop::collection::vec(events(), 12),
    ) {
        let Ok(required) = Pattern::parse(&required) else {
            return Err(TestCaseError::reject("a third regex or a fourth wildcard"));
        };
        let actual: Vec<Pattern> = actual.iter().filter_map(|text| Pattern::parse(text).ok()).collect();
        let none = Assumptions::none();
        match covers(&actual, &required, &none) {
            Cover::Covered { .. } => {
                for event in &events {
                    prop_assert!(
                        !(required.matches_event(event).is_yes() && union(&actual, event).is_no()),
                        "{}", event
                    );
                }
            }
            Cover::NotCovered { counterexample } => {
                prop_assert!(required.matches_event(&counterexample).is_yes());
                prop_assert!(union(&actual, &counterexample).is_no());
                prop_assert!(required.matches(&counterexample.to_string()).is_yes());
            }
            Cover::Undecided { .. } => {}
        }
        if satisfiable(&required, &none) == Decision::No {
            for event in &events {
                prop_assert!(!required.matches_event(event).is_yes(), "{}", event);
            }
        }
    }

    #[test]
    fn another_filter_never_uncovers(
        required in json_patterns(),
        actual in prop::collection::vec(json_patterns(), 0..3),
        more in prop_oneof![json_patterns(), raw_patterns()],
    ) {
        let parse = |text: &String| Pattern::parse(text).ok();
        let (Some(required), Some(more)) = (parse(&required), parse(&more)) else {
            return Err(TestCaseError::reject("a third regex or a fourth wildcard"));
        };
        let mut actual: Vec<Pattern> = actual.iter().filter_map(parse).collect();
        let before = covers(&actual, &required, &Assumptions::cloudtrail());
        actual.push(more);
        let after = covers(&actual, &required, &Assumptions::cloudtrail());
        if let Cover::Covered { .. } = before {
            prop_assert!(matches!(after, Cover::Covered { .. }), "{:?}", after);
        }
        if let Cover::NotCovered { .. } = after {
            prop_assert!(matches!(before, Cover::NotCovered { .. }), "{:?}", before);
        }
    }

    #[test]
    fn every_pattern_covers_itself_among_others(
        pattern in prop_oneof![3 => json_patterns(), 1 => raw_patterns()],
        other in json_patterns(),
    ) {
        let Ok(pattern) = Pattern::parse(&pattern) else {
            return Err(TestCaseError::reject("a third regex or a fourth wildcard"));
        };
        let mut actual: Vec<Pattern> = Pattern::parse(&other).into_iter().collect();
        actual.push(pattern.clone());
        let cover = covers(&actual, &pattern, &Assumptions::none());
        prop_assert!(matches!(&cover, Cover::Covered { assumptions } if assumptions.is_empty()), "{:?}", cover);
        prop_assert_eq!(broader(std::slice::from_ref(&pattern), &pattern, &Assumptions::none()), None);
    }

    #[test]
    fn assumptions_only_ever_add_to_what_is_covered(
        required in json_patterns(),
        actual in json_patterns(),
        event in events(),
    ) {
        let parse = |text: &String| Pattern::parse(text).ok();
        let (Some(required), Some(actual)) = (parse(&required), parse(&actual)) else {
            return Err(TestCaseError::reject("a third regex or a fourth wildcard"));
        };
        let actual = [actual];
        let known = Assumptions::none().with_string("a", &[]).with_missing("b");
        match (covers(&actual, &required, &Assumptions::none()), covers(&actual, &required, &known)) {
            (Cover::Covered { .. }, under) => {
                prop_assert!(matches!(&under, Cover::Covered { assumptions } if assumptions.is_empty()), "{:?}", under);
            }
            (_, Cover::Covered { assumptions }) => {
                prop_assert!(!assumptions.is_empty());
                let of_the_universe = event["a"].is_string() && event.get("b").is_none();
                let missed = required.matches_event(&event).is_yes() && union(&actual, &event).is_no();
                prop_assert!(!(of_the_universe && missed), "{}", event);
            }
            (_, Cover::NotCovered { counterexample }) => {
                prop_assert!(counterexample["a"].is_string() && counterexample.get("b").is_none());
            }
            (_, Cover::Undecided { .. }) => {}
        }
    }

    #[test]
    fn examples_match_and_doubts_have_a_reason(pattern in json_patterns()) {
        let Ok(pattern) = Pattern::parse(&pattern) else {
            return Err(TestCaseError::reject("a third regex or a fourth wildcard"));
        };
        for assumptions in [Assumptions::none(), Assumptions::cloudtrail()] {
            match (satisfiable(&pattern, &assumptions), example(&pattern, &assumptions)) {
                (Decision::Yes, Some(event)) => prop_assert!(pattern.matches_event(&event).is_yes()),
                (Decision::No, None) => {}
                (Decision::Undecided(reason), None) => prop_assert!(is_stated(reason), "{}", reason),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }

    #[test]
    fn always_on_patterns_miss_only_known_names(
        name in "[A-C]",
        others in prop::collection::vec("[A-C]", 0..3),
        rest in json_patterns(),
    ) {
        let excluded = |names: &[String]| {
            names.iter().map(|name| format!("$.eventName != {name}")).collect::<Vec<_>>().join(" && ")
        };
        let all = [vec![name], others].concat();
        let records = Assumptions::cloudtrail();
        prop_assert_eq!(always_on(&parse(&format!("{{ {} }}", excluded(&all))), &records), Decision::Yes);
        let Ok(rest) = Pattern::parse(&rest) else {
            return Err(TestCaseError::reject("a third regex or a fourth wildcard"));
        };
        // Whatever else matches, too, it stays always on; the fields of `rest` are none that records always have.
        let inside = rest.to_string();
        let inside = inside.trim_start_matches("{ ").trim_end_matches(" }");
        let wider = parse(&format!("{{ {} || {inside} }}", excluded(&all)));
        prop_assert!(always_on(&wider, &records) != Decision::No);
        let narrower = parse(&format!("{{ ({}) && $.eventSource = s }}", excluded(&all)));
        prop_assert_eq!(always_on(&narrower, &records), Decision::No);
    }
}

#[test]
fn generated_questions_get_all_three_answers() {
    let (yes, no, open) = (Cell::new(0_u32), Cell::new(0_u32), Cell::new(0_u32));
    runner(1500)
        .run(&(json_patterns(), json_patterns()), |(required, actual)| {
            let (Ok(required), Ok(actual)) = (Pattern::parse(&required), Pattern::parse(&actual))
            else {
                return Err(TestCaseError::reject("a third regex or a fourth wildcard"));
            };
            let count = match covers(&[actual], &required, &Assumptions::none()) {
                Cover::Covered { .. } => &yes,
                Cover::NotCovered { .. } => &no,
                Cover::Undecided { .. } => &open,
            };
            count.set(count.get() + 1);
            Ok(())
        })
        .unwrap();
    assert!(
        yes.get() > 50 && no.get() > 500 && open.get() > 5,
        "{yes:?} {no:?} {open:?}"
    );
}
