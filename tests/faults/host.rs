//! The machine misbehaves: its clock jumps, its disk is full, and a crowd stands before the metrics port.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::Suite;
use super::bench::{Bench, repairing};
use super::common::aws::Account;
use super::common::breaks::Break;
use super::common::daemon::PATIENCE;
use super::common::emulator::repository;
use super::common::process::descriptors;
use super::proxy::Proxy;

pub(crate) fn add(suite: &mut Suite) {
    suite.test("host::a_clock_that_jumps_delays_nothing", async |account| {
        a_clock_that_jumps(&account).await;
    });
    suite.test(
        "host::a_full_disk_stops_repairs_and_nothing_else",
        async |account| {
            a_full_disk(&account).await;
        },
    );
    suite.test(
        "host::a_crowd_at_the_metrics_port_keeps_nobody_out",
        async |account| {
            a_crowd(&account).await;
        },
    );
}

/// A calendar that can be set for one process.
struct Calendar {
    library: PathBuf,
    offset: PathBuf,
    _directory: tempfile::TempDir,
}

impl Calendar {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let calendar = Self {
            library: directory.path().join("clock.so"),
            offset: directory.path().join("offset"),
            _directory: directory,
        };
        let status = Command::new("cc")
            .args(["-shared", "-fPIC", "-O2", "-o"])
            .arg(&calendar.library)
            .arg(repository().join("tests/faults/clock.c"))
            .arg("-ldl")
            .status()
            .expect("a C compiler");
        assert!(status.success(), "clock.c is compiled");
        calendar.set(0);
        calendar
    }

    fn set(&self, seconds: i64) {
        // In place: the file is mapped.
        let mut options = fs::OpenOptions::new();
        let file = options
            .write(true)
            .create(true)
            .truncate(false)
            .open(&self.offset);
        let written = file.and_then(|mut file| file.write_all(&seconds.to_ne_bytes()));
        written.expect("the offset is written");
    }
}

const HOUR: i64 = 60 * 60;
const YEAR: i64 = 365 * 24 * HOUR;

/// After each jump a cut is seen and mended as before. Only the default pauses between repairs are left out.
async fn a_clock_that_jumps(account: &Account) {
    let calendar = Calendar::new();
    let proxy = Proxy::start(&account.endpoint).await;
    let bench = Bench::spawn(account, &repairing(account), proxy, |command| {
        command
            .env("LD_PRELOAD", &calendar.library)
            .env("TEST_CLOCK_OFFSET_FILE", &calendar.offset);
    })
    .await;
    bench.daemon.until_ready().await;
    bench.daemon.until_compliant(1.0).await;
    let mut mended = 0.0;
    for (jump, offset) in [
        ("two hours on", 2 * HOUR),
        ("and back", 0),
        ("a day back", -24 * HOUR),
        ("seventy years on", 70 * YEAR),
        ("to before 1970", -70 * YEAR),
        ("right again", 0),
    ] {
        calendar.set(offset);
        Break::DisableActions.apply(account).await;
        mended += 1.0;
        let took = bench
            .daemon
            .until(&format!("a repair, {jump}"), |scrape| {
                scrape.sum("trailwarden_heal_actions_total", &[("result", "applied")]) >= mended
            })
            .await;
        println!("{jump}: mended after {took:?}");
    }
    // Of a clock that runs decades ahead the trail has not delivered for decades: FAIL, until it is right again.
    bench.daemon.until_compliant(1.0).await;
    account.until_queue_is_empty(PATIENCE).await;
    let log = bench.daemon.log();
    assert!(!log.contains("panicked"), "{log}");
}

/// The command in a mount namespace of its own, with a disk of two megabytes at `disk`.
fn on_small_disk(command: &Command, disk: &Path) -> Command {
    let mut wrapped = Command::new("unshare");
    // Who may not mount may do so as the root of a namespace of his own.
    let own = fs::metadata("/proc/self").expect("this process").uid();
    if own != 0 {
        wrapped.arg("--map-root-user");
    }
    wrapped
        .args([
            "--mount",
            "sh",
            "-ec",
            "mount -t tmpfs -o size=2m none \"$0\"; exec \"$@\"",
        ])
        .arg(disk)
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            wrapped.env(name, value);
        }
    }
    wrapped
}

