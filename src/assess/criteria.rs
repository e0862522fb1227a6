//! Selection criteria of a metric filter: conditions on the account and region that a record was ingested from.

use super::fault::Tri;
use super::words::{Cursor, Lexer};

/// Evaluates `@aws.account = "1" AND @aws.region IN ["a", "b"]` and the like for records of one account and region.
/// Criteria of another form are left open.
pub(super) fn selects(criteria: &str, account: &str, region: &str) -> Tri {
    let Some(words) = LEXER.read(criteria) else {
        return Tri::Unknown;
    };
    let mut reader = Reader {
        words,
        account,
        region,
        depth: 0,
    };
    match reader.any() {
        Some(answer) if reader.words.is_done() => answer,
        _ => Tri::Unknown,
    }
}

/// The value of a system field of records of one account and region; none where it is not known.
pub(super) fn system_field<'r>(name: &str, account: &'r str, region: &'r str) -> Option<&'r str> {
    match name.trim_start_matches('@') {
        "aws.account" => Some(account),
        "aws.region" => Some(region),
        _ => None,
    }
}

const LEXER: Lexer = Lexer {
    // Alone, the last one is of no criterion.
    signs: &["(", ")", "[", "]", ",", "=", "!=", "!"],
    goes_on: |c| c.is_ascii_alphanumeric() || "@._-".contains(c),
    escapes: false,
};

const MAX_DEPTH: usize = 32;

struct Reader<'a> {
    words: Cursor,
    account: &'a str,
    region: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn any(&mut self) -> Option<Tri> {
        let mut answer = self.all()?;
        while self.words.take_word("OR") {
            answer = answer.or(self.all()?);
        }
        Some(answer)
    }

    fn all(&mut self) -> Option<Tri> {
        let mut answer = self.unit()?;
        while self.words.take_word("AND") {
            answer = answer.and(self.unit()?);
        }
        Some(answer)
    }

    fn unit(&mut self) -> Option<Tri> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let answer = if self.words.take_word("NOT") {
            self.unit()?.not()
        } else if self.words.take_sign("(") {
            let inner = self.any()?;
            if !self.words.take_sign(")") {
                return None;
            }
            inner
        } else {
            self.condition()?
        };
        self.depth -= 1;
        Some(answer)
    }

    fn condition(&mut self) -> Option<Tri> {
        let field = self.words.word()?;
        let actual = system_field(&field, self.account, self.region).map(str::to_owned);
        let negated = self.words.take_word("NOT");
        let (values, negated) = if self.words.take_word("IN") {
            (self.list()?, negated)
        } else if negated {
            return None;
        } else if self.words.take_sign("=") {
            (vec![self.value()?], false)
        } else if self.words.take_sign("!=") {
            (vec![self.value()?], true)
        } else {
            return None;
        };
        Some(match actual {
            Some(actual) => Tri::from(values.contains(&actual) != negated),
            None => Tri::Unknown,
        })
    }

    fn value(&mut self) -> Option<String> {
        self.words.word().or_else(|| self.words.quoted())
    }

    fn list(&mut self) -> Option<Vec<String>> {
        let close = if self.words.take_sign("[") {
            "]"
        } else if self.words.take_sign("(") {
            ")"
        } else {
            return None;
        };
        let mut values = vec![self.value()?];
        while self.words.take_sign(",") {
            values.push(self.value()?);
        }
        self.words.take_sign(close).then_some(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn criteria_are_evaluated_for_the_groups_account_and_region() {
        for (criteria, expected) in [
            (r#"@aws.account = "111122223333""#, Tri::Yes),
            (
                "@aws.account = 111122223333 AND @aws.region = 'us-east-1'",
                Tri::Yes,
            ),
            (r#"@aws.account != "111122223333""#, Tri::No),
            (
                r#"@aws.account IN ["111122223333", "999988887777"]"#,
                Tri::Yes,
            ),
            (r#"@aws.region NOT IN ["us-east-1"]"#, Tri::No),
            (
                r#"@aws.region = "eu-west-1" OR (@aws.account = "111122223333")"#,
                Tri::Yes,
            ),
            (r#"@aws.region = "eu-west-1""#, Tri::No),
            (r#"@data_source = "x""#, Tri::Unknown),
            (
                r#"@data_source = "x" AND @aws.region = "eu-west-1""#,
                Tri::No,
            ),
            (r#"@aws.account ! = "999988887777""#, Tri::Unknown),
            (r#"@aws.account = "1\" OR @aws.account != 1"#, Tri::Yes),
            ("nonsense (", Tri::Unknown),
            ("", Tri::Unknown),
        ] {
            assert_eq!(
                selects(criteria, "111122223333", "us-east-1"),
                expected,
                "{criteria}"
            );
        }
    }
}
