use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// The versions of the CIS AWS Foundations Benchmark that the catalogue knows, oldest first.
pub const CIS_VERSIONS: [CisVersion; 10] = [
    CisVersion {
        name: "1.2.0",
        section: 3,
    },
    CisVersion {
        name: "1.3.0",
        section: 4,
    },
    CisVersion {
        name: "1.4.0",
        section: 4,
    },
    CisVersion {
        name: "1.5.0",
        section: 4,
    },
    CisVersion {
        name: "2.0.0",
        section: 4,
    },
    CisVersion {
        name: "3.0.0",
        section: 4,
    },
    CisVersion {
        name: "4.0.1",
        section: 4,
    },
    CisVersion {
        name: "5.0.0",
        section: 4,
    },
    CisVersion {
        name: "6.0.0",
        section: 5,
    },
    CisVersion {
        name: "7.0.0",
        section: 5,
    },
];

/// A version of the CIS AWS Foundations Benchmark that the catalogue knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CisVersion {
    name: &'static str,
    section: u8,
}

impl CisVersion {
    /// Such as `3.0.0`.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The section about monitoring, the first part of the ids: 3, 4 or 5.
    pub const fn section(self) -> u8 {
        self.section
    }
}

impl<'de> Deserialize<'de> for CisVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl TryFrom<String> for CisVersion {
    type Error = UnknownBenchmark;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        CIS_VERSIONS
            .into_iter()
            .find(|version| version.name == name)
            .ok_or(UnknownBenchmark(name))
    }
}

/// Whose prescriptions count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Benchmark {
    /// Any prescription satisfies.
    #[default]
    Any,
    /// Those of one version of the CIS AWS Foundations Benchmark.
    Cis(CisVersion),
    /// Those of AWS Security Hub.
    SecurityHub,
}

/// A text that names no benchmark.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no benchmark: known are any, security-hub, and cis- with one of {versions}", versions = known_versions())]
pub struct UnknownBenchmark(pub String);

fn known_versions() -> String {
    CIS_VERSIONS.map(CisVersion::name).join(", ")
}

impl FromStr for Benchmark {
    type Err = UnknownBenchmark;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownBenchmark(text.to_owned());
        match text.to_ascii_lowercase().as_str() {
            "any" => Ok(Self::Any),
            "security-hub" => Ok(Self::SecurityHub),
            other => {
                let version = other.strip_prefix("cis-").ok_or_else(unknown)?;
                CisVersion::try_from(version.to_owned())
                    .map(Self::Cis)
                    .map_err(|_| unknown())
            }
        }
    }
}

impl<'de> Deserialize<'de> for Benchmark {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Benchmark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => formatter.write_str("any"),
            Self::Cis(version) => write!(formatter, "cis-{}", version.name),
            Self::SecurityHub => formatter.write_str("security-hub"),
        }
    }
}
