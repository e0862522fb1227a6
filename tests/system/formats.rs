//! The documents of `check`, read by the published schemas: tests/formats, run on the binary under test.

use std::path::Path;
use std::process::Command;

use super::common::daemon::binary;
use super::{Suite, output, shown};

pub(crate) fn add(suite: &mut Suite) {
    suite.test("formats::published_schemas_accept_them", "python", || {
        published_schemas_accept_them();
    });
}

fn published_schemas_accept_them() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats");
    let made = output(&mut Command::new(tests.join("ensure-venv")));
    assert!(made.status.success(), "{}", shown(&made));
    let venv = String::from_utf8_lossy(&made.stdout);
    let python = Path::new(venv.trim()).join("bin/python");
    let tested = output(
        Command::new(python)
            .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
            .arg(tests)
            .env("TRAILWARDEN_BINARY", binary()),
    );
    println!("{}", shown(&tested));
    assert!(tested.status.success(), "{}", shown(&tested));
}
