use tracing::{info, warn};

use super::{Events, TARGET, shown};
use crate::snapshot::AccountId;

impl Events {
    /// How the wiring of the feed stands in a region; none: it was not seen.
    pub fn wiring_ok(&self, account: &AccountId, region: &str, is_right: Option<bool>) {
        self.0.metrics.set_wiring_ok(account, region, is_right);
    }

    /// A part of the wiring was not seen; said once.
    pub fn wiring_unseen(&self, account: &str, what: &str, permission: Option<&str>) {
        warn!(
            target: TARGET,
            account,
            permission,
            what = &*shown(&what),
            "whether the feed is wired as it has to be was not seen"
        );
    }

    /// The wiring was seen whole for the first time.
    pub fn wiring_whole(&self, account: &AccountId) {
        info!(target: TARGET, account = account.as_str(), "the feed is wired as it has to be");
    }
}
