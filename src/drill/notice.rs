use jiff::Timestamp;
use serde_json::Value;

/// An alarm's message, as SNS hands it to a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The topic that it came through.
    pub topic_arn: String,
    /// ARN of the alarm.
    pub alarm_arn: String,
    /// The state that the alarm went to.
    pub new_state: String,
    /// When it did.
    pub changed_at: Timestamp,
}

impl Notice {
    /// Reads the body of an SQS message: SNS's envelope around `CloudWatch`'s JSON. None for everything else that a topic
    /// may carry.
    pub fn read(body: &str) -> Option<Self> {
        let envelope: Value = serde_json::from_str(body).ok()?;
        let message: Value = serde_json::from_str(text(&envelope, "Message")?).ok()?;
        Some(Self {
            topic_arn: text(&envelope, "TopicArn")?.to_owned(),
            alarm_arn: text(&message, "AlarmArn")?.to_owned(),
            new_state: text(&message, "NewStateValue")?.to_owned(),
            // 2026-11-23T19:12:22.717+0000
            changed_at: text(&message, "StateChangeTime")?.parse().ok()?,
        })
    }
}

fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(changed_at: &str) -> String {
        let message = json!({
            "AlarmName": "a", "AlarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a",
            "OldStateValue": "OK", "NewStateValue": "ALARM", "StateChangeTime": changed_at,
        });
        json!({
            "Type": "Notification", "TopicArn": "arn:aws:sns:us-east-1:111122223333:t",
            "Message": message.to_string(),
        })
        .to_string()
    }

    #[test]
    fn the_time_is_read_as_cloudwatch_writes_it() {
        for changed_at in ["2026-11-23T19:12:22.717+0000", "2026-11-23T19:12:22.717Z"] {
            let expected = Notice {
                topic_arn: "arn:aws:sns:us-east-1:111122223333:t".to_owned(),
                alarm_arn: "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a".to_owned(),
                new_state: "ALARM".to_owned(),
                changed_at: "2026-11-23T19:12:22.717Z".parse().unwrap(),
            };
            assert_eq!(Notice::read(&body(changed_at)), Some(expected));
        }
    }

    #[test]
    fn what_else_a_topic_carries_is_no_notice() {
        for other in [
            String::new(),
            "{}".to_owned(),
            "null".to_owned(),
            body("yesterday"),
            json!({"Message": "hello", "TopicArn": "t"}).to_string(),
            json!({"Message": "{\"AlarmName\": 1}", "TopicArn": "t"}).to_string(),
        ] {
            assert_eq!(Notice::read(&other), None, "{other}");
        }
    }
}
