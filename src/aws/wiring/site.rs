use std::sync::Arc;

use super::WiringApi;
use crate::aws::error::{CallError, Class, ObserveError};
use crate::snapshot::AccountId;
use crate::wiring::{Comparison, Ground, Needs, compare};

/// An account that has, or is to have, a part of the wiring.
#[derive(Clone)]
pub struct WiringSite {
    /// Its name for people: the account id where the configuration gives one.
    pub name: String,
    /// The account id, where the configuration gives one.
    pub account: Option<AccountId>,
    /// Its events are needed; else it only has the queue.
    pub watched: bool,
    /// The way to it.
    pub api: Arc<dyn WiringApi>,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What the feed needs of the account.
    pub needs: Needs,
    /// What is there, against that.
    pub comparison: Comparison,
    /// URL of the feed's queue, where it was seen.
    pub queue_url: Option<String>,
}

/// Why an account could not be checked at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// Whose account it is could not be learnt, or it is another one.
    #[error(transparent)]
    Account(#[from] ObserveError),
    /// Its regions could not be listed.
    #[error(
        "which regions the account uses is not known: {0}; allow it, or name the regions of the scope"
    )]
    Regions(#[from] CallError),
}

impl CheckError {
    /// What can be done about it.
    pub const fn class(&self) -> Class {
        match self {
            Self::Account(error) => error.class(),
            Self::Regions(error) => error.class,
        }
    }
}

impl WiringSite {
    /// What the feed needs of the account.
    ///
    /// # Errors
    /// The account or its regions could not be learnt.
    pub async fn needs(&self, ground: &Ground) -> Result<Needs, CheckError> {
        let account = self.api.account_id().await?;
        let regions = if self.watched {
            self.api.regions().await?
        } else {
            Vec::new()
        };
        Ok(Needs::new(ground, &account, &regions))
    }

    /// Looks at the wiring of the account, and compares.
    ///
    /// # Errors
    /// The account or its regions could not be learnt. What else is not seen is said in the comparison.
    pub async fn check(&self, ground: &Ground) -> Result<Checked, CheckError> {
        let needs = self.needs(ground).await?;
        let seen = self.api.look(&needs).await;
        let queue = seen.queues.get(&ground.queue);
        let queue_url = queue.and_then(|queue| queue.seen()?.url.clone());
        Ok(Checked {
            comparison: compare(&needs, &seen),
            needs,
            queue_url,
        })
    }
}
