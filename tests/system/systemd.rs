//! The unit started for real: Debian 12's systemd as the first process of a container.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use super::common::aws::Account;
use super::common::daemon::{PATIENCE, binary};
use super::common::emulator::{free_port, repository};
use super::common::eventually;
use super::{Suite, output, shown};

/// What systemd needs to be at home: its own file systems, and every capability that a container host can give.
const AT_HOME: [&str; 10] = [
    "--cap-add=ALL",
    // Hosts that are containers themselves do not have it, and nothing here needs it.
    "--cap-drop=SYS_RESOURCE",
    "--security-opt=seccomp=unconfined",
    "--security-opt=apparmor=unconfined",
    "--security-opt=systempaths=unconfined",
    "--tmpfs=/run",
    "--tmpfs=/tmp",
    "--tmpfs=/sys/fs/cgroup:exec",
    "--network=host",
    "--label=org.trailwarden.test=true",
];

pub(crate) fn add(suite: &mut Suite) {
    suite.with_account(
        "systemd::starts_watches_and_stops",
        "docker",
        async |account| {
            starts_watches_and_stops(&account).await;
        },
    );
    suite.with_account(
        "systemd::a_hung_daemon_is_started_again",
        "docker",
        async |account| {
            a_hung_daemon_is_started_again(&account).await;
        },
    );
    suite.with_account(
        "systemd::a_killed_daemon_is_started_again",
        "docker",
        async |account| {
            a_killed_daemon_is_started_again(&account).await;
        },
    );
    suite.with_account(
        "systemd::a_fault_of_the_configuration_is_final",
        "docker",
        async |account| {
            a_fault_of_the_configuration_is_final(&account).await;
        },
    );
    suite.with_account(
        "systemd::starts_while_aws_is_unreachable",
        "docker",
        async |account| {
            starts_while_aws_is_unreachable(&account).await;
        },
    );
}

/// A machine with the unit installed; removed when dropped.
struct Machine {
    id: String,
    address: String,
}

impl Machine {
    async fn boot(account: &Account, endpoint: &str) -> Self {
        let made = output(&mut Command::new(
            repository().join("tests/system/build-systemd"),
        ));
        assert!(made.status.success(), "{}", shown(&made));
        let image = String::from_utf8_lossy(&made.stdout).trim().to_owned();
        let mut run = Command::new("docker");
        let started = output(
            run.args(["run", "--detach", "--tty"])
                .args(AT_HOME)
                .arg(image),
        );
        assert!(started.status.success(), "{}", shown(&started));
        let id = String::from_utf8_lossy(&started.stdout).trim().to_owned();
        let machine = Self {
            id,
            address: format!("127.0.0.1:{}", free_port()),
        };
        eventually(
            "systemd",
            PATIENCE,
            async || {
                machine
                    .says(&["is-system-running"], "running")
                    .then_some(())
            },
            async || shown(&output(Command::new("docker").args(["logs", &machine.id]))),
        )
        .await;
        // As systemd itself does where it is not in a container; credentials are mounted in a place of their own and shown here.
        let shared = machine.run(&["mount", "--make-rshared", "/"]);
        assert!(shared.status.success(), "{}", shown(&shared));
        machine.copy(&binary(), "/usr/bin/trailwarden");
        let unit = repository().join("systemd/trailwarden.service");
        machine.copy(&unit, "/etc/systemd/system/trailwarden.service");
        machine.write(
            "/etc/default/trailwarden",
            &format!(
                "AWS_ENDPOINT_URL={endpoint}\nAWS_REGION={}\nAWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY=test\n",
                account.seeded.region, account.seeded.account
            ),
        );
        let listen = &machine.address;
        machine.configure(&format!(
            "queue_url = \"{}\"\nhttp.listen = \"{listen}\"\n",
            account.seeded.queue_url
        ));
        machine
    }

    fn run(&self, arguments: &[&str]) -> Output {
        output(
            Command::new("docker")
                .args(["exec", &self.id])
                .args(arguments),
        )
    }

