//! Conditions joined by `&&` and `||`, with parentheses. Without recursion: nesting costs no stack.

use super::cursor::Cursor;
use crate::pattern::error::Fault;
use crate::pattern::syntax::Expr;

/// An open parenthesis, or the whole: what stands before the present condition.
struct Level<C> {
    /// Position of the parenthesis.
    open: usize,
    alternatives: Vec<Expr<C>>,
    conjuncts: Vec<Expr<C>>,
}

impl<C> Level<C> {
    fn new(open: usize) -> Self {
        Self {
            open,
            alternatives: Vec::new(),
            conjuncts: Vec::new(),
        }
    }

    /// `&&` binds tighter: a list of conjuncts ends at `||` and at the end.
    fn end_conjunction(&mut self, last: Expr<C>) {
        self.conjuncts.push(last);
        self.alternatives
            .push(Expr::all(std::mem::take(&mut self.conjuncts)));
    }
}

/// Reads conditions until something that does not continue them; white space before that is skipped.
pub(super) fn expression<C>(
    cursor: &mut Cursor,
    mut condition: impl FnMut(&mut Cursor) -> Result<C, Fault>,
) -> Result<Expr<C>, Fault> {
    let mut outer: Vec<Level<C>> = Vec::new();
    let mut level = Level::new(cursor.position());
    loop {
        cursor.skip_space();
        let at = cursor.position();
        if cursor.eat("(") {
            outer.push(std::mem::replace(&mut level, Level::new(at)));
            continue;
        }
        let mut unit = Expr::One(condition(cursor)?);
        loop {
            cursor.skip_space();
            if cursor.eat("&&") {
                level.conjuncts.push(unit);
                break;
            }
            if cursor.eat("||") {
                level.end_conjunction(unit);
                break;
            }
            let closes = cursor.peek() == Some(')');
            let Some(enclosing) = outer.pop() else {
                if closes {
                    return Err(Fault::new(
                        cursor.position(),
                        "unexpected `)`",
                        "a `(` that it closes",
                    ));
                }
                level.end_conjunction(unit);
                return Ok(Expr::any(level.alternatives));
            };
            if !closes {
                return Err(unclosed(cursor, level.open));
            }
            cursor.bump();
            level.end_conjunction(unit);
            let inner = std::mem::replace(&mut level, enclosing);
            unit = Expr::any(inner.alternatives);
        }
    }
}

fn unclosed(cursor: &Cursor, open: usize) -> Fault {
    match cursor.peek() {
        // At the end of the pattern the parenthesis is at fault, elsewhere what stands in its way.
        Some('}' | ']') | None => Fault::new(open, "the parenthesis is not closed", "a `)`"),
        Some(c) => cursor.unexpected(
            c,
            "`&&`, `||` or `)` (a value with a space or a symbol needs double quotes)",
        ),
    }
}
