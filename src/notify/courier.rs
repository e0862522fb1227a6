use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sha2::{Digest, Sha256};

use super::answer::{self, Failure};
use super::notice::Notice;
use super::sender::Clock;
use super::signature::{self, Signer, hex};
use super::{document, pagerduty, slack, text};
use crate::aws::{Class, HttpPoster, SnsTopic};
use crate::telemetry::sanitize_capped;

/// How much of an answer's body is shown with a failure, in characters.
const SHOWN_OF_ANSWER: usize = 200;

/// Brings notices to one target.
pub trait Courier: Send + Sync {
    /// Makes one attempt, bounded in time.
    fn deliver<'a>(&'a self, notice: &'a Notice) -> BoxFuture<'a, Result<(), Failure>>;
}

/// Publishes to an SNS topic.
pub struct SnsCourier {
    topic: SnsTopic,
}

impl SnsCourier {
    /// Publishes to this topic.
    pub const fn new(topic: SnsTopic) -> Self {
        Self { topic }
    }
}

impl Courier for SnsCourier {
    fn deliver<'a>(&'a self, notice: &'a Notice) -> BoxFuture<'a, Result<(), Failure>> {
        async {
            let (subject, body) = (text::subject(notice), text::body(notice));
            // Ids of FIFO topics are of letters and digits, as those of a notice are not.
            let hash = |text: String| hex(&Sha256::digest(text.as_bytes()));
            let (matter, id) = (hash(notice.matter()), hash(notice.id()));
            let published = self.topic.publish(&subject, &body, &matter, &id).await;
            published.map_err(|error| match error.class {
                Class::Transient => Failure::may_pass(error.to_string()),
                Class::Denied | Class::Gone | Class::Invalid | Class::Bug => Failure::Rejected {
                    reason: error.to_string(),
                },
            })
        }
        .boxed()
    }
}

/// What is posted.
pub enum Template {
    /// The JSON of docs/formats.md, signed.
    Signed(Signer),
    /// A message of Slack's incoming webhooks.
    Slack,
    /// An event of PagerDuty's Events API v2.
    PagerDuty {
        /// The integration's key.
        routing_key: String,
    },
}

/// Posts to an URL.
pub struct HttpCourier {
    poster: HttpPoster,
    url: String,
    template: Template,
    clock: Clock,
}

impl HttpCourier {
    /// Posts this template to this URL; the clock dates signatures.
    pub const fn new(poster: HttpPoster, url: String, template: Template, clock: Clock) -> Self {
        Self {
            poster,
            url,
            template,
            clock,
        }
    }

    fn body(&self, notice: &Notice) -> Result<Vec<u8>, serde_json::Error> {
        match &self.template {
            Template::Signed(_) => document::render(notice),
            Template::Slack => serde_json::to_vec(&slack::render(notice)),
            Template::PagerDuty { routing_key } => {
                serde_json::to_vec(&pagerduty::render(notice, routing_key))
            }
        }
    }

    fn headers(&self, body: &[u8]) -> Vec<(&'static str, String)> {
        let agent = concat!("trailwarden/", env!("CARGO_PKG_VERSION"));
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("user-agent", agent.to_owned()),
        ];
        if let Template::Signed(signer) = &self.template {
            headers.push((signature::HEADER, signer.sign(body, (self.clock)())));
        }
        headers
    }

    async fn attempt(&self, notice: &Notice) -> Result<(), Failure> {
        let body = self.body(notice).map_err(|error| Failure::Rejected {
            reason: error.to_string(),
        })?;
        let headers = self.headers(&body);
        let answer = self.poster.post(&self.url, &headers, body).await;
        let answer =
            answer.map_err(|error| Failure::may_pass(self.without_secrets(&error.to_string())))?;
        let retry_after = answer.retry_after.as_deref();
        answer::of_http(answer.status, retry_after, (self.clock)()).map_err(|failure| {
            match (failure, self.said(&answer.body)) {
                (Failure::Rejected { reason }, Some(said)) => Failure::Rejected {
                    reason: format!("{reason}: {said}"),
                },
                (other, _) => other,
            }
        })
    }

    /// What the body of an answer says, for the log. Looked through before it is cut: half of a secret is no secret.
    fn said(&self, body: &str) -> Option<String> {
        let body = body.trim();
        let said = (!body.is_empty()).then(|| self.without_secrets(body))?;
        Some(sanitize_capped(&said, SHOWN_OF_ANSWER).into_owned())
    }

    /// A text for the log; nothing of it where it repeats the URL or the key, as the pages of proxies do.
    fn without_secrets(&self, text: &str) -> String {
        let (_, url) = self.url.split_once("://").unwrap_or_default();
        let path = url.split_once(['/', '?']).map_or("", |(_, path)| path);
        let key = match &self.template {
            Template::PagerDuty { routing_key } => routing_key.as_str(),
            Template::Signed(_) | Template::Slack => "",
        };
        // A page may name the path alone.
        let mut secrets = path.split('?').chain([key]);
        if secrets.any(|secret| !secret.is_empty() && text.contains(secret.trim_matches('/'))) {
            "(not shown: it repeats the URL or the key)".to_owned()
        } else {
            text.to_owned()
        }
    }
}

impl Courier for HttpCourier {
    fn deliver<'a>(&'a self, notice: &'a Notice) -> BoxFuture<'a, Result<(), Failure>> {
        self.attempt(notice).boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::*;

    fn said(url: &str, template: Template, body: &str) -> Option<String> {
        let clock: Clock = Arc::new(|| Timestamp::UNIX_EPOCH);
        HttpCourier::new(HttpPoster::new(), url.to_owned(), template, clock).said(body)
    }

    #[test]
    fn an_answer_that_repeats_a_secret_is_not_shown_not_even_in_part() {
        let url = "https://hooks.slack.com/services/T0/B0/abcdefghij";
        let hidden = Some("(not shown: it repeats the URL or the key)".to_owned());
        let page = |before: usize| format!("{} at /services/T0/B0/abcdefghij", ".".repeat(before));
        for before in 0..=SHOWN_OF_ANSWER {
            assert_eq!(
                said(url, Template::Slack, &page(before)),
                hidden,
                "{before}"
            );
        }
        let asked = "https://example.com?token=abcdefghij";
        assert_eq!(
            said(asked, Template::Slack, "no such token=abcdefghij"),
            hidden
        );
        let both = format!("{url}/?token=klm");
        assert_eq!(said(&both, Template::Slack, &page(0)), hidden);
        let routing_key = "e93facc04764012d7bfb002500d5d1a6".to_owned();
        let body = format!("no such key: {routing_key}");
        let template = Template::PagerDuty { routing_key };
        assert_eq!(said("https://example.com/", template, &body), hidden);
        assert_eq!(said(url, Template::Slack, " \n"), None);
        let plain = said("https://example.com/", Template::Slack, "no_team\n");
        assert_eq!(plain.as_deref(), Some("no_team"));
    }
}
