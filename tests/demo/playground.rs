//! A LocalStack and a daemon that are left running to play with, and their end.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::common::aws::Account;
use super::common::daemon::{PATIENCE, command};
use super::common::emulator::{Emulator, repository};
use super::common::eventually;
use super::common::scrape::Scrape;

/// Where the status page of the playground is served.
const ADDRESS: &str = "127.0.0.1:9464";

/// What has to be ended.
#[derive(Debug, Serialize, Deserialize)]
struct Running {
    processes: Vec<u32>,
    containers: Vec<String>,
}

fn state_file() -> PathBuf {
    repository().join(".run/playground.json")
}

/// Starts both and says how to reach them.
///
/// # Panics
/// One of them does not start, or a playground runs already.
pub(crate) async fn up() {
    assert!(
        !state_file().exists(),
        "a playground runs already: make down ends it"
    );
    let emulator = Emulator::start().await;
    let account = Account::fresh(&emulator).await;
    let directory = repository().join(".run");
    std::fs::create_dir_all(&directory).expect("the directory can be made");
    let log =
        std::fs::File::create(directory.join("trailwarden.log")).expect("the log can be made");
    let seeded = &account.seeded;
    #[allow(
        clippy::zombie_processes,
        reason = "it outlives this process; make down ends it"
    )]
    let daemon = command(&account)
        .args([
            "run",
            "--http-listen",
            ADDRESS,
            "--queue-url",
            &seeded.queue_url,
        ])
        .arg("--state-dir")
        .arg(&directory)
        .stdout(Stdio::null())
        .stderr(log)
        .process_group(0)
        .spawn()
        .expect("the daemon starts");
    let mut running = Running {
        processes: vec![daemon.id()],
        containers: Vec::new(),
    };
    running.processes.extend(emulator.process_id());
    running
        .containers
        .extend(emulator.container_id().map(str::to_owned));
    let text = serde_json::to_string_pretty(&running).expect("plain data");
    std::fs::write(state_file(), text).expect("what runs is written down");
    let compliant = async || Scrape::of(ADDRESS)?.value("trailwarden_control_compliant", &[]);
    let log =
        async || std::fs::read_to_string(directory.join("trailwarden.log")).unwrap_or_default();
    eventually("the first verdict", PATIENCE, compliant, log).await;

    println!("\nstatus page  http://{ADDRESS}/\nmetrics      http://{ADDRESS}/metrics");
    println!(
        "log          {}",
        directory.join("trailwarden.log").display()
    );
    println!("\nBreak something, for example:\n");
    println!(
        "  export AWS_ENDPOINT_URL={} AWS_REGION={}",
        emulator.endpoint, seeded.region
    );
    println!(
        "  export AWS_ACCESS_KEY_ID={} AWS_SECRET_ACCESS_KEY=test",
        seeded.account
    );
    println!(
        "  aws logs delete-metric-filter --log-group-name {} --filter-name {}",
        seeded.log_group, seeded.metric_filter
    );
    println!("\nmake down ends both.");
    emulator.leave_running();
}

/// Ends what [`up`] started, and nothing else.
///
/// # Panics
/// What runs was not written down legibly.
pub(crate) fn down() {
    let Ok(text) = std::fs::read_to_string(state_file()) else {
        println!("no playground runs");
        return;
    };
    let running: Running = serde_json::from_str(&text).expect("the list of what runs");
    for process in running.processes {
        end_process(process);
    }
    for container in running.containers {
        let removed = Command::new("docker")
            .args(["rm", "--force", &container])
            .status();
        assert!(
            removed.is_ok_and(|status| status.success()),
            "{container} cannot be removed"
        );
    }
    std::fs::remove_file(state_file()).expect("the list can be removed");
    println!("the playground is gone");
}

fn end_process(process: u32) {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    // A number that meanwhile belongs to somebody else is left alone.
    let line = std::fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
    if !line.contains("trailwarden") && !line.contains("localstack") {
        return;
    }
    let id = Pid::from_raw(i32::try_from(process).expect("a process id"));
    let _ = kill(id, Signal::SIGTERM);
    for _ in 0..50 {
        if kill(id, None).is_err() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    // LocalStack can take long over a polite request to end.
    let _ = kill(id, Signal::SIGKILL);
}
