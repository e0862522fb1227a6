//! What the audit text of the benchmark and Security Hub's rule would say, beside the truth.

use super::support::{TRAIL, judge_as, remove, set, sound};
use serde_json::{Map, Value, json};
use trailwarden::assess::{Expectations, Literal, LiteralVerdict};

fn readings(control: &str, change: impl FnOnce(&mut Value)) -> (Option<Literal>, Option<Literal>) {
    let mut state = sound();
    change(&mut state);
    let assessment = judge_as(&state, control, &Expectations::default());
    (assessment.literal_cis, assessment.literal_security_hub)
}

fn security_hub(change: impl FnOnce(&mut Value)) -> (&'static str, Option<&'static str>, bool) {
    let literal = readings("4.5", change).1.unwrap();
    (
        literal.verdict.name(),
        literal.code,
        literal.differs.is_some(),
    )
}

#[test]
fn security_hubs_status_codes() {
    assert_eq!(security_hub(|_| {}), ("PASS", None, false));
    assert_eq!(
        security_hub(|state| set(state, "/trails", json!([]))),
        ("FAIL", Some("CLOUDTRAIL_MULTI_REGION_NOT_PRESENT"), false)
    );
    assert_eq!(
        security_hub(|state| set(state, "/trails/0/IsMultiRegionTrail", json!(false))),
        ("FAIL", Some("CLOUDTRAIL_MULTI_REGION_NOT_PRESENT"), false)
    );
    assert_eq!(
        security_hub(|state| set(state, "/observer_region", json!("eu-west-1"))),
        ("WARNING", Some("CLOUDTRAIL_REGION_INVAILD"), true)
    );
    assert_eq!(
        security_hub(|state| set(state, "/metric_filters", json!([]))),
        ("FAIL", Some("CLOUDTRAIL_METRIC_FILTERS_NOT_PRESENT"), false)
    );
    assert_eq!(
        security_hub(|state| {
            set(
                state,
                "/metric_filters/0/filterPattern",
                json!("{ $.eventSource = cloudtrail.amazonaws.com }"),
            );
        }),
        ("FAIL", Some("CLOUDTRAIL_METRIC_FILTER_NOT_VALID"), true)
    );
    assert_eq!(
        security_hub(|state| set(state, "/alarms", json!([]))),
        ("FAIL", Some("CLOUDWATCH_ALARMS_NOT_PRESENT"), false)
    );
    assert_eq!(
        security_hub(|state| set(state, "/alarms/0/AlarmActions", json!([]))),
        ("FAIL", Some("CLOUDWATCH_ALARM_ACTIONS_NOT_VALID"), false)
    );
    assert_eq!(
        security_hub(|state| {
            set(state, "/topics", json!([]));
            set(state, "/subscriptions", json!([]));
        }),
        ("FAIL", Some("SNS_TOPIC_INVALID"), false)
    );
    assert_eq!(
        security_hub(|state| set(state, "/subscriptions", json!([]))),
        ("FAIL", Some("SNS_SUBSCRIPTION_NOT_PRESENT"), false)
    );
    assert_eq!(
        security_hub(|state| {
            set(
                state,
                "/alarms/0/AlarmActions",
                json!(["arn:aws:sns:us-east-1:999988887777:central"]),
            );
        }),
        ("WARNING", Some("SNS_TOPIC_CROSS_ACCOUNT"), false)
    );
}

/// What both readings say: that of the audit text, that of Security Hub.
fn both(change: impl FnOnce(&mut Value)) -> [String; 2] {
    let (cis, hub) = readings("4.5", change);
    [cis, hub].map(|one| {
        let one = one.unwrap();
        format!("{} {}", one.verdict.name(), one.code.unwrap_or_default())
            .trim()
            .to_owned()
    })
}

fn holes(state: &mut Value, calls: &[&str]) {
    let errors: Map<String, Value> = calls
        .iter()
        .map(|call| ((*call).to_owned(), json!("AccessDenied")))
        .collect();
    set(state, "/api_errors", errors.into());
}

