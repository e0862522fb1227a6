use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use figment::value::Value;
use figment::{Figment, Profile};

use crate::control::{Benchmark, Control};

use super::effective::Effective;
use super::fault::{ConfigError, Fault};
use super::layer::Layer;
use super::rules;
use super::schema::{self, AnyKey, KEYS, Key};
use super::setting::Setting;
use super::settings::{Expect, Heal, HeartbeatSettings, History, Http, Log, Settings, Sweep};
use super::wiring::Wiring;

/// The file that is read where none is named, if it exists.
pub const DEFAULT_FILE: &str = "/etc/trailwarden/trailwarden.toml";

/// What a value comes from that no layer names.
const DEFAULT: &str = "default";

/// Which file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigFile {
    /// This one; it is a fault if it does not exist.
    Named(PathBuf),
    /// This one if it exists, usually [`DEFAULT_FILE`].
    IfExists(PathBuf),
}

impl ConfigFile {
    /// The file that `--config` names, else the default one.
    pub fn new(named: Option<PathBuf>) -> Self {
        named.map_or_else(|| Self::IfExists(PathBuf::from(DEFAULT_FILE)), Self::Named)
    }
}

/// The settings, and where each came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
    /// Every key with its value and source, in the order of the reference.
    pub effective: Vec<Effective>,
}

/// Reads the settings from all layers: defaults < file < variables < flags. `flags` are pairs of key and text.
///
/// # Errors
/// Everything that is wrong with any layer, or with the layers together, at once.
pub fn load<'a>(
    file: &ConfigFile,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    flags: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Loaded, ConfigError> {
    let mut faults = Vec::new();
    let mut layers = vec![Layer::defaults()];
    let (file_read, file_failed) = match read_file(file) {
        Ok(Some((path, layer))) => {
            layers.push(layer);
            (Some(path), false)
        }
        Ok(None) => (None, false),
        Err(fault) => {
            faults.push(fault);
            (None, true)
        }
    };
    layers.push(Layer::variables(variables));
    layers.push(Layer::flags(flags));

    let mut rejected = Vec::new();
    let mut figment = Figment::new();
    for layer in layers {
        faults.extend(layer.faults.iter().cloned());
        rejected.extend(layer.rejected.iter().cloned());
        figment = figment.merge(layer);
    }
    let merged = Merged { figment };
    if let Some(settings) = merged.settings(&rejected, &mut faults) {
        if !file_failed {
            faults.extend(rules::contradictions(&settings, &merged, &rejected));
        }
        if faults.is_empty() {
            let effective = merged.with_derived(&settings).effective();
            return Ok(Loaded {
                settings,
                file: file_read,
                effective,
            });
        }
    }
    Err(ConfigError { faults })
}

fn read_file(file: &ConfigFile) -> Result<Option<(PathBuf, Layer)>, Fault> {
    let (path, optional) = match file {
        ConfigFile::Named(path) => (path, false),
        ConfigFile::IfExists(path) => (path, true),
    };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if optional && error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(path, &error)),
    };
    Layer::file(path, &text).map(|layer| Some((path.clone(), layer)))
}

fn unreadable(path: &Path, error: &io::Error) -> Fault {
    let message = format!("cannot be read: {error}");
    Fault {
        source: path.display().to_string(),
        key: None,
        message,
    }
}

/// All layers in one, each value remembering its layer.
pub(super) struct Merged {
    figment: Figment,
}

impl Merged {
    fn value(&self, path: &str) -> Option<Value> {
        self.figment.find_value(path).ok()
    }

    /// Where the value of this key came from.
    pub(super) fn source(&self, path: &str) -> String {
        let keys: Vec<&str> = path.split('.').collect();
        let value = self.value(path);
        let metadata = value.and_then(|value| self.figment.get_metadata(value.tag()));
        metadata.map_or_else(
            || DEFAULT.to_owned(),
            |layer| layer.interpolate(&Profile::Default, &keys),
        )
    }

    fn with_derived(self, settings: &Settings) -> Self {
        let status = Layer::derived("http.status", settings.http.status.into());
        Self {
            figment: self.figment.join(status),
        }
    }

