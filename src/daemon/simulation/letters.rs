//! The events that changes cause.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cuts::Cut;
use crate::event::{Service, listed_calls};
use crate::heal::Repair;
use crate::snapshot::AccountId;

/// The event of a call, as EventBridge sends it.
pub(super) fn event(
    account: &AccountId,
    name: &str,
    who: &str,
    request_id: &str,
    parameters: &Value,
    now: Timestamp,
) -> String {
    let service = listed_calls()
        .find(|call| call.name == name)
        .map_or(Service::Logs, |call| call.service);
    json!({
        "detail-type": "AWS API Call via CloudTrail",
        "source": service.bus_source(),
        "account": account.as_str(),
        "region": "us-east-1",
        "detail": {
            "userIdentity": {"arn": who},
            "eventTime": now.to_string(),
            "eventSource": service.event_source(),
            "eventName": name,
            "requestParameters": parameters,
            "requestID": request_id,
            "eventID": format!("event-{request_id}"),
            "readOnly": false
        }
    })
    .to_string()
}

/// What a call of any service names.
pub(super) fn parts(account: &AccountId) -> Value {
    json!({
        "logGroupName": "ct",
        "filterName": "who-touched-cloudtrail",
        "alarmName": "cloudtrail-touched",
        "muteTargets": {"alarmNames": ["cloudtrail-touched"]},
        "topicArn": format!("arn:aws:sns:us-east-1:{account}:cis-alarms")
    })
}

/// What the call of a repair names.
pub(super) fn parameters(repair: &Repair) -> Value {
    match repair {
        Repair::PutMetricFilter { filter } => {
            json!({"logGroupName": filter.log_group_name, "filterName": filter.filter_name})
        }
        Repair::PutMetricAlarm { alarm, .. } => json!({"alarmName": alarm.alarm_name}),
        Repair::EnableAlarmActions { alarm_name, .. } => json!({"alarmNames": [alarm_name]}),
        Repair::CreateTopic { name, .. } => json!({"name": name}),
        Repair::Subscribe { topic_arn, .. } => json!({"topicArn": topic_arn}),
        Repair::PutEventSelectors { trail_arn, .. } => json!({"trailName": trail_arn}),
        Repair::StartLogging { trail_arn, .. } | Repair::UpdateTrail { trail_arn, .. } => {
            json!({"name": trail_arn})
        }
        Repair::CreateLogGroup { name, .. } => json!({"logGroupName": name}),
    }
}

/// Messages that no evaluation is due to; the last one cannot be read, and stays.
pub(super) fn noise(now: Timestamp) -> [String; 5] {
    let foreign = "999999999999".parse().unwrap();
    let call = event(
        &foreign,
        "DeleteTrail",
        "nobody",
        "noise",
        &parts(&foreign),
        now,
    );
    [
        call.replace("DeleteTrail", "DescribeTrails"),
        call.replace("\"readOnly\":false", "\"readOnly\":true"),
        call,
        "{}".to_owned(),
        "not even JSON".to_owned(),
    ]
}

/// The call that makes a cut.
pub(super) const fn call(cut: Cut) -> &'static str {
    match cut {
        Cut::StopTrail => "StopLogging",
        Cut::OneRegion | Cut::NoGroupArn | Cut::OtherGroup => "UpdateTrail",
        Cut::NoManagementEvents | Cut::ReadOnlyEvents => "PutEventSelectors",
        Cut::DeleteGroup => "DeleteLogGroup",
        Cut::DeleteFilter => "DeleteMetricFilter",
        Cut::NarrowFilter | Cut::CountNothing | Cut::OtherMetric => "PutMetricFilter",
        Cut::DeleteAlarm => "DeleteAlarms",
        Cut::DisableActions => "DisableAlarmActions",
        Cut::Threshold5 | Cut::WrongUnit | Cut::WatchOther | Cut::NoAction | Cut::ForeignAction => {
            "PutMetricAlarm"
        }
        Cut::DeleteTopic => "DeleteTopic",
        Cut::Unsubscribe => "Unsubscribe",
        Cut::MuteAlarm => "PutAlarmMuteRule",
        Cut::DenyCloudWatch => "SetTopicAttributes",
        Cut::DropMessages => "SetSubscriptionAttributes",
        Cut::DeleteTrail => "DeleteTrail",
    }
}
