//! What an account of the stub holds: bodies made once, for one account id, which is exchanged in each answer.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::{Value, json};
use trailwarden::control::{Catalogue, Control, Role};

use crate::common::protocols::{cbor, xml};

/// The account id in the bodies as they are made. As long as any other, so that no length in a body changes.
pub(crate) const TEMPLATE: &str = "111122223333";
/// Where the chain is.
pub(crate) const HOME: &str = "us-east-1";
/// The regions that every account has enabled unless it was asked to do otherwise (AWS Account Management's reference).
const ENABLED: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];
/// The control whose filter can be taken away.
const CUT: &str = "cloudtrail-config-changes";
/// Most filters that AWS allows in one log group.
const FILTERS_OF_A_GROUP: usize = 100;
/// What DescribeMetricFilters and DescribeAlarms are asked for in one page.
const FILTERS_OF_A_PAGE: usize = 50;
const ALARMS_OF_A_PAGE: usize = 100;

/// How much there is beside the fifteen chains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) filters: usize,
    pub(crate) alarms: usize,
    pub(crate) topics: usize,
}

impl Size {
    /// The fifteen chains and nothing else.
    pub(crate) const CHAINS: Self = Self {
        filters: 15,
        alarms: 15,
        topics: 1,
    };
    /// What a large account holds.
    pub(crate) const LARGE: Self = Self {
        filters: 200,
        alarms: 500,
        topics: 50,
    };
}

/// Every answer that says something, by operation, by what is asked about, and by page.
#[derive(Debug)]
pub(crate) struct World {
    answers: HashMap<String, Vec<u8>>,
}

impl World {
    pub(crate) fn new(size: Size, is_cut: bool) -> Self {
        let mut world = Self {
            answers: HashMap::new(),
        };
        world.regions();
        world.trails(size);
        world.filters(size, is_cut);
        world.alarms(size);
        world.topics(size);
        world
    }

    /// The answer for this account; none where there is nothing to tell.
    pub(crate) fn answer(
        &self,
        operation: &str,
        about: &str,
        page: usize,
        account: &str,
    ) -> Option<Vec<u8>> {
        let body = self.answers.get(&key(operation, about, page))?;
        Some(renamed(body, account))
    }

    fn add(&mut self, operation: &str, about: &str, page: usize, body: Vec<u8>) {
        self.answers.insert(key(operation, about, page), body);
    }

    fn regions(&mut self) {
        let regions: Vec<Value> = ENABLED
            .iter()
            .map(|region| json!({"RegionName": region, "RegionOptStatus": "ENABLED_BY_DEFAULT"}))
            .collect();
        self.add("ListRegions", HOME, 0, text(&json!({ "Regions": regions })));
    }

    fn trails(&mut self, size: Size) {
        let trails: Vec<Value> = (0..groups(size))
            .map(|index| {
                json!({
                    "Name": trail(index), "TrailARN": trail_arn(index), "HomeRegion": HOME, "S3BucketName": "logs",
                    "IsMultiRegionTrail": true, "IncludeGlobalServiceEvents": true, "IsOrganizationTrail": false,
                    "LogFileValidationEnabled": true, "HasCustomEventSelectors": true, "HasInsightSelectors": false,
                    "CloudWatchLogsLogGroupArn": format!("arn:aws:logs:{HOME}:{TEMPLATE}:log-group:{}:*", group(index)),
                    "CloudWatchLogsRoleArn": format!("arn:aws:iam::{TEMPLATE}:role/cloudtrail"),
                })
            })
            .collect();
        self.add(
            "DescribeTrails",
            HOME,
            0,
            text(&json!({ "trailList": trails })),
        );
        let status = json!({"IsLogging": true, "StartLoggingTime": 1_700_000_000.0, "LatestDeliveryTime": now(),
            "LatestCloudWatchLogsDeliveryTime": now()});
        for index in 0..groups(size) {
            self.add("GetTrailStatus", &trail(index), 0, text(&status));
            let selectors = json!({"TrailARN": trail_arn(index), "EventSelectors": [
                {"ReadWriteType": "All", "IncludeManagementEvents": true, "DataResources": [], "ExcludeManagementEventSources": []}]});
            self.add("GetEventSelectors", &trail(index), 0, text(&selectors));
            let groups = json!({"logGroups": [{"logGroupName": group(index), "logGroupClass": "STANDARD",
                "arn": format!("arn:aws:logs:{HOME}:{TEMPLATE}:log-group:{}:*", group(index)), "storedBytes": 1_000_000}]});
            self.add("DescribeLogGroups", &group(index), 0, text(&groups));
        }
    }

