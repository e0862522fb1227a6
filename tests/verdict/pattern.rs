//! Do the metric filters match every required event, and does a match raise the metric?

use super::support::{Cases, PATTERN, alarm, codes, control, filter, judge, remove, set, sound};
use serde_json::{Value, json};
use trailwarden::assess::{Expectations, Link, Verdict, assess};
use trailwarden::control::{Benchmark, Catalogue};
use trailwarden::snapshot::Snapshot;

fn pattern(text: &str) -> impl FnOnce(&mut Value) {
    let text = json!(text);
    move |state| set(state, "/metric_filters/0/filterPattern", text)
}

const NAMES: &str = "($.eventName = CreateTrail) || ($.eventName = UpdateTrail) || ($.eventName = DeleteTrail) || ($.eventName = StartLogging) || ($.eventName = StopLogging)";

#[test]
fn what_cloudtrail_writes_into_every_such_event_may_be_asked_for() {
    let mut cases = Cases::default();
    for (guard, expected) in [
        ("$.eventSource = cloudtrail.amazonaws.com", "PASS"),
        ("$.eventSource = \"cloudtrail*\"", "PASS"),
        ("$.eventType = AwsApiCall", "PASS"),
        ("$.eventType != AwsServiceEvent", "PASS"),
        ("$.errorCode NOT EXISTS", "PASS"),
        ("$.errorMessage NOT EXISTS", "PASS"),
        ("$.eventCategory = Management", "PASS"),
        ("$.recipientAccountId = \"111122223333\"", "PASS"),
        ("$.recipientAccountId = \"999988887777\"", "FAIL pattern"),
        (
            "($.awsRegion = us-east-1) || ($.awsRegion = eu-west-1)",
            "PASS",
        ),
        ("$.awsRegion = us-east-1", "FAIL pattern"),
        ("$.awsRegion = \"*\"", "PASS"),
        ("$.errorCode = \"*\"", "FAIL pattern"),
        ("$.errorCode != AccessDenied", "FAIL pattern"),
        ("$.userIdentity.type != AssumedRole", "FAIL pattern"),
        ("$.userIdentity.type = IAMUser", "FAIL pattern"),
        (
            "$.userIdentity.sessionContext.sessionIssuer.userName != deployer",
            "FAIL pattern",
        ),
        ("$.sourceIPAddress != \"10.*\"", "FAIL pattern"),
        ("$.userAgent != \"*terraform*\"", "FAIL pattern"),
        ("$.eventSource = ec2.amazonaws.com", "FAIL pattern"),
        ("$.eventSource != cloudtrail.amazonaws.com", "FAIL pattern"),
        ("$.requestParameters.name = main", "FAIL pattern"),
        ("$.readOnly IS FALSE", "PASS"),
        ("$.readOnly IS TRUE", "FAIL pattern"),
        ("$.managementEvent IS TRUE", "PASS"),
    ] {
        cases.case(
            guard,
            expected,
            pattern(&format!("{{ ({NAMES}) && ({guard}) }}")),
        );
    }
    cases.done();
}

#[test]
fn forms_of_the_pattern() {
    let mut cases = Cases::default();
    for (text, expected) in [
        (
            "{ $.eventName = \"*Trail\" || $.eventName = \"*Logging\" }",
            "PASS",
        ),
        (
            "{ $.eventName = %^(Create|Update|Delete)Trail$% }",
            "FAIL pattern",
        ),
        (
            "{ $.eventName = %Trail$% || $.eventName = %Logging$% }",
            "PASS",
        ),
        (
            "{ $.eventName = createtrail || $.eventName = UpdateTrail }",
            "FAIL pattern",
        ),
        ("CreateTrail", "FAIL pattern"),
        (
            "?CreateTrail ?UpdateTrail ?DeleteTrail ?StartLogging ?StopLogging",
            "UNKNOWN pattern",
        ),
        ("{ $.eventName == CreateTrail }", "FAIL pattern"),
        (
            "{ ($.eventName = CreateTrail) && ($.eventName = UpdateTrail) }",
            "FAIL pattern",
        ),
        ("{ $.EventName = CreateTrail }", "FAIL pattern"),
        (
            "{ $.eventSource = cloudtrail.amazonaws.com && $.eventName != DescribeTrails }",
            "PASS",
        ),
    ] {
        cases.case(text, expected, pattern(text));
    }
    cases.done();
}

