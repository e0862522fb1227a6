//! Writes a regular expression in the syntax of regex-automata, every class spelled out.

use std::fmt::Write as _;

use super::charset::CharSet;
use super::{Atom, Piece};

/// One meaning of the branches: the narrow one or the wide one.
pub(super) fn source(branches: &[Vec<Piece>], wide: bool) -> String {
    let mut source = String::new();
    for (at, branch) in branches.iter().enumerate() {
        if at > 0 {
            source.push('|');
        }
        for (index, piece) in branch.iter().enumerate() {
            source.push_str("(?:");
            match &piece.atom {
                Atom::Set {
                    narrow,
                    wide: outer,
                } => {
                    (if wide { outer } else { narrow }).write_class(&mut source);
                }
                Atom::Start => source.push_str("\\A"),
                Atom::End if !wide => source.push_str("\\z"),
                // Before a final line break, or at the end. Further on in a branch nothing is excluded.
                Atom::End if index + 1 == branch.len() => {
                    source.push_str("(?:\\r\\n|");
                    final_breaks().write_class(&mut source);
                    source.push_str(")?\\z");
                }
                Atom::End => {}
            }
            source.push(')');
            match (piece.min, piece.max) {
                (1, Some(1)) => {}
                (0, None) => source.push('*'),
                (1, None) => source.push('+'),
                (0, Some(1)) => source.push('?'),
                (min, None) => _ = write!(source, "{{{min},}}"),
                (min, Some(max)) => _ = write!(source, "{{{min},{max}}}"),
            }
        }
    }
    source
}

/// Line breaks that `$` may stand before when they are the last character.
pub(super) fn final_breaks() -> CharSet {
    CharSet::of(&[
        ('\n', '\n'),
        ('\r', '\r'),
        ('\u{85}', '\u{85}'),
        ('\u{2028}', '\u{2029}'),
    ])
}
