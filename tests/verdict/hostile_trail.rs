//! Trails and log groups that look right and are not, and the other way round.

use serde_json::{Value, json};

use super::support::{
    Cases, PATTERN, TRAIL, alarm, control, filter, remove, set, sound, subscription,
};

fn advanced(selectors: Value) -> impl FnOnce(&mut Value) {
    move |state| state["event_selectors"][TRAIL] = json!({"AdvancedEventSelectors": selectors})
}

fn management(fields: Value) -> Value {
    let mut all = vec![json!({"Field": "eventCategory", "Equals": ["Management"]})];
    all.extend(fields.as_array().unwrap().iter().cloned());
    json!({"FieldSelectors": all})
}

#[test]
fn selectors_that_add_up_or_do_not() {
    let mut cases = Cases::default();
    let own = "cloudtrail.amazonaws.com";
    for (name, expected, selectors) in [
        (
            "reads here, writes there",
            "PASS",
            json!([
                management(json!([{"Field": "readOnly", "Equals": ["true"]}])),
                management(json!([{"Field": "readOnly", "Equals": ["false"]}]))
            ]),
        ),
        (
            "a source that begins otherwise",
            "FAIL selector",
            json!([management(
                json!([{"Field": "eventSource", "NotStartsWith": ["cloudtrail"]}])
            )]),
        ),
        (
            "left out here, taken there",
            "PASS",
            json!([
                management(json!([{"Field": "eventSource", "NotEquals": [own]}])),
                management(json!([{"Field": "eventSource", "Equals": [own]}]))
            ]),
        ),
        (
            "left out here, its reads taken there",
            "FAIL selector",
            json!([
                management(json!([{"Field": "eventSource", "NotEquals": [own]}])),
                management(
                    json!([{"Field": "eventSource", "Equals": [own]}, {"Field": "readOnly", "Equals": ["true"]}])
                )
            ]),
        ),
        (
            "data events only",
            "FAIL selector",
            json!([{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}]}]),
        ),
        (
            "data events beside management events",
            "PASS",
            json!([{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}]}, management(json!([]))]),
        ),
        (
            "one caller left out",
            "FAIL selector",
            json!([management(
                json!([{"Field": "userIdentity.arn", "NotEquals": ["arn:aws:iam::111122223333:role/admin"]}])
            )]),
        ),
        (
            "one caller left out here and taken there",
            "UNKNOWN selector",
            json!([
                management(
                    json!([{"Field": "userIdentity.arn", "NotEquals": ["arn:aws:iam::111122223333:role/admin"]}])
                ),
                management(
                    json!([{"Field": "userIdentity.arn", "Equals": ["arn:aws:iam::111122223333:role/admin"]}])
                )
            ]),
        ),
        (
            "calls of a type",
            "PASS",
            json!([management(
                json!([{"Field": "eventType", "Equals": ["AwsApiCall"]}])
            )]),
        ),
        (
            "sign-ins only",
            "FAIL selector",
            json!([management(
                json!([{"Field": "eventType", "Equals": ["AwsConsoleSignIn"]}])
            )]),
        ),
    ] {
        cases.case(name, expected, advanced(selectors));
    }
    cases.case("basic: writes here, all but KMS there", "PASS", |state| {
        state["event_selectors"][TRAIL] = json!({"EventSelectors": [
            {"ReadWriteType": "WriteOnly", "IncludeManagementEvents": true},
            {"ReadWriteType": "All", "IncludeManagementEvents": true, "ExcludeManagementEventSources": ["kms.amazonaws.com"]}
        ]});
    });
    let keys = control("4.7").prescribed[0].pattern.text();
    for (first, expected) in [("All", "PASS"), ("ReadOnly", "FAIL selector")] {
        cases.case_of("4.7", &format!("basic: {first} here, all but KMS there"), expected, |state| {
            set(state, "/metric_filters/0/filterPattern", json!(keys));
            state["event_selectors"][TRAIL] = json!({"EventSelectors": [
                {"ReadWriteType": first, "IncludeManagementEvents": true},
                {"ReadWriteType": "All", "IncludeManagementEvents": true, "ExcludeManagementEventSources": ["kms.amazonaws.com"]}
            ]});
        });
    }
    let refused =
        "{ ($.errorCode = \"*UnauthorizedOperation\") || ($.errorCode = \"AccessDenied*\") }";
    cases.case_of(
        "4.1",
        "names split over two selectors",
        "UNKNOWN selector",
        |state| {
            set(state, "/metric_filters/0/filterPattern", json!(refused));
            advanced(json!([
                management(json!([{"Field": "eventName", "Equals": ["RunInstances"]}])),
                management(json!([{"Field": "eventName", "NotEquals": ["RunInstances"]}]))
            ]))(state);
        },
    );
    cases.case_of("4.1", "one name left out", "FAIL selector", |state| {
        set(state, "/metric_filters/0/filterPattern", json!(refused));
        advanced(json!([management(
            json!([{"Field": "eventName", "NotEquals": ["RunInstances"]}])
        )]))(state);
    });
    cases.done();
}

