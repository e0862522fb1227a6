//! AWS on loopback, as a process of its own: the answers of one world for every account, with a pause before each.
//!
//! Its figures are kept apart from those of whoever calls it. Accounts differ in their id alone, which is read from the
//! access key: twelve digits, or those in the key that AssumeRole gave out.

pub(crate) mod control;
mod queue;
mod world;

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::sleep;

use self::queue::Queue;
pub(crate) use self::queue::now;
use self::world::World;
use self::world::find;
pub(crate) use self::world::{HOME, Size, TEMPLATE};
use crate::common::protocols::{Protocol, operation, xml};

/// The state of the stub.
#[derive(Debug)]
struct Stub {
    whole: World,
    cut: World,
    delay: AtomicU64,
    shared: Mutex<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    calls: HashMap<(String, String), u64>,
    cut: Vec<String>,
    queues: HashMap<String, Arc<Queue>>,
}

/// Serves until the process is ended; prints its address first.
pub(crate) async fn serve(size: Size) {
    let stub = Arc::new(Stub {
        whole: World::new(size, false),
        cut: World::new(size, true),
        delay: AtomicU64::new(0),
        shared: Mutex::default(),
    });
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
        .await
        .expect("a free port");
    println!("{}", listener.local_addr().expect("its address"));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => {
                let stub = Arc::clone(&stub);
                connections.spawn(async move {
                    stream.set_nodelay(true).expect("a socket option");
                    let service = service_fn(|request| Arc::clone(&stub).exchange(request));
                    // A client that goes away in the middle is no fault of the stub.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

impl Stub {
    async fn exchange(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let (head, body) = request.into_parts();
        let body = body
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes)
            .unwrap_or_default();
        let header = |name| {
            head.headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        if let Some(order) = head.uri.path().strip_prefix("/_stub/") {
            let answer = self.obey(order, &head.uri);
            return Ok(Response::new(Full::from(answer.to_string())));
        }
        let text = String::from_utf8_lossy(&body);
        let (protocol, operation) = operation(head.uri.path(), header("x-amz-target"), &text);
        let (account, region) = caller(header("authorization"));
        let answer = self
            .answer(protocol, operation, (account, region), &body, &text)
            .await;
        sleep(Duration::from_millis(self.delay.load(Ordering::Relaxed))).await;
        let mut response = Response::new(Full::from(answer));
        let headers = response.headers_mut();
        headers.insert("x-amzn-requestid", "request-1".parse().expect("a header"));
        if protocol == Protocol::Cbor {
            headers.insert("smithy-protocol", "rpc-v2-cbor".parse().expect("a header"));
        }
        Ok(response)
    }

    async fn answer(
        &self,
        protocol: Protocol,
        operation: &str,
        (account, region): (&str, &str),
        body: &[u8],
        text: &str,
    ) -> Vec<u8> {
        let key = (account.to_owned(), operation.to_owned());
        *self.shared().calls.entry(key).or_default() += 1;
        match operation {
            "GetCallerIdentity" => {
                let arn = format!("arn:aws:sts::{account}:assumed-role/trailwarden/bench");
                return xml(
                    operation,
                    &format!("<Account>{account}</Account><Arn>{arn}</Arn><UserId>id</UserId>"),
                );
            }
            "AssumeRole" => return assumed(text),
            "ReceiveMessage" | "DeleteMessageBatch" | "ChangeMessageVisibilityBatch" => {
                let request: Value = serde_json::from_str(text).unwrap_or_default();
                let url = request["QueueUrl"].as_str().unwrap_or_default();
                let queue = self.queue(url.rsplit('/').next().unwrap_or_default());
                return queue
                    .answer(operation, &request)
                    .await
                    .to_string()
                    .into_bytes();
            }
            _ => {}
        }
        let page = find(body, b"page-").and_then(|at| char::from(*body.get(at + 5)?).to_digit(10));
        let is_cut = self.shared().cut.iter().any(|one| one == account);
        let world = if is_cut { &self.cut } else { &self.whole };
        world
            .answer(
                operation,
                about(operation, region, text),
                page.map_or(0, |page| page as usize),
                account,
            )
            .unwrap_or_else(|| protocol.empty(operation))
    }

    /// What the bench asks of the stub itself.
    fn obey(&self, order: &str, uri: &Uri) -> Value {
        let query = uri.query().unwrap_or_default();
        let given = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .filter(|(key, _)| *key == name)
                .map(|(_, value)| value)
                .next()
                .unwrap_or_default()
        };
        let number = |name: &str| given(name).parse().unwrap_or_default();
        match order {
            "send" => json!(
                self.queue(given("queue"))
                    .send(given("account"), number("count"))
            ),
            "queue" => self.queue(given("queue")).times(),
            "delay" => {
                self.delay.store(number("ms"), Ordering::Relaxed);
                Value::Null
            }
            "cut" => {
                let mut shared = self.shared();
                shared.cut.retain(|one| one != given("account"));
                if given("is") == "true" {
                    shared.cut.push(given("account").to_owned());
                }
                Value::Null
            }
            "calls" => {
                let shared = self.shared();
                let calls = shared
                    .calls
                    .iter()
                    .filter(|((account, _), _)| given("account") == account);
                let calls: BTreeMap<&str, u64> = calls
                    .map(|((_, operation), count)| (operation.as_str(), *count))
                    .collect();
                json!(calls)
            }
            _ => json!({ "unknown": order }),
        }
    }

    fn queue(&self, name: &str) -> Arc<Queue> {
        Arc::clone(self.shared().queues.entry(name.to_owned()).or_default())
    }

    fn shared(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Account and region of the signature.
fn caller(authorization: &str) -> (&str, &str) {
    let scope = authorization
        .split_once("Credential=")
        .map_or("", |(_, rest)| rest);
    let mut parts = scope.split('/');
    let key = parts.next().unwrap_or_default();
    let account = key.strip_prefix("ASIA").unwrap_or(key);
    (
        account.get(..TEMPLATE.len()).unwrap_or(TEMPLATE),
        parts.nth(1).unwrap_or(HOME),
    )
}

/// What a request asks about: the end of a trail's ARN, a log group, a topic; else the region.
fn about<'a>(operation: &str, region: &'a str, text: &'a str) -> &'a str {
    let from = |prefix: &str| {
        let rest = &text[text.find(prefix)?..];
        let end = rest.find(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '-'));
        Some(&rest[..end.unwrap_or(rest.len())])
    };
    let named = match operation {
        "GetTrailStatus" | "GetEventSelectors" => from("trail-"),
        "DescribeLogGroups" | "DescribeMetricFilters" => from("cloudtrail-"),
        "GetTopicAttributes" | "ListSubscriptionsByTopic" | "GetSubscriptionAttributes" => {
            from("alarms-")
        }
        _ => Some(region),
    };
    named.unwrap_or_default()
}

/// Credentials whose key names the account of the role.
fn assumed(text: &str) -> Vec<u8> {
    let account = text
        .split_once("iam%3A%3A")
        .and_then(|(_, rest)| rest.get(..TEMPLATE.len()))
        .unwrap_or(TEMPLATE);
    let expires = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    xml(
        "AssumeRole",
        &format!(
            "<Credentials><AccessKeyId>ASIA{account}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>\
             <SessionToken>token</SessionToken><Expiration>{expires:.0}</Expiration></Credentials>\
             <AssumedRoleUser><Arn>arn:aws:sts::{account}:assumed-role/trailwarden/bench</Arn><AssumedRoleId>id</AssumedRoleId>\
             </AssumedRoleUser>"
        ),
    )
}
