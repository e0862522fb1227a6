//! What an alarm publishes, as far as it is known beforehand, and whether a filter policy lets it through.

use serde_json::{Map, Value};

use super::fault::Tri;
use crate::snapshot::Alarm;
use crate::snapshot::Arn;

/// A value of the message.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    /// Known.
    Is(Value),
    /// There, but its value is known only at the time.
    Open,
    /// One of these values.
    OneOf(&'static [&'static str]),
    /// It may be there or not.
    Perhaps,
    /// An object.
    Object(Vec<(String, Part)>),
    /// An object of which these fields are known.
    Some(Vec<(String, Part)>),
}

/// The message attributes of an alarm's message: none.
pub(super) fn attributes() -> Part {
    Part::Object(Vec::new())
}

/// The body of the message that an alarm publishes when it goes to ALARM (CloudWatch user guide, "alarm notifications").
pub(super) fn body(alarm: &Alarm, from: Option<&'static str>) -> Part {
    let text = |text: &str| Part::Is(Value::String(text.to_owned()));
    let optional = |value: Option<&str>| {
        Part::Is(value.map_or(Value::Null, |text| Value::String(text.to_owned())))
    };
    let arn = Arn::parse(&alarm.alarm_arn);
    let list = |items: &[String]| {
        Part::Is(Value::Array(
            items
                .iter()
                .map(|item| Value::String(item.clone()))
                .collect(),
        ))
    };
    let mut fields = vec![
        ("AlarmName", text(&alarm.alarm_name)),
        (
            "AlarmDescription",
            optional(alarm.alarm_description.as_deref()),
        ),
        (
            "AWSAccountId",
            arn.map_or(Part::Open, |arn| text(arn.account)),
        ),
        ("AlarmConfigurationUpdatedTimestamp", Part::Open),
        ("NewStateValue", text("ALARM")),
        ("NewStateReason", Part::Open),
        ("StateChangeTime", Part::Open),
        (
            "Region",
            arn.and_then(|arn| region_name(arn.region))
                .map_or(Part::Open, text),
        ),
        ("AlarmArn", text(&alarm.alarm_arn)),
        // It changes to ALARM, so that it comes from another state.
        (
            "OldStateValue",
            from.map_or(Part::OneOf(&["OK", "INSUFFICIENT_DATA"]), text),
        ),
        ("OKActions", list(&alarm.ok_actions)),
        ("AlarmActions", list(&alarm.alarm_actions)),
        (
            "InsufficientDataActions",
            list(&alarm.insufficient_data_actions),
        ),
    ];
    if alarm.is_composite() {
        fields.push(("AlarmRule", optional(alarm.alarm_rule.as_deref())));
        fields.push(("TriggeringChildren", Part::Open));
    } else {
        fields.push(("Trigger", trigger(alarm)));
    }
    let fields = fields
        .into_iter()
        .map(|(name, part)| (name.to_owned(), part))
        .collect();
    let carries_tags = alarm
        .action_configuration
        .as_ref()
        .and_then(|configuration| configuration.alarm_tags_propagation.as_ref())
        .is_some_and(|tags| tags.enabled == Some(true));
    if carries_tags {
        // Under which name is not documented.
        Part::Some(fields)
    } else {
        Part::Object(fields)
    }
}

fn trigger(alarm: &Alarm) -> Part {
    let text = |value: Option<&str>| {
        Part::Is(value.map_or(Value::Null, |text| Value::String(text.to_owned())))
    };
    // Whether a setting that the alarm has not is in its message is not documented.
    let number = |value: Option<i64>| value.map_or(Part::Perhaps, |number| Part::Is(number.into()));
    let threshold = alarm
        .threshold
        .and_then(serde_json::Number::from_f64)
        .map_or(Part::Perhaps, |number| Part::Is(Value::Number(number)));
    let mut fields = vec![
        ("EvaluationPeriods", number(alarm.evaluation_periods)),
        ("DatapointsToAlarm", number(alarm.datapoints_to_alarm)),
        (
            "ComparisonOperator",
            text(alarm.comparison_operator.as_deref()),
        ),
        ("Threshold", threshold),
        ("TreatMissingData", Part::Open),
        ("EvaluateLowSampleCountPercentile", Part::Perhaps),
    ];
    if alarm.metrics.is_empty() {
        let dimensions = if alarm.dimensions.is_empty() {
            Part::Is(Value::Array(Vec::new()))
        } else {
            Part::Open
        };
        let statistic = alarm.statistic.as_deref().map(snake_case);
        if alarm.extended_statistic.is_some() {
            // How it is written is not documented.
            fields.push(("ExtendedStatistic", Part::Perhaps));
        }
        fields.extend([
            ("MetricName", text(alarm.metric_name.as_deref())),
            ("Namespace", text(alarm.namespace.as_deref())),
            (
                "StatisticType",
                if alarm.statistic.is_some() {
                    text(Some("Statistic"))
                } else {
                    text(Some("ExtendedStatistic"))
                },
            ),
            ("Statistic", text(statistic.as_deref())),
            ("Unit", text(alarm.unit.as_deref())),
            ("Dimensions", dimensions),
            ("Period", number(alarm.period)),
        ]);
    } else {
        fields.push(("Metrics", Part::Open));
    }
    Part::Object(
        fields
            .into_iter()
            .map(|(name, part)| (name.to_owned(), part))
            .collect(),
    )
}

