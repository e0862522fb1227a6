use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::DateTime;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use crate::aws::clients::{AccountClients, RegionClients};
use crate::aws::error::{CallError, Class};
use crate::aws::pages;
use crate::aws::sdk_error::{Call, UNKNOWN_OPERATION};

/// A look ends after this time, whatever hangs: what has not answered by then is a hole.
const LOOK_TIMEOUT: Duration = Duration::from_mins(1);

/// Failures that only mean "there is none".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoneIf {
    /// None: every failure is a hole.
    Never,
    /// The resource is gone.
    Gone,
    /// The resource is gone, or the endpoint does not know the call.
    GoneOrUnknownCall,
}

impl NoneIf {
    fn covers(self, error: &CallError) -> bool {
        match self {
            Self::Never => false,
            Self::Gone => error.class == Class::Gone,
            Self::GoneOrUnknownCall => {
                error.class == Class::Gone || error.code == UNKNOWN_OPERATION
            }
        }
    }
}

/// What a call brought.
#[derive(Debug)]
pub(super) enum Seen<T> {
    /// An answer.
    Some(T),
    /// The certainty that there is nothing.
    Nothing,
    /// Nothing: a hole, already noted.
    Hole,
}

/// One look at an account: its calls, its deadline, and the holes that it leaves.
#[derive(Debug)]
pub(super) struct Look<'a> {
    clients: &'a AccountClients,
    deadline: Instant,
    holes: Mutex<BTreeMap<String, String>>,
    asked: Mutex<BTreeSet<String>>,
}

impl<'a> Look<'a> {
    pub(super) fn new(clients: &'a AccountClients) -> Self {
        Self {
            clients,
            deadline: Instant::now() + LOOK_TIMEOUT,
            holes: Mutex::default(),
            asked: Mutex::default(),
        }
    }

    pub(super) fn clients(&self) -> &'a AccountClients {
        self.clients
    }

    pub(super) fn region(&self, region: &str) -> Arc<RegionClients> {
        self.clients.region(region)
    }

    pub(super) fn into_holes(self) -> BTreeMap<String, String> {
        self.holes
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a call failed.
    pub(super) fn hole(&self, error: &CallError) {
        let key = format!("{}:{} {}", error.service, error.operation, error.scope);
        tracing::debug!(%error, "a call failed: a hole in the snapshot");
        self.holes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, error.code.clone());
    }

    /// Whether this look meets the resource for the first time; each is asked about once.
    pub(super) fn is_first(&self, arn: &str) -> bool {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(arn.to_owned())
    }

    /// Makes one call.
    pub(super) fn ask<T, E>(
        &self,
        call: Call<'_>,
        none_if: NoneIf,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> impl Future<Output = Seen<T>>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let answer = self.within_deadline(call, request);
        async move {
            match answer.await {
                Ok(answer) => Seen::Some(answer),
                Err(error) if none_if.covers(&error) => Seen::Nothing,
                Err(error) => {
                    self.hole(&error);
                    Seen::Hole
                }
            }
        }
    }

    /// Reads a list to its end and returns its pages; none where not even the first could be read. Where a later page
    /// fails, those before it and a hole.
    pub(super) async fn ask_pages<T, E, F>(
        &self,
        call: Call<'_>,
        none_if: NoneIf,
        page: impl Fn(Option<String>) -> F,
        next_token: impl Fn(&T) -> Option<&str>,
    ) -> Option<Vec<T>>
    where
        E: ProvideErrorMetadata + Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        match self.pages(call, page, next_token).await {
            (pages, None) => Some(pages),
            (pages, Some(error)) if none_if.covers(&error) => Some(pages),
            (pages, Some(error)) => {
                self.hole(&error);
                (!pages.is_empty()).then_some(pages)
            }
        }
    }

    /// Reads a list, and says why where it did not come to the end.
    pub(super) async fn pages<T, E, F>(
        &self,
        call: Call<'_>,
        page: impl Fn(Option<String>) -> F,
        next_token: impl Fn(&T) -> Option<&str>,
    ) -> (Vec<T>, Option<CallError>)
    where
        E: ProvideErrorMetadata + Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let send = |token| self.within_deadline(call, page(token));
        pages::read(call, send, next_token).await
    }

    /// The SDK's futures are kilobytes each and a look joins many: they are boxed here, before anything holds them.
    fn within_deadline<T, E>(
        &self,
        call: Call<'_>,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> impl Future<Output = Result<T, CallError>>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let request = Box::pin(request);
        async move {
            timeout_at(self.deadline, self.clients.send(call, request))
                .await
                .unwrap_or_else(|_| Err(call.timed_out()))
        }
    }
}

/// A time as snapshots hold it; none where it is outside of any calendar.
pub(in crate::aws) fn timestamp(time: Option<&DateTime>) -> Option<Timestamp> {
    let time = time?;
    let nanoseconds = i32::try_from(time.subsec_nanos()).ok()?;
    Timestamp::new(time.secs(), nanoseconds).ok()
}
