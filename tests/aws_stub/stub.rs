//! AWS as a function from a call to an answer, under the SDK's own clients.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use trailwarden::aws::{Aws, Request, RequestObserver};

pub(crate) use crate::protocols::cbor;
use crate::protocols::{self, Protocol, operation};

/// The account that the stub's sts:GetCallerIdentity names.
pub(crate) const ACCOUNT: &str = "012345678901";

/// What the stub answers to a call.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// The operation's empty result.
    Empty,
    /// A body of the service's protocol with status 200.
    Body(Vec<u8>),
    /// An error of the service's protocol.
    Error(u16, &'static str),
    /// A status and a body that is not of the protocol.
    Garbage(u16, &'static str),
    /// Nothing, ever.
    Silence,
}

/// A call as the stub saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The operation.
    pub(crate) operation: String,
    /// Host that it went to.
    pub(crate) host: String,
    /// The request's body, as far as it is text.
    pub(crate) body: String,
    /// The request's body as it is.
    pub(crate) bytes: Vec<u8>,
    /// The `user-agent` header.
    pub(crate) user_agent: String,
}

type Rule = dyn Fn(&Seen, usize) -> Answer + Send + Sync;

/// The stub: a rule, and what it saw. The rule is told how often the operation was called before.
#[derive(Clone)]
pub(crate) struct Stub {
    rule: Arc<Rule>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl std::fmt::Debug for Stub {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Stub")
    }
}

impl Stub {
    pub(crate) fn new(rule: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self {
            rule: Arc::new(rule),
            seen: Arc::default(),
        }
    }

    /// The calls so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("the calls").clone()
    }

    /// How often an operation was called.
    pub(crate) fn count(&self, operation: &str) -> usize {
        self.seen()
            .iter()
            .filter(|seen| seen.operation == operation)
            .count()
    }

    /// The SDK on top of this stub, with an observer that notes.
    pub(crate) async fn aws(&self, observer: &Notes) -> Aws {
        let credentials = Credentials::new("AKIDEXAMPLE", "SECRET", None, None, "test");
        self.aws_as(observer, credentials).await
    }

    /// The same with other credentials.
    pub(crate) async fn aws_as(
        &self,
        observer: &Notes,
        credentials: impl ProvideCredentials + 'static,
    ) -> Aws {
        let connector = SharedHttpConnector::new(self.clone());
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .region(Region::new("us-east-1"))
            .credentials_provider(credentials)
            .load();
        Aws::with_config(config.await, Arc::new(observer.clone()))
    }

    fn answer(&self, request: &HttpRequest) -> (Protocol, Answer) {
        let text = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        let header = |name| request.headers().get(name).unwrap_or_default();
        let uri = request.uri();
        let (protocol, operation) = operation(uri, header("x-amz-target"), &text);
        let host = uri.split("://").nth(1).unwrap_or_default();
        let seen = Seen {
            operation: operation.to_owned(),
            host: host.split('/').next().unwrap_or_default().to_owned(),
            body: text,
            bytes: request.body().bytes().unwrap_or_default().to_vec(),
            user_agent: header("user-agent").to_owned(),
        };
        let before = self.count(&seen.operation);
        self.seen.lock().expect("the calls").push(seen.clone());
        let answer = match (self.rule)(&seen, before) {
            Answer::Empty if seen.operation == "GetCallerIdentity" => xml(
                "GetCallerIdentity",
                &format!("<Account>{ACCOUNT}</Account><Arn>arn</Arn><UserId>id</UserId>"),
            ),
            Answer::Empty => Answer::Body(protocol.empty(&seen.operation)),
            answer => answer,
        };
        (protocol, answer)
    }
}

/// A result of the query protocol.
pub(crate) fn xml(operation: &str, result: &str) -> Answer {
    Answer::Body(protocols::xml(operation, result))
}

impl HttpConnector for Stub {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (protocol, answer) = self.answer(&request);
        HttpConnectorFuture::new(async move {
            let (status, body) = match answer {
                Answer::Body(body) => (200, body),
                Answer::Garbage(status, text) => (status, text.as_bytes().to_vec()),
                Answer::Error(status, code) => (status, protocol.error(code)),
                Answer::Silence | Answer::Empty => {
                    tokio::time::sleep(Duration::from_secs(1_000_000)).await;
                    unreachable!("the call is given up long before")
                }
            };
            let status = status.try_into().expect("a status");
            let mut response = HttpResponse::new(status, SdkBody::from(body));
            response
                .headers_mut()
                .insert("x-amzn-requestid", "request-1");
            if protocol == Protocol::Cbor {
                response
                    .headers_mut()
                    .insert("smithy-protocol", "rpc-v2-cbor");
            }
            Ok(response)
        })
    }
}

/// What the observer was told: service, operation, result, request id.
pub(crate) type Note = (String, String, &'static str, Option<String>);

/// An observer that notes what it is told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<VecDeque<Note>>>);

impl Notes {
    /// What was told about one operation: its results in order.
    pub(crate) fn results(&self, operation: &str) -> Vec<&'static str> {
        let notes = self.0.lock().expect("the notes");
        notes
            .iter()
            .filter(|note| note.1 == operation)
            .map(|note| note.2)
            .collect()
    }

    /// All that was told.
    pub(crate) fn all(&self) -> Vec<Note> {
        self.0.lock().expect("the notes").iter().cloned().collect()
    }
}

impl RequestObserver for Notes {
    fn observe(&self, request: &Request<'_>) {
        self.0.lock().expect("the notes").push_back((
            request.service.to_owned(),
            request.operation.to_owned(),
            request.result.name(),
            request.request_id.map(ToOwned::to_owned),
        ));
    }
}
