//! Any file as the configuration, its last line after a NUL as the text of a variable.

#![no_main]

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use trailwarden_fuzz::config::{ConfigFile, load};

/// A file in memory, one for each process.
static FILE: LazyLock<PathBuf> =
    LazyLock::new(|| PathBuf::from(format!("/dev/shm/trailwarden-fuzz-{}.toml", std::process::id())));

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    std::fs::write(&*FILE, parts.next().unwrap_or_default()).expect("a file in memory");
    let variable = parts.next().map(|text| {
        let text = String::from_utf8_lossy(text).into_owned();
        let (name, value) = text.split_once('=').unwrap_or(("SCOPES", &text));
        (OsString::from(format!("TRAILWARDEN_{name}")), OsString::from(value))
    });
    match load(&ConfigFile::Named(FILE.clone()), variable, []) {
        Ok(loaded) => assert!(!format!("{:?}", loaded.effective).is_empty()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
