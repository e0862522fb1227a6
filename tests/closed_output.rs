//! Whoever reads an answer may stop reading it.

use std::io::{Write, pipe};
use std::process::{Command, Output, Stdio};

/// Runs the binary with a standard output that nobody reads; answers whether it read all of the input as well.
fn unread(arguments: &[&str], input: &str) -> (Output, bool) {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let mut child = Command::new(env!("CARGO_BIN_EXE_trailwarden"))
        .args(arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let written = child.stdin.take().unwrap().write_all(input.as_bytes());
    (child.wait_with_output().unwrap(), written.is_ok())
}

fn ends(arguments: &[&str], code: i32) {
    is_quiet(&unread(arguments, "").0, arguments, code);
}

fn is_quiet(output: &Output, arguments: &[&str], code: i32) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert_eq!(said, "", "{arguments:?}");
}

#[test]
fn an_answer_that_nobody_reads_is_a_quiet_end() {
    let state = tempfile::tempdir().unwrap();
    let state_dir = state.path().to_str().unwrap();
    // A journal, as a daemon makes it.
    let store = trailwarden::journal::Store::open(state.path(), jiff::Timestamp::UNIX_EPOCH);
    drop(store.unwrap());
    for arguments in [
        vec!["history", "--state-dir", state_dir],
        vec!["history", "--state-dir", state_dir, "--format", "json"],
        vec!["history", "--state-dir", state_dir, "--format", "csv"],
        vec![
            "report",
            "--state-dir",
            state_dir,
            "--from",
            "2026-01-01",
            "--to",
            "2026-02-01",
        ],
        vec!["controls"],
        vec!["config"],
        vec!["iam-policy"],
        vec!["man"],
        vec!["completions", "bash"],
        vec!["pattern", "explain", "{ $.a = 1 }"],
        vec!["--help"],
        vec!["--version"],
    ] {
        ends(&arguments, 0);
    }
}

#[test]
fn questions_are_not_read_on_when_nobody_reads_the_answers() {
    let line = r#"{"pattern":"{ $.a = 1 }","message":{"a":1}}"#;
    let lines = format!("{line}\n").repeat(100_000);
    let (output, was_read) = unread(&["pattern", "match"], &lines);
    is_quiet(&output, &["pattern", "match"], 0);
    assert!(!was_read);
}

#[test]
fn a_verdict_is_the_exit_code_whether_it_is_read_or_not() {
    let snapshot = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/compliant-snapshot.json"
    );
    let text = std::fs::read_to_string(snapshot).unwrap();
    let broken = tempfile::NamedTempFile::new().unwrap();
    let spoilt = text.replace("\"ActionsEnabled\": true", "\"ActionsEnabled\": false");
    std::fs::write(broken.path(), spoilt).unwrap();
    let broken = broken.path().to_str().unwrap();
    for (file, code) in [(snapshot, 0), (broken, 2)] {
        for format in ["text", "json", "junit"] {
            ends(
                &[
                    "check",
                    "--control",
                    "4.5",
                    "--snapshot",
                    file,
                    "--format",
                    format,
                ],
                code,
            );
        }
    }
    ends(
        &["pattern", "explain", "{ $.a = 1 }", "--control", "4.5"],
        2,
    );
}
