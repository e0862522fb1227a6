use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::identity::{
    IdentityFuture, ResolveCachedIdentity, SharedIdentityCache, SharedIdentityResolver,
};
use aws_smithy_runtime_api::client::runtime_components::{
    RuntimeComponents, RuntimeComponentsBuilder,
};
use aws_smithy_types::config_bag::ConfigBag;
use tokio::time::Instant;

/// Calls that run at the same time fail together: what they ask for is done once. Shorter than the pause between two looks.
const AT_MOST_EVERY: Duration = Duration::from_secs(2);

/// The SDK's cache of credentials, which can be emptied.
///
/// The SDK believes credentials until the time that they came with. AWS may call them expired long before: the clock of this
/// host was set back, or the session was replaced. Without this every call would fail until then, although new ones are to be had.
#[derive(Debug, Clone)]
pub(super) struct Renewal(Arc<Mutex<Current>>);

struct Current {
    cache: SharedIdentityCache,
    since: Instant,
}

impl fmt::Debug for Current {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Current")
            .field("since", &self.since)
            .finish_non_exhaustive()
    }
}

impl Default for Renewal {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Current::new())))
    }
}

impl Current {
    fn new() -> Self {
        Self {
            cache: IdentityCache::lazy().build(),
            since: Instant::now(),
        }
    }
}

impl Renewal {
    /// AWS called credentials expired: they are asked for anew at the next call.
    pub(super) fn renew(&self) {
        let mut current = self.current();
        if current.since.elapsed() >= AT_MOST_EVERY {
            *current = Current::new();
            tracing::info!("aws calls the credentials expired: they are asked for anew");
        }
    }

    fn cache(&self) -> SharedIdentityCache {
        self.current().cache.clone()
    }

    /// Replaced as a whole: whole whenever the lock is free.
    fn current(&self) -> MutexGuard<'_, Current> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolveCachedIdentity for Renewal {
    fn resolve_cached_identity<'a>(
        &'a self,
        resolver: SharedIdentityResolver,
        components: &'a RuntimeComponents,
        config: &'a ConfigBag,
    ) -> IdentityFuture<'a> {
        let cache = self.cache();
        IdentityFuture::new(async move {
            cache
                .resolve_cached_identity(resolver, components, config)
                .await
        })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        ResolveCachedIdentity::validate_base_client_config(&self.cache(), components, config)
    }

    fn validate_final_config(
        &self,
        components: &RuntimeComponents,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        ResolveCachedIdentity::validate_final_config(&self.cache(), components, config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn calls_that_fail_together_renew_once() {
        let renewal = Renewal::default();
        let begun = renewal.current().since;
        renewal.renew();
        assert_eq!(renewal.current().since, begun, "these are fresh");
        tokio::time::advance(AT_MOST_EVERY).await;
        renewal.renew();
        let renewed = renewal.current().since;
        assert_eq!(renewed, begun + AT_MOST_EVERY);
        renewal.renew();
        assert_eq!(renewal.current().since, renewed);
    }
}
