use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::Offset;

/// A time range in which nothing is written: from its start, until just before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window(Range);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Range {
    /// Once; the end lies after the start.
    Once { from: Timestamp, until: Timestamp },
    /// Every day, in UTC; over midnight where the end is the earlier time of day. The two differ.
    Daily { from: Time, until: Time },
}

/// Why a text is no maintenance window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no time range: \"2026-11-23T22:00:00Z/2026-11-24T02:00:00Z\" is one, the end after the start, and \"22:00/02:00\" one of \
     every day, in UTC"
)]
pub struct InvalidWindow(pub String);

impl Window {
    /// When it closes, if it is open at that time.
    pub fn until(&self, now: Timestamp) -> Option<Timestamp> {
        match self.0 {
            Range::Once { from, until } => (from <= now && now < until).then_some(until),
            Range::Daily { from, until } => {
                let now = Offset::UTC.to_datetime(now);
                let time = now.time();
                let open = if from < until {
                    from <= time && time < until
                } else {
                    from <= time || time < until
                };
                open.then(|| next(now, until)).flatten()
            }
        }
    }
}

/// The next moment with that time of day; none at the end of all time.
fn next(now: DateTime, time: Time) -> Option<Timestamp> {
    let date = if now.time() < time {
        now.date()
    } else {
        now.date().tomorrow().ok()?
    };
    Offset::UTC.to_timestamp(date.to_datetime(time)).ok()
}

impl FromStr for Window {
    type Err = InvalidWindow;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let range = text.split_once('/').and_then(|(from, until)| {
            let (from, until) = (from.trim(), until.trim());
            once(from, until).or_else(|| daily(from, until))
        });
        range
            .map(Self)
            .ok_or_else(|| InvalidWindow(text.to_owned()))
    }
}

fn once(from: &str, until: &str) -> Option<Range> {
    let (from, until) = (from.parse().ok()?, until.parse().ok()?);
    (from < until).then_some(Range::Once { from, until })
}

fn daily(from: &str, until: &str) -> Option<Range> {
    let time = |text: &str| Time::strptime("%H:%M", text).ok();
    let (from, until) = (time(from)?, time(until)?);
    (from != until).then_some(Range::Daily { from, until })
}

impl fmt::Display for Window {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Range::Once { from, until } => write!(formatter, "{from}/{until}"),
            Range::Daily { from, until } => write!(
                formatter,
                "{:02}:{:02}/{:02}:{:02}",
                from.hour(),
                from.minute(),
                until.hour(),
                until.minute()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn window(text: &str) -> Window {
        text.parse().unwrap()
    }

    #[test]
    fn both_forms_are_read_and_written() {
        for text in [
            "2026-11-23T12:00:00Z/2026-11-23T13:00:00Z",
            "22:00/02:00",
            "09:05/17:30",
            "00:00/23:59",
        ] {
            assert_eq!(window(text).to_string(), text);
        }
        assert_eq!(window(" 22:00 / 2:00 "), window("22:00/02:00"));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in [
            "",
            "2026-11-23T12:00:00Z",
            "2026-11-23T12:00:00Z/",
            "2026-11-23T12:00:00Z/2026-11-23T12:00:00Z",
            "2026-11-23T13:00:00Z/2026-11-23T12:00:00Z",
            "2026-11-23T13:00:00Z/14:00",
            "22:00",
            "22:00/",
            "22:00/22:00",
            "22:00/24:00",
            "22:00/02:60",
            "22:00Z/02:00Z",
            "22:00/02:00/04:00",
        ] {
            assert_eq!(text.parse::<Window>(), Err(InvalidWindow(text.to_owned())));
        }
    }

    #[test]
    fn a_single_window_is_open_from_its_start_until_just_before_its_end() {
        let once = window("2026-11-23T12:00:00Z/2026-11-25T13:00:00Z");
        let end = at("2026-11-25T13:00:00Z");
        for (now, until) in [
            ("2026-11-23T11:59:59.999Z", None),
            ("2026-11-23T12:00:00Z", Some(end)),
            ("2026-11-25T12:59:59.999Z", Some(end)),
            ("2026-11-25T13:00:00Z", None),
        ] {
            assert_eq!(once.until(at(now)), until, "{now}");
        }
    }

    #[test]
    fn a_daily_window_closes_on_the_same_day_or_on_the_next() {
        let day = window("09:30/17:00");
        for (now, until) in [
            ("2026-11-23T09:29:59Z", None),
            ("2026-11-23T09:30:00Z", Some("2026-11-23T17:00:00Z")),
            ("2026-11-23T16:59:59.999Z", Some("2026-11-23T17:00:00Z")),
            ("2026-11-23T17:00:00Z", None),
        ] {
            assert_eq!(day.until(at(now)), until.map(at), "{now}");
        }
        let night = window("22:00/02:00");
        for (now, until) in [
            ("2026-12-31T21:59:59Z", None),
            ("2026-12-31T22:00:00Z", Some("2027-01-01T02:00:00Z")),
            ("2027-01-01T00:00:00Z", Some("2027-01-01T02:00:00Z")),
            ("2027-01-01T01:59:59.999Z", Some("2027-01-01T02:00:00Z")),
            ("2027-01-01T02:00:00Z", None),
            ("2027-01-01T12:00:00Z", None),
        ] {
            assert_eq!(night.until(at(now)), until.map(at), "{now}");
        }
        let until_midnight = window("22:00/00:00");
        assert_eq!(
            until_midnight.until(at("2026-11-23T23:59:59Z")),
            Some(at("2026-11-24T00:00:00Z"))
        );
        assert_eq!(until_midnight.until(at("2026-11-24T00:00:00Z")), None);
    }

    #[test]
    fn the_end_of_time_is_no_panic() {
        let night = window("22:00/21:00");
        assert_eq!(night.until(Timestamp::MAX), None);
        assert!(night.until(Timestamp::MIN).is_some());
    }
}
