//! Lists and tables written in one line, as variables and flags carry them.
//!
//! `a, b` and `["a", b]` are lists; `[{account = 012345678901, regions = [eu-west-1]}]` is a list of tables, `:` for `=`
//! is allowed so that JSON is understood. What is not quoted is text up to the next comma or bracket: nothing becomes a
//! number, so no zero is lost.

use std::iter::Peekable;
use std::str::CharIndices;

use figment::value::{Dict, Value};

/// How deep lists and tables may lie in each other; the settings need three.
const DEEPEST: usize = 8;

/// Reads a list.
pub(super) fn list(text: &str) -> Result<Value, String> {
    let text = text.trim();
    if !text.starts_with('[') {
        let items = text
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty());
        return Ok(items.map(Value::from).collect::<Vec<_>>().into());
    }
    let mut reader = Reader {
        text,
        rest: text.char_indices().peekable(),
    };
    let value = reader.value(DEEPEST)?;
    reader.skip_space();
    match reader.rest.peek() {
        None => Ok(value),
        Some(_) => Err(reader.expected("nothing after the closing bracket")),
    }
}

struct Reader<'a> {
    text: &'a str,
    rest: Peekable<CharIndices<'a>>,
}

impl Reader<'_> {
    fn expected(&mut self, what: &str) -> String {
        // The text itself may hold a secret: only the place is told.
        let byte = self
            .rest
            .peek()
            .map_or(self.text.len(), |(index, _)| *index);
        let characters = self.text.get(..byte).unwrap_or_default().chars().count();
        format!("expected {what} at character {}", characters + 1)
    }

    fn skip_space(&mut self) {
        while self.rest.next_if(|(_, c)| c.is_whitespace()).is_some() {}
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.skip_space();
        self.rest.next_if(|(_, c)| *c == wanted).is_some()
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        let Some(deeper) = depth.checked_sub(1) else {
            return Err(self.expected("no more brackets inside each other"));
        };
        self.skip_space();
        match self.rest.peek().map(|(_, c)| *c) {
            Some('[') => self.items(deeper).map(Value::from),
            Some('{') => self.fields(deeper).map(Value::from),
            _ => self.word(&[',', ']', '}']).map(Value::from),
        }
    }

    fn items(&mut self, depth: usize) -> Result<Vec<Value>, String> {
        let mut items = Vec::new();
        self.eat('[');
        loop {
            if self.eat(']') {
                return Ok(items);
            }
            items.push(self.value(depth)?);
            if !self.eat(',') {
                return if self.eat(']') {
                    Ok(items)
                } else {
                    Err(self.expected("`,` or `]`"))
                };
            }
        }
    }

    fn fields(&mut self, depth: usize) -> Result<Dict, String> {
        let mut fields = Dict::new();
        self.eat('{');
        loop {
            if self.eat('}') {
                return Ok(fields);
            }
            let name = self.word(&['=', ':', ',', '}', ']'])?;
            if !self.eat('=') && !self.eat(':') {
                return Err(self.expected("`=` after a name"));
            }
            let value = self.value(depth)?;
            if fields.insert(name, value).is_some() {
                return Err(self.expected("each name once, and one stands twice before here,"));
            }
            if !self.eat(',') {
                return if self.eat('}') {
                    Ok(fields)
                } else {
                    Err(self.expected("`,` or `}`"))
                };
            }
        }
    }

    /// A quoted text, or all up to one of these characters.
    fn word(&mut self, ends: &[char]) -> Result<String, String> {
        self.skip_space();
        match self.rest.peek().map(|(_, c)| *c) {
            Some('\'') => self.literal(),
            Some('"') => self.quoted(),
            _ => {
                let mut word = String::new();
                while let Some((_, c)) = self.rest.next_if(|(_, c)| !ends.contains(c)) {
                    word.push(c);
                }
                let word = word.trim_end();
                if word.is_empty() {
                    Err(self.expected("a value"))
                } else {
                    Ok(word.to_owned())
                }
            }
        }
    }

    fn literal(&mut self) -> Result<String, String> {
        self.rest.next();
        let mut word = String::new();
        loop {
            match self.rest.next() {
                Some((_, '\'')) => return Ok(word),
                Some((_, c)) => word.push(c),
                None => return Err(self.expected("a closing quote")),
            }
        }
    }

    /// A text in double quotes; its escapes are those of JSON.
    fn quoted(&mut self) -> Result<String, String> {
        let start = self.rest.next().map_or(0, |(index, _)| index);
        let mut escaped = false;
        while let Some((index, c)) = self.rest.next() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    let quoted = self.text.get(start..=index).unwrap_or_default();
                    let parsed = serde_json::from_str(quoted);
                    return parsed.map_err(|_| self.expected("escapes as in JSON in the text"));
                }
                _ => {}
            }
        }
        Err(self.expected("a closing quote"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn strings(items: &[&str]) -> Value {
        items
            .iter()
            .map(|item| Value::from(*item))
            .collect::<Vec<_>>()
            .into()
    }

    #[test]
    fn commas_and_brackets_both_make_a_list() {
        for text in [
            "a,b",
            " a , b ",
            "[a,b]",
            "[ \"a\", 'b' ]",
            "[a, b,]",
            "a,b,",
        ] {
            assert_eq!(list(text), Ok(strings(&["a", "b"])), "{text}");
        }
        assert_eq!(list(""), Ok(strings(&[])));
        assert_eq!(list("[]"), Ok(strings(&[])));
    }

    #[test]
    fn nothing_becomes_a_number() {
        assert_eq!(
            list("4.10, 012345678901"),
            Ok(strings(&["4.10", "012345678901"]))
        );
        assert_eq!(
            list("[4.10, 012345678901]"),
            Ok(strings(&["4.10", "012345678901"]))
        );
    }

    #[test]
    fn tables_are_read_in_both_notations() {
        let bare = list("[{account = 012345678901, regions = [eu-west-1]}]");
        let json = list(r#"[{"account": "012345678901", "regions": ["eu-west-1"]}]"#);
        assert!(bare.is_ok());
        assert_eq!(bare, json);
    }

    #[test]
    fn faults_tell_the_place_and_nothing_of_the_text() {
        let cases = [
            ("[a", "expected `,` or `]` at character 3"),
            (
                "[a]b",
                "expected nothing after the closing bracket at character 4",
            ),
            ("[{secret}]", "expected `=` after a name at character 9"),
            ("[\"secret", "expected a closing quote at character 9"),
            ("['secret", "expected a closing quote at character 9"),
            (
                "[ä, \"\\x\"]",
                "expected escapes as in JSON in the text at character 9",
            ),
            (
                "[{a=1, a=2}]",
                "expected each name once, and one stands twice before here, at character 11",
            ),
            ("[,]", "expected a value at character 2"),
            (
                "[[[[[[[[[a]]]]]]]]]",
                "expected no more brackets inside each other at character 9",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(list(text), Err(expected.to_owned()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".{0,200}", inner in "[\\[\\]{}=:,'\"\\\\a ]{0,60}") {
            let _: Result<_, _> = list(&text);
            let _: Result<_, _> = list(&format!("[{inner}"));
        }

        #[test]
        fn a_list_of_any_texts_in_json_is_read_back(items: Vec<String>) {
            let json = serde_json::to_string(&items).unwrap();
            let expected: Vec<Value> = items.into_iter().map(Value::from).collect();
            prop_assert_eq!(list(&json), Ok(Value::from(expected)));
        }
    }
}
