//! Processes that are measured: the binary and the baselines.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::daemon::binary;
use crate::common::scrape::Scrape;
use crate::stub::control::StubProcess;
use crate::stub::now;

/// What hangs is given up.
const PATIENCE: Duration = Duration::from_mins(15);

/// A process whose lines on standard error are read as they come; ended when dropped.
pub(crate) struct Watched {
    child: Child,
    /// When each line came, in nanoseconds since 1970.
    lines: Receiver<(u64, String)>,
}

impl Watched {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let stderr = child.stderr.take().expect("its lines");
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if sender.send((now(), line)).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// Waits for a line with this text; answers when it came, and the line.
    pub(crate) fn line(&self, text: &str) -> (u64, String) {
        let mut last = String::new();
        let begun = Instant::now();
        loop {
            match self
                .lines
                .recv_timeout(PATIENCE.saturating_sub(begun.elapsed()))
            {
                Ok((at, line)) if line.contains(text) => return (at, line),
                Ok((_, line)) => last = line,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("no line with {text:?}; the last was {last:?}")
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("it ended before a line with {text:?}; the last was {last:?}")
                }
            }
        }
    }

    /// What the kernel knows of it.
    pub(crate) fn usage(&self) -> Usage {
        Usage::of(self.child.id()).expect("it runs")
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A daemon on the stub.
pub(crate) struct Daemon {
    pub(crate) process: Watched,
    address: String,
    _state: tempfile::TempDir,
}

impl Daemon {
    /// Starts one with these settings; answers as soon as it serves HTTP.
    pub(crate) fn start(stub: &StubProcess, account: &str, settings: &str, log: &str) -> Self {
        let state = tempfile::tempdir().expect("a directory");
        let file = state.path().join("trailwarden.toml");
        let text = format!("state_dir = \"{}\"\n{settings}\n", state.path().display());
        fs::write(&file, text).expect("the settings are written");
        let mut command = Command::new(binary());
        stub.environment(&mut command, account)
            .args([
                "run",
                "--http-listen",
                "127.0.0.1:0",
                "--log-format",
                "json",
                "--log-level",
                log,
                "--config",
            ])
            .arg(file);
        let process = Watched::start(&mut command);
        let (_, line) = process.line("serving http");
        let (_, address) = line.split_once("\"address\":\"").expect("the address");
        let address = address.split('"').next().unwrap_or_default().to_owned();
        Self {
            process,
            address,
            _state: state,
        }
    }

    /// Waits until /readyz says so.
    pub(crate) fn until_ready(&self) {
        let url = format!("http://{}/readyz", self.address);
        eventually(|| ureq::get(&url).call().is_ok());
    }

    pub(crate) fn scrape(&self) -> Scrape {
        Scrape::of(&self.address).expect("/metrics answers")
    }

    pub(crate) fn usage(&self) -> Usage {
        self.process.usage()
    }
}

/// Looks every few milliseconds until it is so.
pub(crate) fn eventually(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "waited {PATIENCE:?} in vain");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Memory and time of a process.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Most resident memory so far, in MiB.
    pub(crate) peak: f64,
    /// Resident memory now, in MiB.
    pub(crate) resident: f64,
    /// CPU time of all threads that live, in seconds.
    pub(crate) cpu: f64,
}

impl Usage {
    /// None where the process has ended.
    pub(crate) fn of(id: u32) -> Option<Self> {
        let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let mebibytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            let kibibytes: f64 = line.split_whitespace().next()?.parse().ok()?;
            Some(kibibytes / 1024.0)
        };
        let mut cpu = 0.0;
        for thread in fs::read_dir(format!("/proc/{id}/task")).ok()?.flatten() {
            // A thread may end between two reads.
            let times = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
            let nanoseconds: f64 = times
                .split_whitespace()
                .next()
                .and_then(|text| text.parse().ok())
                .unwrap_or_default();
            cpu += nanoseconds / 1e9;
        }
        Some(Self {
            peak: mebibytes("VmHWM:")?,
            resident: mebibytes("VmRSS:")?,
            cpu,
        })
    }
}

/// What one run of a command took.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) wall: f64,
    /// Most resident memory, in MiB, looked at every half a millisecond.
    pub(crate) peak: f64,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
}

/// Runs a command to its end; its children count for nothing.
pub(crate) fn run(command: &mut Command) -> Run {
    let begun = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let stdout = child.stdout.take().expect("its output");
    let reader = thread::spawn(|| std::io::read_to_string(stdout).unwrap_or_default());
    let mut peak: f64 = 0.0;
    let status = loop {
        if let Some(usage) = Usage::of(child.id()) {
            peak = peak.max(usage.peak);
        }
        if let Some(status) = child.try_wait().expect("the child is ours") {
            break status;
        }
        thread::sleep(Duration::from_micros(500));
    };
    let wall = begun.elapsed().as_secs_f64();
    let stdout = reader.join().unwrap_or_default();
    Run {
        wall,
        peak,
        code: status.code(),
        stdout,
    }
}
