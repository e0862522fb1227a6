//! Whether the parser made of a text the tree that the text was written from.

use super::model::{Ask, Column, Tree, Value};
use trailwarden::pattern::syntax::{
    Comparison, Expr, Field, Fields, Operand, Order, Role, Term, Test,
};

/// Nested lists of one kind are one list to the parser.
fn flat<C>(tree: &Tree<C>, and: bool) -> Vec<&Tree<C>> {
    match (tree, and) {
        (Tree::And(parts), true) | (Tree::Or(parts), false) => {
            parts.iter().flat_map(|part| flat(part, and)).collect()
        }
        (other, _) => vec![other],
    }
}

pub fn same<A, B>(tree: &Tree<A>, expr: &Expr<B>, one: &impl Fn(&A, &B) -> bool) -> bool {
    let (and, exprs) = match (tree, expr) {
        (Tree::One(a), Expr::One(b)) => return one(a, b),
        (Tree::And(_), Expr::And(exprs)) => (true, exprs),
        (Tree::Or(_), Expr::Or(exprs)) => (false, exprs),
        _ => return false,
    };
    let parts = flat(tree, and);
    parts.len() == exprs.len()
        && parts
            .iter()
            .zip(exprs)
            .all(|(part, expr)| same(part, expr, one))
}

pub fn same_test(ask: &Ask, test: &Test) -> bool {
    match (ask, test) {
        (Ask::Words("IS NULL"), Test::Null)
        | (Ask::Words("IS TRUE"), Test::True)
        | (Ask::Words("IS FALSE"), Test::False)
        | (Ask::Words("NOT EXISTS"), Test::NotExists) => true,
        (_, Test::Compare(comparison)) => same_comparison(ask, comparison),
        _ => false,
    }
}

fn same_comparison(ask: &Ask, comparison: &Comparison) -> bool {
    match (ask, comparison) {
        (Ask::Is(value), Comparison::Is(operand))
        | (Ask::IsNot(value), Comparison::IsNot(operand)) => same_value(value, operand),
        (Ask::Order(op, number), Comparison::Order(order, literal)) => {
            let sign = match order {
                Order::Less => "<",
                Order::LessOrEqual => "<=",
                Order::Greater => ">",
                Order::GreaterOrEqual => ">=",
            };
            *op == sign && number == literal.text()
        }
        _ => false,
    }
}

fn same_value(value: &Value, operand: &Operand) -> bool {
    match (value, operand) {
        (Value::Word(text) | Value::Quoted(text), Operand::Text(read)) => text == read.raw(),
        (Value::Number(number), Operand::Number(read)) => number == read.text(),
        (Value::Regex(regex), Operand::Regex(read)) => regex == read.text(),
        _ => false,
    }
}

pub fn same_term(((role, text), term): (&(&str, String), &Term)) -> bool {
    let sign = match term.role {
        Role::Required => "",
        Role::Excluded => "-",
        Role::Optional => "?",
    };
    *role == sign && text == term.phrase.raw()
}

pub fn same_line(first: &[Column], last: Option<&[Column]>, fields: &Fields) -> bool {
    let mut names = 0..;
    let mut all = |columns: &[Column], fields: &[Field]| {
        columns.len() == fields.len()
            && columns.iter().zip(fields).all(|(column, field)| {
                let name = format!("f{}", names.next().unwrap());
                match (column, field) {
                    (Column::Unnamed, Field::Unnamed) => true,
                    (Column::Named, Field::Named(read)) => name == *read,
                    (Column::Tested(tree), Field::Tested(read, expr)) => {
                        name == *read && same(tree, expr, &same_comparison)
                    }
                    _ => false,
                }
            })
    };
    all(first, &fields.first)
        && match (last, &fields.last) {
            (None, None) => true,
            (Some(columns), Some(fields)) => all(columns, fields),
            _ => false,
        }
}
