//! The stub as its user sees it: a process that is told what to do and asked what it saw.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{HOME, Size};
use crate::process::Usage;

/// A stub of its own; ended when dropped.
pub(crate) struct StubProcess {
    child: Child,
    address: String,
}

/// When messages of a queue were handed out and deleted, in nanoseconds since 1970, and how many are left.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct QueueTimes {
    pub(crate) first_receive: u64,
    pub(crate) last_receive: u64,
    pub(crate) last_delete: u64,
    visible: u64,
    in_flight: u64,
}

impl QueueTimes {
    /// Messages that are not deleted.
    pub(crate) const fn left(&self) -> u64 {
        self.visible + self.in_flight
    }

    /// Seconds from the first receive to the last.
    pub(crate) fn received_in(&self) -> f64 {
        seconds(self.last_receive - self.first_receive)
    }

    /// Seconds from the first receive to the last delete.
    pub(crate) fn drained_in(&self) -> f64 {
        seconds(self.last_delete - self.first_receive)
    }
}

impl StubProcess {
    pub(crate) fn start(size: Size) -> Self {
        let mut child = crate::role("stub")
            .args([size.filters, size.alarms, size.topics].map(|number| number.to_string()))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the stub starts");
        let mut address = String::new();
        let stdout = child.stdout.take().expect("its output");
        BufReader::new(stdout)
            .read_line(&mut address)
            .expect("its address");
        let address = address.trim().to_owned();
        Self { child, address }
    }

    /// What the kernel knows of it.
    pub(crate) fn usage(&self) -> Usage {
        Usage::of(self.child.id()).expect("it runs")
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// URL of a queue; there are as many as are asked for.
    pub(crate) fn queue_url(&self, queue: &str) -> String {
        format!("{}/queue/{HOME}/000000000000/{queue}", self.endpoint())
    }

    /// Credentials of the account, in place of all other settings of AWS.
    pub(crate) fn environment<'a>(
        &self,
        command: &'a mut Command,
        account: &str,
    ) -> &'a mut Command {
        command
            .env_clear()
            .env("AWS_ENDPOINT_URL", self.endpoint())
            .env("AWS_REGION", HOME)
            .env("AWS_ACCESS_KEY_ID", account)
            .env("AWS_SECRET_ACCESS_KEY", "secret")
    }

    /// Puts in so many events of the account; answers when they were visible.
    pub(crate) fn send(&self, queue: &str, account: &str, count: u64) -> u64 {
        self.ask(&format!(
            "send?queue={queue}&account={account}&count={count}"
        ))
    }

    /// Takes a filter from the account, or gives it back.
    pub(crate) fn cut(&self, account: &str, is_cut: bool) {
        let _: serde_json::Value = self.ask(&format!("cut?account={account}&is={is_cut}"));
    }

    /// From now on each call takes this much longer.
    pub(crate) fn delay(&self, milliseconds: u64) {
        let _: serde_json::Value = self.ask(&format!("delay?ms={milliseconds}"));
    }

    /// How often the account called each operation.
    pub(crate) fn calls(&self, account: &str) -> BTreeMap<String, u64> {
        self.ask(&format!("calls?account={account}"))
    }

    pub(crate) fn queue(&self, queue: &str) -> QueueTimes {
        self.ask(&format!("queue?queue={queue}"))
    }

    fn ask<T: DeserializeOwned>(&self, order: &str) -> T {
        let mut answer = ureq::get(format!("{}/_stub/{order}", self.endpoint()))
            .call()
            .expect("the stub answers");
        answer.body_mut().read_json().expect("in JSON")
    }
}

impl Drop for StubProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(clippy::cast_precision_loss, reason = "a span of minutes")]
fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}
