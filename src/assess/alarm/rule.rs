//! The rules of composite alarms: parsed once, evaluated with what is known of the children.

use crate::assess::fault::Tri;
use crate::assess::words::{Cursor, Lexer, Token};

/// The state of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    Ok,
    Alarm,
    InsufficientData,
}

impl State {
    /// Reads AWS's word for a state.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "OK" => Some(Self::Ok),
            "ALARM" => Some(Self::Alarm),
            "INSUFFICIENT_DATA" => Some(Self::InsufficientData),
            _ => None,
        }
    }
}

/// An `AlarmRule`, about alarms by name or ARN as it is written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Rule<A = String> {
    Constant(bool),
    /// The alarm is in the state.
    Is(A, State),
    Not(Box<Rule<A>>),
    All(Vec<Rule<A>>),
    Any(Vec<Rule<A>>),
    /// At least so many of the rules hold.
    AtLeast(usize, Vec<Rule<A>>),
}

impl Rule {
    /// Reads a rule; none where it is not of the documented form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let words = LEXER.read(text)?;
        let mut reader = Reader { words, depth: 0 };
        let rule = reader.any()?;
        reader.words.is_done().then_some(rule)
    }
}

impl<A> Rule<A> {
    /// The same rule about what its alarms are found to be.
    pub(crate) fn resolve<B>(&self, find: &dyn Fn(&A) -> B) -> Rule<B> {
        let each = |rules: &[Self]| rules.iter().map(|rule| rule.resolve(find)).collect();
        match self {
            Self::Constant(value) => Rule::Constant(*value),
            Self::Is(alarm, state) => Rule::Is(find(alarm), *state),
            Self::Not(inner) => Rule::Not(Box::new(inner.resolve(find))),
            Self::All(rules) => Rule::All(each(rules)),
            Self::Any(rules) => Rule::Any(each(rules)),
            Self::AtLeast(wanted, rules) => Rule::AtLeast(*wanted, each(rules)),
        }
    }

    /// The alarms that the rule looks at.
    pub(crate) fn children(&self) -> Vec<&A> {
        match self {
            Self::Constant(_) => Vec::new(),
            Self::Is(alarm, _) => vec![alarm],
            Self::Not(inner) => inner.children(),
            Self::All(rules) | Self::Any(rules) | Self::AtLeast(_, rules) => {
                rules.iter().flat_map(Self::children).collect()
            }
        }
    }

    /// Evaluates the rule; `is` says whether an alarm is in a state.
    pub(crate) fn evaluate(&self, is: &dyn Fn(&A, State) -> Tri) -> Tri {
        match self {
            Self::Constant(value) => (*value).into(),
            Self::Is(alarm, state) => is(alarm, *state),
            Self::Not(inner) => inner.evaluate(is).not(),
            Self::All(rules) => Tri::all(rules.iter().map(|rule| rule.evaluate(is))),
            Self::Any(rules) => Tri::any(rules.iter().map(|rule| rule.evaluate(is))),
            Self::AtLeast(wanted, rules) => {
                let answers: Vec<Tri> = rules.iter().map(|rule| rule.evaluate(is)).collect();
                let count =
                    |wanted: Tri| answers.iter().filter(|answer| **answer == wanted).count();
                if count(Tri::Yes) >= *wanted {
                    Tri::Yes
                } else if count(Tri::Yes) + count(Tri::Unknown) < *wanted {
                    Tri::No
                } else {
                    Tri::Unknown
                }
            }
        }
    }
}

/// What may be names in a text that is no rule: all quoted texts, all pieces between other signs of a rule, each word.
pub(crate) fn mentions(text: &str) -> Vec<String> {
    let quoted = LEXER
        .tokens(text)
        .into_iter()
        .flatten()
        .filter_map(|token| {
            let Token::Quoted(name) = token else {
                return None;
            };
            Some(name)
        });
    let pieces = text.split(['(', ')', ',', '"', '\'']);
    let words = pieces.clone().flat_map(str::split_whitespace);
    let texts = pieces.map(str::trim).chain(words).map(str::to_owned);
    texts.chain(quoted).collect()
}

/// A word is also a piece of an unquoted name.
const LEXER: Lexer = Lexer {
    signs: &["(", ")", ","],
    goes_on: |c| !c.is_whitespace() && !"(),\"".contains(c),
    escapes: true,
};

/// Nesting of parentheses and NOT; a rule has at most 10240 characters.
const MAX_DEPTH: usize = 100;

struct Reader {
    words: Cursor,
    depth: usize,
}

impl Reader {
    fn any(&mut self) -> Option<Rule> {
        let mut rules = vec![self.all()?];
        while self.words.take_word("OR") {
            rules.push(self.all()?);
        }
        Some(single(rules, Rule::Any))
    }

    fn all(&mut self) -> Option<Rule> {
        let mut rules = vec![self.unit()?];
        while self.words.take_word("AND") {
            rules.push(self.unit()?);
        }
        Some(single(rules, Rule::All))
    }