/// `SampleCount` is `SAMPLE_COUNT` in messages.
fn snake_case(statistic: &str) -> String {
    let mut upper = String::new();
    for (at, c) in statistic.chars().enumerate() {
        if c.is_ascii_uppercase() && at > 0 {
            upper.push('_');
        }
        upper.push(c.to_ascii_uppercase());
    }
    upper
}

/// The name of a region as alarm messages write it; only those that are beyond doubt.
fn region_name(region: &str) -> Option<&'static str> {
    Some(match region {
        "us-east-1" => "US East (N. Virginia)",
        "us-east-2" => "US East (Ohio)",
        "us-west-1" => "US West (N. California)",
        "us-west-2" => "US West (Oregon)",
        "ca-central-1" => "Canada (Central)",
        "eu-west-1" => "EU (Ireland)",
        "eu-west-2" => "EU (London)",
        "eu-west-3" => "EU (Paris)",
        "eu-central-1" => "EU (Frankfurt)",
        "eu-north-1" => "EU (Stockholm)",
        "ap-northeast-1" => "Asia Pacific (Tokyo)",
        "ap-northeast-2" => "Asia Pacific (Seoul)",
        "ap-south-1" => "Asia Pacific (Mumbai)",
        "ap-southeast-1" => "Asia Pacific (Singapore)",
        "ap-southeast-2" => "Asia Pacific (Sydney)",
        "sa-east-1" => "South America (Sao Paulo)",
        _ => return None,
    })
}

/// Nesting of a filter policy; SNS allows five keys below each other.
const MAX_DEPTH: usize = 16;

/// Whether the policy lets a message through. A policy that SNS would refuse is left open.
pub(super) fn passes(policy: &str, message: &Part) -> Tri {
    match serde_json::from_str::<Value>(policy) {
        Ok(Value::Object(policy)) => object_passes(&policy, Some(message), 0),
        _ => Tri::Unknown,
    }
}

fn object_passes(policy: &Map<String, Value>, message: Option<&Part>, depth: usize) -> Tri {
    if depth > MAX_DEPTH {
        return Tri::Unknown;
    }
    Tri::all(policy.iter().map(|(key, rule)| {
        if key == "$or"
            && let Value::Array(choices) = rule
        {
            return Tri::any(choices.iter().map(|choice| match choice {
                Value::Object(choice) => object_passes(choice, message, depth + 1),
                _ => Tri::Unknown,
            }));
        }
        if matches!(message, Some(Part::Open | Part::Perhaps)) {
            return Tri::Unknown;
        }
        let part = match message {
            Some(Part::Object(fields)) => fields
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, part)| part),
            Some(Part::Some(fields)) => Some(
                fields
                    .iter()
                    .find(|(name, _)| name == key)
                    .map_or(&Part::Perhaps, |(_, part)| part),
            ),
            _ => None,
        };
        match rule {
            Value::Object(nested) => object_passes(nested, part, depth + 1),
            Value::Array(choices) => one_holds(choices, part),
            _ => Tri::Unknown,
        }
    }))
}

/// Whether one of the alternatives of a key holds for its value.
fn one_holds(choices: &[Value], part: Option<&Part>) -> Tri {
    let Some(Part::OneOf(values)) = part else {
        return Tri::any(choices.iter().map(|choice| choice_holds(choice, part)));
    };
    let answers = || {
        values.iter().map(|text| {
            let part = Part::Is(Value::String((*text).to_owned()));
            one_holds(choices, Some(&part))
        })
    };
    match (Tri::all(answers()), Tri::any(answers())) {
        (Tri::Yes, _) => Tri::Yes,
        (_, Tri::No) => Tri::No,
        _ => Tri::Unknown,
    }
}

