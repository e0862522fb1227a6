//! How many scopes look at the same time.
//!
//! A look holds what it saw until it is judged: megabytes in a large account. A thousand accounts that looked at once, as they
//! would after a start, would hold all of it and open some thousand connections, and not one would be done sooner.

use std::pin::pin;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use super::inbox::Inbox;
use super::pulse::{IDLE_TICK, Pulse};

/// Looks at the same time: enough to keep several cores busy, since a look mostly waits for AWS.
const AT_ONCE: usize = 16;

/// The turns of all scopes; each is handed out in the order in which it was asked for.
#[derive(Debug, Clone)]
pub(super) struct Turns {
    planned: Arc<Semaphore>,
    /// Looks for events have turns of their own, so that no event waits for a sweep of a thousand accounts.
    called: Arc<Semaphore>,
}

/// The right to look; given back when dropped.
pub(super) type Turn = Option<OwnedSemaphorePermit>;

impl Default for Turns {
    fn default() -> Self {
        Self {
            planned: Arc::new(Semaphore::new(AT_ONCE)),
            called: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl Turns {
    /// Waits for a turn of the scope behind this inbox; once an event is there, for one of the kind that is kept for events.
    pub(super) async fn next(&self, inbox: &Inbox, pulse: &Pulse) -> Turn {
        if inbox.waiting().is_none() {
            let mut planned = pin!(Arc::clone(&self.planned).acquire_owned());
            loop {
                tokio::select! {
                    biased;
                    turn = &mut planned => return turn.ok(),
                    () = inbox.arrived() => break,
                    () = sleep(IDLE_TICK) => pulse.tick(),
                }
            }
        }
        let mut called = pin!(Arc::clone(&self.called).acquire_owned());
        loop {
            tokio::select! {
                biased;
                // The semaphores are never closed; a turn that could not be had would only lift the bound.
                turn = &mut called => return turn.ok(),
                () = sleep(IDLE_TICK) => pulse.tick(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::future::join;
    use tokio::time::timeout;

    use super::*;
    use crate::daemon::feed::ticket;
    use crate::daemon::pulse::Pulses;
    use crate::daemon::tests::{ACCOUNT, event};
    use crate::event::{Incoming, decode};

    #[tokio::test(start_paused = true)]
    async fn a_look_waits_while_many_others_look_and_an_event_does_not() {
        let (turns, quiet, pulses) = (Turns::default(), Inbox::default(), Pulses::default());
        let pulse = pulses.supervise("scope", Duration::from_mins(5));
        let mut held = Vec::new();
        for _ in 0..AT_ONCE {
            held.push(turns.next(&quiet, &pulse).await);
        }
        let hour = Duration::from_hours(1);
        assert!(timeout(hour, turns.next(&quiet, &pulse)).await.is_err());
        assert_eq!(pulses.overdue(), Vec::<String>::new(), "it waits and lives");
        let busy = Inbox::default();
        let waiting = turns.next(&busy, &pulse);
        let event = async {
            sleep(Duration::from_secs(1)).await;
            let Ok(Incoming::Signal(signal)) = decode(&event(ACCOUNT, "DeleteMetricFilter", "r"))
            else {
                panic!("the event is one")
            };
            busy.push(ticket(), *signal);
        };
        let called = timeout(hour, join(waiting, event)).await;
        assert!(called.is_ok_and(|(turn, ())| turn.is_some()));
        held.pop();
        assert!(timeout(hour, turns.next(&quiet, &pulse)).await.is_ok());
    }
}
