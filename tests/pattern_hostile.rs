//! Patterns of the full length, made to be hard. The prover's work is counted and ends at a limit: each question gets
//! an answer or a reason. Without the limits these would not end.

mod pattern_support;

use pattern_support::config;
use proptest::prelude::*;
use trailwarden::pattern::{
    Assumptions, Cover, Decision, Pattern, Reason, always_on, broader, covers, missing_event_names,
    satisfiable,
};

/// As many of the parts as go into one pattern.
fn filled(joined_by: &str, part: impl Fn(usize) -> String) -> String {
    let mut inside = part(0);
    for at in 1.. {
        let next = part(at);
        if inside.len() + joined_by.len() + next.len() + 4 > 1024 {
            break;
        }
        inside = inside + joined_by + &next;
    }
    format!("{{ {inside} }}")
}

fn letter(at: usize) -> char {
    char::from(b'a' + u8::try_from(at % 26).unwrap())
}

/// `n` fields with one of `n - 1` values each, against filters that find two alike: covered, but hard to see.
fn pigeons(n: usize) -> (String, Vec<String>) {
    let join = |parts: Vec<String>, with: &str| parts.join(with);
    let holes = |field| {
        join(
            (1..n)
                .map(|hole| format!("$.{}=v{hole}", letter(field)))
                .collect(),
            "||",
        )
    };
    let required = join(
        (0..n).map(|field| format!("({})", holes(field))).collect(),
        "&&",
    );
    let alike = |hole: usize| {
        let pairs = (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b)));
        let both = pairs.map(|(a, b)| format!("$.{}=v{hole}&&$.{}=v{hole}", letter(a), letter(b)));
        format!("{{{}}}", join(both.collect(), "||"))
    };
    (format!("{{{required}}}"), (1..n).map(alike).collect())
}

/// A question: what is required, the filters, and the answer, where it is known.
type Question = (String, Vec<String>, Option<bool>);

#[test]
fn an_index_beyond_every_array_costs_no_memory() {
    // A thousand elements are there, one far beyond them is not, and two more are to be among them.
    let absent: Vec<String> = (0..1000)
        .map(|at| format!("$.a[{at}] NOT EXISTS"))
        .collect();
    let filters = absent
        .chunks(40)
        .map(|part| format!("{{ {} }}", part.join("||")));
    let actual: Vec<Pattern> = filters.map(|text| Pattern::parse(&text).unwrap()).collect();
    let far = usize::MAX;
    let required = format!("{{ $.a[*] = x && $.a[*] = y && $.a[{far}] NOT EXISTS }}");
    let required = Pattern::parse(&required).unwrap();
    let answer = covers(&actual, &required, &Assumptions::none());
    let Cover::NotCovered { counterexample } = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(counterexample["a"].as_array().unwrap().len(), 1002);
}

#[test]
fn many_choices_one_after_the_other_fit_into_a_small_stack() {
    let either = |at: usize| format!("$.a{at}=1&&$.b{at}=1");
    let actual: Vec<Pattern> = (0..30)
        .map(|filter| filled("||", |at| either(100 * filter + at)))
        .map(|text| Pattern::parse(&text).unwrap())
        .collect();
    let required = Pattern::parse("{ $.z = 1 }").unwrap();
    let prove = move || covers(&actual, &required, &Assumptions::none());
    // A quarter of what a worker of the daemon has.
    let thread = std::thread::Builder::new().stack_size(512 * 1024);
    let answer = thread.spawn(prove).unwrap().join().unwrap();
    let fine = matches!(
        answer,
        Cover::NotCovered { .. }
            | Cover::Undecided {
                reason: Reason::SearchBudget,
                ..
            }
    );
    assert!(fine, "{answer:?}");
}

fn one(required: String, actual: String, answer: Option<bool>) -> Question {
    (required, vec![actual], answer)
}

