//! AWS CLI commands, quoted for a shell.

use std::fmt::Write;

/// A command line that grows option by option.
#[derive(Debug, Clone)]
pub(super) struct Command(String);

impl Command {
    /// `aws SERVICE OPERATION --region REGION`.
    pub(super) fn new(operation: &str, region: &str) -> Self {
        Self(format!("aws {operation}")).with("--region", region)
    }

    pub(super) fn with(mut self, option: &str, value: &str) -> Self {
        let _ = write!(self.0, " {option} {}", quoted(value));
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

/// The text as one word of a POSIX shell.
pub(super) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
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
