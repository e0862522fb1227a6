use proptest::prelude::*;

use super::*;

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        Just(Verdict::Pass),
        Just(Verdict::Fail),
        Just(Verdict::Unknown)
    ]
}

proptest! {
    /// The parts add up to the whole, whatever the clocks did.
    #[test]
    fn the_four_durations_add_up(
        spells in prop::collection::vec((verdict(), -50_i64..150, prop::option::of(-50_i64..150)), 0..12),
        looks in prop::collection::vec((-50_i64..150, 0_i64..80), 0..6),
        from in -60_i64..160,
        length in 0_i64..200,
        now in 0_i64..120,
    ) {
        let spells: Vec<Spell> = spells.iter().map(|(verdict, since, until)| spell(*verdict, *since, *until)).collect();
        let looks: Vec<Watched> = looks.iter().map(|(since, length)| watched(*since, since + length)).collect();
        let range = Range { from: at(from), to: at(from + length) };
        for control in compliance(range, at(now), &spells, &looks).controls {
            let all = control.compliant + control.failing + control.undecided + control.unwatched;
            let whole = range.to.min(at(now)).duration_since(range.from.min(at(now)));
            prop_assert_eq!(all, whole.max(SignedDuration::ZERO));
            for part in [control.compliant, control.failing, control.undecided, control.unwatched] {
                prop_assert!(!part.is_negative());
            }
        }
    }
}
