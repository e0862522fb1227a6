use std::collections::VecDeque;
use std::sync::Arc;

use tokio::time::Instant;

use super::notice::Notice;

/// What waits for one target, oldest first, and never more than so much. Pure.
///
/// Where there is no room, a notice that waits and is of the same matter as the new one gives way to it, else the oldest.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    limit: usize,
    next: u64,
}

/// One notice that waits.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    /// Which one it is in its queue.
    pub(super) number: u64,
    pub(super) notice: Arc<Notice>,
    /// When it was told.
    pub(super) told: Instant,
}

impl Queue {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            limit,
            next: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Takes a notice in, and answers the one that gave way.
    pub(super) fn push(&mut self, notice: Arc<Notice>, now: Instant) -> Option<Arc<Notice>> {
        let gave_way = if self.waiting.len() < self.limit {
            None
        } else {
            let matter = notice.matter();
            let same = self
                .waiting
                .iter()
                .position(|one| one.notice.matter() == matter);
            self.waiting.remove(same.unwrap_or(0))
        };
        self.waiting.push_back(Waiting {
            number: self.next,
            notice,
            told: now,
        });
        self.next += 1;
        gave_way.map(|one| one.notice)
    }

    /// The oldest; it stays until it is removed.
    pub(super) fn first(&self) -> Option<Waiting> {
        self.waiting.front().cloned()
    }

    /// Removes one that is done with, unless it gave way in the meantime.
    pub(super) fn remove(&mut self, number: u64) {
        self.waiting.retain(|one| one.number != number);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::telemetry::samples::time;

    fn notice(matter: &str, second: i64) -> Arc<Notice> {
        let at = time("2026-11-23T10:00:00Z") + jiff::SignedDuration::from_secs(second);
        Arc::new(Notice::state_dir_unwritable(Path::new(matter), &"full", at))
    }

    fn ids(queue: &Queue) -> Vec<String> {
        queue.waiting.iter().map(|one| one.notice.id()).collect()
    }

    #[test]
    fn what_waits_is_kept_in_order_and_removed_by_its_number() {
        let mut queue = Queue::new(3);
        let now = Instant::now();
        let all = [notice("a", 0), notice("b", 1), notice("a", 2)];
        for one in &all {
            assert_eq!(queue.push(Arc::clone(one), now), None);
        }
        let first = queue.first().unwrap();
        assert_eq!(first.notice, all[0]);
        queue.remove(first.number);
        queue.remove(first.number);
        assert_eq!(ids(&queue), [all[1].id(), all[2].id()]);
    }

    #[test]
    fn where_there_is_no_room_the_same_matter_gives_way_else_the_oldest() {
        let mut queue = Queue::new(2);
        let now = Instant::now();
        let (a, b, newer_b, c) = (
            notice("a", 0),
            notice("b", 1),
            notice("b", 2),
            notice("c", 3),
        );
        queue.push(Arc::clone(&a), now);
        queue.push(Arc::clone(&b), now);
        assert_eq!(queue.push(Arc::clone(&newer_b), now), Some(b));
        assert_eq!(ids(&queue), [a.id(), newer_b.id()]);
        let first = queue.first().unwrap();
        assert_eq!(queue.push(Arc::clone(&c), now), Some(a));
        queue.remove(first.number);
        assert_eq!(
            ids(&queue),
            [newer_b.id(), c.id()],
            "what gave way takes nothing along"
        );
        assert_eq!(queue.len(), 2);
    }
}
