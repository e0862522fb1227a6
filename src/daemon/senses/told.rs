use jiff::Timestamp;

use super::FeedName;
use super::course::News;
use crate::journal::{Entry, Incident, Journal, Occurrence, OccurrenceKind};
use crate::notify::{Clock, Notice, Notifier};
use crate::telemetry::{Events, StatusBoard};

/// Tells what the senses find: log and metrics, history, status page, people.
#[derive(Clone)]
pub(in crate::daemon) struct Reporter {
    pub(in crate::daemon) feed: FeedName,
    pub(in crate::daemon) events: Events,
    pub(in crate::daemon) board: StatusBoard,
    pub(in crate::daemon) journal: Journal,
    pub(in crate::daemon) notifier: Notifier,
    pub(in crate::daemon) clock: Clock,
}

impl Reporter {
    pub(super) const fn events(&self) -> &Events {
        &self.events
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(super) fn heartbeat(&self, news: News) {
        let FeedName { account, url } = &self.feed;
        let now = self.now();
        let (kind, notice) = match news {
            News::Lost { since } => (
                OccurrenceKind::HeartbeatLost,
                Notice::heartbeat_lost(account, url, since, now),
            ),
            News::Restored { since } => (
                OccurrenceKind::HeartbeatRestored,
                Notice::heartbeat_restored(account, url, since, now),
            ),
        };
        self.happened(kind, notice, now);
    }

    /// So many new messages are in the dead-letter queue, and so many in all.
    pub(super) fn dead_letters(&self, new: u64, total: u64) {
        let FeedName { account, url } = &self.feed;
        let now = self.now();
        let notice = Notice::dead_letters(account, url, new, total, now);
        self.happened(OccurrenceKind::DeadLetters, notice, now);
    }

    fn happened(&self, kind: OccurrenceKind, notice: Notice, at: Timestamp) {
        let occurrence = Occurrence {
            account: self.feed.account.clone(),
            control: None,
            at,
            kind,
            message: notice.message().to_owned(),
            actor: None,
        };
        self.events.occurred(&occurrence);
        self.board.incident(Incident::Happened(occurrence.clone()));
        self.journal.keep(vec![Entry::Occurrence(occurrence)]);
        self.notifier.tell(notice);
    }
}
