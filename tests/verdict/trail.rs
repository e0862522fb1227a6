//! Is there a trail that records the required events of every region?

use serde_json::{Value, json};

use super::support::{
    Cases, PATTERN, TRAIL, alarm, control, filter, judge, remove, set, sound, subscription,
};

fn selectors(value: Value) -> impl FnOnce(&mut Value) {
    move |state| state["event_selectors"][TRAIL] = value
}

fn second_trail(state: &mut Value, name: &str, region: &str, group: &str) -> String {
    let arn = format!("arn:aws:cloudtrail:{region}:111122223333:trail/{name}");
    let trail = json!({
        "Name": name, "TrailARN": arn, "HomeRegion": region, "IsMultiRegionTrail": false,
        "CloudWatchLogsLogGroupArn": format!("arn:aws:logs:{region}:111122223333:log-group:{group}:*")
    });
    set(state, "/trails/-", trail);
    state["trail_status"][&arn] =
        json!({"IsLogging": true, "LatestCloudWatchLogsDeliveryTime": "2026-11-23T00:02:00Z"});
    arn
}

#[test]
fn a_trail_has_to_log() {
    let mut cases = Cases::default();
    cases.case("stopped", "FAIL trail", |state| {
        state["trail_status"][TRAIL]["IsLogging"] = json!(false);
    });
    cases.case("status not seen", "UNKNOWN visibility", |state| {
        state["trail_status"] = json!({});
        set(
            state,
            "/api_errors",
            json!({format!("cloudtrail:GetTrailStatus {TRAIL}"): "AccessDeniedException"}),
        );
    });
    cases.case("status without IsLogging", "UNKNOWN visibility", |state| {
        state["trail_status"][TRAIL] = json!({});
    });
    cases.case("an S3 delivery error is another matter", "PASS", |state| {
        state["trail_status"][TRAIL]["LatestDeliveryError"] = json!("AccessDenied");
    });
    cases.done();
}

#[test]
fn selectors_add_up() {
    let mut cases = Cases::default();
    let basic = |kind: &str| json!({"ReadWriteType": kind, "IncludeManagementEvents": true});
    let advanced = |fields: Value| json!({"AdvancedEventSelectors": [{"FieldSelectors": fields}]});
    for (name, expected, value) in [
        ("none", "PASS", json!({})),
        ("empty", "PASS", json!({"EventSelectors": []})),
        (
            "write only",
            "PASS",
            json!({"EventSelectors": [basic("WriteOnly")]}),
        ),
        (
            "read only",
            "FAIL selector",
            json!({"EventSelectors": [basic("ReadOnly")]}),
        ),
        (
            "read only and write only",
            "PASS",
            json!({"EventSelectors": [basic("ReadOnly"), basic("WriteOnly")]}),
        ),
        (
            "data only and write only",
            "PASS",
            json!({"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": false}, basic("WriteOnly")]}),
        ),
        (
            "kms left out",
            "PASS",
            json!({"EventSelectors": [{"ExcludeManagementEventSources": ["kms.amazonaws.com", "rdsdata.amazonaws.com"]}]}),
        ),
        (
            "advanced management",
            "PASS",
            advanced(json!([{"Field": "eventCategory", "Equals": ["Management"]}])),
        ),
        (
            "advanced read only",
            "FAIL selector",
            advanced(
                json!([{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "readOnly", "Equals": ["true"]}]),
            ),
        ),
        (
            "advanced without cloudtrail",
            "FAIL selector",
            advanced(
                json!([{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "eventSource", "NotEquals": ["cloudtrail.amazonaws.com"]}]),
            ),
        ),
        (
            "advanced with cloudtrail only",
            "PASS",
            advanced(
                json!([{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "eventSource", "Equals": ["cloudtrail.amazonaws.com"]}]),
            ),
        ),
        (
            "advanced by name",
            "FAIL selector",
            advanced(
                json!([{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "eventName", "NotEquals": ["StopLogging"]}]),
            ),
        ),
        (
            "advanced by caller",
            "FAIL selector",
            advanced(
                json!([{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "userIdentity.arn", "NotStartsWith": ["arn:aws:sts"]}]),
            ),
        ),
        (
            "advanced insight events",
            "FAIL selector",
            advanced(json!([{"Field": "eventCategory", "Equals": ["NetworkActivity"]}])),
        ),
        (
            "advanced without a category",
            "FAIL selector",
            advanced(json!([{"Field": "readOnly", "Equals": ["false"]}])),
        ),
        (
            "advanced by an unknown field",
            "UNKNOWN selector",
            advanced(
                json!([{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "novelty", "Equals": ["x"]}]),
            ),
        ),
        (
            "advanced in two halves",
            "PASS",
            json!({"AdvancedEventSelectors": [
                {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "eventName", "Equals": ["StopLogging"]}]},
                {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "eventName", "NotEquals": ["StopLogging"]}]}
            ]}),
        ),
    ] {
        cases.case(name, expected, selectors(value));
    }
    cases.case("not seen", "UNKNOWN visibility", |state| {
        state["event_selectors"] = json!({});
        set(
            state,
            "/api_errors",
            json!({format!("cloudtrail:GetEventSelectors {TRAIL}"): "AccessDeniedException"}),
        );
    });
    cases.case_of("4.7", "kms left out breaks the control of keys", "FAIL selector", |state| {
        state["event_selectors"][TRAIL]["EventSelectors"][0]["ExcludeManagementEventSources"] = json!(["kms.amazonaws.com"]);
        set(state, "/metric_filters/0/filterPattern", json!("{($.eventSource = kms.amazonaws.com) && (($.eventName=DisableKey)||($.eventName=ScheduleKeyDeletion)) }"));
    });
    cases.case_of("4.1", "reads count for refused calls", "FAIL selector", |state| {
        state["event_selectors"][TRAIL]["EventSelectors"][0]["ReadWriteType"] = json!("WriteOnly");
        set(state, "/metric_filters/0/filterPattern", json!("{ ($.errorCode = \"*UnauthorizedOperation\") || ($.errorCode = \"AccessDenied*\") }"));
    });
    cases.done();
}

