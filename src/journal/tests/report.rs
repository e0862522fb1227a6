use super::*;

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

#[test]
fn only_time_that_was_watched_and_passed_is_compliant() {
    let spells = [
        spell(Verdict::Pass, 0, Some(30)),
        spell(Verdict::Fail, 30, Some(40)),
        spell(Verdict::Pass, 40, Some(60)),
        spell(Verdict::Unknown, 60, Some(70)),
        spell(Verdict::Pass, 70, None),
    ];
    // The daemon was down from 45 to 55, and stopped at 90.
    let watched = [watched(0, 45), watched(55, 90)];
    let range = Range {
        from: at(-20),
        to: at(100),
    };
    let report = compliance(range, at(95), &spells, &watched);
    assert_eq!(report.range.to, at(95), "the future is not reported on");
    let [control] = report.controls.as_slice() else {
        panic!("{report:?}");
    };
    assert_eq!(control.compliant, minutes(30 + 5 + 5 + 20));
    assert_eq!(control.failing, minutes(10));
    assert_eq!(control.undecided, minutes(10));
    assert_eq!(control.unwatched, minutes(20 + 10 + 5));
    assert!((control.share().unwrap() - 60.0 / 115.0).abs() < 1e-9);
    let gaps: Vec<(Timestamp, bool)> = control
        .gaps
        .iter()
        .map(|gap| (gap.from(), matches!(gap, Gap::Unwatched(_))))
        .collect();
    assert_eq!(
        gaps,
        [
            (at(-20), true),
            (at(30), false),
            (at(45), true),
            (at(60), false),
            (at(90), true)
        ]
    );
}

#[test]
fn an_empty_range_has_no_share() {
    let range = Range {
        from: at(10),
        to: at(5),
    };
    let report = compliance(
        range,
        at(20),
        &[spell(Verdict::Pass, 0, None)],
        &[watched(0, 20)],
    );
    assert_eq!(report.controls[0].share(), None);
    assert_eq!(report.controls[0].gaps, []);
}
