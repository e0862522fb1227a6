//! Selection criteria of a metric filter: conditions on the account and region that a record was ingested from.

use super::fault::Tri;

/// Evaluates `@aws.account = "1" AND @aws.region IN ["a", "b"]` and the like for records of one account and region.
/// Criteria of another form are left open.
pub(super) fn selects(criteria: &str, account: &str, region: &str) -> Tri {
    let Some(tokens) = tokens(criteria) else {
        return Tri::Unknown;
    };
    let mut reader = Reader {
        tokens: &tokens,
        at: 0,
        account,
        region,
        depth: 0,
    };
    match reader.any() {
        Some(answer) if reader.at == tokens.len() => answer,
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

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Symbol(char),
    NotEqual,
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            c if c.is_whitespace() => {}
            '(' | ')' | '[' | ']' | ',' | '=' => tokens.push(Token::Symbol(c)),
            '!' => {
                if rest.next()? != '=' {
                    return None;
                }
                tokens.push(Token::NotEqual);
            }
            '"' | '\'' => {
                let mut value = String::new();
                loop {
                    match rest.next()? {
                        end if end == c => break,
                        other => value.push(other),
                    }
                }
                tokens.push(Token::Text(value));
            }
            c => {
                let mut word = String::from(c);
                while let Some(next) =
                    rest.next_if(|next| next.is_ascii_alphanumeric() || "@._-".contains(*next))
                {
                    word.push(next);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Some(tokens)
}

const MAX_DEPTH: usize = 32;

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    account: &'a str,
    region: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.peek()?.clone();
        self.at += 1;
        Some(token)
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let found =
            matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.at += usize::from(found);
        found
    }

    fn take_symbol(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(&Token::Symbol(wanted));
        self.at += usize::from(found);
        found
    }

    fn any(&mut self) -> Option<Tri> {
        let mut answer = self.all()?;
        while self.take_word("OR") {
            answer = answer.or(self.all()?);
        }
        Some(answer)
    }

    fn all(&mut self) -> Option<Tri> {
        let mut answer = self.unit()?;
        while self.take_word("AND") {
            answer = answer.and(self.unit()?);
        }
        Some(answer)
    }

    fn unit(&mut self) -> Option<Tri> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let answer = if self.take_word("NOT") {
            self.unit()?.not()
        } else if self.take_symbol('(') {
            let inner = self.any()?;
            if !self.take_symbol(')') {
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
        let Token::Word(field) = self.next()? else {
            return None;
        };
        let actual = system_field(&field, self.account, self.region).map(str::to_owned);
        let negated = self.take_word("NOT");
        let (values, negated) = if self.take_word("IN") {
            (self.list()?, negated)
        } else if negated {
            return None;
        } else if self.take_symbol('=') {
            (vec![self.value()?], false)
        } else if self.next()? == Token::NotEqual {
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
        match self.next()? {
            Token::Word(value) | Token::Text(value) => Some(value),
            Token::Symbol(_) | Token::NotEqual => None,
        }
    }

    fn list(&mut self) -> Option<Vec<String>> {
        let close = if self.take_symbol('[') {
            ']'
        } else if self.take_symbol('(') {
            ')'
        } else {
            return None;
        };
        let mut values = vec![self.value()?];
        while self.take_symbol(',') {
            values.push(self.value()?);
        }
        self.take_symbol(close).then_some(values)
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
