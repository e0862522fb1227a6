//! A daemon behind a proxy that fails, the truth about its account, and what must hold whatever failed.

use std::sync::Mutex;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use nix::sys::signal::Signal;
use serde_json::Value;

use super::common::aws::Account;
use super::common::breaks::{Break, PATTERN, put_alarm, put_filter};
use super::common::daemon::Daemon;
use super::common::eventually;
use super::common::process::resident_kib;
use super::proxy::Proxy;

/// How much more memory than at first the daemon may need at the end. A debug build with its allocator's habits; what
/// leaks, leaks more.
const MOST_GROWTH_KIB: u64 = 64 * 1024;

/// A daemon whose every call of AWS goes through a proxy.
pub(crate) struct Bench {
    /// The way to the account that never fails.
    pub(crate) account: Account,
    pub(crate) proxy: Proxy,
    pub(crate) daemon: Daemon,
    changes: Mutex<Vec<Change>>,
    /// Process id and resident memory when it first was ready.
    begun: (u32, u64),
}

/// A change that somebody made, and what was true from then on.
#[derive(Debug, Clone, Copy)]
struct Change {
    called: Timestamp,
    answered: Timestamp,
    whole: bool,
}

/// A look that the daemon told of in its log.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) began: Timestamp,
    pub(crate) ended: Timestamp,
    pub(crate) trigger: String,
    pub(crate) result: String,
}

/// A line of the log that the audit reads.
enum Told {
    Look(Look),
    /// A repair was written, or may have been.
    Wrote(Timestamp),
}

/// Repairs at once, with the subscription named that the seed made.
pub(crate) fn repairing(account: &Account) -> String {
    format!(
        "[heal]\nmode = \"apply\"\nsettle = \"1s\"\ncooldown = \"0s\"\nbudget_per_hour = 1000\nstop_after = 100\n\
         [expect]\nsubscriptions = [\"arn:aws:sqs:{}:{}:cis-alarm-inbox\"]",
        account.seeded.region, account.seeded.account
    )
}

impl Bench {
    /// A daemon that is ready and sees the compliant chain.
    pub(crate) async fn start(account: &Account, settings: &str) -> Self {
        let bench = Self::spawn(
            account,
            settings,
            Proxy::start(&account.endpoint).await,
            |_| {},
        )
        .await;
        bench.daemon.until_ready().await;
        bench.daemon.until_compliant(1.0).await;
        bench
    }

    /// One behind a proxy that may fail already; waits until it serves HTTP.
    pub(crate) async fn spawn(
        account: &Account,
        settings: &str,
        proxy: Proxy,
        change: impl FnOnce(&mut std::process::Command),
    ) -> Self {
        let daemon = Daemon::spawn_with(account, settings, |command| {
            command.env("AWS_ENDPOINT_URL", &proxy.endpoint);
            change(command);
        })
        .await;
        let begun = (daemon.id(), resident_kib(daemon.id()));
        Self {
            account: account.clone(),
            proxy,
            daemon,
            changes: Mutex::default(),
            begun,
        }
    }

    /// Ends the daemon so, and starts the next one on its state; waits until that is ready.
    pub(crate) async fn restart(mut self, signal: Signal) -> Self {
        let through = Account {
            endpoint: self.proxy.endpoint.clone(),
            ..self.account.clone()
        };
        self.daemon = self.daemon.restarted(&through, signal).await;
        self.begun = (self.daemon.id(), resident_kib(self.daemon.id()));
        self
    }

    /// Makes a change, after which the chain is whole, or is not.
    pub(crate) async fn change(&self, whole: bool, call: impl Future<Output = ()>) {
        let called = Timestamp::now();
        call.await;
        let answered = Timestamp::now();
        self.changes.lock().expect("the changes").push(Change {
            called,
            answered,
            whole,
        });
    }

    /// Somebody cuts the chain.
    pub(crate) async fn cut(&self, cut: Break) {
        self.change(false, cut.apply(&self.account)).await;
    }

    /// Somebody makes good what that cut did.
    pub(crate) async fn mend(&self, cut: Break) {
        self.change(true, mend(&self.account, cut)).await;
    }

    /// Every look so far.
    pub(crate) fn looks(&self) -> Vec<Look> {
        self.told()
            .into_iter()
            .filter_map(|told| match told {
                Told::Look(look) => Some(look),
                Told::Wrote(_) => None,
            })
            .collect()
    }

    /// How often it looked since then.
    pub(crate) fn looks_since(&self, moment: Timestamp) -> usize {
        self.looks()
            .iter()
            .filter(|look| look.began >= moment)
            .count()
    }

    fn told(&self) -> Vec<Told> {
        self.daemon.log().lines().filter_map(told).collect()
    }

