//! What the tests of this command share.

use super::look::Brief;
use crate::assess::Expectations;
use crate::cli::connect::Prepared;
use crate::control::{Benchmark, Catalogue};
use crate::heal::fixture::{QUEUE, TOPIC, whole};
use crate::heal::{ExpectedSubscription, HealPolicy};
use crate::snapshot::Snapshot;

/// The chain of the fixture is what the configuration names.
pub(super) fn brief_of(controls: &[&str]) -> Brief {
    let policy = HealPolicy {
        topics: vec![TOPIC.to_owned()],
        subscriptions: vec![ExpectedSubscription {
            protocol: "sqs".to_owned(),
            endpoint: QUEUE.to_owned(),
        }],
        ..HealPolicy::default()
    };
    let controls = controls.iter().map(|name| {
        let found = Catalogue::builtin().select(&[(*name).to_owned()], &Benchmark::Any);
        found.unwrap().remove(0).clone()
    });
    let expectations: Expectations = policy.expectations();
    Brief {
        prepared: Prepared {
            controls: controls.collect(),
            benchmark: Benchmark::Any,
            expectations,
        },
        policy,
    }
}

/// The account of the fixture after somebody deleted the metric filter and the alarm.
pub(super) fn without_filter_and_alarm() -> Snapshot {
    let mut account = whole();
    let filters = account.metric_filters.as_mut().unwrap();
    filters.retain(|one| one.filter_name != "who-touched-cloudtrail");
    let alarms = account.alarms.as_mut().unwrap();
    alarms.retain(|one| one.alarm_name != "cloudtrail-touched");
    account
}
