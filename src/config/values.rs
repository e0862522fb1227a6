//! The types of single settings. Each is made by parsing its text and cannot hold anything else.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Why a text is not accepted: one phrase that says what is wrong with it, without the text itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

pub(super) fn invalid<T>(reason: impl Into<String>) -> Result<T, Invalid> {
    Err(Invalid(reason.into()))
}

/// Letters, digits, hyphens and underscores only, of a length in the range.
pub(super) fn is_word(text: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The code of an AWS region, such as `eu-west-1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(String);

impl Region {
    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Region {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let parts: Vec<&str> = text.split('-').collect();
        let [first, middle @ .., last] = parts.as_slice() else {
            return invalid("a region looks like eu-west-1");
        };
        let lower = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
        let digits = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
        let named = lower(first) && !middle.is_empty() && middle.iter().all(|part| lower(part));
        if named && digits && text.len() <= 32 {
            Ok(Self(text.to_owned()))
        } else {
            invalid("a region looks like eu-west-1")
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The file that holds a secret, by its absolute path. The secret itself never stands in a setting: what is no such path may be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretFile(PathBuf);

impl SecretFile {
    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Reads the secret, without the white space at its end.
    ///
    /// # Errors
    /// The file cannot be read, is not UTF-8, or is empty.
    pub fn read(&self) -> std::io::Result<String> {
        let text = std::fs::read_to_string(&self.0)?;
        let secret = text.trim_end();
        if secret.is_empty() {
            return Err(std::io::Error::new(
                std::io::ErrorKind::InvalidData,
                "the file is empty",
            ));
        }
        Ok(secret.to_owned())
    }
}

impl FromStr for SecretFile {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let path = PathBuf::from(text);
        if text.is_empty() {
            invalid("it is empty")
        } else if !path.is_absolute() || text.contains("://") || text.contains(char::is_control) {
            invalid("it is none; what it says is not shown, as it may be the secret itself")
        } else {
            Ok(Self(path))
        }
    }
}
