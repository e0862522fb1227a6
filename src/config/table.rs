use figment::value::{Dict, Value};

use super::setting::{Problem, Setting, wrong_type};
use super::suggest::did_you_mean;

/// The fields of a table, taken one by one.
pub(super) struct Fields<'a> {
    table: &'a Dict,
    problems: Vec<Problem>,
}

impl<'a> Fields<'a> {
    /// Opens a table that has no other fields than these. A field whose name is that of a secret's file without `_file`
    /// holds a secret: it is refused and not shown.
    pub(super) fn open(value: &'a Value, known: &[&str]) -> Result<Self, Vec<Problem>> {
        let Some(table) = value.as_dict() else {
            return wrong_type(&format!("a table of {}", known.join(", ")), value);
        };
        let unknown = table.keys().filter(|name| !known.contains(&name.as_str()));
        let problems = unknown.map(|name| unknown_field(name, known)).collect();
        Ok(Self { table, problems })
    }

    /// A field that may be left out.
    pub(super) fn optional<T: Setting>(&mut self, name: &str) -> Option<T> {
        match T::read(self.table.get(name)?) {
            Ok(read) => Some(read),
            Err(found) => {
                let at = format!(".{name}");
                self.problems
                    .extend(found.into_iter().map(|problem| problem.inside(&at)));
                None
            }
        }
    }

    /// A field that must be there.
    pub(super) fn required<T: Setting>(&mut self, name: &str) -> Option<T> {
        if !self.table.contains_key(name) {
            let message = format!("`{name}` is missing: {}", T::expected());
            self.problems.push(Problem::here(message));
        }
        self.optional(name)
    }

    /// Whether a field is there, right or wrong.
    pub(super) fn has(&self, name: &str) -> bool {
        self.table.contains_key(name)
    }

    /// Something is wrong with the table as a whole.
    pub(super) fn wrong(&mut self, message: &str) {
        self.problems.push(Problem::here(message));
    }

    /// The whole, if nothing was wrong.
    pub(super) fn close<T>(self, whole: Option<T>) -> Result<T, Vec<Problem>> {
        match whole {
            Some(whole) if self.problems.is_empty() => Ok(whole),
            _ => Err(self.problems),
        }
    }
}

fn unknown_field(name: &str, known: &[&str]) -> Problem {
    let file = format!("{name}_file");
    let message = if known.contains(&file.as_str()) {
        format!("a secret never stands in the configuration: name a file that holds it as `{file}`")
    } else {
        match did_you_mean(name, known.iter().copied()) {
            Some(hint) => format!("unknown setting, {hint}"),
            None => "unknown setting".to_owned(),
        }
    };
    Problem::here(message).inside(&format!(".{}", name.escape_debug()))
}
