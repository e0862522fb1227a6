//! Times and durations as people write and read them.

use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A point in time on the command line: an RFC 3339 time, or a date, which is its first moment in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment(pub(super) Timestamp);

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(time) = text.parse() {
            return Ok(Self(time));
        }
        let date: Option<Date> = text
            .parse()
            .ok()
            .filter(|_| !text.contains(['T', ' ', ':']));
        date.and_then(|date| TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok())
            .map(Self)
            .ok_or_else(|| "a time is 2026-11-23 or 2026-11-23T10:00:00Z".to_owned())
    }
}

/// A duration in its two largest units.
pub(super) fn span(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    let two = |large: i64, unit: &str, small: i64, rest: &str| {
        if small == 0 {
            format!("{large} {unit}")
        } else {
            format!("{large} {unit} {small} {rest}")
        }
    };
    match seconds {
        ..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => two(seconds / 60, "min", seconds % 60, "s"),
        3600..86_400 => two(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_first_moment() {
        let day: Moment = "2026-11-23".parse().unwrap();
        assert_eq!(day.0.to_string(), "2026-11-23T00:00:00Z");
        let time: Moment = "2026-11-23T12:00:00+02:00".parse().unwrap();
        assert_eq!(time.0.to_string(), "2026-11-23T10:00:00Z");
        for bad in ["", "yesterday", "2026-13-01", "2026-11-23T10:00:00"] {
            bad.parse::<Moment>().unwrap_err();
        }
    }

    #[test]
    fn spans_have_two_units() {
        for (seconds, text) in [
            (3, "3.0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3599, "59 min 59 s"),
            (3600, "1 h"),
            (90_000, "1 d 1 h"),
        ] {
            assert_eq!(span(SignedDuration::from_secs(seconds)), text);
        }
    }
}
