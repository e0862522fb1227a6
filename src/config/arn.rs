use std::str::FromStr;

use crate::snapshot::AccountId;

use super::values::{Invalid, Region, invalid, is_word};

/// The ARN of an SNS topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TopicArn(String);

impl TopicArn {
    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TopicArn {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let arn = Arn::parse(text)?;
        if arn.service != "sns" {
            return invalid(format!(
                "it is the ARN of a resource of {}, not of SNS",
                arn.service
            ));
        }
        arn.regional()?;
        let name = arn.resource.strip_suffix(".fifo").unwrap_or(arn.resource);
        if is_word(name, 1..=256) {
            Ok(Self(text.to_owned()))
        } else {
            invalid("its last part is no topic name")
        }
    }
}

/// The ARN of an IAM role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleArn {
    text: String,
    account: AccountId,
}

impl RoleArn {
    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The account that the role lives in.
    pub fn account(&self) -> &AccountId {
        &self.account
    }
}

impl FromStr for RoleArn {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let arn = Arn::parse(text)?;
        let named = arn
            .resource
            .strip_prefix("role/")
            .is_some_and(|name| !name.is_empty());
        if arn.service != "iam" || !arn.region.is_empty() || !named {
            return invalid("a role looks like arn:aws:iam::123456789012:role/name");
        }
        Ok(Self {
            text: text.to_owned(),
            account: arn.account()?,
        })
    }
}

/// `arn:partition:service:region:account:resource`, taken apart.
pub(super) struct Arn<'a> {
    pub(super) service: &'a str,
    pub(super) region: &'a str,
    pub(super) account: &'a str,
    pub(super) resource: &'a str,
}

impl<'a> Arn<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, Invalid> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, service, region, account, resource] = parts.as_slice() else {
            return invalid("an ARN is arn:partition:service:region:account:resource");
        };
        if !partition.starts_with("aws") {
            return invalid("its second part is no partition such as aws or aws-us-gov");
        }
        if service.is_empty() || resource.is_empty() || text.contains(char::is_whitespace) {
            return invalid("an ARN is arn:partition:service:region:account:resource");
        }
        Ok(Self {
            service,
            region,
            account,
            resource,
        })
    }

    pub(super) fn account(&self) -> Result<AccountId, Invalid> {
        self.account
            .parse()
            .or_else(|_| invalid("its account is not 12 digits"))
    }

    /// Checks that it names a region and an account, as all but global resources do.
    pub(super) fn regional(&self) -> Result<(), Invalid> {
        self.region
            .parse::<Region>()
            .or_else(|_| invalid("it names no region"))?;
        self.account().map(drop)
    }
}
