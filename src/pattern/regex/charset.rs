//! Sets of characters, as the classes of regular expressions need them.

use std::fmt::Write as _;

/// A set of code points: ranges in order, apart from each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CharSet {
    ranges: Vec<(u32, u32)>,
}

const LAST: u32 = 0x10_ffff;
const SURROGATES: (u32, u32) = (0xd800, 0xdfff);

impl CharSet {
    pub(crate) fn none() -> Self {
        Self { ranges: Vec::new() }
    }

    pub(crate) fn single(c: char) -> Self {
        Self {
            ranges: vec![(c.into(), c.into())],
        }
    }

    /// Ranges in any order.
    pub(crate) fn of(ranges: &[(char, char)]) -> Self {
        Self::normal(
            ranges
                .iter()
                .map(|&(low, high)| (low.into(), high.into()))
                .collect(),
        )
    }

    /// ASCII digits: what `\d` means everywhere.
    pub(crate) fn digits() -> Self {
        Self::of(&[('0', '9')])
    }

    /// `\w`.
    pub(crate) fn word() -> Self {
        Self::of(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')])
    }

    /// `\s`; some engines count the vertical tab.
    pub(crate) fn space(vertical_tab: bool) -> Self {
        let space = Self::of(&[('\t', '\n'), ('\u{c}', '\r'), (' ', ' ')]);
        if vertical_tab {
            space.union(&Self::single('\u{b}'))
        } else {
            space
        }
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        Self::normal(self.ranges.iter().chain(&other.ranges).copied().collect())
    }

    pub(crate) fn complement(&self) -> Self {
        let mut ranges = Vec::with_capacity(self.ranges.len() + 1);
        let mut next = 0;
        for &(low, high) in &self.ranges {
            if next < low {
                ranges.push((next, low - 1));
            }
            next = high + 1;
        }
        if next <= LAST {
            ranges.push((next, LAST));
        }
        Self { ranges }
    }

    /// The only character, if there is just one.
    pub(crate) fn only(&self) -> Option<char> {
        match self.ranges.as_slice() {
            [(low, high)] if low == high => char::from_u32(*low),
            _ => None,
        }
    }

    /// Adds where ranges begin and where they have ended.
    pub(crate) fn add_bounds(&self, bounds: &mut Vec<u32>) {
        for &(low, high) in &self.ranges {
            bounds.push(low);
            bounds.push(high + 1);
        }
    }

    /// Appends the set as a class that regex-automata reads.
    pub(crate) fn write_class(&self, out: &mut String) {
        let mut empty = true;
        for &(low, high) in &self.ranges {
            // Surrogates are no characters of a text.
            let low = if (SURROGATES.0..=SURROGATES.1).contains(&low) {
                SURROGATES.1 + 1
            } else {
                low
            };
            let high = if (SURROGATES.0..=SURROGATES.1).contains(&high) {
                SURROGATES.0 - 1
            } else {
                high
            };
            if low > high {
                continue;
            }
            out.push_str(if empty { "[" } else { "" });
            empty = false;
            _ = write!(out, "\\x{{{low:X}}}-\\x{{{high:X}}}");
        }
        out.push_str(if empty { "[^\\x{0}-\\x{10FFFF}]" } else { "]" });
    }

    fn normal(mut ranges: Vec<(u32, u32)>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (low, high) in ranges {
            match merged.last_mut() {
                Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
                _ => merged.push((low, high)),
            }
        }
        Self { ranges: merged }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complement_of_a_complement_is_the_set() {
        for set in [
            CharSet::none(),
            CharSet::word(),
            CharSet::space(true),
            CharSet::of(&[('\0', 'a')]),
        ] {
            assert_eq!(set.complement().complement(), set);
        }
    }

    #[test]
    fn adjacent_ranges_merge() {
        assert_eq!(
            CharSet::of(&[('c', 'd'), ('a', 'b')]),
            CharSet::of(&[('a', 'd')])
        );
        assert_eq!(CharSet::of(&[('x', 'x')]).only(), Some('x'));
        assert_eq!(CharSet::word().only(), None);
    }
}
