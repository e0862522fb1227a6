//! `trailwarden heal`: what a person mends by hand, without a daemon and without memory of what was there.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::common::aws::Account;
use super::common::daemon::{Daemon, binary, command_for};
use super::{Break, Suite};

/// What a command that remembers nothing can bring back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mended {
    /// The names and attributes of before: enough of the chain is left to tell them.
    AsItWas,
    /// The benchmark's names and values.
    ByDefault,
    /// What only a person can do, with this in the command.
    Asked(&'static str),
}

const fn mended(cut: Break) -> Mended {
    match cut {
        Break::StopLogging
        | Break::RecordDataEventsOnly
        | Break::DisableActions
        | Break::DeleteTopic
        | Break::Unsubscribe => Mended::AsItWas,
        Break::DeleteLogGroup
        | Break::DeleteMetricFilter
        | Break::NarrowPattern
        | Break::WriteZero
        | Break::DeleteAlarm
        | Break::RaiseThreshold
        | Break::DropActions => Mended::ByDefault,
        Break::DeleteTrail => Mended::Asked("aws cloudtrail create-trail"),
        Break::ForgetLogGroup => Mended::Asked("aws cloudtrail update-trail"),
    }
}

pub(crate) fn add(suite: &mut Suite) {
    for cut in Break::ALL {
        suite.test(
            format!("heal_command::{cut:?}_is_planned_and_mended"),
            async move |account| is_planned_and_mended(&account, cut).await,
        );
    }
    suite.test(
        "heal_command::a_whole_chain_is_left_alone",
        async |account| {
            a_whole_chain_is_left_alone(&account);
        },
    );
    suite.test(
        "heal_command::nobody_to_ask_is_a_usage_error_after_the_plan",
        async |account| {
            nobody_to_ask_is_a_usage_error_after_the_plan(&account).await;
        },
    );
    suite.test(
        "heal_command::only_yes_is_accepted_at_a_terminal",
        async |account| {
            only_yes_is_accepted_at_a_terminal(&account).await;
        },
    );
    suite.test(
        "heal_command::a_link_that_is_not_named_is_asked_for",
        async |account| {
            a_link_that_is_not_named_is_asked_for(&account).await;
        },
    );
    suite.test(
        "heal_command::a_denied_permission_in_the_middle_leaves_a_clear_state",
        async |account| {
            a_denied_permission_in_the_middle_leaves_a_clear_state(&account).await;
        },
    );
    suite.test(
        "heal_command::an_interrupt_between_writes_says_what_is_left",
        async |account| {
            an_interrupt_between_writes_says_what_is_left(&account).await;
        },
    );
    suite.test(
        "heal_command::unknown_is_named_and_nothing_is_written",
        async |account| {
            unknown_is_named_and_nothing_is_written(&account).await;
        },
    );
    suite.test(
        "heal_command::an_address_waits_for_its_owner",
        async |account| {
            an_address_waits_for_its_owner(&account).await;
        },
    );
    suite.test(
        "heal_command::what_the_daemon_saw_comes_back_as_it_was",
        async |account| {
            what_the_daemon_saw_comes_back_as_it_was(&account).await;
        },
    );
    suite.test(
        "heal_command::several_controls_share_what_they_can",
        async |account| {
            several_controls_share_what_they_can(&account).await;
        },
    );
}

/// A configuration file for this command.
struct Settings {
    directory: TempDir,
}

impl Settings {
    fn new(text: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("trailwarden.toml"), text).expect("it is written");
        Self { directory }
    }

    /// Every link may be mended, and the seeded topic and queue are named.
    fn usual(account: &Account) -> Self {
        Self::new(&format!(
            "heal.links = [\"trail\", \"selector\", \"log_group\", \"pattern\", \"metric\", \"alarm\", \"action\", \"topic\", \
             \"subscription\"]\nexpect.topics = [\"{}\"]\nexpect.subscriptions = [\"{}\"]",
            account.seeded.topic_arn,
            inbox(account)
        ))
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("trailwarden.toml")
    }
}

