/// A service whose calls can cut the chain, or the wiring that trailwarden hears with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// The trail and its selectors.
    CloudTrail,
    /// Log groups, metric filters, policies that blind them.
    Logs,
    /// Alarms and mute rules; its event source is `monitoring`, and a rule naming `aws.cloudwatch` matches nothing.
    Monitoring,
    /// Topics and subscriptions.
    Sns,
    /// The key of a topic.
    Kms,
    /// The role that the trail delivers with; its events appear in us-east-1 only.
    Iam,
    /// The rules of the feed.
    Events,
    /// The queue of the feed.
    Sqs,
}

impl Service {
    /// Every service of which calls are listed.
    pub const ALL: [Self; 8] = [
        Self::CloudTrail,
        Self::Logs,
        Self::Monitoring,
        Self::Sns,
        Self::Kms,
        Self::Iam,
        Self::Events,
        Self::Sqs,
    ];

    /// `source` of the EventBridge envelope.
    pub const fn bus_source(self) -> &'static str {
        match self {
            Self::CloudTrail => "aws.cloudtrail",
            Self::Logs => "aws.logs",
            Self::Monitoring => "aws.monitoring",
            Self::Sns => "aws.sns",
            Self::Kms => "aws.kms",
            Self::Iam => "aws.iam",
            Self::Events => "aws.events",
            Self::Sqs => "aws.sqs",
        }
    }

    /// `eventSource` of the CloudTrail record.
    pub const fn event_source(self) -> &'static str {
        match self {
            Self::CloudTrail => "cloudtrail.amazonaws.com",
            Self::Logs => "logs.amazonaws.com",
            Self::Monitoring => "monitoring.amazonaws.com",
            Self::Sns => "sns.amazonaws.com",
            Self::Kms => "kms.amazonaws.com",
            Self::Iam => "iam.amazonaws.com",
            Self::Events => "events.amazonaws.com",
            Self::Sqs => "sqs.amazonaws.com",
        }
    }

    /// The calls of this service that can change a verdict or deafen the feed.
    pub const fn calls(self) -> &'static [&'static str] {
        match self {
            Self::CloudTrail => &[
                "CreateTrail",
                "UpdateTrail",
                "DeleteTrail",
                "StartLogging",
                "StopLogging",
                "PutEventSelectors",
            ],
            Self::Logs => &[
                "PutMetricFilter",
                "DeleteMetricFilter",
                "CreateLogGroup",
                "DeleteLogGroup",
                "PutTransformer",
                "DeleteTransformer",
                "PutAccountPolicy",
                "DeleteAccountPolicy",
                "PutDataProtectionPolicy",
                "DeleteDataProtectionPolicy",
                "PutResourcePolicy",
                "DeleteResourcePolicy",
                "AssociateKmsKey",
                "DisassociateKmsKey",
            ],
            Self::Monitoring => &[
                "PutMetricAlarm",
                "PutCompositeAlarm",
                "PutLogAlarm",
                "DeleteAlarms",
                "EnableAlarmActions",
                "DisableAlarmActions",
                "SetAlarmState",
                "PutAlarmMuteRule",
                "DeleteAlarmMuteRule",
            ],
            Self::Sns => &[
                "CreateTopic",
                "DeleteTopic",
                "Subscribe",
                "ConfirmSubscription",
                "Unsubscribe",
                "SetSubscriptionAttributes",
                "SetTopicAttributes",
                "AddPermission",
                "RemovePermission",
            ],
            Self::Kms => &[
                "PutKeyPolicy",
                "DisableKey",
                "EnableKey",
                "ScheduleKeyDeletion",
                "CancelKeyDeletion",
                "CreateAlias",
                "UpdateAlias",
                "DeleteAlias",
                "ImportKeyMaterial",
                "DeleteImportedKeyMaterial",
            ],
            Self::Iam => &[
                "DeleteRole",
                "UpdateAssumeRolePolicy",
                "PutRolePolicy",
                "DeleteRolePolicy",
                "AttachRolePolicy",
                "DetachRolePolicy",
                "PutRolePermissionsBoundary",
            ],
            Self::Events => &[
                "PutRule",
                "EnableRule",
                "DisableRule",
                "DeleteRule",
                "PutTargets",
                "RemoveTargets",
                "DeleteEventBus",
                "PutPermission",
                "RemovePermission",
            ],
            Self::Sqs => &[
                "DeleteQueue",
                "PurgeQueue",
                "SetQueueAttributes",
                "AddPermission",
                "RemovePermission",
            ],
        }
    }
}

/// A call that can change a verdict or deafen the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    /// Whose call it is.
    pub service: Service,
    /// Its name, such as `DeleteMetricFilter`.
    pub name: &'static str,
}

impl Call {
    /// The listed call with this `eventSource` and `eventName`, compared exactly.
    pub fn lookup(event_source: &str, event_name: &str) -> Option<Self> {
        let service = Service::ALL
            .into_iter()
            .find(|one| one.event_source() == event_source)?;
        let name = service
            .calls()
            .iter()
            .copied()
            .find(|name| *name == event_name)?;
        Some(Self { service, name })
    }
}

/// Every listed call: what the rules of the feed name, and the closed set of metric labels.
pub fn listed_calls() -> impl Iterator<Item = Call> {
    Service::ALL.into_iter().flat_map(|service| {
        service
            .calls()
            .iter()
            .map(move |name| Call { service, name })
    })
}
