//! `[names and conditions of the fields of a line]`.

use super::cursor::Cursor;
use super::expr::expression;
use super::value::comparison;
use crate::pattern::error::Fault;
use crate::pattern::syntax::{Comparison, Expr, Field, Fields};

pub(super) fn pattern(cursor: &mut Cursor) -> Result<Fields, Fault> {
    if cursor.last() != Some(']') || cursor.len() < 2 {
        return Err(Fault::new(
            cursor.len(),
            "a pattern that starts with `[` must end with `]`",
            "`]` at the end",
        ));
    }
    cursor.bump();
    let mut entries = Entries::default();
    let mut only_entry = true;
    loop {
        cursor.skip_space();
        let at = cursor.position();
        if cursor.eat("...") {
            entries.ellipsis(at)?;
        } else if matches!(cursor.peek(), Some(',' | ']')) {
            // `[]` has no field at all; elsewhere an empty entry is a field without a name.
            if !(only_entry && cursor.peek() == Some(']')) {
                entries.push(Field::Unnamed);
            }
        } else {
            let field = field(cursor)?;
            entries.add_name(&field, at)?;
            entries.push(field);
        }
        cursor.skip_space();
        only_entry = false;
        if cursor.eat(",") {
            continue;
        }
        if !cursor.eat("]") {
            return Err(cursor.wrong("`,`, `&&`, `||` or `]`"));
        }
        if cursor.peek().is_some() {
            return Err(cursor.wrong("the end of the pattern"));
        }
        return Ok(Fields {
            first: entries.first,
            last: entries.last,
        });
    }
}

#[derive(Default)]
struct Entries {
    first: Vec<Field>,
    last: Option<Vec<Field>>,
    names: Vec<String>,
}

impl Entries {
    fn push(&mut self, field: Field) {
        self.last.as_mut().unwrap_or(&mut self.first).push(field);
    }

    fn ellipsis(&mut self, at: usize) -> Result<(), Fault> {
        if self.last.is_some() {
            return Err(Fault::new(at, "a second `...`", "at most one"));
        }
        self.last = Some(Vec::new());
        Ok(())
    }

    fn add_name(&mut self, field: &Field, at: usize) -> Result<(), Fault> {
        if let Field::Named(name) | Field::Tested(name, _) = field {
            if self.names.contains(name) {
                return Err(Fault::new(
                    at,
                    format!("the field `{name}` is there twice"),
                    "a name of its own for each field",
                ));
            }
            self.names.push(name.clone());
        }
        Ok(())
    }
}

fn field(cursor: &mut Cursor) -> Result<Field, Fault> {
    let start = cursor.position();
    if cursor.peek() != Some('(') {
        let name = name(cursor)?;
        cursor.skip_space();
        if matches!(cursor.peek(), Some(',' | ']') | None) {
            return Ok(Field::Named(name));
        }
        cursor.rewind(start);
    }
    let mut tested: Option<String> = None;
    let conditions: Expr<Comparison> = expression(cursor, |cursor| {
        let at = cursor.position();
        let name = name(cursor)?;
        match &tested {
            Some(first) if *first != name => {
                return Err(Fault::new(
                    at,
                    format!("the condition names two fields, `{first}` and `{name}`"),
                    "conditions on one field",
                ));
            }
            _ => tested = Some(name),
        }
        cursor.skip_space();
        comparison(cursor, "`=`, `!=`, `<`, `<=`, `>`, `>=`, `,` or `]`")
    })?;
    Ok(Field::Tested(tested.unwrap_or_default(), conditions))
}

fn name(cursor: &mut Cursor) -> Result<String, Fault> {
    if !cursor.peek().is_some_and(|c| c.is_alphabetic() || c == '_') {
        return Err(cursor.wrong("the name of a field (a letter or `_` first), `...`, `,` or `]`"));
    }
    Ok(cursor.take_while(|c| c.is_alphanumeric() || c == '_'))
}
