//! Which call of AWS a request is.

use hyper::http::request::Parts;

/// How the request is written, and therefore how an error has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// `X-Amz-Target`, JSON.
    Json,
    /// `Action=` in a form, XML back: STS and SNS.
    Query,
    /// Smithy's RPC v2 in CBOR: CloudWatch.
    Cbor,
}

/// One call.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The name that it is signed for: `monitoring` is CloudWatch.
    pub(crate) service: String,
    /// The region that it is signed for.
    pub(crate) region: String,
    /// Who signed it.
    pub(crate) access_key: String,
    /// The API operation, or the path where the protocol names none.
    pub(crate) operation: String,
    /// `X-Amz-Security-Token`.
    pub(crate) session_token: Option<String>,
    pub(super) protocol: Protocol,
}

impl Call {
    /// Reads the credential scope (`Credential=KEY/DATE/REGION/SERVICE/aws4_request`) and the operation, wherever it stands.
    pub(super) fn of(head: &Parts, body: &[u8]) -> Self {
        let header = |name: &str| Some(head.headers.get(name)?.to_str().ok()?.to_owned());
        let scope = header("authorization").unwrap_or_default();
        let scope = scope.split("Credential=").nth(1).unwrap_or_default();
        let part = |index| scope.split('/').nth(index).unwrap_or_default().to_owned();
        let path = head.uri.path();
        let action = || {
            let form = String::from_utf8_lossy(body).into_owned();
            let mut pairs = form.split('&');
            pairs.find_map(|pair| Some(pair.strip_prefix("Action=")?.to_owned()))
        };
        let (operation, protocol) = if let Some(target) = header("x-amz-target") {
            let name = target.rsplit('.').next().unwrap_or_default();
            (name.to_owned(), Protocol::Json)
        } else if let Some((_, name)) = path.split_once("/operation/") {
            (name.to_owned(), Protocol::Cbor)
        } else if let Some(name) = action() {
            (name, Protocol::Query)
        } else {
            (path.trim_matches('/').to_owned(), Protocol::Json)
        };
        Self {
            service: part(3),
            region: part(2),
            access_key: part(0),
            operation,
            session_token: header("x-amz-security-token"),
            protocol,
        }
    }

    /// As policies write it.
    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }
}
