//! What a plan never does, and what only a person may do.

use trailwarden::assess::{Verdict, assess};
use trailwarden::control::Catalogue;
use trailwarden::heal::{HealPolicy, Plan, Repair, StepAction};
use trailwarden::snapshot::{AlarmMuteRule, KmsKey, MetricFilter, Snapshot};

use crate::account::{
    Cut, TOPIC, alarm, control, cut, every_link, filter, judged, known_good, planned, policy,
    quiet, whole,
};
use crate::laws::{asks, carried_out, show};

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1b2c";

fn kinds(found: &Plan) -> Vec<&'static str> {
    found
        .repairs()
        .map(|(_, repair)| repair.kind().operation())
        .collect()
}

fn filters_written(found: &Plan) -> Vec<&MetricFilter> {
    let written = found.repairs().filter_map(|(_, repair)| match repair {
        Repair::PutMetricFilter { filter } => Some(filter),
        _ => None,
    });
    written.collect()
}

fn only_question(found: &Plan) -> &str {
    let [step] = found.steps.as_slice() else {
        panic!("{}", show(found))
    };
    match &step.action {
        StepAction::Ask { command, .. } => command,
        StepAction::Repair(_) => panic!("{}", show(found)),
    }
}

#[test]
fn a_control_that_was_never_there_gets_a_filter_and_an_alarm_and_no_question() {
    let policy = HealPolicy {
        topics: vec![TOPIC.to_owned()],
        ..HealPolicy::default()
    };
    for control in Catalogue::builtin().controls() {
        let judge = |account: &Snapshot| {
            assess(account, control, &policy.expectations(), &policy.benchmark)
        };
        let start = cut(&[Cut::DeleteFilter, Cut::DeleteAlarm]);
        let before = judge(&start);
        assert_eq!(before.verdict, Verdict::Fail, "{}", control.key);
        let found = trailwarden::heal::plan(&start, &before, control, None, &policy);
        assert_eq!(
            (kinds(&found), asks(&found)),
            (vec!["PutMetricFilter", "PutMetricAlarm"], 0),
            "{}\n{}",
            control.key,
            show(&found)
        );
        let end = carried_out(&start, &found, control, &policy);
        assert_eq!(judge(&end).verdict, Verdict::Pass, "{}", control.key);
    }
}

/// Ours is what carries this project's name with the control's key, and nothing else.
#[test]
fn a_wrong_filter_of_ours_is_overwritten() {
    let mut start = cut(&[Cut::NarrowFilter]);
    let mut ours = start.metric_filters.as_ref().unwrap()[0].clone();
    // The benchmark's name is taken, and by somebody else: his stays.
    filter(&mut start, |filter| {
        filter.filter_name = "cloudtrail_cfg_changes_metric".to_owned();
    });
    ours.filter_name = "trailwarden-cloudtrail-config-changes".to_owned();
    start.metric_filters.as_mut().unwrap().push(ours.clone());
    let found = planned(&start, None, &policy(every_link()));
    let written = filters_written(&found);
    assert_eq!(written.len(), 1, "{}", show(&found));
    assert_eq!(written[0].filter_name, ours.filter_name);
    let end = carried_out(&start, &found, control(), &policy(every_link()));
    assert_eq!(
        end.metric_filters.unwrap().len(),
        start.metric_filters.unwrap().len()
    );
}

/// Beside a known one that is gone, somebody's wrong filter stays as it is.
#[test]
fn a_strangers_wrong_filter_is_not_overwritten_when_the_known_one_comes_back() {
    let mut start = cut(&[Cut::NarrowFilter]);
    filter(&mut start, |filter| {
        filter.filter_name = "a-colleagues".to_owned();
    });
    let policy = policy(every_link());
    let found = planned(&start, Some(&known_good()), &policy);
    let written: Vec<&str> = filters_written(&found)
        .into_iter()
        .map(|filter| filter.filter_name.as_str())
        .collect();
    assert_eq!(written, ["who-touched-cloudtrail"]);
    let end = carried_out(&start, &found, control(), &policy);
    for stranger in start.metric_filters.unwrap() {
        assert!(end.metric_filters.as_ref().unwrap().contains(&stranger));
    }
    assert_eq!(asks(&found), 0);
}

