use serde_json::json;

use super::*;
use crate::assess::{Assessment, Expectations, Verdict, assess};
use crate::control::{Benchmark, Catalogue, Control};
use crate::snapshot::{Alarm, Dimension, MetricFilter, Snapshot, Subscription};

const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:cis-alarms";
const ALARM_ARN: &str = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a";

fn whole() -> Snapshot {
    let text = include_str!("../../tests/fixtures/compliant-snapshot.json");
    Snapshot::from_json(text).unwrap()
}

fn control(id: &str) -> Control {
    let catalogue = Catalogue::builtin();
    catalogue.find(id, &Benchmark::Any).unwrap().clone()
}

fn judged(snapshot: &Snapshot, control: &Control) -> Assessment {
    assess(snapshot, control, &Expectations::default(), &Benchmark::Any)
}

fn name() -> DrillName {
    DrillName::new(at(0), "x")
}

/// Seconds after the begin.
fn at(seconds: i64) -> jiff::Timestamp {
    let begin: jiff::Timestamp = "2026-11-23T00:10:00Z".parse().unwrap();
    begin + jiff::SignedDuration::from_secs(seconds)
}

fn planned(snapshot: &Snapshot, control: &Control) -> Result<Plan, Refusal> {
    let assessment = judged(snapshot, control);
    plan(snapshot, control, &Benchmark::Any, &assessment, name())
}

fn filter(snapshot: &mut Snapshot) -> &mut MetricFilter {
    &mut snapshot.metric_filters.as_mut().unwrap()[0]
}

fn alarm(snapshot: &mut Snapshot) -> &mut Alarm {
    &mut snapshot.alarms.as_mut().unwrap()[0]
}

#[test]
fn a_chain_that_passes_is_planned_whole() {
    let plan = planned(&whole(), &control("4.5")).unwrap();
    assert_eq!(plan.region, "us-east-1");
    assert_eq!(plan.log_group, "ct");
    assert_eq!(
        plan.metrics,
        [MetricTarget {
            namespace: "CISBenchmark".to_owned(),
            name: "m".to_owned(),
            dimensions: vec![],
        }]
    );
    assert_eq!(
        plan.alarms,
        [AlarmTarget {
            arn: ALARM_ARN.to_owned(),
            name: "a".to_owned()
        }]
    );
    assert_eq!(
        plan.bells,
        [Bell {
            alarm_arn: ALARM_ARN.to_owned(),
            topic_arn: TOPIC.to_owned()
        }]
    );
    assert_eq!(plan.actions, [TOPIC]);
    assert_eq!(plan.also, [""; 0]);
    let told: Vec<_> = plan.told.iter().map(|one| one.endpoint.as_str()).collect();
    assert_eq!(told, ["arn:aws:sqs:us-east-1:111122223333:inbox"]);
    let [record] = plan.records.as_slice() else {
        panic!("{:?}", plan.records);
    };
    assert_eq!(record["eventName"], "CreateTrail");
    assert_eq!(record["eventSource"], "cloudtrail.amazonaws.com");
    assert_eq!(record["eventTime"], "2026-11-23T00:10:00Z");
    assert_eq!(record["awsRegion"], "us-east-1");
    assert_eq!(record["recipientAccountId"], "111122223333");
    assert_eq!(record["userIdentity"]["userName"], "trailwarden-drill");
    assert_eq!(record["eventID"], name().as_str());
    assert_eq!(record[MARK]["name"], name().as_str());
}

#[test]
fn every_prescribed_pattern_has_a_record_that_is_marked() {
    for control in Catalogue::builtin().controls() {
        for prescribed in control.required(&Benchmark::Any) {
            let text = prescribed.pattern.text();
            let mut snapshot = whole();
            filter(&mut snapshot).filter_pattern = Some(text.to_owned());
            let plan = planned(&snapshot, control)
                .unwrap_or_else(|refusal| panic!("{} {text}: {refusal}", control.key));
            let [record] = plan.records.as_slice() else {
                panic!("{}: {:?}", control.key, plan.records);
            };
            assert!(prescribed.pattern.matches(&record.to_string()).is_yes());
            assert_eq!(record[MARK]["name"], name().as_str(), "{text}");
            assert_eq!(record["eventID"], name().as_str(), "{text}");
            assert_eq!(record["sourceIPAddress"], "192.0.2.1", "{text}");
        }
    }
}

