//! Mute rules: is an alarm silenced at the time of the snapshot?

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use jiff::{Span, Timestamp};

use crate::assess::fault::Tri;
use crate::snapshot::{Alarm, AlarmMuteRule, MuteSchedule};

/// What a mute rule does to its targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Muting {
    /// Whether it mutes now.
    pub(super) now: Tri,
    /// Whether it will mute at other times.
    pub(super) later: bool,
}

/// Whether the rule silences the alarm at that time, for certain.
pub(crate) fn silences(rule: &AlarmMuteRule, alarm: &Alarm, now: Timestamp) -> bool {
    rule.is_about(alarm) && muting(rule, now).now == Tri::Yes
}

/// Whether the rule mutes. Its status and its schedule have to agree; where they do not, it is left open.
pub(super) fn muting(rule: &AlarmMuteRule, now: Timestamp) -> Muting {
    let status = rule.status.as_deref().map(str::to_ascii_uppercase);
    let expired = status.as_deref() == Some("EXPIRED")
        || rule.expire_date.is_some_and(|expiry| expiry <= now);
    if expired {
        return Muting {
            now: Tri::No,
            later: false,
        };
    }
    if rule.start_date.is_some_and(|start| start > now) {
        return Muting {
            now: Tri::No,
            later: true,
        };
    }
    let by_schedule = by_schedule(rule, now);
    let answer = match (status.as_deref(), by_schedule) {
        (Some("ACTIVE"), Tri::Unknown) => Tri::Yes,
        (Some("SCHEDULED"), Tri::Unknown) => Tri::No,
        (Some("ACTIVE"), Tri::No) | (Some("SCHEDULED"), Tri::Yes) => Tri::Unknown,
        (_, answer) => answer,
    };
    Muting {
        now: answer,
        later: answer == Tri::No && !is_over(rule, now),
    }
}

fn schedule(rule: &AlarmMuteRule) -> (Option<&str>, Option<&str>, Option<&str>) {
    let long: Option<&MuteSchedule> = rule.rule.as_ref().and_then(|rule| rule.schedule.as_ref());
    (
        rule.schedule
            .as_deref()
            .or_else(|| long?.expression.as_deref()),
        rule.duration
            .as_deref()
            .or_else(|| long?.duration.as_deref()),
        long.and_then(|long| long.timezone.as_deref()),
    )
}

fn is_over(rule: &AlarmMuteRule, now: Timestamp) -> bool {
    let (expression, _, _) = schedule(rule);
    let at = expression
        .and_then(|text| inner(text, "at"))
        .and_then(date_time);
    at.is_some_and(|at| at <= Offset::UTC.to_datetime(now))
}

fn by_schedule(rule: &AlarmMuteRule, now: Timestamp) -> Tri {
    let (Some(expression), Some(duration), zone) = schedule(rule) else {
        return Tri::Unknown;
    };
    // The time zone database is no part of a snapshot: another zone than UTC leaves it to the status.
    if zone.is_some_and(|zone| !matches!(zone, "UTC" | "Etc/UTC" | "GMT" | "Etc/GMT")) {
        return Tri::Unknown;
    }
    let Ok(duration) = duration.parse::<Span>() else {
        return Tri::Unknown;
    };
    let now = Offset::UTC.to_datetime(now);
    let Ok(earliest) = now.checked_sub(duration) else {
        return Tri::Unknown;
    };
    if let Some(at) = inner(expression, "at") {
        return date_time(at).map_or(Tri::Unknown, |start| {
            Tri::from(earliest < start && start <= now)
        });
    }
    let cron = inner(expression, "cron").unwrap_or(expression);
    Cron::parse(cron).map_or(Tri::Unknown, |cron| cron.started_within(earliest, now))
}

fn inner<'a>(text: &'a str, kind: &str) -> Option<&'a str> {
    text.trim()
        .strip_prefix(kind)?
        .trim_start()
        .strip_prefix('(')?
        .strip_suffix(')')
}

fn date_time(text: &str) -> Option<DateTime> {
    text.trim().trim_end_matches('Z').parse().ok()
}