/// A second chain from trail to subscriber, in another region.
fn second_chain(state: &mut Value, region: &str) -> String {
    let arn = format!("arn:aws:cloudtrail:{region}:111122223333:trail/second");
    let topic = format!("arn:aws:sns:{region}:111122223333:second");
    set(
        state,
        "/trails/-",
        json!({
            "Name": "second", "TrailARN": arn, "HomeRegion": region, "IsMultiRegionTrail": false,
            "CloudWatchLogsLogGroupArn": format!("arn:aws:logs:{region}:111122223333:log-group:ct:*")
        }),
    );
    state["trail_status"][&arn] =
        json!({"IsLogging": true, "LatestCloudWatchLogsDeliveryTime": "2026-11-23T00:02:00Z"});
    set(
        state,
        "/log_groups/-",
        json!({"region": region, "logGroupName": "ct"}),
    );
    let mut second = filter("f", PATTERN, "m");
    set(&mut second, "/region", json!(region));
    set(state, "/metric_filters/-", second);
    let mut tells = alarm("a", "m");
    set(
        &mut tells,
        "/AlarmArn",
        json!(format!("arn:aws:cloudwatch:{region}:111122223333:alarm:a")),
    );
    set(&mut tells, "/AlarmActions", json!([topic]));
    set(state, "/alarms/-", tells);
    set(
        state,
        "/topics/-",
        json!({"TopicArn": topic, "Attributes": {"Owner": "111122223333"}}),
    );
    set(state, "/subscriptions/-", subscription(&topic));
    arn
}

#[test]
fn trails_that_cover_region_by_region() {
    let mut cases = Cases::default();
    let single = |state: &mut Value| set(state, "/trails/0/IsMultiRegionTrail", json!(false));
    cases.case("one each", "PASS", |state| {
        single(state);
        second_chain(state, "eu-west-1");
    });
    cases.case(
        "one each, the second for reads only",
        "FAIL selector",
        |state| {
            single(state);
            let arn = second_chain(state, "eu-west-1");
            state["event_selectors"][&arn] =
                json!({"EventSelectors": [{"ReadWriteType": "ReadOnly"}]});
        },
    );
    cases.case(
        "one each, the alarm of the first region for both",
        "FAIL alarm",
        |state| {
            single(state);
            second_chain(state, "eu-west-1");
            remove(state, "/alarms/1");
        },
    );
    cases.case(
        "both of one region, none of the other",
        "FAIL trail",
        |state| {
            single(state);
            second_chain(state, "us-east-1");
        },
    );
    cases.case(
        "a broken second beside a multi-region trail",
        "PASS",
        |state| {
            second_chain(state, "eu-west-1");
            set(state, "/alarms/1/ActionsEnabled", json!(false));
        },
    );
    cases.case("a shadow alone", "PASS", |state| {
        set(state, "/trails/0/observed_in", json!("eu-west-1"));
    });
    cases.case(
        "a shadow of a trail whose home is not in use",
        "PASS",
        |state| {
            set(state, "/trails/0/observed_in", json!("eu-west-1"));
            set(state, "/enabled_regions", json!(["eu-west-1"]));
        },
    );
    cases.case(
        "an organization trail whose member was seen",
        "PASS",
        |state| {
            set(state, "/trails/0/IsOrganizationTrail", json!(true));
        },
    );
    cases.done();
}

#[test]
fn names_of_log_groups() {
    let mut cases = Cases::default();
    let named = |state: &mut Value, of_trail: &str, of_filter: &str| {
        set(
            state,
            "/trails/0/CloudWatchLogsLogGroupArn",
            json!(format!(
                "arn:aws:logs:us-east-1:111122223333:log-group:{of_trail}"
            )),
        );
        set(
            state,
            "/log_groups",
            json!([{"region": "us-east-1", "logGroupName": of_filter}]),
        );
        set(state, "/metric_filters/0/logGroupName", json!(of_filter));
    };
    for (of_trail, of_filter, expected) in [
        ("/aws/ct:*", "/aws/ct", "PASS"),
        ("/aws/ct", "/aws/ct", "PASS"),
        ("/aws/ct:*", "/aws/ct2", "FAIL log_group"),
        ("/aws/ct2:*", "/aws/ct", "FAIL log_group"),
        ("/aws/ct:*", "aws/ct", "FAIL log_group"),
        ("/aws/CT:*", "/aws/ct", "FAIL log_group"),
        ("/aws/ct.v1:*", "/aws/ct-v1", "FAIL log_group"),
        ("/aws/ct:log-stream:x", "/aws/ct", "FAIL log_group"),
        (":*", "/aws/ct", "FAIL log_group"),
    ] {
        cases.case(&format!("{of_trail} and {of_filter}"), expected, |state| {
            named(state, of_trail, of_filter);
        });
    }
    cases.case("a partition of its own", "PASS", |state| {
        let text = state
            .to_string()
            .replace("arn:aws:", "arn:aws-us-gov:")
            .replace("us-east-1", "us-gov-west-1");
        *state = serde_json::from_str(&text).unwrap();
    });
    for (class, expected) in [
        ("STANDARD", "PASS"),
        ("INFREQUENT_ACCESS", "FAIL log_group"),
        ("DELIVERY", "FAIL log_group"),
    ] {
        cases.case(class, expected, |state| {
            set(state, "/log_groups/0/logGroupClass", json!(class));
        });
    }
    cases.case("another group of another class", "PASS", |state| {
        set(state, "/log_groups/-", json!({"region": "us-east-1", "logGroupName": "ct2", "logGroupClass": "INFREQUENT_ACCESS"}));
    });
    cases.case("the class of the group's namesake", "PASS", |state| {
        set(state, "/log_groups/-", json!({"region": "eu-west-1", "logGroupName": "ct", "logGroupClass": "INFREQUENT_ACCESS"}));
    });
    cases.done();
}

