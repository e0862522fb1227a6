use super::*;
use crate::heal::fixture::{QUEUE, REGION, TOPIC, TRAIL, whole};
use crate::snapshot::{EventSelector, EventSelectors, TopicAttributes};

fn filter_of(snapshot: &Snapshot) -> MetricFilter {
    snapshot.metric_filters.as_ref().unwrap()[0].clone()
}

fn alarm_of(snapshot: &Snapshot) -> Alarm {
    snapshot.alarms.as_ref().unwrap()[0].clone()
}

fn put_alarm(alarm: Alarm) -> Repair {
    Repair::PutMetricAlarm {
        region: REGION.to_owned(),
        alarm: Box::new(alarm),
    }
}

fn subscribe_to(topic_arn: &str, protocol: &str, endpoint: &str) -> Repair {
    Repair::Subscribe {
        topic_arn: topic_arn.to_owned(),
        protocol: protocol.to_owned(),
        endpoint: endpoint.to_owned(),
    }
}

#[test]
fn a_filter_is_replaced_by_name_and_refused_without_its_group() {
    let before = whole();
    let mut filter = filter_of(&before);
    filter.filter_pattern = Some("{ $.eventName = StopLogging }".to_owned());
    let repair = Repair::PutMetricFilter {
        filter: filter.clone(),
    };
    let mut expected = before.clone();
    expected.metric_filters.as_mut().unwrap()[0] = filter.clone();
    assert_eq!(apply_to(&before, &repair), expected);

    filter.log_group_name = "gone".to_owned();
    assert_eq!(
        apply_to(&before, &Repair::PutMetricFilter { filter }),
        before
    );
}

#[test]
fn an_alarm_is_replaced_but_for_what_cloudwatch_writes() {
    let before = whole();
    let mut broken = before.clone();
    let alarm = &mut broken.alarms.as_mut().unwrap()[0];
    alarm.threshold = Some(5.0);
    alarm.state_value = Some("ALARM".to_owned());
    let after = apply_to(&broken, &put_alarm(alarm_of(&before)));
    assert_eq!(after, before);
}

#[test]
fn an_alarm_written_as_it_is_keeps_its_state() {
    let mut before = whole();
    before.alarms.as_mut().unwrap()[0].state_value = Some("ALARM".to_owned());
    assert_eq!(apply_to(&before, &put_alarm(alarm_of(&before))), before);
}

#[test]
fn a_composite_alarm_or_a_sixth_action_refuses_the_write() {
    let before = whole();
    let mut composite = before.clone();
    composite.alarms.as_mut().unwrap()[0].alarm_rule = Some("ALARM(a)".to_owned());
    assert_eq!(
        apply_to(&composite, &put_alarm(alarm_of(&before))),
        composite
    );
    let mut alarm = alarm_of(&before);
    alarm.alarm_actions = (0..6).map(|number| format!("{TOPIC}{number}")).collect();
    assert_eq!(apply_to(&before, &put_alarm(alarm)), before);
}

#[test]
fn actions_are_enabled_and_nothing_else() {
    let before = whole();
    let mut disabled = before.clone();
    disabled.alarms.as_mut().unwrap()[0].actions_enabled = Some(false);
    let repair = Repair::EnableAlarmActions {
        region: REGION.to_owned(),
        alarm_name: "cloudtrail-touched".to_owned(),
    };
    assert_eq!(apply_to(&disabled, &repair), before);
    assert_eq!(apply_to(&before, &repair), before);
}

#[test]
fn a_created_topic_has_its_old_arn_and_no_subscriptions() {
    let mut before = whole();
    before
        .topics
        .as_mut()
        .unwrap()
        .retain(|topic| topic.topic_arn != TOPIC);
    let repair = Repair::CreateTopic {
        region: REGION.to_owned(),
        name: "cis-alarms".to_owned(),
    };
    let after = apply_to(&before, &repair);
    let topic = find_topic(&after, TOPIC).unwrap();
    assert_eq!(
        topic.attributes,
        TopicAttributes {
            owner: Some("111122223333".to_owned()),
            subscriptions_confirmed: Some("0".to_owned()),
            subscriptions_pending: Some("0".to_owned()),
            subscriptions_deleted: Some("0".to_owned()),
            ..TopicAttributes::default()
        }
    );
    assert!(
        after
            .subscriptions
            .iter()
            .flatten()
            .all(|subscription| subscription.topic_arn != TOPIC)
    );
    assert_eq!(apply_to(&after, &repair), after);
}

