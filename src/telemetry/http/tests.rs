use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::*;
use crate::assess::Link;
use crate::telemetry::Metrics;
use crate::telemetry::samples::{HOSTILE, NEVER, account_status, actor, cut_at, status};

const SCOPE: &str = "111122223333";

struct Server {
    address: SocketAddr,
    board: StatusBoard,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

async fn start(limits: Limits, status_page: bool) -> Server {
    start_with(&[SCOPE], limits, status_page).await
}

async fn start_with(scopes: &[&str], limits: Limits, status_page: bool) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let board = StatusBoard::new(scopes.iter().map(|name| (*name).to_owned()), true);
    let state = HttpState {
        board: board.clone(),
        events: Events::new(Arc::new(Metrics::new().unwrap())),
        status_page,
    };
    let stop = CancellationToken::new();
    let task = TaskTracker::new().spawn(serve(listener, state, limits, stop.clone()));
    Server {
        address,
        board,
        stop,
        task,
    }
}

/// Sends the bytes and reads until the server closes.
async fn talk(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    read_all(&mut stream).await
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset is an end too: what came before it counts.
    let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut answer))
        .await
        .expect("the server closes");
    String::from_utf8(answer).unwrap()
}

async fn request(address: SocketAddr, method: &str, path: &str) -> (u16, String, String) {
    let answer = talk(
        address,
        &format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"),
    )
    .await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_ascii_lowercase(), body.to_owned())
}

fn evaluated(server: &Server, name: &str) {
    let control = status(&cut_at(Link::Pattern, name), Some(&actor(name)));
    server
        .board
        .evaluated(SCOPE, account_status(SCOPE, vec![control]));
}

#[tokio::test]
async fn livez_answers_from_the_first_moment_and_readyz_says_what_is_missing() {
    let server = start(Limits::default(), true).await;
    assert_eq!(request(server.address, "GET", "/livez").await.0, 200);
    let (status, _, body) = request(server.address, "GET", "/readyz").await;
    assert_eq!(status, 503);
    assert_eq!(
        body,
        "not ready; waiting for:\n- first evaluation of 111122223333\n- first answer of the queue\n"
    );
    server.board.feed_received();
    let (status, _, body) = request(server.address, "GET", "/readyz").await;
    assert_eq!((status, body.contains("queue")), (503, false));
    evaluated(&server, "x");
    let (status, _, body) = request(server.address, "GET", "/readyz").await;
    assert_eq!((status, body.as_str()), (200, "ready\n"));
}

#[tokio::test]
async fn metrics_are_text_and_know_whether_the_process_is_ready() {
    let server = start(Limits::default(), true).await;
    let (status, head, body) = request(server.address, "GET", "/metrics").await;
    assert_eq!(status, 200);
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"));
    assert!(body.contains("\ntrailwarden_ready 0\n"));
    server.board.feed_received();
    evaluated(&server, "x");
    let (_, _, body) = request(server.address, "GET", "/metrics").await;
    assert!(body.contains("\ntrailwarden_ready 1\n"));
}

#[tokio::test]
async fn status_is_no_good_news_before_the_first_evaluation() {
    let server = start(Limits::default(), true).await;
    let (status, head, body) = request(server.address, "GET", "/status").await;
    assert_eq!(status, 503);
    assert!(head.contains("content-type: application/json"));
    let document: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        document,
        serde_json::json!({"accounts": [], "pending": [SCOPE]})
    );
}

#[tokio::test]
async fn status_has_the_report_with_since_actor_and_plan() {
    let server = start(Limits::default(), true).await;
    evaluated(&server, "x");
    let (status, _, body) = request(server.address, "GET", "/status").await;
    assert_eq!(status, 200);
    let document: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(document["account_id"], SCOPE);
    let control = &document["controls"][0];
    assert_eq!(control["verdict"], "FAIL");
    assert_eq!(control["broken_link"], "pattern");
    assert_eq!(control["since"], "2026-08-01T11:48:00Z");
    assert_eq!(control["actor"]["event_name"], "DeleteMetricFilter");
    assert_eq!(control["findings"][0]["actor"], control["actor"]);
    assert_eq!(
        control["plan"]["steps"][0]["action"]["repair"]["operation"],
        "put_metric_filter"
    );
}

#[tokio::test]
async fn status_of_several_scopes_is_a_list_that_names_those_without_a_verdict() {
    let server = start_with(&[SCOPE, "444455556666"], Limits::default(), true).await;
    evaluated(&server, "x");
    let (status, _, body) = request(server.address, "GET", "/status").await;
    assert_eq!(status, 200);
    let document: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(document["accounts"].as_array().unwrap().len(), 1);
    assert_eq!(document["accounts"][0]["account_id"], SCOPE);
    assert_eq!(document["pending"], serde_json::json!(["444455556666"]));
}

