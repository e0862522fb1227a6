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

/// A partition beside the first.
struct Partition {
    name: &'static str,
    /// How the codes of its regions begin.
    regions: &'static str,
    global_region: &'static str,
}

const fn partition(
    name: &'static str,
    regions: &'static str,
    global_region: &'static str,
) -> Partition {
    Partition {
        name,
        regions,
        global_region,
    }
}

/// Those of `partitions.json`, from which the SDK takes its endpoints.
const PARTITIONS: [Partition; 7] = [
    partition("aws-cn", "cn-", "cn-north-1"),
    partition("aws-us-gov", "us-gov-", "us-gov-west-1"),
    partition("aws-eusc", "eusc-", "eusc-de-east-1"),
    partition("aws-iso", "us-iso-", "us-iso-east-1"),
    partition("aws-iso-b", "us-isob-", "us-isob-east-1"),
    partition("aws-iso-e", "eu-isoe-", "eu-isoe-west-1"),
    partition("aws-iso-f", "us-isof-", "us-isof-south-1"),
];

/// The partition that a region belongs to (AWS General Reference, "AWS service endpoints").
pub fn partition_of(region: &str) -> &'static str {
    let mut others = PARTITIONS.iter();
    let of = others.find(|other| region.starts_with(other.regions));
    of.map_or("aws", |other| other.name)
}

/// The region of a partition that global services such as IAM record their events in, wherever the caller was (IAM User Guide,
/// "Logging IAM and AWS STS API calls").
pub fn global_region(partition: &str) -> &'static str {
    let mut others = PARTITIONS.iter();
    let of = others.find(|other| other.name == partition);
    of.map_or("us-east-1", |other| other.global_region)
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
    fn each_region_is_of_a_partition_whose_global_events_are_in_one_of_its_own() {
        for (region, partition, global) in [
            ("eu-west-1", "aws", "us-east-1"),
            ("us-east-1", "aws", "us-east-1"),
            ("", "aws", "us-east-1"),
            ("cn-northwest-1", "aws-cn", "cn-north-1"),
            ("us-gov-east-1", "aws-us-gov", "us-gov-west-1"),
            ("eusc-de-east-1", "aws-eusc", "eusc-de-east-1"),
            ("us-iso-west-1", "aws-iso", "us-iso-east-1"),
            ("us-isob-west-1", "aws-iso-b", "us-isob-east-1"),
            ("eu-isoe-west-1", "aws-iso-e", "eu-isoe-west-1"),
            ("us-isof-east-1", "aws-iso-f", "us-isof-south-1"),
        ] {
            assert_eq!(partition_of(region), partition, "{region}");
            assert_eq!(global_region(partition), global, "{partition}");
            assert_eq!(partition_of(global), partition, "{global}");
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