fn inbox(account: &Account) -> String {
    format!(
        "arn:aws:sqs:{}:{}:cis-alarm-inbox",
        account.seeded.region, account.seeded.account
    )
}

/// How a command ended.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

impl Ended {
    #[track_caller]
    fn expect(&self, code: i32, lines: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for line in lines {
            assert!(self.stdout.contains(line), "{line:?} is not in {self:#?}");
        }
    }
}

fn run(account: &Account, settings: &Settings, words: &[&str]) -> Ended {
    let mut command = command_for(account, "heal");
    let (subcommand, arguments) = words.split_first().expect("a subcommand");
    command
        .arg(subcommand)
        .arg("--config")
        .arg(settings.path())
        .args(arguments);
    command.output().expect("the binary runs").into()
}

async fn is_planned_and_mended(account: &Account, cut: Break) {
    let settings = Settings::usual(account);
    let before = account.describe().await;
    cut.apply(account).await;
    let expected = mended(cut);

    let dry = run(account, &settings, &["heal", "--dry-run"]);
    dry.expect(2, &["\nPlan: ", "  FAIL    cloudtrail-config-changes\n"]);
    assert_eq!(account.daemon_writes(), [""; 0], "a dry run writes nothing");

    let done = run(account, &settings, &["heal", "--yes"]);
    if let Mended::Asked(command) = expected {
        done.expect(2, &["\n  ? ", &format!("\n      $ {command} ")]);
        assert_eq!(account.daemon_writes(), [""; 0]);
        return;
    }
    done.expect(0, &["  PASS    cloudtrail-config-changes\n", "\nDone: "]);
    assert!(
        done.stdout.starts_with(dry.stdout.trim_end()),
        "what was shown is what was done: {dry:#?} {done:#?}"
    );
    let after = account.describe().await;
    assert_eq!(
        after == before,
        expected == Mended::AsItWas,
        "{before}\n{after}"
    );
    let writes = account.daemon_writes();
    assert!(!writes.is_empty());

    run(account, &settings, &["check"]).expect(0, &[]);
    run(account, &settings, &["heal", "--yes"]).expect(0, &["\nNothing to do.\n"]);
    assert_eq!(account.daemon_writes(), writes, "nothing is written twice");
}

fn a_whole_chain_is_left_alone(account: &Account) {
    let settings = Settings::usual(account);
    for words in [["heal", "--dry-run"], ["heal", "--yes"]] {
        run(account, &settings, &words).expect(
            0,
            &["  PASS    cloudtrail-config-changes\n\nNothing to do.\n"],
        );
    }
    assert_eq!(account.daemon_writes(), [""; 0]);
}

async fn nobody_to_ask_is_a_usage_error_after_the_plan(account: &Account) {
    Break::DeleteAlarm.apply(account).await;
    let topics = format!("expect.topics = [\"{}\"]", account.seeded.topic_arn);
    let ended = run(account, &Settings::new(&topics), &["heal"]);
    ended.expect(64, &["\nPlan: 1 to create, 0 to change, 0 to ask.\n"]);
    assert!(
        ended.stderr.contains("standard input is no terminal") && ended.stderr.contains("--yes"),
        "{ended:#?}"
    );
    assert!(
        !ended.stdout.contains('\u{1b}'),
        "colour in a pipe: {ended:#?}"
    );
    assert_eq!(account.daemon_writes(), [""; 0]);
}

/// The command on a terminal of its own, by script(1), where somebody types a line.
fn at_a_terminal(account: &Account, settings: &Settings, typed: &str) -> Ended {
    let line = format!(
        "{} heal --config {}",
        binary().display(),
        settings.path().display()
    );
    let plain = command_for(account, "heal");
    let mut script = Command::new("script");
    script.env_clear();
    for (name, value) in plain.get_envs() {
        if let Some(value) = value {
            script.env(name, value);
        }
    }
    let mut child = script
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("script(1) runs");
    let mut keyboard = child.stdin.take().expect("its keyboard");
    keyboard.write_all(typed.as_bytes()).expect("it is typed");
    let ended = child.wait_with_output().expect("it ends").into();
    drop(keyboard);
    ended
}