#[tokio::test]
async fn the_page_is_html_with_its_policy_and_spells_hostile_names_out() {
    let server = start(Limits::default(), true).await;
    evaluated(&server, HOSTILE);
    let (status, head, body) = request(server.address, "GET", "/").await;
    assert_eq!(status, 200);
    assert!(head.contains("content-type: text/html; charset=utf-8"));
    assert!(head.contains("content-security-policy: default-src 'none'; style-src 'sha256-"));
    assert!(head.contains("x-content-type-options: nosniff"));
    assert!(head.contains("x-frame-options: deny"));
    assert!(head.contains("referrer-policy: no-referrer"));
    assert!(head.contains("cache-control: no-store"));
    for never in NEVER {
        assert!(!body.contains(never), "{never:?} stands in the page");
    }
}

#[tokio::test]
async fn page_and_status_are_not_found_where_they_are_off() {
    let server = start(Limits::default(), false).await;
    for path in ["/", "/status"] {
        assert_eq!(request(server.address, "GET", path).await.0, 404, "{path}");
    }
    for path in ["/metrics", "/livez"] {
        assert_eq!(request(server.address, "GET", path).await.0, 200, "{path}");
    }
}

#[tokio::test]
async fn head_answers_without_a_body_and_other_methods_are_refused() {
    let server = start(Limits::default(), true).await;
    let (status, head, body) = request(server.address, "HEAD", "/metrics").await;
    assert_eq!((status, body.as_str()), (200, ""));
    assert!(head.contains("content-length: "));
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"] {
        let (status, head, _) = request(server.address, method, "/metrics").await;
        assert_eq!(status, 405, "{method}");
        assert!(head.contains("allow: get,head"), "{head}");
    }
    let (status, head, _) = request(server.address, "GET", "/no/such/path").await;
    assert_eq!(status, 404);
    assert!(head.contains("content-security-policy"));
}

#[tokio::test]
async fn a_client_that_sends_its_head_slowly_is_cut() {
    let limits = Limits {
        head: Duration::from_millis(300),
        ..Limits::default()
    };
    let server = start(limits, true).await;
    let begun = Instant::now();
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let trickle = async {
        for byte in "GET /metrics HTTP/1.1\r\nx-slow: ".bytes().cycle() {
            if stream.write_all(&[byte]).await.is_err() {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(10), trickle).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn an_idle_connection_is_closed_before_and_after_a_request() {
    let limits = Limits {
        head: Duration::from_millis(300),
        ..Limits::default()
    };
    let server = start(limits, true).await;
    assert_eq!(talk(server.address, "").await, "");
    let answer = talk(server.address, "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.ends_with("alive\n"), "{answer}");
}

#[tokio::test]
async fn a_connection_that_keeps_asking_ends_with_its_lifetime() {
    let limits = Limits {
        lifetime: Duration::from_millis(400),
        ..Limits::default()
    };
    let server = start(limits, true).await;
    let begun = Instant::now();
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let ask = async {
        let mut buffer = [0; 4096];
        loop {
            let sent = stream
                .write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")
                .await;
            if sent.is_err() || matches!(stream.read(&mut buffer).await, Ok(0) | Err(_)) {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(10), ask).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(400));
}

#[tokio::test]
async fn a_crowd_of_idle_clients_does_not_keep_the_scraper_out() {
    let limits = Limits {
        connections: 8,
        head: Duration::from_mins(10),
        lifetime: Duration::from_mins(10),
        grace: Duration::from_millis(100),
    };
    let server = start(limits, true).await;
    let mut crowd = Vec::new();
    for _ in 0..40 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"GET /metrics HT").await.unwrap();
        crowd.push(stream);
    }
    let begun = Instant::now();
    assert_eq!(request(server.address, "GET", "/livez").await.0, 200);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn more_clients_than_places_are_all_answered() {
    let limits = Limits {
        connections: 4,
        grace: Duration::from_secs(5),
        ..Limits::default()
    };
    let server = start(limits, true).await;
    let clients = TaskTracker::new();
    let answers: Vec<_> = (0..100)
        .map(|_| {
            let address = server.address;
            clients.spawn(async move { request(address, "GET", "/metrics").await.0 })
        })
        .collect();
    for answer in answers {
        assert_eq!(answer.await.unwrap(), 200);
    }
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let server = start(Limits::default(), true).await;
    let long = "a".repeat(20_000);
    let answer = talk(
        server.address,
        &format!("GET /livez HTTP/1.1\r\nhost: x\r\nx-long: {long}\r\n\r\n"),
    )
    .await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_stop_closes_the_port_and_does_not_wait_for_idle_clients() {
    let limits = Limits {
        grace: Duration::from_millis(200),
        ..Limits::default()
    };
    let server = start(limits, true).await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(request(server.address, "GET", "/livez").await.0, 200);
    server.stop.cancel();
    timeout(Duration::from_secs(5), server.task)
        .await
        .expect("it stops")
        .unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
    assert_eq!(read_all(&mut idle).await, "");
}
