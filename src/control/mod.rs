//! The catalogue of controls as data: ids, titles, prescribed patterns, defaults.
//!
//! A control asks that events of a kind be noticed: a metric filter that catches them, an alarm on its metric, and
//! somebody who is told. Which events are meant is said by the patterns that the versions of the CIS AWS Foundations
//! Benchmark and AWS Security Hub prescribe; where they prescribe different sets, any of them satisfies the control
//! unless a [`Benchmark`] is chosen.

mod benchmark;
mod catalogue;
mod find;

pub use benchmark::{Benchmark, CIS_VERSIONS, CisVersion, UnknownBenchmark};
pub use catalogue::{Catalogue, CatalogueError};
pub use find::FindError;

use crate::pattern::{ParseError, Pattern};

/// How much a failure matters, as Security Hub words it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all(serialize = "UPPERCASE", deserialize = "lowercase"))]
pub enum Severity {
    /// Worth mending in time.
    Low,
    /// Worth mending soon.
    Medium,
    /// Worth mending now.
    High,
    /// Worth waking somebody.
    Critical,
}

impl Severity {
    /// The word used in every output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }
}

/// What CloudTrail is known to write into the events that a control requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A successful call that changes something.
    Change,
    /// A sign-in to the console.
    Signin,
    /// A sign-in to the console that was refused.
    FailedSignin,
    /// Nothing beyond a name and a source.
    Any,
}

/// Whether a pattern may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Catching what it matches satisfies the control.
    Required,
    /// Prescribed, but of a kind that cannot work: never required, never installed.
    Reported,
    /// Prescribed by nobody; catches what the required text was meant to catch.
    Accepted,
}

/// Where Security Hub's documentation shows a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecurityHubText {
    /// On the present page.
    Current,
    /// On the page of March 2023.
    Former,
}

/// A pattern of the catalogue with its origin.
#[derive(Debug, Clone)]
pub struct Prescribed {
    /// Patterns of one control and one letter match exactly the same events.
    pub group: String,
    /// Whether it may be asked for.
    pub role: Role,
    /// The pattern; its text is the prescribed one.
    pub pattern: Pattern,
    /// The versions of the CIS benchmark that prescribe it.
    pub cis: Vec<CisVersion>,
    /// Where Security Hub's documentation shows it; none where it does not.
    pub security_hub: Option<SecurityHubText>,
    /// What one should know about it.
    pub note: Option<String>,
    /// Names of the events that it matches; empty where it is not about names.
    pub event_names: Vec<String>,
}

/// A requirement: events of a kind must reach somebody.
#[derive(Debug, Clone)]
pub struct Control {
    /// Stable name, such as `cloudtrail-config-changes`.
    pub key: String,
    /// Number in the CIS benchmark's section, 1 to 15; none for a control of one's own.
    pub number: Option<u8>,
    /// One line for people.
    pub title: String,
    /// Why it matters and what it asks.
    pub description: String,
    /// How much a failure matters.
    pub severity: Severity,
    /// Id in Security Hub, such as `CloudWatch.5`; none where it has none.
    pub security_hub: Option<String>,
    /// What CloudTrail writes into the required events.
    pub events: EventKind,
    /// The services that emit the required events; empty means any.
    pub event_sources: Vec<String>,
    /// Names of the required events; empty where the control is not about names.
    pub event_names: Vec<String>,
    /// The patterns, as prescribed.
    pub prescribed: Vec<Prescribed>,
    /// Default name of the metric.
    pub metric_name: String,
    /// Default namespace of the metric.
    pub namespace: String,
    /// Default name of the alarm.
    pub alarm_name: String,
    /// What to do, for people.
    pub remediation: String,
    not_in_cis: Vec<CisVersion>,
}

impl Control {
    /// A control of one's own: the events that `pattern` matches must reach somebody.
    ///
    /// # Errors
    /// The pattern is one that PutMetricFilter would refuse.
    pub fn own(key: &str, title: &str, pattern: &str) -> Result<Self, ParseError> {
        let pattern = Pattern::parse_deployed(pattern)?;
        let event_names = names_of(&pattern);
        Ok(Self {
            key: key.to_owned(),
            number: None,
            title: title.to_owned(),
            description: format!("{title}. The configuration of trailwarden asks for it."),
            severity: Severity::Medium,
            security_hub: None,
            events: EventKind::Any,
            event_sources: Vec::new(),
            event_names: event_names.clone(),
            remediation: remediation(pattern.text()),
            prescribed: vec![Prescribed {
                group: "own".to_owned(),
                role: Role::Required,
                pattern,
                cis: Vec::new(),
                security_hub: None,
                note: None,
                event_names,
            }],
            metric_name: format!("{key}-metric"),
            namespace: "trailwarden".to_owned(),
            alarm_name: format!("{key}-alarm"),
            not_in_cis: Vec::new(),
        })
    }

