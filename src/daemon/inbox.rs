//! Where the feed leaves what a scope has to look at.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::feed::Ticket;
use crate::event::Signal;
#[cfg(test)]
use crate::mutant::{Mutant, planted};
use crate::snapshot::AccountId;

/// An event that waits for a look at its scope, with the message that brought it.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) ticket: Ticket,
    pub(super) signal: Signal,
}

/// When the first and the last of the events that wait arrived.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    pub(super) first: Instant,
    pub(super) last: Instant,
}

/// The events of one scope. Bounded by the feed, which stops receiving while too many messages are in flight.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    /// Whose events these are; not known before the first look where the configuration does not say.
    account: OnceLock<AccountId>,
    items: Mutex<Vec<Item>>,
    arrived: Notify,
}

impl Inbox {
    pub(super) fn new(account: Option<AccountId>) -> Self {
        Self {
            account: account.map(OnceLock::from).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// The account, once it is known.
    pub(super) fn account(&self) -> Option<&AccountId> {
        self.account.get()
    }

    /// A look has shown whose account this is.
    pub(super) fn learn(&self, account: &AccountId) {
        self.account.get_or_init(|| account.clone());
    }

    pub(super) fn push(&self, ticket: Ticket, signal: Signal) {
        self.items().push(Item { ticket, signal });
        self.arrived.notify_one();
    }

    /// Everything that arrived so far.
    pub(super) fn take(&self) -> Vec<Item> {
        std::mem::take(&mut self.items())
    }

    /// What waits; none: nothing does.
    pub(super) fn waiting(&self) -> Option<Waiting> {
        let items = self.items();
        Some(Waiting {
            first: items.first()?.ticket.received(),
            last: items.last()?.ticket.received(),
        })
    }

    /// Waits until something arrived since the last call.
    pub(super) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// A list is whole whenever the lock is free, also after a panic elsewhere.
    fn items(&self) -> MutexGuard<'_, Vec<Item>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which scope an account's events belong to. An event can wake a configured scope and nothing else.
#[derive(Debug, Clone, Default)]
pub(super) struct Router {
    named: BTreeMap<AccountId, Arc<Inbox>>,
    /// The scope of the own credentials, whose account shows itself at the first look.
    own: Option<Arc<Inbox>>,
}

impl Router {
    pub(super) fn new(inboxes: impl IntoIterator<Item = Arc<Inbox>>) -> Self {
        let mut router = Self::default();
        for inbox in inboxes {
            match inbox.account().cloned() {
                Some(account) => {
                    router.named.insert(account, inbox);
                }
                None => router.own = Some(inbox),
            }
        }
        router
    }

    /// The inbox of the scope that watches this account; while the own account is not known yet, its scope takes what no
    /// other does and sorts it out later.
    pub(super) fn scope_of(&self, account: &AccountId) -> Option<&Inbox> {
        #[cfg(test)]
        if planted(Mutant::SettlesTheWrongScope) {
            return self.named.values().next().map(AsRef::as_ref);
        }
        let own = || {
            let own = self.own.as_deref()?;
            own.account()
                .is_none_or(|known| known == account)
                .then_some(own)
        };
        self.named.get(account).map(AsRef::as_ref).or_else(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(text: &str) -> AccountId {
        text.parse().unwrap()
    }

    #[test]
    fn an_event_reaches_the_scope_of_its_account_and_no_other() {
        let (named, own) = (account("000000000001"), account("000000000002"));
        let inboxes = [
            Arc::new(Inbox::new(Some(named.clone()))),
            Arc::new(Inbox::new(None)),
        ];
        let router = Router::new(inboxes.clone());
        let reaches = |id: &AccountId, index: usize| {
            router
                .scope_of(id)
                .is_some_and(|inbox| std::ptr::eq(inbox, Arc::as_ptr(&inboxes[index])))
        };
        assert!(reaches(&named, 0));
        assert!(reaches(&own, 1), "not known yet: it may be ours");
        inboxes[1].learn(&own);
        assert!(reaches(&own, 1));
        assert!(router.scope_of(&account("000000000003")).is_none());
    }
}