#[test]
fn a_topic_policy_keeps_its_statements_in_the_command() {
    let mut start = whole();
    let stays = r#"{"Sid":"Stays","Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sns:Publish","Resource":"*"}"#;
    let topics = start.topics.as_mut().unwrap();
    let topic = topics
        .iter_mut()
        .find(|one| one.topic_arn == TOPIC)
        .unwrap();
    // One statement may stand without its list.
    topic.attributes.policy = Some(format!(r#"{{"Version":"2012-10-17","Statement":{stays}}}"#));
    let found = planned(&start, Some(&known_good()), &HealPolicy::default());
    let command = only_question(&found);
    assert!(
        command.starts_with(&format!(
            "aws sns set-topic-attributes --region us-east-1 --topic-arn {TOPIC} --attribute-name Policy --attribute-value "
        )),
        "{command}"
    );
    for part in [stays, r#""Service":"cloudwatch.amazonaws.com""#] {
        assert!(command.contains(part), "{command}");
    }
}

#[test]
fn a_denial_in_a_topic_policy_is_a_persons_to_lift() {
    let mut start = whole();
    let topics = start.topics.as_mut().unwrap();
    let topic = topics
        .iter_mut()
        .find(|one| one.topic_arn == TOPIC)
        .unwrap();
    topic.attributes.policy = Some(
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sns:Publish","Resource":"*"}]}"#
            .to_owned(),
    );
    let found = planned(&start, None, &HealPolicy::default());
    let command = only_question(&found);
    assert!(
        command.starts_with("aws sns set-topic-attributes ") && !command.contains("Deny"),
        "{command}"
    );
}

#[test]
fn a_key_policy_is_asked_for_with_the_exact_command() {
    let root = r#"{"Sid":"Root","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}"#;
    let mut start = whole();
    let topics = start.topics.as_mut().unwrap();
    let topic = topics
        .iter_mut()
        .find(|one| one.topic_arn == TOPIC)
        .unwrap();
    topic.attributes.kms_master_key_id = Some(KEY.to_owned());
    start.kms_keys.push(KmsKey {
        arn: KEY.to_owned(),
        aliases: Vec::new(),
        key_state: Some("Enabled".to_owned()),
        policy: Some(format!(
            r#"{{"Version":"2012-10-17","Statement":[{root}]}}"#
        )),
    });
    let policy = policy(every_link());
    assert_eq!(judged(&start, &policy).verdict, Verdict::Fail);
    let found = planned(&start, None, &policy);
    let added = r#"{"Sid":"AlarmsOfThisAccount","Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*"}"#;
    assert_eq!(
        only_question(&found),
        format!(
            "aws kms put-key-policy --region us-east-1 --key-id {KEY} --policy-name default --policy \
             '{{\"Version\":\"2012-10-17\",\"Statement\":[{root},{added}]}}'"
        )
    );
    // What the command says is what mends it.
    start.kms_keys[0].policy = Some(format!(
        r#"{{"Version":"2012-10-17","Statement":[{root},{added}]}}"#
    ));
    assert_eq!(judged(&start, &policy).verdict, Verdict::Pass);
}

/// What silences an alarm of the same name elsewhere, or did so once, keeps no repair back.
#[test]
fn mute_rules_that_do_not_silence_the_alarm_are_no_reason_to_wait() {
    let policy = policy(every_link());
    let elsewhere = AlarmMuteRule {
        alarm_mute_rule_arn: Some(
            "arn:aws:cloudwatch:eu-west-1:111122223333:alarm-mute-rule:quiet".to_owned(),
        ),
        ..quiet()
    };
    let expired = AlarmMuteRule {
        expire_date: Some("2020-01-01T00:00:00Z".parse().unwrap()),
        ..quiet()
    };
    for rule in [elsewhere, expired] {
        let mut start = whole();
        start.alarm_mute_rules.push(rule);
        let alarm = &mut start.alarms.as_mut().unwrap()[0];
        alarm.actions_enabled = Some(false);
        let found = planned(&start, None, &policy);
        assert_eq!(
            (found.repairs().count(), asks(&found)),
            (1, 0),
            "{}",
            show(&found)
        );
    }
}

/// What a plan for the account makes of it; each alarm that was there is left as it was.
fn mended_beside(start: &Snapshot) -> Plan {
    let policy = policy(every_link());
    assert_eq!(judged(start, &policy).verdict, Verdict::Fail);
    let found = planned(start, None, &policy);
    let end = carried_out(start, &found, control(), &policy);
    assert_eq!(
        judged(&end, &policy).verdict,
        Verdict::Pass,
        "{}",
        show(&found)
    );
    for alarm in start.alarms.iter().flatten() {
        assert!(
            end.alarms.iter().flatten().any(|one| one == alarm),
            "{}",
            show(&found)
        );
    }
    found
}

#[test]
fn an_alarm_that_watches_another_metric_too_is_left_and_one_stands_beside_it() {
    let mut start = whole();
    alarm(&mut start, |alarm| {
        let of = |id: &str, name: Option<&str>| {
            serde_json::json!({
                "Id": id, "ReturnData": false,
                "MetricStat": {
                    "Metric": {"Namespace": alarm.namespace, "MetricName": name, "Dimensions": []},
                    "Period": 300, "Stat": "Sum"
                }
            })
        };
        let queries = serde_json::json!([
            of("m1", Some("another")),
            of("m2", alarm.metric_name.as_deref()),
            {"Id": "e", "Expression": "MAX([m1, m2/5])", "ReturnData": true}
        ]);
        alarm.metrics = serde_json::from_value(queries).unwrap();
        (
            alarm.metric_name,
            alarm.namespace,
            alarm.statistic,
            alarm.period,
        ) = (None, None, None, None);
    });
    assert_eq!(kinds(&mended_beside(&start)), ["PutMetricAlarm"]);
}

#[test]
fn a_default_value_that_spoils_the_metric_is_no_reason_to_put_the_alarm_again() {
    for default in [1.0, 5.0] {
        let mut start = whole();
        for filter in start.metric_filters.iter_mut().flatten() {
            for metric in &mut filter.metric_transformations {
                metric.default_value = Some(default);
            }
        }
        let found = mended_beside(&start);
        assert!(
            kinds(&found).contains(&"PutMetricFilter"),
            "{}",
            show(&found)
        );
    }
}
