//! How a value of any layer becomes the value of a setting.
//!
//! A file has types of its own (a number is not a text); a variable or a flag is always text, and the setting that it is
//! meant for decides how to read it: `012345678901` stays an account id, `4.10` stays a control.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use figment::value::{Dict, Num, Value};

use crate::assess::Link;
use crate::control::{Benchmark, CIS_VERSIONS, CisVersion};
use crate::snapshot::AccountId;

use super::arn::{RoleArn, TopicArn};
use super::endpoint::Endpoint;
use super::queue_url::QueueUrl;
use super::settings::{HealMode, LogFormat, LogLevel};
use super::suggest::did_you_mean;
use super::text;
use super::values::{Invalid, Region, SecretFile, invalid};

/// What is wrong with a value, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// Place inside the value, such as `[1].account`; empty for the value itself.
    pub(super) at: String,
    /// One sentence. Never contains what may be a secret.
    pub(super) message: String,
}

impl Problem {
    pub(super) fn here(message: impl Into<String>) -> Self {
        Self {
            at: String::new(),
            message: message.into(),
        }
    }

    pub(super) fn inside(mut self, outer: &str) -> Self {
        self.at.insert_str(0, outer);
        self
    }
}

/// The type of a setting.
pub(super) trait Setting: Sized {
    /// What is accepted, as it completes the sentence "expected ...".
    fn expected() -> String;

    /// The value that a variable's or a flag's text means.
    fn from_text(text: &str) -> Result<Value, String> {
        Ok(Value::from(text))
    }

    /// Reads a value; tells everything that is wrong with it.
    fn read(value: &Value) -> Result<Self, Vec<Problem>>;
}

/// A setting whose value is one text.
pub(super) trait Text: Sized {
    const EXPECTED: &'static str;
    fn parse(text: &str) -> Result<Self, Invalid>;
}

impl<T: Text> Setting for T {
    fn expected() -> String {
        T::EXPECTED.to_owned()
    }

    fn read(value: &Value) -> Result<Self, Vec<Problem>> {
        let Some(text) = value.as_str() else {
            let quotes = if value.to_num().is_some() {
                " in quotes"
            } else {
                ""
            };
            return wrong_type(&format!("{}{quotes}", T::EXPECTED), value);
        };
        T::parse(text).map_err(|Invalid(reason)| {
            let reason = if reason.is_empty() {
                reason
            } else {
                format!(": {reason}")
            };
            vec![Problem::here(format!(
                "expected {}, found {}{reason}",
                T::EXPECTED,
                shown(text)
            ))]
        })
    }
}

/// The fault of a value of another type. The content of a text is not shown: it may be a secret in the wrong place.
pub(super) fn wrong_type<T>(expected: &str, value: &Value) -> Result<T, Vec<Problem>> {
    let found = match value {
        Value::String(..) | Value::Char(..) => "a text".to_owned(),
        Value::Bool(_, flag) => flag.to_string(),
        Value::Num(_, number) => format!("the number {}", number_text(*number)),
        Value::Empty(..) => "nothing".to_owned(),
        Value::Dict(_, table) if table.contains_key(DATE) => "a date".to_owned(),
        Value::Dict(..) => "a table".to_owned(),
        Value::Array(..) => "a list".to_owned(),
    };
    Err(vec![Problem::here(format!(
        "expected {expected}, found {found}"
    ))])
}

/// How the parser of TOML presents a date.
const DATE: &str = "$__toml_private_datetime";

/// The same where a text cannot be a secret.
fn wrong_scalar<T>(expected: &str, value: &Value) -> Result<T, Vec<Problem>> {
    match value.as_str() {
        Some(text) => Err(vec![Problem::here(format!(
            "expected {expected}, found {}",
            shown(text)
        ))]),
        None => wrong_type(expected, value),
    }
}

/// A number as it is written.
pub(super) fn number_text(number: Num) -> String {
    match whole_number(number) {
        Some(whole) => whole.to_string(),
        None => number
            .to_f64()
            .map(|float| float.to_string())
            .unwrap_or_default(),
    }
}

