//! The SDK's side of the house, without the daemon: what is observed, what is applied, and the queue.

mod applying;
mod observing;
#[path = "../../common/queue_contract.rs"]
mod queue_contract;
mod queueing;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use trailwarden::aws::{AccountApi, Aws, NoObserver, ObserveScope, Remembered};
use trailwarden::snapshot::Snapshot;

use super::Suite;
use super::common::aws::Account;

/// Adds the tests of this room.
pub(super) fn add(suite: &mut Suite) {
    observing::add(suite);
    applying::add(suite);
    queueing::add(suite);
}

/// The SDK's configuration as the daemon would load it for this account.
async fn aws(account: &Account, region: &str) -> Aws {
    aws_of(&account.endpoint, &account.seeded.account, region).await
}

async fn aws_of(endpoint: &str, account: &str, region: &str) -> Aws {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new(region.to_owned()))
        .credentials_provider(Credentials::new(account, "test", None, None, "test"))
        .load();
    Aws::with_config(config.await, Arc::new(NoObserver))
}

async fn api(account: &Account, scope: ObserveScope) -> trailwarden::aws::Account {
    let aws = aws(account, &account.seeded.region).await;
    aws.account(scope, None).await.expect("the scope is sound")
}

async fn observe(account: &Account) -> Snapshot {
    observe_remembering(account, &Remembered::default()).await
}

async fn observe_remembering(account: &Account, remembered: &Remembered) -> Snapshot {
    let api = api(account, ObserveScope::default()).await;
    api.observe(remembered).await.expect("the account is known")
}

fn no_holes() -> BTreeMap<String, String> {
    BTreeMap::new()
}