    fn unit(&mut self) -> Option<Rule> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let rule = if self.words.take_word("NOT") {
            Rule::Not(Box::new(self.unit()?))
        } else if self.words.take_sign("(") {
            let inner = self.any()?;
            if !self.words.take_sign(")") {
                return None;
            }
            inner
        } else if self.words.take_word("TRUE") {
            Rule::Constant(true)
        } else if self.words.take_word("FALSE") {
            Rule::Constant(false)
        } else if self.words.take_word("AT_LEAST") {
            self.at_least()?
        } else {
            let state = self.state()?;
            self.words.take_sign("(").then_some(())?;
            let name = self.name()?;
            self.words.take_sign(")").then_some(())?;
            Rule::Is(name, state)
        };
        self.depth -= 1;
        Some(rule)
    }

    fn state(&mut self) -> Option<State> {
        State::parse(&self.words.word()?.to_ascii_uppercase())
    }

    /// A quoted or unquoted name or ARN; an unquoted one may hold spaces.
    fn name(&mut self) -> Option<String> {
        if let Some(name) = self.words.quoted() {
            return Some(name);
        }
        let words: Vec<String> = std::iter::from_fn(|| self.words.word()).collect();
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// `AT_LEAST(2, ALARM, (a, b, c))`, also with a share such as `50%`, also `NOT ALARM`.
    fn at_least(&mut self) -> Option<Rule> {
        self.words.take_sign("(").then_some(())?;
        let amount = self.words.word()?;
        self.words.take_sign(",").then_some(())?;
        let negated = self.words.take_word("NOT");
        let state = self.state()?;
        self.words.take_sign(",").then_some(())?;
        self.words.take_sign("(").then_some(())?;
        let mut rules = Vec::new();
        loop {
            let rule = Rule::Is(self.name()?, state);
            rules.push(if negated {
                Rule::Not(Box::new(rule))
            } else {
                rule
            });
            if self.words.take_sign(")") {
                break;
            }
            self.words.take_sign(",").then_some(())?;
        }
        self.words.take_sign(")").then_some(())?;
        let wanted = match amount.strip_suffix('%') {
            Some(share) => {
                let share = share.parse::<usize>().ok()?;
                share.checked_mul(rules.len())?.div_ceil(100)
            }
            None => amount.parse().ok()?,
        };
        Some(Rule::AtLeast(wanted, rules))
    }
}

fn single(mut rules: Vec<Rule>, join: impl Fn(Vec<Rule>) -> Rule) -> Rule {
    if rules.len() == 1
        && let Some(only) = rules.pop()
    {
        return only;
    }
    join(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_alarms(rule: &str, alarms: &[&str]) -> Tri {
        let is = |name: &String, state| {
            if name == "unseen" {
                Tri::Unknown
            } else if alarms.contains(&name.as_str()) {
                Tri::from(state == State::Alarm)
            } else {
                Tri::from(state == State::Ok)
            }
        };
        Rule::parse(rule).map_or(Tri::Unknown, |rule| rule.evaluate(&is))
    }

    #[test]
    fn rules_mean_what_the_documentation_says() {
        for (rule, expected) in [
            ("ALARM(\"a\")", Tri::Yes),
            ("ALARM(a)", Tri::Yes),
            ("alarm('a')", Tri::Yes),
            ("ALARM(b) OR ALARM(a)", Tri::Yes),
            ("ALARM(a) AND ALARM(b)", Tri::No),
            ("ALARM(a) AND NOT ALARM(b)", Tri::Yes),
            ("NOT OK(a)", Tri::Yes),
            ("ALARM(b) OR ALARM(a) AND OK(b)", Tri::Yes),
            ("(ALARM(b) OR ALARM(a)) AND FALSE", Tri::No),
            ("TRUE", Tri::Yes),
            ("ALARM(a) OR ALARM(unseen)", Tri::Yes),
            ("ALARM(a) AND ALARM(unseen)", Tri::Unknown),
            ("ALARM(b) AND ALARM(unseen)", Tri::No),
            ("INSUFFICIENT_DATA(a)", Tri::No),
            ("AT_LEAST(1, ALARM, (a, b))", Tri::Yes),
            ("AT_LEAST(2, ALARM, (a, \"b\"))", Tri::No),
            ("AT_LEAST(50%, NOT OK, (a, b, c))", Tri::No),
            ("AT_LEAST(33%, ALARM, (a, b, c))", Tri::Yes),
        ] {
            assert_eq!(with_alarms(rule, &["a"]), expected, "{rule}");
        }
    }

    #[test]
    fn names_may_be_arns_and_hold_escaped_quotes_and_spaces() {
        let rule = Rule::parse(
            r#"ALARM("arn:aws:cloudwatch:us-east-1:1:alarm:x y") OR OK("say \"hi\"") OR OK(two words) OR OK(it's)"#,
        )
        .unwrap();
        assert_eq!(
            rule.children(),
            [
                "arn:aws:cloudwatch:us-east-1:1:alarm:x y",
                "say \"hi\"",
                "two words",
                "it's"
            ]
        );
    }

    #[test]
    fn what_is_no_rule_still_mentions_names() {
        let mentioned = mentions(r#"MAYBE(a) or two words, "say (\"hi\")" "open"#);
        for name in ["a", "two", "or two words", "open"] {
            assert!(
                mentioned.iter().any(|one| one == name),
                "{name}: {mentioned:?}"
            );
        }
        let quoted = mentions(r#"NEVER("say (\"hi\")")"#);
        assert!(
            quoted.iter().any(|one| one == r#"say ("hi")"#),
            "{quoted:?}"
        );
    }

    #[test]
    fn other_texts_are_no_rules() {
        for rule in [
            "",
            "ALARM",
            "ALARM()",
            "ALARM(a",
            "a",
            "ALARM(a) ALARM(b)",
            "AND",
            "MAYBE(a)",
        ] {
            assert_eq!(Rule::parse(rule), None, "{rule}");
        }
        assert_eq!(Rule::parse(&format!("{}TRUE", "NOT ".repeat(5000))), None);
    }
}
