//! What was meant by a name that nothing knows.

/// `did you mean "x"?` for the nearest of the known names, if one is near.
pub(super) fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let furthest = (name.chars().count() / 3).clamp(1, 3);
    known
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= furthest)
        .min()
        .map(|(_, nearest)| format!("did you mean {nearest:?}?"))
}

/// How many characters have to be put in, left out, replaced or swapped with their neighbour (optimal string alignment).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    let mut previous = None;
    for (row, from) in left.chars().enumerate() {
        let mut current = vec![row + 1];
        for (column, &to) in right.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX);
            let replaced = at(&last, column) + usize::from(from != to);
            let changed = at(&last, column + 1).min(at(&current, column)) + 1;
            let mut best = replaced.min(changed);
            let left_of = column.checked_sub(1);
            let before = left_of.and_then(|index| right.get(index)).copied();
            if let Some(index) = left_of
                && before == Some(from)
                && previous == Some(to)
            {
                best = best.min(at(&before_last, index).saturating_add(1));
            }
            current.push(best);
        }
        before_last = std::mem::replace(&mut last, current);
        previous = Some(from);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits_and_swaps() {
        let cases = [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("mode", "mode", 0),
            ("moed", "mode", 1),
            ("heal_mode", "heal.mode", 1),
            ("intervall", "interval", 1),
            ("kitten", "sitting", 3),
        ];
        for (left, right, expected) in cases {
            assert_eq!(distance(left, right), expected, "{left} {right}");
            assert_eq!(distance(right, left), expected, "{right} {left}");
        }
    }

    #[test]
    fn only_a_near_name_is_suggested() {
        let known = ["off", "plan", "apply"];
        assert_eq!(
            did_you_mean("aply", known.into_iter()),
            Some("did you mean \"apply\"?".to_owned())
        );
        assert_eq!(did_you_mean("always", known.into_iter()), None);
    }
}
