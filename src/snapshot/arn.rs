/// The parts of an ARN, borrowed from its text (AWS General Reference, "Amazon Resource Names").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arn<'a> {
    /// Such as `aws` or `aws-us-gov`.
    pub partition: &'a str,
    /// The service's name in ARNs, such as `sns`.
    pub service: &'a str,
    /// Empty for global resources.
    pub region: &'a str,
    /// Twelve digits; empty for buckets.
    pub account: &'a str,
    /// All that follows the account, colons included.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Takes `arn:partition:service:region:account:resource` apart; none for any other text.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        let arn = Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        (arn.partition.starts_with("aws") && !arn.resource.is_empty()).then_some(arn)
    }

    /// The region that an ARN names; none where the text is no ARN.
    pub fn region_of(text: &'a str) -> Option<&'a str> {
        Self::parse(text).map(|arn| arn.region)
    }

    /// The topic of an SNS topic's ARN; none for subscriptions and other resources.
    pub fn topic(text: &'a str) -> Option<Self> {
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
pub struct LogGroupArn<'a> {
    /// Where it is.
    pub region: &'a str,
    /// Whose it is.
    pub account: &'a str,
    /// Its name, slashes and all.
    pub name: &'a str,
}

impl<'a> LogGroupArn<'a> {
    /// Reads `arn:aws:logs:REGION:ACCOUNT:log-group:NAME`, with or without `:*` behind it. Names carry slashes, dots,
    /// hashes and so on, never a colon.
    pub fn parse(text: &'a str) -> Option<Self> {
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

/// The partition that a region belongs to (AWS General Reference, "AWS service endpoints").
pub fn partition_of(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

/// The region of a partition that global services such as IAM record their events in, wherever the caller was (IAM User Guide,
/// "Logging IAM and AWS STS API calls").
pub fn global_region(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
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
                let expected = LogGroupArn {
                    region: "eu-west-1",
                    account: "000011112222",
                    name,
                };
                assert_eq!(LogGroupArn::parse(&arn), Some(expected));
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
            assert_eq!(LogGroupArn::parse(text), None, "{text}");
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
