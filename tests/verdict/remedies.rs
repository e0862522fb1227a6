//! What a finding tells people to type does what it is told for, and undoes nothing else.

use std::process::Command;

use serde_json::{Map, Value, json};

use super::support::{
    PATTERN, TOPIC, TRAIL, alarm, brief, control, filter, judge, judge_as, math, remove, set, sound,
};
use trailwarden::assess::Expectations;

/// The words of a command as `bash` reads them; a value that is handed over as a file is read.
fn words(command: &str) -> Vec<String> {
    let script = format!("set -- {command}; printf '%s\\0' \"$@\"");
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{command}");
    let text = String::from_utf8(output.stdout).unwrap();
    let words = text.strip_suffix('\0').unwrap_or_default().split('\0');
    words.map(str::to_owned).collect()
}

/// The operation and its parameters, named as AWS names them; what is JSON or a number is read as that.
fn said(command: &str) -> (String, Map<String, Value>) {
    let words = words(command);
    let [aws, service, operation, rest @ ..] = words.as_slice() else {
        panic!("{command}");
    };
    assert_eq!(aws, "aws");
    let mut options: Vec<(String, Vec<Value>)> = Vec::new();
    for word in rest {
        if let Some(option) = word.strip_prefix("--") {
            let parts = option.split('-').map(|part| match part {
                "ok" => "OK".to_owned(),
                _ => part[..1].to_uppercase() + &part[1..],
            });
            options.push((parts.collect(), Vec::new()));
        } else {
            let value = serde_json::from_str(word).unwrap_or_else(|_| json!(word));
            options.last_mut().unwrap().1.push(value);
        }
    }
    let parameters = options.into_iter().map(|(name, mut values)| {
        let value = match values.len() {
            0 => json!(true),
            1 if !name.ends_with("Actions") => values.remove(0),
            _ => Value::Array(values),
        };
        (name, value)
    });
    (format!("{service} {operation}"), parameters.collect())
}

/// Puts what carries a name in place of what carries it already, as AWS does.
fn put(items: &mut Value, key: &str, item: Value) {
    let items = items.as_array_mut().unwrap();
    items.retain(|other| other[key] != item[key]);
    items.push(item);
}

/// What AWS would make of the account.
fn carry_out(state: &mut Value, command: &str) {
    let (operation, mut said) = said(command);
    said.remove("Region");
    match operation.as_str() {
        "logs put-metric-filter" => {
            let mut item = json!({"region": "us-east-1"});
            for (name, value) in said {
                let name = name[..1].to_lowercase() + &name[1..];
                item[name] = value;
            }
            put(&mut state["metric_filters"], "filterName", item);
        }
        "cloudwatch put-metric-alarm" => {
            let name = said["AlarmName"].as_str().unwrap();
            let arn = format!("arn:aws:cloudwatch:us-east-1:111122223333:alarm:{name}");
            said.insert("AlarmArn".to_owned(), json!(arn));
            for actions in ["AlarmActions", "OKActions"] {
                for action in said
                    .get_mut(actions)
                    .into_iter()
                    .flat_map(|it| it.as_array_mut().unwrap())
                {
                    if *action == "TOPIC_ARN" {
                        *action = json!(TOPIC);
                    }
                }
            }
            put(&mut state["alarms"], "AlarmName", Value::Object(said));
        }
        "cloudtrail put-event-selectors" => {
            let trail = said.remove("TrailName").unwrap();
            state["event_selectors"] = json!({trail.as_str().unwrap(): said});
        }
        other => panic!("{other} is not known here: {command}"),
    }
}

fn remedy(state: &Value) -> String {
    judge(state).findings[0].remedy.clone().unwrap()
}

/// The account after what its first finding tells was done.
fn mended(mut state: Value) -> Value {
    let command = remedy(&state);
    carry_out(&mut state, &command);
    assert_eq!(brief(&judge(&state)), "PASS", "{command}");
    state
}

const WITHOUT_STOP: &str = "{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) || ($.eventName = DeleteTrail) || ($.eventName = StartLogging) }";

