//! The systemd unit, as far as systemd judges it without running it.

use std::process::Command;

use super::common::daemon::binary;
use super::common::emulator::repository;
use super::{Suite, output, shown};

/// The most that `systemd-analyze security` may find exposed.
const MOST_EXPOSED: f64 = 1.5;

pub(crate) fn add(suite: &mut Suite) {
    suite.test(
        "unit::systemd_finds_no_fault",
        "systemd",
        systemd_finds_no_fault,
    );
    suite.test("unit::little_is_exposed", "systemd", little_is_exposed);
}

fn unit() -> String {
    let path = repository().join("systemd/trailwarden.service");
    std::fs::read_to_string(path).expect("the unit is there")
}

fn systemd_finds_no_fault() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("trailwarden.service");
    let binary = binary();
    let here = unit().replace(
        "/usr/bin/trailwarden",
        binary.to_str().expect("a path in UTF-8"),
    );
    std::fs::write(&path, here).expect("the unit is written");
    let output = output(
        Command::new("systemd-analyze")
            .args(["verify", "--man=no"])
            .arg(&path),
    );
    let text = shown(&output);
    assert!(output.status.success(), "{text}");
    assert!(
        !text.contains("trailwarden"),
        "not a word about the unit: {text}"
    );
}

fn little_is_exposed() {
    let path = repository().join("systemd/trailwarden.service");
    let output = output(
        Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--no-pager"])
            .arg(path),
    );
    let text = shown(&output);
    let line = text
        .lines()
        .find(|line| line.contains("Overall exposure level"));
    let level = line.and_then(|line| {
        line.split_whitespace()
            .find_map(|word| word.parse::<f64>().ok())
    });
    assert!(level.is_some_and(|level| level < MOST_EXPOSED), "{text}");
}
