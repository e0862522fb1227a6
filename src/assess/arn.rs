/// The parts of an ARN, borrowed from its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    /// All that follows the account, colons included.
    pub(crate) resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Takes `arn:partition:service:region:account:resource` apart; none for any other text.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next()? != "arn" || !parts.next()?.starts_with("aws") {
            return None;
        }
        let arn = Self {
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        (!arn.resource.is_empty()).then_some(arn)
    }

    /// The topic of an SNS topic's ARN; none for subscriptions and other resources.
    pub(crate) fn topic(text: &'a str) -> Option<Self> {
        Self::parse(text).filter(|arn| {
            arn.service == "sns"
                && !arn.region.is_empty()
                && !arn.account.is_empty()
                && !arn.resource.contains(':')
        })
    }
}

/// A log group as an ARN names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GroupName<'a> {
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    pub(crate) name: &'a str,
}

impl<'a> GroupName<'a> {
    /// Reads `arn:aws:logs:REGION:ACCOUNT:log-group:NAME`, with or without `:*` behind it. Names carry slashes, dots,
    /// hashes and so on, never a colon.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let arn = Arn::parse(text).filter(|arn| arn.service == "logs")?;
        let rest = arn.resource.strip_prefix("log-group:")?;
        let name = rest.strip_suffix(":*").unwrap_or(rest);
        (!name.is_empty() && !name.contains(':')).then_some(Self {
            region: arn.region,
            account: arn.account,
            name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_names_keep_slashes_dots_and_hashes_and_lose_only_the_star() {
        for name in [
            "ct",
            "/aws/cloudtrail/a.b-c_d#1",
            "aws-controltower/CloudTrailLogs",
        ] {
            for suffix in ["", ":*"] {
                let arn = format!("arn:aws:logs:eu-west-1:000011112222:log-group:{name}{suffix}");
                let expected = GroupName {
                    region: "eu-west-1",
                    account: "000011112222",
                    name,
                };
                assert_eq!(GroupName::parse(&arn), Some(expected));
            }
        }
    }

    #[test]
    fn other_texts_name_no_group() {
        for text in [
            "",
            "ct",
            "arn:aws:logs:us-east-1:111122223333:log-group:",
            "arn:aws:logs:us-east-1:111122223333:log-group:ct:log-stream:x",
            "arn:aws:s3:::bucket",
            "arn:other:logs:us-east-1:111122223333:log-group:ct",
        ] {
            assert_eq!(GroupName::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_subscription_is_no_topic() {
        assert!(Arn::topic("arn:aws:sns:us-east-1:111122223333:t").is_some());
        assert!(Arn::topic("arn:aws-cn:sns:cn-north-1:111122223333:t").is_some());
        assert!(Arn::topic("arn:aws:sns:us-east-1:111122223333:t:1111-2222").is_none());
        assert!(Arn::topic("arn:aws:lambda:us-east-1:111122223333:function:f").is_none());
        assert!(Arn::topic("arn:aws:automate:us-east-1:ec2:stop").is_none());
    }
}
