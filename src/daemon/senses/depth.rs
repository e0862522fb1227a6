use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::told::Reporter;
use super::{jittered, ticking};
use crate::aws::{CallError, Class, Depth, Fill, QueueGauge};
use crate::daemon::pulse::Pulse;
use crate::telemetry::Events;

/// SQS's counts lag by up to a minute: asking more often tells nothing.
const EVERY: Duration = Duration::from_mins(1);
/// How long the two calls may take.
const LIMIT: Duration = Duration::from_mins(1);

/// The task that asks how full the queue and its dead-letter queue are.
pub(in crate::daemon) struct DepthWatch {
    pub(in crate::daemon) gauge: Arc<dyn QueueGauge>,
    pub(in crate::daemon) reporter: Reporter,
    pub(in crate::daemon) random: fastrand::Rng,
}

impl DepthWatch {
    /// Asks until told to stop.
    pub(in crate::daemon) async fn run(mut self, pulse: Pulse, stop: CancellationToken) {
        let mut dead = DeadLetters::default();
        let watch = async {
            loop {
                let due = jittered(EVERY, &mut self.random);
                let answer = ticking(&pulse, timeout(LIMIT, self.gauge.fill())).await;
                self.take_in(answer.unwrap_or_else(|_| Err(cut())), &mut dead);
                ticking(&pulse, sleep_until(due)).await;
            }
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = watch => {}
        }
    }

    fn take_in(&self, answer: Result<Fill, CallError>, dead: &mut DeadLetters) {
        let (mut waiting, mut dead_letters) = (None, None);
        match answer {
            Ok(fill) => {
                waiting = Some(fill.queue.visible);
                self.events().queue_depth(
                    fill.queue.visible,
                    fill.queue.in_flight,
                    fill.queue.delayed,
                );
                dead_letters = self.take_in_dead(fill.dead_letters, dead);
            }
            Err(error) => {
                let denied = error.class == Class::Denied;
                self.events().queue_depth_unknown(&error, denied);
            }
        }
        self.reporter.board.hear(|hearing| {
            hearing.waiting = waiting;
            hearing.dead_letters = dead_letters;
        });
    }

    fn take_in_dead(
        &self,
        answer: Option<Result<Depth, CallError>>,
        dead: &mut DeadLetters,
    ) -> Option<u64> {
        let Some(answer) = answer else {
            self.events().dead_letters(None);
            return None;
        };
        let count = match answer {
            Ok(depth) => depth.total(),
            Err(error) => {
                self.events().dead_letters(None);
                let denied = error.class == Class::Denied;
                self.events().dead_letters_unknown(&error, denied);
                return None;
            }
        };
        self.events().dead_letters(Some(count));
        match dead.next(count) {
            DeadNews::None => {}
            DeadNews::Found => self.events().dead_letters_found(count),
            DeadNews::Arrived(new) => self.reporter.dead_letters(new, count),
        }
        Some(count)
    }

    const fn events(&self) -> &Events {
        self.reporter.events()
    }
}

/// What of the count of the dead-letter queue is news.
///
/// SQS counts approximately: a count that falls for one reading and rises again is no new message, so the larger of the last
/// two is what a new one is compared with.
#[derive(Debug, Default)]
struct DeadLetters {
    last: Option<(u64, u64)>,
}

#[derive(Debug, PartialEq, Eq)]
enum DeadNews {
    None,
    /// Some were there when the daemon came; since when nobody knows.
    Found,
    /// So many more than before.
    Arrived(u64),
}

impl DeadLetters {
    fn next(&mut self, count: u64) -> DeadNews {
        let Some((before, last)) = self.last.replace((count, count)) else {
            return if count > 0 {
                DeadNews::Found
            } else {
                DeadNews::None
            };
        };
        self.last = Some((last, count));
        match count.checked_sub(before.max(last)) {
            None | Some(0) => DeadNews::None,
            Some(new) => DeadNews::Arrived(new),
        }
    }
}

fn cut() -> CallError {
    CallError {
        service: "sqs",
        operation: "GetQueueAttributes",
        scope: "the feed's queue".to_owned(),
        code: CallError::TIMEOUT.to_owned(),
        class: Class::Transient,
        message: "no answer; the call was cut".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_arrives_is_told_once_and_a_count_that_wavers_is_not() {
        use DeadNews::{Arrived, None};
        let mut dead = DeadLetters::default();
        let news: Vec<_> = [0, 2, 2, 0, 2, 3, 1, 1, 2]
            .into_iter()
            .map(|count| dead.next(count))
            .collect();
        assert_eq!(
            news,
            [
                None,
                Arrived(2),
                None,
                None,
                None,
                Arrived(1),
                None,
                None,
                Arrived(1)
            ]
        );
        assert_eq!(DeadLetters::default().next(4), DeadNews::Found);
    }
}
