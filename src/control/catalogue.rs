use std::sync::OnceLock;

use serde::Deserialize;

use super::{
    CisVersion, Control, EventKind, Prescribed, Role, SecurityHubText, Severity, remediation,
};
use crate::pattern::{ParseError, Pattern};

const BUILTIN: &str = include_str!("catalogue.toml");

/// The controls that can be asked for.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    controls: Vec<Control>,
}

/// Why a text is no catalogue.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// Not TOML of the catalogue's shape.
    #[error("the catalogue cannot be read: {0}")]
    Shape(#[from] toml::de::Error),
    /// A pattern that AWS would refuse.
    #[error("control {control}: {source}")]
    Pattern {
        /// Key of the control.
        control: String,
        /// What is wrong with its pattern.
        #[source]
        source: ParseError,
    },
    /// Two controls of one key.
    #[error("two controls are named {0}")]
    Duplicate(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    meta: Meta,
    control: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Meta {
    namespace: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    number: u8,
    key: String,
    title: String,
    description: String,
    severity: Severity,
    security_hub: Option<String>,
    #[serde(default)]
    not_in_cis: Vec<CisVersion>,
    events: EventKind,
    #[serde(default)]
    event_sources: Vec<String>,
    #[serde(default)]
    event_names: Vec<String>,
    metric_name: String,
    alarm_name: String,
    pattern: Vec<PatternEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PatternEntry {
    group: String,
    role: Role,
    text: String,
    #[serde(default)]
    cis: Vec<CisVersion>,
    security_hub: Option<SecurityHubText>,
    note: Option<String>,
}

impl Catalogue {
    /// The fifteen controls of the CIS AWS Foundations Benchmark and Security Hub's CloudWatch.1 to 14.
    ///
    /// The text is part of the program; a test proves that it can be read.
    pub fn builtin() -> &'static Self {
        static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
        CATALOGUE.get_or_init(|| Self::parse(BUILTIN).unwrap_or_default())
    }

    /// Reads a catalogue.
    ///
    /// # Errors
    /// The text has another shape, a pattern is one that AWS would refuse, or a key stands there twice.
    pub(super) fn parse(text: &str) -> Result<Self, CatalogueError> {
        let file: File = toml::from_str(text)?;
        let mut catalogue = Self::default();
        for entry in file.control {
            catalogue.add(entry.into_control(&file.meta.namespace)?)?;
        }
        Ok(catalogue)
    }

    /// This catalogue and controls of one's own.
    ///
    /// # Errors
    /// A key stands there twice.
    pub fn with_own(&self, own: Vec<Control>) -> Result<Self, CatalogueError> {
        let mut catalogue = self.clone();
        for control in own {
            catalogue.add(control)?;
        }
        Ok(catalogue)
    }

    fn add(&mut self, control: Control) -> Result<(), CatalogueError> {
        if self.controls.iter().any(|other| other.key == control.key) {
            return Err(CatalogueError::Duplicate(control.key));
        }
        self.controls.push(control);
        Ok(())
    }

    /// All controls, in the order of the benchmark, own ones last.
    pub fn controls(&self) -> &[Control] {
        &self.controls
    }
}

impl Entry {
    fn into_control(self, namespace: &str) -> Result<Control, CatalogueError> {
        let mut prescribed = Vec::with_capacity(self.pattern.len());
        for entry in self.pattern {
            let pattern =
                Pattern::parse(&entry.text).map_err(|source| CatalogueError::Pattern {
                    control: self.key.clone(),
                    source,
                })?;
            prescribed.push(Prescribed {
                group: entry.group,
                event_names: super::names_of(&pattern),
                role: entry.role,
                pattern,
                cis: entry.cis,
                security_hub: entry.security_hub,
                note: entry.note,
            });
        }
        let mut control = Control {
            key: self.key,
            number: Some(self.number),
            title: self.title,
            description: self.description,
            severity: self.severity,
            security_hub: self.security_hub,
            events: self.events,
            event_sources: self.event_sources,
            event_names: self.event_names,
            prescribed,
            metric_name: self.metric_name,
            namespace: namespace.to_owned(),
            alarm_name: self.alarm_name,
            remediation: String::new(),
            not_in_cis: self.not_in_cis,
        };
        control.remediation = remediation(control.install_text(&super::Benchmark::Any));
        Ok(control)
    }
}
