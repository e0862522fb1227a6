//! Time of parsing, matching and proving. Aims: under 50 us for a proof of the catalogue, under 50 ms for the worst.

#![allow(missing_docs)]

use std::hint::black_box;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;
use trailwarden::control::Catalogue;
use trailwarden::pattern::{Assumptions, Pattern, always_on, covers};

fn parse(text: &str) -> Pattern {
    Pattern::parse(text).unwrap()
}

/// Every prescribed text against every text of the same control.
fn catalogue(c: &mut Criterion) {
    let assumptions = Assumptions::cloudtrail();
    let mut group = c.benchmark_group("catalogue");
    for control in Catalogue::builtin().controls() {
        let texts: Vec<&Pattern> = control.prescribed.iter().map(|one| &one.pattern).collect();
        for (at, required) in texts.iter().enumerate() {
            for (other, actual) in texts.iter().enumerate() {
                let actual = std::slice::from_ref(*actual);
                group.bench_function(format!("{}/{other}-covers-{at}", control.key), |b| {
                    b.iter(|| covers(black_box(actual), black_box(required), &assumptions));
                });
            }
        }
    }
    group.finish();
}

fn always(c: &mut Criterion) {
    let assumptions = Assumptions::cloudtrail();
    let tautology = parse(
        "{ ($.errorCode = \"*UnauthorizedOperation\") || ($.errorCode = \"AccessDenied*\") || \
         ($.sourceIPAddress!=\"delivery.logs.amazonaws.com\") || ($.eventName!=\"HeadBucket\") }",
    );
    c.bench_function("always_on/4.1-tautology", |b| {
        b.iter(|| always_on(black_box(&tautology), &assumptions));
    });
}

/// Patterns of the full length, made to be hard.
fn hostile() -> Vec<(&'static str, Pattern, Pattern)> {
    let join = |parts: Vec<String>, with: &str| parse(&format!("{{ {} }}", parts.join(with)));
    let pairs = |n: usize| {
        (0..n)
            .map(|i| format!("($.a{i} = x || $.b{i} = y)"))
            .collect()
    };
    let contains = |n: usize, op: &str| (0..n).map(|i| format!("$.a {op} *{i:02}*")).collect();
    let depth = 450;
    let nested = format!("{{ {}$.a = 1{} }}", "(".repeat(depth), ")".repeat(depth));
    vec![
        (
            "conjunction-of-pairs",
            join(pairs(30), " && "),
            join(pairs(29), " && "),
        ),
        ("pairs-against-their-dual", join(pairs(30), " && "), {
            let dual = (0..30)
                .map(|i| format!("$.a{i} = x && $.b{i} = y"))
                .collect();
            join(dual, " || ")
        }),
        (
            "contains-unions",
            join(contains(60, "="), "||"),
            join(contains(59, "="), "||"),
        ),
        (
            "contains-all",
            join(contains(50, "="), "&&"),
            parse("{ $.a = z* }"),
        ),
        (
            "contains-none",
            join(contains(50, "!="), "&&"),
            parse("{ $.a = *z* }"),
        ),
        (
            "regex-blowup",
            parse("{ $.a = %[ab]*a[ab]{12}$% }"),
            parse("{ $.a = %[ab]*b[ab]{12}$% || $.a = %a[ab]{11}% }"),
        ),
        (
            "regex-too-large",
            parse("{ $.a = %[ab]*a[ab]{500}c% }"),
            parse("{ $.a = %[ab]*b[ab]{500}c% }"),
        ),
        ("nested-parentheses", parse(&nested), parse(&nested)),
        (
            "long-path",
            parse(&format!("{{ $.a{} = 1 }}", ".a".repeat(500))),
            parse(&format!("{{ $.a{} NOT EXISTS }}", ".a".repeat(490))),
        ),
        (
            "numbers-and-globs",
            join((0..40).map(|i| format!("$.n != {i}")).collect(), "&&"),
            join((0..40).map(|i| format!("$.n = *{i}*")).collect(), "||"),
        ),
        (
            "wildcards",
            parse(
                "{ $.a[*] = x && $.a[*].b = y && $.*.c != z && $.a[3] NOT EXISTS && $.a[0] = 1 && $.a[1] = 2 }",
            ),
            parse("{ $.a[*] != x || $.a[*].b = z || $.*.d = q }"),
        ),
    ]
}

fn hostile_proofs(c: &mut Criterion) {
    let assumptions = Assumptions::cloudtrail();
    let mut group = c.benchmark_group("hostile");
    group.sample_size(10);
    for (name, required, actual) in hostile() {
        let (required, actual) = ([required], [actual]);
        group.bench_function(name, |b| {
            b.iter(|| covers(black_box(&actual), black_box(&required[0]), &assumptions));
        });
        group.bench_function(format!("{name}-reversed"), |b| {
            b.iter(|| covers(black_box(&required), black_box(&actual[0]), &assumptions));
        });
    }
    group.finish();
}

fn matching(c: &mut Criterion) {
    let event = json!({
        "eventVersion": "1.09",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE:alice",
            "arn": "arn:aws:sts::111122223333:assumed-role/ops/alice",
            "accountId": "111122223333",
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "userName": "ops"},
                "attributes": {"creationDate": "2026-01-02T03:04:05Z", "mfaAuthenticated": "true"}
            }
        },
        "eventTime": "2026-01-02T03:04:05Z",
        "eventSource": "cloudtrail.amazonaws.com",
        "eventName": "StopLogging",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2.15",
        "requestParameters": {"name": "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main"},
        "responseElements": null,
        "requestID": "11111111-2222-3333-4444-555555555555",
        "eventID": "11111111-2222-3333-4444-555555555556",
        "readOnly": false,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management"
    });
    let text = event.to_string();
    let json = &Catalogue::builtin().controls()[4].prescribed[0].pattern;
    let regex = parse("{ $.eventName = %^[A-Z]% }");
    let terms = parse("StopLogging -AwsServiceEvent");
    c.bench_function("match/json-event", |b| {
        b.iter(|| json.matches_event(black_box(&event)));
    });
    c.bench_function("match/json-text", |b| {
        b.iter(|| json.matches(black_box(&text)));
    });
    c.bench_function("match/regex-event", |b| {
        b.iter(|| regex.matches_event(black_box(&event)));
    });
    c.bench_function("match/terms-text", |b| {
        b.iter(|| terms.matches(black_box(&text)));
    });
    c.bench_function("parse/4.5", |b| {
        b.iter(|| Pattern::parse(black_box(json.text())));
    });
}

/// Some hundred and forty questions: a second for each is enough for microseconds.
fn short() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .sample_size(30)
}

criterion_group! {
    name = benches;
    config = short();
    targets = catalogue, always, hostile_proofs, matching
}
criterion_main!(benches);