#[allow(clippy::too_many_lines, reason = "a list")]
fn questions() -> Vec<Question> {
    let test = |test: &str| format!("{{ $.a {test} }}");
    let nested = format!("{{ {}$.a=1{} }}", "(".repeat(500), ")".repeat(500));
    let ladder = (0..55).fold("$.z=1".to_owned(), |inner, at| {
        let (a, b) = (at % 7, at % 5);
        if at % 2 == 0 {
            format!("($.a{a}=1||{inner})")
        } else {
            format!("($.b{b}!=1&&{inner})")
        }
    });
    let ladder = format!("{{{ladder}}}");
    let pairs =
        |with: &str, inner: &str| filled(with, |i| format!("($.p{i}=1{inner}$.q{}=1)", i % 7));
    let exclusive = filled("&&", |i| {
        format!("($.a{i}=1&&$.b{i}=2||$.a{i}=2&&$.b{i}=1)")
    });
    let alternation = |with: &str, op: &str| filled(with, |i| format!("$.a{op}*{}{i}*", letter(i)));
    let shifted = |with: &str| filled(with, |i| format!("$.a=*{}{i}x*", letter(i)));
    let middle = filled("&&", |i| format!("$.a=*{}*{i}", letter(i)));
    let repeated = |unit: &str, n: usize| format!("{{ $.a = %{}% }}", unit.repeat(n));
    let regexes = |a: &str, b: &str| format!("{{ $.a = %{a}% && $.a = %{b}% }}");
    let path = |n: usize| format!("{{ $.a{} = 1 }}", ".a".repeat(n));
    let element = |n: usize| format!("{{ $.a{} NOT EXISTS }}", "[0]".repeat(n));
    let numbers = |op: &str, with: &str| filled(with, |i| format!("$.n{op}{i}"));
    let holes = |n: usize| {
        let (required, actual) = pigeons(n);
        (required, actual, None)
    };
    let one_field = |i: usize| filled("||", |j| format!("$.f{}=x", i * 100 + j));
    vec![
        one(nested.clone(), nested, Some(true)),
        one(ladder.clone(), ladder.clone(), Some(true)),
        one(ladder, test("= 1"), Some(false)),
        one(pairs("&&", "||"), pairs("||", "&&"), None),
        one(pairs("||", "&&"), pairs("&&", "||"), None),
        one(
            exclusive.clone(),
            exclusive.replace("=1", "=3"),
            Some(false),
        ),
        one(exclusive.clone(), exclusive, Some(true)),
        one(alternation("||", "="), alternation("||", "="), Some(true)),
        one(shifted("||"), alternation("||", "="), Some(true)),
        one(alternation("||", "="), shifted("||"), Some(false)),
        one(alternation("&&", "!="), alternation("||", "="), Some(false)),
        one(test("= *"), alternation("||", "!="), None),
        one(middle.clone(), test("= z"), None),
        one(middle.clone(), middle, Some(true)),
        one(repeated("a?", 150) + "", repeated("[ab]?", 120), None),
        one(repeated("a*", 400), repeated("a*?", 300), None),
        one(
            // `(a|aa)*` needs groups, which the language has not.
            repeated("a*a?|aa*|", 100),
            repeated("a|aa|", 200),
            None,
        ),
        one(repeated(".*a", 250), repeated(".*b", 250), None),
        one(repeated(".{1000}", 100), repeated(".{999}", 100), None),
        one(
            regexes(".{900}x", ".{800}y"),
            regexes("\\S{700}z", "\\W{600}"),
            None,
        ),
        one(
            regexes("[ab]*a[ab]{20}$", "[ab]*b[ab]{21}$"),
            test("= %x%"),
            None,
        ),
        one(
            regexes("[ab]*a[ab]{9}c", "[ab]*b[ab]{8}c"),
            test("= %[ab]*[ab]{7}d%"),
            None,
        ),
        one(path(500), element(300), None),
        one(element(330), element(300), None),
        one(
            "{ $.a[999][999] = x }".to_owned(),
            "{ $.a[500][*] = y }".to_owned(),
            Some(false),
        ),
        one(numbers(">", "&&"), numbers("!=", "&&"), Some(true)),
        one(numbers("!=", "&&"), numbers("<", "||"), Some(false)),
        one(numbers(">=", "&&"), "{ $.n > 1 }".to_owned(), Some(true)),
        one(
            format!("{{ $.n > {} }}", "9".repeat(1000)),
            test("= 1"),
            None,
        ),
        one(
            test(&format!("> 0.{}1", "0".repeat(900))),
            test("> 0"),
            Some(true),
        ),
        (
            "{ $.z = 1 }".to_owned(),
            (0..200).map(one_field).collect(),
            Some(false),
        ),
        (
            "{ $.a[3] NOT EXISTS && $.a[*] = x && $.a[*] = y && $.a[*] = z }".to_owned(),
            (0..60).map(|i| format!("{{ $.a[*] != v{i} }}")).collect(),
            None,
        ),
        holes(4),
        holes(6),
        holes(9),
    ]
}