#[test]
fn what_a_pattern_forbids_is_left_out_but_never_the_mark() {
    let own = |pattern: &str| {
        let control = Control::own("own", "Own", pattern).unwrap();
        let mut snapshot = whole();
        filter(&mut snapshot).filter_pattern = Some(pattern.to_owned());
        planned(&snapshot, &control)
    };
    let pattern = "{ $.eventName = X && $.userAgent NOT EXISTS && $.readOnly IS TRUE }";
    let plan = own(pattern).unwrap();
    let record = &plan.records[0];
    assert_eq!(record.get("userAgent"), None);
    assert_eq!(record["readOnly"], true);
    assert_eq!(record["sourceIPAddress"], "192.0.2.1");
    assert_eq!(record[MARK]["name"], name().as_str());

    let refusal = own("{ $.eventName = X && $.trailwardenDrill NOT EXISTS }").unwrap_err();
    assert!(matches!(refusal, Refusal::NoRecord { .. }), "{refusal}");
    assert_eq!(refusal.verdict(), None);
}

#[test]
fn the_record_carries_what_the_alarms_dimension_picks() {
    let control = Control::own("own", "Own", "{ $.eventName = StopLogging }").unwrap();
    let mut snapshot = whole();
    filter(&mut snapshot).filter_pattern = Some("{ $.eventName = StopLogging }".to_owned());
    let into = &mut filter(&mut snapshot).metric_transformations[0];
    into.dimensions
        .insert("Name".to_owned(), "$.eventName".to_owned());
    let picked = Dimension {
        name: "Name".to_owned(),
        value: "StopLogging".to_owned(),
    };
    alarm(&mut snapshot).dimensions = vec![picked.clone()];
    let plan = planned(&snapshot, &control).unwrap();
    assert_eq!(plan.records[0]["eventName"], "StopLogging");
    assert_eq!(plan.metrics[0].dimensions, [picked]);
}

#[test]
fn a_chain_of_several_filters_is_tried_through_each() {
    let mut snapshot = whole();
    let mut second = filter(&mut snapshot).clone();
    filter(&mut snapshot).filter_pattern =
        Some("{ $.eventName = CreateTrail || $.eventName = UpdateTrail }".to_owned());
    second.filter_name = "g".to_owned();
    second.filter_pattern = Some(
        "{ $.eventName = DeleteTrail || $.eventName = StartLogging || $.eventName = StopLogging }"
            .to_owned(),
    );
    second.metric_transformations[0].metric_name = "n".to_owned();
    let mut other = alarm(&mut snapshot).clone();
    other.alarm_name = "b".to_owned();
    other.alarm_arn = format!("{ALARM_ARN}-2");
    other.metric_name = Some("n".to_owned());
    snapshot.metric_filters.as_mut().unwrap().push(second);
    snapshot.alarms.as_mut().unwrap().push(other);

    let plan = planned(&snapshot, &control("4.5")).unwrap();
    let mut names: Vec<&str> = plan
        .records
        .iter()
        .filter_map(|one| one["eventName"].as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["CreateTrail", "DeleteTrail"]);
    assert_eq!(
        (plan.metrics.len(), plan.alarms.len(), plan.bells.len()),
        (2, 2, 2)
    );
}

#[test]
fn alarms_that_the_record_trips_beside_the_chain_are_named() {
    let mut snapshot = whole();
    let mut beside = filter(&mut snapshot).clone();
    beside.filter_name = "everything".to_owned();
    beside.filter_pattern = Some(String::new());
    beside.metric_transformations[0].metric_name = "all".to_owned();
    let mut other = alarm(&mut snapshot).clone();
    other.alarm_name = "pager".to_owned();
    other.alarm_arn = format!("{ALARM_ARN}-pager");
    other.metric_name = Some("all".to_owned());
    other.alarm_actions = vec!["arn:aws:lambda:us-east-1:111122223333:function:f".to_owned()];
    snapshot.metric_filters.as_mut().unwrap().push(beside);
    snapshot.alarms.as_mut().unwrap().push(other);
    let plan = planned(&snapshot, &control("4.5")).unwrap();
    assert_eq!(plan.also, ["pager"]);
    assert_eq!(
        plan.actions,
        ["arn:aws:lambda:us-east-1:111122223333:function:f", TOPIC]
    );

    // Another filter would not match, but may match what a transformer makes of the record.
    let pattern = "{ $.eventName = ConsoleLogin }".to_owned();
    snapshot.metric_filters.as_mut().unwrap()[1].filter_pattern = Some(pattern);
    let also = |snapshot: &Snapshot| planned(snapshot, &control("4.5")).unwrap().also;
    assert_eq!(also(&snapshot), [""; 0]);
    snapshot.metric_filters.as_mut().unwrap()[1].apply_on_transformed_logs = Some(true);
    assert_eq!(also(&snapshot), ["pager"]);
}