    fn filters(&mut self, size: Size, is_cut: bool) {
        let ours = controls()
            .filter(|control| !(is_cut && control.key == CUT))
            .map(|control| {
                (
                    required(control),
                    control.metric_name.as_str(),
                    "CISBenchmark",
                )
            })
            .map(|(pattern, metric, space)| filter(metric, pattern, metric, space, 0));
        let others = (15..size.filters).map(|index| {
            // What teams count in a trail's log group: calls, refusals, callers.
            let pattern = match index % 4 {
                0 => format!("{{ ($.eventSource = \"ec2.amazonaws.com\") && ($.eventName = \"RunInstances{index}\") }}"),
                1 => format!("{{ ($.errorCode = \"*Exception\") && ($.userIdentity.arn = \"*role/service-{index}*\") }}"),
                2 => format!("{{ $.eventName = Delete* && $.requestParameters.bucketName = \"data-{index}-*\" }}"),
                _ => format!("{{ ($.eventName = AssumeRole) && ($.sourceIPAddress != 10.0.{}.*) }}", index % 250),
            };
            let name = format!("application-{index}");
            filter(&name, &pattern, &name, "Application", index)
        });
        let mut all: Vec<Vec<Value>> = vec![Vec::new(); groups(size)];
        for (at, mut filter) in ours.chain(others).enumerate() {
            let index = (at / FILTERS_OF_A_GROUP).min(groups(size) - 1);
            filter["logGroupName"] = json!(group(index));
            all[index].push(filter);
        }
        for (index, filters) in all.into_iter().enumerate() {
            let pages: Vec<_> = filters.chunks(FILTERS_OF_A_PAGE).collect();
            for (page, filters) in pages.iter().enumerate() {
                let mut body = json!({ "metricFilters": filters });
                if page + 1 < pages.len() {
                    body["nextToken"] = json!(format!("page-{}", page + 1));
                }
                self.add("DescribeMetricFilters", &group(index), page, text(&body));
            }
        }
    }

    fn alarms(&mut self, size: Size) {
        let ours = controls()
            .map(|control| alarm(&control.alarm_name, "CISBenchmark", &control.metric_name, 0));
        let others = (15..size.alarms).map(|index| {
            // A third is on metrics of the account's own.
            let (space, metric) = match index % 3 {
                0 => ("Application", "Errors"),
                1 => ("AWS/EC2", "CPUUtilization"),
                _ => ("AWS/ApplicationELB", "TargetResponseTime"),
            };
            // 3 divides no number of topics here: each topic has alarms of every kind.
            alarm(
                &format!("service-{index}-alarm"),
                space,
                metric,
                index / 3 % size.topics,
            )
        });
        let alarms: Vec<_> = ours.chain(others).collect();
        let pages: Vec<_> = alarms.chunks(ALARMS_OF_A_PAGE).collect();
        for (page, alarms) in pages.iter().enumerate() {
            let list = cbor::list(alarms.iter().cloned());
            let body = if page + 1 < pages.len() {
                let token = cbor::text(&format!("page-{}", page + 1));
                cbor::map([("MetricAlarms", list), ("NextToken", token)])
            } else {
                cbor::map([("MetricAlarms", list)])
            };
            self.add("DescribeAlarms", HOME, page, body);
        }
    }

    fn topics(&mut self, size: Size) {
        for index in 0..size.topics {
            let arn = topic_arn(index);
            let policy = json!({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "SNS:Publish", "Resource": arn}]});
            let mut entries = String::new();
            let policy = policy.to_string().replace('"', "&quot;");
            for (key, value) in [
                ("Owner", TEMPLATE),
                ("Policy", &policy),
                ("TopicArn", &arn),
                ("SubscriptionsConfirmed", "1"),
                ("SubscriptionsPending", "0"),
                ("SubscriptionsDeleted", "0"),
            ] {
                let _ = write!(
                    entries,
                    "<entry><key>{key}</key><value>{value}</value></entry>"
                );
            }
            let attributes = format!("<Attributes>{entries}</Attributes>");
            self.add(
                "GetTopicAttributes",
                &topic(index),
                0,
                xml("GetTopicAttributes", &attributes),
            );
            let member = format!(
                "<member><SubscriptionArn>{arn}:s</SubscriptionArn><Owner>{TEMPLATE}</Owner><Protocol>email</Protocol>\
                 <Endpoint>team-{index}@example.com</Endpoint><TopicArn>{arn}</TopicArn></member>"
            );
            let list = format!("<Subscriptions>{member}</Subscriptions>");
            self.add(
                "ListSubscriptionsByTopic",
                &topic(index),
                0,
                xml("ListSubscriptionsByTopic", &list),
            );
            let entry = "<Attributes><entry><key>PendingConfirmation</key><value>false</value></entry></Attributes>";
            self.add(
                "GetSubscriptionAttributes",
                &topic(index),
                0,
                xml("GetSubscriptionAttributes", entry),
            );
        }
    }
}

fn key(operation: &str, about: &str, page: usize) -> String {
    format!("{operation} {about} {page}")
}

