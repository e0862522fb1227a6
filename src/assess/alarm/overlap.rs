//! Several filters may match one event: which of them have to, for an alarm to trip?

use crate::assess::fault::Tri;

/// More filters than this on one metric, of which each may match or not, are not tried in all combinations.
pub(super) const MOST: usize = 6;

/// Which of some filters have to match the event besides its own; a set is a bit for each filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Overlap {
    /// The smallest sets that suffice, whichever others match too. The empty set: none has to.
    pub(super) sufficient: Vec<u32>,
    /// Whether some other combination trips, too, or may.
    pub(super) open: bool,
}

impl Overlap {
    /// Tries each combination of `count` filters.
    pub(super) fn of(count: usize, trips: impl Fn(u32) -> Tri) -> Self {
        let answers: Vec<Tri> = (0..1_u32 << count.min(MOST)).map(trips).collect();
        let sets = || (0_u32..).zip(&answers);
        let contains = |larger: u32, smaller: u32| larger & smaller == smaller;
        let suffices = |set: u32| {
            sets()
                .filter(|(other, _)| contains(*other, set))
                .all(|(_, answer)| *answer == Tri::Yes)
        };
        let mut sufficient: Vec<u32> = Vec::new();
        for (set, _) in sets() {
            // Smaller numbers come first, and a subset is a smaller number.
            if suffices(set) && !sufficient.iter().any(|smaller| contains(set, *smaller)) {
                sufficient.push(set);
            }
        }
        let open = sets().any(|(set, answer)| {
            *answer != Tri::No && !sufficient.iter().any(|smaller| contains(set, *smaller))
        });
        Self { sufficient, open }
    }

    /// Whether the own filter alone suffices.
    pub(super) fn is_sure(&self) -> bool {
        self.sufficient == [0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(count: usize, yes: &[u32]) -> Overlap {
        Overlap::of(count, |set| Tri::from(yes.contains(&set)))
    }

    #[test]
    fn the_smallest_sets_that_suffice_are_found() {
        for (count, yes, sufficient, open) in [
            (0, &[0][..], &[0][..], false),
            (0, &[], &[], false),
            (1, &[0, 1], &[0], false),
            (1, &[1], &[1], false),
            (1, &[0], &[], true),
            (2, &[3], &[3], false),
            (2, &[1, 2, 3], &[1, 2], false),
            (2, &[1, 2], &[], true),
            (2, &[0, 1, 3], &[1], true),
        ] {
            let overlap = of(count, yes);
            assert_eq!(overlap.sufficient, sufficient, "{count} {yes:?}");
            assert_eq!(overlap.open, open, "{count} {yes:?}");
        }
    }

    #[test]
    fn what_is_not_known_suffices_not_and_stays_open() {
        let overlap = Overlap::of(1, |set| if set == 0 { Tri::Unknown } else { Tri::Yes });
        assert_eq!(overlap.sufficient, [1]);
        assert!(overlap.open);
        assert!(!overlap.is_sure());
    }
}
