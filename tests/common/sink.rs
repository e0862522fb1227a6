//! An HTTP server that takes what is posted to it and answers as a test says.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// One request that was posted.
#[derive(Debug, Clone)]
pub struct Posted {
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The status it was answered with.
    pub status: u16,
}

impl Posted {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(one, _)| one == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }
}

/// The server; its thread ends with the process.
pub struct Sink {
    address: String,
    posted: Arc<Mutex<Vec<Posted>>>,
}

impl Sink {
    /// Answers with these statuses, one a request, then with 200.
    pub fn start(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        let posted = Arc::new(Mutex::new(Vec::new()));
        let statuses = Arc::new(Mutex::new(VecDeque::from(statuses.to_vec())));
        let all = Arc::clone(&posted);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (all, statuses) = (Arc::clone(&all), Arc::clone(&statuses));
                std::thread::spawn(move || serve(stream, &all, &statuses));
            }
        });
        Self { address, posted }
    }

    /// An URL of it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What was posted so far.
    pub fn posted(&self) -> Vec<Posted> {
        self.posted.lock().expect("the list").clone()
    }

    /// What was posted and answered with 200.
    pub fn taken(&self) -> Vec<Posted> {
        let mut posted = self.posted();
        posted.retain(|one| one.status == 200);
        posted
    }
}

/// Serves the requests of one connection.
fn serve(stream: TcpStream, all: &Mutex<Vec<Posted>>, statuses: &Mutex<VecDeque<u16>>) {
    let Ok(mut answers) = stream.try_clone() else {
        return;
    };
    let mut reader = BufReader::new(stream);
    while let Some(mut posted) = read(&mut reader) {
        posted.status = statuses
            .lock()
            .expect("the script")
            .pop_front()
            .unwrap_or(200);
        let answer = format!(
            "HTTP/1.1 {} x\r\ncontent-length: 2\r\n\r\nok",
            posted.status
        );
        all.lock().expect("the list").push(posted);
        if answers.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Posted> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length")?;
    let mut body = vec![0; length.1.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    Some(Posted {
        path,
        headers,
        body,
        status: 0,
    })
}