/// Writes until there is no room.
fn fill(file: &Path) {
    let mut file = fs::File::create(file).expect("a file on the disk");
    for block in [4096, 512, 1] {
        let bytes = vec![b'x'; block];
        loop {
            match file.write_all(&bytes) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

async fn a_full_disk(account: &Account) {
    let disk = tempfile::tempdir().expect("a directory");
    let proxy = Proxy::start(&account.endpoint).await;
    let bench = Bench::spawn(account, &repairing(account), proxy, |command| {
        command.env("TRAILWARDEN_STATE_DIR", disk.path());
        *command = on_small_disk(command, disk.path());
    })
    .await;
    bench.daemon.until_ready().await;
    bench.daemon.until_compliant(1.0).await;
    // The daemon's own view of that path: nobody else sees the disk.
    let inside = format!(
        "/proc/{}/root{}/fill",
        bench.daemon.id(),
        disk.path().display()
    );
    fill(Path::new(&inside));
    // What SQLite has room for in its own files is written all the same: it takes a few changes to come to the end.
    let full = async || {
        let scrape = bench.daemon.scrape().expect("metrics");
        scrape.value("trailwarden_journal_writable", &[]) == Some(0.0)
    };
    for _ in 0..50 {
        bench.cut(Break::DisableActions).await;
        bench.daemon.until_compliant(0.0).await;
        bench.mend(Break::DisableActions).await;
        bench.daemon.until_compliant(1.0).await;
        if full().await {
            break;
        }
    }
    assert!(full().await, "the journal says that it cannot be written");
    let writes = account.daemon_writes();
    bench.cut(Break::DeleteMetricFilter).await;
    bench.daemon.until_compliant(0.0).await;
    account.until_queue_is_empty(PATIENCE).await;
    // Longer than it takes to settle and to look again.
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert_eq!(
        account.daemon_writes(),
        writes,
        "nothing is repaired unrecorded"
    );
    let scrape = bench.daemon.scrape().expect("metrics");
    assert_eq!(
        scrape.value("trailwarden_heal_mode", &[("mode", "plan")]),
        Some(1.0)
    );

    fs::remove_file(&inside).expect("there is room again");
    bench
        .daemon
        .until_within("a journal", PATIENCE * 2, |scrape| {
            scrape.value("trailwarden_journal_writable", &[]) == Some(1.0)
        })
        .await;
    // Looked at again when there is a reason to: the next event.
    bench.cut(Break::DeleteAlarm).await;
    bench.daemon.until_compliant_within(1.0, PATIENCE * 2).await;
    bench.audit();
}

/// What one of the crowd does.
fn join_the_crowd(address: &str, number: usize) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the kernel takes it");
    let request: &[u8] = match number % 3 {
        // Says nothing.
        0 => b"",
        // Never ends its request.
        1 => b"GET /metrics HTTP/1.1\r\nhost: x\r\nx-slow: ",
        // Never reads its answers.
        _ => b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\nGET /status HTTP/1.1\r\nhost: x\r\n\r\n",
    };
    // The daemon may have thrown it out already.
    let _ = stream.write_all(request);
    stream.set_nonblocking(true).expect("a socket");
    stream
}

async fn a_crowd(account: &Account) {
    // A thousand sockets here, and as many there: no reason to run into a limit of the test's own.
    let own = std::process::id().to_string();
    let raised = Command::new("prlimit")
        .args(["--pid", &own, "--nofile=8192:"])
        .status();
    assert!(
        raised.is_ok_and(|status| status.success()),
        "more descriptors are allowed"
    );

    let bench = Bench::start(account, "").await;
    let before = descriptors(bench.daemon.id());
    let address = bench.daemon.address.clone();
    let mut crowd: Vec<TcpStream> = (0..1000)
        .map(|number| join_the_crowd(&address, number))
        .collect();
    for round in 0..3 {
        // Those thrown out come again; the slow say one more letter.
        for (number, stream) in crowd.iter_mut().enumerate() {
            let mut ended = [0_u8; 1];
            let gone = matches!(stream.read(&mut ended), Ok(0) | Err(_)) && round > 0;
            if number % 3 == 1 && stream.write_all(b"x").is_err() || gone && number % 3 == 0 {
                *stream = join_the_crowd(&address, number);
            }
        }
        bench.cut(Break::DisableActions).await;
        bench.daemon.until_compliant(0.0).await;
        let livez = bench.daemon.get("/livez");
        assert!(!livez.is_empty(), "a probe is let in");
        bench.mend(Break::DisableActions).await;
        bench.daemon.until_compliant(1.0).await;
        let open = descriptors(bench.daemon.id());
        assert!(
            open < before + 300,
            "{open} descriptors, {before} before the crowd came"
        );
    }
    drop(crowd);
    super::common::eventually(
        "the descriptors of the crowd to be given back",
        PATIENCE * 3,
        async || (descriptors(bench.daemon.id()) < before + 16).then_some(()),
        async || format!("{} of {before}", descriptors(bench.daemon.id())),
    )
    .await;
    account.until_queue_is_empty(PATIENCE).await;
    bench.audit();
}