    fn systemctl(&self, arguments: &[&str]) -> Output {
        self.run(&[&["systemctl", "--no-pager"], arguments].concat())
    }

    fn says(&self, arguments: &[&str], word: &str) -> bool {
        String::from_utf8_lossy(&self.systemctl(arguments).stdout).trim() == word
    }

    fn copy(&self, from: &Path, to: &str) {
        let target = format!("{}:{to}", self.id);
        let copied = output(
            Command::new("docker")
                .arg("cp")
                .arg("--follow-link")
                .arg(from)
                .arg(target),
        );
        assert!(copied.status.success(), "{}", shown(&copied));
    }

    fn write(&self, path: &str, content: &str) {
        let script = "mkdir -p \"$(dirname \"$1\")\" && printf %s \"$2\" >\"$1\"";
        let written = self.run(&["sh", "-c", script, "sh", path, content]);
        assert!(written.status.success(), "{}", shown(&written));
    }

    fn configure(&self, content: &str) {
        self.write("/etc/trailwarden/trailwarden.toml", content);
    }

    /// Names a target whose URL only root may read, as the unit's comment says how.
    fn hand_over_a_secret(&self) {
        self.write("/etc/trailwarden/slack", "https://hooks.example/secret");
        self.run(&["chmod", "600", "/etc/trailwarden/slack"]);
        self.write(
            "/etc/systemd/system/trailwarden.service.d/secret.conf",
            "[Service]\nLoadCredential=slack:/etc/trailwarden/slack\n",
        );
        let file = "/run/credentials/trailwarden.service/slack";
        let target = format!("[[notify]]\nkind = \"slack\"\nurl_file = \"{file}\"\n");
        let script =
            "printf %s \"$1\" >>/etc/trailwarden/trailwarden.toml && systemctl daemon-reload";
        let done = self.run(&["sh", "-c", script, "sh", &target]);
        assert!(done.status.success(), "{}", shown(&done));
    }

    fn start(&self) {
        let started = self.systemctl(&["start", "trailwarden"]);
        assert!(
            started.status.success(),
            "{}{}",
            shown(&started),
            self.journal()
        );
    }

    /// A property of the unit.
    fn show(&self, property: &str) -> String {
        let answer = self.systemctl(&["show", "trailwarden", "--value", "--property", property]);
        String::from_utf8_lossy(&answer.stdout).trim().to_owned()
    }

    fn answers(&self, path: &str) -> bool {
        ureq::get(format!("http://{}{path}", self.address))
            .call()
            .is_ok()
    }

    fn journal(&self) -> String {
        let status = self.systemctl(&["status", "trailwarden", "--lines=0"]);
        let journal = self.run(&["journalctl", "--no-pager", "--unit=trailwarden"]);
        format!("{}\n{}", shown(&status), shown(&journal))
    }

    async fn until(&self, what: &str, condition: impl Fn() -> bool) {
        let probe = async || condition().then_some(());
        eventually(what, PATIENCE, probe, async || self.journal()).await;
    }

    /// Ends the main process with a signal.
    fn kill(&self, signal: &str) {
        let killed = self.systemctl(&[
            "kill",
            "--kill-whom=main",
            "--signal",
            signal,
            "trailwarden",
        ]);
        assert!(killed.status.success(), "{}", shown(&killed));
    }

    /// Waits until the unit was started again by itself and is up.
    async fn until_started_again(&self) {
        self.until("a second start", || {
            self.show("NRestarts") == "1" && self.show("ActiveState") == "active"
        })
        .await;
        self.until("/readyz", || self.answers("/readyz")).await;
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        output(Command::new("docker").args(["rm", "--force", "--volumes", &self.id]));
    }
}

