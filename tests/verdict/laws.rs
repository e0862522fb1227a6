//! Laws that hold for every account: order does not matter, nor do strangers; a hole never makes it better; a chain is as
//! strong as each of its links.

use super::support::{
    PATTERN, TOPIC, TRAIL, alarm, brief, composite, filter, judge_as, set, sound, subscription,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use trailwarden::assess::{Assessment, Expectations, Verdict};

fn corpus() -> Vec<(String, Value)> {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../fixtures/verdict-cases.json")).unwrap();
    cases
        .into_iter()
        .map(|case| {
            (
                case["control"].as_str().unwrap().to_owned(),
                case["account_state"].clone(),
            )
        })
        .chain(
            own_states()
                .into_iter()
                .map(|state| ("4.5".to_owned(), state)),
        )
        .collect()
}

/// States with more than one path.
fn own_states() -> Vec<Value> {
    let mut halves = sound();
    set(
        &mut halves,
        "/metric_filters",
        json!([
            filter("one", "{ $.eventName = \"*Trail\" }", "one"),
            filter("two", "{ $.eventName = \"*Logging\" }", "two")
        ]),
    );
    set(
        &mut halves,
        "/alarms",
        json!([alarm("a", "one"), alarm("b", "two")]),
    );
    let mut half_cut = halves.clone();
    set(&mut half_cut, "/alarms/1/ActionsEnabled", json!(false));
    let mut nested = sound();
    set(&mut nested, "/alarms/0/AlarmActions", json!([]));
    set(&mut nested, "/alarms/-", composite("c", "ALARM(a)"));
    set(
        &mut nested,
        "/alarms/-",
        composite("d", "ALARM(c) OR ALARM(a)"),
    );
    set(&mut nested, "/alarms/1/AlarmActions", json!([]));
    let mut several_faults = sound();
    set(
        &mut several_faults,
        "/metric_filters/-",
        filter("g", "{ $.eventName = StopLogging }", "g"),
    );
    set(&mut several_faults, "/alarms/-", alarm("g", "g"));
    set(&mut several_faults, "/alarms/0/Threshold", json!(7));
    set(&mut several_faults, "/alarms/1/AlarmActions", json!([]));
    set(
        &mut several_faults,
        "/subscriptions/0/SubscriptionArn",
        json!("PendingConfirmation"),
    );
    vec![halves, half_cut, nested, several_faults]
}

fn run(control: &str, state: &Value) -> Assessment {
    judge_as(state, control, &Expectations::default())
}

/// What may not change.
fn essence(assessment: &Assessment) -> (String, Vec<String>) {
    let mut missing: Vec<String> = assessment
        .findings
        .iter()
        .flat_map(|one| one.missing_events.clone())
        .collect();
    missing.sort();
    missing.dedup();
    (brief(assessment), missing)
}

/// Shuffles every list of the state, by a generator that is good enough for that.
fn shuffle(value: &mut Value, seed: &mut u64) {
    match value {
        Value::Array(items) => {
            for at in (1..items.len()).rev() {
                *seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let other = usize::try_from(*seed >> 33).unwrap() % (at + 1);
                items.swap(at, other);
            }
            for item in items.iter_mut() {
                shuffle(item, seed);
            }
        }
        Value::Object(fields) => fields.values_mut().for_each(|field| shuffle(field, seed)),
        _ => {}
    }
}

fn add_strangers(state: &mut Value, count: usize) {
    for at in 0..count {
        let name = format!("stranger-{at}");
        let mut other = filter(&name, "{ $.level = error }", &name);
        if at % 3 == 0 {
            set(&mut other, "/logGroupName", json!(format!("app-{at}")));
        }
        if at % 4 == 1 {
            set(&mut other, "/filterPattern", json!(""));
        }
        for (list, item) in [
            ("metric_filters", other),
            ("alarms", alarm(&name, &format!("{name}-metric"))),
            (
                "topics",
                json!({"TopicArn": format!("arn:aws:sns:us-east-1:111122223333:{name}"), "Attributes": {}}),
            ),
            (
                "subscriptions",
                subscription(&format!("arn:aws:sns:us-east-1:111122223333:{name}")),
            ),
            (
                "log_groups",
                json!({"region": "us-east-1", "logGroupName": format!("app-{at}"), "logGroupClass": "INFREQUENT_ACCESS"}),
            ),
        ] {
            if let Some(list) = state.get_mut(list).and_then(Value::as_array_mut) {
                list.push(item);
            }
        }
    }
}

const HOLES: [&str; 20] = [
    "cloudtrail:DescribeTrails us-east-1",
    "cloudtrail:DescribeTrails eu-west-1",
    "cloudtrail:GetTrailStatus arn:aws:cloudtrail:us-east-1:111122223333:trail/main",
    "cloudtrail:GetEventSelectors arn:aws:cloudtrail:us-east-1:111122223333:trail/main",
    "logs:DescribeLogGroups us-east-1",
    "logs:DescribeMetricFilters us-east-1",
    "logs:DescribeMetricFilters eu-west-1",
    "logs:GetDataProtectionPolicy us-east-1",
    "logs:DescribeAccountPolicies us-east-1",
    "cloudwatch:DescribeAlarms us-east-1",
    "cloudwatch:DescribeAlarms eu-west-1",
    "cloudwatch:ListAlarmMuteRules us-east-1",
    "cloudwatch:GetAlarmMuteRule us-east-1",
    "sns:GetTopicAttributes arn:aws:sns:us-east-1:111122223333:cis-alarms",
    "sns:ListSubscriptionsByTopic arn:aws:sns:us-east-1:111122223333:cis-alarms",
    "sns:GetSubscriptionAttributes us-east-1",
    "kms:DescribeKey us-east-1",
    "kms:GetKeyPolicy us-east-1",
    "logs:DescribeMetricFilters",
    "sns:ListSubscriptionsByTopic us-east-1",
];

/// Blinds the snapshot: an error, and perhaps the list that the call would have filled is gone.
fn blind(state: &mut Value, holes: &[(usize, bool)]) {
    let mut errors = state
        .get("api_errors")
        .cloned()
        .unwrap_or_else(|| json!({}));
    for (at, gone) in holes {
        let hole = HOLES[at % HOLES.len()];
        errors[hole] = json!("AccessDenied");
        let list = match hole.split_whitespace().next().unwrap_or_default() {
            "cloudtrail:DescribeTrails" => "trails",
            "cloudtrail:GetTrailStatus" => "trail_status",
            "cloudtrail:GetEventSelectors" => "event_selectors",
            "logs:DescribeLogGroups" => "log_groups",
            "logs:DescribeMetricFilters" => "metric_filters",
            "cloudwatch:DescribeAlarms" => "alarms",
            "sns:GetTopicAttributes" => "topics",
            "sns:ListSubscriptionsByTopic" => "subscriptions",
            "kms:DescribeKey" => "kms_keys",
            _ => "",
        };
        if *gone && let Some(fields) = state.as_object_mut() {
            fields.remove(list);
        }
    }
    state["api_errors"] = errors;
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_does_not_matter(at in 0usize..57, mut seed: u64) {
        let (control, state) = corpus().swap_remove(at);
        let mut shuffled = state.clone();
        shuffle(&mut shuffled, &mut seed);
        prop_assert_eq!(essence(&run(&control, &state)), essence(&run(&control, &shuffled)));
    }

    #[test]
    fn strangers_do_not_matter(at in 0usize..57, count in 1usize..9, mut seed: u64) {
        let (control, state) = corpus().swap_remove(at);
        let mut crowded = state.clone();
        add_strangers(&mut crowded, count);
        shuffle(&mut crowded, &mut seed);
        prop_assert_eq!(essence(&run(&control, &state)), essence(&run(&control, &crowded)));
    }

    #[test]
    fn a_hole_never_makes_it_pass(at in 0usize..57, holes in prop::collection::vec((0usize..20, any::<bool>()), 1..4)) {
        let (control, state) = corpus().swap_remove(at);
        let mut blinded = state.clone();
        blind(&mut blinded, &holes);
        let (before, after) = (run(&control, &state), run(&control, &blinded));
        if before.verdict != Verdict::Pass {
            prop_assert!(after.verdict != Verdict::Pass, "{} became PASS: {:?}", brief(&before), holes);
        }
        // Nor does it prove what could not be proved before.
        if before.verdict != Verdict::Fail {
            prop_assert!(after.verdict != Verdict::Fail, "{} became {}: {:?}", brief(&before), brief(&after), holes);
        }
    }

    #[test]
    fn nothing_that_is_said_is_incomplete(at in 0usize..57) {
        let (control, state) = corpus().swap_remove(at);
        let assessment = run(&control, &state);
        let pass = assessment.verdict == Verdict::Pass;
        prop_assert_eq!(assessment.links.len(), 9);
        prop_assert_eq!(assessment.findings.is_empty(), pass);
        prop_assert_eq!(assessment.broken_link.is_none(), pass);
        if let Some(link) = assessment.broken_link {
            prop_assert!(assessment.findings.iter().any(|one| one.link == link));
        }
        prop_assert!(assessment.findings.iter().all(|one| one.message.ends_with('.')));
        if pass {
            prop_assert!(assessment.chain.trail.is_some() && assessment.chain.log_group.is_some());
            prop_assert!(!assessment.chain.filters.is_empty() && !assessment.chain.alarms.is_empty());
            prop_assert!(assessment.chain.topic.is_some() && !assessment.chain.subscriptions.is_empty());
            prop_assert!(assessment.region.is_some());
        }
    }
}

#[test]
fn a_chain_is_as_strong_as_each_of_its_links() {
    type Cut = fn(&mut Value);
    let cuts: [(&str, Cut); 16] = [
        ("trail", |state| set(state, "/trails", json!([]))),
        ("trail", |state| {
            state["trail_status"][TRAIL]["IsLogging"] = json!(false);
        }),
        ("trail", |state| {
            set(state, "/trails/0/IsMultiRegionTrail", json!(false));
        }),
        ("selector", |state| {
            state["event_selectors"][TRAIL]["EventSelectors"][0]["IncludeManagementEvents"] =
                json!(false);
        }),
        ("log_group", |state| {
            set(state, "/trails/0/CloudWatchLogsLogGroupArn", json!(""));
        }),
        ("log_group", |state| {
            set(
                state,
                "/log_groups/0/logGroupClass",
                json!("INFREQUENT_ACCESS"),
            );
        }),
        ("pattern", |state| set(state, "/metric_filters", json!([]))),
        ("pattern", |state| {
            set(
                state,
                "/metric_filters/0/filterPattern",
                json!("{ $.eventName = StopLogging }"),
            );
        }),
        ("metric", |state| {
            set(
                state,
                "/metric_filters/0/metricTransformations/0/metricValue",
                json!("0"),
            );
        }),
        ("alarm", |state| {
            set(
                state,
                "/metric_filters/0/metricTransformations/0/metricName",
                json!("n"),
            );
        }),
        ("alarm", |state| set(state, "/alarms", json!([]))),
        ("alarm", |state| set(state, "/alarms/0/Threshold", json!(5))),
        ("action", |state| {
            set(state, "/alarms/0/AlarmActions", json!([]));
        }),
        ("topic", |state| set(state, "/topics", json!([]))),
        ("subscription", |state| {
            set(state, "/subscriptions", json!([]));
        }),
        ("subscription", |state| {
            set(state, "/subscriptions/0/SubscriptionArn", json!("Deleted"));
        }),
    ];
    for (link, cut) in cuts {
        let mut state = sound();
        assert_eq!(brief(&run("4.5", &state)), "PASS");
        cut(&mut state);
        let assessment = run("4.5", &state);
        assert_eq!(brief(&assessment), format!("FAIL {link}"));
        assert!(
            assessment.findings[0].remedy.is_some(),
            "{link}: {}",
            assessment.findings[0].message
        );
        assert_eq!(assessment.findings.len(), 1, "{:?}", assessment.findings);
        let missing = if assessment.findings[0].missing_events.len() == 5 {
            5
        } else {
            4
        };
        assert_eq!(assessment.findings[0].missing_events.len(), missing);
    }
    assert_eq!(PATTERN.matches("eventName").count(), 5);
    assert!(TOPIC.ends_with("cis-alarms"));
}
