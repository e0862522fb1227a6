//! How a daemon ends that is asked to.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

#[test]
fn each_signal_that_asks_for_an_end_is_an_orderly_stop() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let state = tempfile::tempdir().unwrap();
        let mut daemon = Command::new(env!("CARGO_BIN_EXE_trailwarden"))
            .arg("run")
            .env_clear()
            .envs([
                ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
                ("AWS_SECRET_ACCESS_KEY", "SECRET"),
                ("AWS_REGION", "us-east-1"),
                // Nobody listens there.
                ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
                ("TRAILWARDEN_HTTP__LISTEN", "127.0.0.1:0"),
            ])
            .env("TRAILWARDEN_STATE_DIR", state.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let id = Pid::from_raw(daemon.id().try_into().unwrap());
        let mut log = String::new();
        for line in BufReader::new(daemon.stderr.take().unwrap()).lines() {
            let line = line.unwrap();
            if line.contains("serving http") {
                kill(id, signal).unwrap();
            }
            log.push_str(&line);
            log.push('\n');
        }
        let status = daemon.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{signal}: {log}");
        assert!(log.contains(&format!("signal=\"{signal}\"")), "{log}");
        assert!(log.contains("stopped"), "{log}");
    }
}
