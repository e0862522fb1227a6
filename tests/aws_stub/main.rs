//! What becomes of AWS's failures, of lists without end and of silence: the SDK's own clients over a stub of AWS.

mod alarm;
mod chain;
mod holes;
mod identity;
mod lists;
#[path = "../common/protocols.rs"]
#[allow(
    unreachable_pub,
    dead_code,
    reason = "shared with the benches, which answer with more of it"
)]
mod protocols;
mod queue;
mod senses;
mod stub;
mod wiring;

use std::collections::BTreeMap;
use std::sync::Arc;

use trailwarden::aws::{AccountApi, Aws, ObserveError, ObserveScope, Remembered};
use trailwarden::snapshot::Snapshot;

fn scope() -> ObserveScope {
    ObserveScope {
        regions: vec!["us-east-1".to_owned()],
        metrics: Arc::new([("Ours".to_owned(), "changes".to_owned())].into()),
        ..ObserveScope::default()
    }
}

async fn observe(aws: &Aws) -> Result<Snapshot, ObserveError> {
    observe_with(aws, &Remembered::default()).await
}

async fn observe_with(aws: &Aws, remembered: &Remembered) -> Result<Snapshot, ObserveError> {
    let api = aws
        .account(scope(), None)
        .await
        .expect("the scope is sound");
    api.observe(remembered).await
}

fn keys(holes: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    holes
        .iter()
        .map(|(key, code)| (key.as_str(), code.as_str()))
        .collect()
}
