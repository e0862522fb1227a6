//! HTTPS to others than AWS, over the same TLS as the SDK's clients.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use tokio::time::timeout;

use super::https::{connector, root_certificates};

/// A handshake takes well under a second; a dead address is given up soon.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// For the whole of a request and its answer.
const POST_TIMEOUT: Duration = Duration::from_secs(10);
/// Most bytes of an answer that are read: enough for a sentence about what is wrong.
const LONGEST_ANSWER: usize = 4096;

/// Posts documents; follows no redirect. Connections are kept and shared by its clones.
#[derive(Debug, Clone)]
pub struct HttpPoster(SharedHttpConnector);

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The header Retry-After.
    pub retry_after: Option<String>,
    /// The beginning of the body.
    pub body: String,
}

/// Why there is no answer. What it displays may hold parts of the URL.
#[derive(Debug)]
pub enum PostError {
    /// The request cannot be built: the URL is none.
    Unsayable(String),
    /// Nobody was found, or the connection broke.
    Connection(String),
    /// No answer in time.
    Timeout,
}

impl fmt::Display for PostError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsayable(reason) => write!(formatter, "the request cannot be built: {reason}"),
            Self::Connection(reason) => write!(formatter, "no connection: {reason}"),
            Self::Timeout => formatter.write_str("no answer in time"),
        }
    }
}

impl Error for PostError {}

impl HttpPoster {
    /// A client with its own connections. Reads the system's root certificates.
    pub fn new() -> Self {
        let settings = HttpConnectorSettings::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .build();
        let has_roots = root_certificates().is_ok();
        Self(SharedHttpConnector::new(connector(
            has_roots,
            Some(settings),
            None,
        )))
    }

    /// Posts a document.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<PostAnswer, PostError> {
        let request = request(url, headers, body)?;
        timeout(POST_TIMEOUT, self.exchange(request))
            .await
            .unwrap_or(Err(PostError::Timeout))
    }

    async fn exchange(&self, request: HttpRequest) -> Result<PostAnswer, PostError> {
        let answer = self.0.call(request).await.map_err(|error| {
            if error.is_timeout() {
                PostError::Timeout
            } else {
                PostError::Connection(causes(&error))
            }
        })?;
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get("retry-after").map(str::to_owned);
        let mut stream = ByteStream::new(answer.into_body());
        let mut read = Vec::new();
        // The status is the answer; a body that breaks off takes nothing from it.
        while let Ok(Some(piece)) = stream.try_next().await {
            let room = LONGEST_ANSWER.saturating_sub(read.len());
            read.extend(piece.iter().take(room));
            if piece.len() >= room {
                break;
            }
        }
        Ok(PostAnswer {
            status,
            retry_after,
            body: String::from_utf8_lossy(&read).into_owned(),
        })
    }
}

impl Default for HttpPoster {
    fn default() -> Self {
        Self::new()
    }
}

fn request(
    url: &str,
    headers: &[(&'static str, String)],
    body: Vec<u8>,
) -> Result<HttpRequest, PostError> {
    let unsayable = |error: &dyn Error| PostError::Unsayable(error.to_string());
    let mut request = HttpRequest::new(SdkBody::from(body));
    request
        .set_method("POST")
        .map_err(|error| unsayable(&error))?;
    request.set_uri(url).map_err(|error| unsayable(&error))?;
    for (name, value) in headers {
        request
            .headers_mut()
            .try_insert(*name, value.clone())
            .map_err(|error| unsayable(&error))?;
    }
    Ok(request)
}

/// The last cause says what happened ("Connection refused"); those before it only where.
fn causes(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