#[test]
fn what_is_known_to_be_cut_or_not_known_is_refused() {
    let control = control("4.5");
    let mut cut = whole();
    cut.subscriptions = Some(vec![]);
    let refusal = planned(&cut, &control).unwrap_err();
    assert_eq!(refusal.verdict(), Some(Verdict::Fail));
    assert!(refusal.to_string().contains("is FAIL"), "{refusal}");

    let mut unseen = whole();
    unseen.alarms = None;
    let refusal = planned(&unseen, &control).unwrap_err();
    assert_eq!(refusal.verdict(), Some(Verdict::Unknown));
    assert!(refusal.to_string().contains("is UNKNOWN"), "{refusal}");
}

#[test]
fn an_alarm_that_is_not_ok_is_refused_with_what_to_do() {
    for (state, remedy) in [
        (Some("ALARM"), "wait until it is OK"),
        (
            Some("INSUFFICIENT_DATA"),
            "--treat-missing-data notBreaching",
        ),
        (None, "does not say"),
    ] {
        let mut snapshot = whole();
        alarm(&mut snapshot).state_value = state.map(str::to_owned);
        let refusal = planned(&snapshot, &control("4.5")).unwrap_err();
        assert_eq!(refusal.verdict(), None);
        assert!(refusal.to_string().contains(remedy), "{refusal}");
    }
}

#[test]
fn a_drills_subscription_changes_neither_verdict_nor_audience() {
    let control = control("4.5");
    for subscriptions in [whole().subscriptions.unwrap(), vec![]] {
        let mut before = whole();
        before.subscriptions = Some(subscriptions);
        let mut during = before.clone();
        during.subscriptions.as_mut().unwrap().push(Subscription {
            subscription_arn: format!("{TOPIC}:drill"),
            protocol: "sqs".to_owned(),
            endpoint: format!("arn:aws:sqs:us-east-1:111122223333:{}", name()),
            topic_arn: TOPIC.to_owned(),
            ..Subscription::default()
        });
        // What scanners that count subscriptions would say does change: they count it.
        let [mut during, before] = [during, before].map(|one| judged(&one, &control));
        during.literal_cis = before.literal_cis.clone();
        during.literal_security_hub = before.literal_security_hub.clone();
        assert_eq!(during, before);
    }
}

fn seen(state: &str, since: i64, sum: f64) -> Observation {
    Observation {
        alarms: vec![AlarmSeen {
            arn: ALARM_ARN.to_owned(),
            state: Some(state.to_owned()),
            since: Some(at(since)),
        }],
        sums: vec![sum],
        notices: vec![],
    }
}

fn notice(state: &str, changed: i64) -> Notice {
    Notice {
        topic_arn: TOPIC.to_owned(),
        alarm_arn: ALARM_ARN.to_owned(),
        new_state: state.to_owned(),
        changed_at: at(changed),
    }
}

/// The states of log group, metric, alarm, notification, recovery.
fn states(report: &Report) -> [State; 5] {
    let states: Vec<State> = report.links.iter().map(|link| link.state).collect();
    states.try_into().unwrap()
}

fn news(links: &[LinkReport]) -> Vec<(&str, Option<f64>)> {
    links.iter().map(|one| (one.link, one.seconds)).collect()
}

#[test]
fn each_link_is_told_once_with_its_time() {
    let plan = planned(&whole(), &control("4.5")).unwrap();
    let mut watch = Watch::new(&plan, &seen("OK", -600, 0.0), at(0), at(1));
    assert_eq!(news(&watch.take(&seen("OK", -600, 0.0), at(2))), []);
    assert_eq!(watch.waits_for(), "metric CISBenchmark/m");
    let came = watch.take(&seen("OK", -600, 1.0), at(40));
    assert_eq!(news(&came), [("metric", Some(40.0))]);
    let came = watch.take(&seen("ALARM", 70, 1.0), at(72));
    assert_eq!(news(&came), [("alarm", Some(72.0))]);
    let mut heard = seen("ALARM", 70, 1.0);
    heard.notices = vec![notice("ALARM", 70)];
    let came = watch.take(&heard, at(74));
    assert_eq!(news(&came), [("notification", Some(74.0))]);
    assert!(!watch.is_complete());
    let came = watch.take(&seen("OK", 370, 1.0), at(372));
    assert_eq!(news(&came), [("recovery", Some(372.0))]);
    assert!(watch.is_complete());

    let report = watch.report(End::Complete, None);
    assert!(report.proven);
    assert_eq!(states(&report), [State::Ok; 5]);
    assert_eq!(
        report.spent,
        [Spent {
            alarm: "a".to_owned(),
            from: at(70),
            to: Some(at(370))
        }]
    );
}