#[test]
fn a_queue_is_subscribed_at_once_and_an_address_waits() {
    let mut before = whole();
    before.subscriptions = Some(Vec::new());
    let state = |protocol: &str, endpoint: &str| {
        let after = apply_to(&before, &subscribe_to(TOPIC, protocol, endpoint));
        let attributes = &find_topic(&after, TOPIC).unwrap().attributes;
        let counts = (
            attributes.subscriptions_confirmed.clone().unwrap(),
            attributes.subscriptions_pending.clone().unwrap(),
        );
        (
            after.subscriptions.unwrap()[0].subscription_arn == PENDING_CONFIRMATION,
            counts,
        )
    };
    assert_eq!(state("sqs", QUEUE), (false, ("1".into(), "0".into())));
    assert_eq!(
        state("email", "sec@example.com"),
        (true, ("0".into(), "1".into()))
    );
}

#[test]
fn an_endpoint_is_subscribed_once_and_to_a_topic_that_exists() {
    let before = whole();
    assert_eq!(
        apply_to(&before, &subscribe_to(TOPIC, "sqs", QUEUE)),
        before
    );
    assert_eq!(
        apply_to(
            &before,
            &subscribe_to(&format!("{TOPIC}-gone"), "sqs", QUEUE)
        ),
        before
    );
}

#[test]
fn a_started_trail_delivers_again() {
    let mut before = whole();
    let status = before.trail_status.get_mut(TRAIL).unwrap();
    status.is_logging = Some(false);
    status.latest_cloud_watch_logs_delivery_time = None;
    let after = apply_to(
        &before,
        &Repair::StartLogging {
            region: REGION.to_owned(),
            trail_arn: TRAIL.to_owned(),
        },
    );
    let status = &after.trail_status[TRAIL];
    assert_eq!(
        (
            status.is_logging,
            status.start_logging_time,
            status.latest_cloud_watch_logs_delivery_time
        ),
        (Some(true), Some(before.now), Some(before.now))
    );
}

#[test]
fn update_trail_leaves_absent_fields_and_needs_the_group() {
    let before = whole();
    let update = |group: &str| Repair::UpdateTrail {
        region: REGION.to_owned(),
        trail_arn: TRAIL.to_owned(),
        multi_region: None,
        delivery: Some(LogDelivery {
            log_group_arn: format!("arn:aws:logs:us-east-1:111122223333:log-group:{group}:*"),
            role_arn: "arn:aws:iam::111122223333:role/ct".to_owned(),
        }),
    };
    let mut cut = before.clone();
    cut.trails.as_mut().unwrap()[0].cloud_watch_logs_log_group_arn = None;
    let after = apply_to(&cut, &update("ct"));
    assert_eq!(after.trails, before.trails);
    assert_eq!(apply_to(&cut, &update("gone")), cut);
}

#[test]
fn a_created_group_receives_the_records_of_the_trail_that_names_it() {
    let mut before = whole();
    before
        .log_groups
        .retain(|group| group.log_group_name != "ct");
    before
        .metric_filters
        .as_mut()
        .unwrap()
        .retain(|filter| filter.log_group_name != "ct");
    before
        .trail_status
        .get_mut(TRAIL)
        .unwrap()
        .latest_cloud_watch_logs_delivery_error = Some("ResourceNotFoundException".to_owned());
    let after = apply_to(
        &before,
        &Repair::CreateLogGroup {
            region: REGION.to_owned(),
            name: "ct".to_owned(),
        },
    );
    assert!(group_exists(&after, REGION, "ct"));
    assert_eq!(
        after.trail_status[TRAIL].latest_cloud_watch_logs_delivery_error,
        None
    );
}

#[test]
fn selectors_are_replaced_whole() {
    let before = whole();
    let selectors = EventSelectors {
        event_selectors: Some(vec![EventSelector::default()]),
        advanced_event_selectors: None,
    };
    let repair = |trail_arn: &str| Repair::PutEventSelectors {
        region: REGION.to_owned(),
        trail_arn: trail_arn.to_owned(),
        selectors: selectors.clone(),
    };
    assert_eq!(
        apply_to(&before, &repair(TRAIL)).event_selectors[TRAIL],
        selectors
    );
    assert_eq!(apply_to(&before, &repair("arn:gone")), before);
}

#[test]
fn a_list_that_was_not_looked_at_stays_a_hole() {
    let mut before = whole();
    before.metric_filters = None;
    before.alarms = None;
    before.topics = None;
    before.subscriptions = None;
    let seen = whole();
    for repair in [
        Repair::PutMetricFilter {
            filter: filter_of(&seen),
        },
        put_alarm(alarm_of(&seen)),
        Repair::CreateTopic {
            region: REGION.to_owned(),
            name: "cis-alarms".to_owned(),
        },
        subscribe_to(TOPIC, "sqs", QUEUE),
    ] {
        assert_eq!(apply_to(&before, &repair), before);
    }
}
