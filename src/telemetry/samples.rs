//! Accounts of every kind to draw, count and print in this room's tests.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::json;

use super::logs::{Format, subscriber};
use super::report::{ControlInfo, ControlReport};
use super::status::{AccountStatus, ControlStatus};
use crate::assess::{
    Assessment, Chain, Finding, Link, LinkState, Literal, LiteralVerdict, Verdict, Warning,
    WarningCode,
};
use crate::event::Actor;
use crate::heal::{Plan, Repair, Step, StepAction};
use crate::snapshot::{
    AccountId, Alarm, LogGroup, MetricFilter, MetricTransformation, Subscription, Topic, Trail,
};

/// What an intruder might call himself and his things: markup, a terminal's clear-screen and colours, line breaks, an
/// override of text direction, a space of no width.
pub(crate) const HOSTILE: &str =
    "<script>alert(1)</script>\"'&\u{1b}[2J\u{1b}[31m\r\nFAKE line\u{202e}gnp.exe\u{200b}\u{9b}0m";

/// What must never stand in any output for people.
pub(crate) const NEVER: [&str; 7] = [
    "<script", "\u{1b}", "\r", "\nFAKE", "\u{202e}", "\u{200b}", "\u{9b}",
];

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

pub(crate) fn info() -> ControlInfo {
    ControlInfo {
        key: "cloudtrail-config-changes".to_owned(),
        cis: Some("4.5".to_owned()),
        security_hub: Some("CloudWatch.5".to_owned()),
        title: "Changes of CloudTrail's configuration are told to somebody".to_owned(),
        severity: "LOW".to_owned(),
    }
}

/// A whole chain whose resources carry this name.
pub(crate) fn chain(name: &str) -> Chain {
    let filter = MetricFilter {
        region: "eu-central-1".to_owned(),
        log_group_name: format!("/aws/cloudtrail/{name}"),
        filter_name: name.to_owned(),
        metric_transformations: vec![MetricTransformation {
            metric_name: format!("{name}_metric"),
            metric_namespace: "CISBenchmark".to_owned(),
            metric_value: "1".to_owned(),
            ..MetricTransformation::default()
        }],
        ..MetricFilter::default()
    };
    Chain {
        trail: Some(Arc::new(Trail {
            name: name.to_owned(),
            ..Trail::default()
        })),
        selectors: Some(Arc::default()),
        log_group: Some(Arc::new(LogGroup {
            region: "eu-central-1".to_owned(),
            log_group_name: format!("/aws/cloudtrail/{name}"),
            log_group_class: None,
        })),
        filters: vec![filter],
        alarms: vec![Alarm {
            alarm_name: format!("{name}_alarm"),
            ..Alarm::default()
        }],
        topic: Some(Arc::new(Topic {
            topic_arn: format!("arn:aws:sns:eu-central-1:111122223333:{name}"),
            ..Topic::default()
        })),
        subscriptions: vec![Arc::new(Subscription {
            protocol: "email".to_owned(),
            endpoint: format!("{name}@example.com"),
            ..Subscription::default()
        })],
    }
}

pub(crate) fn passing() -> Assessment {
    Assessment {
        control: info().key,
        verdict: Verdict::Pass,
        broken_link: None,
        findings: Vec::new(),
        warnings: Vec::new(),
        links: Link::CHAIN.map(|link| (link, LinkState::Ok)).into(),
        chain: chain("config-changes"),
        audience: Vec::new(),
        region: Some("eu-central-1".to_owned()),
        literal_cis: None,
        literal_security_hub: None,
    }
}