#[test]
fn what_another_time_or_alarm_or_topic_says_proves_nothing() {
    let plan = planned(&whole(), &control("4.5")).unwrap();
    let mut watch = Watch::new(&plan, &seen("OK", -600, 3.0), at(0), at(1));
    // Counted before the drill, in the same minute.
    let mut strange = seen("OK", -600, 3.0);
    strange.notices = vec![
        notice("ALARM", -700),
        notice("OK", 30),
        Notice {
            alarm_arn: "arn:aws:cloudwatch:us-east-1:111122223333:alarm:b".to_owned(),
            ..notice("ALARM", 30)
        },
    ];
    assert_eq!(news(&watch.take(&strange, at(31))), []);
    let missing = [
        State::Ok,
        State::Missing,
        State::Missing,
        State::Missing,
        State::Missing,
    ];
    let report = watch.report(End::TimedOut, None);
    assert_eq!(states(&report), missing);
    assert!(!report.proven);
    assert_eq!(report.spent, []);
}

#[test]
fn a_message_of_the_alarm_through_another_topic_is_not_the_notification() {
    let plan = planned(&whole(), &control("4.5")).unwrap();
    let mut watch = Watch::new(&plan, &seen("OK", -600, 0.0), at(0), at(1));
    let mut elsewhere = seen("ALARM", 30, 1.0);
    elsewhere.notices = vec![Notice {
        topic_arn: format!("{TOPIC}-2"),
        ..notice("ALARM", 30)
    }];
    let came = watch.take(&elsewhere, at(31));
    assert_eq!(news(&came), [("metric", Some(31.0)), ("alarm", Some(31.0))]);
}

#[test]
fn the_message_may_come_before_describe_alarms_knows() {
    let plan = planned(&whole(), &control("4.5")).unwrap();
    let mut watch = Watch::new(&plan, &seen("OK", -600, 0.0), at(0), at(1));
    let mut early = seen("OK", -600, 0.0);
    early.notices = vec![notice("ALARM", 70)];
    let came: Vec<_> = watch.take(&early, at(71));
    // The metric is inferred, the old OK is no recovery.
    let links: Vec<_> = came.iter().map(|one| (one.link, one.state)).collect();
    assert_eq!(
        links,
        [
            ("metric", State::Inferred),
            ("alarm", State::Ok),
            ("notification", State::Ok)
        ]
    );
    assert!(!watch.is_complete());
    // Missing data of an alarm that treats it so: as ready for an event as OK.
    watch.take(&seen("INSUFFICIENT_DATA", 400, 0.0), at(401));
    assert!(watch.is_complete());
    let report = watch.report(End::Complete, None);
    assert!(report.proven);
    assert_eq!(report.links[1].state, State::Inferred);
    assert_eq!(report.links[1].seconds, None);
}

#[test]
fn an_alarm_that_stays_is_spent_without_an_end() {
    let plan = planned(&whole(), &control("4.5")).unwrap();
    let mut watch = Watch::new(&plan, &seen("OK", -600, 0.0), at(0), at(1));
    watch.take(&seen("ALARM", 70, 1.0), at(72));
    let report = watch.report(End::Interrupted, Some("a call failed".to_owned()));
    assert!(!report.proven);
    assert_eq!(report.spent[0].to, None);
    let document = serde_json::to_value(&report).unwrap();
    assert_eq!(document["end"], "interrupted");
    assert_eq!(document["drill"], name().as_str());
    assert_eq!(document["links"][1]["state"], "ok");
    assert_eq!(document["trouble"], "a call failed");
    let failed = Report {
        end: End::Failed("gone".to_owned()),
        ..report
    };
    let document = serde_json::to_value(&failed).unwrap();
    assert_eq!(
        (&document["end"], &document["reason"]),
        (&json!("failed"), &json!("gone"))
    );
}

#[test]
fn only_the_own_controls_and_the_old_are_in_the_way() {
    let queue = |name: DrillName| Resource::Queue {
        name,
        region: "us-east-1".to_owned(),
        url: String::new(),
    };
    let drill = DrillName::new(at(0), "x");
    for (begun, control, is_in_the_way) in [
        (-30, "x", true),
        (-30, "y", false),
        (-3590, "y", false),
        (-3610, "y", true),
    ] {
        let other = queue(DrillName::new(at(begun), control));
        assert_eq!(
            other.is_in_the_way_of(&drill),
            is_in_the_way,
            "{begun} {control}"
        );
        assert_eq!(
            other.is_left_behind(at(0)),
            begun < -3600,
            "{begun} {control}"
        );
    }
}
