//! Any text as a filter pattern; where there is a second line, as another, and where a third, as an event.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trailwarden_fuzz::pattern::{Assumptions, Cover, Match, Pattern, always_on, covers, example};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.splitn(3, '\n');
    let Some(Ok(one)) = lines.next().map(Pattern::parse_deployed) else {
        return;
    };
    let printed = one.to_string();
    let again = Pattern::parse_deployed(&printed).expect("what is printed can be read");
    assert_eq!(again.to_string(), printed);
    let assumptions = Assumptions::default();
    if let Some(event) = example(&one, &assumptions) {
        assert_ne!(one.matches_event(&event), Match::No, "{one} on {event}");
    }
    let _ = always_on(&one, &assumptions);
    let Some(Ok(other)) = lines.next().map(Pattern::parse_deployed) else {
        return;
    };
    if let Cover::NotCovered { counterexample } = covers(std::slice::from_ref(&one), &other, &assumptions) {
        assert_ne!(other.matches_event(&counterexample), Match::No, "{other} on {counterexample}");
        assert_ne!(one.matches_event(&counterexample), Match::Yes, "{one} on {counterexample}");
    }
    if let Some(event) = lines.next() {
        assert_eq!(one.matches(event), again.matches(event), "{one} and {again} on {event}");
    }
});
