//! The set-up of the log: text or JSON lines on standard error.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use serde::Deserialize;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::sanitize::{is_unseen, sanitize};

/// The form of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl FromStr for Format {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(LogError::Format(text.to_owned())),
        }
    }
}

/// Why the log cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// No such format.
    #[error("{0:?} is no log format: text or json")]
    Format(String),
    /// The level is neither a level nor a list of directives.
    #[error(
        "{text:?} is no log level (error, warn, info, debug, trace, or directives as target=level): {source}"
    )]
    Level {
        /// What was given.
        text: String,
        /// What is wrong with it.
        source: tracing_subscriber::filter::ParseError,
    },
    /// The process has a log already.
    #[error("the log is set up already")]
    Twice(#[from] tracing::subscriber::SetGlobalDefaultError),
}

/// Makes standard error the log of the process, from `level` on: a level such as `info`, or directives such as
/// `info,trailwarden=debug`.
///
/// # Errors
/// The level cannot be read, or the process has a log already.
pub fn init(format: Format, level: &str) -> Result<(), LogError> {
    let subscriber = subscriber(format, level, io::stderr)?;
    tracing::subscriber::set_global_default(subscriber)?;
    Ok(())
}

/// Reads a level as [`init`] would, to validate a configuration.
///
/// # Errors
/// The level cannot be read.
pub fn parse_level(level: &str) -> Result<EnvFilter, LogError> {
    EnvFilter::builder()
        .parse(level)
        .map_err(|source| LogError::Level {
            text: level.to_owned(),
            source,
        })
}

/// The same log on any writer.
///
/// # Errors
/// The level cannot be read.
pub fn subscriber<W>(
    format: Format,
    level: &str,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, LogError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt()
        .with_env_filter(parse_level(level)?)
        .with_ansi(false)
        .with_writer(Visible { format, writer });
    Ok(match format {
        Format::Text => Box::new(builder.finish()),
        Format::Json => Box::new(builder.json().flatten_event(true).finish()),
    })
}

/// The last thing before the writer: whatever room wrote the line and whatever AWS put into it, one event is one line, and
/// no character in it acts on a terminal.
struct Visible<M> {
    format: Format,
    writer: M,
}

struct VisibleWriter<W> {
    format: Format,
    writer: W,
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Visible<M> {
    type Writer = VisibleWriter<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        VisibleWriter {
            format: self.format,
            writer: self.writer.make_writer(),
        }
    }
}

impl<W: Write> Write for VisibleWriter<W> {
    /// Takes one whole event, as the formatter hands it over, with the line break at its end.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let (line, end) = match text.strip_suffix('\n') {
            Some(line) => (line, "\n"),
            None => (&*text, ""),
        };
        let visible = match self.format {
            Format::Text => sanitize(line),
            Format::Json => json_escaped(line),
        };
        self.writer
            .write_all(format!("{visible}{end}").as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Escapes as JSON does what its writer lets through: DEL, C1, marks of direction, and the rest of the unseen. All of it
/// stands inside strings, since the writer puts nothing between them that is not visible.
fn json_escaped(line: &str) -> Cow<'_, str> {
    if !line.contains(is_unseen) {
        return Cow::Borrowed(line);
    }
    let mut escaped = String::with_capacity(line.len() + 16);
    for character in line.chars() {
        if is_unseen(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a String does not fail.
                let _ = fmt::Write::write_fmt(&mut escaped, format_args!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}