/// A cron expression: five fields as Unix has them, or six with a year as EventBridge has them.
struct Cron {
    minutes: BTreeSet<i32>,
    hours: BTreeSet<i32>,
    days: Option<BTreeSet<i32>>,
    months: BTreeSet<i32>,
    /// 0 is Sunday.
    weekdays: Option<BTreeSet<i32>>,
    years: BTreeSet<i32>,
}

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Cron {
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        // EventBridge counts weekdays from 1, Unix from 0; both begin with Sunday.
        let (first_weekday, year) = match fields.as_slice() {
            [_, _, _, _, _] => (0, "*"),
            [_, _, _, _, _, year] => (1, *year),
            _ => return None,
        };
        let field = |at: usize| fields.get(at).copied();
        let open = |text: &str| text == "*" || text == "?";
        let days = field(2)?;
        let weekdays = field(4)?;
        Some(Self {
            minutes: values(field(0)?, 0, 59, &[], 0)?,
            hours: values(field(1)?, 0, 23, &[], 0)?,
            days: if open(days) {
                None
            } else {
                Some(values(days, 1, 31, &[], 0)?)
            },
            months: values(field(3)?, 1, 12, &MONTHS, 1)?,
            weekdays: if open(weekdays) {
                None
            } else {
                let list = values(weekdays, first_weekday, 7, &WEEKDAYS, first_weekday)?;
                Some(
                    list.into_iter()
                        .map(|day| (day - first_weekday) % 7)
                        .collect(),
                )
            },
            years: values(year, 1970, 2199, &[], 0)?,
        })
    }

    fn fires_on(&self, day: Date) -> bool {
        let weekday = i32::from(day.weekday().to_sunday_zero_offset());
        let by_day = self
            .days
            .as_ref()
            .map(|days| days.contains(&i32::from(day.day())));
        let by_weekday = self
            .weekdays
            .as_ref()
            .map(|weekdays| weekdays.contains(&weekday));
        let is_listed = match (by_day, by_weekday) {
            (Some(day), Some(weekday)) => day || weekday,
            (one, other) => one.or(other).unwrap_or(true),
        };
        is_listed
            && self.months.contains(&i32::from(day.month()))
            && self.years.contains(&i32::from(day.year()))
    }

    /// The times of the day at which it fires, on a day on which it does.
    fn times(&self) -> impl Iterator<Item = Time> + '_ {
        self.hours.iter().flat_map(|hour| {
            let minutes = self.minutes.iter();
            minutes.filter_map(|minute| {
                let (hour, minute) = (i8::try_from(*hour).ok()?, i8::try_from(*minute).ok()?);
                Time::new(hour, minute, 0, 0).ok()
            })
        })
    }

    /// Whether it fired after `earliest` and not after `now`.
    fn started_within(&self, earliest: DateTime, now: DateTime) -> Tri {
        // A mute rule lasts 15 days at most.
        const MOST_DAYS: usize = 15;
        let mut day = now.date();
        for _ in 0..=MOST_DAYS {
            if day < earliest.date() {
                return Tri::No;
            }
            let is_within = |time| {
                let start = day.to_datetime(time);
                earliest < start && start <= now
            };
            if self.fires_on(day) && self.times().any(is_within) {
                return Tri::Yes;
            }
            match day.yesterday() {
                Ok(before) => day = before,
                Err(_) => return Tri::Unknown,
            }
        }
        if day < earliest.date() {
            Tri::No
        } else {
            Tri::Unknown
        }
    }
}

