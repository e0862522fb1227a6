//! What a service says instead of the truth.

use hyper::body::Bytes;
use hyper::{Response, StatusCode};

use super::request::{Call, Protocol};

/// An answer that does not come from the server behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Says {
    /// AWS's "slow down", in the words of the protocol.
    Throttled,
    /// 429 without a body, as gateways say it.
    TooMany,
    /// 500 with AWS's code.
    InternalError,
    /// 503 with the page of a load balancer.
    BadGateway,
    /// Refused to these credentials.
    AccessDenied,
    /// The session token is too old.
    ExpiredToken,
    /// 200 with bytes of no protocol.
    Garbage,
    /// 200 with the page of a captive portal.
    Portal,
    /// 200 and nothing.
    Empty,
    /// 200 with well-formed text of the protocol and the wrong shape.
    WrongShape,
    /// 200 with arrays in arrays in arrays.
    Deep,
}

impl Says {
    pub(crate) const ALL: [Self; 11] = [
        Self::Throttled,
        Self::TooMany,
        Self::InternalError,
        Self::BadGateway,
        Self::AccessDenied,
        Self::ExpiredToken,
        Self::Garbage,
        Self::Portal,
        Self::Empty,
        Self::WrongShape,
        Self::Deep,
    ];

    pub(super) fn answer(self, call: &Call) -> Response<Bytes> {
        let protocol = call.protocol;
        match self {
            Self::Throttled => error(protocol, 400, "ThrottlingException"),
            Self::TooMany => respond(429, "text/plain", Vec::new()),
            Self::InternalError => error(protocol, 500, "InternalFailure"),
            Self::BadGateway => {
                let page =
                    b"<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>";
                respond(503, "text/html", page.to_vec())
            }
            Self::AccessDenied => error(protocol, 403, "AccessDeniedException"),
            Self::ExpiredToken => error(protocol, 403, "ExpiredTokenException"),
            Self::Garbage => {
                let bytes = (0..=255_u8).cycle().take(1000).map(|byte| byte ^ 0xa5);
                respond(200, content_type(protocol), bytes.collect())
            }
            Self::Portal => {
                let page =
                    b"<!doctype html><title>Welcome</title><form>Accept the terms of use</form>";
                respond(200, "text/html", page.to_vec())
            }
            Self::Empty => respond(200, content_type(protocol), Vec::new()),
            Self::WrongShape => {
                let body: &[u8] = match protocol {
                    Protocol::Json => b"[null, {\"messages\": 7}, \"text\"]",
                    Protocol::Query => b"<Answer><Result>7</Result></Answer>",
                    // An array of a text.
                    Protocol::Cbor => b"\x81\x64text",
                };
                respond(200, content_type(protocol), body.to_vec())
            }
            Self::Deep => {
                let (one, count) = match protocol {
                    Protocol::Json => ("[", 100_000),
                    Protocol::Query => ("<a>", 100_000),
                    Protocol::Cbor => ("\u{1}", 0),
                };
                let mut body = one.repeat(count).into_bytes();
                if protocol == Protocol::Cbor {
                    // Arrays of one element each.
                    body = vec![0x81; 100_000];
                }
                respond(200, content_type(protocol), body)
            }
        }
    }
}

const fn content_type(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Json => "application/x-amz-json-1.1",
        Protocol::Query => "text/xml",
        Protocol::Cbor => "application/cbor",
    }
}

fn error(protocol: Protocol, status: u16, code: &str) -> Response<Bytes> {
    let message = "injected";
    let body = match protocol {
        Protocol::Json => format!(r#"{{"__type":"{code}","message":"{message}"}}"#).into_bytes(),
        Protocol::Query => {
            // The query protocol's codes have no suffix.
            let code = code.trim_end_matches("Exception");
            format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
                 <RequestId>injected</RequestId></ErrorResponse>"
            )
            .into_bytes()
        }
        Protocol::Cbor => {
            // A map of two pairs of texts.
            let mut body = vec![0xa2];
            for text in ["__type", code, "message", message] {
                body.push(0x78);
                body.push(u8::try_from(text.len()).expect("a short text"));
                body.extend_from_slice(text.as_bytes());
            }
            body
        }
    };
    respond(status, content_type(protocol), body)
}

fn respond(status: u16, content_type: &str, body: Vec<u8>) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(body));
    *answer.status_mut() = StatusCode::from_u16(status).expect("a status");
    let headers = answer.headers_mut();
    headers.insert("content-type", content_type.parse().expect("a header"));
    headers.insert("x-amzn-requestid", "injected".parse().expect("a header"));
    if content_type == "application/cbor" {
        headers.insert("smithy-protocol", "rpc-v2-cbor".parse().expect("a header"));
    }
    answer
}
