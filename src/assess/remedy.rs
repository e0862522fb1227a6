//! AWS CLI commands, quoted for a shell.

use std::fmt::Write;

use crate::escape::is_unseen;

/// A command line that grows option by option.
#[derive(Debug, Clone)]
pub(super) struct Command(String);

impl Command {
    /// `aws SERVICE OPERATION --region REGION`.
    pub(super) fn new(operation: &str, region: &str) -> Self {
        Self(format!("aws {operation}")).with("--region", region)
    }

    pub(super) fn with(mut self, option: &str, value: &str) -> Self {
        self.0.push_str(&option_text(option, value));
        self
    }

    /// Words that stand as they are: flags, numbers, places to fill in.
    pub(super) fn raw(mut self, text: &str) -> Self {
        let _ = write!(self.0, " {text}");
        self
    }
}

impl From<Command> for String {
    fn from(command: Command) -> Self {
        command.0
    }
}

/// An option with its value, and the space before it. A value that begins with a dash would be read as an option of its own.
pub(crate) fn option_text(option: &str, value: &str) -> String {
    let between = if value.starts_with('-') { '=' } else { ' ' };
    format!(" {option}{between}{}", quoted(value))
}

/// A word that a POSIX shell reads as exactly this text; bash's `$'...'` where it holds what a terminal would obey.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    if !word.contains(is_unseen) {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let mut text = String::from("$'");
    for character in word.chars() {
        match character {
            '\'' | '\\' => {
                text.push('\\');
                text.push(character);
            }
            _ if is_unseen(character) => {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\U{:08x}", u32::from(character));
            }
            _ => text.push(character),
        }
    }
    text.push('\'');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_read_differently_is_quoted() {
        assert_eq!(
            quoted("arn:aws:sns:us-east-1:1:t"),
            "arn:aws:sns:us-east-1:1:t"
        );
        assert_eq!(quoted("it's $x"), r"'it'\''s $x'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("{ $.a = b }"), "'{ $.a = b }'");
    }

    #[test]
    fn commands_name_the_region_first() {
        let command = Command::new("sns subscribe", "eu-west-1")
            .with("--topic-arn", "a b")
            .raw("--x");
        assert_eq!(
            String::from(command),
            "aws sns subscribe --region eu-west-1 --topic-arn 'a b' --x"
        );
    }
}
