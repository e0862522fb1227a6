//! Whose the credentials are, where the calls go, and what time it is there.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};

use super::check::Check;
use crate::aws::{Identity, ObserveError, Request, RequestObserver};
use crate::config::Settings;
use crate::snapshot::AccountId;

/// A clock that is off by more begins to spoil ages and windows.
const SKEW_NOTED: SignedDuration = SignedDuration::from_secs(5);
/// AWS refuses signatures whose time is further off (IAM User Guide, "Troubleshoot signed requests").
const SKEW_REFUSED: SignedDuration = SignedDuration::from_mins(5);

/// Reads AWS's clock off the answers to other calls.
#[derive(Default)]
pub(super) struct Clocks(Mutex<Option<SignedDuration>>);

impl Clocks {
    /// How far AWS's clock is ahead of the local one: the smallest difference of all answers, as the way of an answer adds to
    /// it.
    pub(super) fn skew(&self) -> Option<SignedDuration> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Clocks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clocks")
    }
}

impl RequestObserver for Clocks {
    fn observe(&self, request: &Request<'_>) {
        let parser = DateTimeParser::new();
        let date = request
            .date
            .and_then(|text| parser.parse_timestamp(text).ok());
        if let Some(date) = date {
            let skew = date.duration_since(Timestamp::now());
            let mut least = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if least.is_none_or(|least| skew.abs() < least.abs()) {
                *least = Some(skew);
            }
        }
    }
}

/// The account that the own credentials have to be of: that of the scope without a role.
pub(super) fn expected_account(settings: &Settings) -> Option<&AccountId> {
    let own = settings
        .scope
        .iter()
        .find(|scope| scope.role_arn.is_none())?;
    Some(&own.account)
}

pub(super) fn identity(
    found: &Result<Identity, ObserveError>,
    expected: Option<&AccountId>,
) -> Check {
    const NAME: &str = "identity";
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            return Check::failed(NAME, error.to_string()).remedy(remedy(error));
        }
    };
    let principal = found.principal.as_deref().unwrap_or("an unnamed principal");
    let detail = format!("{principal} of account {}", found.account);
    match expected {
        Some(expected) if *expected != found.account => Check::failed(
            NAME,
            format!("{detail}, and the scope without a role_arn is account {expected}"),
        )
        .remedy(format!(
            "use credentials of account {expected}, or name the role_arn of that scope"
        )),
        _ if principal.ends_with(":root") => Check::warning(NAME, detail)
            .remedy("run trailwarden with a role of its own: the root may do everything"),
        _ => Check::ok(NAME, detail),
    }
}

/// What is to be done about an account that is not reached.
pub(super) fn remedy(error: &ObserveError) -> &'static str {
    match error {
        ObserveError::Identity(failed) | ObserveError::Role(failed)
            if failed.is_without_answer() =>
        {
            "let this host reach AWS: its network, DNS and proxy, and AWS_ENDPOINT_URL where that is set"
        }
        ObserveError::Role(_) => {
            "allow sts:AssumeRole on that role to trailwarden's own credentials, and let its trust policy admit them, with the \
             external id if it asks for one"
        }
        ObserveError::ForeignAccount { .. } => {
            "correct the account of the scope, or the role or credentials that lead there"
        }
        ObserveError::Identity(_) | ObserveError::NoAccount(_) => {
            "give trailwarden credentials that AWS accepts; sts:GetCallerIdentity itself needs no permission"
        }
    }
}

pub(super) fn clock(skew: Option<SignedDuration>) -> Check {
    const NAME: &str = "clock";
    let Some(skew) = skew else {
        return Check::not_checked(NAME, "no answer of AWS told its time");
    };
    let seconds = skew.as_secs().unsigned_abs();
    let direction = if skew.is_negative() {
        "ahead of"
    } else {
        "behind"
    };
    let detail = format!("the local clock is {seconds} s {direction} AWS's");
    let remedy = "let NTP or chrony set the local clock";
    if skew.abs() > SKEW_REFUSED {
        let detail = format!("{detail}: beyond 5 minutes signatures are refused");
        Check::failed(NAME, detail).remedy(remedy)
    } else if skew.abs() > SKEW_NOTED {
        Check::warning(NAME, detail).remedy(remedy)
    } else {
        Check::ok(NAME, detail)
    }
}

pub(super) fn region(region: Option<&str>, settings: &Settings) -> Check {
    const NAME: &str = "region";
    match region {
        Some(region) => Check::ok(NAME, region),
        None if !settings.scope.is_empty()
            && settings.scope.iter().all(|scope| !scope.regions.is_empty()) =>
        {
            Check::ok(NAME, "each scope names its own")
        }
        None => Check::failed(NAME, "neither the environment nor the profile names one")
            .remedy("set AWS_REGION, the region of the AWS profile, or the regions of the scope"),
    }
}