/// Whether one alternative holds for a value; a list's elements are tried one by one.
fn choice_holds(choice: &Value, part: Option<&Part>) -> Tri {
    if let Value::Object(operator) = choice
        && let Some(wanted) = operator.get("exists")
    {
        let Some(wanted) = wanted.as_bool() else {
            return Tri::Unknown;
        };
        // SNS calls a key absent where it has no value of its own, such as an object.
        return match part {
            None => (!wanted).into(),
            // Nor is it documented whether a null is there.
            Some(Part::Object(_) | Part::Some(_) | Part::Is(Value::Null) | Part::Perhaps) => {
                Tri::Unknown
            }
            Some(Part::Is(_) | Part::Open | Part::OneOf(_)) => wanted.into(),
        };
    }
    match part {
        None | Some(Part::Object(_) | Part::Some(_)) => Tri::No,
        Some(Part::Open | Part::Perhaps | Part::OneOf(_)) => Tri::Unknown,
        Some(Part::Is(Value::Array(items))) => {
            Tri::any(items.iter().map(|item| value_matches(choice, item)))
        }
        Some(Part::Is(value)) => value_matches(choice, value),
    }
}

fn value_matches(choice: &Value, value: &Value) -> Tri {
    let Value::Object(operator) = choice else {
        return same(choice, value).into();
    };
    let mut operators = operator.iter();
    let (Some((name, wanted)), None) = (operators.next(), operators.next()) else {
        return Tri::Unknown;
    };
    let text = value.as_str();
    let with_text = |test: &dyn Fn(&str, &str) -> bool| match (text, wanted.as_str()) {
        (Some(text), Some(wanted)) => Tri::from(test(text, wanted)),
        (None, Some(_)) => Tri::No,
        _ => Tri::Unknown,
    };
    match name.as_str() {
        "prefix" => with_text(&|text, wanted| text.starts_with(wanted)),
        "suffix" => with_text(&|text, wanted| text.ends_with(wanted)),
        "equals-ignore-case" => with_text(&|text, wanted| text.eq_ignore_ascii_case(wanted)),
        "wildcard" => {
            with_text(&|text, wanted| super::policy::like(&wanted.replace('?', "\u{0}"), text))
        }
        "anything-but" => anything_but(wanted, value),
        "numeric" => numeric(wanted, value),
        _ => Tri::Unknown,
    }
}

fn same(wanted: &Value, value: &Value) -> bool {
    match (wanted.as_f64(), value.as_f64()) {
        (Some(wanted), Some(value)) => (wanted - value).abs() < f64::EPSILON,
        _ => wanted == value,
    }
}

fn anything_but(wanted: &Value, value: &Value) -> Tri {
    match wanted {
        Value::Array(list) => (!list.iter().any(|one| same(one, value))).into(),
        Value::Object(_) => value_matches(wanted, value).not(),
        one => (!same(one, value)).into(),
    }
}

