//! Look, judge, listen, tell.

use super::{FORWARD_ROLE, Grant, Resource, Test, When, needs, of, same};
use crate::permission::{Purpose, Side};

/// The queue of the feed.
const QUEUE: &str = "arn:{partition}:sqs:{feed_region}:{feed_account}:{queue}";

/// Its dead-letter queue, by the name that `trailwarden wire` gives it.
const DEAD_LETTERS: &str = "arn:{partition}:sqs:{feed_region}:{feed_account}:{queue}-dead";

pub(super) const GRANTS: &[Grant] = &[
    Grant {
        sid: "Identity",
        why: "learn whose account the credentials lead to; AWS asks for no permission",
        side: Side::Both,
        calls: &[needs("sts:GetCallerIdentity", &[])],
        ..of(Purpose::Watch)
    },
    Grant {
        sid: "FindTrails",
        why: "find the trails of a region",
        resource: Resource::Any("DescribeTrails takes no resource"),
        calls: &[same("cloudtrail:DescribeTrails")],
        ..of(Purpose::Watch)
    },
    Grant {
        sid: "ReadTrails",
        why: "see whether a trail logs, where to, and which events; an organization's trail is one of the management account",
        resource: Resource::These(&["arn:{partition}:cloudtrail:*:*:trail/*"]),
        calls: &[
            same("cloudtrail:GetTrailStatus"),
            same("cloudtrail:GetEventSelectors"),
        ],
        ..of(Purpose::Watch)
    },
    Grant {
        sid: "ReadLogGroups",
        why: "see log groups and their metric filters",
        resource: Resource::These(&["arn:{partition}:logs:*:{account}:log-group:*"]),
        calls: &[
            same("logs:DescribeLogGroups"),
            same("logs:DescribeMetricFilters"),
        ],
        ..of(Purpose::Watch)
    },
    Grant {
        sid: "ReadLogPolicies",
        why: "see what masks or transforms records before a metric filter reads them",
        resource: Resource::Any(
            "DescribeAccountPolicies takes no resource, and asks for the action of each kind of policy on all",
        ),
        calls: &[
            needs(
                "logs:DescribeAccountPolicies",
                &[
                    "logs:DescribeAccountPolicies",
                    "logs:GetDataProtectionPolicy",
                    "logs:GetTransformer",
                ],
            ),
            same("logs:GetDataProtectionPolicy"),
        ],
        ..of(Purpose::Watch)
    },
    Grant {
        sid: "ReadAlarms",
        why: "see alarms, composite ones too, and what mutes them",
        resource: Resource::Any(
            "composite alarms are only listed to who may list all; mute rules are listed without a resource",
        ),
        calls: &[
            same("cloudwatch:DescribeAlarms"),
            same("cloudwatch:ListAlarmMuteRules"),
            same("cloudwatch:GetAlarmMuteRule"),
        ],
        ..of(Purpose::Watch)
    },
    Grant {
        sid: "ReadTopics",
        why: "see topics and who is subscribed, also in other accounts that allow it",
        resource: Resource::These(&["arn:{partition}:sns:*:*:*"]),
        calls: &[
            same("sns:GetTopicAttributes"),
            same("sns:ListSubscriptionsByTopic"),
        ],
        ..of(Purpose::Watch)
    },
    Grant {
        sid: "ReadSubscriptions",
        why: "see the filter policy of a subscription",
        resource: Resource::Any("GetSubscriptionAttributes takes no resource"),
        calls: &[same("sns:GetSubscriptionAttributes")],
        ..of(Purpose::Watch)
    },
    Grant {
        sid: "ReadKeys",
        why: "see whether CloudWatch may use the key of an encrypted topic",
        resource: Resource::These(&["arn:{partition}:kms:*:*:key/*"]),
        calls: &[same("kms:DescribeKey"), same("kms:GetKeyPolicy")],
        ..of(Purpose::Watch)
    },
    Grant {
        sid: "FindRegions",
        why: "learn which regions the account has enabled; not needed where regions are configured",
        when: When::AllRegions,
        resource: Resource::These(&["arn:{partition}:account::{account}:account"]),
        calls: &[same("account:ListRegions")],
        ..of(Purpose::Watch)
    },
    Grant {
        sid: "EnterAccounts",
        why: "assume the roles of the scopes",
        side: Side::Own,
        resource: Resource::These(&["{roles}"]),
        calls: &[same("sts:AssumeRole")],
        ..of(Purpose::Watch)
    },
    Grant {
        sid: "ReceiveEvents",
        why: "receive the events and delete those that were evaluated",
        side: Side::Own,
        resource: Resource::These(&[QUEUE]),
        calls: &[
            same("sqs:ReceiveMessage"),
            needs("sqs:DeleteMessageBatch", &["sqs:DeleteMessage"]),
            needs(
                "sqs:ChangeMessageVisibilityBatch",
                &["sqs:ChangeMessageVisibility"],
            ),
        ],
        ..of(Purpose::Watch)
    },
    Grant {
        sid: "WatchQueue",
        why: "see how much waits in the queue and in its dead-letter queue, and how both are set up",
        side: Side::Own,
        resource: Resource::These(&[QUEUE, DEAD_LETTERS]),
        calls: &[same("sqs:GetQueueAttributes"), same("sqs:GetQueueUrl")],
        ..of(Purpose::Watch)
    },
    Grant {
        sid: "Beat",
        why: "send a heartbeat through rule and queue",
        side: Side::Own,
        resource: Resource::These(&[
            "arn:{partition}:events:{feed_region}:{feed_account}:event-bus/default",
        ]),
        conditions: &[Test {
            operator: "StringEquals",
            key: "events:source",
            values: &["trailwarden.heartbeat"],
        }],
        calls: &[same("events:PutEvents")],
        ..of(Purpose::Watch)
    },
    Grant {
        sid: "FindRules",
        why: "find the rules that feed the queue, by how their names begin",
        side: Side::Both,
        resource: Resource::Any("ListRules takes no resource"),
        calls: &[same("events:ListRules")],
        ..of(Purpose::Watch)
    },
    Grant {
        sid: "ReadWiring",
        why: "see whether the rules of the feed lead to the queue, and who may send to its bus",
        side: Side::Both,
        // Rules are looked for by how their names begin; those of the bus have its name before theirs, and it begins alike.
        resource: Resource::These(&[
            "arn:{partition}:events:*:{account}:rule/{prefix}*",
            "arn:{partition}:events:*:{account}:event-bus/{prefix}",
        ]),
        calls: &[
            same("events:ListTargetsByRule"),
            same("events:DescribeEventBus"),
        ],
        ..of(Purpose::Watch)
    },
    Grant {
        sid: "ReadForwardRole",
        why: "see who may be the role that rules of other regions forward with, and what it may do",
        side: Side::Both,
        resource: Resource::These(&[FORWARD_ROLE]),
        calls: &[
            same("iam:GetRole"),
            same("iam:ListRolePolicies"),
            same("iam:GetRolePolicy"),
            same("iam:ListAttachedRolePolicies"),
        ],
        ..of(Purpose::Watch)
    },
    Grant {
        sid: "SimulateWrites",
        why: "doctor: see its own role, whose name the settings do not tell, and simulate what it may write",
        side: Side::Both,
        resource: Resource::These(&["arn:{partition}:iam::{account}:role/*"]),
        calls: &[same("iam:GetRole"), same("iam:SimulatePrincipalPolicy")],
        ..of(Purpose::Watch)
    },
    Grant {
        sid: "Tell",
        why: "tell the topics of [[notify]]",
        side: Side::Own,
        resource: Resource::These(&["{topics}"]),
        calls: &[same("sns:Publish")],
        ..of(Purpose::Watch)
    },
];
