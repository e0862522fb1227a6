//! The protocols of AWS's services, from the side of the service: which operation a request names, and answers to it.

/// How a service writes its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// CloudWatch: RPC v2 in CBOR.
    Cbor,
    /// CloudTrail, Logs, KMS, SQS and the account service.
    Json,
    /// SNS and STS: the query protocol.
    Xml,
}

/// Protocol and operation of a request: by its path, by the header `x-amz-target`, or by the `Action` in its body.
pub fn operation<'a>(uri: &'a str, target: &'a str, body: &'a str) -> (Protocol, &'a str) {
    if let Some((_, operation)) = uri.split_once("/operation/") {
        (Protocol::Cbor, operation)
    } else if let Some((_, operation)) = target.split_once('.') {
        (Protocol::Json, operation)
    } else if let Some((_, action)) = body.split_once("Action=") {
        (Protocol::Xml, action.split('&').next().unwrap_or_default())
    } else {
        (Protocol::Json, "ListRegions")
    }
}

impl Protocol {
    /// The result of an operation that says nothing.
    pub fn empty(self, operation: &str) -> Vec<u8> {
        match self {
            Self::Cbor => vec![0xa0],
            Self::Json => b"{}".to_vec(),
            Self::Xml => xml(operation, ""),
        }
    }

    /// An error with this code.
    pub fn error(self, code: &str) -> Vec<u8> {
        match self {
            Self::Xml => format!(
                "<ErrorResponse><Error><Code>{code}</Code><Message>no\t\u{9b}31m</Message></Error></ErrorResponse>"
            )
            .into_bytes(),
            Self::Cbor => {
                cbor::map([("__type", cbor::text(code)), ("message", cbor::text("no"))])
            }
            Self::Json => format!("{{\"__type\":\"{code}\",\"message\":\"no\"}}").into_bytes(),
        }
    }
}

/// A result of the query protocol.
pub fn xml(operation: &str, result: &str) -> Vec<u8> {
    format!(
        "<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"
    )
    .into_bytes()
}

/// The little of CBOR (RFC 8949) that answers of `CloudWatch` are made of here.
pub mod cbor {
    pub fn text(text: &str) -> Vec<u8> {
        [head(0x60, text.len()), text.as_bytes().to_vec()].concat()
    }

    pub fn list(items: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
        let items: Vec<_> = items.into_iter().collect();
        [head(0x80, items.len()), items.concat()].concat()
    }

    pub fn map<const N: usize>(entries: [(&str, Vec<u8>); N]) -> Vec<u8> {
        let entries = entries.map(|(key, value)| [text(key), value].concat());
        [head(0xa0, N), entries.concat()].concat()
    }

    pub fn number(number: usize) -> Vec<u8> {
        head(0, number)
    }

    pub fn double(number: f64) -> Vec<u8> {
        [vec![0xfb], number.to_be_bytes().to_vec()].concat()
    }

    pub fn truth(is: bool) -> Vec<u8> {
        vec![0xf4 + u8::from(is)]
    }

    /// Seconds since 1970, with the tag of a time.
    pub fn time(seconds: f64) -> Vec<u8> {
        [vec![0xc1], double(seconds)].concat()
    }

    fn head(kind: u8, length: usize) -> Vec<u8> {
        match u16::try_from(length).expect("short") {
            short @ 0..24 => vec![kind + u8::try_from(short).unwrap_or_default()],
            longer @ 24..256 => vec![kind + 24, u8::try_from(longer).unwrap_or_default()],
            long => [vec![kind + 25], long.to_be_bytes().to_vec()].concat(),
        }
    }
}