#[test]
fn a_pattern_is_put_right_and_the_rest_of_the_filter_stays() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 5] = [
        ("counts samples", |state| {
            set(state, "/alarms/0/Statistic", json!("SampleCount"));
        }),
        ("takes the mean", |state| {
            set(state, "/alarms/0/Statistic", json!("Average"));
        }),
        ("has a unit", |state| {
            set(state, "/alarms/0/Unit", json!("Count"));
            set(
                state,
                "/metric_filters/0/metricTransformations/0/unit",
                json!("Count"),
            );
        }),
        (
            "wants two of three, of which none may be missing",
            |state| {
                set(state, "/alarms/0/EvaluationPeriods", json!(3));
                set(state, "/alarms/0/DatapointsToAlarm", json!(2));
                set(state, "/alarms/0/TreatMissingData", json!("missing"));
            },
        ),
        ("breaches at nothing", |state| {
            set(state, "/alarms/0/Threshold", json!(0.0));
        }),
    ];
    for (name, change) in changes {
        let mut state = sound();
        change(&mut state);
        let good = state["metric_filters"][0].clone();
        assert_eq!(brief(&judge(&state)), "PASS", "{name}");
        set(
            &mut state,
            "/metric_filters/0/filterPattern",
            json!(WITHOUT_STOP),
        );
        assert_eq!(brief(&judge(&state)), "FAIL pattern", "{name}");
        let mended = mended(state);
        let mut filter = mended["metric_filters"][0].clone();
        set(&mut filter, "/filterPattern", good["filterPattern"].clone());
        assert_eq!(filter, good, "{name}");
    }
}

#[test]
fn a_filter_that_catches_more_is_left_and_another_put_beside_it() {
    let mut state = sound();
    let shared = "{ $.eventName = ConsoleLogin || $.eventName = CreateTrail }";
    set(&mut state, "/metric_filters/0/filterPattern", json!(shared));
    let before = state["metric_filters"][0].clone();
    let mended = mended(state);
    assert_eq!(mended["metric_filters"][0], before);
    assert_eq!(
        mended["metric_filters"][1]["filterName"],
        "cloudtrail-config-changes"
    );
}

#[test]
fn what_carries_the_name_already_is_left() {
    let mut state = sound();
    let others = filter(
        "cloudtrail-config-changes",
        "{ $.eventName = DeleteBucket }",
        "buckets",
    );
    set(&mut state, "/metric_filters/0", others.clone());
    set(
        &mut state,
        "/alarms/0/MetricName",
        json!("cloudtrail_config_changes"),
    );
    let (operation, said) = said(&remedy(&state));
    assert_eq!(operation, "logs put-metric-filter");
    assert_eq!(said["FilterName"], "trailwarden-cloudtrail-config-changes");

    let mut state = sound();
    set(
        &mut state,
        "/alarms",
        json!([
            alarm("m-alarm", "other"),
            alarm("trailwarden-m-alarm", "other")
        ]),
    );
    let mended = mended(state);
    assert_eq!(mended["alarms"][2]["AlarmName"], "trailwarden-m-alarm-2");
}

#[test]
fn a_trail_that_is_to_record_more_records_no_less() {
    let data = json!({"Name": "objects", "FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}
    ]});
    let reading = json!({"FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "readOnly", "Equals": ["true"]}
    ]});
    let mut state = sound();
    set(
        &mut state,
        "/event_selectors",
        json!({TRAIL: {"AdvancedEventSelectors": [data, reading]}}),
    );
    let mended = mended(state);
    let now = &mended["event_selectors"][TRAIL]["AdvancedEventSelectors"];
    assert_eq!(now.as_array().unwrap().len(), 3);
    assert_eq!((&now[0], &now[1]), (&data, &reading));
    // A trail has at most five basic selectors: there is no command that takes none of these away.
    let objects = |number: u8| {
        json!({"ReadWriteType": "All", "IncludeManagementEvents": false, "DataResources": [
            {"Type": "AWS::S3::Object", "Values": [format!("arn:aws:s3:::bucket-{number}/")]}
        ]})
    };
    let mut state = sound();
    let five: Vec<Value> = (0..5).map(objects).collect();
    set(
        &mut state,
        "/event_selectors",
        json!({TRAIL: {"EventSelectors": five}}),
    );
    assert_eq!(brief(&judge(&state)), "FAIL selector");
    assert_eq!(judge(&state).findings[0].remedy, None);
}

#[test]
fn a_trail_of_every_region_takes_the_global_events_too() {
    let mut state = sound();
    set(&mut state, "/trails/0/IsMultiRegionTrail", json!(false));
    set(
        &mut state,
        "/trails/0/IncludeGlobalServiceEvents",
        json!(false),
    );
    let assessment = judge(&state);
    assert_eq!(
        assessment.findings[0].remedy,
        Some(format!(
            "aws cloudtrail update-trail --region us-east-1 --name {TRAIL} --is-multi-region-trail --include-global-service-events"
        ))
    );
}