/// None: calls go to AWS.
pub(super) fn endpoint(endpoint: Option<&str>) -> Option<Check> {
    let url = endpoint?;
    Some(
        Check::warning("endpoint", format!("calls go to {url} in place of AWS"))
            .remedy("unset AWS_ENDPOINT_URL, unless this is an emulator or a proxy of yours"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::check::Outcome;
    use super::*;
    use crate::aws::{CallError, Class};

    fn found(account: &str, principal: &str) -> Identity {
        Identity {
            account: account.parse().unwrap(),
            principal: Some(principal.to_owned()),
        }
    }

    #[test]
    fn credentials_of_another_account_fail_and_the_root_s_are_warned_of() {
        let role = "arn:aws:sts::111122223333:assumed-role/warden/i";
        let expected: AccountId = "111122223333".parse().unwrap();
        let other: AccountId = "444455556666".parse().unwrap();
        for (found, expected, outcome) in [
            (Ok(found("111122223333", role)), None, Outcome::Ok),
            (
                Ok(found("111122223333", role)),
                Some(&expected),
                Outcome::Ok,
            ),
            (
                Ok(found("111122223333", role)),
                Some(&other),
                Outcome::Failed,
            ),
            (
                Ok(found("111122223333", "arn:aws:iam::111122223333:root")),
                None,
                Outcome::Warning,
            ),
            (
                Err(ObserveError::NoAccount("?".to_owned())),
                None,
                Outcome::Failed,
            ),
        ] {
            let check = identity(&found, expected);
            assert_eq!(check.outcome, outcome, "{check:?}");
            assert_eq!(check.remedy.is_some(), outcome != Outcome::Ok, "{check:?}");
        }
    }

    #[test]
    fn what_is_to_be_done_depends_on_what_failed() {
        let failed = |code: &str| CallError {
            service: "sts",
            operation: "AssumeRole",
            scope: "us-east-1".to_owned(),
            code: code.to_owned(),
            class: Class::Transient,
            message: "no".to_owned(),
        };
        let network = "let this host reach AWS";
        for (error, begin) in [
            (ObserveError::Identity(failed("ConnectionFailed")), network),
            (ObserveError::Identity(failed("Timeout")), network),
            (ObserveError::Role(failed("Timeout")), network),
            (
                ObserveError::Identity(failed("ExpiredToken")),
                "give trailwarden credentials",
            ),
            (
                ObserveError::Role(failed("AccessDenied")),
                "allow sts:AssumeRole",
            ),
        ] {
            assert!(remedy(&error).starts_with(begin), "{error}");
        }
    }

    #[test]
    fn a_clock_is_judged_in_both_directions() {
        for (seconds, outcome) in [
            (0, Outcome::Ok),
            (-5, Outcome::Ok),
            (6, Outcome::Warning),
            (-300, Outcome::Warning),
            (301, Outcome::Failed),
            (-301, Outcome::Failed),
        ] {
            let check = clock(Some(SignedDuration::from_secs(seconds)));
            assert_eq!(check.outcome, outcome, "{seconds}: {check:?}");
        }
        assert_eq!(clock(None).outcome, Outcome::NotChecked);
        assert!(
            clock(Some(SignedDuration::from_secs(-9)))
                .detail
                .contains("9 s ahead of")
        );
    }

    #[test]
    fn the_time_of_an_answer_is_read_and_the_nearest_counts() {
        let clocks = Clocks::default();
        let answer = |date: &str| {
            clocks.observe(&Request {
                service: "sts",
                operation: "GetCallerIdentity",
                result: crate::aws::RequestResult::Ok,
                request_id: None,
                date: Some(date),
            });
        };
        answer("no date");
        assert_eq!(clocks.skew(), None);
        answer("Sun, 06 Nov 1994 08:49:37 GMT");
        assert!(clocks.skew().unwrap() < SignedDuration::from_hours(-24));
        let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
        let now = printer.timestamp_to_rfc9110_string(&Timestamp::now());
        answer(&now.unwrap());
        assert!(clocks.skew().unwrap().abs() < SignedDuration::from_secs(3));
        answer("Sun, 06 Nov 1994 08:49:37 GMT");
        assert!(clocks.skew().unwrap().abs() < SignedDuration::from_secs(3));
    }

    #[test]
    fn another_endpoint_is_noted() {
        assert_eq!(endpoint(None), None);
        let check = endpoint(Some("http://localhost:4566")).unwrap();
        assert_eq!(check.outcome, Outcome::Warning);
    }
}
