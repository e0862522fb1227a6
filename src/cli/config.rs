use std::ffi::OsString;
use std::io::{self, Write};

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use crate::config::{ConfigError, Effective, Loaded};

use super::flags::SettingsFlags;

/// Prints the settings in effect and where each came from.
#[derive(Debug, Clone, Args)]
pub(super) struct ConfigArgs {
    #[command(flatten)]
    flags: SettingsFlags,
    /// Only check the configuration; print nothing but faults.
    #[arg(long)]
    check: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Toml)]
    format: Format,
}

/// How the settings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A configuration file that sets the same, with the sources as comments.
    Toml,
    /// One object: key to value and source.
    Json,
}

/// Why the settings could not be printed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConfigCommandError {
    /// They have faults; exit with 64.
    #[error(transparent)]
    Faults(#[from] ConfigError),
    /// Standard output is gone; exit with 1.
    #[error("the settings could not be printed: {0}")]
    Output(#[from] io::Error),
}

/// Runs `trailwarden config`; `variables` is the process environment. Calls nothing and nobody.
///
/// # Errors
/// The configuration has faults, or `stdout` takes nothing.
pub(super) fn run(
    args: &ConfigArgs,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    mut stdout: impl Write,
) -> Result<(), ConfigCommandError> {
    let loaded = args.flags.load(variables)?;
    if args.check {
        return Ok(());
    }
    match args.format {
        Format::Toml => {
            for effective in &loaded.effective {
                writeln!(stdout, "{}", effective.toml_line())?;
            }
        }
        Format::Json => {
            serde_json::to_writer_pretty(&mut stdout, &as_json(&loaded))
                .map_err(io::Error::from)?;
            writeln!(stdout)?;
        }
    }
    stdout.flush()?;
    Ok(())
}

fn as_json(loaded: &Loaded) -> Value {
    let entry = |effective: &Effective| {
        let value = serde_json::to_value(&effective.value).unwrap_or_default();
        (
            effective.key.to_owned(),
            json!({ "value": value, "source": effective.source }),
        )
    };
    let file = loaded.file.as_ref().map(|path| path.display().to_string());
    let settings: Map<String, Value> = loaded.effective.iter().map(entry).collect();
    json!({ "file": file, "settings": settings })
}
