//! From settings to what the commands work with.

use std::sync::Arc;

use jiff::SignedDuration;
use thiserror::Error;

use crate::assess::Expectations;
use crate::aws::{AccountApi, Aws, ObserveScope, Role, SetupError};
use crate::config::{self, Heal, Settings};
use crate::control::{Benchmark, Catalogue, CatalogueError, Control, FindError};
use crate::daemon::Watched;
use crate::heal::{ExpectedSubscription, HealPolicy, Limits};

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
    if settings.scope.is_empty() {
        let api: Arc<dyn AccountApi> = Arc::new(aws.account(ObserveScope::default(), None).await?);
        return Ok(vec![Watched {
            name: "own account".to_owned(),
            account: None,
            api,
        }]);
    }
    let mut watched = Vec::new();
    for scope in &settings.scope {
        let regions = scope
            .regions
            .iter()
            .map(|region| region.as_str().to_owned());
        let observe = ObserveScope {
            account: Some(scope.account.clone()),
            regions: regions.collect(),
            home_region: None,
        };
        let role = match &scope.role_arn {
            Some(arn) => {
                let external_id = external_id(scope)?;
                Some(Role {
                    arn: arn.as_str().to_owned(),
                    external_id,
                })
            }
            None => None,
        };
        let api: Arc<dyn AccountApi> = Arc::new(aws.account(observe, role.as_ref()).await?);
        let account = Some(scope.account.clone());
        watched.push(Watched {
            name: scope.account.to_string(),
            account,
            api,
        });
    }
    Ok(watched)
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