/// Cut at a link, with everything that a finding can say, about resources of this name.
pub(crate) fn cut_at(link: Link, name: &str) -> Assessment {
    let state = |one: Link| match one.cmp(&link) {
        std::cmp::Ordering::Less => LinkState::Ok,
        std::cmp::Ordering::Equal => LinkState::Broken,
        std::cmp::Ordering::Greater => LinkState::Undecided,
    };
    Assessment {
        verdict: Verdict::Fail,
        broken_link: Some(link),
        findings: vec![Finding {
            link,
            resource: Some(name.to_owned()),
            message: format!("the filter {name} does not match every required event"),
            remedy: Some(format!("aws logs put-metric-filter --filter-name '{name}'")),
            missing_events: vec!["StopLogging".to_owned(), "DeleteTrail".to_owned()],
            counterexample: Some(json!({"eventName": "StopLogging", "userAgent": name})),
        }],
        warnings: vec![Warning {
            code: WarningCode::NoisyPattern,
            message: format!("{name} also matches what is not required"),
        }],
        links: Link::CHAIN.map(|one| (one, state(one))).into(),
        chain: chain(name),
        literal_security_hub: Some(Literal {
            verdict: LiteralVerdict::Fail,
            code: Some("CLOUDTRAIL_METRIC_FILTER_NOT_VALID"),
            differs: Some(format!("the text of {name} is not the prescribed one")),
        }),
        ..passing()
    }
}

pub(crate) fn undecided() -> Assessment {
    Assessment {
        verdict: Verdict::Unknown,
        broken_link: Some(Link::Visibility),
        findings: vec![Finding {
            link: Link::Visibility,
            resource: Some("arn:aws:sns:eu-central-1:444455556666:security".to_owned()),
            message: "the subscriptions of the topic were not seen: sns:ListSubscriptionsByTopic was denied".to_owned(),
            remedy: Some("allow sns:ListSubscriptionsByTopic".to_owned()),
            missing_events: Vec::new(),
            counterexample: None,
        }],
        links: Link::CHAIN
            .map(|link| match link {
                Link::Subscription => (link, LinkState::Undecided),
                _ => (link, LinkState::Ok),
            })
            .into(),
        ..passing()
    }
}

/// Somebody whose every field carries this name.
pub(crate) fn actor(name: &str) -> Actor {
    Actor {
        principal_arn: Some(format!(
            "arn:aws:sts::111122223333:assumed-role/admin/{name}"
        )),
        source_address: Some("203.0.113.7".to_owned()),
        user_agent: Some(format!("aws-cli/2.27 {name}")),
        event_name: "DeleteMetricFilter".to_owned(),
        event_id: "0d5f1f4e-9f0a-4a2b-8a52-6a3a1c1c9d11".to_owned(),
        time: time("2026-08-01T11:59:30Z"),
    }
}

pub(crate) fn plan(name: &str) -> Plan {
    Plan {
        steps: vec![
            Step {
                link: Link::Pattern,
                summary: format!("put back the filter {name} as it was"),
                action: StepAction::Repair(Repair::PutMetricFilter {
                    filter: chain(name).filters.remove(0),
                }),
            },
            Step {
                link: Link::Subscription,
                summary: format!("have {name}@example.com confirmed"),
                action: StepAction::Ask {
                    reason: "only the owner of the address can confirm it".to_owned(),
                    command: format!("aws sns subscribe --notification-endpoint '{name}'"),
                },
            },
        ],
    }
}

pub(crate) fn status(assessment: &Assessment, by: Option<&Actor>) -> ControlStatus {
    ControlStatus {
        report: ControlReport::new(&info(), assessment, |_| by.cloned()),
        since: time("2026-08-01T11:48:00Z"),
        actor: by.cloned().map(Box::new),
        plan: by.map(|_| plan("config-changes")),
    }
}

pub(crate) fn account_status(id: &str, controls: Vec<ControlStatus>) -> AccountStatus {
    AccountStatus {
        account_id: account(id),
        evaluated_at: time("2026-08-01T12:00:00Z"),
        controls,
    }
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is logged while this thread acts.
pub(crate) fn logged(format: Format, level: &str, act: impl FnOnce()) -> String {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    let subscriber = subscriber(format, level, move || writer.clone()).unwrap();
    tracing::subscriber::with_default(subscriber, act);
    let bytes = buffer.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}