/// A text for a message: quoted, escaped, cut, and without the password of a URL.
fn shown(text: &str) -> String {
    const LONGEST: usize = 80;
    let masked = match text.split_once("://") {
        Some((scheme, rest)) => match rest.rsplit_once('@') {
            Some((_, after)) => format!("{scheme}://***@{after}"),
            None => text.to_owned(),
        },
        None => text.to_owned(),
    };
    if masked.chars().count() > LONGEST {
        let start: String = masked.chars().take(LONGEST).collect();
        format!("{start:?}...")
    } else {
        format!("{masked:?}")
    }
}

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
    SecretFile => "the path of a file",
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

/// Most writing calls in one scope and hour.
pub(super) struct HourlyBudget(pub(super) u32);

impl Setting for HourlyBudget {
    fn expected() -> String {
        "a whole number from 1 to 1000".to_owned()
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
            Some(number @ 1..=1000) => Ok(Self(number)),
            _ => wrong_scalar(&Self::expected(), value),
        }
    }
}

fn whole_number(number: Num) -> Option<i128> {
    match number {
        Num::F32(_) | Num::F64(_) => None,
        _ => number
            .to_i128()
            .or_else(|| number.to_u128().and_then(|n| i128::try_from(n).ok())),
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

impl<T: Setting> Setting for Vec<T> {
    fn expected() -> String {
        format!("a list, each item {}", T::expected())
    }

    fn from_text(text: &str) -> Result<Value, String> {
        text::list(text)
    }

    fn read(value: &Value) -> Result<Self, Vec<Problem>> {
        let Some(items) = value.as_array() else {
            return wrong_type(&Self::expected(), value);
        };
        let mut read = Self::new();
        let mut problems = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match T::read(item) {
                Ok(item) => read.push(item),
                Err(found) => {
                    problems.extend(
                        found
                            .into_iter()
                            .map(|one| one.inside(&format!("[{index}]"))),
                    );
                }
            }
        }
        if problems.is_empty() {
            Ok(read)
        } else {
            Err(problems)
        }
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

/// The fields of a table, taken one by one.
pub(super) struct Fields<'a> {
    table: &'a Dict,
    problems: Vec<Problem>,
}

impl<'a> Fields<'a> {
    /// Opens a table that has no other fields than these. A field whose name is that of a secret's file without `_file`
    /// holds a secret: it is refused and not shown.
    pub(super) fn open(value: &'a Value, known: &[&str]) -> Result<Self, Vec<Problem>> {
        let Some(table) = value.as_dict() else {
            return wrong_type(&format!("a table of {}", known.join(", ")), value);
        };
        let unknown = table.keys().filter(|name| !known.contains(&name.as_str()));
        let problems = unknown.map(|name| unknown_field(name, known)).collect();
        Ok(Self { table, problems })
    }

    /// A field that may be left out.
    pub(super) fn optional<T: Setting>(&mut self, name: &str) -> Option<T> {
        match T::read(self.table.get(name)?) {
            Ok(read) => Some(read),
            Err(found) => {
                let at = format!(".{name}");
                self.problems
                    .extend(found.into_iter().map(|problem| problem.inside(&at)));
                None
            }
        }
    }

    /// A field that must be there.
    pub(super) fn required<T: Setting>(&mut self, name: &str) -> Option<T> {
        if !self.table.contains_key(name) {
            let message = format!("`{name}` is missing: {}", T::expected());
            self.problems.push(Problem::here(message));
        }
        self.optional(name)
    }

    /// The whole, if nothing was wrong.
    pub(super) fn close<T>(self, whole: Option<T>) -> Result<T, Vec<Problem>> {
        match whole {
            Some(whole) if self.problems.is_empty() => Ok(whole),
            _ => Err(self.problems),
        }
    }
}

fn unknown_field(name: &str, known: &[&str]) -> Problem {
    let file = format!("{name}_file");
    let message = if known.contains(&file.as_str()) {
        format!("a secret never stands in the configuration: name a file that holds it as `{file}`")
    } else {
        match did_you_mean(name, known.iter().copied()) {
            Some(hint) => format!("unknown setting, {hint}"),
            None => "unknown setting".to_owned(),
        }
    };
    Problem::here(message).inside(&format!(".{}", name.escape_debug()))
}
