//! A pattern in words.

use std::fmt::Write as _;

use crate::pattern::syntax::{
    Comparison, Condition, Expr, Field, Fields, Operand, Order, Role, Step, Syntax, Term, Test,
};
use crate::pattern::{Pattern, Shape};

/// What the pattern matches, one thought a line, indented.
pub(super) fn reading(pattern: &Pattern) -> String {
    let mut out = String::new();
    match pattern.syntax() {
        Syntax::All => out.push_str("  every event: the pattern is empty\n"),
        Syntax::Json(expr) => {
            out.push_str("  events that are one JSON object, where\n");
            write_expr(&mut out, expr, 2, &condition);
        }
        Syntax::Terms(terms) => write_terms(&mut out, terms),
        Syntax::Regex(regex) => {
            _ = writeln!(
                out,
                "  events in whose raw text something matches {}",
                regex.text()
            );
        }
        Syntax::Fields(fields) => write_fields(&mut out, fields),
    }
    out
}

fn write_expr<C>(out: &mut String, expr: &Expr<C>, depth: usize, one: &impl Fn(&C) -> String) {
    let indent = "  ".repeat(depth);
    let (title, parts) = match expr {
        Expr::One(condition) => {
            _ = writeln!(out, "{indent}{}", one(condition));
            return;
        }
        Expr::And(parts) => ("all of:", parts),
        Expr::Or(parts) => ("one of:", parts),
    };
    _ = writeln!(out, "{indent}{title}");
    for part in parts {
        write_expr(out, part, depth + 1, one);
    }
}

fn condition(condition: &Condition) -> String {
    let selector = &condition.selector;
    let test = test(&condition.test);
    let Some((before, _)) = selector.around_wildcard() else {
        return format!("{selector} {test}");
    };
    match &condition.test {
        Test::NotExists => format!("{selector} leads to nothing"),
        Test::Compare(Comparison::IsNot(operand)) => {
            let base = if before.is_empty() {
                String::new()
            } else {
                format!("{} is there and ", path(before))
            };
            format!("{base}no value under {selector} {}", equals(operand))
        }
        _ => format!("some value under {selector} {test}"),
    }
}

fn path(steps: &[Step]) -> String {
    steps.iter().fold("$".to_owned(), |path, step| match step {
        Step::Name(name) => format!("{path}.{name}"),
        Step::Index(index) => format!("{path}[{index}]"),
        Step::Wildcard => format!("{path}[*]"),
    })
}

fn test(test: &Test) -> String {
    match test {
        Test::Compare(comparison) => compare(comparison),
        Test::Null => "is null".to_owned(),
        Test::True => "is the boolean true".to_owned(),
        Test::False => "is the boolean false".to_owned(),
        Test::NotExists => "is absent, or cannot be reached".to_owned(),
    }
}

fn compare(comparison: &Comparison) -> String {
    match comparison {
        Comparison::Is(operand) => equals(operand),
        Comparison::IsNot(operand) => format!("is a text or a number{}", differs(operand)),
        Comparison::Order(order, number) => {
            let words = match order {
                Order::Less => "less than",
                Order::LessOrEqual => "at most",
                Order::Greater => "more than",
                Order::GreaterOrEqual => "at least",
            };
            format!("is a number, {words} {}", number.text())
        }
    }
}

/// A column of a line is a text, whatever it says.
fn compare_column(comparison: &Comparison) -> String {
    match comparison {
        Comparison::IsNot(operand) => format!("is anything{}", differs(operand)),
        other => compare(other),
    }
}

fn equals(operand: &Operand) -> String {
    match operand {
        Operand::Number(number) => {
            format!(
                "is the number {0} in any spelling, or the text \"{0}\"",
                number.text()
            )
        }
        Operand::Regex(regex) => format!("has a part that matches {}", regex.text()),
        Operand::Text(text) => match text.shape() {
            Shape::Any => "is a text or a number".to_owned(),
            Shape::Exactly(text) => format!("is {}", quoted(text)),
            Shape::Prefix(text) => format!("starts with {}", quoted(text)),
            Shape::Suffix(text) => format!("ends with {}", quoted(text)),
            Shape::Contains(text) => format!("contains {}", quoted(text)),
            Shape::Open(text) => format!("fits {} ({OPEN})", quoted(text)),
        },
    }
}