/// `["=", 1]`, `[">", 0, "<=", 5]`.
fn numeric(wanted: &Value, value: &Value) -> Tri {
    let Some(value) = value.as_f64() else {
        return Tri::No;
    };
    let Some(terms) = wanted.as_array() else {
        return Tri::Unknown;
    };
    Tri::all(terms.chunks(2).map(|pair| {
        let [operator, limit] = pair else {
            return Tri::Unknown;
        };
        let (Some(operator), Some(limit)) = (operator.as_str(), limit.as_f64()) else {
            return Tri::Unknown;
        };
        match operator {
            "=" => Tri::from((value - limit).abs() < f64::EPSILON),
            "<" => (value < limit).into(),
            "<=" => (value <= limit).into(),
            ">" => (value > limit).into(),
            ">=" => (value >= limit).into(),
            _ => Tri::Unknown,
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm() -> Alarm {
        serde_json::from_str(
            r#"{"AlarmArn":"arn:aws:cloudwatch:us-east-1:111122223333:alarm:cis-a","AlarmName":"cis-a",
                "AlarmActions":["arn:aws:sns:us-east-1:111122223333:t"],"MetricName":"m","Namespace":"N",
                "Statistic":"Sum","Period":300,"EvaluationPeriods":1,"Threshold":1.0,
                "ComparisonOperator":"GreaterThanOrEqualToThreshold"}"#,
        )
        .unwrap()
    }

    #[test]
    fn body_policies_are_evaluated_against_the_alarms_message() {
        let body = body(&alarm(), Some("OK"));
        for (policy, expected) in [
            ("{}", Tri::Yes),
            (r#"{"NewStateValue":["ALARM"]}"#, Tri::Yes),
            (r#"{"NewStateValue":["OK","ALARM"]}"#, Tri::Yes),
            (r#"{"NewStateValue":["OK"]}"#, Tri::No),
            (r#"{"NewStateValue":[{"anything-but":"OK"}]}"#, Tri::Yes),
            (
                r#"{"NewStateValue":[{"anything-but":["OK","ALARM"]}]}"#,
                Tri::No,
            ),
            (r#"{"AlarmName":[{"prefix":"cis-"}]}"#, Tri::Yes),
            (r#"{"AlarmName":[{"prefix":"prod-"}]}"#, Tri::No),
            (r#"{"AlarmName":[{"suffix":"-a"}]}"#, Tri::Yes),
            (
                r#"{"AlarmName":[{"anything-but":{"prefix":"cis-"}}]}"#,
                Tri::No,
            ),
            (
                r#"{"AlarmName":[{"equals-ignore-case":"CIS-A"}]}"#,
                Tri::Yes,
            ),
            (r#"{"AlarmName":[{"wildcard":"c*-a"}]}"#, Tri::Yes),
            (r#"{"Trigger":{"MetricName":["m"]}}"#, Tri::Yes),
            (r#"{"Trigger":{"MetricName":["other"]}}"#, Tri::No),
            (
                r#"{"Trigger":{"Threshold":[{"numeric":[">=",1]}]}}"#,
                Tri::Yes,
            ),
            (
                r#"{"Trigger":{"Threshold":[{"numeric":[">",0,"<",1]}]}}"#,
                Tri::No,
            ),
            (r#"{"Trigger":{"Period":[300]}}"#, Tri::Yes),
            (r#"{"Trigger":{"Statistic":["SUM"]}}"#, Tri::Yes),
            (r#"{"Nonsense":["x"]}"#, Tri::No),
            (r#"{"Nonsense":[{"exists":false}]}"#, Tri::Yes),
            (r#"{"AlarmName":[{"exists":true}]}"#, Tri::Yes),
            (r#"{"AlarmName":[{"exists":false}]}"#, Tri::No),
            (
                r#"{"NewStateReason":[{"prefix":"Threshold"}]}"#,
                Tri::Unknown,
            ),
            (
                r#"{"NewStateReason":[{"prefix":"x"}],"NewStateValue":["OK"]}"#,
                Tri::No,
            ),
            (r#"{"OldStateValue":["OK"]}"#, Tri::Yes),
            (
                r#"{"AWSAccountId":["111122223333"],"Region":["US East (N. Virginia)"]}"#,
                Tri::Yes,
            ),
            (r#"{"AlarmActions":[{"suffix":":t"}]}"#, Tri::Yes),
            (
                r#"{"$or":[{"NewStateValue":["OK"]},{"AlarmName":["cis-a"]}]}"#,
                Tri::Yes,
            ),
            (
                r#"{"$or":[{"NewStateValue":["OK"]},{"AlarmName":["x"]}]}"#,
                Tri::No,
            ),
            (r#"{"AlarmName":[{"new-operator":1}]}"#, Tri::Unknown),
            (
                r#"{"Trigger":{"DatapointsToAlarm":[{"exists":true}]}}"#,
                Tri::Unknown,
            ),
            (r#"{"Trigger":{"DatapointsToAlarm":[1]}}"#, Tri::Unknown),
            ("[]", Tri::Unknown),
            ("nonsense", Tri::Unknown),
        ] {
            assert_eq!(passes(policy, &body), expected, "{policy}");
        }
    }

    #[test]
    fn an_alarm_that_goes_to_alarm_comes_from_one_of_the_other_states() {
        let body = body(&alarm(), None);
        for (choices, expected) in [
            (r#"["OK"]"#, Tri::Unknown),
            (r#"["INSUFFICIENT_DATA"]"#, Tri::Unknown),
            (r#"["OK","INSUFFICIENT_DATA"]"#, Tri::Yes),
            (r#"[{"anything-but":"ALARM"}]"#, Tri::Yes),
            (r#"["ALARM"]"#, Tri::No),
            (r#"[{"exists":true}]"#, Tri::Yes),
        ] {
            let policy = format!(r#"{{"OldStateValue":{choices}}}"#);
            assert_eq!(passes(&policy, &body), expected, "{policy}");
        }
    }

    #[test]
    fn of_a_message_that_is_known_in_part_other_keys_may_be_there() {
        let mut alarm = alarm();
        alarm.action_configuration =
            serde_json::from_str(r#"{"AlarmTagsPropagation":{"Enabled":true}}"#).unwrap();
        let body = body(&alarm, None);
        assert!(matches!(body, Part::Some(_)));
        for policy in [
            r#"{"Tags":[{"exists":true}]}"#,
            r#"{"Tags":[{"exists":false}]}"#,
        ] {
            assert_eq!(passes(policy, &body), Tri::Unknown, "{policy}");
        }
    }

    #[test]
    fn an_alarm_message_has_no_attributes() {
        for (policy, expected) in [
            (r#"{"severity":["high"]}"#, Tri::No),
            (r#"{"severity":[{"anything-but":"low"}]}"#, Tri::No),
            (r#"{"severity":[{"exists":false}]}"#, Tri::Yes),
            ("{}", Tri::Yes),
        ] {
            assert_eq!(passes(policy, &attributes()), expected, "{policy}");
        }
    }
}
