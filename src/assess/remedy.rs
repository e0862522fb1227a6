//! AWS CLI commands, quoted for a shell.

use std::fmt::Write;

use serde::Serialize;

use crate::escape::is_unseen;

/// A command line that grows option by option; every value is quoted where a shell or the AWS CLI would read something else
/// into it.
#[derive(Debug, Clone)]
pub(crate) struct Command(String);

impl Command {
    /// `aws SERVICE OPERATION --region REGION`, without the region where none is known.
    pub(crate) fn new<'a>(operation: &str, region: impl Into<Option<&'a str>>) -> Self {
        Self(format!("aws {operation}")).with_some("--region", region.into())
    }

    /// An option with its value.
    pub(crate) fn with(mut self, option: &str, value: &str) -> Self {
        self.0.push_str(&option_text(option, value));
        self
    }

    pub(crate) fn with_some(self, option: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(option, value),
            None => self,
        }
    }

    pub(crate) fn with_json(self, option: &str, value: &impl Serialize) -> Self {
        // Types of ours always serialise; an empty document would be refused by the CLI, not carried out.
        self.with(option, &serde_json::to_string(value).unwrap_or_default())
    }

    pub(crate) fn with_some_json(self, option: &str, value: Option<&impl Serialize>) -> Self {
        match value {
            Some(value) => self.with_json(option, value),
            None => self,
        }
    }

    /// An option with a list of values; none where the list is empty.
    pub(crate) fn with_list(mut self, option: &str, values: &[String]) -> Self {
        if values.iter().any(|value| is_read_differently(value)) {
            return self.with_json(option, &values);
        }
        if !values.is_empty() {
            let words: Vec<String> = values.iter().map(|value| quoted(value)).collect();
            let _ = write!(self.0, " {option} {}", words.join(" "));
        }
        self
    }

    /// Words that stand as they are: flags, numbers, places to fill in.
    pub(crate) fn raw(mut self, text: &str) -> Self {
        let _ = write!(self.0, " {text}");
        self
    }
}

impl From<Command> for String {
    fn from(command: Command) -> Self {
        command.0
    }
}

/// What the CLI reads a value from, instead of taking it for the value: files, and in its first version the web as well.
/// <https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters-file.html>
const PLACES: [&str; 4] = ["file://", "fileb://", "http://", "https://"];

/// Which option's value is never read from such a place.
const TAKEN_AS_IT_IS: &str = "--notification-endpoint";

fn is_a_place(value: &str) -> bool {
    PLACES.iter().any(|place| value.starts_with(place))
}

/// Whether the CLI would not take it for an element of a list: a place, an option, JSON.
fn is_read_differently(value: &str) -> bool {
    is_a_place(value) || value.starts_with(['-', '[', '{'])
}

/// An option with its value, and the space before it. A value that begins with a dash would be read as an option of its own,
/// and one that names a place as what is found there: whoever chose a name would choose a file of the reader's. That one is
/// handed over as a file.
fn option_text(option: &str, value: &str) -> String {
    if is_a_place(value) && option != TAKEN_AS_IT_IS {
        return format!(" {option} file://<(printf %s {})", quoted(value));
    }
    let between = if value.starts_with('-') { '=' } else { ' ' };
    format!(" {option}{between}{}", quoted(value))
}

/// A word that a POSIX shell reads as exactly this text; bash's `$'...'` where it holds what a terminal would obey.
fn quoted(word: &str) -> String {
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
        let regionless = Command::new("sns publish", None).with("--message", "--y z");
        assert_eq!(
            String::from(regionless),
            "aws sns publish --message='--y z'"
        );
    }

    #[test]
    fn what_the_cli_would_read_from_a_place_or_as_an_option_reaches_it_as_it_is() {
        let command = |command: Command| String::from(command);
        let begun = || Command::new("x y", None);
        assert_eq!(
            command(begun().with("--name", "file:///etc/it's")),
            r"aws x y --name file://<(printf %s 'file:///etc/it'\''s')"
        );
        assert_eq!(
            command(begun().with("--notification-endpoint", "https://a.example/b")),
            "aws x y --notification-endpoint https://a.example/b"
        );
        let lists: [(&[&str], &str); 4] = [
            (&[], "aws x y"),
            (&["a", "b c"], "aws x y --names a 'b c'"),
            (&["a", "-b"], r#"aws x y --names '["a","-b"]'"#),
            (&["file://a"], r#"aws x y --names '["file://a"]'"#),
        ];
        for (values, expected) in lists {
            let values: Vec<String> = values.iter().map(|&value| value.to_owned()).collect();
            assert_eq!(command(begun().with_list("--names", &values)), expected);
        }
    }
}