async fn starts_watches_and_stops(account: &Account) {
    let machine = Machine::boot(account, &account.endpoint).await;
    machine.hand_over_a_secret();
    machine.start();
    assert!(
        machine.says(&["is-active", "trailwarden"], "active"),
        "{}",
        machine.journal()
    );
    assert!(
        machine.answers("/livez"),
        "ports are bound once systemd was told READY"
    );
    machine
        .until("/readyz", || machine.answers("/readyz"))
        .await;

    let pid = machine.show("MainPID");
    let status = shown(&machine.run(&["cat", &format!("/proc/{pid}/status")]));
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name} in {status}"))
            .trim()
            .to_owned()
    };
    let user: u32 = field("Uid:")
        .split_whitespace()
        .next()
        .and_then(|id| id.parse().ok())
        .expect("a user");
    assert!((61184..=65519).contains(&user), "a dynamic user: {user}");
    let targets = ureq::get(format!("http://{}/metrics", machine.address)).call();
    let targets = targets.and_then(|mut answer| answer.body_mut().read_to_string());
    let targets = targets.expect("its metrics");
    assert!(
        targets.contains("trailwarden_notifications_waiting{target=\"slack-1\"}"),
        "it read its secret: {targets}"
    );
    assert_eq!(field("CapEff:"), "0000000000000000");
    assert_eq!(field("CapBnd:"), "0000000000000000");
    assert_eq!(field("NoNewPrivs:"), "1");
    assert_eq!(field("Seccomp:"), "2");

    let begun = std::time::SystemTime::now();
    let stopped = machine.systemctl(&["stop", "trailwarden"]);
    assert!(stopped.status.success(), "{}", shown(&stopped));
    assert!(
        begun
            .elapsed()
            .is_ok_and(|took| took < Duration::from_secs(30)),
        "{}",
        machine.journal()
    );
    assert_eq!(machine.show("Result"), "success", "{}", machine.journal());
    assert_eq!(machine.show("ExecMainStatus"), "0", "{}", machine.journal());
    assert!(
        !machine.journal().contains("SIGSYS"),
        "{}",
        machine.journal()
    );
}

async fn a_hung_daemon_is_started_again(account: &Account) {
    let machine = Machine::boot(account, &account.endpoint).await;
    // The shipped unit waits a minute; the test does not.
    let drop_in = "[Service]\nWatchdogSec=3s\nRestartSec=100ms\n";
    machine.write(
        "/etc/systemd/system/trailwarden.service.d/soon.conf",
        drop_in,
    );
    machine.systemctl(&["daemon-reload"]);
    machine.start();
    machine
        .until("/readyz", || machine.answers("/readyz"))
        .await;
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(
        machine.show("NRestarts"),
        "0",
        "it feeds its watchdog: {}",
        machine.journal()
    );
    machine.kill("SIGSTOP");
    machine.until_started_again().await;
    assert!(
        machine.journal().contains("watchdog"),
        "{}",
        machine.journal()
    );
}

async fn a_killed_daemon_is_started_again(account: &Account) {
    let machine = Machine::boot(account, &account.endpoint).await;
    machine.start();
    machine
        .until("/readyz", || machine.answers("/readyz"))
        .await;
    machine.kill("SIGKILL");
    machine.until_started_again().await;
}

async fn a_fault_of_the_configuration_is_final(account: &Account) {
    let machine = Machine::boot(account, &account.endpoint).await;
    machine.configure("heal.moed = \"apply\"\n");
    let started = machine.systemctl(&["start", "trailwarden"]);
    assert!(!started.status.success());
    // Longer than RestartSec.
    tokio::time::sleep(Duration::from_secs(8)).await;
    let journal = machine.journal();
    assert_eq!(machine.show("ActiveState"), "failed", "{journal}");
    assert_eq!(machine.show("NRestarts"), "0", "{journal}");
    assert!(journal.contains("did you mean \"heal.mode\"?"), "{journal}");
}

async fn starts_while_aws_is_unreachable(account: &Account) {
    let machine = Machine::boot(account, "http://127.0.0.1:9").await;
    machine.start();
    assert!(machine.answers("/livez"), "{}", machine.journal());
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!machine.answers("/readyz"), "nothing was evaluated yet");
    assert_eq!(machine.show("NRestarts"), "0", "{}", machine.journal());
}
