//! `make demo`, `make up` and `make down`: a LocalStack with a compliant account, the real daemon on it, and somebody who
//! cuts the chain.

#[path = "../common/mod.rs"]
mod common;
mod playground;
mod story;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        None | Some("story") => story::tell().await,
        Some("up") => playground::up().await,
        Some("down") => playground::down(),
        Some(other) => {
            eprintln!("demo: {other:?} is none of story, up, down");
            return ExitCode::from(64);
        }
    }
    ExitCode::SUCCESS
}
