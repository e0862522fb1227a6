use figment::value::{Dict, Value};

use super::setting::number_text;
use crate::escape::is_unseen;

/// The value of one key and where it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Effective {
    /// The key, such as `heal.mode`.
    pub key: &'static str,
    /// Its value; none where it is not configured and has no default.
    pub value: Option<Value>,
    /// `default`, the path of the file, the name of the variable or of the flag.
    pub source: String,
}

impl Effective {
    /// A line of a configuration file that sets the same, with the source as a comment. Characters that could play tricks on a
    /// terminal are escaped.
    pub fn toml_line(&self) -> String {
        let source = self.source.escape_debug();
        match &self.value {
            Some(value) => format!("{} = {}  # {source}", self.key, toml_text(value)),
            None => format!("# {} is not set", self.key),
        }
    }
}

/// A value as TOML, in one line.
fn toml_text(value: &Value) -> String {
    match value {
        Value::String(_, text) => quoted(text),
        Value::Char(_, c) => quoted(c.encode_utf8(&mut [0; 4])),
        Value::Bool(_, flag) => flag.to_string(),
        Value::Num(_, number) => number_text(*number),
        Value::Empty(..) => quoted(""),
        Value::Dict(_, table) => table_text(table),
        Value::Array(_, items) => {
            let items: Vec<String> = items.iter().map(toml_text).collect();
            format!("[{}]", items.join(", "))
        }
    }
}

fn table_text(table: &Dict) -> String {
    // Only tables whose names are known were let in: bare keys all of them.
    let fields: Vec<String> = table
        .iter()
        .map(|(name, value)| format!("{name} = {}", toml_text(value)))
        .collect();
    format!("{{ {} }}", fields.join(", "))
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            _ if is_unseen(c) => quoted.extend(format!("\\U{:08X}", u32::from(c)).chars()),
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
