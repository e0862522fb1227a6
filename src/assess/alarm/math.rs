//! Metric-math expressions as alarms use them, evaluated for one period.
//!
//! Known: numbers, ids, `+ - * /`, comparisons, `AND`/`OR` (also `&&`, `||`), arrays, `METRICS()`, `METRICS("part")`,
//! `SUM MIN MAX AVG ABS CEIL FLOOR IF FILL`. Everything else is left open with the reason.

/// The value of a series in one period.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// A data point.
    Number(f64),
    /// No data point.
    Missing,
    /// Not known, with the reason.
    Unknown(String),
}

/// What ids stand for, and which ids are metrics.
pub(crate) trait Series {
    /// The value of an id; none if there is no such id.
    fn value(&self, id: &str) -> Option<Value>;
    /// The ids of all metrics, for `METRICS()`.
    fn metrics(&self) -> Vec<String>;
}

/// Evaluates an expression.
pub(crate) fn evaluate(expression: &str, series: &dyn Series) -> Value {
    let open = |reason: String| Value::Unknown(reason);
    let Some(tokens) = tokens(expression) else {
        return open(format!(
            "the expression {expression:?} is of a kind that trailwarden does not evaluate"
        ));
    };
    let mut reader = Reader {
        tokens: &tokens,
        at: 0,
        series,
        depth: 0,
    };
    match reader.either() {
        Ok(Term::One(value)) if reader.at == tokens.len() => value,
        Ok(Term::One(_)) => open(format!(
            "the expression {expression:?} is of a kind that trailwarden does not evaluate"
        )),
        Ok(Term::Many(_)) => open(format!(
            "the expression {expression:?} gives several series"
        )),
        Err(reason) => open(reason),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Name(String),
    Text(String),
    Symbol(&'static str),
}

const SYMBOLS: [&str; 18] = [
    "<=", ">=", "==", "!=", "&&", "||", "<", ">", "+", "-", "*", "/", "^", "(", ")", "[", "]", ",",
];

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_digit() || first == '.' {
            let end = rest
                .find(|c: char| !c.is_ascii_digit() && c != '.')
                .unwrap_or(rest.len());
            tokens.push(Token::Number(rest.get(..end)?.parse().ok()?));
            end
        } else if first.is_ascii_alphabetic() || first == '_' {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            tokens.push(Token::Name(rest.get(..end)?.to_owned()));
            end
        } else if first == '"' || first == '\'' {
            let inner = rest.get(1..)?;
            let end = inner.find(first)?;
            tokens.push(Token::Text(inner.get(..end)?.to_owned()));
            end + 2
        } else {
            let symbol = SYMBOLS
                .into_iter()
                .find(|symbol| rest.starts_with(symbol))?;
            tokens.push(Token::Symbol(symbol));
            symbol.len()
        };
        rest = rest.get(length..)?.trim_start();
    }
    Some(tokens)
}

#[derive(Debug, Clone)]
enum Term {
    One(Value),
    Many(Vec<Value>),
}

/// Nesting of groups and calls; expressions of alarms are at most 2048 characters long.
const MAX_DEPTH: usize = 64;

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    series: &'a dyn Series,
    depth: usize,
}

type Answer = Result<Term, String>;

