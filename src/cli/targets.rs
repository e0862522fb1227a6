//! From the settings to those who are told beside the chain.

use std::sync::Arc;

use thiserror::Error;

use crate::aws::{Aws, HttpPoster, SetupError};
use crate::config::{Invalid, NotifyTarget, NotifyWay, SecretFile, TargetUrl, UrlSource};
use crate::notify::{Clock, Courier, HttpCourier, Signer, SnsCourier, Target, Template};

/// Why a target cannot be told.
#[derive(Debug, Error)]
pub(super) enum TargetError {
    #[error("notify target {name}: {source}")]
    Setup { name: String, source: SetupError },
    #[error("notify target {name}: {path} cannot be read: {source}")]
    Secret {
        name: String,
        path: String,
        source: std::io::Error,
    },
    /// The content is not shown: it is a secret.
    #[error("notify target {name}: {path} does not hold {expected}: {reason}")]
    Content {
        name: String,
        path: String,
        expected: &'static str,
        reason: String,
    },
}

/// The targets of the settings; reads their files.
pub(super) fn targets(
    settings: &[NotifyTarget],
    aws: &Aws,
    clock: &Clock,
) -> Result<Vec<Target>, TargetError> {
    let mut poster = None;
    let mut targets = Vec::new();
    for setting in settings {
        let named = Named(&setting.name);
        let mut post = |url: TargetUrl, template| -> Arc<dyn Courier> {
            // One for all: they share its connections and root certificates.
            let poster = poster.get_or_insert_with(HttpPoster::new).clone();
            let url = url.as_str().to_owned();
            Arc::new(HttpCourier::new(poster, url, template, Arc::clone(clock)))
        };
        let mut topic_arn = None;
        let courier: Arc<dyn Courier> = match &setting.way {
            NotifyWay::Sns(arn) => {
                topic_arn = Some(arn.as_str().to_owned());
                let topic = aws.topic(arn.as_str());
                let topic = topic.map_err(|source| TargetError::Setup {
                    name: setting.name.clone(),
                    source,
                })?;
                Arc::new(SnsCourier::new(topic))
            }
            NotifyWay::Webhook(url, secret) => {
                let url = match url {
                    UrlSource::Here(url) => url.clone(),
                    UrlSource::File(file) => named.url(file)?,
                };
                post(url, Template::Signed(named.signer(secret)?))
            }
            NotifyWay::Slack(file) => post(named.url(file)?, Template::Slack),
            NotifyWay::PagerDuty(url, file) => {
                let routing_key = named.secret(file)?;
                post(url.clone(), Template::PagerDuty { routing_key })
            }
        };
        targets.push(Target {
            name: setting.name.clone(),
            courier,
            topic_arn,
        });
    }
    Ok(targets)
}

/// The target whose files are read.
struct Named<'a>(&'a str);

impl Named<'_> {
    fn secret(&self, file: &SecretFile) -> Result<String, TargetError> {
        file.read().map_err(|source| TargetError::Secret {
            name: self.0.to_owned(),
            path: file.path().display().to_string(),
            source,
        })
    }

    fn url(&self, file: &SecretFile) -> Result<TargetUrl, TargetError> {
        self.secret(file)?
            .parse()
            .map_err(|Invalid(reason)| self.content(file, "an https:// URL", reason))
    }

    fn signer(&self, file: &SecretFile) -> Result<Signer, TargetError> {
        Signer::new(&self.secret(file)?)
            .map_err(|error| self.content(file, "a key", error.to_string()))
    }

    fn content(&self, file: &SecretFile, expected: &'static str, reason: String) -> TargetError {
        TargetError::Content {
            name: self.0.to_owned(),
            path: file.path().display().to_string(),
            expected,
            reason,
        }
    }
}
