//! Does a heartbeat come out of the queue? A daemon that runs knows; else one is sent and received here.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::check::Check;
use crate::aws::{Bus, BusEvent, CallError, Class, Queue, QueueAttributes};
use crate::event::{HEARTBEAT_DETAIL_TYPE, HEARTBEAT_SOURCE, Heartbeat, Incoming, Nonce, decode};

const NAME: &str = "heartbeat";
/// How long one poll waits.
const POLL: Duration = Duration::from_secs(2);
/// Other messages that are held meanwhile; with more in the queue, the heartbeat would wait behind them.
pub(super) const MOST_HELD: usize = 100;

/// What the `/metrics` of a daemon say; none: they are no trailwarden's.
pub(super) fn of_daemon(metrics: &str) -> Option<Check> {
    let value = metrics
        .lines()
        .find_map(|line| line.strip_prefix("trailwarden_feed_rule_ok "))?
        .trim();
    Some(if value == "1" {
        Check::ok(NAME, "the last one of the daemon at http.listen came back")
    } else if value == "0" {
        Check::failed(
            NAME,
            "the last one of the daemon at http.listen did not come back",
        )
        .remedy("see rule, target and queue policy; trailwarden wire shows what differs")
    } else {
        Check::not_checked(
            NAME,
            "the daemon at http.listen could not send one, or is told not to",
        )
        .remedy("allow events:PutEvents on the default bus, and see heartbeat.interval")
    })
}

/// Why a heartbeat is not tried here.
pub(super) fn obstacle(queue: &QueueAttributes) -> Option<Check> {
    let waiting = queue.depth.visible;
    if usize::try_from(waiting).is_ok_and(|waiting| waiting <= MOST_HELD) {
        return None;
    }
    Some(
        Check::not_checked(
            NAME,
            format!("{waiting} messages wait in the queue, and one would come after them"),
        )
        .remedy("start the daemon, which takes them, and ask again"),
    )
}

/// How a heartbeat ended that was tried here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trial {
    /// EventBridge did not take it.
    NotSent(CallError),
    /// The queue gave no messages.
    NotReceived(CallError),
    /// It came.
    Back(Duration),
    /// It did not come within this time.
    Silent(Duration),
}

pub(super) fn tried(trial: &Trial, queue: &QueueAttributes) -> Check {
    match trial {
        Trial::Back(took) => Check::ok(
            NAME,
            format!("one went through bus, rule and queue in {:.1} s", took.as_secs_f64()),
        ),
        Trial::NotSent(error) if error.class == Class::Denied => {
            Check::not_checked(NAME, error.to_string())
                .remedy("allow events:PutEvents on the default bus")
        }
        Trial::NotSent(error) => Check::failed(NAME, error.to_string())
            .remedy("see that EventBridge is reached from here"),
        Trial::NotReceived(error) => Check::failed(NAME, error.to_string())
            .remedy("allow sqs:ReceiveMessage on the queue, in the own policies and in the queue's"),
        // Whoever took the others may have taken it.
        Trial::Silent(limit) if queue.depth.in_flight > 0 => Check::not_checked(
            NAME,
            format!(
                "one did not come within {} s, and another consumer of the queue may have it",
                limit.as_secs()
            ),
        )
        .remedy("ask where the daemon runs, or name its address with --http-listen"),
        Trial::Silent(limit) => Check::failed(
            NAME,
            format!("one did not come out of the queue within {} s", limit.as_secs()),
        )
        .remedy("see that the rule is enabled and lets trailwarden.heartbeat through, its target, and the queue's policy; trailwarden wire shows what differs"),
    }
}

