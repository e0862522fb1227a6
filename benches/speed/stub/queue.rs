//! The queues of the stub: messages are handed out once and wait to be deleted.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::world::{TEMPLATE, renamed};

/// One queue.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    visible: VecDeque<(u64, String)>,
    in_flight: BTreeSet<u64>,
    first_receive: u64,
    last_receive: u64,
    last_delete: u64,
}

impl Queue {
    /// Puts in so many events of the account; answers when they were visible.
    pub(crate) fn send(&self, account: &str, count: u64) -> u64 {
        let bodies: Vec<String> = (0..count).map(|number| event(account, number)).collect();
        let mut state = self.state();
        for body in bodies {
            state.next += 1;
            let id = state.next;
            state.visible.push_back((id, body));
        }
        let at = now();
        drop(state);
        self.filled.notify_waiters();
        at
    }

    /// What a queue answers to an operation of SQS.
    pub(crate) async fn answer(&self, operation: &str, request: &Value) -> Value {
        match operation {
            "ReceiveMessage" => self.receive(request).await,
            "DeleteMessageBatch" => self.delete(request),
            _ => succeeded(request),
        }
    }

    /// When messages were first and last handed out and last deleted, in nanoseconds since 1970, and how many are left.
    pub(crate) fn times(&self) -> Value {
        let state = self.state();
        json!({
            "first_receive": state.first_receive, "last_receive": state.last_receive, "last_delete": state.last_delete,
            "visible": state.visible.len(), "in_flight": state.in_flight.len(),
        })
    }

    async fn receive(&self, request: &Value) -> Value {
        let number = |name: &str| request[name].as_u64().unwrap_or_default();
        let limit = Instant::now() + Duration::from_secs(number("WaitTimeSeconds"));
        let most = usize::try_from(number("MaxNumberOfMessages"))
            .unwrap_or(1)
            .max(1);
        loop {
            // Made before the look, so that what comes after it wakes this.
            let filled = self.filled.notified();
            let taken = self.take(most);
            if !taken.is_empty() {
                return json!({ "Messages": taken });
            }
            if timeout_at(limit, filled).await.is_err() {
                return json!({});
            }
        }
    }

    fn take(&self, most: usize) -> Vec<Value> {
        let mut state = self.state();
        let many = state.visible.len().min(most);
        let taken: Vec<(u64, String)> = state.visible.drain(..many).collect();
        if !taken.is_empty() {
            state.last_receive = now();
            if state.first_receive == 0 {
                state.first_receive = state.last_receive;
            }
        }
        let handed_out = taken.into_iter().map(|(id, body)| {
            state.in_flight.insert(id);
            json!({
                "MessageId": format!("00000000-0000-0000-0000-{id:012}"), "ReceiptHandle": id.to_string(), "Body": body,
                "MD5OfBody": "0", "Attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1790000000000"},
            })
        });
        handed_out.collect()
    }

    fn delete(&self, request: &Value) -> Value {
        let mut state = self.state();
        for entry in entries(request) {
            let id = entry["ReceiptHandle"]
                .as_str()
                .and_then(|text| text.parse().ok());
            if id.is_some_and(|id| state.in_flight.remove(&id)) {
                state.last_delete = now();
            }
        }
        drop(state);
        succeeded(request)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entries(request: &Value) -> impl Iterator<Item = &Value> {
    request["Entries"].as_array().into_iter().flatten()
}

fn succeeded(request: &Value) -> Value {
    let done: Vec<Value> = entries(request)
        .map(|entry| json!({ "Id": entry["Id"] }))
        .collect();
    json!({ "Successful": done, "Failed": [] })
}

/// Nanoseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// An event as EventBridge delivers it, in the shape of the examples in CloudTrail's user guide.
fn event(account: &str, number: u64) -> String {
    let event = json!({
        "version": "0", "id": format!("00000000-0000-0000-0000-{number:012}"),
        "detail-type": "AWS API Call via CloudTrail", "source": "aws.logs", "account": TEMPLATE,
        "time": "2026-11-23T00:00:00Z", "region": "us-east-1", "resources": [],
        "detail": {
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "AssumedRole", "principalId": "AROAEXAMPLE:mallory", "accountId": TEMPLATE,
                "arn": format!("arn:aws:sts::{TEMPLATE}:assumed-role/admin/mallory"), "accessKeyId": "ASIAEXAMPLE",
                "sessionContext": {
                    "sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLE", "accountId": TEMPLATE, "userName": "admin",
                        "arn": format!("arn:aws:iam::{TEMPLATE}:role/admin")},
                    "attributes": {"creationDate": "2026-11-23T00:00:00Z", "mfaAuthenticated": "false"},
                },
            },
            "eventTime": "2026-11-23T00:00:00Z", "eventSource": "logs.amazonaws.com", "eventName": "DeleteMetricFilter",
            "awsRegion": "us-east-1", "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli/2.15",
            "requestParameters": {"logGroupName": "cloudtrail-0", "filterName": "cloudtrail_cfg_changes_metric"},
            "responseElements": null, "requestID": format!("11111111-0000-0000-0000-{number:012}"),
            "eventID": format!("22222222-0000-0000-0000-{number:012}"), "readOnly": false, "eventType": "AwsApiCall",
            "apiVersion": "20140328", "managementEvent": true, "recipientAccountId": TEMPLATE, "eventCategory": "Management",
        },
    });
    let body = renamed(event.to_string().as_bytes(), account);
    String::from_utf8(body).unwrap_or_default()
}
