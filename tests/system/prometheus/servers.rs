//! Prometheus and Alertmanager on free ports, on what is shipped, quicker.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::super::common::emulator::free_port;
use super::super::common::eventually;
use super::super::common::sink::Sink;
use super::{PATIENCE, shipped};

/// A server; killed when dropped.
struct Server(Child);

impl Server {
    fn start(directory: &Path, name: &str, command: &mut Command) -> Self {
        let log = File::create(directory.join(format!("{name}.log"))).expect("its log");
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a handle"))
            .stderr(log);
        Self(
            command
                .spawn()
                .unwrap_or_else(|error| panic!("{name} cannot be run: {error}")),
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A shipped file with some of its words replaced; each has to be there.
fn variant(name: &str, replaced: &[(&str, &str)]) -> String {
    let mut text = std::fs::read_to_string(shipped(name)).expect("the file is there");
    for (from, to) in replaced {
        assert!(text.contains(from), "{name} has no {from}");
        text = text.replace(from, to);
    }
    text
}

/// The shipped rules with every `for`, `keep_firing_for` and `interval` a second, and nothing else changed.
fn quick_rules() -> String {
    let rules = std::fs::read_to_string(shipped("trailwarden.rules.yml")).expect("the rules");
    let quick = |line: &str| {
        let (key, _) = line.split_once(": ")?;
        let is_time = ["for", "keep_firing_for", "interval"].contains(&key.trim_start());
        is_time.then(|| format!("{key}: 1s"))
    };
    let lines = rules
        .lines()
        .map(|line| quick(line).unwrap_or_else(|| line.to_owned()));
    lines.map(|line| line + "\n").collect()
}

/// An Alertmanager with the example's routes, which tells a sink after a second.
pub(super) struct Alertmanager {
    _server: Server,
    address: String,
}

impl Alertmanager {
    pub(super) fn start(directory: &Path, sink: &Sink) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let page = sink.url("/page");
        let ticket = sink.url("/ticket");
        let configuration = variant(
            "alertmanager.example.yml",
            &[
                ("http://127.0.0.1:8080/page", page.as_str()),
                ("http://127.0.0.1:8080/ticket", ticket.as_str()),
                ("group_wait: 10s", "group_wait: 1s"),
                ("group_interval: 1m", "group_interval: 1s"),
            ],
        );
        let path = directory.join("alertmanager.yml");
        std::fs::write(&path, configuration).expect("the configuration is written");
        let mut command = Command::new("prometheus-alertmanager");
        command
            .arg(format!("--config.file={}", path.display()))
            .arg(format!(
                "--storage.path={}",
                directory.join("alertmanager").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            // No cluster: nothing is bound but this address.
            .arg("--cluster.listen-address=");
        let server = Server::start(directory, "alertmanager", &mut command);
        Self {
            _server: server,
            address,
        }
    }
}

/// A Prometheus with the shipped rules and the example's configuration, everything once a second.
pub(super) struct Prometheus {
    _server: Server,
    address: String,
}

impl Prometheus {
    pub(super) fn start(directory: &Path, daemon: &str, alertmanager: &Alertmanager) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let configuration = variant(
            "prometheus.example.yml",
            &[
                ("scrape_interval: 15s", "scrape_interval: 1s"),
                ("evaluation_interval: 15s", "evaluation_interval: 1s"),
                ("127.0.0.1:9464", daemon),
                ("127.0.0.1:9093", &alertmanager.address),
            ],
        );
        let path = directory.join("prometheus.yml");
        std::fs::write(&path, configuration).expect("the configuration is written");
        let rules = directory.join("trailwarden.rules.yml");
        std::fs::write(rules, quick_rules()).expect("the rules are written");
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", path.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                directory.join("tsdb").display()
            ))
            .arg(format!("--web.listen-address={address}"));
        let server = Server::start(directory, "prometheus", &mut command);
        Self {
            _server: server,
            address,
        }
    }

    /// What the API answers; null while it does not.
    pub(super) fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        let mut request = ureq::get(format!("http://{}{path}", self.address))
            .config()
            .http_status_as_error(false)
            .build();
        for (name, value) in parameters {
            request = request.query(*name, *value);
        }
        let answer = request
            .call()
            .ok()
            .and_then(|mut answer| answer.body_mut().read_json::<Value>().ok());
        answer.unwrap_or_default()
    }

    /// The value of a query whose answer is one series.
    pub(super) fn value(&self, query: &str) -> Option<f64> {
        let answer = self.get("/api/v1/query", &[("query", query)]);
        answer["data"]["result"][0]["value"][1]
            .as_str()?
            .parse()
            .ok()
    }

    /// Waits until the first series of a query has that value.
    pub(super) async fn until(&self, query: &str, value: f64) {
        let probe = async || ((self.value(query)? - value).abs() < f64::EPSILON).then_some(());
        eventually(
            &format!("{query} = {value}"),
            PATIENCE + Duration::from_secs(30),
            probe,
            async || format!("{:#}", self.get("/api/v1/query", &[("query", query)])),
        )
        .await;
    }
}
