//! What an interrupted drill left in the account: the daemon removes it where it may write.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::timeout;
use tracing::{debug, info};

use crate::aws::AccountApi;
use crate::drill::Ground;
use crate::snapshot::Snapshot;

/// How long it may take; the next sweep goes on with it.
const LIMIT: Duration = Duration::from_secs(30);

/// Removes what drills of long ago made, around the log groups and topics of a look. A missing permission is no news: the
/// daemon need not have it.
pub(super) async fn remove(account: &dyn AccountApi, seen: &Snapshot, now: Timestamp) {
    let Some(api) = account.drills() else { return };
    let ground = Ground::of(seen);
    let work = async {
        let (mut found, failed) = api.resources(&ground).await;
        for error in failed {
            debug!(%error, "leftovers of drills cannot be looked for");
        }
        found.retain(|resource| resource.is_left_behind(now));
        found.sort();
        for resource in &found {
            let (kind, drill) = (resource.kind(), resource.name());
            match api.remove(resource).await {
                Ok(()) => {
                    info!(account = %ground.account, kind, %drill, "removed a leftover of a drill");
                }
                Err(error) => debug!(%error, kind, %drill, "a leftover of a drill stays"),
            }
        }
    };
    if timeout(LIMIT, work).await.is_err() {
        debug!("leftovers of drills took too long");
    }
}
