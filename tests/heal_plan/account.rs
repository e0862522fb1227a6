//! An account whose chain is whole, and what may be mended.

use std::collections::BTreeSet;

use trailwarden::assess::{Assessment, Chain, Link, Verdict, assess};
use trailwarden::control::{Benchmark, Catalogue, Control};
use trailwarden::heal::{ExpectedSubscription, HealPolicy, Plan, plan};
use trailwarden::snapshot::Snapshot;

pub(crate) use crate::cuts::*;

pub(crate) const QUEUE: &str = "arn:aws:sqs:us-east-1:111122223333:security";

pub(crate) fn whole() -> Snapshot {
    Snapshot::from_json(include_str!("../fixtures/heal-whole-chain.json")).unwrap()
}

pub(crate) fn control() -> &'static Control {
    control_of("cloudtrail-config-changes")
}

pub(crate) fn control_of(key: &str) -> &'static Control {
    Catalogue::builtin()
        .controls()
        .iter()
        .find(|control| control.key == key)
        .unwrap()
}

pub(crate) fn judged(snapshot: &Snapshot, policy: &HealPolicy) -> Assessment {
    assess(
        snapshot,
        control(),
        &policy.expectations(),
        &policy.benchmark,
    )
}

pub(crate) fn planned(snapshot: &Snapshot, known: Option<&Chain>, policy: &HealPolicy) -> Plan {
    plan(
        snapshot,
        &judged(snapshot, policy),
        control(),
        known,
        policy,
    )
}

pub(crate) fn known_good() -> Chain {
    let assessment = judged(&whole(), &HealPolicy::default());
    assert_eq!(assessment.verdict, Verdict::Pass);
    assessment.chain
}

pub(crate) fn every_link() -> BTreeSet<Link> {
    Link::CHAIN.into_iter().collect()
}

pub(crate) fn queue() -> ExpectedSubscription {
    ExpectedSubscription {
        protocol: "sqs".to_owned(),
        endpoint: QUEUE.to_owned(),
    }
}

pub(crate) fn policy(links: BTreeSet<Link>) -> HealPolicy {
    HealPolicy {
        links,
        topics: vec![TOPIC.to_owned()],
        subscriptions: vec![queue()],
        benchmark: Benchmark::Any,
    }
}

pub(crate) fn cut(cuts: &[Cut]) -> Snapshot {
    let mut account = whole();
    for cut in Cut::ALL
        .iter()
        .chain(&Cut::FOR_A_PERSON)
        .filter(|cut| cuts.contains(cut))
    {
        cut.make(&mut account);
    }
    account
}
