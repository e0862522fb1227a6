use jiff::{SignedDuration, Timestamp};

use super::notice::Kind;
use crate::assess::{Link, Verdict};

/// After this time what was told is taken to have arrived, although the process ended.
const ARRIVED_AFTER: SignedDuration = SignedDuration::from_mins(5);

/// What was told of one control of one account, and so what of the next verdict is news. Pure.
///
/// FAIL is told at once, and again where another link is the first that is cut, and once more where it becomes known who
/// did it. UNKNOWN is told when a second look in a row confirms it: a call that AWS failed once is no news. PASS is told
/// where something else was told before. The same again is never told, but in the first minutes after a restart: what the
/// earlier process had to tell may not have arrived.
#[derive(Debug, Default)]
pub struct Course {
    told: Option<Told>,
    /// What was told is told again.
    again: bool,
    /// The last look was UNKNOWN and is not confirmed yet.
    in_doubt: bool,
}

#[derive(Debug)]
struct Told {
    since: Timestamp,
    link: Option<Link>,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Cut { actor_known: bool },
    Undecided,
}

/// One verdict on the control.
#[derive(Debug, Clone, Copy)]
pub struct Sight {
    /// The verdict.
    pub verdict: Verdict,
    /// The first broken or undecided link.
    pub link: Option<Link>,
    /// Since when it stands so.
    pub since: Timestamp,
    /// Whether an event named who did it.
    pub actor_known: bool,
}

/// What there is to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// What happened.
    pub kind: Kind,
    /// The link that is cut or undecided; at [`Kind::Mended`] the one that was told last.
    pub link: Option<Link>,
    /// Since when; at [`Kind::Mended`] since when something was wrong.
    pub since: Timestamp,
}

impl Course {
    /// Goes on where an earlier process ended, which saw this last; `now` is the time of the first look after it.
    pub fn resumed(sight: &Sight, now: Timestamp) -> Self {
        let state = match sight.verdict {
            Verdict::Pass => return Self::default(),
            Verdict::Fail => State::Cut {
                actor_known: sight.actor_known,
            },
            Verdict::Unknown => State::Undecided,
        };
        Self {
            told: Some(Told {
                since: sight.since,
                link: sight.link,
                state,
            }),
            again: now.duration_since(sight.since) < ARRIVED_AFTER,
            in_doubt: false,
        }
    }

    /// Takes a verdict in, and answers what of it is to be told.
    pub fn next(&mut self, sight: &Sight) -> Option<News> {
        let confirmed = std::mem::replace(&mut self.in_doubt, sight.verdict == Verdict::Unknown);
        match sight.verdict {
            Verdict::Pass => self.told.take().map(|told| News {
                kind: Kind::Mended,
                link: told.link,
                since: told.since,
            }),
            Verdict::Fail => self.cut(sight),
            Verdict::Unknown if confirmed => self.undecided(sight),
            Verdict::Unknown => None,
        }
    }

    fn cut(&mut self, sight: &Sight) -> Option<News> {
        let again = std::mem::take(&mut self.again);
        let kind = match &self.told {
            Some(_) if again => Kind::Broken,
            Some(Told {
                link,
                state: State::Cut { actor_known },
                ..
            }) => {
                if *link != sight.link {
                    Kind::Changed { from: *link }
                } else if sight.actor_known && !actor_known {
                    Kind::Attributed
                } else {
                    return None;
                }
            }
            Some(Told {
                state: State::Undecided,
                ..
            })
            | None => Kind::Broken,
        };
        let state = State::Cut {
            actor_known: sight.actor_known,
        };
        Some(self.tell(kind, state, sight))
    }

    fn undecided(&mut self, sight: &Sight) -> Option<News> {
        let told = self.told.as_ref().map(|told| told.state);
        let again = std::mem::take(&mut self.again);
        if matches!(told, Some(State::Undecided)) && !again {
            return None;
        }
        Some(self.tell(Kind::Unknown, State::Undecided, sight))
    }