/// Takes away a list that a call would have shown, and lets the call fail.
fn unseen(list: &'static str, calls: &'static [&'static str]) -> impl Fn(&mut Value) {
    move |state| {
        remove(state, list);
        holes(state, calls);
    }
}

const STATUS: &str = "cloudtrail:GetTrailStatus us-east-1";

#[test]
fn what_was_not_seen_is_not_said_not_to_be_there() {
    let unheard = &[
        "sns:GetTopicAttributes us-east-1",
        "sns:ListSubscriptionsByTopic us-east-1",
    ];
    let nothing = ["NO_DATA", "NO_DATA"];
    assert_eq!(
        both(unseen("/trails", &["cloudtrail:DescribeTrails us-east-1"])),
        nothing
    );
    assert_eq!(both(unseen("/trails", &[])), nothing);
    assert_eq!(both(unseen("/trail_status", &[STATUS])), nothing);
    assert_eq!(both(unseen("/trail_status", &[])), nothing);
    let selectors = &["cloudtrail:GetEventSelectors us-east-1"];
    assert_eq!(both(unseen("/event_selectors", selectors)), nothing);
    let filters = &["logs:DescribeMetricFilters us-east-1"];
    assert_eq!(both(unseen("/metric_filters", filters)), nothing);
    assert_eq!(both(unseen("/metric_filters/0", filters)), nothing);
    let alarms = &["cloudwatch:DescribeAlarms us-east-1"];
    assert_eq!(both(unseen("/alarms", alarms)), nothing);
    assert_eq!(both(unseen("/alarms/0", alarms)), nothing);
    assert_eq!(both(unseen("/alarms", &[])), nothing);
    assert_eq!(both(unseen("/subscriptions", unheard)), nothing);
    let deaf = |state: &mut Value| {
        unseen("/topics", unheard)(state);
        remove(state, "/subscriptions");
    };
    assert_eq!(both(deaf), nothing);
}

#[test]
fn a_hole_beside_what_was_seen_changes_no_reading() {
    assert_eq!(
        both(|state| {
            let calls = [
                "logs:DescribeMetricFilters us-east-1",
                "cloudwatch:DescribeAlarms us-east-1",
                "sns:GetTopicAttributes us-east-1",
                "sns:ListSubscriptionsByTopic us-east-1",
                "cloudtrail:DescribeTrails eu-west-1",
            ];
            holes(state, &calls);
        }),
        ["PASS", "PASS"]
    );
    let without_filters = |state: &mut Value| {
        unseen("/trail_status", &[STATUS])(state);
        set(state, "/metric_filters", json!([]));
    };
    assert_eq!(
        both(without_filters),
        ["FAIL", "FAIL CLOUDTRAIL_METRIC_FILTERS_NOT_PRESENT"]
    );
    assert_eq!(
        both(|state| {
            holes(state, &["cloudwatch:DescribeAlarms eu-west-1"]);
            set(state, "/alarms", json!([]));
        }),
        ["FAIL", "FAIL CLOUDWATCH_ALARMS_NOT_PRESENT"]
    );
    assert_eq!(
        both(|state| {
            holes(state, &["cloudtrail:DescribeTrails eu-west-1"]);
            set(state, "/trails/0/IsMultiRegionTrail", json!(false));
        }),
        ["FAIL", "FAIL CLOUDTRAIL_MULTI_REGION_NOT_PRESENT"]
    );
    assert_eq!(
        both(|state| {
            holes(state, &["sns:ListSubscriptionsByTopic us-east-1"]);
            set(state, "/subscriptions", json!([]));
            set(
                state,
                "/topics/0/Attributes/SubscriptionsConfirmed",
                json!("0"),
            );
        }),
        ["FAIL", "FAIL SNS_SUBSCRIPTION_NOT_PRESENT"]
    );
}

#[test]
fn an_alarm_reads_its_own_region() {
    let elsewhere = |state: &mut Value| {
        let arn = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a";
        set(state, "/alarms/0/AlarmArn", json!(arn));
    };
    assert_eq!(
        both(elsewhere),
        ["FAIL", "FAIL CLOUDWATCH_ALARMS_NOT_PRESENT"]
    );
}

#[test]
fn a_log_group_of_another_account_is_not_ones_own_of_that_name() {
    let central = |state: &mut Value| {
        let trail = "arn:aws:cloudtrail:us-east-1:999988887777:trail/org";
        set(state, "/trails/0/TrailARN", json!(trail));
        set(state, "/trails/0/IsOrganizationTrail", json!(true));
        let group = "arn:aws:logs:us-east-1:999988887777:log-group:ct:*";
        set(state, "/trails/0/CloudWatchLogsLogGroupArn", json!(group));
        state["trail_status"][trail] = state["trail_status"][TRAIL].clone();
    };
    assert_eq!(both(central), ["NO_DATA", "NO_DATA"]);
    let shown = |state: &mut Value| {
        let owner = state.to_string().replace("111122223333", "999988887777");
        let owner: Value = serde_json::from_str(&owner).unwrap();
        central(state);
        set(state, "/metric_filters", json!([]));
        set(state, "/other_accounts", json!([owner]));
    };
    assert_eq!(both(shown), ["PASS", "NO_DATA"]);
}

#[test]
fn what_the_readings_do_not_look_at_is_told() {
    let (cis, hub) = readings("4.5", |state| set(state, "/alarms/0/Threshold", json!(5)));
    for literal in [cis.unwrap(), hub.unwrap()] {
        assert_eq!(literal.verdict, LiteralVerdict::Pass);
        assert!(
            literal
                .differs
                .unwrap()
                .contains("One event does not trip alarm a")
        );
    }
}

#[test]
fn the_audit_text_wants_reads_to_be_recorded_too() {
    let (cis, _) = readings("4.5", |state| {
        state["event_selectors"][TRAIL]["EventSelectors"][0]["ReadWriteType"] = json!("WriteOnly");
    });
    let cis = cis.unwrap();
    assert_eq!((cis.verdict.name(), cis.code), ("FAIL", None));
    assert_eq!(
        cis.differs.as_deref(),
        Some(
            "The trail does not record management events with ReadWriteType All. The chain notifies all the same."
        )
    );
}

#[test]
fn the_tautology_satisfies_its_own_audit_text() {
    let (cis, hub) = readings("4.1", |state| {
        let text = &super::support::control("4.1").prescribed[2];
        assert_eq!(text.group, "b");
        set(
            state,
            "/metric_filters/0/filterPattern",
            json!(text.pattern.text()),
        );
    });
    assert_eq!(cis.unwrap().verdict, LiteralVerdict::Pass);
    assert_eq!(
        hub.unwrap().code,
        Some("CLOUDTRAIL_METRIC_FILTER_NOT_VALID")
    );
}

#[test]
fn a_control_that_security_hub_lacks_has_no_such_reading() {
    let (cis, hub) = readings("4.15", |_| {});
    assert!(cis.is_some());
    assert!(hub.is_none());
}

#[test]
fn white_space_outside_quotes_is_not_compared() {
    let (cis, hub) = readings("4.6", |state| {
        set(
            state,
            "/metric_filters/0/filterPattern",
            json!("{($.eventName=ConsoleLogin)&&($.errorMessage=\"Failed authentication\")}"),
        );
    });
    assert_eq!(
        (cis.unwrap().verdict, hub.unwrap().verdict),
        (LiteralVerdict::Pass, LiteralVerdict::Pass)
    );
    let (cis, _) = readings("4.6", |state| {
        set(
            state,
            "/metric_filters/0/filterPattern",
            json!("{($.eventName=ConsoleLogin)&&($.errorMessage=\"Failedauthentication\")}"),
        );
    });
    assert_eq!(cis.unwrap().verdict, LiteralVerdict::Fail);
    let (cis, _) = readings("4.5", |state| {
        remove(state, "/metric_filters/0/filterPattern");
    });
    assert_eq!(cis.unwrap().verdict, LiteralVerdict::Fail);
}
