//! How much of what one pattern matches another matches too, with a bound on the work.

use super::search::Budget;
use super::tree::Found;
use super::{Assumptions, Pattern, Question};

/// How much of one pattern's events another pattern matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Proved: each of them.
    All,
    /// Proved: none of them.
    Nothing,
    /// Some, or it was not decided.
    Part,
}

/// How much of what `pattern` matches `other` matches, and the steps of work that it took to tell: no more than about twice
/// `most`, which bounds each of the two proofs.
///
/// ```
/// use trailwarden::pattern::{Assumptions, Pattern, Share, share};
///
/// let pattern = Pattern::parse("{ $.eventName = StopLogging }")?;
/// let (known, most) = (Assumptions::cloudtrail(), 10_000);
/// for (other, expected) in [
///     ("{ $.eventName = Stop* }", Share::All),
///     ("{ $.eventName = StartLogging }", Share::Nothing),
///     ("{ $.awsRegion = us-east-1 }", Share::Part),
/// ] {
///     assert_eq!(share(&pattern, &Pattern::parse(other)?, &known, most).0, expected);
/// }
/// # Ok::<(), trailwarden::pattern::ParseError>(())
/// ```
pub fn share(
    pattern: &Pattern,
    other: &Pattern,
    assumptions: &Assumptions,
    most: u64,
) -> (Share, u64) {
    // Whatever a pattern means, it means it on both sides.
    if pattern.syntax() == other.syntax() {
        return (Share::All, 0);
    }
    let mut work = 0;
    let mut has_none = |question: Question<'_>| {
        let mut budget = Budget::new(most);
        let found = question.look_within(assumptions, &mut None, &mut budget);
        work += most.saturating_sub(budget.left());
        found == Found::None
    };
    let missed = Question {
        matching: pattern,
        missing: std::slice::from_ref(other),
        name: None,
    };
    if has_none(missed) {
        return (Share::All, work);
    }
    let Some(both) = Pattern::all(&[pattern, other]) else {
        return (Share::Part, work);
    };
    let shared = Question {
        matching: &both,
        missing: &[],
        name: None,
    };
    if has_none(shared) {
        return (Share::Nothing, work);
    }
    (Share::Part, work)
}