#[test]
fn a_union_of_filters_may_cover() {
    let mut cases = Cases::default();
    let two = |state: &mut Value, first: &str, second: &str| {
        set(
            state,
            "/metric_filters",
            json!([filter("one", first, "m"), filter("two", second, "m")]),
        );
    };
    cases.case("by users and by the others", "PASS", |state| {
        two(
            state,
            &format!("{{ ({NAMES}) && ($.userIdentity.type = IAMUser) }}"),
            &format!("{{ ({NAMES}) && ($.userIdentity.type != IAMUser) }}"),
        );
    });
    cases.case("a gap between two", "FAIL pattern", |state| {
        two(
            state,
            "{ $.eventName = \"*Trail\" }",
            "{ $.eventName = StartLogging }",
        );
    });
    cases.case("by region", "PASS", |state| {
        two(
            state,
            &format!("{{ ({NAMES}) && ($.awsRegion = us-east-1) }}"),
            &format!("{{ ({NAMES}) && ($.awsRegion != us-east-1) }}"),
        );
    });
    cases.case("a wrong pattern beside a right one", "PASS", |state| {
        two(state, "{ $.eventName = Nothing }", PATTERN);
    });
    cases.done();
}

#[test]
fn the_first_broken_link_of_two_is_named_and_both_are_told() {
    let mut state = sound();
    set(
        &mut state,
        "/metric_filters/0/filterPattern",
        json!("{ $.eventName = \"*Trail\" }"),
    );
    set(&mut state, "/alarms/0/ActionsEnabled", json!(false));
    let assessment = judge(&state);
    let links: Vec<&str> = assessment
        .findings
        .iter()
        .map(|one| one.link.name())
        .collect();
    assert_eq!(links, ["pattern", "alarm"]);
    assert_eq!(
        assessment.broken_link.map(trailwarden::assess::Link::name),
        Some("pattern")
    );
    assert_eq!(
        assessment.findings[0].missing_events,
        ["StartLogging", "StopLogging"]
    );
}

#[test]
fn a_counterexample_is_an_event_that_the_control_asks_for_and_the_filter_misses() {
    let mut state = sound();
    set(
        &mut state,
        "/metric_filters/0/filterPattern",
        json!("{ $.eventName = \"*Trail\" }"),
    );
    let assessment = judge(&state);
    let event = assessment.findings[0].counterexample.clone().unwrap();
    let required = &control("4.5").prescribed[0].pattern;
    assert!(required.matches_event(&event).is_yes(), "{event}");
    assert!(event["eventName"].as_str().unwrap().ends_with("Logging"));
}

#[test]
fn values_and_dimensions() {
    let mut cases = Cases::default();
    for (value, expected) in [
        ("1", "PASS"),
        ("1.0", "PASS"),
        ("2", "PASS"),
        ("0", "FAIL metric"),
        ("-1", "FAIL metric"),
        ("0.5", "FAIL metric"),
        ("$.value", "FAIL metric"),
        ("$.eventVersion", "UNKNOWN metric"),
        ("one", "FAIL metric"),
        ("", "FAIL metric"),
    ] {
        cases.case(&format!("value {value:?}"), expected, |state| {
            set(
                state,
                "/metric_filters/0/metricTransformations/0/metricValue",
                json!(value),
            );
        });
    }
    cases.case("no transformation", "FAIL metric", |state| {
        set(state, "/metric_filters/0/metricTransformations", json!([]));
    });
    let dimensions = |state: &mut Value| {
        set(
            state,
            "/metric_filters/0/metricTransformations/0/dimensions",
            json!({"Name": "$.eventName"}),
        );
    };
    cases.case(
        "dimensions that the alarm does not name",
        "FAIL metric",
        dimensions,
    );
    cases.case("dimensions of the alarm alone", "FAIL alarm", |state| {
        set(
            state,
            "/alarms/0/Dimensions",
            json!([{"Name": "Name", "Value": "StopLogging"}]),
        );
    });
    cases.case("one value of the dimension", "FAIL metric", |state| {
        dimensions(state);
        set(
            state,
            "/alarms/0/Dimensions",
            json!([{"Name": "Name", "Value": "StopLogging"}]),
        );
    });
    cases.case(
        "an alarm for every value of the dimension",
        "PASS",
        |state| {
            dimensions(state);
            let names = [
                "CreateTrail",
                "UpdateTrail",
                "DeleteTrail",
                "StartLogging",
                "StopLogging",
            ];
            let alarms: Vec<Value> = names
                .iter()
                .map(|name| {
                    let mut one = alarm(name, "m");
                    set(
                        &mut one,
                        "/Dimensions",
                        json!([{"Name": "Name", "Value": name}]),
                    );
                    one
                })
                .collect();
            set(state, "/alarms", json!(alarms));
        },
    );
    cases.case("dimensions by caller", "FAIL metric", |state| {
        set(
            state,
            "/metric_filters/0/metricTransformations/0/dimensions",
            json!({"User": "$.userIdentity.arn"}),
        );
        set(
            state,
            "/alarms/0/Dimensions",
            json!([{"Name": "User", "Value": "arn:aws:iam::1:user/x"}]),
        );
    });
    cases.case("system fields as dimensions", "FAIL metric", |state| {
        set(
            state,
            "/metric_filters/0/emitSystemFieldDimensions",
            json!(["@aws.account"]),
        );
    });
    cases.done();
}