    fn effective(&self) -> Vec<Effective> {
        let entry = |path: &'static str| Effective {
            key: path,
            value: self
                .value(path)
                .filter(|value| !matches!(value, Value::Empty(..))),
            source: self.source(path),
        };
        KEYS.iter().map(|key| entry(key.path())).collect()
    }

    /// A key's value; none where it is not configured or emptied by a later layer. Faults cannot occur after the layers were sifted, and are told
    /// rather than assumed away.
    fn optional<T: Setting>(&self, key: &Key<T>, faults: &mut Vec<Fault>) -> Option<T> {
        let path = key.path();
        let fault = |message| Fault {
            source: self.source(path),
            key: Some(path.to_owned()),
            message,
        };
        let value = self
            .value(path)
            .filter(|value| !matches!(value, Value::Empty(..)))?;
        match T::read(&value) {
            Ok(read) => Some(read),
            Err(problems) => {
                faults.extend(problems.into_iter().map(|problem| fault(problem.message)));
                None
            }
        }
    }

    fn required<T: Setting>(&self, key: &Key<T>, faults: &mut Vec<Fault>) -> Option<T> {
        let read = self.optional(key, faults);
        if read.is_none() && faults.is_empty() {
            let message = format!("expected {}, found nothing", T::expected());
            let key = Some(key.path().to_owned());
            faults.push(Fault {
                source: DEFAULT.to_owned(),
                key,
                message,
            });
        }
        read
    }

    /// The controls, unless their names or the benchmark that says what they mean are at fault already.
    fn controls(
        &self,
        benchmark: &Benchmark,
        rejected: &[String],
        faults: &mut Vec<Fault>,
    ) -> Option<Vec<Control>> {
        let selection = self.required(&schema::CONTROLS, faults)?;
        let keys = [schema::CONTROLS.path(), schema::BENCHMARK.path()];
        // The default's number is of no version: another one is no reason to refuse a configuration that named no control.
        let is_default = self.source(schema::CONTROLS.path()) == DEFAULT;
        let numbers_of = if is_default {
            &Benchmark::Any
        } else {
            benchmark
        };
        match selection.resolve(numbers_of) {
            Ok(controls) => Some(controls),
            Err(_) if rejected.iter().any(|path| keys.contains(&path.as_str())) => Some(Vec::new()),
            Err(problems) => {
                let [path, _] = keys;
                let source = self.source(path);
                faults.extend(problems.into_iter().map(|problem| Fault {
                    source: source.clone(),
                    key: Some(format!("{path}{}", problem.at)),
                    message: problem.message,
                }));
                Some(Vec::new())
            }
        }
    }

    fn settings(&self, rejected: &[String], faults: &mut Vec<Fault>) -> Option<Settings> {
        let benchmark = self.required(&schema::BENCHMARK, faults)?;
        let listen = self.required(&schema::HTTP_LISTEN, faults)?;
        let status = self.optional(&schema::HTTP_STATUS, faults);
        Some(Settings {
            queue_url: self.optional(&schema::QUEUE_URL, faults),
            controls: self.controls(&benchmark, rejected, faults)?,
            benchmark,
            sweep: Sweep {
                interval: self.required(&schema::SWEEP_INTERVAL, faults)?.0,
            },
            heartbeat: HeartbeatSettings {
                interval: Some(self.required(&schema::HEARTBEAT_INTERVAL, faults)?.0)
                    .filter(|interval| !interval.is_zero()),
                timeout: self.required(&schema::HEARTBEAT_TIMEOUT, faults)?.0,
            },
            heal: Heal {
                mode: self.required(&schema::HEAL_MODE, faults)?,
                links: self.required(&schema::HEAL_LINKS, faults)?,
                settle: self.required(&schema::HEAL_SETTLE, faults)?.0,
                budget_per_hour: self.required(&schema::HEAL_BUDGET, faults)?.0,
                cooldown: self.required(&schema::HEAL_COOLDOWN, faults)?.0,
                stop_after: self.required(&schema::HEAL_STOP_AFTER, faults)?.0,
                windows: self.required(&schema::HEAL_WINDOWS, faults)?,
            },
            expect: Expect {
                topics: self.required(&schema::EXPECT_TOPICS, faults)?,
                subscriptions: self.required(&schema::EXPECT_SUBSCRIPTIONS, faults)?,
            },
            notify: self.required(&schema::NOTIFY, faults)?.0,
            scope: self.required(&schema::SCOPE, faults)?,
            wiring: Wiring {
                prefix: self.required(&schema::WIRING_PREFIX, faults)?,
                consumer_role_arn: self.optional(&schema::WIRING_CONSUMER_ROLE, faults),
                organization_id: self.optional(&schema::WIRING_ORGANIZATION, faults),
                check: self.required(&schema::WIRING_CHECK, faults)?,
            },
            state_dir: self.required(&schema::STATE_DIR, faults)?,
            journal: History {
                retention: self.required(&schema::JOURNAL_RETENTION, faults)?.0,
            },
            http: Http {
                listen,
                status: status.unwrap_or(listen.ip().is_loopback()),
            },
            log: Log {
                format: self.required(&schema::LOG_FORMAT, faults)?,
                level: self.required(&schema::LOG_LEVEL, faults)?,
            },
        })
    }
}
