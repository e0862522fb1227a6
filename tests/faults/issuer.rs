//! A host that issues temporary credentials, as the agent of ECS and EKS does.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

/// What is issued, if anything is.
#[derive(Debug, Clone)]
struct Session {
    access_key: String,
    token: String,
    expires: Timestamp,
}

/// The host; its thread ends with the process.
pub(crate) struct Issuer {
    /// For `AWS_CONTAINER_CREDENTIALS_FULL_URI`.
    pub(crate) url: String,
    session: Arc<Mutex<Option<Session>>>,
}

impl Issuer {
    /// One that has nothing to issue yet.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let session = Arc::new(Mutex::new(None));
        let current = Arc::clone(&session);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let session: Option<Session> = current.lock().expect("the session").clone();
                // A client that went away has its answer.
                let _ = answer(stream, session.as_ref());
            }
        });
        Self {
            url: format!("http://{address}/credentials"),
            session,
        }
    }

    /// Issues the root credentials of an account from now on, under this session token.
    pub(crate) fn issue(&self, account: &str, token: &str, lasting: Duration) {
        let expires = Timestamp::now() + lasting;
        *self.session.lock().expect("the session") = Some(Session {
            access_key: account.to_owned(),
            token: token.to_owned(),
            expires,
        });
    }

    /// Issues nothing from now on.
    pub(crate) fn refuse(&self) {
        *self.session.lock().expect("the session") = None;
    }
}

fn answer(mut stream: TcpStream, session: Option<&Session>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    while lines
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    let (status, body) = match session {
        Some(session) => (
            "200 OK",
            json!({
                "AccessKeyId": session.access_key,
                "SecretAccessKey": "test",
                "Token": session.token,
                "Expiration": session.expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            }),
        ),
        None => (
            "500 Internal Server Error",
            json!({"message": "nothing to issue"}),
        ),
    };
    let body = body.to_string();
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}
