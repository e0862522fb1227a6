//! From settings to what the commands work with.

use std::sync::Arc;

use thiserror::Error;

use crate::assess::Expectations;
use crate::aws::{AccountApi, Aws, ObserveScope, Role, SetupError};
use crate::config::{self, Settings};
use crate::control::{Benchmark, Catalogue, CatalogueError, Control, FindError};
use crate::daemon::Watched;

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