    fn tell(&mut self, kind: Kind, state: State, sight: &Sight) -> News {
        let since = self.told.as_ref().map_or(sight.since, |told| told.since);
        self.told = Some(Told {
            since,
            link: sight.link,
            state,
        });
        News {
            kind,
            link: sight.link,
            since: sight.since,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: i64 = 1_785_585_600;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(START + second).unwrap()
    }

    /// What is told of these verdicts, one a second; the number is the verdict's.
    fn told(verdicts: &[(Verdict, Option<Link>, bool)]) -> Vec<(i64, Kind, Option<Link>, i64)> {
        let mut course = Course::default();
        let mut told = Vec::new();
        let mut since = (None, 0);
        for (second, (verdict, link, actor_known)) in (0_i64..).zip(verdicts) {
            if since.0 != Some((verdict, link)) {
                since = (Some((verdict, link)), second);
            }
            let news = course.next(&Sight {
                verdict: *verdict,
                link: *link,
                since: at(since.1),
                actor_known: *actor_known,
            });
            if let Some(news) = news {
                told.push((second, news.kind, news.link, news.since.as_second() - START));
            }
        }
        told
    }

    const PASS: (Verdict, Option<Link>, bool) = (Verdict::Pass, None, false);
    const UNKNOWN: (Verdict, Option<Link>, bool) =
        (Verdict::Unknown, Some(Link::Visibility), false);
    const CUT: (Verdict, Option<Link>, bool) = (Verdict::Fail, Some(Link::Pattern), true);
    const CUT_BY_NOBODY: (Verdict, Option<Link>, bool) =
        (Verdict::Fail, Some(Link::Pattern), false);
    const CUT_AT_ALARM: (Verdict, Option<Link>, bool) = (Verdict::Fail, Some(Link::Alarm), true);

    #[test]
    fn pass_says_nothing_and_one_look_of_unknown_says_nothing() {
        assert_eq!(told(&[PASS, PASS, UNKNOWN, PASS, UNKNOWN, PASS]), []);
    }

    #[test]
    fn a_cut_is_told_once_and_its_end_once() {
        let pattern = Some(Link::Pattern);
        assert_eq!(
            told(&[PASS, CUT, CUT, CUT, PASS, PASS]),
            [(1, Kind::Broken, pattern, 1), (4, Kind::Mended, pattern, 1)]
        );
        assert_eq!(told(&[CUT, CUT]), [(0, Kind::Broken, pattern, 0)]);
    }

    #[test]
    fn unknown_is_told_at_the_second_look_and_mended_only_if_it_was_told() {
        let link = Some(Link::Visibility);
        assert_eq!(
            told(&[UNKNOWN, UNKNOWN, UNKNOWN, PASS]),
            [(1, Kind::Unknown, link, 0), (3, Kind::Mended, link, 0)]
        );
        assert_eq!(told(&[UNKNOWN, PASS]), []);
    }

    #[test]
    fn another_link_is_a_change_and_mended_counts_from_the_first() {
        let (pattern, alarm) = (Some(Link::Pattern), Some(Link::Alarm));
        assert_eq!(
            told(&[CUT, CUT_AT_ALARM, CUT_AT_ALARM, PASS]),
            [
                (0, Kind::Broken, pattern, 0),
                (1, Kind::Changed { from: pattern }, alarm, 1),
                (3, Kind::Mended, alarm, 0),
            ]
        );
    }

    #[test]
    fn who_did_it_is_told_when_it_becomes_known() {
        let pattern = Some(Link::Pattern);
        assert_eq!(
            told(&[CUT_BY_NOBODY, CUT_BY_NOBODY, CUT, CUT]),
            [
                (0, Kind::Broken, pattern, 0),
                (2, Kind::Attributed, pattern, 0)
            ]
        );
        assert_eq!(
            told(&[CUT, CUT_BY_NOBODY, CUT]),
            [(0, Kind::Broken, pattern, 0)],
            "who is known stays known"
        );
    }

    #[test]
    fn unknown_that_becomes_a_cut_is_told_as_one() {
        let (pattern, unseen) = (Some(Link::Pattern), Some(Link::Visibility));
        assert_eq!(
            told(&[UNKNOWN, UNKNOWN, CUT]),
            [(1, Kind::Unknown, unseen, 0), (2, Kind::Broken, pattern, 2)]
        );
        assert_eq!(
            told(&[CUT, UNKNOWN, CUT]),
            [(0, Kind::Broken, pattern, 0)],
            "one look without an answer changes nothing"
        );
        assert_eq!(
            told(&[CUT, UNKNOWN, UNKNOWN, PASS]),
            [
                (0, Kind::Broken, pattern, 0),
                (2, Kind::Unknown, unseen, 1),
                (3, Kind::Mended, unseen, 0),
            ]
        );
    }

    #[test]
    fn after_a_restart_the_end_is_told_and_the_cut_again_only_where_it_may_not_have_arrived() {
        let sight = |(verdict, link, actor_known)| Sight {
            verdict,
            link,
            since: at(0),
            actor_known,
        };
        for (restarted, told) in [(60, Some(Kind::Broken)), (600, None)] {
            let mut course = Course::resumed(&sight(CUT), at(restarted));
            let news = course.next(&sight(CUT)).map(|news| news.kind);
            assert_eq!(news, told, "restarted after {restarted} s");
            assert_eq!(course.next(&sight(CUT)), None);
            let end = course.next(&sight(PASS)).unwrap();
            assert_eq!((end.kind, end.since), (Kind::Mended, at(0)));
        }
        let mut mended = Course::resumed(&sight(CUT), at(60));
        let end = mended.next(&sight(PASS)).map(|news| news.kind);
        assert_eq!(end, Some(Kind::Mended), "mended while nobody watched");
        let mut undecided = Course::resumed(&sight(UNKNOWN), at(60));
        let news: Vec<_> = [UNKNOWN, UNKNOWN, UNKNOWN]
            .into_iter()
            .filter_map(|one| undecided.next(&sight(one)))
            .collect();
        assert_eq!(news.len(), 1);
        let mut whole = Course::resumed(&sight(PASS), at(60));
        assert_eq!(whole.next(&sight(PASS)), None);
    }

    proptest! {
        /// Whatever the verdicts: bad news and `Mended` alternate in runs, `Mended` ends each run, and the last that was told
        /// agrees with the last verdict that two looks in a row gave.
        #[test]
        fn mended_follows_bad_news_and_nothing_else(picks in prop::collection::vec(0_usize..5, 0..40)) {
            let verdicts: Vec<_> = picks
                .iter()
                .map(|pick| [PASS, UNKNOWN, CUT, CUT_BY_NOBODY, CUT_AT_ALARM][*pick])
                .collect();
            let told = told(&verdicts);
            let mut open = false;
            for (second, kind, ..) in &told {
                let verdict = verdicts[usize::try_from(*second).unwrap()].0;
                match kind {
                    Kind::Mended => {
                        prop_assert!(open);
                        prop_assert_eq!(verdict, Verdict::Pass);
                    }
                    Kind::Unknown => prop_assert_eq!(verdict, Verdict::Unknown),
                    _ => prop_assert_eq!(verdict, Verdict::Fail),
                }
                open = *kind != Kind::Mended;
            }
            if let [.., one, two] = verdicts.as_slice()
                && one == two
            {
                prop_assert_eq!(open, two.0 != Verdict::Pass);
            }
        }
    }
}
