//! A sound chain to be broken, and what is said of it then.

use serde_json::{Value, json};
use trailwarden::assess::{Assessment, Expectations, Link, assess};
use trailwarden::control::{Benchmark, Catalogue, Control};
use trailwarden::snapshot::Snapshot;

/// The events that 4.5 requires.
pub(crate) const NAMES: [&str; 5] = [
    "CreateTrail",
    "UpdateTrail",
    "DeleteTrail",
    "StartLogging",
    "StopLogging",
];

pub(crate) const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main";
pub(crate) const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:cis-alarms";
pub(crate) const PATTERN: &str = "{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) || ($.eventName = DeleteTrail) || ($.eventName = StartLogging) || ($.eventName = StopLogging) }";

/// The sound chain of control 4.5.
pub(crate) fn sound() -> Value {
    json!({
        "account_id": "111122223333",
        "enabled_regions": ["us-east-1", "eu-west-1"],
        "now": "2026-11-23T00:05:00Z",
        "trails": [{
            "Name": "main", "TrailARN": TRAIL, "HomeRegion": "us-east-1", "IsMultiRegionTrail": true,
            "IncludeGlobalServiceEvents": true, "IsOrganizationTrail": false,
            "CloudWatchLogsLogGroupArn": "arn:aws:logs:us-east-1:111122223333:log-group:ct:*",
            "CloudWatchLogsRoleArn": "arn:aws:iam::111122223333:role/ct"
        }],
        "trail_status": {TRAIL: {
            "IsLogging": true, "StartLoggingTime": "2026-01-01T00:00:00Z",
            "LatestCloudWatchLogsDeliveryTime": "2026-11-23T00:02:00Z"
        }},
        "event_selectors": {TRAIL: {"EventSelectors": [{
            "ReadWriteType": "All", "IncludeManagementEvents": true, "DataResources": [],
            "ExcludeManagementEventSources": []
        }]}},
        "log_groups": [{"region": "us-east-1", "logGroupName": "ct", "logGroupClass": "STANDARD"}],
        "metric_filters": [filter("f", PATTERN, "m")],
        "alarms": [alarm("a", "m")],
        "topics": [{"TopicArn": TOPIC, "Attributes": {
            "Owner": "111122223333", "SubscriptionsConfirmed": "1", "SubscriptionsPending": "0",
            "SubscriptionsDeleted": "0"
        }}],
        "subscriptions": [subscription(TOPIC)]
    })
}

pub(crate) fn filter(name: &str, pattern: &str, metric: &str) -> Value {
    json!({
        "region": "us-east-1", "logGroupName": "ct", "filterName": name, "filterPattern": pattern,
        "metricTransformations": [
            {"metricName": metric, "metricNamespace": "CISBenchmark", "metricValue": "1"}
        ]
    })
}

pub(crate) fn alarm(name: &str, metric: &str) -> Value {
    json!({
        "AlarmArn": format!("arn:aws:cloudwatch:us-east-1:111122223333:alarm:{name}"), "AlarmName": name,
        "ActionsEnabled": true, "AlarmActions": [TOPIC], "OKActions": [], "InsufficientDataActions": [],
        "MetricName": metric, "Namespace": "CISBenchmark", "Statistic": "Sum", "Dimensions": [], "Period": 300,
        "EvaluationPeriods": 1, "DatapointsToAlarm": 1, "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching",
        "StateValue": "OK"
    })
}

pub(crate) fn composite(name: &str, rule: &str) -> Value {
    json!({
        "AlarmArn": format!("arn:aws:cloudwatch:us-east-1:111122223333:alarm:{name}"), "AlarmName": name,
        "AlarmType": "CompositeAlarm", "AlarmRule": rule, "ActionsEnabled": true, "AlarmActions": [TOPIC],
        "OKActions": [], "InsufficientDataActions": [], "StateValue": "OK"
    })
}

pub(crate) fn subscription(topic: &str) -> Value {
    json!({
        "SubscriptionArn": format!("{topic}:11111111-2222-3333-4444-555555555555"), "Owner": "111122223333",
        "Protocol": "email", "Endpoint": "sec@example.com", "TopicArn": topic
    })
}

