use super::*;
use crate::heal::fixture::{QUEUE, REGION, TOPIC, TRAIL, whole};
use crate::snapshot::{Alarm, EventSelector};

/// What `bash` makes of the command: its words.
fn words(command: &str) -> Vec<String> {
    let script = format!("set -- {command}; printf '%s\\0' \"$@\"");
    let output = std::process::Command::new("bash")
        .args(["-c", &script])
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap();
    assert!(output.status.success(), "{command}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.strip_suffix('\0')
        .unwrap_or_default()
        .split('\0')
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_shell_reads_every_word_back_as_it_was() {
    for word in [
        "",
        "plain-word_1./:=@+,%",
        "two words",
        "it's",
        "$(rm -rf /) `id` ${HOME} \"q\" \\ ; & | > < * ? ~ # !",
        "{ ($.eventName = StopLogging) || ($.a != 'b') }",
        "a\nb\tc\u{1b}[31m\r",
        "umlaut ä, arrow \u{202e}, accent '\u{9b}\\",
        "/aws/cloudtrail",
    ] {
        let command: String = Command::new("sns publish", None).with("--x", word).into();
        assert_eq!(
            words(&command),
            ["aws", "sns", "publish", "--x", word],
            "{command}"
        );
    }
    let dashed: String = Command::new("sns publish", None)
        .with("--x", "--y z")
        .into();
    assert_eq!(words(&dashed), ["aws", "sns", "publish", "--x=--y z"]);
}

#[test]
fn each_repair_has_its_command() {
    let account = whole();
    let region = || REGION.to_owned();
    let trail_arn = || TRAIL.to_owned();
    let cases = [
        (
            Repair::PutMetricFilter {
                filter: account.metric_filters.as_ref().unwrap()[1].clone(),
            },
            r#"aws logs put-metric-filter --region us-east-1 --log-group-name app --filter-name errors --filter-pattern ERROR --metric-transformations '[{"metricName":"errors","metricNamespace":"App","metricValue":"1"}]'"#.to_owned(),
        ),
        (
            Repair::PutMetricAlarm {
                region: region(),
                alarm: Box::new(account.alarms.as_ref().unwrap()[0].clone()),
            },
            format!("aws cloudwatch put-metric-alarm --region us-east-1 --alarm-name cloudtrail-touched --alarm-description 'Call the security team' --namespace CISBenchmark --metric-name cloudtrail-touched --statistic Sum --period 60 --evaluation-periods 1 --datapoints-to-alarm 1 --threshold 1 --comparison-operator GreaterThanOrEqualToThreshold --treat-missing-data notBreaching --actions-enabled --alarm-actions {TOPIC}"),
        ),
        (
            Repair::EnableAlarmActions {
                region: region(),
                alarm_name: "a b".to_owned(),
            },
            "aws cloudwatch enable-alarm-actions --region us-east-1 --alarm-names 'a b'".to_owned(),
        ),
        (
            Repair::CreateTopic {
                region: region(),
                name: "cis-alarms".to_owned(),
            },
            "aws sns create-topic --region us-east-1 --name cis-alarms".to_owned(),
        ),
        (
            Repair::Subscribe {
                topic_arn: TOPIC.to_owned(),
                protocol: "sqs".to_owned(),
                endpoint: QUEUE.to_owned(),
            },
            format!("aws sns subscribe --region us-east-1 --topic-arn {TOPIC} --protocol sqs --notification-endpoint {QUEUE}"),
        ),
        (
            Repair::StartLogging {
                region: region(),
                trail_arn: trail_arn(),
            },
            format!("aws cloudtrail start-logging --region us-east-1 --name {TRAIL}"),
        ),
        (
            Repair::UpdateTrail {
                region: region(),
                trail_arn: trail_arn(),
                multi_region: Some(true),
                delivery: Some(LogDelivery {
                    log_group_arn: "arn:aws:logs:us-east-1:111122223333:log-group:ct:*".to_owned(),
                    role_arn: "arn:aws:iam::111122223333:role/ct".to_owned(),
                }),
            },
            format!("aws cloudtrail update-trail --region us-east-1 --name {TRAIL} --is-multi-region-trail --include-global-service-events --cloud-watch-logs-log-group-arn 'arn:aws:logs:us-east-1:111122223333:log-group:ct:*' --cloud-watch-logs-role-arn arn:aws:iam::111122223333:role/ct"),
        ),
        (
            Repair::PutEventSelectors {
                region: region(),
                trail_arn: trail_arn(),
                selectors: EventSelectors {
                    event_selectors: Some(vec![EventSelector {
                        include_management_events: Some(true),
                        ..EventSelector::default()
                    }]),
                    advanced_event_selectors: None,
                },
            },
            format!(r#"aws cloudtrail put-event-selectors --region us-east-1 --trail-name {TRAIL} --event-selectors '[{{"IncludeManagementEvents":true,"DataResources":[],"ExcludeManagementEventSources":[]}}]'"#),
        ),
        (
            Repair::CreateLogGroup {
                region: region(),
                name: "/aws/ct".to_owned(),
            },
            "aws logs create-log-group --region us-east-1 --log-group-name /aws/ct".to_owned(),
        ),
    ];
    for (repair, expected) in cases {
        assert_eq!(command(&repair), expected);
    }
}

#[test]
fn a_trail_is_created_with_what_it_had_and_started() {
    let account = whole();
    let trail = &account.trails.as_ref().unwrap()[0];
    assert_eq!(
        create_trail(trail, account.event_selectors.get(TRAIL)),
        format!(
            "aws cloudtrail create-trail --region us-east-1 --name main --s3-bucket-name trail-bucket \
             --is-multi-region-trail --include-global-service-events \
             --cloud-watch-logs-log-group-arn 'arn:aws:logs:us-east-1:111122223333:log-group:ct:*' \
             --cloud-watch-logs-role-arn arn:aws:iam::111122223333:role/ct \
             && aws cloudtrail put-event-selectors --region us-east-1 --trail-name {TRAIL} --event-selectors \
             '[{{\"ReadWriteType\":\"All\",\"IncludeManagementEvents\":true,\"DataResources\":[],\"ExcludeManagementEventSources\":[]}}]' \
             && aws cloudtrail start-logging --region us-east-1 --name {TRAIL}"
        )
    );
}

#[test]
fn newer_settings_of_an_alarm_are_said_too() {
    let settings = r#"{"AlarmArn":"","AlarmName":"a",
        "EvaluationWindow":{"WallClockWindow":{"Timezone":"Europe/Berlin"}},
        "WarmUpConfiguration":{"WarmUpPeriodDurationInMinutes":5},
        "EvaluationCriteria":{"PromQLCriteria":{"Query":"up == 0"}},"EvaluationInterval":60,
        "ActionConfiguration":{"AlarmTagsPropagation":{"Enabled":true}}}"#;
    let alarm: Alarm = serde_json::from_str(settings).unwrap();
    let words = words(&String::from(put_alarm(REGION, &alarm)));
    for (option, value) in [
        (
            "--evaluation-window",
            r#"{"WallClockWindow":{"Timezone":"Europe/Berlin"}}"#,
        ),
        (
            "--warm-up-configuration",
            r#"{"WarmUpPeriodDurationInMinutes":5}"#,
        ),
        (
            "--evaluation-criteria",
            r#"{"PromQLCriteria":{"Query":"up == 0"}}"#,
        ),
        ("--evaluation-interval", "60"),
        (
            "--action-configuration",
            r#"{"AlarmTagsPropagation":{"Enabled":true}}"#,
        ),
    ] {
        let at = words.iter().position(|word| word == option);
        let said = at.and_then(|at| words.get(at + 1)).map(String::as_str);
        assert_eq!(said, Some(value), "{option}");
    }
}
