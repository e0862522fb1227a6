use std::str::FromStr;

use crate::snapshot::AccountId;

use super::values::{Invalid, Region, invalid, is_word};

/// The URL of an SQS queue, such as `https://sqs.eu-west-1.amazonaws.com/123456789012/trailwarden`. Endpoints of other
/// hosts (LocalStack, VPC endpoints) are accepted as long as the path ends in account and queue name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueUrl {
    text: String,
    region: Option<Region>,
    account: AccountId,
    name_start: usize,
}

impl QueueUrl {
    /// The whole URL.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The region that the host or path names; none where neither does (`http://localhost:4566/...`).
    pub fn region(&self) -> Option<&Region> {
        self.region.as_ref()
    }

    /// The account that owns the queue.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The queue's name.
    pub fn name(&self) -> &str {
        self.text.get(self.name_start..).unwrap_or_default()
    }
}

impl FromStr for QueueUrl {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return invalid("it does not begin with https://");
        };
        let Some((authority, path)) = rest.split_once('/') else {
            return invalid("it has no account and queue name");
        };
        if authority.contains('@') {
            return invalid("it carries a user name or password, which a queue URL never does");
        }
        let host = authority
            .split(':')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        if host.is_empty() {
            return invalid("it names no host");
        }
        match scheme {
            "http" if is_aws_host(&host) => return invalid("AWS is asked through https:// only"),
            "http" | "https" => {}
            _ => return invalid("it does not begin with https://"),
        }
        let Some((before_name, name)) = path.rsplit_once('/') else {
            return invalid("its path is not <account id>/<queue name>");
        };
        let (prefix, account) = before_name.rsplit_once('/').unwrap_or(("", before_name));
        let Ok(account) = account.parse::<AccountId>() else {
            return invalid("its path is not <account id of 12 digits>/<queue name>");
        };
        if let Some((_, "fifo")) = name.rsplit_once('.') {
            return invalid("it is a FIFO queue: the rules and the daemon use a standard queue");
        }
        if !is_word(name, 1..=80) {
            return invalid("a queue name is 1 to 80 letters, digits, hyphens and underscores");
        }
        let in_path = prefix.strip_prefix("queue/");
        let in_host = host
            .split('.')
            .find(|label| label.parse::<Region>().is_ok());
        let region = in_path.or(in_host).and_then(|label| label.parse().ok());
        Ok(Self {
            text: text.to_owned(),
            region,
            account,
            name_start: text.len().saturating_sub(name.len()),
        })
    }
}

/// The names under which AWS answers, a partition after the other, by IPv4 alone and by both versions.
const AWS_SUFFIXES: [&str; 14] = [
    ".amazonaws.com",
    ".api.aws",
    ".amazonaws.com.cn",
    ".api.amazonwebservices.com.cn",
    ".amazonaws.eu",
    ".api.amazonwebservices.eu",
    ".c2s.ic.gov",
    ".api.aws.ic.gov",
    ".sc2s.sgov.gov",
    ".api.aws.scloud",
    ".cloud.adc-e.uk",
    ".api.cloud-aws.adc-e.uk",
    ".csp.hci.ic.gov",
    ".api.aws.hci.ic.gov",
];

fn is_aws_host(host: &str) -> bool {
    AWS_SUFFIXES.iter().any(|suffix| host.ends_with(suffix))
}