/// The values of a field: `*`, `?`, numbers, names, ranges, steps and lists of them. None for what is not documented, such
/// as a range that runs over the end (`22-1`, `FRI-MON`).
fn values(text: &str, low: i32, high: i32, names: &[&str], first: i32) -> Option<BTreeSet<i32>> {
    let number = |text: &str| match names
        .iter()
        .position(|name| name.eq_ignore_ascii_case(text))
    {
        Some(at) => Some(i32::try_from(at).ok()? + first),
        None => text
            .parse::<i32>()
            .ok()
            .filter(|value| (low..=high).contains(value)),
    };
    let mut all = BTreeSet::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<usize>().ok().filter(|step| *step > 0)?),
            None => (part, 1),
        };
        let (from, to) = if range == "*" || range == "?" {
            (low, high)
        } else if let Some((from, to)) = range.split_once('-') {
            (number(from)?, number(to)?)
        } else {
            let from = number(range)?;
            (from, if part.contains('/') { high } else { from })
        };
        if from > to {
            return None;
        }
        all.extend((from..=to).step_by(step));
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-23T00:05:00Z"; // a Monday

    fn short(schedule: &str, duration: &str, status: Option<&str>) -> Muting {
        let rule = AlarmMuteRule {
            schedule: Some(schedule.to_owned()),
            duration: Some(duration.to_owned()),
            status: status.map(str::to_owned),
            ..AlarmMuteRule::default()
        };
        muting(&rule, NOW.parse().unwrap())
    }

    #[test]
    fn a_window_mutes_from_its_start_for_its_duration() {
        for (schedule, duration, expected) in [
            ("at(2026-11-23T00:00:00)", "PT4H", Tri::Yes),
            ("at(2026-11-23T00:00)", "PT4H", Tri::Yes),
            ("at(2026-11-23T00:00:00)", "PT5M", Tri::No),
            ("at(2026-11-23T00:06:00)", "PT4H", Tri::No),
            ("at(2026-11-20T00:00:00)", "P7D", Tri::Yes),
            ("cron(0 0 * * *)", "PT1H", Tri::Yes),
            ("cron(0 22 * * *)", "PT3H", Tri::Yes),
            ("cron(0 22 * * *)", "PT1H", Tri::No),
            ("cron(0 0 * * MON-FRI)", "PT1H", Tri::Yes),
            ("cron(0 0 * * 0)", "PT1H", Tri::No),
            ("cron(0 0 ? * 2 *)", "PT1H", Tri::Yes),
            ("cron(*/15 * * * *)", "PT10M", Tri::Yes),
            ("cron(0 0 1 * *)", "PT1H", Tri::No),
            ("cron(0 0 23 NOV ? 2026)", "PT1H", Tri::Yes),
            ("cron(0 0 L * ?)", "PT1H", Tri::Unknown),
            // Ranges over the end of the day or the week.
            ("cron(0 22-1 * * *)", "PT8H", Tri::Unknown),
            ("cron(0 20 * * FRI-MON)", "PT8H", Tri::Unknown),
            ("cron(0 20 ? * SUN-FRI)", "PT8H", Tri::Yes),
            // Windows over many days.
            ("cron(0 0 8 11 *)", "P15D", Tri::No),
            ("cron(6 0 8 11 *)", "P15D", Tri::Yes),
            ("cron(5 0 8 11 *)", "P15D", Tri::No),
            ("cron(0 0 31 2 *)", "P15D", Tri::No),
            ("cron(0 0 31 2 *)", "P20D", Tri::Unknown),
            ("cron(5 0 * * *)", "PT1M", Tri::Yes),
            ("cron(6 0 * * *)", "PT23H", Tri::No),
            ("at(whenever)", "PT1H", Tri::Unknown),
            ("cron(0 0 * * *)", "long", Tri::Unknown),
        ] {
            assert_eq!(
                short(schedule, duration, None).now,
                expected,
                "{schedule} {duration}"
            );
        }
    }

    #[test]
    fn the_status_decides_where_the_schedule_does_not() {
        assert_eq!(short("at(whenever)", "PT1H", Some("ACTIVE")).now, Tri::Yes);
        assert_eq!(
            short("at(whenever)", "PT1H", Some("SCHEDULED")).now,
            Tri::No
        );
        assert_eq!(
            short("at(2026-11-23T00:00:00)", "PT4H", Some("EXPIRED")).now,
            Tri::No
        );
        assert_eq!(
            short("at(2026-11-22T00:00:00)", "PT4H", Some("ACTIVE")).now,
            Tri::Unknown
        );
    }

    #[test]
    fn a_rule_that_mutes_later_is_told_from_one_that_is_over() {
        assert!(short("at(2026-11-24T00:00:00)", "PT4H", Some("SCHEDULED")).later);
        assert!(!short("at(2026-11-22T00:00:00)", "PT4H", None).later);
        assert!(short("cron(0 3 * * *)", "PT1H", None).later);
    }
}