async fn only_yes_is_accepted_at_a_terminal(account: &Account) {
    Break::DisableActions.apply(account).await;
    let settings = Settings::usual(account);
    for typed in ["y\n", "\n", "no\n", "YES\n"] {
        let ended = at_a_terminal(account, &settings, typed);
        ended.expect(
            2,
            &[
                "Do you want to carry out 1 repair?",
                "Only 'yes' is accepted.",
                "Nothing was written.",
                "\u{1b}[33m~\u{1b}[0m change in place alarm ",
            ],
        );
        assert_eq!(account.daemon_writes(), [""; 0], "{typed:?}");
    }
    at_a_terminal(account, &settings, "yes\n").expect(0, &[": changed", "Done: 1 of 1 "]);
    assert_eq!(account.daemon_writes(), ["cloudwatch:EnableAlarmActions"]);
}

/// heal.mode is the daemon's; heal.links is everybody's.
async fn a_link_that_is_not_named_is_asked_for(account: &Account) {
    Break::StopLogging.apply(account).await;
    Break::DisableActions.apply(account).await;
    let settings = Settings::new("heal.mode = \"off\"\nheal.links = [\"alarm\"]");
    let ended = run(account, &settings, &["heal", "--yes"]);
    let command = format!(
        "\n      $ aws cloudtrail start-logging --region {} --name {}\n",
        account.seeded.region, account.seeded.trail_arn
    );
    ended.expect(
        2,
        &[
            "\nPlan: 0 to create, 1 to change, 1 to ask.\n",
            "  ? heal.links does not name trail\n",
            "\nLeft to do:\n",
            &command,
            "\nDone, and not enough: 1 of 1 repairs carried out, 1 left.\n",
        ],
    );
    assert_eq!(account.daemon_writes(), ["cloudwatch:EnableAlarmActions"]);
}

async fn a_denied_permission_in_the_middle_leaves_a_clear_state(account: &Account) {
    Break::DeleteMetricFilter.apply(account).await;
    Break::DeleteTopic.apply(account).await;
    account.deny("sns", "CreateTopic");
    let settings = Settings::usual(account);
    let ended = run(account, &settings, &["heal", "--yes"]);
    let topic = account.seeded.topic_arn.rsplit(':').next().expect("a name");
    let refused = format!(
        "\n  ! topic {topic} in {}: not written: sns:CreateTopic is not allowed. ",
        account.seeded.region
    );
    let command = format!(
        "\n      $ aws sns create-topic --region {} --name {topic}\n",
        account.seeded.region
    );
    ended.expect(
        2,
        &[
            "\nPlan: 3 to create, 0 to change, 0 to ask.\n",
            "\n  + metric filter cloudtrail_cfg_changes_metric of ",
            &refused,
            "\nLeft to do:\n",
            &command,
            "\n      $ aws sns subscribe ",
            "\nStopped: 1 of 3 repairs carried out, 2 left.\n",
        ],
    );
    assert_eq!(
        account.daemon_writes(),
        ["logs:PutMetricFilter", "sns:CreateTopic"],
        "one attempt, and nothing after it"
    );

    account.allow_everything();
    run(account, &settings, &["heal", "--yes"]).expect(0, &["Done: 2 of 2 "]);
    run(account, &settings, &["check"]).expect(0, &[]);
}

