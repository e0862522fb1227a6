//! Any snapshot: read, judged by every control, and a plan made for it; no plan where it is not known to fail.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trailwarden_fuzz::assess::{Expectations, Index, Proofs, Verdict};
use trailwarden_fuzz::control::{Benchmark, Catalogue};
use trailwarden_fuzz::heal::{HealPolicy, plan};
use trailwarden_fuzz::snapshot::Snapshot;

fuzz_target!(|bytes: &[u8]| {
    let Ok(snapshot) = Snapshot::from_json(&String::from_utf8_lossy(bytes)) else {
        return;
    };
    let written = serde_json::to_string(&snapshot).expect("a snapshot can be written");
    let again = Snapshot::from_json(&written).expect("and read again");
    assert_eq!(again, snapshot);
    let proofs = Proofs::default();
    let index = Index::new(&snapshot, &Expectations::default(), &proofs);
    let policy = HealPolicy::default();
    for control in Catalogue::builtin().controls() {
        let assessment = index.assess(control, &Benchmark::Any);
        let plan = plan(&snapshot, &assessment, control, None, &policy);
        if assessment.verdict != Verdict::Fail {
            assert!(plan.steps.is_empty(), "{plan:?}");
        }
    }
});