/// Reasons that lie in the size of a question or in a reading of the language.
fn is_stated(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::SearchBudget
            | Reason::RegexSize
            | Reason::RegexDialect
            | Reason::MiddleStar
            | Reason::RepeatedSuffix
            | Reason::NumberText
            | Reason::NumberSize
            | Reason::NumberAndText
            | Reason::Nesting
            | Reason::LargeIndex
    )
}

#[test]
fn hard_questions_end_in_an_answer_or_a_reason() {
    let assumptions = Assumptions::cloudtrail();
    for (required, actual, answer) in questions() {
        let required = Pattern::parse(&required).unwrap_or_else(|error| panic!("{error}"));
        let actual: Vec<Pattern> = actual
            .iter()
            .map(|text| Pattern::parse(text).unwrap())
            .collect();
        let found = match covers(&actual, &required, &assumptions) {
            Cover::Covered { .. } => Some(true),
            Cover::NotCovered { counterexample } => {
                assert!(required.matches_event(&counterexample).is_yes());
                assert!(
                    actual
                        .iter()
                        .all(|one| one.matches_event(&counterexample).is_no())
                );
                Some(false)
            }
            Cover::Undecided { reason, .. } => {
                assert!(is_stated(reason), "{required}: {reason}");
                None
            }
        };
        if answer.is_some() {
            assert_eq!(found, answer, "{required} / {}", actual[0]);
        }
        for pattern in [&required, &actual[0]] {
            if let Decision::Undecided(reason) = satisfiable(pattern, &assumptions) {
                assert!(is_stated(reason), "{pattern}: {reason}");
            }
            if let Decision::Undecided(reason) = always_on(pattern, &assumptions) {
                assert!(is_stated(reason), "{pattern}: {reason}");
            }
        }
        broader(&actual, &required, &assumptions);
        missing_event_names(&actual, &required, &assumptions);
    }
}

#[test]
fn small_pigeon_holes_are_proved() {
    for n in [3, 4, 5] {
        let (required, actual) = pigeons(n);
        let actual: Vec<Pattern> = actual
            .iter()
            .map(|text| Pattern::parse(text).unwrap())
            .collect();
        let cover = covers(
            &actual,
            &Pattern::parse(&required).unwrap(),
            &Assumptions::none(),
        );
        assert_eq!(
            cover,
            Cover::Covered {
                assumptions: vec![]
            },
            "{n}"
        );
        let cover = covers(
            &actual[1..],
            &Pattern::parse(&required).unwrap(),
            &Assumptions::none(),
        );
        assert!(matches!(cover, Cover::NotCovered { .. }), "{n}");
    }
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn long_patterns_end_in_an_answer_or_a_reason(
        units in prop::collection::vec(
            prop::sample::select(vec![
                "$.a=*x*", "$.a!=*y*", "$.a=x*", "$.b=1", "$.b!=1", "$.b>2", "$.b=*1*", "$.a=*x*y", "$.c[*]=x",
                "$.c[0]!=x", "$.a=%[xy]*x[xy]{9}%", "$.a!=%x.{40}y$%", "$.c NOT EXISTS", "$.a.b IS NULL", "$.d=z", "$.d!=z",
            ]),
            60..140,
        ),
        joints in prop::collection::vec(0..4_u8, 140),
        split in 10..50_usize,
    ) {
        let text = |units: &[&str]| {
            let mut text = "{(".to_owned();
            let (mut regexes, mut wildcards) = (0, 0);
            for (unit, joint) in units.iter().zip(&joints) {
                regexes += usize::from(unit.contains('%'));
                wildcards += usize::from(unit.contains("[*]"));
                if regexes > 2 && unit.contains('%') || wildcards > 3 && unit.contains("[*]") {
                    continue;
                }
                if text.len() > 1000 {
                    break;
                }
                if !text.ends_with('(') {
                    text += ["&&", "||", ")&&(", ")||("][usize::from(*joint)];
                }
                text += unit;
            }
            text + ")}"
        };
        let (required, actual) = units.split_at(split);
        let parse = |units: &[&str]| Pattern::parse(&text(units)).map_err(|error| TestCaseError::fail(error.to_string()));
        let (required, actual) = (parse(required)?, [parse(actual)?]);
        match covers(&actual, &required, &Assumptions::cloudtrail()) {
            Cover::NotCovered { counterexample } => {
                prop_assert!(required.matches_event(&counterexample).is_yes());
                prop_assert!(actual[0].matches_event(&counterexample).is_no());
            }
            Cover::Undecided { reason, .. } => prop_assert!(is_stated(reason), "{}", reason),
            Cover::Covered { .. } => {}
        }
    }
}