async fn an_interrupt_between_writes_says_what_is_left(account: &Account) {
    Break::DeleteMetricFilter.apply(account).await;
    Break::DeleteAlarm.apply(account).await;
    Break::DeleteTopic.apply(account).await;
    let settings = Settings::usual(account);
    let mut child = command_for(account, "heal")
        .args(["heal", "--yes", "--config"])
        .arg(settings.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let stdout = child.stdout.take().expect("its output");
    let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
    let mut said: Vec<String> = lines
        .by_ref()
        .take_while(|line| !line.ends_with(": created"))
        .collect();
    // The account is looked at once more before the next write.
    let id = i32::try_from(child.id()).expect("a process id");
    kill(Pid::from_raw(id), Signal::SIGINT).expect("the signal is sent");
    said.extend(lines);
    let said = said.join("\n");
    assert_eq!(child.wait().expect("it ends").code(), Some(2), "{said}");
    for part in [
        "Plan: 4 to create, 0 to change, 0 to ask.",
        ": not written: you asked to stop",
        "Left to do:",
        "      $ aws sns subscribe ",
        "Stopped: ",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    let writes = account.daemon_writes().len();
    assert!((1..4).contains(&writes), "{writes} writes: {said}");
    let rest = format!("Done: {0} of {0} ", 4 - writes);
    run(account, &settings, &["heal", "--yes"]).expect(0, &[&rest]);
}

async fn unknown_is_named_and_nothing_is_written(account: &Account) {
    Break::DeleteAlarm.apply(account).await;
    account.deny("cloudwatch", "DescribeAlarms");
    let settings = Settings::usual(account);
    for words in [["heal", "--dry-run"], ["heal", "--yes"]] {
        run(account, &settings, &words).expect(
            2,
            &[
                "  UNKNOWN cloudtrail-config-changes\n",
                "cloudwatch:DescribeAlarms",
                "\nNo plan: what is UNKNOWN is not mended.\n",
            ],
        );
    }
    assert_eq!(account.daemon_writes(), [""; 0]);
}

async fn an_address_waits_for_its_owner(account: &Account) {
    Break::Unsubscribe.apply(account).await;
    let settings = Settings::new("expect.subscriptions = [\"sec@example.com\"]");
    let command = format!(
        "\n      $ aws sns subscribe --region {} --topic-arn {} --protocol email --notification-endpoint sec@example.com\n",
        account.seeded.region, account.seeded.topic_arn
    );
    for repairs in ["1 of 1 repairs carried out", "0 to create"] {
        let ended = run(account, &settings, &["heal", "--yes"]);
        ended.expect(
            2,
            &[
                "# subscription: confirm the subscription of email sec@example.com\n",
                &command,
                repairs,
            ],
        );
    }
    assert_eq!(
        account.daemon_writes(),
        ["sns:Subscribe"],
        "no address is flooded"
    );
}

async fn several_controls_share_what_they_can(account: &Account) {
    Break::DeleteTopic.apply(account).await;
    let settings = Settings::new(&format!(
        "expect.topics = [\"{}\"]\nexpect.subscriptions = [\"{}\"]",
        account.seeded.topic_arn,
        inbox(account)
    ));
    let words = ["heal", "--yes", "--control", "4.5", "--control", "4.4"];
    run(account, &settings, &words).expect(
        0,
        &[
            "\nPlan: 4 to create, 0 to change, 0 to ask.\n",
            "  PASS    cloudtrail-config-changes\n",
            "  PASS    iam-policy-changes\n",
            "\nDone: 4 of 4 ",
        ],
    );
    assert_eq!(
        account.daemon_writes(),
        [
            "sns:CreateTopic",
            "sns:Subscribe",
            "logs:PutMetricFilter",
            "cloudwatch:PutMetricAlarm"
        ]
    );
}

/// The journal of a daemon that saw the chain whole, read beside it.
async fn what_the_daemon_saw_comes_back_as_it_was(account: &Account) {
    let daemon = Daemon::start(account, "").await;
    daemon.until_compliant(1.0).await;
    let before = account.describe().await;
    Break::DeleteMetricFilter.apply(account).await;
    Break::DeleteAlarm.apply(account).await;
    Break::DeleteTopic.apply(account).await;
    daemon.until_compliant(0.0).await;
    let settings = Settings::new(&format!(
        "state_dir = \"{}\"\nexpect.subscriptions = [\"{}\"]",
        daemon.directory().display(),
        inbox(account)
    ));
    let ended = run(account, &settings, &["heal", "--yes"]);
    ended.expect(0, &["put back alarm ", "\nDone: 4 of 4 "]);
    assert_eq!(account.describe().await, before);
}