/// Sends a heartbeat and receives until it comes. What else comes is held until the end and then given back at once, so that
/// each message is received at most once more than it would be (a queue moves it away after maxReceiveCount).
pub(super) async fn attempt(
    bus: &dyn Bus,
    queue: &dyn Queue,
    nonce: Nonce,
    limit: Duration,
) -> Trial {
    let heartbeat = Heartbeat {
        nonce,
        process: "doctor".to_owned(),
    };
    let event = BusEvent {
        source: HEARTBEAT_SOURCE,
        detail_type: HEARTBEAT_DETAIL_TYPE,
        detail: heartbeat.detail(),
    };
    let began = Instant::now();
    if let Err(error) = bus.put(&event).await {
        return Trial::NotSent(error);
    }
    let mut held = Vec::new();
    let mut seen = BTreeSet::new();
    let end = loop {
        let left = limit.saturating_sub(began.elapsed());
        if left.is_zero() || seen.len() > MOST_HELD {
            break Trial::Silent(limit);
        }
        let messages = match queue.receive(10, left.min(POLL)).await {
            Ok(messages) => messages,
            Err(error) => break Trial::NotReceived(error),
        };
        let mut came = None;
        for message in messages {
            if matches!(decode(&message.body), Ok(Incoming::Heartbeat(one)) if one.nonce == heartbeat.nonce)
            {
                came = Some(message.receipt);
            } else {
                seen.insert(message.id);
                held.push(message.receipt);
            }
        }
        if let Some(receipt) = came {
            // One that stays is a stray that the daemon deletes.
            let _ = queue.delete_batch(&[receipt]).await;
            break Trial::Back(began.elapsed());
        }
    };
    // One whose time was over is visible already.
    let _ = queue.release(&held).await;
    end
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt;
    use futures_util::future::BoxFuture;
    use jiff::Timestamp;

    use super::super::check::Outcome;
    use super::*;
    use crate::aws::{Depth, MemoryQueue};

    /// A rule that leads to the queue, or nowhere.
    struct Rule(Option<Arc<MemoryQueue>>);

    impl Bus for Rule {
        fn put<'a>(&'a self, event: &'a BusEvent) -> BoxFuture<'a, Result<(), CallError>> {
            async {
                if let Some(queue) = &self.0 {
                    queue.send(format!(
                        r#"{{"source":"{}","detail-type":"{}","detail":{}}}"#,
                        event.source, event.detail_type, event.detail
                    ));
                }
                Ok(())
            }
            .boxed()
        }
    }

    fn queue() -> Arc<MemoryQueue> {
        let visibility = Duration::from_secs(30);
        Arc::new(MemoryQueue::new(visibility, Timestamp::UNIX_EPOCH))
    }

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn what_is_not_ours_is_given_back_at_once_and_received_once() {
        for leads in [true, false] {
            let queue = queue();
            for number in 0..25 {
                queue.send(format!("event {number}"));
            }
            let rule = Rule(leads.then(|| Arc::clone(&queue)));
            let trial = attempt(&rule, &*queue, Nonce::new([1; 16]), LIMIT).await;
            if leads {
                assert!(matches!(trial, Trial::Back(_)), "{trial:?}");
            } else {
                assert_eq!(trial, Trial::Silent(LIMIT));
            }
            assert_eq!(queue.len(), 25, "only our own is deleted");
            let mut counts = Vec::new();
            for _ in 0..3 {
                let again = Queue::receive(&*queue, 10, Duration::ZERO).await.unwrap();
                counts.extend(again.iter().map(|one| one.receive_count));
            }
            assert_eq!(counts, [2; 25], "visible at once, received once before");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_heartbeat_of_the_daemon_is_not_taken_for_ours() {
        let queue = queue();
        let other = Heartbeat {
            nonce: Nonce::new([9; 16]),
            process: "daemon".to_owned(),
        };
        let rule = Rule(Some(Arc::clone(&queue)));
        let event = BusEvent {
            source: HEARTBEAT_SOURCE,
            detail_type: HEARTBEAT_DETAIL_TYPE,
            detail: other.detail(),
        };
        rule.put(&event).await.unwrap();
        let trial = attempt(&Rule(None), &*queue, Nonce::new([1; 16]), LIMIT).await;
        assert_eq!(trial, Trial::Silent(LIMIT));
        assert_eq!(queue.len(), 1);
    }

    #[test]
    fn a_daemon_that_runs_is_believed() {
        for (value, outcome) in [
            ("1", Outcome::Ok),
            ("0", Outcome::Failed),
            ("NaN", Outcome::NotChecked),
        ] {
            let metrics = format!("# TYPE x gauge\ntrailwarden_feed_rule_ok {value}\n");
            assert_eq!(of_daemon(&metrics).unwrap().outcome, outcome, "{value}");
        }
        assert_eq!(of_daemon("node_cpu_seconds_total 1\n"), None);
    }

    #[test]
    fn silence_is_a_fault_only_where_nobody_else_may_have_heard() {
        let mut queue = QueueAttributes::default();
        let silent = Trial::Silent(LIMIT);
        assert_eq!(tried(&silent, &queue).outcome, Outcome::Failed);
        queue.depth.in_flight = 1;
        assert_eq!(tried(&silent, &queue).outcome, Outcome::NotChecked);
        assert_eq!(obstacle(&queue), None);
        queue.depth = Depth {
            visible: 101,
            ..Depth::default()
        };
        assert_eq!(obstacle(&queue).unwrap().outcome, Outcome::NotChecked);
    }
}
