use figment::value::Value;

use crate::control::{Benchmark, Catalogue, Control};

use super::setting::{Problem, Setting, Text};
use super::table::Fields;
use super::text;
use super::values::{Invalid, invalid, is_word};

/// Which controls are judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ControlSelection {
    /// Every control of the catalogue.
    All,
    /// These.
    Only(Vec<ControlChoice>),
}

/// One control to be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ControlChoice {
    /// One of the catalogue, by key, CIS number or Security Hub id.
    Named(String),
    /// One that the operator wrote.
    Own(OwnControl),
}

/// A control that the operator wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OwnControl {
    /// Its id: letters, digits, hyphens and underscores.
    id: String,
    /// Its title, one line.
    title: String,
    /// The events that must notify somebody, as a filter pattern.
    pattern: String,
}

impl Setting for ControlSelection {
    fn expected() -> String {
        "\"all\" or a list of controls such as [\"4.5\"]".to_owned()
    }

    fn from_text(text: &str) -> Result<Value, String> {
        if text.trim() == "all" {
            Ok(Value::from("all"))
        } else {
            text::list(text)
        }
    }

    fn read(value: &Value) -> Result<Self, Vec<Problem>> {
        if value.as_str() == Some("all") {
            return Ok(Self::All);
        }
        let choices = Vec::<ControlChoice>::read(value)?;
        let names = |wanted: &str| {
            let same = |choice: &&ControlChoice| choice.name() == wanted;
            choices.iter().filter(same).count()
        };
        let mut problems = Vec::new();
        if choices.is_empty() {
            problems.push(Problem::here("the list is empty: nothing would be judged"));
        }
        if names("all") > 0 && choices.len() == 1 {
            return Ok(Self::All);
        }
        if names("all") > 0 {
            problems.push(Problem::here("\"all\" stands beside other controls"));
        }
        for (index, choice) in choices.iter().enumerate() {
            if let ControlChoice::Own(own) = choice
                && names(&own.id) > 1
            {
                let message = format!("the id {:?} stands for more than one control", own.id);
                problems.push(Problem::here(message).inside(&format!("[{index}]")));
            }
        }
        if problems.is_empty() {
            Ok(Self::Only(choices))
        } else {
            Err(problems)
        }
    }
}

impl ControlSelection {
    /// The controls themselves, each once, in the order of the configuration; every name that picks none, and every
    /// pattern that AWS would refuse.
    pub(super) fn resolve(&self, benchmark: &Benchmark) -> Result<Vec<Control>, Vec<Problem>> {
        let choices = match self {
            Self::All => &[ControlChoice::Named("all".to_owned())],
            Self::Only(choices) => choices.as_slice(),
        };
        let mut controls: Vec<Control> = Vec::new();
        let mut problems = Vec::new();
        for (index, choice) in choices.iter().enumerate() {
            match choice.resolve(benchmark) {
                Ok(found) => {
                    for control in found {
                        if controls.iter().all(|other| other.key != control.key) {
                            controls.push(control);
                        }
                    }
                }
                Err(message) => {
                    problems.push(Problem::here(message).inside(&format!("[{index}]")));
                }
            }
        }
        if problems.is_empty() {
            Ok(controls)
        } else {
            Err(problems)
        }
    }
}

impl ControlChoice {
    fn resolve(&self, benchmark: &Benchmark) -> Result<Vec<Control>, String> {
        let catalogue = Catalogue::builtin();
        match self {
            Self::Named(name) => {
                let found = catalogue.select(std::slice::from_ref(name), benchmark);
                let found = found.map_err(|error| error.to_string())?;
                Ok(found.into_iter().cloned().collect())
            }
            Self::Own(own) => {
                if catalogue.find(&own.id, &Benchmark::Any).is_ok() {
                    return Err(format!("the id {:?} is that of a known control", own.id));
                }
                let control = Control::own(&own.id, &own.title, &own.pattern);
                let control =
                    control.map_err(|error| format!("its pattern: {}", error.message()))?;
                Ok(vec![control])
            }
        }
    }
    /// The name that picks it: as configured, or the id of an own control.
    fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::Own(own) => &own.id,
        }
    }
}

impl Setting for ControlChoice {
    fn expected() -> String {
        "a control such as \"4.5\", or a table of id, title, pattern".to_owned()
    }

    fn read(value: &Value) -> Result<Self, Vec<Problem>> {
        if value.as_dict().is_some() {
            return OwnControl::read(value).map(Self::Own);
        }
        ControlName::read(value).map(|ControlName(name)| Self::Named(name))
    }
}

impl Setting for OwnControl {
    fn expected() -> String {
        "a table of id, title, pattern".to_owned()
    }

    fn read(value: &Value) -> Result<Self, Vec<Problem>> {
        let mut fields = Fields::open(value, &["id", "title", "pattern"])?;
        let id = fields.required::<OwnId>("id");
        let title = fields.required::<Title>("title");
        let pattern = fields.required::<PatternText>("pattern");
        let whole = match (id, title, pattern) {
            (Some(OwnId(id)), Some(Title(title)), Some(PatternText(pattern))) => {
                Some(Self { id, title, pattern })
            }
            _ => None,
        };
        fields.close(whole)
    }
}

struct ControlName(String);

impl Text for ControlName {
    const EXPECTED: &'static str = "a control such as \"4.5\", \"CloudWatch.5\" or its key";
    fn parse(text: &str) -> Result<Self, Invalid> {
        let parts = text.split('.').all(|part| is_word(part, 1..=64));
        if parts {
            Ok(Self(text.to_owned()))
        } else {
            invalid("")
        }
    }
}

struct OwnId(String);

impl Text for OwnId {
    const EXPECTED: &'static str = "an id of 1 to 64 letters, digits, hyphens and underscores";
    fn parse(text: &str) -> Result<Self, Invalid> {
        if is_word(text, 1..=64) {
            Ok(Self(text.to_owned()))
        } else {
            invalid("")
        }
    }
}

struct Title(String);

impl Text for Title {
    const EXPECTED: &'static str = "a title of one line";
    fn parse(text: &str) -> Result<Self, Invalid> {
        let one_line = !text.trim().is_empty() && !text.contains(char::is_control);
        if one_line {
            Ok(Self(text.to_owned()))
        } else {
            invalid("")
        }
    }
}

struct PatternText(String);

impl Text for PatternText {
    const EXPECTED: &'static str = "a filter pattern of 1 to 1024 characters";
    fn parse(text: &str) -> Result<Self, Invalid> {
        let fits = (1..=1024).contains(&text.chars().count());
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            invalid("")
        }
    }
}