#[test]
fn a_dimension_without_an_alarm_names_its_missing_event() {
    let mut state = sound();
    set(
        &mut state,
        "/metric_filters/0/metricTransformations/0/dimensions",
        json!({"Name": "$.eventName"}),
    );
    let names = ["CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging"];
    let alarms: Vec<Value> = names
        .iter()
        .map(|name| {
            let mut one = alarm(name, "m");
            set(
                &mut one,
                "/Dimensions",
                json!([{"Name": "Name", "Value": name}]),
            );
            one
        })
        .collect();
    set(&mut state, "/alarms", json!(alarms));
    let assessment = judge(&state);
    assert_eq!(assessment.verdict, Verdict::Fail);
    assert_eq!(assessment.findings[0].missing_events, ["StopLogging"]);
}

#[test]
fn all_fifteen_controls_pass_with_each_prescribed_text_but_the_tautology() {
    let mut cases = Cases::default();
    for number in 1..=15 {
        let name = format!("4.{number}");
        for prescribed in &control(&name).prescribed {
            let is_trap = prescribed.role == trailwarden::control::Role::Reported;
            let expected = if is_trap { "FAIL alarm" } else { "PASS" };
            let text = prescribed.pattern.text();
            cases.case_of(&name, &format!("{name} {text}"), expected, pattern(text));
        }
        cases.case_of(
            &name,
            &format!("{name} without filters"),
            "FAIL pattern",
            |state| {
                set(state, "/metric_filters", json!([]));
            },
        );
        cases.case_of(
            &name,
            &format!("{name} another control's filter"),
            "FAIL pattern",
            |state| {
                let other = if number == 5 { "4.9" } else { "4.5" };
                set(
                    state,
                    "/metric_filters/0/filterPattern",
                    json!(control(other).prescribed[0].pattern.text()),
                );
            },
        );
    }
    cases.done();
}

#[test]
fn a_noisy_pattern_is_warned_of() {
    let mut state = sound();
    set(
        &mut state,
        "/metric_filters/0/filterPattern",
        json!("{ $.eventSource = cloudtrail.amazonaws.com }"),
    );
    assert_eq!(codes(&judge(&state)), ["noisy_pattern"]);
    remove(&mut state, "/metric_filters/0/filterPattern");
    assert_eq!(judge(&state).verdict, Verdict::Fail);
}

#[test]
fn whichever_prescribed_text_is_installed_the_link_after_it_is_named() {
    let catalogue = Catalogue::builtin();
    for control in catalogue.controls() {
        for required in control.required(&Benchmark::Any) {
            let mut state = sound();
            set(
                &mut state,
                "/metric_filters",
                json!([filter("f", required.pattern.text(), "m")]),
            );
            set(&mut state, "/alarms", json!([]));
            let snapshot = Snapshot::from_json(&state.to_string()).unwrap();
            let assessment = assess(
                &snapshot,
                control,
                &Expectations::default(),
                &Benchmark::Any,
            );
            assert_eq!(
                assessment.broken_link,
                Some(Link::Alarm),
                "{}: {}",
                control.key,
                required.pattern.text()
            );
        }
    }
}

#[test]
fn another_noisy_filter_of_the_alarm_is_warned_of() {
    for (pattern, metric, noisy) in [
        ("{ $.readOnly IS TRUE }", "m", true),
        ("{ $.eventName != \"*Trail\" }", "m", true),
        ("{ $.eventName = StopLogging }", "m", false),
        ("{ $.readOnly IS TRUE }", "other", false),
    ] {
        let mut state = sound();
        set(
            &mut state,
            "/metric_filters/-",
            filter("g", pattern, metric),
        );
        let assessment = judge(&state);
        assert_eq!(assessment.verdict, Verdict::Pass, "{pattern}");
        let warned = assessment
            .warnings
            .iter()
            .any(|one| one.code.name() == "noisy_pattern");
        assert_eq!(warned, noisy, "{pattern} on {metric}");
    }
}
