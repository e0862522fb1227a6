use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::assess::DRILL_PREFIX;

/// The time in a name: sorts, and fits the characters that SQS allows (letters, digits, `-`, `_`; at most 80).
const TIME: &str = "%Y%m%dT%H%M%SZ";

/// The name of one drill, and of everything that it makes: `trailwarden-drill-20261123T190559Z-1a2b3c4d`.
///
/// The time in it tells how old a leftover is; nothing else is believed about that.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DrillName {
    text: String,
    started: Timestamp,
}

impl DrillName {
    /// Of a drill that begins now; `random` tells drills of the same second apart.
    pub fn new(now: Timestamp, random: u32) -> Self {
        let started = Timestamp::from_second(now.as_second()).unwrap_or(now);
        Self {
            text: format!("{DRILL_PREFIX}{}-{random:08x}", started.strftime(TIME)),
            started,
        }
    }

    /// Reads a name; none for any text that is not exactly of this form.
    pub fn parse(text: &str) -> Option<Self> {
        let (time, random) = text.strip_prefix(DRILL_PREFIX)?.split_once('-')?;
        let random = u32::from_str_radix(random, 16).ok()?;
        let time = DateTime::strptime(TIME, time).ok()?;
        let started = TimeZone::UTC.to_timestamp(time).ok()?;
        // The only text of a name is the one that it is written with.
        Some(Self::new(started, random)).filter(|name| name.text == text)
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// When the drill began, to the second.
    pub fn started(&self) -> Timestamp {
        self.started
    }
}

impl fmt::Display for DrillName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back_and_keeps_its_second() {
        let now: Timestamp = "2026-11-23T19:05:59.75Z".parse().unwrap();
        let name = DrillName::new(now, 0x1a2b);
        assert_eq!(name.as_str(), "trailwarden-drill-20261123T190559Z-00001a2b");
        assert_eq!(name.started(), "2026-11-23T19:05:59Z".parse().unwrap());
        assert_eq!(DrillName::parse(name.as_str()), Some(name));
    }

    #[test]
    fn a_name_of_any_other_form_is_nobodys_to_delete() {
        for text in [
            "",
            "trailwarden-drill-",
            "trailwarden-drill-1",
            "trailwarden-events",
            "trailwarden-drill-20261123T190559Z",
            "trailwarden-drill-20261123T190559Z-1a2b",
            "trailwarden-drill-20261123T190559Z-0000000G",
            "trailwarden-drill-20261123T190559Z-+0001a2b",
            "trailwarden-drill-20261123T190559Z-00001A2B",
            "trailwarden-drill-20261323T190559Z-00001a2b",
            "trailwarden-drill-20261123T190559Z-00001a2b.fifo",
            "x-trailwarden-drill-20261123T190559Z-00001a2b",
        ] {
            assert_eq!(DrillName::parse(text), None, "{text}");
        }
    }
}
