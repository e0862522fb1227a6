use jiff::Timestamp;

use crate::journal::{Incident, OccurrenceKind};
use crate::snapshot::AccountId;

/// How many heartbeats in a row have to be lost before people are told: one may have been under way at a restart, or wait
/// behind a burst.
const TOLD_AFTER: u32 = 2;

/// How a heartbeat ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beat {
    /// It came back in time.
    Back,
    /// EventBridge took it, and it did not come.
    Lost,
    /// EventBridge did not take it: nothing is known of the rule.
    Unsent,
}

/// What is told of heartbeats; `since` is when the first lost one was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::daemon) enum News {
    /// They do not come back.
    Lost { since: Timestamp },
    /// They do again.
    Restored { since: Timestamp },
}

/// What of the heartbeats is news.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::daemon) struct Course {
    lost: u32,
    /// When the first of those in a row was sent that were lost.
    since: Option<Timestamp>,
    told: bool,
}

impl Course {
    /// Goes on where an earlier process ended: what it told as lost is told as restored once a heartbeat comes back. The
    /// incidents come the latest first or in any other order.
    pub(in crate::daemon) fn resumed(incidents: &[Incident], feed: &AccountId) -> Self {
        let last = incidents
            .iter()
            .filter_map(|incident| match incident {
                Incident::Happened(one) if one.account == *feed => Some(one),
                Incident::Happened(_) | Incident::Broken(_) => None,
            })
            .filter(|one| {
                matches!(
                    one.kind,
                    OccurrenceKind::HeartbeatLost | OccurrenceKind::HeartbeatRestored
                )
            })
            .max_by_key(|one| one.at);
        match last {
            Some(one) if one.kind == OccurrenceKind::HeartbeatLost => Self {
                lost: TOLD_AFTER,
                since: Some(one.at),
                told: true,
            },
            _ => Self::default(),
        }
    }

    /// Takes in how the heartbeat ended that was sent at this time.
    pub(super) fn next(&mut self, beat: Beat, sent: Timestamp) -> Option<News> {
        match beat {
            Beat::Unsent => None,
            Beat::Lost => {
                self.lost = self.lost.saturating_add(1);
                let since = *self.since.get_or_insert(sent);
                let is_news = self.lost >= TOLD_AFTER && !self.told;
                self.told |= is_news;
                is_news.then_some(News::Lost { since })
            }
            Beat::Back => {
                let before = std::mem::take(self);
                let since = before.since.filter(|_| before.told)?;
                Some(News::Restored { since })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Occurrence;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    /// The news of these heartbeats, one a minute.
    fn told(course: &mut Course, beats: &[Beat]) -> Vec<(usize, News)> {
        let news = beats.iter().enumerate().filter_map(|(minute, beat)| {
            let sent = at(i64::try_from(minute).unwrap());
            Some((minute, course.next(*beat, sent)?))
        });
        news.collect()
    }

    #[test]
    fn one_lost_is_no_news_two_in_a_row_are_told_once_and_so_is_the_end() {
        use Beat::{Back, Lost, Unsent};
        let mut course = Course::default();
        assert_eq!(told(&mut course, &[Lost, Back, Lost, Back, Back]), []);
        assert_eq!(
            told(&mut course, &[Back, Lost, Lost, Lost, Back, Back]),
            [
                (2, News::Lost { since: at(1) }),
                (4, News::Restored { since: at(1) })
            ]
        );
        // What could not be sent says nothing, neither good nor bad.
        assert_eq!(
            told(&mut course, &[Lost, Unsent, Lost, Unsent, Back]),
            [
                (2, News::Lost { since: at(0) }),
                (4, News::Restored { since: at(0) })
            ]
        );
    }

    #[test]
    fn what_an_earlier_process_told_is_ended_and_not_told_again() {
        let feed: AccountId = "111122223333".parse().unwrap();
        let occurrence = |kind, minute| {
            Incident::Happened(Occurrence {
                account: feed.clone(),
                control: None,
                at: at(minute),
                kind,
                message: String::new(),
                actor: None,
            })
        };
        let lost = occurrence(OccurrenceKind::HeartbeatLost, 5);
        let restored = occurrence(OccurrenceKind::HeartbeatRestored, 9);
        let mut course = Course::resumed(std::slice::from_ref(&lost), &feed);
        assert_eq!(
            told(&mut course, &[Beat::Lost, Beat::Lost, Beat::Back]),
            [(2, News::Restored { since: at(5) })]
        );
        for over in [vec![lost.clone(), restored.clone()], vec![restored, lost]] {
            assert_eq!(Course::resumed(&over, &feed), Course::default());
        }
    }
}
