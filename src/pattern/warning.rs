//! Points of a pattern that AWS's documentation leaves open, with the reading that we settled on.

use std::fmt;

/// An accepted text whose reading is not documented. Positions are characters from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// White space after the closing brace; dropped.
    SpaceAfter {
        /// Where it begins.
        position: usize,
    },
    /// `.['name']` for a name that needs no brackets; read as `.name`.
    BracketedName {
        /// Where the bracket stands.
        position: usize,
        /// The name.
        name: String,
    },
    /// `""` as a value; read as the empty text.
    EmptyText {
        /// Where it stands.
        position: usize,
    },
    /// `-` in a value without quotes; read as part of the text.
    BareHyphen {
        /// Where the value begins.
        position: usize,
        /// The value.
        text: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SpaceAfter { position } => {
                write!(
                    f,
                    "white space after the pattern (character {position}) is dropped"
                )
            }
            Self::BracketedName { position, name } => write!(
                f,
                "['{name}'] (character {position}) is read as {name}; the service documents brackets for names \
                 with symbols only"
            ),
            Self::EmptyText { position } => write!(
                f,
                "\"\" (character {position}) is read as the empty text; the service does not document it"
            ),
            Self::BareHyphen { position, text } => write!(
                f,
                "`{text}` (character {position}) has a hyphen without quotes; the service does not document it"
            ),
        }
    }
}
