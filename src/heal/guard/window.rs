use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

/// A time range in which nothing is written: from its start, until just before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    from: Timestamp,
    until: Timestamp,
}

/// Why a text is no maintenance window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no time range: \"2026-11-23T22:00:00Z/2026-11-24T02:00:00Z\" is one, the end after the start"
)]
pub struct InvalidWindow(pub String);

impl Window {
    /// Whether it is open at that time.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }

    /// When it closes.
    pub fn until(&self) -> Timestamp {
        self.until
    }
}

impl FromStr for Window {
    type Err = InvalidWindow;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidWindow(text.to_owned());
        let (from, until) = text.split_once('/').ok_or_else(invalid)?;
        let time = |text: &str| text.trim().parse::<Timestamp>().map_err(|_| invalid());
        let (from, until) = (time(from)?, time(until)?);
        if from < until {
            Ok(Self { from, until })
        } else {
            Err(invalid())
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.from, self.until)
    }
}
