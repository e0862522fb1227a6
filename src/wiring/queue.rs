//! The queues of the feed: each attribute that decides whether an event arrives, is kept, and is read by nobody else.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::change::Change;
use super::compare::{Comparison, Difference, sort};
use super::documents;
use super::flaws;
use super::ground::Ground;
use super::needs::{Needs, QueueKind, QueueNeed};
use super::observed::{Observed, Sight};

/// How often a message is received before it is put aside. Many: a process that dies or is stopped leaves what it had received, and
/// there is nothing wrong with that.
const MAX_RECEIVE_COUNT: u64 = 20;
/// Fewer would put events aside in a short trouble of AWS's.
pub const FEWEST_RECEIVES: u64 = 10;
/// Seconds for which events wait for a daemon: a long weekend.
const RETENTION: u64 = 345_600;
/// Seconds for which they wait aside: the longest that SQS has. The time in the feed's queue counts.
const DEAD_RETENTION: u64 = 1_209_600;
/// Seconds until a message that a crashed daemon had is delivered again.
const VISIBILITY: u64 = 60;
/// The daemon prolongs every 10 s; above 5 min a crash costs more than a restart.
const VISIBILITIES: std::ops::RangeInclusive<u64> = 30..=300;
/// Bytes of the largest event that CloudTrail sends to EventBridge.
const LARGEST_EVENT: u64 = 262_144;

/// The attributes of AWS's that matter here.
const POLICY: &str = "Policy";
const REDRIVE: &str = "RedrivePolicy";
const REDRIVE_ALLOW: &str = "RedriveAllowPolicy";
const SSE: &str = "SqsManagedSseEnabled";
const KEY: &str = "KmsMasterKeyId";

