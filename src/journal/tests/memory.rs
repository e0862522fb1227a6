use super::*;

#[test]
fn a_new_chain_is_the_one_to_go_back_to_after_a_day_of_being_seen_to_pass() {
    let mut memory = ControlMemory::default();
    let hours = |hours| SignedDuration::from_hours(hours);
    assert_eq!(
        memory.passes(setup("old"), at(0), SignedDuration::ZERO),
        Changed::KnownGood
    );
    assert_eq!(memory.known_good_setup(), Some(&setup("old")));
    assert_eq!(
        memory.passes(setup("old"), at(1), hours(1)),
        Changed::Nothing
    );

    assert_eq!(
        memory.passes(setup("new"), at(2), hours(1)),
        Changed::Candidate,
        "and not what a command may have accepted meanwhile"
    );
    memory.passes(setup("new"), at(3), hours(23));
    assert_eq!(memory.known_good_setup(), Some(&setup("old")));
    assert_eq!(memory.last_setup(), Some(&setup("new")));
    // Nobody looked for a week: that proves nothing.
    memory.passes(setup("new"), at(10_000), SignedDuration::ZERO);
    assert_eq!(memory.known_good_setup(), Some(&setup("old")));
    memory.passes(setup("new"), at(10_001), hours(1));
    assert_eq!(memory.known_good_setup(), Some(&setup("new")));
    assert_eq!(memory.known_good.as_ref().unwrap().origin, Origin::Proven);
    assert_eq!(memory.candidate, None);
}

#[test]
fn a_failure_and_a_third_chain_begin_the_day_anew() {
    let hours = |hours| SignedDuration::from_hours(hours);
    for interrupt in [
        (|memory: &mut ControlMemory| {
            memory.fails();
        }) as fn(&mut ControlMemory),
        |memory| {
            memory.passes(setup("third"), at(4), SignedDuration::from_hours(1));
        },
        |memory| {
            memory.passes(setup("old"), at(4), SignedDuration::from_hours(1));
        },
    ] {
        let mut memory = ControlMemory::default();
        memory.passes(setup("old"), at(0), SignedDuration::ZERO);
        memory.passes(setup("new"), at(1), hours(1));
        memory.passes(setup("new"), at(2), hours(23));
        interrupt(&mut memory);
        memory.passes(setup("new"), at(5), hours(23));
        memory.passes(setup("new"), at(6), hours(2));
        assert_eq!(memory.known_good_setup(), Some(&setup("old")));
    }
}
