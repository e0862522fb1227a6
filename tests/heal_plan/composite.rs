//! Chains in which a composite alarm tells.

use std::collections::BTreeSet;

use trailwarden::heal::{HealPolicy, Repair, StepAction};
use trailwarden::snapshot::{Alarm, Snapshot};

use crate::account::{every_link, judged, planned, policy, whole};
use crate::laws::{asks, show};

/// The chain with a composite alarm that has the first alarm's actions in its place.
fn with_a_composite() -> Snapshot {
    let mut account = whole();
    let alarms = account.alarms.as_mut().unwrap();
    let mut composite = Alarm {
        alarm_arn: "arn:aws:cloudwatch:us-east-1:111122223333:alarm:tells".to_owned(),
        alarm_name: "tells".to_owned(),
        alarm_type: Some("CompositeAlarm".to_owned()),
        alarm_rule: Some("ALARM(\"cloudtrail-touched\")".to_owned()),
        actions_enabled: Some(true),
        state_value: Some("OK".to_owned()),
        ..Alarm::default()
    };
    composite.alarm_actions = std::mem::take(&mut alarms[0].alarm_actions);
    alarms.push(composite);
    account
}

#[test]
fn a_child_that_was_silent_comes_back_silent() {
    let mut account = with_a_composite();
    let child = &mut account.alarms.as_mut().unwrap()[0];
    child.actions_enabled = Some(false);
    child.ok_actions = vec!["arn:aws:sns:us-east-1:111122223333:others".to_owned()];
    let policy = policy(every_link());
    let known = judged(&account, &policy).chain;
    assert_eq!(known.alarms.len(), 2);
    let mut start = account;
    start.alarms.as_mut().unwrap().remove(0);
    let found = planned(&start, Some(&known), &policy);
    let [(_, Repair::PutMetricAlarm { alarm, .. })] = found.repairs().collect::<Vec<_>>()[..]
    else {
        panic!("{}", show(&found))
    };
    assert_eq!(alarm.alarm_name, "cloudtrail-touched");
    assert_eq!(alarm.actions_enabled, Some(false));
}

#[test]
fn a_lost_composite_alarm_is_replaced_by_one_that_tells_or_asked_for() {
    let account = with_a_composite();
    let policy = policy(every_link());
    let known = judged(&account, &policy).chain;
    assert_eq!(known.alarms.len(), 2);
    let mut start = account;
    start
        .alarms
        .as_mut()
        .unwrap()
        .retain(|alarm| alarm.alarm_name != "tells");
    let found = planned(&start, Some(&known), &policy);
    let [(_, Repair::PutMetricAlarm { alarm, .. })] = found.repairs().collect::<Vec<_>>()[..]
    else {
        panic!("{}", show(&found))
    };
    assert_eq!(
        (alarm.alarm_name.as_str(), asks(&found)),
        ("cloudtrail_cfg_changes_alarm", 0)
    );

    let nothing = HealPolicy {
        links: BTreeSet::new(),
        ..policy
    };
    let found = planned(&start, Some(&known), &nothing);
    let StepAction::Ask { command, .. } = &found.steps[0].action else {
        panic!("not asked")
    };
    assert!(
        command.starts_with("aws cloudwatch put-composite-alarm "),
        "{command}"
    );
}
