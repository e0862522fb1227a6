//! What the answer of a target means: delivered, worth another attempt, or not. Pure.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// No target is left alone for longer because it asked to: somebody else's clock may be wrong.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

/// Why a notice was not delivered. The reasons name no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It may pass: nobody answered, the target is overloaded or at fault.
    #[error("{reason}")]
    MayPass {
        /// What was seen.
        reason: String,
        /// How long the target asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The same attempt would fail again.
    #[error("{reason}")]
    Rejected {
        /// What was seen.
        reason: String,
    },
}

impl Failure {
    /// It may pass, and nobody asked for a pause.
    pub fn may_pass(reason: impl Into<String>) -> Self {
        Self::MayPass {
            reason: reason.into(),
            retry_after: None,
        }
    }
}

/// What an HTTP answer means. `retry_after` is the header, seconds or a date (RFC 9110, 10.2.3).
pub(super) fn of_http(
    status: u16,
    retry_after: Option<&str>,
    now: Timestamp,
) -> Result<(), Failure> {
    let reason = format!("HTTP {status}");
    match status {
        200..=299 => Ok(()),
        429 | 500..=599 => Err(Failure::MayPass {
            reason,
            retry_after: retry_after.and_then(|text| pause(text, now)),
        }),
        300..=399 => Err(Failure::Rejected {
            reason: format!("{reason}: redirects are not followed"),
        }),
        _ => Err(Failure::Rejected { reason }),
    }
}

fn pause(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    let pause = if let Ok(seconds) = text.parse::<u64>() {
        Duration::from_secs(seconds)
    } else {
        let until = DateTimeParser::new().parse_timestamp(text).ok()?;
        Duration::try_from(until.duration_since(now)).unwrap_or_default()
    };
    Some(pause.min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T10:00:00Z".parse().unwrap()
    }

    fn failure(status: u16, header: Option<&str>) -> Failure {
        of_http(status, header, now()).unwrap_err()
    }

    fn may_pass(reason: &str, seconds: Option<u64>) -> Failure {
        Failure::MayPass {
            reason: reason.to_owned(),
            retry_after: seconds.map(Duration::from_secs),
        }
    }

    #[test]
    fn only_what_may_pass_is_worth_another_attempt() {
        for status in [200, 202, 204] {
            assert_eq!(of_http(status, None, now()), Ok(()), "{status}");
        }
        for status in [429, 500, 502, 503, 504] {
            let reason = format!("HTTP {status}");
            assert_eq!(failure(status, None), may_pass(&reason, None));
        }
        for status in [100, 301, 302, 307, 308, 400, 401, 403, 404, 410] {
            let failure = failure(status, Some("5"));
            assert!(matches!(failure, Failure::Rejected { .. }), "{status}");
        }
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date_and_is_bounded() {
        let cases = [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("Mon, 23 Nov 2026 10:00:30 GMT", Some(30)),
            ("Mon, 23 Nov 2026 09:00:00 GMT", Some(0)),
            ("Mon, 23 Nov 2099 10:00:00 GMT", Some(3600)),
            ("99999999999", Some(3600)),
            ("99999999999999999999999", None),
            ("-5", None),
            ("soon", None),
            ("", None),
        ];
        for (header, seconds) in cases {
            assert_eq!(
                failure(503, Some(header)),
                may_pass("HTTP 503", seconds),
                "{header:?}"
            );
        }
    }
}