#[test]
fn names_with_any_character_reach_aws_as_they_are() {
    let mut state = sound();
    set(
        &mut state,
        "/alarms/0/AlarmName",
        json!("file:///etc/hostname"),
    );
    set(&mut state, "/alarms/0/ActionsEnabled", json!(false));
    let (_, said_of_alarm) = said(&remedy(&state));
    assert_eq!(said_of_alarm["AlarmNames"], json!(["file:///etc/hostname"]));

    let mut state = sound();
    let metric = json!("trail, changes");
    set(
        &mut state,
        "/metric_filters/0/metricTransformations/0/metricName",
        metric.clone(),
    );
    set(&mut state, "/alarms/0/MetricName", metric.clone());
    set(
        &mut state,
        "/metric_filters/0/filterPattern",
        json!(WITHOUT_STOP),
    );
    let mended = mended(state);
    assert_eq!(
        mended["metric_filters"][0]["metricTransformations"][0]["metricName"],
        metric
    );
}

#[test]
fn an_alarm_that_tells_nobody_keeps_what_somebody_set() {
    let mut state = sound();
    set(&mut state, "/alarms/0/AlarmActions", json!([]));
    set(&mut state, "/alarms/0/OKActions", json!([TOPIC]));
    set(
        &mut state,
        "/alarms/0/AlarmDescription",
        json!("it's ours, see https://example.com"),
    );
    set(
        &mut state,
        "/alarms/0/EvaluationWindow",
        json!({"SlidingWindow": {}}),
    );
    let mended = mended(state.clone());
    let mut expected = state["alarms"][0].clone();
    for unsaid in ["StateValue", "InsufficientDataActions", "Dimensions"] {
        remove(&mut expected, &format!("/{unsaid}"));
    }
    set(&mut expected, "/AlarmActions", json!([TOPIC]));
    let mut now = mended["alarms"][0].clone();
    let threshold = now["Threshold"].as_f64();
    set(&mut now, "/Threshold", json!(threshold));
    assert_eq!(now, expected);
    // Where the alarm itself has to change, those who are told of other states stay told.
    set(&mut state, "/alarms/0/AlarmActions", json!([TOPIC]));
    set(&mut state, "/alarms/0/Threshold", json!(5.0));
    let (_, said) = said(&remedy(&state));
    assert_eq!(said["OKActions"], json!([TOPIC]));
    assert_eq!(
        said["AlarmDescription"],
        "it's ours, see https://example.com"
    );
}

#[test]
fn the_prescribed_text_is_what_a_chain_without_a_filter_is_given() {
    let mut state = sound();
    set(&mut state, "/metric_filters", json!([]));
    let (operation, said) = said(&remedy(&state));
    assert_eq!(operation, "logs put-metric-filter");
    assert_eq!(said["LogGroupName"], "ct");
    let text = said["FilterPattern"].as_str().unwrap();
    assert!(text.starts_with("{($.eventName=CreateTrail) ||"), "{text}");
    assert_ne!(text, PATTERN);
}

/// A query for the sum of a metric.
fn sum(id: &str, metric: &str, dimensions: Value) -> Value {
    json!({
        "Id": id, "ReturnData": false,
        "MetricStat": {
            "Metric": {"Namespace": "CISBenchmark", "MetricName": metric, "Dimensions": dimensions},
            "Period": 300, "Stat": "Sum"
        }
    })
}

#[test]
fn an_alarm_that_watches_another_metric_too_is_left_and_another_put_beside_it() {
    let keys = control("4.7").prescribed[0].pattern.text();
    let mut state = sound();
    set(&mut state, "/metric_filters/-", filter("g", keys, "k"));
    math(
        &mut state,
        json!([
            sum("m1", "m", json!([])),
            sum("m2", "k", json!([])),
            {"Id": "e", "Expression": "MAX([m1, m2/5])", "ReturnData": true}
        ]),
    );
    let of = |state: &Value, name: &str| judge_as(state, name, &Expectations::default());
    assert_eq!(brief(&of(&state, "4.5")), "PASS");
    assert_eq!(brief(&of(&state, "4.7")), "FAIL alarm");
    set(&mut state, "/alarms/-", alarm("k-alarm", "other"));
    let before = state["alarms"].clone();
    let command = of(&state, "4.7").findings[0].remedy.clone().unwrap();
    carry_out(&mut state, &command);
    assert_eq!(brief(&of(&state, "4.5")), "PASS", "{command}");
    assert_eq!(brief(&of(&state, "4.7")), "PASS", "{command}");
    assert_eq!(state["alarms"][0], before[0]);
    assert_eq!(state["alarms"][1], before[1]);
    let beside = &state["alarms"][2];
    assert_eq!(beside["AlarmName"], "trailwarden-k-alarm");
    assert_eq!(beside["AlarmActions"], json!([TOPIC]));
}

