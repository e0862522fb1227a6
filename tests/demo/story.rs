//! The story as a timeline, with the latencies that were measured.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::common::aws::Account;
use super::common::breaks::Break;
use super::common::daemon::{Daemon, PATIENCE};
use super::common::emulator::Emulator;
use super::common::eventually;

/// A daemon that mends what it may; two seconds of settling make the story short.
const SETTINGS: &str = "[heal]\nmode = \"apply\"\nsettle = \"2s\"";

struct Story {
    begun: Instant,
    account: Account,
    daemon: Daemon,
}

/// Tells it; every step is waited for, so that the end of the story is the proof.
///
/// # Panics
/// A step did not come to pass.
pub(crate) async fn tell() {
    let emulator = Emulator::start().await;
    let account = Account::fresh(&emulator).await;
    println!(
        "Account {} is seeded with the chain of CIS 4.5.\n",
        account.seeded.account
    );
    let begun = Instant::now();
    let daemon = Daemon::start(&account, SETTINGS).await;
    let story = Story {
        begun,
        account,
        daemon,
    };
    story.line(
        "trailwarden",
        "is ready (heal.mode = apply, which is off by default)",
    );
    story.until("PASS", None).await;

    for cut in [
        Break::DeleteMetricFilter,
        Break::NarrowPattern,
        Break::RaiseThreshold,
    ] {
        story.cut_and_mend(cut).await;
    }

    story.cut(Break::StopLogging).await;
    story.alarm_message().await;
    let control = control(&story.daemon);
    let command = &control["plan"]["steps"][0]["action"]["ask"]["command"];
    story.line(
        "trailwarden",
        &format!(
            "may not start a trail; it asks a person:\n{:>32}{}",
            "",
            text(command)
        ),
    );
    let call = story
        .account
        .cloudtrail
        .start_logging()
        .name(&story.account.seeded.trail);
    call.send().await.expect("StartLogging");
    story.line("a person", "StartLogging");
    // Nothing was logging when the trail started again, so the sweep or the event of the start itself tells.
    story.until("PASS", None).await;

    let writes = story.account.daemon_writes();
    println!(
        "\nWritten by trailwarden, as the emulator counted: {}",
        writes.join(", ")
    );
    let Story { daemon, .. } = story;
    drop(daemon);
    drop(emulator);
}

impl Story {
    fn line(&self, who: &str, what: &str) {
        println!(
            "{:>9.3} s  {who:>16}   {what}",
            self.begun.elapsed().as_secs_f64()
        );
    }

    /// Waits for a verdict and says how long it took.
    async fn until(&self, verdict: &str, since: Option<Instant>) {
        // The look that confirms an earlier event may see a cut before its own event has come: the name comes with that.
        let probe = async || {
            let control = control(&self.daemon);
            let told = verdict == "PASS" || !control["findings"][0]["actor"].is_null();
            (control["verdict"] == verdict && told).then_some(())
        };
        eventually(verdict, PATIENCE, probe, async || self.daemon.log()).await;
        let took = since.map_or_else(String::new, |since| {
            format!(
                ", {:.0} ms after the call",
                since.elapsed().as_secs_f64() * 1e3
            )
        });
        let control = control(&self.daemon);
        let finding = &control["findings"][0];
        if verdict == "PASS" {
            self.line("trailwarden", &format!("PASS{took}"));
            return;
        }
        self.line(
            "trailwarden",
            &format!(
                "{verdict} at {}{took}: {}",
                text(&control["broken_link"]),
                text(&finding["message"])
            ),
        );
        let actor = &finding["actor"];
        self.line(
            "",
            &format!(
                "by {} from {}",
                text(&actor["principal_arn"]),
                text(&actor["source_address"])
            ),
        );
    }

    async fn cut(&self, cut: Break) -> Instant {
        let called = Instant::now();
        cut.apply(&self.account).await;
        self.line("mallory", &format!("{} ({cut:?})", cut.event_name()));
        self.until("FAIL", Some(called)).await;
        called
    }

    async fn cut_and_mend(&self, cut: Break) {
        let called = self.cut(cut).await;
        self.until("PASS", Some(called)).await;
    }

    /// The chain itself does what it is for: one StopLogging ends in a message.
    async fn alarm_message(&self) {
        let inbox = &self.account.seeded.inbox_url;
        let message = eventually(
            "the alarm's message",
            Duration::from_mins(1),
            async || {
                let call = self
                    .account
                    .sqs
                    .receive_message()
                    .queue_url(inbox)
                    .wait_time_seconds(5);
                let answer = call.send().await.ok()?;
                let body = answer.messages().first()?.body()?.to_owned();
                let notification: Value = serde_json::from_str(&body).ok()?;
                serde_json::from_str::<Value>(notification["Message"].as_str()?).ok()
            },
            async || "nothing came".to_owned(),
        )
        .await;
        let (alarm, state) = (text(&message["AlarmName"]), text(&message["NewStateValue"]));
        self.line(
            "the chain",
            &format!("told its subscriber: {alarm} is {state}"),
        );
    }
}

fn control(daemon: &Daemon) -> Value {
    daemon.status()["controls"][0].clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("(unknown)")
}
