use figment::value::Value;

use super::arn::TopicArn;
use super::setting::{Problem, Setting, Text};
use super::table::Fields;
use super::target_url::TargetUrl;
use super::text;
use super::values::{Invalid, SecretFile, invalid, is_word};

/// Where PagerDuty takes events; accounts in its European region have an endpoint of their own.
const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";

/// Somebody who is told beside the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifyTarget {
    /// Its name in labels and logs; no other target has it.
    pub name: String,
    /// How it is told.
    pub way: NotifyWay,
}

/// How a target is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotifyWay {
    /// An SNS topic that no alarm uses.
    Sns(TopicArn),
    /// JSON by POST, signed with the secret in the file.
    Webhook(UrlSource, SecretFile),
    /// An incoming webhook of Slack, whose URL is a secret.
    Slack(SecretFile),
    /// The Events API v2 of PagerDuty, at the URL, with the routing key in the file.
    PagerDuty(TargetUrl, SecretFile),
}

/// Where an URL stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UrlSource {
    /// In the configuration.
    Here(TargetUrl),
    /// In a file, as its path is a secret.
    File(SecretFile),
}

/// The list of targets, each with a name of its own.
pub(super) struct Targets(pub(super) Vec<NotifyTarget>);

impl Setting for Targets {
    fn expected() -> String {
        format!("a list, each item {}", Unnamed::expected())
    }

    fn from_text(text: &str) -> Result<Value, String> {
        text::list(text)
    }

    fn read(value: &Value) -> Result<Self, Vec<Problem>> {
        let targets = Vec::<Unnamed>::read(value)?;
        let named = (1_usize..)
            .zip(targets)
            .map(|(number, target)| NotifyTarget {
                name: target.name.map_or_else(
                    || format!("{}-{number}", target.way.kind()),
                    |Name(name)| name,
                ),
                way: target.way,
            });
        let targets: Vec<NotifyTarget> = named.collect();
        let problems: Vec<Problem> = targets
            .iter()
            .enumerate()
            .filter(|(index, target)| {
                targets
                    .iter()
                    .take(*index)
                    .any(|earlier| earlier.name == target.name)
            })
            .map(|(index, target)| {
                Problem::here(format!("another target is called {:?}", target.name))
                    .inside(&format!("[{index}].name"))
            })
            .collect();
        if problems.is_empty() {
            Ok(Self(targets))
        } else {
            Err(problems)
        }
    }
}

impl NotifyWay {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Sns(_) => "sns",
            Self::Webhook(..) => "webhook",
            Self::Slack(_) => "slack",
            Self::PagerDuty(..) => "pagerduty",
        }
    }
}

/// A target as it stands in the list.
struct Unnamed {
    name: Option<Name>,
    way: NotifyWay,
}

struct Name(String);

impl Text for Name {
    const EXPECTED: &'static str = "a name of 1 to 40 letters, digits, hyphens and underscores";
    fn parse(text: &str) -> Result<Self, Invalid> {
        if is_word(text, 1..=40) {
            Ok(Self(text.to_owned()))
        } else {
            invalid("")
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Sns,
    Webhook,
    Slack,
    PagerDuty,
}

impl Text for Kind {
    const EXPECTED: &'static str = "\"sns\", \"webhook\", \"slack\" or \"pagerduty\"";
    fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "sns" => Ok(Self::Sns),
            "webhook" => Ok(Self::Webhook),
            "slack" => Ok(Self::Slack),
            "pagerduty" => Ok(Self::PagerDuty),
            _ => invalid(""),
        }
    }
}

impl Setting for Unnamed {
    fn expected() -> String {
        "a table of kind, name, and what the kind needs".to_owned()
    }

    fn read(value: &Value) -> Result<Self, Vec<Problem>> {
        let kind = kind_of(value)?;
        let known: &[&str] = match kind {
            Kind::Sns => &["kind", "name", "topic_arn"],
            Kind::Webhook => &["kind", "name", "url", "url_file", "secret_file"],
            Kind::Slack => &["kind", "name", "url_file"],
            Kind::PagerDuty => &["kind", "name", "routing_key_file", "url"],
        };
        let mut fields = Fields::open(value, known)?;
        let name = fields.optional("name");
        let way = match kind {
            Kind::Sns => fields.required("topic_arn").map(NotifyWay::Sns),
            Kind::Webhook => {
                let url = webhook_url(&mut fields);
                let secret = fields.required("secret_file");
                url.zip(secret)
                    .map(|(url, secret)| NotifyWay::Webhook(url, secret))
            }
            Kind::Slack => fields.required("url_file").map(NotifyWay::Slack),
            Kind::PagerDuty => {
                let key = fields.required("routing_key_file");
                let url = if fields.has("url") {
                    fields.optional("url")
                } else {
                    PAGERDUTY.parse().ok()
                };
                url.zip(key)
                    .map(|(url, key)| NotifyWay::PagerDuty(url, key))
            }
        };
        fields.close(way.map(|way| Self { name, way }))
    }
}

/// The kind, which says what else there may be.
fn kind_of(value: &Value) -> Result<Kind, Vec<Problem>> {
    let kind = value.as_dict().and_then(|table| table.get("kind"));
    if let Some(kind) = kind.and_then(|kind| Kind::read(kind).ok()) {
        return Ok(kind);
    }
    let known = [
        "kind",
        "name",
        "topic_arn",
        "url",
        "url_file",
        "secret_file",
        "routing_key_file",
    ];
    let mut fields = Fields::open(value, &known)?;
    let kind = fields.required("kind");
    fields.close(kind)
}

fn webhook_url(fields: &mut Fields<'_>) -> Option<UrlSource> {
    match (fields.has("url"), fields.has("url_file")) {
        (true, true) => {
            fields
                .wrong("`url` and `url_file`: one of them says where to post, the other has to go");
            None
        }
        (false, false) => {
            fields
                .wrong("`url` is missing: the URL to post to, or `url_file` where it is a secret");
            None
        }
        (true, false) => fields.optional("url").map(UrlSource::Here),
        (false, true) => fields.optional("url_file").map(UrlSource::File),
    }
}
