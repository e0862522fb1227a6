//! Why a pattern is refused.

/// A pattern that AWS would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}, at character {position}")]
pub struct ParseError {
    /// Where, in characters from 0.
    pub position: usize,
    /// What is wrong there, and what was expected.
    pub message: String,
}
