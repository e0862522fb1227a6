//! The canonical text of a pattern: as few parentheses and quotes as the grammar allows.

use std::fmt::{self, Display, Formatter};

use super::number::NumberLiteral;
use super::parse::{is_bare, is_name, is_word};
use super::syntax::{
    Comparison, Condition, Expr, Field, Fields, Operand, Order, Role, Selector, Step, Syntax, Term,
    Test,
};

impl Display for Syntax {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => Ok(()),
            Self::Json(expr) => {
                f.write_str("{ ")?;
                write_expr(f, expr, &|f, condition| write!(f, "{condition}"))?;
                f.write_str(" }")
            }
            Self::Terms(terms) => write_joined(f, terms, " "),
            Self::Regex(regex) => write!(f, "%{}%", regex.text()),
            Self::Fields(fields) => write!(f, "{fields}"),
        }
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.selector, self.test)
    }
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare(comparison) => write!(f, "{comparison}"),
            Self::Null => f.write_str("IS NULL"),
            Self::True => f.write_str("IS TRUE"),
            Self::False => f.write_str("IS FALSE"),
            Self::NotExists => f.write_str("NOT EXISTS"),
        }
    }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(operand) => write!(f, "= {operand}"),
            Self::IsNot(operand) => write!(f, "!= {operand}"),
            Self::Order(order, number) => write!(f, "{order} {}", number.text()),
        }
    }
}

impl Display for Order {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        })
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => f.write_str(number.text()),
            Self::Regex(regex) => write!(f, "%{}%", regex.text()),
            Self::Text(text) => {
                let raw = text.raw();
                // A hyphen without quotes is accepted, not documented.
                let bare = !raw.is_empty()
                    && raw.chars().all(|c| is_bare(c) && c != '-')
                    && !raw.eq_ignore_ascii_case("null")
                    && NumberLiteral::parse(raw).is_err();
                if bare {
                    f.write_str(raw)
                } else {
                    write!(f, "\"{raw}\"")
                }
            }
        }
    }
}

impl Display for Selector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        for (at, step) in self.steps().iter().enumerate() {
            match step {
                Step::Name(name) if name.chars().all(is_name) => write!(f, ".{name}")?,
                Step::Name(name) => write!(f, ".['{name}']")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                // Directly after `$` only the dotted form is known.
                Step::Wildcard if at == 0 => f.write_str(".*")?,
                Step::Wildcard => f.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self.role {
            Role::Required => "",
            Role::Excluded => "-",
            Role::Optional => "?",
        })?;
        let raw = &self.phrase.raw;
        if raw.chars().all(is_word) {
            f.write_str(raw)
        } else {
            write!(f, "\"{raw}\"")
        }
    }
}

impl Display for Fields {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut entries: Vec<String> = self.first.iter().map(ToString::to_string).collect();
        if let Some(last) = &self.last {
            entries.push("...".to_owned());
            entries.extend(last.iter().map(ToString::to_string));
        }
        write!(f, "[{}]", entries.join(", "))
    }
}

impl Display for Field {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unnamed => Ok(()),
            Self::Named(name) => f.write_str(name),
            Self::Tested(name, conditions) => write_expr(f, conditions, &|f, comparison| {
                write!(f, "{name} {comparison}")
            }),
        }
    }
}

fn write_expr<C>(
    f: &mut Formatter<'_>,
    expr: &Expr<C>,
    condition: &impl Fn(&mut Formatter<'_>, &C) -> fmt::Result,
) -> fmt::Result {
    match expr {
        Expr::One(one) => condition(f, one),
        Expr::Or(parts) => {
            for (at, part) in parts.iter().enumerate() {
                f.write_str(if at == 0 { "" } else { " || " })?;
                write_expr(f, part, condition)?;
            }
            Ok(())
        }
        Expr::And(parts) => {
            for (at, part) in parts.iter().enumerate() {
                f.write_str(if at == 0 { "" } else { " && " })?;
                if matches!(part, Expr::Or(_)) {
                    f.write_str("(")?;
                    write_expr(f, part, condition)?;
                    f.write_str(")")?;
                } else {
                    write_expr(f, part, condition)?;
                }
            }
            Ok(())
        }
    }
}

fn write_joined(f: &mut Formatter<'_>, items: &[impl Display], separator: &str) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        f.write_str(if at == 0 { "" } else { separator })?;
        write!(f, "{item}")?;
    }
    Ok(())
}