#[test]
fn a_name_that_selectors_leave_out_is_the_missing_event() {
    let mut state = sound();
    selectors(json!({"AdvancedEventSelectors": [{"FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "eventName", "NotEquals": ["StopLogging"]}
    ]}]}))(&mut state);
    assert_eq!(judge(&state).findings[0].missing_events, ["StopLogging"]);
}

#[test]
fn regions_are_covered_by_one_trail_or_by_several() {
    let mut cases = Cases::default();
    let single = |state: &mut Value| set(state, "/trails/0/IsMultiRegionTrail", json!(false));
    cases.case("single-region", "FAIL trail", single);
    cases.case("single-region in the only region", "PASS", |state| {
        single(state);
        set(state, "/enabled_regions", json!(["us-east-1"]));
    });
    cases.case("regions not known", "FAIL trail", |state| {
        single(state);
        remove(state, "/enabled_regions");
    });
    cases.case("regions not known, multi-region", "PASS", |state| {
        remove(state, "/enabled_regions");
    });
    let with_second = |state: &mut Value| {
        single(state);
        second_trail(state, "eu", "eu-west-1", "ct-eu");
    };
    cases.case(
        "a trail for each region, the second without filters",
        "FAIL log_group",
        with_second,
    );
    let whole_second = |state: &mut Value| {
        with_second(state);
        set(
            state,
            "/log_groups/-",
            json!({"region": "eu-west-1", "logGroupName": "ct-eu"}),
        );
        let mut second = filter("f2", PATTERN, "m");
        set(&mut second, "/region", json!("eu-west-1"));
        set(&mut second, "/logGroupName", json!("ct-eu"));
        set(state, "/metric_filters/-", second);
        let mut second_alarm = alarm("a", "m");
        let topic = "arn:aws:sns:eu-west-1:111122223333:eu";
        set(
            &mut second_alarm,
            "/AlarmArn",
            json!("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a"),
        );
        set(&mut second_alarm, "/AlarmActions", json!([topic]));
        set(state, "/alarms/-", second_alarm);
        set(
            state,
            "/topics/-",
            json!({"TopicArn": topic, "Attributes": {"Owner": "111122223333"}}),
        );
        set(state, "/subscriptions/-", subscription(topic));
    };
    cases.case(
        "a trail with its own chain for each region",
        "PASS",
        whole_second,
    );
    cases.case("a third region without a trail", "FAIL trail", |state| {
        whole_second(state);
        set(state, "/enabled_regions/-", json!("ap-south-1"));
    });
    cases.case("the second chain is cut", "FAIL alarm", |state| {
        whole_second(state);
        set(state, "/alarms/1/ActionsEnabled", json!(false));
    });
    cases.case("a stopped trail beside a working one", "PASS", |state| {
        let arn = second_trail(state, "eu", "eu-west-1", "ct-eu");
        state["trail_status"][&arn] = json!({"IsLogging": false});
    });
    cases.case("a shadow beside its trail", "PASS", |state| {
        let mut shadow = state["trails"][0].clone();
        set(&mut shadow, "/observed_in", json!("eu-west-1"));
        state["trails"].as_array_mut().unwrap().insert(0, shadow);
    });
    cases.case_of("4.4", "global services left out", "FAIL trail", |state| {
        set(state, "/trails/0/IncludeGlobalServiceEvents", json!(false));
        let text = control("4.4").prescribed[0].pattern.text();
        set(state, "/metric_filters/0/filterPattern", json!(text));
    });
    cases.done();
}

