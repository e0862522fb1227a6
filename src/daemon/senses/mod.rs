//! Whether the daemon would hear: the heartbeat through rule and queue, how full the queue and its dead-letter queue are, and
//! what CloudTrail does for the feed.
//!
//! None of it is needed for a verdict, and none of it ends one: a sense that cannot be had (a permission is missing) is NaN
//! and said once.

mod beats;
mod cloudtrail;
mod course;
mod depth;
mod echo;
mod told;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::pulse::{IDLE_TICK, Pulse};
use crate::aws::{Bus, QueueGauge};
use crate::event::Nonce;
use crate::snapshot::AccountId;

pub(super) use beats::Heart;
pub(super) use cloudtrail::Ear;
pub(super) use course::Course;
pub(super) use depth::DepthWatch;
pub(super) use echo::Echo;
pub(super) use told::Reporter;

/// How the daemon looks after its own hearing. By default it does not.
#[derive(Default)]
pub struct Senses {
    /// The queue of the feed, for people and for the history.
    pub feed: Option<FeedName>,
    /// The bus that heartbeats are put on, and how often; none: there are none.
    pub heartbeat: Option<Heartbeats>,
    /// Who tells how full the queue is.
    pub gauge: Option<Arc<dyn QueueGauge>>,
}

/// The queue of the feed by the names that people know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedName {
    /// The account that owns it.
    pub account: AccountId,
    /// Its URL.
    pub url: String,
}

/// Where heartbeats are put, how often, and how long each may take.
#[derive(Clone)]
pub struct Heartbeats {
    /// The bus whose rules fill the queue.
    pub bus: Arc<dyn Bus>,
    /// Time between two, before jitter.
    pub interval: Duration,
    /// How long one may take before it counts as lost.
    pub timeout: Duration,
    /// Where nonces come from: nobody may be able to guess one.
    pub nonces: fn() -> Result<Nonce, NoNonce>,
}

/// The system gave no random bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes: {0}")]
pub struct NoNonce(pub String);

/// A nonce of the system's random bytes.
///
/// # Errors
/// The system has none to give.
pub fn system_nonce() -> Result<Nonce, NoNonce> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| NoNonce(error.to_string()))?;
    Ok(Nonce::new(bytes))
}

/// The longest time between two ticks of a task here.
pub(super) const SENSES_PULSE: Duration = Duration::from_mins(2);

/// Does what is bounded in time by itself, ticking meanwhile.
async fn ticking<T>(pulse: &Pulse, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        pulse.tick();
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = sleep(IDLE_TICK) => {}
        }
    }
}

/// A time from now, up to a tenth earlier, so that daemons do not call in step.
fn jittered(after: Duration, random: &mut fastrand::Rng) -> Instant {
    Instant::now() + after.mul_f64(1.0 - random.f64() / 10.0)
}
