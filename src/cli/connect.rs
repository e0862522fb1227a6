//! From settings to what the commands work with.

use std::sync::Arc;

use jiff::SignedDuration;
use thiserror::Error;

use crate::assess::Expectations;
use crate::aws::{AccountApi, Aws, ObserveScope, Role, SetupError, WiringSite};
use crate::config::{self, Heal, Settings};
use crate::control::{Benchmark, Catalogue, CatalogueError, Control, FindError};
use crate::daemon::Watched;
use crate::heal::{ExpectedSubscription, HealPolicy, Limits};
use crate::snapshot::AccountId;
use crate::wiring::{Ground, Place};

/// What is judged, and for whom.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) controls: Vec<Control>,
    pub(super) benchmark: Benchmark,
    pub(super) expectations: Expectations,
}

/// Why an account cannot be reached.
#[derive(Debug, Error)]
pub(super) enum ConnectError {
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error("scope {account}: the external id cannot be read from {path}: {source}")]
    ExternalId {
        account: String,
        path: String,
        source: std::io::Error,
    },
    #[error("no queue_url is configured, so nothing says where the queue is")]
    NoFeed,
}

/// Why a control cannot be picked.
#[derive(Debug, Error)]
pub(super) enum PickError {
    #[error(transparent)]
    Find(#[from] FindError),
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}

/// The catalogue, and the controls that the operator wrote.
pub(super) fn catalogue(settings: &Settings) -> Result<Catalogue, CatalogueError> {
    let controls = settings.controls.iter();
    let own = controls.filter(|control| control.number.is_none());
    Catalogue::builtin().with_own(own.cloned().collect())
}

/// What is judged: the controls of the settings, or those named on the command line.
pub(super) fn prepare(settings: &Settings, named: &[String]) -> Result<Prepared, PickError> {
    let benchmark = settings.benchmark;
    let controls = if named.is_empty() {
        settings.controls.clone()
    } else {
        let catalogue = catalogue(settings)?;
        let chosen = catalogue.select(named, &benchmark)?;
        chosen.into_iter().cloned().collect()
    };
    Ok(Prepared {
        controls,
        benchmark,
        expectations: settings.expect.expectations(),
    })
}

/// What may be mended, and whom the settings name.
pub(super) fn heal_policy(settings: &Settings) -> HealPolicy {
    let named = settings.expect.subscriptions.iter();
    HealPolicy {
        links: settings.heal.links.clone(),
        topics: settings
            .expect
            .topics
            .iter()
            .map(|topic| topic.as_str().to_owned())
            .collect(),
        subscriptions: named
            .map(|one| ExpectedSubscription {
                protocol: one.protocol().to_owned(),
                endpoint: one.as_str().to_owned(),
            })
            .collect(),
        benchmark: settings.benchmark,
    }
}

/// How carefully the daemon mends.
pub(super) fn heal_limits(heal: &Heal) -> Limits {
    let signed = |duration| SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    Limits {
        settle: signed(heal.settle),
        budget_per_hour: heal.budget_per_hour,
        cooldown: signed(heal.cooldown),
        stop_after: heal.stop_after,
        windows: heal.windows.clone(),
        ..Limits::default()
    }
}

/// The accounts of the settings: one for each scope, or that of the own credentials.
pub(super) async fn accounts(settings: &Settings, aws: &Aws) -> Result<Vec<Watched>, ConnectError> {
    let controls = Catalogue::builtin().controls().iter();
    let metrics = controls
        .chain(&settings.controls)
        .map(|one| (one.namespace.clone(), one.metric_name.clone()));
    let metrics = Arc::new(metrics.collect());
    if settings.scope.is_empty() {
        let own = ObserveScope {
            metrics,
            ..ObserveScope::default()
        };
        let api: Arc<dyn AccountApi> = Arc::new(aws.account(own, None).await?);
        return Ok(vec![Watched {
            name: OWN.to_owned(),
            account: None,
            api,
        }]);
    }
    let mut watched = Vec::new();
    for scope in &settings.scope {
        let role = role(scope, None)?;
        let observed = ObserveScope {
            metrics: Arc::clone(&metrics),
            ..observed(scope)
        };
        let account = aws.account(observed, role.as_ref()).await?;
        let api: Arc<dyn AccountApi> = Arc::new(account);
        watched.push(Watched {
            name: scope.account.to_string(),
            account: Some(scope.account.clone()),
            api,
        });
    }
    Ok(watched)
}

/// The account of the own credentials, until it is known.
const OWN: &str = "own account";

/// What the settings say of the wiring, and the accounts that have a part of it, that of the queue first. `role_name` replaces the
/// name of each scope's role.
/// `own` is the account of the own credentials, where that is known. Makes no call of AWS.
pub(super) async fn wiring(
    settings: &Settings,
    aws: &Aws,
    own: Option<&AccountId>,
    role_name: Option<&str>,
) -> Result<(Ground, Vec<WiringSite>), ConnectError> {
    let ground = ground(settings, aws, own)?;
    let feed = &ground.feed.account;
    let mut sites: Vec<WiringSite> = Vec::new();
    if settings.scope.is_empty() {
        // Not known yet: most likely that of the queue, and the first check says where it is not.
        let account = own.unwrap_or(feed).clone();
        let observe = ObserveScope {
            account: Some(account.clone()),
            ..ObserveScope::default()
        };
        sites.push(WiringSite {
            name: account.to_string(),
            account: Some(account),
            watched: true,
            api: Arc::new(aws.account(observe, None).await?),
        });
    }
    for scope in &settings.scope {
        let role = role(scope, role_name)?;
        let account = aws.account(observed(scope), role.as_ref()).await?;
        sites.push(WiringSite {
            name: scope.account.to_string(),
            account: Some(scope.account.clone()),
            watched: true,
            api: Arc::new(account),
        });
    }
    if !sites.iter().any(|site| site.account.as_ref() == Some(feed)) {
        let observe = ObserveScope {
            account: Some(feed.clone()),
            ..ObserveScope::default()
        };
        sites.push(WiringSite {
            name: feed.to_string(),
            account: Some(feed.clone()),
            watched: false,
            api: Arc::new(aws.account(observe, None).await?),
        });
    }
    sites.sort_by_key(|site| site.account.as_ref() != Some(feed));
    Ok((ground, sites))
}

fn ground(settings: &Settings, aws: &Aws, own: Option<&AccountId>) -> Result<Ground, ConnectError> {
    let url = settings.queue_url.as_ref();
    let region = url.and_then(|url| url.region()).map(config::Region::as_str);
    let region = region.or(aws.region()).ok_or(SetupError::NoRegion)?;
    let prefix = settings.wiring.prefix.as_str();
    let account = url.map(config::QueueUrl::account).or(own).cloned();
    let account = account.ok_or(ConnectError::NoFeed)?;
    let members = settings.scope.iter().map(|scope| &scope.account);
    let members = members.chain(own.filter(|_| settings.scope.is_empty()));
    Ok(Ground {
        prefix: prefix.to_owned(),
        queue: url.map_or_else(|| format!("{prefix}-events"), |url| url.name().to_owned()),
        members: members.filter(|one| **one != account).cloned().collect(),
        feed: Place {
            account,
            region: region.to_owned(),
        },
        consumer_role_arn: settings
            .wiring
            .consumer_role_arn
            .as_ref()
            .map(|role| role.as_str().to_owned()),
        organization_id: settings
            .wiring
            .organization_id
            .as_ref()
            .map(|id| id.as_str().to_owned()),
    })
}

fn observed(scope: &config::Scope) -> ObserveScope {
    let regions = scope.regions.iter();
    ObserveScope {
        account: Some(scope.account.clone()),
        regions: regions.map(|region| region.as_str().to_owned()).collect(),
        ..ObserveScope::default()
    }
}

/// The role that leads into a scope, under another name where one is given.
fn role(scope: &config::Scope, name: Option<&str>) -> Result<Option<Role>, ConnectError> {
    let Some(arn) = &scope.role_arn else {
        return Ok(None);
    };
    let arn = match (name, arn.as_str().split_once(":role/")) {
        (Some(name), Some((before, _))) => format!("{before}:role/{name}"),
        _ => arn.as_str().to_owned(),
    };
    Ok(Some(Role {
        arn,
        external_id: external_id(scope)?,
    }))
}

fn external_id(scope: &config::Scope) -> Result<Option<String>, ConnectError> {
    let Some(file) = &scope.external_id_file else {
        return Ok(None);
    };
    let secret = file.read().map_err(|source| ConnectError::ExternalId {
        account: scope.account.to_string(),
        path: file.path().display().to_string(),
        source,
    })?;
    Ok(Some(secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigFile;

    #[test]
    fn what_nobody_configured_is_the_guards_default() {
        let nowhere = ConfigFile::IfExists("/nowhere/trailwarden.toml".into());
        let loaded = config::load(&nowhere, [], []).unwrap();
        assert_eq!(heal_limits(&loaded.settings.heal), Limits::default());
        assert_eq!(heal_policy(&loaded.settings), HealPolicy::default());
    }

    #[test]
    fn each_guard_is_configured() {
        let nowhere = ConfigFile::IfExists("/nowhere/trailwarden.toml".into());
        let flags = [
            ("heal.settle", "1s"),
            ("heal.budget_per_hour", "2"),
            ("heal.cooldown", "3m"),
            ("heal.stop_after", "4"),
            (
                "heal.windows",
                "22:00/02:00, 2026-11-23T22:00:00Z/2026-11-24T02:00:00Z",
            ),
        ];
        let loaded = config::load(&nowhere, [], flags).unwrap();
        let windows = ["22:00/02:00", "2026-11-23T22:00:00Z/2026-11-24T02:00:00Z"];
        let expected = Limits {
            settle: SignedDuration::from_secs(1),
            budget_per_hour: 2,
            cooldown: SignedDuration::from_mins(3),
            stop_after: 4,
            windows: windows.map(|text| text.parse().unwrap()).to_vec(),
            ..Limits::default()
        };
        assert_eq!(heal_limits(&loaded.settings.heal), expected);
    }
}
