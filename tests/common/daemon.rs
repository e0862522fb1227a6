//! The real binary, as a user would run it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use super::aws::Account;
use super::eventually;
use super::scrape::Scrape;

/// How long a daemon on a busy machine may take for what usually takes milliseconds.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Path of the binary under test.
pub fn binary() -> PathBuf {
    std::env::var_os("TRAILWARDEN_BINARY").map_or_else(built_binary, PathBuf::from)
}

fn built_binary() -> PathBuf {
    if let Some(path) = option_env!("CARGO_BIN_EXE_trailwarden") {
        return PathBuf::from(path);
    }
    // An example is built beside the binary and is not told where it is.
    let own = std::env::current_exe().expect("the path of this program");
    let directory = own.parent().and_then(|examples| examples.parent());
    directory.expect("target directory").join("trailwarden")
}

/// A command of the binary with nothing of this process's environment but what the account needs; one that only watches.
pub fn command(account: &Account) -> Command {
    command_for(account, "watch")
}

/// The same for a purpose: watch, heal, drill or wire. The emulator lists its calls under that, and at the end of the suite they
/// are compared with the permissions for it.
pub fn command_for(account: &Account, purpose: &str) -> Command {
    let mut command = offline_command();
    command
        .env("AWS_SDK_UA_APP_ID", purpose)
        .env("AWS_ENDPOINT_URL", &account.endpoint)
        .env("AWS_REGION", &account.seeded.region)
        .env("AWS_ACCESS_KEY_ID", &account.seeded.account)
        .env("AWS_SECRET_ACCESS_KEY", "test");
    command
}

/// A command of the binary that knows no AWS.
pub fn offline_command() -> Command {
    let mut command = Command::new(binary());
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::null());
    command
}

fn configuration(directory: &Path) -> PathBuf {
    directory.join("trailwarden.toml")
}

/// The command of a daemon whose configuration is in this directory.
fn run_command(account: &Account, directory: &Path) -> Command {
    let configured = std::fs::read_to_string(configuration(directory)).unwrap_or_default();
    let purpose = if configured.contains("mode = \"apply\"") {
        "heal"
    } else {
        "watch"
    };
    let mut command = command_for(account, purpose);
    command
        .args(["run", "--config"])
        .arg(configuration(directory))
        .env("TRAILWARDEN_HTTP__LISTEN", "127.0.0.1:0")
        // Tests count messages; those of heartbeats ask for them.
        .env("TRAILWARDEN_HEARTBEAT__INTERVAL", "0s")
        // The seeded feed is wired in one region only; tests of the wiring have a feed of their own.
        .env("TRAILWARDEN_WIRING__CHECK", "false")
        .env("TRAILWARDEN_LOG__FORMAT", "json")
        .env("TRAILWARDEN_LOG__LEVEL", "debug");
    command
}

/// A running daemon; killed when dropped.
pub struct Daemon {
    child: Child,
    /// `host:port` of its HTTP endpoints.
    pub address: String,
    log: Arc<Mutex<Vec<String>>>,
    directory: TempDir,
}

impl Daemon {
    /// Starts one on the feed of a seeded account, `settings` being more TOML; waits until it is ready.
    pub async fn start(account: &Account, settings: &str) -> Self {
        let daemon = Self::spawn(account, settings).await;
        daemon.until_ready().await;
        daemon
    }

    /// Starts one without a feed and waits until it is ready.
    pub async fn without_queue(account: &Account, settings: &str) -> Self {
        let daemon = Self::spawn_with(account, settings, |command| {
            command.env("TRAILWARDEN_QUEUE_URL", "");
        })
        .await;
        daemon.until_ready().await;
        daemon
    }

    /// Starts one and waits until it serves HTTP.
    pub async fn spawn(account: &Account, settings: &str) -> Self {
        Self::spawn_with(account, settings, |_| {}).await
    }

