use super::*;
use crate::assess::Link;
use crate::heal::Step;
use crate::heal::fixture::{REGION, TOPIC, whole};

fn step(link: Link, summary: &str, repair: Repair) -> Step {
    Step {
        link,
        summary: summary.to_owned(),
        action: StepAction::Repair(repair),
    }
}

#[test]
fn a_plan_reads_as_terraform_prints_one() {
    let before = {
        let mut before = whole();
        before.metric_filters.as_mut().unwrap().remove(0);
        before.alarms.as_mut().unwrap()[0].threshold = Some(5.0);
        before
    };
    let plan = Plan {
        steps: vec![
            step(
                Link::Pattern,
                "put back metric filter who-touched-cloudtrail as it was",
                Repair::PutMetricFilter {
                    filter: whole().metric_filters.unwrap().remove(0),
                },
            ),
            step(
                Link::Alarm,
                "restore alarm cloudtrail-touched as it was",
                Repair::PutMetricAlarm {
                    region: REGION.to_owned(),
                    alarm: Box::new(whole().alarms.unwrap().remove(0)),
                },
            ),
            Step {
                link: Link::Subscription,
                summary: "confirm the subscription of email sec@example.com".to_owned(),
                action: StepAction::Ask {
                    reason: "only the receiver can confirm".to_owned(),
                    command: "aws sns subscribe".to_owned(),
                },
            },
        ],
    };
    let expected = r#"  # pattern: put back metric filter who-touched-cloudtrail as it was
  + create metric filter who-touched-cloudtrail of ct in us-east-1
      + filterName = "who-touched-cloudtrail"
      + filterPattern = "{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) || ($.eventName = DeleteTrail) || ($.eventName = StartLogging) || ($.eventName = StopLogging) }"
      + logGroupName = "ct"
      + metricTransformations[0].metricName = "cloudtrail-touched"
      + metricTransformations[0].metricNamespace = "CISBenchmark"
      + metricTransformations[0].metricValue = "1"
      + region = "us-east-1"

  # alarm: restore alarm cloudtrail-touched as it was
  ~ change in place alarm cloudtrail-touched in us-east-1
      ~ Threshold = 5.0 -> 1.0

  # subscription: confirm the subscription of email sec@example.com
  ? only the receiver can confirm
      $ aws sns subscribe

Plan: 1 to create, 1 to change, 1 to ask.
"#;
    assert_eq!(render(&plan, &before, false), expected);
}

#[test]
fn a_later_step_shows_what_an_earlier_one_left() {
    let mut before = whole();
    before.alarms.as_mut().unwrap()[0].actions_enabled = Some(false);
    let mut louder = whole().alarms.unwrap().remove(0);
    louder.ok_actions.push(TOPIC.to_owned());
    let plan = Plan {
        steps: vec![
            step(
                Link::Alarm,
                "enable",
                Repair::EnableAlarmActions {
                    region: REGION.to_owned(),
                    alarm_name: "cloudtrail-touched".to_owned(),
                },
            ),
            step(
                Link::Action,
                "add",
                Repair::PutMetricAlarm {
                    region: REGION.to_owned(),
                    alarm: Box::new(louder),
                },
            ),
        ],
    };
    let expected = format!(
        "  # alarm: enable
  ~ change in place alarm cloudtrail-touched in us-east-1
      ~ ActionsEnabled = false -> true

  # action: add
  ~ change in place alarm cloudtrail-touched in us-east-1
      + OKActions[0] = \"{TOPIC}\"

Plan: 0 to create, 2 to change, 0 to ask.
"
    );
    assert_eq!(render(&plan, &before, false), expected);
}

#[test]
fn an_empty_plan_says_so() {
    assert_eq!(render(&Plan::default(), &whole(), true), "Nothing to do.\n");
}

#[test]
fn text_from_outside_can_not_steer_the_terminal() {
    let mut filter = whole().metric_filters.unwrap().remove(0);
    filter.filter_name = "a\u{1b}[31m\r\n\u{202e}b\u{9b}c\u{7f}".to_owned();
    let plan = Plan {
        steps: vec![
            step(
                Link::Pattern,
                &filter.filter_name.clone(),
                Repair::PutMetricFilter {
                    filter: filter.clone(),
                },
            ),
            Step {
                link: Link::Pattern,
                summary: String::new(),
                action: StepAction::Ask {
                    reason: filter.filter_name.clone(),
                    command: crate::heal::shell::command(&Repair::PutMetricFilter { filter }),
                },
            },
        ],
    };
    let text = render(&plan, &whole(), false);
    assert!(
        text.chars()
            .all(|it| it == '\n' || !crate::escape::is_unseen(it)),
        "{text}"
    );
    assert_eq!(text.lines().count(), 15, "{text}");
    assert!(text.contains(r"a\u{1b}[31m\r\n\u{202e}b\u{9b}c\u{7f}"));
}

#[test]
fn colour_marks_what_becomes_of_a_line_and_changes_no_word() {
    let mut before = whole();
    before.alarms.as_mut().unwrap()[0].threshold = Some(5.0);
    before.alarms.as_mut().unwrap()[0].unit = Some("Bytes".to_owned());
    let plan = Plan {
        steps: vec![
            step(
                Link::Alarm,
                "restore",
                Repair::PutMetricAlarm {
                    region: REGION.to_owned(),
                    alarm: Box::new(whole().alarms.unwrap().remove(0)),
                },
            ),
            step(
                Link::Topic,
                "create",
                Repair::CreateTopic {
                    region: REGION.to_owned(),
                    name: "other".to_owned(),
                },
            ),
            Step {
                link: Link::Subscription,
                summary: "confirm".to_owned(),
                action: StepAction::Ask {
                    reason: "only the receiver can confirm".to_owned(),
                    command: "aws sns subscribe".to_owned(),
                },
            },
        ],
    };
    let coloured = render(&plan, &before, true);
    for line in [
        "  \u{1b}[33m~\u{1b}[0m change in place alarm cloudtrail-touched in us-east-1\n",
        "      \u{1b}[33m~\u{1b}[0m Threshold = 5.0 -> 1.0\n",
        "      \u{1b}[31m-\u{1b}[0m Unit = \"Bytes\"\n",
        "  \u{1b}[32m+\u{1b}[0m create topic other in us-east-1\n",
        "  \u{1b}[36m?\u{1b}[0m only the receiver can confirm\n",
    ] {
        assert!(coloured.contains(line), "{line:?} in {coloured:?}");
    }
    let mut words = coloured;
    for code in ["31", "32", "33", "36", "0"] {
        words = words.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_eq!(words, render(&plan, &before, false));
}

#[test]
fn what_is_not_there_yet_is_created() {
    let topic = |name: &str| Repair::CreateTopic {
        region: REGION.to_owned(),
        name: name.to_owned(),
    };
    let filter = whole().metric_filters.unwrap().remove(0);
    let put = Repair::PutMetricFilter { filter };
    let mut without = whole();
    without.metric_filters.as_mut().unwrap().clear();
    assert!(creates(&topic("other"), &whole()));
    assert!(creates(&put, &without));
    assert!(!creates(&put, &whole()));
}