    /// The id in a version of the CIS benchmark, such as `4.5`; none where that version lacks the control.
    pub fn cis_id(&self, version: CisVersion) -> Option<String> {
        let number = self.number?;
        (!self.not_in_cis.contains(&version)).then(|| format!("{}.{number}", version.section()))
    }

    /// The CIS id to print for a benchmark: that of its version, else the one of versions 1.3.0 to 5.0.0.
    pub fn cis_display(&self, benchmark: &Benchmark) -> Option<String> {
        match benchmark {
            Benchmark::Cis(version) => self.cis_id(*version),
            Benchmark::Any | Benchmark::SecurityHub => {
                self.number.map(|number| format!("4.{number}"))
            }
        }
    }

    /// Whether the benchmark has this control. A control of one's own is in every benchmark.
    pub fn is_in(&self, benchmark: &Benchmark) -> bool {
        match benchmark {
            Benchmark::Any => true,
            Benchmark::Cis(version) => self.number.is_none() || self.cis_id(*version).is_some(),
            Benchmark::SecurityHub => self.number.is_none() || self.security_hub.is_some(),
        }
    }

    /// The patterns of which one must be caught whole, one of each group, the benchmark's own before accepted ones.
    ///
    /// A benchmark whose only text cannot work (4.1 in versions 1.3.0 to 1.5.0) falls back to what others require.
    pub fn required(&self, benchmark: &Benchmark) -> Vec<&Prescribed> {
        let of_benchmark = self.one_of_each_group(|candidate| {
            candidate.role == Role::Required && candidate.is_prescribed_by(benchmark)
        });
        let mut required = if of_benchmark.is_empty() {
            self.one_of_each_group(|candidate| candidate.role == Role::Required)
        } else {
            of_benchmark
        };
        required.extend(self.one_of_each_group(|candidate| candidate.role == Role::Accepted));
        required
    }

    fn one_of_each_group(&self, wanted: impl Fn(&Prescribed) -> bool) -> Vec<&Prescribed> {
        let mut chosen: Vec<&Prescribed> = Vec::new();
        for candidate in &self.prescribed {
            if wanted(candidate) && chosen.iter().all(|other| other.group != candidate.group) {
                chosen.push(candidate);
            }
        }
        chosen
    }

    /// The text to install where no right filter is: Security Hub's, whose comparison of texts knows no other, unless
    /// a CIS version was chosen or Security Hub has none.
    pub fn install_text(&self, benchmark: &Benchmark) -> &str {
        let by = |wanted: &dyn Fn(&Prescribed) -> bool| {
            self.prescribed
                .iter()
                .find(|candidate| candidate.role == Role::Required && wanted(candidate))
        };
        let preferred = match benchmark {
            Benchmark::Cis(_) => by(&|candidate| candidate.is_prescribed_by(benchmark)),
            Benchmark::Any | Benchmark::SecurityHub => {
                by(&|candidate| candidate.security_hub == Some(SecurityHubText::Current))
            }
        };
        preferred
            .or_else(|| by(&|_| true))
            .map_or("", |prescribed| prescribed.pattern.text())
    }
}

impl Prescribed {
    /// Whether the benchmark prescribes it; [`Benchmark::Any`] takes every text.
    pub fn is_prescribed_by(&self, benchmark: &Benchmark) -> bool {
        match benchmark {
            Benchmark::Any => true,
            Benchmark::Cis(version) => self.cis.contains(version),
            Benchmark::SecurityHub => self.security_hub == Some(SecurityHubText::Current),
        }
    }
}

fn names_of(pattern: &Pattern) -> Vec<String> {
    let names = crate::pattern::missing_event_names(
        &[],
        pattern,
        &crate::pattern::Assumptions::cloudtrail(),
    );
    names.missing.into_iter().chain(names.undecided).collect()
}

fn remediation(text: &str) -> String {
    format!(
        "Let a multi-region trail that records management events deliver to a CloudWatch Logs group of class Standard. \
         Put a metric filter with the pattern {text} on it that counts 1 for each match, an alarm on its metric that \
         one match trips (Sum, at least 1 in one period of 300 seconds, missing data not breaching), and an SNS topic \
         with a confirmed subscription among the alarm's actions."
    )
}

#[cfg(test)]
mod tests;
