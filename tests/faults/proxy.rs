//! A proxy in front of LocalStack that fails as told: one fault or a seeded mix of them, for one operation, one service or
//! all, changed while it runs. It counts what it sees.
//!
//! One proxy serves one daemon, so that tests with accounts of their own can run at the same time.

mod answer;
mod request;
mod rule;

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Collected, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::http::uri::PathAndQuery;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use request::Call;
use rule::Rules;
pub(crate) use rule::{Calls, Fault, Mix};

/// How long the first half of an answer that is cut has to reach the client before the connection breaks.
const CUT_AFTER: Duration = Duration::from_millis(20);

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// A running proxy; it ends, and every connection with it, when this is dropped.
pub(crate) struct Proxy {
    /// URL without a slash at the end.
    pub(crate) endpoint: String,
    shared: Arc<Shared>,
    stop: CancellationToken,
}

/// One call that came, served or not.
#[derive(Debug, Clone)]
pub(crate) struct Passed {
    pub(crate) at: Instant,
    pub(crate) call: Call,
}

struct Shared {
    client: Client<HttpConnector, Full<Bytes>>,
    upstream: Mutex<String>,
    rules: Mutex<Rules>,
    passed: Mutex<Vec<Passed>>,
    /// Cancelled, and replaced, when calm returns: what hangs breaks off.
    weather: Mutex<CancellationToken>,
}

impl Proxy {
    /// Starts one on a free port of loopback, in front of this URL.
    pub(crate) async fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            client: Client::builder(TokioExecutor::new()).build_http(),
            upstream: Mutex::new(upstream.to_owned()),
            rules: Mutex::default(),
            passed: Mutex::default(),
            weather: Mutex::default(),
        });
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let connections = tasks.clone();
        let (at_connections, until) = (Arc::clone(&shared), stop.clone());
        tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = until.cancelled() => return,
                    Ok((stream, _)) = listener.accept() => {
                        let one = Arc::clone(&at_connections).serve(stream);
                        let until = until.clone();
                        connections.spawn(async move {
                            tokio::select! {
                                () = until.cancelled() => {}
                                () = one => {}
                            }
                        });
                    }
                }
            }
        });
        Self {
            endpoint: format!("http://{address}"),
            shared,
            stop,
        }
    }

    /// From now on these calls fail so; the latest word on a call counts.
    pub(crate) fn fail(&self, calls: Calls, fault: Fault) {
        self.shared.rules().fail(calls, fault);
    }

    /// From now on calls of all services fail by chance: the n-th call of an operation has the same fate in every run with this
    /// seed.
    pub(crate) fn storm(&self, mix: Mix) {
        self.shared.rules().storm(mix);
    }

    /// From now on calls that are signed with this session token are answered with ExpiredToken, calm or not.
    pub(crate) fn revoke(&self, session_token: &str) {
        self.shared.rules().revoke(session_token);
    }

    /// Everything is served again; what hangs breaks off.
    pub(crate) fn calm(&self) {
        self.shared.rules().calm();
        self.shared.break_off();
    }

    /// What [`Self::fail`] said is forgotten; what hangs breaks off. A storm goes on.
    pub(crate) fn clear(&self) {
        self.shared.rules().clear();
        self.shared.break_off();
    }

    /// Stands in front of another server from now on.
    pub(crate) fn turn_to(&self, upstream: &str) {
        upstream.clone_into(&mut self.shared.upstream.lock().expect("the upstream"));
    }

    /// What came since then.
    pub(crate) fn passed_since(&self, moment: Instant) -> Vec<Passed> {
        let passed = self.shared.passed.lock().expect("the calls");
        passed
            .iter()
            .filter(|one| one.at >= moment)
            .cloned()
            .collect()
    }

    /// How many of these calls came since then, served or not.
    pub(crate) fn count_since(&self, moment: Instant, calls: &Calls) -> usize {
        let passed = self.passed_since(moment);
        passed.iter().filter(|one| calls.cover(&one.call)).count()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed without an answer")]
struct Closed;

impl Shared {
    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().expect("the rules")
    }

    fn break_off(&self) {
        let old = std::mem::take(&mut *self.weather.lock().expect("the weather"));
        old.cancel();
    }

    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let service = service_fn(move |request| Arc::clone(&self).answer(request));
        // An error is what was asked for, or a client that went away.
        let _ended = http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Body>, Closed> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| Closed)?.to_bytes();
        let call = Call::of(&head, &body);
        let fault = self.rules().fate(&call);
        let weather = self.weather.lock().expect("the weather").clone();
        self.passed.lock().expect("the calls").push(Passed {
            at: Instant::now(),
            call: call.clone(),
        });
        let request = Request::from_parts(head, Full::new(body));
        match fault {
            None => self.forward(request).await,
            Some(Fault::Late(by)) => {
                tokio::time::sleep(by).await;
                self.forward(request).await
            }
            Some(Fault::Hang) => {
                weather.cancelled().await;
                Err(Closed)
            }
            Some(Fault::Drop) => Err(Closed),
            Some(Fault::Lose) => {
                self.forward(request).await?;
                Err(Closed)
            }
            Some(Fault::Cut) => Ok(cut(self.forward(request).await?).await),
            Some(Fault::Say(says)) => Ok(whole(says.answer(&call))),
        }
    }

    /// The upstream's answer, whole; a server that is not there closes the connection.
    async fn forward(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Body>, Closed> {
        let upstream = self.upstream.lock().expect("the upstream").clone();
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", PathAndQuery::as_str);
        let uri: Uri = format!("{upstream}{path}").parse().map_err(|_| Closed)?;
        *request.uri_mut() = uri;
        let answer = self.client.request(request).await.map_err(|_| Closed)?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map_err(|_| Closed)?.to_bytes();
        Ok(whole(Response::from_parts(head, body)))
    }
}

fn whole(answer: Response<Bytes>) -> Response<Body> {
    answer.map(|body| {
        Full::new(body)
            .map_err(|never: Infallible| match never {})
            .boxed_unsync()
    })
}

/// The head and half of the body; then the connection breaks.
async fn cut(answer: Response<Body>) -> Response<Body> {
    let (mut head, body) = answer.into_parts();
    let body = body
        .collect()
        .await
        .map_or_else(|_| Bytes::new(), Collected::to_bytes);
    head.headers
        .insert("content-length", body.len().max(1).into());
    head.headers.remove("transfer-encoding");
    let half = body.slice(..body.len() / 2);
    let breaks = async {
        tokio::time::sleep(CUT_AFTER).await;
        Err(io::ErrorKind::ConnectionReset.into())
    };
    let frames = stream::once(async { Ok(Frame::data(half)) }).chain(stream::once(breaks));
    Response::from_parts(head, StreamBody::new(frames).boxed_unsync())
}