    /// Waits until the gauge says the truth, and the queue is empty: nothing is left to hear of.
    pub(crate) async fn settle(&self, limit: Duration) {
        let whole = self
            .changes
            .lock()
            .expect("the changes")
            .last()
            .is_none_or(|last| last.whole);
        let expected = if whole { 1.0 } else { 0.0 };
        self.daemon.until_compliant_within(expected, limit).await;
        self.account.until_queue_is_empty(limit).await;
    }

    /// Waits for a look that began after the last change.
    pub(crate) async fn until_looked(&self, limit: Duration) {
        let last = self
            .changes
            .lock()
            .expect("the changes")
            .last()
            .map(|last| last.called);
        let probe = async || {
            let told = self.told();
            let looked = told
                .iter()
                .any(|told| matches!(told, Told::Look(look) if Some(look.began) >= last));
            looked.then_some(())
        };
        let explain = async || self.daemon.log();
        eventually("a look after the last change", limit, probe, explain).await;
    }

    /// What must hold whatever failed.
    pub(crate) fn audit(&self) {
        let log = self.daemon.log();
        assert!(!log.contains("panicked"), "{log}");
        let (id, resident) = self.begun;
        assert_eq!(self.daemon.id(), id);
        assert!(self.daemon.scrape().is_some(), "it lives\n{log}");
        let grown = resident_kib(id).saturating_sub(resident);
        assert!(grown < MOST_GROWTH_KIB, "{grown} KiB more than at first");
        audit(
            &self.told(),
            &self.changes.lock().expect("the changes"),
            &log,
        );
    }
}

/// No change without a look that began after it, no PASS that nobody can have seen, no write but after a FAIL.
fn audit(told: &[Told], changes: &[Change], log: &str) {
    let looks: Vec<&Look> = told
        .iter()
        .filter_map(|told| match told {
            Told::Look(look) => Some(look),
            Told::Wrote(_) => None,
        })
        .collect();
    for change in changes {
        assert!(
            looks.iter().any(|look| look.began >= change.called),
            "no look followed {change:?}\n{log}"
        );
    }
    let first_write_after = |moment: Timestamp| {
        let mut writes = told.iter().filter_map(|told| match told {
            Told::Wrote(at) => Some(*at),
            Told::Look(_) => None,
        });
        writes.find(|at| *at >= moment)
    };
    for (index, change) in changes.iter().enumerate().filter(|(_, one)| !one.whole) {
        let next = changes[index + 1..].iter().find(|one| one.whole);
        let ends = [
            next.map(|one| one.called),
            first_write_after(change.answered),
        ];
        let end = ends.into_iter().flatten().min().unwrap_or(Timestamp::MAX);
        let wrong = looks.iter().find(|look| {
            look.result == "pass" && look.began >= change.answered && look.ended < end
        });
        assert!(wrong.is_none(), "{wrong:?} although {change:?}\n{log}");
    }
    let mut last = None;
    for told in told {
        match told {
            Told::Look(look) => last = Some(look.result.as_str()),
            Told::Wrote(at) => assert_eq!(last, Some("fail"), "a write at {at}\n{log}"),
        }
    }
}

/// What a line of the log tells the audit.
fn told(line: &str) -> Option<Told> {
    let entry: Value = serde_json::from_str(line).ok()?;
    let ended: Timestamp = entry["timestamp"].as_str()?.parse().ok()?;
    let field = |name: &str| {
        let nested = &entry["fields"][name];
        if nested.is_null() {
            entry[name].clone()
        } else {
            nested.clone()
        }
    };
    let text = |name: &str| field(name).as_str().unwrap_or_default().to_owned();
    match text("message").as_str() {
        "evaluated" => {
            let took = SignedDuration::try_from_secs_f64(field("took_seconds").as_f64()?).ok()?;
            Some(Told::Look(Look {
                began: ended - took,
                ended,
                trigger: text("trigger"),
                result: text("result"),
            }))
        }
        "repair step" if matches!(text("result").as_str(), "applied" | "failed" | "denied") => {
            Some(Told::Wrote(ended))
        }
        _ => None,
    }
}

/// The call that makes good what a cut did.
async fn mend(account: &Account, cut: Break) {
    let seeded = &account.seeded;
    match cut {
        Break::StopLogging => {
            let call = account.cloudtrail.start_logging().name(&seeded.trail);
            call.send().await.expect("StartLogging");
        }
        Break::DeleteMetricFilter | Break::NarrowPattern | Break::WriteZero => {
            put_filter(account, PATTERN, "1").await;
        }
        Break::DisableActions => {
            let call = account.cloudwatch.enable_alarm_actions();
            let call = call.alarm_names(&seeded.alarm);
            call.send().await.expect("EnableAlarmActions");
        }
        Break::DeleteAlarm | Break::RaiseThreshold | Break::DropActions => {
            put_alarm(account, 1.0, true).await;
        }
        other => panic!("nobody makes good {other:?} here"),
    }
}