    /// Starts one whose command is changed before, and waits until it serves HTTP.
    pub async fn spawn_with(
        account: &Account,
        settings: &str,
        change: impl FnOnce(&mut Command),
    ) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let configuration = configuration(directory.path());
        let text = format!(
            "queue_url = \"{}\"\nstate_dir = \"{}\"\n{settings}\n",
            account.seeded.queue_url,
            directory.path().display()
        );
        std::fs::write(&configuration, text).expect("the configuration is written");
        let mut command = run_command(account, directory.path());
        change(&mut command);
        Self::run(command, directory).await
    }

    /// Ends it with a signal and starts another one on the same configuration and state; waits until that is ready.
    pub async fn restarted(mut self, account: &Account, signal: Signal) -> Self {
        self.signal(signal);
        let status = self.child.wait().expect("the child is ours");
        let asked = signal == Signal::SIGTERM;
        assert!(!asked || status.success(), "{status}\n{}", self.log());
        let unused = tempfile::tempdir().expect("a directory");
        let directory = std::mem::replace(&mut self.directory, unused);
        let command = run_command(account, directory.path());
        let daemon = Self::run(command, directory).await;
        daemon.until_ready().await;
        daemon
    }

    /// A command of the binary with the configuration of this daemon.
    pub fn beside(&self, account: &Account, subcommand: &str) -> Command {
        let mut beside = command(account);
        beside
            .args([subcommand, "--config"])
            .arg(configuration(self.directory.path()));
        beside
    }

    async fn run(mut command: Command, directory: TempDir) -> Self {
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let stderr = child.stderr.take().expect("its log");
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                lines.lock().expect("the log").push(line);
            }
        });
        let mut daemon = Self {
            child,
            address: String::new(),
            log,
            directory,
        };
        let lines = Arc::clone(&daemon.log);
        daemon.address = eventually(
            "the line that names the bound address",
            PATIENCE,
            async || {
                let ended = daemon.child.try_wait().expect("the child is ours");
                assert!(
                    ended.is_none(),
                    "it ended: {ended:?}\n{}",
                    daemon_log(&daemon.log)
                );
                let lines = lines.lock().expect("the log");
                let entries = lines
                    .iter()
                    .filter_map(|line| serde_json::from_str::<Value>(line).ok());
                entries
                    .filter(|entry| message(entry) == Some("serving http"))
                    .find_map(|entry| Some(field(&entry, "address")?.as_str()?.to_owned()))
            },
            async || daemon_log(&daemon.log),
        )
        .await;
        daemon
    }

    /// Waits until /readyz says so.
    pub async fn until_ready(&self) {
        let ready = || {
            ureq::get(format!("http://{}/readyz", self.address))
                .call()
                .is_ok()
        };
        let probe = async || ready().then_some(());
        eventually("/readyz", PATIENCE, probe, async || self.log()).await;
    }

    /// What /metrics says now.
    pub fn scrape(&self) -> Option<Scrape> {
        Scrape::of(&self.address)
    }

    /// Waits until /metrics satisfies a condition, and answers how long that took.
    pub async fn until(&self, what: &str, condition: impl Fn(&Scrape) -> bool) -> Duration {
        self.until_within(what, PATIENCE, condition).await
    }

    /// The same with another limit.
    pub async fn until_within(
        &self,
        what: &str,
        limit: Duration,
        condition: impl Fn(&Scrape) -> bool,
    ) -> Duration {
        let begun = Instant::now();
        let probe = async || self.scrape().filter(|scrape| condition(scrape)).map(|_| ());
        eventually(what, limit, probe, async || {
            let scrape = self
                .scrape()
                .map_or_else(String::new, |scrape| scrape.text().to_owned());
            let ours: Vec<_> = scrape
                .lines()
                .filter(|line| {
                    ["trailwarden_control", "trailwarden_messages_total"]
                        .iter()
                        .any(|name| line.starts_with(name))
                })
                .collect();
            format!("gauges:\n{}\nlog:\n{}", ours.join("\n"), self.log())
        })
        .await;
        begun.elapsed()
    }

    /// Waits until the compliance gauge of the control has that value.
    pub async fn until_compliant(&self, value: f64) -> Duration {
        self.until_compliant_within(value, PATIENCE).await
    }

    /// The same with another limit.
    pub async fn until_compliant_within(&self, value: f64, limit: Duration) -> Duration {
        let what = format!("trailwarden_control_compliant {value}");
        self.until_within(&what, limit, |scrape| {
            scrape.value("trailwarden_control_compliant", &[]) == Some(value)
        })
        .await
    }

    /// The first control of /status.
    pub fn status(&self) -> Value {
        let mut answer = ureq::get(format!("http://{}/status", self.address))
            .call()
            .expect("/status answers");
        answer.body_mut().read_json().expect("/status is JSON")
    }

    /// The body of a page.
    pub fn get(&self, path: &str) -> String {
        let mut answer = ureq::get(format!("http://{}{path}", self.address))
            .call()
            .expect("the page answers");
        answer
            .body_mut()
            .read_to_string()
            .expect("the page is text")
    }

    /// The log so far.
    pub fn log(&self) -> String {
        daemon_log(&self.log)
    }

    /// Directory with its configuration and state.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).expect("a process id");
        kill(Pid::from_raw(id), signal).expect("the signal is sent");
    }

    /// Waits for the end and answers how it ended, and the log.
    pub async fn wait(mut self) -> (ExitStatus, String) {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the child is ours") {
                return (status, self.log());
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "it does not end:\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn daemon_log(log: &Mutex<Vec<String>>) -> String {
    log.lock().expect("the log").join("\n")
}

/// The message of a line of the JSON log.
fn message(entry: &Value) -> Option<&str> {
    field(entry, "message")?.as_str()
}

/// A field of a line of the JSON log.
fn field<'a>(entry: &'a Value, name: &str) -> Option<&'a Value> {
    entry
        .get("fields")
        .and_then(|fields| fields.get(name))
        .or_else(|| entry.get(name))
}