#[test]
fn policies_of_the_whole_account() {
    let mut cases = Cases::default();
    let masking = json!({"Statement": [{"DataIdentifier": ["Mine"], "Operation": {"Deidentify": {"MaskConfig": {}}}}],
        "Configuration": {"CustomDataIdentifier": [{"Name": "Mine", "Regex": "StopLogging"}]}});
    for (kind, expected) in [
        ("DATA_PROTECTION_POLICY", "FAIL log_group"),
        ("SUBSCRIPTION_FILTER_POLICY", "PASS"),
        ("FIELD_INDEX_POLICY", "PASS"),
        ("TRANSFORMER_POLICY", "PASS"),
        ("METRIC_EXTRACTION_POLICY", "PASS"),
    ] {
        cases.case(kind, expected, |state| {
            set(state, "/account_policies", json!([{"region": "us-east-1", "policyName": "p", "policyType": kind, "scope": "ALL", "policyDocument": masking.to_string()}]));
        });
    }
    cases.case(
        "a transformer that the filter reads after",
        "UNKNOWN metric",
        |state| {
            set(
                state,
                "/metric_filters/0/applyOnTransformedLogs",
                json!(true),
            );
        },
    );
    cases.case("masked and audited in one policy", "FAIL log_group", |state| {
        let mut both = masking.clone();
        both["Statement"].as_array_mut().unwrap().insert(0, json!({"DataIdentifier": ["Mine"], "Operation": {"Audit": {"FindingsDestination": {}}}}));
        set(state, "/data_protection_policies", json!([{"region": "us-east-1", "logGroupName": "ct", "policyDocument": both.to_string()}]));
    });
    cases.case(
        "masked by the group's own policy in another region",
        "PASS",
        |state| {
            set(
                state,
                "/data_protection_policies",
                json!([{"region": "eu-west-1", "logGroupName": "ct", "policyDocument": masking}]),
            );
        },
    );
    cases.case(
        "a policy that may not be seen",
        "UNKNOWN visibility",
        |state| {
            set(
                state,
                "/api_errors",
                json!({"logs:DescribeAccountPolicies us-east-1": "AccessDeniedException"}),
            );
        },
    );
    cases.case("an account that nothing was seen of: the role was refused", "UNKNOWN visibility", |state| {
        let now = state["now"].clone();
        *state = json!({"account_id": "111122223333", "now": now, "api_errors": {"sts:AssumeRole arn:aws:iam::111122223333:role/tw": "AccessDenied"}});
    });
    cases.done();
}

#[test]
fn a_refused_role_is_what_is_to_be_mended() {
    for (call, told) in [
        (
            "sts:AssumeRole arn:aws:iam::111122223333:role/tw",
            "Allow sts:AssumeRole on arn:aws:iam::111122223333:role/tw",
        ),
        ("sts:GetCallerIdentity", "Give trailwarden credentials"),
    ] {
        let state = json!({"account_id": "111122223333", "now": sound()["now"], "api_errors": {call: "AccessDenied"}});
        let assessment = super::support::judge(&state);
        let finding = &assessment.findings[0];
        assert!(
            finding.remedy.as_deref().unwrap().starts_with(told),
            "{finding:?}"
        );
        assert!(
            finding.message.starts_with(call.split(' ').next().unwrap()),
            "{finding:?}"
        );
    }
    // Refused in the middle of a look: each call fails with that.
    let mut state = sound();
    remove(&mut state, "/alarms");
    set(
        &mut state,
        "/api_errors",
        json!({"cloudwatch:DescribeAlarms us-east-1": "AssumeRole:AccessDenied"}),
    );
    let remedy = super::support::judge(&state).findings[0]
        .remedy
        .clone()
        .unwrap();
    assert!(
        remedy.starts_with("Allow sts:AssumeRole on the configured role"),
        "{remedy}"
    );
}