impl Reader<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Symbol(next)) if *next == symbol);
        self.at += usize::from(found);
        found
    }

    fn take_name(&mut self, wanted: &str) -> bool {
        let found =
            matches!(self.peek(), Some(Token::Name(name)) if name.eq_ignore_ascii_case(wanted));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), String> {
        if self.take(symbol) {
            Ok(())
        } else {
            Err(format!("the expression lacks a {symbol:?}"))
        }
    }

    fn either(&mut self) -> Answer {
        let mut left = self.both()?;
        while self.take("||") || self.take_name("OR") {
            let right = self.both()?;
            left = combine(&left, &right, |a, b| truth(a != 0.0 || b != 0.0))?;
        }
        Ok(left)
    }

    fn both(&mut self) -> Answer {
        let mut left = self.comparison()?;
        while self.take("&&") || self.take_name("AND") {
            let right = self.comparison()?;
            left = combine(&left, &right, |a, b| truth(a != 0.0 && b != 0.0))?;
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Answer {
        let left = self.sum()?;
        let compare: fn(f64, f64) -> bool = if self.take("<=") {
            |a, b| a <= b
        } else if self.take(">=") {
            |a, b| a >= b
        } else if self.take("==") {
            |a, b| (a - b).abs() < f64::EPSILON
        } else if self.take("!=") {
            |a, b| (a - b).abs() >= f64::EPSILON
        } else if self.take("<") {
            |a, b| a < b
        } else if self.take(">") {
            |a, b| a > b
        } else {
            return Ok(left);
        };
        let right = self.sum()?;
        combine(&left, &right, move |a, b| truth(compare(a, b)))
    }

    fn sum(&mut self) -> Answer {
        let mut left = self.product()?;
        loop {
            if self.take("+") {
                left = combine(&left, &self.product()?, |a, b| Value::Number(a + b))?;
            } else if self.take("-") {
                left = combine(&left, &self.product()?, |a, b| Value::Number(a - b))?;
            } else {
                return Ok(left);
            }
        }
    }

    fn product(&mut self) -> Answer {
        let mut left = self.unary()?;
        loop {
            if self.take("*") {
                left = combine(&left, &self.unary()?, |a, b| Value::Number(a * b))?;
            } else if self.take("/") {
                // "If the divisor is 0, there is no data point" (metric math syntax).
                left = combine(&left, &self.unary()?, |a, b| {
                    if b == 0.0 {
                        Value::Missing
                    } else {
                        Value::Number(a / b)
                    }
                })?;
            } else {
                return Ok(left);
            }
        }
    }

    fn unary(&mut self) -> Answer {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("the expression is nested too deeply".to_owned());
        }
        let term = if self.take("-") {
            each(self.unary()?, |a| -a)
        } else {
            self.primary()?
        };
        self.depth -= 1;
        Ok(term)
    }

    fn primary(&mut self) -> Answer {
        if self.take("(") {
            let inner = self.either()?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.take("[") {
            let values = self.arguments("]")?.into_iter().flat_map(flatten).collect();
            return Ok(Term::Many(values));
        }
        match self.peek().cloned() {
            Some(Token::Number(number)) => {
                self.at += 1;
                Ok(Term::One(Value::Number(number)))
            }
            Some(Token::Name(name)) => {
                self.at += 1;
                if self.take("(") {
                    self.call(&name.to_ascii_uppercase())
                } else {
                    self.series.value(&name).map(Term::One).ok_or_else(|| {
                        format!("the expression names {name}, which is no query of the alarm")
                    })
                }
            }
            _ => Err("the expression is of a kind that trailwarden does not evaluate".to_owned()),
        }
    }

    fn arguments(&mut self, close: &str) -> Result<Vec<Term>, String> {
        let mut arguments = Vec::new();
        if self.take(close) {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.either()?);
            if self.take(close) {
                return Ok(arguments);
            }
            self.expect(",")?;
        }
    }

    fn call(&mut self, function: &str) -> Answer {
        match function {
            "METRICS" => {
                let part = match self.peek().cloned() {
                    Some(Token::Text(part)) => {
                        self.at += 1;
                        part
                    }
                    _ => String::new(),
                };
                self.expect(")")?;
                let ids = self.series.metrics();
                let values = ids.iter().filter(|id| id.contains(&part));
                Ok(Term::Many(
                    values.filter_map(|id| self.series.value(id)).collect(),
                ))
            }
            "FILL" => self.fill(),
            "IF" => {
                let arguments = self.arguments(")")?;
                branch(arguments)
            }
            "SUM" | "MIN" | "MAX" | "AVG" => {
                let mut arguments = self.arguments(")")?.into_iter();
                match (arguments.next(), arguments.next()) {
                    (Some(Term::Many(values)), None) => Ok(Term::One(aggregate(function, values))),
                    // Of a single series these give one number over the whole range, which no single period tells.
                    _ => Err(format!(
                        "{function} of a single series cannot be evaluated for one period"
                    )),
                }
            }
            "ABS" | "CEIL" | "FLOOR" => {
                let mut arguments = self.arguments(")")?.into_iter();
                let (Some(argument), None) = (arguments.next(), arguments.next()) else {
                    return Err(format!("{function} takes one argument"));
                };
                Ok(each(
                    argument,
                    match function {
                        "ABS" => f64::abs,
                        "CEIL" => f64::ceil,
                        _ => f64::floor,
                    },
                ))
            }
            other => Err(format!(
                "the function {other} cannot be evaluated from a snapshot"
            )),
        }
    }

    fn fill(&mut self) -> Answer {
        let series = self.either()?;
        self.expect(",")?;
        if self.take_name("REPEAT") || self.take_name("LINEAR") {
            return Err("FILL with REPEAT or LINEAR depends on earlier data points".to_owned());
        }
        let Term::One(Value::Number(filler)) = self.either()? else {
            return Err("FILL by another series is not evaluated".to_owned());
        };
        self.expect(")")?;
        let fill = |value| {
            if value == Value::Missing {
                Value::Number(filler)
            } else {
                value
            }
        };
        Ok(match series {
            Term::One(value) => Term::One(fill(value)),
            Term::Many(values) => Term::Many(values.into_iter().map(fill).collect()),
        })
    }
}