/// `senders` are the ARNs of the rules that send to the feed's queue.
pub(super) fn compare(
    needs: &Needs,
    need: &QueueNeed,
    senders: &[String],
    seen: &Observed,
    all: &mut Comparison,
) {
    let ground = &needs.ground;
    let mut difference = Difference::new(needs.queue(&need.name), false);
    let attributes = match seen.queue(&need.name) {
        Sight::Unseen(unseen) => return all.unseen(difference.part, unseen),
        Sight::Absent => {
            difference.absent = true;
            difference.problem("it is not there");
            let attributes = from_scratch(ground, need.kind, senders);
            for (name, value) in &attributes {
                difference.detail(name, None, Some(value));
            }
            difference.changes.push(Change::CreateQueue {
                place: ground.feed.clone(),
                name: need.name.clone(),
                attributes,
            });
            all.differences.push(difference);
            return;
        }
        Sight::Seen(queue) => &queue.attributes,
    };
    let mut set = BTreeMap::new();
    let mut look = Look {
        attributes,
        difference: &mut difference,
        set: &mut set,
    };
    look.numbers(need.kind);
    look.encryption(all);
    look.redrive(ground, need.kind);
    let policy = attributes
        .get(POLICY)
        .map_or(r#"{"Statement":[]}"#, String::as_str);
    let (flaws, wanted) = match need.kind {
        QueueKind::Feed => (
            flaws::flaws_of_queue(ground, senders, policy),
            documents::queue_policy(ground, senders),
        ),
        QueueKind::DeadLetters => (
            flaws::flaws_of_dead_letters(ground, policy),
            documents::dead_letter_policy(ground),
        ),
    };
    if sort(flaws, "the policy", &mut difference, all) {
        set.insert(POLICY.to_owned(), wanted);
    }
    if difference.is_wrong() {
        for (name, value) in &set {
            let before = attributes.get(name).map(String::as_str);
            difference.detail(
                name,
                before,
                Some(value)
                    .filter(|one| !one.is_empty())
                    .map(String::as_str),
            );
        }
        difference.changes.push(Change::SetQueueAttributes {
            place: ground.feed.clone(),
            name: need.name.clone(),
            attributes: set,
        });
        all.differences.push(difference);
    }
}

fn from_scratch(ground: &Ground, kind: QueueKind, senders: &[String]) -> BTreeMap<String, String> {
    let mut attributes = BTreeMap::from([(SSE.to_owned(), "true".to_owned())]);
    let mut set = |name: &str, value: String| attributes.insert(name.to_owned(), value);
    match kind {
        QueueKind::Feed => {
            set("MessageRetentionPeriod", RETENTION.to_string());
            set("VisibilityTimeout", VISIBILITY.to_string());
            set(REDRIVE, redrive(ground));
            set(POLICY, documents::queue_policy(ground, senders));
        }
        QueueKind::DeadLetters => {
            set("MessageRetentionPeriod", DEAD_RETENTION.to_string());
            set(POLICY, documents::dead_letter_policy(ground));
        }
    }
    attributes
}

fn redrive(ground: &Ground) -> String {
    let dead = ground.queue_arn(&ground.dead_letters());
    json!({"deadLetterTargetArn": dead, "maxReceiveCount": MAX_RECEIVE_COUNT}).to_string()
}

/// A number, however it is written.
fn number(value: Option<&Value>) -> Option<u64> {
    let value = value?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

struct Look<'a> {
    attributes: &'a BTreeMap<String, String>,
    difference: &'a mut Difference,
    set: &'a mut BTreeMap<String, String>,
}

impl Look<'_> {
    fn text(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    fn wrong(&mut self, name: &str, wanted: String, problem: String) {
        self.difference.problem(problem);
        self.set.insert(name.to_owned(), wanted);
    }

    fn numbers(&mut self, kind: QueueKind) {
        // What AWS leaves out of its answer is not known to be wrong.
        let value = |look: &Self, name: &str| look.text(name).parse::<u64>().ok();
        let retention = match kind {
            QueueKind::Feed => RETENTION,
            QueueKind::DeadLetters => DEAD_RETENTION,
        };
        if let Some(seconds) = value(self, "MessageRetentionPeriod")
            && seconds < retention
        {
            let problem = format!("messages are kept for {seconds} s instead of {retention}");
            self.wrong("MessageRetentionPeriod", retention.to_string(), problem);
        }
        if let Some(bytes) = value(self, "MaximumMessageSize")
            && bytes < LARGEST_EVENT
        {
            let problem = format!("messages of more than {bytes} bytes are refused");
            self.wrong("MaximumMessageSize", LARGEST_EVENT.to_string(), problem);
        }
        if kind == QueueKind::DeadLetters {
            return;
        }
        if let Some(seconds) = value(self, "DelaySeconds")
            && seconds > 0
        {
            let problem = format!("messages are held back for {seconds} s");
            self.wrong("DelaySeconds", "0".to_owned(), problem);
        }
        if let Some(seconds) = value(self, "VisibilityTimeout")
            && !VISIBILITIES.contains(&seconds)
        {
            let problem = format!("the visibility timeout is {seconds} s instead of {VISIBILITY}");
            self.wrong("VisibilityTimeout", VISIBILITY.to_string(), problem);
        }
    }

    /// SSE-SQS needs no grant. A key of the customer's may let EventBridge in or not; AWS's own never does (EventBridge User Guide,
    /// "Amazon SQS permissions").
    fn encryption(&mut self, all: &mut Comparison) {
        let key = self.text(KEY).to_owned();
        let managed = self.text(SSE).eq_ignore_ascii_case("true");
        let sse = || "true".to_owned();
        if key.ends_with("alias/aws/sqs") {
            let problem = "it is encrypted with alias/aws/sqs, which EventBridge may not use";
            self.wrong(SSE, sse(), problem.to_owned());
            self.set.insert(KEY.to_owned(), String::new());
        } else if !key.is_empty() {
            let reason = format!("whether its key {key} lets EventBridge in is not evaluated");
            all.undecided(self.difference.part.clone(), reason);
        } else if !managed {
            self.wrong(SSE, sse(), "messages are not encrypted at rest".to_owned());
        }
    }

    fn redrive(&mut self, ground: &Ground, kind: QueueKind) {
        match kind {
            QueueKind::Feed => {
                let present: Value = serde_json::from_str(self.text(REDRIVE)).unwrap_or_default();
                let dead = ground.queue_arn(&ground.dead_letters());
                let receives = number(present.get("maxReceiveCount"));
                let problem = if present.get("deadLetterTargetArn").is_none() {
                    "what fails again and again is put nowhere".to_owned()
                } else if present.get("deadLetterTargetArn") != Some(&Value::from(dead.as_str())) {
                    format!("what fails again and again is not put into {dead}")
                } else if receives.is_none_or(|count| count < FEWEST_RECEIVES) {
                    format!("a message is put aside after fewer than {FEWEST_RECEIVES} receives")
                } else {
                    return;
                };
                self.wrong(REDRIVE, redrive(ground), problem);
            }
            QueueKind::DeadLetters => {
                let queue = ground.queue_arn(&ground.queue);
                let present: Value =
                    serde_json::from_str(self.text(REDRIVE_ALLOW)).unwrap_or_default();
                let listed = present.get("sourceQueueArns").and_then(Value::as_array);
                let refuses = match present.get("redrivePermission").and_then(Value::as_str) {
                    Some("denyAll") => true,
                    Some("byQueue") => {
                        !listed.is_some_and(|list| list.contains(&Value::from(queue.as_str())))
                    }
                    _ => false,
                };
                if refuses {
                    let wanted =
                        json!({"redrivePermission": "byQueue", "sourceQueueArns": [queue]});
                    let problem = format!("it takes nothing from {queue}");
                    self.wrong(REDRIVE_ALLOW, wanted.to_string(), problem);
                }
            }
        }
    }
}
