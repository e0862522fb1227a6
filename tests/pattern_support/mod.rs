//! What the property tests of the pattern language share.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its own part"
)]

pub mod model;
pub mod reading;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

/// So many cases by default. `PROPTEST_CASES` multiplies them as it does proptest's own default of 256.
pub fn config(cases: u32) -> Config {
    let default = Config::default();
    Config {
        cases: u32::try_from(u64::from(cases) * u64::from(default.cases) / 256)
            .unwrap()
            .max(1),
        max_global_rejects: u32::MAX,
        failure_persistence: None,
        ..default
    }
}

/// Runs a test that counts what it saw.
pub fn runner(cases: u32) -> TestRunner {
    TestRunner::new(config(cases))
}

/// Every pattern of the fixtures, accepted or refused.
pub fn real_patterns() -> Vec<String> {
    let cases: Value =
        serde_json::from_str(include_str!("../fixtures/filter-pattern-cases.json")).unwrap();
    let covers: Value = serde_json::from_str(include_str!("../fixtures/cover-cases.json")).unwrap();
    let of = |list: &Value, key: &str| -> Vec<String> {
        let texts = list.as_array().unwrap().iter();
        texts
            .map(|case| case[key].as_str().unwrap().to_owned())
            .collect()
    };
    let mut patterns = [
        of(&cases["match"], "pattern"),
        of(&cases["invalid"], "pattern"),
        of(&covers, "required"),
        of(&covers, "actual"),
    ]
    .concat();
    patterns.sort();
    patterns.dedup();
    patterns
}

/// Small JSON values; the names and literals are those of [`json_patterns`].
pub fn values() -> impl Strategy<Value = Value> {
    let numbers = [
        "0",
        "-0",
        "1",
        "1.0",
        "1e0",
        "12",
        "2.5",
        "-1",
        "1e309",
        "1e10",
        "1e-7",
        "100000000",
    ];
    let number = prop::sample::select(numbers.to_vec())
        .prop_map(|text| serde_json::from_str::<Value>(text).unwrap());
    let texts = [
        "", "x", "y", "xy", "yx", "xyx", "X", "1", "1.0", "12", "true", "é", "a\nb", "x*y", "a\"b",
    ];
    let leaf = prop_oneof![
        4 => prop::sample::select(texts.to_vec()).prop_map(|text| json!(text)),
        3 => number,
        1 => Just(json!(null)),
        1 => any::<bool>().prop_map(|flag| json!(flag)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::vec((prop::sample::select(vec!["a", "b", "c"]), inner), 0..3)
                .prop_map(|members| {
                    let mut object = serde_json::Map::new();
                    for (name, value) in members {
                        object.insert(name.to_owned(), value);
                    }
                    Value::Object(object)
                }),
        ]
    })
}

/// Events with up to three members.
pub fn events() -> impl Strategy<Value = Value> {
    let member = |name: &'static str| {
        prop::option::weighted(0.7, values()).prop_map(move |value| (name, value))
    };
    (member("a"), member("b"), member("c")).prop_map(|(a, b, c)| {
        let members = [a, b, c].into_iter();
        let there = members.filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(there.collect())
    })
}

/// Texts of selectors, some with a wildcard.
pub fn selectors() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "$.a",
        "$.a",
        "$.b",
        "$.a.b",
        "$.a[0]",
        "$.a[1]",
        "$.a[*]",
        "$.a.*",
        "$.a[*].b",
        "$.*",
        "$.a[0].b",
        "$.a.b.c",
        "$.a[*][0]",
        "$.*.b",
    ])
}

/// Texts of operands, some with open readings.
pub fn operands() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "x",
        "y",
        "\"\"",
        "xy",
        "1",
        "\"1\"",
        "1.0",
        "1e0",
        "-0",
        "x*",
        "*",
        "*y*",
        "*x",
        "*yx",
        "\"1*\"",
        "2.5",
        "12",
        "true",
        "é",
        "x*y",
        "\"a\\\"b\"",
        "%x%",
        "%^x%",
        "%y$%",
        "%^[0-9.]+$%",
        "%x|1%",
        "%.%",
        "1e309",
        "X",
    ])
}

/// Texts of JSON patterns, nested. Those with too many regexes or wildcards are no patterns.
pub fn json_patterns() -> impl Strategy<Value = String> {
    let test = prop_oneof![
        6 => (prop::sample::select(vec!["=", "!="]), operands())
            .prop_map(|(op, value)| format!("{op} {value}")),
        2 => (
            prop::sample::select(vec!["<", "<=", ">", ">="]),
            prop::sample::select(vec!["1", "0", "2.5", "-1e0", "1e400"]),
        )
            .prop_map(|(op, value)| format!("{op} {value}")),
        2 => prop::sample::select(vec!["IS NULL", "IS TRUE", "NOT EXISTS", "IS FALSE"])
            .prop_map(str::to_owned),
    ];
    let condition = (selectors(), test).prop_map(|(selector, test)| format!("{selector} {test}"));
    condition
        .prop_recursive(3, 6, 3, |inner| {
            (prop::collection::vec(inner, 2..4), any::<bool>()).prop_map(|(parts, all)| {
                format!("({})", parts.join(if all { " && " } else { " || " }))
            })
        })
        .prop_map(|expr| format!("{{ {expr} }}"))
}

/// Texts of patterns on the raw text.
pub fn raw_patterns() -> impl Strategy<Value = String> {
    let words = vec![
        "x",
        "y",
        "xy",
        "1",
        "a",
        "b",
        "\"a b\"",
        "é",
        "\"\\\"a\\\"\"",
        "\": \"",
    ];
    let term = (
        prop::sample::select(vec!["", "-", "?"]),
        prop::sample::select(words),
    )
        .prop_map(|(role, word)| format!("{role}{word}"));
    let fields = vec![
        "[]",
        "[a]",
        "[a, b]",
        "[..., a = x]",
        "[a = 1, ...]",
        "[a != x, b]",
        "[(a = x || a = 1*), ...]",
        "[a > 0]",
        "[a, b > 1 && b < 13]",
        "[a = %x%]",
    ];
    prop_oneof![
        4 => prop::collection::vec(term, 1..4).prop_map(|terms| terms.join(" ")),
        2 => prop::sample::select(fields).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["%x%", "%^x$%", "%\\s%", "%[^x]*y%", "% %"]).prop_map(str::to_owned),
        1 => Just(String::new()),
    ]
}
