use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::apply::apply;
use super::arn::is_region;
use super::clients::{AccountClients, Aws, Identity, Role, SetupError};
use super::drill::DrillApi;
use super::error::{ApplyError, ObserveError};
use super::observe::observe;
use super::permission::PermissionApi;
use crate::assess::Chain;
use crate::heal::Repair;
use crate::snapshot::{AccountId, Arn, Snapshot};

/// One account as the daemon sees it: it can be looked at, and it can be repaired.
pub trait AccountApi: Send + Sync {
    /// Looks at the whole chain of the account, fresh: nothing is remembered from an earlier look except the account's
    /// own id and the list of its regions.
    ///
    /// A call that fails is a hole in the snapshot (`api_errors`), never an error. The future may be dropped at any
    /// time; it only reads.
    ///
    /// # Errors
    /// The account behind the credentials could not be learnt, or it is not the expected one.
    fn observe<'a>(
        &'a self,
        remembered: &'a Remembered,
    ) -> BoxFuture<'a, Result<Snapshot, ObserveError>>;

    /// Carries out one repair: one writing call, sent as it stands. A repeat of the same repair ends in the same state,
    /// so that a repair whose answer was lost can be sent again.
    ///
    /// The caller owes the guard: it observes again just before and compares the target, since AWS offers no
    /// conditional write for any of these calls. Dropping the future leaves open whether the call was carried out.
    ///
    /// # Errors
    /// AWS refused the call or gave no answer in time, or the repair lacks a field that the call needs.
    fn apply<'a>(&'a self, repair: &'a Repair) -> BoxFuture<'a, Result<Applied, ApplyError>>;

    /// The way to drill this account; none where there is no such way, as with an account played in memory.
    fn drills(&self) -> Option<&dyn DrillApi> {
        None
    }

    /// The way to ask which calls IAM would allow; none where there is no such way.
    fn permissions(&self) -> Option<&dyn PermissionApi> {
        None
    }

    /// Whether `CloudTrail` calls the principal so that looks and repairs, or that did so lately: a session that takes the
    /// place of another has a name of its own. Nobody is that before the first look.
    fn is_principal(&self, arn: &str) -> bool;
}

/// Which account is observed, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObserveScope {
    /// The account that the credentials must belong to; none accepts any.
    pub account: Option<AccountId>,
    /// The regions that the account uses; empty asks account:ListRegions.
    pub regions: Vec<String>,
    /// The region that is always looked at, trail or no trail; none means the first of `regions`, else the region of
    /// the SDK's own chain.
    pub home_region: Option<String>,
    /// Namespaces and names of the metrics that the controls ask for: where alarms on them lead is looked at although no filter
    /// may write them.
    pub metrics: Arc<BTreeSet<(String, String)>>,
}

/// What a chain was made of before it broke, and what the configuration names: looked at although nothing leads there
/// any more.
///
/// A trail that lost its log group no longer names it, and a topic whose alarm was deleted is named by nobody; a repair
/// must know whether they still stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remembered {
    /// ARNs of log groups, with or without the `:*` at the end.
    pub log_group_arns: Vec<String>,
    /// ARNs of topics.
    pub topic_arns: Vec<String>,
}

impl Remembered {
    /// The topics that the configuration names, and what these chains were made of.
    pub fn of<'a>(topics: &[String], chains: impl IntoIterator<Item = &'a Chain>) -> Self {
        let mut remembered = Self {
            topic_arns: topics.to_vec(),
            ..Self::default()
        };
        for chain in chains {
            let group = chain.trail.as_ref();
            let group = group.and_then(|trail| trail.cloud_watch_logs_log_group_arn.clone());
            remembered.log_group_arns.extend(group);
            let topic = chain.topic.iter().map(|one| &one.topic_arn);
            let actions = chain.alarms.iter().flat_map(|alarm| &alarm.alarm_actions);
            let told = actions.filter(|action| Arn::topic(action).is_some());
            remembered.topic_arns.extend(topic.chain(told).cloned());
        }
        for arns in [&mut remembered.log_group_arns, &mut remembered.topic_arns] {
            arns.sort();
            arns.dedup();
        }
        remembered
    }
}

/// The answer to a repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The id that AWS gave the call: `CloudTrail`'s record of it carries the same. None where the endpoint gave none.
    pub request_id: Option<String>,
}

/// A real account behind the SDK's credentials, or behind a role assumed with them.
///
/// Cheap to clone; clones share clients, the bound on concurrent calls, and what is remembered.
#[derive(Debug, Clone)]
pub struct Account(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clients: AccountClients,
    scope: ObserveScope,
    home: String,
}

impl Aws {
    /// Sets up an account. Makes no call of AWS: a role that cannot be assumed shows at the first look.
    ///
    /// # Errors
    /// There is no region to begin in, or that or one of the scope's is none.
    #[expect(
        clippy::unused_async,
        reason = "how credentials are set up is no matter of those who wait for it"
    )]
    pub async fn account(
        &self,
        scope: ObserveScope,
        role: Option<&Role>,
    ) -> Result<Account, SetupError> {
        let home = scope
            .home_region
            .as_deref()
            .or(scope.regions.first().map(String::as_str))
            .or(self.region())
            .ok_or(SetupError::NoRegion)?
            .to_owned();
        let bad = scope
            .regions
            .iter()
            .chain([&home])
            .find(|region| !is_region(region));
        if let Some(bad) = bad {
            return Err(SetupError::BadRegion(bad.clone()));
        }
        Ok(Account(Arc::new(Inner {
            clients: self.clients(&home, role),
            scope,
            home,
        })))
    }
}

impl Account {
    /// Whose the credentials are; asked until it is known, then remembered.
    ///
    /// # Errors
    /// They belong to nobody, the role cannot be assumed, or AWS is out of reach.
    pub async fn identity(&self) -> Result<&Identity, ObserveError> {
        self.0.clients.identity().await
    }

    pub(super) fn clients(&self) -> &AccountClients {
        &self.0.clients
    }

    pub(super) fn scope(&self) -> &ObserveScope {
        &self.0.scope
    }

    pub(super) fn home(&self) -> &str {
        &self.0.home
    }
}

impl AccountApi for Account {
    fn observe<'a>(
        &'a self,
        remembered: &'a Remembered,
    ) -> BoxFuture<'a, Result<Snapshot, ObserveError>> {
        let Inner {
            clients,
            scope,
            home,
        } = &*self.0;
        async move {
            let seen = observe(clients, scope, home, remembered).await;
            let recognized = match &seen {
                Ok(_) => clients.recognize().await,
                Err(_) => Ok(()),
            };
            clients.rest();
            recognized.and(seen)
        }
        .boxed()
    }

    fn apply<'a>(&'a self, repair: &'a Repair) -> BoxFuture<'a, Result<Applied, ApplyError>> {
        apply(&self.0.clients, repair).boxed()
    }

    fn drills(&self) -> Option<&dyn DrillApi> {
        Some(self)
    }

    fn permissions(&self) -> Option<&dyn PermissionApi> {
        Some(self)
    }

    fn is_principal(&self, arn: &str) -> bool {
        self.0.clients.is_principal(arn)
    }
}
