//! Any message: read, or refused with a reason; what is kept of it is bounded.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trailwarden_fuzz::event::{Incoming, decode};

/// The promise of `event::actor`.
const FIELD_CAP: usize = 512;

fuzz_target!(|bytes: &[u8]| {
    match decode(&String::from_utf8_lossy(bytes)) {
        Ok(Incoming::Signal(signal)) => {
            assert_eq!(signal.account.as_str().len(), 12);
            let actor = &signal.actor;
            let texts = [&actor.principal_arn, &actor.source_address, &actor.user_agent, &signal.request_id];
            let texts = texts.into_iter().flatten().chain([&actor.event_id, &signal.region]);
            for text in texts {
                assert!(text.chars().count() <= FIELD_CAP);
            }
        }
        Ok(_) => {}
        Err(reason) => assert!(reason.to_string().len() < 8 * FIELD_CAP, "{reason}"),
    }
});
