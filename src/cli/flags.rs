use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::variables;
use crate::config::{self, ConfigError, ConfigFile, KeyReference, Loaded, Settings};

/// `--config`, and one flag for each setting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SettingsFlags {
    /// The file that `--config` names.
    pub(super) config: Option<PathBuf>,
    /// Key and text of each flag that was given.
    pub(super) values: Vec<(String, String)>,
}

impl SettingsFlags {
    /// The settings in effect, of this process.
    ///
    /// # Errors
    /// See [`config::load`].
    pub(super) fn settings(&self) -> Result<Settings, ConfigError> {
        Ok(self.load(variables())?.settings)
    }

    /// The settings from all layers; `variables` is the process environment.
    ///
    /// # Errors
    /// See [`config::load`].
    pub(super) fn load(
        &self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Loaded, ConfigError> {
        let file = ConfigFile::new(self.config.clone());
        let flags = self
            .values
            .iter()
            .map(|(key, text)| (key.as_str(), text.as_str()));
        config::load(&file, variables, flags)
    }
}

const CONFIG: &str = "config";

impl Args for SettingsFlags {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new(CONFIG)
            .long(CONFIG)
            .value_name("PATH")
            .value_parser(clap::value_parser!(PathBuf))
            .help_heading("Settings")
            .help(format!(
                "The configuration file [default: {} if it exists]",
                config::DEFAULT_FILE
            ));
        config::keys().fold(command.arg(file), |command, key| command.arg(flag(key)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn flag(key: KeyReference) -> Arg {
    let default = key
        .default
        .map_or_else(String::new, |text| format!(" [default: {text}]"));
    Arg::new(key.key)
        .long(key.flag)
        .value_name("VALUE")
        .help_heading("Settings")
        .hide_short_help(true)
        .allow_hyphen_values(true)
        .help(format!("{}{default}", key.doc))
}

impl FromArgMatches for SettingsFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.config = matches.get_one::<PathBuf>(CONFIG).cloned();
        self.values = config::keys()
            .filter_map(|key| {
                let text = matches.get_one::<String>(key.key)?;
                Some((key.key.to_owned(), text.clone()))
            })
            .collect();
        Ok(())
    }
}