/// The other way round, after a noun.
fn differs(operand: &Operand) -> String {
    match operand {
        Operand::Number(number) => format!(
            " other than the number {0}, in any spelling, and the text \"{0}\"",
            number.text()
        ),
        Operand::Regex(regex) => format!(" without a part that matches {}", regex.text()),
        Operand::Text(text) => match text.shape() {
            Shape::Any => " that is neither: nothing is".to_owned(),
            Shape::Exactly(text) => format!(" other than {}", quoted(text)),
            Shape::Prefix(text) => format!(" that does not start with {}", quoted(text)),
            Shape::Suffix(text) => format!(" that does not end with {}", quoted(text)),
            Shape::Contains(text) => format!(" that does not contain {}", quoted(text)),
            Shape::Open(text) => format!(" that does not fit {} ({OPEN})", quoted(text)),
        },
    }
}

/// What the service does with a star in the middle or a backslash is not known.
const OPEN: &str = "how the service reads this is not settled";

/// As it was written; only what would break the line is escaped.
fn quoted(text: &str) -> String {
    let escape = |c: char| {
        if c.is_control() {
            c.escape_default().to_string()
        } else {
            c.to_string()
        }
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

fn write_terms(out: &mut String, terms: &[Term]) {
    let optional_only = terms.iter().all(|term| term.role == Role::Optional);
    out.push_str(if optional_only {
        "  events whose raw text contains one of:\n"
    } else {
        "  events whose raw text obeys all of:\n"
    });
    for term in terms {
        let text = quoted(term.phrase.raw());
        _ = match term.role {
            Role::Required => writeln!(out, "    contains {text}"),
            Role::Excluded => writeln!(out, "    does not contain {text}"),
            Role::Optional if optional_only => writeln!(out, "    {text}"),
            Role::Optional => writeln!(
                out,
                "    ({text} is ignored: `?` counts only where every term has it)"
            ),
        };
    }
}

fn write_fields(out: &mut String, fields: &Fields) {
    out.push_str(if fields.first.is_empty() && fields.last.is_none() {
        "  every line\n"
    } else {
        "  lines of fields separated by white space:\n"
    });
    let mut write = |field: &Field| match field {
        Field::Unnamed => out.push_str("    any field\n"),
        Field::Named(name) => _ = writeln!(out, "    {name}: any field"),
        Field::Tested(name, conditions) => {
            _ = writeln!(out, "    {name}:");
            write_expr(out, conditions, 3, &compare_column);
        }
    };
    fields.first.iter().for_each(&mut write);
    if let Some(last) = &fields.last {
        write(&Field::Named("...".to_owned()));
        last.iter().for_each(&mut write);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        reading(&Pattern::parse(text).unwrap())
    }

    #[test]
    fn precedence_shows_in_the_indentation() {
        assert_eq!(
            read("{ $.a = x || $.b != \"y*\" && $.c NOT EXISTS }"),
            "  events that are one JSON object, where\n    one of:\n      $.a is \"x\"\n      all of:\n        \
             $.b is a text or a number that does not start with \"y\"\n        \
             $.c is absent, or cannot be reached\n"
        );
    }

    #[test]
    fn wildcards_terms_and_fields_are_told() {
        assert!(
            read("{ $.a[*].b != 1 }")
                .contains("$.a is there and no value under $.a[*].b is the number 1")
        );
        assert!(read("{ $.a[*] = x }").contains("some value under $.a[*] is \"x\""));
        assert!(read("?a b").contains("(\"a\" is ignored"));
        assert!(read("[a != 4]").contains("is anything other than the number 4"));
        assert!(read("{ $.a = \"x\\\"y\" }").contains("$.a fits \"x\\\"y\" (how"));
        assert!(read("[a, ..., b = 4*]").contains("b:\n      starts with \"4\""));
        assert!(read("%x%").contains("raw text something matches x"));
        assert!(read("").contains("every event"));
    }
}
