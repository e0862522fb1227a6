/// An ARN, taken apart: `arn:partition:service:region:account:resource`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arn<'a> {
    pub(super) partition: &'a str,
    pub(super) service: &'a str,
    pub(super) region: &'a str,
    pub(super) account: &'a str,
    pub(super) resource: &'a str,
}

impl<'a> Arn<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        Some(Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        })
    }

    /// The name of the log group, where the ARN is one of a group, with or without `:*` at its end.
    pub(super) fn log_group(self) -> Option<&'a str> {
        let name = self.resource.strip_prefix("log-group:")?;
        let name = name.strip_suffix(":*").unwrap_or(name);
        (self.service == "logs" && !name.is_empty()).then_some(name)
    }

    /// The name of the topic, where the ARN is one of a topic and of none of its subscriptions.
    pub(super) fn topic(self) -> Option<&'a str> {
        (self.service == "sns" && !self.resource.is_empty() && !self.resource.contains(':'))
            .then_some(self.resource)
    }
}

/// The region of an alarm, from its ARN.
pub(super) fn region_of(arn: &str) -> Option<&str> {
    Arn::parse(arn).map(|arn| arn.region)
}

/// Whether an alarm action is an SNS topic.
pub(super) fn is_topic(arn: &str) -> bool {
    Arn::parse(arn).and_then(Arn::topic).is_some()
}

/// The partition that a region belongs to (AWS General Reference, "AWS service endpoints").
pub(crate) fn partition_of(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}
