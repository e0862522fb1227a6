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
        answer::of_http(answer.status, retry_after, (self.clock)()).map_err(|failure| match failure
        {
            Failure::Rejected { reason } if !answer.body.trim().is_empty() => {
                let said = sanitize_capped(answer.body.trim(), SHOWN_OF_ANSWER);
                let reason = format!("{reason}: {}", self.without_secrets(&said));
                Failure::Rejected { reason }
            }
            other => other,
        })
    }

    /// A text for the log; nothing of it where it repeats the URL or the key, as the pages of proxies do.
    fn without_secrets(&self, text: &str) -> String {
        let path = self.url.splitn(4, '/').nth(3).unwrap_or_default();
        let key = match &self.template {
            Template::PagerDuty { routing_key } => routing_key.as_str(),
            Template::Signed(_) | Template::Slack => "",
        };
        let repeats = |secret: &str| !secret.is_empty() && text.contains(secret);
        if repeats(path) || repeats(key) {
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
