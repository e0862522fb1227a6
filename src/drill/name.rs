use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use crate::assess::DRILL_PREFIX;

/// The time in a name: sorts, and fits the characters that SQS allows (letters, digits, `-`, `_`; at most 80).
const TIME: &str = "%Y%m%dT%H%M%SZ";

/// The name of one drill, and of everything that it makes: `trailwarden-drill-20261123T190559Z-1a2b3c4d`, the time when
/// it began and what is drilled.
///
/// They tell whose a leftover is and how old: nothing else is believed about that.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DrillName {
    text: String,
    started: Timestamp,
    subject: u32,
}

impl DrillName {
    /// Of a drill of a control that begins now.
    pub fn new(now: Timestamp, control: &str) -> Self {
        let digest: [u8; 32] = Sha256::digest(control.as_bytes()).into();
        let [first, second, third, fourth, ..] = digest;
        Self::of(now, u32::from_be_bytes([first, second, third, fourth]))
    }

    fn of(now: Timestamp, subject: u32) -> Self {
        let started = Timestamp::from_second(now.as_second()).unwrap_or(now);
        Self {
            text: format!("{DRILL_PREFIX}{}-{subject:08x}", started.strftime(TIME)),
            started,
            subject,
        }
    }

    /// Reads a name; none for any text that is not exactly of this form.
    pub fn parse(text: &str) -> Option<Self> {
        let (time, subject) = text.strip_prefix(DRILL_PREFIX)?.split_once('-')?;
        let subject = u32::from_str_radix(subject, 16).ok()?;
        let time = DateTime::strptime(TIME, time).ok()?;
        let started = TimeZone::UTC.to_timestamp(time).ok()?;
        // The only text of a name is the one that it is written with.
        Some(Self::of(started, subject)).filter(|name| name.text == text)
    }

    /// Whether both are drills of the same control. Of those only one can run at a time, since it spends the alarm.
    pub fn is_of_same_control(&self, other: &Self) -> bool {
        self.subject == other.subject
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
        let name = DrillName::new(now, "cloudtrail-config-changes");
        assert_eq!(name.as_str(), "trailwarden-drill-20261123T190559Z-5afd5ddb");
        assert_eq!(name.started(), "2026-11-23T19:05:59Z".parse().unwrap());
        assert_eq!(DrillName::parse(name.as_str()), Some(name));
    }

    #[test]
    fn drills_of_one_control_know_each_other() {
        let name = |time: &str, control| DrillName::new(time.parse().unwrap(), control);
        let one = name("2026-11-23T19:05:59Z", "root-usage");
        assert!(one.is_of_same_control(&name("2026-11-24T00:00:00Z", "root-usage")));
        assert!(!one.is_of_same_control(&name("2026-11-23T19:05:59Z", "cmk-deletion")));
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
