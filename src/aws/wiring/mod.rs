//! The wiring of the feed in one account; see `crate::wiring`.

mod apply;
mod observe;
mod remove;
mod site;

use std::error::Error;

use aws_sdk_account::operation::list_regions::ListRegionsOutput;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::account::Account;
use super::clients::AccountClients;
use super::error::{CallError, Class, ObserveError};
use super::regions;
use super::sdk_error::call;
use crate::snapshot::AccountId;
use crate::wiring::{Change, Needs, Observed, Part};

pub use site::{CheckError, Checked, WiringSite};

/// The tag of everything that `trailwarden wire` makes; its value is the prefix.
const TAG: &str = "trailwarden:wiring";

/// An account that has a part of the wiring.
///
/// The permissions to change and remove are other ones than those to observe: the daemon has the latter only.
pub trait WiringApi: Send + Sync {
    /// Whose account this is.
    ///
    /// # Errors
    /// It could not be learnt, or is not the one that the configuration expects.
    fn account_id(&self) -> BoxFuture<'_, Result<AccountId, ObserveError>>;

    /// The regions that are watched: those of the configuration, else all that the account has enabled.
    ///
    /// # Errors
    /// AWS refused to list them or gave no answer in time.
    fn regions(&self) -> BoxFuture<'_, Result<Vec<String>, CallError>>;

    /// Looks at what the needs name, fresh. What could not be seen is said in its place; the future may be dropped.
    fn look<'a>(&'a self, needs: &'a Needs) -> BoxFuture<'a, Observed>;

    /// Makes one writing call. A repeat ends in the same state. What is made is tagged with the prefix.
    ///
    /// # Errors
    /// AWS refused it or gave no answer in time; in the latter case it may have been carried out.
    fn change<'a>(
        &'a self,
        prefix: &'a str,
        change: &'a Change,
    ) -> BoxFuture<'a, Result<(), CallError>>;

    /// What carries the tag with the needs' prefix, in the order in which it can be removed, and the calls that failed.
    fn made<'a>(&'a self, needs: &'a Needs) -> BoxFuture<'a, (Vec<Part>, Vec<CallError>)>;

    /// Removes a part, with what hangs on it: targets of a rule, policies of a role. What is gone already is no error.
    ///
    /// # Errors
    /// AWS refused it or gave no answer in time.
    fn remove<'a>(&'a self, part: &'a Part) -> BoxFuture<'a, Result<(), CallError>>;
}

impl WiringApi for Account {
    fn account_id(&self) -> BoxFuture<'_, Result<AccountId, ObserveError>> {
        async move {
            let found = self.clients().account_id().await?.clone();
            match &self.scope().account {
                Some(expected) if *expected != found => Err(ObserveError::ForeignAccount {
                    expected: expected.clone(),
                    found,
                }),
                _ => Ok(found),
            }
        }
        .boxed()
    }

    fn regions(&self) -> BoxFuture<'_, Result<Vec<String>, CallError>> {
        On(self.clients()).regions(self).boxed()
    }

    fn look<'a>(&'a self, needs: &'a Needs) -> BoxFuture<'a, Observed> {
        On(self.clients()).look(needs).boxed()
    }

    fn change<'a>(
        &'a self,
        prefix: &'a str,
        change: &'a Change,
    ) -> BoxFuture<'a, Result<(), CallError>> {
        On(self.clients())
            .change(prefix, self.home(), change)
            .boxed()
    }

    fn made<'a>(&'a self, needs: &'a Needs) -> BoxFuture<'a, (Vec<Part>, Vec<CallError>)> {
        On(self.clients()).made(needs).boxed()
    }

    fn remove<'a>(&'a self, part: &'a Part) -> BoxFuture<'a, Result<(), CallError>> {
        On(self.clients()).remove(part).boxed()
    }
}

/// The wiring on one account's clients.
#[derive(Clone, Copy)]
struct On<'a>(&'a AccountClients);

impl On<'_> {
    /// The SDK's futures are kilobytes each: boxed before anything holds them.
    fn send<T, E>(
        self,
        service: &'static str,
        operation: &'static str,
        scope: &str,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> impl Future<Output = Result<T, CallError>>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let request = Box::pin(request);
        async move { self.0.send(call(service, operation, scope), request).await }
    }

    async fn regions(self, account: &Account) -> Result<Vec<String>, CallError> {
        let configured = &account.scope().regions;
        if !configured.is_empty() {
            return Ok(configured.clone());
        }
        if let Some(regions) = self.0.enabled_regions() {
            return Ok(regions);
        }
        let clients = self.0.region(account.home());
        let pages = self.0.pages(
            call("account", "ListRegions", account.home()),
            |token| regions::page(&clients, token),
            ListRegionsOutput::next_token,
        );
        let regions = regions::names(&pages.await?);
        self.0.remember_regions(&regions);
        Ok(regions)
    }
}

/// What is gone is no error.
fn unless_gone<T>(answer: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.class == Class::Gone => Ok(None),
        Err(error) => Err(error),
    }
}
