//! The types of settings, each as it is read.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use figment::value::Value;

use crate::assess::Link;
use crate::control::{Benchmark, CIS_VERSIONS, CisVersion};
use crate::heal::Window;
use crate::snapshot::AccountId;

use super::arn::{RoleArn, TopicArn};
use super::endpoint::Endpoint;
use super::queue_url::QueueUrl;
use super::setting::{Problem, Setting, Text, shown, whole_number, wrong_scalar, wrong_type};
use super::settings::{HealMode, LogFormat, LogLevel};
use super::suggest::did_you_mean;
use super::text;
use super::values::{Invalid, Region, SecretFile, invalid};
use super::wiring::{OrganizationId, WiringPrefix};

/// One of a closed set of names.
fn one_of<T: Copy>(text: &str, names: &[(&'static str, T)]) -> Result<T, Invalid> {
    match names.iter().find(|(name, _)| *name == text) {
        Some((_, value)) => Ok(*value),
        None => {
            invalid(did_you_mean(text, names.iter().map(|(name, _)| *name)).unwrap_or_default())
        }
    }
}

macro_rules! parsed_text {
    ($($setting:ty => $expected:literal),+ $(,)?) => {$(
        impl Text for $setting {
            const EXPECTED: &'static str = $expected;
            fn parse(text: &str) -> Result<Self, Invalid> {
                text.parse()
            }
        }
    )+};
}

parsed_text! {
    QueueUrl => "the URL of an SQS queue",
    Region => "the code of an AWS region",
    TopicArn => "the ARN of an SNS topic",
    Endpoint => "an ARN, an e-mail address, a URL or a phone number",
    RoleArn => "the ARN of an IAM role",
    WiringPrefix => "what names begin with",
    OrganizationId => "the id of an organization",
}

/// Nothing of what is refused is shown: it may be the secret.
impl Setting for SecretFile {
    fn expected() -> String {
        "the absolute path of a file".to_owned()
    }

    fn read(value: &Value) -> Result<Self, Vec<Problem>> {
        let read = match value.as_str() {
            Some(text) => text.parse(),
            None => invalid("it is no text"),
        };
        read.map_err(|Invalid(reason)| {
            let expected = Self::expected();
            vec![Problem::here(format!("expected {expected}: {reason}"))]
        })
    }
}

impl Text for Benchmark {
    const EXPECTED: &'static str = "\"any\", \"security-hub\" or a version such as \"cis-3.0.0\"";
    fn parse(text: &str) -> Result<Self, Invalid> {
        text.parse().or_else(|_| {
            let versions = CIS_VERSIONS.map(CisVersion::name).join(", ");
            invalid(format!("the known versions are {versions}"))
        })
    }
}

impl Text for HealMode {
    const EXPECTED: &'static str = "\"off\", \"plan\" or \"apply\"";
    fn parse(text: &str) -> Result<Self, Invalid> {
        one_of(text, &Self::NAMES)
    }
}

impl Text for LogFormat {
    const EXPECTED: &'static str = "\"text\" or \"json\"";
    fn parse(text: &str) -> Result<Self, Invalid> {
        one_of(text, &Self::NAMES)
    }
}

impl Text for LogLevel {
    const EXPECTED: &'static str = "\"error\", \"warn\", \"info\", \"debug\" or \"trace\"";
    fn parse(text: &str) -> Result<Self, Invalid> {
        one_of(text, &Self::NAMES)
    }
}

impl Text for Link {
    const EXPECTED: &'static str = "a link (trail, selector, log_group, pattern, metric, alarm, \
                                    action, topic or subscription)";
    fn parse(text: &str) -> Result<Self, Invalid> {
        one_of(text, &Self::CHAIN.map(|link| (link.name(), link)))
    }
}

impl Text for PathBuf {
    const EXPECTED: &'static str = "the path of a directory";
    fn parse(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() {
            invalid("")
        } else {
            Ok(Self::from(text))
        }
    }
}

impl Text for SocketAddr {
    const EXPECTED: &'static str = "an IP address and port such as \"127.0.0.1:9464\"";
    fn parse(text: &str) -> Result<Self, Invalid> {
        text.parse().or_else(|_| invalid(""))
    }
}

/// Time between two sweeps.
pub(super) struct SweepInterval(pub(super) Duration);

impl Text for SweepInterval {
    const EXPECTED: &'static str = "a duration from 1s to 24h such as \"15m\"";
    fn parse(text: &str) -> Result<Self, Invalid> {
        duration(text, Duration::from_secs(1)..=Duration::from_hours(24)).map(Self)
    }
}

/// Time between the two observations that a repair needs.
pub(super) struct SettleTime(pub(super) Duration);

impl Text for SettleTime {
    const EXPECTED: &'static str = "a duration from 0s to 1h such as \"5s\"";
    fn parse(text: &str) -> Result<Self, Invalid> {
        duration(text, Duration::ZERO..=Duration::from_hours(1)).map(Self)
    }
}

/// Time between two heartbeats; zero: none.
pub(super) struct BeatInterval(pub(super) Duration);

impl Text for BeatInterval {
    const EXPECTED: &'static str = "a duration from 1s to 1h such as \"1m\", or \"0s\" for none";
    fn parse(text: &str) -> Result<Self, Invalid> {
        duration(text, Duration::ZERO..=Duration::ZERO)
            .or_else(|_| duration(text, Duration::from_secs(1)..=Duration::from_hours(1)))
            .map(Self)
    }
}

/// How long a heartbeat may take.
pub(super) struct BeatTimeout(pub(super) Duration);

impl Text for BeatTimeout {
    const EXPECTED: &'static str = "a duration from 1s to 10m such as \"30s\"";
    fn parse(text: &str) -> Result<Self, Invalid> {
        duration(text, Duration::from_secs(1)..=Duration::from_mins(10)).map(Self)
    }
}

/// How long the history is kept.
pub(super) struct Retention(pub(super) Duration);

impl Text for Retention {
    const EXPECTED: &'static str = "a duration from 1d to 3650d such as \"400d\"";
    fn parse(text: &str) -> Result<Self, Invalid> {
        const DAY: Duration = Duration::from_hours(24);
        duration(text, DAY..=3650 * DAY).map(Self)
    }
}

/// Time between two writes to the same resource.
pub(super) struct Cooldown(pub(super) Duration);

impl Text for Cooldown {
    const EXPECTED: &'static str = "a duration from 0s to 1h such as \"10s\"";
    fn parse(text: &str) -> Result<Self, Invalid> {
        duration(text, Duration::ZERO..=Duration::from_hours(1)).map(Self)
    }
}

impl Text for Window {
    const EXPECTED: &'static str = "a time range such as \"2026-11-23T22:00:00Z/2026-11-24T02:00:00Z\", or \"22:00/02:00\" for every \
                                    day in UTC";
    fn parse(text: &str) -> Result<Self, Invalid> {
        text.parse().or_else(|_| invalid(""))
    }
}

fn duration(text: &str, range: RangeInclusive<Duration>) -> Result<Duration, Invalid> {
    match humantime::parse_duration(text) {
        Ok(duration) if range.contains(&duration) => Ok(duration),
        Ok(duration) => invalid(format!(
            "{} is out of range",
            humantime::format_duration(duration)
        )),
        Err(error) => invalid(error.to_string()),
    }
}

impl Setting for bool {
    fn expected() -> String {
        "true or false".to_owned()
    }

    fn from_text(text: &str) -> Result<Value, String> {
        Ok(text
            .parse::<bool>()
            .map_or_else(|_| Value::from(text), Value::from))
    }

    fn read(value: &Value) -> Result<Self, Vec<Problem>> {
        match value.to_bool() {
            Some(flag) => Ok(flag),
            None => wrong_scalar(&Self::expected(), value),
        }
    }
}

/// A whole number from 1 to `MOST`.
pub(super) struct Count<const MOST: u32>(pub(super) u32);

/// Most writing calls in one scope and hour.
pub(super) type HourlyBudget = Count<1000>;

/// Writes to the same resource after which trailwarden gives way.
pub(super) type StopAfter = Count<100>;

impl<const MOST: u32> Setting for Count<MOST> {
    fn expected() -> String {
        format!("a whole number from 1 to {MOST}")
    }

    fn from_text(text: &str) -> Result<Value, String> {
        Ok(text
            .parse::<i64>()
            .map_or_else(|_| Value::from(text), Value::from))
    }

    fn read(value: &Value) -> Result<Self, Vec<Problem>> {
        match value
            .to_num()
            .and_then(whole_number)
            .and_then(|number| u32::try_from(number).ok())
        {
            Some(number) if (1..=MOST).contains(&number) => Ok(Self(number)),
            _ => wrong_scalar(&Self::expected(), value),
        }
    }
}

impl Setting for AccountId {
    fn expected() -> String {
        "an account id of 12 digits".to_owned()
    }

    fn read(value: &Value) -> Result<Self, Vec<Problem>> {
        let number = value
            .to_num()
            .and_then(whole_number)
            .map(|number| number.to_string());
        let Some(text) = value.as_str().or(number.as_deref()) else {
            return wrong_type(&Self::expected(), value);
        };
        text.parse().map_err(|_| {
            let hint = if number.is_some() {
                " (quote it: a number loses its zeros)"
            } else {
                ""
            };
            let expected = Self::expected();
            vec![Problem::here(format!(
                "expected {expected}, found {}{hint}",
                shown(text)
            ))]
        })
    }
}

impl Setting for BTreeSet<Link> {
    fn expected() -> String {
        Vec::<Link>::expected()
    }

    fn from_text(text: &str) -> Result<Value, String> {
        text::list(text)
    }

    fn read(value: &Value) -> Result<Self, Vec<Problem>> {
        Vec::read(value).map(|links| links.into_iter().collect())
    }
}