fn truth(holds: bool) -> Value {
    Value::Number(if holds { 1.0 } else { 0.0 })
}

fn flatten(term: Term) -> Vec<Value> {
    match term {
        Term::One(value) => vec![value],
        Term::Many(values) => values,
    }
}

fn each(term: Term, operation: impl Fn(f64) -> f64) -> Term {
    let apply = |value| match value {
        Value::Number(number) => Value::Number(operation(number)),
        other => other,
    };
    match term {
        Term::One(value) => Term::One(apply(value)),
        Term::Many(values) => Term::Many(values.into_iter().map(apply).collect()),
    }
}

/// An operator of two series has a data point only where both have one.
fn combine(left: &Term, right: &Term, operation: impl Fn(f64, f64) -> Value) -> Answer {
    let pair = |a: &Value, b: &Value| match (a, b) {
        (Value::Missing, _) | (_, Value::Missing) => Value::Missing,
        (Value::Number(a), Value::Number(b)) => operation(*a, *b),
        (Value::Unknown(reason), _) | (_, Value::Unknown(reason)) => Value::Unknown(reason.clone()),
    };
    match (left, right) {
        (Term::One(a), Term::One(b)) => Ok(Term::One(pair(a, b))),
        (Term::Many(many), Term::One(one)) => Ok(Term::Many(
            many.iter().map(|value| pair(value, one)).collect(),
        )),
        (Term::One(one), Term::Many(many)) => Ok(Term::Many(
            many.iter().map(|value| pair(one, value)).collect(),
        )),
        (Term::Many(_), Term::Many(_)) => {
            Err("operators between two arrays are not evaluated".to_owned())
        }
    }
}

/// Aggregates over series leave missing data points out.
fn aggregate(function: &str, values: Vec<Value>) -> Value {
    let mut numbers = Vec::new();
    for value in values {
        match value {
            Value::Number(number) => numbers.push(number),
            Value::Missing => {}
            Value::Unknown(reason) => return Value::Unknown(reason),
        }
    }
    let Some(first) = numbers.first().copied() else {
        return Value::Missing;
    };
    let sum: f64 = numbers.iter().sum();
    Value::Number(match function {
        "SUM" => sum,
        "MIN" => numbers.iter().copied().fold(first, f64::min),
        "MAX" => numbers.iter().copied().fold(first, f64::max),
        _ => sum / count(numbers.len()),
    })
}

fn count(length: usize) -> f64 {
    u32::try_from(length).map_or(f64::INFINITY, f64::from)
}

fn branch(arguments: Vec<Term>) -> Answer {
    let mut arguments = arguments.into_iter();
    let (Some(Term::One(condition)), Some(Term::One(yes))) = (arguments.next(), arguments.next())
    else {
        return Err("IF over arrays is not evaluated".to_owned());
    };
    let no = match arguments.next() {
        Some(Term::One(no)) => no,
        None => Value::Missing,
        Some(Term::Many(_)) => return Err("IF over arrays is not evaluated".to_owned()),
    };
    Ok(Term::One(match condition {
        Value::Number(number) if number != 0.0 => yes,
        Value::Number(_) => no,
        Value::Missing if yes == no => yes,
        Value::Missing => Value::Unknown("IF over a condition without a data point".to_owned()),
        Value::Unknown(reason) => Value::Unknown(reason),
    }))
}

#[cfg(test)]
mod tests;
