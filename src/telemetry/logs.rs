//! The set-up of the log: text or JSON lines on standard error.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use serde::Deserialize;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::escape::{is_unseen, sanitize};

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
    /// A part of the level without `=` is no level.
    #[error(
        "{0:?} is no log level: off, error, warn, info, debug, trace, or target=level, separated by commas"
    )]
    Level(String),
    /// A directive cannot be read.
    #[error("{text:?} is no list of log directives: {source}")]
    Directives {
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

/// Reads a level; refuses bare words that would be targets.
fn parse_level(level: &str) -> Result<EnvFilter, LogError> {
    // EnvFilter takes a bare word for the name of a target: a slip such as `inof` would silence the log.
    let is_bare = |part: &&str| !part.contains(['=', '[']);
    for word in level.split(',').filter(is_bare) {
        if word.parse::<LevelFilter>().is_err() || word.is_empty() {
            return Err(LogError::Level(word.to_owned()));
        }
    }
    EnvFilter::builder()
        .parse(level)
        .map_err(|source| LogError::Directives {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;
    use tracing::{error, info};

    use super::*;
    use crate::telemetry::samples::{HOSTILE, NEVER, logged};

    #[test]
    fn a_careless_line_about_hostile_names_is_still_one_plain_line() {
        for format in [Format::Text, Format::Json] {
            let text = logged(format, "info", || {
                info!(name = %HOSTILE, again = ?HOSTILE, third = HOSTILE, "met {HOSTILE}");
            });
            assert_eq!(text.matches('\n').count(), 1, "{text}");
            for never in NEVER.iter().filter(|never| **never != "<script") {
                assert!(!text.contains(never), "{never:?} stands in {text}");
            }
        }
    }

    #[test]
    fn a_json_line_is_an_object_that_keeps_every_character() {
        let text = logged(Format::Json, "info", || {
            info!(name = HOSTILE, number = 7, "met");
        });
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["name"], HOSTILE);
        assert_eq!(line["number"], 7);
        assert_eq!(line["message"], "met");
        assert_eq!(line["level"], "INFO");
    }

    #[test]
    fn the_level_decides_what_is_written() {
        let act = || {
            info!(target: "trailwarden", "small");
            error!(target: "other", "great");
        };
        assert!(!logged(Format::Text, "error", act).contains("small"));
        assert!(logged(Format::Text, "error", act).contains("great"));
        let chosen = logged(Format::Text, "off,trailwarden=info", act);
        assert!(chosen.contains("small") && !chosen.contains("great"));
    }

    #[test]
    fn a_level_that_is_none_is_refused() {
        for level in ["", "loud", "info,inof", "trailwarden=loud", "a=b=c"] {
            assert!(parse_level(level).is_err(), "{level}");
        }
        for level in [
            "off",
            "WARN",
            "info,trailwarden=debug",
            "trailwarden[span]=trace",
        ] {
            assert!(parse_level(level).is_ok(), "{level}");
        }
    }

    #[test]
    fn formats_have_two_names() {
        assert_eq!("text".parse::<Format>().unwrap(), Format::Text);
        assert_eq!("json".parse::<Format>().unwrap(), Format::Json);
        assert!(matches!("xml".parse::<Format>(), Err(LogError::Format(_))));
    }

    proptest! {
        #[test]
        fn any_text_survives_as_json_on_one_line(text in any::<String>()) {
            let line = logged(Format::Json, "info", || {
                info!(text, "met");
            });
            prop_assert!(!line.trim_end_matches('\n').contains(is_unseen));
            let line: Value = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(line["text"].as_str(), Some(text.as_str()));
        }
    }
}