#[test]
fn an_alarm_on_a_metric_that_another_filter_writes_is_left() {
    let mut state = sound();
    let mut other = filter("g", "{ $.eventName = ConsoleLogin }", "m");
    set(
        &mut other,
        "/metricTransformations/0/dimensions",
        json!({"Who": "$.recipientAccountId"}),
    );
    set(&mut state, "/metric_filters/-", other);
    set(
        &mut state,
        "/alarms/0/Dimensions",
        json!([{"Name": "Who", "Value": "111122223333"}]),
    );
    let before = state["alarms"][0].clone();
    let mended = mended(state);
    assert_eq!(mended["alarms"][0], before);
    assert_eq!(mended["alarms"][1]["AlarmName"], "m-alarm");
}

#[test]
fn an_alarm_that_watches_the_metric_only_is_put_right_itself() {
    let mut state = sound();
    math(
        &mut state,
        json!([
            sum("m1", "m", json!([])),
            {"Id": "e", "Expression": "m1 / 5", "ReturnData": true}
        ]),
    );
    let mended_alarms = mended(state)["alarms"].clone();
    assert_eq!(mended_alarms.as_array().unwrap().len(), 1);
    assert_eq!(mended_alarms[0]["AlarmName"], "a");
    // Dimensions that no filter writes are a mistake, not somebody else's metric.
    let mut state = sound();
    set(
        &mut state,
        "/alarms/0/Dimensions",
        json!([{"Name": "D", "Value": "v"}]),
    );
    let mended_alarms = mended(state)["alarms"].clone();
    assert_eq!(mended_alarms.as_array().unwrap().len(), 1);
    assert_eq!(mended_alarms[0]["AlarmName"], "a");
}

const DEFAULT: &str = "metricTransformations/0/defaultValue";

#[test]
fn what_a_default_value_spoils_is_put_right_at_the_filter_that_writes_it() {
    for default in [1, 5, -1] {
        let mut state = sound();
        set(
            &mut state,
            &format!("/metric_filters/0/{DEFAULT}"),
            json!(default),
        );
        assert_eq!(brief(&judge(&state)), "FAIL alarm", "{default}");
        let before = state.clone();
        let mended = mended(state);
        assert_eq!(mended["alarms"], before["alarms"], "{default}");
        assert_eq!(mended["metric_filters"], sound()["metric_filters"]);
    }
    let mut state = sound();
    let mut other = filter("g", "{ $.eventName = ConsoleLogin }", "m");
    set(&mut other, &format!("/{DEFAULT}"), json!(1));
    set(&mut state, "/metric_filters/-", other.clone());
    let before = state.clone();
    let mended = mended(state);
    remove(&mut other, &format!("/{DEFAULT}"));
    assert_eq!(mended["alarms"], before["alarms"]);
    assert_eq!(mended["metric_filters"][0], before["metric_filters"][0]);
    assert_eq!(mended["metric_filters"][1], other);
}

#[test]
fn what_an_alarm_makes_of_a_sound_default_value_is_put_right_at_the_alarm() {
    for (setting, value) in [
        ("Statistic", json!("Average")),
        ("Threshold", json!(0.0)),
        ("TreatMissingData", json!("breaching")),
    ] {
        let mut state = sound();
        let is_missing = setting == "TreatMissingData";
        if !is_missing {
            set(
                &mut state,
                &format!("/metric_filters/0/{DEFAULT}"),
                json!(0.0),
            );
        }
        set(&mut state, &format!("/alarms/0/{setting}"), value);
        assert_eq!(brief(&judge(&state)), "FAIL alarm", "{setting}");
        let filters = state["metric_filters"].clone();
        assert_eq!(mended(state)["metric_filters"], filters, "{setting}");
    }
}

#[test]
fn an_alarm_without_room_for_an_action_gets_another_beside_it() {
    let function = |number: u8| format!("arn:aws:lambda:us-east-1:111122223333:function:f{number}");
    for (count, name) in [(4, "a"), (5, "trailwarden-a")] {
        let mut state = sound();
        let actions: Vec<String> = (0..count).map(function).collect();
        set(&mut state, "/alarms/0/AlarmActions", json!(actions));
        assert_eq!(brief(&judge(&state)), "FAIL action");
        let mended = mended(state);
        let alarms = mended["alarms"].as_array().unwrap();
        let told = alarms.last().unwrap();
        assert_eq!(told["AlarmName"], name);
        let told = told["AlarmActions"].as_array().unwrap();
        assert!(told.len() <= 5 && told.contains(&json!(TOPIC)), "{told:?}");
        let all = alarms
            .iter()
            .flat_map(|one| one["AlarmActions"].as_array().unwrap());
        assert_eq!(all.count(), usize::from(count) + 1);
    }
}
