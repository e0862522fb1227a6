//! The container image: small, without a shell, not root, and at work on a read-only file system.

use std::process::{Command, Output};
use std::sync::LazyLock;
use std::time::Duration;

use super::common::aws::Account;
use super::common::breaks::Break;
use super::common::daemon::{PATIENCE, binary};
use super::common::emulator::{free_port, repository};
use super::common::eventually;
use super::common::scrape::Scrape;
use super::{Suite, output, shown};

/// The user of the image.
const NOBODY: &str = "65532";
/// What the base may add to the binary: distroless/cc has 23 MB, the one from Debian packages 5 MB.
const LARGEST_BASE: u64 = 30_000_000;

/// How an orchestrator that trusts nobody runs it.
const CONFINED: [&str; 4] = [
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--pids-limit=64",
];

/// The tag of the image, built once from the binary under test.
static IMAGE: LazyLock<String> = LazyLock::new(|| {
    let mut script = Command::new(repository().join("deploy/build-image"));
    let output = output(script.arg("--binary").arg(binary()));
    assert!(output.status.success(), "{}", shown(&output));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
});

/// The tag of the image.
pub(crate) fn image() -> &'static str {
    &IMAGE
}

pub(crate) fn add(suite: &mut Suite) {
    suite.test(
        "image::is_small_and_not_root",
        "docker",
        is_small_and_not_root,
    );
    suite.test("image::has_no_shell", "docker", has_no_shell);
    suite.test(
        "image::checks_its_own_configuration",
        "docker",
        checks_its_own_configuration,
    );
    suite.test(
        "image::is_not_healthy_where_nobody_listens",
        "docker",
        is_not_healthy_where_nobody_listens,
    );
    suite.test(
        "image::a_fault_of_the_configuration_ends_with_64",
        "docker",
        faults_end_with_64,
    );
    suite.with_account(
        "image::watches_confined_and_stops_when_told",
        "docker",
        async |account| {
            watches_confined_and_stops_when_told(&account).await;
        },
    );
}

fn docker(arguments: &[&str]) -> Output {
    output(Command::new("docker").args(arguments))
}

fn inspect(format: &str, name: &str) -> String {
    let output = docker(&["inspect", "--format", format, name]);
    assert!(output.status.success(), "{}", shown(&output));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Runs the image once, confined and without a network.
fn run(options: &[&str], arguments: &[&str]) -> Output {
    let fixed = ["run", "--rm", "--network=none"];
    docker(
        &[
            &fixed,
            CONFINED.as_slice(),
            options,
            &[IMAGE.as_str()],
            arguments,
        ]
        .concat(),
    )
}

fn is_small_and_not_root() {
    assert_eq!(
        inspect("{{.Config.User}}", &IMAGE),
        format!("{NOBODY}:{NOBODY}")
    );
    let size: u64 = inspect("{{.Size}}", &IMAGE)
        .parse()
        .expect("a number of bytes");
    let own = std::fs::metadata(binary())
        .expect("the binary is there")
        .len();
    assert!(
        size - own < LARGEST_BASE,
        "{size} bytes, {own} of them the binary"
    );
}

fn has_no_shell() {
    for program in ["/bin/sh", "/bin/bash", "/bin/busybox", "/usr/bin/env"] {
        let output = run(&["--entrypoint", program], &["-c", "true"]);
        assert_eq!(
            output.status.code(),
            Some(127),
            "{program}: {}",
            shown(&output)
        );
    }
}

fn checks_its_own_configuration() {
    let output = run(&[], &["config", "--check"]);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    let output = run(&[], &["config"]);
    let text = shown(&output);
    assert!(
        text.contains("http.listen = \"0.0.0.0:9464\"  # /etc/trailwarden/trailwarden.toml"),
        "{text}"
    );
    assert!(
        text.contains("http.status = false"),
        "nobody asked for the page on every address: {text}"
    );
}

/// Nobody listens in a container of which this is the only process.
fn is_not_healthy_where_nobody_listens() {
    let output = run(&[], &["health"]);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(
        shown(&output).contains("no daemon answers at 127.0.0.1:9464"),
        "{}",
        shown(&output)
    );
}

fn faults_end_with_64() {
    let output = run(&["--env=TRAILWARDEN_HEAL__MODE=always"], &["run"]);
    assert_eq!(output.status.code(), Some(64), "{}", shown(&output));
    assert!(
        shown(&output).contains("TRAILWARDEN_HEAL__MODE: expected"),
        "{}",
        shown(&output)
    );
}

/// A container of the image; removed when dropped.
struct Container(String);

impl Container {
    /// Watches the account and listens on that port, looked at for its health every second.
    fn start(account: &Account, port: u16) -> Self {
        let variables = [
            format!("AWS_ENDPOINT_URL={}", account.endpoint),
            format!("AWS_REGION={}", account.seeded.region),
            format!("AWS_ACCESS_KEY_ID={}", account.seeded.account),
            "AWS_SECRET_ACCESS_KEY=test".to_owned(),
            format!("TRAILWARDEN_QUEUE_URL={}", account.seeded.queue_url),
            format!("TRAILWARDEN_HTTP__LISTEN=127.0.0.1:{port}"),
        ];
        let mut command = Command::new("docker");
        command.args([
            "run",
            "--detach",
            "--network=host",
            "--health-interval=1s",
            "--label=org.trailwarden.test=true",
        ]);
        command.args(CONFINED);
        for variable in &variables {
            command.args(["--env", variable]);
        }
        let output = output(command.arg(IMAGE.as_str()));
        assert!(output.status.success(), "{}", shown(&output));
        Self(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn log(&self) -> String {
        shown(&docker(&["logs", &self.0]))
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        docker(&["rm", "--force", "--volumes", &self.0]);
    }
}

async fn watches_confined_and_stops_when_told(account: &Account) {
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let container = Container::start(account, port);
    let answers = |path: &str| ureq::get(format!("http://{address}{path}")).call().is_ok();
    let compliant = async |value: f64| {
        let gauge = || Scrape::of(&address)?.value("trailwarden_control_compliant", &[]);
        let probe = async || (gauge() == Some(value)).then_some(());
        let what = format!("trailwarden_control_compliant {value}");
        eventually(&what, PATIENCE, probe, async || container.log()).await;
    };
    let ready = async || answers("/readyz").then_some(());
    eventually("/readyz", PATIENCE, ready, async || container.log()).await;
    assert!(answers("/livez"));
    let health =
        |wanted: &str| (inspect("{{.State.Health.Status}}", &container.0) == wanted).then_some(());
    let healthy = async || health("healthy");
    eventually("healthy", PATIENCE, healthy, async || container.log()).await;
    compliant(1.0).await;
    Break::DisableActions.apply(account).await;
    compliant(0.0).await;

    let pid = inspect("{{.State.Pid}}", &container.0);
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("its status");
    let ids = status
        .lines()
        .find(|line| line.starts_with("Uid:"))
        .expect("its user");
    assert_eq!(ids.split_whitespace().nth(1), Some(NOBODY), "{ids}");
    assert!(
        docker(&["diff", &container.0]).stdout.is_empty(),
        "nothing was written"
    );

    let begun = std::time::SystemTime::now();
    let stop = docker(&["stop", "--time", "30", &container.0]);
    assert!(stop.status.success(), "{}", shown(&stop));
    let took = begun.elapsed().expect("time goes on");
    assert_eq!(
        inspect("{{.State.ExitCode}}", &container.0),
        "0",
        "{}",
        container.log()
    );
    assert!(
        took < Duration::from_secs(28),
        "it went by itself, after {took:?}"
    );
}
