//! From an approval to writes, one at a time: look, compare, write, look again.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::approval::{Approval, Change};
use super::look::{Brief, Look};
use crate::assess::{Chain, inherit};
use crate::aws::{AccountApi, ApplyError, ObserveError, Remembered};
use crate::heal::Repair;
use crate::snapshot::Snapshot;

/// Pauses between the looks that wait for a write to show: AWS's reads lag behind its writes.
const PATIENCE: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// An account that can be looked at again and again.
pub(super) struct Site<'a> {
    pub(super) api: &'a dyn AccountApi,
    pub(super) brief: &'a Brief,
    pub(super) known: BTreeMap<String, Chain>,
    pub(super) remembered: Remembered,
    /// Accounts that it inherits from, as they were last seen.
    pub(super) others: Vec<Snapshot>,
}

impl Site<'_> {
    pub(super) async fn look(&self) -> Result<Look, ObserveError> {
        let snapshot = self.api.observe(&self.remembered).await?;
        Ok(self.judge(snapshot))
    }

    /// Judges the account and plans for it, with what it inherits.
    pub(super) fn judge(&self, mut snapshot: Snapshot) -> Look {
        snapshot.other_accounts.clear();
        inherit(&mut snapshot, &self.others);
        self.brief.look(snapshot, &self.known)
    }
}

/// Why no further repair was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// Every approved repair was written, and shows.
    Finished,
    /// The account is no longer what was approved.
    Changed(Change),
    /// The write failed; if by a lost answer, it may have been carried out.
    Failed(ApplyError),
    /// AWS accepted the write, and the account does not show it.
    Unseen,
    /// Somebody asked to stop.
    Interrupted,
    /// The account can no longer be looked at; true: the write before had been accepted.
    Blind(ObserveError, bool),
}

/// What became of an approval.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    /// What was approved.
    pub(super) shown: Look,
    /// How many of its repairs were written and seen.
    pub(super) done: usize,
    /// Why it ended there.
    pub(super) ended: Ended,
    /// The latest look.
    pub(super) last: Look,
}

/// Carries out what was approved, in order, until it ends or `stop` is cancelled: then the write under way is finished and
/// none begun. `written` is told of each repair that shows.
pub(super) async fn carry_out(
    site: &Site<'_>,
    shown: Look,
    stop: &CancellationToken,
    mut written: impl FnMut(&Repair),
) -> Outcome {
    let mut last = shown.clone();
    let mut done = 0;
    let ended = loop {
        let Some(repair) = shown.repairs().nth(done) else {
            break Ended::Finished;
        };
        if stop.is_cancelled() {
            break Ended::Interrupted;
        }
        let now = match site.look().await {
            Ok(now) => now,
            Err(error) => break Ended::Blind(error, false),
        };
        let approval = Approval {
            shown: &shown,
            done,
            verified: &last,
        };
        if let Err(change) = approval.covers(repair, &now) {
            last = now;
            break Ended::Changed(change);
        }
        // The look may have taken its time.
        if stop.is_cancelled() {
            break Ended::Interrupted;
        }
        if let Err(error) = site.api.apply(repair).await {
            last = site.look().await.unwrap_or(now);
            break Ended::Failed(error);
        }
        match until_it_shows(site, &shown, repair, stop).await {
            Ok(Seen { look, visible }) => {
                last = look;
                if !visible {
                    break Ended::Unseen;
                }
            }
            Err(error) => {
                last = now;
                break Ended::Blind(error, true);
            }
        }
        written(repair);
        done += 1;
    };
    Outcome {
        shown,
        done,
        ended,
        last,
    }
}

/// The look that showed a write, or the last of those that did not.
struct Seen {
    look: Look,
    visible: bool,
}

/// Looks until the repair is no longer wanted; a few times at most, and once after somebody asked to stop.
async fn until_it_shows(
    site: &Site<'_>,
    shown: &Look,
    repair: &Repair,
    stop: &CancellationToken,
) -> Result<Seen, ObserveError> {
    let mut pauses = PATIENCE.into_iter();
    loop {
        let look = site.look().await?;
        // Where a call failed on the way, that nothing is planned says nothing.
        let visible =
            look.newly_unknown(shown).is_none() && look.repairs().all(|other| other != repair);
        if visible || stop.is_cancelled() {
            return Ok(Seen { look, visible });
        }
        let Some(pause) = pauses.next() else {
            return Ok(Seen { look, visible });
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => {}
        }
    }
}

#[cfg(test)]
mod tests;