/// The body as another account would have it.
pub(crate) fn renamed(body: &[u8], account: &str) -> Vec<u8> {
    let mut body = body.to_vec();
    if account == TEMPLATE {
        return body;
    }
    let mut from = 0;
    while let Some(at) = find(&body[from..], TEMPLATE.as_bytes()) {
        let at = from + at;
        from = at + TEMPLATE.len();
        body[at..from].copy_from_slice(account.as_bytes());
    }
    body
}

/// The first place of a text in bytes.
pub(crate) fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    let first = *text.first()?;
    let mut from = 0;
    loop {
        let at = from + bytes.get(from..)?.iter().position(|byte| *byte == first)?;
        if bytes[at..].starts_with(text) {
            return Some(at);
        }
        from = at + 1;
    }
}

fn controls() -> impl Iterator<Item = &'static Control> {
    Catalogue::builtin().controls().iter()
}

/// A text that satisfies the control.
fn required(control: &Control) -> &str {
    let found = control
        .prescribed
        .iter()
        .rev()
        .find(|one| one.role == Role::Required);
    found
        .expect("each control requires something")
        .pattern
        .text()
}

fn groups(size: Size) -> usize {
    size.filters.div_ceil(FILTERS_OF_A_GROUP)
}

fn trail(index: usize) -> String {
    format!("trail-{index}")
}

fn trail_arn(index: usize) -> String {
    format!(
        "arn:aws:cloudtrail:{HOME}:{TEMPLATE}:trail/{}",
        trail(index)
    )
}

fn group(index: usize) -> String {
    format!("cloudtrail-{index}")
}

fn topic(index: usize) -> String {
    format!("alarms-{index:03}")
}

fn topic_arn(index: usize) -> String {
    format!("arn:aws:sns:{HOME}:{TEMPLATE}:{}", topic(index))
}

fn filter(name: &str, pattern: &str, metric: &str, space: &str, index: usize) -> Value {
    json!({"filterName": name, "filterPattern": pattern, "creationTime": 1_700_000_000_000_u64 + index as u64,
        "applyOnTransformedLogs": false,
        "metricTransformations": [{"metricName": metric, "metricNamespace": space, "metricValue": "1"}]})
}

fn alarm(name: &str, space: &str, metric: &str, topic: usize) -> Vec<u8> {
    let dimension = |name: &str, value: &str| {
        cbor::map([("Name", cbor::text(name)), ("Value", cbor::text(value))])
    };
    let dimensions = if space == "CISBenchmark" {
        vec![]
    } else {
        vec![dimension("Service", name), dimension("Stage", "production")]
    };
    let reason = "Threshold Crossed: 1 datapoint [0.0 (23/11/26 00:00:00)] was not greater than or equal to the threshold (1.0).";
    let data = r#"{"version":"1.0","queryDate":"2026-11-23T00:05:00.000+0000","startDate":"2026-11-23T00:00:00.000+0000","statistic":"Sum","period":300,"recentDatapoints":[0.0],"threshold":1.0,"evaluatedDatapoints":[{"timestamp":"2026-11-23T00:00:00.000+0000","sampleCount":1.0,"value":0.0}]}"#;
    let time = || cbor::time(1_790_000_000.123);
    cbor::map([
        ("AlarmName", cbor::text(name)),
        (
            "AlarmArn",
            cbor::text(&format!(
                "arn:aws:cloudwatch:{HOME}:{TEMPLATE}:alarm:{name}"
            )),
        ),
        (
            "AlarmDescription",
            cbor::text("Tells the team on call. Runbook: https://wiki.example.com/runbooks/alarms"),
        ),
        ("AlarmConfigurationUpdatedTimestamp", time()),
        ("ActionsEnabled", cbor::truth(true)),
        ("OKActions", cbor::list([])),
        ("AlarmActions", cbor::list([cbor::text(&topic_arn(topic))])),
        ("InsufficientDataActions", cbor::list([])),
        ("StateValue", cbor::text("OK")),
        ("StateReason", cbor::text(reason)),
        ("StateReasonData", cbor::text(data)),
        ("StateUpdatedTimestamp", time()),
        ("StateTransitionedTimestamp", time()),
        ("MetricName", cbor::text(metric)),
        ("Namespace", cbor::text(space)),
        ("Statistic", cbor::text("Sum")),
        ("Dimensions", cbor::list(dimensions)),
        ("Period", cbor::number(300)),
        ("EvaluationPeriods", cbor::number(1)),
        ("DatapointsToAlarm", cbor::number(1)),
        ("Threshold", cbor::double(1.0)),
        (
            "ComparisonOperator",
            cbor::text("GreaterThanOrEqualToThreshold"),
        ),
        ("TreatMissingData", cbor::text("notBreaching")),
    ])
}

fn now() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.expect("after 1970").as_secs_f64()
}

fn text(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}
