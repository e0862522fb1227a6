//! `trailwarden check` and `trailwarden controls`, run as people run them, offline.

mod answers;
mod causes;
mod controls;
mod hosts;
mod partitions;
mod stops;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Runs the binary with these variables and no others.
fn run(arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trailwarden"))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn check(arguments: &[&str]) -> Output {
    run(&[&["check"], arguments].concat(), &[], "")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// An account whose chain for 4.5 is whole.
fn whole(account: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/compliant-snapshot.json");
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text.replace("111122223333", account)).unwrap()
}

/// One event no longer trips the alarm.
fn cut(account: &str) -> Value {
    let mut snapshot = whole(account);
    snapshot["alarms"][0]["Threshold"] = json!(5.0);
    snapshot
}

/// Nobody was let see the alarms.
fn unseen(account: &str) -> Value {
    let mut snapshot = whole(account);
    snapshot.as_object_mut().unwrap().remove("alarms");
    snapshot["api_errors"] = json!({"cloudwatch:DescribeAlarms us-east-1": "AccessDenied"});
    snapshot
}

/// Saved snapshots.
struct Saved(TempDir);

impl Saved {
    fn new(files: &[(&str, &Value)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for (name, snapshot) in files {
            std::fs::write(directory.path().join(name), snapshot.to_string()).unwrap();
        }
        Self(directory)
    }

    fn path(&self, name: &str) -> String {
        self.place().join(name).to_str().unwrap().to_owned()
    }

    fn place(&self) -> PathBuf {
        self.0.path().to_owned()
    }
}

const ONE: &str = "111122223333";
const TWO: &str = "012345678901";
