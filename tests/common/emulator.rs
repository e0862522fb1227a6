//! One LocalStack for a whole test run: one that runs already, a container, or a process.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use testcontainers::core::{IntoContainerPort, WaitFor};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, GenericImage, ImageExt};

const PORT: u16 = 4566;
/// The first start of a container on a busy machine; usually 3 s.
const START_LIMIT: Duration = Duration::from_mins(2);

/// A LocalStack with CloudTrail's behaviour added; ends with this value unless it was running before.
pub struct Emulator {
    /// URL without a slash at the end.
    pub endpoint: String,
    /// How it is run, for people.
    pub way: String,
    kept: Kept,
}

enum Kept {
    Foreign,
    Container(Box<ContainerAsync<GenericImage>>),
    Process(Process),
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // LocalStack can take long over a polite request to end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether `TRAILWARDEN_SKIP` names this prerequisite.
pub fn is_skipped(prerequisite: &str) -> bool {
    std::env::var("TRAILWARDEN_SKIP")
        .is_ok_and(|list| list.split(',').any(|one| one.trim() == prerequisite))
}

impl Emulator {
    /// Starts one, or finds the one that `LOCALSTACK_ENDPOINT` names, and prints which way was taken.
    ///
    /// # Panics
    /// None can be had; the message says what is missing.
    pub async fn start() -> Self {
        let Ok(endpoint) = std::env::var("LOCALSTACK_ENDPOINT") else {
            return Self::start_own().await;
        };
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        let way = "LOCALSTACK_ENDPOINT".to_owned();
        Self::healthy(Self {
            endpoint,
            way,
            kept: Kept::Foreign,
        })
    }

    /// Starts one that nobody else uses, which a test may end.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub async fn start_own() -> Self {
        let emulator = if !is_skipped("docker") && docker_answers() {
            Self::container().await
        } else {
            Self::process()
        };
        Self::healthy(emulator)
    }

    fn healthy(self) -> Self {
        self.wait_until_healthy();
        println!("LocalStack: {} at {}", self.way, self.endpoint);
        self
    }

    async fn container() -> Self {
        run(&repository().join("localstack/build-image"));
        let container = GenericImage::new("trailwarden/localstack", "4.14.0")
            .with_exposed_port(PORT.tcp())
            .with_wait_for(WaitFor::message_on_either_std("Ready."))
            .with_startup_timeout(START_LIMIT)
            .with_label("org.trailwarden.test", "true")
            .start()
            .await
            .expect("the LocalStack container starts");
        let port = container
            .get_host_port_ipv4(PORT)
            .await
            .expect("its port is published");
        let way = format!("container {} (testcontainers)", container.id());
        let kept = Kept::Container(Box::new(container));
        Self {
            endpoint: format!("http://127.0.0.1:{port}"),
            way,
            kept,
        }
    }

    fn process() -> Self {
        let port = free_port();
        let state = repository().join(".run").join(format!("localstack-{port}"));
        std::fs::create_dir_all(&state).expect("the state directory can be made");
        let log = std::fs::File::create(state.join("log")).expect("the log can be made");
        // The first time this installs LocalStack, which takes about a minute: done before the clock of the start runs.
        run(&repository().join("localstack/ensure-venv"));
        let child = Command::new(repository().join("localstack/serve"))
            .args(["--port", &port.to_string(), "--dir"])
            .arg(&state)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file handle"))
            .stderr(log)
            .spawn()
            .expect("localstack/serve runs");
        let way = format!(
            "process {}, log in {}",
            child.id(),
            state.join("log").display()
        );
        let kept = Kept::Process(Process(child));
        Self {
            endpoint: format!("http://127.0.0.1:{port}"),
            way,
            kept,
        }
    }

    fn wait_until_healthy(&self) {
        let begun = Instant::now();
        let url = format!("{}/_trailwarden/health", self.endpoint);
        while ureq::get(&url).call().is_err() {
            assert!(
                begun.elapsed() < START_LIMIT,
                "no LocalStack with trailwarden's additions answers at {url} ({})",
                self.way
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// `host:port`.
    pub fn address(&self) -> &str {
        self.endpoint.trim_start_matches("http://")
    }

    /// Its process id, where it is a process of ours.
    pub fn process_id(&self) -> Option<u32> {
        match &self.kept {
            Kept::Process(process) => Some(process.0.id()),
            Kept::Foreign | Kept::Container(_) => None,
        }
    }

    /// Its container's id, where it is a container of ours.
    pub fn container_id(&self) -> Option<&str> {
        match &self.kept {
            Kept::Container(container) => Some(container.id()),
            Kept::Foreign | Kept::Process(_) => None,
        }
    }

    /// Leaves it running after the end of this process.
    pub fn leave_running(self) {
        std::mem::forget(self.kept);
    }
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// Whether a Docker engine answers; a client alone does not count.
pub fn docker_answers() -> bool {
    Command::new("docker")
        .args(["version", "--format", "{{.Server.Version}}"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs a script of the repository to its end, its output shown.
fn run(script: &Path) {
    let status = Command::new(script)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .unwrap_or_else(|error| panic!("{} cannot be run: {error}", script.display()));
    assert!(status.success(), "{} failed: {status}", script.display());
}

/// One HTTP exchange over a plain socket, for requests that a well-behaved client would not send.
pub fn raw_http(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the server accepts");
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a read time-out");
    stream
        .write_all(request.as_bytes())
        .expect("the request is sent");
    let mut answer = Vec::new();
    // A cut connection is an answer, too.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}