/// The account that owns the organization's trail, its chain whole.
pub(crate) fn owner() -> Value {
    let text = sound().to_string().replace("111122223333", "999988887777");
    let mut owner: Value = serde_json::from_str(&text).unwrap();
    set(&mut owner, "/trails/0/IsOrganizationTrail", json!(true));
    owner
}

/// A member of it that has nothing of its own.
pub(crate) fn member(state: &mut Value) {
    let trail = owner()["trails"][0].clone();
    let arn = trail["TrailARN"].as_str().unwrap().to_owned();
    *state = json!({
        "account_id": "111122223333", "enabled_regions": ["us-east-1"], "now": "2026-11-23T00:05:00Z",
        "trails": [trail], "metric_filters": [], "alarms": [], "topics": [], "subscriptions": []
    });
    state["trail_status"] = json!({arn: {"IsLogging": true, "LatestCloudWatchLogsDeliveryTime": "2026-11-23T00:02:00Z"}});
}

#[test]
fn organization_trails_lead_into_the_owners_account() {
    let mut cases = Cases::default();
    cases.case("unseen owner", "UNKNOWN cross_account", member);
    cases.case("seen owner", "PASS", |state| {
        member(state);
        set(state, "/other_accounts", json!([owner()]));
    });
    cases.case("seen owner, cut there", "FAIL alarm", |state| {
        member(state);
        let mut owner = owner();
        set(&mut owner, "/alarms/0/ActionsEnabled", json!(false));
        set(state, "/other_accounts", json!([owner]));
    });
    cases.case("a shadow here, whole at the owner", "PASS", |state| {
        member(state);
        set(state, "/enabled_regions", json!(["eu-west-1"]));
        set(state, "/trails/0/observed_in", json!("eu-west-1"));
        set(state, "/other_accounts", json!([owner()]));
    });
    cases.case("a trail that does not show here", "FAIL trail", |state| {
        member(state);
        set(state, "/trails", json!([]));
        set(state, "/other_accounts", json!([owner()]));
    });
    cases.case("another one shows here", "FAIL trail", |state| {
        member(state);
        let arn = "arn:aws:cloudtrail:us-east-1:444455556666:trail/org";
        set(state, "/trails/0/TrailARN", json!(arn));
        state["trail_status"] = json!({arn: {"IsLogging": false}});
        set(state, "/other_accounts", json!([owner()]));
    });
    cases.case("own trails not asked", "UNKNOWN visibility", |state| {
        member(state);
        remove(state, "/trails");
        set(state, "/other_accounts", json!([owner()]));
    });
    for region in ["us-east-1", "eu-west-1"] {
        cases.case(
            &format!("none shows, and {region} did not answer"),
            "UNKNOWN visibility",
            |state| {
                member(state);
                set(state, "/enabled_regions", json!(["us-east-1", "eu-west-1"]));
                set(state, "/trails", json!([]));
                let call = format!("cloudtrail:DescribeTrails {region}");
                set(state, "/api_errors", json!({call: "AccessDenied"}));
                set(state, "/other_accounts", json!([owner()]));
            },
        );
    }
    cases.case("stopped, as the member sees", "FAIL trail", |state| {
        member(state);
        let arn = state["trails"][0]["TrailARN"].as_str().unwrap().to_owned();
        state["trail_status"][&arn] = json!({"IsLogging": false});
    });
    cases.case("an own working chain beside it", "PASS", |state| {
        set(state, "/trails/-", owner()["trails"][0].clone());
    });
    cases.case("an own broken chain beside it", "UNKNOWN cross_account", |state| {
        let trail = owner()["trails"][0].clone();
        let arn = trail["TrailARN"].as_str().unwrap().to_owned();
        set(state, "/trails/-", trail);
        state["trail_status"][&arn] = json!({"IsLogging": true, "LatestCloudWatchLogsDeliveryTime": "2026-11-23T00:02:00Z"});
        set(state, "/alarms", json!([]));
    });
    cases.case(
        "delivered into the delegated administrator's own group",
        "PASS",
        |state| {
            let trail = "arn:aws:cloudtrail:us-east-1:999988887777:trail/org";
            set(state, "/trails/0/TrailARN", json!(trail));
            set(state, "/trails/0/IsOrganizationTrail", json!(true));
            state["trail_status"][trail] = state["trail_status"][TRAIL].clone();
        },
    );
    cases.case(
        "another account's trail that is no organization's",
        "FAIL trail",
        |state| {
            let trail = "arn:aws:cloudtrail:us-east-1:999988887777:trail/x";
            set(state, "/trails/0/TrailARN", json!(trail));
            state["trail_status"][trail] = state["trail_status"][TRAIL].clone();
        },
    );
    cases.done();
}
