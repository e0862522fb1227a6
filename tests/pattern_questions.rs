//! The questions about whole patterns, by value.

use serde_json::{Value, json};
use trailwarden::pattern::{
    Assumptions, Cover, Decision, Pattern, Reason, always_on, broader, covers, missing_event_names,
    satisfiable,
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
        Cover::Undecided { reason, .. } => reason,
        other => panic!("{required} / {actual:?}: {other:?}"),
    }
}

fn counterexample(actual: &[&str], required: &str) -> Value {
    match covers(&parsed(actual), &parse(required), &Assumptions::none()) {
        Cover::NotCovered { counterexample } => counterexample,
        other => panic!("{required} / {actual:?}: {other:?}"),
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
        "{ $.eventName != A || $.eventSource != b.amazonaws.com }",
        "{ $.eventType != AwsServiceEvent }",
        "{ $.eventName != %^HeadBucket$% }",
        "{ $.eventName != %^A$|^B{1,3}$% }",
        "{ $.eventName = %.*% }",
        "{ $.eventName NOT EXISTS || $.eventName = * }",
        "{ $.errorCode = AccessDenied* || $.eventName != HeadBucket }",
        "{ $.eventSource = \"*.amazonaws.com\" }",
        "{ $.eventSource = *amazonaws.com }",
        "{ $.eventSource = *amazonaws* }",
        "{ $.managementEvent IS TRUE }",
        "{ $.managementEvent IS TRUE || $.managementEvent IS FALSE }",
        "{ $.readOnly IS TRUE || $.readOnly IS FALSE }",
        "{ $.eventCategory = Management }",
        "{ $.eventType = \"Aws*\" }",
        "{ $.eventType = AwsApiCall }",
        "{ $.eventType = AwsApiCall || $.eventType = AwsServiceEvent }",
        "{ $.eventType = AwsApiCall && $.eventName != HeadBucket }",
        "{ $.awsRegion = \"*-*\" }",
        "{ $.awsRegion != eu-west-1 }",
        "{ $.recipientAccountId = * }",
        "{ $.eventTime = \"20*\" }",
        "{ $.eventVersion = \"1.*\" }",
        "{ $.userIdentity.type = * }",
        "{ $.userIdentity.type != Root }",
        "{ $.* = AwsApiCall }",
    ];
    for text in always {
        assert_eq!(always_on(&parse(text), &records), Decision::Yes, "{text}");
    }
    let selective = [
        "{ $.eventSource = cloudtrail.amazonaws.com }",
        "{ $.eventName != Head* }",
        "{ $.eventName != %^Head% }",
        "{ $.eventName != A && $.eventSource != b.amazonaws.com }",
        "{ $.errorCode != x }",
        "{ $.userIdentity.arn != x }",
        "{ $.userIdentity.type = Root }",
        "{ $.readOnly IS FALSE }",
        "{ $.readOnly IS FALSE || $.eventType = AwsServiceEvent }",
        "{ $.managementEvent IS FALSE }",
        "{ $.eventCategory = Data }",
        "{ $.eventType != AwsApiCall }",
        "{ $.eventType = AwsConsoleSignIn }",
        "{ $.eventVersion = 1.08 }",
        "{ $.eventTime = \"2026-11-23*\" }",
        "{ $.awsRegion = us-east-1 }",
        "{ $.recipientAccountId = 111122223333 }",
        "{ $.recipientAccountId != 111122223333 }",
        "{ $.eventSource = \"*.amazonaws.com\" && $.errorCode NOT EXISTS }",
        "{ $.eventSource = \"ec*\" }",
        "{ $.eventName = A }",
        "{ $.eventName = %a*b% }",
        "ERROR",
        "[a = x, ...]",
    ];
    for text in selective {
        assert_eq!(always_on(&parse(text), &records), Decision::No, "{text}");
    }
    let of_one = records.with_string("recipientAccountId", &["111122223333"]);
    for (text, expected) in [
        ("{ $.recipientAccountId = 111122223333 }", Decision::Yes),
        ("{ $.recipientAccountId = \"111122223333\" }", Decision::Yes),
        ("{ $.recipientAccountId != 999988887777 }", Decision::Yes),
        ("{ $.recipientAccountId = 999988887777 }", Decision::No),
    ] {
        assert_eq!(always_on(&parse(text), &of_one), expected, "{text}");
    }
    let records = Assumptions::cloudtrail();
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
#[allow(clippy::too_many_lines, reason = "a list")]
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
