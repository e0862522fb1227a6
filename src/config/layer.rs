//! One source of values: the defaults, the file, the variables, the flags.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Empty, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::fault::Fault;
use super::schema::{self, AnyKey, KEYS, VARIABLE_PREFIX};
use super::suggest::did_you_mean;

/// What the variables begin with that Kubernetes injects for a Service named trailwarden.
const INJECTED: [&str; 2] = ["TRAILWARDEN_PORT", "TRAILWARDEN_SERVICE_"];

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    Default,
    File(PathBuf),
    Variable,
    Flag,
}

impl Origin {
    /// The name of the source of this key's value.
    pub(super) fn source(&self, path: &str) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::File(file) => file.display().to_string(),
            Self::Variable => schema::variable(path),
            Self::Flag => format!("--{}", schema::flag(path)),
        }
    }

    /// A fault of a key's value, or of a part of it.
    fn fault(&self, path: &str, at: &str, message: String) -> Fault {
        let named_by_source = matches!(self, Self::Variable | Self::Flag) && at.is_empty();
        let key = (!named_by_source).then(|| format!("{path}{at}"));
        Fault {
            source: self.source(path),
            key,
            message,
        }
    }
}

/// The values of one source: only keys that exist, with values that can be read.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    origin: Origin,
    values: Dict,
    /// Everything that was wrong with the source.
    pub(super) faults: Vec<Fault>,
    /// The keys whose values were wrong and are left out.
    pub(super) rejected: Vec<String>,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        let origin = self.origin.clone();
        Metadata::named("layer")
            .interpolater(move |_: &Profile, keys: &[&str]| origin.source(&keys.join(".")))
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Map::from([(Profile::Default, self.values.clone())]))
    }
}

impl Layer {
    fn empty(origin: Origin) -> Self {
        Self {
            origin,
            values: Dict::new(),
            faults: Vec::new(),
            rejected: Vec::new(),
        }
    }

    /// The defaults of the schema.
    pub(super) fn defaults() -> Self {
        let lines = KEYS
            .iter()
            .filter_map(|key| Some((key.path(), key.default()?)));
        let text: Vec<String> = lines
            .map(|(path, default)| format!("{path} = {default}"))
            .collect();
        let mut layer = Self::empty(Origin::Default);
        match toml::from_str(&text.join("\n")) {
            Ok(values) => layer.sift(values),
            Err(error) => layer
                .faults
                .push(layer.origin.fault("defaults", "", error.to_string())),
        }
        layer
    }

    /// The value of a key that follows from other keys.
    pub(super) fn derived(path: &str, value: Value) -> Self {
        let mut layer = Self::empty(Origin::Default);
        insert(&mut layer.values, path, value);
        layer
    }

    /// The file's text as values.
    pub(super) fn file(path: &Path, text: &str) -> Result<Self, Fault> {
        match toml::from_str(text) {
            Ok(values) => {
                let mut layer = Self::empty(Origin::File(path.to_owned()));
                layer.sift(values);
                Ok(layer)
            }
            Err(error) => Err(syntax_fault(path, text, &error)),
        }
    }

    /// The variables that begin with the prefix.
    pub(super) fn variables(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut layer = Self::empty(Origin::Variable);
        let mut values = Dict::new();
        for (name, text) in variables {
            let name = name.to_string_lossy();
            let injected = INJECTED.iter().any(|prefix| name.starts_with(prefix));
            let Some(rest) = name.strip_prefix(VARIABLE_PREFIX).filter(|_| !injected) else {
                continue;
            };
            match variable_key(rest) {
                Ok(key) => layer.read_text(key, text.to_str(), &mut values),
                Err(message) => {
                    let source = name.escape_debug().to_string();
                    layer.faults.push(Fault {
                        source,
                        key: None,
                        message,
                    });
                }
            }
        }
        layer.sift(values);
        layer
    }

