//! What systemd is told: READY, WATCHDOG, STOPPING. Outside systemd nothing is told to anybody.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::pulse::Pulses;

/// How often the pulses are looked at where systemd asks for no watchdog: a task that hangs is logged all the same.
const WITHOUT_WATCHDOG: Duration = Duration::from_secs(30);

/// Ports are bound and tasks run.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The daemon is on its way out.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!(%error, "systemd could not be notified");
    }
}

/// Feeds systemd's watchdog while every supervised task moves.
pub(super) async fn watchdog(pulses: Pulses, stop: CancellationToken) {
    let limit = sd_notify::watchdog_enabled();
    // A third, so that one late tick is no reason to be killed.
    let mut tick = interval(limit.map_or(WITHOUT_WATCHDOG, |limit| limit / 3));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut hung = Vec::new();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let overdue = pulses.overdue();
        if overdue.is_empty() {
            if limit.is_some() {
                tell(&[NotifyState::Watchdog]);
            }
        } else if overdue != hung {
            error!(
                tasks = overdue.join(", "),
                "tasks hang; the watchdog is no longer fed"
            );
        }
        hung = overdue;
    }
}