/// Writes a value at a JSON pointer; a missing last key is made, `-` appends.
pub(crate) fn set(state: &mut Value, pointer: &str, value: Value) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match state
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("nothing at {parent}"))
    {
        Value::Object(fields) => {
            fields.insert(key.replace("~1", "/"), value);
        }
        Value::Array(items) if key == "-" => items.push(value),
        Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
        other => panic!("{parent} is {other}"),
    }
}

/// Takes away what is at a JSON pointer.
pub(crate) fn remove(state: &mut Value, pointer: &str) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match state
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("nothing at {parent}"))
    {
        Value::Object(fields) => {
            fields
                .remove(&key.replace("~1", "/"))
                .unwrap_or_else(|| panic!("nothing at {pointer}"));
        }
        Value::Array(items) => {
            items.remove(key.parse::<usize>().unwrap());
        }
        other => panic!("{parent} is {other}"),
    }
}

pub(crate) fn control(name: &str) -> &'static Control {
    Catalogue::builtin().find(name, &Benchmark::Any).unwrap()
}

pub(crate) fn snapshot(state: &Value) -> Snapshot {
    Snapshot::from_json(&state.to_string()).unwrap()
}

pub(crate) fn judge_as(state: &Value, name: &str, expectations: &Expectations) -> Assessment {
    assess(
        &snapshot(state),
        control(name),
        expectations,
        &Benchmark::Any,
    )
}

/// The verdict on a control of the user's own whose pattern is that of the filter, as [`brief`] writes it.
pub(crate) fn brief_of_own(pattern: &str, change: impl FnOnce(&mut Value)) -> String {
    let own = Control::own("own", "Own", pattern).unwrap();
    let mut state = sound();
    change(&mut state);
    set(
        &mut state,
        "/metric_filters/0/filterPattern",
        json!(pattern),
    );
    let (anybody, any) = (Expectations::default(), Benchmark::Any);
    brief(&assess(&snapshot(&state), &own, &anybody, &any))
}

/// Lets the alarm look at these queries in place of its metric.
pub(crate) fn math(state: &mut Value, queries: Value) {
    for name in [
        "MetricName",
        "Namespace",
        "Statistic",
        "Dimensions",
        "Period",
    ] {
        remove(state, &format!("/alarms/0/{name}"));
    }
    set(state, "/alarms/0/Metrics", queries);
}

pub(crate) fn judge(state: &Value) -> Assessment {
    judge_as(state, "4.5", &Expectations::default())
}

/// The verdict with the broken link, as one text: `PASS`, `FAIL alarm`, `UNKNOWN visibility`.
pub(crate) fn brief(assessment: &Assessment) -> String {
    let verdict = assessment.verdict.name();
    match assessment.broken_link {
        Some(link) => format!("{verdict} {}", Link::name(link)),
        None => verdict.to_owned(),
    }
}

/// The codes of its warnings.
pub(crate) fn codes(assessment: &Assessment) -> Vec<&'static str> {
    let warnings = assessment.warnings.iter();
    warnings.map(|one| one.code.name()).collect()
}

/// Changes to the sound chain with what is to be said of each; all of them are tried before any is complained of.
#[derive(Default)]
pub(crate) struct Cases {
    faults: Vec<String>,
    count: usize,
}

impl Cases {
    pub(crate) fn case(&mut self, name: &str, expected: &str, change: impl FnOnce(&mut Value)) {
        self.case_of("4.5", name, expected, change);
    }

    pub(crate) fn case_of(
        &mut self,
        control: &str,
        name: &str,
        expected: &str,
        change: impl FnOnce(&mut Value),
    ) {
        let mut state = sound();
        change(&mut state);
        let assessment = judge_as(&state, control, &Expectations::default());
        self.expect(name, expected, &assessment);
    }

    pub(crate) fn expect(&mut self, name: &str, expected: &str, assessment: &Assessment) {
        self.count += 1;
        let actual = brief(assessment);
        if actual != expected {
            let findings: Vec<String> = assessment
                .findings
                .iter()
                .map(|one| format!("    {}: {}", one.link, one.message))
                .collect();
            self.faults.push(format!(
                "{name}: expected {expected}, got {actual}\n{}\n    warnings: {:?}",
                findings.join("\n"),
                codes(assessment)
            ));
        }
    }

    pub(crate) fn done(self) {
        assert!(self.count > 0);
        assert!(
            self.faults.is_empty(),
            "{} of {} wrong:\n{}",
            self.faults.len(),
            self.count,
            self.faults.join("\n")
        );
    }
}
