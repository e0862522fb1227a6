//! The deployment files, judged by the tools that read them: tests/deploy, run on the binary under test.

use std::collections::BTreeMap;
use std::process::Command;

use trailwarden::event::listed_calls;

use super::common::daemon::binary;
use super::common::emulator::repository;
use super::image::image;
use super::{Suite, output, shown};

pub(crate) fn add(suite: &mut Suite) {
    let endpoint = suite
        .emulator
        .as_ref()
        .map(|emulator| emulator.endpoint.clone())
        .unwrap_or_default();
    suite.test("deploy::what_ships_is_right", "docker", move || {
        what_ships_is_right(&endpoint);
    });
}

/// The calls that the binary knows, by the name of the service in events.
fn calls() -> String {
    let mut calls: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for call in listed_calls() {
        let source = call.service.bus_source();
        let service = source.strip_prefix("aws.").expect("AWS's own");
        calls.entry(service).or_default().push(call.name);
    }
    serde_json::to_string(&calls).expect("texts")
}

fn what_ships_is_right(endpoint: &str) {
    let tested = output(
        Command::new(repository().join("tests/deploy/run"))
            .env("TRAILWARDEN_BINARY", binary())
            .env("TRAILWARDEN_IMAGE", image())
            .env("TRAILWARDEN_CALLS", calls())
            .env("LOCALSTACK_ENDPOINT", endpoint),
    );
    println!("{}", shown(&tested));
    assert!(tested.status.success(), "{}", shown(&tested));
}