    /// The texts of flags, by key.
    pub(super) fn flags<'a>(flags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut layer = Self::empty(Origin::Flag);
        let mut values = Dict::new();
        for (path, text) in flags {
            match schema::key(path) {
                Some(key) => layer.read_text(key, Some(text), &mut values),
                None => layer
                    .faults
                    .push(layer.origin.fault(path, "", unknown(path))),
            }
        }
        layer.sift(values);
        layer
    }

    fn read_text(&mut self, key: &dyn AnyKey, text: Option<&str>, values: &mut Dict) {
        if text == Some("") && key.default().is_none() {
            insert(values, key.path(), Value::from(Empty::None));
            return;
        }
        let read = text.ok_or_else(|| "the value is not Unicode".to_owned());
        match read.and_then(|text| key.value_of(text)) {
            Ok(value) => insert(values, key.path(), value),
            Err(message) => {
                self.faults.push(self.origin.fault(key.path(), "", message));
                self.rejected.push(key.path().to_owned());
            }
        }
    }

    /// Takes over the values that can be read.
    fn sift(&mut self, values: Dict) {
        self.values = self.sifted("", values);
    }

    fn sifted(&mut self, outer: &str, table: Dict) -> Dict {
        let mut kept = Dict::new();
        for (name, value) in table {
            let path = if outer.is_empty() {
                name.clone()
            } else {
                format!("{outer}.{name}")
            };
            if let Some(key) = schema::key(&path) {
                let unset = matches!(value, Value::Empty(..)) && key.default().is_none();
                let problems = if unset {
                    Vec::new()
                } else {
                    key.problems(&value)
                };
                if problems.is_empty() {
                    kept.insert(name, value);
                    continue;
                }
                for problem in problems {
                    self.faults
                        .push(self.origin.fault(&path, &problem.at, problem.message));
                }
                self.rejected.push(path);
            } else if !schema::is_section(&path) {
                let shown = path.escape_debug().to_string();
                self.faults
                    .push(self.origin.fault(&shown, "", unknown(&path)));
            } else if let Value::Dict(tag, inner) = value {
                let inner = self.sifted(&path, inner);
                kept.insert(name, Value::Dict(tag, inner));
            } else {
                let message = format!("it is a table of settings: write [{path}]");
                self.faults.push(self.origin.fault(&path, "", message));
            }
        }
        kept
    }
}

/// The message for a name that is no key.
fn unknown(path: &str) -> String {
    let last = |path: &'static str| path.rsplit('.').next().unwrap_or(path);
    let mut same_last = KEYS
        .iter()
        .map(|key| key.path())
        .filter(|known| last(known) == path);
    let hint = match (same_last.next(), same_last.next()) {
        (Some(only), None) => Some(format!("did you mean {only:?}?")),
        _ => did_you_mean(path, KEYS.iter().map(|key| key.path())),
    };
    hint.map_or_else(
        || "unknown setting".to_owned(),
        |hint| format!("unknown setting, {hint}"),
    )
}

/// The key that a variable stands for; its name is without the prefix.
fn variable_key(rest: &str) -> Result<&'static dyn AnyKey, String> {
    let path = rest.to_ascii_lowercase().replace("__", ".");
    match schema::key(&path) {
        Some(key) if rest == rest.to_ascii_uppercase() => Ok(key),
        Some(_) => Err(format!(
            "variables are upper case: {}",
            schema::variable(&path)
        )),
        None => {
            let known: Vec<String> = KEYS
                .iter()
                .map(|key| schema::variable(key.path()))
                .collect();
            let name = format!("{VARIABLE_PREFIX}{rest}");
            let hint = did_you_mean(&name, known.iter().map(String::as_str));
            Err(hint.map_or_else(|| unknown(&path), |hint| format!("unknown setting, {hint}")))
        }
    }
}

fn insert(values: &mut Dict, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            values.insert(path.to_owned(), value);
        }
        Some((section, rest)) => {
            let inner = values
                .entry(section.to_owned())
                .or_insert_with(|| Dict::new().into());
            if let Value::Dict(_, inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

/// Tells the place of a syntax error. The line itself may hold a secret and is not shown.
fn syntax_fault(path: &Path, text: &str, error: &toml::de::Error) -> Fault {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    let here = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let number = here.split_once('=').map(|(_, value)| value.trim());
    let zeros = number.is_some_and(|value| value.starts_with('0') && value.len() > 1);
    let hint = if zeros {
        " (quote an account id: a number has no leading zeros)"
    } else {
        ""
    };
    Fault {
        source: path.display().to_string(),
        key: None,
        message: format!(
            "line {line}, column {column}: {}{hint}",
            one_line(error.message())
        ),
    }
}

fn one_line(message: &str) -> String {
    message.lines().collect::<Vec<_>>().join(", ")
}
