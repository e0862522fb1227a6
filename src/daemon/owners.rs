//! What the accounts with an organization's trail were last seen to be: their members are judged by it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::assess::{inherit, is_inherited_from, leads_into};
use crate::snapshot::{AccountId, Snapshot};

/// How long the first look of a member waits for that of the account that it inherits from, so that a start is no time in
/// which nothing was known. Longer than a look takes, and no reason to be late for anything.
const FIRST_WAIT: Duration = Duration::from_secs(10);

/// Shared by all scopes. Nothing here ever waits for an account, except for that first time.
#[derive(Debug)]
pub(super) struct Owners {
    /// The accounts that are scopes.
    accounts: BTreeSet<AccountId>,
    seen: Mutex<Seen>,
    /// Told when an account that others inherit from is another than before: every scope listens.
    changed: watch::Sender<()>,
    /// Told of each first look: who waits for one listens.
    begun: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Every account that was looked at, successfully or not.
    looked: BTreeSet<AccountId>,
    /// Those that others inherit from, as they were last seen; none that could not be looked at.
    owners: BTreeMap<AccountId, Arc<Snapshot>>,
    /// How often each of them was another than before.
    revisions: BTreeMap<AccountId, u64>,
}

/// Which revisions of its owners an account was judged by.
pub(super) type Revisions = Vec<u64>;

impl Owners {
    pub(super) fn new(accounts: impl IntoIterator<Item = AccountId>) -> Self {
        Self {
            accounts: accounts.into_iter().collect(),
            seen: Mutex::default(),
            changed: watch::Sender::default(),
            begun: watch::Sender::default(),
        }
    }

    /// Is told when an account that others inherit from is another than before.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Notes how an account was seen.
    pub(super) fn note(&self, snapshot: &Snapshot) {
        // Nobody inherits from the only account.
        if self.accounts.len() < 2 {
            return;
        }
        let account = &snapshot.account_id;
        let is_owner = is_inherited_from(snapshot);
        let (first, differs) = {
            let mut seen = self.seen();
            let first = seen.looked.insert(account.clone());
            let differs = match seen.owners.get(account) {
                Some(before) => !is_owner || steady(before) != steady(snapshot),
                None => is_owner,
            };
            if is_owner {
                let kept = Snapshot {
                    other_accounts: Vec::new(),
                    ..snapshot.clone()
                };
                seen.owners.insert(account.clone(), Arc::new(kept));
            } else {
                seen.owners.remove(account);
            }
            if differs {
                *seen.revisions.entry(account.clone()).or_default() += 1;
            }
            (first, differs)
        };
        if first {
            self.begun.send_replace(());
        }
        // This wakes every scope: a first look that concerns nobody does not.
        if differs {
            self.changed.send_replace(());
        }
    }

    /// Whether the account inherits from another scope: what becomes of that concerns it.
    pub(super) fn concern(&self, snapshot: &Snapshot) -> bool {
        let leads = leads_into(snapshot);
        self.accounts
            .iter()
            .any(|account| leads.contains(account.as_str()))
    }

    /// Which revisions of its owners there are now.
    pub(super) fn revisions(&self, snapshot: &Snapshot) -> Revisions {
        let leads = leads_into(snapshot);
        let seen = self.seen();
        let concerned = seen.revisions.iter();
        concerned
            .filter(|(account, _)| leads.contains(account.as_str()))
            .map(|(_, revision)| *revision)
            .collect()
    }

    /// Shows an account those that it inherits from, as they were last seen.
    pub(super) fn show(&self, snapshot: &mut Snapshot) {
        let owners: Vec<Arc<Snapshot>> = self.seen().owners.values().cloned().collect();
        inherit(snapshot, owners.iter().map(AsRef::as_ref));
    }

    /// Waits until everybody whom the account inherits from was looked at once; not for long.
    pub(super) async fn looked(&self, snapshot: &Snapshot) {
        let mut changes = self.begun.subscribe();
        let all = async { while self.is_awaited(snapshot) && changes.changed().await.is_ok() {} };
        // One that is slow is not waited for: UNKNOWN is the truth then.
        let _ = timeout(FIRST_WAIT, all).await;
    }

    fn is_awaited(&self, snapshot: &Snapshot) -> bool {
        let leads = leads_into(snapshot);
        let seen = self.seen();
        let mut awaited = self
            .accounts
            .iter()
            .filter(|account| leads.contains(account.as_str()));
        awaited.any(|account| !seen.looked.contains(account))
    }

    /// The maps are whole whenever the lock is free, also after a panic elsewhere.
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same without the times that every look brings anew.
fn steady(snapshot: &Snapshot) -> Snapshot {
    let mut steady = Snapshot {
        now: Timestamp::UNIX_EPOCH,
        other_accounts: Vec::new(),
        ..snapshot.clone()
    };
    for status in steady.trail_status.values_mut() {
        status.latest_cloud_watch_logs_delivery_time = None;
    }
    steady
}
